//! The right edge of a growing tree: the few hashes that every later root is computed from (a compact range).

use crate::{
    Hash, Result,
    error::refuse,
    merkle::{empty_root, node_hash},
};

/// The roots of the complete subtrees that a tree is made of, the largest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    roots: Vec<Hash>,
}

/// A hash that stands in a tile: the root over `256^level` leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TileHash {
    /// The level of the tile.
    pub level: u8,
    /// The place within the level.
    pub index: u64,
    /// The hash.
    pub hash: Hash,
}

impl Frontier {
    /// The edge of a tree of this size, made of these hashes.
    pub fn new(size: u64, roots: Vec<Hash>) -> Result<Self> {
        let expected = size.count_ones() as usize;
        if roots.len() != expected {
            refuse!(
                "a tree of size {size} is made of {expected} complete subtrees, here are {}",
                roots.len()
            );
        }
        Ok(Self { size, roots })
    }

    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the complete subtrees, the largest first.
    pub fn hashes(&self) -> &[Hash] {
        &self.roots
    }

    /// Adds a leaf, and hands on every hash of a tile that it completes, its own among them.
    pub fn push(&mut self, leaf: Hash, mut complete: impl FnMut(TileHash)) {
        let (mut hash, mut height) = (leaf, 0_u32);
        complete(TileHash { level: 0, index: self.size, hash });
        while self.size >> height & 1 == 1 {
            let Some(left) = self.roots.pop() else { break };
            hash = node_hash(&left, &hash);
            height += 1;
            if height.is_multiple_of(8) {
                complete(TileHash { level: (height / 8) as u8, index: self.size >> height, hash });
            }
        }
        self.roots.push(hash);
        self.size += 1;
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        let mut roots = self.roots.iter().rev();
        let Some(last) = roots.next() else { return empty_root() };
        roots.fold(*last, |right, left| node_hash(left, &right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Tree, leaf_hash,
        merkle::{self, Nodes},
    };

    #[test]
    fn the_edge_has_the_root_of_the_tree_at_every_size() {
        let (mut tree, mut edge, mut given) = (Tree::new(), Frontier::default(), Vec::new());
        for i in 0..70_000_u64 {
            let leaf = leaf_hash(&i.to_be_bytes());
            tree.push(leaf);
            edge.push(leaf, |h| given.push(h));
            if i < 600 || i % 997 == 0 || i == 65_535 {
                assert_eq!(edge.root(), merkle::root(&tree, i + 1).unwrap(), "size {}", i + 1);
            }
        }
        assert_eq!(given.len(), 70_000 + 70_000 / 256 + 70_000 / 65_536);
        for h in given {
            assert_eq!(tree.node(h.level * 8, h.index).unwrap(), h.hash);
        }
        assert!(Frontier::new(3, vec![[0; 32]]).is_err());
        assert_eq!(Frontier::new(edge.size(), edge.hashes().to_vec()).unwrap(), edge);
        assert_eq!(Frontier::default().root(), empty_root());
    }
}
