//! Finds the entry for a connector's operation.

use super::data::Entry;
use super::glob::Glob;
use super::{Found, Unpacked, verbs};
use rustc_hash::{FxHashMap, FxHashSet};
use std::borrow::Cow;
use std::sync::OnceLock;
use workflow::Kind;

/// Operations by platform; those of any platform under `*`.
pub(super) struct Index {
    platforms: FxHashMap<&'static str, Operations>,
}

/// The files with operations of a platform, which are indexed when the first is looked for.
#[derive(Default)]
struct Operations {
    files: Vec<&'static Unpacked>,
    indexed: OnceLock<Platform>,
}

type Name = Cow<'static, str>;

/// The operations of a platform: by connector and name, those with wildcards apart.
#[derive(Default)]
struct Platform {
    exact: FxHashMap<Name, FxHashMap<Name, Found>>,
    /// Wildcards only in the operation.
    by_connector: FxHashMap<Name, Vec<Pattern>>,
    others: Vec<Pattern>,
    changing: FxHashSet<(&'static str, Kind)>,
}

struct Pattern {
    connector: Glob,
    operation: Template,
    /// The more literal characters, the sooner it is asked; among equals the first.
    rank: (usize, std::cmp::Reverse<usize>),
    /// A verb that reads, of every connector or of all of Amazon's library.
    reads: bool,
    /// What a connector does on the whole.
    whole: bool,
    /// Names no method of a request.
    unsaid: bool,
    found: Found,
}

/// The operations that a pattern means: a glob, or a method and a path in which `{}` is any one segment.
enum Template {
    Glob(Glob),
    Path(Vec<Glob>),
}

impl Template {
    fn new(operation: &str) -> Self {
        if operation.contains(" /") && operation.contains("{}") && !operation.contains('*') {
            return Template::Path(operation.split('/').map(segment).collect());
        }
        Template::Glob(Glob::new(operation))
    }

    fn fits(&self, operation: &str) -> bool {
        match self {
            Template::Glob(glob) => glob.fits(operation),
            Template::Path(segments) => {
                let mut parts = operation.split('/');
                segments.iter().all(|s| parts.next().is_some_and(|p| s.fits(p))) && parts.next().is_none()
            }
        }
    }
}

/// A segment of a path; what stands before the path is a method, which is as it is.
fn segment(text: &str) -> Glob {
    Glob::new(&if text.ends_with(' ') { text.to_owned() } else { text.replace("{}", "*") })
}

impl Index {
    pub(super) fn new(files: &'static [Unpacked]) -> Self {
        let mut index = Index { platforms: FxHashMap::default() };
        for file in files {
            for platform in file.platforms() {
                index.platforms.entry(platform).or_default().files.push(file);
            }
        }
        index
    }

    pub(super) fn find(&self, platform: &str, connector: &str, operation: &str) -> Option<Found> {
        let said = if operation.trim().is_empty() { "-" } else { operation.trim() };
        let (connector, operation) = (squeezed(normal(connector)), normal(said));
        let own = self.platform(platform);
        let exact = own.and_then(|p| p.exact.get(&*connector)?.get(&*operation)).copied();
        let wild = |platform: &Platform| platform.find(&connector, &operation, said);
        exact.or_else(|| own.and_then(wild)).or_else(|| self.platform("*").and_then(wild))
    }

    fn platform(&self, name: &str) -> Option<&Platform> {
        self.platforms.get_key_value(name).map(|(name, operations)| operations.index(name))
    }

