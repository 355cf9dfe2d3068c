//! `within-boundary`: at most so many identities in a run, and effects stay inside what the record allows.

use super::{Property, at};
use crate::explore::{Assumptions, Broken, Event, Memory, change, is_change};
use crate::{Place, Program, Val};
use workflow::{LoopKind, Root, StepKind, Value};

/// The property.
pub static PROPERTY: Property = Property {
    id: "within-boundary",
    page: include_str!("within_boundary.md"),
    concerns: |program, assume, at| assume.boundary.is_some() && is_change(program, at),
    whole: false,
    watch,
};

fn watch(program: &Program<'_>, assume: &Assumptions, event: &Event<'_>, memory: &mut Memory) -> Vec<Broken> {
    let (Event::Asked(request, _), Some(boundary)) = (event, &assume.boundary) else { return Vec::new() };
    let Some(call) = change(request) else { return Vec::new() };
    let step = call.at.place;
    for act in call.effects.iter().filter(|e| e.kind.changes_access()) {
        if !boundary.systems.is_empty() && !boundary.systems.contains(&act.system) {
            return at(step, format!("it acts on `{}`, which the record does not name", act.system));
        }
        if !boundary.effects.is_empty() && !boundary.effects.contains(&act.kind) {
            return at(step, format!("its effect `{}` is none that the record allows", act.kind));
        }
        for val in act.entitlement.iter().filter(|_| !boundary.entitlements.is_empty()) {
            if !is_within(val, &boundary.entitlements) {
                return at(step, "the record does not name the entitlement that it gives or takes");
            }
        }
    }
    let Some(most) = boundary.identities else { return Vec::new() };
    let mut whose: Vec<Place> = Vec::new();
    for place in memory.made.keys().filter(|p| **p != step) {
        if !std::iter::once(&step).chain(&whose).any(|known| same_person(program, *known, *place)) {
            whose.push(*place);
        }
    }
    let others = whose.len() as u64;
    let own = rounds(program, assume, step, !call.at.rounds.is_empty() && memory.made.contains_key(&step));
    match own {
        Some(own) if others + own <= most => Vec::new(),
        Some(own) => at(step, format!("a run may change {} identities, more than {most}", others + own)),
        None => at(step, format!("its loop has no bound, so a run may change more than {most} identities")),
    }
}

/// Whether an entitlement is the one of a name or id; of an object, its id counts: what it is called decides nothing.
fn is_named(entitlement: &Val, name: &str) -> bool {
    match entitlement {
        Val::Text(text) => text == name,
        object @ Val::Map(_) => matches!(object.get("id"), Val::Text(id) if id == name),
        _ => false,
    }
}

/// Whether the record names an entitlement, or each of a list of them.
fn is_within(entitlement: &Val, named: &[workflow::Text]) -> bool {
    match entitlement {
        Val::List(all) => !all.is_empty() && all.iter().all(|one| is_within(one, named)),
        one => named.iter().any(|name| is_named(one, name)),
    }
}

/// Whether two steps act on the same identity: it is read from the same place, which a run gives one value only.
fn same_person(program: &Program<'_>, a: Place, b: Place) -> bool {
    let (Some(one), Some(other)) = (program.step(a), program.step(b)) else { return false };
    let stays = |r: &workflow::Reference| matches!(r.root, Root::Trigger | Root::Parameter(_) | Root::Step(_));
    let read = one.target.identity.iter().flat_map(workflow::Value::expressions);
    let once = a.workflow == b.workflow && program.loop_of(a).is_none() && program.loop_of(b).is_none();
    let (whom, other) = (&one.target.identity, &other.target.identity);
    let known = !whom.is_empty() && whom.len() == other.len() && whom.iter().zip(other).all(|(a, b)| same(a, b));
    let single = program.workflow(a.workflow).is_some_and(|w| !w.itemwise);
    once && single && known && read.flat_map(workflow::Expression::references).all(stays)
}

/// Whether two values are the same, wherever they are written.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Expr(a), Value::Expr(b)) => a.term == b.term && a.text == b.text,
        (Value::Text(a), Value::Text(b)) => a == b,
        _ => false,
    }
}

/// Whether every round acts on the identity that started the run.
fn always_same(program: &Program<'_>, at: Place) -> bool {
    let identity = program.step(at).map_or(&[][..], |s| s.target.identity.as_slice());
    let mut read = identity.iter().flat_map(workflow::Value::expressions).flat_map(workflow::Expression::references);
    let single = program.workflow(at.workflow).is_some_and(|w| !w.itemwise);
    single && !identity.is_empty() && read.all(|r| matches!(r.root, Root::Trigger | Root::Parameter(_)))
}

/// How often a step may act in a run; nothing where its loops have no bound.
fn rounds(program: &Program<'_>, assume: &Assumptions, at: Place, again: bool) -> Option<u64> {
    if always_same(program, at) {
        return Some(1);
    }
    let (mut product, mut here) = (1u64, at);
    while let Some(outer) = program.loop_of(here) {
        here = Place { step: outer, ..at };
        let bound = match program.step(here).map(|s| &s.kind) {
            Some(StepKind::Loop(LoopKind::Each { bound, .. } | LoopKind::While { bound })) => *bound,
            _ => None,
        };
        let bound = bound.into_iter().chain(assume.rounds.get(&here).copied()).min();
        product = product.saturating_mul(bound?);
    }
    Some(if again { product } else { product.min(1) })
}

#[cfg(test)]
mod tests {
    use super::is_within;
    use crate::evaluate::from_json;

    #[test]
    fn an_entitlement_is_the_one_of_its_id_and_each_of_a_list_counts() {
        let named = ["a1".into(), "b2".into()];
        let within = |json: &str| is_within(&from_json(json).unwrap(), &named);
        assert!(within(r#""a1""#) && within(r#"{"id": "a1", "name": "x"}"#));
        assert!(within(r#"[{"id": "a1"}, "b2"]"#));
        assert!(!within(r#"[{"id": "a1"}, {"id": "c3"}]"#));
        // What it is called decides nothing, and a list of nothing says nothing.
        assert!(!within(r#"{"id": "c3", "name": "a1"}"#) && !within("[]") && !within("null"));
    }
}
