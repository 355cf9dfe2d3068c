//! What has to be remembered of a run to tell whether a property is broken, and is not in its state.

use super::watch::Event;
use crate::call::{changes, tells};
use crate::condition::{self, Assumed, NOTHING};
use crate::request::{Answer, Request};
use crate::scope::Here;
use crate::state::{Choice, State};
use crate::{Place, Program, Trail, Val};
use std::collections::{BTreeMap, BTreeSet};
use workflow::{Edge, EdgeKind, Node, StepIx, Text};

/// Loops in loops that are told apart.
const MOST_NESTED: usize = 32;

/// What a run has shown so far.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Memory {
    /// What became of each question.
    pub gates: BTreeMap<Place, Gate>,
    /// Questions with loops around them of which another round has begun since the answer: that was about another item.
    pub earlier: BTreeSet<(Place, StepIx)>,
    /// Access given for a while that nothing has taken away yet.
    pub owed: BTreeSet<Place>,
    /// A change that failed, and nobody was told of it since.
    pub failed: Option<Place>,
    /// Changes that were made, each once or several times.
    pub made: BTreeMap<Place, bool>,
    /// Changes are counted, also those that cannot be repeated.
    pub counts: bool,
    /// Reads of the present state that a condition was decided by.
    pub looked: BTreeSet<Place>,
    /// Changes of which the platform broke down before it was told of the outcome: they may have been made.
    pub crashed: BTreeSet<Place>,
    /// Access given for a while that was taken away again.
    pub taken: BTreeSet<Place>,
}

/// What became of a question.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Gate {
    /// Nobody answered in time.
    Silence,
    /// Asking failed.
    Failure,
    /// An answer came with nothing in it.
    Empty,
    /// An answer came, and no condition read it.
    Unread,
    /// An answer came that is none of those that conditions look for.
    Unexpected,
    /// A condition found this answer; empty where it is one of several.
    Given(Text),
}

impl Gate {
    /// A definite answer that does not mean no.
    #[must_use]
    pub fn is_positive(&self, negative: &[Text]) -> bool {
        match self {
            Gate::Given(v) => !negative.contains(v) && !means_no(v),
            _ => false,
        }
    }

    /// What happened, for people.
    #[must_use]
    pub fn tell(&self) -> String {
        match self {
            Gate::Silence => "no answer in time".into(),
            Gate::Failure => "a failure of the question itself".into(),
            Gate::Empty => "an empty answer".into(),
            Gate::Unread => "any answer".into(),
            Gate::Unexpected => "any unexpected answer".into(),
            Gate::Given(v) => format!("the answer `{v}`"),
        }
    }
}

/// Words that mean no wherever they are an answer.
#[must_use]
pub fn means_no(word: &str) -> bool {
    let word = word.trim().to_lowercase();
    let starts = ["reject", "den", "declin", "disapprov", "refus", "cancel", "ignor", "disallow"];
    matches!(&*word, "no" | "false" | "n" | "none") || starts.iter().any(|s| word.starts_with(s))
}

