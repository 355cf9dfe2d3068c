//! The life of a change: `propose`, `review`, `release`, `rollback`.

use super::act::{Desk, GLASS, PROPOSAL, ask, by_prefix, is_json, print};
use super::args::{Ai, Common, Propose, Release, Review, Rollback};
use super::status::said;
use super::tell::called;
use super::{changed, lanes, summary, view};
use crate::check::Exit;
use govern::{Entry, Intent, Live, Looked, Phase, Proposal, Wish, World, step, voids};
use policy::{Act, AiMark, Governed, SubjectKind, Verdict};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IsTerminal, Write};
use std::time::Instant;

/// What a word names: a workflow, or what governs.
pub(super) fn governing(word: &str) -> Option<(SubjectKind, Governed)> {
    match word {
        "policy" => Some((SubjectKind::Policy, Governed::Policy)),
        "people" => Some((SubjectKind::People, Governed::People)),
        "configuration" => Some((SubjectKind::Configuration, Governed::Configuration)),
        _ => None,
    }
}

impl Desk {
    /// The world of what a word names.
    ///
    /// # Errors
    /// When there is no such thing.
    pub fn world(&self, word: &str) -> io::Result<World> {
        let mut world = match governing(word) {
            Some((kind, _)) => self.repository.governing(kind),
            None => self.repository.world(self.repository.unit(word)?, &self.environment)?,
        };
        changed::show(&self.repository, &mut world, None);
        Ok(world)
    }
}

pub(super) fn propose(options: &Propose) -> io::Result<Exit> {
    let common = &options.common;
    let mut desk = Desk::open(common)?;
    let mut world = desk.world(&options.subject)?;
    if options.withdraw {
        let known = desk.repository.folded.state.proposals.keys();
        let of = options.proposal.as_ref().map(|p| by_prefix(p, known, PROPOSAL)).transpose()?;
        let wish = Wish { of, ..desk.wish(Act::Withdraw, common) };
        return desk.carry_out(&world, &wish, common);
    }
    if let Some((kind, _)) = governing(&options.subject) {
        committed(&desk, &options.subject, desk.repository.is_governing_dirty(kind))?;
    }
    let reason = if options.drill {
        ask(&common.reason, "--reason", "what was put in")?
    } else {
        common.reason.clone()
    };
    world.ai = world.ai.max(match options.ai {
        None => AiMark::None,
        Some(Ai::Assisted) => AiMark::Assisted,
        Some(Ai::Made) => AiMark::Made,
    });
    unheard(&desk, &world);
    let mut told = Vec::new();
    let known = desk.repository.folded.state.workflows.get(&world.subject.name);
    let new = known.is_none_or(|w| w.phase == Phase::Retired);
    if new && world.subject.kind == SubjectKind::Workflow {
        let wish = desk.wish(Act::Register, common);
        let (exit, registered) = desk.carry(&world, &wish, common)?;
        told.extend(registered);
        if exit != Exit::Clean {
            print(told, common)?;
            return Ok(exit);
        }
        if let Some(statement) = told.last().filter(|_| common.show) {
            as_registered(&mut desk, statement, common)?;
        }
    }
    if !is_json(common) && !common.show {
        print!("{}", view::page(&world));
    }
    let wish = Wish { drill: options.drill, reason, ..desk.wish(Act::Propose, common) };
    let (exit, proposed) = desk.carry(&world, &wish, common)?;
    told.extend(proposed);
    print(told, common)?;
    Ok(exit)
}

/// Says it where an environment is named that nobody spoke of so far: it may be mistyped.
fn unheard(desk: &Desk, world: &World) {
    let (here, usual) = (&world.environment, &desk.repository.environment);
    let heard = desk.repository.entries.iter().map(|e| &e.event.environment).chain([usual]);
    let known: BTreeSet<&String> = heard.filter(|e| !e.is_empty()).collect();
    if !here.is_empty() && !known.contains(here) {
        let known: Vec<String> = known.into_iter().map(|e| format!("`{e}`")).collect();
        eprintln!("note: nothing was proposed for `{here}` so far; known here: {}", known.join(", "));
    }
}

/// The state as it will be once a workflow is registered by a statement that is only shown.
fn as_registered(desk: &mut Desk, statement: &Value, common: &Common) -> io::Result<()> {
    let payload = ledger::json::to_canonical(statement).map_err(io::Error::other)?;
    let event = super::statement::event(&payload).map_err(io::Error::other)?;
    let key = desk.wish(Act::Register, common).key;
    let entry = Entry { id: super::statement::id(&payload), key, event };
    let state = &mut desk.repository.folded.state;
    step(state, &entry).map_err(|refusal| io::Error::other(refusal.message))?;
    state.heads = BTreeSet::from([entry.id]);
    Ok(())
}

