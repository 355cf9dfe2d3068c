//! The facts as Cedar sees them, and the question put to it. The shapes are those of `countersign.cedarschema`.

use crate::act::Act;
use crate::facts::{Facts, Mode};
use crate::memo::Put;
use crate::set::PolicySet;
use crate::standing::{BreakGlass, Exception, Standing};
use crate::votes::{Standpoint, Tally};
use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request,
    RestrictedExpression as Value,
};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::str::FromStr;
use std::sync::LazyLock;

/// Cedar's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub allow: bool,
    /// Ids of the policies that decided, in order.
    pub because: Vec<String>,
    pub errors: Vec<String>,
}

impl Answer {
    fn failed(error: impl ToString) -> Self {
        Answer { allow: false, because: Vec::new(), errors: vec![error.to_string()] }
    }
}

/// A value, before it is Cedar's.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Datum<'a> {
    Bool(bool),
    Long(i64),
    Text(Cow<'a, str>),
    Set(Vec<Cow<'a, str>>),
    Record(Pairs<'a>),
}

/// Attributes by name.
pub(crate) type Pairs<'a> = Vec<(&'static str, Datum<'a>)>;

fn set<'a>(words: impl IntoIterator<Item = &'a str>) -> Datum<'a> {
    let mut words: Vec<Cow<'_, str>> = words.into_iter().map(Cow::Borrowed).collect();
    words.sort_unstable();
    words.dedup();
    Datum::Set(words)
}

fn long<'a>(value: impl TryInto<i64>) -> Datum<'a> {
    Datum::Long(value.try_into().unwrap_or(i64::MAX))
}

impl Datum<'_> {
    fn value(&self) -> Value {
        match self {
            Datum::Bool(b) => Value::new_bool(*b),
            Datum::Long(n) => Value::new_long(*n),
            Datum::Text(t) => Value::new_string(t.to_string()),
            Datum::Set(all) => Value::new_set(all.iter().map(|t| Value::new_string(t.to_string()))),
            // Names are written once each here, so that no record can have one twice.
            Datum::Record(pairs) => {
                Value::new_record(values(pairs)).unwrap_or_else(|_| Value::new_bool(false))
            }
        }
    }
}

pub(crate) fn values<'p, 'a: 'p>(pairs: impl IntoIterator<Item = &'p (&'static str, Datum<'a>)>) -> Values {
    pairs.into_iter().map(|(name, datum)| ((*name).to_owned(), datum.value())).collect()
}

macro_rules! pairs {
    ($($name:literal : $kind:ident($value:expr)),* $(,)?) => { vec![$(($name, pairs!(@ $kind $value))),*] };
    (@ bool $value:expr) => { Datum::Bool($value) };
    (@ long $value:expr) => { long($value) };
    (@ text $value:expr) => { Datum::Text(Cow::from($value)) };
    (@ set $value:expr) => { set($value) };
    (@ record $value:expr) => { Datum::Record($value) };
}

static TYPES: LazyLock<Option<[EntityTypeName; 3]>> = LazyLock::new(|| {
    let name = |n: &str| EntityTypeName::from_str(n).ok();
    Some([name("Person")?, name("Subject")?, name("Action")?])
});

/// The types of entities: who, what, and acts.
pub(crate) fn types() -> Option<&'static [EntityTypeName; 3]> {
    TYPES.as_ref()
}

/// An act, as policies name it.
pub(crate) fn action(act: Act) -> Option<EntityUid> {
    uid(2, act.as_str())
}

fn uid(kind: usize, id: &str) -> Option<EntityUid> {
    let name = TYPES.as_ref()?.get(kind)?.clone();
    Some(EntityUid::from_type_name_and_id(name, EntityId::new(id)))
}

/// Who acts.
pub(crate) fn person<'a>(stand: &Standpoint<'a>) -> Pairs<'a> {
    pairs! {
        "known": bool(stand.known),
        "active": bool(stand.active),
        "employment": text(stand.employment),
        "via": text(stand.via),
        "roles": set(stand.roles.iter().copied()),
        "contributor": bool(stand.contributor),
        "requester": bool(stand.requester),
        "owner": bool(stand.owner),
        "involved": bool(stand.involved),
        "delegated": bool(stand.delegated),
        "chain": bool(stand.chain_holds),
        "authority": bool(stand.authority),
        "onClosure": bool(stand.on_closure),
        "onPolicy": bool(stand.on_policy),
        "onEnvironment": bool(stand.on_environment),
        "shown": bool(stand.shown),
        "exceptionLimit": long(stand.limit),
    }
}

