//! A simulated directory: people, their accounts on target systems, the access and the keys of each. Effects change it,
//! reads look into it.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use workflow::{Kind, Text};

/// People and their accounts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Directory {
    /// The people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Person>,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Person {
    /// By which the scenarios name the person.
    pub id: Text,
    /// The name, for people; two may have the same.
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub name: Text,
    /// The mail address.
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub mail: Text,
    /// The manager, by id.
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub manager: Text,
    /// Roles in the organisation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Text>,
    /// Accounts, by system.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub accounts: BTreeMap<Text, Account>,
}

/// An account on a system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Account {
    /// The system's id of it.
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub id: Text,
    /// It can be used.
    pub enabled: bool,
    /// Groups, roles and other access.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub access: BTreeSet<Text>,
    /// How many keys (passwords, tokens, certificates) it has.
    pub keys: u32,
    /// What a read of it gives, in the system's own shape.
    #[serde(skip_serializing_if = "Json::is_null")]
    pub record: Json,
}

impl Default for Account {
    fn default() -> Self {
        Account { id: Text::default(), enabled: true, access: BTreeSet::new(), keys: 1, record: Json::Null }
    }
}

/// Whatever access an account has, where an effect does not say which.
const ALL: &str = "*";

impl Directory {
    /// Nobody is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// The person that a value names: by id, name, mail, or the id or a field of the account on a system.
    #[must_use]
    pub fn find(&self, system: &str, value: &str) -> Option<usize> {
        self.all(system, value).next()
    }

    fn all<'d>(&'d self, system: &'d str, value: &'d str) -> impl Iterator<Item = usize> + 'd {
        let same = move |t: &Text| !t.is_empty() && t.eq_ignore_ascii_case(value);
        let account = move |s: &Text, a: &Account| {
            (system.is_empty() || s == system) && (same(&a.id) || mentions(&a.record, value))
        };
        let named = move |p: &Person| {
            [&p.id, &p.name, &p.mail].into_iter().any(same) || p.accounts.iter().any(|(s, a)| account(s, a))
        };
        self.people.iter().enumerate().filter(move |(_, p)| named(p)).map(|(i, _)| i)
    }

    /// Whether two names are of one person.
    #[must_use]
    pub fn same(&self, system: &str, one: &str, other: &str) -> bool {
        one.eq_ignore_ascii_case(other)
            || self.find(system, one).is_some_and(|p| self.find(system, other) == Some(p))
    }

    /// The records that a read on a system gives for some values; nothing where the system is not simulated.
    #[must_use]
    pub fn read(&self, system: &str, values: &[Text]) -> Option<Vec<Json>> {
        let known = self.people.iter().any(|p| p.accounts.get(system).is_some_and(|a| !a.record.is_null()));
        known.then(|| {
            let found: BTreeSet<usize> = values.iter().flat_map(|v| self.all(system, v)).collect();
            let account = |i: usize| Some(self.people.get(i)?.accounts.get(system)?.record.clone());
            found.into_iter().filter_map(account).collect()
        })
    }

    /// The account of a person on a system.
    #[must_use]
    pub fn account(&self, system: &str, person: &str) -> Option<&Account> {
        self.people.get(self.find(system, person)?)?.accounts.get(system)
    }

    /// Lets an effect change the account of somebody; who is not there yet is added.
    pub fn apply(&mut self, kind: Kind, system: &Text, identity: &Text, entitlement: &[Text]) {
        let person = self.find(system, identity).unwrap_or_else(|| {
            self.people.push(Person { id: identity.clone(), ..Person::default() });
            self.people.len() - 1
        });
        let Some(person) = self.people.get_mut(person) else { return };
        if kind == Kind::DeleteIdentity {
            person.accounts.remove(system);
            return;
        }
        let account = person.accounts.entry(system.clone()).or_default();
        let all = [Text::const_new(ALL)];
        let named = if entitlement.is_empty() { &all[..] } else { entitlement };
        match kind {
            Kind::Grant => account.access.extend(named.iter().cloned()),
            Kind::Revoke if entitlement.is_empty() => account.access.clear(),
            Kind::Revoke => account.access.retain(|a| !entitlement.contains(a)),
            Kind::Enable => account.enabled = true,
            Kind::Disable => account.enabled = false,
            Kind::IssueCredential => account.keys += 1,
            Kind::RevokeCredential => account.keys = account.keys.saturating_sub(1),
            Kind::ResetCredential | Kind::RotateCredential => account.keys = 1,
            _ => {}
        }
    }
}

/// Whether a record holds a text in one of its fields, or one level below.
fn mentions(record: &Json, value: &str) -> bool {
    let is = |v: &Json| v.as_str().is_some_and(|t| !t.is_empty() && t.eq_ignore_ascii_case(value));
    let inside = |v: &Json| v.as_object().is_some_and(|o| o.values().any(is));
    is(record) || inside(record) || record.as_object().is_some_and(|o| o.values().any(inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> Directory {
        let person = |id: &str, mail: &str| Person {
            id: id.into(),
            name: "Ada Berg".into(),
            accounts: [(
                "okta".into(),
                Account {
                    id: format!("00u-{id}").into(),
                    record: serde_json::json!({"id": format!("00u-{id}"), "profile": {"email": mail}}),
                    ..Account::default()
                },
            )]
            .into(),
            ..Person::default()
        };
        Directory { people: vec![person("ada", "ada@corp.test"), person("ada2", "berg@corp.test")] }
    }

    #[test]
    fn people_are_found_by_any_of_their_names() {
        let d = directory();
        assert_eq!(d.find("okta", "00u-ada2"), Some(1));
        assert_eq!(d.find("okta", "Berg@corp.test"), Some(1));
        assert_eq!(d.find("okta", "nobody"), None);
        assert!(d.same("okta", "ada", "ada@corp.test") && !d.same("okta", "ada", "ada2"));
    }

    #[test]
    fn two_of_one_name_are_both_read() {
        let d = directory();
        assert_eq!(d.read("okta", &["Ada Berg".into()]).unwrap().len(), 2);
        assert_eq!(d.read("entra", &["Ada Berg".into()]), None);
    }

    #[test]
    fn effects_change_accounts() {
        let mut d = directory();
        let (okta, ada, admins) = ("okta".into(), "00u-ada".into(), [Text::from("admins")]);
        d.apply(Kind::Grant, &okta, &ada, &admins);
        assert!(d.account("okta", "ada").unwrap().access.contains("admins"));
        d.apply(Kind::Disable, &okta, &ada, &[]);
        d.apply(Kind::Revoke, &okta, &ada, &admins);
        d.apply(Kind::IssueCredential, &okta, &ada, &[]);
        let account = d.account("okta", "ada").unwrap();
        assert!(!account.enabled && account.access.is_empty() && account.keys == 2);
        d.apply(Kind::DeleteIdentity, &okta, &ada, &[]);
        assert_eq!(d.account("okta", "ada"), None);
        d.apply(Kind::CreateIdentity, &okta, &"new".into(), &[]);
        assert!(d.account("okta", "new").is_some());
    }
}
