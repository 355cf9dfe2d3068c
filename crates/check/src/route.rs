//! The route of each change: what a definition reads on the way to it. A route that never looks at what is given, to whom,
//! where and when treats all of it alike.
//!
//! What is read are fields of the platform's data and the constants they are compared with, by the words in them. Names that
//! people give to steps count for nothing.

use crate::facts::{Change, Facts, Judge};
use crate::logic::keys_of;
use crate::provenance::{Origin, Source};
use crate::set::Set;
use crate::{record, rules};
use serde::{Deserialize, Serialize};
use workflow::{EdgeKind, Expression, Function, Kind, Links, Node, StepIx, Term, Text, Value, Workflow};

/// So many conditions of one workflow are read.
const CONDITIONS: usize = 400;
/// Longer constants are no words of a vocabulary.
const LONGEST: usize = 40;

/// What a route may look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Context {
    /// Whether what is given is privileged: the role, the entitlement, its risk.
    Privilege,
    /// How much hangs on the system: which one, how critical.
    Criticality,
    /// What kind of identity it is: employee, contractor, guest, service account.
    Identity,
    /// Whose domain: tenant, company, organisation.
    Domain,
    /// Production or not.
    Environment,
    /// When, until when, for how long.
    Time,
    /// Urgency: priority, severity, an incident.
    Emergency,
}

/// Whether something is fixed by the definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// The definition does not say.
    #[default]
    Unknown,
    /// By the definition.
    Fixed,
    /// By data, when it runs.
    Chosen,
}

/// The way to one change.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Route {
    /// The step that changes access.
    pub step: Text,
    /// Its name for people.
    pub name: Text,
    /// The highest tier of its effects.
    pub tier: u8,
    /// Its gate, in the word of reports.
    pub gate: Text,
    /// The gate is an approval in the platform, before the trigger.
    pub assumed: bool,
    /// It gives access, rather than taking it away.
    pub adds: bool,
    /// It is meant to end.
    pub temporary: bool,
    /// What it gives or takes is privileged.
    pub privileged: bool,
    /// The systems it changes.
    pub systems: Vec<Text>,
    /// Which entitlement.
    pub entitlement: Choice,
    /// Whose access.
    pub identity: Choice,
    /// Where: the address of a raw call.
    pub place: Choice,
    /// What the way looks at, and in which field.
    pub reads: Vec<(Context, Text)>,
    /// Something on the way could not be read.
    pub unread: bool,
}

/// What a condition looks at.
struct Read {
    at: StepIx,
    found: Vec<(Context, Text)>,
    unread: bool,
}

/// The routes of each of some workflows that see each other, as in [`crate::check_linked`].
#[must_use]
pub fn of_all(workflows: &[Workflow], contexts: &[record::Context], links: &Links<'_>) -> Vec<Vec<Route>> {
    let set = Set::linked(workflows, links);
    let judge = Judge::new(&set, contexts);
    let nothing = record::Context::default();
    let of = |i: u32| routes(&Facts::new(&judge, i, contexts.get(i as usize).unwrap_or(&nothing)));
    (0u32..).zip(workflows).map(|(i, _)| of(i)).collect()
}

/// The routes of a workflow's live changes.
fn routes(facts: &Facts<'_, '_>) -> Vec<Route> {
    if facts.changes.is_empty() {
        return Vec::new();
    }
    let conditions = conditions(facts);
    let filters: Vec<Read> =
        facts.workflow.triggers.iter().filter_map(|t| filter(t.filter.as_ref()?)).collect();
    facts.live_changes().take(facts.most()).map(|c| route(facts, c, &conditions, &filters)).collect()
}

