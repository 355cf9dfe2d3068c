//! What could be offered for a case: evidence that is not there, and people who have not spoken, sorted into those between
//! whom no policy can tell a difference.

use crate::act::{Act, Verdict};
use crate::decide::Asked;
use crate::decision::{Need, VoteGroup};
use crate::facts::{Actor, Facts};
use crate::need::present;
use crate::person::Person;
use crate::set::PolicySet;
use crate::standing::BreakGlass;
use crate::votes::{self, Parties, SECURITY, Standpoint};
use std::collections::BTreeMap;

/// The most people that a need names.
const MOST_NAMES: usize = 12;
/// The most groups of people who are alike.
const MOST_GROUPS: usize = 12;
/// How many of one group are tried in one way.
const MOST_OF_ONE: usize = 2;
/// The most needs of one kind.
const MOST_ITEMS: usize = 24;

/// Everything that could be offered.
pub(crate) fn of(set: &PolicySet, facts: &Facts) -> Vec<Need> {
    let mut needs: Vec<Need> = statement(facts).into_iter().chain(authority(facts)).collect();
    if facts.act == Act::Release {
        needs.extend(record(facts));
        needs.extend(evidence(facts));
        needs.extend(parts(facts));
        needs.extend(refusals(facts));
    }
    needs.extend(authors(facts));
    needs.extend(lanes(facts));
    needs.extend(approvals(set, facts));
    needs
}

fn ids<'a>(people: impl IntoIterator<Item = &'a Person>, facts: &Facts) -> Vec<String> {
    let with_us = people.into_iter().filter(|p| p.active_at(facts.at) && votes::may_vote(p));
    let mut ids: Vec<String> = with_us.map(|p| p.id.clone()).collect();
    ids.sort();
    ids.dedup();
    ids.truncate(MOST_NAMES);
    ids
}

/// Those who answer for the subject; where nobody does, those who write workflows.
fn owners(facts: &Facts) -> Vec<String> {
    let names = facts.record.deputies.iter().chain([&facts.record.owner]);
    let owners = ids(names.flat_map(|n| facts.people.named(n)), facts);
    if owners.is_empty() { ids(facts.people.with_role("workflow-author", facts.at), facts) } else { owners }
}

fn named(facts: &Facts, name: &str) -> Vec<String> {
    ids(facts.people.named(name), facts)
}

/// The actor's own statement, where it speaks of something else than what is present.
fn statement(facts: &Facts) -> Option<Need> {
    let now = present(facts, &facts.actor.account);
    let differs = |said: &Option<String>, now: &Option<String>| said.is_some() && said != now;
    let is = [
        (differs(&facts.actor.closure, &now.closure), "closure"),
        (differs(&facts.actor.policy, &now.policy), "policy"),
        (differs(&facts.actor.environment, &now.environment), "environment"),
        (
            facts.actor.shown.is_none() || (!facts.view.is_empty() && facts.actor.shown != now.shown),
            "what was shown",
        ),
    ];
    let stale: Vec<String> =
        is.iter().filter(|(differs, _)| *differs).map(|(_, what)| (*what).to_owned()).collect();
    (!stale.is_empty()).then_some(Need::Anew { stale })
}

/// Where somebody claims what they do not have: a role that was delegated to them, else their own right.
fn authority(facts: &Facts) -> Option<Need> {
    let stand = votes::standpoint(facts, &Parties::of(facts), &facts.actor, facts.at);
    let has = stand.authority && (stand.chain_holds || !stand.delegated);
    let best = facts.lent(&facts.actor).into_iter().max_by_key(|role| *role == SECURITY);
    (!has).then(|| Need::Authority { role: best.map(str::to_owned) })
}

fn record(facts: &Facts) -> Vec<Need> {
    let mut needs = Vec::new();
    if !facts.record.present || !facts.record.lacks.is_empty() {
        needs.push(Need::Record { lacks: facts.record.lacks.clone(), by: owners(facts) });
    }
    let owner = ids(facts.people.with_role("process-owner", facts.at), facts);
    let approver = ids(facts.people.with_role(SECURITY, facts.at), facts);
    if let (false, Some(owner), Some(approver)) = (facts.owners_active(), owner.first(), approver.first()) {
        needs.push(Need::Owners { by: vec![owner.clone(), approver.clone()] });
    }
    needs
}

