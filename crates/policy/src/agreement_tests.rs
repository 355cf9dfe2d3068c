//! Our answers against Cedar asked directly: all policies in one set as they are parsed from the files, entities and context
//! from JSON, everything validated against the schema. The same answer, the same reasons, the same errors.

use crate::cedar::Answer;
use crate::decide::Asked;
use crate::votes::{self, Parties, Standpoint, Tally};
use crate::{Act, Facts, PolicySet, SCHEMA, Source, Verdict, sample};
use cedar_policy as cedar;
use serde_json::{Value, json};
use std::str::FromStr;

/// Policies of an organisation that can fail: numbers that overflow where somebody has voted, or refused.
const FAILING: &str = r#"
    @id("sum") @reason("sums")
    forbid (principal, action in [Action::"release", Action::"roll-back"], resource)
    when { resource.tier >= 2 && context.votes.all + 9223372036854775806 < 0 };
    @id("refusal-sum") @reason("sums") @holds("always") forbid (principal, action == Action::"release", resource)
    when { context.votes.refusals * 9223372036854775807 > 9223372036854775806 - context.votes.all && context.hour > 25 };
    @id("weekend") @reason("It is {weekday}.") forbid (principal, action in [Action::"release", Action::"approve"], resource)
    when { resource.tier >= 3 && ["saturday", "wednesday"].contains(context.weekday) && principal.roles.contains("policy-owner") };
"#;

struct Direct {
    schema: cedar::Schema,
    policies: cedar::PolicySet,
}

impl Direct {
    fn new(files: &[String]) -> Self {
        let (schema, _) = cedar::Schema::from_cedarschema_str(SCHEMA).unwrap();
        let parsed = files.iter().map(|text| cedar::PolicySet::from_str(text).unwrap());
        let named = parsed.flat_map(|set| {
            let all: Vec<_> = set.policies().cloned().collect();
            all.into_iter().map(|p| p.new_id(cedar::PolicyId::new(p.annotation("id").unwrap())))
        });
        Direct { policies: cedar::PolicySet::from_policies(named).unwrap(), schema }
    }

    fn ask(&self, facts: &Facts, act: Act, stand: &Standpoint<'_>, tally: &Tally<'_>, valid: bool) -> Answer {
        let uid = |kind: &str, id: &str| cedar::EntityUid::from_str(&format!("{kind}::{id:?}")).unwrap();
        let action = uid("Action", act.as_str());
        let (person, subject) = (uid("Person", stand.id), uid("Subject", &facts.subject.name));
        let entities = json!([
            {"uid": {"type": "Person", "id": stand.id}, "attrs": person_attributes(stand), "parents": []},
            {"uid": {"type": "Subject", "id": facts.subject.name}, "attrs": subject_attributes(facts), "parents": []},
        ]);
        let schema = valid.then_some(&self.schema);
        let entities = cedar::Entities::from_json_value(entities, schema).unwrap();
        let context = context(facts, act, tally);
        let context = cedar::Context::from_json_value(context, schema.map(|s| (s, &action))).unwrap();
        let request = cedar::Request::new(person, action, subject, context, schema).unwrap();
        let response = cedar::Authorizer::new().is_authorized(&request, &self.policies, &entities);
        let mut because: Vec<String> = response.diagnostics().reason().map(ToString::to_string).collect();
        let mut errors: Vec<String> = response.diagnostics().errors().map(ToString::to_string).collect();
        because.sort();
        errors.sort();
        Answer { allow: response.decision() == cedar::Decision::Allow && errors.is_empty(), because, errors }
    }
}

fn person_attributes(s: &Standpoint<'_>) -> Value {
    json!({
        "known": s.known, "active": s.active, "employment": s.employment, "via": s.via, "roles": s.roles,
        "contributor": s.contributor, "requester": s.requester, "owner": s.owner, "involved": s.involved,
        "delegated": s.delegated, "chain": s.chain_holds, "authority": s.authority, "onClosure": s.on_closure,
        "onPolicy": s.on_policy, "onEnvironment": s.on_environment, "shown": s.shown, "exceptionLimit": s.limit,
    })
}

