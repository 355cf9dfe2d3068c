//! `ambiguous-target`: the identity is the first hit of a search, or a match on a name that need not be unique.

use super::{Rule, Scope};
use crate::facts::Facts;
use crate::logic::keys_of;
use crate::provenance::{Origin, Source};
use crate::set::Place;
use workflow::{EdgeKind, Finding, Function, Kind, Node, Returns, Severity, StepIx, Term};

/// The rule.
pub static RULE: Rule = Rule {
    id: "ambiguous-target",
    severity: Severity::Medium,
    scope: Scope::Changes,
    page: include_str!("ambiguous_target.md"),
    check,
};

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    if facts.set.calls_from(facts.index).any(|c| c.itself) {
        return; // the first of several, and then the workflow starts itself for the next
    }
    for change in facts.live_changes() {
        let step = change.step;
        let sources = facts.set.deep(facts.place(step), &facts.step(step).target.identity);
        let Some(told) = sources.iter().find_map(|s| ambiguity(facts, step, s)) else { continue };
        let message = format!("{} {}, and whom it hits is {told}.", facts.name(step), facts.deed(step));
        let fix = "Look the identity up by an identifier that is unique, and stop unless there is exactly one hit.";
        out.push(facts.report(&RULE, step, message, fix));
    }
}

fn ambiguity(facts: &Facts<'_, '_>, change: StepIx, source: &Source) -> Option<String> {
    if let (Origin::Step(found), true) = (&source.origin, source.how.first) {
        let found = Place { workflow: source.workflow, step: *found };
        if searches(facts, found) && !counted(facts, change, found) {
            return Some(format!("the first hit of {}, with no check that it is the only one", facts.source(source)));
        }
    }
    if source.how.part && !source.how.spliced {
        return Some(format!("only a part of {}, which several identities may share", facts.source(source)));
    }
    let looked = source.how.looked_up.filter(|by| is_lookup(facts, *by))?;
    let bare = keys_of(&source.path).last().is_some_and(|k| is_name(k)) && !source.how.spliced;
    bare.then(|| {
        let by = facts.set.graph(looked.workflow).step(looked.step);
        let by = if by.name.is_empty() { &by.id } else { &by.name };
        format!("whoever `{by}` finds by {}, a name that need not be unique", facts.source(source))
    })
}

/// A read that may give back several.
fn searches(facts: &Facts<'_, '_>, at: Place) -> bool {
    let step = facts.set.graph(at.workflow).step(at.step);
    let reads = step.live_effects().iter().any(|e| matches!(e.kind, Kind::Read | Kind::Opaque | Kind::Code));
    reads && step.target.returns != Returns::One
}

/// A read of one identity's record.
fn is_lookup(facts: &Facts<'_, '_>, at: Place) -> bool {
    let step = facts.set.graph(at.workflow).step(at.step);
    let reads = !step.live_effects().is_empty() && step.live_effects().iter().all(|e| e.kind == Kind::Read);
    reads && !step.target.identity.is_empty()
}

/// A key that holds a person's name, not an identifier.
fn is_name(key: &str) -> bool {
    let key: String = key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    matches!(&*key, "name" | "displayname" | "fullname" | "lastname" | "firstname" | "surname" | "commonname" | "cn")
}

/// Some branch on the way compares how many were found.
fn counted(facts: &Facts<'_, '_>, change: StepIx, found: Place) -> bool {
    facts.workflow.edges.iter().any(|e| {
        let (EdgeKind::When { condition, .. }, Node::Step(at)) = (&e.kind, e.from) else { return false };
        let place = facts.place(at);
        let mut counts = Vec::new();
        lengths(&condition.term, &mut counts);
        facts.graph.after(at).has(change)
            && counts.iter().any(|t| {
                facts.set.term_sources(place, t).iter().any(|s| s.origin == Origin::Step(found.step))
            })
    })
}

/// What a condition takes the length of and compares with one.
fn lengths<'t>(term: &'t Term, found: &mut Vec<&'t Term>) {
    let mut work = vec![term];
    while let Some(term) = work.pop() {
        match term {
            Term::Call(f, args) => {
                let one = args.iter().any(|a| matches!(a, Term::Number(n) | Term::Text(n) if n == "1" || n == "2"));
                if one && !matches!(f, Function::And | Function::Or) {
                    found.extend(args.iter());
                }
                work.extend(args);
            }
            Term::Template(parts) | Term::List(parts) => work.extend(parts),
            _ => {}
        }
    }
}
