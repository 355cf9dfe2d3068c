//! What changed about one step: what it does, whom it asks, what it is given, how it fails.

use super::steps::Matched;
use super::values::{Apart, Renamed, apart};
use super::{Area, Change, Direction, added, flow, script, words};
use crate::catalogue::catalogue;
use crate::tell::{enumerate, reference, verb};
use workflow::{Effect, Kind, LoopKind, OnError, Step, StepKind, Value, Workflow};

/// Everything that changed about the matched, added and removed steps.
pub(super) fn changes(old: &Workflow, new: &Workflow, matched: &Matched) -> Vec<Change> {
    let mut found = Vec::new();
    for (n, step) in new.steps.iter().enumerate() {
        match matched.back[n] {
            Some(o) => both(old, new, (&old.steps[o], step), matched, &mut found),
            None if !flow::is_silent(step) => found.push(added::came(new, n, matched)),
            None => {}
        }
    }
    let gone =
        old.steps.iter().enumerate().filter(|(o, s)| matched.forward[*o].is_none() && !flow::is_silent(s));
    found.extend(gone.map(|(_, step)| added::went(step)));
    found
}

fn both(
    old: &Workflow,
    new: &Workflow,
    (was, is): (&Step, &Step),
    matched: &Matched,
    found: &mut Vec<Change>,
) {
    let from = found.len();
    let now = |id: &workflow::Text| matched.now(id).clone();
    effects(was, is, &now, found);
    asked(was, is, &now, found);
    switched(was, is, found);
    bounds(was, is, &now, found);
    failing(was, is, found);
    used(old, new, was, is, &now, found);
    given(was, is, &now, found);
    if found.len() == from && is.kind != StepKind::Branch {
        shaped(was, is, &now, found);
    }
    named(was, is, found);
    for change in &mut found[from..] {
        (change.old_line, change.new_line) = (was.span.line, is.span.line);
    }
}

/// How much a step that came or went weighs.
pub(super) fn weight(step: &Step) -> (Area, Direction) {
    let is = |wanted: fn(Kind) -> bool| step.live_effects().iter().any(|e| wanted(e.kind));
    match () {
        () if step.changes_access() => (Area::Access, Direction::Worse),
        () if is(|k| k.is_opaque() || k == Kind::ReadSecret || k == Kind::Call) => {
            (Area::Access, Direction::Open)
        }
        () if step.ask.is_some() || is(|k| k == Kind::Ask) => (Area::Control, Direction::Open),
        () if matches!(step.kind, StepKind::Branch | StepKind::Guard) => (Area::Control, Direction::Open),
        () if matches!(step.kind, StepKind::Wait | StepKind::Loop(_)) => (Area::Robustness, Direction::Open),
        () => (Area::Data, Direction::Open),
    }
}

/// What effects do, in words: `gives access in Okta (`x`)`.
pub(super) fn deeds(effects: &[Effect], step: &Step) -> String {
    let mut told: Vec<String> = Vec::new();
    for effect in effects.iter().filter(|e| e.kind != Kind::Control) {
        let one = deed(effect);
        if !told.contains(&one) {
            told.push(one);
        }
    }
    if !told.is_empty() {
        return enumerate(&told);
    }
    let does = match &step.kind {
        StepKind::Branch | StepKind::Guard => "decides which way the run goes",
        StepKind::Loop(_) => "repeats steps",
        StepKind::Wait => "waits",
        StepKind::End(_) => "ends the run",
        StepKind::Code => "runs a script",
        _ => "shapes data",
    };
    does.to_owned()
}

fn deed(effect: &Effect) -> String {
    let verb = match effect.kind {
        kind if kind.changes_access() => verb(kind),
        Kind::ReadSecret => "reads a secret",
        Kind::Ask => "asks a person",
        Kind::Notify => "tells somebody",
        Kind::Read => "reads data",
        Kind::Write => "writes data",
        Kind::Ticket => "opens or edits a ticket",
        Kind::Request => "asks another system for access",
        Kind::Remediate => "responds to an incident",
        Kind::Call => "starts another workflow",
        Kind::Code => "runs a script whose effect is not known",
        Kind::Opaque => "makes a call whose effect is not known",
        _ => "shapes data",
    };
    let mut told = verb.to_owned();
    if !effect.system.is_empty() && effect.kind != Kind::Call {
        told.push_str(&format!(" in {}", catalogue().title(&effect.system)));
    }
    let on = [reference(&effect.entitlement), reference(&effect.identity)];
    let on: Vec<String> = on.iter().filter(|t| !t.is_empty()).map(|t| words::code(t)).collect();
    if !on.is_empty() && effect.kind.changes_access() {
        told.push_str(&format!(" ({})", on.join(" for ")));
    }
    told
}