impl Memory {
    /// What became of the questions as far as they are about what is done at a place: what was asked in another round of
    /// a loop around both is about another item.
    pub fn answers<'m>(
        &'m self,
        program: &'m Program<'_>,
        at: Place,
    ) -> impl Iterator<Item = (Place, &'m Gate)> {
        let other = move |question: Place| {
            let of = self.earlier.iter().filter(|(q, _)| *q == question && q.workflow == at.workflow);
            of.map(|(_, outer)| *outer).any(|outer| loops(program, at).any(|l| l == outer))
        };
        self.gates.iter().map(|(question, gate)| (*question, gate)).filter(move |(q, _)| !other(*q))
    }

    /// Takes in which edges were taken: where a round of a loop begins, what was asked in it before is of another round.
    pub(super) fn passed(&mut self, program: &Program<'_>, trail: &Trail) {
        if self.gates.is_empty() {
            return;
        }
        for edge in trail.iter().filter_map(|(w, e)| Some((*w, program.edge(*w, *e)?))) {
            if let (workflow, Edge { from: Node::Step(outer), kind: EdgeKind::Body, .. }) = edge {
                let inside = self.gates.keys().filter(|q| q.workflow == workflow);
                let asked = inside.filter(|q| loops(program, **q).any(|l| l == *outer));
                self.earlier.extend(asked.map(|q| (*q, *outer)));
            }
        }
    }

    /// Takes in an answer; several, where it cannot be known by whose answer a condition holds. Nothing where there are too
    /// many ways in which it may hold.
    pub(super) fn told(
        mut self,
        program: &Program<'_>,
        state: &State,
        request: &Request,
        answer: &Answer,
    ) -> Option<Vec<Memory>> {
        match (request, answer) {
            (Request::Ask(call), answer) => {
                let gate = match answer {
                    Answer::Timeout => Gate::Silence,
                    Answer::Error(..) | Answer::Crash | Answer::Cancelled => Gate::Failure,
                    Answer::Result(Val::Unknown(s)) if s.0.contains(NOTHING) => Gate::Empty,
                    Answer::Decided(case) => Gate::Given(case.clone()),
                    _ => Gate::Unread,
                };
                self.gates.insert(call.at.place, gate);
                self.earlier.retain(|(question, _)| *question != call.at.place);
                Some(vec![self])
            }
            (Request::Choose(at, Choice::Condition(edge)), Answer::Choose(holds)) => {
                self.assumed(program, state, at.token, at.place, *edge, *holds)
            }
            _ => Some(vec![self]),
        }
    }

    /// A condition was assumed to hold or not: what that says of answers.
    fn assumed(
        self,
        program: &Program<'_>,
        state: &State,
        token: u32,
        at: Place,
        edge: u32,
        holds: bool,
    ) -> Option<Vec<Memory>> {
        let condition = program.edge(at.workflow, edge).map(|e| &e.kind);
        let token = state.tokens.get(token as usize);
        let (Some(EdgeKind::When { condition, .. }), Some(token)) = (condition, token) else {
            return Some(vec![self]);
        };
        let here = Here { program, state, frame: token.frame, input: &token.input };
        let ways = condition::ways(condition, holds, &here);
        // Where nobody was asked, nobody can have said it.
        if ways.is_none() && self.gates.is_empty() {
            return Some(vec![self]);
        }
        let mut all: Vec<(Vec<Place>, Memory)> = Vec::new();
        for notes in ways? {
            let mut memory = self.clone();
            memory.learns(program, at.workflow, &notes);
            let agreed = memory.agreed(program);
            // Alternatives are told alike by which the same questions have their yes and the same was looked at.
            if !all.iter().any(|(yes, known)| *yes == agreed && known.looked == memory.looked) {
                all.push((agreed, memory));
            }
        }
        Some(all.into_iter().map(|(_, memory)| memory).collect())
    }

    /// Which questions have their yes.
    fn agreed(&self, program: &Program<'_>) -> Vec<Place> {
        let negative = |place: &Place| {
            program.step(*place).and_then(|s| s.ask.as_ref()).map_or(&[][..], |a| a.negative.as_slice())
        };
        self.gates.iter().filter(|(place, gate)| gate.is_positive(negative(place))).map(|(p, _)| *p).collect()
    }

    fn learns(&mut self, program: &Program<'_>, workflow: u32, notes: &[Assumed]) {
        for note in notes {
            for (place, gate) in &mut self.gates {
                if !program.step(*place).is_some_and(|s| condition::names(&note.about, &s.id)) {
                    continue;
                }
                if matches!(gate, Gate::Silence | Gate::Failure | Gate::Empty) {
                    continue;
                }
                let given = match &note.value {
                    Some(Val::Text(t)) => t.clone(),
                    Some(Val::Bool(b)) => b.to_string().into(),
                    Some(Val::Number(n)) => n.to_string().into(),
                    Some(Val::Null) => {
                        *gate = if note.truth { Gate::Empty } else { Gate::Unexpected };
                        continue;
                    }
                    _ => Text::default(),
                };
                *gate = match (note.truth && note.selects, &*gate) {
                    (true, _) => Gate::Given(given),
                    (false, Gate::Given(known)) => Gate::Given(known.clone()),
                    (false, _) => Gate::Unexpected,
                };
            }
            self.looked.extend(reads(program, workflow, &note.about));
        }
    }

    /// After the properties have seen an event; several, where it cannot be known which of two failures will be told of.
    pub(super) fn seen(mut self, program: &Program<'_>, event: &Event<'_>) -> Vec<Memory> {
        let Event::Told(Request::Call(call) | Request::Start(call), answer, _) = event else {
            return vec![self];
        };
        let place = call.at.place;
        if !changes(call) {
            if tells(program, call) && matches!(answer, Answer::Result(_)) {
                self.failed = None;
            }
            return vec![self];
        }
        if **answer == Answer::Crash {
            self.crashed.insert(place);
            return vec![self];
        }
        self.crashed.remove(&place);
        if is_failure(answer) {
            return match self.failed {
                Some(before) if before != place => vec![Memory { failed: Some(place), ..self.clone() }, self],
                _ => vec![Memory { failed: Some(place), ..self }],
            };
        }
        // A repetition that went well makes up for what failed before; another round is about somebody else.
        let redone = call.attempt > 0 || call.at.rounds.is_empty();
        self.failed = self.failed.filter(|failed| !redone || *failed != place);
        let repeats = program.circles(place);
        if repeats || self.counts {
            let again = repeats && self.made.contains_key(&place);
            self.made.insert(place, again);
        }
        vec![self]
    }

    /// Forgets what says nothing any more where no change can come.
    pub(super) fn forget_gates(&mut self) {
        self.gates.clear();
        self.earlier.clear();
        self.looked.clear();
        self.taken.clear();
    }
}

/// The loops around a step, the innermost first.
fn loops<'p>(program: &'p Program<'_>, at: Place) -> impl Iterator<Item = StepIx> + 'p {
    let next = move |step: &StepIx| program.loop_of(Place { step: *step, ..at });
    std::iter::successors(program.loop_of(at), next).take(MOST_NESTED)
}

/// A change was not made, or nobody knows whether it was.
fn is_failure(answer: &Answer) -> bool {
    match answer {
        Answer::Error(..) | Answer::Timeout => true,
        Answer::Result(Val::Unknown(s)) => s.0.contains(NOTHING),
        _ => false,
    }
}

/// The steps that only read and that a value comes from.
fn reads(program: &Program<'_>, workflow: u32, about: &str) -> Vec<Place> {
    let steps = program.workflow(workflow).filter(|_| about.contains("step."));
    let steps = steps.map_or(&[][..], |w| w.steps.as_slice());
    let only_reads = |s: &workflow::Step| s.effects.iter().any(|e| e.kind == workflow::Kind::Read);
    let of = |s: &workflow::Step| only_reads(s) && condition::names(about, &s.id);
    let all = (0u32..).zip(steps).filter(|(_, s)| of(s));
    all.map(|(i, _)| Place { workflow, step: workflow::StepIx(i) }).collect()
}
