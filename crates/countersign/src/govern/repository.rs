//! A governed folder as it is now: its configuration, people, policies, workflows and statements, and from them the world
//! of an act.

use super::settings::{CredentialLine, Settings};
use super::{files, git};
use crate::people;
use crate::scan::model::{Body, FileEntry, Head, kinds};
use crate::scan::{self, CONFIGURATION, Scan};
use check::ControlRecord;
use govern::{Entry, Event, Evidence, Folded, Ground, Refused, State, World, fold_with, undated, unlawful};
use policy::{
    Component, ComponentKind, Contribution, Credential, Criticality, Entitlement, FindingFact, IdentityKind,
    Mode, Moment, People, PolicySet, Proof, Record, Source, Subject, SubjectKind, SystemFact,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use workflow::Digest;

/// One workflow that was found.
#[derive(Debug, Clone)]
pub struct Unit {
    /// The name by which it is governed: its own, with its file where several have that name.
    pub name: String,
    /// Its file, below the governed folder.
    pub path: String,
    file: usize,
    number: usize,
}

/// A workflow with what is known of it in full, and its record.
struct Whole<'r> {
    unit: &'r Unit,
    body: Body,
    record: ControlRecord,
}

/// A governed folder.
pub struct Repository {
    /// The folder.
    pub root: PathBuf,
    /// The organisation's name.
    pub organisation: String,
    /// The environment that is meant where none is named.
    pub environment: String,
    /// The modes that the configuration asks for.
    pub modes: BTreeMap<u8, Mode>,
    /// The directory.
    pub people: Arc<People>,
    /// The policies.
    pub set: PolicySet,
    /// The organisation's own, as they lie in the folder.
    pub sources: Vec<Source>,
    /// Its workflows.
    pub units: Vec<Unit>,
    /// What the statements came to.
    pub folded: Folded,
    /// The statements.
    pub entries: Vec<Entry>,
    /// Files that are no statements.
    pub unreadable: Vec<files::Unreadable>,
    /// The moment.
    pub now: Moment,
    /// The history.
    pub history: git::History,
    systems: BTreeMap<String, Criticality>,
    credentials: Vec<CredentialLine>,
    digests: BTreeMap<&'static str, String>,
    scan: Scan,
}

/// The governed folder that holds a place: the one with the configuration.
pub(crate) fn root_of(place: &Path) -> io::Result<PathBuf> {
    let place =
        place.canonicalize().map_err(|e| io::Error::new(e.kind(), format!("`{}`: {e}", place.display())))?;
    let found = place.ancestors().find(|f| f.join(CONFIGURATION).is_file()).map(Path::to_path_buf);
    found.ok_or_else(|| {
        let told = format!("`{}` is in no governed folder: one has a `{CONFIGURATION}`", place.display());
        io::Error::new(io::ErrorKind::NotFound, told)
    })
}

/// What a thread came to; it fails here as it failed there.
fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

