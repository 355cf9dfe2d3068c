//! The other lanes: `exception`, `breakglass`, `connector`, `owner`.

use super::act::{Desk, EXCEPTION, GLASS, ask, by_prefix};
use super::args::{
    Breakglass, Common, Connector, ConnectorCommand, Exception, ExceptionCommand, Format, GlassCommand, Kind,
    Look, Owner, OwnerCommand,
};
use super::repository::Repository;
use super::tell::called;
use super::view::{self, short};
use super::{change, now};
use crate::check::Exit;
use govern::{Glass, Wish, World};
use ledger::count;
use policy::{Act, BreakGlass, ComponentKind, Moment, Standing};
use serde_json::json;
use std::collections::BTreeSet;
use std::io::{self, Write};

pub(super) fn exception(options: &Exception) -> io::Result<Exit> {
    match &options.command {
        ExceptionCommand::Grant { subject, covers, until, owner, compensating, common } => {
            let mut desk = Desk::open(common)?;
            let world = desk.world(subject)?;
            exists(&desk, &world, covers)?;
            let exception = policy::Exception {
                covers: covers.clone(),
                subject: world.subject.name.clone(),
                owner: owner.clone(),
                compensating: compensating.clone(),
                from: Some(world.at),
                until: Some(*until),
                ..policy::Exception::default()
            };
            let wish = Wish { exception: Some(exception), ..desk.wish(Act::GrantException, common) };
            desk.carry_out(&world, &wish, common)
        }
        ExceptionCommand::Renew { exception, until, common } => {
            let (mut desk, world, id) = excepted(exception, common)?;
            let known = desk.repository.folded.state.exceptions.get(&id).map(|l| l.exception.clone());
            let known = known.unwrap_or_default();
            let renewed = policy::Exception {
                from: Some(world.at),
                until: Some(*until),
                renewals: known.renewals + 1,
                id: String::new(),
                granted_by: String::new(),
                ..known
            };
            let wish =
                Wish { of: Some(id), exception: Some(renewed), ..desk.wish(Act::RenewException, common) };
            desk.carry_out(&world, &wish, common)
        }
        ExceptionCommand::End { exception, common } => {
            let (mut desk, world, id) = excepted(exception, common)?;
            let wish = Wish { of: Some(id), ..desk.wish(Act::EndException, common) };
            desk.carry_out(&world, &wish, common)
        }
        ExceptionCommand::List { look } => list_exceptions(look),
    }
}

/// What an exception is to cover has to be there: one for a name that is mistyped would look as if it held.
fn exists(desk: &Desk, world: &World, covers: &[String]) -> io::Result<()> {
    let evidence = &world.evidence;
    for word in covers {
        let Some((kind, name)) = word.split_once(':') else { continue };
        let known: Vec<&str> = match kind {
            "finding" => evidence.findings.iter().map(|f| f.rule.as_str()).collect(),
            "proof" => evidence.proofs.iter().map(|p| p.name.as_str()).collect(),
            "contributor" => world.contributors.iter().map(|c| c.account.as_str()).collect(),
            "component" => evidence.components.iter().map(|c| c.name.as_str()).collect(),
            _ => desk.repository.credentials().iter().map(|c| c.id.as_str()).collect(),
        };
        if !known.contains(&name) {
            let told = format!("`{}` has no {kind} `{name}`: {}", world.subject.name, there(&known, kind));
            return Err(io::Error::new(io::ErrorKind::NotFound, told));
        }
    }
    Ok(())
}

/// What there is instead, the first few.
pub(super) fn there(known: &[&str], kind: &str) -> String {
    let mut known = known.to_vec();
    known.sort_unstable();
    known.dedup();
    let shown: Vec<String> = known.iter().take(6).map(|k| format!("`{kind}:{k}`")).collect();
    match (shown.is_empty(), known.len().saturating_sub(6)) {
        (true, _) => format!("there is no {kind} that could be covered"),
        (_, 0) => format!("there is {}", shown.join(", ")),
        (_, more) => format!("there is {} and {more} more", shown.join(", ")),
    }
}

