//! People and groups from SCIM 2.0 (RFC 7643): a list response, an array of resources, or one resource.

use super::csv::truth;
use super::import::Row;
use policy::{Account, Employment, Group, Person};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Reads users and groups; `system` is the name of the system whose accounts they are.
///
/// # Errors
/// When the text is no JSON, holds neither users nor groups, or says of a user what is not understood.
pub fn from_scim(text: &str, system: &str) -> Result<(Vec<Row>, Vec<Group>), String> {
    let document: Value = serde_json::from_str(text).map_err(|e| format!("no JSON: {e}"))?;
    let resources: Vec<&Value> = match (&document, document.get("Resources")) {
        (_, Some(Value::Array(all))) | (Value::Array(all), _) => all.iter().collect(),
        (one, _) => vec![one],
    };
    let of = |kind: &str| resources.iter().copied().filter(|r| is(r, kind)).collect::<Vec<_>>();
    let (users, groups) = (of("User"), of("Group"));
    if users.is_empty() && groups.is_empty() {
        return Err(
            "holds no SCIM users or groups (`schemas` with `…:core:2.0:User` or `…:Group`)".to_owned()
        );
    }
    let ids = ids(&users);
    let row = |(i, user): (usize, &&Value)| {
        let place = format!("user {} (`{}`)", i + 1, user_name(user));
        let person = person(user, system, &ids).map_err(|e| format!("{place}: {e}"))?;
        Ok::<Row, String>(Row { place, stated: false, person })
    };
    let people: Result<Vec<Row>, String> = users.iter().enumerate().map(row).collect();
    Ok((people?, groups.iter().map(|g| group(g, &ids)).collect()))
}

fn is(resource: &Value, kind: &str) -> bool {
    let schemas = resource.get("schemas").and_then(Value::as_array);
    schemas.is_some_and(|all| {
        all.iter().any(|s| s.as_str() == Some(&format!("urn:ietf:params:scim:schemas:core:2.0:{kind}")))
    })
}

fn text<'v>(value: &'v Value, path: &[&str]) -> &'v str {
    path.iter().try_fold(value, |v, key| v.get(key)).and_then(Value::as_str).unwrap_or_default()
}

fn user_name(user: &Value) -> &str {
    text(user, &["userName"])
}

/// From SCIM's ids to ours: the user name before its `@`, or all of it where two would be the same.
fn ids(users: &[&Value]) -> BTreeMap<String, String> {
    let name = |u: &Value| text(u, &["userName"]).to_lowercase();
    let local = |u: &Value| name(u).split('@').next().unwrap_or_default().to_owned();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    users.iter().for_each(|u| *seen.entry(local(u)).or_default() += 1);
    let id = |u: &Value| if seen.get(&local(u)) == Some(&1) { local(u) } else { name(u) };
    users.iter().map(|u| (text(u, &["id"]).to_owned(), id(u))).collect()
}

fn person(user: &Value, system: &str, ids: &BTreeMap<String, String>) -> Result<Person, String> {
    let display = [text(user, &["displayName"]), text(user, &["name", "formatted"])];
    let parts = format!("{} {}", text(user, &["name", "givenName"]), text(user, &["name", "familyName"]));
    let named = display.into_iter().find(|n| !n.is_empty()).unwrap_or(parts.trim()).to_owned();
    let account = text(user, &["userName"]).to_owned();
    let values = |key: &str| {
        let all = user.get(key).and_then(Value::as_array).into_iter().flatten();
        all.map(|v| v.get("value").unwrap_or(v))
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect::<BTreeSet<_>>()
    };
    let manager = text(user, &[ENTERPRISE, "manager", "value"]);
    Ok(Person {
        id: ids.get(text(user, &["id"])).cloned().unwrap_or_default(),
        name: named,
        aliases: values("emails").into_iter().filter(|e| !e.eq_ignore_ascii_case(&account)).collect(),
        accounts: BTreeMap::from([(system.to_owned(), Account::One(account))]),
        roles: values("roles")
            .into_iter()
            .map(|role| policy::Role { role, period: policy::Period::default() })
            .collect(),
        manager: (!manager.is_empty())
            .then(|| ids.get(manager).cloned().unwrap_or_else(|| manager.to_owned())),
        employment: employment(text(user, &["userType"]))?,
        active: active(user)?,
        ..Person::default()
    })
}

/// `active` is optional in SCIM, and its absence says nothing against a user; some write it as a text.
fn active(user: &Value) -> Result<bool, String> {
    match user.get("active") {
        None | Some(Value::Null) => Ok(true),
        Some(Value::Bool(active)) => Ok(*active),
        Some(Value::String(word)) => truth(word).map_err(|e| format!("`active`: {e}")),
        Some(other) => Err(format!("`active`: `{other}` is neither `true` nor `false`")),
    }
}

/// Words that name somebody who works for us and is employed elsewhere, wherever they stand in what is said.
const OUTSIDE: [&str; 15] = [
    "augment",
    "staffing",
    "contract",
    "contingent",
    "external",
    "temp",
    "vendor",
    "consultant",
    "partner",
    "guest",
    "supplier",
    "freelance",
    "agency",
    "third",
    "outsourc",
];

/// Words that name an employee.
const INSIDE: [&str; 9] =
    ["employee", "employees", "staff", "permanent", "fulltime", "full", "parttime", "intern", "regular"];

/// Words that take back what they stand with.
const DENIED: [&str; 6] = ["non", "not", "no", "ex", "former", "board"];

