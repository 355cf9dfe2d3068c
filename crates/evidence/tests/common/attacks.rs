//! The attack library: what an operator with the ledger's key, the disks and the bundle in hand can try. Each comes with
//! the problem that has to be found.

mod narrowed;

use super::common::*;
use evidence::{ActBody, Bundle, MANIFEST, Manifest, NAMESPACE, Query};
use ledger::commitment::Opening;
use ledger::{Algorithm, Signer, encoding, json};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A bundle that tells an untruth, and what an auditor brought along.
pub struct Attack {
    pub name: &'static str,
    /// The problem that names it.
    pub code: &'static str,
    pub bundle: Bundle,
    /// A checkpoint that the auditor kept.
    pub known: Option<String>,
    pub not_before: Option<u64>,
}

fn attack(name: &'static str, code: &'static str, bundle: Bundle) -> Attack {
    Attack { name, code, bundle, known: None, not_before: None }
}

/// A history with one change: entries 3 (propose), 4 and 5 (approve), 6 (release).
fn one() -> World {
    let mut world = World::new(7);
    world.change("workflow/leaver", &closure(7, 0));
    world
}

fn all(world: &World) -> Bundle {
    world.bundle(Query::All {}, "auditor")
}

fn told(name: &'static str, code: &'static str, change: impl FnOnce(&mut World)) -> Attack {
    let mut world = one();
    change(&mut world);
    attack(name, code, all(&world))
}

/// Signs an entry's statement anew, with something changed.
fn restate(world: &mut World, seq: u64, signer: &str, namespace: &str, change: impl FnOnce(&mut Value)) {
    let made = world.made[seq as usize].clone();
    let body: ActBody = serde_json::from_value(made.body).unwrap();
    let by = made.values["by"].as_str().unwrap();
    let mut payload = world.payload(by, &body, made.time);
    change(&mut payload);
    world.made[seq as usize].id = id(&payload);
    world.set(seq, "statement", envelope(signer, &payload, namespace));
}

/// Histories that are false from the beginning, with every signature of ledger and witnesses in order.
pub fn of_histories() -> Vec<Attack> {
    [of_approvals(), of_decisions(), of_grounds(), of_statements()].into_iter().flatten().collect()
}

fn of_approvals() -> Vec<Attack> {
    let leaver = "workflow/leaver";
    let other = closure(7, 9);
    let c = || closure(7, 0);
    vec![
        told("approvals of one change moved to another", "rests-on-other", |w| {
            let next = w.act("ann", "propose", leaver, &other, None, |_| {});
            w.act("dan", "release", leaver, &other, Some(next), |b| b.rests_on = vec![4, 5]);
        }),
        told("an approval's closure changed afterwards", "statement-other", |w| {
            w.edit(5, "closure", other.clone().into())
        }),
        told("a release of another closure than was proposed", "closure", |w| {
            let next = w.act("ann", "propose", leaver, &other, None, |_| {});
            w.act("dan", "release", leaver, &c(), Some(next), |_| {});
        }),
        told("approved by whoever proposed", "self-approval", |w| {
            let next = w.act("ann", "propose", leaver, &other, None, |_| {});
            w.act("ann", "approve", leaver, &other, Some(next), |_| {});
        }),
        told("one person counted twice", "same-person", |w| {
            let next = w.act("ann", "propose", leaver, &other, None, |_| {});
            let twice: Vec<u64> =
                (0..2).map(|_| w.act("ben", "approve", leaver, &other, Some(next), |_| {})).collect();
            w.act("dan", "release", leaver, &other, Some(next), |b| b.rests_on = twice);
        }),
        told("released first, approved later", "rests-on", |w| {
            let next = w.act("ann", "propose", leaver, &other, None, |_| {});
            w.act("dan", "release", leaver, &other, Some(next), |b| b.rests_on = vec![9]);
            w.act("ben", "approve", leaver, &other, Some(next), |_| {});
        }),
        told("resting on an approval that was refused", "rests-on", |w| {
            let next = w.act("ann", "propose", leaver, &other, None, |_| {});
            let no = w.act("ben", "approve", leaver, &other, Some(next), |b| b.allow = false);
            w.act("dan", "release", leaver, &other, Some(next), |b| b.rests_on = vec![no]);
        }),
        told("a release of a proposal that was withdrawn", "of-closed", |w| {
            let next = w.act("ann", "propose", leaver, &other, None, |_| {});
            w.act("ann", "withdraw", leaver, &other, Some(next), |_| {});
            w.act("dan", "release", leaver, &other, Some(next), |_| {});
        }),
        told("one proposal released twice", "of-closed", |w| {
            w.act("dan", "release", leaver, &c(), Some(3), |_| {});
        }),
        told("an approval added after the release", "of-closed", |w| {
            w.act("eve", "approve", leaver, &c(), Some(3), |_| {});
        }),
    ]
}

