//! Every run that the world's answers allow, breadth first, so that what is found first is shortest; states that are
//! alike are visited once. What holds over all of them is proved, to the bounds that are told.

mod answers;
mod memory;
mod order;
mod simulate;
mod watch;

pub use crate::call::{change, is_change, name};
pub use memory::{Gate, Memory};
pub use simulate::{Simulated, simulate};
pub use watch::{Broken, Event};

use crate::properties::{PROPERTIES, Property};
use crate::request::{Answer, Request};
use crate::state::{End, Ended, State};
use crate::{ENDLESS, Place, Program, Val, next, resume_traced, start};
use order::Orders;
use rustc_hash::FxHashSet;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use workflow::{EdgeKind, Kind, StepIx, Text};

/// What is known from outside of the definition, as plain data.
#[derive(Debug, Clone, Default)]
pub struct Assumptions {
    /// Changes that the platform had approved before the run started, that a check of authority guards, or that only end
    /// what was given for a while: that belongs to the giving.
    pub approved: BTreeSet<Place>,
    /// Questions whose approver may be the one who asked or who benefits, with the changes that they are about.
    pub own_approver: BTreeSet<(Place, Place)>,
    /// Access that is given for a while, with the steps that end it.
    pub temporary: BTreeMap<Place, BTreeSet<Place>>,
    /// How many rounds loops have at most, by what gives their lists.
    pub rounds: BTreeMap<Place, u64>,
    /// What the record says the workflow may do at most.
    pub boundary: Option<Boundary>,
}

/// What a workflow may do at most.
#[derive(Debug, Clone, Default)]
pub struct Boundary {
    /// The systems it may change; empty for any.
    pub systems: Vec<Text>,
    /// The kinds of effect it may have; empty for any.
    pub effects: Vec<Kind>,
    /// The entitlements it may give or take; empty for any.
    pub entitlements: Vec<Text>,
    /// How many identities one run may change.
    pub identities: Option<u64>,
}

/// How far is explored.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// States at most.
    pub states: usize,
    /// Tokens and edges at most that are looked at, over all states: a state in which much goes on at once counts for more.
    pub work: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds { states: 3_000, work: 400_000 }
    }
}

/// What was found about one property, at one step or of the workflow as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    /// The property.
    pub property: &'static str,
    /// The step it is about; none for the workflow as a whole.
    pub step: Option<Place>,
    /// What was found.
    pub verdict: Verdict,
}

/// What was found about a property.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It holds in every run, over so many states; loops count with none, one and two or more rounds.
    Proved {
        /// How many states there are.
        states: usize,
        /// Some run comes to the step at all.
        met: bool,
    },
    /// It does not hold: how it is broken, and the answers that lead there.
    Refuted {
        /// How, for people.
        how: String,
        /// The run that shows it.
        run: Witness,
    },
    /// It could not be found out, and what would help.
    Unknown {
        /// What to declare.
        declare: String,
    },
}

/// A run, as the answers that lead through it: it replays.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Witness {
    /// The trigger that starts it.
    pub trigger: u32,
    /// Where each answer was given, and which.
    pub answers: Vec<(Option<Place>, Answer)>,
}

/// What to declare where a run moves without end.
const CIRCLES: &str = "a run goes in circles without asking anything of the world: give the loop a bound, so that what follows is reached";

/// What to declare where a condition may hold in more ways than are told apart.
const ALTERNATIVES: &str =
    "a condition has too many alternatives to say by whose answer it holds: split it over several branches";

/// A node of the exploration: how it was reached.
struct Reached {
    from: u32,
    trigger: u32,
    at: Option<Place>,
    answer: Option<Answer>,
}

