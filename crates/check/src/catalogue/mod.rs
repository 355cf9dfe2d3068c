//! The effect catalogue: what operations of target systems do to access.
//!
//! The data is in `catalogue/*.toml`, its format in `docs/formats/catalogue.md`. This module indexes it and finds the
//! entry for an operation, a request or a command; [`crate::classify`] applies it to steps.

pub mod data;
mod glob;
mod operation;
mod privileged;
mod request;
pub mod verbs;

pub use glob::glob;
pub use request::{Match, UrlPath};

use data::{Entry, File, Packed};
use privileged::Privileged;
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::OnceLock;
use workflow::{CodeLanguage, Kind};

/// An entry with its file.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    /// The entry.
    pub entry: &'static Entry,
    /// The file it stands in.
    pub file: &'static File,
}

/// The indexed catalogue.
pub struct Catalogue {
    files: &'static [Unpacked],
    operations: operation::Index,
    requests: request::Index,
    /// By language; these and the next are made when the first is looked for: most runs need few of them.
    commands: [OnceLock<Commands>; SLOTS],
    privileged: OnceLock<Privileged>,
    titles: OnceLock<HashMap<&'static str, &'static str>>,
}

/// Where the commands of a language stand.
const fn slot(language: CodeLanguage) -> usize {
    match language {
        CodeLanguage::JavaScript => 0,
        CodeLanguage::Python => 1,
        CodeLanguage::PowerShell => 2,
        CodeLanguage::Shell => 3,
        CodeLanguage::Sql => 4,
        CodeLanguage::CSharp => 5,
        CodeLanguage::Groovy => 6,
        CodeLanguage::Unknown => 7,
    }
}
/// How many languages there are.
const SLOTS: usize = 8;

/// Commands and calls by the word they are found by, each with its pattern, both in lower case.
type Commands = FxHashMap<String, Vec<(Box<str>, Found)>>;

static TABLE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/catalogue.bin"));

/// The catalogue of the program, indexed when it is first asked for.
pub fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| {
        static FILES: OnceLock<Vec<Unpacked>> = OnceLock::new();
        let files = FILES.get_or_init(|| {
            let packed: Vec<Packed> = postcard::from_bytes(TABLE).unwrap_or_default();
            packed.into_iter().map(Unpacked::new).collect()
        });
        Catalogue::new(files)
    })
}

/// A file, of which the entries are read when one is first asked for.
pub struct Unpacked {
    file: File,
    requests: Entries,
    commands: Entries,
    operations: Vec<(&'static str, Entries)>,
}

/// Entries as they are compiled in, and read.
struct Entries(&'static [u8], OnceLock<Vec<Entry>>);

impl Entries {
    fn new(packed: &'static [u8]) -> Self {
        Entries(packed, OnceLock::new())
    }

    fn read(&self) -> &[Entry] {
        self.1.get_or_init(|| postcard::from_bytes(self.0).unwrap_or_default())
    }
}

impl Unpacked {
    fn new((file, requests, commands, operations): Packed) -> Self {
        let operations = operations.into_iter().map(|(platform, e)| (platform, Entries::new(e))).collect();
        Unpacked { file, requests: Entries::new(requests), commands: Entries::new(commands), operations }
    }

    /// The file without its entries.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Its requests.
    #[must_use]
    pub fn requests(&self) -> &[Entry] {
        self.requests.read()
    }

    /// Its commands.
    #[must_use]
    pub fn commands(&self) -> &[Entry] {
        self.commands.read()
    }

    /// The platforms that have operations of it.
    fn platforms(&self) -> impl Iterator<Item = &'static str> {
        self.operations.iter().map(|(platform, _)| *platform)
    }

    /// Its operations on a platform.
    fn operations(&self, platform: &str) -> &[Entry] {
        let own = self.operations.iter().find(|(name, _)| *name == platform);
        own.map_or(&[], |(_, entries)| entries.read())
    }
}

impl Found {
    /// The target system.
    #[must_use]
    pub fn system(self) -> &'static str {
        if self.entry.system.is_empty() { self.file.system } else { self.entry.system }
    }

    /// The vendor's documentation it rests on.
    #[must_use]
    pub fn source(self) -> &'static str {
        if self.entry.source.is_empty() { self.file.source } else { self.entry.source }
    }

    /// Where the names stand in a path that an operation which is a method and a path has.
    #[must_use]
    pub fn names(self, method: Option<&str>, url: &UrlPath) -> Vec<(String, usize)> {
        request::names(self, method, url)
    }
}

/// So many operations are remembered by a thread: workflows use the same few over and over.
const REMEMBERED: usize = 4096;
/// Longer names are no real operation's and are not kept.
const LONGEST: usize = 300;

/// An operation's entry, looked for once.
fn remembered(
    platform: &str,
    connector: &str,
    operation: &str,
    find: impl FnOnce() -> Option<Found>,
) -> Option<Found> {
    thread_local! {
        static KNOWN: RefCell<HashMap<String, Option<Found>>> = RefCell::default();
    }
    let key = [platform, connector, operation].join("\u{1f}");
    if key.len() > LONGEST {
        return find();
    }
    KNOWN.with_borrow_mut(|known| {
        if known.len() >= REMEMBERED {
            known.clear();
        }
        *known.entry(key).or_insert_with(find)
    })
}

