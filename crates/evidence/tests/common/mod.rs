//! Honest ledgers of governed acts, made from a seed: people with SSH keys, a policy, proposals, approvals, releases,
//! refusals, break-glass, exceptions, rotations; and what an operator with all of their keys can make of them.

#![allow(clippy::unwrap_used, reason = "a test whose input is not there or not sound has failed")]
#![allow(dead_code, reason = "each test file uses a part")]

use ed25519_dalek::{Signer as _, SigningKey};
use evidence::{
    ActBody, Bundle, Log, NAMESPACE, PREDICATE, Query, Request, Role, build, signed_bytes, time_text,
};
use ledger::commitment::Opening;
use ledger::{Algorithm, MemoryLog, Note, Policy, Signer, encoding, json};
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha512};
use std::collections::BTreeMap;

/// A Monday, 09:00.
pub const START: u64 = 1_764_579_600_000;

pub fn signer(name: &str, algorithm: Algorithm, seed: u8) -> Signer {
    Signer::from_seed(name, algorithm, &[seed; 32]).unwrap()
}

pub fn log_key() -> Signer {
    signer("corp.test/ledger", Algorithm::Ed25519, 9)
}

pub fn witness(seed: u8) -> Signer {
    signer(&format!("witness.test/w{seed}"), Algorithm::Cosignature, seed)
}

/// Two of three witnesses.
pub fn policy_text() -> String {
    let mut text = format!("log {}\n", log_key().verifier().to_vkey());
    for seed in 1..=3 {
        text += &format!("witness w{seed} {}\n", witness(seed).verifier().to_vkey());
    }
    text + "group two 2 w1 w2 w3\nquorum two\n"
}

pub fn policy() -> Policy {
    Policy::parse(policy_text().as_bytes()).unwrap()
}

/// Numbers that follow from a seed.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }
}

pub fn person_key(name: &str) -> SigningKey {
    SigningKey::from_bytes(&Sha256::digest(format!("key of {name}")).into())
}

fn string(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap();
    [&length.to_be_bytes(), bytes].concat()
}

fn blob(key: &SigningKey) -> Vec<u8> {
    [string(b"ssh-ed25519"), string(key.verifying_key().as_bytes())].concat()
}

pub fn public_line(name: &str) -> String {
    format!("ssh-ed25519 {}", encoding::to_base64(&blob(&person_key(name))))
}

/// A key as a directory has it: the key, or for some its fingerprint.
fn listed_key(name: &str) -> String {
    let digest = encoding::to_base64(&Sha256::digest(blob(&person_key(name))));
    if name == "ben" { format!("SHA256:{}", digest.trim_end_matches('=')) } else { public_line(name) }
}

/// What `ssh-keygen -Y sign` gives.
pub fn ssh_sign(name: &str, namespace: &str, message: &[u8]) -> String {
    let key = person_key(name);
    let parts = [string(namespace.as_bytes()), string(b""), string(b"sha512")].concat();
    let signed = [b"SSHSIG".to_vec(), parts.clone(), string(&Sha512::digest(message))].concat();
    let signature = [string(b"ssh-ed25519"), string(&key.sign(&signed).to_bytes())].concat();
    let head = [b"SSHSIG".to_vec(), 1u32.to_be_bytes().to_vec(), string(&blob(&key))].concat();
    let text = encoding::to_base64(&[head, parts, string(&signature)].concat());
    let lines: Vec<&str> = text.as_bytes().chunks(70).map(|c| std::str::from_utf8(c).unwrap()).collect();
    format!("-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n", lines.join("\n"))
}

/// An entry in the making, with what its commitments stand for.
#[derive(Clone)]
pub struct Made {
    pub body: Value,
    pub source: String,
    pub time: u64,
    pub values: BTreeMap<String, Value>,
    pub evidence: Vec<Vec<u8>>,
    /// The digest of the statement, for what answers it.
    pub id: String,
}

/// A history.
#[derive(Clone)]
pub struct World {
    pub made: Vec<Made>,
    pub seed: u64,
}

pub fn directory(people: &[&str]) -> Value {
    let listed: Vec<Value> =
        people.iter().map(|p| json!({"id": p, "accounts": {"okta": format!("{p}@corp.test")}, "keys": [{"key": listed_key(p)}]})).collect();
    json!({"people": listed, "groups": []})
}

