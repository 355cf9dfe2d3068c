//! The Merkle tree of RFC 6962, section 2.1 (unchanged in RFC 9162): hashes, roots, proofs and their verification.
//!
//! A tree of any size is made of complete subtrees. [`Nodes`] gives their hashes, from memory or from tiles, and
//! everything else is computed from it; verification needs nothing but the hashes it is given.

use crate::{Error, Result, error::refuse};
use sha2::{Digest, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The longest proof that a tree of 64-bit size can need.
pub const MAX_PROOF: usize = 64;

/// The root of the tree without leaves: the hash of nothing.
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// The hash of a leaf with this content.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
}

/// The hash of an inner node over its two children.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// Where the hashes of complete subtrees come from.
pub trait Nodes {
    /// The hash over the leaves `index << level .. (index + 1) << level`.
    fn node(&self, level: u8, index: u64) -> Result<Hash>;
}

/// The complete subtrees that make up the leaves `start..end`, from the left, as (level, index).
///
/// `start` has to be a multiple of the largest power of two that fits the range, as it is in every split of RFC 6962.
pub(crate) fn complete_subtrees(mut start: u64, end: u64) -> Vec<(u8, u64)> {
    let mut out = Vec::new();
    while start < end {
        let level = (end - start).ilog2() as u8;
        out.push((level, start >> level));
        start += 1 << level;
    }
    out
}

/// The hash over the leaves `start..end`.
fn range_hash(nodes: &impl Nodes, start: u64, end: u64) -> Result<Hash> {
    let mut parts = complete_subtrees(start, end).into_iter().rev();
    let Some((level, index)) = parts.next() else { return Ok(empty_root()) };
    let mut hash = nodes.node(level, index)?;
    for (level, index) in parts {
        hash = node_hash(&nodes.node(level, index)?, &hash);
    }
    Ok(hash)
}

/// The root of the tree over the first `size` leaves.
pub fn root(nodes: &impl Nodes, size: u64) -> Result<Hash> {
    range_hash(nodes, 0, size)
}

/// The largest power of two below `n`, for `n` of at least two.
fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}

/// The proof that the leaf `index` is in the tree of this size (RFC 6962, section 2.1.1).
pub fn inclusion_proof(nodes: &impl Nodes, index: u64, size: u64) -> Result<Vec<Hash>> {
    if index >= size {
        refuse!("entry {index} is not in a tree of size {size}");
    }
    let (mut start, mut end, mut proof) = (0, size, Vec::new());
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            proof.push(range_hash(nodes, middle, end)?);
            end = middle;
        } else {
            proof.push(range_hash(nodes, start, middle)?);
            start = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// The proof that the tree of size `old` is a prefix of the tree of size `new` (RFC 6962, section 2.1.2).
pub fn consistency_proof(nodes: &impl Nodes, old: u64, new: u64) -> Result<Vec<Hash>> {
    if old > new {
        refuse!("a tree of size {old} cannot be the beginning of one of size {new}");
    }
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    let (mut start, mut end, mut proof) = (0, new, Vec::new());
    while end != old {
        let middle = start + split(end - start);
        if old <= middle {
            proof.push(range_hash(nodes, middle, end)?);
            end = middle;
        } else {
            proof.push(range_hash(nodes, start, middle)?);
            start = middle;
        }
    }
    if start != 0 {
        proof.push(range_hash(nodes, start, end)?);
    }
    proof.reverse();
    Ok(proof)
}

/// The root that an inclusion proof leads to.
pub fn root_from_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash]) -> Result<Hash> {
    if index >= size {
        refuse!("entry {index} is not in a tree of size {size}");
    }
    // Below the level where the way to this leaf leaves the way to the last one, siblings stand on both sides;
    // above it, there are left siblings only, one for each set bit of the index.
    let inner = (u64::BITS - (index ^ (size - 1)).leading_zeros()) as usize;
    let border = index.checked_shr(inner as u32).unwrap_or(0).count_ones() as usize;
    if proof.len() != inner + border {
        refuse!(
            "a proof for entry {index} of {size} has {} hashes, this one has {}",
            inner + border,
            proof.len()
        );
    }
    let mut hash = *leaf;
    for (level, sibling) in proof.iter().enumerate() {
        let right = level < inner && index >> level & 1 == 0;
        hash = if right { node_hash(&hash, sibling) } else { node_hash(sibling, &hash) };
    }
    Ok(hash)
}

