//! What is asked of a ledger by command line: of somebody, of what is not known, of what a platform recorded.

use super::{act, good, ledger, python, record, run, text};
use serde_json::{Value, json};

/// What a runtime did to somebody's access.
fn effect(effect: &str, outcome: &str, entitlement: &str) -> String {
    let body = json!({"effect": effect, "outcome": outcome, "system": "okta", "entitlement": entitlement});
    json!({"type": "effect/1", "source": "runtime", "body": body, "values": {"identity": "moe"}}).to_string()
}

#[test]
fn somebody_is_found_by_every_name_and_nobody_by_none() {
    let folder = ledger("identity");
    let people = json!([{"id": "kim", "name": "Kim Ode", "accounts": ["kim+admin@corp.test"]}]);
    let basis = json!({"type": "basis/1", "source": "gate", "body": {"of": "people"}, "values": {"people-000": people}});
    record(&folder, &[basis.to_string(), effect("rotate-credential", "succeeded", "k1")]);
    for (number, name) in ["kim", "KIM", "Kim+Admin@corp.test"].iter().enumerate() {
        let about = format!("evidence ledger --beside beside --about identity:{name} --output b{number}");
        good(&folder, &about, "");
        let told = good(&folder, &format!("verify b{number} --policy policy"), "");
        assert!(told.contains("4 entries answer that") && told.contains("`kim+admin@corp.test`"), "{told}");
        assert_ne!(python(&folder, &format!("b{number}")), Some(false));
        let told = good(&folder, &format!("explain identity:{name} --ledger ledger --beside beside"), "");
        assert_eq!(told.matches(" about `kim+admin@corp.test`").count(), 3, "{told}");
    }
    let told = good(&folder, "explain approver:BEN --ledger ledger --beside beside", "");
    assert!(told.contains("`ben` approved"), "{told}");
    for (more, part) in [
        ("--beside beside --about identity:kym", "nothing names `kym`"),
        ("--beside beside --about identity:kym", "people on record are `kim`"),
        ("--about identity:kim", "name the folder with `--beside`"),
        ("--beside beside --role public --about identity:kim", "as far as values are disclosed"),
    ] {
        let output = run(&folder, &format!("evidence ledger --output none {more}"), "");
        assert!(output.status.code() == Some(2) && text(&output).contains(part), "{}", text(&output));
        assert!(!folder.join("none").exists());
    }
    let told = good(&folder, "explain credential:k1 --ledger ledger --beside beside", "");
    assert!(told.contains("rotated a credential of `moe`"), "{told}");
}

#[test]
fn what_is_not_known_and_what_is_hidden_is_said() {
    let folder = ledger("unknown");
    let attest = act("ann", "attest", None, &[]);
    let mut attest: Value = serde_json::from_str(&attest).unwrap();
    attest["values"]["event"] = json!({"act": "attest", "tests": {"passed": 4, "failed": 1, "mutation": 90}});
    record(
        &folder,
        &[
            effect("grant", "unknown", "Finance"),
            effect("grant", "succeeded", "x\n     0  forged \u{1b}[2J"),
            attest.to_string(),
        ],
    );
    let told = good(&folder, "population ledger --of effects", "");
    assert!(told.contains("  of 1 of them it is not known whether they happened\n"), "{told}");
    assert!(
        told.contains(" grant okta/Finance")
            && told.contains(" unknown\n")
            && told.contains("grant okta/x      0  forged"),
        "{told}"
    );
    assert!(!told.contains("\n     0  forged") && !told.contains('\u{1b}'), "{told}");
    let found = good(&folder, "population ledger --of effects --format json", "");
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(
        [&found["unknown"], &found["items"][0]["allow"], &found["items"][1]["allow"]],
        [&json!(1), &json!(null), &json!(true)]
    );
    let told = good(&folder, "explain 9 --ledger ledger --beside beside", "");
    assert!(
        told.contains(
            "of 5 scenarios 4 passed and 1 failed; of 100 faults put into the control they notice 90"
        ),
        "{told}"
    );
    good(&folder, "evidence ledger --beside beside --output bundle", "");
    good(&folder, "verify bundle --policy policy --report page.html", "");
    let page = std::fs::read_to_string(folder.join("page.html")).unwrap();
    assert!(page.contains("tried to give <code>Finance</code> to <code>moe</code> in <code>okta</code>; whether it happened is not known</td><td>unknown</td>"), "{page}");
    assert!(
        page.contains("run/1 by runtime about <code>kim+admin@corp.test</code>, execution <code>x-1</code>"),
        "{page}"
    );
    assert!(!page.contains('\u{1b}'));
    assert_ne!(python(&folder, "bundle"), Some(false));
}

