//! A run that the explorer found, as a scenario that replays it.

use super::values::json_of;
use super::{Duration, Fault, Reply, Scenario};
use crate::request::Answer;
use crate::{Place, Program};
use workflow::{EdgeKind, Text};

/// A run, as the answers that lead through it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Script {
    /// The trigger that starts it.
    pub trigger: u32,
    /// Where each answer was given, and which.
    pub answers: Vec<(Option<Place>, Answer)>,
}

/// The scenario that gives the answers of a run, in their order.
#[must_use]
pub fn scenario_of(program: &Program<'_>, workflow: u32, run: &Script, name: &str) -> Scenario {
    let triggers = program.workflow(workflow).map_or(&[][..], |w| w.triggers.as_slice());
    let trigger = triggers.get(run.trigger as usize).filter(|_| triggers.len() > 1).map(|t| t.id.clone());
    let mut scenario = Scenario { name: name.to_owned(), trigger, ..Scenario::default() };
    for (place, answer) in &run.answers {
        let Some(place) = place else { continue };
        let step = super::label_at(program, *place);
        match answer {
            Answer::Again => {
                scenario.faults.push(Fault { deliver_again: Some(Duration(30)), ..Fault::default() });
            }
            Answer::Crash => {
                let crash = Some(super::scenario::Crash::After);
                scenario.faults.push(Fault { at: step, crash, ..Fault::default() });
            }
            Answer::Cancelled => scenario.faults.push(Fault { at: step, cancel: true, ..Fault::default() }),
            Answer::Choose(holds) => {
                let case = case(program, *place);
                scenario.answers.push(Reply {
                    step,
                    case,
                    holds: Some(*holds),
                    times: Some(1),
                    ..Reply::default()
                });
            }
            Answer::First(_) => {}
            told => scenario.answers.push(Reply { step, times: Some(1), ..reply(told) }),
        }
    }
    scenario
}

/// The case that is asked about, where a step has only one.
fn case(program: &Program<'_>, at: Place) -> Option<Text> {
    let mut cases = program.out(at).iter().filter_map(|e| match &program.edge(at.workflow, *e)?.kind {
        EdgeKind::When { case, .. } => Some(case.clone()),
        _ => None,
    });
    let first = cases.next();
    if cases.next().is_none() { first } else { None }
}

fn reply(answer: &Answer) -> Reply {
    match answer {
        Answer::Result(val) | Answer::Over(val) => Reply { result: json_of(val), ..Reply::default() },
        Answer::Decided(case) => Reply { decided: Some(case.clone()), ..Reply::default() },
        Answer::Error(name, _) => Reply { error: Some(name.clone()), ..Reply::default() },
        _ => Reply { timeout: true, ..Reply::default() },
    }
}
