//! What came of an act, in words and as JSON: the rule, the facts it rests on, and the smallest way to what was wanted.

use super::args::{Common, Format};
use super::view::short;
use govern::{Event, Performed, State, Void, World, voids};
use ledger::clean;
use policy::{Act, Actor, Because, Found, People};
use serde_json::{Value, json};
use std::io::{self, Write};
use std::path::Path;

/// The schema of the JSON.
const SCHEMA: &str = "countersign.act-result/1";

/// Who somebody is, for people.
#[must_use]
pub fn called(people: &People, name: &str) -> String {
    match people.find(name) {
        Found::One(person, _) => clean(person.called()),
        Found::Several(ids) => ids.join(" or "),
        Found::Nobody => format!("`{}`", clean(name)),
    }
}

/// Who spoke, for people: with whom they spoke for, and in which role.
#[must_use]
pub fn speaker(people: &People, by: &Actor) -> String {
    let behalf = by.on_behalf_of.as_ref().map(|id| format!(", for {}", called(people, id)));
    let role = by.authority.as_ref().map(|role| format!(", as `{role}`"));
    called(people, &by.account) + &behalf.unwrap_or_default() + &role.unwrap_or_default()
}

/// Tells of an act that was signed; what is told as JSON is given back.
///
/// # Errors
/// When it cannot be printed.
pub fn done(
    done: &Performed,
    event: &Event,
    id: &str,
    path: &Path,
    common: &Common,
    out: &mut dyn Write,
) -> io::Result<Option<Value>> {
    if common.format == Format::Json {
        return Ok(Some(
            json!({"schema": SCHEMA, "allowed": true, "statement": id, "path": path, "event": event, "decision": done.decision}),
        ));
    }
    let who = called(&done.facts.people, &event.by);
    writeln!(out, "{who}: {}", clean(&govern::title(event)))?;
    if !done.decision.verdict {
        writeln!(
            out,
            "  it happens because this tier is not enforced ({}); enforcing would refuse it:",
            done.decision.mode.as_str()
        )?;
        reasons(&done.decision.because, common.why, out)?;
    } else if common.why {
        reasons(&done.decision.because, true, out)?;
    }
    writeln!(out, "  signed as {}", short(id))?;
    Ok(None)
}

/// Tells of an act that was refused: why, what voids approvals, what is missing; what is told as JSON is given back.
///
/// # Errors
/// When it cannot be printed.
pub fn refused(
    done: &Performed,
    world: &World,
    common: &Common,
    state: &State,
    out: &mut dyn Write,
) -> io::Result<Option<Value>> {
    let void = void(done, world, state);
    let hint = done.refusal.as_ref().and_then(|r| hint(&r.rule, done.facts.act, &done.facts.subject.name));
    if common.format == Format::Json {
        return Ok(Some(
            json!({"schema": SCHEMA, "allowed": false, "decision": done.decision, "refusal": done.refusal, "hint": hint, "voids": void}),
        ));
    }
    writeln!(out, "refused: to {} `{}`", done.facts.act.phrase(), clean(&done.facts.subject.name))?;
    if !done.decision.allow {
        reasons(&done.decision.because, common.why, out)?;
        done.decision.errors.iter().try_for_each(|e| writeln!(out, "  error: {e}"))?;
    }
    if let Some(refusal) = &done.refusal {
        writeln!(out, "  {}: {}", refusal.rule, clean(&shortened(&refusal.message)))?;
        if common.why {
            let subject = &done.facts.subject;
            writeln!(out, "      subject.closure = {}", subject.closure)?;
            writeln!(out, "      environment = {}", done.facts.environment)?;
        }
        if let Some(hint) = &hint {
            writeln!(out, "  What to do: {}", clean(hint))?;
        }
    }
    for vote in done.decision.votes.iter().filter(|v| !v.counts) {
        for because in vote.because.iter().take(1) {
            writeln!(
                out,
                "  the approval of {} does not count: {}",
                called(&done.facts.people, &vote.who),
                because.reason
            )?;
        }
    }
    void.iter().try_for_each(|v| writeln!(out, "  approvals are void: {v}"))?;
    for (i, way) in done.decision.missing.iter().enumerate() {
        writeln!(out, "  {}", if i == 0 { "What is missing:" } else { "Or:" })?;
        way.needs.iter().try_for_each(|need| writeln!(out, "    - {need}"))?;
    }
    let decided = !done.decision.verdict && done.decision.errors.is_empty();
    if decided && done.decision.missing.is_empty() && done.refusal.is_none() {
        writeln!(out, "  Nothing that could be added would allow it.")?;
    }
    Ok(None)
}

/// The smallest change after which there would be such a transition.
fn hint(rule: &str, act: Act, name: &str) -> Option<String> {
    Some(match rule {
        "answers" | "proposal-open" if act == Act::Withdraw => {
            "nothing: no proposal is open that could be taken back".to_owned()
        }
        "answers" | "proposal" | "proposal-open" | "proposal-subject" | "closure" | "intent" => {
            format!("propose what lies in the folder now: `countersign propose \"{name}\"`")
        }
        "environment" => {
            "name the proposal's environment with `--environment`, or propose for this one".to_owned()
        }
        "registered" | "retired" => {
            format!("propose it, which registers it first: `countersign propose \"{name}\"`")
        }
        "replaces" => "somebody was faster: look at `countersign status`, and decide again".to_owned(),
        "released-before" => format!("choose a closure that was released: `countersign status \"{name}\"`"),
        "drill" => {
            "take out what was put in, withdraw the drill with `countersign propose … --withdraw`, propose"
                .to_owned()
        }
        "stopped" => "nothing: it is stopped; a release brings it back".to_owned(),
        "proposal-own" => "let the proposer carry it out, or propose to take over yourself".to_owned(),
        "approved" => "look at `countersign connector list`".to_owned(),
        "exception" => "look at `countersign exception list`, and grant a new one".to_owned(),
        "break-glass" | "break-glass-open" => {
            "look at `countersign breakglass list`, and open one".to_owned()
        }
        "reviewed" => "close the break-glass first; where it was reviewed, nothing is left to do".to_owned(),
        "tests" => format!("run them on this closure: `countersign attest \"{name}\"`"),
        _ => return None,
    })
}

fn void(done: &Performed, world: &World, state: &State) -> Vec<Void> {
    if done.decision.votes.is_empty() {
        return Vec::new();
    }
    let approvals = &done.facts.approvals;
    let proposal = state.proposals.values().find(|p| !approvals.is_empty() && p.approvals() == *approvals);
    proposal.map(|p| voids(p, world)).unwrap_or_default()
}

/// Policies with their reasons; with the facts that each rests on, where that is asked for.
///
/// # Errors
/// When they cannot be printed.
pub fn reasons(because: &[Because], why: bool, out: &mut dyn Write) -> io::Result<()> {
    for because in because {
        writeln!(out, "  {}: {}", because.policy, because.reason)?;
        if why {
            because
                .facts
                .iter()
                .try_for_each(|(field, value)| writeln!(out, "      {field} = {}", clean(value)))?;
            writeln!(out, "      evidence towards {}", because.controls.join("; "))?;
        }
    }
    Ok(())
}

/// A text with its digests made short.
#[must_use]
pub fn shortened(text: &str) -> String {
    let mut parts = text.split("sha256:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| {
        let hex = part.bytes().take_while(u8::is_ascii_hexdigit).count();
        format!("{out}{}{}", short(part.get(..hex).unwrap_or_default()), part.get(hex..).unwrap_or_default())
    })
}
