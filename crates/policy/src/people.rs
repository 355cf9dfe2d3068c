//! The directory: from any name to the one human behind it, and who may act for whom.

use crate::moment::Moment;
use crate::person::{Employment, Person};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};

/// How many delegations may stand between whose authority it is and who acts.
const LONGEST_CHAIN: usize = 3;
/// How many managers are followed from a service or an agent to a human.
const LONGEST_LINE: usize = 4;

/// Everybody, with groups of them, and an index of every name.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Listed", into = "Listed")]
pub struct People {
    people: Vec<Person>,
    groups: Vec<Group>,
    index: HashMap<String, Vec<(usize, Via)>>,
    by_id: HashMap<String, usize>,
}

/// A directory as it is written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Listed {
    people: Vec<Person>,
    groups: Vec<Group>,
}

/// Several people under one address. A group can be named as an owner; it can never act.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its address or name, as records name it.
    pub id: String,
    /// The ids of its members.
    #[serde(default)]
    pub members: Vec<String>,
}

/// By what kind of name somebody was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Via {
    /// A name of their own: id, account, alias or key.
    Own,
    /// An account that they no longer have.
    Former,
    /// A bot or service account that they own.
    Service,
    /// An agent that they own.
    Agent,
}

/// Who stands behind a name.
#[derive(Debug, Clone, PartialEq)]
pub enum Found<'a> {
    /// One person.
    One(&'a Person, Via),
    /// Several: whoever it was, it cannot be told. Their ids.
    Several(Vec<&'a str>),
    /// Nobody that is known.
    Nobody,
}

/// The delegations from whose authority it is to who acts, as ids.
pub type Chain<'a> = Vec<&'a str>;

/// What is wrong in a directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeopleProblem {
    /// The person or group that it is about.
    pub who: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl From<Listed> for People {
    fn from(listed: Listed) -> People {
        People::new(listed.people, listed.groups)
    }
}

impl From<People> for Listed {
    fn from(people: People) -> Listed {
        Listed { people: people.people, groups: people.groups }
    }
}

impl PartialEq for People {
    fn eq(&self, other: &People) -> bool {
        self.people == other.people && self.groups == other.groups
    }
}

/// A name as it is looked up: without surrounding blanks, in lower case; a key without its comment and in its own case.
fn normal(name: &str) -> String {
    let name = name.trim();
    let mut words = name.split_whitespace();
    match (words.next(), words.next()) {
        (Some(kind), Some(key)) if is_key_type(kind) => fingerprint(key).unwrap_or_else(|| name.to_owned()),
        _ if name.starts_with("SHA256:") => name.trim_end_matches('=').to_owned(),
        _ => name.to_lowercase(),
    }
}

/// Whether two spellings are one name (a key and its fingerprint are).
pub(crate) fn same_name(a: &str, b: &str) -> bool {
    normal(a) == normal(b)
}

fn is_key_type(word: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-"].iter().any(|t| word.starts_with(t))
}

/// The fingerprint of a key's base64, as OpenSSH writes it.
fn fingerprint(key: &str) -> Option<String> {
    let bytes = STANDARD.decode(key).ok()?;
    Some(format!("SHA256:{}", STANDARD_NO_PAD.encode(workflow::Digest::of(&bytes).0)))
}

/// Every name of a person, and what kind of name it is.
fn names(person: &Person) -> Vec<(String, Via)> {
    let mut names = vec![(normal(&person.id), Via::Own)];
    for (system, account) in &person.accounts {
        for name in account.names() {
            names.push((normal(&format!("{system}:{name}")), Via::Own));
            names.extend(name.contains('@').then(|| (normal(name), Via::Own)));
        }
    }
    let own = person.aliases.iter().chain(person.keys.iter().map(|k| &k.key));
    names.extend(own.map(|name| (normal(name), Via::Own)));
    names.extend(person.former_accounts.iter().map(|name| (normal(name), Via::Former)));
    for bot in &person.bots {
        let via = if bot.kind == Employment::Agent { Via::Agent } else { Via::Service };
        names.push((normal(&bot.account), via));
    }
    names
}

impl People {
    /// A directory of these.
    #[must_use]
    pub fn new(people: Vec<Person>, groups: Vec<Group>) -> Self {
        let mut index: HashMap<String, Vec<(usize, Via)>> = HashMap::new();
        let mut by_id = HashMap::new();
        for (i, person) in people.iter().enumerate() {
            by_id.entry(person.id.clone()).or_insert(i);
            for (name, via) in names(person) {
                let at = index.entry(name).or_default();
                match at.iter_mut().find(|(known, _)| *known == i) {
                    Some((_, known)) => *known = (*known).max(via),
                    None => at.push((i, via)),
                }
            }
        }
        People { people, groups, index, by_id }
    }

    /// Everybody, in the directory's order.
    #[must_use]
    pub fn all(&self) -> &[Person] {
        &self.people
    }

    /// The groups.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The person with an id.
    #[must_use]
    pub fn person(&self, id: &str) -> Option<&Person> {
        self.by_id.get(id).and_then(|i| self.people.get(*i))
    }

    /// Who stands behind a name: an id, `system:account`, a mail address, an alias, a key or its fingerprint, a bot.
    #[must_use]
    pub fn find(&self, name: &str) -> Found<'_> {
        match self.index.get(&normal(name)).map_or(&[][..], Vec::as_slice) {
            [] => Found::Nobody,
            [(i, via)] => self.people.get(*i).map_or(Found::Nobody, |p| Found::One(p, *via)),
            several => Found::Several(
                several.iter().filter_map(|(i, _)| Some(self.people.get(*i)?.id.as_str())).collect(),
            ),
        }
    }

    /// Whom a key belongs to that counts at a moment.
    ///
    /// # Errors
    /// With why it counts for nobody, in words that go on after its name.
    pub fn signer(&self, key: &str, at: Moment) -> Result<&Person, String> {
        let Found::One(person, _) = self.find(key) else {
            return Err("belongs to nobody, or to more than one, in the people directory".to_owned());
        };
        let known = person.keys.iter().find(|k| k.is(key));
        let name = person.called();
        match known.filter(|k| !k.holds(at)).map(|k| k.revoked.filter(|revoked| at >= *revoked)) {
            None => Ok(person),
            Some(Some(revoked)) => Err(format!("is a key of {name} that was revoked at {revoked}")),
            Some(None) => Err(format!("is a key of {name} that does not count at this moment")),
        }
    }

    /// The human who answers for somebody: themselves, or who stands above a service or an agent.
    #[must_use]
    pub fn human<'a>(&'a self, person: &'a Person) -> Option<&'a Person> {
        let mut at = person;
        for _ in 0..LONGEST_LINE {
            if at.employment.is_human() {
                return Some(at);
            }
            at = self.person(at.manager.as_deref()?)?;
        }
        None
    }

    /// The ids of every human behind a name: all who share it, and those who answer for a service or an agent.
    #[must_use]
    pub fn humans(&self, name: &str) -> BTreeSet<&str> {
        let people = match self.find(name) {
            Found::One(person, _) => vec![person],
            Found::Several(ids) => ids.iter().filter_map(|id| self.person(id)).collect(),
            Found::Nobody => Vec::new(),
        };
        people.into_iter().flat_map(|p| [Some(p), self.human(p)]).flatten().map(|p| p.id.as_str()).collect()
    }

    /// The people that a record's name stands for: a person, or the members of a group.
    #[must_use]
    pub fn named(&self, name: &str) -> Vec<&Person> {
        let group = self.groups.iter().find(|g| normal(&g.id) == normal(name));
        match (group, self.find(name)) {
            (Some(group), _) => group.members.iter().filter_map(|id| self.person(id)).collect(),
            (None, Found::One(person, _)) => vec![person],
            (None, _) => Vec::new(),
        }
    }

    /// Who holds a role at a moment.
    pub fn with_role<'a>(&'a self, role: &'a str, at: Moment) -> impl Iterator<Item = &'a Person> {
        self.people.iter().filter(move |p| p.roles_at(at).any(|r| r == role))
    }

    /// The shortest chain of delegations by which `acting` may act for `holder` at a moment, in a role or in all; both
    /// ends are in it. None where there is no such chain, or where it would be longer than three delegations.
    #[must_use]
    pub fn chain<'a>(
        &'a self,
        holder: &str,
        acting: &str,
        role: Option<&str>,
        at: Moment,
    ) -> Option<Chain<'a>> {
        let first = self.person(holder).filter(|p| p.active_at(at))?;
        let mut fringe: Vec<Chain<'a>> = vec![vec![first.id.as_str()]];
        let mut seen: BTreeSet<&str> = BTreeSet::from([first.id.as_str()]);
        for _ in 0..LONGEST_CHAIN {
            let mut next = Vec::new();
            for chain in &fringe {
                for to in self.delegates(chain.last().copied().unwrap_or_default(), role, at) {
                    if !seen.insert(to) {
                        continue;
                    }
                    let longer: Chain<'a> = chain.iter().copied().chain([to]).collect();
                    if to == acting {
                        return Some(longer);
                    }
                    next.push(longer);
                }
            }
            fringe = next;
        }
        None
    }

    /// The roles of somebody in which another may act for them at a moment.
    #[must_use]
    pub fn lent<'a>(&'a self, holder: &str, acting: &str, at: Moment) -> Vec<&'a str> {
        let holds = self.person(holder).into_iter().flat_map(|p| p.roles_at(at));
        let mut roles: Vec<&str> =
            holds.filter(|role| self.chain(holder, acting, Some(role), at).is_some()).collect();
        roles.sort_unstable();
        roles.dedup();
        roles
    }

    /// Whom somebody lets act for them at a moment, in a role or in all; only humans who are with us.
    fn delegates(&self, id: &str, role: Option<&str>, at: Moment) -> Vec<&str> {
        let lent = |roles: &[String]| {
            roles.is_empty() || role.is_some_and(|wanted| roles.iter().any(|r| r == wanted))
        };
        let delegates = self.person(id).into_iter().flat_map(|p| &p.delegates);
        let to =
            delegates.filter(|d| d.period().holds(at) && lent(&d.roles)).filter_map(|d| self.person(&d.to));
        to.filter(|p| p.active_at(at) && p.employment.is_human()).map(|p| p.id.as_str()).collect()
    }

    /// What is wrong in it, in a fixed order.
    #[must_use]
    pub fn problems(&self) -> Vec<PeopleProblem> {
        let mut found: Vec<PeopleProblem> = self.people.iter().flat_map(|p| self.problems_of(p)).collect();
        let shared = self.index.iter().filter(|(_, at)| at.len() > 1);
        for (name, at) in shared {
            let ids: Vec<&str> =
                at.iter().filter_map(|(i, _)| Some(self.people.get(*i)?.id.as_str())).collect();
            found.push(problem(
                ids.first().copied().unwrap_or_default(),
                format!(
                    "`{name}` belongs to {}; what it signs counts for nobody. Give each their own.",
                    ids.join(" and ")
                ),
            ));
        }
        for group in &self.groups {
            let unknown = group.members.iter().filter(|m| self.person(m).is_none());
            found
                .extend(unknown.map(|m| problem(&group.id, format!("member `{m}` is not in the directory"))));
        }
        found.sort();
        found
    }

    fn problems_of(&self, person: &Person) -> Vec<PeopleProblem> {
        let mut found = Vec::new();
        let mut say = |message: String| found.push(problem(&person.id, message));
        let unknown = |id: &String| self.person(id).is_none();
        if let Some(manager) = person.manager.as_ref().filter(|m| unknown(m)) {
            say(format!("manager `{manager}` is not in the directory"));
        }
        if !person.employment.is_human() && self.human(person).is_none() {
            say("no human answers for it; name one as `manager`".to_owned());
        }
        for delegate in &person.delegates {
            if unknown(&delegate.to) {
                say(format!("delegate `{}` is not in the directory", delegate.to));
            } else if delegate.to == person.id {
                say("delegates to themselves".to_owned());
            } else if delegate.until.is_none() {
                say(format!("the delegation to `{}` never ends; give it an `until`", delegate.to));
            }
        }
        if let Some(bot) = person.bots.iter().find(|b| b.kind.is_human()) {
            say(format!("bot `{}` is neither a `service` nor an `agent`", bot.account));
        }
        for (name, _) in names(person) {
            if let Some(c) = name.chars().find(|c| !c.is_ascii_graphic() && *c != ' ') {
                say(format!(
                    "`{}` holds U+{:04X}, which can look like another letter",
                    name.escape_debug(),
                    c as u32
                ));
            }
        }
        if let Some(c) = person.name.chars().find(|c| is_hidden(*c)) {
            say(format!("the name holds U+{:04X}, which is invisible or turns the text around", c as u32));
        }
        found
    }
}

fn problem(who: &str, message: String) -> PeopleProblem {
    PeopleProblem { who: who.to_owned(), message }
}

/// Whether a character is not seen where it stands, or changes how the rest is read. The same as `is_hidden` of the ledger, on
/// which this crate does not rest; a test of the program holds them together.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
#[path = "people_tests.rs"]
mod tests;