fn of_decisions() -> Vec<Attack> {
    let leaver = "workflow/leaver";
    let other = closure(7, 9);
    let c = || closure(7, 0);
    vec![
        told("an approval of nothing", "of", |w| {
            w.act("ben", "approve", leaver, &c(), None, |_| {});
        }),
        told("an approval of a release", "of", |w| {
            w.act("ben", "approve", leaver, &c(), Some(6), |_| {});
        }),
        told("an approval of what comes later", "of", |w| w.edit(4, "of", 6.into())),
        told("an approval for another workflow", "of-other", |w| {
            w.edit(5, "subject", "workflow/joiner".into())
        }),
        told("an approval for test moved to production", "statement-other", |w| {
            restate(w, 5, "cyd", NAMESPACE, |p| p["predicate"]["environment"] = "test".into());
        }),
        told("a refusal entered as an approval", "statement-other", |w| {
            restate(w, 5, "cyd", NAMESPACE, |p| p["predicate"]["act"] = "refuse".into());
        }),
        told("another person named than signed", "statement-other", |w| w.set(5, "by", json!("dan"))),
        told("the policy swapped under a decision", "policy-in-force", |w| {
            w.act("root", "change-policy", "policy/policies", "", None, |_| {});
            w.act("ann", "propose", leaver, &other, None, |b| b.policy = Some(1));
        }),
        told("a decision by a policy that was never in force", "policy-in-force", |w| {
            w.edit(6, "policy", 2.into())
        }),
        told("the people directory swapped under a decision", "people-in-force", |w| {
            w.act("root", "change-people", "people/people.yaml", "", None, |_| {});
            w.act("ann", "propose", leaver, &other, None, |b| b.people = Some(0));
        }),
        told("one statement entered twice", "statement-reused", |w| {
            let again = w.made[5].clone();
            w.made.push(Made { time: again.time + 600_000, ..again });
        }),
        told("a statement signed with another person's key", "signature", |w| {
            restate(w, 5, "dan", NAMESPACE, |_| {})
        }),
        told("a statement signed by a key that nobody has", "signature", |w| {
            restate(w, 5, "mallory", NAMESPACE, |_| {})
        }),
        told("an SSH signature given for something else", "signature", |w| {
            restate(w, 5, "cyd", "git", |_| {})
        }),
        told("a statement changed after it was signed", "signature", forge),
    ]
}

/// What decisions are taken with, without an act that put it in force.
fn of_grounds() -> Vec<Attack> {
    let leaver = "workflow/leaver";
    let other = closure(7, 9);
    vec![
        told("a people directory in use that a decision leaves out", "people-in-force", |w| {
            w.basis("people", &[("people-000", directory(&["root", "ann", "dan"])["people"].clone())]);
            w.act("ann", "propose", leaver, &other, None, |b| b.people = Some(0));
        }),
        told("policies in use that a decision leaves out", "policy-in-force", |w| {
            w.basis("policy", &[("content", json!({"other.cedar": "forbid(principal, action, resource);"}))]);
            w.act("ann", "propose", leaver, &other, None, |b| b.policy = Some(1));
        }),
        told("signed by somebody whom the directory in use does not have", "signature", |w| {
            let people = directory(&["root", "ann", "dan"])["people"].clone();
            w.basis("people", &[("people-000", people), ("groups", json!([]))]);
            let next = w.act("ann", "propose", leaver, &other, None, |_| {});
            w.act("ben", "approve", leaver, &other, Some(next), |_| {});
        }),
        told("a key of somebody else's in a part of the directory in use", "signature", |w| {
            let mut people = directory(&["root", "ann", "ben", "dan"])["people"].clone();
            people[2]["keys"] = people[3]["keys"].clone();
            let (first, rest) = people.as_array().unwrap().split_at(2);
            w.basis("people", &[("people-000", json!(first)), ("people-001", json!(rest))]);
            let next = w.act("ann", "propose", leaver, &other, None, |_| {});
            w.act("ben", "approve", leaver, &other, Some(next), |_| {});
        }),
    ]
}

