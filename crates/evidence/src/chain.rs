//! The chain from request to effect: every act answers, rests on and is decided by what stands before it in the ledger.
//!
//! What is asked here needs no policy engine, so that a second verifier can ask the same. Whether the policy in force
//! would decide as is recorded is for a replay.

use crate::act::{ActBody, directory, ground, time_of};
use crate::bundle::Coverage;
use crate::moment::text;
use crate::statement::Statement;
use crate::verify::{Found, Opened};
use serde_json::Value;
use std::collections::BTreeMap;

/// What an act has to answer, by its word; acts that are not here may answer nothing.
const ANSWERS: &[(&str, &[&str])] = &[
    ("withdraw", &["propose"]),
    ("approve", &["propose"]),
    ("refuse", &["propose"]),
    ("ask-rework", &["propose"]),
    ("release", &["propose"]),
    ("take-over", &["propose"]),
    ("roll-back", &["propose", "open-break-glass"]),
    ("renew-exception", &["grant-exception"]),
    ("end-exception", &["grant-exception"]),
    ("use-break-glass", &["open-break-glass"]),
    ("close-break-glass", &["open-break-glass"]),
    ("post-change-review", &["open-break-glass"]),
];

/// Acts that are about the very closure that was proposed.
const SAME_CLOSURE: &[&str] = &["approve", "refuse", "ask-rework", "release", "take-over"];

/// Acts after which what they answer is at its end.
const CLOSING: &[&str] = &["withdraw", "release", "take-over", "end-exception", "close-break-glass"];

/// Acts that are about what came to its end.
const AFTERWARDS: &[&str] = &["post-change-review"];

/// What is known of the acts before the present one.
struct Chain<'a> {
    coverage: Coverage,
    acts: BTreeMap<u64, (&'a Opened, &'a ActBody)>,
    statements: BTreeMap<u64, Statement>,
    by_id: BTreeMap<String, u64>,
    closed: BTreeMap<u64, u64>,
    /// How many statements are signed by a key that the directory had for whom they name.
    signed: usize,
    /// What puts policies and people in use, with the word of the act that does so.
    grounds: BTreeMap<u64, (&'a Opened, &'static str)>,
}

/// Judges every act by those before it. How many statements are known to be signed by whom they name comes back.
pub(crate) fn judge(entries: &[Opened], coverage: Coverage, found: &mut Found) -> usize {
    let mut chain = Chain {
        coverage,
        acts: BTreeMap::new(),
        statements: BTreeMap::new(),
        by_id: BTreeMap::new(),
        closed: BTreeMap::new(),
        signed: 0,
        grounds: BTreeMap::new(),
    };
    for opened in entries {
        let seq = opened.entry.place.seq;
        let ground = ground(opened).map(|change| (opened, change));
        let Some(act) = &opened.act else {
            chain.grounds.extend(ground.map(|g| (seq, g)));
            continue;
        };
        chain.in_force(seq, act, found);
        chain.answers(opened, act, found);
        chain.rests_on(opened, act, found);
        chain.statement(opened, act, found);
        if let Some(of) = act.of.filter(|_| act.allow && CLOSING.contains(&act.act.as_str())) {
            chain.closed.entry(of).or_insert(seq);
        }
        chain.grounds.extend(ground.map(|g| (seq, g)));
        chain.acts.insert(seq, (opened, act));
    }
    chain.signed
}

impl<'a> Chain<'a> {
    /// The last entry before the present one that put policies or people in use.
    fn last(&self, change: &str) -> Option<u64> {
        self.grounds.iter().rev().find(|(_, (_, c))| *c == change).map(|(seq, _)| *seq)
    }

    /// Whether an entry from before what is all here may be one that did.
    fn may_be(&self, seq: u64, change: &str) -> bool {
        let known = self.grounds.get(&seq).map(|(_, c)| *c);
        seq < self.coverage.from && known.map_or(!self.acts.contains_key(&seq), |c| c == change)
    }