impl Catalogue {
    fn new(files: &'static [Unpacked]) -> Self {
        Catalogue {
            files,
            operations: operation::Index::new(files),
            requests: request::Index::new(files),
            commands: Default::default(),
            privileged: OnceLock::new(),
            titles: OnceLock::new(),
        }
    }

    /// The commands of a language, indexed.
    fn commands_of(&self, language: CodeLanguage) -> &Commands {
        let of_language = |(_, entry): &(&File, &Entry)| code_language(entry.language) == language;
        self.commands[slot(language)].get_or_init(|| {
            let mut commands = Commands::default();
            let entries = self.files.iter().flat_map(|f| f.commands().iter().map(move |e| (f.file(), e)));
            for (file, entry) in entries.filter(of_language) {
                for on in &entry.on {
                    let known = (on.to_ascii_lowercase().into(), Found { entry, file });
                    commands.entry(command_key(on)).or_default().push(known);
                }
            }
            commands
        })
    }

    /// All files, in the order of their names.
    #[must_use]
    pub fn files(&self) -> &'static [Unpacked] {
        self.files
    }

    /// A system's name for people; one that no file is about keeps its own.
    #[must_use]
    pub fn title<'s>(&self, system: &'s str) -> &'s str {
        self.titles.get_or_init(|| titles(self.files)).get(system).copied().unwrap_or(system)
    }

    /// The entry for a connector's operation: the one whose pattern has most literal characters.
    #[must_use]
    pub fn operation(&self, platform: &str, connector: &str, operation: &str) -> Option<Found> {
        remembered(platform, connector, operation, || self.operations.find(platform, connector, operation))
    }

    /// Whether the platform has governed operations of its own that change access in a system in all of these ways.
    #[must_use]
    pub fn has_operations_for(&self, platform: &str, system: &'static str, kinds: &[Kind]) -> bool {
        self.operations.changes_like(platform, system, kinds)
    }

    /// The entries for a raw request, and the system it goes to.
    #[must_use]
    pub fn request(&self, method: Option<&str>, url: &UrlPath, connector: &str) -> Match {
        self.requests.find(method, url, connector)
    }

    /// The entries whose command starts with (shells, SQL) or ends in (calls of a library) this word, in lower case.
    #[must_use]
    pub fn commands(&self, language: CodeLanguage, word: &str) -> &[(Box<str>, Found)] {
        let commands = self.commands_of(language);
        let found = if word.bytes().any(|b| b.is_ascii_uppercase()) {
            commands.get(&word.to_ascii_lowercase())
        } else {
            commands.get(word)
        };
        found.map_or(&[], Vec::as_slice)
    }

    /// Whether a constant names something privileged, in a system (or in any, where it is not known).
    #[must_use]
    pub fn is_privileged(&self, system: &str, text: &str) -> bool {
        self.privileged.get_or_init(|| Privileged::new(self.files)).has(system, text)
    }
}

/// The title that most of a system's files bear, else the shortest, without what it lists after a comma, colon or
/// bracket.
fn titles(files: &'static [Unpacked]) -> HashMap<&'static str, &'static str> {
    let mut borne: HashMap<&str, HashMap<&str, usize>> = HashMap::new();
    for file in files.iter().map(Unpacked::file) {
        let title = file.title.split([',', ':', '(']).next().unwrap_or_default().trim();
        *borne.entry(file.system).or_default().entry(title).or_default() += 1;
    }
    let best = |(system, titles): (&'static str, HashMap<&'static str, usize>)| {
        let rank =
            |(title, files): &(&str, usize)| (*files, std::cmp::Reverse((title.len(), title.to_string())));
        Some((system, titles.into_iter().max_by_key(rank)?.0))
    };
    borne.into_iter().filter_map(best).collect()
}

/// `aws-iam` and `aws-organizations`, `entra` and `entra` are of one family.
fn same_family(a: &str, b: &str) -> bool {
    let head = |s| -> &str { str::split(s, '-').next().unwrap_or_default() };
    a == b || (head(a) == head(b) && !["google", "active", "azure"].contains(&head(a)))
}

/// Without case and punctuation; wildcards stay.
fn squeeze(text: &str) -> String {
    let mut squeezed = String::with_capacity(text.len());
    for c in text.chars().filter(|c| c.is_alphanumeric() || *c == '*') {
        match c.is_ascii() {
            true => squeezed.push(c.to_ascii_lowercase()),
            false => squeezed.extend(c.to_lowercase()),
        }
    }
    squeezed
}

/// The word a command is found by: the first of a command line, the last of a dotted call.
fn command_key(on: &str) -> String {
    // A call on what a getter gives is found by its own name.
    let on = on.rsplit("().").next().unwrap_or(on);
    let first = on.split([' ', '(']).next().unwrap_or_default();
    let call = first.rsplit(['.', ':']).next().unwrap_or_default();
    let key = if on.contains(' ') || call.is_empty() || call.contains('*') { first } else { call };
    key.to_ascii_lowercase()
}

fn code_language(name: &str) -> CodeLanguage {
    match name {
        "powershell" => CodeLanguage::PowerShell,
        "shell" => CodeLanguage::Shell,
        "sql" => CodeLanguage::Sql,
        "python" => CodeLanguage::Python,
        "javascript" => CodeLanguage::JavaScript,
        "csharp" => CodeLanguage::CSharp,
        "groovy" => CodeLanguage::Groovy,
        _ => CodeLanguage::Unknown,
    }
}

#[cfg(test)]
mod tests;
