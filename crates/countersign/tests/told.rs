//! What the commands of governing tell: what changes before somebody signs it, one value where JSON is asked for, and what is
//! to be done where nothing can be.

#![allow(clippy::unwrap_used, reason = "a test that cannot run the program has failed")]

mod common;

use common::Folder;
use common::chapter::{company, sh};
use serde_json::Value;
use std::cell::Cell;

struct Company(Folder, Cell<i64>);

impl Company {
    fn new() -> Self {
        Company(company(), Cell::new(0))
    }

    fn root(&self) -> std::path::PathBuf {
        self.0.path().join("keelhaven")
    }

    /// What a command prints, each a minute later.
    fn run(&self, command: &str) -> String {
        self.1.set(self.1.get() + 1);
        sh(&self.root(), &format!("countersign {command}"), self.1.get())
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.root().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(path, text.replacen(from, to, 1)).unwrap();
        self.commit("tidy up");
    }

    fn commit(&self, message: &str) {
        sh(&self.root(), &format!("git add -A && git commit -qm '{message}'"), self.1.get());
    }

    fn put_in_force(&self, what: &str) {
        for command in ["propose {} --key ../adaeze", "review {} --approve --key ../priya"] {
            assert!(self.run(&command.replace("{}", what)).contains("signed as"));
        }
        assert!(self.run(&format!("review {what} --approve --key ../tomasz")).contains("signed as"));
        let released = self.run(&format!("release {what} --key ../tomasz"));
        assert!(released.contains("signed as"), "{released}");
        self.commit("put in force");
    }
}

#[track_caller]
fn says(text: &str, part: &str) {
    assert!(text.contains(part), "`{part}` is not in:\n{text}");
}

#[test]
fn what_governs_is_shown_against_what_is_in_force() {
    let c = Company::new();
    says(&c.run("review people"), "nothing is proposed for it now");
    c.put_in_force("people");
    says(&c.run("review people"), "it is what is in force as");
    c.edit(
        "people.yaml",
        "  - id: carla.mendes\n",
        "  - id: carla.mendes\n    aliases: [carla@else.example]\n",
    );
    let text = std::fs::read_to_string(c.root().join("people.yaml")).unwrap();
    let (before, hers) = text.split_once("- id: carla.mendes").unwrap();
    let hers = hers.replacen("roles: [", "roles: [security-approver, ", 1);
    std::fs::write(c.root().join("people.yaml"), format!("{before}- id: carla.mendes{hers}")).unwrap();
    c.commit("tidy up");
    c.run("propose people --key ../adaeze");
    let shown = c.run("review people");
    says(&shown, "which is in force:");
    says(&shown, "Carla Mendes gains the role `security-approver`");
    says(&shown, "Carla Mendes gains `carla@else.example` in aliases");
    assert!(!shown.contains("Tomasz"), "what did not change is not shown: {shown}");
    says(&c.run("status people"), "people  differs from");
    c.put_in_force("configuration");
    c.edit("connectors.yaml", "1.0.703", "1.0.800");
    c.run("propose configuration --key ../adaeze");
    let shown = c.run("review configuration");
    let place = "    connectors.yaml:\n      line 5, in `- name: okta`:";
    says(&shown, &format!("{place}\n      -     version: \"1.0.703\"\n      +     version: \"1.0.800\""));
    assert!(!shown.contains("countersign.toml:"), "{shown}");
}

