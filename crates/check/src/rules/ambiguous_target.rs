//! `ambiguous-target`: the identity is the first hit of a search, or a match on a name that need not be unique.

use super::{Rule, Scope};
use crate::facts::Facts;
use crate::logic::keys_of;
use crate::provenance::{Origin, Source};
use crate::set::Place;
use workflow::{EdgeKind, Finding, Function, Kind, Node, Platform, Returns, Severity, StepIx, Term, TriggerKind, Value};

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
    for step in facts.reached.steps().filter(|s| facts.step(*s).changes_access() || facts.is_opaque(*s)) {
        let sources = facts.set.deep(facts.place(step), &whom(facts, step));
        let told = sources.iter().find_map(|s| ambiguity(facts, step, s)).or_else(|| by_name(facts, step, &sources));
        let Some(told) = told else { continue };
        let message = format!("{} {}, and whom it hits is {told}.", facts.name(step), facts.deed(step));
        let fix = "Look the identity up by an identifier that is unique, and stop unless there is exactly one hit.";
        out.push(facts.report(&RULE, step, message, fix));
    }
}

/// Whom a step acts on; where that is not known, what an address or the arguments of outside code say.
fn whom(facts: &Facts<'_, '_>, step: StepIx) -> Vec<Value> {
    let own = facts.step(step);
    if own.changes_access() {
        return own.target.identity.clone();
    }
    if facts.changes.is_empty() {
        return Vec::new();
    }
    if super::dynamic_endpoint::is_dynamic(facts, step) {
        return own.request.iter().map(|r| r.url.clone()).collect();
    }
    let outside = facts.does(step, Kind::Code) && own.code.iter().all(|c| !c.name.is_empty());
    if outside { vec![own.parameters.clone()] } else { Vec::new() }
}

fn ambiguity(facts: &Facts<'_, '_>, change: StepIx, source: &Source) -> Option<String> {
    if !facts.step(change).changes_access() && source.how.looked_up.is_some() {
        return None;
    }
    if let Origin::Step(found) = &source.origin
        && (source.how.first || takes_first(facts, source.workflow, *found))
    {
        let found = Place { workflow: source.workflow, step: *found };
        let passed_on = source.how.looked_up.is_none_or(|by| is_read(facts, by));
        if passed_on && searches(facts, found) && !counted(facts, change, found) {
            return Some(format!("the first hit of {}, with no check that it is the only one", facts.source(source)));
        }
    }
    if source.origin == Origin::Trigger && source.how.first && several_people(facts, source) {
        return Some(format!("the first of {}, with no check that there is only one", facts.source(source)));
    }
    if source.how.part && !source.how.spliced && !facts.does(change, Kind::CreateIdentity) {
        return Some(format!("only a part of {}, which several identities may share", facts.source(source)));
    }
    let looked = source.how.looked_up.filter(|by| is_lookup(facts, *by))?;
    let alone = facts.set.inputs(looked).iter().all(|i| i.origin == source.origin && i.path == source.path);
    let bare = keys_of(&source.path).last().is_some_and(|k| is_name(k)) && alone;
    bare.then(|| {
        let by = facts.set.graph(looked.workflow).step(looked.step);
        let by = if by.name.is_empty() { &by.id } else { &by.name };
        format!("whoever `{by}` finds by {}, a name that need not be unique", facts.source(source))
    })
}

/// A loop through all there are, of which each round asks whether a name is the wanted one.
fn by_name(facts: &Facts<'_, '_>, change: StepIx, sources: &[Source]) -> Option<String> {
    let is_id = |s: &&Source| keys_of(&s.path).last().is_some_and(|k| k.to_lowercase().ends_with("id"));
    let rounds = sources.iter().filter(|s| s.workflow == facts.index).filter(is_id).filter_map(|s| s.how.item);
    rounds.filter(|round| facts.graph.contains(*round, change)).find_map(|round| {
        let same = facts.workflow.edges.iter().find(|e| {
            let (EdgeKind::When { condition, .. }, Node::Step(at)) = (&e.kind, e.from) else { return false };
            facts.graph.contains(round, at)
                && (e.to == change || facts.graph.leads(e.to, change))
                && compares_names(facts, facts.place(at), round, &condition.term)
        })?;
        let Node::Step(at) = same.from else { return None };
        Some(format!("whatever {} finds to have a name, which need not be unique", facts.name(at)))
    })
}

