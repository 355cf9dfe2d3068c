//! Who acts, as facts about one human; and which approvals count. People are resolved here; what follows from that is
//! decided by the policies.

use crate::act::{Act, Verdict};
use crate::decision::{Vote, VoteGroup};
use crate::facts::{Actor, Facts};
use crate::moment::Moment;
use crate::people::{Found, Via};
use crate::person::{Employment, Person};
use std::collections::BTreeSet;

/// The role that makes a vote one of security.
pub(crate) const SECURITY: &str = "security-approver";
/// The roles that make a vote one of a peer. So does owning the subject.
const PEERS: [&str; 4] = ["workflow-author", "process-owner", "peer-reviewer", "policy-owner"];

/// Somebody who acts, as policies see them.
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(clippy::struct_excessive_bools, reason = "they are the attributes of the schema")]
pub(crate) struct Standpoint<'a> {
    pub id: &'a str,
    pub known: bool,
    pub active: bool,
    pub employment: &'static str,
    pub via: &'static str,
    pub roles: BTreeSet<&'a str>,
    /// Every human whose vote this uses up: who acts, who answers for them, whom they act for, and who is between.
    pub humans: BTreeSet<&'a str>,
    pub chain: Vec<&'a str>,
    pub contributor: bool,
    pub requester: bool,
    pub owner: bool,
    pub involved: bool,
    pub delegated: bool,
    pub chain_holds: bool,
    pub authority: bool,
    pub on_closure: bool,
    pub on_policy: bool,
    pub on_environment: bool,
    pub shown: bool,
    pub limit: u8,
}

/// The humans who have a part in a case, found once for all that is asked about it.
#[derive(Debug, Default)]
pub(crate) struct Parties<'a> {
    contributors: BTreeSet<&'a str>,
    requester: BTreeSet<&'a str>,
    owners: BTreeSet<&'a str>,
    involved: BTreeSet<&'a str>,
}

impl<'a> Parties<'a> {
    pub fn of(facts: &'a Facts) -> Self {
        let people = &facts.people;
        let record = &facts.record;
        let behind =
            |names: &mut dyn Iterator<Item = &'a String>| names.flat_map(|n| people.humans(n)).collect();
        let owners = record.deputies.iter().chain([&record.owner]);
        let glass = facts.glass.iter().filter(|_| facts.act == Act::PostChangeReview);
        let due = facts.open_reviews.iter().filter(|r| facts.glass.as_ref().is_some_and(|g| g.id == r.of));
        let mut involved =
            glass.flat_map(|g| g.used_by.iter().chain([&g.opened_by])).chain(due.flat_map(|r| &r.involved));
        Parties {
            contributors: facts
                .contributors
                .iter()
                .flat_map(|c| people.authors(&c.account))
                .chain(facts.vouched().flat_map(|(_, by)| people.humans(by)))
                .collect(),
            requester: behind(&mut [&facts.requester].into_iter()),
            owners: owners.flat_map(|name| people.named(name)).map(|p| p.id.as_str()).collect(),
            involved: behind(&mut involved),
        }
    }
}

/// What policies see of an actor who acts at a moment.
pub(crate) fn standpoint<'a>(
    facts: &'a Facts,
    parties: &Parties<'a>,
    actor: &'a Actor,
    at: Moment,
) -> Standpoint<'a> {
    let mut stand =
        Standpoint { id: "", employment: "unknown", via: "own", authority: true, ..Standpoint::default() };
    bind(facts, actor, &mut stand);
    let Found::One(person, via) = facts.people.find(&actor.account) else {
        stand.humans = facts.people.humans(&actor.account);
        involve(parties, &mut stand);
        return stand;
    };
    stand.id = &person.id;
    stand.known = facts.people.signer(&actor.account, at).is_ok();
    stand.active = person.active_at(at) && person.active_at(facts.at);
    stand.employment = person.employment.as_str();
    stand.via = match via {
        Via::Own => "own",
        Via::Former => "former",
        Via::Service => "service",
        Via::Agent => "agent",
    };
    stand.humans = facts.people.humans(&actor.account);
    let holder = behalf(facts, actor, person, at, &mut stand);
    lend(actor, holder, at, &mut stand);
    involve(parties, &mut stand);
    stand
}

/// What the statement is bound to.
fn bind(facts: &Facts, actor: &Actor, stand: &mut Standpoint<'_>) {
    let same = |said: &Option<String>, now: &str| said.as_deref().is_none_or(|s| s == now);
    stand.on_closure = same(&actor.closure, &facts.subject.closure);
    stand.on_policy = same(&actor.policy, &facts.policy);
    stand.on_environment = same(&actor.environment, &facts.environment);
    let shown = actor.shown.as_deref().unwrap_or_default();
    stand.shown = !shown.is_empty() && (facts.view.is_empty() || shown == facts.view);
}

