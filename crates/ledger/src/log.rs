//! A log in memory: it appends, publishes signed checkpoints, serves tiles and proves. What storage backends imitate.

use crate::{
    Checkpoint, Hash, LogProof, Note, Result, Signer,
    error::refuse,
    merkle::{self, Nodes, Tree, leaf_hash},
    tile::{self, Kind, MAX_ENTRY, ReadTiles, Tile},
};

/// A log in memory.
#[derive(Debug)]
pub struct MemoryLog {
    signer: Signer,
    entries: Vec<Vec<u8>>,
    tree: Tree,
    published: Note,
    size: u64,
}

impl MemoryLog {
    /// An empty log under the signer's name, with its first checkpoint.
    pub fn new(signer: Signer) -> Result<Self> {
        let tree = Tree::new();
        let published = signed(&signer, &tree)?;
        Ok(Self { signer, entries: Vec::new(), tree, published, size: 0 })
    }

    /// Appends an entry and returns its index; it is proven only from the next [`MemoryLog::publish`] on.
    pub fn append(&mut self, entry: impl Into<Vec<u8>>) -> Result<u64> {
        let entry = entry.into();
        if entry.len() > MAX_ENTRY {
            refuse!("an entry has at most {MAX_ENTRY} bytes, this one has {}", entry.len());
        }
        let index = self.tree.push(leaf_hash(&entry));
        self.entries.push(entry);
        Ok(index)
    }

    /// Signs a checkpoint over everything appended.
    pub fn publish(&mut self) -> Result<&Note> {
        self.published = signed(&self.signer, &self.tree)?;
        self.size = self.tree.size();
        Ok(&self.published)
    }

    /// The last published checkpoint.
    pub fn checkpoint(&self) -> &Note {
        &self.published
    }

    /// Adds what a witness answered to the published checkpoint.
    pub fn add_cosignatures(&mut self, lines: &str) -> Result<()> {
        self.published.add_lines(lines)
    }

    /// How many entries the published checkpoint covers.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The proof file of an entry under the published checkpoint.
    pub fn prove(&self, index: u64) -> Result<LogProof> {
        let hashes = merkle::inclusion_proof(self, index, self.size)?;
        Ok(LogProof { extra: None, index, hashes, checkpoint: self.published.clone() })
    }

    /// The proof that the log of size `old` is the beginning of the published one.
    pub fn prove_consistency(&self, old: u64) -> Result<Vec<Hash>> {
        merkle::consistency_proof(self, old, self.size)
    }
}

fn signed(signer: &Signer, tree: &Tree) -> Result<Note> {
    let mut note = Checkpoint::new(signer.verifier().name(), tree.size(), tree.root()?).to_note()?;
    note.sign(signer)?;
    Ok(note)
}

impl Nodes for MemoryLog {
    fn node(&self, level: u8, index: u64) -> Result<Hash> {
        self.tree.node(level, index)
    }
}

impl ReadTiles for MemoryLog {
    fn read_tile(&self, tile: &Tile) -> Result<Vec<u8>> {
        let there = Tile::of(tile.kind, tile.index, self.size);
        if there.is_none_or(|t| t.width < tile.width) {
            refuse!("the log, of size {}, has no `{tile}`", self.size);
        }
        let from = tile.first_entry();
        let range = from..from + u64::from(tile.width);
        match tile.kind {
            Kind::Entries => {
                tile::bundle(self.entries[range.start as usize..range.end as usize].iter().map(Vec::as_slice))
            }
            Kind::Level(level) => {
                let hashes: Vec<_> = range.map(|i| self.node(level * 8, i)).collect::<Result<_>>()?;
                Ok(hashes.concat())
            }
        }
    }
}