pub(super) fn review(options: &Review) -> io::Result<Exit> {
    let common = &options.common;
    let answers = options.approve || options.refuse || options.rework || io::stdin().is_terminal();
    let mut desk = if answers { Desk::open(common)? } else { Desk::look(common)? };
    let world = desk.world(&options.subject)?;
    let known = desk.repository.folded.state.proposals.keys();
    let of = match &options.proposal {
        Some(word) => Some(by_prefix(word, known, PROPOSAL)?),
        None => asked(&desk, &world)?,
    };
    let world = proposed(&desk, world, of.as_deref());
    let began = Instant::now();
    if !is_json(common) && !common.show {
        tell(&desk, &world, of.as_deref())?;
    }
    let Some(verdict) = verdict(options)? else { return unanswered(&desk, &world, of.as_deref(), common) };
    let mut wish = desk.wish(Act::Review(verdict), common);
    if verdict != Verdict::Approve {
        wish.reason = ask(&common.reason, "--reason", "why")?;
    }
    // How long was looked is known only where it was looked and answered in one go.
    let seconds =
        io::stdin().is_terminal().then(|| u32::try_from(began.elapsed().as_secs()).unwrap_or(u32::MAX));
    wish.looked = Some(Looked { seconds, at_once: 1 });
    wish.of.clone_from(&of);
    let exit = desk.carry_out(&world, &wish, common)?;
    if exit == Exit::Clean && !common.show && !is_json(common) {
        reveal(&desk, of.as_deref(), verdict);
    }
    Ok(exit)
}

/// A review that only looks: as JSON it gives what else is printed. A statement to show there is none.
fn unanswered(desk: &Desk, world: &World, of: Option<&str>, common: &Common) -> io::Result<Exit> {
    if common.show {
        let told =
            "there is no statement to show without an answer: add `--approve`, `--refuse` or `--rework`";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, told));
    }
    if is_json(common) {
        let proposal = of.and_then(|id| desk.repository.folded.state.proposals.get(id));
        // What a drill is about is told once it was reviewed.
        let proposal = proposal.map(|p| Proposal {
            reason: if p.drill { String::new() } else { p.reason.clone() },
            drill: false,
            ..p.clone()
        });
        let page = view::page(world);
        let page: Vec<&str> = page.lines().collect();
        let told = json!({"schema": "countersign.review/1", "subject": world.subject, "environment": world.environment,
            "shown": world.view, "page": page, "changes": world.changes, "statement": of, "proposal": proposal,
            "exceptions": lanes::holding(&desk.repository, world),
            "said": desk.repository.folded.state.said(of.unwrap_or_default()),
            "voids": proposal.as_ref().map(|p| voids(p, world))});
        print(vec![told], common)?;
    }
    Ok(Exit::Clean)
}

/// After a drill was reviewed: that it was one, and what was put in.
fn reveal(desk: &Desk, of: Option<&str>, verdict: Verdict) {
    let reviewed = of.and_then(|id| desk.repository.folded.state.proposals.get(id));
    if let Some(drill) = reviewed.filter(|p| p.drill) {
        let word = if verdict == Verdict::Approve { "not noticed" } else { "noticed" };
        println!("  this was a drill, and it was {word}: {}", drill.reason);
    }
}

/// The one open proposal that can be meant: of those about what lies in the folder and those to roll back, or where there are
/// none, the newest. What is shown and what is signed have to be one thing, so several are not chosen from.
fn asked(desk: &Desk, world: &World) -> io::Result<Option<String>> {
    let state = &desk.repository.folded.state;
    let intents = [Intent::Change, Intent::RollBack, Intent::TakeOver];
    let find = |i| state.open_proposal(&world.subject, &world.environment, i);
    let open: Vec<_> = intents.into_iter().filter_map(find).collect();
    let fits = |p: &Proposal| p.intent == Intent::RollBack || p.closure == world.subject.closure;
    let fitting: Vec<_> = open.iter().filter(|(_, p)| fits(p)).collect();
    if let [_, _, ..] = fitting[..] {
        let each: Vec<String> =
            fitting.iter().map(|(id, p)| format!("{} ({})", view::short(id), phrase(p.intent))).collect();
        let told = format!(
            "several things are proposed for `{}`: name one with `--proposal`: {}",
            world.subject.name,
            each.join(", ")
        );
        return Err(io::Error::new(io::ErrorKind::InvalidInput, told));
    }
    let newest = open.iter().max_by_key(|(_, p)| p.number);
    Ok(fitting.first().copied().or(newest).map(|(id, _)| (*id).clone()))
}

