//! Checks all files below some paths, on all cores, with memory bounded by the largest file: bodies go to a store as
//! they are made, only heads stay.

mod components;
mod governed;
mod inline;
mod joint;
mod link;
pub mod model;
mod store;
mod worker;

use crate::walk::{Found, Stamp, Walk, stamp, walk};
use governed::Governance;
pub(crate) use governed::root_above;
pub use governed::{CONFIGURATION, governs};
use model::{Body, FileEntry, FileVerdict, Head};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use store::{Cache, Known, Store};
pub(crate) use worker::body as drawn;
pub use worker::{Visit, trigger_report};
use workflow::{Digest, Problem};

/// How to scan.
#[derive(Debug, Clone)]
pub struct Options {
    /// What to check.
    pub paths: Vec<PathBuf>,
    /// The folder for the cache and for results that do not fit in memory.
    pub cache_folder: PathBuf,
    /// Remember results of unchanged files.
    pub cache: bool,
    /// Also find out what stands on the way to each change, which takes a while.
    pub routes: bool,
}

/// The result of a scan.
pub struct Scan {
    /// Every file, sorted by path.
    pub files: Vec<FileEntry>,
    /// Problems that belong to no file.
    pub problems: Vec<Problem>,
    /// How many files were not read again.
    pub cached: usize,
    /// Links that were not followed.
    pub links: Vec<String>,
    /// Folders of tools, which were not looked into.
    pub skipped: Vec<String>,
    bodies: Bodies,
}

enum Bodies {
    Store(Store),
    Cache(Cache),
}

impl Scan {
    /// The bodies of a file's workflows, in the order of its heads.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn bodies(&self, file: &FileEntry) -> io::Result<Vec<Body>> {
        let bytes = self.bytes(file)?;
        let blobs: Vec<&[u8]> = blobs(&bytes)?;
        blobs.iter().zip(&file.heads).map(|(blob, head)| decode(blob, head)).collect()
    }

    /// The body of one of a file's workflows, by its number among the heads.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn body(&self, file: &FileEntry, number: usize) -> io::Result<Option<Body>> {
        let bytes = self.bytes(file)?;
        let blobs: Vec<&[u8]> = blobs(&bytes)?;
        blobs.get(number).zip(file.heads.get(number)).map(|(blob, head)| decode(blob, head)).transpose()
    }

    fn bytes(&self, file: &FileEntry) -> io::Result<Vec<u8>> {
        match &self.bodies {
            _ if file.body.len == 0 => Ok(Vec::new()),
            Bodies::Store(store) => store.body(file.body),
            Bodies::Cache(cache) => cache.body(file.body),
        }
    }
}

/// The bodies of a file as they are stored: one after the other, so that one can be decoded without the others.
fn encode(bodies: &[Body]) -> io::Result<Vec<u8>> {
    let blobs: Result<Vec<Blob>, _> = bodies.iter().map(|b| postcard::to_stdvec(b).map(Blob)).collect();
    blobs.and_then(|blobs| postcard::to_stdvec(&blobs)).map_err(io::Error::other)
}

/// Bytes that are stored at once and not one by one.
struct Blob(Vec<u8>);

impl serde::Serialize for Blob {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_bytes(&self.0)
    }
}

fn blobs(bytes: &[u8]) -> io::Result<Vec<&[u8]>> {
    if bytes.is_empty() { Ok(Vec::new()) } else { postcard::from_bytes(bytes).map_err(io::Error::other) }
}

fn decode(blob: &[u8], head: &Head) -> io::Result<Body> {
    let mut body: Body = postcard::from_bytes(blob).map_err(io::Error::other)?;
    let linked = |f: &workflow::Finding| f.rule == "opaque-step" && head.closure.linked.contains(&f.step);
    body.findings.retain(|f| !linked(f));
    Ok(body)
}

/// Hands the workflows of a file or folder on, those of one document at a time; what is wrong with files comes back.
///
/// # Errors
/// When `visit` fails.
pub fn load(path: &Path, visit: Visit<'_>) -> io::Result<Vec<Problem>> {
    let walked = walk(&[path.to_path_buf()]);
    let governance = Governance::read(&[path.to_path_buf()], &walked);
    let mut problems = walked.problems.clone();
    problems.extend(governance.problems.iter().cloned());
    for found in &walked.files {
        match read(&found.path, found.stamp) {
            Ok(bytes) => {
                problems.extend(worker::visit(found, &walked.roots[found.root], &governance, &bytes, visit)?)
            }
            Err(message) => problems.push(Problem { path: found.shown.clone(), line: 0, message }),
        }
    }
    Ok(problems)
}

