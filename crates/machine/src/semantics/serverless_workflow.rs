//! CNCF Serverless Workflow 1.0: `docs/semantics/serverless-workflow.md`. Runs follow the data flow of the DSL as its
//! specification defines it.

mod errors;
mod flow;

use super::{Caught, Left, Semantics};
use crate::evaluate::Failure;
use crate::scope::Here;
use crate::state::{Fault, Rounds};
use crate::{Program, Val};
use flow::Task;
use workflow::{Step, Text};

/// Its rules.
pub struct ServerlessWorkflow;

impl Semantics for ServerlessWorkflow {
    fn catches_once(&self) -> bool {
        true
    }

    fn raise_can_be_caught(&self) -> bool {
        true
    }

    fn is_local(&self, variable: &str) -> bool {
        variable != "context"
    }

    fn is_exact(&self) -> bool {
        true
    }

    /// The branches of a fork give a list, even if there is one.
    fn joined(&self, arrived: Vec<Val>) -> Val {
        Val::list(arrived)
    }

    fn run_starts(&self, program: &Program<'_>, workflow: u32, input: &Val) -> Result<Val, Fault> {
        flow::run_starts(program, workflow, input)
    }

    fn run_ends(&self, here: &Here<'_, '_>) -> Result<Val, Fault> {
        flow::run_ends(here)
    }

    fn input(&self, here: &Here<'_, '_>, step: &Step) -> Result<Val, Failure> {
        if here.program.lean || step.flow.is_empty() {
            return here.value(&step.parameters);
        }
        Task { here, step }.asked()
    }

    fn left(&self, here: &Here<'_, '_>, step: &Step, raw: Val) -> Result<Left, Fault> {
        if step.flow.is_empty() { Ok(Left::with(raw)) } else { flow::left(here, step, raw) }
    }

    fn raised(&self, here: &Here<'_, '_>, step: &Step) -> Fault {
        if here.program.lean || step.flow.is_empty() {
            return super::Plain.raised(here, step);
        }
        errors::raised(&Task { here, step })
    }

    fn items(&self, here: &Here<'_, '_>, step: &Step) -> Result<Val, Failure> {
        if here.program.lean || step.flow.get("for").is_empty() {
            return super::Plain.items(here, step);
        }
        Task { here, step }.items()
    }

    fn round_starts(
        &self,
        here: &Here<'_, '_>,
        step: &Step,
        _item: (&Val, u32),
        rounds: &Rounds,
    ) -> Result<Val, Fault> {
        match rounds.results.last_key_value() {
            Some((_, last)) => Ok(last.clone()),
            None => Ok(Task { here, step }.effective()?),
        }
    }

    fn named(&self, here: &Here<'_, '_>, step: &Step, fault: Fault) -> Fault {
        errors::named(&Task { here, step }, fault)
    }

    fn catcher(&self, here: &Here<'_, '_>, step: &Step, fault: &Fault) -> Caught {
        if errors::catches(&Task { here, step }, fault) { Caught::By(0) } else { Caught::Not }
    }

    fn caught(&self, fault: &Fault) -> Val {
        fault.data.clone()
    }

    fn left_caught(&self, here: &Here<'_, '_>, step: &Step, fault: &Fault) -> Result<Left, Fault> {
        errors::left(&Task { here, step }, fault)
    }

    fn retried(&self, here: &Here<'_, '_>, step: &Step, fault: &Fault) -> Option<Vec<(Text, Val)>> {
        errors::retried(&Task { here, step }, fault)
    }

    fn delay(&self, here: &Here<'_, '_>, step: &Step) -> u64 {
        errors::delay(&Task { here, step })
    }
}
