//! Lists of items, on platforms that hand them from step to step ([`crate::semantics::Semantics::hands_items`]): a step
//! handles all of them, one by one, before the next step runs. Proofs know one item and never come here.

use super::Run;
use crate::Val;
use crate::evaluate::Failure;
use crate::scope::Here;
use crate::semantics::laid_over;
use crate::state::{Batch, Fault, Origin, Phase, TRIGGER};
use workflow::{EdgeKind, OnError, Step, StepKind, Value};

impl Run<'_, '_> {
    pub(super) fn hands_items(&self, ix: usize) -> bool {
        !self.program.lean && self.semantics(ix).hands_items()
    }

    /// A token with several items reaches a step; whether its path ends there, since it has none.
    pub(super) fn open_items(&mut self, ix: usize, step: &Step) -> bool {
        let token = &self.state.tokens[ix];
        let Val::List(items) = &token.input else { return false };
        if !self.hands_items(ix) || token.batch.is_some() {
            return false;
        }
        let items = items.clone();
        let Some(first) = items.first().cloned() else {
            self.go(ix, &[]);
            return true;
        };
        let once = step.flow.get("executeOnce").as_bool() == Some(true);
        let one_by_one = !once && items.len() > 1 && self.semantics(ix).per_item(step);
        let token = &mut self.state.tokens[ix];
        if items.len() == 1 || once || one_by_one {
            token.input = first;
        }
        if once {
            token.origins.truncate(1);
        }
        if one_by_one {
            token.batch = Some(Box::new(Batch { items, ..Batch::default() }));
        }
        false
    }

    /// What a called workflow is given: of several items, each as the call says of it.
    pub(super) fn items_called(&self, ix: usize, given: &Value) -> Result<Val, Failure> {
        let token = &self.state.tokens[ix];
        let Val::List(items) = &token.input else {
            return self.here(token.frame, &token.input).value(given);
        };
        let mut state = self.state.clone();
        state.tokens[ix].batch = Some(Box::new(Batch { items: items.clone(), ..Batch::default() }));
        let mut each = Vec::with_capacity(items.len());
        for (at, item) in (0u32..).zip(items.iter()) {
            let token = &mut state.tokens[ix];
            token.input = item.clone();
            if let Some(batch) = &mut token.batch {
                batch.at = at;
            }
            let token = &state.tokens[ix];
            let here = Here { program: self.program, state: &state, frame: token.frame, input: &token.input };
            each.push(here.value(given)?);
        }
        Ok(Val::list(each))
    }

    /// A repetition does all items again, those that went well too.
    pub(super) fn first_item_again(&mut self, ix: usize) {
        let token = &mut self.state.tokens[ix];
        if let Some(batch) = &mut token.batch {
            (batch.at, batch.given, batch.failed) = (0, Vec::new(), Vec::new());
            token.input = batch.items.first().cloned().unwrap_or_default();
        }
    }

    /// The step is done with the current item: a list it gave is as many items.
    pub(super) fn item_done(&mut self, ix: usize, result: Val) {
        if self.step(ix).is_some_and(|s| matches!(s.kind, StepKind::Branch | StepKind::Guard)) {
            return self.branch(ix);
        }
        if let Some(batch) = &mut self.state.tokens[ix].batch {
            let at = batch.at;
            match result {
                Val::List(many) => batch.given.extend(many.iter().map(|v| (at, v.clone()))),
                one => batch.given.push((at, one)),
            }
        }
        self.next_item(ix);
    }

    /// The step has failed with the current item; whether it goes on with the others. Where it threw as a whole, all
    /// items are its input again.
    pub(super) fn one_failed(&mut self, ix: usize, step: &Step, edges: &[u32], failure: &Fault) -> bool {
        let own = self.failing_ways(self.place(ix)).1;
        let named = !edges.is_empty() && edges.iter().all(|e| own.contains(e));
        let sorts = matches!(step.kind, StepKind::Branch | StepKind::Guard);
        let token = &mut self.state.tokens[ix];
        let Some(batch) = &mut token.batch else { return false };
        let error = Val::map(vec![("error".into(), Val::Text(failure.name.clone()))]);
        if step.on_error == OnError::Continue && !sorts {
            batch.given.push((batch.at, error));
        } else if named && !sorts {
            batch.failed.push((batch.at, laid_over(&token.input, &error)));
        } else {
            token.input = Val::List(batch.items.clone());
            token.batch = None;
            return false;
        }
        self.forget_told(ix);
        self.next_item(ix);
        true
    }

