//! `countersign people import`: people from elsewhere, put together with those that are there.

use super::signers::Signer;
use super::{Format, Import, from_csv, from_scim, from_signers, place, read, to_json, write};
use crate::check::Exit;
use crate::report::plain::clean;
use policy::{Employment, Found, Group, Key, People, Period, Person, Via};
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::path::Path;

/// A person of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Where in the file, for people.
    pub place: String,
    /// Whether the file states the id: else it is made of the account.
    pub stated: bool,
    /// Who it is.
    pub person: Person,
}

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
        told.iter().for_each(|line| eprintln!("{}", clean(line)));
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
            let (mut more, mut those) = from_scim(text, system)?;
            called_here(people, &mut more, &mut those);
            agreed(merge(people, more, told))?;
            those.into_iter().for_each(|group| unite(groups, group));
        }
        Some("csv") => agreed(merge(people, from_csv(text, system)?, told))?,
        _ => keys(people, path, text, told),
    }
    Ok(())
}

/// Whom a file calls by an id that was made of an account, and who is there under another, is called by that one: also where
/// the file names them as a manager or in a group.
fn called_here(people: &[Person], rows: &mut [Row], groups: &mut [Group]) {
    let known = People::new(people.to_vec(), Vec::new());
    let there = |row: &&mut Row| !row.stated;
    let mut ids: HashMap<String, String> = HashMap::new();
    for row in rows.iter_mut().filter(there) {
        if let Ok(Some(id)) = whose(&known, row) {
            ids.insert(std::mem::replace(&mut row.person.id, id.clone()), id);
        }
    }
    let here = |name: &mut String| {
        if let Some(id) = ids.get(name) {
            name.clone_from(id);
        }
    };
    rows.iter_mut().filter_map(|r| r.person.manager.as_mut()).for_each(here);
    groups.iter_mut().flat_map(|g| &mut g.members).for_each(here);
}

/// Nothing, where nothing is in conflict.
fn agreed(conflicts: Vec<String>) -> Result<(), String> {
    if conflicts.is_empty() {
        return Ok(());
    }
    let listed = conflicts.iter().map(|c| clean(c)).collect::<Vec<_>>().join("\n  ");
    Err(format!("nothing was written, for it cannot be said who is meant:\n  {listed}"))
}

/// Adds a group; one that is there gains the members.
fn unite(groups: &mut Vec<Group>, group: Group) {
    let Some(known) = groups.iter_mut().find(|g| g.id.eq_ignore_ascii_case(&group.id)) else {
        return groups.push(group);
    };
    for member in group.members {
        if !known.members.contains(&member) {
            known.members.push(member);
        }
    }
}

/// Gives each key to whom it signs for; one for somebody unknown, or for two, is told and left out. The times of a key that
/// is there become narrower by those of the file, never wider.
fn keys(people: &mut [Person], path: &Path, text: &str, told: &mut Vec<String>) {
    let (signers, problems) = from_signers(text);
    let path = path.display();
    told.extend(problems.into_iter().map(|(line, message)| format!("{path}:{line}: {message}")));
    let known = People::new(people.to_vec(), Vec::new());
    let mut given: BTreeMap<String, String> = BTreeMap::new();
    for signer in signers {
        let held = |id: String| match given.get(&signer.key.key) {
            Some(other) if *other != id => Err(of_two(&[other, &id])),
            _ => Ok(id),
        };
        let whose = signs_for(&known, &signer).and_then(held);
        if let Ok(id) = &whose {
            given.insert(signer.key.key.clone(), id.clone());
        }
        match whose {
            Err(message) => told.push(format!("{path}:{}: {message}", signer.line)),
            Ok(id) => people.iter_mut().filter(|p| p.id == id).take(1).for_each(|p| hold(p, &signer.key)),
        }
    }
}

/// The id of the one person whom a key signs for, and whom it may be given to.
fn signs_for(known: &People, signer: &Signer) -> Result<String, String> {
    let mut ids: Vec<&str> = Vec::new();
    for name in signer.principals.iter().chain([&signer.key.key]) {
        match known.find(name) {
            Found::One(person, _) => ids.push(&person.id),
            Found::Several(several) => ids.extend(several),
            Found::Nobody => {}
        }
    }
    ids.sort_unstable();
    ids.dedup();
    let named = signer.principals.iter().any(|p| !matches!(known.find(p), Found::Nobody));
    match ids[..] {
        [id] if named => Ok(id.to_owned()),
        [] | [_] => Err(format!("nobody goes by `{}`", signer.principals.join("`, `"))),
        _ => Err(of_two(&ids)),
    }
}