pub fn envelope(by: &str, payload: &Value, namespace: &str) -> Value {
    let payload = json::to_canonical(payload).unwrap();
    let sig = ssh_sign(by, namespace, &signed_bytes(&payload));
    json!({
        "payload": encoding::to_base64(&payload),
        "payloadType": ledger::intoto::PAYLOAD_TYPE,
        "signatures": [{"keyid": "", "sig": encoding::to_base64(sig.as_bytes())}],
    })
}

pub fn id(payload: &Value) -> String {
    format!("sha256:{}", encoding::to_hex(&Sha256::digest(json::to_canonical(payload).unwrap())))
}

impl World {
    /// What is in force before anything else happens: people, a policy, the modes.
    pub fn new(seed: u64) -> Self {
        let mut world = World { made: Vec::new(), seed };
        world.act("root", "change-people", "people/people.yaml", "", None, |_| {});
        world.set(0, "content", directory(&["root", "ann", "ben", "cyd", "dan"]));
        world.act("root", "change-policy", "policy/policies", "", None, |_| {});
        world.set(1, "content", json!({"main.cedar": "permit(principal, action, resource);"}));
        world.act("root", "change-configuration", "configuration/countersign.toml", "", None, |b| {
            b.modes = [("2", "warn"), ("3", "enforce")].map(|(t, m)| (t.to_owned(), m.to_owned())).into();
        });
        world
    }

    /// A history of so many stories.
    pub fn honest(seed: u64, stories: u64) -> Self {
        let mut world = World::new(seed);
        let mut dice = Dice(seed);
        for story in 0..stories {
            world.story(story, &mut dice);
        }
        world
    }

    fn story(&mut self, story: u64, dice: &mut Dice) {
        let workflow = format!("workflow/w{}", dice.roll(5));
        let closure = closure(self.seed, story);
        match dice.roll(9) {
            0 => self.emergency(&workflow, &closure),
            1 => {
                let first = self.act("cyd", "grant-exception", &workflow, "", None, |_| {});
                self.act("dan", "end-exception", &workflow, "", Some(first), |_| {});
            }
            2 => drop(self.act("dan", "attest", "credential/okta-token", "", None, |_| {})),
            3 if story.is_multiple_of(2) => {
                self.act("root", "change-policy", "policy/policies", "", None, |_| {});
            }
            3 => {
                let seq = self.act("root", "change-people", "people/people.yaml", "", None, |_| {});
                self.set(seq, "content", directory(&["root", "ann", "ben", "cyd", "dan", "eve"]));
            }
            4 => {
                let change = self.act("ann", "propose", &workflow, &closure, None, |_| {});
                self.act("ann", "approve", &workflow, &closure, Some(change), |b| {
                    (b.allow, b.verdict) = (false, false)
                });
                self.act("ann", "withdraw", &workflow, &closure, Some(change), |_| {});
            }
            5 => {
                let people = directory(&["root", "ann", "ben", "cyd", "dan", "eve"]);
                let (first, rest) = people["people"].as_array().unwrap().split_at(2);
                self.basis("people", &[("people-000", json!(first)), ("people-001", json!(rest))]);
            }
            6 => drop(self.run(&format!("run-{}-{story}", self.seed))),
            _ => drop(self.change(&workflow, &closure)),
        }
    }

    /// Proposed, approved by two others, released. Returns the entry of the proposal.
    pub fn change(&mut self, workflow: &str, closure: &str) -> u64 {
        let change = self.act("ann", "propose", workflow, closure, None, |_| {});
        let evidence = format!("{{\"definition of\":\"{closure}\"}}");
        self.made[change as usize].evidence.push(evidence.into_bytes());
        let first = self.act("ben", "approve", workflow, closure, Some(change), |_| {});
        let second = self.act("cyd", "approve", workflow, closure, Some(change), |_| {});
        self.act("dan", "release", workflow, closure, Some(change), |b| b.rests_on = vec![first, second]);
        change
    }

    pub fn emergency(&mut self, workflow: &str, closure: &str) {
        let until = self.time() + 3_600_000;
        let glass = self.act("dan", "open-break-glass", workflow, "", None, |b| b.until = Some(until));
        self.act("dan", "use-break-glass", workflow, closure, Some(glass), |_| {});
        self.act("dan", "close-break-glass", workflow, "", Some(glass), |_| {});
        self.act("cyd", "post-change-review", workflow, "", Some(glass), |_| {});
    }

    fn time(&self) -> u64 {
        START + self.made.len() as u64 * 60_000
    }

