//! What each platform does where the edges of the graph do not say: one module per platform behind one trait.
//!
//! The facts and their sources are in `docs/semantics.md`; adding a platform's semantics touches its module only.

use crate::evaluate::Failure;
use crate::scope::Here;
use crate::state::{Fault, Rounds};
use crate::{Place, Program, Val};
use workflow::{Expression, LoopKind, OnError, Platform, Step, StepKind, Text, Value};

mod bpmn;
mod google_secops;
mod insightconnect;
mod logic_apps;
mod n8n;
mod node_red;
mod okta_workflows;
mod sailpoint;
mod serverless_workflow;
mod splunk_soar;
mod step_functions;

/// What happens to a failure that nothing takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unhandled {
    /// The run ends as a failure.
    EndsRun,
    /// The path ends; others go on, and the run is a failure when they are done.
    EndsPath,
    /// The path ends; the run does not count it as a failure.
    Dropped,
    /// The run goes on as if the step had given nothing.
    GoesOn,
    /// It stands still until a person resolves it.
    StandsStill,
}

/// How much of what fails in a loop it takes as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tolerance {
    /// Nothing.
    None,
    /// So many rounds, or so much of a hundred.
    Some,
    /// All of it.
    All,
}

/// What the platform does after it broke down between asking and being told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterCrash {
    /// The run is gone.
    Lost,
    /// The step is done again.
    Repeats,
    /// Nobody documents it.
    Unknown,
}

/// What a branch does when no case holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoCase {
    /// The path ends quietly.
    Ends,
    /// It fails.
    Fails(Text),
}

/// How a step that has gone well, or whose failure was caught, is left.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Left {
    /// What it hands on.
    pub output: Val,
    /// Variables that get values; null takes one away.
    pub variables: Vec<(Text, Val)>,
    /// Of a branch: the case it takes, by its number, or none of them. Nothing where the conditions of the edges are to
    /// be asked.
    pub case: Option<Option<usize>>,
    /// A container, by its id, in which nothing else goes on.
    pub stops: Option<Text>,
}

impl Left {
    /// Only hands something on.
    #[must_use]
    pub fn with(output: Val) -> Self {
        Left { output, ..Left::default() }
    }
}

/// What takes a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caught {
    /// Nothing of this step.
    Not,
    /// The error edge with this number.
    By(usize),
    /// The edge for time-outs.
    AsTimeout,
}

/// The rules of a platform. The defaults hold where a platform has nothing of its own.
pub trait Semantics: Sync {
    /// Only one step of a run goes on at a time, in a fixed order.
    fn serial(&self) -> bool {
        false
    }

    /// Steps hand lists of items from one to the next, and a node runs for each of them.
    fn hands_items(&self) -> bool {
        false
    }

    /// Of such a platform: whether a step is done once for each item, and not once for all of them.
    fn per_item(&self, _step: &Step) -> bool {
        false
    }

    /// What a step is given.
    ///
    /// # Errors
    /// Where evaluating it fails by the rules of the platform.
    fn input(&self, here: &Here<'_, '_>, step: &Step) -> Result<Val, Failure> {
        here.value(&step.parameters)
    }

    /// What a step hands on that does nothing outside: its own output, or what came in with its output laid over.
    ///
    /// # Errors
    /// Where evaluating it fails by the rules of the platform.
    fn shaped(&self, here: &Here<'_, '_>, step: &Step) -> Result<Val, Failure> {
        let own = step.output.as_ref().map(|o| here.value(o)).transpose()?;
        let passes = step.passes_input || !matches!(step.kind, StepKind::Set);
        Ok(match own {
            Some(own) if passes => laid_over(here.input, &own),
            Some(own) => own,
            None => here.input.clone(),
        })
    }

    /// What the world's answer becomes as a step's result.
    fn result(&self, _here: &Here<'_, '_>, _step: &Step, answer: Val) -> Val {
        answer
    }

    /// What several arrivals are as one input.
    fn joined(&self, arrived: Vec<Val>) -> Val {
        match arrived.len() {
            1 => arrived.into_iter().next().unwrap_or_default(),
            _ => Val::list(arrived),
        }
    }

    /// A step that waits for all before it runs with what it has when nothing else can run.
    fn join_gives_up(&self, _step: &Step) -> bool {
        false
    }

    /// A branch takes every case that holds, not the first only.
    fn takes_all(&self, _step: &Step) -> bool {
        false
    }

    /// What a branch does when no case holds and none stands for the rest.
    fn no_case(&self, _step: &Step) -> NoCase {
        NoCase::Ends
    }

