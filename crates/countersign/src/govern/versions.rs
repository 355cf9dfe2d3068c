//! The versions of the people and the policies that were put in force. Acts are judged by those of their moment, so each is kept:
//! a copy below `.countersign/versions`, named by its digest. What is read must have the digest that was put in force, so
//! nobody has to be trusted for it; where there is no copy, the commits and the folder are looked at.

use super::git;
use super::repository::Repository;
use crate::people;
use crate::policy as policies;
use crate::walk;
use govern::{Entry, Law, Refusal, State, World, closure_of};
use policy::{Act, Governed, Moment, People, PolicySet, Source, Subject, SubjectKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use workflow::Digest;

/// The rule by which an act is refused whose people or policies are not here.
pub(crate) const MISSING: &str = "in-force-missing";
/// The folder of copies.
const FOLDER: &str = ".countersign/versions";
/// The directory's file, and the part of its closure.
const PEOPLE: &str = "people.yaml";
/// The part of a policy's closure, and the folder of policies.
const POLICIES: &str = "policies";
/// A copy is not larger.
const LARGEST: u64 = 64 << 20;
/// How many earlier commits are searched for what is in force.
const COMMITS: usize = 200;
/// How many of them are searched for policies, each of which is read in full.
pub(super) const VERSIONS: usize = 20;

/// What decisions are taken with.
#[derive(Debug, Clone)]
pub struct InForce {
    /// The policies.
    pub set: Arc<PolicySet>,
    /// The organisation's own among them.
    pub sources: Arc<[Source]>,
    /// The directory.
    pub people: Arc<People>,
}

impl InForce {
    /// By what acts are judged.
    #[must_use]
    pub fn law(&self) -> Law {
        Law { set: self.set.clone(), people: self.people.clone() }
    }

    /// Whether it is the very same.
    #[must_use]
    pub fn is(&self, other: &InForce) -> bool {
        Arc::ptr_eq(&self.set, &other.set) && Arc::ptr_eq(&self.people, &other.people)
    }
}

/// The organisation's policies, with the core of this program.
type Policies = (Arc<PolicySet>, Arc<[Source]>);
/// Versions by their digests; or why one is not to be had.
type Found<T> = Mutex<BTreeMap<String, Result<T, String>>>;

/// The digests of the versions that were put in force first.
pub(super) type First = BTreeMap<Governed, String>;

/// Learns from statements which versions come first.
pub(super) fn first(entries: &[Entry], undated: &BTreeMap<String, Refusal>, now: Moment) -> First {
    let first = govern::first_versions(entries, undated, now).into_iter();
    first.map(|(what, e)| (what, e.event.subject.closure.clone())).collect()
}

/// The versions of a governed folder.
pub(super) struct Versions {
    /// What lies in the folder, in force or not.
    pub here: InForce,
    /// The digests of the versions that were put in force first.
    first: First,
    people: Found<Arc<People>>,
    policies: Found<Policies>,
}

/// A copy of policies.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Copy {
    schema: String,
    /// The version of the core that they were with.
    core: String,
    /// File and text.
    policies: BTreeMap<String, String>,
}

const SCHEMA: &str = "countersign.policies/1";

fn one(part: &str, digest: String) -> String {
    closure_of(&BTreeMap::from([(part.to_owned(), digest)])).unwrap_or_default()
}

/// The digest of a directory.
fn of_people(text: &str) -> String {
    one(PEOPLE, Digest::of(text.as_bytes()).to_string())
}

/// The digest of an organisation's policies with a core.
fn of_policies(core: &str, sources: &[Source]) -> String {
    one(POLICIES, PolicySet::version_of(core, sources))
}

/// The file of a copy, from the governed folder on.
fn path(what: Governed, digest: &str) -> PathBuf {
    let hex = digest.strip_prefix("sha256:").unwrap_or(digest);
    let ending = if what == Governed::People { "yaml" } else { "json" };
    Path::new(FOLDER).join(format!("{hex}.{ending}"))
}

impl Versions {
    /// Those of a folder in which this lies.
    pub fn new(here: InForce) -> Self {
        let (people, policies) = (Mutex::default(), Mutex::default());
        Versions { here, first: BTreeMap::new(), people, policies }
    }