    /// An execution as a runtime tells of it.
    pub fn run(&mut self, execution: &str) -> u64 {
        let body = json!({"execution": execution, "status": "succeeded"});
        let values = BTreeMap::from([("identity".to_owned(), json!("lea@corp.test"))]);
        let (source, time, evidence) = ("runtime".to_owned(), self.time(), Vec::new());
        self.made.push(Made { body, source, time, values, evidence, id: String::new() });
        self.made.len() as u64 - 1
    }

    /// What decisions are taken with from here on, without an act.
    pub fn basis(&mut self, of: &str, values: &[(&str, Value)]) -> u64 {
        let (source, time, evidence) = ("gate".to_owned(), self.time(), Vec::new());
        let values = values.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect();
        self.made.push(Made { body: json!({"of": of}), source, time, values, evidence, id: String::new() });
        self.made.len() as u64 - 1
    }

    fn last(&self, act: &str) -> Option<u64> {
        let of = act.strip_prefix("change-").unwrap_or_default();
        let puts = |m: &Made| m.body["act"] == act && m.body["allow"] == true || m.body["of"] == of;
        self.made.iter().rposition(puts).map(|i| i as u64)
    }

    /// An act with its signed statement, decided by what is in force.
    pub fn act(
        &mut self,
        by: &str,
        act: &str,
        subject: &str,
        closure: &str,
        of: Option<u64>,
        change: impl FnOnce(&mut ActBody),
    ) -> u64 {
        let workflow = subject.starts_with("workflow/");
        let mut body = ActBody {
            act: act.to_owned(),
            allow: true,
            // Of every other history the acts say when they were done, half a minute before they were entered.
            at: self.seed.is_multiple_of(2).then(|| self.time() - 30_000),
            closure: closure.to_owned(),
            controls: vec!["soc2:CC8.1".to_owned()],
            drill: false,
            environment: if workflow { "production" } else { "" }.to_owned(),
            mode: "enforce".to_owned(),
            modes: BTreeMap::new(),
            of,
            people: self.last("change-people"),
            policy: self.last("change-policy"),
            rests_on: Vec::new(),
            rules: vec!["four-eyes".to_owned()],
            subject: subject.to_owned(),
            tier: workflow.then_some(3),
            until: None,
            verdict: true,
        };
        change(&mut body);
        let time = self.time();
        let mut values = BTreeMap::from([
            ("by".to_owned(), json!(by)),
            ("reason".to_owned(), json!(format!("ticket {time}"))),
        ]);
        let payload = self.payload(by, &body, time);
        values.insert("statement".to_owned(), envelope(by, &payload, NAMESPACE));
        let (source, evidence, id) = ("gate".to_owned(), Vec::new(), id(&payload));
        self.made.push(Made {
            body: serde_json::to_value(body).unwrap(),
            source,
            time,
            values,
            evidence,
            id,
        });
        self.made.len() as u64 - 1
    }

    /// The in-toto statement of an act.
    pub fn payload(&self, by: &str, body: &ActBody, time: u64) -> Value {
        let (kind, name) = body.subject.split_once('/').unwrap();
        let mut predicate = json!({
            "act": body.act, "by": by, "at": time_text(time - 30_000), "environment": body.environment,
            "subject": {"kind": kind, "name": name, "closure": body.closure},
        });
        if let Some(of) = body.of {
            predicate["of"] = self.made[of as usize].id.clone().into();
        }
        let digest = body.closure.strip_prefix("sha256:").unwrap_or("00");
        json!({
            "_type": ledger::intoto::STATEMENT_TYPE, "predicateType": PREDICATE,
            "subject": [{"name": body.subject, "digest": {"sha256": digest}}], "predicate": predicate,
        })
    }

    pub fn set(&mut self, seq: u64, name: &str, value: Value) {
        self.made[seq as usize].values.insert(name.to_owned(), value);
    }

    /// Changes what an entry says, as an operator would who writes it.
    pub fn edit(&mut self, seq: u64, field: &str, value: Value) {
        self.made[seq as usize].body[field] = value;
    }

    fn salt(&self, seq: usize, name: &str) -> [u8; 32] {
        Sha256::digest(format!("salt {} {seq} {name}", self.seed)).into()
    }

    pub fn openings(&self) -> Vec<Opening> {
        let each = self
            .made
            .iter()
            .enumerate()
            .flat_map(|(seq, made)| made.values.iter().map(move |(name, value)| (seq, name, value)));
        each.map(|(seq, name, value)| Opening {
            name: name.clone(),
            salt: self.salt(seq, name),
            value: value.clone(),
        })
        .collect()
    }

