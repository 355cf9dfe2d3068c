//! Reasons: the sentences of the policies, with the facts put where they name them.

use crate::act::Act;
use crate::decision::Because;
use crate::facts::{Actor, Facts};
use crate::set::PolicyInfo;
use crate::votes::{Standpoint, Tally};
use std::collections::BTreeMap;

/// The facts that a reason can name.
pub(crate) const FIELDS: [&str; 40] = [
    "account",
    "act",
    "actor",
    "age",
    "authority",
    "behalf",
    "boundary",
    "components",
    "contribution",
    "credentials",
    "date",
    "delegated",
    "effects",
    "environment",
    "findings",
    "hour",
    "identities",
    "lacks",
    "limit",
    "mutation",
    "owner",
    "peer",
    "privileged",
    "proofs",
    "refusers",
    "renewals",
    "reviews",
    "roles",
    "security",
    "securityApprover",
    "span",
    "strangers",
    "subject",
    "systems",
    "tests",
    "tier",
    "unknown",
    "unowned",
    "votes",
    "weekday",
];

/// What a reason is filled from.
pub(crate) struct Telling<'a> {
    pub facts: &'a Facts,
    pub act: Act,
    pub actor: &'a Actor,
    pub stand: &'a Standpoint<'a>,
    pub tally: &'a Tally<'a>,
}

/// The fields in braces of a text that no fact answers to.
pub(crate) fn unknown_fields(text: &str) -> Vec<String> {
    let named = text.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name));
    named.filter(|name| !FIELDS.contains(name)).map(str::to_owned).collect()
}