    fn in_force(&self, seq: u64, act: &ActBody, found: &mut Found) {
        if !self.coverage.has(seq) {
            return;
        }
        let both = [
            ("change-policy", act.policy, "policy-in-force", "policy"),
            ("change-people", act.people, "people-in-force", "people directory"),
        ];
        for (change, said, code, what) in both {
            let last = self.last(change);
            let sure = self.coverage.from == 0 || last.is_some_and(|s| self.coverage.has(s));
            let fits = if sure { said == last } else { said.is_none_or(|s| self.may_be(s, change)) };
            if !fits {
                let shown = |s: Option<u64>| s.map_or("none".to_owned(), |s| format!("that of entry {s}"));
                found.entry(
                    seq,
                    code,
                    format!(
                        "it was decided by another {what} ({}) than was in force ({})",
                        shown(said),
                        shown(last)
                    ),
                );
            }
        }
    }

    /// The entry that is referred to; none where it is not here and need not be.
    fn referred(
        &self,
        seq: u64,
        to: u64,
        code: &'static str,
        found: &mut Found,
    ) -> Option<(&'a Opened, &'a ActBody)> {
        let known = self.acts.get(&to).copied();
        match known {
            None if to >= seq => {
                found.entry(seq, code, format!("it refers to entry {to}, which is not before it"))
            }
            None if self.coverage.has(to) => {
                found.entry(seq, code, format!("entry {to}, to which it refers, is no act"))
            }
            Some((_, act)) if !act.allow => {
                found.entry(seq, code, format!("entry {to}, to which it refers, was refused"))
            }
            _ => {}
        }
        known
    }

    fn answers(&self, opened: &Opened, act: &ActBody, found: &mut Found) {
        let seq = opened.entry.place.seq;
        if !act.allow {
            return; // what was refused need not fit
        }
        let wanted = ANSWERS.iter().find(|(word, _)| *word == act.act).map(|(_, of)| *of);
        let Some(of) = act.of else {
            if wanted.is_some() {
                found.entry(seq, "of", format!("`{}` has to answer something, and names no entry", act.act));
            }
            return;
        };
        let Some((answered, other)) = self.referred(seq, of, "of", found) else { return };
        if wanted.is_some_and(|w| !w.contains(&other.act.as_str())) {
            found.entry(seq, "of", format!("`{}` cannot answer `{}`, entry {of}", act.act, other.act));
        }
        if act.drill && !other.drill {
            found.entry(
                seq,
                "drill",
                format!("it is said to be a drill, and entry {of}, which it answers, is none"),
            );
        }
        // A break-glass is for several workflows: which ones, its statement says.
        let subject = act.subject == other.subject || other.act == "open-break-glass";
        if !subject || act.environment != other.environment {
            found.entry(
                seq,
                "of-other",
                format!("entry {of}, which it answers, is about another subject or environment"),
            );
        }
        if SAME_CLOSURE.contains(&act.act.as_str()) && act.closure != other.closure {
            found.entry(seq, "closure", format!("entry {of}, which it answers, is about another closure"));
        }
        if let Some(end) = self.closed.get(&of).filter(|_| !AFTERWARDS.contains(&act.act.as_str())) {
            found.entry(
                seq,
                "of-closed",
                format!("entry {of}, which it answers, came to its end in entry {end}"),
            );
        }
        let over = other.until.is_some_and(|until| time_of(opened) >= until);
        if over && act.act == "use-break-glass" {
            found.entry(seq, "expired", format!("the break-glass of entry {of} had expired"));
        }
        if act.act == "approve" && same(opened, answered) {
            found.entry(seq, "self-approval", format!("whoever proposed entry {of} approved it"));
        }
    }

    fn rests_on(&self, opened: &Opened, act: &ActBody, found: &mut Found) {
        let seq = opened.entry.place.seq;
        let mut approvers: Vec<&Opened> = Vec::new();
        for to in &act.rests_on {
            let Some((other, on)) = self.referred(seq, *to, "rests-on", found) else { continue };
            if on.act != "approve" {
                continue;
            }
            if on.of != act.of || on.closure != act.closure {
                found.entry(
                    seq,
                    "rests-on-other",
                    format!("the approval in entry {to} is of something else"),
                );
            }
            if approvers.iter().any(|a| same(a, other)) {
                found.entry(
                    seq,
                    "same-person",
                    format!("the approval in entry {to} is of somebody whose approval counts already"),
                );
            }
            approvers.push(other);
        }
    }