/// What a proposal asks for.
fn phrase(intent: Intent) -> &'static str {
    match intent {
        Intent::Change => "a change",
        Intent::RollBack => "going back",
        Intent::TakeOver => "another owner",
    }
}

/// The world of a proposal: of one to roll back, as it would be there.
fn proposed(desk: &Desk, world: World, of: Option<&str>) -> World {
    let proposal = of.and_then(|id| desk.repository.folded.state.proposals.get(id));
    match proposal {
        Some(p) if p.intent == Intent::RollBack => back_to(desk, world, &p.closure, &p.parts),
        _ => world,
    }
}

/// The world as it would be at an earlier closure: with what was known of it when it was released.
fn back_to(desk: &Desk, mut world: World, closure: &str, parts: &BTreeMap<String, String>) -> World {
    world.subject.closure = closure.to_owned();
    world.parts.clone_from(parts);
    let released = changed::release_of(&desk.repository, &world.subject.name, closure);
    if let Some(event) = released {
        world.subject = event.subject.clone();
        world.evidence = event.evidence.clone().unwrap_or_default();
    }
    changed::show(&desk.repository, &mut world, Some(released.map_or("", |e| e.commit.as_str())));
    world
}

fn tell(desk: &Desk, world: &World, of: Option<&str>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    write!(out, "{}", view::page(world))?;
    let state = &desk.repository.folded.state;
    let Some(proposal) = of.and_then(|id| state.proposals.get(id)) else {
        return writeln!(out, "  nothing is proposed for it now");
    };
    let people = &desk.repository.people;
    writeln!(out, "  {} proposed by {}", phrase(proposal.intent), called(people, &proposal.key))?;
    // What a drill is about is told once it was reviewed.
    if !proposal.drill && !proposal.reason.trim().is_empty() {
        writeln!(out, "  because: {}", proposal.reason)?;
    }
    if let Some(told) = machine(world.ai.max(proposal.ai)) {
        writeln!(out, "  {told}")?;
    }
    let excepted = lanes::holding(&desk.repository, world);
    let said = said(&desk.repository, of.unwrap_or_default());
    excepted.iter().chain(&said).try_for_each(|line| writeln!(out, "  {line}"))?;
    voids(proposal, world).iter().try_for_each(|v| writeln!(out, "  since then: {v}"))
}

/// What a machine had to do with a change.
fn machine(ai: AiMark) -> Option<&'static str> {
    match ai {
        AiMark::None => None,
        AiMark::Assisted => Some("a model helped to make it"),
        AiMark::Made => Some("an agent made it"),
    }
}

fn verdict(options: &Review) -> io::Result<Option<Verdict>> {
    let given = [
        (options.approve, Verdict::Approve),
        (options.refuse, Verdict::Refuse),
        (options.rework, Verdict::Rework),
    ];
    let given = given.into_iter().find(|(given, _)| *given).map(|(_, verdict)| verdict);
    if given.is_some() || !io::stdin().is_terminal() {
        return Ok(given);
    }
    let answer = ask("", "--approve", "approve, refuse, rework, or nothing").unwrap_or_default();
    Ok(match answer.as_str() {
        "approve" => Some(Verdict::Approve),
        "refuse" => Some(Verdict::Refuse),
        "rework" => Some(Verdict::Rework),
        _ => None,
    })
}

pub(super) fn release(options: &Release) -> io::Result<Exit> {
    let common = &options.common;
    let mut desk = Desk::open(common)?;
    let world = desk.world(&options.subject)?;
    if let Some(told) = already(&desk, &world) {
        return Err(io::Error::other(told));
    }
    let Some((kind, what)) = governing(&options.subject) else {
        let unit = desk.repository.unit(&options.subject)?;
        let (_, paths) = desk.repository.parts(unit)?;
        committed(&desk, &options.subject, desk.repository.history.is_dirty(paths))?;
        let wish = desk.wish(Act::Release, common);
        let exit = desk.carry_out(&world, &wish, common)?;
        if let Some(path) = options.summary.as_ref().filter(|_| exit == Exit::Clean && !common.show) {
            summary::write(&desk, &world, path)?;
        }
        return Ok(exit);
    };
    committed(&desk, &options.subject, desk.repository.is_governing_dirty(kind))?;
    let mut wish = desk.wish(Act::Change(what), common);
    if kind == SubjectKind::Configuration {
        wish.modes.clone_from(&desk.repository.modes);
    }
    desk.carry_out(&world, &wish, common)
}