fn evidence(facts: &Facts) -> Vec<Need> {
    let by = owners(facts);
    let finding = |f: &crate::facts::FindingFact| Need::Finding {
        rule: f.rule.clone(),
        step: f.step.clone(),
        by: by.clone(),
    };
    let mut needs: Vec<Need> = facts.blocking_findings().map(finding).collect();
    needs.sort();
    needs.dedup();
    needs.truncate(MOST_ITEMS);
    let proofs = facts.failing_proofs().map(|p| Need::Proof { name: p.name.clone(), by: by.clone() });
    needs.extend(proofs.take(MOST_ITEMS));
    needs.push(Need::Tests { by: by.clone() });
    let now = facts.tests.as_ref().map_or(0, |t| t.mutation);
    if now < 100 {
        needs.push(Need::Mutation { now, needed: 100, by: by.clone() });
    }
    if !facts.boundary.is_empty() {
        needs.push(Need::Boundary { beyond: facts.boundary.clone(), by });
    }
    needs
}

fn parts(facts: &Facts) -> Vec<Need> {
    let theirs = |id: &String| {
        facts.contributors.iter().any(|c| facts.people.authors(&c.account).contains(id.as_str()))
    };
    let mut security = ids(facts.people.with_role(SECURITY, facts.at), facts);
    security.retain(|id| !theirs(id));
    let component = |c: &crate::facts::Component| Need::Component {
        kind: c.kind,
        name: c.name.clone(),
        version: c.version.clone(),
        by: security.clone(),
    };
    let mut needs: Vec<Need> = facts.unapproved_components().map(component).take(MOST_ITEMS).collect();
    let stale = facts.stale_credentials().take(MOST_ITEMS);
    needs.extend(stale.map(|c| Need::Rotation { credential: c.id.clone(), by: named(facts, &c.owner) }));
    for review in facts.overdue_reviews().take(MOST_ITEMS) {
        let involved =
            |p: &&Person| review.involved.iter().any(|n| facts.people.humans(n).contains(p.id.as_str()));
        let roles = [SECURITY, "internal-audit", "process-owner"];
        let able = roles.iter().flat_map(|r| facts.people.with_role(r, facts.at)).filter(|p| !involved(p));
        needs.push(Need::Review { of: review.of.clone(), by: ids(able, facts) });
    }
    needs.sort();
    needs.dedup();
    needs
}

/// Whose part in it nobody knows, where it matters.
fn authors(facts: &Facts) -> Option<Need> {
    let asked = matches!(facts.act, Act::Release | Act::ApproveComponent(_) | Act::Change(_));
    let mut unknown: Vec<String> = facts.strangers().map(|c| c.account.clone()).collect();
    unknown.sort();
    unknown.dedup();
    (asked && !unknown.is_empty()).then_some(Need::Authors { unknown })
}

/// What the other lanes need.
fn lanes(facts: &Facts) -> Vec<Need> {
    let actor = named(facts, &facts.actor.account);
    match facts.act {
        Act::GrantException | Act::RenewException if facts.exception.is_some() => {
            let lacks = vec![
                "a beginning and an end at most 90 days apart, an owner who is with us, what is done instead"
                    .to_owned(),
            ];
            vec![Need::ExceptionMended { lacks, by: actor }]
        }
        Act::OpenBreakGlass => vec![Need::GlassMended { lacks: glass_lacks(facts), by: actor }],
        Act::UseBreakGlass => vec![Need::GlassOpened { by: actor }],
        Act::RollBack => {
            let open = ids(facts.people.with_role("break-glass", facts.at), facts);
            vec![Need::ReleasedTarget { by: owners(facts) }, Need::GlassOpened { by: open }]
        }
        _ => Vec::new(),
    }
}

fn glass_lacks(facts: &Facts) -> Vec<String> {
    let none = BreakGlass::default();
    let glass = facts.glass.as_ref().unwrap_or(&none);
    let lacks = [
        (glass.reason.trim().is_empty(), "a reason"),
        (glass.ticket.trim().is_empty(), "a ticket"),
        (!glass.scope.contains(&facts.subject.name), "a scope that names the workflow"),
        (glass.hours().is_none_or(|h| !(1..=8).contains(&h)), "an end within 8 hours"),
        (
            !glass.way_back,
            "a way back that was rehearsed: tests of what is released, attested to and passing",
        ),
    ];
    lacks.iter().filter(|(lacking, _)| *lacking).map(|(_, what)| (*what).to_owned()).collect()
}

