//! The commands as doors: every command by which somebody could pass their own work, run by the real program, in every
//! disguise that a key can have. Each is refused with a reason, and leaves nothing behind. Every command meets some of the
//! disguises; with `COUNTERSIGN_SLOW` set, every command meets all of them. `crates/govern/tests/doors.rs` has the other doors.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot run the program has failed")]

mod common;

use common::{Folder, Run, repository};
use countersign::govern::{Signer, files, statement};
use govern::{Event, Intent};
use policy::{Act, Governed, Mode, SubjectKind, Verdict};
use std::path::Path;
use std::process::Command;

const BEGIN: i64 = 1_795_600_800;
/// Zoe's roles, and of all who stand in for her: everything there is.
const ROLES: &str = "[security-approver, process-owner, workflow-author, policy-owner, incident-manager, break-glass, internal-audit, administrator]";

/// How Zoe may try: the key, and for whom she says to act.
const WAYS: [(&str, &str, Option<&str>); 10] = [
    ("as herself", "zoe", None),
    ("with a second key", "zoe2", None),
    ("with a key that she had", "gone", None),
    ("with her bot's key", "bot", None),
    ("with her agent's key", "agent", None),
    ("with a key that two share", "shared", None),
    ("for somebody who lets her", "zoe", Some("sam")),
    ("by a delegate of hers", "yan", Some("zoe")),
    ("by a delegate of hers for somebody else", "yan", Some("sam")),
    ("with a key that nobody has", "mallory", None),
];

struct Lab {
    folder: Folder,
    minute: std::cell::Cell<i64>,
}

impl Lab {
    fn root(&self) -> std::path::PathBuf {
        self.folder.path().join("r")
    }

    fn sh(&self, command: &str) {
        let done = Command::new("sh").args(["-c", command]).current_dir(self.root()).status().unwrap();
        assert!(done.success(), "{command}");
    }

    /// Runs the program a minute later than the last time.
    fn run(&self, who: &str, behalf: Option<&str>, words: &[&str]) -> Run {
        self.minute.set(self.minute.get() + 1);
        let key = self.folder.path().join(who).display().to_string();
        let behalf: Vec<&str> = behalf.into_iter().flat_map(|b| ["--on-behalf-of", b]).collect();
        match words {
            // Looking needs no key.
            ["status", ..] | [_, "list"] => self.now(words),
            _ => self.now(&[words, &["--key", key.as_str()], behalf.as_slice()].concat()),
        }
    }

    /// Runs the program at the same moment as the last time.
    fn now(&self, words: &[&str]) -> Run {
        let mut command = self.folder.command(words);
        command.current_dir(self.root());
        command.env("COUNTERSIGN_NOW", policy::Moment(BEGIN + 60 * self.minute.get()).to_string());
        let out = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Run { code: out.status.code().unwrap(), out: text(out.stdout), err: text(out.stderr) }
    }

    fn must(&self, who: &str, words: &[&str]) -> String {
        let run = self.run(who, None, words);
        assert_eq!(run.code, 0, "{words:?} by {who}: {}{}", run.out, run.err);
        run.out
    }

    fn commit(&self, who: &str) {
        self.sh(&format!(
            "git add -A && git -c user.name={who} -c user.email={who}@corp.test commit -q -m change"
        ));
    }

    fn statements(&self) -> usize {
        let out = Command::new("find")
            .arg(self.root().join(".countersign/statements"))
            .args(["-name", "*.json"])
            .output();
        out.unwrap().stdout.split(|b| *b == b'\n').filter(|l| !l.is_empty()).count()
    }
}

fn print_of(folder: &Path, name: &str) -> String {
    let path = folder.join(name);
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"])
        .arg(&path)
        .status();
    assert!(made.unwrap().success());
    let text = std::fs::read_to_string(path.with_extension("pub")).unwrap();
    text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}

/// A folder with the examples' *Lost device*, which pia wrote, and which is released; an exception that sam granted; a
/// break-glass that zoe used and that has ended; and zoe's change on top, which everybody asked but security has approved.
fn lab() -> Lab {
    let lab = written();
    first_release(&lab);
    released(&lab);
    lab
}

