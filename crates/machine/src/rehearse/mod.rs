//! Rehearsal: a run of a workflow whose world is a scenario. Data in, an outcome out; no platform, no clock, no chance.

pub mod coverage;
pub mod directory;
pub mod judge;
mod leads;
mod pattern;
mod replay;
pub mod scenario;
#[cfg(test)]
mod schema_tests;
mod values;
mod world;

pub use coverage::{Coverage, Item};
pub use directory::Directory;
pub use judge::{Difference, judge};
pub use leads::Leads;
pub use pattern::{fits, is_named};
pub use replay::{refutation, replays, scenario_of};
pub use scenario::{Duration, Expect, Fault, How, Pattern, Reply, SCHEMA, Scenario, Suite, Undecided};
pub use values::{json_of, val_of};

use crate::{Place, Program, Trail};
use workflow::{EdgeKind, Kind, Node, StepKind, Text};

/// So many requests a rehearsal answers at most.
const MOST_REQUESTS: usize = 20_000;

/// What came of a rehearsal.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// What was done, tried, told and asked, in order.
    pub events: Vec<Event>,
    /// How each run ended: one, or two where the trigger was delivered twice.
    pub ended: Vec<How>,
    /// Why the last run failed; empty where it did not, or nothing says.
    pub failure: String,
    /// The directory in the end.
    pub directory: Directory,
    /// Where the run went.
    pub walk: Vec<Station>,
    /// The edges that were taken.
    pub trail: Trail,
    /// Why the scenario could not go on: what it does not say.
    pub open: Option<String>,
    /// Answers of the scenario that nobody asked for, by their position.
    pub unused: Vec<usize>,
}

/// Something that was done or tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Milliseconds since the start.
    pub at: i64,
    /// The step.
    pub place: Place,
    /// Whether it was done.
    pub well: bool,
    /// It lets somebody know something.
    pub tells: bool,
    /// What.
    pub effect: Effect,
}

/// An effect with the values it had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// The kind.
    pub kind: Kind,
    /// The system.
    pub system: Text,
    /// Whose access, or who was told or asked.
    pub identity: Vec<Text>,
    /// Which access.
    pub entitlement: Vec<Text>,
}

/// A station of a walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Station {
    /// The step; none for the trigger.
    pub place: Option<Place>,
    /// By which way it was left (`true`, `error`, `timeout`); empty for the ordinary one.
    pub leaves: Text,
}

/// How scenarios name a step: by its name, where no other step has it, else by its id.
#[must_use]
pub fn label(workflow: &workflow::Workflow, step: &workflow::Step) -> Text {
    let shared = workflow.steps.iter().filter(|s| s.name == step.name || s.id == step.name).count() > 1;
    if step.name.is_empty() || shared { step.id.clone() } else { step.name.clone() }
}

/// The label of the step at a place.
pub(crate) fn label_at(program: &Program<'_>, at: Place) -> Option<Text> {
    Some(label(program.workflow(at.workflow)?, program.step(at)?))
}

/// Rehearses a scenario of a workflow of a program made with [`Program::new`]. `more` are answers that count after the
/// scenario's own, `directory` the people where the scenario has none of its own.
#[must_use]
pub fn rehearse(
    program: &Program<'_>,
    workflow: u32,
    scenario: &Scenario,
    more: &[Reply],
    directory: &Directory,
) -> Outcome {
    world::World::new(program, workflow, scenario, more, directory).play(MOST_REQUESTS)
}

/// The stations that some edges lead past: branches and guards with the way they were left.
fn branches(program: &Program<'_>, trail: &Trail) -> Vec<Station> {
    let station = |(workflow, edge): &(u32, u32)| {
        let edge = program.edge(*workflow, *edge)?;
        let Node::Step(step) = edge.from else { return None };
        let place = Place { workflow: *workflow, step };
        let at = program.step(place).filter(|s| !s.synthetic)?;
        let chooses = matches!(at.kind, StepKind::Branch | StepKind::Guard | StepKind::Loop(_));
        let shown = chooses && !matches!(edge.kind, EdgeKind::Back);
        shown.then(|| Station { place: Some(place), leaves: edge.kind.label().into() })
    };
    trail.iter().filter_map(station).collect()
}
