//! One file: read, imported, classified, checked, and what is kept of it.

use super::components;
use super::governed::Governance;
use super::inline;
use super::model::{
    Body, CallRef, Caller, Closure, EdgeReport, FileEntry, FileVerdict, Head, InlineIgnore, Place,
    StepReport, TriggerReport, bits,
};
use crate::walk::{Found, Stamp, real, shown, stamp};
use check::{Context, Judged};
use import::{Files, Imported, Verdict};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use workflow::{CalleeKey, Digest, Kind, Links, Node, Platform, Problem, Text, Trigger, Workflow};

/// Larger files are refused.
pub const MAX_SIZE: u64 = 256 << 20;

/// A checked file before its bodies are stored.
pub struct Checked {
    /// The file, or the entries of an archive.
    pub entries: Vec<(FileEntry, Vec<Body>)>,
    /// The digest of the content; nothing where the result is not to be remembered.
    pub content: Digest,
    /// Other files that were looked at.
    pub looked_at: Vec<(String, Option<Stamp>)>,
}

/// A document whose workflows are not judged yet.
pub struct Document {
    entry: FileEntry,
    /// Its workflows, with their effects.
    pub workflows: Vec<Workflow>,
    contexts: Vec<Context>,
    ignores: Vec<Vec<InlineIgnore>>,
    /// Ignores that hide nothing.
    faulty: Vec<Problem>,
}

/// Checks a file's bytes, each of its documents alone; whether the result is to be remembered, and whether routes are wanted.
#[must_use]
pub fn check(
    found: &Found,
    root: &Path,
    governance: &Governance,
    bytes: &[u8],
    (remember, routes): (bool, bool),
) -> Checked {
    let content = if remember { Digest::of(bytes) } else { Digest::default() };
    let mut entries = Vec::new();
    let looked_at = documents(found, root, governance, (bytes, &|_| true), &mut |_, document| {
        entries.extend(judge(vec![document], &|all| Links::by_name(all), routes));
    });
    Checked { entries, content, looked_at }
}

/// Told of the workflows of one document: its path, the workflows, how they are judged, what is known from around them.
pub type Visit<'v> = &'v mut dyn FnMut(&str, &[Workflow], &[Judged], &[Context]) -> io::Result<()>;

/// Imports and judges a file's bytes, and hands each of its documents on; what is wrong with them comes back.
pub fn visit(
    found: &Found,
    root: &Path,
    governance: &Governance,
    bytes: &[u8],
    visit: Visit<'_>,
) -> io::Result<Vec<Problem>> {
    let mut problems = Vec::new();
    let mut done = Ok(());
    documents(found, root, governance, (bytes, &|_| true), &mut |_, document| {
        let Document { entry, workflows, contexts, .. } = document;
        problems.extend(entry.problems);
        if done.is_ok() && !workflows.is_empty() {
            done = visit(&entry.path, &workflows, &check::check(&workflows, &contexts), &contexts);
        }
    });
    done.map(|()| problems)
}

/// Imports the documents of a file that are wanted, itself or entries of an archive, and hands each on with its number; the
/// files around it that were looked at come back.
pub fn documents(
    found: &Found,
    root: &Path,
    governance: &Governance,
    (bytes, wanted): (&[u8], &dyn Fn(usize) -> bool),
    take: &mut dyn FnMut(usize, Document),
) -> Vec<(String, Option<Stamp>)> {
    let neighbours = Neighbours::new(&found.path, root);
    match import::archive::entries(bytes) {
        None => {
            let mut alone = document(&found.shown, &found.path, bytes, &neighbours, governance);
            if !alone.workflows.is_empty() {
                alone.entry.used = neighbours.used();
            }
            take(0, alone);
        }
        Some(Ok(inner)) if inner.is_empty() => {
            let what = FileVerdict::NotWorkflow("an empty archive".to_owned());
            take(0, Document::empty(entry(&found.shown, what)));
        }
        Some(Ok(inner)) => {
            inner.iter().enumerate().filter(|(n, _)| wanted(*n)).for_each(|(n, (name, bytes))| {
                let path = format!("{}/{name}", found.shown);
                let mut inside = document(&path, &found.path.join(name), bytes, &import::NoFiles, governance);
                inside.entry.used.push(found.shown.clone());
                take(n, inside);
            })
        }
        Some(Err(message)) => take(0, Document::empty(unreadable(&found.shown, message))),
    }
    neighbours.looked_at.into_inner().into_iter().map(|l| (l.path, l.stamp)).collect()
}

