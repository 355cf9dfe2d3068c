//! `unbounded-expiry`: how long access lasts is what the requester says, with no upper bound.

use super::{Rule, Scope};
use crate::facts::Facts;
use crate::provenance::{Origin, Source};
use crate::tell::Concerning;
use workflow::{EdgeKind, Finding, Function, Kind, Node, Severity, StepIx, StepKind, Term, Value};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unbounded-expiry",
    severity: Severity::High,
    scope: Scope::Changes,
    page: include_str!("unbounded_expiry.md"),
    check,
};

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    for change in facts.some_changes(&RULE).filter(|c| facts.does(c.step, Kind::Grant) || facts.does(c.step, Kind::Enable)) {
        let grant = change.step;
        let own = facts.step(grant);
        let bodies = own.request.iter().map(|r| &r.body).chain([&own.parameters]);
        let values: Vec<&Value> = bodies.flat_map(expiries).collect();
        let here = values.iter().find_map(|v| typed(facts, grant, v).map(|s| (grant, s)));
        let Some((at, source)) = here.or_else(|| waited(facts, grant)) else { continue };
        if bounded(facts, grant, at, &source) {
            continue;
        }
        let message = format!(
            "How long {} {} is {}, which the requester chooses, and nothing limits it.",
            facts.name(grant),
            facts.deed(grant),
            facts.source(&source)
        );
        let fix = "Take the earlier of the asked and a fixed maximum, or refuse what lies beyond it before the grant.";
        let also = (at != grant).then(|| facts.step(at).id.clone());
        out.push(facts.report(&RULE, grant, message, fix).also(also));
    }
}

/// The wait after a grant that ends with its revoke, and the requester's text that says how long.
fn waited(facts: &Facts<'_, '_>, grant: StepIx) -> Option<(StepIx, Source)> {
    
    let revokes = |w: StepIx| {
        facts.graph.followers(w).into_iter().any(|s| facts.does(s, Kind::Revoke) || facts.does(s, Kind::Disable))
    };
    let waits = facts.graph.followers(grant).into_iter().filter(|s| facts.step(*s).kind == StepKind::Wait && !facts.does(*s, Kind::Ask));
    waits.filter(|w| revokes(*w)).find_map(|w| typed(facts, w, &facts.step(w).parameters).map(|s| (w, s)))
}

/// The source of a value that a requester types: the trigger's data or a form's answer.
fn typed(facts: &Facts<'_, '_>, at: StepIx, value: &Value) -> Option<Source> {
    let sources = facts.set.sources(facts.place(at), value);
    sources.into_iter().find(|s| match &s.origin {
        Origin::Trigger => s.caller,
        Origin::Step(step) => facts.set.graph(s.workflow).step(*step).live_effects().iter().any(|e| e.kind == Kind::Ask),
        _ => false,
    })
}

/// The values of parameters that say when something ends.
fn expiries(value: &Value) -> Vec<&Value> {
    let (mut found, mut work) = (Vec::new(), vec![value]);
    while let Some(value) = work.pop() {
        for entry in value.entries() {
            if is_expiry(&entry.key) { found.push(&entry.value) } else { work.push(&entry.value) }
        }
        work.extend(value.items());
    }
    found
}

/// Whether a parameter's name says when something ends.
pub(super) fn is_expiry(key: &str) -> bool {
    let key: String = key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    const WORDS: [&str; 8] = ["expir", "enddate", "removedate", "validuntil", "duration", "ttl", "endtime", "lifetime"];
    WORDS.iter().any(|w| key.contains(w))
}

/// Some branch before the grant compares the same value with a limit, or the value is the smaller of two.
fn bounded(facts: &Facts<'_, '_>, grant: StepIx, at: StepIx, source: &Source) -> bool {
    let comparison = facts.workflow.edges.iter().any(|e| {
        let (EdgeKind::When { condition, .. }, Node::Step(branch)) = (&e.kind, e.from) else { return false };
        let before = facts.graph.leads(branch, grant);
        before && compares(&condition.term) && {
            let read = facts.set.term_sources(facts.place(branch), &condition.term);
            read.iter().any(|s| s.origin == source.origin && s.path == source.path)
        }
    });
    let capped = facts.step(at).parameters.expressions().iter().any(|e| {
        matches!(&e.term, Term::Call(Function::Other(f), _) if f.to_lowercase().starts_with("min"))
    });
    comparison || capped
}

fn compares(term: &Term) -> bool {
    let mut work = vec![term];
    while let Some(term) = work.pop() {
        if let Term::Call(f, args) = term {
            let order = [Function::Less, Function::LessOrEquals, Function::Greater, Function::GreaterOrEquals];
            if order.contains(f) {
                return true;
            }
            work.extend(args);
        }
    }
    false
}
