//! AWS Step Functions: `docs/semantics/step-functions.md`. Runs follow the data flow of the Amazon States Language as
//! its specification and Amazon's documentation define it, in both its languages.

mod errors;
mod flow;

use super::{AfterCrash, Caught, Left, NoCase, Semantics, Tolerance};
use crate::Val;
use crate::evaluate::Failure;
use crate::scope::Here;
use crate::state::{Fault, Rounds};
use flow::Flow;
use workflow::{Step, StepKind, Text, Value};

/// Its rules.
pub struct StepFunctions;

impl Semantics for StepFunctions {
    fn no_case(&self, _step: &Step) -> NoCase {
        NoCase::Fails("States.NoChoiceMatched".into())
    }

    fn catches_once(&self) -> bool {
        true
    }

    fn catches(&self, step: &Step, number: usize, fault: &Fault) -> Option<bool> {
        errors::may_catch(step, number, fault)
    }

    /// How many, or how much of a hundred, items of a Map state may fail.
    fn tolerates(&self, step: &Step) -> Tolerance {
        let given = |name: &str| step.parameters.get(&format!("ToleratedFailure{name}"));
        let (count, share) = (given("Count"), given("Percentage"));
        let none = |v: &Value| v.is_empty() || *v == Value::Number("0".into());
        match (none(count), none(share)) {
            (true, true) => Tolerance::None,
            (true, false) if *share == Value::Number("100".into()) => Tolerance::All,
            _ => Tolerance::Some,
        }
    }

    /// A Fail state inside of Map and Parallel fails its branch.
    fn raise_can_be_caught(&self) -> bool {
        true
    }

    /// Variables belong to the machine, branch or round in which they are assigned.
    fn is_local(&self, _variable: &str) -> bool {
        true
    }

    /// Standard keeps the state between transitions.
    fn after_crash(&self, _step: &Step) -> AfterCrash {
        AfterCrash::Repeats
    }

    /// An execution lives a year, five minutes where it is Express.
    fn has_deadline(&self, _step: &Step) -> bool {
        true
    }

    /// The branches of a Parallel state give a list, even if there is one.
    fn joined(&self, arrived: Vec<Val>) -> Val {
        Val::list(arrived)
    }

    fn is_exact(&self) -> bool {
        true
    }

    fn input(&self, here: &Here<'_, '_>, step: &Step) -> Result<Val, Failure> {
        if here.program.lean || step.flow.is_empty() {
            here.value(&step.parameters)
        } else {
            Flow::of(here, step).asked()
        }
    }

    fn left(&self, here: &Here<'_, '_>, step: &Step, raw: Val) -> Result<Left, Fault> {
        match (step.flow.is_empty(), &step.kind) {
            (true, _) => Ok(Left::with(raw)),
            (false, StepKind::Fork) => Ok(Left::with(Flow::of(here, step).inside()?)),
            (false, StepKind::Join) => {
                let input = flow::before(here, step);
                Flow::of(&Here { input: &input, ..*here }, step).left(raw)
            }
            (false, StepKind::Branch) => Flow::of(here, step).chosen(),
            _ => Flow::of(here, step).left(raw),
        }
    }

    fn raised(&self, here: &Here<'_, '_>, step: &Step) -> Fault {
        if here.program.lean {
            return Fault { data: here.value(&step.parameters).unwrap_or_default(), ..Fault::default() };
        }
        Flow::of(here, step).raised().unwrap_or_else(Into::into)
    }

    fn items(&self, here: &Here<'_, '_>, step: &Step) -> Result<Val, Failure> {
        if here.program.lean || step.flow.is_empty() {
            return super::Plain.items(here, step);
        }
        Flow::of(here, step).items()
    }

    fn round_starts(
        &self,
        here: &Here<'_, '_>,
        step: &Step,
        item: (&Val, u32),
        _rounds: &Rounds,
    ) -> Result<Val, Fault> {
        Ok(Flow { item: Some(item), ..Flow::of(here, step) }.round()?)
    }

    fn round_failed(
        &self,
        here: &Here<'_, '_>,
        step: &Step,
        rounds: &Rounds,
        fault: Fault,
    ) -> Result<Val, Fault> {
        errors::tolerated(&Flow::of(here, step), rounds, fault)
    }

    fn named(&self, _here: &Here<'_, '_>, _step: &Step, fault: Fault) -> Fault {
        match fault.timeout && fault.name.is_empty() {
            true => Fault { name: "States.Timeout".into(), ..fault },
            false => fault,
        }
    }

    fn catcher(&self, here: &Here<'_, '_>, step: &Step, fault: &Fault) -> Caught {
        errors::catcher(&Flow::of(here, step), fault)
    }

    fn caught(&self, fault: &Fault) -> Val {
        errors::output(fault)
    }

    fn left_caught(&self, here: &Here<'_, '_>, step: &Step, fault: &Fault) -> Result<Left, Fault> {
        errors::left(&Flow::of(here, step), fault)
    }

    fn retried(&self, here: &Here<'_, '_>, step: &Step, fault: &Fault) -> Option<Vec<(Text, Val)>> {
        errors::retried(&Flow::of(here, step), fault)
    }

    fn delay(&self, here: &Here<'_, '_>, step: &Step) -> u64 {
        errors::delay(&Flow::of(here, step))
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        Fault { name: failure.name, data: Val::text(failure.message), timeout: false }
    }
}
