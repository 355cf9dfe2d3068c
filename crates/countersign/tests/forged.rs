//! Forged statements: none of them counts, and each is refused with a reason. Some are broken as files, some are written well
//! and say what is not so; the first are refused where they are read, the others where they are folded.

#![allow(clippy::unwrap_used, reason = "a test that cannot have its facts has failed")]

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::Folder;
use countersign::govern::{Signer, files, statement};
use govern::{Entry, Event, Ground, Intent, Law, closure_of, fold_with, unlawful};
use policy::{
    Account, Act, Governed, Key, Moment, People, Period, Person, PolicySet, Role, Subject, SubjectKind,
    Verdict,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

const NOW: Moment = Moment(1_795_600_800);

fn digest(word: &str) -> String {
    workflow::Digest::of(word.as_bytes()).to_string()
}

/// A repository with keys of people: adi proposes, pia and sam approve; lea's key was revoked, old's has run out, two share one.
struct Lab {
    folder: Folder,
    people: Arc<People>,
    set: Arc<PolicySet>,
}

impl Lab {
    fn new() -> Lab {
        let folder = Folder::empty();
        for name in ["adi", "pia", "sam", "lea", "old", "two", "mallory"] {
            let path = folder.path().join(name);
            let made =
                Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&path).status();
            assert!(made.unwrap().success());
        }
        let mut lab = Lab { folder, people: Arc::default(), set: Arc::new(PolicySet::core()) };
        let mut people: Vec<Person> = ["adi", "pia", "sam", "lea", "old"].map(|id| lab.person(id)).to_vec();
        people[3].keys[0].revoked = Some(Moment(NOW.0 - 10));
        people[4].keys[0].period.until = Some(Moment(NOW.0 - 10));
        for person in people.iter_mut().take(2) {
            person.keys.push(Key { key: lab.print("two"), period: Period::default(), revoked: None });
        }
        lab.people = Arc::new(People::new(people, vec![]));
        lab
    }

    fn signer(&self, who: &str) -> Signer {
        let path: PathBuf = self.folder.path().join(who);
        Signer::find(Some(&path), self.folder.path()).unwrap()
    }

    fn print(&self, who: &str) -> String {
        self.signer(who).fingerprint
    }

    fn person(&self, id: &str) -> Person {
        let roles = match id {
            "sam" | "lea" | "old" => vec!["security-approver"],
            _ => vec!["workflow-author"],
        };
        let role = |r: &str| Role { role: r.to_owned(), period: Period::default() };
        Person {
            id: id.into(),
            accounts: BTreeMap::from([("git".into(), Account::One(format!("{id}@corp.test")))]),
            keys: vec![Key { key: self.print(id), period: Period::default(), revoked: None }],
            roles: roles.into_iter().map(role).collect(),
            active: true,
            ..Person::default()
        }
    }

    /// An event as a file, signed in a namespace.
    fn sign(&self, who: &str, event: &Event) -> (String, Vec<u8>) {
        self.sign_payload(who, &statement::payload(event).unwrap())
    }

    fn sign_payload(&self, who: &str, payload: &[u8]) -> (String, Vec<u8>) {
        let signer = self.signer(who);
        let armoured = signer.sign(&statement::to_sign(payload).unwrap()).unwrap();
        (statement::id(payload), statement::envelope(payload, &signer.fingerprint, &armoured).unwrap())
    }

    fn entry(&self, who: &str, event: &Event) -> Entry {
        let (id, bytes) = self.sign(who, event);
        statement::open(&id, &bytes).unwrap()
    }

    /// The log of a workflow that was proposed by adi and approved by pia and sam.
    fn log(&self) -> Vec<Entry> {
        let mut log: Vec<Entry> = Vec::new();
        let acts = [
            ("adi", Act::Register),
            ("adi", Act::Propose),
            ("pia", Act::Review(Verdict::Approve)),
            ("sam", Act::Review(Verdict::Approve)),
        ];
        for (i, (who, act)) in (0i64..).zip(acts) {
            let mut event = event(act, who, Moment(NOW.0 + 60 * i));
            event.after = log.last().map(|e| e.id.clone()).into_iter().collect();
            event.of = (i >= 2).then(|| log[1].id.clone());
            log.push(self.entry(who, &event));
        }
        log
    }

    /// Why an entry does not count after the log; nothing where it does.
    fn refusal(&self, log: &[Entry], entry: Entry) -> Option<String> {
        let id = entry.id.clone();
        let all: Vec<Entry> = log.iter().cloned().chain([entry]).collect();
        let none = |_: &govern::State, _: &Event| Vec::new();
        let later = Moment(NOW.0 + 3600);
        let names = [String::new()];
        let law =
            |_: &govern::State, _: &Entry| Ok(Law { set: self.set.clone(), people: self.people.clone() });
        let ground = Ground {
            law: &law,
            organisation: &names,
            history: &none,
            measure: &|_| None,
            undated: &BTreeMap::new(),
        };
        let folded = fold_with(&all, later, &|state, e| unlawful(ground, state, e));
        folded
            .refused
            .into_iter()
            .find(|r| r.id == id)
            .map(|r| format!("{}: {}", r.refusal.rule, r.refusal.message))
    }
}