    fn statement(&mut self, opened: &Opened, act: &ActBody, found: &mut Found) {
        let seq = opened.entry.place.seq;
        let Some(opening) = opened.openings.get("statement") else { return };
        let statement = match Statement::parse(&opening.value) {
            Ok(statement) => statement,
            Err(e) => return found.entry(seq, "statement-unreadable", e.to_string()),
        };
        if let Some(field) = statement.differs(act) {
            found.entry(
                seq,
                "statement-other",
                format!("what was signed has another `{field}` than the entry"),
            );
        }
        if opened.value("by").is_some_and(|by| by != statement.text("by")) {
            found.entry(seq, "statement-other", "what was signed names another person than the entry");
        }
        self.order_of_statements(seq, opened, act, &statement, found);
        self.signer(seq, act, &statement, found);
        if let Some(other) = self.by_id.insert(statement.id.clone(), seq) {
            found.entry(seq, "statement-reused", format!("its statement is that of entry {other}"));
        }
        self.statements.insert(seq, statement);
    }

    fn order_of_statements(
        &self,
        seq: u64,
        opened: &Opened,
        act: &ActBody,
        statement: &Statement,
        found: &mut Found,
    ) {
        let entered = text(opened.entry.place.time);
        if statement.at() > entered.as_str() {
            found.entry(
                seq,
                "statement-time",
                format!("it says that it was signed at {}, after it was entered", statement.at()),
            );
        }
        let Some(answered) = act.of.and_then(|of| self.statements.get(&of)) else { return };
        if statement.text("of") != answered.id {
            found.entry(seq, "statement-of", "what was signed answers another statement than the entry says");
        }
        if statement.at() < answered.at() {
            found.entry(seq, "statement-time", "it says that it was signed before what it answers");
        }
    }

    /// Whether the key is one that the people directory of that time has for whom the statement names.
    fn signer(&mut self, seq: u64, act: &ActBody, statement: &Statement, found: &mut Found) {
        let ground = act.people.and_then(|p| self.grounds.get(&p)).filter(|_| act.allow);
        let Some((ground, _)) = ground.filter(|(_, change)| *change == "change-people") else { return };
        let (by, at) = (statement.text("by"), statement.at());
        if !directory(ground).any(|p| p["id"] == by) && !is_whole(ground) {
            return; // the part of it with this person is withheld or erased
        }
        if statement.signed_by(&keys(ground, by, at)) {
            self.signed += 1;
        } else {
            found.entry(
                seq,
                "signature",
                "it is not signed by a key that the people directory had for whom it names",
            );
        }
    }
}

/// Whether two acts are known to be of one person.
fn same(a: &Opened, b: &Opened) -> bool {
    a.value("by").is_some() && a.value("by") == b.value("by")
}

/// Whether all that an entry has of a directory is disclosed.
fn is_whole(ground: &Opened) -> bool {
    let parts = || ground.entry.commitments.keys().filter(|n| *n == "content" || n.starts_with("people-"));
    parts().next().is_some() && parts().all(|name| ground.openings.contains_key(name))
}

/// The keys of a person, as a directory has them, that counted at this time and were not revoked.
fn keys<'d>(ground: &'d Opened, id: &str, at: &str) -> Vec<&'d str> {
    let of =
        directory(ground).filter(|p| p["id"] == id).flat_map(|p| p["keys"].as_array().into_iter().flatten());
    let counts = |k: &&Value| {
        let time = |name: &str| k[name].as_str();
        time("revoked").is_none()
            && time("from").is_none_or(|t| at >= t)
            && time("until").is_none_or(|t| at < t)
    };
    of.filter(counts).filter_map(|k| k["key"].as_str()).collect()
}