fn of_statements() -> Vec<Attack> {
    let leaver = "workflow/leaver";
    let other = closure(7, 9);
    vec![
        told("signed by somebody who had left", "signature", |w| {
            let seq = w.act("root", "change-people", "people/people.yaml", "", None, |_| {});
            w.set(seq, "content", directory(&["root", "ann", "dan"]));
            let next = w.act("ann", "propose", leaver, &other, None, |_| {});
            w.act("ben", "approve", leaver, &other, Some(next), |_| {});
        }),
        told("signed with a key that was revoked", "signature", |w| {
            key_with(w, "revoked", "2026-01-01T00:00:00Z")
        }),
        told("signed with a key before it was valid", "signature", |w| {
            key_with(w, "from", "2026-01-01T00:00:00Z")
        }),
        told("signed with a key that had run out", "signature", |w| {
            key_with(w, "until", "2025-01-01T00:00:00Z")
        }),
        told("a statement dated after its entry", "statement-time", |w| {
            restate(w, 5, "cyd", NAMESPACE, |p| p["predicate"]["at"] = "2026-01-01T00:00:00Z".into());
        }),
        told("an approval dated back before its proposal", "statement-time", |w| {
            restate(w, 5, "cyd", NAMESPACE, |p| p["predicate"]["at"] = "2025-11-30T00:00:00Z".into());
        }),
        told("an approval that answers another proposal than its entry", "statement-of", |w| {
            restate(w, 5, "cyd", NAMESPACE, |p| p["predicate"]["of"] = "sha256:0000".into());
        }),
        told("break-glass used after it expired", "expired", |w| {
            let glass = w.act("dan", "open-break-glass", leaver, "", None, |b| b.until = Some(START));
            w.act("dan", "use-break-glass", leaver, &other, Some(glass), |_| {});
        }),
        told("an emergency opened under the name of a drill", "statement-other", |w| {
            w.act("dan", "open-break-glass", leaver, "", None, |b| b.drill = true);
        }),
        told("an emergency used under the name of a drill", "drill", |w| {
            let glass = w.act("dan", "open-break-glass", leaver, "", None, |b| b.until = Some(START * 2));
            w.act("dan", "use-break-glass", leaver, &other, Some(glass), |b| b.drill = true);
        }),
        told("an act that is said not to be a drill", "act-unreadable", |w| w.edit(5, "drill", false.into())),
        told("an act dated back in its entry", "statement-other", |w| w.edit(5, "at", START.into())),
        told("break-glass used after it was closed", "of-closed", |w| {
            w.emergency(leaver, &other);
            w.act("dan", "use-break-glass", leaver, &other, Some(7), |_| {});
        }),
        told("an exception renewed after its end", "of-closed", |w| {
            let granted = w.act("cyd", "grant-exception", leaver, "", None, |_| {});
            w.act("cyd", "end-exception", leaver, "", Some(granted), |_| {});
            w.act("cyd", "renew-exception", leaver, "", Some(granted), |_| {});
        }),
        told("an act with a field that means nothing", "act-unreadable", |w| {
            w.edit(5, "note", "approved".into())
        }),
        told("an entry dated before the one before it", "time", |w| w.made[5].time = START),
    ]
}

/// Changes the payload inside an envelope, and leaves the signature.
fn forge(world: &mut World) {
    let mut envelope = world.made[5].values["statement"].clone();
    let payload = encoding::from_base64(envelope["payload"].as_str().unwrap()).unwrap();
    let text = String::from_utf8(payload).unwrap().replace("\"by\":\"cyd\"", "\"by\":\"dan\"");
    envelope["payload"] = encoding::to_base64(text.as_bytes()).into();
    world.set(5, "statement", envelope);
    world.set(5, "by", json!("dan"));
}

fn key_with(world: &mut World, field: &str, time: &str) {
    let mut people = directory(&["root", "ann", "ben", "cyd", "dan"]);
    people["people"][3]["keys"][0][field] = time.into();
    world.set(0, "content", people);
}

/// Entries that the writer's numbers give away.
fn renumbered(name: &'static str, from: &str, to: &str) -> Attack {
    let world = one();
    let change = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).unwrap();
        if text.contains("\"seq\":6,") { text.replace(from, to).into_bytes() } else { text.into_bytes() }
    };
    let entries: Vec<_> = world.entries().into_iter().map(change).collect();
    let bundle = world.bundle_of(&entries, &log_of(&entries, &log_key(), &[1, 2]), Query::All {}, "auditor");
    attack(name, "source-sequence", bundle)
}