fn parts(version: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("step".to_owned(), digest(version)), ("record".to_owned(), digest("r"))])
}

fn event(act: Act, by: &str, at: Moment) -> Event {
    let closure = closure_of(&parts("v1")).unwrap();
    let subject = Subject { name: "leaver".into(), closure, tier: 2, ..Subject::default() };
    Event {
        environment: "production".into(),
        policy: digest("policy"),
        shown: digest("view"),
        parts: if act == Act::Propose { parts("v1") } else { BTreeMap::new() },
        ..Event::of(act, by, at, subject)
    }
}

/// An approval as it ought to be, after the log.
fn next(log: &[Entry]) -> Event {
    let last = log.last().unwrap();
    Event {
        after: vec![last.id.clone()],
        of: Some(log[1].id.clone()),
        ..event(Act::Review(Verdict::Refuse), "sam", Moment(NOW.0 + 600))
    }
}

fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1).into_bytes()
}

/// The envelope with another payload under the same signature.
fn repacked(bytes: &[u8], change: impl Fn(&str) -> String) -> (String, Vec<u8>) {
    let mut envelope: Value = serde_json::from_slice(bytes).unwrap();
    let payload = STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
    let other = change(std::str::from_utf8(&payload).unwrap());
    envelope["payload"] = json!(STANDARD.encode(&other));
    (statement::id(other.as_bytes()), serde_json_bytes(&envelope))
}