/// Whose authority it is: the actor's own, or that of whom they act for.
fn behalf<'a>(
    facts: &'a Facts,
    actor: &'a Actor,
    person: &'a Person,
    at: Moment,
    stand: &mut Standpoint<'a>,
) -> Option<&'a Person> {
    let Some(name) = &actor.on_behalf_of else { return Some(person) };
    stand.delegated = true;
    stand.humans.extend(facts.people.humans(name));
    let Found::One(holder, _) = facts.people.find(name) else { return None };
    let chain = facts.people.chain(&holder.id, &person.id, actor.authority.as_deref(), at)?;
    stand.chain_holds = holder.active_at(facts.at);
    stand.humans.extend(chain.iter().copied());
    stand.chain = chain;
    Some(holder)
}

/// The roles that count, and whether the one that is claimed is among them.
fn lend<'a>(actor: &'a Actor, holder: Option<&'a Person>, at: Moment, stand: &mut Standpoint<'a>) {
    let Some(holder) = holder else { return };
    let claimed = actor.authority.as_deref();
    stand.roles = holder.roles_at(at).filter(|role| claimed.is_none_or(|c| c == *role)).collect();
    stand.authority = claimed.is_none_or(|c| stand.roles.contains(c));
    stand.limit = if holder.active_at(at) { holder.exception_limit } else { 0 };
}

fn involve(parties: &Parties<'_>, stand: &mut Standpoint<'_>) {
    let any = |of: &BTreeSet<&str>| stand.humans.iter().any(|h| of.contains(h));
    let (contributor, requester, owner) =
        (any(&parties.contributors), any(&parties.requester), any(&parties.owners));
    stand.involved = any(&parties.involved);
    stand.contributor = contributor;
    stand.requester = requester;
    stand.owner = owner && stand.active;
}

/// As what an approval counts.
pub(crate) fn group(stand: &Standpoint<'_>) -> VoteGroup {
    if stand.roles.contains(SECURITY) {
        VoteGroup::Security
    } else if stand.owner || PEERS.iter().any(|r| stand.roles.contains(r)) {
        VoteGroup::Peer
    } else {
        VoteGroup::Other
    }
}

/// What all approvals come to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally<'a> {
    pub votes: Vec<Vote>,
    pub peer: i64,
    pub security: i64,
    pub all: i64,
    pub owner: bool,
    pub refusers: Vec<&'a str>,
    pub roles: BTreeSet<&'a str>,
    pub errors: Vec<String>,
}

/// What the policies say of one approval: whether it counts, why not, and what could not be evaluated.
pub(crate) type Ruling = (bool, Vec<crate::decision::Because>, Vec<String>);

/// Counts the approvals: of each human the last word; each approval that the policies allow at its moment; each human
/// once, whether they speak for themselves or lend their authority.
pub(crate) fn count<'a>(
    facts: &'a Facts,
    parties: &Parties<'a>,
    mut rule: impl FnMut(&Standpoint<'a>, &'a Actor) -> Ruling,
) -> Tally<'a> {
    let mut tally = Tally::default();
    let mut used: BTreeSet<&str> = BTreeSet::new();
    let stands: Vec<Standpoint<'a>> =
        facts.approvals.iter().map(|a| standpoint(facts, parties, &a.by, a.at)).collect();
    for (i, (approval, stand)) in facts.approvals.iter().zip(&stands).enumerate() {
        let later = stands.iter().skip(i + 1).any(|s| !s.id.is_empty() && s.id == stand.id);
        let (group, counts, because) = if later {
            (VoteGroup::Superseded, false, Vec::new())
        } else if approval.verdict != Verdict::Approve {
            // A refusal is not asked of the policies: it stops, and whoever is known and with us may stop.
            if stand.known && stand.active && stand.on_closure {
                tally.refusers.push(stand.id);
            }
            (VoteGroup::Refusal, false, Vec::new())
        } else {
            let (allowed, because, errors) = rule(stand, &approval.by);
            tally.errors.extend(errors);
            let twice = stand.humans.iter().any(|h| used.contains(h));
            match (allowed, twice) {
                (true, true) => (VoteGroup::Superseded, false, Vec::new()),
                (allowed, _) => (group(stand), allowed, because),
            }
        };
        if counts {
            used.extend(stand.humans.iter().copied());
            enter(&mut tally, stand, group);
        }
        let who = if stand.id.is_empty() { &approval.by.account } else { stand.id };
        tally.votes.push(Vote {
            who: who.to_owned(),
            account: approval.by.account.clone(),
            counts,
            group,
            chain: stand.chain.iter().map(|&s| s.to_owned()).collect(),
            because,
        });
    }
    tally
}

fn enter<'a>(tally: &mut Tally<'a>, stand: &Standpoint<'a>, group: VoteGroup) {
    tally.all += 1;
    tally.peer += i64::from(group == VoteGroup::Peer);
    tally.security += i64::from(group == VoteGroup::Security);
    tally.owner |= stand.owner;
    tally.roles.extend(stand.roles.iter().copied());
}

/// Whether somebody is a human by employment.
pub(crate) fn may_vote(person: &Person) -> bool {
    person.employment != Employment::Service && person.employment != Employment::Agent
}
