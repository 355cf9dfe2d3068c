//! What rules ask about: the facts of one workflow within its set, computed once.

use crate::authority::{Check, checks};
use crate::classify::resolve::Resolver;
use crate::gate::{Effectiveness, Gate, Question, questions, walks_refused};
use crate::graph::{From, Graph, Reach};
use crate::logic::Answer;
use crate::provenance::{Origin, Source};
use crate::record::{Context, GateKind};
use crate::rules::Rule;
use crate::set::{Place, Set};
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use workflow::{Kind, Node, Reference, Segment, Step, StepIx, Target, Tier, TriggerKind, Value, Workflow};

/// The judgement of one step's gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// How it is gated.
    pub gate: Gate,
    /// The step that asks, in the same workflow.
    pub question: Option<StepIx>,
    /// What gets past the question, where something does.
    pub leaks: Vec<Answer>,
    /// The gate is an approval in the platform, before the trigger: an assumption.
    pub assumed: bool,
}

/// A step that changes access in a run.
#[derive(Debug, Clone)]
pub struct Change {
    /// The step.
    pub step: StepIx,
    /// Some trigger reaches it.
    pub reached: bool,
    /// Its highest tier.
    pub tier: Tier,
    /// How it is gated.
    pub verdict: Verdict,
}

/// Judges gates over a set of workflows; remembers what it has judged.
pub struct Judge<'s, 'w> {
    /// The workflows.
    pub set: &'s Set<'w>,
    contexts: &'s [Context],
    questions: RefCell<HashMap<u32, Rc<Vec<Question>>>>,
    apart: RefCell<HashMap<u32, Rc<Apart>>>,
    authority: RefCell<HashMap<u32, Rc<Vec<Check>>>>,
    verdicts: RefCell<HashMap<Place, Verdict>>,
}

/// Several questions, each on its own paths: what is reached past all of them, and each where the others are closed.
struct Apart {
    free: Option<Reach>,
    alone: Vec<(Reach, Question)>,
    /// What is reached though nobody agrees, in every way in which all of them may end.
    refused: Option<Vec<Reach>>,
}

/// How many changes of one workflow are weighed against its other steps.
const MOST: usize = 400;
/// So many steps and edges are walked over for them in all; a workflow of a hundred thousand steps gets fewer walks.
const WEIGHED: usize = 400_000;

/// The facts of one workflow.
pub struct Facts<'s, 'w> {
    /// Judges gates.
    pub judge: &'s Judge<'s, 'w>,
    /// The workflows that see each other.
    pub set: &'s Set<'w>,
    /// Its index in the set.
    pub index: u32,
    /// The workflow.
    pub workflow: &'w Workflow,
    /// Its graph.
    pub graph: &'s Graph<'w>,
    /// What its triggers reach.
    pub reached: &'s Reach,
    /// What is known from around it.
    pub context: &'s Context,
    /// Its questions to people.
    pub questions: Rc<Vec<Question>>,
    /// Its live access-changing steps.
    pub changes: Vec<Change>,
    /// Access can change, or an opaque step may change it, here or in what it calls.
    pub matters: bool,
    /// The rules that left steps out because there are too many to weigh.
    pub unweighed: RefCell<BTreeSet<&'static str>>,
    /// Follows values through the workflow.
    pub resolver: Resolver<'w>,
    /// For each step, whether somebody learns of something by it; found out when the first is asked for.
    pub(crate) telling: OnceCell<Vec<bool>>,
    /// The steps that end the first grants after a wait; found out when the first is asked for.
    pub(crate) ends: OnceCell<HashSet<StepIx>>,
}

impl<'s, 'w> Judge<'s, 'w> {
    /// A judge over a set; `contexts` has one entry for each workflow, missing ones say nothing.
    #[must_use]
    pub fn new(set: &'s Set<'w>, contexts: &'s [Context]) -> Self {
        Judge {
            set,
            contexts,
            questions: RefCell::default(),
            apart: RefCell::default(),
            authority: RefCell::default(),
            verdicts: RefCell::default(),
        }
    }