/// Keys of an object in order, as canonical JSON has them here: all are ASCII.
fn serde_json_bytes(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

/// Files that are not written in the one way, or not signed for this.
fn broken_files(lab: &Lab, log: &[Entry]) -> Vec<(&'static str, String, Vec<u8>)> {
    let good = next(log);
    let (id, bytes) = lab.sign("sam", &good);
    assert!(statement::open(&id, &bytes).is_ok());
    let text = String::from_utf8(bytes.clone()).unwrap();
    let mut cases: Vec<(&'static str, String, Vec<u8>)> = vec![
        ("another name", digest("another"), bytes.clone()),
        ("the name in capitals", id.to_uppercase(), bytes.clone()),
        ("empty", id.clone(), vec![]),
        ("half of it", id.clone(), bytes[..bytes.len() / 2].to_vec()),
        ("without its last byte", id.clone(), bytes[..bytes.len() - 1].to_vec()),
        ("a line break at its end", id.clone(), [&bytes[..], b"\n"].concat()),
        ("a byte order mark", id.clone(), [b"\xef\xbb\xbf", &bytes[..]].concat()),
        ("a blank inside", id.clone(), text.replacen("\":", "\": ", 1).into_bytes()),
        ("a field more", id.clone(), replaced(&bytes, "{\"payload\"", "{\"note\":1,\"payload\"")),
        ("a field twice", id.clone(), replaced(&bytes, "{\"payload\"", "{\"payloadType\":\"x\",\"payload\"")),
        ("keys in another order", id.clone(), reordered(&text)),
        ("another payload type", id.clone(), replaced(&bytes, "vnd.in-toto+json", "vnd.in-toto-json")),
        ("two envelopes", id.clone(), [&bytes[..], &bytes[..]].concat()),
        ("an array of envelopes", id.clone(), format!("[{text}]").into_bytes()),
        ("not text", id.clone(), vec![0xff, 0xfe, 0x00]),
        ("no signature", id.clone(), signatures(&bytes, |_| json!([]))),
        ("the signature twice", id.clone(), signatures(&bytes, |s| json!([s[0], s[0]]))),
        (
            "another's key id",
            id.clone(),
            signatures(&bytes, |s| json!([{"keyid": lab.print("pia"), "sig": s[0]["sig"]}])),
        ),
        ("no key id", id.clone(), signatures(&bytes, |s| json!([{"sig": s[0]["sig"]}]))),
        (
            "a signature that is no base64",
            id.clone(),
            signatures(&bytes, |s| json!([{"keyid": s[0]["keyid"], "sig": "%%"}])),
        ),
        (
            "a signature that is no SSH one",
            id.clone(),
            signatures(&bytes, |s| json!([{"keyid": s[0]["keyid"], "sig": "AAAA"}])),
        ),
    ];
    let (other, _) = lab.sign("sam", &Event { reason: "else".into(), ..good.clone() });
    let (_, elsewhere) = lab.sign("sam", &Event { reason: "else".into(), ..good.clone() });
    cases.push(("the signature of another act", id.clone(), signatures(&bytes, |_| sigs(&elsewhere))));
    cases.push(("another act under this name", id.clone(), elsewhere));
    cases.push(("this act under another's name", other, bytes.clone()));
    for (what, space) in [
        ("signed for git", "git"),
        ("signed for a file", "file"),
        ("signed for an older version", "countersign-act@0"),
    ] {
        cases.push((what, id.clone(), in_namespace(lab, &good, space)));
    }
    for (what, from, to) in [
        ("a verdict that was turned", "\"refuse\"", "\"approve\""),
        ("another person", "\"by\":\"sam\"", "\"by\":\"pia\""),
        ("another environment", "\"environment\":\"production\"", "\"environment\":\"test\""),
        ("another time", "\"at\":\"2026-", "\"at\":\"2027-"),
    ] {
        let (name, file) = repacked(&bytes, |p| p.replacen(from, to, 1));
        cases.push((what, name, file));
    }
    cases
}

fn signatures(bytes: &[u8], change: impl Fn(&Value) -> Value) -> Vec<u8> {
    let mut envelope: Value = serde_json::from_slice(bytes).unwrap();
    envelope["signatures"] = change(&envelope["signatures"]);
    serde_json_bytes(&envelope)
}

fn sigs(bytes: &[u8]) -> Value {
    serde_json::from_slice::<Value>(bytes).unwrap()["signatures"].clone()
}

fn reordered(text: &str) -> Vec<u8> {
    let value: Value = serde_json::from_str(text).unwrap();
    format!(
        "{{\"payloadType\":{},\"payload\":{},\"signatures\":{}}}",
        value["payloadType"], value["payload"], value["signatures"]
    )
    .into_bytes()
}

fn in_namespace(lab: &Lab, event: &Event, namespace: &str) -> Vec<u8> {
    let payload = statement::payload(event).unwrap();
    let message = lab.folder.path().join("message");
    std::fs::write(&message, statement::to_sign(&payload).unwrap()).unwrap();
    let _ = std::fs::remove_file(message.with_extension("sig"));
    let key = lab.folder.path().join("sam");
    let made = Command::new("ssh-keygen")
        .args(["-q", "-Y", "sign", "-n", namespace, "-f"])
        .arg(&key)
        .arg(&message)
        .output();
    assert!(made.unwrap().status.success());
    let armoured = std::fs::read_to_string(message.with_extension("sig")).unwrap();
    statement::envelope(&payload, &lab.print("sam"), &armoured).unwrap()
}

/// Payloads that are signed well by sam and are no statement of ours.
fn odd_payloads(lab: &Lab, log: &[Entry]) -> Vec<(&'static str, String, Vec<u8>)> {
    let good = String::from_utf8(statement::payload(&next(log)).unwrap()).unwrap();
    let turn = |from: &str, to: &str| {
        assert!(good.contains(from), "{from} in {good}");
        good.replacen(from, to, 1)
    };
    let name = |to: &str| good.replace("leaver", to);
    let odd = vec![
        ("payload: a blank", turn("\":", "\": ")),
        ("payload: a line break", format!("{good}\n")),
        ("payload: a key twice", turn("{\"_type\"", "{\"_type\":\"x\",\"_type\"")),
        ("payload: an act twice", turn("\"act\":\"refuse\"", "\"act\":\"approve\",\"act\":\"refuse\"")),
        ("payload: keys in another order", turn("\"act\":\"refuse\",\"after\"", "\"zzz\":1,\"after\"")),
        ("payload: a field more", turn("\"act\":\"refuse\"", "\"act\":\"refuse\",\"admin\":true")),
        ("payload: an unknown act", turn("\"act\":\"refuse\"", "\"act\":\"bless\"")),
        ("payload: an act in capitals", turn("\"act\":\"refuse\"", "\"act\":\"REFUSE\"")),
        ("payload: another predicate", turn("urn:countersign:act:1", "urn:countersign:act:2")),
        ("payload: another statement type", turn("Statement/v1", "Statement/v0.1")),
        ("payload: no subject", turn(&subjects(&good), "\"subject\":[]")),
        ("payload: two subjects", turn("\"subject\":[", &format!("\"subject\":[{},", subject_of(&good)))),
        (
            "payload: a subject of another digest",
            turn("\"digest\":{\"sha256\":\"", "\"digest\":{\"sha256\":\"00"),
        ),
        (
            "payload: a subject of another name",
            turn("\"name\":\"workflow/leaver\"", "\"name\":\"workflow/joiner\""),
        ),
        ("payload: a digest of another kind", turn("\"sha256\"", "\"sha1\"")),
        ("payload: an escape for a letter", turn("\"production\"", "\"pr\\u006fduction\"")),
        ("payload: a time with another offset", turn("Z\",\"by\"", "+00:00\",\"by\"")),
        ("payload: turned text", name("lea\u{202e}rev")),
        ("payload: no room", name("lea\u{200b}ver")),
        ("payload: a soft hyphen", name("lea\u{ad}ver")),
        ("payload: a mark of direction", name("leaver\u{200f}")),
        ("payload: an isolate", name("\u{2066}leaver\u{2069}")),
        ("payload: a tabulator", good.replace("leaver", "lea\\tver")),
        ("payload: empty", String::new()),
        ("payload: no JSON", "act".to_owned()),
        ("payload: deep", "[".repeat(200_000)),
    ];
    odd.into_iter()
        .map(|(what, payload)| {
            let (id, bytes) = lab.sign_payload("sam", payload.as_bytes());
            (what, id, bytes)
        })
        .collect()
}

fn subjects(good: &str) -> String {
    format!("\"subject\":[{}]", subject_of(good))
}

/// The descriptor of the one subject, in its place at the end of a statement.
fn subject_of(good: &str) -> String {
    let at = good.rfind("\"subject\":[").unwrap() + "\"subject\":[".len();
    good[at..good[at..].find(']').unwrap() + at].to_owned()
}

type Told = (&'static str, &'static str, Event);

/// The next good statement with something changed.
fn changed(log: &[Entry], change: &dyn Fn(&mut Event)) -> Event {
    let mut event = next(log);
    change(&mut event);
    event
}

/// The same as a release.
fn released(log: &[Entry], change: &dyn Fn(&mut Event)) -> Event {
    changed(log, &|e| {
        (e.act, e.parts) = (Act::Release, parts("v1"));
        change(e);
    })
}

/// Statements that are written and signed well, and say what is not so.
fn untrue(log: &[Entry]) -> Vec<Told> {
    let mut told = untrue_words(log);
    told.extend(untrue_acts(log));
    told
}

/// Those whose fields do not fit each other or the log.
fn untrue_words(log: &[Entry]) -> Vec<Told> {
    let good = next(log);
    let with = |change: &dyn Fn(&mut Event)| changed(log, change);
    let as_release = |change: &dyn Fn(&mut Event)| released(log, change);
    vec![
        ("another closure", "sam", with(&|e| e.subject.closure = digest("other"))),
        ("another environment", "sam", with(&|e| e.environment = "test".into())),
        ("another workflow", "sam", with(&|e| e.subject.name = "joiner".into())),
        ("another kind of subject", "sam", with(&|e| e.subject.kind = SubjectKind::Component)),
        ("another schema", "sam", with(&|e| e.schema = "countersign.act/2".into())),
        ("made in another organisation", "sam", with(&|e| e.organisation = "Elsewhere".into())),
        ("no proposal", "sam", with(&|e| e.of = None)),
        ("a proposal that is none", "sam", with(&|e| e.of = Some(log[0].id.clone()))),
        ("a proposal that is not there", "sam", with(&|e| e.of = Some(digest("none")))),
        ("after what is not there", "sam", with(&|e| e.after = vec![digest("none")])),
        ("after itself twice", "sam", with(&|e| e.after = vec![e.after[0].clone(), e.after[0].clone()])),
        ("dated back", "sam", with(&|e| e.at = Moment(NOW.0 - 86_400))),
        ("dated ahead", "sam", with(&|e| e.at = Moment(NOW.0 + 86_400))),
        ("no subject", "sam", with(&|e| e.subject.name = String::new())),
        ("parts of another closure", "sam", as_release(&|e| e.parts = parts("v2"))),
        ("parts that are no digests", "sam", as_release(&|e| drop(e.parts.insert("x".into(), "y".into())))),
        ("signed by another", "pia", good.clone()),
        ("signed by nobody known", "mallory", good.clone()),
        ("signed with a shared key", "two", good.clone()),
        ("a name that looks alike", "sam", with(&|e| e.by = "s\u{430}m".into())),
        ("a name in capitals", "sam", with(&|e| e.by = "SAM".into())),
        ("a revoked key", "lea", as_release(&|e| e.by = "lea".into())),
        ("a key that has run out", "old", as_release(&|e| e.by = "old".into())),
        ("a release of another policy", "sam", as_release(&|e| e.policy = digest("policy 2"))),
        ("a release without evidence", "sam", as_release(&|_| ())),
        (
            "a release that replaces what is not in force",
            "sam",
            as_release(&|e| e.replaces = Some(digest("none"))),
        ),
        ("a roll-back to what never was", "sam", as_release(&|e| e.act = Act::RollBack)),
    ]
}

/// Those whose act needs a proposal of another kind.
fn untrue_acts(log: &[Entry]) -> Vec<Told> {
    let as_release = |change: &dyn Fn(&mut Event)| released(log, change);
    let with = |change: &dyn Fn(&mut Event)| changed(log, change);
    vec![
        (
            "a change of the policy alone",
            "sam",
            with(&|e| {
                e.act = Act::Change(Governed::Policy);
                e.subject.kind = SubjectKind::Policy;
            }),
        ),
        (
            "a change of people by no proposal",
            "sam",
            with(&|e| {
                e.act = Act::Change(Governed::People);
                e.subject.kind = SubjectKind::People;
                e.of = None;
            }),
        ),
        (
            "taking over by a change's proposal",
            "adi",
            as_release(&|e| {
                (e.act, e.by) = (Act::TakeOver, "adi".into());
            }),
        ),
        (
            "a proposal of a workflow unheard of",
            "adi",
            with(&|e| {
                (e.act, e.by, e.intent) = (Act::Propose, "adi".into(), Intent::Change);
                e.subject.name = "unheard".into();
            }),
        ),
    ]
}

#[test]
fn no_forged_statement_counts() {
    let lab = Lab::new();
    let log = lab.log();
    let honest = lab.entry("sam", &next(&log));
    assert_eq!(lab.refusal(&log, honest), None, "the honest one counts");
    let files = broken_files(&lab, &log).into_iter().chain(odd_payloads(&lab, &log));
    let mut refused = 0;
    for (what, id, bytes) in files {
        let opened = statement::open(&id, &bytes);
        assert!(opened.as_ref().is_err_and(|e| !e.to_string().is_empty()), "{what}: {opened:?}");
        refused += 1;
    }
    for (what, who, event) in untrue(&log) {
        let (id, bytes) = lab.sign(who, &event);
        let told = match statement::open(&id, &bytes) {
            Ok(entry) => lab.refusal(&log, entry),
            Err(e) => Some(e.to_string()),
        };
        assert!(told.as_ref().is_some_and(|t| !t.is_empty()), "{what} counts");
        refused += 1;
    }
    assert!(refused >= 60, "{refused} cases");
}

#[test]
fn files_that_are_no_statements_are_told_and_nothing_else_is_lost() {
    let lab = Lab::new();
    let root = lab.folder.path().join("repository");
    let event = event(Act::Register, "adi", NOW);
    let payload = files::payload(&event).unwrap();
    let signer = lab.signer("adi");
    let armoured = signer.sign(&statement::to_sign(&payload).unwrap()).unwrap();
    let path = files::write(&root, &payload, &signer.fingerprint, &armoured).unwrap();
    // The same file under another name, in another folder, and something else.
    let top = files::folder(&root);
    std::fs::copy(&path, top.join("copy.json")).unwrap();
    std::fs::create_dir_all(top.join("00")).unwrap();
    std::fs::copy(&path, top.join("00").join(path.file_name().unwrap())).unwrap();
    std::fs::write(top.join("README"), "nothing").unwrap();
    let (entries, unreadable) = files::read(&root).unwrap();
    assert_eq!((entries.len(), unreadable.len()), (1, 3), "{unreadable:?}");
    assert_eq!(entries[0].event, event);
}

#[test]
fn what_rests_on_a_forged_signature_is_worked_out_again_without_it() {
    let lab = Lab::new();
    let root = lab.folder.path().join("many");
    let signer = lab.signer("adi");
    let armoured = |payload: &[u8]| signer.sign(&statement::to_sign(payload).unwrap()).unwrap();
    // More than are verified at a time, so that the key is prepared and several threads have some.
    let payloads: Vec<Vec<u8>> = (0..600)
        .map(|i| statement::payload(&event(Act::Register, "adi", Moment(NOW.0 + i))).unwrap())
        .collect();
    for (i, payload) in payloads.iter().enumerate() {
        let signed = if i == 300 { &payloads[0] } else { payload };
        files::write(&root, payload, &signer.fingerprint, &armoured(signed)).unwrap();
    }
    let forged = statement::id(&payloads[300]);
    let seen = std::cell::RefCell::new(Vec::new());
    let (entries, unreadable, found) = files::gather(&root).unwrap().verified_beside(|entries| {
        seen.borrow_mut().push(entries.len());
        entries.iter().any(|e| e.id == forged)
    });
    assert_eq!((entries.len(), found), (599, false));
    assert_eq!(*seen.borrow(), [600, 599]);
    let told: Vec<_> = unreadable.iter().map(|u| (u.path.as_str(), u.message.as_str())).collect();
    assert_eq!(told, [(files::path(&forged).as_str(), statement::FORGED)]);
    assert_eq!(files::read(&root).unwrap(), (entries, unreadable));
}