    /// Learns which came first, and what the statements came to: a version that they did not put in force is none.
    pub fn end(&mut self, first: First, state: &State) {
        self.first = first;
        self.first.retain(|what, _| state.governed.contains_key(what));
    }

    /// What is in force in a state: what was put there last; before that, on first use, what is put there first; where nothing
    /// ever is, what lies in the folder.
    pub fn at(
        &self,
        root: &Path,
        (entries, first): (&[Entry], &First),
        state: &State,
    ) -> Result<InForce, Refusal> {
        let digest = |what| {
            let in_force = state.governed.get(&what).map(|v| &v.digest);
            in_force.or_else(|| first.get(&what)).map(String::as_str)
        };
        let missing = |message| Refusal { rule: MISSING.to_owned(), message };
        let mut all = self.here.clone();
        if let Some(digest) = digest(Governed::People) {
            let find = || self.find_people(root, entries, digest);
            all.people = known(&self.people, digest, find).map_err(missing)?;
        }
        if let Some(digest) = digest(Governed::Policy) {
            let find = || self.find_policies(root, entries, digest);
            (all.set, all.sources) = known(&self.policies, digest, find).map_err(missing)?;
        }
        Ok(all)
    }

    fn find_people(&self, root: &Path, entries: &[Entry], digest: &str) -> Result<Arc<People>, String> {
        let is = |text: &String| of_people(text) == digest;
        let show = |commit: &String| git_text(root, &["show", &format!("{commit}:./{PEOPLE}")]);
        let here = || walk::text(&root.join(PEOPLE)).ok().filter(is);
        let earlier = || {
            let all = entries.iter().filter(|e| puts(e, Governed::People, digest));
            all.flat_map(|e| commits(root, e, PEOPLE)).find_map(|commit| show(&commit).filter(is))
        };
        let text = here().or_else(|| copy(root, Governed::People, digest).filter(is)).or_else(earlier);
        let text = text.ok_or_else(|| lost(Governed::People, digest))?;
        let (people, _) = people::parse(&text)
            .map_err(|p| format!("`people` as it was in force cannot be read: {}", p.message))?;
        // What lies in the folder is shared with what is measured there.
        Ok(if people == *self.here.people { self.here.people.clone() } else { Arc::new(people) })
    }

    fn find_policies(&self, root: &Path, entries: &[Entry], digest: &str) -> Result<Policies, String> {
        let core = PolicySet::core_version();
        let here = &self.here;
        if of_policies(core, &here.sources) == digest {
            return Ok((here.set.clone(), here.sources.clone()));
        }
        let kept = || {
            let copy: Copy = serde_json::from_str(&copy(root, Governed::Policy, digest)?).ok()?;
            let sources = copy.policies.into_iter().map(|(file, text)| Source { file, text });
            let sources: Vec<Source> = sources.collect();
            (copy.schema == SCHEMA && of_policies(&copy.core, &sources) == digest).then_some(sources)
        };
        let earlier = || {
            let all = entries.iter().filter(|e| puts(e, Governed::Policy, digest));
            let all = all.flat_map(|e| commits(root, e, "*.cedar").into_iter().take(VERSIONS));
            let mut found = all.filter_map(|commit| sources(root, &commit));
            found.find(|s| of_policies(core, s) == digest)
        };
        let sources = kept().or_else(earlier).ok_or_else(|| lost(Governed::Policy, digest))?;
        Ok((Arc::new(PolicySet::with(&sources)), sources.into()))
    }
}

/// What is known by a digest, or is found now.
fn known<T: Clone>(
    found: &Found<T>,
    digest: &str,
    find: impl Fn() -> Result<T, String>,
) -> Result<T, String> {
    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = found.get(digest) {
        return known.clone();
    }
    let new = find();
    found.insert(digest.to_owned(), new.clone());
    new
}

/// Whether a statement puts a version in force.
fn puts(entry: &Entry, what: Governed, digest: &str) -> bool {
    entry.event.act == Act::Change(what) && entry.event.subject.closure == digest
}