#[test]
fn a_workflow_is_shown_against_its_release_and_json_is_one_value() {
    let c = Company::new();
    let one = |command: &str| -> Value { serde_json::from_str(&c.run(command)).unwrap() };
    let shown = one("propose lost-device --key ../adaeze --show");
    let acts: Vec<&str> =
        shown.as_array().unwrap().iter().map(|s| s["predicate"]["act"].as_str().unwrap()).collect();
    assert_eq!(acts, ["register", "propose"]);
    let done = one("propose lost-device --key ../adaeze --format json");
    let allowed: Vec<&Value> = done["results"].as_array().unwrap().iter().map(|r| &r["allowed"]).collect();
    assert_eq!(allowed, [&Value::Bool(true), &Value::Bool(true)]);
    let shown = one("review lost-device --format json");
    assert_eq!(shown["schema"], "countersign.review/1");
    assert!(shown["shown"].as_str().unwrap().starts_with("sha256:"));
    says(&shown["changes"].to_string(), "all of it is new");
    says(&shown["changes"].to_string(), "`boundary.effects` `revoke`");
    says(&shown["page"].to_string(), "`owner` `service-desk@keelhaven.example`");
    says(&c.run("review lost-device --show"), "add `--approve`, `--refuse` or `--rework`");
    c.run("connector approve okta@1.0.703 --key ../tomasz");
    c.run("attest lost-device --key ../adaeze");
    let covers = "--covers 'credential:Okta - end sessions' --until 2026-12-20 --compensating looks";
    c.run(&format!("exception grant lost-device {covers} --owner bram.devries --key ../tomasz"));
    c.put_in_force("lost-device");
    says(
        &c.run("release lost-device --key ../adaeze"),
        "is released as ············ as it is here: nothing is left",
    );
    sh(&c.root(), "git rm -q workflows/okta/lost-device.flopack", 30);
    c.commit("take it out");
    says(
        &c.run("gate"),
        "released-not-here: `Lost device: end sessions` is live as ············, and is not here",
    );
    says(&c.run("status"), "gone: `Lost device: end sessions` is live as ············, and is not here");
    sh(&c.root(), "git revert --no-edit HEAD", 31);
    let parts = "`Lost device: end sessions/connector/okta`";
    assert!(!c.run("review lost-device").contains(parts));
    c.edit("workflows/okta/lost-device.flopack", "1.0.703", "1.0.800");
    c.run("propose lost-device --key ../adaeze");
    let shown = c.run("review lost-device");
    says(&shown, "  since the release ············:\n");
    says(&shown, "`Lost device: end sessions/step/");
    says(&shown, "1.0.800");
    assert!(!shown.contains("cannot be said") && !shown.contains("control record allows"), "{shown}");
    c.edit("workflows/okta/lost-device.control.yaml", "[revoke]", "[revoke, grant]");
    let shown = c.run("review lost-device");
    let widened = "`boundary.effects` was `revoke`, and is now `revoke`, `grant`.";
    says(&shown, &format!("    ! Its control record allows more: {widened}\n"));
    says(&c.run("owner stop lost-device --reason Harm --key ../tomasz"), "signed as");
    says(&c.run("status lost-device"), "stopped by Tomasz Wrona at 2026-11-25T");
}

#[test]
fn a_name_of_somebody_else_stays_in_its_line() {
    let c = Company::new();
    let name = r#""Leaver\n::warning::all good\n\u001b[2J\u202e9 released; 0 stop""#;
    let path = c.root().join("workflows/named.json");
    std::fs::write(path, common::leaver("").replace("\"Leaver\"", name)).unwrap();
    c.commit("named");
    for command in
        ["gate", "gate --format markdown", "status", "propose named --key ../adaeze", "review named"]
    {
        let told = c.run(command);
        says(&told, "Leaver ::warning::all good");
        let broken =
            told.lines().any(|l| l.starts_with("::warning::")) || told.contains(['\u{1b}', '\u{202e}']);
        assert!(!broken, "{command}: {told:?}");
    }
}

#[test]
fn what_does_not_exist_is_not_signed_or_said_plainly() {
    let c = Company::new();
    let grant = |covers: &str, owner: &str| {
        let rest = "--until 2026-12-20 --compensating looks --key ../tomasz";
        c.run(&format!("exception grant lost-device --covers '{covers}' --owner {owner} {rest}"))
    };
    says(&grant("credential:nothere", "bram.devries"), "has no credential `nothere`: there is `credential:");
    says(&grant("component:oktaa", "bram.devries"), "there is `component:okta`");
    says(&grant("proof:nosuch", "bram.devries"), "has no proof `nosuch`");
    says(&grant("tests", "dario.conti"), "names `dario.conti` as its owner, who is nobody who is with us");
    says(&grant("tests", "nobody"), "names `nobody` as its owner");
    let connector = c.run("connector approve oktaa@1.0.703 --key ../tomasz");
    says(&connector, "note: no workflow here uses `oktaa@1.0.703`");
    let propose = c.run("propose lost-device --environment prodution --key ../adaeze");
    says(&propose, "note: nothing was proposed for `prodution` so far; known here: `production`");
    says(&c.run("breakglass close 8aec --key ../tomasz"), "write at least its first 6 characters");
    says(&c.run("breakglass close 8aec11 --key ../tomasz"), "`countersign breakglass list` lists them");
    let only_public = "cp ../adaeze.pub ../else.pub && countersign propose lost-device --key ../else.pub";
    let told = sh(&c.root(), only_public, 50);
    says(&told, "`ssh-keygen` did not sign with `../else.pub`: it is a public key");
    assert!(!told.contains("Signing data"), "{told}");
}

