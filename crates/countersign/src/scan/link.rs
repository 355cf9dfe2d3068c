//! Links workflows over all files: what each is together with everything it calls.

use super::model::{Closure, FileEntry, Head};
use std::collections::{HashMap, HashSet};
use workflow::{CalleeKey, Part, Platform, Text, merkle};

type Ix = (usize, usize);

struct Names<'f> {
    files: &'f [&'f FileEntry],
    ids: HashMap<(Platform, Text), Ix>,
    names: HashMap<(Platform, Text), Vec<Ix>>,
}

/// Fills in the closure of every workflow.
pub fn link(files: &mut [FileEntry]) {
    let calls = resolve(&files.iter().collect::<Vec<_>>());
    let closures: Vec<Vec<Closure>> = files
        .iter()
        .enumerate()
        .map(|(f, file)| (0..file.heads.len()).map(|h| closure((f, h), files, &calls)).collect())
        .collect();
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
                    names.ids.entry((head.platform, id.clone())).or_insert((f, h));
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
    fn nearest(&self, from: Ix, platform: Platform, name: &Text) -> Option<Ix> {
        let all = self.names.get(&(platform, name.clone()))?;
        let near = |ix: &Ix| match ix.0 == from.0 {
            true => usize::MAX,
            false => shared_folders(&self.files[from.0].path, &self.files[ix.0].path),
        };
        let best = all.iter().map(near).max()?;
        let mut nearest = all.iter().filter(|ix| near(ix) == best);
        nearest.next().filter(|_| nearest.next().is_none()).copied()
    }

    fn find(&self, from: Ix, head: &Head, key: &CalleeKey) -> Option<Ix> {
        let name = |n: &Text| self.nearest(from, head.platform, n);
        match key {
            CalleeKey::Itself => Some(from),
            CalleeKey::Id(id) => self.ids.get(&(head.platform, id.clone())).copied().or_else(|| name(id)),
            CalleeKey::Name(n) => name(n),
            CalleeKey::Dynamic(_) => None,
        }
    }
}

/// How many folders two paths have in common from the top.
fn shared_folders(a: &str, b: &str) -> usize {
    let folders = |path| str::rsplit_once(path, '/').map_or("", |(folders, _)| folders).split('/');
    folders(a).zip(folders(b)).take_while(|(a, b)| a == b).count()
}

/// For each workflow, each of its calls with what it was found to be.
pub type Calls = HashMap<Ix, Vec<(Text, CalleeKey, Option<Ix>)>>;

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
        }
        for (_, key, target) in calls.get(&ix).into_iter().flatten() {
            match target {
                Some(next) if seen.insert(*next) => open.push(*next),
                Some(_) => {}
                None => out.missing.push(key_text(key)),
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

fn linked(calls: &[(Text, CalleeKey, Option<Ix>)]) -> Vec<Text> {
    let mut steps: Vec<Text> = calls.iter().map(|(step, ..)| step.clone()).collect();
    steps.dedup();
    steps.retain(|s| calls.iter().all(|(step, _, target)| step != s || target.is_some()));
    steps
}

fn key_text(key: &CalleeKey) -> Text {
    match key {
        CalleeKey::Id(t) | CalleeKey::Name(t) | CalleeKey::Dynamic(t) => t.clone(),
        CalleeKey::Itself => Text::default(),
    }
}