/// A path without `.` and `..` in it.
fn without_dots(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components().filter(|p| *p != Component::CurDir) {
        if part != Component::ParentDir || !out.pop() {
            out.push(part);
        }
    }
    out
}

/// A file that could not be read.
#[must_use]
pub fn unreadable(shown: &str, message: String) -> FileEntry {
    let mut file = entry(shown, FileVerdict::Unreadable);
    file.problems.push(Problem { path: shown.to_owned(), line: 0, message });
    file
}

/// A file of which nothing is known but its verdict.
#[must_use]
pub fn entry(shown: &str, verdict: FileVerdict) -> FileEntry {
    FileEntry {
        path: shown.to_owned(),
        verdict,
        problems: Vec::new(),
        used: Vec::new(),
        heads: Vec::new(),
        body: Place::default(),
    }
}

impl Document {
    /// One that holds no workflow.
    fn empty(entry: FileEntry) -> Self {
        let (workflows, contexts, ignores, faulty) = Default::default();
        Document { entry, workflows, contexts, ignores, faulty }
    }
}

fn document(path: &str, real: &Path, bytes: &[u8], files: &dyn Files, governance: &Governance) -> Document {
    let Imported { verdict, problems, .. } = import::import(path, bytes, files);
    let (verdict, mut workflows) = match verdict {
        Verdict::Workflows(workflows) => (FileVerdict::Workflows, workflows),
        Verdict::NotWorkflow(what) => {
            let known = governance.part(real).map_or(what, str::to_owned);
            (FileVerdict::NotWorkflow(known), Vec::new())
        }
        Verdict::Unreadable => (FileVerdict::Unreadable, Vec::new()),
    };
    check::classify_all(&mut workflows);
    let contexts = governance.contexts(real, &workflows);
    let (ignores, faulty) = inline::ignores(path, bytes, &workflows);
    let entry = FileEntry { problems, ..entry(path, verdict) };
    Document { entry, workflows, contexts, ignores, faulty }
}

/// Finds out which workflow each call means.
pub type Find<'f> = &'f dyn for<'w> Fn(&'w [Workflow]) -> Links<'w>;

/// Judges documents whose workflows see each other; what is kept of each comes back, in their order.
pub fn judge(documents: Vec<Document>, links: Find<'_>, routes: bool) -> Vec<(FileEntry, Vec<Body>)> {
    let (mut workflows, mut contexts, mut kept, mut files) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for mut document in documents {
        files.extend(document.workflows.iter().map(|_| kept.len()));
        workflows.append(&mut document.workflows);
        contexts.append(&mut document.contexts);
        document.entry.problems.append(&mut document.faulty);
        kept.push((document.entry, document.ignores.into_iter(), Vec::new()));
    }
    let links = links(&workflows);
    let all = routes.then(|| check::route::of_all(&workflows, &contexts, &links));
    let mut all = all.unwrap_or_default().into_iter();
    let judged = check::check_linked(&workflows, &contexts, links);
    let path = |i: usize| files.get(i).and_then(|f| kept.get(*f)).map_or("", |k| k.0.path.as_str());
    let callers: Vec<Vec<Caller>> =
        judged.iter().enumerate().map(|(i, j)| callers(j, i, &workflows, &path)).collect();
    for ((((w, judged), context), callers), file) in
        workflows.iter().zip(judged).zip(&contexts).zip(callers).zip(files)
    {
        let (entry, ignores, bodies): &mut (FileEntry, _, Vec<Body>) = &mut kept[file];
        entry.problems.extend(unweighed(&entry.path, w, &judged));
        let ignores = ignores.next().unwrap_or_default();
        let routes = all.next().unwrap_or_default();
        let body = Body { ignores, callers, record: record(context), routes, ..body(w, judged) };
        entry.heads.push(head(w, &body));
        bodies.push(body);
    }
    kept.into_iter().map(|(entry, _, bodies)| (entry, bodies)).collect()
}

