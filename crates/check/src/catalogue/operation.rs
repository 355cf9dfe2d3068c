//! Finds the entry for a connector's operation.

use super::data::{Entry, File};
use super::{Found, glob};
use std::collections::{HashMap, HashSet};
use workflow::Kind;

/// Operations by platform, connector and name; those with wildcards apart.
pub(super) struct Index {
    exact: HashMap<(String, String, String), Found>,
    patterns: HashMap<String, Vec<Pattern>>,
    changing: HashSet<(String, String, Kind)>,
}

struct Pattern {
    connector: String,
    operation: String,
    literal: usize,
    found: Found,
}

impl Index {
    pub(super) fn new(files: &'static [File]) -> Self {
        let mut index = Index { exact: HashMap::new(), patterns: HashMap::new(), changing: HashSet::new() };
        for (file, entry) in files.iter().flat_map(|f| f.operations.iter().map(move |e| (f, e))) {
            entry.on.iter().for_each(|on| index.add(on, Found { entry, file }));
        }
        for patterns in index.patterns.values_mut() {
            patterns.sort_by_key(|p| std::cmp::Reverse(p.literal));
        }
        index
    }

    fn add(&mut self, on: &str, found: Found) {
        let mut parts = on.splitn(3, " / ").map(|p| normal(p.trim()));
        let (Some(platform), Some(connector), Some(operation)) = (parts.next(), parts.next(), parts.next())
        else {
            return;
        };
        if found.entry.governed != Some(false) {
            let kinds = changes(found.entry);
            self.changing.extend(kinds.map(|k| (platform.clone(), found.system().to_owned(), k)));
        }
        if connector.contains('*') || operation.contains('*') || platform == "*" {
            let literal = (connector.len() - connector.matches('*').count()) * 64 + operation.len();
            self.patterns.entry(platform).or_default().push(Pattern { connector, operation, literal, found });
        } else {
            self.exact.entry((platform, connector, operation)).or_insert(found);
        }
    }

    pub(super) fn find(&self, platform: &str, connector: &str, operation: &str) -> Option<Found> {
        let operation = if operation.is_empty() { "-" } else { operation };
        let key = (platform.to_owned(), normal(connector), normal(operation));
        if let Some(found) = self.exact.get(&key) {
            return Some(*found);
        }
        let own = self.patterns.get(platform).map_or(&[][..], Vec::as_slice);
        let any = self.patterns.get("*").map_or(&[][..], Vec::as_slice);
        let fits = |p: &&Pattern| glob(&p.connector, &key.1) && glob(&p.operation, &key.2);
        own.iter().find(fits).or_else(|| any.iter().find(fits)).map(|p| p.found)
    }

    /// Whether the platform has an operation that changes access in the system in the way that an entry does.
    pub(super) fn changes_like(&self, platform: &str, found: Found) -> bool {
        changes(found.entry)
            .any(|k| self.changing.contains(&(platform.to_owned(), found.system().to_owned(), k)))
    }
}

/// In which ways an entry changes access.
fn changes(entry: &'static Entry) -> impl Iterator<Item = Kind> {
    let kinds = entry.effects.iter().chain(entry.cases.iter().flat_map(|c| &c.effects));
    kinds.filter_map(|k| k.parse::<Kind>().ok()).filter(|k| k.changes_access())
}

/// Without case, and with any `{name}` as `{}`.
fn normal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        match c {
            '{' => {
                inside = true;
                out.push('{');
            }
            '}' => {
                inside = false;
                out.push('}');
            }
            _ if inside => {}
            c => out.extend(c.to_lowercase()),
        }
    }
    out
}
