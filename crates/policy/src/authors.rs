//! Whose part in a change it is: from what a history says to the people whom the directory knows, and to machines.

use crate::facts::{AiMark, Contribution, Facts};
use crate::people::{Found, People, Via};
use crate::person::{Employment, Person};
use crate::standing::Standing;
use std::collections::BTreeSet;

/// The systems by whose accounts people sign in where a server of one's own keeps their mail address private: any of them.
const HOSTS: [&str; 3] = ["git", "github", "gitlab"];

/// The addresses by which assistants (Claude Code, Codex, Cursor, aider) name themselves in the commits they help with.
const ASSISTANTS: [&str; 5] = [
    "noreply@anthropic.com",
    "noreply@openai.com",
    "cursoragent@cursor.com",
    "aider@aider.chat",
    "noreply@aider.chat",
];

/// The account in an address by which a platform keeps the true one private, with the systems that may know it:
/// `4711+ann@users.noreply.github.com`, `4711-ann@users.noreply.gitlab.com`, and the same of servers of one's own;
/// `project_4711_bot_1f2e@noreply.gitlab.com` is a token's. An account of one platform is nobody's on another.
fn account(address: &str) -> Option<(&'static [&'static str], &str)> {
    let (local, host) = address.rsplit_once('@')?;
    let host = host.to_lowercase();
    let users = host.strip_prefix("users.noreply.");
    let token = || host.strip_prefix("noreply.").filter(|_| is_token(local));
    let (systems, marks): (&'static [&'static str], &[char]) = match users.or_else(token)? {
        "github.com" => (&["git", "github"], &['+']),
        "gitlab.com" => (&["git", "gitlab"], &['-']),
        _ => (&HOSTS, &['+', '-']),
    };
    let numbered = |mark: &char| local.split_once(*mark).filter(|(number, _)| is_number(number));
    Some((systems, marks.iter().find_map(numbered).map_or(local, |(_, name)| name)))
}

/// Whether an account is one that a platform makes for a token of a project or a group.
fn is_token(account: &str) -> bool {
    (account.starts_with("project_") || account.starts_with("group_")) && account.contains("_bot")
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
            return private(name).flat_map(|n| self.humans(&n)).collect();
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

    /// Whether a machine made a change, or helped, by who had a part in it: an agent of the directory, by whatever address, an
    /// assistant, or a program's account that the directory does not have.
    #[must_use]
    pub fn made_by(&self, contributors: &[Contribution]) -> AiMark {
        let mark = |c: &Contribution| if helped(c) { AiMark::Assisted } else { AiMark::Made };
        contributors.iter().filter(|c| self.is_agent(&c.account)).map(mark).max().unwrap_or_default()
    }

    fn is_agent(&self, name: &str) -> bool {
        let agent = |person: &Person| person.employment == Employment::Agent;
        let mut known = false;
        for name in [name.to_owned()].into_iter().chain(private(name)) {
            let is = match self.find(&name) {
                Found::One(person, via) => via == Via::Agent || agent(person),
                Found::Several(ids) => ids.iter().filter_map(|id| self.person(id)).any(agent),
                Found::Nobody => continue,
            };
            if is {
                return true;
            }
            known = true;
        }
        !known && (is_assistant(name) || is_program(name))
    }
}

/// The accounts that may stand behind a private address of a platform.
fn private(name: &str) -> impl Iterator<Item = String> {
    let found = account(name.trim()).into_iter();
    found.flat_map(|(systems, account)| systems.iter().map(move |system| format!("{system}:{account}")))
}

/// Whether an address is that of a program's account on a platform: of an app, or of a token.
fn is_program(name: &str) -> bool {
    account(name.trim()).is_some_and(|(_, account)| account.ends_with("[bot]") || is_token(account))
}

fn is_assistant(name: &str) -> bool {
    let address = name.trim().to_lowercase();
    let copilot = address.ends_with("@users.noreply.github.com")
        && account(&address).is_some_and(|(_, account)| account == "copilot");
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

    /// How many they are.
    #[must_use]
    pub fn strange(&self) -> usize {
        self.strangers().map(|c| c.account.trim().to_lowercase()).collect::<BTreeSet<_>>().len()
    }

    /// The parts of those whom the directory does not know and for whom an exception holds, with who granted it. It may be their
    /// own part, so it counts as that.
    pub fn vouched(&self) -> impl Iterator<Item = (&Contribution, &str)> {
        let holding = self.exceptions.iter().filter(|e| e.standing(self.at) == Standing::Holds);
        holding.flat_map(|e| {
            let covered = |c: &&Contribution| {
                let what = format!("contributor:{}", c.account);
                e.covers(&what, &self.subject.name, self.at) && !self.people.knows(c)
            };
            self.contributors.iter().filter(covered).map(|c| (c, e.granted_by.as_str()))
        })
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
        let bot = |account: &str, kind| Bot { account: account.into(), kind };
        ann.bots = vec![
            bot("bot@corp.test", Employment::Agent),
            bot("github:coder[bot]", Employment::Agent),
            bot("github:deps[bot]", Employment::Service),
        ];
        let agent = Person {
            employment: Employment::Agent,
            manager: Some("bo".into()),
            accounts: BTreeMap::from([("git".into(), Account::Several(vec!["a1@x".into(), "a1".into()]))]),
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
        // Of another platform it is somebody else, and numbered in another way.
        assert_eq!(who("12-bo@users.noreply.gitlab.com"), "bo");
        assert_eq!(who("12+bo@users.noreply.github.com") + &who("12+bo@users.noreply.gitlab.com"), "");
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
        // By a platform's private address too; and a program that nobody entered may be any.
        assert_eq!(by("7+coder[bot]@users.noreply.github.com", "commit 1"), AiMark::Made);
        assert_eq!(by("7+deps[bot]@users.noreply.github.com", "commit 1"), AiMark::None);
        assert_eq!(by("7+other[bot]@users.noreply.github.com", "commit 1"), AiMark::Made);
        assert_eq!(by("project_7_bot_1f@noreply.gitlab.com", "commit 1"), AiMark::Made);
        assert_eq!(by("7+ann-lee@users.noreply.github.com", "commit 1"), AiMark::None);
        assert_eq!(by("a1@users.noreply.github.com", "commit 1"), AiMark::Made);
        let part = |account: &str| Contribution { account: account.into(), how: "signed-off-by of x".into() };
        assert!(!people.knows(&part("7+other[bot]@users.noreply.github.com")));
    }
}
