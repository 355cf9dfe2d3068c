//! Whom and what changed steps touch, in the old state and in the new one.

use super::{Area, Blast, Change};
use crate::facts::Facts;
use workflow::{Step, Workflow};

/// At most so many changed steps are followed to what comes after them.
const MOST: usize = 100;

/// What the changed steps and those after them touch, before and after.
pub(super) fn of(changes: &[Change], old: &Facts<'_, '_>, new: &Facts<'_, '_>) -> (Blast, Blast) {
    (side(changes, old, new), side(changes, new, old))
}

fn side(changes: &[Change], facts: &Facts<'_, '_>, other: &Facts<'_, '_>) -> Blast {
    let weighty: Vec<&Change> = changes.iter().filter(|c| c.area < Area::Data).collect();
    let named: Vec<_> = weighty.iter().filter_map(|c| facts.graph.find(&c.step)).take(MOST).collect();
    // What is about no step of either side is about the whole.
    let is_whole = |c: &&Change| facts.graph.find(&c.step).is_none() && other.graph.find(&c.step).is_none();
    let whole = weighty.len() > MOST || weighty.iter().any(is_whole);
    let after: Vec<_> = named.iter().map(|s| facts.graph.after(*s)).collect();
    let mut blast = Blast::default();
    for change in facts.live_changes() {
        let touched = named.contains(&change.step) || after.iter().any(|r| r.has(change.step));
        if whole || touched {
            touch(&mut blast, facts.step(change.step));
        }
    }
    sorted(blast)
}

/// What all of a workflow touches.
pub(super) fn all(w: &Workflow) -> Blast {
    let mut blast = Blast::default();
    w.steps.iter().filter(|s| s.changes_access()).for_each(|s| touch(&mut blast, s));
    sorted(blast)
}

fn touch(blast: &mut Blast, step: &Step) {
    for effect in step.live_effects().iter().filter(|e| e.kind.changes_access()) {
        let known = crate::tell::reference(&effect.identity);
        blast.open |= step.target.identity.iter().any(|v| !v.is_constant()) || known.is_empty();
        blast.identities.push(known.into());
        blast.entitlements.push(crate::tell::reference(&effect.entitlement).into());
        blast.systems.push(effect.system.clone());
    }
}

fn sorted(mut blast: Blast) -> Blast {
    for list in [&mut blast.identities, &mut blast.entitlements, &mut blast.systems] {
        list.retain(|t| !t.is_empty());
        list.sort();
        list.dedup();
    }
    blast
}
