//! A run that was found by exploring, as a scenario that replays it: the same answers in the same order; of a run that
//! refutes a property, with the expectation that it breaks.

use super::scenario::{AtMost, Crash, Eventually};
use super::values::json_of;
use super::{Duration, Expect, Fault, How, Outcome, Pattern, Reply, Scenario, Undecided};
use crate::call::is_change;
use crate::explore::{Assumptions, Proof, Verdict, Witness};
use crate::request::{Answer, Call, Request};
use crate::semantics::bound;
use crate::state::{Choice, State};
use crate::{Place, Program, Val, next, resume, start};
use workflow::{LoopKind, Step, StepKind, Text};

/// A second delivery comes so long after the first.
const LATER: Duration = Duration(3 * 86_400_000);

/// The scenario that gives the answers of a run of a program, in their order.
#[must_use]
pub fn scenario_of(program: &Program<'_>, workflow: u32, run: &Witness, name: &str) -> Scenario {
    let triggers = program.workflow(workflow).map_or(&[][..], |w| w.triggers.as_slice());
    let trigger = triggers.get(run.trigger as usize).filter(|_| triggers.len() > 1).map(|t| t.id.clone());
    let mut scenario = Scenario { name: name.to_owned(), trigger, ..Scenario::default() };
    let mut state = start(program, workflow, run.trigger, Val::unknown("trigger"), None);
    for (_, answer) in &run.answers {
        let request = next(program, &state);
        gives(program, &state, &request, answer, &mut scenario);
        match resume(program, state, answer.clone()) {
            Ok(after) => state = after,
            Err(_) => break,
        }
    }
    scenario
}

/// Adds what gives an answer to a request.
fn gives(program: &Program<'_>, state: &State, request: &Request, answer: &Answer, scenario: &mut Scenario) {
    let label = |at: Place| super::label_at(program, at);
    let once = Some(1);
    match (request, answer) {
        (_, Answer::Again) => {
            scenario.faults.push(Fault { deliver_again: Some(LATER), ..Fault::default() });
        }
        (Request::Order(_), Answer::First(token)) => {
            let Some(at) = state.tokens.get(*token as usize) else { return };
            let Some(workflow) = state.frame(at.frame).map(|f| f.workflow) else { return };
            let at = label(Place { workflow, step: at.at });
            scenario.faults.push(Fault { at, first: true, times: once, ..Fault::default() });
        }
        (Request::Choose(at, choice), Answer::Choose(holds)) => {
            let reply = Reply { step: label(at.place), times: once, ..Reply::default() };
            scenario.answers.extend(match choice {
                Choice::Condition(edge) => {
                    let case = program.edge(at.place.workflow, *edge).map(|e| e.kind.label().into());
                    Some(Reply { case, holds: Some(*holds), ..reply })
                }
                Choice::Another => Some(Reply { rounds: Some(u32::from(*holds)), ..reply }),
                Choice::Catches(..) => Some(Reply { case: Some(ERROR), holds: Some(*holds), ..reply }),
                Choice::Repeats | Choice::Tolerates(_) => None,
            });
        }
        (Request::Choose(at, Choice::Condition(_)), told @ Answer::Error(..)) => {
            scenario.answers.push(Reply { step: label(at.place), times: once, ..reply(told) });
        }
        (
            Request::Call(call) | Request::Ask(call) | Request::Wait(call) | Request::Start(call),
            Answer::Crash,
        ) => {
            let crash = Some(Crash::After);
            scenario.faults.push(Fault { at: label(call.at.place), crash, ..Fault::default() });
        }
        (
            Request::Call(call) | Request::Ask(call) | Request::Wait(call) | Request::Start(call),
            Answer::Cancelled,
        ) => {
            scenario.faults.push(Fault { at: label(call.at.place), cancel: true, ..Fault::default() });
        }
        (Request::Call(call) | Request::Ask(call) | Request::Wait(call) | Request::Start(call), told) => {
            if gives_nothing(told) && crate::call::changes(call) {
                let at = label(call.at.place);
                scenario.faults.push(Fault { at, silent: true, times: once, ..Fault::default() });
                return;
            }
            let times = times(program, call, told);
            scenario.answers.push(Reply { step: label(call.at.place), times, ..reply(told) });
        }
        _ => {}
    }
}

/// The case of a step that stands for its error edges.
pub(super) const ERROR: Text = Text::const_new("error");

/// In proofs a repetition that fails as well stands for all of them: here they are all given.
fn times(program: &Program<'_>, call: &Call, told: &Answer) -> Option<u32> {
    let retries = program.step(call.at.place).map_or(0, |s| s.retries);
    match told {
        Answer::Error(..) | Answer::Timeout if program.lean && call.attempt > 0 => {
            (retries != Step::NO_LIMIT).then_some(retries.max(1))
        }
        _ => Some(1),
    }
}

/// A result that says that there is none.
fn gives_nothing(answer: &Answer) -> bool {
    matches!(answer, Answer::Result(Val::Unknown(s)) if s.0.contains(crate::condition::NOTHING))
}

fn reply(answer: &Answer) -> Reply {
    match answer {
        nothing if gives_nothing(nothing) => {
            Reply { result: Some(serde_json::Value::Null), ..Reply::default() }
        }
        Answer::Result(val) | Answer::Over(val) => Reply { result: json_of(val), ..Reply::default() },
        Answer::Decided(case) => Reply { decided: Some(case.clone()), ..Reply::default() },
        Answer::Error(name, _) => Reply { error: Some(name.clone()), ..Reply::default() },
        _ => Reply { timeout: true, ..Reply::default() },
    }
}