fn route(facts: &Facts<'_, '_>, change: &Change, conditions: &[Read], filters: &[Read]) -> Route {
    let (step, at) = (facts.step(change.step), change.step);
    let effects: Vec<_> = step.live_effects().iter().filter(|e| e.kind.changes_access()).collect();
    let on_the_way = conditions.iter().filter(|r| facts.graph.leads(r.at, at));
    let mut reads: Vec<(Context, Text)> = Vec::new();
    let mut unread = false;
    for read in on_the_way.chain(filters) {
        reads.extend(read.found.iter().cloned());
        unread |= read.unread;
    }
    reads.extend(change.verdict.question.into_iter().flat_map(|q| approver(facts, q)));
    reads.sort();
    reads.dedup();
    let mut systems: Vec<Text> = effects.iter().map(|e| e.system.clone()).filter(|s| !s.is_empty()).collect();
    systems.sort();
    systems.dedup();
    Route {
        step: step.id.clone(),
        name: if step.name.is_empty() { step.id.clone() } else { step.name.clone() },
        tier: change.tier.0,
        gate: change.verdict.gate.as_str().into(),
        assumed: change.verdict.assumed,
        adds: effects.iter().any(|e| adds(e.kind)),
        temporary: rules::temporary(facts, at).is_some(),
        privileged: effects.iter().any(|e| e.privileged),
        systems,
        entitlement: choice(&step.target.entitlement),
        identity: choice(&step.target.identity),
        place: step.request.as_ref().map_or(Choice::Fixed, |r| host(&r.url)),
        reads,
        unread,
    }
}

fn adds(kind: Kind) -> bool {
    use Kind::{ChangePolicy, CreateIdentity, Decide, Enable, Grant, IssueCredential, ResetCredential};
    matches!(
        kind,
        Grant | CreateIdentity | Enable | IssueCredential | ResetCredential | Decide | ChangePolicy
    )
}

fn choice(values: &[Value]) -> Choice {
    match values {
        [] => Choice::Unknown,
        _ if values.iter().all(Value::is_constant) => Choice::Fixed,
        _ => Choice::Chosen,
    }
}

/// Whether the host of an address is written in the definition.
fn host(url: &Value) -> Choice {
    let first = match url {
        Value::Null => return Choice::Unknown,
        Value::Text(_) => return Choice::Fixed,
        Value::Expr(e) => match &e.term {
            Term::Template(parts) | Term::Call(Function::Concat, parts) => parts.first(),
            term => Some(term),
        },
        _ => None,
    };
    let named = |text: &str| {
        let rest = text.split_once("://").map_or("", |(_, rest)| rest);
        text.starts_with('/') || rest.contains('/')
    };
    match first {
        Some(Term::Text(text)) if named(text) => Choice::Fixed,
        _ => Choice::Chosen,
    }
}

/// The conditions of the workflow's branches that a trigger reaches.
fn conditions(facts: &Facts<'_, '_>) -> Vec<Read> {
    let of = |edge: &workflow::Edge| {
        let (EdgeKind::When { condition, .. }, Node::Step(at)) = (&edge.kind, edge.from) else { return None };
        facts.reached.has(at).then(|| condition_at(facts, at, condition))
    };
    facts.workflow.edges.iter().filter_map(of).take(CONDITIONS).collect()
}

fn condition_at(facts: &Facts<'_, '_>, at: StepIx, condition: &Expression) -> Read {
    let mut found = words(&condition.term);
    let sources = facts.set.term_sources(facts.place(at), &condition.term);
    sources.iter().for_each(|s| source(s, &mut found));
    Read { at, found, unread: !condition.term.is_understood() }
}

/// A trigger's filter, which stands before everything.
fn filter(filter: &Expression) -> Option<Read> {
    let read = Read { at: StepIx(0), found: words(&filter.term), unread: !filter.term.is_understood() };
    (read.unread || !read.found.is_empty()).then_some(read)
}

