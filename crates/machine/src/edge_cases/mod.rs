//! Edge cases for free: from a workflow itself, the scenarios that reviewers forget, each with what must hold in it.
//!
//! Nothing is known of the data in them: wherever a condition is open, the run goes towards the access change.

mod after;
mod around;
mod asking;

use crate::rehearse::{Reply, Scenario, Undecided};
use crate::{Place, Program};
use std::collections::BTreeSet;
use workflow::{EdgeKind, Kind, Node, Step, StepIx, StepKind, Text, Workflow};

/// What is known from around a workflow.
#[derive(Debug, Clone, Default)]
pub struct Around {
    /// Questions whose approver is, or can be, who asked or who benefits, by the steps' ids.
    pub own_approver: Vec<Text>,
    /// Changes that were approved before the run started, by the steps' ids.
    pub approved: Vec<Text>,
    /// Changes that nothing stands before, by the steps' ids.
    pub ungated: Vec<Text>,
    /// How many identities one run may change.
    pub identities: Option<u64>,
}

/// The edge cases of a workflow, in a fixed order; none where neither it nor what it waits for changes access.
#[must_use]
pub fn edge_cases(program: &Program<'_>, workflow: u32, around: &Around) -> Vec<Scenario> {
    let Some(w) = program.workflow(workflow) else { return Vec::new() };
    let cases = Cases { program, workflow, w, around, changes: changes(w) };
    if cases.changes.is_empty() && cases.called().is_empty() {
        return Vec::new();
    }
    let mut all = Vec::new();
    asking::cases(&cases, &mut all);
    if !cases.changes.is_empty() {
        after::cases(&cases, &mut all);
    }
    around::cases(&cases, &mut all);
    all
}

/// The steps that change access.
fn changes(w: &Workflow) -> Vec<StepIx> {
    let is = |s: &Step| s.changes_access() && s.kind != StepKind::Part;
    (0u32..).zip(&w.steps).filter(|(_, s)| is(s)).map(|(i, _)| StepIx(i)).collect()
}

/// A workflow whose edge cases are made.
struct Cases<'a, 'w> {
    program: &'a Program<'w>,
    workflow: u32,
    w: &'w Workflow,
    around: &'a Around,
    changes: Vec<StepIx>,
}