/// The exception of a word, with the world of what it is about.
fn excepted(word: &str, common: &Common) -> io::Result<(Desk, World, String)> {
    let desk = Desk::open(common)?;
    let known = &desk.repository.folded.state.exceptions;
    let id = by_prefix(word, known.keys(), EXCEPTION)?;
    let subject = known.get(&id).map(|l| l.exception.subject.clone()).unwrap_or_default();
    let world = desk.world(&subject)?;
    Ok((desk, world, id))
}

/// The exceptions that let something pass in a world, a line each.
pub(super) fn holding(repository: &Repository, world: &World) -> Vec<String> {
    let all = repository.folded.state.exceptions.values();
    let here =
        all.filter(|l| l.environment == world.environment && l.exception.subject == world.subject.name);
    let tier = world.subject.effective_tier();
    let reaching = here.filter_map(|l| l.reaching(tier, &world.evidence.findings));
    let holds = |e: &policy::Exception| !e.covers.is_empty() && e.standing(world.at) == Standing::Holds;
    let line = |e: policy::Exception| {
        let until = e.until.map(|m| m.to_string()).unwrap_or_default();
        let by = called(&repository.people, &e.granted_by);
        let (id, covers) = (short(&e.id), e.covers.join("`, `"));
        format!("exception {id} leaves `{covers}` unasked until {until}, granted by {by}: {}", e.compensating)
    };
    reaching.filter(holds).map(line).collect()
}

fn list_exceptions(look: &Look) -> io::Result<Exit> {
    let repository = Repository::open(&look.folder, now())?;
    let all = &repository.folded.state.exceptions;
    let mut out = io::stdout().lock();
    if look.format == Format::Json {
        let rows: Vec<_> = all.values().map(|l| json!({"exception": l.exception, "environment": l.environment, "standing": l.exception.standing(repository.now), "statements": l.statements})).collect();
        writeln!(
            out,
            "{:#}",
            json!({"schema": "countersign.exceptions/1", "at": repository.now, "exceptions": rows})
        )?;
        return Ok(Exit::Clean);
    }
    if all.is_empty() {
        eprintln!("no exception was granted here");
    }
    for (id, leave) in all {
        let e = &leave.exception;
        let until = e.until.map(|m| m.to_string()).unwrap_or_default();
        writeln!(
            out,
            "{}  {:<8} {} of `{}` in `{}` until {until}, renewed {}×, granted by {}, owner {}: {}",
            short(id),
            e.standing(repository.now).to_string(),
            e.covers.join(", "),
            e.subject,
            leave.environment,
            e.renewals,
            called(&repository.people, &e.granted_by),
            e.owner,
            e.compensating
        )?;
    }
    Ok(Exit::Clean)
}

pub(super) fn breakglass(options: &Breakglass) -> io::Result<Exit> {
    match &options.command {
        GlassCommand::Open { subjects, ticket, hours, drill, common } => {
            let mut desk = Desk::open(common)?;
            let units: io::Result<Vec<String>> =
                subjects.iter().map(|s| desk.repository.unit(s).map(|u| u.name.clone())).collect();
            let scope = units?;
            let mut world = desk.world(scope.first().map_or("", String::as_str))?;
            // It is as grave as the gravest of what it is for.
            let tiers = scope.iter().filter_map(|name| desk.repository.tier(desk.repository.named(name)?));
            world.subject.tier = tiers.chain([world.subject.tier]).max().unwrap_or_default();
            world.view = view::digest(&world);
            let glass = BreakGlass {
                reason: ask(&common.reason, "--reason", "why")?,
                ticket: ask(ticket, "--ticket", "the incident's ticket")?,
                scope,
                drill: *drill,
                from: Some(world.at),
                until: Some(world.at.plus_hours(*hours)),
                ..BreakGlass::default()
            };
            let wish = Wish { glass: Some(glass), ..desk.wish(Act::OpenBreakGlass, common) };
            desk.carry_out(&world, &wish, common)
        }
        GlassCommand::Use { glass, subject, common } => {
            on_glass(Act::UseBreakGlass, glass, Some(subject), common)
        }
        GlassCommand::Close { glass, common } => on_glass(Act::CloseBreakGlass, glass, None, common),
        GlassCommand::Review { glass, common } => on_glass(Act::PostChangeReview, glass, None, common),
        GlassCommand::List { look } => list_glasses(look),
    }
}