fn subject_attributes(facts: &Facts) -> Value {
    let s = &facts.subject;
    let words = serde_json::to_value(s).unwrap();
    let names: Vec<&str> = s.systems.iter().map(|x| x.name.as_str()).collect();
    json!({
        "kind": words["kind"], "tier": s.effective_tier(), "opaque": s.opaque, "effects": words["effects"],
        "systems": names, "criticality": s.systems.iter().map(|x| x.criticality as i64).max().unwrap_or(2),
        "privileged": s.entitlements.iter().any(|e| e.privileged), "identities": words["identities"],
        "crossDomain": s.cross_domain,
        "strangers": facts.contributors.iter().filter(|c| {
            facts.people.humans(&c.account).is_empty()
                && !facts.excepted(&format!("contributor:{}", c.account))
        }).map(|c| &c.account).collect::<std::collections::BTreeSet<_>>().len(),
    })
}

fn context(facts: &Facts, act: Act, tally: &Tally<'_>) -> Value {
    let stamp = facts.at.to_string();
    let mut all = json!({
        "environment": facts.environment, "mode": facts.mode(), "at": facts.at.0, "date": &stamp[..10],
        "weekday": facts.at.weekday(), "hour": stamp[11..13].parse::<i64>().unwrap(),
        "emergency": facts.break_glass.iter().any(|g| g.is_open_for(&facts.subject.name, facts.at)),
        "ai": facts.ai,
    });
    let word = act.as_str();
    let approved = ["release", "roll-back", "take-over"].contains(&word) || word.starts_with("change-");
    let more = match word {
        "release" => evidence(facts),
        w if w.ends_with("-exception") => json!({"exception": exception(facts)}),
        w if w.ends_with("-break-glass") || w == "post-change-review" => json!({"glass": glass(facts)}),
        _ if approved => json!({"releasedBefore": facts.target.as_ref().is_some_and(|t| t.released_before)}),
        _ => json!({}),
    };
    let fields = all.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    if approved {
        fields.insert(
            "votes".into(),
            json!({
                "all": tally.all, "peer": tally.peer, "security": tally.security, "owner": tally.owner,
                "refusals": tally.refusers.len(), "roles": tally.roles,
            }),
        );
    }
    all
}

fn evidence(facts: &Facts) -> Value {
    let holding = facts.exceptions.iter().filter(|e| e.standing(facts.at) == crate::Standing::Holds);
    let excepted: Vec<&String> =
        holding.filter(|e| e.subject == facts.subject.name).flat_map(|e| &e.covers).collect();
    let open = |word: &str| {
        let words = facts.open_findings().map(|f| serde_json::to_value(f.severity).unwrap());
        words.filter(|w| *w == json!(word)).count()
    };
    json!({
        "record": {"complete": facts.record.present && facts.record.lacks.is_empty(), "ownersActive": facts.owners_active()},
        "findings": {"critical": open("critical"), "high": open("high")},
        "proofs": {"failing": facts.failing_proofs().count()},
        "tests": tests(facts),
        "boundaryKept": facts.boundary.is_empty(),
        "components": {"unapproved": facts.unapproved_components().count()},
        "credentials": {"stale": facts.stale_credentials().count()},
        "reviews": {"overdue": facts.overdue_reviews().count()},
        "excepted": excepted,
    })
}

fn tests(facts: &Facts) -> Value {
    match &facts.tests {
        None => {
            json!({"present": false, "onClosure": false, "passed": false, "age": i64::MAX, "mutation": 0})
        }
        Some(t) => json!({
            "present": t.passed + t.failed > 0, "onClosure": t.closure == facts.subject.closure,
            "passed": t.failed == 0 && t.passed > 0, "age": (facts.at.0 - t.at.0) / 3600, "mutation": t.mutation,
        }),
    }
}

fn exception(facts: &Facts) -> Value {
    let e = facts.exception.as_ref().unwrap();
    let span = e.from.zip(e.until).map(|(from, until)| until.0 - from.0);
    json!({
        "bounded": span.is_some_and(|s| s > 0), "hours": span.map_or(i64::MAX, |s| (s + 3599).div_euclid(3600)),
        "renewals": e.renewals, "owned": e.owner == "olga", "compensated": !e.compensating.is_empty(),
    })
}