/// What an act is done to.
pub(crate) fn subject(facts: &Facts) -> Pairs<'_> {
    let s = &facts.subject;
    pairs! {
        "kind": text(s.kind.as_str()),
        "tier": long(s.effective_tier()),
        "opaque": bool(s.opaque),
        "effects": set(s.effects.iter().map(|k| k.as_str())),
        "systems": set(s.systems.iter().map(|x| x.name.as_str())),
        "criticality": long(s.criticality().level()),
        "privileged": bool(s.privileged()),
        "identities": set(s.identities.iter().map(|i| i.as_str())),
        "crossDomain": bool(s.cross_domain),
        "strangers": long(facts.strange()),
    }
}

fn entity(kind: usize, id: &str, values: Values) -> Result<Entity, String> {
    let id = uid(kind, id).ok_or("the entity types of the schema cannot be read")?;
    Entity::new(id, values.into_iter().collect(), HashSet::new()).map_err(|e| e.to_string())
}

/// Whether an act rests on approvals.
pub(crate) fn is_approved(act: Act) -> bool {
    matches!(act, Act::Release | Act::RollBack | Act::TakeOver | Act::Change(_))
}

/// The facts that an act rests on, with what the approvals come to.
pub(crate) fn context<'a>(facts: &'a Facts, act: Act, tally: &Tally<'a>) -> Pairs<'a> {
    let mut all = moment(facts);
    if is_approved(act) {
        all.push(("votes", Datum::Record(votes(tally))));
    }
    match act {
        Act::Release => all.extend(evidence(facts)),
        Act::GrantException | Act::RenewException | Act::EndException => {
            all.push(("exception", Datum::Record(exception(facts.exception.as_ref(), facts))));
        }
        Act::OpenBreakGlass | Act::UseBreakGlass | Act::CloseBreakGlass | Act::PostChangeReview => {
            all.push(("glass", Datum::Record(glass(facts))));
        }
        _ if is_approved(act) => {
            let before = facts.target.as_ref().is_some_and(|t| t.released_before);
            all.push(("releasedBefore", Datum::Bool(before)));
        }
        _ => {}
    }
    all
}

fn moment(facts: &Facts) -> Pairs<'_> {
    let date = facts.at.to_string();
    pairs! {
        "environment": text(facts.environment.as_str()),
        "mode": text(facts.mode().as_str()),
        "at": long(facts.at.0),
        "date": text(date.get(..10).unwrap_or_default().to_owned()),
        "weekday": text(facts.at.weekday()),
        "hour": long(facts.at.hour()),
        "emergency": bool(facts.break_glass.iter().any(|g| g.is_open_for(&facts.subject.name, facts.at))),
        "ai": text(facts.ai.as_str()),
    }
}

fn votes<'a>(tally: &Tally<'a>) -> Pairs<'a> {
    pairs! {
        "all": long(tally.all),
        "peer": long(tally.peer),
        "security": long(tally.security),
        "owner": bool(tally.owner),
        "refusals": long(tally.refusers.len()),
        "roles": set(tally.roles.iter().copied()),
    }
}

fn evidence(facts: &Facts) -> Pairs<'_> {
    let open = |severity| facts.open_findings().filter(|f| f.severity == severity).count();
    pairs! {
        "record": record(pairs! {
            "complete": bool(facts.record.present && facts.record.lacks.is_empty()),
            "ownersActive": bool(facts.owners_active()),
        }),
        "findings": record(pairs! {
            "critical": long(open(workflow::Severity::Critical)),
            "high": long(open(workflow::Severity::High)),
        }),
        "proofs": record(pairs! { "failing": long(facts.failing_proofs().count()) }),
        "tests": record(tests(facts)),
        "boundaryKept": bool(facts.boundary.is_empty()),
        "components": record(pairs! { "unapproved": long(facts.unapproved_components().count()) }),
        "credentials": record(pairs! { "stale": long(facts.stale_credentials().count()) }),
        "reviews": record(pairs! { "overdue": long(facts.overdue_reviews().count()) }),
        "excepted": set(excepted(facts)),
    }
}

fn tests(facts: &Facts) -> Pairs<'static> {
    let tests = facts.tests.clone().unwrap_or_default();
    let here = facts.tests.is_some();
    // Evidence from the future is no evidence: it counts as old as can be.
    let age = facts.at.hours_since(tests.at);
    pairs! {
        "present": bool(here && tests.passed + tests.failed > 0),
        "onClosure": bool(here && tests.closure == facts.subject.closure),
        "passed": bool(here && tests.failed == 0 && tests.passed > 0),
        "age": long(if here && age >= 0 { age } else { i64::MAX }),
        "mutation": long(tests.mutation),
    }
}

fn excepted(facts: &Facts) -> BTreeSet<&str> {
    let holds = facts.exceptions.iter().filter(|e| e.subject == facts.subject.name);
    let holds = holds.filter(|e| e.standing(facts.at) == Standing::Holds);
    holds.flat_map(|e| &e.covers).map(String::as_str).collect()
}

