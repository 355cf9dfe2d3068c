//! A governed folder as it is now: its configuration, people, policies, workflows and statements, and from them the world
//! of an act.

use super::components::{KINDS, Using};
use super::parts::{Parts, Whole, units};
use super::settings::{CredentialLine, Settings};
use super::versions::{First, InForce, Versions};
use super::{files, git, statement, versions};
use crate::people;
use crate::scan::model::{Body, FileEntry, Head, kinds};
use crate::scan::{self, CONFIGURATION, Scan};
use govern::{
    Entry, Event, Evidence, Folded, Ground, Law, Refusal, Refused, Release, State, World, fold_with, undated,
    unlawful,
};
use policy::{
    Act, Contribution, Credential, Criticality, Entitlement, FindingFact, IdentityKind, Mode, Moment, People,
    PolicySet, Proof, Record, Source, Subject, SubjectKind, SystemFact,
};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use workflow::Kind;

/// One workflow that was found.
#[derive(Debug, Clone)]
pub struct Unit {
    /// The name by which it is governed: its own, with its file where several have that name.
    pub name: String,
    /// Its file, below the governed folder.
    pub path: String,
    pub(super) file: usize,
    pub(super) number: usize,
    /// What it consists of, once that was asked.
    pub(super) parts: OnceLock<Parts>,
}

/// The statements, the files that are none, and what they come to, with the versions that come first.
type Folds = (Vec<Entry>, Vec<files::Unreadable>, (First, Folded));

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
    /// The directory in force.
    pub people: Arc<People>,
    /// The policies in force.
    pub set: Arc<PolicySet>,
    /// The organisation's own among them.
    pub sources: Arc<[Source]>,
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
    domains: BTreeMap<String, String>,
    credentials: Vec<CredentialLine>,
    /// The digests of the other files that govern, as they lie in the folder.
    pub(super) digests: BTreeMap<&'static str, String>,
    /// The versions of people and policies.
    pub(super) versions: Versions,
    /// By what each release was judged.
    pub(super) laws: HashMap<String, Law>,
    /// Who uses which component, once that was asked.
    pub(super) using: OnceLock<Using>,
    pub(super) scan: Scan,
}

