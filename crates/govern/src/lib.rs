//! Governing: acts and decisions to events, events to state.
//!
//! An act is asked for at one door, [`perform`]: it puts the facts together, asks the policies, and gives the [`Event`]
//! to be signed where they allow it. Signed events are kept by others; read again they are [`Entry`]s, and the [`State`]
//! is their [`fold`] through one total function, [`apply`], in an order that the events themselves define. Whether what
//! was done was lawful is asked again, of the same policies, by [`judge`]. There is no clock here and no storage.

mod apply;
mod describe;
mod event;
mod facts;
mod judge;
mod order;
mod perform;
mod quality;
mod rests;
mod state;
mod undated;

pub use apply::{Refusal, apply, step};
pub use describe::{due, title};
pub use event::{Entry, Event, Evidence, Intent, Looked, SCHEMA, closure_of, modes_part};
pub use facts::{World, facts};
pub use judge::{
    GROWN, Ground, History, InForce, Law, Measure, Measured, NOBODY, Void, judge, recorded, unlawful, voids,
    weighed,
};
pub use order::{Folded, Lawful, Refused, first_versions, fold, fold_with};
pub use perform::{Performed, Wish, perform, weigh};
pub use quality::{Quality, quality};
pub use state::{
    Approved, Glass, Leave, Live, Phase, Proposal, ProposalStatus, Release, Review, State, Version,
    WorkflowState,
};
pub use undated::undated;