    /// The questions of a workflow.
    #[must_use]
    pub fn questions(&self, workflow: u32) -> Rc<Vec<Question>> {
        if let Some(known) = self.questions.borrow().get(&workflow) {
            return Rc::clone(known);
        }
        let asked = Rc::new(questions(self.set, workflow));
        self.questions.borrow_mut().insert(workflow, Rc::clone(&asked));
        asked
    }

    /// How a step is gated.
    #[must_use]
    pub fn verdict(&self, at: Place) -> Verdict {
        self.verdict_within(at, &mut Vec::new())
    }

    fn verdict_within(&self, at: Place, open: &mut Vec<Place>) -> Verdict {
        if let Some(known) = self.verdicts.borrow().get(&at) {
            return known.clone();
        }
        let mut verdict = self.local(at);
        if verdict.gate == Gate::None && self.called_only(at) && !open.contains(&at) && open.len() < 32 {
            open.push(at);
            let callers = self.set.callers_to(at);
            let gates = callers.iter().map(|c| self.verdict_within(c.from, open));
            if let Some(worst) = gates.max_by_key(|v| v.gate) {
                verdict = Verdict { question: None, ..worst };
            }
            open.pop();
        }
        if open.is_empty() {
            self.verdicts.borrow_mut().insert(at, verdict.clone());
        }
        verdict
    }

    /// Whether only calls of other workflows come to a step.
    fn called_only(&self, at: Place) -> bool {
        let triggers = &self.set.workflows[at.workflow as usize].triggers;
        let mut reaching = self.set.triggers(at).peekable();
        reaching.peek().is_some() && reaching.all(|t| triggers[t].kind == TriggerKind::Subflow)
    }

    /// Whether the callers of a step's workflow have somebody approve it, and nothing in the workflow itself does.
    pub(crate) fn gated_by_callers(&self, at: Place) -> bool {
        self.called_only(at) && self.local(at).gate == Gate::None && self.verdict(at).gate == Gate::Present
    }

    fn local(&self, at: Place) -> Verdict {
        let asked = self.questions(at.workflow);
        let by = |gate, q: &Question, leaks| Verdict { gate, question: Some(q.step), leaks, assumed: false };
        let plain = |gate| Verdict { gate, question: None, leaks: Vec::new(), assumed: false };
        let effect = |q: &Question| match q.effectiveness(at.step) {
            Effectiveness::Leaks if self.refuses(at) || self.undone_by(at, q) => Effectiveness::Holds,
            other => other,
        };
        let judged: Vec<(&Question, Effectiveness)> =
            asked.iter().filter(|q| q.step != at.step).map(|q| (q, effect(q))).collect();
        let holding = || judged.iter().filter(|(_, e)| *e == Effectiveness::Holds);
        let own = |q: &Question| crate::authority::asks_starter(self.set, Place { step: q.step, ..at });
        // What the requester is asked does not stand for what somebody else is asked.
        let leaks = judged.iter().any(|(q, e)| *e == Effectiveness::Leaks && !own(q));
        if let Some((q, _)) = holding().find(|(q, _)| !leaks || !own(q)) {
            return by(Gate::Present, q, Vec::new());
        }
        if self.approved_before(at) {
            return Verdict { assumed: true, ..plain(Gate::Present) };
        }
        if self.gated_apart(at, &asked) || self.gated_together(at, &asked) {
            return plain(Gate::Present);
        }
        if let Some((q, _)) = judged.iter().find(|(_, e)| *e == Effectiveness::Leaks) {
            return by(Gate::FailsOpen, q, q.leaks(at.step).map(|(a, _)| a.clone()).collect());
        }
        if self.authority(at.workflow).iter().any(|c| c.guards(self.set, at)) {
            return plain(Gate::Authorised);
        }
        let ignored = |q: &Question| q.is_approval && !q.has_way_around(self.set.graph(at.workflow), at.step);
        if let Some((q, _)) = judged.iter().find(|(q, e)| *e == Effectiveness::NotRead && ignored(q)) {
            return by(Gate::Ignored, q, Vec::new());
        }
        match self.asked_after(at, &asked) {
            Some(q) => by(Gate::AfterChange, q, Vec::new()),
            None => plain(Gate::None),
        }
    }