/// Another history than the one that was shown before, of so many entries.
fn other_history() -> World {
    let mut world = World::new(7);
    world.change("workflow/joiner", &closure(7, 1));
    world
}

fn longer() -> World {
    let mut world = one();
    world.change("workflow/mover", &closure(7, 2));
    world
}

fn shown(world: &World, key: &Signer, witnesses: &[u8]) -> Bundle {
    let entries = world.entries();
    world.bundle_of(&entries, &log_of(&entries, key, witnesses), Query::All {}, "auditor")
}

/// What is done with the ledger's key and with checkpoints.
pub fn of_checkpoints() -> Vec<Attack> {
    let honest = one();
    let kept = |world: &World| Some(world.log().checkpoint().to_string());
    let stolen = signer("corp.test/ledger", Algorithm::Ed25519, 8);
    let elsewhere = signer("other.test/ledger", Algorithm::Ed25519, 8);
    let fork = other_history();
    let mut out = vec![
        attack("a fork signed with the ledger's key alone", "checkpoint", shown(&fork, &log_key(), &[])),
        attack(
            "a fork with one colluding witness of two needed",
            "checkpoint",
            shown(&fork, &log_key(), &[2]),
        ),
        attack("cosigned by witnesses that nobody knows", "checkpoint", shown(&fork, &log_key(), &[5, 6, 7])),
        attack("the ledger's key exchanged under its name", "checkpoint", shown(&fork, &stolen, &[1, 2, 3])),
        attack("another ledger's checkpoint", "checkpoint", shown(&fork, &elsewhere, &[1, 2, 3])),
        attack("cosignatures copied from another checkpoint", "checkpoint", copied(&honest, &fork)),
        attack("one witness's cosignature counted twice", "checkpoint", twice(&fork)),
        edited("the size in a checkpoint raised", "checkpoint", "checkpoint", "\n7\n", "\n8\n"),
        renumbered("omission at the source: a number left out", "\"source_seq\":6", "\"source_seq\":7"),
        renumbered("a source's number used twice", "\"source_seq\":6", "\"source_seq\":5"),
    ];
    let whole = |world: &World| shown(world, &log_key(), &[1, 2, 3]);
    out.extend([
        Attack {
            known: kept(&honest),
            ..attack("a split view, with every witness colluding", "known-checkpoint", whole(&fork))
        },
        Attack {
            known: kept(&longer()),
            ..attack("the end cut off: an old checkpoint again", "known-checkpoint", whole(&honest))
        },
        Attack {
            known: kept(&World::new(8)),
            ..attack("history rewritten before the checkpoint kept", "known-checkpoint", whole(&longer()))
        },
        Attack {
            not_before: Some(1_764_800_000),
            ..attack("an old checkpoint replayed as the latest", "stale", whole(&honest))
        },
        Attack {
            not_before: Some(1_764_700_003),
            ..attack("kept fresh by one witness of two needed", "stale", whole(&honest))
        },
    ]);
    out
}

fn copied(from: &World, onto: &World) -> Bundle {
    let lines: String = from.log().checkpoint().signatures()[1..].iter().map(ToString::to_string).collect();
    let mut bundle = shown(onto, &log_key(), &[]);
    bundle.files.get_mut("checkpoint").unwrap().extend_from_slice(lines.as_bytes());
    reseal(&mut bundle, |_| {});
    bundle
}

fn twice(world: &World) -> Bundle {
    let mut bundle = shown(world, &log_key(), &[1]);
    let later = log_at(&world.entries(), &log_key(), &[1], 1_764_700_050);
    let line = later.checkpoint().signatures()[1].to_string();
    bundle.files.get_mut("checkpoint").unwrap().extend_from_slice(line.as_bytes());
    reseal(&mut bundle, |_| {});
    bundle
}

/// Seals a bundle again, as whoever hands it over can.
fn reseal(bundle: &mut Bundle, change: impl FnOnce(&mut Manifest)) {
    let mut manifest = Manifest::parse(&bundle.files[MANIFEST]).unwrap();
    change(&mut manifest);
    bundle.seal(manifest).unwrap();
}

/// An honest bundle with a text of a file replaced, sealed again.
fn edited(name: &'static str, code: &'static str, file: &str, from: &str, to: &str) -> Attack {
    let mut bundle = all(&one());
    let text = String::from_utf8(bundle.files[file].clone()).unwrap();
    assert!(text.contains(from), "{name}");
    bundle.files.insert(file.to_owned(), text.replacen(from, to, 1).into_bytes());
    reseal(&mut bundle, |_| {});
    attack(name, code, bundle)
}

