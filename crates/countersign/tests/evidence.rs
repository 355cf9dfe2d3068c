//! Evidence by command line: recorded, handed over, verified by both verifiers, counted, reconciled, erased.

#![allow(clippy::unwrap_used, reason = "a test whose input is not there or not sound has failed")]

#[path = "evidence/answers.rs"]
mod answers;
mod common;
#[path = "evidence/export.rs"]
mod export;

use common::traces::{files, traces};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("evidence-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn run(folder: &Path, arguments: &str, input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.current_dir(folder).args(arguments.split(' '));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A program that stops early reads no further.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn good(folder: &Path, arguments: &str, input: &str) -> String {
    let output = run(folder, arguments, input);
    assert!(output.status.success(), "{arguments}: {}", text(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// An entry of an act, without a statement.
fn act(by: &str, act: &str, of: Option<u64>, rests_on: &[u64]) -> String {
    let body = json!({
        "act": act, "allow": true, "closure": "sha256:11", "controls": ["soc2:CC8.1"], "environment": "production",
        "mode": "enforce", "modes": {}, "of": of, "people": null, "policy": null, "rests_on": rests_on,
        "rules": ["four-eyes"], "subject": "workflow/leaver", "tier": 3, "until": null, "verdict": true,
    });
    let values = json!({"by": by, "reason": format!("because of {by}")});
    json!({"type": "act/1", "source": "gate", "body": body, "values": values}).to_string()
}

fn record(folder: &Path, lines: &[String]) {
    good(folder, "record ledger --beside beside --key key", &lines.join("\n"));
}

fn execution(id: &str, identity: &str) -> String {
    let body = json!({"execution": id, "status": "succeeded"});
    json!({"type": "run/1", "source": "runtime", "body": body, "values": {"identity": identity}}).to_string()
}

/// A ledger with a change and three executions: entries 0 to 3, and 4 to 6.
fn ledger(name: &str) -> PathBuf {
    let folder = folder(name);
    let made = good(&folder, "ledger --format json init ledger --name corp.test/ledger --key key", "");
    let made: Value = serde_json::from_str(&made).unwrap();
    let policy = format!("log {}\nquorum none\n", made["vkey"].as_str().unwrap());
    std::fs::write(folder.join("policy"), policy).unwrap();
    let mut lines = vec![
        act("ann", "propose", None, &[]),
        act("ben", "approve", Some(0), &[]),
        act("lea.torres@corp.test", "approve", Some(0), &[]),
        act("dan", "release", Some(0), &[1, 2]),
    ];
    lines.extend(["x-1", "x-2", "x-3"].map(|id| execution(id, "kim+admin@corp.test")));
    good(&folder, "record ledger --beside beside --key key", &lines.join("\n"));
    folder
}

fn python(folder: &Path, bundle: &str) -> Option<bool> {
    python_code(folder, bundle).map(|code| code == 0)
}

/// The exit code of the second verifier.
fn python_code(folder: &Path, bundle: &str) -> Option<i32> {
    let there = Command::new("python3").args(["-c", "import cryptography"]).output();
    if !there.is_ok_and(|o| o.status.success()) {
        println!("skipped: there is no python3 with the package `cryptography`");
        return None;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../evidence/verify.py");
    let mut command = Command::new("python3");
    let output =
        command.current_dir(folder).arg("-B").arg(script).args([bundle, "--policy", "policy"]).output();
    output.unwrap().status.code()
}

#[test]
fn a_change_is_handed_over_and_verified() {
    let folder = ledger("change");
    good(&folder, "evidence ledger --beside beside --about change:0 --output bundle", "");
    good(&folder, "evidence ledger --beside beside --about workflow:leaver --output one --one-file", "");
    for bundle in ["bundle", "one"] {
        let told = good(&folder, &format!("verify {bundle} --policy policy --report page.html"), "");
        assert!(told.starts_with("Everything that is in this bundle holds."), "{told}");
        assert!(told.contains("4 entries answer that") && told.contains("Cannot be proved"), "{told}");
        assert_ne!(python(&folder, bundle), Some(false));
    }
    // What is mistyped is wrong use, and no bundle that does not hold.
    assert_eq!(run(&folder, "verify on --policy policy", "").status.code(), Some(2));
    assert!(matches!(python_code(&folder, "on"), None | Some(2)));
    let page = std::fs::read_to_string(folder.join("page.html")).unwrap();
    assert!(page.contains("<code>lea.torres@corp.test</code> approved <code>leaver</code>"), "{page}");
    let entries = folder.join("bundle/entries");
    let changed = std::fs::read_to_string(&entries).unwrap().replacen("\"tier\":3", "\"tier\":1", 1);
    std::fs::write(&entries, changed).unwrap();
    let output = run(&folder, "verify bundle --policy policy", "");
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output);
    assert!(told.contains("(file-digest)") && told.contains("entry 0: it is not in the ledger"), "{told}");
    assert_ne!(python(&folder, "bundle"), Some(true));
}

#[test]
fn a_bundle_is_about_what_was_meant_or_is_refused() {
    let folder = ledger("subject");
    let refused = |words: &str, part: &str| {
        let output = run(&folder, words, "");
        assert!(output.status.code() == Some(2) && text(&output).contains(part), "{}", text(&output));
        assert!(!folder.join("b").exists());
    };
    let bundle = |about: &str| format!("evidence ledger --about {about} --output b");
    refused(
        &bundle("change:3"),
        "entry 3 is no proposal but `release`: the change that it belongs to is `change:0`",
    );
    refused(&bundle("change:5"), "entry 5 is no act");
    refused(&bundle("workflow:joiner"), "nothing about `workflow/joiner`: there are `workflow/leaver`");
    refused("explain changes:joiner --ledger ledger", "there are `workflow/leaver`");
    refused("explain change:0", "`--ledger LEDGER` names the ledger");
    // By the beginning of its name, in words, as its file may be named.
    let other =
        act("ann", "propose", None, &[]).replace("workflow/leaver", "workflow/Lost device: end sessions");
    record(&folder, &[other]);
    let output = run(&folder, &bundle("workflow:lost-device"), "");
    assert!(
        text(&output).contains("is understood as `workflow/Lost device: end sessions`"),
        "{}",
        text(&output)
    );
    let told = good(&folder, "verify b --policy policy", "");
    assert!(told.contains("1 entry answers that"), "{told}");
}

#[test]
fn a_requirement_is_understood_by_its_id_and_an_empty_answer_is_said() {
    let folder = ledger("control");
    let mut proposal: Value = serde_json::from_str(&act("eve", "propose", None, &[])).unwrap();
    proposal["body"]["controls"] = json!(["nist-csf-2.0 PR.AA-05"]);
    record(&folder, &[proposal.to_string()]);
    // By the id alone, by one that is superseded, and by the ledger's own words.
    for cited in ["PR.AA-05", "PR.AC-4"] {
        let told = good(&folder, &format!("explain control:{cited} --ledger ledger --beside beside"), "");
        assert!(told.contains("`eve` proposed a change of `leaver`") && !told.contains("ben"), "{told}");
    }
    assert!(
        good(&folder, "explain control:soc2:CC8.1 --ledger ledger --beside beside", "")
            .contains("`ben` approved")
    );
    let output = run(&folder, "evidence ledger --beside beside --about control:AC-5 --output empty", "");
    assert!(
        output.status.success() && text(&output).contains("nothing in the ledger answers that"),
        "{}",
        text(&output)
    );
    good(&folder, "verify empty --policy policy", "");
    // What is decided again needs what is kept beside the ledger.
    let output = run(&folder, "replay ledger", "");
    assert!(output.status.code() == Some(2) && text(&output).contains("`--beside`"), "{}", text(&output));
}

#[test]
fn what_was_kept_from_last_time_is_continued() {
    let folder = ledger("known");
    let kept = good(&folder, "ledger checkpoint ledger", "");
    std::fs::write(folder.join("kept"), kept).unwrap();
    good(&folder, "record ledger --beside beside --key key", &execution("x-4", "kim+admin@corp.test"));
    good(&folder, "evidence ledger --beside beside --since kept --output bundle", "");
    good(&folder, "verify bundle --policy policy --known kept", "");
    good(&folder, "evidence ledger --beside beside --output without", "");
    let output = run(&folder, "verify without --policy policy --known kept", "");
    assert!(text(&output).contains("(known-checkpoint)"), "{}", text(&output));
    let output = run(&folder, "verify bundle --policy policy --not-before 2026-01-01", "");
    assert!(text(&output).contains("(stale)"), "no witness tells the time: {}", text(&output));
}

#[test]
fn a_population_ties_out_and_its_sample_can_be_drawn_again() {
    let folder = ledger("population");
    let told = good(&folder, "population ledger --of decisions --sample 2 --seed audit-7", "");
    assert!(told.starts_with("4 decisions (every act)"), "{told}");
    assert!(told.contains("found in 4 entries of `gate`") && told.contains("sample of 2 of 4"), "{told}");
    assert_eq!(told, good(&folder, "population ledger --of decisions --sample 2 --seed audit-7", ""));
    let releases = good(&folder, "population ledger --of releases --format json", "");
    let releases: Value = serde_json::from_str(&releases).unwrap();
    assert_eq!(releases["items"][0]["chain"], json!([0, 1, 2, 3]));
    // What ran by the release, and what that did, are the ends of its chain.
    let ran = json!({"type": "run/1", "source": "runtime", "body": {"execution": "x-8", "release": 3}});
    let did = json!({"type": "effect/1", "source": "runtime", "body": {"effect": "grant", "outcome": "succeeded", "release": 3}});
    record(&folder, &[ran.to_string(), did.to_string()]);
    let told = good(&folder, "population ledger --of releases", "");
    assert!(told.starts_with("1 release (act in (release, roll-back))"), "{told}");
    assert!(told.contains("request 0 → review 1 2 → release 3 → run 7 → effect 8"), "{told}");
    let rotated = json!({"type": "effect/1", "source": "runtime", "body": {"effect": "rotate-credential", "outcome": "failed", "system": "okta"}});
    record(&folder, &[rotated.to_string()]);
    let told = good(&folder, "population ledger --of effects", "");
    assert!(
        told.starts_with("2 effects (every entry of type effect/1)")
            && told.contains("rotate-credential okta"),
        "{told}"
    );
    assert!(
        told.contains("request 0 → review 1 2 → release 3 → effect 8") && told.contains(" failed\n"),
        "{told}"
    );
    assert!(good(&folder, "population ledger --of rotations", "").starts_with("1 rotation ("));
    assert_eq!(
        good(&folder, "population ledger --of changes --until 2020-01-01", "").lines().next(),
        Some("0 changes (act = propose)")
    );
}

/// An entry of an act that was done before it was entered.
fn before(day: u64, word: &str, of: Option<u64>, more: &Value) -> String {
    let mut line: Value = serde_json::from_str(&act("ann", word, of, &[])).unwrap();
    line["body"]["at"] = (day * 86_400_000).into();
    for (name, value) in more.as_object().unwrap() {
        line["body"][name] = value.clone();
    }
    line.to_string()
}

/// 2025-11-28, a Friday, and the Saturday after it.
const FRIDAY: u64 = 20_420;

#[test]
fn an_act_is_of_the_time_when_it_was_done_and_not_when_it_was_entered() {
    let folder = ledger("time");
    record(&folder, &[before(FRIDAY + 1, "propose", None, &json!({}))]);
    let count = |period: &str| {
        let told = good(&folder, &format!("population ledger --of changes --format json {period}"), "");
        serde_json::from_str::<Value>(&told).unwrap()
    };
    let found = count("--since 2025-11-28 --until 2025-11-30");
    assert_eq!(
        [&found["count"], &found["items"][0]["time"], &found["items"][0]["weekend"]],
        [&json!(1), &json!("2025-11-29T00:00:00Z"), &json!(true)]
    );
    assert_eq!(count("--since 2025-11-30")["count"], 1, "the other was done when it was entered");
    let told = good(&folder, "explain period:2025-11-28..2025-11-30 --ledger ledger", "");
    assert!(
        told.starts_with("At 2025-11-29T00:00:00Z somebody whose name is withheld or erased proposed"),
        "{told}"
    );
    let told = good(&folder, "explain 0 --ledger ledger --beside beside", "");
    assert!(told.contains(" (when it was entered) `ann` proposed"), "{told}");
    // A bundle, a document and the control of the day have the same act.
    good(&folder, "evidence ledger --beside beside --about period:2025-11-29..2025-11-30 --output day", "");
    let told = good(&folder, "verify day --policy policy", "");
    assert!(
        told.contains("1 entry answers that") && told.contains("what was done from 2025-11-29"),
        "{told}"
    );
    assert_ne!(python(&folder, "day"), Some(false));
    let day = "--since 2025-11-29 --until 2025-11-30";
    let results = good(&folder, &format!("export ledger --format oscal-results {day}"), "");
    let results: Value = serde_json::from_str(&results).unwrap();
    let observed = &results["assessment-results"]["results"][0]["observations"];
    assert_eq!(observed.as_array().unwrap().len(), 1, "{observed}");
    let told = good(&folder, &format!("controls ledger {day}"), "");
    assert!(told.starts_with("2025-11-29  enforced in every tier\n"), "{told}");
    let output = run(&folder, "controls ledger --since 2020-01-01 --until 2020-01-02", "");
    assert!(text(&output).contains("it is about 2025-11-29 to "), "{}", text(&output));
    assert_eq!(output.status.code(), Some(2));
    for words in [
        "population ledger --since 2026-01-02 --until 2026-01-01",
        "evidence ledger --output b --about period:2026-01-02..2026-01-02",
    ] {
        let output = run(&folder, words, "");
        assert!(text(&output).contains("has to begin before it ends"), "{}", text(&output));
        assert_eq!(output.status.code(), Some(2));
    }
    good(&folder, "evidence ledger --beside beside --output bundle", "");
    good(&folder, "verify bundle --policy policy", "");
    assert_ne!(python(&folder, "bundle"), Some(false));
    let ocsf = good(&folder, "export ledger --format ocsf", "");
    let last: Value = serde_json::from_str(ocsf.lines().last().unwrap()).unwrap();
    assert_eq!(last["time"], (FRIDAY + 1) * 86_400_000);
    assert!(last["metadata"]["logged_time"].as_u64() > last["time"].as_u64());
}

#[test]
fn a_drill_of_break_glass_is_no_emergency_anywhere() {
    let folder = ledger("drill");
    let open = |drill: bool, seq: u64| {
        let until = json!({"until": 4_000_000_000_000_u64});
        let mut lines = vec![before(FRIDAY, "open-break-glass", None, &until)];
        lines.push(before(FRIDAY, "use-break-glass", Some(seq), &json!({})));
        if drill {
            lines = lines.iter().map(|l| l.replace("\"act\":", "\"drill\":true,\"act\":")).collect();
        }
        lines
    };
    record(&folder, &[open(true, 7), open(false, 9)].concat());
    let told = good(&folder, "population ledger --of break-glass", "");
    assert!(
        told.contains("open-break-glass workflow/leaver drill\n          break-glass drill 7 8"),
        "{told}"
    );
    assert!(
        told.contains("open-break-glass workflow/leaver emergency\n          break-glass 9 → release 10"),
        "{told}"
    );
    let told = good(&folder, "controls ledger", "");
    assert!(told.contains("; break-glass: entries 10; drill of break-glass: entries 8"), "{told}");
    let told = good(&folder, "explain 8 --ledger ledger --beside beside", "");
    assert!(
        told.contains("`ann` used the drill of break-glass on `leaver`, which put nothing live"),
        "{told}"
    );
    let three = good(&folder, "explain changes:leaver --ledger ledger --beside beside", "");
    assert!(
        three.contains("Entry 10: put live by break-glass at ") && !three.contains("Entry 8:"),
        "{three}"
    );
    assert!(three.contains("Nobody has looked at it afterwards"), "{three}");
    let release = good(&folder, "explain 3 --ledger ledger --beside beside", "");
    assert!(
        release.contains("other logic went live by break-glass: entry 10 (`ann` put `leaver` live"),
        "{release}"
    );
    let cef = good(&folder, "export ledger --format cef", "");
    let severity = |n: usize| cef.lines().nth(n).unwrap().split('|').nth(6).unwrap().to_owned();
    assert_eq!([severity(8), severity(10)], ["2", "8"]);
    assert!(good(&folder, "export ledger --format ocsf", "").contains("as a drill"));
    good(&folder, "evidence ledger --beside beside --output bundle", "");
    good(&folder, "verify bundle --policy policy", "");
    assert_ne!(python(&folder, "bundle"), Some(false));
}

#[test]
fn a_hold_ends_only_for_the_reason_that_it_has() {
    let folder = ledger("hold");
    let hold = "hold ledger --beside beside --key key --about identity:kim+admin@corp.test --reason";
    good(&folder, &format!("{hold} case-7"), "");
    let output = run(&folder, &format!("{hold} case-8 --release"), "");
    assert!(text(&output).contains("held for the reason `case-8`: it is for `case-7`"), "{}", text(&output));
    assert_eq!(output.status.code(), Some(2));
    let log = good(&folder, "explain all --ledger ledger", "");
    assert!(!log.contains("release-hold"), "{log}");
    assert!(
        good(&folder, &format!("{hold} case-7 --release"), "").starts_with("3 values of 3 entries let go")
    );
    let output = run(&folder, &format!("{hold} case-7 --release"), "");
    assert!(text(&output).contains("is under a legal hold"), "{}", text(&output));
}

#[test]
fn what_one_execution_recorded_and_did_is_one_run() {
    let folder = ledger("run");
    let ran = json!({"type": "run/1", "source": "runtime", "body": {"execution": "x-8", "release": 3}, "values": {"identity": "moe"}});
    let did = json!({"type": "effect/1", "source": "runtime", "values": {"identity": "moe"},
        "body": {"effect": "grant", "outcome": "succeeded", "system": "okta", "entitlement": "Finance", "execution": "x-8", "release": 3}});
    record(&folder, &[ran.to_string(), did.to_string()]);
    let told = good(&folder, "explain 3 --ledger ledger --beside beside", "");
    assert!(told.contains("1 run names it: `moe` (entries 7, 8)."), "{told}");
    let told = good(&folder, "explain identity:moe --ledger ledger --beside beside", "");
    assert!(
        told.contains(" `runtime` gave `Finance` to `moe` in `okta`, by execution `x-8`. [entry 8"),
        "{told}"
    );
    let three = good(&folder, "explain changes:leaver --ledger ledger --beside beside", "");
    assert!(three.contains("Whose access it was about: `moe` (entries 7, 8)."), "{three}");
}

#[test]
fn what_happened_is_told_from_the_ledger() {
    let folder = ledger("explain");
    let told = good(&folder, "explain 3 --ledger ledger --beside beside", "");
    for part in [
        "`dan` released `leaver` in `production`. [entry 3, time, act, subject, environment, commitments.by]",
        "It answers entry 0, in which `ann` proposed a change of `leaver`. [entry 3, of]",
        "It rests on entry 1 (`ben` approved `leaver`), entry 2 (`lea.torres@corp.test` approved `leaver`). [entry 3, rests_on]",
        "by `four-eyes`. [entry 3, policy, people, rules]",
        "The reason given: because of dan. [entry 3, commitments.reason]",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let about = good(&folder, "explain identity:kim+admin@corp.test --ledger ledger --beside beside", "");
    assert_eq!(about.lines().count(), 3, "{about}");
    let data = good(&folder, "explain 3 --ledger ledger --beside beside --format json", "");
    let data: Value = serde_json::from_str(&data).unwrap();
    let sentence = |n: usize| {
        let at = &data["sentences"][n];
        format!("{} [{}]", at["text"].as_str().unwrap(), at["rests_on"].as_str().unwrap())
    };
    assert_eq!(
        (&data["schema"], sentence(0)),
        (&json!("countersign.explanation/1"), told.lines().next().unwrap().to_owned())
    );
    let ran = good(&folder, "explain run:x-2 --ledger ledger --beside beside", "");
    assert!(ran.lines().all(|l| l.contains("[entry 5")) && ran.contains("x-2"), "{ran}");
    assert!(text(&run(&folder, "explain walk:x-2 --ledger ledger", "")).contains("`run:EXECUTION`"));
    let without = good(&folder, "explain 3 --ledger ledger", "");
    assert!(without.contains("somebody whose name is withheld or erased released `leaver`"), "{without}");
    assert_eq!(run(&folder, "explain 99 --ledger ledger", "").status.code(), Some(2));
    let run_of = json!({"execution": "x-7", "release": 3});
    let line = json!({"type": "run/1", "source": "runtime", "body": run_of, "values": {"identity": "moe@corp.test"}});
    good(&folder, "record ledger --beside beside --key key", &line.to_string());
    let joined = good(&folder, "explain change:0 --ledger ledger --beside beside", "");
    assert!(
        joined.contains("about `moe@corp.test`, execution `x-7`"),
        "who, what and whom in one answer: {joined}"
    );
    let three = good(&folder, "explain changes:leaver --ledger ledger --beside beside", "");
    for part in [
        "Entry 3: released at ",
        "Who changed it: `ann` proposed it in entry 0. [entry 0, commitments.by]",
        "It was approved by `ben` (entry 1), `lea.torres@corp.test` (entry 2). [entry 3, rests_on]",
        "Whose access it was about: `moe@corp.test` (entry 7). [entry 7, release, commitments.identity]",
    ] {
        assert!(three.contains(part), "{part}: {three}");
    }
    let approver = good(&folder, "explain approver:ben --ledger ledger --beside beside", "");
    assert!(
        approver.contains("`ben` approved `leaver`") && approver.contains("`dan` released `leaver`"),
        "{approver}"
    );
    assert!(!approver.contains("`lea.torres@corp.test` approved `leaver` in"), "{approver}");
}

#[test]
fn the_control_is_shown_day_by_day() {
    let folder = ledger("controls");
    let data: Value = serde_json::from_str(&good(&folder, "controls ledger --format json", "")).unwrap();
    assert_eq!(data["days"][0]["emergencies"], json!([]));
    let told = good(&folder, "controls ledger", "");
    assert!(told.contains("  enforced in every tier"), "{told}");
}

#[test]
fn an_erased_value_leaves_no_trace_and_every_proof_holds() {
    let folder = ledger("erase");
    good(&folder, "evidence ledger --beside beside --output before", "");
    let value = "lea.torres@corp.test";
    assert!(
        !traces(&folder.join("beside"), value).is_empty()
            && !traces(&folder.join("before"), value).is_empty()
    );
    assert_eq!(traces(&folder.join("ledger"), value), [""; 0]);
    let beside = store::beside::Beside::open(folder.join("beside")).unwrap();
    let entry = good(&folder, "ledger show ledger 2", "");
    let entry = ledger::Entry::parse(entry.as_bytes()).unwrap();
    for commitment in entry.commitments.values() {
        beside.erase(commitment).unwrap();
    }
    std::fs::remove_dir_all(folder.join("before")).unwrap();
    good(&folder, "evidence ledger --beside beside --output after", "");
    export::everything(&folder, "auditor", "exports");
    assert_eq!(traces(&folder, value), [""; 0]);
    let told = good(&folder, "verify after --policy policy", "");
    assert!(told.contains("2 values were erased, or left out by whoever handed this over"), "{told}");
    assert_ne!(python(&folder, "after"), Some(false));
    let vkey = std::fs::read_to_string(folder.join("policy")).unwrap();
    let vkey = vkey.split_whitespace().nth(1).unwrap().to_owned();
    good(&folder, &format!("ledger fsck ledger --vkey {vkey}"), "");
}

/// Values are secrets: a thousand of them stand in no ledger, no bundle for others, and no message.
#[test]
fn a_thousand_canaries_appear_nowhere() {
    let folder = ledger("canaries");
    let canary =
        |i: u32| format!("canary-{:08x}-{:08x}", i.wrapping_mul(0x9e37_79b9), i.wrapping_mul(0x85eb_ca6b));
    let some = |i: u32| (i..i + 50).map(canary).collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = (0..20).map(|i| execution(&format!("c-{i}"), &some(i * 50))).collect();
    let told = good(&folder, "record ledger --beside beside --key key", &lines.join("\n"));
    good(&folder, "evidence ledger --beside beside --role public --output public", "");
    let mut said = told.into_bytes();
    for broken in [
        format!("{{\"type\":\"run/1\",\"source\":\"runtime\",\"body\":\"{}\"}}", canary(1)),
        format!(
            "{{\"type\":\"run/1\",\"source\":\"runtime\",\"body\":{{}},\"values\":{{\"identity\":\"{}\"}}",
            canary(2)
        ),
        format!("{{\"source\":\"runtime\",\"body\":{{\"p\":\"{}\"}}}}", canary(3)),
    ] {
        let output = run(&folder, "record ledger --beside beside --key key", &broken);
        assert_eq!(output.status.code(), Some(2), "{broken}");
        said.extend(text(&output).into_bytes());
    }
    said.extend(good(&folder, "verify public --policy policy", "").into_bytes());
    std::fs::write(folder.join("public/said"), &said).unwrap();
    export::everything(&folder, "public", "exports");
    for part in ["ledger", "public", "exports"] {
        for path in files(&folder.join(part)) {
            let bytes = std::fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains("canary-") && !text.contains("Y2FuYXJ5"), "{}", path.display());
        }
    }
}