/// What the rules that compare steps could not weigh, since there is too much of it.
fn unweighed(path: &str, w: &Workflow, judged: &Judged) -> Option<Problem> {
    let rules: Vec<String> = judged.unweighed.iter().map(|rule| format!("`{rule}`")).collect();
    (!rules.is_empty()).then(|| Problem {
        path: path.to_owned(),
        line: w.span.line,
        message: format!(
            "`{}` has too many steps to weigh each against the others: {} looked at the first of them only, and \
             what they would say of the rest is not known; split the workflow",
            w.name,
            rules.join(", ")
        ),
    })
}

fn head(w: &Workflow, body: &Body) -> Head {
    let (tier, opaque) = check::tier(w);
    let mut severities = [0_u16; 5];
    for finding in &body.findings {
        let count = &mut severities[finding.severity as usize];
        *count = count.saturating_add(1);
    }
    let calls = w.own_steps().filter(|s| s.enabled).flat_map(|s| {
        let own = s.calls.iter().map(|c| CallRef { step: s.id.clone(), key: c.key.clone() });
        let hidden = s.calls.is_empty() && s.live_effects().iter().any(|e| e.kind == Kind::Call);
        own.chain(
            hidden.then(|| CallRef { step: s.id.clone(), key: CalleeKey::Dynamic(s.operation.clone()) }),
        )
    });
    let calls: Vec<CallRef> = calls.collect();
    let about_call =
        |f: &&workflow::Finding| f.rule == "opaque-step" && calls.iter().any(|c| c.step == f.step);
    let opaque_calls = body.findings.iter().filter(about_call).map(|f| (f.step.clone(), f.severity));
    Head {
        platform: w.platform,
        id: w.id.clone(),
        name: w.name.clone(),
        aliases: w.aliases.clone(),
        tier: tier.0,
        opaque,
        off: w.enabled == Some(false),
        effects: bits(w.own_steps().flat_map(|s| s.live_effects()).map(|e| e.kind)),
        dormant: bits(w.own_steps().filter(|s| !s.enabled).flat_map(|s| &s.effects).map(|e| e.kind)),
        opaque_calls: opaque_calls.collect(),
        ignores: !body.ignores.is_empty(),
        calls,
        severities,
        refuted: u16::try_from(body.proofs.iter().filter(|p| p.is_unspoken()).count()).unwrap_or(u16::MAX),
        digest: w.digest,
        closure: Closure::default(),
    }
}

/// What is kept of a judged workflow.
pub(crate) fn body(w: &Workflow, judged: Judged) -> Body {
    let gates: HashMap<usize, &str> = judged.gates.iter().map(|(s, g)| (s.0 as usize, g.as_str())).collect();
    let shown: Vec<usize> = (0..w.steps.len()).filter(|i| !w.steps[*i].synthetic).collect();
    let ids: HashSet<&Text> = w.steps.iter().map(|s| &s.id).collect();
    // The start of an event sub-process is a step of it too.
    let inner = |t: &Trigger| w.platform == Platform::Bpmn && ids.contains(&t.id);
    let triggers = w.triggers.iter().map(|t| TriggerReport { inner: inner(t), ..trigger_report(t) });
    let made =
        w.steps.iter().filter(|s| s.synthetic && s.ask.is_some()).map(|s| (s.id.clone(), s.name.clone()));
    let steps = shown.iter().map(|i| (i, &w.steps[*i])).map(|(i, s)| StepReport {
        id: s.id.clone(),
        name: s.name.clone(),
        line: s.span.line,
        file: w.files.get(usize::from(s.span.file)).filter(|_| s.span.file > 0).cloned().unwrap_or_default(),
        operation: operation(&s.connector, &s.operation),
        off: !s.enabled,
        effects: s.live_effects().to_vec(),
        gate: gates.get(i).copied().unwrap_or_default().to_owned(),
    });
    Body {
        line: w.span.line,
        description: w.description.clone(),
        triggers: triggers.collect(),
        gate: judged.gate.as_str().to_owned(),
        steps: steps.collect(),
        edges: edges(w, &shown),
        findings: judged.findings,
        proofs: judged.proofs,
        callers: Vec::new(),
        made: made.collect(),
        ignores: Vec::new(),
        parts: w.parts.clone(),
        connectors: components::connectors(w),
        scripts: components::scripts(w),
        webhooks: components::webhooks(w),
        credentials: w
            .credentials
            .iter()
            .flat_map(|c| [&c.id, &c.name])
            .filter(|c| !c.is_empty())
            .cloned()
            .collect(),
        record: String::new(),
        routes: Vec::new(),
        owners: w.owners.clone(),
        unkept: check::assess::kept::unkept(w),
    }
}

