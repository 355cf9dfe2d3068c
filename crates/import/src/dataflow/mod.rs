//! What data is at each place of a run, for platforms whose steps hand one document on from one to the next.

mod data;
mod follow;

pub(crate) use data::{Data, below_term, term_of, value_of};
pub(crate) use follow::{Followed, Way, follow};
