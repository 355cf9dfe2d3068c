//! Finds the entries for a raw request: first the system (by host, by connector, by path), then the template.

use super::data::{Entry, File};
use super::glob::Glob;
use super::{Found, Unpacked, glob};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Stands in a host or segment for something only known at run time.
pub const HOLE: char = '\u{1}';

/// A URL in parts.
#[derive(Debug, Clone, Default)]
pub struct UrlPath {
    /// The host in lower case, with [`HOLE`]s; empty where nothing is known of it.
    pub host: String,
    /// The segments of the path, with [`HOLE`]s.
    pub segments: Vec<String>,
    /// The names and constant values of the query and of a form body (empty where a value is not constant).
    pub query: Vec<(String, String)>,
}

/// What a request was found to be.
#[derive(Debug, Default)]
pub struct Match {
    /// The system it goes to, by its file; nothing where not known.
    pub system: Option<&'static File>,
    /// The entries that match, each with the segment at which each of its path names stands.
    pub entries: Vec<(Found, Vec<(String, usize)>)>,
    /// A part of the address that is only known at run time was taken for a name that the templates have.
    pub guessed: bool,
}

struct Pattern {
    method: String,
    segments: Vec<Segment>,
    open: bool,
    query: Vec<(String, String)>,
    literal: usize,
    found: Found,
}

enum Segment {
    Literal(String),
    Name(String),
    /// Text around a name: `{id}:disable`, `users('{id}')`.
    Mixed(String, String, String),
}

/// Requests by system, and how a system is recognised.
pub(super) struct Index {
    systems: Vec<System>,
    /// Hosts without wildcards, each with the systems at it.
    hosts: FxHashMap<String, Vec<usize>>,
    /// Hosts with wildcards by their last two labels; those that leave these open under none.
    patterns: FxHashMap<String, Vec<HostPattern>>,
    /// Beginnings of paths by their first segment in lower case; those that leave it open under none.
    paths: FxHashMap<String, Vec<(usize, Vec<String>)>>,
}

/// A host with wildcards, its length and its system.
type HostPattern = (Glob, usize, usize);

/// The last two labels of a host.
fn domain(host: &str) -> Option<&str> {
    let mut dots = host.rmatch_indices('.').map(|(at, _)| at);
    dots.nth(1).map(|at| &host[at + 1..])
}

struct System {
    file: &'static File,
    /// Its name as connectors carry it; nothing where it is too short to tell anything.
    named: Option<String>,
    files: Vec<&'static Unpacked>,
    /// Made when the first request to the system is looked for: most runs meet few systems.
    patterns: OnceLock<Patterns>,
}

/// The requests of a system, those with as many segments as they are long apart from those that go on.
#[derive(Default)]
struct Patterns {
    by_length: FxHashMap<usize, Vec<Pattern>>,
    open: Vec<Pattern>,
}

impl Index {
    pub(super) fn new(files: &'static [Unpacked]) -> Self {
        let mut index = Index {
            systems: Vec::new(),
            hosts: FxHashMap::default(),
            patterns: FxHashMap::default(),
            paths: FxHashMap::default(),
        };
        let mut systems: Vec<System> = Vec::new();
        for unpacked in files {
            let file = unpacked.file();
            let at = systems.iter().position(|s| s.file.system == file.system).unwrap_or_else(|| {
                let named = (file.system.len() > 3).then(|| file.system.replace('-', ""));
                systems.push(System { file, named, files: vec![], patterns: OnceLock::new() });
                systems.len() - 1
            });
            systems[at].add(unpacked);
            index.add_hosts(at, file);
            for path in file.paths.iter().map(|p| split(p)) {
                let first = path.first().filter(|first| !first.contains("{}"));
                let first = first.map(|first| first.to_ascii_lowercase()).unwrap_or_default();
                index.paths.entry(first).or_default().push((at, path));
            }
        }
        Index { systems, ..index }
    }

    fn add_hosts(&mut self, system: usize, file: &'static File) {
        for host in file.hosts.iter().map(|h| h.to_ascii_lowercase()) {
            if host.contains('*') {
                let tail = host.rsplit('*').next().unwrap_or_default();
                let domain = domain(tail).unwrap_or_default().to_owned();
                self.patterns.entry(domain).or_default().push((Glob::new(&host), host.len(), system));
            } else {
                self.hosts.entry(host).or_default().push(system);
            }
        }
    }

    pub(super) fn find(&self, method: Option<&str>, url: &UrlPath, connector: &str) -> Match {
        let mut candidates = self.by_host(url);
        if candidates.is_empty() {
            candidates = self.by_path(url);
        }
        if candidates.is_empty() {
            candidates = self.by_connector(connector);
        }
        let mut best = Match::default();
        // Without a hole that may stand for a literal both are the same.
        let holes =
            url.segments.iter().any(|s| s.contains(HOLE)) || url.query.iter().any(|(_, v)| v.is_empty());
        for strict in if holes { &[true, false][..] } else { &[true] } {
            for system in &candidates {
                let entries = system.find(method, url, *strict);
                if !entries.is_empty() {
                    best.system = Some(system.file);
                    best.entries = entries;
                    best.guessed = !*strict;
                    return best;
                }
            }
        }
        let shared =
            candidates.iter().filter(|s| s.files.iter().any(|f| f.file().hosts.contains(&url.host.as_str())));
        let likely = shared.max_by_key(|s| s.likely(url));
        best.system = likely.or(candidates.first()).map(|s| s.file);
        best
    }