fn of_two(ids: &[&str]) -> String {
    format!("the key would be of `{}`: a key signs for one person", ids.join("` and `"))
}

/// Gives somebody a key, or narrows the times of the one they have.
fn hold(person: &mut Person, key: &Key) {
    let Some(has) = person.keys.iter_mut().find(|has| is_same(has, key)) else {
        return person.keys.push(key.clone());
    };
    has.period = Period {
        from: has.period.from.max(key.period.from),
        until: [has.period.until, key.period.until].into_iter().flatten().min(),
    };
}

/// Whether two are one key: a key and its fingerprint are.
fn is_same(a: &Key, b: &Key) -> bool {
    let holder = Person { keys: vec![a.clone()], ..Person::default() };
    !matches!(People::new(vec![holder], Vec::new()).find(&b.key), Found::Nobody)
}

/// Puts people together with those that are there: who shares a name is one person. What is stated stays; what is missing
/// is filled in; who has left according to either has left. Where names speak of two people, that comes back, and with it
/// nothing is to be kept.
pub fn merge(people: &mut Vec<Person>, rows: Vec<Row>, told: &mut Vec<String>) -> Vec<String> {
    let mut conflicts = twice(&rows);
    let known = People::new(people.clone(), Vec::new());
    let at: HashMap<String, usize> = people.iter().enumerate().map(|(i, p)| (p.id.clone(), i)).collect();
    for row in rows {
        match whose(&known, &row) {
            Err(message) => conflicts.push(format!("{}: {message}", row.place)),
            Ok(None) => people.push(row.person),
            Ok(Some(id)) => match at.get(&id).and_then(|i| people.get_mut(*i)) {
                Some(person) => fill(person, row, (&mut *told, &mut conflicts)),
                None => conflicts.push(format!("{}: `{id}` is not there", row.place)),
            },
        }
    }
    conflicts
}

/// Names that two rows of a file have.
fn twice(rows: &[Row]) -> Vec<String> {
    let mut seen: HashMap<String, &Row> = HashMap::new();
    let mut found = Vec::new();
    for row in rows {
        let mut own = names(&row.person);
        own.iter_mut().for_each(|name| *name = name.to_lowercase());
        own.sort();
        own.dedup();
        for name in own {
            match seen.get(&name) {
                Some(first) => found.push(format!(
                    "{}: `{name}` of `{}` stands at {} already, of `{}`",
                    row.place, row.person.id, first.place, first.person.id
                )),
                None => drop(seen.insert(name, row)),
            }
        }
    }
    found
}

/// Whom a row is about: the one person who has any of its names, or nobody who is there. An id that was made of an account is
/// no name: two people at two addresses may begin alike.
fn whose(known: &People, row: &Row) -> Result<Option<String>, String> {
    let mut found: BTreeMap<&str, String> = BTreeMap::new();
    let own = &row.person.id;
    for name in names(&row.person).into_iter().filter(|name| row.stated || name != own) {
        match known.find(&name) {
            Found::One(person, Via::Own) => drop(found.entry(&person.id).or_insert(name)),
            Found::One(person, _) => {
                return Err(format!(
                    "`{name}` is a bot or a former account of `{}`, and here a person",
                    person.id
                ));
            }
            Found::Several(ids) => {
                return Err(format!("`{name}` belongs to `{}` already", ids.join("` and `")));
            }
            Found::Nobody if row.stated && name == row.person.id => {
                found.insert(&row.person.id, name);
            }
            Found::Nobody => {}
        }
    }
    let is_there = |id: &&str| known.person(id).is_some();
    let each: Vec<String> = found.iter().map(|(id, name)| format!("`{name}` is `{id}`")).collect();
    match found.into_keys().collect::<Vec<_>>()[..] {
        [] if !row.stated && !matches!(known.find(own), Found::Nobody) => Err(format!(
            "the id `{own}` would be made of its account, and somebody there is called so: if it is they, write the account into \
             their entry; else give the person an id in a table"
        )),
        [] => Ok(None),
        [one] => Ok(Some(one).filter(is_there).map(str::to_owned)),
        _ => Err(format!("{}: one row speaks of several people", each.join(", and "))),
    }
}

