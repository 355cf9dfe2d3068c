//! A transparency log that stands alone: what is needed to write one, to prove from it, and to check it offline.
//!
//! Everything here is computation on what is given: no files, network, clock or randomness. Storage, servers and
//! clocks are for others, through [`Store`], [`ReadTiles`] and [`Nodes`].
//!
//! | module | what | standard |
//! |---|---|---|
//! | [`merkle`] | hashes, roots, inclusion and consistency proofs | RFC 6962 section 2.1, RFC 9162 section 2.1 |
//! | [`tile`] | paths of tiles and bundles, partial ones, a tree over tiles | <https://c2sp.org/tlog-tiles> |
//! | [`key`], [`note`] | signed notes, verifier keys, key ids, cosignatures | <https://c2sp.org/signed-note>, <https://c2sp.org/tlog-cosignature> |
//! | [`checkpoint`] | the signed head of a log | <https://c2sp.org/tlog-checkpoint> |
//! | [`proof`] | proof files, the offline verifier | <https://c2sp.org/tlog-proof> |
//! | [`policy`] | known logs and witnesses, quorums of groups | <https://c2sp.org/tlog-policy> |
//! | [`witness`] | when to cosign | <https://c2sp.org/tlog-witness> |
//! | [`log`] | a log in memory | |
//! | [`audit`] | a whole log held against its checkpoint | |
//! | [`entry`], [`commitment`] | what an entry is, and what stands in it for personal data | |
//! | [`frontier`], [`sequencer`] | how a log grows: places, roots, signed heads, and what a store has to do | |
//! | [`json`] | canonical JSON, read strictly | RFC 8785, RFC 7493 |
//! | [`dsse`] | signed envelopes | <https://github.com/secure-systems-lab/dsse> 1.0.2 |
//! | [`intoto`] | statements about subjects | <https://github.com/in-toto/attestation> v1 |
//! | [`sshsig`] | SSH signatures over files | OpenSSH `PROTOCOL.sshsig` |
//!
//! A proof from end to end:
//!
//! ```
//! use ledger::{Algorithm, LogProof, MemoryLog, Policy, Signer, leaf_hash};
//!
//! # fn main() -> ledger::Result<()> {
//! let signer = Signer::from_seed("example.com/log", Algorithm::Ed25519, &[7; 32])?;
//! let policy = Policy::parse(format!("log {}\nquorum none\n", signer.verifier().to_vkey()).as_bytes())?;
//! let mut log = MemoryLog::new(signer)?;
//! let index = log.append("first")?;
//! log.publish()?;
//! let file = log.prove(index)?.to_string();
//!
//! let proven = LogProof::parse(file.as_bytes())?.verify(&leaf_hash(b"first"), &policy)?;
//! assert_eq!((proven.index, proven.accepted.checkpoint.size), (0, 1));
//! assert!(LogProof::parse(file.as_bytes())?.verify(&leaf_hash(b"other"), &policy).is_err());
//! # Ok(())
//! # }
//! ```

pub mod audit;
pub mod checkpoint;
pub mod commitment;
pub mod dsse;
pub mod encoding;
pub mod entry;
mod error;
pub mod frontier;
mod head;
pub mod intoto;
pub mod json;
pub mod key;
pub mod log;
pub mod merkle;
pub mod note;
mod ordered;
pub mod policy;
mod prepared;
pub mod proof;
pub mod sequencer;
mod shown;
pub mod sshsig;
pub mod tile;
pub mod witness;
mod words;

pub use audit::audit;
pub use checkpoint::Checkpoint;
pub use entry::{Draft, Entry, Sequence};
pub use error::{Error, Result};
pub use frontier::Frontier;
pub use head::Head;
pub use key::{Algorithm, Signer, VerifierKey};
pub use log::MemoryLog;
pub use merkle::{Hash, Nodes, Tree, leaf_hash};
pub use note::Note;
pub use policy::Policy;
pub use proof::{LogProof, Proven};
pub use sequencer::{Batch, Failure, Sealed, Sequencer, Store};
pub use shown::{clean, is_hidden};
pub use tile::{ReadTiles, Tile};
pub use words::count;