    /// Systems by host, the longest pattern first.
    fn by_host(&self, url: &UrlPath) -> Vec<&System> {
        if url.host.is_empty() || url.host.chars().all(|c| c == HOLE) {
            return Vec::new();
        }
        let exact = self.hosts.get(&url.host).into_iter().flatten().map(|s| (url.host.len(), *s));
        let own = domain(&url.host).and_then(|d| self.patterns.get(d)).into_iter().flatten();
        let patterns = own.chain(self.patterns.get("").into_iter().flatten());
        let fits = patterns.filter(|(pattern, ..)| pattern.fits(&url.host));
        let mut found: Vec<(usize, usize)> = exact.chain(fits.map(|(_, length, s)| (*length, *s))).collect();
        found.sort_by_key(|(length, system)| (std::cmp::Reverse(*length), *system));
        let mut systems: Vec<usize> = Vec::new();
        for (_, system) in found {
            if !systems.contains(&system) {
                systems.push(system);
            }
        }
        systems.into_iter().map(|s| &self.systems[s]).collect()
    }

    /// Systems by a path that no other uses; the longest prefix first.
    fn by_path(&self, url: &UrlPath) -> Vec<&System> {
        let known_elsewhere =
            !url.host.is_empty() && !url.host.contains(HOLE) && !url.host.contains("example");
        let Some(first) = url.segments.first() else { return Vec::new() };
        let own = [first.to_ascii_lowercase(), String::new()];
        let paths = own.iter().filter_map(|first| self.paths.get(first)).flatten();
        let fits = paths.filter(|(_, path)| starts(&url.segments, path));
        let mut lengths: BTreeMap<usize, usize> = BTreeMap::new();
        for (system, path) in fits {
            let longest = lengths.entry(*system).or_default();
            *longest = path.len().max(*longest);
        }
        let mut found: Vec<(usize, &System)> =
            lengths.into_iter().map(|(system, length)| (length, &self.systems[system])).collect();
        found.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
        let least = if known_elsewhere { 2 } else { 1 };
        found.into_iter().filter(|(length, _)| *length >= least).map(|(_, s)| s).collect()
    }

    /// A connector that carries a system's name (`oktacustomconnector`).
    fn by_connector(&self, connector: &str) -> Vec<&System> {
        let connector = connector.to_ascii_lowercase();
        let named = |s: &&System| s.named.as_ref().is_some_and(|name| connector.contains(name));
        self.systems.iter().filter(named).collect()
    }
}

impl System {
    fn add(&mut self, unpacked: &'static Unpacked) {
        let file = unpacked.file();
        if self.file.otherwise.is_none() && file.otherwise.is_some() {
            self.file = file;
        }
        self.files.push(unpacked);
    }

    fn patterns(&self) -> &Patterns {
        self.patterns.get_or_init(|| {
            let mut all = Patterns::default();
            let files = self.files.iter().copied();
            let entries = files.flat_map(|f| f.requests().iter().map(move |e| (f.file(), e)));
            let on =
                entries.flat_map(|(file, e)| e.on.iter().filter_map(move |on| Pattern::new(on, e, file)));
            for pattern in on {
                if pattern.open {
                    all.open.push(pattern);
                } else {
                    all.by_length.entry(pattern.segments.len()).or_default().push(pattern);
                }
            }
            all
        })
    }

    /// How likely a request to a host of several systems is this one's, where no template fits: one of which other requests are
    /// not known to be harmless, then the one that has most of the path's beginning, then the one with most requests.
    fn likely(&self, url: &UrlPath) -> (bool, usize, usize) {
        let patterns = self.patterns();
        let all = patterns.by_length.values().flatten().chain(&patterns.open);
        let literal = |p: &Segment| matches!(p, Segment::Literal(_));
        let start = |p: &Pattern| {
            let same = p.segments.iter().zip(&url.segments).take_while(|(p, s)| p.fits(s, true));
            same.filter(|(p, _)| literal(p)).count()
        };
        let unknown = self.file.otherwise.as_ref().is_some_and(|o| o.write == "opaque");
        (unknown, all.map(start).max().unwrap_or(0), self.files.iter().map(|f| f.requests().len()).sum())
    }

