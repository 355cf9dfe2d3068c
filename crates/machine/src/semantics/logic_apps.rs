//! Azure Logic Apps and Power Automate, which share language and engine: `docs/semantics/logic-apps.md`,
//! `docs/semantics/power-automate.md`.

use super::{AfterCrash, Semantics, Unhandled};
use crate::evaluate::Failure;
use crate::scope::Here;
use crate::state::Rounds;
use workflow::{Expression, Function, Step, Term};

/// Conditions are looked at so deep; deeper ones may fail.
const DEPTH: u32 = 40;

/// Their rules.
pub struct LogicApps;

impl Semantics for LogicApps {
    /// A failure stops nothing beside it; the run is a failure when all is done.
    fn unhandled(&self, _step: &Step) -> Unhandled {
        Unhandled::EndsPath
    }

    fn failure_stops_container(&self) -> bool {
        false
    }

    /// A function that is given null, or a property that is not there, fails the action whose condition asks for it.
    fn conditions_fail(&self, condition: &Expression) -> bool {
        let text = condition.text.as_str();
        let strict = |(at, _): (usize, &str)| text[..at].ends_with([')', ']']);
        text.match_indices(['[', '.']).any(strict) || !is_total(&condition.term, DEPTH)
    }

    fn rounds_go_on(&self, _step: &Step) -> bool {
        true
    }

    /// The importer leads failures to whatever runs after them; ways out of a loop's body are none of them.
    fn breaks(&self) -> bool {
        false
    }

    /// An `Until` goes through its body before it looks whether to end.
    fn again(&self, _here: &Here<'_, '_>, _step: &Step, rounds: &Rounds) -> Result<Option<bool>, Failure> {
        Ok((rounds.next == 0).then_some(true))
    }

    /// Inputs, outputs and state of every action are in storage; an action may be executed twice.
    fn after_crash(&self, _step: &Step) -> AfterCrash {
        AfterCrash::Repeats
    }

    /// A run lives 90 days on Logic Apps, 30 on Power Automate.
    fn has_deadline(&self, _step: &Step) -> bool {
        true
    }
}

/// Whether something has a value whatever it reads, null or absent as that may be.
fn is_total(term: &Term, depth: u32) -> bool {
    let total = |f: &Function| {
        use Function::{And, Coalesce, Empty, Equals, If, Not, NotEquals, Or, Present, Truthy};
        matches!(f, And | Or | Not | Equals | NotEquals | Empty | Present | Truthy | Coalesce | If)
    };
    match (term, depth.checked_sub(1)) {
        (Term::Null | Term::Bool(_) | Term::Number(_) | Term::Text(_) | Term::Ref(_), _) => true,
        (Term::Call(f, args), Some(depth)) => total(f) && args.iter().all(|t| is_total(t, depth)),
        _ => false,
    }
}
