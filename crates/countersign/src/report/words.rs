//! What reports for people say of a workflow in a sentence: who starts it, what it can do, what stands before that.

use super::Item;
use crate::scan::model::{Head, TriggerReport, named};
use check::catalogue::catalogue;
use std::collections::BTreeSet;
use workflow::{Finding, Kind, TriggerKind};

/// `tier 2`, or `opaque` where nobody can tell.
#[must_use]
pub fn tier(head: &Head) -> String {
    if head.opaque { "opaque".to_owned() } else { format!("tier {}", head.tier) }
}

/// The same, and what it is with all that it calls, where that is more.
#[must_use]
pub fn tier_with_calls(head: &Head) -> String {
    let (own, all) = (tier(head), &head.closure);
    match (head.opaque, all.opaque) {
        (false, true) => format!("{own}, with what it calls: opaque"),
        (false, false) if all.tier > head.tier => format!("{own}, with what it calls: tier {}", all.tier),
        _ => own,
    }
}

/// The kinds of access changes that a workflow can make by its own steps.
#[must_use]
pub fn kinds(head: &Head) -> Vec<&'static str> {
    named(head.effects).map(Kind::as_str).collect()
}

/// Who or what can start a workflow: a sentence.
#[must_use]
pub fn start(item: &Item<'_>) -> String {
    let off = if item.head.off { " It is switched off." } else { "" };
    let Some(trigger) = item.body.main_trigger() else { return format!("Nothing starts it.{off}") };
    let more = match item.body.triggers.len() {
        1 => String::new(),
        n => format!(" (and {} more)", times(n - 1, "trigger")),
    };
    format!("Started by {}{more}.{off}", trigger_words(trigger))
}

/// What was proved of a workflow that changes access: a sentence, empty where nothing was looked at.
#[must_use]
pub fn proofs(item: &Item<'_>) -> String {
    let count = |verdict: &str| item.body.proofs.iter().filter(|p| p.verdict == verdict).count();
    if item.body.proofs.is_empty() {
        return String::new();
    }
    let open = match count("unknown") {
        0 => String::new(),
        n => format!(", {n} open"),
    };
    let bound = if item.body.proofs.iter().any(check::proofs::Proof::is_of_one_item) {
        ", one item at a time"
    } else {
        ""
    };
    format!("Over all its runs{bound}: {} proved, {} refuted{open}.", count("proved"), count("refuted"))
}

/// A trigger in words.
#[must_use]
pub fn trigger_words(trigger: &TriggerReport) -> String {
    let open = trigger.authenticated == Some(false);
    let who = |known: &str, anyone: &str| if open { anyone.to_owned() } else { known.to_owned() };
    match trigger.kind {
        TriggerKind::Webhook => who("a webhook", "a webhook that anyone can call"),
        TriggerKind::Schedule => "the clock".to_owned(),
        TriggerKind::Event if trigger.event.is_empty() => "an event".to_owned(),
        TriggerKind::Event => format!("the event `{}`", super::plain_text(&trigger.event)),
        TriggerKind::Manual => "a person, by hand".to_owned(),
        TriggerKind::Form => who("a form", "a form that anyone can fill in"),
        TriggerKind::Mail => "a mail".to_owned(),
        TriggerKind::Chat => who("a chat message", "a chat message from anyone"),
        TriggerKind::External => who("a call from outside", "a call from outside that anyone can make"),
        TriggerKind::Subflow => "another workflow".to_owned(),
    }
}

/// A trigger's name; where it has none of its own, what it is.
#[must_use]
pub fn trigger_name(trigger: &TriggerReport) -> &str {
    let name = &trigger.name;
    let own = !name.is_empty() && *name != trigger.id && !name.eq_ignore_ascii_case(trigger.kind.as_str());
    match trigger.kind {
        _ if own => name,
        TriggerKind::Webhook => "Webhook",
        TriggerKind::Schedule => "Clock",
        TriggerKind::Event => "Event",
        TriggerKind::Manual => "Manual start",
        TriggerKind::Form => "Form",
        TriggerKind::Mail => "Mail",
        TriggerKind::Chat => "Chat message",
        TriggerKind::External => "External call",
        TriggerKind::Subflow => "Caller",
    }
}