/// A control record as it is kept.
fn record(context: &Context) -> String {
    context.record.as_ref().and_then(|r| serde_json::to_string(r).ok()).unwrap_or_default()
}

/// The steps of other workflows through which findings of one walk.
fn callers<'p>(
    judged: &Judged,
    own: usize,
    workflows: &[Workflow],
    path: &dyn Fn(usize) -> &'p str,
) -> Vec<Caller> {
    let here = workflows.get(own).into_iter();
    let mut known: HashSet<&Text> = here.clone().flat_map(|w| w.own_steps()).map(|s| &s.id).collect();
    known.extend(here.flat_map(|w| &w.triggers).map(|t| &t.id));
    let stations = judged.findings.iter().flat_map(|f| &f.path).filter(|s| known.insert(&s.step));
    let named = |station: &workflow::Walk| {
        let (i, name) =
            workflows.iter().enumerate().find_map(|(i, w)| Some((i, caller(w, &station.step)?)))?;
        let file = Some(path(i)).filter(|p| *p != path(own)).unwrap_or_default();
        Some(Caller { id: station.step.clone(), name, file: file.to_owned() })
    };
    stations.filter_map(named).collect()
}

/// A station `workflow/step` by the names of both.
fn caller(w: &Workflow, station: &Text) -> Option<Text> {
    let id = station.strip_prefix(w.id.as_deref().unwrap_or(&w.name))?.strip_prefix('/')?;
    let step = w.steps.iter().find(|s| s.id == id).map(|s| &s.name);
    let name = step.or_else(|| w.triggers.iter().find(|t| t.id == id).map(|t| &t.name))?;
    Some(Text::from(format!("{}: {name}", w.name)))
}

/// What reports say of a trigger.
#[must_use]
pub fn trigger_report(t: &Trigger) -> TriggerReport {
    TriggerReport {
        id: t.id.clone(),
        name: t.name.clone(),
        kind: t.kind,
        authenticated: t.authenticated,
        event: t.event.clone(),
        line: t.span.line,
        inner: false,
    }
}

fn operation(connector: &Text, operation: &Text) -> String {
    match (connector.is_empty(), operation.is_empty()) {
        (true, _) => operation.to_string(),
        (false, true) => connector.to_string(),
        (false, false) => format!("{connector} / {operation}"),
    }
}

/// Edges between the steps shown: paths through the importer's own steps become one edge.
fn edges(w: &Workflow, shown: &[usize]) -> Vec<EdgeReport> {
    let number = |i: usize| shown.binary_search(&i).ok().and_then(|n| i32::try_from(n).ok());
    let mut through: Vec<Vec<usize>> = vec![Vec::new(); w.steps.len()];
    for edge in &w.edges {
        if let Node::Step(from) = edge.from
            && w.step(from).is_some_and(|s| s.synthetic)
        {
            through[from.0 as usize].push(edge.to.0 as usize);
        }
    }
    let mut out = Vec::new();
    for edge in &w.edges {
        let from = match edge.from {
            Node::Trigger(t) => Some(-1 - i32::try_from(t).unwrap_or(0)),
            Node::Step(s) => number(s.0 as usize),
        };
        let Some(from) = from else { continue };
        for to in ends(edge.to.0 as usize, &through, w).into_iter().filter_map(number) {
            out.push(EdgeReport { from, to, label: edge.kind.label().into() });
        }
    }
    out
}