/// A property broken at a step, and the node at which it was found.
type Found = BTreeMap<(&'static str, Option<Place>), (String, u32)>;

/// One exploration.
struct Explorer<'p, 'w> {
    program: &'p Program<'w>,
    assume: &'p Assumptions,
    orders: Orders<'p, 'w>,
    nodes: Vec<Reached>,
    seen: FxHashSet<Rc<(State, Memory)>>,
    queue: VecDeque<(Rc<(State, Memory)>, u32)>,
    /// Why some runs were not followed to their end: what comes after is not known.
    open: Option<&'static str>,
    found: Found,
    /// For each change and question with ways of its own, the answers with which the change was reached.
    accepted: BTreeMap<(Place, Place), (BTreeSet<Text>, u32)>,
    /// The changes that some run came to.
    asked: BTreeSet<Place>,
}

/// Proves or refutes every property of a workflow of a program made with [`Program::lean`].
#[must_use]
pub fn prove(program: &Program<'_>, workflow: u32, assume: &Assumptions, bounds: Bounds) -> Vec<Proof> {
    let steps = program.workflow(workflow).map_or(0, |w| w.steps.len());
    if steps > crate::slice::MOST_STEPS {
        return verdicts(program, workflow, assume, None, &[]);
    }
    let mut explorer = Explorer {
        program,
        assume,
        orders: Orders::new(program, assume, bounds.work),
        nodes: Vec::new(),
        seen: FxHashSet::default(),
        queue: VecDeque::new(),
        open: None,
        found: Found::new(),
        accepted: BTreeMap::new(),
        asked: BTreeSet::new(),
    };
    let complete = explorer.explore(workflow, bounds);
    verdicts(program, workflow, assume, Some((&explorer, complete)), &explorer.nodes)
}

impl Explorer<'_, '_> {
    fn explore(&mut self, workflow: u32, bounds: Bounds) -> bool {
        let triggers = self.program.workflow(workflow).map_or(0, |w| w.triggers.len());
        for trigger in (0u32..).take(triggers) {
            let state = start(self.program, workflow, trigger, Val::unknown("trigger"), None);
            let counts = self.assume.boundary.as_ref().is_some_and(|b| b.identities.is_some());
            let memory = Memory { counts, ..Memory::default() };
            self.push(state, memory, Reached { from: u32::MAX, trigger, at: None, answer: None });
        }
        while let Some((at, node)) = self.queue.pop_front() {
            if self.nodes.len() > bounds.states || !self.orders.spend(at.0.tokens.len()) {
                return false;
            }
            self.expand(&at.0, &at.1, node);
        }
        true
    }

    fn push(&mut self, state: State, mut memory: Memory, reached: Reached) {
        let place = |t: &crate::Token| Some(Place { workflow: state.frame(t.frame)?.workflow, step: t.at });
        if !state.tokens.iter().filter_map(place).any(|p| self.program.may_change(p)) {
            memory.forget_gates();
        }
        let at = Rc::new((state, memory));
        if self.seen.insert(Rc::clone(&at)) {
            let node = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
            self.nodes.push(reached);
            self.queue.push_back((at, node));
        }
    }

    fn expand(&mut self, state: &State, memory: &Memory, node: u32) {
        let request = next(self.program, state);
        let place = request.at().map(|a| a.place);
        let circles =
            |ends: &[End]| ends.iter().any(|e| matches!(&e.how, Ended::Failure(f) if f.name == ENDLESS));
        if matches!(&request, Request::Done(ends) if circles(ends)) {
            self.open = self.open.or(Some(CIRCLES));
        }
        self.note_answers(&request, memory, node);
        let mut before = memory.clone();
        self.watch(&Event::Asked(&request, state), &mut before, node);
        let trigger = self.nodes.get(node as usize).map_or(0, |n| n.trigger);
        for answer in self.answers(state, &request, &before) {
            let event = Event::Told(&request, &answer, state);
            let resumed = resume_traced(self.program, state.clone(), &request, answer.clone()).ok();
            let spent = resumed.as_ref().map_or(0, |(_, trail)| trail.len() + state.tokens.len());
            self.orders.spend(spent);
            let Some(told) = before.clone().told(self.program, state, &request, &answer) else {
                self.open = self.open.or(Some(ALTERNATIVES));
                continue;
            };
            for mut after in told {
                self.watch(&event, &mut after, node);
                let Some((reached, trail)) = &resumed else { continue };
                after.passed(self.program, trail);
                for after in after.seen(self.program, &event) {
                    let how = Reached { from: node, trigger, at: place, answer: Some(answer.clone()) };
                    self.push(reached.clone(), after, how);
                }
            }
        }
    }

    fn answers(&self, state: &State, request: &Request, memory: &Memory) -> Vec<Answer> {
        match request {
            Request::Order(among) => self.orders.first(state, among, memory),
            _ => answers::answers(self.program, state, request, memory),
        }
    }

    /// A change was reached with these answers.
    fn note_answers(&mut self, request: &Request, memory: &Memory, node: u32) {
        let Some(call) = change(request) else { return };
        self.asked.insert(call.at.place);
        for (question, gate) in memory.answers(self.program, call.at.place) {
            if let Gate::Given(answer) = gate {
                let entry = self.accepted.entry((call.at.place, question)).or_insert((BTreeSet::new(), node));
                entry.0.insert(answer.clone());
            }
        }
    }

    /// A question with ways of its own, each of which leads to a change: it decides nothing.
    fn ignored(&self, change: Place) -> Option<(String, u32)> {
        self.accepted.iter().filter(|((at, _), _)| *at == change).find_map(|((_, question), (with, node))| {
            let step = self.program.step(*question)?;
            let ways =
                self.program.out(*question).iter().filter_map(|e| self.program.edge(question.workflow, *e));
            let ways: BTreeSet<&str> = ways
                .filter(|e| matches!(e.kind, EdgeKind::When { .. } | EdgeKind::Otherwise { .. }))
                .map(|e| e.kind.label())
                .collect();
            let decides = step.ask.as_ref().is_some_and(|a| a.decides) && ways.len() > 1;
            let all = ways.iter().all(|w| with.contains(*w));
            (decides && all)
                .then(|| (format!("every answer of {} lets it happen", name(self.program, *question)), *node))
        })
    }

    /// What to declare where there are too many states: the steps at which most of them come about are told.
    fn too_many(&self) -> String {
        let mut counts: BTreeMap<Place, usize> = BTreeMap::new();
        self.nodes.iter().filter_map(|n| n.at).for_each(|at| *counts.entry(at).or_default() += 1);
        let mut places: Vec<(usize, Place)> = counts.into_iter().map(|(at, n)| (n, at)).collect();
        places.sort_by_key(|(n, at)| (std::cmp::Reverse(*n), *at));
        let names: Vec<String> = places.iter().take(3).map(|(_, at)| name(self.program, *at)).collect();
        format!(
            "its runs are too many to explore, most of them by what happens at {}: split the workflow there, or state in \
             the record what the conditions depend on",
            names.join(", ")
        )
    }

    fn watch(&mut self, event: &Event<'_>, memory: &mut Memory, node: u32) {
        for property in PROPERTIES {
            for broken in (property.watch)(self.program, self.assume, event, memory) {
                self.found.entry((property.id, broken.step)).or_insert((broken.how, node));
            }
        }
    }
}

/// How a node was reached.
fn witness(nodes: &[Reached], node: u32) -> Witness {
    let mut answers = Vec::new();
    let mut at = node;
    while let Some(reached) = nodes.get(at as usize) {
        if let Some(answer) = &reached.answer {
            answers.push((reached.at, answer.clone()));
        }
        at = reached.from;
    }
    answers.reverse();
    Witness { trigger: nodes.get(node as usize).map_or(0, |n| n.trigger), answers }
}

/// The verdict on each property, at each step that it is about.
fn verdicts(
    program: &Program<'_>,
    workflow: u32,
    assume: &Assumptions,
    explored: Option<(&Explorer<'_, '_>, bool)>,
    nodes: &[Reached],
) -> Vec<Proof> {
    let mut proofs = Vec::new();
    let open = explored.map_or_else(String::new, |(explorer, _)| explorer.too_many());
    let steps = program.workflow(workflow).map_or(0, |w| w.steps.len());
    for property in PROPERTIES {
        let each = (0u32..).take(steps).map(|s| Place { workflow, step: StepIx(s) });
        let mut places: Vec<Option<Place>> =
            each.filter(|p| (property.concerns)(program, assume, *p)).map(Some).collect();
        if property.whole {
            places.push(None);
        }
        for step in places {
            let verdict = verdict(property, step, explored, &open, nodes);
            proofs.push(Proof { property: property.id, step, verdict });
        }
    }
    proofs
}

fn verdict(
    property: &Property,
    step: Option<Place>,
    explored: Option<(&Explorer<'_, '_>, bool)>,
    too_many: &str,
    nodes: &[Reached],
) -> Verdict {
    let ignored = |(explorer, _): &(&Explorer<'_, '_>, bool)| {
        let at = step.filter(|_| property.id == "change-needs-approval")?;
        explorer.ignored(at)
    };
    if let Some((how, node)) = explored.as_ref().and_then(ignored) {
        return Verdict::Refuted { how, run: witness(nodes, node) };
    }
    let Some((explorer, complete)) = explored else {
        return Verdict::Unknown { declare: "split the workflow: it has too many steps to explore".into() };
    };
    match explorer.found.get(&(property.id, step)) {
        Some((how, node)) => Verdict::Refuted { how: how.clone(), run: witness(nodes, *node) },
        None if !complete => Verdict::Unknown { declare: too_many.to_owned() },
        None => explorer.open.map_or_else(
            || {
                let met = step.is_none_or(|s| !is_change(explorer.program, s) || explorer.asked.contains(&s));
                Verdict::Proved { states: nodes.len(), met }
            },
            |declare| Verdict::Unknown { declare: declare.into() },
        ),
    }
}
