//! `countersign people show`: who stands behind a name.

use super::{Format, Show, place, read};
use crate::check::Exit;
use policy::{Found, Moment, People, Person, Via};
use serde_json::{Value, json};
use ssh_key::HashAlg;
use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

pub(super) fn run(show: &Show, out: &mut dyn Write) -> io::Result<Exit> {
    let (people, _) = read(&place(&show.people))?;
    let at = show.at.unwrap_or_else(now);
    let found = match &show.name {
        None => people.all().iter().map(|p| (p, Via::Own)).collect(),
        Some(name) => named(&people, name)?,
    };
    if show.format == Format::Json {
        let all: Vec<Value> = found.iter().map(|(p, via)| data(&people, p, *via, at)).collect();
        writeln!(out, "{:#}", json!({"schema": "countersign.people-show/1", "at": at, "people": all}))?;
        return Ok(Exit::Clean);
    }
    for (person, via) in found {
        tell(&people, person, via, at, out)?;
    }
    Ok(Exit::Clean)
}

/// Now, by this machine's clock.
pub(crate) fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    Moment(i64::try_from(since).unwrap_or(i64::MAX))
}

fn named<'a>(people: &'a People, name: &str) -> io::Result<Vec<(&'a Person, Via)>> {
    match people.find(name) {
        Found::One(person, via) => Ok(vec![(person, via)]),
        Found::Several(ids) => Err(io::Error::other(format!(
            "`{name}` belongs to {}; what it does counts for nobody until each has their own",
            ids.join(" and ")
        ))),
        Found::Nobody => {
            let members = people.named(name);
            if members.is_empty() {
                let told = format!("nobody goes by `{name}`; `countersign people show` lists everybody");
                return Err(io::Error::new(io::ErrorKind::NotFound, told));
            }
            Ok(members.into_iter().map(|p| (p, Via::Own)).collect())
        }
    }
}

/// The chains by which somebody can act for others.
fn chains(people: &People, person: &Person, at: Moment) -> Vec<String> {
    let others = people.all().iter().filter(|p| p.id != person.id);
    let whole =
        others.clone().filter_map(|p| people.chain(&p.id, &person.id, None, at)).map(|c| c.join(" → "));
    let by_role = others.flat_map(|p| {
        p.roles_at(at).filter_map(|r| Some((r, people.chain(&p.id, &person.id, Some(r), at)?)))
    });
    let all: Vec<String> = whole.collect();
    let only = by_role.map(|(role, c)| (role, c.join(" → "))).filter(|(_, c)| !all.contains(c));
    let only: Vec<String> = only.map(|(role, c)| format!("{c} (as {role})")).collect();
    [all, only].concat()
}

fn via(via: Via) -> Option<&'static str> {
    match via {
        Via::Own => None,
        Via::Former => Some("an account that they no longer have: it may do nothing"),
        Via::Service => Some("a bot or service account of theirs: it approves nothing"),
        Via::Agent => Some("an agent of theirs: it approves nothing"),
    }
}

fn data(people: &People, person: &Person, by: Via, at: Moment) -> Value {
    json!({
        "id": person.id, "name": person.name, "employment": person.employment, "active": person.active_at(at),
        "roles": person.roles_at(at).collect::<Vec<_>>(), "via": via(by), "acts-for": chains(people, person, at),
        "answers": people.human(person).map(|p| &p.id), "manager": person.manager, "employer": person.employer,
        "ends": person.ends, "accounts": person.accounts, "exception-limit": person.exception_limit,
        "keys": keys(person, at).collect::<Vec<_>>(),
        "bots": person.bots.iter().map(|b| &b.account).collect::<Vec<_>>(),
    })
}

fn tell(people: &People, person: &Person, by: Via, at: Moment, out: &mut dyn Write) -> io::Result<()> {
    let active = if person.active_at(at) { "" } else { ", not with us" };
    writeln!(out, "{}  {} ({}{active})", person.id, person.called(), person.employment.as_str())?;
    if let Some(via) = via(by) {
        writeln!(out, "  by      {via}")?;
    }
    let roles: Vec<&str> = person.roles_at(at).collect();
    if !roles.is_empty() {
        writeln!(out, "  roles   {}", roles.join(", "))?;
    }
    for chain in chains(people, person, at) {
        writeln!(out, "  acts    {chain}")?;
    }
    if let Some(manager) = &person.manager {
        writeln!(out, "  manager {manager}")?;
    }
    if person.exception_limit > 0 && person.active_at(at) {
        writeln!(out, "  may     grant exceptions up to tier {}", person.exception_limit)?;
    }
    for (system, account) in &person.accounts {
        writeln!(out, "  account {system}: {}", account.names().join(", "))?;
    }
    person.bots.iter().try_for_each(|b| writeln!(out, "  bot     {}", b.account))?;
    keys(person, at).try_for_each(|key| writeln!(out, "  key     {key}"))
}

/// The keys by which somebody can act at a moment: by what they are told from each other.
fn keys(person: &Person, at: Moment) -> impl Iterator<Item = String> {
    person.keys.iter().filter(move |k| k.holds(at)).map(|k| {
        let print = ssh_key::PublicKey::from_openssh(&k.key).map(|key| key.fingerprint(HashAlg::Sha256));
        print.map_or_else(|_| k.key.clone(), |print| print.to_string())
    })
}