/// That what is released, or proposed to govern, is in a commit: who has a part in it is known by that.
fn committed(desk: &Desk, subject: &str, dirty: bool) -> io::Result<()> {
    if desk.repository.history.head.is_empty() {
        return Err(io::Error::other(
            "there is no git commit here, and a release names the one it is of: commit first, or run this in a clone",
        ));
    }
    if dirty {
        return Err(io::Error::other(format!(
            "`{subject}` has changes that are not committed: commit them first, so that the release names the commit"
        )));
    }
    Ok(())
}

/// What is said where what lies in the folder is in force already, and nobody has proposed it anew since.
fn already(desk: &Desk, world: &World) -> Option<String> {
    let (state, subject) = (&desk.repository.folded.state, &world.subject);
    let id = match state.live(&subject.name, &world.environment, world.at) {
        Some(Live::Released(r)) if r.closure == subject.closure => &r.id,
        _ => &state.governed.values().find(|v| v.digest == subject.closure)?.id,
    };
    let when = desk.repository.entries.iter().find(|e| e.id == *id)?.event.at;
    let open = state.open_proposal(subject, &world.environment, Intent::Change);
    let anew = open.is_some_and(|(_, p)| p.closure == subject.closure && p.at > when);
    let told = || {
        let id = view::short(id);
        format!("`{}` is released as {id} as it is here: nothing is left to release", subject.name)
    };
    (!anew).then(told)
}

pub(super) fn rollback(options: &Rollback) -> io::Result<Exit> {
    let common = &options.common;
    let mut desk = Desk::open(common)?;
    let world = desk.world(&options.subject)?;
    let state = &desk.repository.folded.state;
    let name = world.subject.name.clone();
    let releases = state.workflows.get(&name).and_then(|w| w.releases.get(&desk.environment));
    let mut earlier: Vec<_> = releases.into_iter().flatten().rev().skip(1).collect();
    if let Some(word) = &options.to {
        let closure = by_prefix(
            word,
            earlier.iter().map(|r| &r.closure).collect::<std::collections::BTreeSet<_>>().into_iter(),
            ("closure that was released before", &format!("countersign status \"{name}\"")),
        )?;
        earlier.retain(|r| r.closure == closure);
    }
    let Some(target) = earlier.first() else {
        return Err(io::Error::other(format!("`{name}` has no earlier release to go back to")));
    };
    let world = back_to(&desk, world, &target.closure, &target.parts);
    let emergency =
        options.emergency.as_ref().map(|g| by_prefix(g, state.glasses.keys(), GLASS)).transpose()?;
    let open = state.open_proposal(&world.subject, &desk.environment, Intent::RollBack);
    let asked = open.filter(|(_, p)| p.closure == world.subject.closure).map(|(id, _)| id.clone());
    let act = if asked.is_some() || emergency.is_some() { Act::RollBack } else { Act::Propose };
    let reason =
        if act == Act::Propose { ask(&common.reason, "--reason", "why")? } else { common.reason.clone() };
    let wish = Wish { of: emergency.or(asked), intent: Intent::RollBack, reason, ..desk.wish(act, common) };
    let wish = if act == Act::RollBack { Wish { intent: Intent::Change, ..wish } } else { wish };
    desk.carry_out(&world, &wish, common)
}

/// Takes a workflow over: proposes it, or carries out what a security approver has agreed to.
pub(super) fn take_over(subject: &str, common: &Common) -> io::Result<Exit> {
    let mut desk = Desk::open(common)?;
    let world = desk.world(subject)?;
    let state = &desk.repository.folded.state;
    let open = state.open_proposal(&world.subject, &desk.environment, Intent::TakeOver);
    let mine = open.filter(|(_, p)| p.key == desk.signer.fingerprint && p.closure == world.subject.closure);
    let wish = match mine.map(|(id, _)| id.clone()) {
        Some(of) => Wish { of: Some(of), ..desk.wish(Act::TakeOver, common) },
        None => Wish { intent: Intent::TakeOver, ..desk.wish(Act::Propose, common) },
    };
    desk.carry_out(&world, &wish, common)
}