impl Telling<'_> {
    /// A policy that decided, with its reason filled in.
    pub fn because(&self, info: &PolicyInfo) -> Because {
        let mut facts = BTreeMap::new();
        let mut reason = String::new();
        for (i, part) in info.reason.split('{').enumerate() {
            match part.split_once('}').filter(|_| i > 0) {
                Some((name, rest)) => {
                    let value = self.value(name);
                    reason.push_str(&value);
                    reason.push_str(rest);
                    facts.insert(name.to_owned(), value);
                }
                None => reason.push_str(part),
            }
        }
        Because {
            policy: info.id.clone(),
            effect: info.effect,
            reason,
            controls: info.controls.clone(),
            facts,
        }
    }

    /// The answer where no policy permits an act.
    pub fn default_deny(&self) -> Because {
        let names = ["actor", "act", "subject", "roles"];
        let facts: BTreeMap<String, String> =
            names.iter().map(|n| ((*n).to_owned(), self.value(n))).collect();
        let of = |name: &str| facts.get(name).cloned().unwrap_or_default();
        let reason = format!(
            "Nothing permits {} to {} `{}` (roles: {}).",
            of("actor"),
            of("act"),
            of("subject"),
            of("roles")
        );
        Because {
            policy: "default-deny".to_owned(),
            effect: crate::decision::Effect::Forbid,
            reason,
            controls: Vec::new(),
            facts,
        }
    }

    /// What a field says, in words for people.
    fn value(&self, field: &str) -> String {
        let (facts, stand, tally) = (self.facts, self.stand, self.tally);
        let or_nobody = |text: &str| if text.is_empty() { "nobody".to_owned() } else { text.to_owned() };
        match field {
            "account" => self.actor.account.clone(),
            "act" => self.act.phrase().to_owned(),
            "actor" => self.actor_name(),
            "authority" => self.actor.authority.clone().unwrap_or_default(),
            "behalf" => self.actor.on_behalf_of.clone().unwrap_or_default(),
            "contribution" => self.contribution(),
            "date" => facts.at.to_string().chars().take(10).collect(),
            "delegated" => self.delegated(),
            "environment" => facts.environment.clone(),
            "hour" => facts.at.hour().to_string(),
            "limit" => stand.limit.to_string(),
            "owner" => or_nobody(&facts.record.owner),
            "peer" => tally.peer.to_string(),
            "roles" => list(stand.roles.iter().copied()),
            "refusers" => list(tally.refusers.iter().map(|id| self.name_of(id))),
            "security" => tally.security.to_string(),
            "securityApprover" => or_nobody(&facts.record.security_approver),
            "subject" => facts.subject.name.clone(),
            "votes" => tally.all.to_string(),
            "weekday" => facts.at.weekday().to_owned(),
            _ => self.evidence(field),
        }
    }

    fn evidence(&self, field: &str) -> String {
        let facts = self.facts;
        let subject = &facts.subject;
        match field {
            "age" => facts.tests.as_ref().map_or(String::new(), |t| facts.at.hours_since(t.at).to_string()),
            "boundary" => list(facts.boundary.iter()),
            "components" => list(facts.unapproved_components().map(|c| format!("{} {}", c.name, c.version))),
            "credentials" => list(facts.stale_credentials().map(|c| &c.id)),
            "effects" => list(subject.effects.iter().map(|k| k.as_str())),
            "findings" => list(facts.blocking_findings().map(|f| &f.rule)),
            "identities" => list(subject.identities.iter().map(|i| i.as_str())),
            "lacks" if !facts.record.present => "everything: there is none".to_owned(),
            "lacks" => list(facts.record.lacks.iter()),
            "mutation" => facts.tests.as_ref().map_or(0, |t| t.mutation).to_string(),
            "privileged" => list(subject.entitlements.iter().filter(|e| e.privileged).map(|e| &e.name)),
            "proofs" => list(facts.failing_proofs().map(|p| &p.name)),
            "renewals" => facts.exception.as_ref().map_or(0, |e| e.renewals).to_string(),
            "reviews" => list(facts.overdue_reviews().map(|r| &r.of)),
            "span" => self.span(),
            "strangers" => list(facts.strangers().map(|c| match c.how.as_str() {
                "" => format!("`{}`", c.account),
                how => format!("`{}` ({how})", c.account),
            })),
            "systems" => list(subject.systems.iter().map(|s| &s.name)),
            "tests" => facts
                .tests
                .as_ref()
                .map_or(String::new(), |t| format!("{} of {}", t.failed, t.passed + t.failed)),
            "tier" => subject.effective_tier().to_string(),
            "unknown" => self.unknown(),
            "unowned" => self.unowned(),
            _ => String::new(),
        }
    }

    /// What was delegated to the actor by whom they act for, where it is something else than what they claim.
    fn delegated(&self) -> String {
        let lent = self.facts.lent(self.actor);
        let (Some(first), claimed) = (lent.first(), self.actor.authority.as_deref()) else {
            return String::new();
        };
        let claimed = claimed.map_or("in everything".to_owned(), |role| format!("as `{role}`"));
        let roles = list(lent.iter().map(|role| format!("`{role}`")));
        format!(" {claimed}; delegated is {roles}: act in that role with `--authority {first}`")
    }

    /// Why nobody stands behind the account.
    fn unknown(&self) -> String {
        self.facts.people.signer(&self.actor.account, self.facts.at).err().unwrap_or_default()
    }

    /// From when until when an exception or a break-glass is asked for.
    fn span(&self) -> String {
        let facts = self.facts;
        let glass = facts.glass.as_ref().filter(|_| self.act == Act::OpenBreakGlass);
        let glass = glass.map(|g| (g.from, g.until, g.hours()));
        let exception = || facts.exception.as_ref().map(|e| (e.from, e.until, e.hours()));
        let (from, until, hours) = glass.or_else(exception).unwrap_or_default();
        match (from, until) {
            (None, None) => "names neither".to_owned(),
            (None, Some(until)) => format!("ends at {until} and names no beginning"),
            (Some(from), None) => format!("begins at {from} and names no end"),
            (Some(from), Some(until)) => {
                let hours = hours.unwrap_or_default();
                let lasts = match hours {
                    ..1 => "it ends before it begins".to_owned(),
                    1 => "an hour".to_owned(),
                    2..=48 => format!("{hours} hours"),
                    _ => format!("{} days", hours / 24 + i64::from(hours % 24 > 0)),
                };
                format!("goes from {from} until {until} ({lasts})")
            }
        }
    }

    /// What an exception lacks of somebody who answers for it.
    fn unowned(&self) -> String {
        match &self.facts.exception {
            None => "is not there".to_owned(),
            Some(e) if e.owner.trim().is_empty() => "names no owner".to_owned(),
            Some(e) if self.facts.people.named(&e.owner).is_empty() => {
                format!("names `{}` as its owner, who is not in the people directory", e.owner)
            }
            Some(e) => format!("names `{}` as its owner, who is nobody who is with us", e.owner),
        }
    }

    fn name_of(&self, id: &str) -> String {
        self.facts.people.person(id).map_or(id, |p| p.called()).to_owned()
    }

    fn actor_name(&self) -> String {
        match self.stand.id {
            "" => format!("`{}`", self.actor.account),
            id => self.name_of(id),
        }
    }

    fn contribution(&self) -> String {
        let theirs =
            |account: &str| self.facts.people.authors(account).iter().any(|h| self.stand.humans.contains(h));
        let parts = self.facts.contributors.iter().filter(|c| theirs(&c.account));
        let parts = parts.map(|c| {
            if c.how.is_empty() { c.account.clone() } else { format!("{} as `{}`", c.how, c.account) }
        });
        let vouched = self.facts.vouched().filter(|(_, by)| theirs(by));
        list(parts.chain(vouched.map(|(c, _)| format!("who granted the exception for `{}`", c.account))))
    }
}

/// Words in a list, the first five of many.
fn list<T: ToString>(items: impl Iterator<Item = T>) -> String {
    let mut words: Vec<String> = items.map(|i| i.to_string()).collect();
    words.dedup();
    let more = words.len().saturating_sub(5);
    words.truncate(5);
    match (words.is_empty(), more) {
        (true, _) => "none".to_owned(),
        (false, 0) => words.join(", "),
        (false, more) => format!("{} and {more} more", words.join(", ")),
    }
}
