//! Links workflows over all files: what each is together with everything it calls.

use super::model::{Closure, FileEntry, Head};
use std::collections::{HashMap, HashSet};
use workflow::{CalleeKey, Part, Platform, Problem, Text, merkle};

type Ix = (usize, usize);

/// What a call was found to be.
#[derive(Clone, Copy)]
pub enum Target {
    /// A workflow.
    One(Ix),
    /// More than one may be meant; two of them. None is taken: which runs is not known.
    Several(Ix, Ix),
    /// None that is here.
    None,
}

impl Target {
    /// The workflow, where it is known which.
    pub fn one(self) -> Option<Ix> {
        match self {
            Target::One(ix) => Some(ix),
            Target::Several(..) | Target::None => None,
        }
    }
}

struct Names<'f> {
    files: &'f [&'f FileEntry],
    ids: HashMap<(Platform, Text), Vec<Ix>>,
    names: HashMap<(Platform, Text), Vec<Ix>>,
}

/// Fills in the closure of every workflow, and tells of calls that may mean more than one.
pub fn link(files: &mut [FileEntry]) {
    let calls = resolve(&files.iter().collect::<Vec<_>>());
    let ambiguous = ambiguous(files, &calls);
    let closures: Vec<Vec<Closure>> = files
        .iter()
        .enumerate()
        .map(|(f, file)| (0..file.heads.len()).map(|h| closure((f, h), files, &calls)).collect())
        .collect();
    ambiguous.into_iter().for_each(|(file, problem)| files[file].problems.push(problem));
    for (file, closures) in files.iter_mut().zip(closures) {
        for (head, closure) in file.heads.iter_mut().zip(closures) {
            for (_, severity) in head.opaque_calls.iter().filter(|(s, _)| closure.linked.contains(s)) {
                let count = &mut head.severities[*severity as usize];
                *count = count.saturating_sub(1);
            }
            head.closure = closure;
        }
    }
}

impl<'f> Names<'f> {
    fn new(files: &'f [&'f FileEntry]) -> Self {
        let mut names = Names { files, ids: HashMap::new(), names: HashMap::new() };
        for (f, file) in files.iter().enumerate() {
            for (h, head) in file.heads.iter().enumerate() {
                if let Some(id) = &head.id {
                    names.ids.entry((head.platform, id.clone())).or_default().push((f, h));
                }
                for name in head.aliases.iter().chain([&head.name]) {
                    names.name(head.platform, name, (f, h));
                }
            }
        }
        names
    }

    fn name(&mut self, platform: Platform, name: &Text, ix: Ix) {
        let known = self.names.entry((platform, name.clone())).or_default();
        if known.last() != Some(&ix) {
            known.push(ix);
        }
    }

    /// Of several workflows of a name the one that is deployed together with the caller: in the same file, else in
    /// the nearest folder. Where two are equally near, the name names neither.
    fn nearest(&self, from: Ix, platform: Platform, name: &Text) -> Target {
        let Some(all) = self.names.get(&(platform, name.clone())) else { return Target::None };
        let near = |ix: &Ix| match ix.0 == from.0 {
            true => usize::MAX,
            false => shared_folders(&self.files[from.0].path, &self.files[ix.0].path),
        };
        let best = all.iter().map(near).max();
        one(all.iter().filter(|ix| Some(near(ix)) == best))
    }

    /// An id is one workflow's on its platform: where two have it, no nearness says which of them is there.
    fn find(&self, from: Ix, head: &Head, key: &CalleeKey) -> Target {
        let name = |n: &Text| self.nearest(from, head.platform, n);
        match key {
            CalleeKey::Itself => Target::One(from),
            CalleeKey::Id(id) => {
                self.ids.get(&(head.platform, id.clone())).map_or_else(|| name(id), |all| one(all.iter()))
            }
            CalleeKey::Name(n) => name(n),
            CalleeKey::Dynamic(_) => Target::None,
        }
    }
}

fn one<'i>(mut all: impl Iterator<Item = &'i Ix>) -> Target {
    match (all.next(), all.next()) {
        (Some(one), None) => Target::One(*one),
        (Some(one), Some(other)) => Target::Several(*one, *other),
        (None, _) => Target::None,
    }
}