    /// Goes on with the next item; after the last, leaves the step with all of them.
    fn next_item(&mut self, ix: usize) {
        let token = &mut self.state.tokens[ix];
        let Some(batch) = &mut token.batch else { return };
        batch.at += 1;
        if let Some(next) = batch.items.get(batch.at as usize) {
            (token.input, token.phase, token.attempt) = (next.clone(), Phase::Arrived, 0);
            return;
        }
        token.input = Val::List(batch.items.clone());
        let Some(batch) = token.batch.take() else { return };
        let (froms, given): (Vec<u32>, Vec<Val>) = batch.given.into_iter().unzip();
        let (at, failed): (Vec<u32>, Vec<Val>) = batch.failed.into_iter().unzip();
        self.keep_result(ix, [&given[..], &failed].concat(), &[froms, at].concat());
        if failed.is_empty() {
            return if given.is_empty() { self.go(ix, &[]) } else { self.branch(ix) };
        }
        let place = self.place(ix);
        let ordinary = self.edges(place, |k| matches!(k, EdgeKind::Next | EdgeKind::Back));
        let own = self.failing_ways(place).1;
        let token = self.state.tokens.remove(ix);
        let places = (0u32..).zip(token.origins).map(|(i, o)| [o, vec![(token.at, i)]].concat());
        let (well, not): (Vec<_>, Vec<_>) = (0..).zip(places).partition(|(i, _)| *i < given.len());
        let mut position = ix;
        for (edges, items, origins) in [(ordinary, given, well), (own, failed, not)] {
            if !items.is_empty() {
                let origins: Vec<Origin> = origins.into_iter().map(|(_, o)| o).collect();
                self.set_origins(token.frame, &edges, &origins);
                let count = self.state.tokens.len();
                self.take_all(token.frame, &edges, &Val::list(items), position);
                position += self.state.tokens.len().saturating_sub(count);
            }
        }
    }

    /// Notes what a step has given for items, and from which each comes.
    fn keep_result(&mut self, ix: usize, given: Vec<Val>, froms: &[u32]) {
        let token = &mut self.state.tokens[ix];
        let before = std::mem::take(&mut token.origins);
        token.origins = froms.iter().map(|i| origin(&before, *i)).collect();
        let (frame, at) = (token.frame, token.at);
        if let Some(frame) = self.state.frame_mut(frame) {
            frame.results.insert(at, Val::list(given));
            frame.attempts.remove(&at);
        }
    }

    /// All items go the same way.
    pub(super) fn all_items(&mut self, ix: usize) {
        let token = &mut self.state.tokens[ix];
        let Some(batch) = token.batch.take() else { return };
        token.input = Val::List(batch.items);
        let (frame, at, all) = (token.frame, token.at, token.input.clone());
        if let Some(frame) = self.state.frame_mut(frame) {
            frame.results.insert(at, all);
        }
    }

    /// Each item takes the ways whose conditions hold of it; the step is left once all have been looked at.
    pub(super) fn sort_items(&mut self, ix: usize, out: &[u32]) {
        let place = self.place(ix);
        let plain = self.edges(place, |k| matches!(k, EdgeKind::Next | EdgeKind::Back));
        loop {
            let mut taken = match self.cases(ix, out) {
                Ok(Some(taken)) => taken,
                Ok(None) => return,
                Err(failure) => return self.fail(ix, failure),
            };
            taken.extend(&plain);
            self.forget_told(ix);
            let token = &mut self.state.tokens[ix];
            let Some(batch) = &mut token.batch else { return };
            for edge in taken {
                batch.sorted.entry(edge).or_default().push(batch.at);
            }
            batch.at += 1;
            match batch.items.get(batch.at as usize) {
                Some(next) => token.input = next.clone(),
                None => return self.sorted(ix),
            }
        }
    }

    /// All items are sorted: each way has its list. What a filter drops is not in its result.
    fn sorted(&mut self, ix: usize) {
        let filters = self.step(ix).is_some_and(|s| s.kind == StepKind::Guard);
        let token = &mut self.state.tokens[ix];
        let Some(batch) = token.batch.take() else { return };
        let (frame, at, before) = (token.frame, token.at, std::mem::take(&mut token.origins));
        let is_kept = |i: &u32| !filters || batch.sorted.values().any(|all| all.contains(i));
        let kept: Vec<u32> = (0u32..).take(batch.items.len()).filter(is_kept).collect();
        let picked = |all: &[u32]| -> Vec<Val> {
            all.iter().filter_map(|i| batch.items.get(*i as usize).cloned()).collect()
        };
        if let Some(frame) = self.state.frame_mut(frame) {
            frame.results.insert(at, Val::list(picked(&kept)));
            frame.last = Val::list(picked(&kept));
        }
        self.state.tokens.remove(ix);
        let mut position = ix;
        for (edge, all) in &batch.sorted {
            let origins = all.iter().map(|i| {
                let place = kept.iter().position(|k| k == i).and_then(|p| u32::try_from(p).ok());
                [origin(&before, *i), vec![(at, place.unwrap_or(0))]].concat()
            });
            let origins: Vec<Origin> = origins.collect();
            self.set_origins(frame, &[*edge], &origins);
            let count = self.state.tokens.len();
            self.take_all(frame, &[*edge], &Val::list(picked(all)), position);
            position += self.state.tokens.len().saturating_sub(count);
        }
    }