fn effects(was: &Step, is: &Step, now: Renamed<'_>, found: &mut Vec<Change>) {
    let (a, b) = (was.live_effects(), is.live_effects());
    let in_both = |e: &Effect, all: &[Effect]| all.iter().any(|o| (o.kind, &o.system) == (e.kind, &e.system));
    let weighs = |e: &Effect| e.kind.changes_access() || e.kind.is_opaque() || e.kind == Kind::ReadSecret;
    let area = |e: &Effect| if weighs(e) { Area::Access } else { Area::Data };
    for effect in b.iter().filter(|e| !in_both(e, a) && e.kind != Kind::Control) {
        let told = format!("{} now {}, which it did not before.", words::name(is), deed(effect));
        let direction = if weighs(effect) { Direction::Worse } else { Direction::Open };
        found.push(Change::new(area(effect), "effect-gained", &is.id, told).going(direction).on("effects"));
    }
    for effect in a.iter().filter(|e| !in_both(e, b) && e.kind != Kind::Control) {
        let told = format!("{} no longer {}.", words::name(is), deed(effect));
        found.push(Change::new(area(effect), "effect-lost", &is.id, told).on("effects"));
    }
    if b.iter().any(|e| e.privileged) && !a.iter().any(|e| e.privileged) {
        let told = format!("What {} changes is now privileged.", words::name(is));
        let change = Change::new(Area::Access, "effect-widened", &is.id, told);
        found.push(change.going(Direction::Worse).on("effects.privileged"));
    }
    if is.changes_access() && was.changes_access() {
        target(is, "whose access it is", (&was.target.identity, &is.target.identity), now, found);
        target(is, "which access it is", (&was.target.entitlement, &is.target.entitlement), now, found);
    }
}

fn target(is: &Step, what: &str, (a, b): (&[Value], &[Value]), now: Renamed<'_>, found: &mut Vec<Change>) {
    let (a, b) = (Value::List(a.to_vec()), Value::List(b.to_vec()));
    let differing = apart(&a, &b, now);
    if differing.is_empty() {
        return;
    }
    let opened = differing.iter().any(|d| d.opened);
    let wider = b.items().len() > a.items().len();
    let told: Vec<String> = differing.iter().take(3).map(|d| changed(d, false)).collect();
    let more = if opened { "; it is now chosen in the run" } else { "" };
    let told = format!("{}: {what} {}{more}.", words::name(is), told.join(", and "));
    let direction = if opened || wider { Direction::Worse } else { Direction::Open };
    found.push(Change::new(Area::Access, "effect-widened", &is.id, told).going(direction).on("target"));
}

fn changed(d: &Apart, with_path: bool) -> String {
    let at = if with_path && !d.path.is_empty() { format!("`{}` ", d.path) } else { String::new() };
    match (&d.old, &d.new) {
        (Some(a), Some(b)) => format!("{at}was {a} and is now {b}"),
        (None, Some(b)) => format!("{at}is now {b}"),
        (Some(a), None) => format!("{at}is no longer {a}"),
        (None, None) => format!("{at}changed"),
    }
}

