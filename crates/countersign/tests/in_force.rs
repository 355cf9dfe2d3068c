//! What governs is judged by what was in force: by the real program, a change of people or policies by those that it replaces,
//! an old act by those of its moment. A small company with keys for three of its people and one workflow.

#![allow(clippy::unwrap_used, reason = "a test that cannot run the program has failed")]

mod common;

use common::Folder;
use common::chapter::{company, sh};
use std::cell::Cell;
use std::path::PathBuf;
use std::process::Command;

const IT: &str = "lost-device";

struct Company(Folder, Cell<i64>);

impl Company {
    /// The examples with *Lost device* alone.
    fn new() -> Self {
        let c = Company(company(), Cell::new(0));
        c.sh("find workflows -type f ! -path '*okta/lost-device*' -delete");
        c.commit("adaeze.obi", "Only this");
        c
    }

    fn root(&self) -> PathBuf {
        self.0.path().join("keelhaven")
    }

    /// What a shell command prints, each a minute later.
    fn sh(&self, command: &str) -> String {
        self.1.set(self.1.get() + 1);
        sh(&self.root(), command, self.1.get())
    }

    fn run(&self, command: &str) -> String {
        self.sh(&format!("countersign {command}"))
    }

    /// An act that has to be done.
    #[track_caller]
    fn must(&self, command: &str) {
        let told = self.run(command);
        assert!(told.contains("signed as"), "{command}: {told}");
    }

    /// An act that has to be refused, and by what.
    #[track_caller]
    fn refused(&self, command: &str, by: &str) {
        let told = self.run(command);
        assert!(!told.contains("signed as") && told.contains(by), "{command}: {told}");
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.root().join(file)).unwrap()
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.root().join(file), text).unwrap();
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let text = self.read(file);
        assert!(text.contains(from), "{text}");
        self.write(file, &text.replacen(from, to, 1));
    }

    fn commit(&self, who: &str, message: &str) {
        self.sh(&format!("git add -A && git -c user.email={who}@keelhaven.example commit -qm '{message}'"));
    }

    fn change(&self, what: &str, by: &str, peer: &str) {
        self.must(&format!("propose {what} --key ../{by}"));
        self.must(&format!("review {what} --approve --key ../{peer}"));
        self.must(&format!("review {what} --approve --key ../tomasz"));
        self.must(&format!("release {what} --key ../tomasz"));
        self.commit("adaeze.obi", "In force");
    }

    fn released(&self) {
        self.must(&format!("propose {IT} --key ../adaeze"));
        self.must("connector approve okta@1.0.703 --key ../tomasz");
        self.must(&format!("attest {IT} --key ../adaeze"));
        self.must(&format!(
            "exception grant {IT} --covers 'credential:Okta - end sessions' --until 2026-12-20 --owner bram.devries --compensating Watched --key ../tomasz"
        ));
        for who in ["priya", "tomasz"] {
            self.must(&format!("review {IT} --approve --key ../{who}"));
        }
        self.must(&format!("release {IT} --key ../adaeze"));
        self.commit("adaeze.obi", "Release");
    }

    /// What the gate stops on.
    fn stops(&self) -> Vec<String> {
        let told = self.run("gate");
        let stops = told.lines().filter_map(|l| l.strip_prefix("stop: "));
        stops.map(|l| l.split(':').next().unwrap().to_owned()).collect()
    }

    /// Somebody new in the directory, with a key of their own.
    fn newcomer(&self, id: &str, name: &str, more: &str) {
        let path = self.0.path().join(id);
        let make = ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"];
        assert!(Command::new("ssh-keygen").args(make).arg(&path).status().unwrap().success());
        let key = std::fs::read_to_string(path.with_extension("pub")).unwrap();
        let person = format!(
            "people:\n  - id: {id}\n    name: {name}\n    employment: employee\n    keys: ['{}']\n{more}",
            key.trim()
        );
        self.edit("people.yaml", "people:\n", &person);
    }
}

#[test]
fn nobody_whom_a_change_of_people_adds_counts_in_it() {
    let c = Company::new();
    c.change("people", "adaeze", "priya");
    c.newcomer("jan", "Jan Kowal", "    roles: [security-approver]\n    exception-limit: 3\n");
    c.newcomer("eva", "Eva Lund", "    roles: [workflow-author]\n");
    c.commit("priya.nair", "Join");
    c.must("propose people --key ../priya");
    for who in ["jan", "eva"] {
        c.refused(&format!("review people --approve --key ../{who}"), "known-person");
    }
    c.refused("release people --key ../jan", "known-person");
    // Others say yes, and from then on they count.
    c.must("review people --approve --key ../adaeze");
    c.must("review people --approve --key ../tomasz");
    c.refused("connector approve okta@1.0.703 --key ../jan", "known-person");
    c.must("release people --key ../tomasz");
    c.must("connector approve okta@1.0.703 --key ../jan");
}

