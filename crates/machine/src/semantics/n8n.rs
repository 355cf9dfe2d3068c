//! n8n: `docs/semantics/n8n.md`.

use super::{AfterCrash, Semantics};
use crate::Val;
use crate::evaluate::{FRESH, Failure};
use crate::scope::Here;
use crate::state::{Fault, Rounds};
use workflow::{Step, StepKind, Value};

/// Its rules. One node runs at a time; which of several comes next depends on where they are drawn and on the execution
/// order, which the graph does not hold, so every order counts.
pub struct N8n;

/// Nodes that run once for all items.
const WHOLE: [&str; 12] = [
    "aggregate",
    "convertToFile",
    "executionData",
    "itemLists",
    "limit",
    "noOp",
    "removeDuplicates",
    "respondToWebhook",
    "simulate",
    "sort",
    "spreadsheetFile",
    "summarize",
];
/// Those of them that drop, move or join items.
const OPEN: [&str; 7] =
    ["convertToFile", "itemLists", "limit", "removeDuplicates", "sort", "spreadsheetFile", "summarize"];

/// A node's type without the package.
fn short(step: &Step) -> &str {
    step.connector.rsplit('.').next().unwrap_or_default()
}

impl Semantics for N8n {
    fn hands_items(&self) -> bool {
        true
    }

    /// Questions, waits, code, merges and what compares items with each other run once.
    fn per_item(&self, step: &Step) -> bool {
        match step.kind {
            StepKind::Branch | StepKind::Guard => true,
            StepKind::Set => !WHOLE.contains(&short(step)),
            StepKind::Action => step.ask.is_none() && step.calls.is_empty(),
            StepKind::Call => step.parameters.get("mode").as_text() == Some("each"),
            _ => false,
        }
    }

    /// What runs once for several items reads the first of them.
    fn input(&self, here: &Here<'_, '_>, step: &Step) -> Result<Val, Failure> {
        match here.input {
            Val::List(items) if !here.program.lean && !items.is_empty() => {
                Here { input: &items[0], ..*here }.value(&step.parameters)
            }
            _ => here.value(&step.parameters),
        }
    }

    /// What some nodes make of several items is not followed.
    fn shaped(&self, here: &Here<'_, '_>, step: &Step) -> Result<Val, Failure> {
        let several = matches!(here.input, Val::List(items) if items.len() > 1) && !here.program.lean;
        let merges = step.kind == StepKind::Join && !step.synthetic;
        let appends = matches!(step.parameters.get("mode").as_text(), None | Some("append"));
        if several && (OPEN.contains(&short(step)) || merges && !appends) {
            return Ok(Val::unknown(format!("{FRESH}the items that `{}` makes of several", step.id)));
        }
        super::Plain.shaped(here, step)
    }

    /// The items of one input after those of the other.
    fn joined(&self, arrived: Vec<Val>) -> Val {
        let mut all = Vec::with_capacity(arrived.len());
        for val in arrived {
            match val {
                Val::List(items) => all.extend(items.iter().cloned()),
                one => all.push(one),
            }
        }
        if all.len() == 1 { all.remove(0) } else { Val::list(all) }
    }

    /// Batches of what came in.
    fn items(&self, here: &Here<'_, '_>, step: &Step) -> Result<Val, Failure> {
        let open = matches!(step.parameters.get("batchSize"), Value::Expr(_));
        let batch = |items: &[Val]| if let [one] = items { one.clone() } else { Val::list(items.to_vec()) };
        match here.input {
            Val::Unknown(_) => super::Plain.items(here, step),
            _ if here.program.lean || open => super::Plain.items(here, step),
            Val::List(items) => {
                Ok(Val::list(items.chunks(super::batch_size(step) as usize).map(batch).collect()))
            }
            one => Ok(Val::list(vec![one.clone()])),
        }
    }

    /// All that came back.
    fn gathered(&self, _step: &Step, rounds: &Rounds, _input: &Val) -> Val {
        self.joined(rounds.results.values().cloned().collect())
    }

    /// A loop goes on only when something comes back to it.
    fn rounds_must_return(&self) -> bool {
        true
    }

    /// A node that throws hands its input on; by its error output with what went wrong.
    fn failed(&self, input: &Val, fault: &Fault, named: bool) -> Option<Val> {
        let error = Val::map(vec![("error".into(), Val::Text(fault.name.clone()))]);
        Some(if named { super::laid_over(input, &error) } else { input.clone() })
    }

    fn breaks(&self) -> bool {
        false
    }

    fn takes_all(&self, step: &Step) -> bool {
        step.parameters.at("options.allMatchingOutputs").as_bool() == Some(true)
    }

    /// Runs that wait are in the database; others are lost, though a queue may hand them out again.
    fn after_crash(&self, step: &Step) -> AfterCrash {
        if step.kind == StepKind::Wait || step.ask.is_some() {
            AfterCrash::Repeats
        } else {
            AfterCrash::Unknown
        }
    }
}
