//! Workflows that call each other over files are judged together, as if they stood in one: who starts the caller starts
//! what is called, and what the caller asks stands before it. Files are read again for that, only these, and few at a time.

use super::link::{Calls, resolve};
use super::model::FileEntry;
use super::store::{Known, Store};
use super::worker::{self, Document};
use super::{Asked, Results, encode, on_all_cores, read};
use crate::walk::Walk;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Mutex;
use workflow::{CalleeKey, Digest, Links, Problem, Workflow};

/// So many documents are judged together at most, and so many bytes of files that hold them.
const MOST: usize = 64;
const MOST_BYTES: u64 = 32 << 20;

/// A document's result beside others.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Joint {
    /// Which of the file's documents.
    pub number: usize,
    /// The digest of all that were judged with it.
    pub with: Digest,
    /// The result.
    pub entry: FileEntry,
}

/// Where a document stands: its file among the results, and its number there.
type Doc = (usize, usize);

/// Documents with a digest of them all, each by its place in the list of documents.
struct Group {
    members: Vec<usize>,
    with: Digest,
}

/// Judges again, together, what calls each other over files; the results stand beside those of each alone.
pub fn join(walked: &Walk, asked: Asked<'_>, store: &Store, results: &mut Results) -> io::Result<()> {
    let before: Vec<Vec<Joint>> = results.iter_mut().map(|(_, k)| std::mem::take(&mut k.joint)).collect();
    let found = {
        let (docs, files) = documents(results);
        if files.iter().all(|f| f.heads.iter().all(|h| h.calls.is_empty())) {
            return Ok(());
        }
        let calls = resolve(&files);
        let groups = groups(&calls, files.len()).into_iter();
        let groups: Vec<Group> =
            groups.map(|members| group(members, (&docs, &files, &calls), results)).collect();
        let found: Mutex<Vec<(Doc, Joint)>> = Mutex::default();
        on_all_cores(groups.len(), &|i| {
            let Some(group) = groups.get(i) else { return Ok(()) };
            let known = remembered(group, &docs, &before);
            let judged = match known {
                Some(known) => known,
                None => together(group, (&docs, &files, &calls), (walked, asked), store)?,
            };
            found.lock().map_err(|_| io::Error::other("a worker failed"))?.extend(judged);
            Ok(())
        })?;
        found.into_inner().map_err(|_| io::Error::other("a worker failed"))?
    };
    for ((file, _), joint) in found {
        if let Some((_, known)) = results.get_mut(file) {
            known.joint.push(joint);
        }
    }
    Ok(())
}

/// All documents in the order of their paths, which is the order in which calls are looked up.
fn documents(results: &Results) -> (Vec<Doc>, Vec<&FileEntry>) {
    let places = results.iter().enumerate().flat_map(|(f, (_, k))| (0..k.entries.len()).map(move |n| (f, n)));
    let entry = |(f, n): Doc| results.get(f).and_then(|(_, k)| k.entries.get(n));
    let mut all: Vec<(Doc, &FileEntry)> = places.filter_map(|d| Some((d, entry(d)?))).collect();
    all.sort_by(|a, b| a.1.path.cmp(&b.1.path));
    all.into_iter().unzip()
}

/// The documents that calls connect, where there are several, in order.
fn groups(calls: &Calls, count: usize) -> Vec<Vec<usize>> {
    let mut first: Vec<usize> = (0..count).collect();
    fn root(first: &mut [usize], mut at: usize) -> usize {
        while let Some(up) = first.get(at).copied().filter(|up| *up != at) {
            at = up;
        }
        at
    }
    let over =
        calls.iter().flat_map(|(from, all)| all.iter().filter_map(|(.., to)| Some((from.0, to.one()?.0))));
    for (from, to) in over.filter(|(from, to)| from != to) {
        let (a, b) = (root(&mut first, from), root(&mut first, to));
        first[a.max(b)] = a.min(b);
    }
    let mut found: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in 0..count {
        found.entry(root(&mut first, at)).or_default().push(at);
    }
    found.into_values().filter(|group| group.len() > 1).collect()
}

/// What is judged together, known by its contents and by what each call in it was found to mean, which other files decide too.
fn group(members: Vec<usize>, (docs, files, calls): All<'_>, results: &Results) -> Group {
    let mut all = String::new();
    for at in &members {
        let content = docs.get(*at).and_then(|(f, _)| results.get(*f)).map(|(_, k)| k.content);
        let file = files.get(*at);
        all.push_str(&format!("{} {}\n", file.map_or("", |f| f.path.as_str()), content.unwrap_or_default()));
        for head in 0..file.map_or(0, |f| f.heads.len()) {
            for (step, key, to) in calls.get(&(*at, head)).into_iter().flatten() {
                let to = to.one().map(|(file, head)| (files.get(file).map(|f| f.path.as_str()), head));
                all.push_str(&format!("{head} {step} {key:?} {to:?}\n"));
            }
        }
    }
    Group { members, with: Digest::of(all.as_bytes()) }
}

