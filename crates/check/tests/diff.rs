//! Semantic diff over the definitions of the examples and the corpus, of all platforms: the laws of digests, and whether
//! sentences name what mutants did. `COUNTERSIGN_SLOW=1` (`./test --slow`) takes all of the corpus.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test whose input is not there has failed"
)]

#[path = "diff/acting.rs"]
mod acting;
#[path = "diff/cosmetic.rs"]
mod cosmetic;
#[path = "diff/definitions.rs"]
mod definitions;
#[path = "diff/judge.rs"]
mod judge;
#[path = "diff/laws.rs"]
mod laws;
#[path = "diff/mutants.rs"]
mod mutants;
#[path = "diff/tree.rs"]
mod tree;
#[path = "diff/written.rs"]
mod written;