/// The governed folder that holds a place: the one with the configuration.
pub(crate) fn root_of(place: &Path) -> io::Result<PathBuf> {
    let place =
        place.canonicalize().map_err(|e| io::Error::new(e.kind(), format!("`{}`: {e}", place.display())))?;
    let found = scan::root_above(&place).map(Path::to_path_buf);
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
        let here = InForce { set: Arc::new(set), sources: sources.into(), people };
        let mut repository = Repository {
            history,
            organisation: known.name,
            environment: if environment.is_empty() { "production".to_owned() } else { environment },
            systems: configuration.systems,
            domains: configuration.domains,
            credentials,
            digests,
            root,
            modes,
            people: here.people.clone(),
            set: here.set.clone(),
            sources: here.sources.clone(),
            versions: Versions::new(here),
            laws: HashMap::new(),
            using: OnceLock::new(),
            units,
            folded: Folded::default(),
            entries: Vec::new(),
            unreadable: Vec::new(),
            now,
            scan,
        };
        let (laws, (entries, unreadable, (first, folded))) = repository.folded_from(gathered, &names);
        repository.versions.end(first, &folded.state);
        (repository.laws, repository.entries) = (laws, entries);
        (repository.unreadable, repository.folded) = (unreadable, folded);
        let now = repository.in_force_in(&repository.folded.state);
        let InForce { set, sources, people } = now.map_err(|told| io::Error::other(told.message))?;
        (repository.set, repository.sources, repository.people) = (set, sources, people);
        Ok(repository)
    }

    /// What the statements come to, and by what each release among them was judged.
    fn folded_from(&self, gathered: files::Gathered, names: &[String]) -> (HashMap<String, Law>, Folds) {
        let laws = RefCell::new(HashMap::new());
        let by_name: HashMap<&str, &Unit> = self.units.iter().map(|u| (u.name.as_str(), u)).collect();
        let history = |state: &State, event: &Event| self.by_history(state, event);
        let measure = |event: &Event| self.measured(by_name.get(event.subject.name.as_str())?, event);
        let fold = |entries: &[Entry]| {
            // What is revoked is what lies in the folder, in force or not yet.
            let undated = &undated(entries, &self.here().people, self.now);
            let first = versions::first(entries, undated, self.now);
            let law = |state: &State, entry: &Entry| {
                let law = self.versions.at(&self.root, (entries, &first), state)?.law();
                if matches!(entry.event.act, Act::Release | Act::RollBack) {
                    laws.borrow_mut().insert(entry.id.clone(), law.clone());
                }
                Ok(law)
            };
            let (history, measure) = (&history, &measure);
            let ground = Ground { law: &law, organisation: names, history, measure, undated };
            let folded = fold_with(entries, self.now, &|state, entry| unlawful(ground, state, entry));
            (first, folded)
        };
        let done = gathered.verified_beside(fold);
        (laws.into_inner(), done)
    }

    /// Who touched what an event is about, from the release that was in force then to the commit that was looked at.
    pub(crate) fn by_history(&self, state: &State, event: &Event) -> Vec<Contribution> {
        let name = &event.subject.name;
        if event.subject.kind == SubjectKind::Component {
            return self.users(state, name, &event.version, Some(event));
        }
        self.named(name).map(|u| self.touched(state, u, &event.environment, Some(event))).unwrap_or_default()
    }

    pub(super) fn touched(
        &self,
        state: &State,
        unit: &Unit,
        environment: &str,
        until: Option<&Event>,
    ) -> Vec<Contribution> {
        let Ok((_, paths)) = self.parts(unit) else {
            return vec![unknown(format!("what `{}` is made of cannot be read", unit.name))];
        };
        let since = self.begun(releases(state, &unit.name, environment), paths);
        let Some(event) = until else { return self.history.authors(paths, since, None).by };
        let id = files::payload(event).map(|p| statement::id(&p)).unwrap_or_default();
        let statement = files::path(&id);
        // The commit that a statement names is believed where it has what the statement came with; nor need it be here, of what
        // was merged as one commit. Else all count that came before the statement.
        if self.history.holds(paths, &event.commit, &statement) {
            return self.history.authors(paths, since, Some(&event.commit)).by;
        }
        self.history.settled(paths, since, &statement).by
    }

    /// The commit with which something new begins: that of the last release that can. What went back released nothing that its
    /// commit has.
    pub(super) fn begun<'s>(
        &self,
        releases: impl DoubleEndedIterator<Item = &'s Release>,
        paths: &[String],
    ) -> &'s str {
        let begins = |r: &&Release| !r.back && self.history.begins(paths, &r.commit, &files::path(&r.id));
        let agreed =
            |r: &'s Release| self.history.agreed(paths, &r.commit, r.looked.iter().map(String::as_str));
        releases.rev().filter(begins).find_map(agreed).unwrap_or_default()
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

    /// The workflow that is governed by a name.
    pub(crate) fn named(&self, name: &str) -> Option<&Unit> {
        self.units.iter().find(|u| u.name == name)
    }

    /// The workflow at a place: its file below the folder, and its number among the file's.
    pub(crate) fn unit_at(&self, path: &str, number: usize) -> Option<&Unit> {
        self.units.iter().find(|u| u.path == path && u.number == number)
    }

    /// Why statements are refused, by their ids.
    pub(crate) fn refusals(&self) -> BTreeMap<&str, &Refusal> {
        self.folded.refused.iter().map(|r| (r.id.as_str(), &r.refusal)).collect()
    }

    /// Whether the organisation rates any system.
    pub(crate) fn rates(&self) -> bool {
        !self.systems.is_empty()
    }

    /// How the organisation rates a system; nothing where it does not.
    pub(crate) fn rating(&self, system: &str) -> Option<Criticality> {
        self.systems.get(system).copied()
    }

    pub(super) fn file(&self, unit: &Unit) -> Option<&FileEntry> {
        self.scan.files.get(unit.file)
    }

    /// A path of the scan, below the folder.
    pub(super) fn below(&self, path: &str) -> String {
        let path = Path::new(path);
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
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

    /// The world of an act on a workflow.
    ///
    /// # Errors
    /// When results cannot be read back.
    pub fn world(&self, unit: &Unit, environment: &str) -> io::Result<World> {
        let mut world = self.found(unit, environment)?;
        let (_, paths) = self.parts(unit)?;
        let since = self.begun(releases(&self.folded.state, &unit.name, environment), paths);
        let touched = self.history.authors(paths, since, None);
        world.ai = touched.ai.max(self.people.made_by(&touched.by));
        world.contributors = touched.by;
        world.view = super::view::digest(&world);
        Ok(world)
    }

    /// The same without who had a part in it, and so without what is shown.
    ///
    /// # Errors
    /// When results cannot be read back.
    pub(super) fn found(&self, unit: &Unit, environment: &str) -> io::Result<World> {
        let wholes = self.wholes(unit)?;
        let parts = self.parts_among(unit, &wholes).0.clone();
        let closure = govern::closure_of(&parts).unwrap_or_default();
        Ok(World {
            subject: self.subject(unit, &wholes, closure)?,
            evidence: self.evidence(&wholes),
            parts,
            ..self.bare(environment)
        })
    }

    /// What all worlds have.
    pub(super) fn bare(&self, environment: &str) -> World {
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
        subject.cross_domain = self.crosses_domains(wholes);
        subject.systems.sort_by(|a, b| a.name.cmp(&b.name));
        subject.systems.dedup();
        subject.entitlements.sort_by(|a, b| (&a.system, &a.name).cmp(&(&b.system, &b.name)));
        subject.entitlements.dedup();
        let own = wholes.first().into_iter().flat_map(|w| &w.record.boundary.populations);
        subject.identities = own.map(|p| population(p)).collect();
        if subject.identities.is_empty() {
            subject.identities.push(IdentityKind::Unknown);
        }
        Ok(subject)
    }

    /// Whether it reads in one security domain and changes access in another. A system that is in none of those named may be in
    /// any: it counts as one of its own.
    fn crosses_domains(&self, wholes: &[Whole<'_>]) -> bool {
        let domains = |counts: fn(Kind) -> bool| -> BTreeSet<&str> {
            let effects = wholes.iter().flat_map(|w| &w.body.steps).flat_map(|s| &s.effects);
            let systems = effects.filter(|e| counts(e.kind) && !e.system.is_empty()).map(|e| &e.system);
            systems.map(|s| self.domains.get(&**s).map_or(&**s, String::as_str)).collect()
        };
        let read = domains(|k| matches!(k, Kind::Read | Kind::ReadSecret));
        let changed = domains(Kind::changes_access);
        !self.domains.is_empty() && changed.iter().any(|c| read.iter().any(|r| r != c))
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
            evidence.components.extend(KINDS.into_iter().flat_map(|kind| self.components_of(body, kind)));
            let named = body.credentials.iter().chain(&record.credentials);
            evidence.credentials.extend(named.filter_map(|c| self.credential(c)));
        }
        evidence.boundary.sort();
        evidence.boundary.dedup();
        evidence.components.sort_by(|a, b| (&a.name, &a.version, a.kind).cmp(&(&b.name, &b.version, b.kind)));
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

/// What was released of a workflow, the oldest first.
fn releases<'s>(
    state: &'s State,
    name: &str,
    environment: &str,
) -> impl DoubleEndedIterator<Item = &'s Release> + use<'s> {
    let of = state.workflows.get(name).and_then(|w| w.releases.get(environment));
    of.into_iter().flatten()
}

/// Somebody whom nobody can name.
fn unknown(how: String) -> Contribution {
    Contribution { account: git::UNKNOWN.to_owned(), how }
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