#[test]
fn what_a_platform_recorded_is_held_against_the_ledger() {
    let folder = ledger("reconcile");
    std::fs::write(folder.join("list.csv"), "execution,status\nx-1,succeeded\nx-2,failed\nx-9,succeeded\n")
        .unwrap();
    let output =
        run(&folder, "reconcile ledger --with list.csv --by execution --compare status --type run/1", "");
    let told = text(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    for line in [
        "3 in `list.csv`, 3 in the ledger, 1 agree",
        "missing: `x-9` (line 4) is not in the ledger",
        "extra: `x-3` (entry 6) is not in the file",
        "altered: `x-2`: status is `failed` at line 3, and `succeeded` at entry 5",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    let lines = "{\"execution\":\"x-1\"}\n{\"execution\":\"x-2\"}\n{\"execution\":\"x-3\"}\n";
    std::fs::write(folder.join("list.jsonl"), lines).unwrap();
    good(&folder, "reconcile ledger --with list.jsonl --by execution --type run/1", "");
    // A platform's own answer, with its own names; what differs by intent is told, and allowed.
    let answer = json!({"nextCursor": null, "data": [
        {"id": "x-1", "run": {"state": "succeeded"}}, {"id": "x-2", "run": {"state": "failed"}}, {"id": "x-4"},
    ]});
    std::fs::write(folder.join("answer.json"), answer.to_string()).unwrap();
    let compare =
        "reconcile ledger --with answer.json --by id=execution --compare run.state=status --type run/1";
    let told = text(&run(&folder, compare, ""));
    for line in [
        "3 in `answer.json`, 3 in the ledger, 1 agree",
        "missing: `x-4` (item 3) is not in the ledger",
        "extra: `x-3` (entry 6) is not in the file",
        "altered: `x-2`: run.state is `failed` at item 2, and `succeeded` at entry 5",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    let ids = "reconcile ledger --with answer.json --by id=execution --type run/1";
    let code = |more: &str| run(&folder, &format!("{ids}{more}"), "").status.code();
    assert_eq!(
        [code(""), code(" --allow missing"), code(" --allow missing,extra")],
        [Some(1), Some(1), Some(0)]
    );
    // What is mistyped agrees with everything, and is refused.
    for (more, part) in [
        (" --compare stat=status", "nothing in `answer.json` has a field `stat`"),
        (" --compare run.state=stat", "no entry has a field `stat`"),
        (" --type run/2", "no entry is of type `run/2`: there are `act/1`, `run/1`"),
    ] {
        let ids = ids.replace(" --type run/1", if more.contains("type") { "" } else { " --type run/1" });
        let output = run(&folder, &format!("{ids}{more}"), "");
        assert!(output.status.code() == Some(2) && text(&output).contains(part), "{}", text(&output));
    }
    let output = run(&folder, "reconcile ledger --with answer.json --by id=executionn", "");
    assert!(
        text(&output).contains("no entry has a field `executionn` to know an item by"),
        "{}",
        text(&output)
    );
    assert_eq!(output.status.code(), Some(2));
    std::fs::write(folder.join("part.json"), answer.to_string().replace("null", "\"abc\"")).unwrap();
    let output = run(&folder, "reconcile ledger --with part.json --by id=execution", "");
    assert!(text(&output).contains("by its `nextCursor` more follows"), "{}", text(&output));
    assert_eq!(output.status.code(), Some(2));
    let told = text(&run(&folder, "reconcile ledger --with answer.json --by number=execution", ""));
    assert!(told.contains("item 1 has no field `number`: it has `id`, `run`"), "{told}");
}