/// The names by which a person of a file can be another's.
fn names(person: &Person) -> Vec<String> {
    let accounts = person.accounts.iter().flat_map(|(system, a)| a.names().iter().map(move |n| (system, n)));
    let accounts = accounts.flat_map(|(system, name)| {
        [Some(format!("{system}:{name}")), name.contains('@').then(|| name.clone())]
    });
    let id = Some(person.id.clone());
    [id].into_iter().chain(accounts).flatten().chain(person.aliases.clone()).collect()
}

fn fill(person: &mut Person, row: Row, (told, conflicts): (&mut Vec<String>, &mut Vec<String>)) {
    let Row { place, person: new, .. } = row;
    for (system, account) in new.accounts {
        let has = |known: &policy::Account| {
            let is = |name: &String| known.names().iter().any(|n| n.eq_ignore_ascii_case(name));
            account.names().iter().all(is)
        };
        match person.accounts.get(&system) {
            Some(known) if !has(known) => conflicts.push(format!(
                "{place}: `{}` has `{}` in {system}, and here `{}`: give somebody else another id, or write both accounts in \
                 the directory",
                person.id,
                known.names().join("`, `"),
                account.names().join("`, `")
            )),
            Some(_) => {}
            None => drop(person.accounts.insert(system, account)),
        }
    }
    if new.employment != Employment::default() && new.employment != person.employment {
        let (was, is) = (person.employment.as_str(), new.employment.as_str());
        told.push(format!(
            "{place}: `{}` stays `{was}` as the directory states, and is `{is}` here",
            person.id
        ));
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

    fn person(id: &str, system: &str, account: &str) -> Person {
        Person {
            id: id.to_owned(),
            active: true,
            accounts: BTreeMap::from([(system.to_owned(), Account::One(account.to_owned()))]),
            ..Person::default()
        }
    }

    fn rows(people: Vec<Person>, stated: bool) -> Vec<Row> {
        let row = |(i, person)| Row { place: format!("line {}", i + 2), stated, person };
        people.into_iter().enumerate().map(row).collect()
    }

    #[test]
    fn who_shares_a_name_is_one_person_and_a_leaver_stays_one() {
        let mut people = vec![person("ada", "okta", "ada@corp.test")];
        let left = Person { active: false, name: "Ada".into(), ..person("ada.o", "entra", "ADA@corp.test") };
        let more = rows(vec![left, person("bo", "entra", "bo@corp.test")], false);
        assert_eq!(merge(&mut people, more, &mut Vec::new()), Vec::<String>::new());
        let ids: Vec<(&str, bool)> = people.iter().map(|p| (p.id.as_str(), p.active)).collect();
        assert_eq!(ids, [("ada", false), ("bo", true)]);
        assert_eq!(people[0].accounts.len(), 2);
        let again = people.clone();
        assert_eq!(merge(&mut people, rows(again.clone(), true), &mut Vec::new()), Vec::<String>::new());
        assert_eq!(people, again);
    }

    #[test]
    fn names_that_speak_of_two_people_are_conflicts_with_their_line() {
        let there = || vec![person("ada", "okta", "ada@corp.test"), person("bo", "okta", "bo@corp.test")];
        let cases = [
            (
                vec![person("ada", "entra", "bo@corp.test")],
                "line 2: `ada` is `ada`, and `bo@corp.test` is `bo`",
            ),
            (
                vec![person("new", "entra", "bo@corp.test")],
                "line 2: `bo@corp.test` is `bo`, and `new` is `new`",
            ),
            (
                vec![person("cy", "x", "c@corp.test"), person("cy", "x", "d@corp.test")],
                "line 3: `cy` of `cy` stands at line 2",
            ),
            (
                vec![person("ada", "okta", "eve@corp.test")],
                "line 2: `ada` has `ada@corp.test` in okta, and here `eve@",
            ),
        ];
        for (more, told) in cases {
            let conflicts = merge(&mut there(), rows(more, true), &mut Vec::new());
            assert!(conflicts.iter().any(|c| c.starts_with(told)), "{told}: {conflicts:?}");
        }
        let mut told = Vec::new();
        let outside = Person { employment: Employment::Contractor, ..person("ada", "okta", "ada@corp.test") };
        assert!(merge(&mut there(), rows(vec![outside], true), &mut told).is_empty());
        assert!(told.iter().any(|t| t.contains("`ada` stays `employee`")), "{told:?}");
    }

    /// `jo` of one address and `jo` of another are two people, until somebody says otherwise.
    #[test]
    fn an_id_that_was_made_joins_nobody() {
        let there = || vec![person("jo", "okta", "jo@corp.test")];
        let more = || rows(vec![person("jo", "entra", "jo@other.test")], false);
        let mut people = there();
        let conflicts = merge(&mut people, more(), &mut Vec::new());
        assert!(
            conflicts.len() == 1 && conflicts[0].contains("line 2: the id `jo` would be made"),
            "{conflicts:?}"
        );
        assert_eq!(people, there());
        let mut several = rows(vec![person("jo", "x", "jo@a.test"), person("jo", "x", "jo@b.test")], false);
        assert_eq!(merge(&mut Vec::new(), std::mem::take(&mut several), &mut Vec::new()).len(), 1);
        // Stated, or with an account that is theirs, it is the same person.
        let stated = rows(vec![person("jo", "entra", "jo@other.test")], true);
        assert_eq!(merge(&mut there(), stated, &mut Vec::new()), Vec::<String>::new());
    }

    #[test]
    fn who_is_there_under_another_id_is_called_by_it_in_groups_too() {
        let there = vec![person("ada", "okta", "ada.obi@corp.test"), person("bo", "okta", "bo@corp.test")];
        let led = Person { manager: Some("ada.obi".into()), ..person("bo", "entra", "bo@corp.test") };
        let mut more = rows(vec![person("ada.obi", "entra", "ada.obi@corp.test"), led], false);
        let mut groups = vec![Group { id: "iam".into(), members: vec!["ada.obi".into(), "cy".into()] }];
        called_here(&there, &mut more, &mut groups);
        let told: Vec<_> = more.iter().map(|r| (r.person.id.as_str(), r.person.manager.as_deref())).collect();
        assert_eq!(told, [("ada", None), ("bo", Some("ada"))]);
        assert_eq!(groups[0].members, ["ada", "cy"]);
    }

    #[test]
    fn a_group_gains_members_and_loses_none() {
        let group = |members: &[&str]| Group {
            id: "iam".into(),
            members: members.iter().map(|m| (*m).into()).collect(),
        };
        let mut groups = vec![group(&["ada"])];
        unite(&mut groups, group(&["bo", "ada"]));
        assert_eq!(groups, [group(&["ada", "bo"])]);
    }

    #[test]
    fn a_key_of_nobody_or_of_two_is_told_and_left_out_and_times_become_narrower() {
        let mut people = vec![person("ada", "okta", "ada@corp.test"), person("bo", "okta", "bo@corp.test")];
        let mut told = Vec::new();
        let text = "ada@corp.test ssh-ed25519 AAAA\nmallory@corp.test ssh-ed25519 BBBB\nada@corp.test,bo@corp.test ssh-ed25519 CCCC\nbo@corp.test ssh-ed25519 AAAA\n";
        for _ in 0..2 {
            keys(&mut people, Path::new("allowed_signers"), text, &mut told);
        }
        assert_eq!((people[0].keys.len(), people[1].keys.len()), (1, 0), "{people:?}");
        for part in ["signers:2: nobody goes by `mallory", "signers:3: the key would be of `ada` and `bo`"] {
            assert!(told.iter().any(|t| t.contains(part)), "{part}: {told:?}");
        }
        assert!(told.iter().any(|t| t.contains("signers:4: the key would be of `ada` and `bo`")), "{told:?}");
        let limited = "ada@corp.test valid-before=20270101Z ssh-ed25519 AAAA\n";
        keys(&mut people, Path::new("allowed_signers"), limited, &mut told);
        keys(&mut people, Path::new("allowed_signers"), "ada@corp.test ssh-ed25519 AAAA\n", &mut told);
        let until = people[0].keys[0].period.until.map(|m| m.to_string());
        assert_eq!((people[0].keys.len(), until.as_deref()), (1, Some("2027-01-01T00:00:00Z")));
    }
}
