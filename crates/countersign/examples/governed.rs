//! Makes a governed repository for `bench/govern`: so many workflows, released again and again, so many statements.
//!
//!     governed FOLDER WORKFLOWS STATEMENTS
//!
//! The folder gets keys by `ssh-keygen`; the statements are signed with them and say what commands would say.

use countersign::govern::{Repository, Signer, files, statement};
use govern::{Entry, Event, Evidence, World};
use policy::{Act, ComponentKind, Governed, Moment, SubjectKind, Verdict};
use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::process::Command;

const BEGIN: i64 = 1_795_600_800;
const PEOPLE: [(&str, &str); 3] =
    [("ann", "workflow-author"), ("ben", "workflow-author"), ("sam", "security-approver, process-owner")];

fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [folder, workflows, statements] = &words[..] else {
        return Err(io::Error::other("governed FOLDER WORKFLOWS STATEMENTS"));
    };
    let number = |w: &str| w.parse::<usize>().map_err(io::Error::other);
    let (root, workflows, statements) = (Path::new(folder), number(workflows)?, number(statements)?);
    std::fs::create_dir_all(root.join("workflows"))?;
    let keys = people(root)?;
    (0..workflows).try_for_each(|i| workflow(root, i))?;
    let git = "git init -q && git config user.email ann@corp.test && git config user.name ann && git add -A && git commit -q -m all";
    Command::new("sh").args(["-c", git]).current_dir(root).status()?;
    sign(root, &keys, statements)
}

/// The directory and the configuration.
fn people(root: &Path) -> io::Result<Vec<Signer>> {
    let mut yaml = "schema: countersign.people/1\npeople:\n".to_owned();
    let mut keys = Vec::new();
    for (id, roles) in PEOPLE {
        let path = root.join("..").join(format!("{id}.key"));
        if !path.exists() {
            Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&path).status()?;
        }
        let signer = Signer::find(Some(&path), root)?;
        yaml.push_str(&format!("  - id: {id}\n    roles: [{roles}]\n    accounts: {{git: {id}@corp.test}}\n    exception-limit: 3\n    keys: [\"{}\"]\n", signer.fingerprint));
        keys.push(signer);
    }
    std::fs::write(root.join("people.yaml"), yaml)?;
    std::fs::write(root.join("countersign.toml"), "[organisation]\nname = \"Bench\"\n")?;
    Ok(keys)
}

/// A workflow that suspends an account after a manager's yes, with its record.
fn workflow(root: &Path, i: usize) -> io::Result<()> {
    let definition = format!(
        r#"{{"id": "w{i}", "name": "Leaver {i}", "nodes": [
  {{"id": "a", "name": "Form", "type": "n8n-nodes-base.formTrigger", "typeVersion": 2.2, "position": [0, 0],
    "parameters": {{"authentication": "basicAuth", "formTitle": "Leaver", "formFields": {{"values": [{{"fieldLabel": "Login", "requiredField": true}}]}}}},
    "credentials": {{"httpBasicAuth": {{"id": "form", "name": "Form"}}}}}},
  {{"id": "b", "name": "Ask", "type": "n8n-nodes-base.gmail", "typeVersion": 2.1, "position": [0, 0],
    "parameters": {{"operation": "sendAndWait", "sendTo": "manager{i}@corp.test", "subject": "Leaver", "message": "Suspend?",
      "approvalOptions": {{"values": {{"approvalType": "double"}}}},
      "options": {{"limitWaitTime": {{"values": {{"resumeAmount": 4, "resumeUnit": "hours"}}}}}}}}}},
  {{"id": "c", "name": "Yes?", "type": "n8n-nodes-base.if", "typeVersion": 2.2, "position": [0, 0],
    "parameters": {{"conditions": {{"options": {{"version": 2}}, "conditions": [{{"leftValue": "={{{{ $json.data.approved }}}}", "rightValue": "",
      "operator": {{"type": "boolean", "operation": "true", "singleValue": true}}}}], "combinator": "and"}}}}}},
  {{"id": "d", "name": "Close", "type": "n8n-nodes-base.gSuiteAdmin", "typeVersion": 1, "position": [0, 0],
    "parameters": {{"resource": "user", "operation": "update", "userId": "={{{{ $('Form').item.json.Login }}}}", "updateFields": {{"suspendUi": true}}}}}}],
  "connections": {{"Form": {{"main": [[{{"node": "Ask", "type": "main", "index": 0}}]]}}, "Ask": {{"main": [[{{"node": "Yes?", "type": "main", "index": 0}}]]}},
    "Yes?": {{"main": [[{{"node": "Close", "type": "main", "index": 0}}]]}}}}, "settings": {{}}}}"#
    );
    let record = "schema: countersign.control/1\npurpose: Ends access.\nowner: sam\nsecurity-approver: sam\nboundary:\n  systems: [google-workspace]\n  effects: [disable, update-identity]\ntests: [w.test.yaml]\n";
    std::fs::write(root.join(format!("workflows/w{i}.json")), definition)?;
    std::fs::write(root.join(format!("workflows/w{i}.control.yaml")), record)
}

