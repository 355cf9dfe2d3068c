//! Which step of the old workflow is which of the new: by id, then by what it is and does, so that a renamed or moved
//! step is still itself.

use std::collections::HashMap;
use workflow::{Step, StepIx, Text, Workflow};

/// The steps of both sides, matched.
pub(super) struct Matched {
    /// Old to new.
    pub forward: Vec<Option<usize>>,
    /// New to old.
    pub back: Vec<Option<usize>>,
    /// What an old id is called now, where that is another id.
    pub renamed: HashMap<Text, Text>,
}

impl Matched {
    /// Matches the steps of two workflows.
    pub(super) fn new(old: &Workflow, new: &Workflow) -> Self {
        let mut matched = Matched {
            forward: vec![None; old.steps.len()],
            back: vec![None; new.steps.len()],
            renamed: HashMap::new(),
        };
        let ids: HashMap<&str, usize> =
            new.steps.iter().enumerate().map(|(i, s)| (s.id.as_str(), i)).collect();
        for (o, step) in old.steps.iter().enumerate() {
            if let Some(n) = ids.get(step.id.as_str()).filter(|n| kin(step, &new.steps[**n]) > 0) {
                matched.tie(o, *n);
            }
        }
        matched.tie_alike(old, new);
        for (o, n) in matched.both() {
            let (was, is) = (&old.steps[o].id, &new.steps[n].id);
            if was != is {
                matched.renamed.insert(was.clone(), is.clone());
            }
        }
        matched
    }

    /// Steps without a namesake: with whom they have most in common, if that is enough.
    fn tie_alike(&mut self, old: &Workflow, new: &Workflow) {
        let left: Vec<usize> =
            (0..old.steps.len()).filter(|o| self.forward[*o].is_none()).take(600).collect();
        let right: Vec<usize> = (0..new.steps.len()).filter(|n| self.back[*n].is_none()).take(600).collect();
        let mut likely = Vec::new();
        for o in &left {
            for n in &right {
                let score = kin(&old.steps[*o], &new.steps[*n]);
                if score >= ENOUGH {
                    likely.push((std::cmp::Reverse(score), *o, *n));
                }
            }
        }
        likely.sort_unstable();
        for (_, o, n) in likely {
            if self.forward[o].is_none() && self.back[n].is_none() {
                self.tie(o, n);
            }
        }
    }

    fn tie(&mut self, o: usize, n: usize) {
        (self.forward[o], self.back[n]) = (Some(n), Some(o));
    }

    /// The pairs, in the order of the new side.
    pub(super) fn both(&self) -> Vec<(usize, usize)> {
        self.back.iter().enumerate().filter_map(|(n, o)| o.map(|o| (o, n))).collect()
    }

    /// What an old step is called now.
    pub(super) fn now<'t>(&'t self, id: &'t Text) -> &'t Text {
        self.renamed.get(id).unwrap_or(id)
    }
}

/// How much two steps without the same id must have in common: what they are, and most of what they carry.
const ENOUGH: u32 = 7;

/// What two steps have in common; nothing at all where they are of different kinds.
fn kin(a: &Step, b: &Step) -> u32 {
    let same_kind = std::mem::discriminant(&a.kind) == std::mem::discriminant(&b.kind);
    if a.id == b.id {
        return u32::from(same_kind || a.connector == b.connector);
    }
    if !same_kind || a.connector != b.connector || a.synthetic != b.synthetic {
        return 0;
    }
    let carried = |s: &Step| (s.parameters.clone(), s.request.clone(), s.code.clone());
    let last = |id: &str| id.rsplit('/').next().unwrap_or(id).to_owned();
    let does = |s: &Step| s.effects.iter().map(|e| e.kind).collect::<Vec<_>>();
    let plain = a.parameters.is_empty() && a.code.is_empty() && a.request.is_none();
    [
        (a.operation == b.operation, 2),
        (does(a) == does(b), 2),
        (!a.effects.is_empty() && a.effects == b.effects, 3),
        (last(&a.id) == last(&b.id), 3),
        (a.name == b.name && !a.name.is_empty(), 2),
        (!plain && carried_alike(&carried(a), &carried(b)), 4),
    ]
    .iter()
    .filter(|(holds, _)| *holds)
    .map(|(_, weight)| weight)
    .sum()
}

type Carried = (workflow::Value, Option<workflow::Request>, Vec<workflow::Code>);

fn carried_alike(a: &Carried, b: &Carried) -> bool {
    super::values::same(&a.0, &b.0) && a.1.is_some() == b.1.is_some() && a.2.len() == b.2.len()
}

/// An index as the model writes it.
pub(super) fn ix(i: usize) -> StepIx {
    StepIx(u32::try_from(i).unwrap_or(u32::MAX))
}