fn glass(facts: &Facts) -> Value {
    let g = facts.glass.as_ref().unwrap();
    let span = g.until.unwrap().0 - g.from.unwrap().0;
    json!({
        "reason": !g.reason.is_empty(), "ticket": !g.ticket.is_empty(), "scoped": g.scope == [facts.subject.name.clone()],
        "wayBack": g.way_back, "hours": (span + 3599).div_euclid(3600),
        "holds": facts.at >= g.from.unwrap() && facts.at < g.until.unwrap() && g.closed.is_none(),
        "mine": facts.people.humans(&facts.actor.account).contains("ivo"),
    })
}

/// The files of the core, read as files: not as the set that is tested holds them.
fn core_files() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/policies");
    let files = std::fs::read_dir(folder).unwrap().flatten().map(|e| e.path());
    files
        .filter(|p| p.extension().is_some_and(|e| e == "cedar"))
        .map(|p| std::fs::read_to_string(p).unwrap())
        .collect()
}

/// Compares case after case, until so many requests were put; every tenth case is validated against the schema. Returns how
/// many cases were allowed, denied, and failed.
fn compare(requests: usize) -> [usize; 3] {
    let core = (PolicySet::core(), Direct::new(&core_files()));
    let own = Source { file: "own.cedar".into(), text: FAILING.into() };
    let failing_files = [core_files(), vec![FAILING.to_owned()]].concat();
    let failing = (PolicySet::with(&[own]), Direct::new(&failing_files));
    assert_eq!(failing.0.problems(), []);
    let (mut seen, mut put, mut number) = ([0; 3], 0, 0);
    while put < requests {
        let (set, direct) = if number % 3 == 0 { &failing } else { &core };
        let facts = sample::case(number);
        let valid = number % 10 == 0;
        put += facts.approvals.len() + 1;
        let [allowed, failed] = same(set, direct, &facts, number, valid);
        seen[usize::from(!allowed)] += 1;
        seen[2] += usize::from(failed);
        number += 1;
    }
    seen
}

/// Compares one case; says whether it is allowed, and whether something failed.
fn same(set: &PolicySet, direct: &Direct, facts: &Facts, number: u64, valid: bool) -> [bool; 2] {
    let parties = Parties::of(facts);
    let asked = Asked::of(set, facts, &parties);
    let approve = Act::Review(Verdict::Approve);
    for approval in &facts.approvals {
        let stand = votes::standpoint(facts, &parties, &approval.by, approval.at);
        let theirs = direct.ask(facts, approve, &stand, &Tally::default(), valid);
        let ours = Asked::approving(set, facts).ask_all(approve, &stand);
        assert_eq!(ours, theirs, "case {number}, approval of {}", approval.by.account);
    }
    let stand = votes::standpoint(facts, &parties, &facts.actor, facts.at);
    let theirs = direct.ask(facts, facts.act, &stand, asked.tally(), valid);
    let ours = asked.ask_all(facts.act, &stand);
    assert_eq!(ours, theirs, "case {number}");
    let decision = crate::answer(set, facts);
    assert_eq!(decision.verdict, theirs.allow && asked.tally().errors.is_empty(), "case {number}");
    let told: Vec<&str> =
        decision.because.iter().map(|b| b.policy.as_str()).filter(|p| *p != "default-deny").collect();
    assert_eq!(told, theirs.because, "case {number}");
    [ours.allow, !ours.errors.is_empty()]
}

#[test]
fn cedar_asked_directly_says_the_same() {
    let [allowed, denied, failed] = compare(2_000);
    assert!(allowed > 100 && denied > 100 && failed > 10, "{allowed} {denied} {failed}");
}

#[test]
#[ignore = "a million requests, many minutes: ./test --slow"]
fn cedar_asked_directly_says_the_same_a_million_times() {
    let [allowed, denied, failed] = compare(1_000_000);
    assert!(allowed > 50_000 && denied > 50_000 && failed > 5_000, "{allowed} {denied} {failed}");
}
