//! What a workflow does, in plain sentences with the lines they come from: who starts it, what it checks, whom it asks,
//! what it changes, what it calls, what else it does, what is wrong with it, and what else some run breaks. The same definition always gives the
//! same text.

use crate::report::plain::{Style, clean, shorten, wrap};
use crate::report::{refuted, words};
use crate::scan::trigger_report;
use check::Judged;
use check::catalogue::catalogue;
use check::proofs::Proof;
use check::tell::reference;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::io::{self, Write};
use workflow::{
    CalleeKey, Edge, EdgeKind, Effect, Kind, Node, OnError, Step, StepIx, StepKind, Text, Value, Walk,
    Workflow,
};

/// Longest expression shown.
const LONG: usize = 90;

/// Sentences with their lines.
type Told = Vec<(u32, String)>;

/// Writes what a workflow does.
pub fn write(path: &str, w: &Workflow, judged: &Judged, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let (tier, opaque) = check::tier(w);
    let rated = if opaque { "opaque, treated as tier 3".to_owned() } else { format!("tier {}", tier.0) };
    writeln!(out, "{}", style.bold(&clean(&w.name)))?;
    let place = format!("{}:{}", clean(path), w.span.line);
    writeln!(out, "{} · {rated} · {}", w.platform.title(), style.dim(&place))?;
    for line in wrap(&clean(&w.description), style.width).iter().take(6) {
        writeln!(out, "{}", style.dim(line))?;
    }
    if w.enabled == Some(false) {
        writeln!(out, "It is switched off; the rest is told as if it were on.")?;
    }
    sections(w, judged)
        .iter()
        .try_for_each(|(title, told, nothing)| section(title, told, nothing, style, out))
}

/// What is told: titles, sentences with their lines, and what is said where there is none.
fn sections(w: &Workflow, judged: &Judged) -> [(&'static str, Told, &'static str); 8] {
    [
        ("Who can start it", starts(w), "Nothing starts it."),
        ("What it checks", checks(w), "It checks nothing."),
        ("Whom it asks", asks(w), "It asks nobody."),
        ("What it changes", changes(w, judged), "It changes no access."),
        ("What it calls", calls(w), ""),
        ("What else it does", others(w), ""),
        ("What is wrong with it", faults(judged), "No fault was found."),
        ("What else some run breaks", refuted(w, judged), ""),
    ]
}

/// The same as data.
pub fn data(path: &str, w: &Workflow, judged: &Judged) -> Json {
    let (tier, opaque) = check::tier(w);
    let sentence = |(line, text): &(u32, String)| json!({"line": line, "text": text});
    let told = sections(w, judged).into_iter().map(|(title, told, _)| {
        json!({"title": title, "sentences": told.iter().map(sentence).collect::<Vec<_>>()})
    });
    json!({
        "name": w.name.as_str(), "path": path, "line": w.span.line, "platform": w.platform.as_str(), "tier": tier.0,
        "opaque": opaque, "enabled": w.enabled, "sections": told.collect::<Vec<_>>(),
    })
}

fn section(title: &str, told: &Told, nothing: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if told.is_empty() && nothing.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", style.bold(title))?;
    if told.is_empty() {
        return writeln!(out, "{:8}{nothing}", "");
    }
    for (at, text) in told {
        for (i, line) in wrap(&clean(text), style.width - 8).iter().enumerate() {
            let label = if i == 0 && *at > 0 { format!("{at:>6}  ") } else { " ".repeat(8) };
            writeln!(out, "{}{line}", style.dim(&label))?;
        }
    }
    Ok(())
}

fn starts(w: &Workflow) -> Told {
    let sentence = |t: &workflow::Trigger| {
        let who = words::trigger_words(&trigger_report(t));
        let proof = match t.authenticated {
            Some(true) => "; the caller must prove who they are",
            Some(false) | None => "",
        };
        let approved = if t.after_approval { ", after the platform had it approved" } else { "" };
        let filter = t.filter.as_ref().map(|f| format!(", only when {}", code(&f.text))).unwrap_or_default();
        (t.span.line, format!("{}{approved}{filter}{proof}.", capital(&who)))
    };
    w.triggers.iter().map(sentence).collect()
}

fn checks(w: &Workflow) -> Told {
    let mut told = Told::new();
    for (i, step) in own(w) {
        let edges: Vec<&Edge> = w.edges.iter().filter(|e| e.from == Node::Step(i)).collect();
        let cases: Vec<String> = edges.iter().filter_map(|e| case(w, e)).collect();
        if !cases.is_empty() {
            told.push((step.span.line, format!("{}: {}.", name(step), cases.join("; "))));
        }
    }
    told
}

fn case(w: &Workflow, edge: &Edge) -> Option<String> {
    let to = target(w, edge.to);
    match &edge.kind {
        EdgeKind::When { case, condition } if is_word(&condition.text) && !case.is_empty() => {
            Some(format!("if {} → {to}", code(case)))
        }
        EdgeKind::When { condition, .. } => Some(format!("when {} → {to}", code(&condition.text))),
        EdgeKind::Otherwise { .. } => Some(format!("otherwise → {to}")),
        _ => None,
    }
}

