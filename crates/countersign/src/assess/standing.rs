//! What governs the workflows of a review: the governed folder that they lie in, where there is one, and the history around
//! them.

use super::Options;
use crate::book::{self, OnRecord, Settings};
use crate::govern::git::History as Log;
use crate::govern::{Repository, Unit, root_of, short};
use check::assess::{Credential, History, Ledger, Organisation, Person, Released, Standing, Subject, Tested};
use check::route::Context;
use govern::{Live, Release, World};
use policy::{Criticality, Moment, People, PolicySet, Verdict};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

/// What is around the workflows.
pub struct Around {
    repository: Option<Repository>,
    environment: String,
    /// The folder that paths of the history are below.
    root: PathBuf,
    history: Option<Log>,
    ledger: Option<Ledger>,
    /// How many runs of each workflow the ledger has.
    runs: BTreeMap<String, usize>,
    now: Moment,
}

/// Policies that keep the one who asks, or who took part, from approving.
const APART: [&str; 4] =
    ["no-requester-approves", "no-contributor-approves", "no-machine-approves", "known-person"];

/// The facts that policies read, by what they are about.
const READS: [(Context, &[&str]); 7] = [
    (Context::Privilege, &["privileged"]),
    (Context::Criticality, &["criticality"]),
    (Context::Identity, &["identities"]),
    (Context::Domain, &["crossDomain"]),
    (Context::Environment, &["environment", "onEnvironment"]),
    (Context::Time, &["hour", "weekday", "date", "at"]),
    (Context::Emergency, &["emergency", "glass"]),
];

impl Around {
    /// What is around the first path.
    pub fn find(options: &Options, now: Moment) -> io::Result<Self> {
        let first = options.paths.first().map_or(Path::new("."), PathBuf::as_path);
        let repository = match root_of(first) {
            // A folder may have a configuration for the sake of its ignores alone.
            Ok(root) if root.join("people.yaml").is_file() => Some(Repository::open(&root, now)?),
            Ok(_) => None,
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(e),
        };
        let real = first.canonicalize()?;
        let folder =
            if real.is_dir() { real } else { real.parent().map(Path::to_path_buf).unwrap_or_default() };
        let environment = repository.as_ref().map(|r| r.environment.clone()).unwrap_or_default();
        let (root, history) = match &repository {
            Some(repository) => (repository.root.clone(), None),
            None => {
                let log = Log::read(&folder)?;
                (folder, Some(log).filter(|l| !l.head.is_empty()))
            }
        };
        let environment = options.environment.clone().unwrap_or(environment);
        let (ledger, runs) = repository.as_ref().map(ledger).transpose()?.unwrap_or_default();
        Ok(Around { repository, environment, root, history, ledger, runs, now })
    }

    fn log(&self) -> Option<&Log> {
        let own = self.repository.as_ref().map(|r| &r.history).filter(|l| !l.head.is_empty());
        self.history.as_ref().or(own)
    }

    /// Says how a workflow stands, by the real path of its file and its number in it.
    pub fn stand(&self, subject: &mut Subject, path: Option<&Path>, number: usize) -> io::Result<()> {
        let Some(path) = path.and_then(|p| p.strip_prefix(&self.root).ok()) else { return Ok(()) };
        let path = path.display().to_string();
        subject.history = self.log().map(|log| history(log, &path));
        let Some(repository) = &self.repository else { return Ok(()) };
        subject.governed = true;
        if let Some(unit) = repository.unit_at(&path, number) {
            subject.standing = Some(self.standing(repository, unit, subject)?);
        }
        Ok(())
    }

    fn standing(&self, repository: &Repository, unit: &Unit, subject: &Subject) -> io::Result<Standing> {
        let world = repository.world(unit, &self.environment)?;
        let state = &repository.folded.state;
        let mode = state.modes.get(&world.subject.effective_tier()).copied().unwrap_or_default();
        let live = state.live(&unit.name, &self.environment, self.now);
        let emergency = match live {
            Some(Live::Emergency(_, glass)) => {
                Some(glass.glass.until.map(|u| u.to_string()).unwrap_or_default())
            }
            _ => None,
        };
        let release = state.released(&unit.name, &self.environment).filter(|_| live.is_some());
        let tested = state.tested(&unit.name, &world.subject.closure, &self.environment, self.now);
        let record = subject.record.as_ref();
        let named =
            |name: Option<&workflow::Text>| self.person(&repository.people, name.map_or("", |n| n.as_str()));
        let systems: BTreeSet<&workflow::Text> = subject.routes.iter().flat_map(|r| &r.systems).collect();
        let rated = |c: Criticality| c.level() >= Criticality::High.level();
        let critical =
            systems.iter().filter_map(|s| repository.rating(s).filter(|c| rated(*c)).map(|c| (s, c)));
        Ok(Standing {
            mode: mode.as_str().to_owned(),
            release: release.map(|r| released(repository, r, &world)),
            emergency,
            tested: tested.map(|(id, t)| Tested {
                statement: short(id).to_owned(),
                failed: t.failed.into(),
                mutation: t.mutation.into(),
            }),
            owner: named(record.map(|r| &r.owner)),
            approver: named(record.map(|r| &r.security_approver)),
            credentials: world.evidence.credentials.iter().map(|c| self.credential(repository, c)).collect(),
            components: components(repository, &world, self.now),
            runs: self.runs.get(&unit.name).copied().unwrap_or_default(),
            critical: critical.map(|(s, c)| ((*s).clone(), word(c))).collect(),
            unrated: systems
                .iter()
                .filter(|s| repository.rating(s).is_none())
                .map(|s| (*s).clone())
                .collect(),
        })
    }