fn exception(exception: Option<&Exception>, facts: &Facts) -> Pairs<'static> {
    let hours = exception.and_then(Exception::hours);
    let begins = exception.and_then(|e| e.from).is_some_and(|from| facts.at.hours_since(from) <= 24);
    pairs! {
        "bounded": bool(hours.is_some_and(|h| h > 0) && begins),
        "hours": long(hours.unwrap_or(i64::MAX)),
        "renewals": long(exception.map_or(0, |e| e.renewals)),
        "owned": bool(exception.is_some_and(|e| facts.with_us(&e.owner))),
        "compensated": bool(exception.is_some_and(|e| !e.compensating.trim().is_empty())),
    }
}

fn glass(facts: &Facts) -> Pairs<'static> {
    let glass = facts.glass.as_ref();
    let says = |of: fn(&BreakGlass) -> &str| glass.is_some_and(|g| !of(g).trim().is_empty());
    let here = &facts.subject.name;
    pairs! {
        "reason": bool(says(|g| &g.reason)),
        "ticket": bool(says(|g| &g.ticket)),
        "scoped": bool(glass.is_some_and(|g| g.scope.iter().any(|s| s == here))),
        "wayBack": bool(glass.is_some_and(|g| g.way_back)),
        "hours": long(glass.and_then(BreakGlass::hours).unwrap_or(i64::MAX)),
        "holds": bool(glass.is_some_and(|g| g.is_open_for(here, facts.at))),
        "mine": bool(glass.is_some_and(|g| facts.is_mine(g))),
    }
}

/// Which policies of an act are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    All,
    Always,
}

impl Which {
    /// All, where it is enforced; where it is not, those that hold in every mode.
    pub fn in_mode(mode: Mode) -> Self {
        if mode == Mode::Enforce { Which::All } else { Which::Always }
    }
}

/// Asks Cedar, or remembers what it answered to the same. Any error of any policy denies.
pub(crate) fn ask(
    set: &PolicySet,
    which: Which,
    act: Act,
    stand: &Standpoint<'_>,
    (name, subject, context): (&str, &Pairs<'_>, &Pairs<'_>),
) -> Answer {
    let Some(slice) = set.slice(act) else { return Answer::failed("the act has no policies") };
    let (policies, quick, memo) = match which {
        Which::All => (&slice.all, &slice.quick, &slice.memo),
        Which::Always => (&slice.always, &slice.quick_always, &slice.memo_always),
    };
    let person = person(stand);
    let put = || {
        // What no policy of the act reads is left out: it costs more than the rest.
        let read = |variable: &str, pairs: &Pairs<'_>| values(memo.read_of(variable, pairs));
        let context = read("context", context);
        posed(act, (stand.id, read("principal", &person)), (name, read("resource", subject)), context)
    };
    memo.answer(Put { person: &person, subject, context }, || match put() {
        Ok((request, entities)) => {
            let quickly = quick.as_ref().and_then(|q| q.answer(&request, &entities));
            quickly.unwrap_or_else(|| answer(&request, policies, &entities))
        }
        Err(error) => Answer::failed(error),
    })
}

/// Attributes as Cedar takes them.
pub(crate) type Values = Vec<(String, Value)>;

/// A question as Cedar takes it: who, what, and the rest.
pub(crate) fn posed(
    act: Act,
    (id, person): (&str, Values),
    (name, subject): (&str, Values),
    context: Values,
) -> Result<(Request, Entities), String> {
    let (person, subject) = (entity(0, id, person)?, entity(1, name, subject)?);
    let action = action(act).ok_or("the entity types of the schema cannot be read")?;
    let context = Context::from_pairs(context).map_err(|e| e.to_string())?;
    let request =
        Request::new(person.uid(), action, subject.uid(), context, None).map_err(|e| e.to_string())?;
    let entities = Entities::from_entities([person, subject], None).map_err(|e| e.to_string())?;
    Ok((request, entities))
}

/// Cedar's response as an answer, in a fixed order.
pub(crate) fn answer(request: &Request, policies: &cedar_policy::PolicySet, entities: &Entities) -> Answer {
    static AUTHORIZER: LazyLock<Authorizer> = LazyLock::new(Authorizer::new);
    let response = AUTHORIZER.is_authorized(request, policies, entities);
    let mut because: Vec<String> = response.diagnostics().reason().map(ToString::to_string).collect();
    let mut errors: Vec<String> = response.diagnostics().errors().map(ToString::to_string).collect();
    because.sort();
    errors.sort();
    Answer { allow: response.decision() == Decision::Allow && errors.is_empty(), because, errors }
}