    /// The matching entries with most literal text; without `strict` a hole may also stand for a literal.
    fn find(&self, method: Option<&str>, url: &UrlPath, strict: bool) -> Vec<(Found, Vec<(String, usize)>)> {
        let patterns = self.patterns();
        let closed = patterns.by_length.get(&url.segments.len()).map_or(&[][..], Vec::as_slice);
        let all = closed.iter().chain(patterns.open.iter());
        let fits: Vec<&Pattern> = all.filter(|p| p.fits(method, url, strict)).collect();
        let best = fits.iter().map(|p| p.literal).max().unwrap_or(0);
        let chosen = fits.into_iter().filter(|p| !strict || p.literal == best);
        let mut seen: Vec<*const Entry> = Vec::new();
        let mut entries = Vec::new();
        for pattern in chosen {
            if !seen.contains(&std::ptr::from_ref(pattern.found.entry)) {
                seen.push(std::ptr::from_ref(pattern.found.entry));
                entries.push((pattern.found, pattern.names()));
            }
        }
        entries
    }
}

impl Pattern {
    fn new(on: &str, entry: &'static Entry, file: &'static File) -> Option<Self> {
        let (method, target) = on.split_once(' ')?;
        let target = target.trim();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut segments: Vec<Segment> = split(path).iter().map(|s| segment(s)).collect();
        let open = path.contains("...}");
        if open {
            segments.pop();
        }
        let query: Vec<(String, String)> = query
            .split('&')
            .filter(|q| !q.is_empty())
            .map(|q| q.split_once('=').unwrap_or((q, "")))
            .map(|(k, v)| (k.to_ascii_lowercase(), v.to_owned()))
            .collect();
        let literal =
            segments.iter().map(literal).sum::<usize>() + query.len() * 100 + usize::from(!open) * 10;
        Some(Pattern {
            method: method.to_ascii_uppercase(),
            segments,
            open,
            query,
            literal,
            found: Found { entry, file },
        })
    }

    fn fits(&self, method: Option<&str>, url: &UrlPath, strict: bool) -> bool {
        let length = if self.open {
            url.segments.len() >= self.segments.len()
        } else {
            url.segments.len() == self.segments.len()
        };
        length
            && method.is_none_or(|m| self.method == "*" || self.method == m)
            && self.segments.iter().zip(&url.segments).all(|(p, s)| p.fits(s, strict))
            && self.query.iter().all(|(key, value)| has(&url.query, key, value, strict))
    }

    fn names(&self) -> Vec<(String, usize)> {
        let named = self.segments.iter().enumerate().filter_map(|(i, s)| match s {
            Segment::Name(name) | Segment::Mixed(_, name, _) => Some((name.clone(), i)),
            Segment::Literal(_) => None,
        });
        named.collect()
    }
}

/// The names of a path that the template of a connector's operation has, where that is a method and a path.
pub(super) fn names(found: Found, method: Option<&str>, url: &UrlPath) -> Vec<(String, usize)> {
    let own = found.entry.on.iter().filter_map(|on| on.splitn(3, " / ").nth(2));
    let paths = own.filter(|on| on.contains(" /")).filter_map(|on| Pattern::new(on, found.entry, found.file));
    paths.into_iter().find(|p| p.fits(method, url, true)).map(|p| p.names()).unwrap_or_default()
}

impl Segment {
    fn fits(&self, text: &str, strict: bool) -> bool {
        match self {
            Segment::Name(_) => !text.is_empty(),
            Segment::Literal(l) if !strict && text.contains(HOLE) => {
                glob(&text.replace(HOLE, "*").to_ascii_lowercase(), l)
            }
            Segment::Literal(l) => l.eq_ignore_ascii_case(text),
            Segment::Mixed(head, _, tail) => {
                let text = text.to_ascii_lowercase();
                text.len() > head.len() + tail.len() && text.starts_with(head) && text.ends_with(tail)
            }
        }
    }
}

fn has(query: &[(String, String)], key: &str, value: &str, strict: bool) -> bool {
    query.iter().any(|(k, v)| {
        k.eq_ignore_ascii_case(key) && (value.is_empty() || glob(value, v) || (v.is_empty() && !strict))
    })
}

fn segment(text: &str) -> Segment {
    match (text.find('{'), text.find('}')) {
        (Some(open), Some(close)) if open < close => {
            let name = text[open + 1..close].to_owned();
            let (head, tail) = (text[..open].to_ascii_lowercase(), text[close + 1..].to_ascii_lowercase());
            if head.is_empty() && tail.is_empty() {
                Segment::Name(name)
            } else {
                Segment::Mixed(head, name, tail)
            }
        }
        _ => Segment::Literal(text.to_ascii_lowercase()),
    }
}

fn literal(segment: &Segment) -> usize {
    match segment {
        Segment::Literal(text) => text.len() + 1,
        Segment::Mixed(head, _, tail) => head.len() + tail.len(),
        Segment::Name(_) => 0,
    }
}

fn split(path: &str) -> Vec<String> {
    path.split('/').filter(|s| !s.is_empty()).map(str::to_owned).collect()
}

/// Whether a path starts with a prefix in which `{}` is any text.
fn starts(segments: &[String], prefix: &[String]) -> bool {
    let fits = |(p, s): (&String, &String)| match p.split_once("{}") {
        Some((head, tail)) => s.len() >= p.len() - 2 && s.starts_with(head) && s.ends_with(tail),
        None => p.eq_ignore_ascii_case(s),
    };
    !prefix.is_empty() && segments.len() >= prefix.len() && prefix.iter().zip(segments).all(fits)
}
