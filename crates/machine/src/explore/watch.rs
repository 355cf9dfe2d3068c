//! What properties see of a run.

use crate::Place;
use crate::request::{Answer, Request};
use crate::state::State;

/// Something that happens in a run.
pub enum Event<'e> {
    /// The run asks this, in this state.
    Asked(&'e Request, &'e State),
    /// It was answered so.
    Told(&'e Request, &'e Answer, &'e State),
}

/// A property is broken.
pub struct Broken {
    /// At this step, or for the whole workflow.
    pub step: Option<Place>,
    /// How, for people.
    pub how: String,
}