    /// Whether the platform has operations of its own that change access in a system in all of these ways.
    pub(super) fn changes_like(&self, platform: &str, system: &'static str, kinds: &[Kind]) -> bool {
        let own = self.platform(platform);
        !kinds.is_empty() && own.is_some_and(|own| kinds.iter().all(|k| own.changing.contains(&(system, *k))))
    }
}

impl Operations {
    fn index(&self, name: &str) -> &Platform {
        self.indexed.get_or_init(|| {
            let mut platform = Platform::default();
            let files = self.files.iter().copied();
            let entries = files.flat_map(|f| f.operations(name).iter().map(|e| (f.file(), e)));
            let names =
                entries.flat_map(|(file, entry)| entry.on.iter().map(move |on| (*on, Found { entry, file })));
            names.enumerate().for_each(|(number, (on, found))| platform.add(number, on, found));
            let lists = platform.by_connector.values_mut().chain([&mut platform.others]);
            lists.for_each(|patterns| patterns.sort_by_key(|p| std::cmp::Reverse(p.rank)));
            platform
        })
    }
}

impl Platform {
    fn add(&mut self, number: usize, on: &'static str, found: Found) {
        let mut parts = on.splitn(3, " / ").map(|p| normal(p.trim()));
        let (Some(platform), Some(connector), Some(operation)) = (parts.next(), parts.next(), parts.next())
        else {
            return;
        };
        let connector = squeezed(connector);
        if found.entry.governed != Some(false) && !found.entry.third_party {
            self.changing.extend(changes(found.entry).map(|k| (found.system(), k)));
        }
        let wild = (connector.contains('*'), operation.contains('*') || platform == "*");
        let path = operation.contains(" /") && operation.contains("{}");
        if wild == (false, false) {
            self.exact.entry(connector.clone()).or_default().entry(operation.clone()).or_insert(found);
        }
        if wild == (false, false) && !path {
            return;
        }
        let of_connector = (connector.len() - connector.matches('*').count()) * 64;
        let pattern = Pattern {
            connector: Glob::new(&connector),
            rank: (of_connector + operation.len(), std::cmp::Reverse(number)),
            reads: matches!(&*connector, "*" | "aws-sdk:*")
                && operation.contains('*')
                && only(found.entry, &["read"]),
            whole: operation == "*",
            unsaid: !operation.contains(" /"),
            operation: Template::new(&operation),
            found,
        };
        let list = if wild.0 { &mut self.others } else { self.by_connector.entry(connector).or_default() };
        list.push(pattern);
    }

    /// The pattern that fits with most literal characters. What a connector does on the whole, or whatever the method, gives way
    /// to a verb that reads whatever the connector.
    fn find(&self, connector: &str, operation: &str, said: &str) -> Option<Found> {
        let own = self.by_connector.get(connector).map_or(&[][..], Vec::as_slice);
        let own = own.iter().find(|p| p.operation.fits(operation));
        let more = verbs::says_more(said);
        // The operation first: where any connector fits, it is the rarer one.
        let fits =
            |p: &&Pattern| !(p.reads && more) && p.operation.fits(operation) && p.connector.fits(connector);
        let best = own.into_iter().chain(self.others.iter().find(fits)).max_by_key(|p| p.rank)?;
        let wide = best.whole || best.unsaid && operation.contains(" /");
        let on_the_whole = wide && only(best.found.entry, &["remediate", "ticket", "write"]);
        let verb = self.others.iter().find(|p| p.reads && fits(p)).filter(|_| on_the_whole);
        Some(verb.unwrap_or(best).found)
    }
}

/// Whether an entry has no effects but these.
fn only(entry: &Entry, kinds: &[&str]) -> bool {
    entry.cases.is_empty() && entry.effects.iter().all(|e| kinds.contains(e))
}

/// In which ways an entry changes access.
fn changes(entry: &'static Entry) -> impl Iterator<Item = Kind> {
    let kinds = entry.effects.iter().chain(entry.cases.iter().flat_map(|c| &c.effects));
    kinds.filter_map(|k| k.parse::<Kind>().ok()).filter(|k| k.changes_access())
}

/// Without what sets words apart: vendors write a connector's name as words, together or with underscores.
fn squeezed(connector: Cow<'_, str>) -> Cow<'_, str> {
    if connector.contains([' ', '_']) { connector.replace([' ', '_'], "").into() } else { connector }
}

/// Without case, and with any `{name}` as `{}`, any `{name...}` as `*`.
fn normal(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|b| b.is_ascii_uppercase() || b == b'{' || !b.is_ascii()) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let (mut inside, mut rest) = (false, false);
    for c in text.chars() {
        match c {
            '{' => {
                (inside, rest) = (true, false);
                out.push('{');
            }
            '}' => {
                inside = false;
                match rest {
                    true => out.replace_range(out.len() - 1.., "*"),
                    false => out.push('}'),
                }
            }
            c if inside => rest = c == '.',
            c => out.extend(c.to_lowercase()),
        }
    }
    Cow::Owned(out)
}