/// A folder with the examples' *Lost device*, which pia wrote.
fn written() -> Lab {
    let folder = Folder::empty();
    let lab = Lab { folder, minute: std::cell::Cell::new(0) };
    let (at, from) = (lab.folder.path().to_path_buf(), repository().join("examples"));
    std::fs::create_dir_all(lab.root().join("workflows")).unwrap();
    for name in ["flopack", "control.yaml", "test.yaml"] {
        let file = format!("workflows/okta/lost-device.{name}");
        std::fs::copy(from.join(&file), lab.root().join(format!("workflows/lost-device.{name}"))).unwrap();
    }
    let key = |name: &str| print_of(&at, name);
    let person = |id: &str, roles: &str, more: &str| {
        format!(
            "  - id: {id}\n    roles: {roles}\n    accounts: {{git: {id}@corp.test}}\n    exception-limit: 3\n{more}"
        )
    };
    let (zoe, zoe2, gone, bot, agent, shared) =
        (key("zoe"), key("zoe2"), key("gone"), key("bot"), key("agent"), key("shared"));
    let people = [
        "schema: countersign.people/1\npeople:\n".to_owned(),
        person(
            "zoe",
            ROLES,
            &format!(
                "    keys: ['{zoe}', '{zoe2}', '{shared}']\n    former-accounts: ['{gone}']\n    bots:\n      - {{account: '{bot}', kind: service}}\n      - {{account: '{agent}', kind: agent}}\n    delegates: [{{to: yan, until: 2027-06-01}}]\n"
            ),
        ),
        person("yan", ROLES, &format!("    keys: ['{}']\n", key("yan"))),
        person(
            "sam",
            ROLES,
            &format!("    keys: ['{}']\n    delegates: [{{to: zoe, until: 2027-06-01}}]\n", key("sam")),
        ),
        person("pia", "[workflow-author]", &format!("    keys: ['{}', '{shared}']\n", key("pia"))),
        person("ben", "[workflow-author, policy-owner]", &format!("    keys: ['{}']\n", key("ben"))),
    ];
    key("mallory");
    lab.folder.write("r/people.yaml", &people.concat());
    lab.folder.write("r/countersign.toml", "[organisation]\nname = \"Lab\"\n");
    let record = std::fs::read_to_string(lab.root().join("workflows/lost-device.control.yaml")).unwrap();
    let record = record
        .replace("owner: service-desk@keelhaven.example", "owner: ben")
        .replace("security-approver: iam@keelhaven.example", "security-approver: sam");
    lab.folder.write("r/workflows/lost-device.control.yaml", &record);
    lab.sh("git init -q -b main && git config user.name pia && git config user.email pia@corp.test");
    lab.commit("pia");
    lab
}

const IT: &str = "lost-device";

fn first_release(lab: &Lab) {
    lab.must("sam", &["connector", "approve", "okta@1.0.703"]);
    lab.must("pia", &["propose", IT]);
    lab.must("pia", &["attest", IT]);
    lab.must("ben", &["review", IT, "--approve"]);
    lab.must("sam", &["review", IT, "--approve"]);
    lab.must("pia", &["release", IT]);
}