fn on_glass(act: Act, word: &str, subject: Option<&str>, common: &Common) -> io::Result<Exit> {
    let mut desk = Desk::open(common)?;
    let known = &desk.repository.folded.state.glasses;
    let id = by_prefix(word, known.keys(), GLASS)?;
    let scope = known.get(&id).and_then(|g| g.glass.scope.first().cloned()).unwrap_or_default();
    let world = desk.world(subject.unwrap_or(&scope))?;
    let wish = Wish { of: Some(id), ..desk.wish(act, common) };
    desk.carry_out(&world, &wish, common)
}

fn list_glasses(look: &Look) -> io::Result<Exit> {
    let repository = Repository::open(&look.folder, now())?;
    let all = &repository.folded.state.glasses;
    let mut out = io::stdout().lock();
    if look.format == Format::Json {
        let rows: Vec<_> = all.values().map(|g| json!({"break-glass": g.glass, "environment": g.environment, "standing": g.glass.standing(repository.now), "uses": g.uses, "reviewed": g.reviewed, "owed": g.owed(repository.now)})).collect();
        writeln!(
            out,
            "{:#}",
            json!({"schema": "countersign.break-glass/1", "at": repository.now, "break-glass": rows})
        )?;
        return Ok(Exit::Clean);
    }
    if all.is_empty() {
        eprintln!("no break-glass was opened here");
    }
    for (id, glass) in all {
        let g = &glass.glass;
        let until = g.until.map(|m| m.to_string()).unwrap_or_default();
        let drill = if g.drill { " (drill)" } else { "" };
        writeln!(
            out,
            "{}  {:<8} `{}` in `{}` until {until}, {}, opened by {}, {}, {}{drill}: {}",
            short(id),
            g.standing(repository.now).to_string(),
            g.scope.join("`, `"),
            glass.environment,
            g.ticket,
            called(&repository.people, &g.opened_by),
            used(&repository, glass),
            looked_at(glass, repository.now),
            g.reason
        )?;
    }
    Ok(Exit::Clean)
}

/// How often a break-glass was used, and by whom besides its opener.
fn used(repository: &Repository, glass: &Glass) -> String {
    let others: Vec<String> = glass.glass.used_by.iter().map(|k| called(&repository.people, k)).collect();
    let others: BTreeSet<String> = others.into_iter().collect();
    let by = others.into_iter().collect::<Vec<_>>().join(", ");
    let by = if by.is_empty() { by } else { format!(" by {by}") };
    match glass.uses.len() {
        0 => "not used".to_owned(),
        n => format!("used {}{by}", count(n, "time", "times")),
    }
}

/// How the review of what was done stands.
fn looked_at(glass: &Glass, at: Moment) -> &'static str {
    match (&glass.reviewed, glass.owed(at)) {
        (Some(_), _) => "reviewed",
        (None, Some(_)) => "review owed",
        (None, None) if glass.glass.drill => "no review owed",
        (None, None) => "review owed once it ends",
    }
}

pub(super) fn connector(options: &Connector) -> io::Result<Exit> {
    match &options.command {
        ConnectorCommand::Approve { component, kind, common } => {
            on_component(Act::ApproveComponent(known(*kind)), component, common)
        }
        ConnectorCommand::Withdraw { component, kind, common } => {
            on_component(Act::WithdrawComponent(known(*kind)), component, common)
        }
        ConnectorCommand::List { look } => list_components(look),
    }
}

fn known(kind: Kind) -> ComponentKind {
    match kind {
        Kind::Connector => ComponentKind::Connector,
        Kind::Script => ComponentKind::Script,
        Kind::Webhook => ComponentKind::Webhook,
    }
}

