//! `countersign people import`: people from elsewhere, put together with those that are there.

use super::{Format, Import, from_csv, from_scim, from_signers, place, read, to_json, write};
use crate::check::Exit;
use policy::{Found, Group, People, Person};
use std::io::{self, Write};
use std::path::Path;

pub(super) fn run(import: &Import, out: &mut dyn Write) -> io::Result<Exit> {
    let (mut people, mut groups) = match &import.into {
        Some(path) => {
            let (known, _) = read(&place(path))?;
            (known.all().to_vec(), known.groups().to_vec())
        }
        None => (Vec::new(), Vec::new()),
    };
    let mut told = Vec::new();
    for path in &import.files {
        let text = std::fs::read_to_string(path)
            .map_err(|e| io::Error::new(e.kind(), format!("`{}`: {e}", path.display())))?;
        add(&mut people, &mut groups, path, &text, &import.system, &mut told)
            .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {e}", path.display())))?;
    }
    let people = People::new(people, groups);
    if let Some(path) = &import.output {
        std::fs::write(path, write(&people)?)?;
    }
    if import.format == Format::Json {
        let (directory, count) = (to_json(&people)?, people.all().len());
        let result = serde_json::json!({"schema": "countersign.people-import/1", "people": count, "problems": told, "directory": directory});
        writeln!(out, "{result:#}")?;
    } else {
        told.iter().for_each(|line| eprintln!("{line}"));
        if import.output.is_none() {
            out.write_all(write(&people)?.as_bytes())?;
        }
    }
    Ok(if told.is_empty() { Exit::Clean } else { Exit::Findings })
}

fn add(
    people: &mut Vec<Person>,
    groups: &mut Vec<Group>,
    path: &Path,
    text: &str,
    system: &str,
    told: &mut Vec<String>,
) -> Result<(), String> {
    match path.extension().and_then(|e| e.to_str()) {
        Some("json") => {
            let (more, those) = from_scim(text, system)?;
            merge(people, more);
            for group in those {
                match groups.iter_mut().find(|g| g.id == group.id) {
                    Some(known) => *known = group,
                    None => groups.push(group),
                }
            }
        }
        Some("csv") => merge(people, from_csv(text, system)?),
        _ => keys(people, path, text, told),
    }
    Ok(())
}

/// Gives each key to whom it signs for; a key for somebody unknown is told, and left out.
fn keys(people: &mut [Person], path: &Path, text: &str, told: &mut Vec<String>) {
    let (signers, problems) = from_signers(text);
    told.extend(problems.into_iter().map(|(line, message)| format!("{}:{line}: {message}", path.display())));
    let known = People::new(people.to_vec(), Vec::new());
    for signer in signers {
        let found = signer.principals.iter().find_map(|p| match known.find(p) {
            Found::One(person, _) => Some(person.id.clone()),
            _ => None,
        });
        match found.and_then(|id| people.iter_mut().find(|p| p.id == id)) {
            Some(person) if person.keys.contains(&signer.key) => {}
            Some(person) => person.keys.push(signer.key),
            None => {
                told.push(format!("{}: nobody goes by `{}`", path.display(), signer.principals.join("`, `")))
            }
        }
    }
}

/// Puts people together with those that are there: who shares a name is one person. What is stated stays; what is missing
/// is filled in; who has left according to either has left.
pub fn merge(people: &mut Vec<Person>, more: Vec<Person>) {
    let known = People::new(people.clone(), Vec::new());
    for new in more {
        let names = std::iter::once(new.id.clone()).chain(new.aliases.clone()).chain(names(&new));
        let same = names.into_iter().find_map(|name| match known.find(&name) {
            Found::One(person, _) => Some(person.id.clone()),
            _ => None,
        });
        match same.and_then(|id| people.iter_mut().find(|p| p.id == id)) {
            Some(person) => fill(person, new),
            None => people.push(new),
        }
    }
}

fn names(person: &Person) -> Vec<String> {
    let all = person.accounts.iter().flat_map(|(system, a)| a.names().iter().map(move |n| (system, n)));
    all.flat_map(|(system, name)| [format!("{system}:{name}"), name.clone()]).collect()
}

fn fill(person: &mut Person, new: Person) {
    for (system, account) in new.accounts {
        person.accounts.entry(system).or_insert(account);
    }
    for alias in new.aliases {
        if !person.aliases.contains(&alias) {
            person.aliases.push(alias);
        }
    }
    if person.name.is_empty() {
        person.name = new.name;
    }
    if person.roles.is_empty() {
        person.roles = new.roles;
    }
    person.manager = person.manager.take().or(new.manager);
    person.employer = person.employer.take().or(new.employer);
    person.ends = [person.ends, new.ends].into_iter().flatten().min();
    person.active &= new.active;
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::Account;
    use std::collections::BTreeMap;

    fn person(id: &str, system: &str, account: &str) -> Person {
        Person {
            id: id.to_owned(),
            active: true,
            accounts: BTreeMap::from([(system.to_owned(), Account::One(account.to_owned()))]),
            ..Person::default()
        }
    }

    #[test]
    fn who_shares_a_name_is_one_person_and_a_leaver_stays_one() {
        let mut people = vec![person("ada", "okta", "ada@corp.test")];
        let left = Person { active: false, name: "Ada".into(), ..person("ada.o", "entra", "ADA@corp.test") };
        merge(&mut people, vec![left, person("bo", "entra", "bo@corp.test")]);
        let ids: Vec<(&str, bool)> = people.iter().map(|p| (p.id.as_str(), p.active)).collect();
        assert_eq!(ids, [("ada", false), ("bo", true)]);
        assert_eq!(people[0].accounts.len(), 2);
        let again = people.clone();
        merge(&mut people, again.clone());
        assert_eq!(people, again);
    }

    #[test]
    fn a_key_of_nobody_is_told_and_left_out() {
        let mut people = vec![person("ada", "okta", "ada@corp.test")];
        let mut told = Vec::new();
        let text = "ada@corp.test ssh-ed25519 AAAA\nmallory@corp.test ssh-ed25519 BBBB\n";
        for _ in 0..2 {
            keys(&mut people, Path::new("allowed_signers"), text, &mut told);
        }
        assert_eq!(people[0].keys.len(), 1);
        assert!(told.iter().all(|t| t.contains("mallory")) && told.len() == 2, "{told:?}");
    }
}