fn asked(was: &Step, is: &Step, now: Renamed<'_>, found: &mut Vec<Change>) {
    let asks = |s: &Step| s.ask.is_some() || s.live_effects().iter().any(|e| e.kind == Kind::Ask);
    if !asks(was) || !asks(is) {
        return;
    }
    let told = |step: &Step| Value::List(step.target.recipient.clone());
    let whom = |step: &Step| match step.ask.as_ref().map(|a| &a.approver) {
        None | Some(Value::Null) => told(step),
        Some(known) => known.clone(),
    };
    let (mut x, mut y) = (whom(was), whom(is));
    let mut differing = apart(&x, &y, now);
    if differing.is_empty() {
        (x, y) = (told(was), told(is));
        differing = apart(&x, &y, now);
    }
    if !differing.is_empty() {
        let direction = if differing.iter().any(|d| d.opened) { Direction::Worse } else { Direction::Open };
        let told =
            format!("{} now asks {} instead of {}.", words::name(is), words::value(&y), words::value(&x));
        let change = Change::new(Area::Control, "approver", &is.id, told);
        found.push(change.going(direction).on("ask"));
    }
    answered(was, is, found);
}

/// What may be answered, and for how long.
fn answered(was: &Step, is: &Step, found: &mut Vec<Change>) {
    let (Some(a), Some(b)) = (&was.ask, &is.ask) else { return };
    let mut add = |kind, direction, told: String| {
        found.push(Change::new(Area::Control, kind, &is.id, told).going(direction).on("ask"));
    };
    if a.positive != b.positive || a.negative != b.negative || a.decides != b.decides || a.answer != b.answer
    {
        let list =
            |words: &[workflow::Text]| enumerate(&words.iter().map(|w| words::code(w)).collect::<Vec<_>>());
        let told = format!(
            "What {} may be answered changed: {} meant yes and {} does now.",
            words::name(is),
            list(&a.positive),
            list(&b.positive)
        );
        add("answers", Direction::Open, told);
    }
    if a.timeout_seconds != b.timeout_seconds {
        let (x, y) = (words::duration(a.timeout_seconds), words::duration(b.timeout_seconds));
        add(
            "timeout",
            Direction::Open,
            format!("{} now waits {y} for an answer instead of {x}.", words::name(is)),
        );
    }
}

fn switched(was: &Step, is: &Step, found: &mut Vec<Change>) {
    if was.enabled == is.enabled {
        return;
    }
    let (area, _) = weight(if was.enabled { was } else { is });
    let told = format!("{} is now switched {}.", words::name(is), if is.enabled { "on" } else { "off" });
    found.push(Change::new(area, "switched", &is.id, told).on("enabled"));
}

fn bounds(was: &Step, is: &Step, now: Renamed<'_>, found: &mut Vec<Change>) {
    let bound = |s: &Step| match &s.kind {
        StepKind::Loop(LoopKind::Each { bound, .. } | LoopKind::While { bound }) => Some(*bound),
        _ => None,
    };
    if let (Some(a), Some(b)) = (bound(was), bound(is))
        && a != b
    {
        let tell = |n: Option<u64>| n.map_or("any number of".to_owned(), |n| format!("at most {n}"));
        let told = format!("{} now takes {} rounds instead of {}.", words::name(is), tell(b), tell(a));
        let more = b.unwrap_or(u64::MAX) > a.unwrap_or(u64::MAX);
        let direction = if more { Direction::Worse } else { Direction::Better };
        found.push(Change::new(Area::Control, "bound", &is.id, told).going(direction).on("kind.bound"));
    } else if was.kind != is.kind {
        let told = format!("{} is now another kind of step: it {}.", words::name(is), deeds(&[], is));
        found.push(Change::new(Area::Control, "step-kind", &is.id, told).on("kind"));
    }
    if matches!((&was.kind, &is.kind), (StepKind::Wait, StepKind::Wait)) && is.ask.is_none() {
        let differing = apart(&was.parameters, &is.parameters, now);
        if !differing.is_empty() {
            let told: Vec<String> = differing.iter().take(3).map(|d| changed(d, true)).collect();
            let told = format!("How long {} waits changed: {}.", words::name(is), told.join(", "));
            found.push(Change::new(Area::Control, "delay", &is.id, told).on("parameters"));
        }
    }
}