/// `1 trigger`, `2 triggers`.
#[must_use]
pub fn times(n: usize, one: &str) -> String {
    ledger::count(n, one, &format!("{one}s"))
}

/// What a workflow can do: a sentence.
#[must_use]
pub fn deeds(item: &Item<'_>) -> String {
    let kinds: Vec<&str> = named(item.head.effects).map(can).collect();
    if kinds.is_empty() {
        let opaque = item.head.opaque;
        return if opaque { "What it may change is not known." } else { "It changes no access itself." }
            .to_owned();
    }
    let effects = item.body.steps.iter().flat_map(|s| &s.effects);
    let mut systems: Vec<&str> = effects
        .filter(|e| e.kind <= Kind::ChangePolicy)
        .map(|e| e.system.as_str())
        .filter(|s| !s.is_empty())
        .collect();
    systems.sort_unstable();
    systems.dedup();
    let systems: Vec<&str> = systems.into_iter().map(|s| catalogue().title(s)).collect();
    let place = if systems.is_empty() { String::new() } else { format!(" in {}", enumerate(&systems)) };
    format!("It can {}{}.", enumerate(&kinds), super::plain_text(&place))
}

/// The workflows that it calls, or that these call, and that are not there: a sentence, empty where there are none.
#[must_use]
pub fn missing(head: &Head) -> String {
    const SHOWN: usize = 3;
    let missing = head.closure.missing.iter().filter(|n| !n.is_empty());
    let names: BTreeSet<String> = missing.map(|n| format!("`{}`", super::plain_text(n))).collect();
    let shown: Vec<&str> = names.iter().map(String::as_str).take(SHOWN).collect();
    match names.len() {
        0 => String::new(),
        1 => format!("It leads to {}, which is not here.", enumerate(&shown)),
        n if n > SHOWN => {
            format!("It leads to {} and {} more, which are not here.", shown.join(", "), n - SHOWN)
        }
        _ => format!("It leads to {}, which are not here.", enumerate(&shown)),
    }
}

/// `a, b and c`.
#[must_use]
pub fn enumerate(items: &[&str]) -> String {
    match items {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// What an effect of a kind is, after `it can`.
#[must_use]
pub fn can(kind: Kind) -> &'static str {
    match kind {
        Kind::Grant => "grant access",
        Kind::Revoke => "revoke access",
        Kind::CreateIdentity => "create accounts",
        Kind::Enable => "enable accounts",
        Kind::Disable => "disable accounts",
        Kind::DeleteIdentity => "delete accounts",
        Kind::UpdateIdentity => "change accounts",
        Kind::IssueCredential => "issue credentials",
        Kind::ResetCredential => "reset credentials",
        Kind::RotateCredential => "rotate credentials",
        Kind::RevokeCredential => "revoke credentials",
        Kind::ReadSecret => "read secrets",
        Kind::Decide => "answer approvals",
        Kind::Certify => "certify access",
        Kind::ChangePolicy => "change who may get access",
        Kind::Request => "request access",
        Kind::Remediate => "respond to threats",
        Kind::Ticket => "write tickets",
        Kind::Notify => "send messages",
        Kind::Write => "write data",
        Kind::Read => "read data",
        Kind::Ask => "ask people",
        Kind::Call => "start workflows",
        Kind::Code => "run code",
        Kind::Opaque => "do what is not known",
        Kind::Control => "shape data",
    }
}

/// What stands before its access changes: a sentence, empty where there is nothing to say.
#[must_use]
pub fn gate(item: &Item<'_>) -> &'static str {
    match item.body.gate.as_str() {
        "none" => "Nobody approves that.",
        "present" if doubted(&item.body.findings) => {
            "A person approves that first, who may be the one who asks for it."
        }
        "present" => "A person approves that first.",
        "authorised" => "The requester's authority is checked first.",
        "fails-open" => "Its approval fails open.",
        "ignored" => "Somebody is asked, and the answer is ignored.",
        "after-change" => "Somebody is asked only afterwards.",
        _ => "",
    }
}

/// Whether a finding says that the one who asks also approves.
#[must_use]
pub fn doubted(findings: &[Finding]) -> bool {
    const DOUBTS: [&str; 2] = ["self-approval", "approver-from-input"];
    findings.iter().any(|f| DOUBTS.contains(&f.rule.as_str()))
}