/// Whether a condition's text says nothing: importers name conditions that are data by a word.
fn is_word(text: &str) -> bool {
    text.chars().all(char::is_alphanumeric)
}

fn asks(w: &Workflow) -> Told {
    let mut told = Told::new();
    for (i, step) in own(w) {
        let Some(ask) = &step.ask else { continue };
        let whom = if ask.approver.is_empty() {
            "somebody the definition does not name".to_owned()
        } else {
            value(&ask.approver)
        };
        let yes = ask.positive.iter().map(|a| code(a)).collect::<Vec<_>>().join(" or ");
        let yes = if yes.is_empty() { String::new() } else { format!("; {yes} means yes") };
        let timeout = w.edges.iter().find(|e| e.from == Node::Step(i) && e.kind == EdgeKind::Timeout);
        let silence = match (ask.timeout_seconds, timeout) {
            (_, Some(edge)) => format!("; without an answer it goes on to {}", target(w, edge.to)),
            (Some(seconds), None) => format!("; it waits {}", duration(seconds)),
            (None, None) => String::new(),
        };
        told.push((step.span.line, format!("{} asks {whom}{yes}{silence}.", name(step))));
    }
    told
}

fn changes(w: &Workflow, judged: &Judged) -> Told {
    let mut told = Told::new();
    let doubted = words::doubted(&judged.findings);
    for (i, step) in own(w) {
        let effects: Vec<&Effect> = step.effects.iter().filter(|e| e.kind <= Kind::ChangePolicy).collect();
        let on = |a: &Effect, b: &Effect| {
            (&a.system, &a.identity, &a.entitlement) == (&b.system, &b.identity, &b.entitlement)
        };
        for group in effects.chunk_by(|a, b| on(a, b)) {
            let gate = judged.gates.iter().find(|(s, _)| *s == i).map_or("", |(_, g)| g.as_str());
            let off = if step.enabled { "" } else { " The step is switched off." };
            let text = format!("{}{}{}{off}", deed(step, group), gated(gate, doubted), failure(w, i, step));
            told.push((step.span.line, text));
        }
    }
    told
}

/// What a step does to one target.
fn deed(step: &Step, effects: &[&Effect]) -> String {
    let Some(e) = effects.first() else { return String::new() };
    let system =
        if e.system.is_empty() { "a system that is not known" } else { catalogue().title(&e.system) };
    let whom = reference(&e.identity);
    let whom = if whom.is_empty() { String::new() } else { format!(" It acts on {}.", code(&whom)) };
    let what = if e.entitlement.is_empty() {
        String::new()
    } else {
        format!(" It is about {}.", code(&e.entitlement))
    };
    let privileged = if effects.iter().any(|e| e.privileged) { " That is privileged." } else { "" };
    let kinds: Vec<&str> = effects.iter().map(|e| words::can(e.kind)).collect();
    format!("{} can {} in {system}.{whom}{what}{privileged}", name(step), words::enumerate(&kinds))
}

fn gated(gate: &str, doubted: bool) -> &'static str {
    match gate {
        "none" => " Nobody approves it first.",
        "present" if doubted => " A person approves it first, who may be the one who asks for it.",
        "present" => " A person approves it first.",
        "authorised" => " The requester's authority is checked first.",
        "fails-open" => " Its approval fails open.",
        "ignored" => " Somebody is asked, and the answer is ignored.",
        "after-change" => " Somebody is asked only afterwards.",
        _ => "",
    }
}

fn failure(w: &Workflow, i: StepIx, step: &Step) -> String {
    let retries = match step.retries {
        0 => String::new(),
        Step::NO_LIMIT => " It is tried again without a limit.".to_owned(),
        n => format!(" It is tried again {}.", words::times(n as usize, "time")),
    };
    let handler = w.edges.iter().find(|e| e.from == Node::Step(i) && e.kind == EdgeKind::Error);
    let then = match (handler, step.on_error) {
        (Some(edge), OnError::Partly) => {
            format!(
                " On errors that are named, the run goes on with {}; any other ends it.",
                target(w, edge.to)
            )
        }
        (Some(edge), _) => format!(" If it fails, the run goes on with {}.", target(w, edge.to)),
        (None, OnError::Continue) => " If it fails, the run goes on as if nothing had happened.".to_owned(),
        (None, _) => " If it fails, the run ends as a failure.".to_owned(),
    };
    retries + &then
}