fn on_component(act: Act, word: &str, common: &Common) -> io::Result<Exit> {
    let Some((name, version)) = word.rsplit_once('@').filter(|(n, v)| !n.is_empty() && !v.is_empty()) else {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("`{word}` names no version: write `name@version`"),
        ));
    };
    let mut desk = Desk::open(common)?;
    let world = desk.repository.component(name, version);
    if let Act::ApproveComponent(kind) = act {
        unused(&desk.repository, kind, name, version)?;
    }
    let wish = Wish { version: version.to_owned(), ..desk.wish(act, common) };
    desk.carry_out(&world, &wish, common)
}

/// Says it where no workflow here uses the version of a component: its name may be mistyped. The version of a script or webhook
/// is its digest, so one that is not here can be none that will be.
fn unused(repository: &Repository, kind: ComponentKind, name: &str, version: &str) -> io::Result<()> {
    let used = repository.components(kind)?;
    if used.contains(&(name.to_owned(), version.to_owned())) {
        return Ok(());
    }
    let versions = used.iter().filter(|(n, _)| n == name).map(|(n, v)| format!("`{n}@{v}`"));
    let versions: Vec<String> = versions.collect();
    let names: BTreeSet<String> = used.iter().map(|(n, _)| format!("`{n}`")).collect();
    let instead = if versions.is_empty() { names.into_iter().collect() } else { versions };
    let told = format!("no workflow here uses `{name}@{version}`; used are {}", instead.join(", "));
    if kind != ComponentKind::Connector {
        return Err(io::Error::new(io::ErrorKind::NotFound, told));
    }
    eprintln!("note: {told}");
    Ok(())
}

fn list_components(look: &Look) -> io::Result<Exit> {
    let repository = Repository::open(&look.folder, now())?;
    let mut out = io::stdout().lock();
    let all = repository
        .folded
        .state
        .components
        .iter()
        .flat_map(|((kind, name), all)| all.iter().map(move |a| (kind, name, a)));
    if look.format == Format::Json {
        let rows: Vec<_> =
            all.map(|(kind, name, a)| json!({"kind": kind, "name": name, "approved": a})).collect();
        writeln!(out, "{:#}", json!({"schema": "countersign.components/1", "components": rows}))?;
        return Ok(Exit::Clean);
    }
    if repository.folded.state.components.is_empty() {
        eprintln!("no connector, script or webhook was approved here");
    }
    for (_, name, approved) in all {
        let word = if approved.withdrawn.is_some() { "withdrawn" } else { "approved" };
        writeln!(out, "{}  {word:<9} {name}@{}", short(&approved.id), approved.version)?;
    }
    Ok(Exit::Clean)
}

pub(super) fn owner(options: &Owner) -> io::Result<Exit> {
    let (act, subject, common) = match &options.command {
        OwnerCommand::Take { subject, common } => return change::take_over(subject, common),
        OwnerCommand::Stop { subject, common } => (Act::Kill, subject, common),
        OwnerCommand::Retire { subject, common } => (Act::Retire, subject, common),
    };
    let mut desk = Desk::open(common)?;
    let world = desk.world(subject)?;
    let reason = ask(&common.reason, "--reason", "why")?;
    let wish = Wish { reason, ..desk.wish(act, common) };
    desk.carry_out(&world, &wish, common)
}

#[cfg(test)]
mod tests {
    use super::looked_at;
    use govern::Glass;
    use policy::{BreakGlass, Moment};

    #[test]
    fn an_open_break_glass_will_owe_its_review() {
        let glass = BreakGlass { from: Some(Moment(0)), until: Some(Moment(3600)), ..BreakGlass::default() };
        let glass =
            Glass { glass, environment: "production".into(), tier: 2, uses: Vec::new(), reviewed: None };
        assert_eq!(looked_at(&glass, Moment(10)), "review owed once it ends");
        assert_eq!(looked_at(&glass, Moment(3600)), "review owed");
        let reviewed = Glass { reviewed: Some((Moment(3700), "sha256:r".into())), ..glass.clone() };
        assert_eq!(looked_at(&reviewed, Moment(3800)), "reviewed");
        let drill = Glass { glass: BreakGlass { drill: true, ..glass.glass.clone() }, ..glass };
        assert_eq!(looked_at(&drill, Moment(3800)), "no review owed");
    }
}