/// Whether a condition compares the name of a loop's item with one that comes from elsewhere.
fn compares_names(facts: &Facts<'_, '_>, at: Place, round: StepIx, term: &Term) -> bool {
    let Term::Call(f, args) = term else { return false };
    match (f, &**args) {
        (Function::And, all) => all.iter().any(|t| compares_names(facts, at, round, t)),
        (Function::Equals, [a, b]) => {
            let (a, b) = (facts.set.term_sources(at, a), facts.set.term_sources(at, b));
            let of_item = |s: &Source| s.how.item == Some(round);
            let name = |all: &[Source]| {
                all.iter().any(|s| of_item(s) && keys_of(&s.path).last().is_some_and(|k| is_name(k)))
            };
            let given = |all: &[Source]| {
                !all.is_empty() && all.iter().all(|s| !of_item(s) && !matches!(s.origin, Origin::Constant(_)))
            };
            name(&a) && given(&b) || name(&b) && given(&a)
        }
        _ => false,
    }
}

/// An Okta search card that is set to give its first match alone, of what it does not find by a unique key.
fn takes_first(facts: &Facts<'_, '_>, workflow: u32, found: StepIx) -> bool {
    if facts.set.workflows[workflow as usize].platform != Platform::OktaWorkflows {
        return false;
    }
    let (mut first, mut unique) = (false, false);
    let of_people = facts.set.graph(workflow).step(found).operation.to_lowercase().contains("user");
    facts.set.graph(workflow).step(found).parameters.walk(&mut |v| {
        for entry in v.entries() {
            let key = entry.key.to_lowercase().replace('_', "");
            let one = |t: &str| matches!(&*t.to_lowercase(), "first matching record" | "first_match" | "first");
            first |= key.starts_with("resultset") && entry.value.as_text().is_some_and(one);
            let unique_key = matches!(&*key, "id" | "login" | "username" | "userid" | "externalid");
            unique |= unique_key && !entry.value.is_empty() && entry.value.entries().is_empty();
        }
    });
    first && of_people && !unique
}

/// A list of people in what a webhook delivers.
fn several_people(facts: &Facts<'_, '_>, source: &Source) -> bool {
    const PEOPLE: [&str; 8] =
        ["signers", "users", "recipients", "participants", "members", "accounts", "identities", "employees"];
    let triggers = &facts.set.workflows[source.workflow as usize].triggers;
    let delivered = triggers.iter().any(|t| matches!(t.kind, TriggerKind::Webhook | TriggerKind::External));
    delivered && keys_of(&source.path).iter().any(|k| PEOPLE.contains(&&*k.to_lowercase()))
}

/// A read that may give back several.
fn searches(facts: &Facts<'_, '_>, at: Place) -> bool {
    let step = facts.set.graph(at.workflow).step(at.step);
    let reads = step.live_effects().iter().any(|e| matches!(e.kind, Kind::Read | Kind::Opaque | Kind::Code));
    reads && step.target.returns != Returns::One
}

/// What a step gives back comes from what it was asked with, and not out of code that was handed all there was.
fn is_read(facts: &Facts<'_, '_>, at: Place) -> bool {
    let step = facts.set.graph(at.workflow).step(at.step);
    !step.live_effects().iter().any(|e| e.kind == Kind::Code)
}

/// A read of one identity's record.
fn is_lookup(facts: &Facts<'_, '_>, at: Place) -> bool {
    let step = facts.set.graph(at.workflow).step(at.step);
    let reads = !step.live_effects().is_empty() && step.live_effects().iter().all(|e| e.kind == Kind::Read);
    reads && step.target.returns != Returns::List
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
        facts.graph.leads(at, change)
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

#[cfg(test)]
mod tests {
    use crate::dsl::workflows;
    use workflow::Platform;

    fn ambiguous(search: &str) -> bool {
        let text = format!(
            "trigger call manual auth\nstep find read okta list operation=searchUsers resultSet=\"First Matching Record\" {search}\n\
             step off disable okta identity={{step.find.id}}\ncall -> find -> off"
        );
        let mut all = workflows(&text);
        all[0].platform = Platform::OktaWorkflows;
        let judged = crate::judge::check(&all, &[]);
        judged[0].findings.iter().any(|f| f.rule == "ambiguous-target")
    }

    #[test]
    fn a_card_set_to_the_first_match_takes_the_first() {
        assert!(ambiguous("email={trigger.mail}"));
        assert!(!ambiguous("login={trigger.login}"), "a login is unique");
    }
}
