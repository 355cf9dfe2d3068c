//! People from a table (CSV, RFC 4180): one row for each person, columns by their names in the first row.

use super::import::Row;
use super::scim::employment;
use policy::{Account, Period, Person, Role};

/// The columns that are understood, besides `account:SYSTEM`.
const COLUMNS: &str =
    "id, name, email, aliases, roles, manager, employment, employer, ends, active, account:SYSTEM";

/// Reads a table. Several aliases or roles stand in one field, separated by `;`.
///
/// # Errors
/// With the line, where a row or a column is not understood.
pub fn from_csv(text: &str, system: &str) -> Result<Vec<Row>, String> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let columns: Vec<String> =
        reader.headers().map_err(|e| e.to_string())?.iter().map(str::to_lowercase).collect();
    if !columns.iter().any(|c| c == "id" || c == "email") {
        return Err(format!("has neither a column `id` nor `email`; there are {COLUMNS}"));
    }
    let mut people = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|e| e.to_string())?;
        let line = row.position().map_or(0, csv::Position::line);
        let mut person = Person { active: true, ..Person::default() };
        for (column, field) in columns.iter().zip(&row).filter(|(_, f)| !f.is_empty()) {
            set(&mut person, column, field, system).map_err(|e| format!("line {line}: {e}"))?;
        }
        let stated = !person.id.is_empty();
        if !stated {
            let account = person.accounts.get(system).and_then(|a| a.names().first());
            person.id =
                account.map(|a| a.split('@').next().unwrap_or_default().to_lowercase()).unwrap_or_default();
        }
        if person.id.is_empty() {
            return Err(format!("line {line}: the row has neither an id nor an email"));
        }
        people.push(Row { place: format!("line {line}"), stated, person });
    }
    Ok(people)
}

fn set(person: &mut Person, column: &str, field: &str, system: &str) -> Result<(), String> {
    let several = || field.split(';').map(|w| w.trim().to_owned()).filter(|w| !w.is_empty());
    match column {
        "id" => field.clone_into(&mut person.id),
        "name" => field.clone_into(&mut person.name),
        "email" => drop(person.accounts.insert(system.to_owned(), Account::One(field.to_owned()))),
        "aliases" => person.aliases.extend(several()),
        "roles" => person.roles.extend(several().map(|role| Role { role, period: Period::default() })),
        "manager" => person.manager = Some(field.to_owned()),
        "employment" => person.employment = employment(field)?,
        "employer" => person.employer = Some(field.to_owned()),
        "ends" => person.ends = Some(field.parse()?),
        "active" => person.active = truth(field)?,
        _ => match column.strip_prefix("account:") {
            Some(of) => drop(person.accounts.insert(of.to_owned(), Account::One(field.to_owned()))),
            None => return Err(format!("column `{column}` is not understood; there are {COLUMNS}")),
        },
    }
    Ok(())
}

/// Whether a word says yes or no.
pub(super) fn truth(word: &str) -> Result<bool, String> {
    match word.to_lowercase().as_str() {
        "true" | "yes" | "1" | "active" => Ok(true),
        "false" | "no" | "0" | "inactive" => Ok(false),
        _ => Err(format!("`{word}` is neither `true` nor `false`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::Employment;
    use std::collections::BTreeMap;

    fn accounts(person: &Person) -> BTreeMap<&str, &str> {
        let names = person.accounts.iter().map(|(s, a)| (s.as_str(), a.names()));
        names.map(|(s, a)| (s, a.first().map_or("", String::as_str))).collect()
    }

    #[test]
    fn a_table_is_read() {
        let table = "email,name,Roles,employment,account:git,active,ends\n\
                     ada@corp.test,\"O, Ada\",security-approver; ciso,,aobi,,\n\
                     bo@corp.test,Bo,,contractor,,no,2027-02-28\n";
        let rows = from_csv(table, "entra").unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(rows.iter().map(|r| r.place.as_str()).collect::<Vec<_>>(), ["line 2", "line 3"]);
        let people: Vec<Person> = rows.into_iter().map(|r| r.person).collect();
        let [ada, bo] = &people[..] else { panic!("{people:?}") };
        assert_eq!(
            (ada.id.as_str(), ada.name.as_str(), ada.roles.len(), ada.active),
            ("ada", "O, Ada", 2, true)
        );
        assert_eq!(accounts(ada), BTreeMap::from([("entra", "ada@corp.test"), ("git", "aobi")]));
        assert_eq!((bo.employment, bo.active), (Employment::Contractor, false));
        assert_eq!(bo.ends.map(|e| e.to_string()).as_deref(), Some("2027-02-28T00:00:00Z"));
    }

    #[test]
    fn what_is_not_understood_is_told_with_its_line() {
        for (table, part) in [
            ("name\nAda\n", "neither a column `id` nor `email`"),
            ("id,shoe\nada,39\n", "line 2: column `shoe`"),
            ("id,active\nada,yes\nbo,perhaps\n", "line 3: `perhaps`"),
            ("id,employment\nada,wizard\n", "line 2: `wizard` says neither"),
            ("id,ends\nada,tomorrow\n", "line 2: `tomorrow` is no moment"),
            ("id,name\n,Ada\n", "line 2: the row has neither"),
        ] {
            assert!(from_csv(table, "okta").is_err_and(|e| e.contains(part)), "{table}");
        }
    }
}