fn released(lab: &Lab) {
    let grant = [
        "exception",
        "grant",
        IT,
        "--covers",
        "boundary",
        "--until",
        "2026-12-20",
        "--owner",
        "ben",
        "--compensating",
        "two look",
    ];
    lab.must("sam", &grant);
    let glass = ["breakglass", "open", IT, "--ticket", "INC-1", "--hours", "1", "-m", "leavers"];
    lab.must("zoe", &glass);
    let id = first(lab, &["breakglass", "list"]);
    lab.must("zoe", &["breakglass", "use", &id, IT]);
    lab.must("zoe", &["breakglass", "close", &id]);
    // Pia's second change is released as well, so that there is something to go back to.
    edit(lab, "pia", "ends the sessions of somebody");
    lab.must("pia", &["propose", IT]);
    lab.must("pia", &["attest", IT]);
    lab.must("ben", &["review", IT, "--approve"]);
    lab.must("sam", &["review", IT, "--approve"]);
    lab.must("pia", &["release", IT]);
    lab.must("zoe", &["rollback", IT, "-m", "try"]);
    edit(lab, "zoe", "ends all the sessions of somebody");
    let export = lab.root().join("workflows/lost-device.flopack");
    let text = std::fs::read_to_string(&export).unwrap();
    lab.folder.write("r/workflows/lost-device.flopack", &text.replace("1.0.703", "1.0.800"));
    lab.commit("zoe");
    lab.must("zoe", &["propose", IT]);
    lab.must("zoe", &["attest", IT]);
    lab.must("pia", &["review", IT, "--approve", "--proposal", &proposed(lab)]);
    lab.must("zoe", &["owner", "take", IT]);
    for what in ["policy", "people", "configuration"] {
        lab.must("zoe", &["propose", what]);
        lab.must("ben", &["review", what, "--approve"]);
    }
}