/// How many folders two paths have in common from the top.
fn shared_folders(a: &str, b: &str) -> usize {
    let folders = |path| str::rsplit_once(path, '/').map_or("", |(folders, _)| folders).split('/');
    folders(a).zip(folders(b)).take_while(|(a, b)| a == b).count()
}

/// For each workflow, each of its calls with what it was found to be.
pub type Calls = HashMap<Ix, Vec<(Text, CalleeKey, Target)>>;

/// Looks up every call of files in the order of their paths.
pub fn resolve(files: &[&FileEntry]) -> Calls {
    let names = Names::new(files);
    let mut calls = Calls::new();
    for (f, file) in files.iter().enumerate() {
        for (h, head) in file.heads.iter().enumerate().filter(|(_, head)| !head.calls.is_empty()) {
            let found =
                head.calls.iter().map(|c| (c.step.clone(), c.key.clone(), names.find((f, h), head, &c.key)));
            calls.insert((f, h), found.collect());
        }
    }
    calls
}

/// The calls that may mean more than one workflow, each as a problem of the caller's file.
fn ambiguous(files: &[FileEntry], calls: &Calls) -> Vec<(usize, Problem)> {
    let place = |ix: Ix| format!("`{}` in `{}`", files[ix.0].heads[ix.1].name, files[ix.0].path);
    let mut found = Vec::new();
    for (from, (step, key, target)) in
        calls.iter().flat_map(|(from, all)| all.iter().map(move |c| (*from, c)))
    {
        let Target::Several(a, b) = *target else { continue };
        let (path, name) = (files[from.0].path.clone(), &files[from.0].heads[from.1].name);
        let message = format!(
            "`{name}` calls `{}` at `{step}`, and that may be {} or {}: give one of them another id or name; which runs is not known",
            key_text(key),
            place(a),
            place(b)
        );
        found.push((from.0, Problem { path, line: 0, message }));
    }
    found.sort_by(|a, b| (a.0, &a.1.message).cmp(&(b.0, &b.1.message)));
    found.dedup();
    found
}

fn closure(start: Ix, files: &[FileEntry], calls: &Calls) -> Closure {
    let mut out = Closure::default();
    let mut parts = Vec::new();
    let mut seen = HashSet::from([start]);
    let mut open = vec![start];
    while let Some(ix) = open.pop() {
        let (file, head) = (&files[ix.0], &files[ix.0].heads[ix.1]);
        out.tier = out.tier.max(head.tier);
        out.opaque |= head.opaque;
        out.effects |= head.effects;
        parts.push(Part { name: head.id.clone().unwrap_or_else(|| head.name.clone()), digest: head.digest });
        if ix != start {
            out.calls.push(format!("{}#{}", file.path, head.name));
            out.reached.push(ix);
        }
        for (_, key, target) in calls.get(&ix).into_iter().flatten() {
            match target {
                Target::One(next) if seen.insert(*next) => open.push(*next),
                Target::One(_) => {}
                Target::None | Target::Several(..) => out.missing.push(key_text(key)),
            }
        }
    }
    if !out.missing.is_empty() {
        out.opaque = true;
    }
    if out.opaque {
        out.tier = 3;
    }
    out.linked = linked(calls.get(&start).map_or(&[], Vec::as_slice));
    out.digest = if parts.len() == 1 { parts[0].digest } else { merkle(&parts) };
    out
}

fn linked(calls: &[(Text, CalleeKey, Target)]) -> Vec<Text> {
    let mut steps: Vec<Text> = calls.iter().map(|(step, ..)| step.clone()).collect();
    steps.dedup();
    steps.retain(|s| calls.iter().all(|(step, _, target)| step != s || matches!(target, Target::One(_))));
    steps
}

fn key_text(key: &CalleeKey) -> Text {
    match key {
        CalleeKey::Id(t) | CalleeKey::Name(t) | CalleeKey::Dynamic(t) => t.clone(),
        CalleeKey::Itself => Text::default(),
    }
}