impl Repository {
    /// Reads it, as of a moment.
    ///
    /// # Errors
    /// When it is no governed folder, or its directory or policies cannot be read.
    pub fn open(place: &Path, now: Moment) -> io::Result<Self> {
        let root = root_of(place)?;
        let Settings { configuration, modes, credentials, digests } = Settings::read(&root)?;
        let (people, _) = people::read(&root.join("people.yaml"))?;
        let people = Arc::new(people);
        let sources = crate::policy::below(&root)?;
        let options = scan::Options {
            paths: vec![root.clone()],
            cache_folder: crate::check::cache_folder(),
            cache: false,
            routes: false,
        };
        let (scan, history, gathered, set) = std::thread::scope(|scope| {
            let history = scope.spawn(|| git::History::read(&root));
            let scan = scope.spawn(|| scan::scan(&options, &|_, _| ()));
            let (set, gathered) = (PolicySet::with(&sources), files::gather(&root));
            (joined(scan), joined(history), gathered, set)
        });
        let (scan, history, gathered) = (scan?, history?, gathered?);
        let environment = configuration.govern.environment;
        let known = configuration.organisation;
        let names: Vec<String> = [known.name.clone()].into_iter().chain(known.formerly).collect();
        let units = units(&scan, &root);
        let mut repository = Repository {
            history,
            organisation: known.name,
            environment: if environment.is_empty() { "production".to_owned() } else { environment },
            systems: configuration.systems,
            credentials,
            digests,
            root,
            modes,
            people,
            set,
            sources,
            units,
            folded: Folded::default(),
            entries: Vec::new(),
            unreadable: Vec::new(),
            now,
            scan,
        };
        let by_name: HashMap<&str, &Unit> = repository.units.iter().map(|u| (u.name.as_str(), u)).collect();
        let history = |state: &State, event: &Event| repository.by_history(state, event);
        let measure = |event: &Event| repository.measured(by_name.get(event.subject.name.as_str())?, event);
        let (set, people) = (&repository.set, &repository.people);
        let fold = |entries: &[Entry]| {
            let undated = &undated(entries, people, now);
            let (history, measure) = (&history, &measure);
            let ground = Ground { set, people, organisation: &names, history, measure, undated };
            fold_with(entries, now, &|state, entry| unlawful(ground, state, entry))
        };
        let (entries, unreadable, folded) = gathered.verified_beside(fold);
        (repository.entries, repository.unreadable, repository.folded) = (entries, unreadable, folded);
        Ok(repository)
    }

    /// Who touched what an event is about, from the release that was in force then to the commit that was looked at.
    pub(crate) fn by_history(&self, state: &State, event: &Event) -> Vec<Contribution> {
        let until = Some(event.commit.as_str()).filter(|c| !c.is_empty());
        let name = &event.subject.name;
        if event.subject.kind == SubjectKind::Component {
            return self.users(state, name, &event.version, until);
        }
        let unit = self.units.iter().find(|u| u.name == *name);
        unit.map(|u| self.touched(state, u, &event.environment, until)).unwrap_or_default()
    }

    fn touched(
        &self,
        state: &State,
        unit: &Unit,
        environment: &str,
        until: Option<&str>,
    ) -> Vec<Contribution> {
        let since = state.released(&unit.name, environment).map_or("", |r| r.commit.as_str());
        let paths = self.parts(unit).map(|(_, paths)| paths).unwrap_or_default();
        self.history.touched(&paths, since, until).by
    }

    /// Who had a part in any workflow that uses a version of a component: to them it is their own work.
    fn users(&self, state: &State, name: &str, version: &str, until: Option<&str>) -> Vec<Contribution> {
        let uses = |u: &&Unit| {
            let body = self.body(u).ok();
            body.is_some_and(|b| b.connectors.iter().any(|(n, v)| *n == name && *v == version))
        };
        let units = self.units.iter().filter(uses);
        let mut all: Vec<Contribution> =
            units.flat_map(|u| self.touched(state, u, &self.environment, until)).collect();
        all.sort_by(|a, b| (&a.account, &a.how).cmp(&(&b.account, &b.how)));
        all.dedup();
        all
    }

    /// The workflow of a name, an id, a file, or a file without its ending.
    ///
    /// # Errors
    /// When there is none, or several.
    pub fn unit(&self, word: &str) -> io::Result<&Unit> {
        let stem = |u: &Unit| {
            Path::new(&u.path).file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
        };
        let ways: [&dyn Fn(&Unit) -> bool; 3] = [
            &|u| u.name == word || self.head(u).is_some_and(|h| h.id.as_deref() == Some(word)),
            &|u| u.path == word || Path::new(word).canonicalize().is_ok_and(|p| p == self.root.join(&u.path)),
            &|u| stem(u).split('.').next() == Some(word),
        ];
        for way in ways {
            let found: Vec<&Unit> = self.units.iter().filter(|u| way(u)).collect();
            match found[..] {
                [] => {}
                [one] => return Ok(one),
                _ => {
                    let names: Vec<&str> = found.iter().map(|u| u.name.as_str()).collect();
                    return Err(io::Error::other(format!(
                        "`{word}` is several workflows: name one of `{}`",
                        names.join("`, `")
                    )));
                }
            }
        }
        let told = format!("there is no workflow `{word}` here: `countersign status` lists them");
        Err(io::Error::new(io::ErrorKind::NotFound, told))
    }

