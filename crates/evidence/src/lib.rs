//! Bundles of evidence: what an auditor is handed, and how it is verified offline from pinned keys.
//!
//! A [`Bundle`] is a set of named files (`docs/formats/bundle.md`): entries of the ledger with their proofs, a cosigned
//! checkpoint, the openings of commitments that the reader may see, evidence by digest, and readable tables. [`verify`]
//! says in words what was verified, what was not, and what cannot be proved by it. The second verifier, `verify.py`
//! beside this crate, is written on its own and comes to the same problems.
//!
//! It uses `ledger` and nothing else of ours, so that a verifier can take both alone. No clock, no files, no network.

mod act;
mod build;
mod bundle;
mod chain;
pub mod export;
mod join;
mod moment;
mod named;
pub mod oscal;
mod page;
mod population;
mod reconcile;
mod report;
mod said;
mod select;
mod statement;
mod story;
mod texts;
mod verify;

pub use act::{ACT, ActBody, BASIS, directory, ground, is_within, time_of};
pub use build::{Log, Request, Role, build};
pub use bundle::{Bundle, Coverage, FileDigest, MANIFEST, Manifest};
pub use join::join;
pub use moment::{day as day_text, is_weekend, text as time_text};
pub use named::{names, traces};
pub use page::html;
pub use population::{Item, Kind, Population, Stage, population, sample};
pub use reconcile::{Reconciled, Recorded, reconcile};
pub use said::{changed_parts, signed};
pub use select::Query;
pub use statement::{NAMESPACE, PREDICATE, signed_bytes};
pub use story::{CUSTODY, Sentence, Stories, explain, title};
pub use texts::{ENGLISH, Texts, fill};
pub use verify::{Opened, Pins, Problem, Verdict, verify, verify_and_report, verify_files};