fn sealed(name: &'static str, code: &'static str, change: impl FnOnce(&mut Bundle)) -> Attack {
    let mut bundle = all(&one());
    change(&mut bundle);
    reseal(&mut bundle, |_| {});
    attack(name, code, bundle)
}

fn unsealed(name: &'static str, code: &'static str, change: impl FnOnce(&mut Bundle)) -> Attack {
    let mut bundle = all(&one());
    change(&mut bundle);
    attack(name, code, bundle)
}

fn lines(bundle: &Bundle) -> Vec<String> {
    String::from_utf8(bundle.files["entries"].clone()).unwrap().lines().map(|l| format!("{l}\n")).collect()
}

fn set_lines(bundle: &mut Bundle, lines: &[String]) {
    bundle.files.insert("entries".to_owned(), lines.concat().into_bytes());
}

fn first_of(bundle: &Bundle, folder: &str) -> String {
    bundle.files.keys().find(|n| n.starts_with(folder)).unwrap().clone()
}

/// What is done to a bundle on its way, by somebody who can seal it again.
pub fn of_bundles() -> Vec<Attack> {
    [of_entries(), of_files(), narrowed::of_narrowed()].into_iter().flatten().collect()
}

fn of_entries() -> Vec<Attack> {
    vec![
        edited("an entry changed", "inclusion", "entries", "\"allow\":true", "\"allow\":false"),
        sealed("two entries exchanged", "entry-order", |b| {
            let mut all = lines(b);
            all.swap(4, 5);
            set_lines(b, &all);
        }),
        sealed("an entry left out with its proof", "coverage", |b| {
            let mut all = lines(b);
            all.remove(4);
            set_lines(b, &all);
            drop_proof(b, "4");
        }),
        sealed("an entry left out, its proof left", "proof-stray", |b| {
            let mut all = lines(b);
            all.remove(4);
            set_lines(b, &all);
        }),
        sealed("the last entry left out", "coverage", |b| {
            let mut all = lines(b);
            all.pop();
            set_lines(b, &all);
            drop_proof(b, "6");
        }),
        sealed("an entry of another ledger slipped in", "inclusion", |b| {
            let other = all(&other_history());
            let mut all = lines(b);
            all[5] = lines(&other)[5].clone();
            set_lines(b, &all);
        }),
        sealed("an entry that two readers would read differently", "entry-unreadable", |b| {
            let mut all = lines(b);
            all[5] = all[5].replace("\"allow\":true", "\"allow\":false,\"allow\":true");
            set_lines(b, &all);
        }),
        sealed("a proof exchanged for another entry's", "inclusion", |b| {
            let mut proofs: Value = serde_json::from_slice(&b.files["proofs.json"]).unwrap();
            proofs["4"] = proofs["5"].clone();
            b.files.insert("proofs.json".to_owned(), json::to_canonical(&proofs).unwrap());
        }),
        sealed("proofs that cannot be read", "proofs-unreadable", |b| {
            b.files.insert("proofs.json".to_owned(), b"[]".to_vec());
        }),
        edited("a row of the table changed", "population", "populations/acts.csv", ",release,", ",propose,"),
        sealed("a table without its last row", "population", |b| {
            let table = String::from_utf8(b.files["populations/acts.csv"].clone()).unwrap();
            let cut = table.trim_end().rfind('\n').unwrap();
            b.files.insert("populations/acts.csv".to_owned(), table.as_bytes()[..=cut].to_vec());
        }),
        sealed("a disclosed value changed", "opening-value", |b| {
            let file = named_opening(b, "by", "cyd");
            let text = String::from_utf8(b.files[&file].clone()).unwrap();
            b.files.insert(file, text.replace("\"cyd\"", "\"dan\"").into_bytes());
        }),
    ]
}