    /// Whether all that a step changes is that a request is refused: whatever a person was asked, it may follow on anything
    /// but a yes.
    #[must_use]
    pub fn refuses(&self, at: Place) -> bool {
        let effects = self.set.graph(at.workflow).step(at.step).live_effects();
        let mut changes = effects.iter().filter(|e| e.kind.changes_access()).peekable();
        changes.peek().is_some() && changes.all(|e| e.refuses)
    }

    /// Whether a change is what a refusal is asked for: the question is about a change made before it, and only a refusal
    /// leads to the one that undoes it, in the same system, for the same identity and of the same entitlement.
    #[must_use]
    pub fn undoes(&self, at: Place) -> bool {
        self.questions(at.workflow).iter().any(|q| self.undone_by(at, q))
    }

    fn undone_by(&self, at: Place, question: &Question) -> bool {
        let graph = self.set.graph(at.workflow);
        let mut leaks = question.leaks(at.step).map(|(answer, _)| answer).peekable();
        if leaks.peek().is_none() || !leaks.all(|a| matches!(a, Answer::Refused(..))) {
            return false;
        }
        let done = |step: StepIx| graph.step(step).live_effects().iter().filter(|e| e.kind.changes_access());
        let undoes = |step: StepIx| {
            done(at.step).all(|e| done(step).any(|o| undone(e.kind) == Some(o.kind) && e.system == o.system))
        };
        let known = |s: &Source| s.origin != Origin::Unknown;
        let shared = |step: StepIx, values: fn(&Target) -> &Vec<Value>| {
            let of =
                |step: StepIx| self.set.all_sources(Place { step, ..at }, values(&graph.step(step).target));
            let own = of(at.step);
            let shares = |s: &Source| own.iter().any(|o| o.origin == s.origin && o.path == s.path);
            of(step).iter().filter(|s| known(s)).any(shares)
        };
        let entitled = done(at.step).any(|e| matches!(e.kind, Kind::Grant | Kind::Revoke));
        let same =
            |step: StepIx| shared(step, |t| &t.identity) && (!entitled || shared(step, |t| &t.entitlement));
        let before = |step: &StepIx| graph.leads(*step, question.step) && undoes(*step) && same(*step);
        question.effectiveness(at.step) == Effectiveness::Leaks
            && graph.steps().filter(|s| graph.step(*s).changes_access()).any(|s| before(&s))
    }

    /// Several questions, each on its own paths, that together stand on all.
    fn gated_apart(&self, at: Place, asked: &[Question]) -> bool {
        let apart = self.apart(at.workflow, asked);
        let free = apart.free.as_ref().is_none_or(|r| r.has(at.step));
        let asks = asked.iter().any(|q| q.step == at.step);
        if free || asks || !self.set.reached(at.workflow).has(at.step) {
            return false;
        }
        let mut ways = apart.alone.iter().filter(|(still, _)| still.has(at.step)).peekable();
        ways.peek().is_some() && ways.all(|(_, q)| q.effectiveness(at.step) == Effectiveness::Holds)
    }

    /// Several questions of which none alone has to be answered with a yes, but one of them has to.
    fn gated_together(&self, at: Place, asked: &[Question]) -> bool {
        let asks = asked.iter().any(|q| q.step == at.step);
        let refused = &self.apart(at.workflow, asked).refused;
        let stops = refused.as_ref().is_some_and(|walks| !walks.iter().any(|r| r.has(at.step)));
        stops && !asks && self.set.reached(at.workflow).has(at.step)
    }