    /// Whether a failed step (or container) is tried again after so many repetitions; nothing where that is not known.
    fn retries(
        &self,
        _program: &Program<'_>,
        _at: Place,
        step: &Step,
        _fault: &Fault,
        done: u32,
    ) -> Option<bool> {
        Some(done < step.retries)
    }

    /// Whether an error edge, by its number among those of the step, takes a failure; nothing where that is not known.
    fn catches(&self, step: &Step, _number: usize, _fault: &Fault) -> Option<bool> {
        (step.on_error != OnError::Partly).then_some(true)
    }

    /// What a failed step whose failure is dealt with hands on in place of a result; `named` where it goes a way of its own
    /// for failures. Nothing where what came in goes on and no result is there.
    fn failed(&self, _input: &Val, _fault: &Fault, _named: bool) -> Option<Val> {
        None
    }

    /// Only the first error edge that takes a failure is taken.
    fn catches_once(&self) -> bool {
        false
    }

    /// What is read as the error after a failure was caught.
    fn caught(&self, fault: &Fault) -> Val {
        Val::map(vec![("name".into(), Val::Text(fault.name.clone())), ("data".into(), fault.data.clone())])
    }

    /// A branch may fail because a condition cannot be computed from what is there, and what runs after a failure then runs.
    fn conditions_fail(&self, _condition: &Expression) -> bool {
        false
    }

    /// The failure that a step raises which ends its run as one.
    fn raised(&self, here: &Here<'_, '_>, step: &Step) -> Fault {
        Fault {
            name: Text::default(),
            data: here.value(&step.parameters).unwrap_or_default(),
            timeout: false,
        }
    }

    /// What such a step raises can be caught like other failures.
    fn raise_can_be_caught(&self) -> bool {
        false
    }

    /// A failure that a container takes stops what else runs in it.
    fn failure_stops_container(&self) -> bool {
        true
    }

    /// What happens to a failure that nothing takes.
    fn unhandled(&self, _step: &Step) -> Unhandled {
        Unhandled::EndsRun
    }

    /// The other rounds go on when one has failed, and the loop fails when all are done.
    fn rounds_go_on(&self, _step: &Step) -> bool {
        false
    }

    /// Whether a loop may go on as if a round had not failed: always, or as long as no more fail than it says.
    fn tolerates(&self, _step: &Step) -> Tolerance {
        Tolerance::None
    }

    /// A round that ends without coming back to its loop ends the loop with it.
    fn rounds_must_return(&self) -> bool {
        false
    }

    /// A way from inside a loop to what follows it leaves the loop.
    fn breaks(&self) -> bool {
        true
    }

    /// The value of the loop's own list.
    ///
    /// # Errors
    /// Where evaluating it fails by the rules of the platform.
    fn items(&self, here: &Here<'_, '_>, step: &Step) -> Result<Val, Failure> {
        let named = ["items", "in", "ItemsPath", "Items", "foreach", "list", "collection", "context"];
        let found = named.iter().map(|key| step.parameters.get(key)).find(|v| !v.is_empty());
        found.map_or(Ok(Val::unknown(format!("items.{}", step.id))), |v| here.value(v))
    }

    /// Whether a loop that repeats until something holds has another round; asked before each round.
    ///
    /// # Errors
    /// Where evaluating it fails by the rules of the platform.
    fn again(&self, _here: &Here<'_, '_>, _step: &Step, _rounds: &Rounds) -> Result<Option<bool>, Failure> {
        Ok(None)
    }

    /// What a finished loop hands on.
    fn gathered(&self, _step: &Step, rounds: &Rounds, _input: &Val) -> Val {
        Val::list(rounds.results.values().cloned().collect())
    }

    /// What a round starts with.
    fn round_input(&self, _here: &Here<'_, '_>, _step: &Step, item: &Val) -> Val {
        item.clone()
    }

    /// A variable belongs to the round of a loop that sets it, not to the run.
    fn is_local(&self, _variable: &str) -> bool {
        false
    }

    /// Something bounds how long a step may wait: its own setting or a limit of the platform's.
    fn has_deadline(&self, step: &Step) -> bool {
        step.ask.as_ref().is_some_and(|a| a.timeout_seconds.is_some())
    }

    /// Runs follow [`Step::flow`], the data flow as the platform defines it: the functions below are asked. Proofs follow
    /// the graph alone.
    fn is_exact(&self) -> bool {
        false
    }

    /// What the first steps of a run get of what it is started with.
    ///
    /// # Errors
    /// Where the platform refuses that.
    fn run_starts(&self, _program: &Program<'_>, _workflow: u32, input: &Val) -> Result<Val, Fault> {
        Ok(input.clone())
    }

    /// What a run gives in the end; what the last step handed on is read as the input.
    ///
    /// # Errors
    /// Where evaluating it fails by the rules of the platform.
    fn run_ends(&self, here: &Here<'_, '_>) -> Result<Val, Fault> {
        Ok(here.input.clone())
    }