fn refusals(facts: &Facts) -> Vec<Need> {
    let refusing = facts.approvals.iter().filter(|a| a.verdict != Verdict::Approve);
    let mut needs: Vec<Need> = refusing
        .filter_map(|a| match facts.people.find(&a.by.account) {
            crate::people::Found::One(person, _) => {
                Some(Need::RefusalWithdrawn { by: vec![person.id.clone()] })
            }
            _ => None,
        })
        .collect();
    needs.sort();
    needs.dedup();
    needs
}

/// People who could speak, as they would be seen; those who are alike together, by what policies can tell apart.
fn alike<'a>(facts: &'a Facts, actors: &'a [Actor]) -> Vec<Vec<(Standpoint<'a>, &'a Actor)>> {
    let parties = Parties::of(facts);
    let mut groups: BTreeMap<String, Vec<(Standpoint<'a>, &'a Actor)>> = BTreeMap::new();
    for actor in actors {
        let stand = votes::standpoint(facts, &parties, actor, facts.at);
        let seen = Standpoint { id: "", humans: std::collections::BTreeSet::new(), ..stand.clone() };
        let order = u8::from(seen.roles.is_empty());
        groups.entry(format!("{order} {seen:?}")).or_default().push((stand, actor));
    }
    groups.into_values().collect()
}

fn everybody(facts: &Facts) -> Vec<Actor> {
    let able = facts.people.all().iter().filter(|p| p.active_at(facts.at) && votes::may_vote(p));
    let mut all: Vec<Actor> = able.map(|p| present(facts, &p.id)).collect();
    all.sort_by(|a, b| a.account.cmp(&b.account));
    all
}

/// Approvals that could be given, by groups of people who are alike; each person is asked about.
fn approvals(set: &PolicySet, facts: &Facts) -> Vec<Need> {
    if !crate::cedar::is_approved(facts.act) {
        return Vec::new();
    }
    let actors = everybody(facts);
    let parties = Parties::of(facts);
    let (asked, approving) = (Asked::of(set, facts, &parties), Asked::approving(set, facts));
    let counted = asked.counted();
    let mut needs = Vec::new();
    for members in alike(facts, &actors) {
        let free = members.iter().filter(|(stand, _)| !counted.contains(&stand.id));
        let able: Vec<&(Standpoint<'_>, &Actor)> =
            free.filter(|(stand, _)| approving.would_count(stand)).take(MOST_NAMES).collect();
        let Some((first, _)) = able.first() else { continue };
        let by: Vec<String> = able.iter().map(|(stand, _)| stand.id.to_owned()).collect();
        let need = Need::Approval { group: votes::group(first), by };
        let times = able.len().min(MOST_OF_ONE);
        needs.push((need, times));
    }
    needs.sort_by_key(|(need, _)| matches!(need, Need::Approval { group: VoteGroup::Other, .. }));
    needs.truncate(MOST_GROUPS);
    needs.into_iter().flat_map(|(need, times)| std::iter::repeat_n(need, times)).collect()
}

/// Others who could act in place of the actor, by groups of people who are alike: those with roles first.
pub(crate) fn actors(facts: &Facts) -> Vec<Need> {
    let mut actors = everybody(facts);
    // Who was refused is told what else they could claim; they are nobody else.
    let claims = facts.actor.on_behalf_of.is_some() || facts.actor.authority.is_some();
    let themselves = named(facts, &facts.actor.account);
    actors.retain(|a| !claims || !themselves.contains(&a.account));
    let need = |members: Vec<(Standpoint<'_>, &Actor)>| Need::AnotherActor {
        by: members.iter().take(MOST_NAMES).map(|(stand, _)| stand.id.to_owned()).collect(),
    };
    alike(facts, &actors).into_iter().map(need).take(MOST_GROUPS * 2).collect()
}

/// Others of whom each could act alone, as one need.
pub(crate) fn any_of(others: Vec<Need>) -> Option<Need> {
    let names =
        others.into_iter().flat_map(|n| if let Need::AnotherActor { by } = n { by } else { Vec::new() });
    let mut by: Vec<String> = names.collect();
    by.sort();
    by.dedup();
    by.truncate(MOST_NAMES);
    (!by.is_empty()).then_some(Need::AnotherActor { by })
}
