//! Whose part in a change it is: from what a history says to the people whom the directory knows, and to machines.

use crate::facts::{AiMark, Contribution, Facts};
use crate::people::{Found, People, Via};
use crate::person::Employment;
use std::collections::BTreeSet;

/// The systems by whose accounts people sign in where their mail address is kept private.
const HOSTS: [&str; 3] = ["git", "github", "gitlab"];

/// The addresses by which assistants (Claude Code, Codex, Cursor, aider) name themselves in the commits they help with.
const ASSISTANTS: [&str; 5] = [
    "noreply@anthropic.com",
    "noreply@openai.com",
    "cursoragent@cursor.com",
    "aider@aider.chat",
    "noreply@aider.chat",
];

/// The account in an address by which a platform keeps the true one private: `4711+ann@users.noreply.github.com`,
/// `4711-ann@users.noreply.gitlab.com`, and the same of servers of one's own.
fn account(address: &str) -> Option<&str> {
    let (local, host) = address.rsplit_once('@')?;
    if !host.get(..14)?.eq_ignore_ascii_case("users.noreply.") {
        return None;
    }
    let numbered = |(number, name)| Some(name).filter(|_| is_number(number));
    let name = local.split_once('+').or_else(|| local.split_once('-')).and_then(numbered);
    Some(name.unwrap_or(local))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

impl People {
    /// The ids of every human behind a name in a history: an account or address, a platform's private address for an account,
    /// or what a person is called, where a line names nobody's address.
    #[must_use]
    pub fn authors(&self, name: &str) -> BTreeSet<&str> {
        let found = self.humans(name);
        if !found.is_empty() {
            return found;
        }
        if name.contains('@') {
            let account = account(name.trim());
            let names = account.into_iter().flat_map(|a| HOSTS.map(|host| format!("{host}:{a}")));
            return names.flat_map(|n| self.humans(&n).into_iter().collect::<Vec<_>>()).collect();
        }
        let name = name.trim().to_lowercase();
        let called = self.all().iter().filter(|p| !name.is_empty() && p.name.trim().to_lowercase() == name);
        called.map(|p| p.id.as_str()).collect()
    }

    /// Whether the directory says whose a part in a change is. An assistant that is named as one who helped is known without it:
    /// it approves nothing.
    #[must_use]
    pub fn knows(&self, part: &Contribution) -> bool {
        (helped(part) && is_assistant(&part.account)) || !self.authors(&part.account).is_empty()
    }

    /// Whether a machine made a change, or helped, by who had a part in it: an agent of the directory, or an assistant.
    #[must_use]
    pub fn made_by(&self, contributors: &[Contribution]) -> AiMark {
        let agent = |c: &&Contribution| match self.find(&c.account) {
            Found::One(person, via) => via == Via::Agent || person.employment == Employment::Agent,
            _ => is_assistant(&c.account),
        };
        let mark = |c: &Contribution| if helped(c) { AiMark::Assisted } else { AiMark::Made };
        contributors.iter().filter(agent).map(mark).max().unwrap_or_default()
    }
}

fn is_assistant(name: &str) -> bool {
    let address = name.trim().to_lowercase();
    let copilot = address.ends_with("@users.noreply.github.com") && account(&address) == Some("copilot");
    copilot || ASSISTANTS.contains(&address.as_str())
}

/// Whether somebody is only named as one who helped.
fn helped(part: &Contribution) -> bool {
    part.how.starts_with("co-authored-by") || part.how.starts_with("signed-off-by")
}

impl Facts {
    /// Parts in the change of somebody whom the directory does not know, and for whom no exception holds now.
    pub fn strangers(&self) -> impl Iterator<Item = &Contribution> {
        let unknown = self.contributors.iter().filter(|c| !self.people.knows(c));
        unknown.filter(|c| !self.excepted(&format!("contributor:{}", c.account)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::{Account, Bot, Person};
    use std::collections::BTreeMap;

    fn people() -> People {
        let person = |id: &str, name: &str, system: &str, account: &str| Person {
            id: id.into(),
            name: name.into(),
            accounts: BTreeMap::from([(system.into(), Account::One(account.into()))]),
            active: true,
            ..Person::default()
        };
        let mut ann = person("ann", "Ann Lee", "git", "ann-lee");
        ann.bots = vec![Bot { account: "bot@corp.test".into(), kind: Employment::Agent }];
        let agent = Person {
            employment: Employment::Agent,
            manager: Some("bo".into()),
            ..person("a1", "A", "git", "a1@x")
        };
        People::new(
            vec![ann, person("bo", "Bo", "gitlab", "bo"), person("al", "ann lee", "entra", "al@x"), agent],
            vec![],
        )
    }

    #[test]
    fn private_addresses_and_bare_names_are_somebodys() {
        let people = people();
        let who = |name: &str| people.authors(name).into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(who("4711+Ann-Lee@users.noreply.github.com"), "ann");
        assert_eq!(who("ann-lee@users.noreply.github.com"), "ann");
        assert_eq!(who("12-bo@users.noreply.git.corp.test"), "bo");
        assert_eq!(who("4711+ann-lee@users.noreply"), "");
        assert_eq!(who("4711+ann-lee@noreply.github.com"), "");
        assert_eq!(who("Ann Lee"), "al ann");
        assert_eq!(who("ghost@nowhere.example") + &who("Nobody") + &who(""), "");
        assert_eq!(who("bot@corp.test"), "ann");
        assert_eq!(who("a1@x"), "a1 bo");
    }

    #[test]
    fn agents_and_assistants_make_or_help() {
        let people = people();
        let by = |account: &str, how: &str| {
            people.made_by(&[Contribution { account: account.into(), how: how.into() }])
        };
        assert_eq!(by("bot@corp.test", "commit 1"), AiMark::Made);
        assert_eq!(by("a1@x", "committed 1"), AiMark::Made);
        assert_eq!(by("a1@x", "co-authored-by of commit 1"), AiMark::Assisted);
        assert_eq!(by("noreply@anthropic.com", "co-authored-by of commit 1"), AiMark::Assisted);
        assert_eq!(by("noreply@anthropic.com", "commit 1"), AiMark::Made);
        assert_eq!(by("1+Copilot@users.noreply.github.com", "co-authored-by of commit 1"), AiMark::Assisted);
        assert_eq!(by("bo", "commit 1"), AiMark::None);
    }
}
