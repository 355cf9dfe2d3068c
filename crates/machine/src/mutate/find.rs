//! Which mutants a workflow has.

use super::{Edit, Mutant, is_gated};
use crate::rehearse::Leads;
use crate::{Place, Program};
use std::collections::VecDeque;
use workflow::{EdgeKind, Function, Kind, LoopKind, Node, Step, StepIx, StepKind, Term, Text, Workflow};

/// A revoke is delayed by so many days.
const DAYS: u32 = 30;

/// Every mutant of a workflow's control, in a fixed order.
#[must_use]
pub fn mutants(program: &Program<'_>, workflow: u32) -> Vec<Mutant> {
    let Some(w) = program.workflow(workflow) else { return Vec::new() };
    let find = Find { program, workflow, w, leads: Leads::new(program) };
    let mut all = Vec::new();
    for (i, edge) in (0u32..).zip(&w.edges) {
        if let (Node::Step(from), EdgeKind::When { case, condition }) = (edge.from, &edge.kind) {
            find.of_condition(i, from, case, &condition.term, &mut all);
        }
    }
    for (i, step) in (0u32..).zip(&w.steps).filter(|(_, s)| s.enabled && s.kind != StepKind::Part) {
        if asks(step) {
            find.of_question(StepIx(i), step, &mut all);
        }
        if step.changes_access() {
            of_change(StepIx(i), step, &mut all);
        }
        if let StepKind::Loop(LoopKind::Each { bound: Some(_), .. } | LoopKind::While { bound: Some(_) }) =
            step.kind
        {
            all.push(mutant("raise-bound", step, "may repeat ten times as often", Edit::Raise(StepIx(i))));
        }
    }
    all
}

fn asks(step: &Step) -> bool {
    step.ask.is_some() || step.effects.iter().any(|e| e.kind == Kind::Ask)
}

fn mutant(operator: &'static str, step: &Step, does: impl Into<String>, edit: Edit) -> Mutant {
    let name = if step.name.is_empty() { &step.id } else { &step.name };
    Mutant { operator, step: step.id.clone(), does: format!("`{name}` {}", does.into()), edit }
}

struct Find<'a, 'w> {
    program: &'a Program<'w>,
    workflow: u32,
    w: &'w Workflow,
    leads: Leads,
}

impl Find<'_, '_> {
    /// Conditions that stand between a change and not changing anything.
    fn of_condition(&self, edge: u32, from: StepIx, case: &Text, term: &Term, all: &mut Vec<Mutant>) {
        let Some(step) = self.w.step(from).filter(|s| s.enabled) else { return };
        let place = Place { workflow: self.workflow, step: from };
        let opens = is_gated(self.program, &self.leads, self.workflow, edge);
        let refuses = !self.leads.over(self.program, self.workflow, edge)
            && self.program.out(place).iter().any(|e| {
                let case = self.program.edge(self.workflow, *e).map(|e| &e.kind);
                matches!(case, Some(EdgeKind::When { .. } | EdgeKind::Otherwise { .. }))
                    && self.leads.over(self.program, self.workflow, *e)
            });
        if !opens && !refuses {
            return;
        }
        let (what, holds) = if opens { ("always takes", true) } else { ("never takes", false) };
        all.push(mutant("remove-gate", step, format!("{what} `{case}`"), Edit::Constant(edge, holds)));
        all.push(mutant(
            "negate",
            step,
            format!("takes `{case}` when it should not, and not when it should"),
            Edit::Negate(edge),
        ));
        if let Term::Call(Function::And, parts) = term {
            for i in 0..parts.len() {
                let does = format!("takes `{case}` without part {} of its condition", i + 1);
                all.push(mutant("weaken", step, does, Edit::Drop(edge, i)));
            }
        }
    }

    /// Questions that an access change waits for.
    fn of_question(&self, ix: StepIx, step: &Step, all: &mut Vec<Mutant>) {
        let Some(past) = self.past(ix) else { return };
        if step.ask.as_ref().is_some_and(|a| a.decides) {
            all.push(mutant(
                "remove-gate",
                step,
                "is not asked, and the change is made",
                Edit::Bypass(ix, past),
            ));
        }
        for kind in [EdgeKind::Timeout, EdgeKind::Error] {
            let word = if kind == EdgeKind::Timeout { "silence" } else { "a failure to ask" };
            let own = self
                .program
                .out(Place { workflow: self.workflow, step: ix })
                .iter()
                .find(|e| self.program.edge(self.workflow, **e).is_some_and(|e| e.kind == kind));
            let edit = match own {
                Some(edge) if self.leads.over(self.program, self.workflow, *edge) => continue,
                Some(edge) => Edit::Redirect(*edge, past),
                None => Edit::Add(ix, past, kind),
            };
            all.push(mutant("fail-open", step, format!("takes {word} for a yes"), edit));
        }
        let change = self.changes_after(past);
        let named =
            !step.target.recipient.is_empty() || step.ask.as_ref().is_some_and(|a| !a.approver.is_empty());
        let whom = change.map(|s| s.target.identity.clone()).filter(|i| named && !i.is_empty());
        if let Some(whom) = whom.filter(|i| *i != step.target.recipient) {
            all.push(mutant("self-approval", step, "asks whoever benefits", Edit::Approver(ix, whom)));
        }
    }

    /// Where a positive answer leads: the target of the first way after a question that others need not take.
    fn past(&self, ask: StepIx) -> Option<StepIx> {
        let (mut open, mut seen) = (VecDeque::from([ask]), vec![ask]);
        while let Some(at) = open.pop_front() {
            for e in self.program.out(Place { workflow: self.workflow, step: at }) {
                let edge = self.program.edge(self.workflow, *e)?;
                if matches!(edge.kind, EdgeKind::Error | EdgeKind::Timeout) {
                    continue;
                }
                if is_gated(self.program, &self.leads, self.workflow, *e) {
                    return Some(edge.to);
                }
                if !seen.contains(&edge.to) {
                    seen.push(edge.to);
                    open.push_back(edge.to);
                }
            }
        }
        None
    }

    /// The first access change after a step.
    fn changes_after(&self, from: StepIx) -> Option<&Step> {
        let (mut open, mut seen) = (VecDeque::from([from]), vec![from]);
        while let Some(at) = open.pop_front() {
            let step = self.w.step(at)?;
            if step.changes_access() {
                return Some(step);
            }
            for e in self.program.out(Place { workflow: self.workflow, step: at }) {
                let to = self.program.edge(self.workflow, *e)?.to;
                if !seen.contains(&to) {
                    seen.push(to);
                    open.push_back(to);
                }
            }
        }
        None
    }
}

fn of_change(ix: StepIx, step: &Step, all: &mut Vec<Mutant>) {
    if !step.target.identity.is_empty() {
        all.push(mutant("widen-target", step, "acts on everybody", Edit::Everybody(ix)));
    }
    if !step.target.entitlement.is_empty() {
        all.push(mutant("widen-entitlement", step, "is of every access", Edit::Everything(ix)));
    }
    let ends =
        |k: Kind| matches!(k, Kind::Revoke | Kind::Disable | Kind::DeleteIdentity | Kind::RevokeCredential);
    if step.live_effects().iter().any(|e| ends(e.kind)) {
        all.push(mutant("drop-revoke", step, "is not done", Edit::Off(ix)));
        all.push(mutant("delay-revoke", step, format!("is done {DAYS} days late"), Edit::Delay(ix, DAYS)));
    }
    all.push(mutant("swallow-error", step, "fails and the run goes on", Edit::Swallow(ix)));
    all.push(mutant("double", step, "is done twice", Edit::Double(ix)));
}
