//! Leaving a step: its result, the variables it sets, and which of its edges are taken.

use super::{Run, fault};
use crate::Val;
use crate::condition;
use crate::semantics::NoCase;
use crate::state::{Choice, Fault, Phase};
use workflow::{EdgeKind, Step, StepKind, Text};

impl Run<'_, '_> {
    /// A step has gone well.
    pub(super) fn succeed(&mut self, ix: usize, result: Val) {
        if let Some(step) = self.step(ix).filter(|s| s.enabled && self.exact(ix)) {
            return self.finish(ix, step, result);
        }
        if self.state.tokens[ix].batch.is_some() {
            return self.item_done(ix, result);
        }
        let (frame, at) = (self.state.tokens[ix].frame, self.state.tokens[ix].at);
        let workflow = self.place(ix).workflow;
        let keeps = self.program.keeps(workflow, at);
        if !keeps {
            self.state.tokens[ix].input = result.clone();
        }
        if let Some(frame) = self.state.frame_mut(frame) {
            if keeps {
                frame.results.insert(at, result);
            }
            frame.attempts.remove(&at);
        }
        let step = self.step(ix);
        if self.gave_no_item(ix) {
            return self.go(ix, &[]);
        }
        if let Some(failure) = step.and_then(|s| self.assign(ix, s).err()) {
            return self.fail(ix, failure);
        }
        self.branch(ix);
    }

    /// Gives variables their values.
    fn assign(&mut self, ix: usize, step: &Step) -> Result<(), Fault> {
        if !step.enabled {
            return Ok(());
        }
        for assignment in &step.assigns {
            let token = &self.state.tokens[ix];
            let here = self.here(token.frame, &token.input);
            let name = &assignment.variable;
            let mut val = match here.value(&assignment.value) {
                // What an importer notes for one of several ways is nothing on the others.
                Err(_) if name.contains(" before ") => Val::Null,
                given => given.map_err(fault)?,
            };
            let local = self.semantics(ix).is_local(name);
            let frame = if local { token.frame } else { self.state.run_of(token.frame) };
            if assignment.adds {
                let old = crate::Scope::read(&here, &variable(name));
                val = added(old, val);
            }
            if let Some(frame) = self.state.frame_mut(frame) {
                frame.variables.insert(name.clone(), val);
            }
        }
        Ok(())
    }

    /// Takes the edges that a step leaves by after it went well.
    pub(super) fn branch(&mut self, ix: usize) {
        let place = self.place(ix);
        let out: Vec<u32> = self.program.out(place).to_vec();
        let kind = |e: u32| self.program.edge(place.workflow, e).map(|e| &e.kind);
        let plain = |e: &u32| matches!(kind(*e), Some(EdgeKind::Next | EdgeKind::Back | EdgeKind::Tool));
        let step = self.step(ix);
        let off = step.is_some_and(|s| !s.enabled);
        let has_cases = out.iter().any(|e| matches!(kind(*e), Some(EdgeKind::When { .. })));
        if off || !has_cases {
            self.all_items(ix);
            let mut taken: Vec<u32> = out.iter().copied().filter(|e| plain(e)).collect();
            if off
                || step.is_some_and(|s| !matches!(s.kind, StepKind::Branch | StepKind::Guard))
                || taken.is_empty()
            {
                taken.extend(
                    out.iter().copied().filter(|e| matches!(kind(*e), Some(EdgeKind::Otherwise { .. }))),
                );
            }
            return self.go(ix, &taken);
        }
        if self.state.tokens[ix].batch.is_some() {
            return self.sort_items(ix, &out);
        }
        match self.cases(ix, &out) {
            Ok(Some(mut taken)) => {
                let none = taken.is_empty();
                taken.extend(out.iter().copied().filter(|e| plain(e)));
                taken.sort_unstable();
                if none && taken.is_empty() && step.is_some_and(|s| s.kind == StepKind::Branch) {
                    return self.no_case(ix, step);
                }
                self.go(ix, &taken);
            }
            Ok(None) => {}
            Err(failure) => self.fail(ix, failure),
        }
    }