/// The shown steps that an edge to a step leads to.
fn ends(start: usize, through: &[Vec<usize>], w: &Workflow) -> Vec<usize> {
    let (mut found, mut open, mut seen) = (Vec::new(), vec![start], vec![start]);
    while let Some(at) = open.pop() {
        if w.steps.get(at).is_some_and(|s| !s.synthetic) {
            found.push(at);
            continue;
        }
        for next in through.get(at).into_iter().flatten() {
            if !seen.contains(next) {
                seen.push(*next);
                open.push(*next);
            }
        }
    }
    found
}

/// The files around one, within the given folder.
struct Neighbours<'r> {
    folder: PathBuf,
    root: &'r Path,
    looked_at: RefCell<Vec<Looked>>,
    /// Folders around it, by where they really are: each is asked for once.
    folders: RefCell<HashMap<PathBuf, Option<PathBuf>>>,
}

/// A place that was looked at.
struct Looked {
    path: String,
    stamp: Option<Stamp>,
    /// Where it really is, where it is there.
    real: Option<PathBuf>,
}

impl<'r> Neighbours<'r> {
    fn new(file: &Path, root: &'r Path) -> Self {
        let folder = file.parent().map(Path::to_path_buf).unwrap_or_default();
        Neighbours { folder, root, looked_at: RefCell::default(), folders: RefCell::default() }
    }

    /// The real path, when it is inside the given folder, and what is there.
    fn inside(&self, relative: &str) -> Option<(PathBuf, fs::Metadata)> {
        let plain = Path::new(relative)
            .components()
            .all(|c| matches!(c, Component::Normal(_) | Component::ParentDir | Component::CurDir));
        let path = self.folder.join(relative);
        let (meta, real) = self.resolve(&path).unzip();
        let (stamp, shown) = (meta.as_ref().map(stamp), path.to_string_lossy().into_owned());
        self.looked_at.borrow_mut().push(Looked { path: shown, stamp, real: real.clone() });
        real.filter(|real| plain && real.starts_with(self.root)).zip(meta)
    }

    /// What is at a path, and its real path: where it is no link, its name in the real folder.
    fn resolve(&self, path: &Path) -> Option<(fs::Metadata, PathBuf)> {
        let meta = fs::symlink_metadata(path).ok()?;
        match (path.parent(), path.components().next_back()) {
            (Some(folder), Some(Component::Normal(name))) if !meta.is_symlink() => {
                Some((meta, self.real_folder(folder)?.join(name)))
            }
            _ => Some((fs::metadata(path).ok()?, path.canonicalize().ok()?)),
        }
    }

    fn real_folder(&self, folder: &Path) -> Option<PathBuf> {
        if let Some(known) = self.folders.borrow().get(folder) {
            return known.clone();
        }
        let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let real = here.canonicalize().ok();
        self.folders.borrow_mut().insert(folder.to_path_buf(), real.clone());
        real
    }

    /// The places that were looked at, as they are named and where they really are.
    fn used(&self) -> Vec<String> {
        let named = |looked: &Looked| {
            let path = without_dots(Path::new(&looked.path));
            let same = looked.real.as_ref().filter(|_| path.as_os_str() == looked.path.as_str());
            [shown(&same.map_or_else(|| real(&path), PathBuf::clone)), shown(&path)]
        };
        let mut places: Vec<String> = self.looked_at.borrow().iter().flat_map(named).collect();
        places.sort();
        places.dedup();
        places
    }
}

impl Files for Neighbours<'_> {
    fn read(&self, relative: &str) -> Option<Vec<u8>> {
        let (path, meta) = self.inside(relative)?;
        (meta.is_file() && meta.len() <= MAX_SIZE).then(|| fs::read(path).ok())?
    }

    fn list(&self, relative: &str) -> Vec<String> {
        let Some((path, _)) = self.inside(relative) else { return Vec::new() };
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        let files = entries.filter(|e| e.file_type().is_ok_and(|t| t.is_file()));
        let mut names: Vec<String> = files.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}