/// What the choice of the approver looks at: the owner of what is given stands for it.
fn approver(facts: &Facts<'_, '_>, question: StepIx) -> Vec<(Context, Text)> {
    let step = facts.step(question);
    let mut named: Vec<Value> =
        step.ask.iter().map(|a| a.approver.clone()).filter(|v| !v.is_empty()).collect();
    if named.is_empty() {
        named.clone_from(&step.target.recipient);
    }
    let mut found = Vec::new();
    for from in facts.set.all_sources(facts.place(question), &named) {
        let path = keys_of(&from.path).join(".");
        if !path.is_empty() && tokens(&path).iter().any(|w| w == "owner" || w == "owners") {
            found.push((Context::Privilege, path.as_str().into()));
        }
        source(&from, &mut found);
    }
    found
}

fn source(from: &Source, found: &mut Vec<(Context, Text)>) {
    if from.origin == Origin::Now {
        found.push((Context::Time, "the clock".into()));
    }
    if let Origin::Parameter(name) | Origin::Constant(name) = &from.origin {
        word(name, found);
    }
    keys_of(&from.path).iter().for_each(|key| word(key, found));
}

/// What the words of a term say: the fields it reads and the constants it compares with.
fn words(term: &Term) -> Vec<(Context, Text)> {
    let mut found = Vec::new();
    let mut open = vec![term];
    while let Some(term) = open.pop() {
        match term {
            Term::Text(text) => word(text, &mut found),
            Term::Ref(r) => keys_of(&r.path).iter().for_each(|key| word(key, &mut found)),
            Term::Unknown(refs) => {
                refs.iter().flat_map(|r| keys_of(&r.path)).for_each(|key| word(&key, &mut found));
            }
            Term::Call(f, terms) => {
                if *f == Function::Now {
                    found.push((Context::Time, "the clock".into()));
                }
                open.extend(terms);
            }
            Term::Template(terms) | Term::List(terms) => open.extend(terms),
            Term::Map(entries) => open.extend(entries.iter().map(|(_, t)| t)),
            Term::Null | Term::Bool(_) | Term::Number(_) => {}
        }
    }
    found
}

fn word(text: &Text, found: &mut Vec<(Context, Text)>) {
    if text.len() <= LONGEST {
        let told = tokens(text);
        let speaks = VOCABULARY.iter().filter(|(_, words)| told.iter().any(|t| words.contains(&t.as_str())));
        found.extend(speaks.map(|(context, _)| (*context, text.clone())));
    }
}

/// The words of a name, and each with its neighbour: `employeeType` is `employee`, `type`, `employeetype`.
fn tokens(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    let mut small = false;
    for c in name.chars() {
        let begins = !open || (c.is_uppercase() && small);
        open = c.is_alphanumeric();
        small = c.is_lowercase() || c.is_numeric();
        match words.last_mut() {
            _ if !open => {}
            Some(last) if !begins => last.extend(c.to_lowercase()),
            _ => words.push(c.to_lowercase().collect()),
        }
    }
    let pairs: Vec<String> = words.windows(2).map(|w| w.concat()).collect();
    words.extend(pairs);
    words
}