fn calls(w: &Workflow) -> Told {
    let steps = own(w).flat_map(|(_, s)| s.calls.iter().map(move |c| (s, c)));
    let sentence = |(step, callee): (&Step, &workflow::Callee)| {
        let what = match &callee.key {
            CalleeKey::Id(k) | CalleeKey::Name(k) => code(k),
            CalleeKey::Itself => "this workflow itself".to_owned(),
            CalleeKey::Dynamic(k) => format!("a workflow chosen at run time ({})", code(k)),
        };
        let waits = if step.waits { "" } else { " and does not wait for it" };
        (step.span.line, format!("{} starts {what}{waits}.", name(step)))
    };
    steps.map(sentence).collect()
}

/// The kinds that were not told yet, each with its steps.
fn others(w: &Workflow) -> Told {
    let mut kinds: BTreeMap<Kind, (u32, Vec<String>)> = BTreeMap::new();
    for (_, step) in own(w) {
        for effect in step.live_effects() {
            let quiet = matches!(effect.kind, Kind::Ask | Kind::Call | Kind::Control);
            if effect.kind > Kind::ChangePolicy && !quiet {
                let (_, steps) = kinds.entry(effect.kind).or_insert((step.span.line, Vec::new()));
                let name = name(step);
                if !steps.contains(&name) {
                    steps.push(name);
                }
            }
        }
    }
    let sentence = |(kind, (line, steps)): (Kind, (u32, Vec<String>))| {
        let most = steps.iter().take(6).cloned().collect::<Vec<_>>().join(", ");
        let more = if steps.len() > 6 { format!(" and {} more", steps.len() - 6) } else { String::new() };
        (line, format!("It can {}: {most}{more}.", words::can(kind)))
    };
    kinds.into_iter().map(sentence).collect()
}

fn faults(judged: &Judged) -> Told {
    let sentence =
        |f: &workflow::Finding| (f.line, format!("{} ({}): {}", f.rule, f.severity.as_str(), f.message));
    judged.findings.iter().map(sentence).collect()
}

/// The properties that are refuted and no fault, each with the run that breaks it and what to do.
fn refuted(w: &Workflow, judged: &Judged) -> Told {
    let step = |id: &str| w.steps.iter().find(|s| s.id == id);
    let trigger = |id: &str| w.triggers.iter().find(|t| t.id == id).map(|t| t.name.as_str());
    let named = |id: &Text| {
        let name = step(id).map(|s| s.name.as_str()).or_else(|| trigger(id)).filter(|n| !n.is_empty());
        shorten(name.unwrap_or(id), LONG)
    };
    let station = |s: &Walk| match s.leaves.as_str() {
        "" => named(&s.step),
        leaves => format!("{} [{leaves}]", named(&s.step)),
    };
    let sentence = |p: &Proof| {
        let message = refuted::message(&named(&p.step), &p.because);
        let run: Vec<String> = p.walk.iter().map(station).collect();
        let line = step(&p.step).map_or(w.span.line, |s| s.span.line);
        (line, format!("{}: {message} The run: {}. {}", p.property, run.join(" → "), p.fix()))
    };
    judged.proofs.iter().filter(|p| p.is_unspoken()).map(sentence).collect()
}

fn own(w: &Workflow) -> impl Iterator<Item = (StepIx, &Step)> {
    let steps = w.steps.iter().enumerate().filter(|(_, s)| !s.synthetic);
    steps.map(|(i, s)| (StepIx(u32::try_from(i).unwrap_or(u32::MAX)), s))
}

fn name(step: &Step) -> String {
    code(if step.name.is_empty() { &step.id } else { &step.name })
}

/// Where an edge leads, past what only joins paths.
fn target(w: &Workflow, to: StepIx) -> String {
    let mut at = to;
    for _ in 0..w.steps.len() {
        match w.step(at) {
            Some(step) if matches!(step.kind, StepKind::End(_)) => return format!("the end {}", name(step)),
            Some(step) if !step.synthetic => return name(step),
            _ => {}
        }
        match w.edges.iter().find(|e| e.from == Node::Step(at)) {
            Some(edge) => at = edge.to,
            None => break,
        }
    }
    "the end".to_owned()
}

fn code(text: &str) -> String {
    format!("`{}`", shorten(text.trim(), LONG))
}

fn value(value: &Value) -> String {
    match value {
        Value::Null => "nobody".to_owned(),
        Value::Bool(b) => code(&b.to_string()),
        Value::Number(t) | Value::Text(t) => code(t),
        Value::Expr(e) => {
            Some(reference(&e.text)).filter(|t| !t.is_empty()).map_or_else(|| code(&e.text), |t| code(&t))
        }
        Value::List(items) => items.iter().map(self::value).collect::<Vec<_>>().join(", "),
        Value::Map(map) => map.0.iter().map(|e| self::value(&e.value)).collect::<Vec<_>>().join(", "),
    }
}

fn duration(seconds: u64) -> String {
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
    let unit = units.into_iter().find(|(n, _)| seconds >= *n && seconds.is_multiple_of(*n));
    let (n, word) = unit.unwrap_or((1, "second"));
    words::times(usize::try_from(seconds / n).unwrap_or(usize::MAX), word)
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}