#[test]
fn a_rotation_is_shown_signed_and_listed() {
    let c = Company::new();
    let rotated = |rest: &str| c.run(&format!("credential rotated {rest} --key ../tomasz"));
    let it = "'Okta - end sessions'";
    says(&rotated("nothere"), "has no credential `nothere`: there is `credential:");
    says(&rotated(&format!("{it} --evidence nowhere")), "`nowhere`: ");
    says(&rotated(&format!("{it} --at 2027-01-01")), "a rotation was at a moment that is over");
    let shown = rotated(&format!("{it} --at 2026-11-24 --evidence people.yaml --show"));
    let shown: Value = serde_json::from_str(&shown).unwrap_or_else(|e| panic!("{e}: {shown}"));
    let act = &shown["predicate"];
    assert_eq!((&act["act"], &act["version"]), (&"attest".into(), &"2026-11-24T00:00:00Z".into()));
    let parts: Vec<&String> = act["parts"].as_object().unwrap().keys().collect();
    assert_eq!(parts, ["credentials.yaml", "evidence/people.yaml", "rotated"]);
    says(&c.run("credential list"), "no rotation on record");
    let told = rotated(&format!("{it} --at 2026-11-24"));
    says(&told, "note: a release asks the register: enter `rotated: 2026-11-24` for `Okta - end sessions`");
    says(&told, "record the rotation of `Okta - end sessions` at 2026-11-24T00:00:00Z\n  signed as");
    says(&c.run("credential list"), "on record 2026-11-24T00:00:00Z");
    let listed: Value = serde_json::from_str(&c.run("credential list --format json")).unwrap();
    let mut recorded =
        listed["credentials"].as_array().unwrap().iter().map(|c| c["recorded"].as_array().unwrap().len());
    assert_eq!(recorded.clone().max(), Some(1));
    assert_eq!(recorded.find(|n| *n == 1), Some(1));
}

#[test]
fn who_speaks_for_another_is_told_in_which_role_and_shown_with_them() {
    let c = Company::new();
    let lends = "delegates: [{to: priya.nair, roles: [security-approver], until: 2026-12-20}]";
    c.edit("people.yaml", "  - id: tomasz.wrona\n", &format!("  - id: tomasz.wrona\n    {lends}\n"));
    c.run("propose lost-device --key ../adaeze");
    let approve = "review lost-device --approve --key ../priya --on-behalf-of tomasz.wrona";
    let refused = c.run(approve);
    says(&refused, "delegated is `security-approver`: act in that role with `--authority security-approver`");
    says(&refused, "- the same in the role delegated: `--authority security-approver`");
    says(&c.run(&format!("{approve} --authority security-approver")), "signed as");
    let whom = "approved by Priya Nair, for Tomasz Wrona, as `security-approver`";
    says(&c.run("status lost-device"), whom);
    says(&c.run("review lost-device"), whom);
    says(&c.run("propose lost-device --withdraw --key ../adaeze"), "signed as");
    says(&c.run("propose lost-device --withdraw --key ../adaeze"), "nothing: no proposal is open");
}

#[test]
fn a_webhook_that_was_approved_once_has_to_be_in_every_version() {
    let c = Company::new();
    let name = "Help desk: reset password/Webhook";
    let approve = |version: &str| {
        c.run(&format!("connector approve '{name}@{version}' --kind webhook --key ../tomasz"))
    };
    assert!(!c.run("release helpdesk-reset --key ../adaeze").contains(name));
    says(&approve("1"), "no workflow here uses `Help desk: reset password/Webhook@1`; used are `Help desk");
    // Digests are hidden in what is printed: this asks for it as a file.
    sh(
        &c.root(),
        &format!("countersign connector approve '{name}@1' --kind webhook --key ../tomasz 2> ../told"),
        20,
    );
    let told = std::fs::read_to_string(c.0.path().join("told")).unwrap();
    let version = told.split("Webhook@").nth(2).and_then(|t| t.split('`').next()).unwrap();
    says(&approve(version), "signed as");
    assert!(!c.run("release helpdesk-reset --key ../adaeze").contains(name));
    c.edit("workflows/n8n/helpdesk-reset.json", "\"path\": \"", "\"path\": \"new-");
    says(&c.run("release helpdesk-reset --key ../adaeze"), &format!("{name} sha256:"));
}
