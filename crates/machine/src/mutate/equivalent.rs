//! Whether the world can tell two versions of a workflow apart: both are given the same answers, over all answers, and
//! have to ask the same at every point.

use super::answers::answers;
use crate::explore::Witness;
use crate::request::{Answer, Request};
use crate::state::{Choice, State};
use crate::{Place, Program, Val, next, resume, start};
use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use workflow::EdgeKind;

/// So many pairs of states are looked at.
const MOST: usize = 3_000;

/// What was found out about two versions.
#[derive(Debug, Clone, PartialEq)]
pub enum Compared {
    /// No answers tell them apart.
    Same,
    /// After these answers they do different things.
    Differs {
        /// The answers.
        run: Witness,
        /// What the first does then.
        original: String,
        /// What the second does then.
        mutant: String,
    },
    /// There is too much to look at.
    Unknown,
}

/// How a pair of states was reached.
struct Reached {
    from: usize,
    trigger: u32,
    step: Option<(Option<Place>, Answer)>,
}

/// Compares two versions of a workflow: programs made with [`Program::new`].
#[must_use]
pub fn compare(original: &Program<'_>, mutant: &Program<'_>, workflow: u32) -> Compared {
    let (mut nodes, mut queue): (Vec<Reached>, VecDeque<(State, State, usize)>) = Default::default();
    let (mut seen, hasher) = (HashSet::new(), RandomState::new());
    let triggers = original.workflow(workflow).map_or(0, |w| w.triggers.len());
    for trigger in (0u32..).take(triggers) {
        let begin = |p: &Program<'_>| start(p, workflow, trigger, Val::unknown("trigger"), None);
        queue.push_back((begin(original), begin(mutant), nodes.len()));
        nodes.push(Reached { from: usize::MAX, trigger, step: None });
    }
    while let Some((a, b, node)) = queue.pop_front() {
        let (first, second) = (next(original, &a), next(mutant, &b));
        if first != second || !same_question(original, mutant, &first) {
            let [original, mutant] = [(original, &first), (mutant, &second)].map(|(p, r)| tell(p, r));
            return Compared::Differs { run: run(&nodes, node), original, mutant };
        }
        if nodes.len() > MOST {
            return Compared::Unknown;
        }
        for answer in answers(original, &first) {
            let (Ok(a), Ok(b)) =
                (resume(original, a.clone(), answer.clone()), resume(mutant, b.clone(), answer.clone()))
            else {
                continue;
            };
            if seen.insert(hasher.hash_one((&a, &b))) {
                let trigger = nodes.get(node).map_or(0, |n| n.trigger);
                queue.push_back((a, b, nodes.len()));
                nodes.push(Reached {
                    from: node,
                    trigger,
                    step: Some((first.at().map(|a| a.place), answer)),
                });
            }
        }
    }
    Compared::Same
}

/// The same question about a condition is one about the same condition.
fn same_question(original: &Program<'_>, mutant: &Program<'_>, request: &Request) -> bool {
    let Request::Choose(at, Choice::Condition(edge)) = request else { return true };
    let term = |p: &Program<'_>| match p.edge(at.place.workflow, *edge).map(|e| e.kind.clone()) {
        Some(EdgeKind::When { condition, .. }) => Some(condition.term),
        _ => None,
    };
    term(original) == term(mutant)
}

fn run(nodes: &[Reached], node: usize) -> Witness {
    let mut answers = Vec::new();
    let mut at = node;
    while let Some(reached) = nodes.get(at) {
        answers.extend(reached.step.clone());
        at = reached.from;
    }
    answers.reverse();
    Witness { trigger: nodes.get(node).map_or(0, |n| n.trigger), answers }
}

/// What is asked, for people.
fn tell(program: &Program<'_>, request: &Request) -> String {
    let name = |at: &crate::request::At| crate::call::name(program, at.place);
    match request {
        Request::Call(c) | Request::Start(c) => {
            let whom: Vec<String> =
                c.effects.iter().flat_map(|e| &e.identity).map(crate::evaluate::to_json).collect();
            let whom = if whom.is_empty() { String::new() } else { format!(" for {}", whom.join(", ")) };
            format!("does {}{whom}", name(&c.at))
        }
        Request::Ask(c) => format!("asks {}", name(&c.at)),
        Request::Wait(c) => format!("waits at {}", name(&c.at)),
        Request::Choose(at, _) => format!("decides at {}", name(at)),
        Request::Order(among) => format!("goes on at {} places", among.len()),
        Request::Stuck(_) => "stands still".into(),
        Request::Done(ends) => match ends.last().map(|e| &e.how) {
            Some(crate::Ended::Success) => "ends as a success".into(),
            Some(crate::Ended::Failure(_)) => "ends as a failure".into(),
            _ => "ends".into(),
        },
    }
}