fn failing(was: &Step, is: &Step, found: &mut Vec<Change>) {
    let name = words::name(is);
    if was.on_error != is.on_error {
        let (then, direction) = match is.on_error {
            OnError::Fail => ("the run now ends as a failure", Direction::Better),
            OnError::Continue => ("the run now goes on as if nothing had happened", Direction::Worse),
            OnError::Route => ("the run now goes another way", Direction::Open),
            OnError::Either => ("the run may now go on as if nothing had happened", Direction::Worse),
            OnError::Partly => ("only failures that are named are now caught", Direction::Open),
        };
        let told = format!("When {name} fails, {then}.");
        let area = if is.changes_access() || is.ask.is_some() { Area::Control } else { Area::Robustness };
        found.push(Change::new(area, "error-handling", &is.id, told).going(direction).on("on_error"));
    }
    if was.retries != is.retries {
        let times = |n: u32| match n {
            Step::NO_LIMIT => "without a limit".to_owned(),
            n => format!("{n} times"),
        };
        let told =
            format!("{name} is now tried again {} instead of {}.", times(is.retries), times(was.retries));
        found.push(Change::new(Area::Robustness, "retries", &is.id, told).on("retries"));
    }
    if was.join != is.join {
        let told = format!(
            "{name} now starts when {}.",
            match is.join {
                workflow::Join::Any => "any of the steps before it ends",
                workflow::Join::All => "all steps before it have ended as they should",
                workflow::Join::Settled => "no step before it can end any more",
            }
        );
        found.push(Change::new(Area::Robustness, "join", &is.id, told).on("join"));
    }
}

fn used(old: &Workflow, new: &Workflow, was: &Step, is: &Step, now: Renamed<'_>, found: &mut Vec<Change>) {
    let name = words::name(is);
    if was.connector_version != is.connector_version {
        let told = format!(
            "{name} now uses version {} of {} instead of {}.",
            words::code(&is.connector_version),
            words::code(&is.connector),
            words::code(&was.connector_version)
        );
        found.push(Change::new(Area::Control, "connector-version", &is.id, told).on("connector_version"));
    }
    if (&was.connector, &was.operation) != (&is.connector, &is.operation) {
        let tell = |s: &Step| words::code(&format!("{} {}", s.connector, s.operation));
        let told = format!("{name} is now {} instead of {}.", tell(is), tell(was));
        found.push(Change::new(Area::Control, "operation", &is.id, told).on("operation"));
    }
    let held = |w: &Workflow, s: &Step| -> Vec<String> {
        let ids = s.credentials.iter().filter_map(|c| w.credentials.get(*c as usize));
        let mut ids: Vec<String> =
            ids.map(|c| if c.id.is_empty() { c.name.to_string() } else { c.id.to_string() }).collect();
        ids.sort();
        ids
    };
    let (a, b) = (held(old, was), held(new, is));
    if a != b {
        let tell = |ids: &[String]| match ids {
            [] => "none".to_owned(),
            ids => enumerate(&ids.iter().map(|i| words::code(i)).collect::<Vec<_>>()),
        };
        let told = format!("{name} now uses the credential {} instead of {}.", tell(&b), tell(&a));
        found.push(Change::new(Area::Control, "credential", &is.id, told).on("credentials"));
    }
    calls(was, is, now, found);
    if let Some(told) = script::tell(&was.code, &is.code) {
        let area = if is.live_effects().iter().any(|e| e.kind <= Kind::ReadSecret || e.kind.is_opaque()) {
            Area::Control
        } else {
            Area::Data
        };
        found.push(Change::new(area, "script", &is.id, format!("The script of {name} {told}.")).on("code"));
    }
}

fn calls(was: &Step, is: &Step, now: Renamed<'_>, found: &mut Vec<Change>) {
    let keys = |s: &Step| s.calls.iter().map(|c| c.key.clone()).collect::<Vec<_>>();
    if keys(was) != keys(is) {
        let tell = |s: &Step| {
            let told: Vec<String> = s.calls.iter().map(|c| super::whole::callee(&c.key)).collect();
            if told.is_empty() { "nothing".to_owned() } else { enumerate(&told) }
        };
        let told = format!("{} now starts {} instead of {}.", words::name(is), tell(is), tell(was));
        found.push(Change::new(Area::Access, "call", &is.id, told).on("calls"));
        return;
    }
    for (a, b) in was.calls.iter().zip(&is.calls) {
        let differing = apart(&a.input, &b.input, now);
        if !differing.is_empty() {
            let told: Vec<String> = differing.iter().take(3).map(|d| changed(d, true)).collect();
            let told = format!(
                "What {} hands to {} changed: {}.",
                words::name(is),
                super::whole::callee(&b.key),
                told.join(", ")
            );
            found.push(Change::new(Area::Data, "call", &is.id, told).on("calls.input"));
        }
    }
    if was.waits != is.waits {
        let told = if is.waits { "now waits" } else { "no longer waits" };
        let told = format!("{} {told} for what it starts.", words::name(is));
        found.push(Change::new(Area::Robustness, "call", &is.id, told).on("waits"));
    }
}

