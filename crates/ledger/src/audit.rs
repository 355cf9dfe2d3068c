//! Reading a whole log and holding everything in it against its checkpoint; what does not fit is named by its place.

use crate::{
    Checkpoint, Error, Hash, Result,
    error::refuse,
    merkle::{Tree, leaf_hash, node_hash},
    tile::{self, Kind, ReadTiles, Tile, WIDTH, complete},
};

/// What an audit has read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Audited {
    /// How many entries.
    pub entries: u64,
    /// How many tiles and bundles.
    pub tiles: u64,
}

/// Reads every bundle and tile of the log at this checkpoint and verifies that each follows from those beneath it, and
/// the root from all of them. `each` is given every entry, in order, once the hashes of its bundle are confirmed; since
/// the root is confirmed last, what it has taken in counts only if the audit succeeds.
pub fn audit(
    reader: &impl ReadTiles,
    checkpoint: &Checkpoint,
    mut each: impl FnMut(u64, &[u8]) -> Result<()>,
) -> Result<Audited> {
    let mut audit = Audit::default();
    while audit.has_more(checkpoint) {
        audit.bundle(reader, checkpoint, &mut each)?;
    }
    audit.finish(reader, checkpoint)
}

/// An audit under way: bundle after bundle, then what is above them. A clone is a place to go on from later.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    audited: Audited,
    rows: Rows,
    next: u64,
}

impl Audit {
    /// Whether there are bundles that it has not read.
    pub fn has_more(&self, checkpoint: &Checkpoint) -> bool {
        self.next < checkpoint.size.div_ceil(WIDTH)
    }

    /// Verifies the next bundle and its tile of leaves.
    pub fn bundle(
        &mut self,
        reader: &impl ReadTiles,
        checkpoint: &Checkpoint,
        each: &mut impl FnMut(u64, &[u8]) -> Result<()>,
    ) -> Result<()> {
        self.bundle_after(0, reader, checkpoint, each)
    }

    /// Verifies the next bundle and its tile of leaves, of which so many entries are known to have their hashes.
    pub fn bundle_after(
        &mut self,
        known: usize,
        reader: &impl ReadTiles,
        checkpoint: &Checkpoint,
        each: &mut impl FnMut(u64, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let leaves = read_level(reader, 0, self.next, checkpoint.size)?;
        check_bundle(reader, self.next, (checkpoint.size, known), &leaves, each)?;
        self.audited.tiles += 2;
        self.audited.entries += leaves.len() as u64;
        self.rows.add(leaves);
        self.next += 1;
        Ok(())
    }

    /// Verifies the tiles above, and the root.
    pub fn finish(mut self, reader: &impl ReadTiles, checkpoint: &Checkpoint) -> Result<Audited> {
        self.audited.tiles += check_upper(reader, checkpoint.size, &mut self.rows)?;
        if fold(&self.rows.partial)? != checkpoint.root {
            refuse!("the entries of `{}` do not add up to the checkpoint's root", checkpoint.origin);
        }
        Ok(self.audited)
    }
}

/// What is kept of the tiles read: one hash for each full one of the present level, and the partial one of each level.
#[derive(Clone, Debug, Default)]
struct Rows {
    full: Vec<Hash>,
    partial: Vec<Tree>,
}

impl Rows {
    fn add(&mut self, row: Vec<Hash>) {
        if row.len() as u64 == WIDTH {
            self.full.push(complete(&row));
        } else {
            self.partial.push(row.into_iter().collect());
        }
    }
}

fn read_level(reader: &impl ReadTiles, level: u8, index: u64, size: u64) -> Result<Vec<Hash>> {
    let tile = Tile::of(Kind::Level(level), index, size);
    let tile =
        tile.ok_or_else(|| Error::new(format!("a log of size {size} has no tile {index} at level {level}")))?;
    tile::hashes(&tile, &reader.read_tile(&tile)?)
}

fn check_bundle(
    reader: &impl ReadTiles,
    index: u64,
    (size, known): (u64, usize),
    leaves: &[Hash],
    each: &mut impl FnMut(u64, &[u8]) -> Result<()>,
) -> Result<()> {
    let Some(tile) = Tile::of(Kind::Entries, index, size) else { return Ok(()) };
    let bytes = reader.read_tile(&tile)?;
    let entries = tile::entries(&tile, &bytes)?;
    for ((number, entry), leaf) in (tile.first_entry()..).zip(&entries).zip(leaves).skip(known) {
        if leaf_hash(entry) != *leaf {
            refuse!("entry {number}, in `{tile}`, does not have the hash that the tree has for it");
        }
    }
    (tile.first_entry()..).zip(entries).try_for_each(|(number, entry)| each(number, entry))
}

/// Holds the tiles of the higher levels against those beneath, and returns how many there are.
fn check_upper(reader: &impl ReadTiles, size: u64, rows: &mut Rows) -> Result<u64> {
    let (mut level, mut tiles) = (1, 0);
    while !rows.full.is_empty() {
        let below = std::mem::take(&mut rows.full);
        for (index, expected) in (0..).zip(below.chunks(WIDTH as usize)) {
            let found = read_level(reader, level, index, size)?;
            if let Some(at) = (0..expected.len()).find(|i| found.get(*i) != expected.get(*i)) {
                let tile = Tile { kind: Kind::Level(level), index, width: expected.len() as u16 };
                refuse!("hash {at} of `{tile}` does not follow from the tile beneath it");
            }
            rows.add(found);
            tiles += 1;
        }
        level += 1;
    }
    Ok(tiles)
}

/// The root over partial tiles, the lowest of which is the rightmost part of the tree.
fn fold(partial: &[Tree]) -> Result<Hash> {
    let Some((lowest, higher)) = partial.split_first() else { return Ok(crate::merkle::empty_root()) };
    higher.iter().try_fold(lowest.root()?, |right, tree| join(tree, right))
}

/// The root of a tree's complete subtrees with one smaller tree to the right of them.
fn join(tree: &Tree, right: Hash) -> Result<Hash> {
    let parts = crate::merkle::complete_subtrees(0, tree.size());
    parts.into_iter().rev().try_fold(right, |hash, (level, index)| {
        Ok(node_hash(&crate::merkle::Nodes::node(tree, level, index)?, &hash))
    })
}