/// The results of a group from before, where nothing of it changed.
fn remembered(group: &Group, docs: &[Doc], before: &[Vec<Joint>]) -> Option<Vec<(Doc, Joint)>> {
    let known = |at: &usize| {
        let doc = docs.get(*at)?;
        let joint = before.get(doc.0)?.iter().find(|j| j.number == doc.1 && j.with == group.with)?;
        Some((*doc, joint.clone()))
    };
    group.members.iter().map(known).collect()
}

/// What is known of all documents: where they stand, what they are, what calls what.
type All<'a> = (&'a [Doc], &'a [&'a FileEntry], &'a Calls);

fn together(
    group: &Group,
    all: All<'_>,
    (walked, asked): (&Walk, Asked<'_>),
    store: &Store,
) -> io::Result<Vec<(Doc, Joint)>> {
    let (docs, files, calls) = all;
    let alone = |at: &usize| Some((*docs.get(*at)?, *files.get(*at)?));
    let members: Vec<(Doc, &FileEntry)> = group.members.iter().filter_map(alone).collect();
    let of = |doc: Doc, entry: FileEntry| (doc, Joint { number: doc.1, with: group.with, entry });
    let read = match again(&members, walked, asked) {
        Ok(read) => read,
        Err(why) => {
            let mut left: Vec<(Doc, Joint)> = members.iter().map(|(d, e)| of(*d, (*e).clone())).collect();
            left.first_mut().into_iter().for_each(|(_, j)| j.entry.problems.push(alone_told(&members, &why)));
            return Ok(left);
        }
    };
    let places: Vec<(usize, usize)> = group
        .members
        .iter()
        .flat_map(|at| (0..files.get(*at).map_or(0, |f| f.heads.len())).map(move |h| (*at, h)))
        .collect();
    let judged = worker::judge(read, &|workflows| links(workflows, &places, calls), asked.1.routes);
    let mut out = Vec::with_capacity(judged.len());
    for ((doc, _), (mut entry, bodies)) in members.into_iter().zip(judged) {
        if !bodies.is_empty() {
            entry.body = store.add(&encode(&bodies)?)?;
        }
        out.push(of(doc, entry));
    }
    Ok(out)
}

fn alone_told(members: &[(Doc, &FileEntry)], why: &str) -> Problem {
    let (count, path) = (members.len(), members.first().map_or("", |(_, e)| e.path.as_str()));
    let message = format!(
        "the workflows of {count} files, from this one on, call each other: {why}, so each was judged alone, and what \
         callers ask and who can start them is not known"
    );
    Problem { path: path.to_owned(), line: 0, message }
}

/// The documents read again, in their order; why not, where they are too many, or not what they were.
fn again(
    members: &[(Doc, &FileEntry)],
    walked: &Walk,
    (governance, _): Asked<'_>,
) -> Result<Vec<Document>, String> {
    let mut wanted: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    members.iter().for_each(|((file, number), _)| wanted.entry(*file).or_default().push(*number));
    let bytes: u64 = wanted.keys().filter_map(|f| walked.files.get(*f)).map(|f| f.stamp.size).sum();
    if members.len() > MOST || bytes > MOST_BYTES {
        let most = MOST_BYTES >> 20;
        return Err(format!("more than {MOST} files or {most} MiB are not judged together"));
    }
    let changed = || "one of them changed while it was read".to_owned();
    let mut found: HashMap<Doc, Document> = HashMap::new();
    for (file, numbers) in wanted {
        let at = walked.files.get(file).ok_or_else(changed)?;
        let root = walked.roots.get(at.root).ok_or_else(changed)?;
        let bytes = read(&at.path, at.stamp)?;
        let wanted = |number: usize| numbers.contains(&number);
        worker::documents(at, root, governance, (&bytes, &wanted), &mut |number, document| {
            found.insert((file, number), document);
        });
    }
    let same = |(doc, entry): &(Doc, &FileEntry)| {
        found.remove(doc).filter(|document| document.workflows.len() == entry.heads.len()).ok_or_else(changed)
    };
    members.iter().map(same).collect()
}

/// Whom the calls of a group's workflows mean; what was not found over all files means nobody.
fn links<'w>(workflows: &'w [Workflow], places: &[(usize, usize)], calls: &Calls) -> Links<'w> {
    let number: HashMap<(usize, usize), u32> = places.iter().copied().zip(0u32..).collect();
    let of = |place: &(usize, usize)| -> HashMap<CalleeKey, u32> {
        let all = calls.get(place).into_iter().flatten();
        all.filter_map(|(_, key, to)| Some((key.clone(), *number.get(&to.one()?)?))).collect()
    };
    debug_assert_eq!(workflows.len(), places.len());
    Links::found(places.iter().map(of).collect())
}

impl Known {
    /// The results of the file's documents: those beside others where there are some.
    pub fn current(&self) -> impl Iterator<Item = FileEntry> + '_ {
        let beside = |number: usize| self.joint.iter().find(move |j| j.number == number).map(|j| &j.entry);
        self.entries.iter().enumerate().map(move |(n, alone)| beside(n).unwrap_or(alone).clone())
    }
}