#[test]
fn a_policy_is_asked_about_its_own_removal() {
    let c = Company::new();
    c.change("policy", "adaeze", "priya");
    let own = r#"@id("two-peers") @reason("Two peers are needed.") @controls("nist-csf-2.0 GV.PO-02")
forbid (principal, action == Action::"change-policy", resource) when { context.votes.peer < 2 };
"#;
    c.write("policies/own.cedar", own);
    c.commit("adaeze.obi", "Two");
    c.change("policy", "adaeze", "priya");
    c.sh("git rm -q policies/own.cedar");
    c.commit("adaeze.obi", "One");
    c.must("propose policy --key ../adaeze");
    c.must("review policy --approve --key ../priya");
    c.must("review policy --approve --key ../tomasz");
    c.refused("release policy --key ../tomasz", "two-peers");
    assert!(c.stops().contains(&"governing-changed".to_owned()));
}

#[test]
fn who_leaves_or_loses_a_role_does_not_undo_what_was_lawful() {
    let c = Company::new();
    // Nothing was released yet, so this is only noted.
    let told = c.run("gate");
    assert!(told.contains("note: `people` was never put in force"), "{told}");
    c.released();
    assert_eq!(c.stops(), ["governing-not-in-force"; 3]);
    for what in ["people", "policy", "configuration"] {
        c.change(what, "adaeze", "priya");
    }
    assert_eq!(c.stops(), [""; 0]);
    c.edit("people.yaml", "roles: [iam-lead, security-approver]", "roles: [iam-lead]\n    active: false");
    c.commit("adaeze.obi", "Tomasz leaves");
    c.change("people", "adaeze", "priya");
    assert_eq!(c.stops(), [""; 0]);
    assert!(c.run("exception list").contains("holds"));
    c.refused("connector approve okta@1.0.800 --key ../tomasz", "active-person");
    copies(&c);
}

/// The version before is read from its copy, or from a commit; what is neither is missed, and what is another is not believed.
fn copies(c: &Company) {
    assert_eq!(c.sh("ls .countersign/versions/*.yaml | wc -l").trim(), "2");
    c.sh("for f in .countersign/versions/*.yaml; do printf 'schema: countersign.people/1\\npeople: []\\n' > $f; done");
    assert_eq!(c.stops(), [""; 0], "the commits have them");
    c.sh("rm -rf .git && git init -q -b main && git add -A && git -c user.name=A -c user.email=a@corp.test commit -qm Anew");
    let told = c.run("gate");
    assert!(told.contains("in-force-missing: `people` as it was in force ("), "{told}");
    assert!(told.contains("bring back `.countersign/versions/"), "{told}");
}

#[test]
fn a_tightened_policy_holds_from_then_on() {
    let c = Company::new();
    for what in ["people", "policy", "configuration"] {
        c.change(what, "adaeze", "priya");
    }
    c.released();
    let own = r#"@id("no-grants") @reason("None.") @controls("nist-csf-2.0 GV.PO-02")
forbid (principal, action == Action::"grant-exception", resource);
"#;
    c.write("policies/own.cedar", own);
    c.commit("adaeze.obi", "No grants");
    // What lies there and is not in force is not asked yet.
    let grant = format!(
        "exception grant {IT} --covers boundary --until 2026-12-20 --owner bram.devries --compensating Watched --key ../tomasz"
    );
    c.must(&grant);
    c.change("policy", "adaeze", "priya");
    c.refused(&grant, "no-grants");
    assert_eq!(c.stops(), [""; 0]);
    let listed = c.run("exception list");
    assert_eq!(listed.matches("holds").count(), 2, "{listed}");
}

#[test]
fn a_part_in_what_governs_ends_where_it_is_put_in_force() {
    let c = Company::new();
    c.change("people", "adaeze", "priya");
    c.edit("people.yaml", "name: Hannah Frei", "name: Hannah Frey");
    c.refused("propose people --key ../priya", "not committed");
    c.commit("priya.nair", "Her name");
    c.must("propose people --key ../priya");
    c.refused("review people --approve --key ../priya", "no-contributor-approves");
    somebody_unknown(&c);
    // Adaeze made the version before.
    c.must("review people --approve --key ../adaeze");
    c.must("review people --approve --key ../tomasz");
    let text = c.read("people.yaml");
    c.write("people.yaml", &format!("{text}# more\n"));
    c.refused("release people --key ../tomasz", "not committed");
    c.write("people.yaml", &text);
    c.must("release people --key ../tomasz");
}

/// Who enters an address in a change is not known by it in that change: the people in force say whose it is.
fn somebody_unknown(c: &Company) {
    c.sh("git tag before; cp -r .countersign ../kept");
    c.edit(
        "people.yaml",
        "  - id: priya.nair\n",
        "  - id: priya.nair\n    aliases: [ghost@keelhaven.example]\n",
    );
    c.commit("ghost", "An address");
    c.must("propose people --key ../priya");
    for who in ["adaeze", "tomasz"] {
        c.must(&format!("review people --approve --key ../{who}"));
    }
    c.refused("release people --key ../tomasz", "authors-known-governing");
    c.sh("git reset -q --hard before; rm -rf .countersign; mv ../kept .countersign");
}