/// What somebody is, by the words of free text. A word that says nothing of it is no employee by silence.
pub(super) fn employment(word: &str) -> Result<Employment, String> {
    let word = word.trim().to_lowercase();
    let words: Vec<&str> = word.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let has = |known: &[&str]| known.iter().any(|k| word.contains(k));
    // Who is not, or is no more, what is named is not that.
    let denied = words.iter().any(|w| DENIED.contains(w)) || word.starts_with("non");
    match word.as_str() {
        "" => Ok(Employment::Employee),
        "service" | "service account" | "service-account" | "bot" => Ok(Employment::Service),
        "agent" | "ai agent" => Ok(Employment::Agent),
        _ if has(&OUTSIDE) => Ok(Employment::Contractor),
        _ if !denied && words.iter().any(|w| INSIDE.contains(w)) => Ok(Employment::Employee),
        _ => Err(format!(
            "`{word}` says neither that somebody is ours nor that they are not: write `employee`, `contractor`, `service` or \
             `agent`"
        )),
    }
}

fn group(group: &Value, ids: &BTreeMap<String, String>) -> Group {
    let members = group.get("members").and_then(Value::as_array).into_iter().flatten();
    let id = |m: &Value| {
        let value = text(m, &["value"]);
        ids.get(value).cloned().unwrap_or_else(|| value.to_owned())
    };
    Group { id: text(group, &["displayName"]).to_owned(), members: members.map(id).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"{"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 3, "Resources": [
        {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": "u1", "userName": "Ada@corp.test", "displayName": "Ada O",
         "emails": [{"value": "ada@corp.test"}, {"value": "ada.o@corp.test", "type": "work"}], "roles": [{"value": "security-approver"}],
         "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"manager": {"value": "u2"}}},
        {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": "u2", "userName": "bo@corp.test", "userType": "Contractor",
         "name": {"givenName": "Bo", "familyName": "Li"}, "active": false},
        {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "id": "g1", "displayName": "iam@corp.test",
         "members": [{"value": "u1"}, {"value": "gone"}]}]}"#;

    #[test]
    fn users_and_groups_are_read() {
        let (rows, groups) = from_scim(LIST, "okta").unwrap_or_else(|e| panic!("{e}"));
        let people: Vec<Person> = rows.into_iter().map(|r| r.person).collect();
        let [ada, bo] = &people[..] else { panic!("{people:?}") };
        assert_eq!(
            (ada.id.as_str(), ada.name.as_str(), ada.manager.as_deref()),
            ("ada", "Ada O", Some("bo"))
        );
        assert_eq!(ada.aliases, ["ada.o@corp.test"]);
        assert_eq!(ada.accounts.get("okta"), Some(&Account::One("Ada@corp.test".to_owned())));
        assert_eq!(ada.roles.len(), 1);
        assert_eq!((bo.name.as_str(), bo.employment, bo.active), ("Bo Li", Employment::Contractor, false));
        assert_eq!(
            groups,
            [Group { id: "iam@corp.test".to_owned(), members: vec!["ada".into(), "gone".into()] }]
        );
    }

    #[test]
    fn what_somebody_is_is_understood_or_refused() {
        for word in ["contractors", "Contingent Worker", "External Contractor", "Temp", "internal consultant"]
        {
            assert_eq!(employment(word), Ok(Employment::Contractor), "{word}");
        }
        for word in ["", "Employee", "Intern", "Full-time"] {
            assert_eq!(employment(word), Ok(Employment::Employee), "{word}");
        }
        let user = |active: &str| LIST.replace("\"active\": false", &format!("\"active\": {active}"));
        let read = |active: &str| {
            from_scim(&user(active), "okta").map(|(rows, _)| rows.iter().all(|r| r.person.active))
        };
        assert_eq!([read("\"False\""), read("\"true\""), read("null")], [Ok(false), Ok(true), Ok(true)]);
        let refused = |told: Result<bool, String>, part: &str| {
            told.is_err_and(|e| e.starts_with("user 2 (`bo@corp.test`)") && e.contains(part))
        };
        assert!(refused(read("\"perhaps\""), "`perhaps`"));
        let strange = from_scim(&LIST.replace("Contractor", "Wizard"), "okta").map(|_| true);
        assert!(refused(strange, "`wizard` says neither"));
    }

    #[test]
    fn what_is_no_scim_is_said() {
        assert!(from_scim("[", "okta").is_err_and(|e| e.contains("no JSON")));
        assert!(from_scim("{}", "okta").is_err_and(|e| e.contains("no SCIM users")));
        let two = LIST.replace("bo@corp.test", "ada@other.test");
        let (people, _) = from_scim(&two, "okta").unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(
            people.iter().map(|r| r.person.id.as_str()).collect::<Vec<_>>(),
            ["ada@corp.test", "ada@other.test"]
        );
    }

    #[test]
    fn the_examples_of_the_standard_are_read() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors/scim/samples");
        let Ok(files) = std::fs::read_dir(folder) else {
            eprintln!("skipped: no vectors at hand");
            return;
        };
        let mut users = 0;
        for path in files.flatten().map(|e| e.path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let read = from_scim(&text, "scim");
            if name.starts_with("rfc7643-8.1")
                || name.starts_with("rfc7643-8.2")
                || name.starts_with("rfc7643-8.3")
            {
                let (people, _) = read.unwrap_or_else(|e| panic!("{name}: {e}"));
                assert_eq!(
                    people.iter().map(|r| r.person.id.as_str()).collect::<Vec<_>>(),
                    ["bjensen"],
                    "{name}"
                );
                users += 1;
            } else if name == "rfc7643-8.4-group.json" {
                let groups = read.map(|(_, g)| g).unwrap_or_default();
                assert_eq!(
                    groups.first().map(|g| (g.id.as_str(), g.members.len())),
                    Some(("Tour Guides", 2))
                );
            }
        }
        assert_eq!(users, 3);
    }
}
