//! With what decisions are taken, as values that a ledger commits to: the organisation's policies, and the directory of
//! people, in parts so that one person can be erased without the others.

use evidence::{Opened, directory};
use ledger::json;
use policy::{Group, People, Person, PolicySet, Source};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use workflow::Digest;

/// A directory of more people than this has several of them in a part: an entry is small.
const PARTS: usize = 400;

/// Values by the names of their commitments.
pub type Values = BTreeMap<String, Value>;

/// What decisions are taken with now.
#[derive(Debug, Clone)]
pub struct Basis {
    /// The directory.
    pub people: Values,
    /// The policies.
    pub policies: Values,
    /// The version of the policies, with those that the program ships with.
    pub version: String,
}

impl Basis {
    /// The present one.
    #[must_use]
    pub fn of(people: &People, sources: &[Source], version: &str) -> Self {
        let files: Values = sources.iter().map(|s| (s.file.clone(), s.text.clone().into())).collect();
        let policies = Values::from([("content".to_owned(), json!(files))]);
        Basis { people: parts(people), policies, version: version.to_owned() }
    }

    /// The values that an act like this puts in use.
    #[must_use]
    pub fn by(&self, change: &str) -> Option<&Values> {
        match change {
            "change-policy" => Some(&self.policies),
            "change-people" => Some(&self.people),
            _ => None,
        }
    }
}

fn parts(people: &People) -> Values {
    let all = people.all();
    let size = all.len().div_ceil(PARTS).max(1);
    let mut values: Values =
        all.chunks(size).enumerate().map(|(i, part)| (format!("people-{i:03}"), json!(part))).collect();
    values.insert("groups".to_owned(), json!(people.groups()));
    values
}

/// A digest by which values are told from others.
#[must_use]
pub fn mark(values: &Values) -> String {
    let bytes = json::to_canonical(&json!(values)).unwrap_or_default();
    Digest::of(&bytes).to_string()
}

/// The values that an entry puts in use, where all of them are kept.
#[must_use]
pub fn kept(opened: &Opened) -> Option<Values> {
    let ours = |name: &str| name == "content" || name == "groups" || name.starts_with("people-");
    let names = || opened.entry.commitments.keys().filter(|n| ours(n));
    let value = |name: &String| Some((name.clone(), opened.openings.get(name)?.value.clone()));
    names().next()?;
    names().map(value).collect()
}

/// The directory that an entry puts in use, as far as it is kept, and whether that is all of it.
///
/// # Errors
/// When nothing of it is kept, or it cannot be read.
pub fn people(opened: &Opened) -> Result<(People, bool), String> {
    let seq = opened.entry.place.seq;
    let broken = |e: serde_json::Error| format!("the directory of entry {seq} cannot be read: {e}");
    let all: Vec<Person> = directory(opened)
        .map(|p| serde_json::from_value(p.clone()).map_err(broken))
        .collect::<Result<_, _>>()?;
    if all.is_empty() {
        return Err(format!("the people directory of entry {seq} is not kept"));
    }
    let value = |name: &str| opened.openings.get(name).map(|o| &o.value);
    let groups = value("groups").or(value("content").map(|c| &c["groups"])).cloned();
    let groups: Vec<Group> = groups.map_or(Ok(Vec::new()), |g| serde_json::from_value(g).map_err(broken))?;
    Ok((People::new(all, groups), kept(opened).is_some()))
}

/// The policies that an entry puts in use.
///
/// # Errors
/// When they are not kept, or are others than the entry says.
pub fn policies(opened: &Opened) -> Result<PolicySet, String> {
    let seq = opened.entry.place.seq;
    let files = opened.openings.get("content").and_then(|o| o.value.as_object());
    let files = files.ok_or_else(|| format!("the policies of entry {seq} are not kept"))?;
    let source = |(file, text): (&String, &Value)| {
        let text = text.as_str().unwrap_or_default().to_owned();
        Source { file: file.clone(), text }
    };
    Ok(PolicySet::with(&files.iter().map(source).collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_person_of_a_small_directory_is_a_value_of_its_own() {
        let people = policy::sample::people();
        let values = parts(&people);
        assert_eq!(values.len(), people.all().len() + 1);
        let many: Vec<Person> =
            (0..1000).map(|i| Person { id: format!("p{i}"), ..Person::default() }).collect();
        let values = parts(&People::new(many, Vec::new()));
        assert!(
            values.len() <= PARTS + 1 && values.values().all(|v| v.as_array().is_some_and(|a| a.len() <= 3))
        );
    }

    #[test]
    fn other_values_have_another_mark() {
        let one = Basis::of(&policy::sample::people(), &[], "v");
        let source = Source { file: "a.cedar".into(), text: "x".into() };
        let two = Basis::of(&People::new(Vec::new(), Vec::new()), &[source], "v");
        assert_ne!(mark(&one.people), mark(&two.people));
        assert_ne!(mark(&one.policies), mark(&two.policies));
        assert_eq!(mark(&one.people), mark(&Basis::of(&policy::sample::people(), &[], "w").people));
    }
}