impl<'w> Cases<'_, 'w> {
    fn step(&self, ix: StepIx) -> Option<&'w Step> {
        self.w.step(ix)
    }

    /// The steps that ask a person.
    fn questions(&self) -> Vec<StepIx> {
        let is = |s: &Step| s.enabled && (s.ask.is_some() || s.effects.iter().any(|e| e.kind == Kind::Ask));
        (0u32..).zip(&self.w.steps).filter(|(_, s)| is(s)).map(|(i, _)| StepIx(i)).collect()
    }

    /// The changes that are reached by no way around a step.
    fn behind(&self, step: StepIx) -> Vec<StepIx> {
        let around = self.reached(Some(step));
        self.changes.iter().copied().filter(|c| *c != step && !around.contains(c)).collect()
    }

    /// The steps that triggers lead to, without going through one.
    fn reached(&self, without: Option<StepIx>) -> BTreeSet<StepIx> {
        let mut found = self.reached_over(|e| {
            let edge = self.program.edge(self.workflow, e);
            edge.is_some_and(|e| without.is_none_or(|w| e.from != Node::Step(w)))
        });
        found.retain(|s| Some(*s) != without);
        found
    }

    /// The steps that triggers lead to over some edges.
    fn reached_over(&self, open: impl Fn(u32) -> bool) -> BTreeSet<StepIx> {
        let triggers = (0u32..).take(self.w.triggers.len());
        let starts = triggers.flat_map(|t| self.program.starts(self.workflow, t));
        let to = |e: u32| self.program.edge(self.workflow, e).filter(|_| open(e)).map(|e| e.to);
        let mut work: Vec<StepIx> = starts.filter_map(to).collect();
        let mut found = BTreeSet::new();
        while let Some(step) = work.pop() {
            if found.insert(step) {
                let place = Place { workflow: self.workflow, step };
                work.extend(self.program.out(place).iter().filter_map(|e| to(*e)));
            }
        }
        found
    }

    /// A scenario in which everybody says yes and all goes well, with these answers before.
    fn scenario(&self, name: String, mut answers: Vec<Reply>) -> Scenario {
        let yes = self.questions().into_iter().filter_map(|q| self.says_yes(q));
        let yes: Vec<Reply> = yes.filter(|r| answers.iter().all(|a| a.step != r.step)).collect();
        answers.extend(yes);
        Scenario { name, answers, undecided: Undecided::TowardsChange, ..Scenario::default() }
    }

    /// The positive answer to a question.
    fn says_yes(&self, question: StepIx) -> Option<Reply> {
        let step = self.step(question)?;
        let ask = step.ask.as_ref();
        let decided = ask.filter(|a| a.decides).and_then(|_| self.ways(question).0.into_iter().next());
        let positive =
            ask.and_then(|a| a.positive.first().map(|p| asking::value(&a.answer, asking::word(p))));
        let result = if decided.is_some() { None } else { positive };
        Some(Reply { step: Some(self.label(step)), result, decided, ..Reply::default() })
    }

    /// The cases of a step that lead to a change behind it, and those that do not.
    fn ways(&self, step: StepIx) -> (Vec<Text>, Vec<Text>) {
        let leads = crate::rehearse::Leads::new(self.program);
        let place = Place { workflow: self.workflow, step };
        let (mut yes, mut no) = (Vec::new(), Vec::new());
        for e in self.program.out(place) {
            let Some(edge) = self.program.edge(self.workflow, *e) else { continue };
            if let EdgeKind::When { case, .. } | EdgeKind::Otherwise { case } = &edge.kind {
                let over = leads.over(self.program, self.workflow, *e);
                if over { yes.push(case.clone()) } else { no.push(case.clone()) }
            }
        }
        (yes, no)
    }

    /// How scenarios name a step: by its name, where no other has it.
    fn label(&self, step: &Step) -> Text {
        crate::rehearse::label(self.w, step)
    }

    /// The loops.
    fn loops(&self) -> impl Iterator<Item = (StepIx, &'w Step)> {
        let steps = (0u32..).map(StepIx).zip(&self.w.steps);
        steps.filter(|(_, s)| s.enabled && matches!(s.kind, StepKind::Loop(_)))
    }

    /// The changes of the workflows that are called and waited for, with the steps that call.
    fn called(&self) -> Vec<(StepIx, Place)> {
        let calls = (0u32..).map(StepIx).zip(&self.w.steps).filter(|(_, s)| s.enabled && s.waits);
        let to = |s: &Step| {
            let known = s.calls.iter().filter_map(|c| self.program.callee(self.workflow, &c.key));
            known.filter(|to| *to != self.workflow).collect::<Vec<_>>()
        };
        let changes = |to: u32| around::changes_of(self.program, to);
        calls.flat_map(|(i, s)| to(s).into_iter().flat_map(changes).map(move |c| (i, c))).collect()
    }

    /// Whether a question stands on every way to a step.
    fn is_asked_for(&self, step: StepIx) -> bool {
        self.questions().into_iter().any(|q| q != step && !self.reached(Some(q)).contains(&step))
    }

    /// The changes that are reached only by some of the edges of a step.
    fn only_by(&self, step: StepIx, is: impl Fn(&EdgeKind) -> bool) -> Vec<StepIx> {
        let shut = |e: u32| {
            let edge = self.program.edge(self.workflow, e);
            edge.is_some_and(|e| e.from == Node::Step(step) && is(&e.kind))
        };
        let without = self.reached_over(|e| !shut(e));
        let all = self.reached(None);
        self.changes.iter().copied().filter(|c| all.contains(c) && !without.contains(c)).collect()
    }

    /// Whether a step stands in a loop.
    fn in_loop(&self, step: StepIx) -> bool {
        self.program.loop_of(Place { workflow: self.workflow, step }).is_some()
    }

    /// The steps whose results a step's own target is read from.
    fn read_from(&self, step: &Step) -> Vec<StepIx> {
        let values = step.target.identity.iter().flat_map(workflow::Value::expressions);
        let roots = values.flat_map(workflow::Expression::references).filter_map(|r| match &r.root {
            workflow::Root::Step(id) => self.w.find(id),
            _ => None,
        });
        roots.collect()
    }

    /// Whether anybody may start it.
    fn is_open(&self) -> bool {
        let leads = crate::rehearse::Leads::new(self.program);
        self.w.edges.iter().any(|e| match e.from {
            Node::Trigger(t) => {
                let open = self.w.triggers.get(t as usize).is_some_and(|t| t.authenticated == Some(false));
                open && leads.from(Place { workflow: self.workflow, step: e.to })
            }
            Node::Step(_) => false,
        })
    }
}

/// A step's name for people.
fn name(step: &Step) -> String {
    format!("`{}`", if step.name.is_empty() { &step.id } else { &step.name })
}