/// Registers every workflow, and releases each again and again until there are statements enough.
fn sign(root: &Path, keys: &[Signer], statements: usize) -> io::Result<()> {
    let repository = Repository::open(root, Moment(BEGIN))?;
    let worlds: io::Result<Vec<World>> =
        repository.units.iter().map(|u| repository.world(u, "production")).collect();
    let (worlds, mut last, mut made) = (worlds?, String::new(), 0);
    for (name, version) in used(&worlds) {
        let world = repository.component(&name, &version);
        let act = Act::ApproveComponent(ComponentKind::Connector);
        let event = Event { version, ..event(&world, act, PEOPLE[2].0, Moment(BEGIN)) };
        let after = (!last.is_empty()).then_some(last).into_iter().collect();
        last = keep(root, &keys[2], Event { after, ..event })?.id;
        made += 1;
    }
    for kind in [SubjectKind::People, SubjectKind::Policy, SubjectKind::Configuration] {
        let (world, mut proposal) = (repository.governing(kind), None);
        for (who, act) in put_in_force(kind) {
            let after = (!last.is_empty()).then_some(last).into_iter().collect();
            let at = Moment(BEGIN + i64::try_from(made).unwrap_or(0));
            let event = Event { after, of: proposal.clone(), ..event(&world, act, PEOPLE[who].0, at) };
            last = keep(root, &keys[who], event)?.id;
            proposal.get_or_insert_with(|| last.clone());
            made += 1;
        }
    }
    let mut released: Vec<Option<String>> = vec![None; worlds.len()];
    let mut round = 0;
    while made < statements {
        for (world, released) in worlds.iter().zip(&mut released) {
            let acts = if round == 0 { &[(0, Act::Register)][..] } else { &ROUND[..] };
            let mut proposal = None;
            for (who, act) in acts {
                let at = Moment(BEGIN + i64::try_from(made).unwrap_or(0));
                let mut event = event(world, *act, PEOPLE[*who].0, at);
                event.after = (!last.is_empty()).then(|| last.clone()).into_iter().collect();
                event.of.clone_from(&proposal);
                event.replaces = if *act == Act::Release { released.clone() } else { None };
                let entry = keep(root, &keys[*who], event)?;
                if *act == Act::Propose {
                    proposal = Some(entry.id.clone());
                } else if *act == Act::Release {
                    *released = Some(entry.id.clone());
                }
                last = entry.id;
                made += 1;
            }
        }
        round += 1;
    }
    println!("{made} statements of {} workflows", worlds.len());
    Ok(())
}

/// The connectors that the workflows use, each once.
fn used(worlds: &[World]) -> BTreeSet<(String, String)> {
    let all = worlds.iter().flat_map(|w| &w.evidence.components);
    all.map(|c| (c.name.clone(), c.version.clone())).collect()
}

/// Who does what for something that governs to be in force.
fn put_in_force(kind: SubjectKind) -> [(usize, Act); 4] {
    let what = match kind {
        SubjectKind::People => Governed::People,
        SubjectKind::Policy => Governed::Policy,
        _ => Governed::Configuration,
    };
    let yes = Act::Review(Verdict::Approve);
    [(0, Act::Propose), (1, yes), (2, yes), (2, Act::Change(what))]
}

/// Who does what in one round.
const ROUND: [(usize, Act); 5] = [
    (0, Act::Propose),
    (0, Act::Attest),
    (1, Act::Review(Verdict::Approve)),
    (2, Act::Review(Verdict::Approve)),
    (0, Act::Release),
];

fn event(world: &World, act: Act, by: &str, at: Moment) -> Event {
    let keeps = matches!(act, Act::Propose | Act::Release | Act::Change(_));
    let tests = policy::TestEvidence {
        closure: world.subject.closure.clone(),
        at,
        passed: 9,
        failed: 0,
        mutation: 99,
    };
    let evidence = Evidence { tests: Some(tests.clone()), ..world.evidence.clone() };
    Event {
        environment: world.environment.clone(),
        policy: world.policy.clone(),
        shown: world.view.clone(),
        organisation: world.organisation.clone(),
        parts: if keeps { world.parts.clone() } else { Default::default() },
        commit: world.commit.clone(),
        owner: "sam".to_owned(),
        contributors: if act == Act::Propose { world.contributors.clone() } else { Vec::new() },
        evidence: matches!(act, Act::Release | Act::Attest).then_some(evidence),
        tests: (act == Act::Attest).then_some(tests),
        ..Event::of(act, by, at, world.subject.clone())
    }
}

fn keep(root: &Path, key: &Signer, event: Event) -> io::Result<Entry> {
    let payload = files::payload(&event)?;
    let armoured = key.sign(&statement::to_sign(&payload).map_err(io::Error::other)?)?;
    files::write(root, &payload, &key.fingerprint, &armoured)?;
    Ok(Entry { id: statement::id(&payload), key: key.fingerprint.clone(), event })
}