    /// The workflow at a place: its file below the folder, and its number among the file's.
    pub(crate) fn unit_at(&self, path: &str, number: usize) -> Option<&Unit> {
        self.units.iter().find(|u| u.path == path && u.number == number)
    }

    /// Whether the organisation rates any system.
    pub(crate) fn rates(&self) -> bool {
        !self.systems.is_empty()
    }

    /// How the organisation rates a system; nothing where it does not.
    pub(crate) fn rating(&self, system: &str) -> Option<Criticality> {
        self.systems.get(system).copied()
    }

    fn file(&self, unit: &Unit) -> Option<&FileEntry> {
        self.scan.files.get(unit.file)
    }

    /// What is known of a workflow in short.
    #[must_use]
    pub fn head(&self, unit: &Unit) -> Option<&Head> {
        self.file(unit)?.heads.get(unit.number)
    }

    /// What is known of a workflow in full.
    ///
    /// # Errors
    /// When results cannot be read back.
    pub fn body(&self, unit: &Unit) -> io::Result<Body> {
        let file = self.file(unit).ok_or_else(|| io::Error::other("a file is gone"))?;
        self.scan.body(file, unit.number)?.ok_or_else(|| io::Error::other("a result is gone"))
    }

    /// A workflow with everything it calls.
    pub(super) fn closure<'r>(&'r self, unit: &'r Unit) -> Vec<&'r Unit> {
        let calls = self.head(unit).map(|h| h.closure.calls.as_slice()).unwrap_or_default();
        let called = calls.iter().filter_map(|call| {
            self.units.iter().find(|u| {
                let (path, name) = call.rsplit_once('#').unwrap_or((call, ""));
                let file = self.file(u).is_some_and(|f| f.path == path);
                file && self.head(u).is_some_and(|h| h.name == name)
            })
        });
        std::iter::once(unit).chain(called).collect()
    }

    /// The same, with what is known of each in full: the workflow itself first.
    fn wholes<'r>(&'r self, unit: &'r Unit) -> io::Result<Vec<Whole<'r>>> {
        let whole = |unit| {
            let body = self.body(unit)?;
            Ok(Whole { unit, record: record(&body), body })
        };
        self.closure(unit).into_iter().map(whole).collect()
    }

    /// The parts of a workflow's closure, and the files they stand in: definitions of it and all it calls, their records,
    /// the scenarios that the records name, the connectors in their versions.
    pub fn parts(&self, unit: &Unit) -> io::Result<(BTreeMap<String, String>, Vec<String>)> {
        Ok(self.parts_of(&self.wholes(unit)?))
    }