fn of_files() -> Vec<Attack> {
    vec![
        sealed("a disclosed value under another name", "opening-value", |b| {
            let file = named_opening(b, "by", "cyd");
            let text = String::from_utf8(b.files[&file].clone()).unwrap();
            b.files.insert(file, text.replace("\"name\":\"by\"", "\"name\":\"to\"").into_bytes());
        }),
        sealed("a value that no entry committed to", "opening-stray", |b| {
            let opening = Opening { name: "by".to_owned(), salt: [3; 32], value: json!("eve") };
            let name = format!("openings/{}", encoding::to_hex(&opening.commitment().unwrap()));
            b.files.insert(name, opening.to_json().unwrap());
        }),
        sealed("a value that cannot be read", "opening-unreadable", |b| {
            let file = first_of(b, "openings/");
            b.files.insert(file, b"{}".to_vec());
        }),
        sealed("evidence exchanged", "evidence-digest", |b| {
            let file = first_of(b, "evidence/");
            b.files.insert(file, b"{\"definition\":\"harmless\"}".to_vec());
        }),
        sealed("evidence that nothing refers to", "evidence-stray", |b| {
            let bytes = b"all is well".to_vec();
            b.files.insert(format!("evidence/{}", encoding::to_hex(&Sha256::digest(&bytes))), bytes);
        }),
        unsealed("a file added", "file-extra", |b| {
            b.files.insert("summary.txt".to_owned(), b"all is well".to_vec());
        }),
        unsealed("a file removed", "file-missing", |b| drop(b.files.remove("report.html"))),
        unsealed("the report changed", "file-digest", |b| b.files.get_mut("report.html").unwrap().push(b' ')),
        unsealed("the manifest removed", "file-missing", |b| drop(b.files.remove(MANIFEST))),
        unsealed("the manifest changed", "manifest-digest", |b| {
            let text = String::from_utf8(b.files[MANIFEST].clone()).unwrap();
            b.files.insert(MANIFEST.to_owned(), text.replace("\"auditor\"", "\"auditee\"").into_bytes());
        }),
        unsealed("the manifest spaced out", "manifest-unreadable", |b| {
            b.files.get_mut(MANIFEST).unwrap().push(b'\n')
        }),
        of_manifest("a selection that leaves the release out", "selection", Query::All {}, |m| {
            m.selection.pop();
        }),
        of_manifest("a question that was not asked", "selection", Query::All {}, |m| {
            m.query = Query::Workflow { name: "workflow/x".to_owned() }
        }),
        of_manifest("a manifest of a smaller ledger", "manifest-checkpoint", Query::All {}, |m| m.size = 6),
        of_manifest("more said to be here than there is", "coverage", Query::All {}, |m| m.coverage.to = 9),
        of_manifest("a period narrowed at its end", "period-border", period(), |m| m.coverage.to -= 1),
        late(),
        of_manifest("an identity with one of its names left out", "names", identity(), |m| {
            if let Query::Identity { names, .. } = &mut m.query {
                names.retain(|n| n != "cyd@corp.test");
            }
        }),
        of_manifest("a period narrowed at its beginning", "period-border", period(), |m| {
            m.coverage.from += 1
        }),
    ]
}

fn identity() -> Query {
    Query::Identity { name: "cyd".to_owned(), names: one().names("cyd") }
}

fn period() -> Query {
    Query::Period { from: START + 3 * 60_000, to: START + 6 * 60_000 }
}

/// What was done in a period, and entered after it.
fn late() -> Attack {
    let mut world = one();
    let to = START + world.made.len() as u64 * 60_000;
    let seq = world.act("cyd", "grant-exception", "workflow/leaver", "", None, |b| b.at = Some(to - 30_000));
    let mut bundle = world.bundle(Query::Period { from: to - 50_000, to }, "auditor");
    reseal(&mut bundle, |m| {
        assert_eq!(std::mem::take(&mut m.selection), [seq]);
    });
    attack("an answer of a period without what was entered after it", "selection", bundle)
}

fn of_manifest(
    name: &'static str,
    code: &'static str,
    query: Query,
    change: impl FnOnce(&mut Manifest),
) -> Attack {
    let mut bundle = one().bundle(query, "auditor");
    reseal(&mut bundle, change);
    attack(name, code, bundle)
}

fn drop_proof(bundle: &mut Bundle, seq: &str) {
    let mut proofs: Value = serde_json::from_slice(&bundle.files["proofs.json"]).unwrap();
    proofs.as_object_mut().unwrap().remove(seq);
    bundle.files.insert("proofs.json".to_owned(), json::to_canonical(&proofs).unwrap());
}

fn named_opening(bundle: &Bundle, name: &str, value: &str) -> String {
    let wanted = |bytes: &Vec<u8>| Opening::parse(bytes).is_ok_and(|o| o.name == name && o.value == value);
    bundle.files.iter().find(|(n, b)| n.starts_with("openings/") && wanted(b)).unwrap().0.clone()
}
