//! Reading a ledger a tile at a time, from a cursor on, with the names beside it that may be shown.

use super::args::Export;
use crate::log::place::Place;
use evidence::export::{Cursor, Event, Gap, Origin, Stream, VALUES};
use evidence::{ACT, ActBody, Opened, Role};
use ledger::merkle::root;
use ledger::tile::{Kind, TiledTree, WIDTH, entries, hashes};
use ledger::{Checkpoint, Entry, Hash, Result, Store, Tile, count};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::beside::Beside;

/// A ledger up to its checkpoint.
pub(super) struct Log {
    store: Arc<dyn Store>,
    checkpoint: Checkpoint,
    beside: Option<Beside>,
    role: Role,
}

impl Log {
    pub fn open(options: &Export) -> Result<Self> {
        let role = super::role(options)?;
        let store = Place::read(&options.ledger)?.store();
        let checkpoint = Checkpoint::parse(store::http::shown(&*store)?.text())?;
        let beside = options.beside.as_deref().map(crate::evidence::gather::beside).transpose()?;
        Ok(Self { store, checkpoint, beside, role })
    }

    pub fn origin(&self) -> Origin {
        Origin { log: self.checkpoint.origin.clone(), version: env!("CARGO_PKG_VERSION").to_owned() }
    }

    /// What of the ledger is not what was exported before, or is not under its checkpoint.
    pub fn differs(&self, cursor: Option<&Cursor>) -> Result<Option<Gap>> {
        let size = self.checkpoint.size;
        if let Some(cursor) = cursor {
            let next = cursor.sequence.next;
            let gap = |message: String| Ok(Some(Gap { at: size.min(next), message }));
            if next > size {
                return gap(format!(
                    "{} exported, and the ledger has only {size}",
                    count(next, "entry was", "entries were")
                ));
            }
            if self.root(next)? != cursor.root {
                return gap(format!(
                    "the first {} exported",
                    count(next, "entry is not what was", "entries are not those that were")
                ));
            }
        }
        let built = self.root(size)? == self.checkpoint.root;
        let message = "the tree is not the one that the checkpoint was signed over".to_owned();
        Ok((!built).then_some(Gap { at: 0, message }))
    }

    fn root(&self, size: u64) -> Result<Hash> {
        root(&TiledTree::new(&&*self.store, self.checkpoint.size), size)
    }

    pub fn cursor(&self, stream: &Stream) -> Result<Cursor> {
        Ok(stream.cursor(self.root(stream.next())?))
    }

    /// Hands out each entry after those that a stream has taken; stops at a gap.
    pub fn each(
        &self,
        stream: &mut Stream,
        limit: Option<u64>,
        mut act: impl FnMut(&Event) -> Result<()>,
    ) -> Result<Option<Gap>> {
        let size = self.checkpoint.size;
        let last = limit.map_or(size, |limit| size.min(stream.next().saturating_add(limit)));
        while stream.next() < last {
            let first = stream.next() / WIDTH * WIDTH;
            let (Some(texts), Some(leaves)) =
                (Tile::of(Kind::Entries, first / WIDTH, size), Tile::of(Kind::Level(0), first / WIDTH, size))
            else {
                break;
            };
            let bytes = self.store.read_tile(&texts)?;
            let leaves = hashes(&leaves, &self.store.read_tile(&leaves)?)?;
            let from = (stream.next() - first) as usize;
            let until = (last - first) as usize;
            for (text, leaf) in entries(&texts, &bytes)?.iter().zip(&leaves).take(until).skip(from) {
                let mut ahead = stream.clone();
                match ahead.take(text, leaf) {
                    Ok(entry) => act(&Event::of(&self.opened(entry)?, text))?,
                    Err(gap) => return Ok(Some(gap)),
                }
                *stream = ahead;
            }
        }
        Ok(None)
    }

    /// An entry with the names that may be shown of it.
    fn opened(&self, entry: Entry) -> Result<Opened> {
        let mut openings = BTreeMap::new();
        for name in VALUES.into_iter().filter(|n| !self.role.withholds(n)) {
            let (Some(beside), Some(hash)) = (&self.beside, entry.commitments.get(name)) else { continue };
            openings.extend(beside.value(hash)?.map(|kept| (name.to_owned(), kept.opening)));
        }
        let act = if entry.kind == ACT { Some(ActBody::of(&entry)?) } else { None };
        Ok(Opened { entry, act, openings })
    }
}