    /// Whether somebody is with us, where there is a directory to look in.
    fn person(&self, people: &People, name: &str) -> Person {
        let with_us =
            |name: &str| people.named(name).iter().any(|p| p.active_at(self.now) && p.employment.is_human());
        match name {
            "" => Person::None,
            _ if people.all().is_empty() => Person::Unknown(name.to_owned()),
            _ if with_us(name) => Person::Active(name.to_owned()),
            _ => Person::Gone(name.to_owned()),
        }
    }

    fn credential(&self, repository: &Repository, credential: &policy::Credential) -> Credential {
        Credential {
            id: credential.id.clone(),
            owner: self.person(&repository.people, &credential.owner),
            undated: credential.rotation_due.is_none(),
            stale: [credential.rotation_due, credential.expires].iter().flatten().any(|end| *end <= self.now),
        }
    }

    /// What is known around all workflows.
    pub fn organisation(&self) -> Organisation {
        let Some(repository) = &self.repository else { return Organisation::default() };
        let state = &repository.folded.state;
        let refused = repository.faults().len();
        let sent_back =
            |p: &govern::Proposal| p.reviews.iter().filter(|r| r.verdict == Verdict::Rework).count();
        Organisation {
            governed: true,
            name: repository.organisation.clone(),
            environment: self.environment.clone(),
            ledger: self.ledger.clone(),
            rates: repository.rates(),
            policies: READS.iter().map(|(c, facts)| (*c, reading(&repository.set, facts))).collect(),
            apart: APART
                .iter()
                .filter(|id| repository.set.policy(id).is_some())
                .map(|id| (*id).to_owned())
                .collect(),
            statements: repository.entries.len().saturating_sub(repository.folded.refused.len()),
            refused,
            exceptions: state.exceptions.len(),
            emergencies: state.glasses.len(),
            rework: state.proposals.values().map(sent_back).sum(),
        }
    }
}

/// The policies whose conditions read one of some facts, by id.
fn reading(set: &PolicySet, facts: &[&str]) -> Vec<String> {
    let reads = |text: &str| {
        facts.iter().any(|fact| {
            let written = [format!(".{fact}"), format!("[\"{fact}\"]")];
            written.iter().any(|w| {
                text.match_indices(w.as_str())
                    .any(|(i, _)| !text[i + w.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_'))
            })
        })
    };
    set.policies().filter(|p| reads(&p.text)).map(|p| p.id.clone()).collect()
}

/// The ledger that the configuration names, and how many runs of each workflow it has.
fn ledger(repository: &Repository) -> io::Result<(Option<Ledger>, BTreeMap<String, usize>)> {
    let settings = Settings::read(&repository.root).map_err(io::Error::other)?;
    let Some(settings) = settings else { return Ok((None, BTreeMap::new())) };
    let root = format!("{}/", repository.root.display());
    let place = settings.place.strip_prefix(&root).unwrap_or(&settings.place).to_owned();
    let refusals = repository.refusals();
    let of_nobody =
        |e: &&govern::Entry| book::is_of_nobody(repository, e, refusals.get(e.id.as_str()).copied());
    let (strange, known): (Vec<_>, Vec<_>) = repository.entries.iter().partition(of_nobody);
    let (on_record, broken) = match book::on_record(&settings, &known) {
        Ok(on_record) => (on_record, None),
        Err(e) => (OnRecord::default(), Some(e.to_string())),
    };
    let (entered, runs) = (on_record.entered, on_record.runs.values().sum());
    let (missing, of_nobody) = (known.len().saturating_sub(entered), strange.len());
    Ok((Some(Ledger { place, broken, entered, missing, of_nobody, runs }), on_record.runs))
}

fn history(log: &Log, path: &str) -> History {
    let files = [path.to_owned()];
    let touched = log.touched(&files, "", Some(&log.head)).by;
    let commits: BTreeSet<&str> = touched.iter().filter_map(|c| c.how.strip_prefix("commit ")).collect();
    let authors: BTreeSet<&str> =
        touched.iter().filter(|c| c.how.starts_with("commit ")).map(|c| c.account.as_str()).collect();
    History {
        commits: commits.len(),
        authors: authors.len(),
        dirty: log.is_dirty(&files),
        shallow: log.shallow,
    }
}

fn released(repository: &Repository, release: &Release, world: &World) -> Released {
    let proposal = repository.folded.state.proposals.get(&release.of);
    let mut humans: BTreeSet<&str> = BTreeSet::new();
    for review in proposal.iter().flat_map(|p| &p.reviews).filter(|r| r.verdict == Verdict::Approve) {
        humans.extend(repository.people.humans(&review.by.account));
    }
    for own in proposal.map(|p| repository.people.humans(&p.key)).into_iter().flatten() {
        humans.remove(own);
    }
    let names = release.parts.keys().chain(world.parts.keys());
    let changed: BTreeSet<&String> = names.filter(|n| release.parts.get(*n) != world.parts.get(*n)).collect();
    Released {
        statement: short(&release.id).to_owned(),
        at: release.at.to_string(),
        approvals: humans.len(),
        same: release.closure == world.subject.closure,
        changed: changed.into_iter().cloned().collect(),
    }
}

fn components(repository: &Repository, world: &World, now: Moment) -> Vec<(workflow::Text, bool)> {
    let state = &repository.folded.state;
    let approved = |c: &policy::Component| state.approved(c.kind, &c.name, now).contains(&c.version);
    world.evidence.components.iter().map(|c| (c.name.as_str().into(), approved(c))).collect()
}

fn word(criticality: Criticality) -> &'static str {
    match criticality {
        Criticality::Low => "low",
        Criticality::Medium => "medium",
        Criticality::High => "high",
        Criticality::Critical => "critical",
    }
}
