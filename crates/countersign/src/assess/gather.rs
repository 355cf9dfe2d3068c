//! The workflows of a scan as a review is asked with them.

use super::Options;
use super::standing::Around;
use crate::report::Item;
use crate::scan::Scan;
use crate::scan::model::{Body, FileEntry, Head, kinds};
use check::assess::Subject;
use check::record::ControlRecord;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Component, Path, PathBuf};
use workflow::{Kind, Platform, Text, Walk};

/// Findings for which a workflow counts that is no control automation.
const LEAKS: [&str; 2] = ["secret-in-definition", "exposed-credential"];

/// Workflows, and the names of the steps on their walks.
#[derive(Default)]
pub struct Gathered {
    pub subjects: Vec<Subject>,
    pub names: Vec<HashMap<Text, String>>,
}

/// Gathers the workflows that some question concerns, in the order of the files.
pub fn gather(options: &Options, scan: &Scan, around: &Around) -> io::Result<Gathered> {
    let mut gathered = Gathered::default();
    for file in &scan.files {
        for (number, (head, body)) in file.heads.iter().zip(scan.bodies(file)?).enumerate() {
            let leaks = body.findings.iter().any(|f| LEAKS.contains(&f.rule.as_str()));
            if head.class() != "control" && !leaks {
                continue;
            }
            let item = Item::new(file, head, body);
            gathered.names.push(names(&item));
            let path = below(options, file);
            let mut subject = subject(file, head, item.body);
            around.stand(&mut subject, path.as_deref(), number)?;
            gathered.subjects.push(subject);
        }
    }
    share(&mut gathered.subjects);
    Ok(gathered)
}

/// The real path of a file that was found below one of the paths given. Reports leave `.` out of paths.
fn below(options: &Options, file: &FileEntry) -> Option<PathBuf> {
    let plain = |path: &Path| path.components().filter(|c| *c != Component::CurDir).collect::<PathBuf>();
    let path = plain(Path::new(&file.path));
    let of = |given: &PathBuf| {
        let rest = path.strip_prefix(plain(given)).ok()?;
        let real = given.canonicalize().ok()?;
        Some(if rest.as_os_str().is_empty() { real } else { real.join(rest) })
    };
    options.paths.iter().find_map(of)
}

/// The names of all steps and triggers that a walk passes.
fn names(item: &Item<'_>) -> HashMap<Text, String> {
    let walks = item.body.findings.iter().map(|f| &f.path).chain(item.body.proofs.iter().map(|p| &p.walk));
    let on_walks = walks.flatten().map(|w: &Walk| &w.step);
    let told =
        item.body.findings.iter().flat_map(|f| [&f.step]).chain(item.body.routes.iter().map(|r| &r.step));
    on_walks.chain(told).map(|id| (id.clone(), item.name(id).to_owned())).collect()
}

fn subject(file: &FileEntry, head: &Head, body: Body) -> Subject {
    let runs_code = |e: &workflow::Effect| e.kind == Kind::Code || e.evidence == workflow::Evidence::Code;
    let code =
        body.steps.iter().filter(|s| s.effects.iter().any(|e| runs_code(e) && e.kind != Kind::Control));
    let mut credentials = body.credentials;
    credentials.sort();
    credentials.dedup();
    Subject {
        path: file.path.clone(),
        platform: Some(head.platform),
        name: head.name.clone(),
        line: body.line,
        changes: head.changes_access(),
        opaque: head.closure.opaque,
        tier: head.closure.tier,
        kinds: kinds(head.effects).collect(),
        gate: body.gate.as_str().into(),
        triggers: body.triggers.iter().map(|t| t.kind).collect(),
        code: code.map(|s| if s.name.is_empty() { s.id.clone() } else { s.name.clone() }).collect(),
        findings: body.findings,
        proofs: body.proofs,
        routes: body.routes,
        record: serde_json::from_str::<ControlRecord>(&body.record).ok(),
        connectors: body.connectors,
        credentials,
        owners: body.owners,
        unkept: body.unkept,
        ..Subject::default()
    }
}

/// Whether definitions name connections by keys of their own: `office365` of one is not that of another.
fn has_own_keys(platform: Platform) -> bool {
    matches!(platform, Platform::LogicApps | Platform::PowerAutomate)
}

/// Says of each workflow which of its credentials others use too.
fn share(subjects: &mut [Subject]) {
    let mut users: BTreeMap<(Option<Platform>, Text), usize> = BTreeMap::new();
    for subject in subjects.iter() {
        for credential in &subject.credentials {
            *users.entry((subject.platform, credential.clone())).or_default() += 1;
        }
    }
    for subject in subjects.iter_mut().filter(|s| !s.platform.is_some_and(has_own_keys)) {
        let others = |c: &Text| users.get(&(subject.platform, c.clone())).map_or(0, |n| n - 1);
        let shared: Vec<(Text, usize)> =
            subject.credentials.iter().map(|c| (c.clone(), others(c))).filter(|(_, n)| *n > 0).collect();
        subject.shared = Some(shared);
    }
}