fn lost(what: Governed, digest: &str) -> String {
    let name = if what == Governed::People { "people" } else { "policy" };
    format!(
        "`{name}` as it was in force ({}) is nowhere here: bring back `{}`, or fetch the whole history",
        super::view::short(digest),
        path(what, digest).display()
    )
}

/// The text of a copy, whatever is in it.
fn copy(root: &Path, what: Governed, digest: &str) -> Option<String> {
    let mut text = String::new();
    let place = root.join(path(what, digest));
    let file = File::open(Some(place).filter(|p| p.is_file())?).ok()?;
    file.take(LARGEST).read_to_string(&mut text).ok()?;
    Some(text)
}

fn git_text(root: &Path, arguments: &[&str]) -> Option<String> {
    // What git does not have is said where it is asked for.
    git::git(root, arguments).ok()
}

/// The commits in which something that was put in force can lie: the one that was looked at, and those that touched it.
pub(super) fn commits(root: &Path, entry: &Entry, path: &str) -> Vec<String> {
    let most = format!("--max-count={COMMITS}");
    let log = git_text(root, &["log", "--all", "--format=%H", &most, "--", path]).unwrap_or_default();
    let touched = log.lines().map(str::to_owned);
    [entry.event.commit.clone()].into_iter().filter(|c| git::is_name(c)).chain(touched).collect()
}

/// A file as a statement puts it in force, by its digest. Nothing where neither a copy nor a commit here has it.
pub(super) fn was(root: &Path, entry: &Entry, name: &str) -> Option<String> {
    let digest = entry.event.parts.get(name)?;
    let is = |text: &String| Digest::of(text.as_bytes()).to_string() == *digest;
    let show = |commit: String| git_text(root, &["show", &format!("{commit}:./{name}")]);
    let empty = Some(String::new()).filter(is);
    let kept = || copy(root, Governed::People, &entry.event.subject.closure).filter(is);
    empty.or_else(kept).or_else(|| commits(root, entry, name).into_iter().filter_map(show).find(is))
}

/// The policies that a commit has in a folder.
pub(super) fn sources(root: &Path, commit: &str) -> Option<Vec<Source>> {
    let listed = git_text(root, &["ls-tree", "-r", "-z", "--name-only", commit])?;
    let names: Vec<&str> = listed.split('\0').filter(|n| !n.is_empty()).collect();
    let read = |file: String| {
        let text = git_text(root, &["show", &format!("{commit}:./{file}")])?;
        Some(Source { file, text })
    };
    policies::among(&names).into_iter().map(read).collect()
}

/// Whether a commit has what a statement puts in force.
fn has(root: &Path, commit: &str, entry: &Entry) -> bool {
    let event = &entry.event;
    if event.subject.kind == SubjectKind::Policy {
        let core = PolicySet::core_version();
        return sources(root, commit).is_some_and(|s| of_policies(core, &s) == event.subject.closure);
    }
    let same = |(name, digest): (&String, &String)| {
        let text = git_text(root, &["show", &format!("{commit}:./{name}")]).unwrap_or_default();
        Digest::of(text.as_bytes()).to_string() == *digest
    };
    // The modes of a configuration are a part, and stand in its file.
    let modes = govern::modes_part(&event.modes).map(|(part, _)| part);
    let mut files = event.parts.iter().filter(|(name, _)| modes.as_ref() != Some(*name)).peekable();
    files.peek().is_some() && files.all(same)
}

impl Repository {
    /// What was in force in a state that the statements came to on their way.
    pub(crate) fn in_force_in(&self, state: &State) -> Result<InForce, Refusal> {
        self.versions.at(&self.root, (&self.entries, &self.versions.first), state)
    }

    /// What is in force now.
    pub(crate) fn in_force(&self) -> InForce {
        let (set, sources, people) = (self.set.clone(), self.sources.clone(), self.people.clone());
        InForce { set, sources, people }
    }

    /// What lies in the folder, in force or not.
    pub(crate) fn here(&self) -> &InForce {
        &self.versions.here
    }

    /// By what a release was judged.
    pub(super) fn law_of(&self, release: &str) -> Law {
        let now = || Law { set: self.set.clone(), people: self.people.clone() };
        self.laws.get(release).cloned().unwrap_or_else(now)
    }

