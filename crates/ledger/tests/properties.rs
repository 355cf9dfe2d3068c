//! Properties of trees and proofs: what RFC 6962 defines recursively, computed so, is what the crate computes.

#![allow(clippy::unwrap_used, reason = "a test whose input is not there or not sound has failed")]

use ledger::{
    Checkpoint, Hash, MemoryLog, Nodes, Signer, Tree, audit,
    key::Algorithm,
    leaf_hash,
    merkle::{self, consistency_proof, inclusion_proof, node_hash, verify_consistency, verify_inclusion},
    tile::TiledTree,
};
use proptest::prelude::*;

fn split(n: usize) -> usize {
    n.next_power_of_two() / 2
}

/// MTH of RFC 6962, section 2.1, word for word.
fn mth(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => merkle::empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&mth(left), &mth(right))
        }
    }
}

/// PATH of RFC 6962, section 2.1.1.
fn path(m: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() <= 1 {
        return Vec::new();
    }
    let k = split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut out, other) = if m < k { (path(m, left), right) } else { (path(m - k, right), left) };
    out.push(mth(other));
    out
}

/// SUBPROOF of RFC 6962, section 2.1.2.
fn subproof(m: usize, leaves: &[Hash], known: bool) -> Vec<Hash> {
    if m == leaves.len() {
        return if known { Vec::new() } else { vec![mth(leaves)] };
    }
    let k = split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut out, other) =
        if m <= k { (subproof(m, left, known), right) } else { (subproof(m - k, right, false), left) };
    out.push(mth(other));
    out
}

fn leaves(n: u32, salt: u32) -> Vec<Hash> {
    (0..n).map(|i| leaf_hash(&[i.to_be_bytes(), salt.to_be_bytes()].concat())).collect()
}

#[test]
fn proofs_of_all_sizes_to_160_verify() {
    let all = leaves(160, 1);
    let tree: Tree = all.iter().copied().collect();
    let roots: Vec<_> = (0..=160).map(|n| merkle::root(&tree, n).unwrap()).collect();
    let mut count = 0;
    for size in 1..=160 {
        let root = &roots[size as usize];
        assert_eq!(*root, mth(&all[..size as usize]));
        for at in 0..size {
            let proof = inclusion_proof(&tree, at, size).unwrap();
            verify_inclusion(&all[at as usize], at, size, &proof, root).unwrap();
            let other = (at + 1) % size;
            assert!(size == 1 || verify_inclusion(&all[at as usize], other, size, &proof, root).is_err());
            let old = at + 1;
            let proof = consistency_proof(&tree, old, size).unwrap();
            verify_consistency((old, &roots[old as usize]), (size, root), &proof).unwrap();
            assert!(verify_consistency((old, &roots[at as usize]), (size, root), &proof).is_err());
            count += 2;
        }
    }
    println!("{count} proofs");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn proofs_are_those_of_the_rfc(size in 1_u32..400, at in any::<prop::sample::Index>(), salt: u32) {
        let all = leaves(size, salt);
        let tree: Tree = all.iter().copied().collect();
        let at = at.index(size as usize);
        prop_assert_eq!(tree.root().unwrap(), mth(&all));
        prop_assert_eq!(inclusion_proof(&tree, at as u64, u64::from(size)).unwrap(), path(at, &all));
        let old = at + 1;
        prop_assert_eq!(consistency_proof(&tree, old as u64, u64::from(size)).unwrap(), subproof(old, &all, true));
    }

    #[test]
    fn a_proof_with_one_bit_changed_proves_nothing(size in 2_u32..400, at in any::<prop::sample::Index>(), bit: u16, salt: u32) {
        let all = leaves(size, salt);
        let tree: Tree = all.iter().copied().collect();
        let (at, size) = (at.index(size as usize) as u64, u64::from(size));
        let root = tree.root().unwrap();
        let mut proof = inclusion_proof(&tree, at, size).unwrap();
        flip(&mut proof, bit);
        prop_assert!(verify_inclusion(&all[at as usize], at, size, &proof, &root).is_err());
        let (old, old_root) = (at.max(1), merkle::root(&tree, at.max(1)).unwrap());
        let mut proof = consistency_proof(&tree, old, size).unwrap();
        verify_consistency((old, &old_root), (size, &root), &proof).unwrap();
        flip(&mut proof, bit);
        prop_assert!(verify_consistency((old, &old_root), (size, &root), &proof).is_err());
        prop_assert!(verify_consistency((old, &old_root), (size, &root), &proof[1..]).is_err());
        proof.push(root);
        prop_assert!(verify_consistency((old, &old_root), (size, &root), &proof).is_err());
    }

    #[test]
    fn verification_never_panics(index: u64, size: u64, old: u64, proof in prop::collection::vec(any::<[u8; 32]>(), 0..70)) {
        let _ = verify_inclusion(&[1; 32], index, size, &proof, &[2; 32]);
        let _ = verify_consistency((old, &[1; 32]), (size, &[2; 32]), &proof);
    }

    #[test]
    fn readers_of_formats_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,200}") {
        for input in [bytes.as_slice(), text.as_bytes()] {
            let _ = ledger::Note::parse(input);
            let _ = ledger::LogProof::parse(input);
            let _ = ledger::Policy::parse(input);
            let _ = ledger::json::parse(input);
            let _ = ledger::witness::Request::parse(input);
        }
        let _ = (Checkpoint::parse(&text), ledger::Tile::parse(&text), ledger::VerifierKey::parse(&text));
    }
}

fn flip(proof: &mut [Hash], bit: u16) {
    let bit = usize::from(bit) % (proof.len() * 256);
    proof[bit / 256][bit % 256 / 8] ^= 1 << (bit % 8);
}

/// Around every change of shape, up to a tree with three levels of tiles.
#[test]
fn a_tree_over_tiles_is_the_tree() {
    let signer = Signer::from_seed("log", Algorithm::Ed25519, &[1; 32]).unwrap();
    let mut log = MemoryLog::new(signer).unwrap();
    let sizes = [0, 1, 2, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_793];
    for size in sizes {
        for i in log.size()..size {
            log.append(i.to_be_bytes()).unwrap();
        }
        log.publish().unwrap();
        let head = Checkpoint::parse(log.checkpoint().text()).unwrap();
        let tiled = TiledTree::new(&log, size);
        assert_eq!(merkle::root(&tiled, size).unwrap(), head.root);
        for index in
            [0, size / 2, size.saturating_sub(2), size.wrapping_sub(1)].into_iter().filter(|i| *i < size)
        {
            assert_eq!(inclusion_proof(&tiled, index, size).unwrap(), log.prove(index).unwrap().hashes);
        }
        assert!(tiled.node(0, size).is_err());
        assert!(tiled.node(7, u64::MAX).is_err() && tiled.node(255, 0).is_err());
        if size < 1000 || size == 65_793 {
            assert_eq!(audit(&log, &head, |_, _| Ok(())).unwrap().entries, size);
        }
    }
}