    fn apart(&self, workflow: u32, asked: &[Question]) -> Rc<Apart> {
        if let Some(known) = self.apart.borrow().get(&workflow) {
            return Rc::clone(known);
        }
        let graph = self.set.graph(workflow);
        let steps: Vec<StepIx> = asked.iter().filter(|q| q.is_approval).map(|q| q.step).collect();
        let past = |closed: &[StepIx]| {
            graph.reach(
                From::Triggers,
                |e| !matches!(graph.edge(e).from, Node::Step(s) if closed.contains(&s)),
            )
        };
        let mut apart = Apart { free: None, alone: Vec::new(), refused: None };
        if (2..=6).contains(&steps.len()) {
            apart.free = Some(past(&steps));
            for step in &steps {
                let others: Vec<StepIx> = steps.iter().copied().filter(|o| o != step).collect();
                apart.alone.push((past(&others), Question::of_with(graph, *step, &others)));
            }
            let others = |q: &&Question| {
                q.is_approval && !crate::authority::asks_starter(self.set, Place { workflow, step: q.step })
            };
            let others: Vec<&Question> = asked.iter().filter(others).collect();
            apart.refused = if others.is_empty() { None } else { walks_refused(graph, &others) };
        }
        let apart = Rc::new(apart);
        self.apart.borrow_mut().insert(workflow, Rc::clone(&apart));
        apart
    }

    fn authority(&self, workflow: u32) -> Rc<Vec<Check>> {
        if let Some(known) = self.authority.borrow().get(&workflow) {
            return Rc::clone(known);
        }
        let found = Rc::new(checks(self.set, workflow));
        self.authority.borrow_mut().insert(workflow, Rc::clone(&found));
        found
    }

    fn asked_after<'q>(&self, at: Place, asked: &'q [Question]) -> Option<&'q Question> {
        let graph = self.set.graph(at.workflow);

        let later =
            |q: &&Question| q.is_approval && graph.leads(at.step, q.step) && !graph.leads(q.step, at.step);
        asked.iter().find(later)
    }

    /// Whether the platform had an approval before it started the run: the record says so, or the trigger lets only
    /// approved cases through and the change is about the case that was approved.
    fn approved_before(&self, at: Place) -> bool {
        let record = self.contexts.get(at.workflow as usize).and_then(|c| c.record.as_ref());
        let stated = record.is_some_and(|r| r.gate.kind == GateKind::Platform);
        let triggers = &self.set.workflows[at.workflow as usize].triggers;
        let mut reaching = self.set.triggers(at).peekable();
        reaching.peek().is_some()
            && reaching.all(|t| {
                let trigger = &triggers[t];
                let decision =
                    trigger.filter.as_ref().is_some_and(|f| f.text.to_lowercase().contains("approv"));
                let any_of_several = trigger.filter.iter().any(|f| f.references().iter().any(picks));
                trigger.after_approval && (stated || decision && !any_of_several)
            })
    }
}

/// The kind of change that one of another kind takes back.
fn undone(by: Kind) -> Option<Kind> {
    Some(match by {
        Kind::Enable => Kind::Disable,
        Kind::Disable => Kind::Enable,
        Kind::Grant => Kind::Revoke,
        Kind::Revoke => Kind::Grant,
        Kind::DeleteIdentity => Kind::CreateIdentity,
        _ => return None,
    })
}

/// Whether a filter's reference holds when any of several items fulfils it.
fn picks(r: &&Reference) -> bool {
    r.path.iter().any(|s| matches!(s, Segment::Filter(_) | Segment::Each))
}