/// Parameters, request, variables: what a step is given.
fn given(was: &Step, is: &Step, now: Renamed<'_>, found: &mut Vec<Change>) {
    let weighty = is.changes_access() || is.ask.is_some();
    let area = if weighty { Area::Control } else { Area::Data };
    let mut differing = apart(&was.parameters, &is.parameters, now);
    differing.extend(request(was, is, now));
    let tell = |differing: &[Apart]| {
        let told: Vec<String> = differing.iter().take(4).map(|d| changed(d, true)).collect();
        let more = differing.len().saturating_sub(4);
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        told.join(", ") + &more
    };
    if !differing.is_empty() {
        let told = format!("What {} is given changed: {}.", words::name(is), tell(&differing));
        let direction =
            if weighty && differing.iter().any(|d| d.opened) { Direction::Worse } else { Direction::Open };
        found.push(Change::new(area, "parameter", &is.id, told).going(direction).on("parameters"));
    }
    let list = |s: &Step| {
        let mut map = workflow::Map::default();
        for a in &s.assigns {
            map.push(a.variable.clone(), Value::List(vec![a.value.clone(), Value::Bool(a.adds)]), 0);
        }
        Value::Map(map)
    };
    let mut assigned = apart(&list(was), &list(is), now);
    if differing.is_empty() {
        let (a, b) = (was.output.clone().unwrap_or_default(), is.output.clone().unwrap_or_default());
        assigned.extend(apart(&a, &b, now));
    }
    if !assigned.is_empty() {
        let told = format!("What {} sets changed: {}.", words::name(is), tell(&assigned));
        found.push(Change::new(Area::Data, "variable", &is.id, told).on("assigns"));
    }
}

/// What the platform does to data around a step, where nothing else shows the change.
fn shaped(was: &Step, is: &Step, now: Renamed<'_>, found: &mut Vec<Change>) {
    let differing = apart(&was.flow, &is.flow, now);
    if !differing.is_empty() {
        let told: Vec<String> = differing.iter().take(3).map(|d| changed(d, true)).collect();
        let told = format!("What {} takes in or hands on changed: {}.", words::name(is), told.join(", "));
        found.push(Change::new(Area::Data, "parameter", &is.id, told).on("flow"));
    }
}

fn request(was: &Step, is: &Step, now: Renamed<'_>) -> Vec<Apart> {
    let (Some(a), Some(b)) = (&was.request, &is.request) else { return Vec::new() };
    let parts = |r: &workflow::Request| {
        let mut map = workflow::Map::default();
        let named = [("method", &r.method), ("url", &r.url), ("query", &r.query), ("headers", &r.headers)];
        named.into_iter().chain([("body", &r.body)]).for_each(|(k, v)| map.push(k, v.clone(), 0));
        map.push("auth", Value::text(format!("{:?}", r.auth).to_lowercase()), 0);
        Value::Map(map)
    };
    let mut differing = apart(&parts(a), &parts(b), now);
    let known = apart(&was.parameters, &is.parameters, now);
    differing.retain(|d| !known.iter().any(|k| k.old == d.old && k.new == d.new));
    differing
}

fn named(was: &Step, is: &Step, found: &mut Vec<Change>) {
    if was.name == is.name && was.id == is.id || is.synthetic {
        return;
    }
    let (a, b) = (words::name(was), words::name(is));
    let told = if a == b { format!("{b} has moved.") } else { format!("{a} is now called {b}.") };
    found.push(Change::new(Area::Cosmetic, "name", &is.id, told).on("name"));
}
