//! The attack library against both verifiers: each attack is found offline, with its reason, by each of them alike; honest
//! bundles raise no alarm.

#![allow(clippy::unwrap_used, reason = "a test whose input is not there or not sound has failed")]

#[path = "common/attacks.rs"]
mod attacks;
mod common;

use attacks::{Attack, of_bundles, of_checkpoints, of_histories};
use common::*;
use evidence::{Bundle, Pins, Query, Verdict, verify, verify_and_report};
use ledger::merkle::consistency_proof;
use ledger::witness::{KnownLog, Request as ToWitness, add_checkpoint};
use ledger::{Algorithm, Checkpoint, Note};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn ours(bundle: &Bundle, known: Option<&str>, not_before: Option<u64>) -> Verdict {
    let policy = policy();
    let known = known.map(|k| Checkpoint::parse(Note::parse(k.as_bytes()).unwrap().text()).unwrap());
    verify(bundle, &Pins { policy: &policy, known: known.as_ref(), not_before })
}

fn marks(verdict: &Verdict) -> BTreeSet<(String, String)> {
    verdict.problems.iter().map(|p| (p.place.clone(), p.code.to_owned())).collect()
}

fn all_attacks() -> Vec<Attack> {
    of_histories().into_iter().chain(of_checkpoints()).chain(of_bundles()).collect()
}

/// A folder for a test's files; none, said aloud, where the second verifier cannot run.
fn with_python(name: &str) -> Option<PathBuf> {
    let works = Command::new("python3").args(["-c", "import cryptography"]).output();
    if !works.is_ok_and(|o| o.status.success()) {
        println!("skipped: there is no python3 with the package `cryptography`");
        return None;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("policy"), policy_text()).unwrap();
    Some(folder)
}

/// What `verify.py` says of bundles: for each, its problems as (place, code).
fn theirs(folder: &Path, bundles: &[String], more: &[String]) -> Vec<BTreeSet<(String, String)>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("verify.py");
    let mut command = Command::new("python3");
    command.current_dir(folder).arg("-B").arg(script).args(["--policy", "policy", "--format", "json"]);
    let out = command.args(more).args(bundles).output().unwrap();
    let read = |line: &str| -> BTreeSet<(String, String)> {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |p: &serde_json::Value, n: &str| p[n].as_str().unwrap().to_owned();
        value["problems"].as_array().unwrap().iter().map(|p| (text(p, "place"), text(p, "code"))).collect()
    };
    let found: Vec<_> = String::from_utf8(out.stdout).unwrap().lines().map(read).collect();
    assert_eq!(found.len(), bundles.len(), "{}", String::from_utf8_lossy(&out.stderr));
    found
}