    /// Keeps a copy of what governs as it lies in the folder, beside the statements.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn keep(&self, kind: SubjectKind) -> io::Result<()> {
        let digest = self.closure_here(kind);
        let (what, text) = match kind {
            SubjectKind::People => (Governed::People, std::fs::read_to_string(self.root.join(PEOPLE))?),
            SubjectKind::Policy => {
                let all = self.here().sources.iter().map(|s| (s.file.clone(), s.text.clone()));
                let (schema, core) = (SCHEMA.to_owned(), PolicySet::core_version().to_owned());
                (
                    Governed::Policy,
                    format!("{:#}\n", serde_json::json!(Copy { schema, core, policies: all.collect() })),
                )
            }
            _ => return Ok(()),
        };
        let place = self.root.join(path(what, &digest));
        std::fs::create_dir_all(self.root.join(FOLDER))?;
        let partial = place.with_extension("partial");
        std::fs::write(&partial, text)?;
        std::fs::rename(&partial, &place)
    }

    /// The parts of what governs as it lies in the folder, and its files.
    fn parts_here(&self, kind: SubjectKind) -> (BTreeMap<String, String>, Vec<String>) {
        if kind == SubjectKind::Policy {
            let version = self.here().set.version().to_owned();
            let both = self.here().sources.iter().chain(&*self.sources);
            let mut files: Vec<String> = both.map(|s| s.file.clone()).chain([POLICIES.to_owned()]).collect();
            files.sort();
            files.dedup();
            return (BTreeMap::from([(POLICIES.to_owned(), version)]), files);
        }
        let is = |name: &str| (name == PEOPLE) == (kind == SubjectKind::People);
        let parts = self.digests.iter().filter(|(name, _)| is(name));
        let mut parts: BTreeMap<String, String> = parts.map(|(n, d)| ((*n).to_owned(), d.clone())).collect();
        let files = parts.keys().cloned().collect();
        parts.extend(govern::modes_part(&self.modes).filter(|_| kind == SubjectKind::Configuration));
        (parts, files)
    }

    /// The digest of what governs as it lies in the folder.
    #[must_use]
    pub fn closure_here(&self, kind: SubjectKind) -> String {
        closure_of(&self.parts_here(kind).0).unwrap_or_default()
    }

    /// Whether what governs has changes that are not committed.
    pub(super) fn is_governing_dirty(&self, kind: SubjectKind) -> bool {
        self.history.is_dirty(&self.parts_here(kind).1)
    }

    /// The world of an act on what governs. A part in it has who touched it since the version in force.
    #[must_use]
    pub fn governing(&self, kind: SubjectKind) -> World {
        let (parts, paths) = self.parts_here(kind);
        let touched = self.history.touched(&paths, &self.since(kind), None);
        let (name, closure) = (kind.as_str().to_owned(), closure_of(&parts).unwrap_or_default());
        let subject = Subject { kind, name, closure, tier: 3, ..Subject::default() };
        let bare = World { contributors: touched.by, ai: touched.ai, subject, parts, ..self.bare("") };
        World { view: super::view::digest(&bare), ..bare }
    }

    /// The commit that has the version in force: the one that its statement names, if it does have it; else the first one that
    /// does. Empty where none does: then everybody who ever touched it has a part.
    fn since(&self, kind: SubjectKind) -> String {
        let in_force = self.folded.state.in_force(kind);
        let puts =
            |e: &&Entry| e.event.subject.kind == kind && Some(e.event.subject.closure.as_str()) == in_force;
        let put = self.entries.iter().rfind(|e| puts(e) && matches!(e.event.act, Act::Change(_)));
        let Some(entry) = put.filter(|_| in_force.is_some()) else { return String::new() };
        let named = &entry.event.commit;
        if self.history.knows(named) && has(&self.root, named, entry) {
            return named.clone();
        }
        let path = if kind == SubjectKind::Policy { "*.cedar" } else { "." };
        let places = commits(&self.root, entry, path).into_iter().filter(|c| c != named).rev();
        let mut places = places.filter(|c| self.history.knows(c));
        places.find(|c| has(&self.root, c, entry)).unwrap_or_default()
    }
}