    /// The edges whose conditions hold; nothing where that is not known, and the token then asks.
    pub(super) fn cases(&mut self, ix: usize, out: &[u32]) -> Result<Option<Vec<u32>>, Fault> {
        let place = self.place(ix);
        let (token, step) = (&self.state.tokens[ix], self.step(ix));
        let all = step.is_some_and(|s| self.semantics(ix).takes_all(s));
        let result =
            self.state.frame(token.frame).and_then(|f| f.results.get(&token.at)).unwrap_or(&token.input);
        // Conditions of a branch read what came in; those of a step that did something read its result.
        let of_input = step.is_some_and(|s| s.kind == StepKind::Branch) || token.batch.is_some();
        let read = if of_input { &token.input } else { result };
        let here = self.here(token.frame, read);
        let (mut taken, mut held): (Vec<u32>, Option<&Text>) = (Vec::new(), None);
        for edge_ix in out {
            let Some(EdgeKind::When { case, condition }) =
                self.program.edge(place.workflow, *edge_ix).map(|e| &e.kind)
            else {
                continue;
            };
            // Several edges of one case are one way out.
            if held.is_some() && !all && held != Some(case) {
                continue;
            }
            let holds = match self.told(*edge_ix) {
                Some(told) => Some(told),
                None if held == Some(case) => Some(true),
                None => condition::decide(condition, &here).map_err(fault)?,
            };
            match holds {
                Some(true) => {
                    taken.push(*edge_ix);
                    held = Some(case);
                }
                Some(false) => {}
                None => {
                    self.state.tokens[ix].phase = Phase::Chooses(Choice::Condition(*edge_ix));
                    return Ok(None);
                }
            }
        }
        if taken.is_empty() {
            let is_rest = |e: &&u32| {
                matches!(
                    self.program.edge(place.workflow, **e).map(|e| &e.kind),
                    Some(EdgeKind::Otherwise { .. })
                )
            };
            taken.extend(out.iter().filter(is_rest));
        }
        Ok(Some(taken))
    }

    /// Answers about the edges of a step count until it is left.
    pub(super) fn forget_told(&mut self, ix: usize) {
        let out = self.program.out(self.place(ix));
        if !self.state.facts.holds.is_empty() {
            for edge in out {
                self.state.facts.holds.remove(&told_key(*edge));
            }
        }
    }

    /// What the world said of the condition of an edge, while its step is being left.
    fn told(&self, edge: u32) -> Option<bool> {
        self.state.facts.holds.get(&told_key(edge)).copied()
    }

    fn no_case(&mut self, ix: usize, step: Option<&Step>) {
        match step.map(|s| self.semantics(ix).no_case(s)) {
            Some(NoCase::Fails(name)) => self.fail(ix, Fault { name, ..Fault::default() }),
            _ => self.go(ix, &[]),
        }
    }

    /// The token goes on over edges.
    pub(super) fn go(&mut self, ix: usize, edges: &[u32]) {
        self.forget_told(ix);
        let exact = self.exact(ix);
        let token = &self.state.tokens[ix];
        let result = self.state.frame(token.frame).and_then(|f| f.results.get(&token.at)).filter(|_| !exact);
        let result = result.unwrap_or(&token.input).clone();
        self.note_origins(ix, edges, &result);
        let token = self.state.tokens.remove(ix);
        let counts = !self.program.lean || self.state.frame(token.frame).is_some_and(|f| f.outer().is_some());
        if let Some(frame) = self.state.frame_mut(token.frame).filter(|_| counts) {
            frame.last = result.clone();
        }
        self.take_all(token.frame, edges, &result, ix);
    }
}

/// How an answer about an edge's condition is kept until its step is left.
pub(super) fn told_key(edge: u32) -> Text {
    format!("edge {edge}").into()
}

fn variable(name: &Text) -> workflow::Reference {
    workflow::Reference { root: workflow::Root::Variable(name.clone()), path: Vec::new() }
}

/// A value added to what is there: numbers are summed, texts and lists grow.
fn added(old: Val, val: Val) -> Val {
    match (old, val) {
        (Val::Number(a), Val::Number(b)) => Val::Number(a + b),
        (Val::Text(a), Val::Text(b)) => Val::Text(a + &b),
        (Val::List(items), val) => {
            let mut items = items.to_vec();
            items.push(val);
            Val::list(items)
        }
        (Val::Null, val) => val,
        _ => Val::unknown(crate::evaluate::FRESH.to_string()),
    }
}
