//! Tests of the directory: whom a name finds, how far authority is lent, what is wrong in a directory.

use super::*;
use crate::person::{Account, Bot, Delegate, Key, Role};
use crate::{Period, Verdict, sample};
use std::collections::BTreeMap;

fn person(id: &str) -> Person {
    Person { id: id.to_owned(), active: true, ..Person::default() }
}

fn delegate(to: &str, until: i64) -> Delegate {
    Delegate { to: to.to_owned(), roles: Vec::new(), from: None, until: Some(Moment(until)) }
}

/// a lends to b, b to c, c to d, d to e, and e back to a.
fn chained() -> People {
    let names = ["a", "b", "c", "d", "e", "a"];
    let lend = |pair: &[&str]| Person { delegates: vec![delegate(pair[1], 100)], ..person(pair[0]) };
    People::new(names.windows(2).map(lend).collect(), Vec::new())
}

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5kQXQZ2JxVxR8wFJgXvQWz1q0nB3m6v2o9sT4yU7aK";

#[test]
fn every_name_of_a_person_finds_them() {
    let people = People::new(
        vec![Person {
            accounts: BTreeMap::from([
                ("git".to_owned(), Account::One("ASmith".to_owned())),
                ("okta".to_owned(), Account::Several(vec!["a@corp.test".into(), "a.admin@corp.test".into()])),
            ]),
            former_accounts: vec!["n8n:anna".to_owned()],
            aliases: vec!["Anna@Home.test".to_owned()],
            keys: vec![Key { key: KEY.to_owned(), period: Period::default(), revoked: None }],
            bots: vec![
                Bot { account: "ci:anna-bot".into(), kind: Employment::Service },
                Bot { account: "ai:helper".into(), kind: Employment::Agent },
            ],
            ..person("anna")
        }],
        Vec::new(),
    );
    let via = |name: &str| match people.find(name) {
        Found::One(p, via) => Some((p.id.as_str(), via)),
        _ => None,
    };
    let fingerprint = fingerprint(KEY.split(' ').nth(1).unwrap_or_default()).unwrap_or_default();
    for name in
        ["anna", "git:asmith", " GIT:ASMITH ", "A.Admin@corp.test", "okta:a@corp.test", "anna@home.test", KEY]
    {
        assert_eq!(via(name), Some(("anna", Via::Own)), "{name}");
    }
    assert_eq!(
        via(&format!("{KEY} anna@laptop")),
        Some(("anna", Via::Own)),
        "a comment is not part of a key"
    );
    assert_eq!(via(&fingerprint), Some(("anna", Via::Own)));
    assert_eq!(via("n8n:anna"), Some(("anna", Via::Former)));
    assert_eq!(via("ci:anna-bot"), Some(("anna", Via::Service)));
    assert_eq!(via("ai:helper"), Some(("anna", Via::Agent)));
    for nobody in ["asmith", "okta:asmith", "", "аnna", &fingerprint.to_lowercase()] {
        assert_eq!(people.find(nobody), Found::Nobody, "{nobody}");
    }
}

#[test]
fn a_name_of_two_people_is_nobodys_and_touches_both() {
    let with_key = |id: &str| Person {
        keys: vec![Key { key: KEY.to_owned(), period: Period::default(), revoked: None }],
        ..person(id)
    };
    let people = People::new(vec![with_key("a"), with_key("b")], Vec::new());
    assert_eq!(people.find(KEY), Found::Several(vec!["a", "b"]));
    assert_eq!(people.humans(KEY), BTreeSet::from(["a", "b"]));
    assert!(people.problems().iter().any(|p| p.message.contains("belongs to a and b")));
}

#[test]
fn authority_is_lent_three_times_at_most_and_only_while_it_is_lent() {
    let people = chained();
    let chain = |to: &str, at: i64| people.chain("a", to, None, Moment(at)).map(|c| c.join(" "));
    assert_eq!(chain("b", 0).as_deref(), Some("a b"));
    assert_eq!(chain("d", 99).as_deref(), Some("a b c d"));
    assert_eq!(chain("e", 0), None, "four delegations are too many");
    assert_eq!(chain("a", 0), None, "nobody is their own delegate");
    assert_eq!(chain("b", 100), None, "it ended in this second");
}

