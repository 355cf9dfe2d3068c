//! What data is at each place of a run, for platforms whose steps hand one document on from one to the next.

mod data;
mod follow;

pub(crate) use crate::values::term as term_of;
pub(crate) use data::{Data, below_term, bounded, value_of};
pub(crate) use follow::{Followed, Way, follow};
