//! Where an element of the model went in the graph.

use super::xml::Element;
use std::collections::HashMap;
use workflow::{Node as End, StepIx};

/// A flow node and the steps that stand for it.
#[derive(Clone, Copy)]
pub(super) struct Placed<'a, 'i> {
    pub(super) node: Element<'a, 'i>,
    /// Where edges to it lead; nothing for what only starts.
    pub(super) entry: Option<StepIx>,
    /// Where edges from it start.
    pub(super) exit: End,
    /// The step itself.
    pub(super) step: Option<StepIx>,
    /// The sub-process it is in.
    pub(super) scope: Option<&'a str>,
}

/// Flow nodes by id.
pub(super) type ById<'a, 'i> = HashMap<&'a str, Placed<'a, 'i>>;