    /// The entries' bytes, in dense numbers.
    pub fn entries(&self) -> Vec<Vec<u8>> {
        let mut sources: BTreeMap<&str, u64> = BTreeMap::new();
        let mut out = Vec::new();
        for (seq, made) in self.made.iter().enumerate() {
            let count = sources.entry(&made.source).or_default();
            out.push(self.entry(seq, made, *count));
            *count += 1;
        }
        out
    }

    fn entry(&self, seq: usize, made: &Made, source_seq: u64) -> Vec<u8> {
        let commit = |(name, value): (&String, &Value)| {
            let opening = Opening { name: name.clone(), salt: self.salt(seq, name), value: value.clone() };
            (name.clone(), format!("sha256:{}", encoding::to_hex(&opening.commitment().unwrap())))
        };
        let commitments: BTreeMap<_, _> = made.values.iter().map(commit).collect();
        let digest = |bytes: &Vec<u8>| format!("sha256:{}", encoding::to_hex(&Sha256::digest(bytes)));
        let evidence: Vec<_> = made.evidence.iter().map(digest).collect();
        let kind = match made.body.get("act") {
            _ if made.source == "runtime" => "run/1",
            Some(_) => "act/1",
            None => "basis/1",
        };
        let entry = json!({
            "body": made.body, "commitments": commitments, "evidence": evidence, "seq": seq, "source": made.source,
            "source_seq": source_seq, "time": made.time, "type": kind, "v": 1,
        });
        json::to_canonical(&entry).unwrap()
    }

    /// All names that the directories have for who is called so.
    pub fn names(&self, name: &str) -> Vec<String> {
        let mut openings: BTreeMap<_, _> =
            self.openings().into_iter().map(|o| (o.commitment().unwrap(), o)).collect();
        let open = |bytes: &Vec<u8>| {
            let entry = ledger::Entry::parse(bytes).unwrap();
            let own = entry.commitments.iter().filter_map(|(n, h)| Some((n.clone(), openings.remove(h)?)));
            let openings = own.collect();
            let act = ActBody::of(&entry).ok();
            evidence::Opened { entry, act, openings }
        };
        let opened: Vec<_> = self.entries().iter().map(open).collect();
        evidence::names(name, &opened)
    }

    pub fn log(&self) -> MemoryLog {
        log_of(&self.entries(), &log_key(), &[1, 2, 3])
    }

    pub fn request(&self, query: Query, role: &str) -> Request {
        Request {
            query,
            role: Role::named(role).unwrap(),
            openings: self.openings(),
            evidence: self.made.iter().flat_map(|m| m.evidence.clone()).collect(),
            since: vec![3],
        }
    }

    pub fn bundle(&self, query: Query, role: &str) -> Bundle {
        self.bundle_of(&self.entries(), &self.log(), query, role)
    }

    pub fn bundle_of(&self, entries: &[Vec<u8>], log: &MemoryLog, query: Query, role: &str) -> Bundle {
        let note: &Note = log.checkpoint();
        build(&Log { entries, nodes: log, note }, &self.request(query, role)).unwrap()
    }
}

pub fn closure(seed: u64, story: u64) -> String {
    format!("sha256:{}", encoding::to_hex(&Sha256::digest(format!("closure {seed} {story}"))))
}

/// A log of these entries, signed by this key and cosigned by these witnesses.
pub fn log_of(entries: &[Vec<u8>], key: &Signer, witnesses: &[u8]) -> MemoryLog {
    log_at(entries, key, witnesses, 1_764_700_000)
}

pub fn log_at(entries: &[Vec<u8>], key: &Signer, witnesses: &[u8], time: u64) -> MemoryLog {
    let seed = if key.verifier() == log_key().verifier() { 9 } else { 8 };
    let mut log = MemoryLog::new(signer(key.verifier().name(), Algorithm::Ed25519, seed)).unwrap();
    for entry in entries {
        log.append(entry.clone()).unwrap();
    }
    let mut note = log.publish().unwrap().clone();
    for seed in witnesses {
        note.cosign(&witness(*seed), time + u64::from(*seed)).unwrap();
    }
    let lines: String = note.signatures()[1..].iter().map(ToString::to_string).collect();
    log.add_cosignatures(&lines).unwrap();
    log
}