fn edit(lab: &Lab, who: &str, purpose: &str) {
    let path = lab.root().join("workflows/lost-device.control.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    let changed = text
        .lines()
        .map(|l| if l.starts_with("purpose:") { format!("purpose: It {purpose}.") } else { l.to_owned() });
    std::fs::write(&path, changed.collect::<Vec<_>>().join("\n") + "\n").unwrap();
    lab.commit(who);
}

/// The beginning of the digest that a list begins with.
fn first(lab: &Lab, list: &[&str]) -> String {
    let out = lab.must("sam", list);
    out.split_whitespace().next().unwrap().to_owned()
}

/// The beginning of the digest of zoe's proposed change, as the status tells it.
fn proposed(lab: &Lab) -> String {
    let out = lab.must("sam", &["status", IT]);
    let line = out.lines().find_map(|l| l.strip_prefix("  proposed as ")).unwrap();
    line.split_whitespace().next().unwrap().to_owned()
}

#[test]
fn every_command_refuses_ones_own_work_in_every_disguise() {
    let lab = lab();
    let glass = first(&lab, &["breakglass", "list"]);
    let exception = first(&lab, &["exception", "list"]);
    let proposal = proposed(&lab);
    let commands: [&[&str]; 12] = [
        &["review", IT, "--approve", "--proposal", &proposal],
        &["release", IT],
        &["rollback", IT],
        &["owner", "take", IT],
        &["connector", "approve", "okta@1.0.800"],
        &[
            "exception",
            "grant",
            IT,
            "--covers",
            "tests",
            "--until",
            "2026-12-20",
            "--owner",
            "ben",
            "--compensating",
            "two look",
        ],
        &["exception", "renew", &exception, "--until", "2026-12-30"],
        &["breakglass", "review", &glass],
        &["review", "people", "--approve"],
        &["release", "policy"],
        &["release", "people"],
        &["release", "configuration"],
    ];
    let slow = std::env::var_os("COUNTERSIGN_SLOW").is_some();
    let before = lab.statements();
    let (mut cells, mut open) = (0, Vec::new());
    for (i, words) in commands.iter().enumerate() {
        for (j, (way, key, behalf)) in WAYS.iter().enumerate() {
            // Every command meets two disguises, and every disguise is met.
            if !slow && (i + j) % 5 != 0 {
                continue;
            }
            let run = lab.run(key, *behalf, words);
            cells += 1;
            // To take over or to go back is first proposed, which everybody may; it is not carried out.
            let only_proposed = run.code == 0 && run.out.contains(": propose to ");
            let refused = run.code == 1 && run.out.contains("refused: ") && run.out.lines().count() > 1;
            if !(refused || only_proposed) {
                open.push(format!("{words:?} {way}: {} {}{}", run.code, run.out, run.err));
            }
        }
    }
    println!("{cells} runs of {} commands in {} disguises, {} open", commands.len(), WAYS.len(), open.len());
    assert!(open.is_empty(), "{} of {cells}: {}", open.len(), open.join("\n"));
    let status = lab.must("sam", &["status", IT]);
    let proposals = lab.statements() - before;
    assert!(status.contains("differs from the release") && proposals <= cells, "{status}");
    refusals_are_explained(&lab);
    others_may(&lab, &proposal, &glass, &exception);
}

/// The same commands go through for somebody who has no part in it.
fn others_may(lab: &Lab, proposal: &str, glass: &str, exception: &str) {
    lab.must("sam", &["connector", "approve", "okta@1.0.800"]);
    lab.must("sam", &["review", IT, "--approve", "--proposal", proposal]);
    claim_tests(lab);
    lab.must("zoe", &["release", IT]);
    assert!(!lab.now(&["gate"]).out.contains("tests-"));
    let run = lab.now(&["gate", "--run-tests"]).out;
    assert!(run.contains("tests-differ") && run.contains("99 that pass"), "{run}");
    for what in ["policy", "people", "configuration"] {
        lab.must("sam", &["review", what, "--approve"]);
        lab.must("zoe", &["release", what]);
    }
    lab.must("sam", &["breakglass", "review", glass]);
    lab.must("sam", &["exception", "renew", exception, "--until", "2026-12-30"]);
}

/// A statement that somebody writes by hand, like one that is there, after all of them.
fn by_hand(lab: &Lab, who: &str, like: impl Fn(&Event) -> bool, change: impl FnOnce(&mut Event)) -> String {
    let (entries, _) = files::read(&lab.root()).unwrap();
    let followed = |id: &String| entries.iter().any(|e| e.event.after.contains(id));
    let mut after: Vec<String> = entries.iter().map(|e| e.id.clone()).filter(|id| !followed(id)).collect();
    after.sort();
    let same = entries.iter().filter(|e| like(&e.event));
    let mut event = same.max_by_key(|e| e.event.at).unwrap().event.clone();
    (event.at, event.after) = (policy::Moment(BEGIN + 60 * lab.minute.get()), after);
    change(&mut event);
    let signer = Signer::find(Some(&lab.folder.path().join(who)), &lab.root()).unwrap();
    let payload = files::payload(&event).unwrap();
    let armoured = signer.sign(&statement::to_sign(&payload).unwrap()).unwrap();
    let path = files::write(&lab.root(), &payload, &signer.fingerprint, &armoured).unwrap();
    path.display().to_string()
}

/// Zoe attests by hand to tests that nobody has run: only running them again shows it.
fn claim_tests(lab: &Lab) {
    by_hand(
        lab,
        "zoe",
        |e| e.act == Act::Attest,
        |event| {
            let at = event.at;
            let tests = event.tests.as_mut().unwrap();
            (tests.passed, tests.at) = (99, at);
        },
    );
}

/// Why the gate does not count a statement by hand, which is taken out again.
fn uncounted(lab: &Lab, path: &str) -> String {
    lab.minute.set(lab.minute.get() + 1);
    let gate = lab.now(&["gate"]);
    std::fs::remove_file(path).unwrap();
    let name = Path::new(path).file_name().unwrap().to_string_lossy().into_owned();
    let line = gate.out.lines().find(|l| l.contains("statement-not-counted") && l.contains(&name));
    line.unwrap_or_else(|| panic!("{name} counts: {}", gate.out)).to_owned()
}

/// Statements by hand that claim a tier, an owner, modes or a time: none of them counts, and taken out nothing is left of them.
#[test]
fn what_a_statement_claims_of_itself_is_not_believed() {
    let lab = lab();
    let before = lab.now(&["gate"]).out;
    let of = |intent: Intent, kind: SubjectKind| {
        move |e: &Event| e.act == Act::Propose && e.intent == intent && e.subject.kind == kind
    };
    let (take, change) =
        (of(Intent::TakeOver, SubjectKind::Workflow), of(Intent::Change, SubjectKind::Workflow));
    let (entries, _) = files::read(&lab.root()).unwrap();
    let id = |like: &dyn Fn(&Event) -> bool| {
        let found = entries.iter().filter(|e| like(&e.event)).max_by_key(|e| e.event.at);
        Some(found.unwrap().id.clone())
    };
    let low = |event: &mut Event| (event.subject.tier, event.subject.opaque) = (0, false);
    let taken = by_hand(&lab, "zoe", take, |e| {
        low(e);
        (e.act, e.of, e.intent) = (Act::TakeOver, id(&take), Intent::Change);
    });
    assert!(uncounted(&lab, &taken).contains("take-over-approved"));
    for act in [Act::Withdraw, Act::Release, Act::Review(Verdict::Approve)] {
        let forged = by_hand(&lab, "mallory", change, |e| {
            low(e);
            (e.act, e.of, e.by) = (act, id(&change), String::new());
        });
        assert!(uncounted(&lab, &forged).contains("known-person"), "{act}");
    }
    let modes = of(Intent::Change, SubjectKind::Configuration);
    lab.must("sam", &["review", "configuration", "--approve"]);
    let lax = by_hand(&lab, "zoe", modes, |e| {
        (e.act, e.of) = (Act::Change(Governed::Configuration), id(&modes));
        e.modes.insert(3, Mode::Observe);
    });
    assert!(uncounted(&lab, &lax).contains("modes: "));
    let back = by_hand(
        &lab,
        "sam",
        |e| e.act == Act::GrantException,
        |e| {
            (e.at, e.after) = (policy::Moment(BEGIN - 60), Vec::new());
            e.exception.as_mut().unwrap().from = Some(e.at);
        },
    );
    assert!(uncounted(&lab, &back).contains("after: "));
    forged_first(&lab);
    assert_eq!(lab.now(&["gate"]).out, before);
}

/// Zoe lets pass what she wrote herself, and says that she looked at the commit before it.
fn earlier_commit(lab: &Lab, words: &str) {
    lab.sh(&format!("{words} edit workflows/*.control.yaml; zoe -m it"));
    let out = Command::new("git").args(["rev-parse", "base"]).current_dir(lab.root()).output().unwrap();
    let commit = String::from_utf8(out.stdout).unwrap().trim().to_owned();
    let own = by_hand(
        lab,
        "zoe",
        |e| e.act == Act::Attest,
        |e| {
            (e.act, e.by, e.commit) = (Act::GrantException, "zoe".to_owned(), commit);
            (e.tests, e.evidence) = (None, None);
            e.exception = Some(policy::Exception {
                covers: vec!["boundary".into()],
                subject: e.subject.name.clone(),
                owner: "ben".into(),
                compensating: "two look".into(),
                from: Some(e.at),
                until: Some(e.at.plus_hours(24)),
                ..policy::Exception::default()
            });
        },
    );
    let told = uncounted(lab, &own);
    assert!(told.contains("has a part in this change"), "{told}");
    lab.sh("git reset -q --hard base && git clean -fdq");
}

/// A first version of the people that nobody signed: nothing is judged by it.
fn forged_first(lab: &Lab) {
    let count = || lab.now(&["gate"]).out.matches("statement-not-counted").count();
    let (before, text) = (count(), "schema: countersign.people/1\npeople: []\n");
    let parts = [("people.yaml".to_owned(), workflow::Digest::of(text.as_bytes()).to_string())].into();
    let closure = govern::closure_of(&parts).unwrap();
    let hex = closure.strip_prefix("sha256:").unwrap();
    lab.folder.write(&format!("r/.countersign/versions/{hex}.yaml"), text);
    let (entries, _) = files::read(&lab.root()).unwrap();
    let mut event = entries.iter().map(|e| &e.event).min_by_key(|e| e.at).unwrap().clone();
    event.act = Act::Change(Governed::People);
    event.subject = policy::Subject { kind: SubjectKind::People, name: "people".into(), ..event.subject };
    (event.subject.closure, event.parts) = (closure, parts);
    let (signer, payload) =
        (Signer::find(Some(&lab.folder.path().join("zoe")), &lab.root()), files::payload(&event));
    let (signer, payload) = (signer.unwrap(), payload.unwrap());
    let armoured = signer.sign(&statement::to_sign(b"something else").unwrap()).unwrap();
    let path = files::write(&lab.root(), &payload, &signer.fingerprint, &armoured).unwrap();
    assert_eq!(count(), before + 1);
    std::fs::remove_file(path).unwrap();
}

/// Each refusal names its rules, the facts that they rest on, and the smallest change; the same record gives the same bytes.
fn refusals_are_explained(lab: &Lab) {
    let key = lab.folder.path().join("zoe").display().to_string();
    let asked: [&[&str]; 4] = [
        &["release", IT, "--why", "--key", &key],
        &["release", IT, "--format", "json", "--key", &key],
        &["gate", "--why"],
        &["gate", "--format", "json"],
    ];
    for words in asked {
        let (first, second) = (lab.now(words), lab.now(words));
        assert_eq!((first.code, &first.out), (1, &second.out), "{words:?}");
        assert_eq!(first.out, second.out);
    }
    let release = lab.now(asked[0]).out;
    for rule in ["components-approved: ", "security-approval: "] {
        let rest = release.split_once(rule).map(|(_, rest)| rest).unwrap_or_default();
        let facts: Vec<&str> = rest.lines().skip(1).take_while(|l| l.starts_with("      ")).collect();
        assert!(facts.iter().any(|f| f.contains(" = ")), "{rule} {facts:?} in {release}");
        assert!(facts.iter().any(|f| f.contains("evidence towards ")), "{rule} {facts:?}");
    }
    for need in ["an approval of a security approver, by", "`okta` approved in version 1.0.800, by"] {
        assert!(release.contains(need), "{release}");
    }
    let gate = lab.now(asked[2]).out;
    for told in ["closure-changed: ", "released.closure = sha256:", "what to do: propose"] {
        assert!(gate.contains(told), "{gate}");
    }
}

/// How Zoe may hide in the history that a change is hers: `zoe` and `pia` commit everything that lies there, `edit` writes.
const HIDING: [(&str, &str); 12] = [
    (
        "behind a link to the tests",
        "mv workflows/lost-device.test.yaml tests.txt; ln -s ../tests.txt workflows/lost-device.test.yaml; pia -m linked; echo '# more' >> tests.txt; zoe -m it; edit workflows/*.control.yaml; pia -m on",
    ),
    (
        "by taking the tests away",
        "git rm -q workflows/lost-device.test.yaml; zoe -m it; edit workflows/*.control.yaml; pia -m on",
    ),
    (
        "behind another name",
        "printf 'X <ghost@corp.test> <zoe@corp.test>\n' > .mailmap; edit workflows/*.control.yaml; zoe -m it",
    ),
    (
        "behind what a message says",
        r#"edit workflows/*.control.yaml; printf 'it\n\nNote: x\036%040d\037%040d\037ghost@x\037ghost@x\037\037\n' 1 2 > ../said; zoe -F ../said"#,
    ),
    (
        "in a folder that git quotes",
        r#"mkdir 'workflows/a"	b'; git mv workflows/lost-device.* 'workflows/a"	b'; pia -m moved; edit workflows/*/*.control.yaml; zoe -m it"#,
    ),
    (
        "by moving it there",
        r#"mkdir 'workflows/"x'; git mv workflows/lost-device.* 'workflows/"x'; edit workflows/*/*.control.yaml; zoe -m it"#,
    ),
    (
        "behind a move",
        "edit workflows/*.control.yaml; zoe -m it; mkdir workflows/a; git mv workflows/lost-device.* workflows/a; pia -m moved",
    ),
    (
        "behind a move with an edit",
        "edit workflows/*.control.yaml; zoe -m it; mkdir workflows/a; git mv workflows/lost-device.* workflows/a; echo '# moved' >> workflows/a/lost-device.control.yaml; pia -m moved",
    ),
    (
        "in a draft that takes its place",
        "sed 's/^purpose: .*/purpose: It does more./' workflows/*.control.yaml > draft.txt; zoe -m draft; git mv -f draft.txt workflows/lost-device.control.yaml; pia -m it",
    ),
    (
        "in a merge that the configuration hides",
        "git config log.diffMerges off; git config diff.relative true; git checkout -q -b side; git -c user.email=pia@corp.test commit -q --allow-empty -m side; git checkout -q main; git merge -q --no-ff --no-commit side; edit workflows/*.control.yaml; zoe -m merged",
    ),
    (
        "behind a commit that replaces it",
        "edit workflows/*.control.yaml; zoe -m it; git replace HEAD $(git cat-file commit HEAD | sed s/zoe@/pia@/ | git hash-object -t commit -w --stdin)",
    ),
    (
        "by undoing in a merge what others did",
        "git checkout -q -b side; echo a > notes.txt; pia -m side; git checkout -q main; edit workflows/*.control.yaml; pia -m mended; git merge -q --no-ff --no-commit side; git checkout side -- workflows; zoe -m merged; edit workflows/*.control.yaml; sed -i 's/more/again/' workflows/*.control.yaml; pia -m on",
    ),
];

#[test]
fn nobody_hides_in_the_history() {
    let lab = written();
    first_release(&lab);
    lab.commit("pia");
    lab.sh("git tag base");
    let words = "as() { who=$1; shift; git add -A && git -c user.name=$who -c user.email=$who@corp.test commit -q \"$@\"; }; \
                 zoe() { as zoe \"$@\"; }; pia() { as pia \"$@\"; }; \
                 edit() { sed -i 's/^purpose: .*/purpose: It does more./' \"$@\"; }; set -e; ";
    let mut open = Vec::new();
    for (how, script) in HIDING {
        lab.sh(&format!("{words}{script}"));
        lab.must("ben", &["propose", IT]);
        let tried = lab.run("zoe", None, &["review", IT, "--approve"]);
        if tried.code != 1 || !tried.out.contains("no-contributor-approves: ") {
            open.push(format!("{how}: {} {}{}", tried.code, tried.out, tried.err));
        }
        lab.must("sam", &["review", IT, "--approve"]);
        lab.sh("git replace -d $(git replace -l) 2> /dev/null; git config --unset log.diffMerges; git config --unset diff.relative; git checkout -q -f main && git reset -q --hard base && git clean -fdq && (git branch -q -D side 2> /dev/null || true)");
    }
    assert!(open.is_empty(), "{}", open.join("\n"));
    earlier_commit(&lab, words);
    what_is_released_stays_released(&lab, words);
}

/// An approver merges what is released, or comments on it: it is what was released.
fn what_is_released_stays_released(lab: &Lab, words: &str) {
    let later = [
        "git checkout -q -b trunk HEAD~1; git -c user.name=sam -c user.email=sam@corp.test merge -q --no-ff -m merge base",
        "echo '# looked at' >> workflows/lost-device.control.yaml; as sam -m comment",
    ];
    for script in later {
        lab.sh(&format!("{words}{script}"));
        let gate = lab.now(&["gate"]).out;
        assert!(gate.contains("1 released"), "{script}: {gate}");
    }
    // What somebody had a part in whom nobody knows is told, and not released.
    lab.sh(&format!("{words} git checkout -q -f main; edit workflows/*.control.yaml; as ghost -m it"));
    lab.must("ben", &["propose", IT]);
    let told = lab.must("sam", &["review", IT, "--approve"]);
    assert!(told.contains("a part in it had `ghost@corp.test` (commit "), "{told}");
    lab.must("pia", &["review", IT, "--approve"]);
    lab.must("pia", &["attest", IT]);
    let refused = lab.run("pia", None, &["release", IT]);
    let why = "authors-known: The people directory does not know who had a part in";
    assert!(refused.code == 1 && refused.out.contains(why), "{}{}", refused.out, refused.err);
}