/// Verifies that the leaf is entry `index` of the tree with this size and root.
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> Result<()> {
    if root_from_inclusion(leaf, index, size, proof)? != *root {
        refuse!("the inclusion proof of entry {index} does not lead to the root of the tree of size {size}");
    }
    Ok(())
}

/// Verifies that the tree `old` (size and root) is a prefix of the tree `new`.
///
/// The empty tree is a prefix of every tree, so that a proof from it proves nothing: it is refused, and callers who
/// begin with nothing have to say so. Two trees of one size need the same root and no proof.
pub fn verify_consistency(old: (u64, &Hash), new: (u64, &Hash), proof: &[Hash]) -> Result<()> {
    let ((old_size, old_root), (new_size, new_root)) = (old, new);
    if old_size > new_size {
        refuse!("size {old_size} cannot come before size {new_size}: the tree would have shrunk");
    }
    if old_size == new_size {
        return same_tree(old_root, new_root, old_size, proof);
    }
    if old_size == 0 {
        refuse!("a consistency proof from the empty tree proves nothing");
    }
    let mut hashes = proof.iter();
    let (first, second) = roots_from_consistency(old_size, new_size, old_root, &mut hashes)?;
    if hashes.next().is_some() {
        refuse!("the consistency proof from {old_size} to {new_size} is too long");
    }
    if first != *old_root {
        refuse!("the consistency proof does not lead to the root of the older tree, of size {old_size}");
    }
    if second != *new_root {
        refuse!("the consistency proof does not lead to the root of the newer tree, of size {new_size}");
    }
    Ok(())
}

fn same_tree(old: &Hash, new: &Hash, size: u64, proof: &[Hash]) -> Result<()> {
    if !proof.is_empty() {
        refuse!("two trees of the same size {size} need no consistency proof, yet there is one");
    }
    if old != new {
        refuse!("two different roots for the same size {size}: the log has forked");
    }
    if size == 0 && *old != empty_root() {
        refuse!("the root of the empty tree is not the hash of nothing");
    }
    Ok(())
}

/// The two roots that a consistency proof leads to (RFC 9162, section 2.1.4.2).
fn roots_from_consistency<'a>(
    old_size: u64,
    new_size: u64,
    old_root: &'a Hash,
    proof: &mut impl Iterator<Item = &'a Hash>,
) -> Result<(Hash, Hash)> {
    let short = || Error::new(format!("the consistency proof from {old_size} to {new_size} is too short"));
    let shift = old_size.trailing_zeros();
    let (mut old_at, mut new_at) = ((old_size - 1) >> shift, (new_size - 1) >> shift);
    let seed = if old_at == 0 { old_root } else { proof.next().ok_or_else(short)? };
    let (mut first, mut second) = (*seed, *seed);
    while new_at > 0 {
        let hash = proof.next().ok_or_else(short)?;
        if old_at & 1 == 1 || old_at == new_at {
            first = node_hash(hash, &first);
            second = node_hash(hash, &second);
            // Levels at which the older tree's last node stands alone have no hash in the proof.
            while old_at & 1 == 0 && old_at != 0 {
                (old_at, new_at) = (old_at >> 1, new_at >> 1);
            }
        } else {
            second = node_hash(&second, hash);
        }
        (old_at, new_at) = (old_at >> 1, new_at >> 1);
    }
    Ok((first, second))
}

/// A tree in memory: the hashes of all its complete subtrees, level by level.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// A tree without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many leaves there are.
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |l| l.len() as u64)
    }

    /// Adds a leaf by its hash and returns its index.
    pub fn push(&mut self, leaf: Hash) -> u64 {
        let index = self.size();
        let (mut hash, mut level) = (leaf, 0);
        loop {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let row = &mut self.levels[level];
            row.push(hash);
            let [.., left, right] = row.as_slice() else { return index };
            if !row.len().is_multiple_of(2) {
                return index;
            }
            (hash, level) = (node_hash(left, right), level + 1);
        }
    }

    /// The root over all leaves.
    pub fn root(&self) -> Result<Hash> {
        root(self, self.size())
    }
}

impl Nodes for Tree {
    fn node(&self, level: u8, index: u64) -> Result<Hash> {
        let row = self.levels.get(usize::from(level));
        let hash = row.and_then(|r| r.get(usize::try_from(index).ok()?));
        hash.copied().ok_or_else(|| Error::new(format!("the tree has no node {index} at level {level}")))
    }
}

impl FromIterator<Hash> for Tree {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Self {
        let mut tree = Self::new();
        for leaf in leaves {
            tree.push(leaf);
        }
        tree
    }
}
