//! What is privileged in which system: names and ids are looked up, patterns tried one by one.

use super::glob::Glob;
use super::{Unpacked, same_family, squeeze};
use rustc_hash::FxHashMap;

/// Names and ids of privileged roles, groups and entitlements, each with the systems that have it.
#[derive(Default)]
pub(super) struct Privileged {
    /// Names, compared without case and punctuation.
    names: Known<String>,
    /// Ids, compared as they are.
    ids: Known<&'static str>,
}

struct Known<Key> {
    exact: FxHashMap<Key, Vec<&'static str>>,
    patterns: Vec<(Glob, &'static str)>,
}

impl<Key> Default for Known<Key> {
    fn default() -> Self {
        Known { exact: FxHashMap::default(), patterns: Vec::new() }
    }
}

impl<Key: std::hash::Hash + Eq + std::borrow::Borrow<str>> Known<Key> {
    fn add(&mut self, key: Key, system: &'static str) {
        if key.borrow().contains('*') {
            self.patterns.push((Glob::new(key.borrow()), system));
        } else {
            self.exact.entry(key).or_default().push(system);
        }
    }

    fn has(&self, text: &str, in_system: impl Fn(&str) -> bool) -> bool {
        let exact = self.exact.get(text).is_some_and(|systems| systems.iter().any(|s| in_system(s)));
        exact || self.patterns.iter().any(|(pattern, s)| pattern.fits(text) && in_system(s))
    }
}

impl Privileged {
    pub(super) fn new(files: &'static [Unpacked]) -> Self {
        let mut all = Privileged::default();
        for file in files.iter().map(Unpacked::file) {
            file.privileged.names.iter().for_each(|name| all.names.add(squeeze(name), file.system));
            file.privileged.ids.iter().for_each(|id| all.ids.add(*id, file.system));
        }
        all
    }

    /// Whether a text names something privileged in a system, or in any where that is empty.
    pub(super) fn has(&self, system: &str, text: &str) -> bool {
        let squeezed = squeeze(text);
        let in_system = |own: &str| system.is_empty() || same_family(own, system);
        !squeezed.is_empty() && (self.names.has(&squeezed, in_system) || self.ids.has(text, in_system))
    }
}

#[cfg(test)]
mod tests {
    use crate::catalogue::{Unpacked, catalogue};

    #[test]
    fn whatever_the_files_name_is_found_in_its_own_system_and_in_any() {
        let catalogue = catalogue();
        for file in catalogue.files().iter().map(Unpacked::file) {
            let written = file.privileged.names.iter().chain(&file.privileged.ids);
            for text in written.map(|p| p.replace('*', "x")) {
                assert!(catalogue.is_privileged(file.system, &text), "{} {text}", file.system);
                assert!(catalogue.is_privileged("", &text), "{text}");
            }
        }
    }

    #[test]
    fn names_are_compared_without_case_and_punctuation_and_only_in_their_system() {
        let is = |system: &str, text: &str| catalogue().is_privileged(system, text);
        assert!(is("entra", "Global Administrator") && is("entra", "global-administrator"));
        assert!(!is("zoom", "Global Administrator") && !is("entra", ""));
    }
}