/// Told after each file: how many are done, of how many.
pub type Progress<'p> = &'p (dyn Fn(usize, usize) + Sync);

/// Checks everything below the paths.
///
/// # Errors
/// When results cannot be stored.
pub fn scan(options: &Options, progress: Progress<'_>) -> io::Result<Scan> {
    let mut walked = walk(&options.paths);
    let mut governance = Governance::read(&options.paths, &walked);
    walked.problems.append(&mut governance.problems);
    let cache_file = options.cache_folder.join(cache_name(options));
    let program = program(governance.digest);
    let cache = if options.cache { Cache::open(&cache_file, program) } else { None };
    if let Some(cache) = cache.as_ref().filter(|c| unchanged(c, &walked)) {
        let mut files: Vec<FileEntry> = Vec::with_capacity(walked.files.len());
        for found in &walked.files {
            files.extend(cache.get(&found.shown, found.stamp).into_iter().flat_map(|(k, _)| k.current()));
        }
        let cached = walked.files.len();
        if let Some(cache) = Cache::open(&cache_file, program) {
            return Ok(finish(walked, files, cached, Bodies::Cache(cache)));
        }
    }
    let started = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos());
    let store = Store::create(&options.cache_folder).or_else(|e| elsewhere(&options.cache_folder, &e))?;
    let asked = (&governance, options);
    let (mut known, cached) = check_all(&walked, asked, cache.as_ref(), &store, progress)?;
    joint::join(&walked, asked, &store, &mut known)?;
    let files = known.iter().flat_map(|(_, k)| k.current()).collect();
    if options.cache {
        let started = u64::try_from(started).unwrap_or(0);
        // A cache that cannot be written costs time, not correctness.
        let _ = store.keep(&cache_file, program, started, known.into_iter().collect());
    }
    Ok(finish(walked, files, cached, Bodies::Store(store)))
}

/// A store in the system's temporary folder, where the cache's own cannot be written.
fn elsewhere(folder: &Path, why: &io::Error) -> io::Result<Store> {
    Store::temporary().map_err(|e| {
        let (folder, temporary) = (folder.display(), std::env::temp_dir());
        let temporary = temporary.display();
        let told = format!(
            "results can be kept neither in `{folder}` ({why}) nor in `{temporary}` ({e}): name a folder that you may \
             write with `COUNTERSIGN_CACHE`"
        );
        io::Error::new(e.kind(), told)
    })
}

fn finish(walked: Walk, mut files: Vec<FileEntry>, cached: usize, bodies: Bodies) -> Scan {
    for link in &walked.links {
        let what = "a link or special file: not followed".to_owned();
        files.push(worker::entry(link, FileVerdict::NotWorkflow(what)));
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    link::link(&mut files);
    let Walk { problems, links, skipped, .. } = walked;
    Scan { files, problems, cached, links, skipped, bodies }
}

/// Whether the cache knows exactly these files, all unchanged.
fn unchanged(cache: &Cache, walked: &Walk) -> bool {
    cache.files() == walked.files.len()
        && walked
            .files
            .iter()
            .all(|f| cache.get(&f.shown, f.stamp).is_some_and(|(k, same)| same && neighbours_same(k)))
}

fn neighbours_same(known: &Known) -> bool {
    known.looked_at.iter().all(|(path, was)| std::fs::metadata(path).ok().as_ref().map(stamp) == *was)
}

type Results = Vec<(String, Known)>;

/// What is known from around files, and what is wanted of them.
type Asked<'o> = (&'o Governance, &'o Options);

fn check_all(
    walked: &Walk,
    asked: Asked<'_>,
    cache: Option<&Cache>,
    store: &Store,
    progress: Progress<'_>,
) -> io::Result<(Results, usize)> {
    let (done, cached) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let results: Mutex<Vec<(usize, Known)>> = Mutex::new(Vec::new());
    on_all_cores(walked.files.len(), &|i| {
        let found = &walked.files[i];
        let (known, was_cached) = file(found, &walked.roots[found.root], asked, cache, store)?;
        cached.fetch_add(usize::from(was_cached), Ordering::Relaxed);
        if let Ok(mut results) = results.lock() {
            results.push((i, known));
        }
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, walked.files.len());
        Ok(())
    })?;
    let mut results = results.into_inner().map_err(|_| io::Error::other("a worker failed"))?;
    results.sort_by_key(|(i, _)| *i);
    let named = results.into_iter().map(|(i, known)| (walked.files[i].shown.clone(), known));
    Ok((named.collect(), cached.into_inner()))
}

