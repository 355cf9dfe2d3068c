//! `people.yaml`: read with the line of every person, and written. The format is in `docs/formats/people.md`.

use policy::{Group, People, Person};
use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;
use std::io;
use std::path::Path;

/// The first line of a directory says that it is one.
pub const SCHEMA: &str = "countersign.people/1";

/// Something that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong and what to do.
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    schema: String,
    people: Vec<Spanned<Person>>,
    #[serde(default)]
    groups: Vec<Spanned<Group>>,
}

#[derive(Serialize)]
struct Written<'a> {
    schema: &'a str,
    people: &'a [Person],
    #[serde(skip_serializing_if = "<[Group]>::is_empty")]
    groups: &'a [Group],
}

impl<'a> Written<'a> {
    fn of(people: &'a People) -> Self {
        Self { schema: SCHEMA, people: people.all(), groups: people.groups() }
    }
}

/// Reads a directory.
///
/// # Errors
/// When it cannot be read, or is not of the format: with the line.
pub fn read(path: &Path) -> io::Result<(People, Vec<Problem>)> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|e| {
        io::Error::new(
            e.kind(),
            format!("`{shown}`: {e}; give the path of a `people.yaml`, or of the folder with it"),
        )
    })?;
    parse(&text)
        .map_err(|p| io::Error::new(io::ErrorKind::InvalidData, format!("{shown}:{}: {}", p.line, p.message)))
}

/// Parses a directory: the people, and what is wrong among them.
///
/// # Errors
/// When it is not of the format.
pub fn parse(text: &str) -> Result<(People, Vec<Problem>), Problem> {
    let document: Document = serde_saphyr::from_str(text).map_err(|e| Problem {
        line: e.location().map_or(0, |l| l.line()),
        message: first_line(&e.to_string()),
    })?;
    if document.schema != SCHEMA {
        let message = format!("the schema is `{}`, and `{SCHEMA}` is understood", document.schema);
        return Err(Problem { line: 1, message });
    }
    let lines: Vec<(String, u64)> = document
        .people
        .iter()
        .map(|p| (p.value.id.clone(), p.referenced.line()))
        .chain(document.groups.iter().map(|g| (g.value.id.clone(), g.referenced.line())))
        .collect();
    let mut problems = twice(&lines);
    let people = People::new(
        document.people.into_iter().map(|p| p.value).collect(),
        document.groups.into_iter().map(|g| g.value).collect(),
    );
    problems.extend(people.problems().into_iter().map(|p| {
        let line = lines.iter().find(|(id, _)| *id == p.who).map_or(0, |(_, line)| *line);
        Problem { line, message: format!("`{}`: {}", p.who, p.message) }
    }));
    problems.sort();
    Ok((people, problems))
}

/// Ids that stand more than once.
fn twice(lines: &[(String, u64)]) -> Vec<Problem> {
    let again =
        lines.iter().enumerate().filter(|(i, (id, _))| lines.iter().take(*i).any(|(known, _)| known == id));
    again
        .map(|(_, (id, line))| Problem { line: *line, message: format!("`{id}` stands a second time") })
        .collect()
}

/// The first line of what the parser says, without the place: that stands before it already.
fn first_line(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let line = line.strip_prefix("error: ").unwrap_or(line);
    let placed = line.strip_prefix("line ").and_then(|rest| rest.split_once(": "));
    let is_place = |place: &str| place.split(' ').all(|w| w == "column" || w.parse::<u64>().is_ok());
    placed.filter(|(place, _)| is_place(place)).map_or(line, |(_, rest)| rest).to_owned()
}

/// Writes a directory.
///
/// # Errors
/// When it cannot be written as YAML.
pub fn write(people: &People) -> io::Result<String> {
    serde_saphyr::to_string(&Written::of(people)).map_err(|e| io::Error::other(e.to_string()))
}

/// The same as JSON.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn to_json(people: &People) -> io::Result<serde_json::Value> {
    Ok(serde_json::to_value(Written::of(people))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "schema: countersign.people/1\npeople:\n  - id: anna\n    roles: [security-approver, {role: x, until: 2027-01-01}]\n  - id: ben\n    manager: zoe\n    accounts: {okta: [b1, b2], git: ben}\n";

    fn told(text: &str) -> Vec<(u64, String)> {
        match parse(text) {
            Ok((_, problems)) => problems.into_iter().map(|p| (p.line, p.message)).collect(),
            Err(p) => vec![(p.line, p.message)],
        }
    }

    #[test]
    fn problems_stand_at_the_line_of_their_person() {
        assert_eq!(told(SMALL), [(5, "`ben`: manager `zoe` is not in the directory".to_owned())]);
        let again = format!("{SMALL}  - id: anna\n");
        assert!(told(&again).contains(&(8, "`anna` stands a second time".to_owned())), "{:?}", told(&again));
    }

    #[test]
    fn what_is_not_of_the_format_is_told_with_its_line() {
        for (text, line, part) in [
            ("schema: countersign.people/2\npeople: []\n", 1, "countersign.people/1"),
            ("schema: countersign.people/1\npeople:\n  - id: a\n    role: x\n", 4, "role"),
            ("schema: countersign.people/1\npeople:\n  - id: a\n    ends: soon\n", 4, "soon"),
            ("schema: countersign.people/1\npeople:\n  - id: [\n", 3, ""),
        ] {
            let found = told(text);
            assert!(
                found.iter().any(|(l, m)| l.abs_diff(line) <= 1 && m.contains(part)),
                "{text}: {found:?}"
            );
            assert!(found.iter().all(|(_, m)| !m.contains("line ")), "the line twice: {found:?}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let Ok((people, _)) = parse(SMALL) else { panic!("not read") };
        let text = write(&people).unwrap_or_default();
        let Ok((again, _)) = parse(&text) else { panic!("not read again: {text}") };
        assert_eq!(people, again);
        assert_eq!(write(&again).unwrap_or_default(), text);
    }
}