#[test]
fn every_attack_is_found_with_its_reason() {
    let attacks = all_attacks();
    assert!(attacks.len() >= 40);
    let names: BTreeSet<_> = attacks.iter().map(|a| a.name).collect();
    assert_eq!(names.len(), attacks.len());
    let mut missed = Vec::new();
    for attack in &attacks {
        // The page is made of whatever is there, and says nothing of its truth.
        let pinned = policy();
        let (told, page) =
            verify_and_report(&attack.bundle, &Pins { policy: &pinned, known: None, not_before: None });
        assert!(page.is_some() || !told.holds, "{}", attack.name);
        let verdict = ours(&attack.bundle, attack.known.as_deref(), attack.not_before);
        if verdict.holds || !verdict.problems.iter().any(|p| p.code == attack.code) {
            missed.push(format!("{}: not `{}` but {:?}", attack.name, attack.code, marks(&verdict)));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    println!("{} attacks found", attacks.len());
}

#[test]
fn the_second_verifier_finds_the_same_of_every_attack() {
    let Some(folder) = with_python("attacks") else { return };
    let attacks = all_attacks();
    let mut differ = Vec::new();
    let mut plain = Vec::new();
    for (number, attack) in attacks.iter().enumerate() {
        let file = format!("{number}.bundle");
        std::fs::write(folder.join(&file), attack.bundle.pack().unwrap()).unwrap();
        let mut more = Vec::new();
        if let Some(known) = &attack.known {
            std::fs::write(folder.join(format!("{number}.known")), known).unwrap();
            more.extend(["--known".to_owned(), format!("{number}.known")]);
        }
        more.extend(attack.not_before.iter().flat_map(|t| ["--not-before".to_owned(), t.to_string()]));
        if more.is_empty() {
            plain.push((number, file));
        } else {
            compare(attack, &theirs(&folder, &[file], &more)[0], &mut differ);
        }
    }
    let files: Vec<_> = plain.iter().map(|(_, f)| f.clone()).collect();
    for ((number, _), found) in plain.iter().zip(theirs(&folder, &files, &[])) {
        compare(&attacks[*number], &found, &mut differ);
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

fn compare(attack: &Attack, found: &BTreeSet<(String, String)>, differ: &mut Vec<String>) {
    let expected = marks(&ours(&attack.bundle, attack.known.as_deref(), attack.not_before));
    if *found != expected {
        differ.push(format!("{}: first {expected:?}, second {found:?}", attack.name));
    }
}

fn query(seed: u64, world: &World) -> Query {
    let from = START + seed % 9 * 60_000;
    match seed % 6 {
        0 => Query::All {},
        1 => Query::Workflow { name: format!("workflow/w{}", seed % 5) },
        2 => Query::Period { from, to: from + seed % 20 * 60_000 },
        3 => Query::Identity { name: "Cyd".to_owned(), names: world.names("Cyd") },
        4 => Query::Control { id: "soc2:CC8.1".to_owned() },
        _ => {
            let proposed = world.made.iter().position(|m| m.body["act"] == "propose");
            Query::Change { entry: proposed.unwrap_or(0) as u64 }
        }
    }
}

fn honest(seed: u64) -> Bundle {
    let world = World::honest(seed, 2 + seed % 6);
    world.bundle(query(seed, &world), ["auditor", "reviewer", "public"][seed as usize % 3])
}

#[test]
fn honest_bundles_raise_no_alarm() {
    let count = if std::env::var_os("COUNTERSIGN_SLOW").is_some() { 100_000 } else { 1_000 };
    let part = |first: u64| {
        for seed in (first..count).step_by(4) {
            let kept = World::new(seed).log().checkpoint().to_string();
            let verdict = ours(&honest(seed), Some(&kept), Some(1_764_700_002));
            assert!(verdict.holds, "seed {seed}: {:?}", verdict.problems);
        }
    };
    std::thread::scope(|scope| (0..4).for_each(|first| drop(scope.spawn(move || part(first)))));
    println!("{count} honest bundles, no alarm");
}

/// Break-glass that was used in time and entered when it was over is no alarm.
fn late() -> Bundle {
    let mut world = World::new(4);
    let until = START + 4 * 60_000;
    let glass = world.act("dan", "open-break-glass", "workflow/leaver", "", None, |b| b.until = Some(until));
    let closure = closure(4, 0);
    world.act("dan", "use-break-glass", "workflow/leaver", &closure, Some(glass), |b| {
        assert!(b.at.is_some_and(|at| at < until));
    });
    world.bundle(Query::All {}, "auditor")
}

#[test]
fn what_was_done_in_time_and_entered_late_is_no_alarm() {
    let verdict = ours(&late(), None, None);
    assert!(verdict.holds, "{:?}", verdict.problems);
    assert!(verdict.verified.iter().any(|s| s.contains("4 of these by a key")), "{:?}", verdict.verified);
    let public = ours(&World::honest(2, 3).bundle(Query::All {}, "reviewer"), None, None);
    assert!(
        public.holds && !public.verified.iter().any(|s| s.contains("1 of these")),
        "{:?}",
        public.verified
    );
    let Some(folder) = with_python("late") else { return };
    std::fs::write(folder.join("late.bundle"), late().pack().unwrap()).unwrap();
    assert!(theirs(&folder, &["late.bundle".to_owned()], &[])[0].is_empty());
}

#[test]
fn the_second_verifier_raises_no_alarm_either() {
    let Some(folder) = with_python("honest") else { return };
    let names: Vec<String> = (0..150).map(|seed| format!("{seed}.bundle")).collect();
    for (seed, name) in (0..).zip(&names) {
        std::fs::write(folder.join(name), honest(seed).pack().unwrap()).unwrap();
    }
    for (name, found) in names.iter().zip(theirs(&folder, &names, &[])) {
        assert!(found.is_empty(), "{name}: {found:?}");
    }
}

/// What never gets as far as a bundle, because a witness refuses it; the HTTP status is that of tlog-witness.
#[test]
fn witnesses_refuse_forks_and_roll_backs() {
    let log = |seed, stories| log_of(&World::honest(seed, stories).entries(), &log_key(), &[]);
    let (short, long, fork) = (log(1, 2), log(1, 6), log(2, 9));
    let head = |log: &ledger::MemoryLog| Checkpoint::parse(log.checkpoint().text()).unwrap();
    let kept = head(&long);
    let keys = [log_key().verifier().clone()];
    let ask = |old_size, proof, checkpoint: &Note| {
        let body = ToWitness { old_size, proof, checkpoint: checkpoint.clone() }.to_string();
        let known = |origin: &str| {
            (origin == kept.origin).then(|| KnownLog { keys: &keys, latest: Some(kept.clone()) })
        };
        add_checkpoint(&witness(1), body.as_bytes(), 1_764_800_000, known).status()
    };
    let size = kept.size;
    assert_eq!(ask(size, vec![], long.checkpoint()), 200);
    assert_eq!(ask(head(&short).size, vec![], short.checkpoint()), 409, "rolled back");
    assert_eq!(ask(size, vec![], short.checkpoint()), 400, "cut off");
    assert!(head(&fork).size > size);
    let proof = consistency_proof(&fork, size, head(&fork).size).unwrap();
    assert_eq!(ask(size, proof, fork.checkpoint()), 422, "forked");
    assert_eq!(ask(size, vec![], fork.checkpoint()), 422, "forked, without a proof");
    let entries = World::honest(1, 6).entries();
    let other = |name: &str| log_of(&entries, &signer(name, Algorithm::Ed25519, 8), &[]);
    assert_eq!(ask(size, vec![], other(&kept.origin).checkpoint()), 403, "signed with another key");
    assert_eq!(ask(size, vec![], other("other.test/ledger").checkpoint()), 404, "another ledger");
}