/// Does some pieces of work, by number, on all cores; the first that fails is told when all are done.
fn on_all_cores(count: usize, work: &(dyn Fn(usize) -> io::Result<()> + Sync)) -> io::Result<()> {
    let next = AtomicUsize::new(0);
    let failed: Mutex<Option<io::Error>> = Mutex::new(None);
    let one_after_another = || {
        while let Some(i) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|i| *i < count) {
            if let Err(e) = work(i)
                && let Ok(mut failed) = failed.lock()
            {
                failed.get_or_insert(e);
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(count.max(1));
    std::thread::scope(|scope| {
        (1..threads).for_each(|_| drop(scope.spawn(one_after_another)));
        one_after_another();
    });
    failed.into_inner().ok().flatten().map_or(Ok(()), Err)
}

/// Checks one file, or takes its result over from the cache.
fn file(
    found: &Found,
    root: &Path,
    (governance, options): Asked<'_>,
    cache: Option<&Cache>,
    store: &Store,
) -> io::Result<(Known, bool)> {
    let remembered = cache.and_then(|c| c.get(&found.shown, found.stamp).map(|k| (c, k)));
    if let Some((cache, (known, true))) = remembered
        && neighbours_same(known)
    {
        return Ok((moved(known, cache, store)?, true));
    }
    let bytes = match read(&found.path, found.stamp) {
        Ok(bytes) => bytes,
        Err(message) => {
            let entries = vec![worker::unreadable(&found.shown, message)];
            return Ok((Known { entries, ..Known::default() }, false));
        }
    };
    if let Some((cache, (known, false))) = remembered
        && known.content == Digest::of(&bytes)
        && neighbours_same(known)
    {
        return Ok((Known { stamp: found.stamp, ..moved(known, cache, store)? }, true));
    }
    let checked = worker::check(found, root, governance, &bytes, (options.cache, options.routes));
    let mut entries = Vec::with_capacity(checked.entries.len());
    for (mut entry, bodies) in checked.entries {
        if !bodies.is_empty() {
            entry.body = store.add(&encode(&bodies)?)?;
        }
        entries.push(entry);
    }
    let (content, looked_at) = (checked.content, checked.looked_at);
    Ok((Known { entries, stamp: found.stamp, content, looked_at, joint: Vec::new() }, false))
}

/// A remembered result whose bodies stand in the new store.
fn moved(known: &Known, cache: &Cache, store: &Store) -> io::Result<Known> {
    let mut known = known.clone();
    let joint = known.joint.iter_mut().map(|j| &mut j.entry);
    for entry in known.entries.iter_mut().chain(joint).filter(|e| e.body.len > 0) {
        entry.body = store.add(&cache.body(entry.body)?)?;
    }
    Ok(known)
}

/// The bytes of a file; of one that is surely no document only the first.
fn read(path: &Path, stamp: Stamp) -> Result<Vec<u8>, String> {
    if stamp.size > worker::MAX_SIZE {
        return Err(format!("larger than {} MiB: split the export", worker::MAX_SIZE >> 20));
    }
    let failed = |e: io::Error| format!("cannot be read: {e}");
    let mut file = std::fs::File::open(path).map_err(failed)?;
    // What is no regular file has no size.
    let size = usize::try_from(stamp.size).ok().filter(|size| *size > 0).unwrap_or(START);
    let mut bytes = Vec::with_capacity(size.min(1 << 16));
    file.by_ref().take(size.min(START) as u64).read_to_end(&mut bytes).map_err(failed)?;
    if import::may_be_a_definition(&bytes) {
        bytes.reserve_exact(size.saturating_sub(bytes.len()));
        // The limit is none, but spares asking the system for the size again.
        file.take(u64::MAX).read_to_end(&mut bytes).map_err(failed)?;
    }
    Ok(bytes)
}

/// So many bytes tell what is surely no document.
const START: usize = 4096;

/// The program itself and what governs the files, so that another version, or this one with another control record, does
/// not trust the results.
fn program(governing: Digest) -> Digest {
    let exe = std::env::current_exe().ok();
    let stamp = exe.and_then(|p| std::fs::metadata(p).ok()).map(|m| stamp(&m)).unwrap_or_default();
    let version = env!("CARGO_PKG_VERSION");
    Digest::of(format!("{version} {} {} {governing}", stamp.modified, stamp.size).as_bytes())
}

fn cache_name(options: &Options) -> String {
    let mut real: Vec<String> = options
        .paths
        .iter()
        .map(|p| format!("{} {}", p.display(), p.canonicalize().unwrap_or_default().display()))
        .collect();
    real.extend(options.routes.then(|| "routes".to_owned()));
    format!("{}.cache", &Digest::of(real.join("\n").as_bytes()).to_string()[7..23])
}