    /// What a step is left with that has given `raw`.
    ///
    /// # Errors
    /// Where evaluating it fails by the rules of the platform.
    fn left(&self, _here: &Here<'_, '_>, _step: &Step, raw: Val) -> Result<Left, Fault> {
        Ok(Left::with(raw))
    }

    /// The error edge that takes a failure.
    fn catcher(&self, _here: &Here<'_, '_>, _step: &Step, _fault: &Fault) -> Caught {
        Caught::Not
    }

    /// What a step is left with whose failure was caught.
    ///
    /// # Errors
    /// Where evaluating it fails by the rules of the platform.
    fn left_caught(&self, here: &Here<'_, '_>, _step: &Step, _fault: &Fault) -> Result<Left, Fault> {
        Ok(Left::with(here.input.clone()))
    }

    /// A failure as the platform names and describes it.
    fn named(&self, _here: &Here<'_, '_>, _step: &Step, fault: Fault) -> Fault {
        fault
    }

    /// Whether a failed step is tried again: the variables that count it.
    fn retried(&self, _here: &Here<'_, '_>, _step: &Step, _fault: &Fault) -> Option<Vec<(Text, Val)>> {
        None
    }

    /// How long the platform waits before this attempt, in milliseconds, before any jitter.
    fn delay(&self, _here: &Here<'_, '_>, _step: &Step) -> u64 {
        0
    }

    /// What a round of a loop starts with.
    ///
    /// # Errors
    /// Where evaluating it fails by the rules of the platform.
    fn round_starts(
        &self,
        here: &Here<'_, '_>,
        step: &Step,
        (item, _index): (&Val, u32),
        _rounds: &Rounds,
    ) -> Result<Val, Fault> {
        Ok(self.round_input(here, step, item))
    }

    /// What a failed round gives where its loop tolerates that.
    ///
    /// # Errors
    /// The failure of the loop where it does not.
    fn round_failed(
        &self,
        _here: &Here<'_, '_>,
        _step: &Step,
        _rounds: &Rounds,
        fault: Fault,
    ) -> Result<Val, Fault> {
        Err(fault)
    }

    /// What the platform does after it broke down between asking and being told.
    fn after_crash(&self, _step: &Step) -> AfterCrash {
        AfterCrash::Unknown
    }
}

/// A platform of which nothing is known.
pub struct Plain;

impl Semantics for Plain {}

/// The rules of a platform.
#[must_use]
pub fn of(platform: Platform) -> &'static dyn Semantics {
    match platform {
        Platform::SailPoint => &sailpoint::SailPoint,
        Platform::OktaWorkflows => &okta_workflows::OktaWorkflows,
        Platform::LogicApps | Platform::PowerAutomate => &logic_apps::LogicApps,
        Platform::N8n => &n8n::N8n,
        Platform::InsightConnect => &insightconnect::InsightConnect,
        Platform::StepFunctions => &step_functions::StepFunctions,
        Platform::GoogleSecops => &google_secops::GoogleSecOps,
        Platform::ServerlessWorkflow => &serverless_workflow::ServerlessWorkflow,
        Platform::Bpmn => &bpmn::Bpmn,
        Platform::SplunkSoar => &splunk_soar::SplunkSoar,
        Platform::NodeRed => &node_red::NodeRed,
    }
}

/// An object with the fields of another over its own.
pub(crate) fn laid_over(under: &Val, over: &Val) -> Val {
    match (under, over) {
        (Val::Map(a), Val::Map(b)) => {
            let mut entries: Vec<(Text, Val)> = a.to_vec();
            for (key, val) in b.iter() {
                match entries.iter_mut().find(|(k, _)| k == key) {
                    Some((_, old)) => *old = val.clone(),
                    None => entries.push((key.clone(), val.clone())),
                }
            }
            Val::map(entries)
        }
        (Val::Unknown(_), Val::Map(b)) if !b.is_empty() => Val::unknown(crate::evaluate::FRESH.to_string()),
        (under, Val::Null) => under.clone(),
        (_, over) => over.clone(),
    }
}

/// How many items a round of a loop has.
pub(crate) fn batch_size(step: &Step) -> u32 {
    match step.parameters.get("batchSize") {
        Value::Number(n) => n.parse().unwrap_or(1).max(1),
        _ => 1,
    }
}

/// How many rounds a loop may have, where the definition bounds it.
pub(crate) fn bound(step: &Step) -> Option<u64> {
    match step.kind {
        StepKind::Loop(LoopKind::Each { bound, .. } | LoopKind::While { bound }) => bound,
        _ => None,
    }
}
