//! Laws of digests and differences, over all platforms: cosmetic edits change nothing, any other edit does.

use super::definitions::{Definition, definitions, side, slow};
use super::{acting, cosmetic};
use check::diff::{Difference, compare};
use std::collections::{BTreeMap, BTreeSet};
use workflow::{Digest, Workflow};

/// Ends of the places of names and ids.
const NAMES: [&str; 10] = [
    ".name",
    " name",
    "@name",
    "displayName",
    "instance_name",
    "customName",
    ".id",
    "@id",
    "functionName",
    ".description",
];

/// How many broken cases are printed.
const SHOWN: usize = 40;

/// For each platform: how many edits were tried, and which broke the law.
#[derive(Default)]
struct Tally(BTreeMap<&'static str, (usize, Vec<String>)>);

impl Tally {
    fn add(&mut self, definition: &Definition, holds: bool, what: &str) {
        let (tried, broken) = self.0.entry(definition.platform.as_str()).or_default();
        *tried += 1;
        if !holds {
            broken.push(format!("{what} {}", definition.path.display()));
        }
    }

    /// Prints the figures; all platforms must have been tried, and no law broken.
    fn assert(&self, what: &str) {
        for (platform, (tried, broken)) in &self.0 {
            println!("{platform}: {tried} {what}, {} broken", broken.len());
            broken.iter().take(SHOWN).for_each(|b| println!("  {b}"));
        }
        assert_eq!(self.0.len(), workflow::Platform::ALL.len(), "not every platform was tried");
        assert!(self.0.values().all(|(_, broken)| broken.is_empty()), "{what}: see above");
    }
}

fn digests(workflows: &[Workflow]) -> BTreeSet<Digest> {
    workflows.iter().map(|w| w.digest).collect()
}

#[test]
fn cosmetic_edits_keep_the_digest_and_are_no_change() {
    let mut tally = Tally::default();
    for definition in definitions() {
        let written = definition.edited(&definition.documents);
        if definition.plain {
            let same = digests(&definition.workflows()) == digests(&written);
            tally.add(&definition, same, "written anew");
        }
        let (known, before) = (digests(&written), side(written));
        for (what, documents) in cosmetic::edits(&definition) {
            let workflows = definition.edited(&documents);
            let same = digests(&workflows) == known;
            let told = compare(&before, &side(workflows));
            let first = told.iter().flat_map(|d| &d.changes).next().map_or("", |c| &c.sentence);
            let acts = told.iter().any(Difference::acts_differently);
            tally.add(&definition, same && !acts, &format!("{what} same={same} told={first:?}"));
        }
    }
    tally.assert("cosmetic edits");
}

#[test]
fn edits_that_act_change_the_digest() {
    let most = if slow() { 60 } else { 15 };
    let mut tally = Tally::default();
    for definition in definitions() {
        let known = digests(&definition.edited(&definition.documents));
        for (what, documents) in acting::edits(&definition, most) {
            let changed = digests(&definition.edited(&documents)) != known;
            tally.add(&definition, changed, &what);
        }
    }
    tally.assert("edits that act");
}

#[test]
fn edits_that_act_are_told_as_a_change() {
    let most = if slow() { 8 } else { 2 };
    let mut tally = Tally::default();
    for definition in definitions() {
        let before = side(definition.edited(&definition.documents));
        for (what, documents) in acting::edits(&definition, most) {
            let told = compare(&before, &side(definition.edited(&documents)));
            // A name, or an id that nothing refers to, is told as such.
            let named = NAMES.iter().any(|n| what.ends_with(n) || what.contains(&format!("{n} before")));
            let holds = told.iter().any(|d| d.acts_differently() || named && !d.cosmetic.is_empty());
            let first = told.iter().flat_map(|d| &d.cosmetic).next().map_or("", |c| &c.sentence);
            tally.add(&definition, holds, &format!("{what} {first:?}"));
        }
    }
    tally.assert("edits that act");
}