    /// Whether a step has given an empty list: nothing after it runs, unless the node always gives an item.
    pub(super) fn gave_no_item(&mut self, ix: usize) -> bool {
        let token = &self.state.tokens[ix];
        let (frame, at) = (token.frame, token.at);
        let result = self.state.frame(frame).and_then(|f| f.results.get(&at));
        if !self.hands_items(ix) || result.is_none_or(|r| *r != Val::list(Vec::new())) {
            return false;
        }
        let always = self.step(ix).is_some_and(|s| s.flow.get("alwaysOutputData").as_bool() == Some(true));
        if always && let Some(frame) = self.state.frame_mut(frame) {
            frame.results.insert(at, Val::map(Vec::new()));
        }
        !always
    }

    /// Notes where the items come from that leave a step over edges: as many as came in come from these one by one, and all
    /// from the only one.
    pub(super) fn note_origins(&mut self, ix: usize, edges: &[u32], given: &Val) {
        if edges.is_empty() || !self.hands_items(ix) {
            return;
        }
        let token = &self.state.tokens[ix];
        let (frame, at, before) = (token.frame, token.at, &token.origins);
        let count = if let Val::List(items) = given { items.len() } else { 1 };
        let of = |i: u32| match before.len() {
            1 => before[0].clone(),
            n if n == count => origin(before, i),
            _ => Origin::new(),
        };
        let all = (0u32..).take(count).map(|i| match count {
            1 => of(i),
            _ => [of(i), vec![(at, i)]].concat(),
        });
        let all: Vec<Origin> = all.collect();
        self.set_origins(frame, edges, &all);
    }

    /// Several items of a trigger come from it.
    pub(super) fn trigger_origins(&mut self, frame: u32, starts: &[u32], input: Option<&Val>) {
        let workflow = self.state.frame(frame).map_or(u32::MAX, |f| f.workflow);
        if let Some(Val::List(items)) = input
            && !self.program.lean
            && self.program.semantics(workflow).hands_items()
        {
            let all: Vec<Origin> = (0u32..).take(items.len()).map(|i| vec![(TRIGGER, i)]).collect();
            self.set_origins(frame, starts, &all);
        }
    }

    pub(super) fn set_origins(&mut self, frame: u32, edges: &[u32], origins: &[Origin]) {
        if origins.iter().all(Vec::is_empty) {
            return;
        }
        if let Some(frame) = self.state.frame_mut(frame) {
            edges.iter().for_each(|e| {
                frame.origins.insert(*e, origins.to_vec());
            });
        }
    }

    /// Where the items come from that have arrived over edges.
    pub(super) fn arrived_origins(&mut self, frame: u32, arrived: &[(u32, Val)]) -> Vec<Origin> {
        let Some(known) = self.state.frame(frame).map(|f| &f.origins).filter(|o| !o.is_empty()) else {
            return Vec::new();
        };
        let mut all = Vec::new();
        for (edge, val) in arrived {
            let count = if let Val::List(items) = val { items.len() } else { 1 };
            let mut own = known.get(edge).cloned().unwrap_or_default();
            own.resize(count, Origin::new());
            all.extend(own);
        }
        if let Some(frame) = self.state.frame_mut(frame) {
            arrived.iter().for_each(|(edge, _)| {
                frame.origins.remove(edge);
            });
        }
        if all.iter().all(Vec::is_empty) { Vec::new() } else { all }
    }

    /// Where the items of a round come from: the round's number and size say which of those before the loop they are.
    pub(super) fn round_origins(&mut self, ix: usize, round: u32, body: &[u32], (index, item): (u32, &Val)) {
        if !self.hands_items(ix) {
            return;
        }
        let token = &self.state.tokens[ix];
        let (at, before) = (token.at, token.origins.clone());
        let count = if let Val::List(items) = item { u32::try_from(items.len()).unwrap_or(0) } else { 1 };
        let size = self.step(ix).map_or(1, crate::semantics::batch_size).max(count);
        let own = (0..count).map(|i| {
            let place = index.saturating_mul(size).saturating_add(i);
            [origin(&before, place), vec![(at, i)]].concat()
        });
        let own: Vec<Origin> = own.collect();
        self.set_origins(round, body, &own);
    }
}

/// Where an item comes from, by its place.
fn origin(all: &[Origin], at: u32) -> Origin {
    all.get(at as usize).cloned().unwrap_or_default()
}
