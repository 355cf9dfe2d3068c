//! `dynamic-endpoint`: the address of a write comes from data.

use super::{Rule, Scope};
use crate::facts::Facts;
use crate::logic::keys_of;
use crate::provenance::{Origin, Source};
use workflow::{Auth, Finding, Function, Kind, Severity, StepIx, Term, Text, Value};

/// The rule.
pub static RULE: Rule = Rule {
    id: "dynamic-endpoint",
    severity: Severity::High,
    scope: Scope::Changes,
    page: include_str!("dynamic_endpoint.md"),
    check,
};

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    for step in facts.reached.steps() {
        let Some(source) = chosen(facts, step) else { continue };
        let carries = match facts.step(step).request.as_ref().map(|r| r.auth) {
            Some(Auth::None) | None => "",
            _ => ", and the workflow's credential goes along",
        };
        let message = format!(
            "{} {} at an address that {} gives{carries}; nothing checks the host.",
            facts.name(step),
            facts.deed(step),
            facts.source(&source)
        );
        let fix = "Write the host into the definition or a deployment parameter, and take only an id from data.";
        out.push(facts.report(&RULE, step, message, fix));
    }
}

/// Whether the address of a raw write comes from data, so that this rule reports it.
pub(super) fn is_dynamic(facts: &Facts<'_, '_>, step: StepIx) -> bool {
    chosen(facts, step).is_some()
}

/// The data that gives the address of a raw write. Where nothing else changes access, only what the caller gives
/// counts: a vendor's own discovery of its host is no more than an unknown call.
fn chosen(facts: &Facts<'_, '_>, step: StepIx) -> Option<Source> {
    if !writes(facts, step) {
        return None;
    }
    let source = chosen_host(facts, step)?;
    let reply = keys_of(&source.path).last().is_some_and(|k| {
        let key = k.to_lowercase();
        ["callback", "response", "resume", "reply"].iter().any(|w| key.contains(w))
    });
    let matters = !facts.changes.is_empty() || (source.caller && !reply);
    (matters && !answers_its_trigger(facts, step, &source) && !own_answer(facts, step, &source)).then_some(source)
}

/// A vendor's own connector, which reaches only that vendor, at the address that the same system gave in an answer
/// before: the site that it made.
fn own_answer(facts: &Facts<'_, '_>, step: StepIx, source: &Source) -> bool {
    let Origin::Step(asked) = source.origin else { return false };
    if facts.step(step).connector.to_lowercase().contains("http") {
        return false;
    }
    let answered = facts.set.graph(source.workflow).step(asked).live_effects();
    let mut known = answered.iter().filter(|e| e.kind != Kind::Opaque).map(|e| &e.system);
    known.any(|system| !system.is_empty() && facts.step(step).live_effects().iter().any(|e| e.system == *system))
}

/// A raw call that changes access, or of which it cannot be said that it does not.
fn writes(facts: &Facts<'_, '_>, step: StepIx) -> bool {
    let Some(request) = facts.step(step).request.as_ref().filter(|r| !r.governed) else { return false };
    let reads = request.method.as_text().is_some_and(|m| matches!(m, "GET" | "HEAD" | "OPTIONS"));
    let risky = facts.step(step).live_effects().iter();
    let mut risky = risky.filter(|e| e.kind.changes_access() || e.kind == Kind::Opaque);
    !reads && risky.next().is_some()
}

/// The data that decides the host.
fn chosen_host(facts: &Facts<'_, '_>, step: StepIx) -> Option<Source> {
    let url = &facts.resolver.follow(&facts.step(step).request.as_ref()?.url);
    let written = url.as_expression()?;
    host_of(facts, step, written, &written.term, MOST_CHOICES)
}

/// Addresses are chosen between so often in one.
const MOST_CHOICES: u32 = 8;

/// The data that decides the host of an address; of one that a condition chooses, the host of either.
fn host_of(
    facts: &Facts<'_, '_>,
    step: StepIx,
    whole: &workflow::Expression,
    term: &Term,
    depth: u32,
) -> Option<Source> {
    let head: Value = match term {
        Term::Text(t) if has_host(t) => return None,
        Term::Call(Function::If, args) if args.len() == 3 && depth > 0 => {
            return args[1..].iter().find_map(|arm| host_of(facts, step, whole, arm, depth - 1));
        }
        Term::Template(parts) => match parts.first() {
            Some(Term::Text(t)) if has_host(t) => return None,
            Some(Term::Text(t)) if t.contains("//") => part(whole, parts.get(1)?),
            Some(Term::Text(_)) | None => return None,
            Some(first) => part(whole, first),
        },
        other => part(whole, other),
    };
    let sources = facts.set.sources(facts.place(step), &head);
    let constant = sources.iter().any(|s| matches!(&s.origin, Origin::Constant(t) if has_host(t)));
    let data = |s: &Source| matches!(s.origin, Origin::Trigger | Origin::Step(_));
    if constant { None } else { sources.into_iter().find(data) }
}

fn part(whole: &workflow::Expression, term: &Term) -> Value {
    Value::Expr(Box::new(workflow::Expression { term: term.clone(), ..whole.clone() }))
}

/// A text that begins with a whole host.
fn has_host(text: &Text) -> bool {
    let after = text.split_once("//").map_or("", |(_, rest)| rest);
    let ends = after.contains(['/', '?']);
    !after.is_empty() && (ends || after.contains('.'))
}

/// The platform's own place to answer this very event, with nothing of the workflow's sent along.
fn answers_its_trigger(facts: &Facts<'_, '_>, step: StepIx, source: &Source) -> bool {
    let bare = facts.step(step).request.as_ref().is_some_and(|r| matches!(r.auth, Auth::None | Auth::Inline));
    bare && facts.does(step, Kind::Decide) && source.origin == Origin::Trigger
}