/// The words by which fields and constants speak of each.
const VOCABULARY: [(Context, &[&str]); 7] = [
    (
        Context::Privilege,
        &[
            "privileged",
            "privilege",
            "privileges",
            "admin",
            "administrator",
            "admins",
            "entitlement",
            "entitlements",
            "role",
            "roles",
            "rolename",
            "permission",
            "permissions",
            "accesslevel",
            "risk",
            "riskscore",
            "risklevel",
            "sensitivity",
            "sensitive",
            "classification",
        ],
    ),
    (
        Context::Criticality,
        &[
            "criticality",
            "critical",
            "application",
            "applicationname",
            "appname",
            "app",
            "system",
            "systemname",
            "sourcename",
            "sourceid",
        ],
    ),
    (
        Context::Identity,
        &[
            "usertype",
            "employeetype",
            "employmenttype",
            "employment",
            "contractor",
            "contractors",
            "employee",
            "guest",
            "guests",
            "external",
            "isexternal",
            "persontype",
            "identitytype",
            "serviceaccount",
            "vendor",
            "workertype",
            "workerclass",
            "temporaryworker",
        ],
    ),
    (
        Context::Domain,
        &[
            "domain",
            "domains",
            "tenant",
            "tenantid",
            "company",
            "companyname",
            "organization",
            "organisation",
            "businessunit",
            "subsidiary",
        ],
    ),
    (Context::Environment, &["environment", "env", "stage", "staging", "landscape", "prod", "production"]),
    (
        Context::Time,
        &[
            "hour",
            "weekday",
            "dayofweek",
            "time",
            "date",
            "expiry",
            "expires",
            "expiration",
            "duration",
            "until",
            "validto",
            "enddate",
            "startdate",
            "days",
            "hours",
        ],
    ),
    (
        Context::Emergency,
        &["emergency", "urgent", "urgency", "breakglass", "priority", "severity", "incident", "incidents"],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The routes of the first workflow of a notation.
    fn of(text: &str) -> Vec<Route> {
        let workflows = crate::dsl::workflows(text);
        of_all(&workflows, &[], &Links::by_name(&workflows)).remove(0)
    }

    fn contexts(route: &Route) -> Vec<Context> {
        let mut all: Vec<Context> = route.reads.iter().map(|(c, _)| *c).collect();
        all.dedup();
        all
    }

    #[test]
    fn names_have_words() {
        assert_eq!(tokens("employeeType"), ["employee", "type", "employeetype"]);
        assert_eq!(tokens("is_VIP-user"), ["is", "vip", "user", "isvip", "vipuser"]);
        assert!(tokens("--").is_empty());
    }

    #[test]
    fn a_route_reads_the_fields_of_its_conditions_and_the_constants_they_are_compared_with() {
        let text = "trigger hook webhook auth caller\nstep if branch\n\
                    step add grant okta identity={trigger.user} entitlement={trigger.group}\n\
                    hook -> if\nif -[trigger.userType == \"contractor\"]-> add\n";
        let all = of(text);
        assert_eq!(contexts(&all[0]), [Context::Identity]);
        assert_eq!((all[0].entitlement, all[0].identity), (Choice::Chosen, Choice::Chosen));
        assert!(all[0].adds && !all[0].temporary);
        let plain = of(&text.replace("userType == \"contractor\"", "shoe == \"blue\""));
        assert!(plain[0].reads.is_empty());
        // A condition that is not on the way is none of the route's.
        let beside = of("trigger hook webhook auth caller\nstep if branch\nstep log write okta\n\
             step add grant okta identity={trigger.user} entitlement=staff\n\
             hook -> add -> if\nif -[trigger.priority == \"high\"]-> log\n");
        assert!(beside[0].reads.is_empty());
        assert_eq!(beside[0].entitlement, Choice::Fixed);
    }

    #[test]
    fn the_names_of_steps_are_no_evidence() {
        let named = of("trigger hook webhook auth caller\nstep priority read okta list in={trigger.user}\n\
             step if branch\nstep add grant okta identity={trigger.user}\n\
             hook -> priority -> if\nif -[step.priority.shoe == \"blue\"]-> add\n");
        assert!(named[0].reads.is_empty(), "{:?}", named[0].reads);
    }

    #[test]
    fn the_owner_of_what_is_given_stands_for_it() {
        let text = "trigger hook webhook auth caller\n\
                    step mail ask approver={trigger.group.owner} answer=approved yes=true no=false\nstep if branch\n\
                    step add grant okta identity={trigger.user} entitlement={trigger.group.id}\n\
                    hook -> mail -> if\nif -[step.mail.approved == true]-> add\n";
        assert_eq!(contexts(&of(text)[0]), [Context::Privilege]);
        assert!(of(&text.replace("group.owner", "user.manager"))[0].reads.is_empty());
    }
}