impl<'s, 'w> Facts<'s, 'w> {
    /// The facts of a workflow of a set.
    #[must_use]
    pub fn new(judge: &'s Judge<'s, 'w>, index: u32, context: &'s Context) -> Self {
        let set = judge.set;
        let (graph, reached) = (set.graph(index), set.reached(index));
        let changes = graph.steps().filter(|s| graph.step(*s).changes_access()).map(|step| {
            let effects = graph.step(step).live_effects().iter();
            let tier = effects.filter(|e| e.kind.changes_access()).map(workflow::Effect::tier).max();
            let verdict = judge.verdict(Place { workflow: index, step });
            Change { step, reached: reached.has(step), tier: tier.unwrap_or_default(), verdict }
        });
        let changes = changes.collect();
        let matters = set.closure(index).into_iter().any(|w| may_change(set, w));
        let questions = judge.questions(index);
        let workflow = graph.workflow;
        let unweighed = RefCell::default();
        let resolver = Resolver::new(workflow);
        Facts {
            judge,
            set,
            index,
            workflow,
            graph,
            reached,
            context,
            questions,
            changes,
            matters,
            unweighed,
            resolver,
            telling: OnceCell::new(),
            ends: OnceCell::new(),
        }
    }

    /// A step of this workflow as a place in the set.
    #[must_use]
    pub fn place(&self, step: StepIx) -> Place {
        Place { workflow: self.index, step }
    }

    /// A step.
    #[must_use]
    pub fn step(&self, step: StepIx) -> &'w Step {
        self.graph.step(step)
    }

    /// The access-changing steps that some trigger reaches.
    pub fn live_changes(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|c| c.reached)
    }

    /// The same for a rule that weighs steps against each other: no more of them than any real workflow has.
    pub fn some_changes(&self, rule: &Rule) -> impl Iterator<Item = &Change> {
        self.bounded(rule, self.most(), self.live_changes())
    }

    /// For how many steps there may be a walk over the whole workflow: fewer the larger it is.
    #[must_use]
    pub fn most(&self) -> usize {
        let size = self.workflow.steps.len() + self.workflow.edges.len();
        (WEIGHED / size.max(1)).clamp(8, MOST)
    }

    /// At most so many of the steps that a rule looks at; that it leaves some out is told in the report.
    pub fn bounded<T>(
        &self,
        rule: &Rule,
        most: usize,
        mut steps: impl Iterator<Item = T>,
    ) -> std::vec::IntoIter<T> {
        let weighed: Vec<T> = steps.by_ref().take(most).collect();
        if steps.next().is_some() {
            self.unweighed.borrow_mut().insert(rule.id);
        }
        weighed.into_iter()
    }

    /// The change at a step.
    #[must_use]
    pub fn change(&self, step: StepIx) -> Option<&Change> {
        let found = self.changes.binary_search_by_key(&step, |c| c.step).ok()?;
        self.changes.get(found)
    }

    /// Whether what a step does cannot be known from the definitions at hand.
    #[must_use]
    pub fn is_opaque(&self, step: StepIx) -> bool {
        is_opaque(self.set, self.place(step))
    }

    /// Whether a step has an effect of a kind in a run.
    #[must_use]
    pub fn does(&self, step: StepIx, kind: Kind) -> bool {
        self.step(step).live_effects().iter().any(|e| e.kind == kind)
    }

    /// Whether the workflows that a step starts change access, here or further on.
    #[must_use]
    pub fn calls_change(&self, step: StepIx) -> bool {
        let called = self.set.calls(self.place(step)).filter_map(|c| c.to).filter(|to| *to != self.index);
        called
            .flat_map(|to| self.set.closure(to))
            .any(|w| w != self.index && self.set.workflows[w as usize].steps.iter().any(Step::changes_access))
    }
}

/// Whether a workflow's own steps change access or may do so.
fn may_change(set: &Set<'_>, workflow: u32) -> bool {
    let graph = set.graph(workflow);
    graph.steps().any(|step| graph.step(step).changes_access() || is_opaque(set, Place { workflow, step }))
}

fn is_opaque(set: &Set<'_>, at: Place) -> bool {
    let step = set.graph(at.workflow).step(at.step);
    let calls = step.live_effects().iter().any(|e| e.kind == Kind::Call);
    let outside = || set.calls(at).next().is_none() || set.calls(at).any(|c| c.to.is_none());
    step.live_effects().iter().any(|e| e.kind.is_opaque()) || (calls && outside())
}