/// The scenario that shows how a property is refuted, and fails as long as it is; nothing where it is not refuted.
/// `program` is the one that was explored.
#[must_use]
pub fn refutation(
    program: &Program<'_>,
    workflow: u32,
    assume: &Assumptions,
    proof: &Proof,
) -> Option<Scenario> {
    let Verdict::Refuted { how, run } = &proof.verdict else { return None };
    let at = proof.step.map(|p| format!(" at {}", crate::call::name(program, p))).unwrap_or_default();
    let mut scenario = scenario_of(program, workflow, run, &format!("{}{at}: {how}", proof.property));
    scenario.undecided = Undecided::TowardsChange;
    let broken = Broken {
        program,
        assume,
        step: proof.step,
        label: proof.step.and_then(|p| super::label_at(program, p)),
    };
    broken.expects(proof.property, how, &mut scenario);
    Some(scenario)
}

/// Whether a scenario fails when it is rehearsed by what it expects, and not only by what it leaves open.
#[must_use]
pub fn replays(program: &Program<'_>, scenario: &Scenario, outcome: &Outcome) -> bool {
    super::judge(program, scenario, outcome).iter().any(|d| d.of != "answers")
}

fn is_parallel(kind: &StepKind) -> bool {
    matches!(kind, StepKind::Loop(LoopKind::Each { parallel: true, .. }))
}

/// What is broken, and where.
struct Broken<'a, 'w> {
    program: &'a Program<'w>,
    assume: &'a Assumptions,
    step: Option<Place>,
    label: Option<Text>,
}

impl Broken<'_, '_> {
    fn expects(&self, property: &str, how: &str, scenario: &mut Scenario) {
        scenario.expect = match property {
            "temporary-access-ends" => self.ends_access(),
            "failure-is-told" => Expect { failures_told: true, ..Expect::default() },
            "at-most-once" => {
                self.comes_twice(how, scenario);
                self.once()
            }
            "within-boundary" => self.stays_within(how, scenario),
            "run-ends-or-waits-owned" => self.comes_to_an_end(scenario),
            _ => self.never(),
        };
    }

    fn pattern(&self) -> Pattern {
        Pattern { step: self.label.clone(), ..Pattern::default() }
    }

    fn never(&self) -> Expect {
        Expect { never: vec![self.pattern()], ..Expect::default() }
    }

    /// As many effects as the step has when it is done once.
    fn once(&self) -> Expect {
        let step = self.step.and_then(|p| self.program.step(p));
        let count = step.map_or(1, |s| s.live_effects().iter().filter(|e| e.kind.changes_access()).count());
        let times = u32::try_from(count).unwrap_or(u32::MAX);
        Expect { at_most: vec![AtMost { what: self.pattern(), times }], ..Expect::default() }
    }

    fn ends_access(&self) -> Expect {
        let ends = self.step.and_then(|p| self.assume.temporary.get(&p)?.first());
        let step = ends.and_then(|p| super::label_at(self.program, *p));
        // Where nothing ends it, a revoke would.
        let effect = step.is_none().then_some(workflow::Kind::Revoke);
        let what = Pattern { step, effect, ..Pattern::default() };
        let eventually = Eventually { what, after: Some(self.pattern()), within: None };
        Expect { eventually: vec![eventually], ..Expect::default() }
    }

    /// What the property only says could happen: the second delivery, the answer that is lost.
    fn comes_twice(&self, how: &str, scenario: &mut Scenario) {
        if how.contains("deliver") {
            scenario.answers.iter_mut().for_each(|r| r.times = None);
            scenario.faults.push(Fault { deliver_again: Some(LATER), ..Fault::default() });
        }
        let lost = |r: &Reply| r.step == self.label && (r.error.is_some() || r.timeout);
        if let Some(i) = scenario.answers.iter().rposition(lost) {
            scenario.answers.remove(i);
            scenario.faults.push(Fault {
                at: self.label.clone(),
                unseen: true,
                times: Some(1),
                ..Fault::default()
            });
        }
    }

    fn stays_within(&self, how: &str, scenario: &mut Scenario) -> Expect {
        let most = self.assume.boundary.as_ref().and_then(|b| b.identities);
        let Some(most) = most.filter(|_| how.contains("identities")) else { return self.never() };
        let mut at = self.step;
        while let Some(around) = at.and_then(|p| Some(Place { step: self.program.loop_of(p)?, ..p })) {
            let step = super::label_at(self.program, around);
            let open = self.program.step(around).is_some_and(|s| bound(s).is_none_or(|b| b > most));
            // Rounds that run at the same time may take each other's place.
            let beside = self.program.step(around).is_some_and(|s| is_parallel(&s.kind));
            let times = if beside { u64::from(crate::run::MOST_AT_ONCE) } else { 1 };
            let rounds = u32::try_from(most.saturating_add(1).saturating_mul(times)).ok().filter(|_| open);
            scenario.answers.retain(|r| r.step != step || r.rounds.is_none());
            if rounds.is_some() {
                scenario.answers.push(Reply { step, rounds, ..Reply::default() });
            }
            at = Some(around);
        }
        Expect { identities: Some(most), ..Expect::default() }
    }

    fn comes_to_an_end(&self, scenario: &mut Scenario) -> Expect {
        match self.step {
            Some(place) if is_change(self.program, place) => self.once(),
            Some(_) => {
                let timeout = Reply { step: self.label.clone(), timeout: true, ..Reply::default() };
                scenario.answers.push(timeout);
                Expect { ends: Some(How::Ended), ..Expect::default() }
            }
            None => Expect { ends: Some(How::Success), ..Expect::default() },
        }
    }
}
