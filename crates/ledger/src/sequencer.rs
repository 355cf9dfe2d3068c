//! Giving entries their places and signing heads over them: what every store goes through, with no store in it.
//!
//! An append is four steps, of which two are the store's:
//!
//! 1. [`Sequencer::prepare`] gives each draft its place and writes the batch.
//! 2. [`Store::stage`] writes the batch without its being visible, and reads it back.
//! 3. [`Sequencer::seal`] computes the root again from what was read back, and signs it only if it is the one meant.
//! 4. [`Store::commit`] moves the head by compare-and-swap once the batch is durable. This is the one commit point.

use crate::{
    Error, Frontier, Head, Note, ReadTiles, Result, Signer, count,
    entry::{Draft, Place, Sequence},
    error::refuse,
    frontier::TileHash,
    merkle::leaf_hash,
};

/// Why a step of a store was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Another sequencer moved the head first. Nothing of this batch is visible: read the head and prepare again.
    Moved,
    /// Anything else. Whether it became durable is not known: stop, and find out by starting again.
    Broken(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

/// Where a log lies. Implementations pass one contract suite.
pub trait Store: ReadTiles + Send + Sync {
    /// The head that was committed last, none before [`Store::create`].
    fn head(&self) -> Result<Option<Head>>;

    /// Makes this the first head, durably; [`Failure::Moved`] if there is one.
    fn create(&self, head: &Head) -> std::result::Result<(), Failure>;

    /// Writes a batch that follows `base`, not visible, and returns its bytes as they are read back. Making it durable may go
    /// on until [`Store::commit`], while the head is signed, as may writing what follows from it.
    fn stage(&self, base: &Head, batch: &Batch) -> std::result::Result<Vec<u8>, Failure>;

    /// Moves the head from `base` to that of `sealed`, durably, once what was staged is durable, and makes it visible.
    fn commit(&self, base: &Head, batch: &Batch, sealed: &Sealed) -> std::result::Result<(), Failure>;

    /// Keeps a checkpoint with its cosignatures, durably, unless one of a larger tree is kept already.
    fn publish(&self, note: &Note) -> Result<()>;

    /// The checkpoint kept last by [`Store::publish`].
    fn published(&self) -> Result<Option<Note>>;
}

/// Entries with their places, written one after the other as a bundle has them: two bytes of length, then the entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The number of the first entry.
    pub first: u64,
    /// The places, in order.
    pub places: Vec<Place>,
    /// The entries.
    pub bytes: Vec<u8>,
    /// The hashes that they add to tiles, in order within each level.
    pub hashes: Vec<TileHash>,
    sequence: Sequence,
    frontier: Frontier,
}

/// A head over a batch, signed. Only a sequencer makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sealed {
    /// The head.
    pub head: Head,
}

/// Splits bytes as bundles have them into entries.
pub fn split(bytes: &[u8]) -> impl Iterator<Item = Result<&[u8]>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let taken = rest
            .split_first_chunk::<2>()
            .and_then(|(length, after)| after.split_at_checked(usize::from(u16::from_be_bytes(*length))));
        let Some((entry, after)) = taken else {
            rest = &[];
            return Some(Err(Error::new("the batch ends within an entry")));
        };
        rest = after;
        Some(Ok(entry))
    })
}

/// The one that gives entries their places.
#[derive(Debug)]
pub struct Sequencer {
    signer: Signer,
    head: Head,
}

impl Sequencer {
    /// Goes on from this head, which is verified.
    pub fn new(signer: Signer, head: Head) -> Result<Self> {
        head.verify(signer.verifier())?;
        Ok(Self { signer, head })
    }

    /// The head it goes on from.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Goes on from a head that it sealed, and that was committed: it was verified when it was signed.
    pub fn follow(&mut self, sealed: Sealed) {
        self.head = sealed.head;
    }

    /// Goes on from another head of the same log, one that another sequencer committed.
    pub fn advance(&mut self, head: Head) -> Result<()> {
        head.verify(self.signer.verifier())?;
        if head.size() < self.head.size() {
            refuse!(
                "the log went back from {} to {}: it was replaced by an older copy",
                self.head.size(),
                count(head.size(), "entry", "entries")
            );
        }
        if head.size() == self.head.size() && head.root() != self.head.root() {
            let size = count(head.size(), "entry", "entries");
            refuse!("the log has two different heads of {size}: it has forked");
        }
        self.head = head;
        Ok(())
    }

    /// Gives drafts their places, at this time by the clock, in milliseconds since 1970.
    pub fn prepare<'d>(&self, drafts: impl IntoIterator<Item = &'d Draft>, now: u64) -> Result<Batch> {
        let mut sequence = self.head.sequence.clone();
        let mut frontier = self.head.frontier.clone();
        let (mut bytes, mut places, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
        for draft in drafts {
            let place = sequence.place(draft.source(), now)?;
            let start = bytes.len();
            bytes.extend_from_slice(&[0; 2]);
            draft.write(place, &mut bytes);
            let length =
                u16::try_from(bytes.len() - start - 2).map_err(|_| Error::new("an entry is too long"))?;
            bytes[start..start + 2].copy_from_slice(&length.to_be_bytes());
            frontier.push(leaf_hash(&bytes[start + 2..]), |hash| hashes.push(hash));
            places.push(place);
        }
        Ok(Batch { first: self.head.size(), places, bytes, hashes, sequence, frontier })
    }

    /// Signs a head over a batch: over what was read back of it, if that has the root that was meant.
    pub fn seal(&self, batch: &Batch, read_back: &[u8]) -> Result<Sealed> {
        let mut frontier = self.head.frontier.clone();
        let mut hashes = Vec::with_capacity(batch.hashes.len());
        for entry in split(read_back) {
            frontier.push(leaf_hash(entry?), |hash| hashes.push(hash));
        }
        if hashes != batch.hashes || frontier != batch.frontier {
            refuse!(
                "what the store reads back of entries {} to {} is not what was written: nothing is signed",
                batch.first,
                batch.first + batch.places.len() as u64
            );
        }
        Ok(Sealed { head: Head::sign(&self.signer, frontier, batch.sequence.clone())? })
    }
}