    fn parts_of(&self, wholes: &[Whole<'_>]) -> (BTreeMap<String, String>, Vec<String>) {
        let (mut parts, mut paths) = (BTreeMap::new(), Vec::new());
        for Whole { unit, body, record } in wholes {
            let name = &unit.name;
            for part in &body.parts {
                parts.insert(format!("{name}/{}", part.name), part.digest.to_string());
            }
            paths.push(unit.path.clone());
            if !body.record.is_empty() {
                parts.insert(format!("{name}/record"), Digest::of(body.record.as_bytes()).to_string());
                paths.extend(self.beside(unit));
            }
            for (connector, version) in &body.connectors {
                parts.insert(format!("connector/{connector}"), Digest::of(version.as_bytes()).to_string());
            }
            let folder = Path::new(&unit.path).parent().map(Path::to_path_buf).unwrap_or_default();
            for test in &record.tests {
                let path = folder.join(test.as_str()).display().to_string();
                if let Ok(bytes) = std::fs::read(self.root.join(&path)) {
                    parts.insert(format!("{name}/test/{test}"), Digest::of(&bytes).to_string());
                    paths.push(path);
                }
            }
        }
        paths.sort();
        paths.dedup();
        (parts, paths)
    }

    /// The files of scenarios that a workflow's record names.
    ///
    /// # Errors
    /// When results cannot be read back.
    pub fn tests(&self, unit: &Unit) -> io::Result<Vec<PathBuf>> {
        let folder = self.root.join(&unit.path).parent().map(Path::to_path_buf).unwrap_or_default();
        Ok(record(&self.body(unit)?).tests.iter().map(|t| folder.join(t.as_str())).collect())
    }

    /// Where the control record of a workflow may stand: what has its name with that ending, there or beside its folder.
    fn beside(&self, unit: &Unit) -> Vec<String> {
        let path = Path::new(&unit.path);
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let stems =
            name.match_indices('.').map(|(i, _)| path.with_file_name(format!("{}.control.yaml", &name[..i])));
        let folder = path.parent().map(|f| PathBuf::from(format!("{}.control.yaml", f.display())));
        let there = stems.chain(folder).filter(|p| self.root.join(p).is_file());
        there.map(|p| p.display().to_string()).collect()
    }

    /// The world of an act on a workflow.
    ///
    /// # Errors
    /// When results cannot be read back.
    pub fn world(&self, unit: &Unit, environment: &str) -> io::Result<World> {
        let wholes = self.wholes(unit)?;
        let (parts, paths) = self.parts_of(&wholes);
        let released = self.folded.state.released(&unit.name, environment);
        let touched = self.history.touched(&paths, released.map_or("", |r| r.commit.as_str()), None);
        let closure = govern::closure_of(&parts).unwrap_or_default();
        let mut world = World {
            subject: self.subject(unit, &wholes, closure)?,
            contributors: touched.by,
            ai: touched.ai,
            evidence: self.evidence(&wholes),
            parts,
            ..self.bare(environment)
        };
        world.view = super::view::digest(&world);
        Ok(world)
    }

    /// What all worlds have.
    fn bare(&self, environment: &str) -> World {
        World {
            people: self.people.clone(),
            at: self.now,
            environment: environment.to_owned(),
            modes: self.folded.state.modes.clone(),
            policy: self.set.version().to_owned(),
            organisation: self.organisation.clone(),
            commit: self.history.head.clone(),
            ..World::default()
        }
    }

    fn subject(&self, unit: &Unit, wholes: &[Whole<'_>], closure: String) -> io::Result<Subject> {
        let Some(head) = self.head(unit) else { return Err(io::Error::other("a file is gone")) };
        let mut subject = Subject {
            kind: SubjectKind::Workflow,
            name: unit.name.clone(),
            closure,
            tier: head.closure.tier,
            opaque: head.closure.opaque,
            effects: kinds(head.closure.effects).collect(),
            ..Subject::default()
        };
        for whole in wholes {
            for effect in whole.body.steps.iter().flat_map(|s| &s.effects) {
                if !effect.kind.changes_access() {
                    continue;
                }
                let name = effect.system.to_string();
                let criticality = self.systems.get(&name).copied().unwrap_or_default();
                subject.systems.push(SystemFact { name: name.clone(), criticality });
                let privileged = effect.privileged;
                subject.entitlements.push(Entitlement {
                    system: name,
                    name: effect.entitlement.to_string(),
                    privileged,
                });
            }
        }
        subject.systems.sort_by(|a, b| a.name.cmp(&b.name));
        subject.systems.dedup();
        subject.entitlements.sort_by(|a, b| (&a.system, &a.name).cmp(&(&b.system, &b.name)));
        subject.entitlements.dedup();
        let own = wholes.first().into_iter().flat_map(|w| &w.record.boundary.populations);
        subject.identities = own.map(|p| population(p)).collect();
        Ok(subject)
    }

    fn evidence(&self, wholes: &[Whole<'_>]) -> Evidence {
        let Some(Whole { body, record: own, .. }) = wholes.first() else { return Evidence::default() };
        let mut evidence = Evidence {
            record: Record {
                present: !body.record.is_empty(),
                lacks: own.lacks().into_iter().map(str::to_owned).collect(),
                owner: own.owner.to_string(),
                security_approver: own.security_approver.to_string(),
                deputies: own.deputies.iter().map(ToString::to_string).collect(),
            },
            ..Evidence::default()
        };
        let allowed = &own.boundary;
        for Whole { unit, body, record } in wholes {
            evidence.findings.extend(body.findings.iter().map(|f| FindingFact {
                rule: f.rule.to_string(),
                severity: f.severity,
                step: f.step.to_string(),
            }));
            let asked = body.proofs.iter().filter(|p| MUST_HOLD.contains(&p.property.as_str()));
            evidence.proofs.extend(asked.map(|p| proved(&unit.name, p)));
            for effect in body.steps.iter().flat_map(|s| &s.effects).filter(|e| e.kind.changes_access()) {
                if !allowed.effects.contains(&effect.kind) {
                    evidence.boundary.push(format!("effect {}", effect.kind.as_str()));
                }
                if !allowed.systems.contains(&effect.system) {
                    evidence.boundary.push(format!("system {}", effect.system));
                }
            }
            evidence.components.extend(body.connectors.iter().map(|(name, version)| Component {
                kind: ComponentKind::Connector,
                name: name.to_string(),
                version: version.to_string(),
                approved: Vec::new(),
                owner: String::new(),
            }));
            let named = body.credentials.iter().chain(&record.credentials);
            evidence.credentials.extend(named.filter_map(|c| self.credential(c)));
        }
        evidence.boundary.sort();
        evidence.boundary.dedup();
        evidence.components.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
        evidence.components.dedup();
        evidence.credentials.sort_by(|a, b| a.id.cmp(&b.id));
        evidence.credentials.dedup();
        evidence
    }

    /// A credential of the register. One that a record names and the register does not know is left to the check.
    fn credential(&self, id: &str) -> Option<Credential> {
        let line = self.credentials.iter().find(|c| c.id == id)?;
        Some(Credential {
            id: line.id.clone(),
            owner: line.owner.clone(),
            rotation_due: line.due(),
            expires: line.expires,
        })
    }

    /// The register of credentials.
    pub(super) fn credentials(&self) -> &[CredentialLine] {
        &self.credentials
    }

    /// The world of an act on a credential of the register: which register it was, and what proves it besides.
    pub(super) fn rotation(&self, line: &CredentialLine, mut parts: BTreeMap<String, String>) -> World {
        let register = self.digests.get("credentials.yaml").cloned();
        parts.extend(register.map(|digest| ("credentials.yaml".to_owned(), digest)));
        let closure = govern::closure_of(&parts).unwrap_or_default();
        let subject = Subject {
            kind: SubjectKind::Credential,
            name: line.id.clone(),
            closure,
            tier: 2,
            ..Subject::default()
        };
        World { subject, parts, ..self.bare("") }
    }

    /// The connectors that workflows here use, in their versions.
    ///
    /// # Errors
    /// When results cannot be read back.
    pub(super) fn connectors(&self) -> io::Result<BTreeSet<(String, String)>> {
        let mut all = BTreeSet::new();
        for unit in &self.units {
            let used = self.body(unit)?.connectors;
            all.extend(used.iter().map(|(name, version)| (name.to_string(), version.to_string())));
        }
        Ok(all)
    }

    /// The world of an act on what governs.
    #[must_use]
    pub fn governing(&self, kind: SubjectKind) -> World {
        let files: &[&str] = match kind {
            SubjectKind::People => &["people.yaml"],
            _ => &[CONFIGURATION, "connectors.yaml", "credentials.yaml"],
        };
        let (mut parts, mut paths) = (BTreeMap::new(), Vec::new());
        if kind == SubjectKind::Policy {
            parts.insert("policies".to_owned(), self.set.version().to_owned());
            paths.push("policies".to_owned());
        } else {
            for (name, digest) in self.digests.iter().filter(|(name, _)| files.contains(name)) {
                parts.insert((*name).to_owned(), digest.clone());
                paths.push((*name).to_owned());
            }
        }
        parts.extend(govern::modes_part(&self.modes).filter(|_| kind == SubjectKind::Configuration));
        let closure = govern::closure_of(&parts).unwrap_or_default();
        let last = self.folded.state.governed.values().find(|v| v.digest == closure).map(|v| v.id.clone());
        let since =
            last.and_then(|id| self.entries.iter().find(|e| e.id == id)).map(|e| e.event.commit.clone());
        let touched = self.history.touched(&paths, &since.unwrap_or_default(), None);
        let name = kind.as_str().to_owned();
        let subject = Subject { kind, name, closure, tier: 3, ..Subject::default() };
        let bare = World { contributors: touched.by, ai: touched.ai, subject, parts, ..self.bare("") };
        World { view: super::view::digest(&bare), ..bare }
    }

    /// The world of an act on a component's version.
    #[must_use]
    pub fn component(&self, name: &str, version: &str) -> World {
        let closure = Digest::of(format!("{name} {version}").as_bytes()).to_string();
        let subject = Subject {
            kind: SubjectKind::Component,
            name: name.to_owned(),
            closure,
            tier: 2,
            ..Subject::default()
        };
        let contributors = self.users(&self.folded.state, name, version, None);
        let bare = World { subject, contributors, ..self.bare("") };
        World { view: super::view::digest(&bare), ..bare }
    }

    /// Statements that have no place, and files that are none.
    #[must_use]
    pub fn faults(&self) -> Vec<(String, String)> {
        let refused =
            self.folded.refused.iter().map(|Refused { id, refusal }| {
                (id.clone(), format!("{}: {}", refusal.rule, refusal.message))
            });
        self.unreadable.iter().map(|u| (u.path.clone(), u.message.clone())).chain(refused).collect()
    }
}

/// A body's record; an empty one where there is none.
fn record(body: &Body) -> ControlRecord {
    serde_json::from_str(&body.record).unwrap_or_default()
}

/// The properties that a release asks for: those about whose access is changed, by whom and how often. The others are told
/// in the report.
const MUST_HOLD: [&str; 4] =
    ["change-needs-approval", "approver-is-not-requester", "temporary-access-ends", "at-most-once"];

/// A property at a step: it holds where the machine has proved it. What it cannot decide does not hold.
fn proved(workflow: &str, proof: &check::proofs::Proof) -> Proof {
    let name = format!("{} at {} of {workflow}", proof.property, proof.step);
    Proof { name, holds: proof.verdict == "proved" }
}

fn population(word: &str) -> IdentityKind {
    match word.trim_end_matches('s') {
        "employee" => IdentityKind::Employee,
        "contractor" => IdentityKind::Contractor,
        "guest" => IdentityKind::Guest,
        "service-account" => IdentityKind::ServiceAccount,
        "agent" => IdentityKind::Agent,
        _ => IdentityKind::Unknown,
    }
}

fn units(scan: &Scan, root: &Path) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for file in &scan.files {
        file.heads.iter().for_each(|h| *times.entry(h.name.as_str()).or_default() += 1);
    }
    for (at, file) in scan.files.iter().enumerate() {
        let path =
            Path::new(&file.path).strip_prefix(root).unwrap_or(Path::new(&file.path)).display().to_string();
        for (number, head) in file.heads.iter().enumerate() {
            let alone = times.get(head.name.as_str()) == Some(&1);
            let name = if alone { head.name.to_string() } else { format!("{} ({path})", head.name) };
            units.push(Unit { name, path: path.clone(), file: at, number });
        }
    }
    units
}