#[test]
fn who_left_or_is_no_human_lends_and_is_lent_nothing() {
    let mut all = chained().all().to_vec();
    all[1].active = false;
    assert_eq!(People::new(all.clone(), Vec::new()).chain("a", "c", None, Moment(0)), None);
    assert_eq!(People::new(all.clone(), Vec::new()).chain("b", "c", None, Moment(0)), None);
    all[1].active = true;
    all[1].employment = Employment::Agent;
    assert_eq!(People::new(all, Vec::new()).chain("a", "b", None, Moment(0)), None);
}

#[test]
fn a_delegation_for_one_role_is_for_that_role() {
    let mut a = person("a");
    a.delegates = vec![Delegate { roles: vec!["security-approver".into()], ..delegate("b", 100) }];
    let people = People::new(vec![a, person("b")], Vec::new());
    let chain = |role| people.chain("a", "b", role, Moment(0)).is_some();
    assert!(chain(Some("security-approver")));
    assert!(!chain(Some("process-owner")));
    assert!(!chain(None), "who names no role does not get all of them");
}

#[test]
fn roles_are_held_in_their_time_by_who_is_with_us() {
    let role = |from: i64, until: i64| Role {
        role: "security-approver".to_owned(),
        period: Period { from: Some(Moment(from)), until: Some(Moment(until)) },
    };
    let anna = Person { roles: vec![role(10, 20)], ends: Some(Moment(15)), ..person("anna") };
    let holds = |at: i64| anna.roles_at(Moment(at)).count() == 1;
    assert_eq!([9, 10, 14, 15, 19].map(holds), [false, true, true, false, false]);
}

#[test]
fn the_human_behind_a_service_is_found_and_lines_are_bounded() {
    let service = |id: &str, manager: &str| Person {
        employment: Employment::Service,
        manager: Some(manager.to_owned()),
        ..person(id)
    };
    let people =
        People::new(vec![service("s", "t"), service("t", "u"), person("u"), service("x", "x")], Vec::new());
    let behind = |id: &str| people.person(id).and_then(|p| people.human(p)).map(|p| p.id.as_str());
    assert_eq!(behind("s"), Some("u"));
    assert_eq!(behind("x"), None);
    assert_eq!(people.humans("s"), BTreeSet::from(["s", "u"]));
    assert!(people.problems().iter().any(|p| p.who == "x" && p.message.contains("no human answers")));
}

#[test]
fn what_can_deceive_in_a_directory_is_told() {
    let mut mallory = person("mallоry"); // the o is Cyrillic
    mallory.name = "Mal\u{202e}yrol".to_owned();
    mallory.manager = Some("nobody".to_owned());
    mallory.delegates =
        vec![Delegate { until: None, ..delegate("a", 0) }, delegate("mallоry", 9), delegate("zoe", 9)];
    let group = Group { id: "iam@corp.test".into(), members: vec!["ghost".into()] };
    let found = People::new(vec![mallory, person("a")], vec![group]).problems();
    for part in [
        "U+043E",
        "U+202E",
        "manager `nobody`",
        "never ends",
        "to themselves",
        "`zoe` is not",
        "member `ghost`",
    ] {
        assert!(found.iter().any(|p| p.message.contains(part)), "{part}: {found:?}");
    }
    assert_eq!(sample::people().problems(), []);
}

#[test]
fn a_key_counts_in_its_time_and_not_once_revoked() {
    let mut facts = sample::ready(crate::Act::Review(Verdict::Approve));
    let mut all = facts.people.all().to_vec();
    let ben = all.iter().position(|p| p.id == "ben").unwrap_or_default();
    let key = |until: i64, revoked: Option<i64>| Key {
        key: KEY.to_owned(),
        period: Period { from: None, until: Some(Moment(until)) },
        revoked: revoked.map(Moment),
    };
    facts.actor.account = KEY.to_owned();
    let mut allowed = |key: Key| {
        all[ben].keys = vec![key];
        facts.people = std::sync::Arc::new(People::new(all.clone(), Vec::new()));
        crate::answer(&crate::PolicySet::core(), &facts).allow
    };
    let now = sample::NOW.0;
    assert!(allowed(key(now + 1, None)));
    assert!(!allowed(key(now, None)));
    assert!(!allowed(key(now + 9, Some(now))));
}

#[test]
fn a_directory_is_read_as_it_is_written() {
    let people = sample::people();
    let json = serde_json::to_string(&*people).unwrap_or_default();
    let again: People = serde_json::from_str(&json).unwrap_or_default();
    assert_eq!(*people, again);
    assert_eq!(again.humans("ai:ann"), BTreeSet::from(["ann"]));
}
