//! Edges: flows with their conditions, sub-processes, boundary events, links, compensation.

use super::build::{Builder, Engine, is_container, made};
use super::event;
use super::place::Placed;
use super::xml::{self, Element};
use std::collections::{HashMap, HashSet};
use workflow::{EdgeKind, Expression, Language, Node as End, OnError, Outcome, Problem, StepIx, StepKind};

/// Events that meet every other one of their kind are followed so far.
const MAX_PAIRED: usize = 200;

/// Adds every edge.
pub(super) fn connect(
    process: Element<'_, '_>,
    builder: &mut Builder<'_, '_, '_>,
    problems: &mut Vec<Problem>,
) {
    let mut targets: HashSet<&str> = HashSet::new();
    for flow in process.descendants().filter(|n| xml::is(*n, "sequenceFlow")) {
        targets.extend(flow.attribute("targetRef"));
        sequence(flow, builder, problems);
    }
    boundaries(builder);
    links(builder);
    compensation(process, builder);
    starts(&targets, builder);
    event_processes(builder);
    ends(builder);
}

/// Every placed node, in the order of the document.
fn placed<'a, 'i>(builder: &Builder<'a, 'i, '_>) -> Vec<(&'a str, Placed<'a, 'i>)> {
    builder.order.iter().filter_map(|id| Some((*id, *builder.by_id.get(id)?))).collect()
}

fn sequence(flow: Element<'_, '_>, builder: &mut Builder<'_, '_, '_>, problems: &mut Vec<Problem>) {
    let (source, target) = (flow.attribute("sourceRef"), flow.attribute("targetRef"));
    let from = source.and_then(|s| builder.by_id.get(s)).copied();
    let to = target.and_then(|t| builder.by_id.get(t)).copied();
    let (Some(from), Some(to)) = (from, to) else {
        let id = flow.attribute("id").unwrap_or_default();
        let message =
            format!("flow `{id}` does not lead from one element of the process to another; draw it again");
        let path = builder.w.files.first().map(ToString::to_string).unwrap_or_default();
        return problems.push(Problem { path, line: builder.text.line(flow), message });
    };
    let Some(entry) = to.entry else { return };
    let kind = kind(flow, from, to, builder);
    builder.w.connect(from.exit, entry, kind);
}

fn kind(
    flow: Element<'_, '_>,
    from: Placed<'_, '_>,
    to: Placed<'_, '_>,
    builder: &Builder<'_, '_, '_>,
) -> EdgeKind {
    let name = flow.attribute("name").map(str::trim).filter(|n| !n.is_empty());
    let line = builder.text.line(flow);
    let of = xml::name(from.node);
    if from.node.attribute("default").is_some_and(|d| flow.attribute("id") == Some(d)) {
        return EdgeKind::Otherwise { case: name.unwrap_or("default").into() };
    }
    let unknown = |case: &str| {
        let condition = Expression::unknown(Language::Structured, case, Vec::new(), line);
        EdgeKind::When { case: case.into(), condition }
    };
    if of == "eventBasedGateway" {
        let awaited = to.node.attribute("name").or(name).unwrap_or("event");
        return if event::about(to.node) == "timer" { EdgeKind::Timeout } else { unknown(awaited) };
    }
    let written = xml::child(flow, "conditionExpression");
    if let Some(condition) = written.filter(|_| of != "parallelGateway") {
        let text = xml::text(condition);
        let scripted = condition.attribute("language").is_some_and(|l| !l.to_lowercase().contains("feel"));
        let condition = if text.is_empty() {
            Expression::unknown(Language::Juel, text, Vec::new(), line)
        } else if scripted {
            builder.answers.scope.scripted(text, line)
        } else {
            builder.answers.scope.condition(text, line)
        };
        let case = name.unwrap_or(text);
        return EdgeKind::When {
            case: if case.is_empty() { "condition".into() } else { case.into() },
            condition,
        };
    }
    let chooses = matches!(of, "exclusiveGateway" | "inclusiveGateway" | "complexGateway");
    let several = from.step.and_then(|s| builder.w.step(s)).is_some_and(|s| s.kind == StepKind::Branch);
    if chooses && several { unknown(name.unwrap_or("no condition")) } else { EdgeKind::Next }
}

/// Boundary events: what interrupts or accompanies an activity.
fn boundaries(builder: &mut Builder<'_, '_, '_>) {
    let caught = thrown(builder);
    for (id, boundary) in placed(builder) {
        if xml::name(boundary.node) != "boundaryEvent" {
            continue;
        }
        let host = boundary.node.attribute("attachedToRef").and_then(|h| builder.by_id.get(h)).copied();
        let (Some(host), Some(entry)) = (host.and_then(|h| h.step), boundary.entry) else { continue };
        let about = event::about(boundary.node);
        if about == "escalation" && caught.contains(&entry) {
            escalated(boundary.node.attribute("attachedToRef"), entry, builder);
            continue;
        }
        let goes_on = boundary.node.attribute("cancelActivity") == Some("false");
        if goes_on && !matches!(about, "error" | "cancel" | "compensate") {
            beside(id, boundary, entry, builder);
            continue;
        }
        let kind = match about {
            "error" | "cancel" => EdgeKind::Error,
            "timer" => EdgeKind::Timeout,
            "compensate" => continue,
            _ => {
                let case = boundary.node.attribute("name").unwrap_or(id);
                let line = builder.text.line(boundary.node);
                let condition = Expression::unknown(Language::Structured, about, Vec::new(), line);
                EdgeKind::When { case: case.into(), condition }
            }
        };
        let step = &mut builder.w.steps[host.0 as usize];
        if kind == EdgeKind::Error {
            // Errors that are thrown on purpose are caught; a technical failure leaves the run standing.
            step.on_error = OnError::Partly;
        }
        if let (EdgeKind::Timeout, Some(ask)) = (&kind, step.ask.as_mut()) {
            ask.timeout_seconds = duration(boundary.node).or(ask.timeout_seconds);
        }
        builder.w.connect(End::Step(host), entry, kind);
    }
}

/// An event that does not end its activity starts a path beside it: both come from a fork before the activity.
fn beside<'a>(id: &str, boundary: Placed<'a, '_>, entry: StepIx, builder: &mut Builder<'a, '_, '_>) {
    let Some(host) = boundary.node.attribute("attachedToRef") else { return };
    let Some(first) = builder.by_id.get(host).and_then(|p| p.entry) else { return };
    let known = builder.w.step(first).is_some_and(|s| s.kind == StepKind::Fork && s.synthetic);
    let fork = if known { first } else { fork_before(host, first, builder) };
    let case = boundary.node.attribute("name").unwrap_or(id);
    let line = builder.text.line(boundary.node);
    let condition = Expression::unknown(Language::Structured, event::about(boundary.node), Vec::new(), line);
    builder.w.connect(End::Step(fork), entry, EdgeKind::When { case: case.into(), condition });
}

/// Puts a fork where an activity is entered.
fn fork_before<'a>(host: &'a str, first: StepIx, builder: &mut Builder<'a, '_, '_>) -> StepIx {
    let (parent, span) = builder.w.step(first).map(|s| (s.parent, s.span.clone())).unwrap_or_default();
    let mut fork = made(format!("{host}/beside"), StepKind::Fork, parent);
    fork.span = span;
    let fork = builder.w.add(fork);
    for edge in builder.w.edges.iter_mut().filter(|e| e.to == first && e.kind != EdgeKind::Back) {
        edge.to = fork;
    }
    builder.w.connect(End::Step(fork), first, EdgeKind::Next);
    if let Some(placed) = builder.by_id.get_mut(host) {
        placed.entry = Some(fork);
    }
    fork
}

/// Seconds of a timer that is written as a constant duration (`PT4H`, `P2D`).
fn duration(node: Element<'_, '_>) -> Option<u64> {
    let definition = xml::child(node, "timerEventDefinition")?;
    let text = xml::text(xml::child(definition, "timeDuration")?).trim_matches(['"', '=', ' ']);
    let (days, times) = text.strip_prefix('P').map(|t| t.split_once('T').unwrap_or((t, "")))?;
    let (mut total, mut number) = (0u64, 0u64);
    for (part, units) in
        [(days, [('W', 604_800), ('D', 86_400), ('S', 1)]), (times, [('H', 3600), ('M', 60), ('S', 1)])]
    {
        for c in part.chars() {
            if let Some(digit) = c.to_digit(10) {
                number = number.checked_mul(10)?.checked_add(u64::from(digit))?;
                continue;
            }
            let (_, unit) = units.iter().find(|(u, _)| *u == c)?;
            total = total.checked_add(number.checked_mul(*unit)?)?;
            number = 0;
        }
    }
    Some(total)
}

/// What catches an event that is thrown.
struct Catch<'a> {
    id: &'a str,
    /// The code it waits for; empty for any.
    code: String,
    /// Where it leads.
    entry: StepIx,
    /// What it watches ends.
    interrupts: bool,
}

/// What catches events, by the activity or scope that it watches.
type Catches<'a> = HashMap<Option<&'a str>, Vec<Catch<'a>>>;

fn is_thrown(node: Element<'_, '_>) -> bool {
    matches!(event::about(node), "error" | "escalation" | "cancel")
}

/// Boundary events by what they are attached to.
fn boundary_catches<'a>(builder: &Builder<'a, '_, '_>) -> Catches<'a> {
    let mut found: Catches<'a> = HashMap::new();
    for (id, boundary) in placed(builder) {
        let caught = xml::name(boundary.node) == "boundaryEvent" && is_thrown(boundary.node);
        if let (true, Some(host), Some(entry)) =
            (caught, boundary.node.attribute("attachedToRef"), boundary.entry)
        {
            let interrupts = boundary.node.attribute("cancelActivity") != Some("false");
            let code = builder.text.event_name(boundary.node);
            found.entry(Some(host)).or_default().push(Catch { id, code, entry, interrupts });
        }
    }
    found
}

/// Event sub-processes by the scope that they watch.
fn watching<'a>(builder: &Builder<'a, '_, '_>) -> Catches<'a> {
    let mut found: Catches<'a> = HashMap::new();
    for (id, esp) in placed(builder) {
        let start = xml::child(esp.node, "startEvent").filter(|s| is_thrown(*s));
        let watches = esp.node.attribute("triggeredByEvent") == Some("true");
        if let (true, Some(start), Some(entry)) = (watches, start, esp.entry) {
            let interrupts = start.attribute("isInterrupting") != Some("false");
            let code = builder.text.event_name(start);
            found.entry(esp.scope).or_default().push(Catch { id, code, entry, interrupts });
        }
    }
    found
}

/// Whether an element throws an event: an end does, and on its way a path can escalate.
fn throws(node: Element<'_, '_>) -> bool {
    match xml::name(node) {
        "endEvent" => is_thrown(node),
        "intermediateThrowEvent" => event::about(node) == "escalation",
        _ => false,
    }
}

/// What is thrown goes to the nearest scope outwards that catches it; where it arrives.
fn thrown(builder: &mut Builder<'_, '_, '_>) -> HashSet<StepIx> {
    let (boundaries, watching) = (boundary_catches(builder), watching(builder));
    let mut caught = HashSet::new();
    for (_, throw) in placed(builder) {
        let Some(step) = throw.step.filter(|_| throws(throw.node)) else { continue };
        match catcher(throw, &boundaries, &watching, builder) {
            Some(by) => {
                caught.insert(by.entry);
                goes_to(throw, step, by, builder);
            }
            // Nobody catches it: the path only ends.
            None if builder.engine == Engine::Camunda7 && event::about(throw.node) == "error" => {
                builder.w.steps[step.0 as usize].kind = StepKind::End(Outcome::Path);
            }
            None => {}
        }
    }
    caught
}

/// What catches that an element throws.
fn catcher<'c, 'a>(
    throw: Placed<'a, '_>,
    boundaries: &'c Catches<'a>,
    watching: &'c Catches<'a>,
    builder: &Builder<'a, '_, '_>,
) -> Option<&'c Catch<'a>> {
    let code = builder.text.event_name(throw.node);
    let fits = |c: &&Catch<'_>| c.code.is_empty() || c.code == code;
    let (mut scope, mut left) = (throw.scope, Vec::new());
    for _ in 0..64 {
        let inner = watching.get(&scope).into_iter().flatten().filter(|c| !left.contains(&c.id));
        let outer = boundaries.get(&scope).filter(|_| scope.is_some()).into_iter().flatten();
        let found = inner.chain(outer).find(fits);
        let (None, Some(at)) = (found, scope) else { return found };
        left.push(at);
        scope = builder.by_id.get(at).and_then(|p| p.scope);
    }
    None
}

/// From a throw to what catches it. Where that ends what it watches, nothing comes after the throw itself.
fn goes_to(throw: Placed<'_, '_>, step: StepIx, by: &Catch<'_>, builder: &mut Builder<'_, '_, '_>) {
    let ends = xml::name(throw.node) == "endEvent";
    if ends {
        builder.w.steps[step.0 as usize].kind = StepKind::End(Outcome::Path);
    } else if by.interrupts {
        builder.w.edges.retain(|e| e.from != throw.exit);
    }
    builder.w.connect(End::Step(step), by.entry, EdgeKind::Next);
    let outer = throw.scope.and_then(|s| builder.by_id.get(s)).copied().filter(|_| ends && !by.interrupts);
    outer.into_iter().for_each(|outer| leave(step, outer, builder));
}

/// A process that is called may escalate too, out of sight.
fn escalated(scope: Option<&str>, entry: StepIx, builder: &mut Builder<'_, '_, '_>) {
    let within = |p: &Placed<'_, '_>| {
        let up = |s: &Option<&str>| s.map(|id| builder.by_id.get(id).and_then(|p| p.scope));
        std::iter::successors(Some(p.scope), up).take(64).any(|s| s == scope)
    };
    let calls = placed(builder).into_iter().filter(|(_, p)| xml::name(p.node) == "callActivity" && within(p));
    let calls: Vec<StepIx> = calls.filter_map(|(_, p)| p.step).take(MAX_PAIRED).collect();
    calls.into_iter().for_each(|call| out_of_sight(call, entry, "escalation", builder));
}

/// An edge that something may take which the model does not show.
fn out_of_sight(from: StepIx, to: StepIx, about: &str, builder: &mut Builder<'_, '_, '_>) {
    let condition = Expression::unknown(Language::Structured, about, Vec::new(), 0);
    builder.w.connect(End::Step(from), to, EdgeKind::When { case: about.into(), condition });
}

/// Link events: a throw goes on at the catch of the same name.
fn links(builder: &mut Builder<'_, '_, '_>) {
    let link = |n: Element<'_, '_>| {
        let definition = xml::child(n, "linkEventDefinition")?;
        Some(definition.attribute("name").or(n.attribute("name")).unwrap_or_default().to_owned())
    };
    let all = placed(builder);
    let catches: HashMap<String, StepIx> = all
        .iter()
        .filter(|(_, p)| xml::name(p.node) == "intermediateCatchEvent")
        .filter_map(|(_, p)| Some((link(p.node)?, p.entry?)))
        .collect();
    for (_, throw) in all.iter().filter(|(_, p)| xml::name(p.node) == "intermediateThrowEvent") {
        if let Some(to) = link(throw.node).and_then(|l| catches.get(&l)) {
            builder.w.connect(throw.exit, *to, EdgeKind::Next);
        }
    }
}

/// A compensation event runs the handlers of activities that are done.
fn compensation(process: Element<'_, '_>, builder: &mut Builder<'_, '_, '_>) {
    let all = placed(builder);
    let mut handlers: Vec<(&str, StepIx)> = Vec::new();
    for association in process.descendants().filter(|n| xml::is(*n, "association")) {
        let (source, target) = (association.attribute("sourceRef"), association.attribute("targetRef"));
        let boundary =
            source.and_then(|s| builder.by_id.get(s)).filter(|p| event::about(p.node) == "compensate");
        let handler = target.and_then(|t| builder.by_id.get(t)).and_then(|p| p.entry);
        if let (Some(boundary), Some(handler)) = (boundary, handler) {
            handlers.push((boundary.node.attribute("attachedToRef").unwrap_or_default(), handler));
        }
    }
    for (_, esp) in all.iter().filter(|(_, p)| p.node.attribute("triggeredByEvent") == Some("true")) {
        let compensates = xml::child(esp.node, "startEvent").is_some_and(|s| event::about(s) == "compensate");
        let of = esp.scope.or(process.attribute("id")).unwrap_or_default();
        handlers.extend(esp.entry.filter(|_| compensates).map(|entry| (of, entry)));
    }
    let throws =
        all.iter().filter(|(_, p)| matches!(xml::name(p.node), "intermediateThrowEvent" | "endEvent"));
    for (_, throw) in throws.filter(|(_, p)| event::about(p.node) == "compensate").take(MAX_PAIRED) {
        let definition = xml::child(throw.node, "compensateEventDefinition");
        let wanted = definition.and_then(|d| d.attribute("activityRef"));
        for (of, handler) in
            handlers.iter().filter(|(of, _)| wanted.is_none_or(|w| w == *of)).take(MAX_PAIRED)
        {
            let condition =
                Expression::unknown(Language::Structured, *of, Vec::new(), builder.text.line(throw.node));
            builder.w.connect(throw.exit, *handler, EdgeKind::When { case: "compensate".into(), condition });
        }
    }
}

/// Where a process and each sub-process begin.
fn starts(targets: &HashSet<&str>, builder: &mut Builder<'_, '_, '_>) {
    let all = placed(builder);
    let explicit: HashSet<Option<&str>> =
        all.iter().filter(|(_, p)| xml::name(p.node) == "startEvent").map(|(_, p)| p.scope).collect();
    for (id, node) in all {
        let name = xml::name(node.node);
        let begins = if explicit.contains(&node.scope) {
            name == "startEvent"
        } else {
            !targets.contains(id) && !is_apart(node.node) && name != "intermediateCatchEvent"
                || receives(node.node)
        };
        let Some(entry) = node.entry.filter(|_| begins && !is_apart(node.node)) else { continue };
        match node.scope.and_then(|s| builder.by_id.get(s)).and_then(|p| p.step) {
            Some(outer) => {
                let looped = builder.w.step(outer).is_some_and(|s| matches!(s.kind, StepKind::Loop(_)));
                let kind = if looped { EdgeKind::Body } else { EdgeKind::Next };
                builder.w.connect(End::Step(outer), entry, kind);
            }
            None => builder.w.connect(End::Trigger(0), entry, EdgeKind::Next),
        }
    }
}

/// Started by something else than the flow.
fn is_apart(node: Element<'_, '_>) -> bool {
    xml::name(node) == "boundaryEvent"
        || node.attribute("triggeredByEvent") == Some("true")
        || node.attribute("isForCompensation") == Some("true")
}

/// A receive task that makes a new instance.
fn receives(node: Element<'_, '_>) -> bool {
    node.attribute("instantiate") == Some("true")
}

/// Sub-processes that an event starts while what they are in runs.
fn event_processes(builder: &mut Builder<'_, '_, '_>) {
    let with_event = |(_, p): &(&str, Placed<'_, '_>)| p.node.attribute("triggeredByEvent") == Some("true");
    let caught: HashSet<StepIx> = builder.w.edges.iter().map(|e| e.to).collect();
    for (id, esp) in placed(builder).into_iter().filter(with_event).take(MAX_PAIRED) {
        let Some(entry) = esp.entry else { continue };
        let start = xml::child(esp.node, "startEvent");
        let about = start.map(event::about).unwrap_or_default();
        if matches!(about, "error" | "cancel") {
            let failing: Vec<StepIx> = failing(esp.scope, builder);
            for step in failing {
                builder.w.steps[step.0 as usize].on_error = OnError::Partly;
                builder.w.connect(End::Step(step), entry, EdgeKind::Error);
            }
            continue;
        }
        if matches!(about, "escalation" | "compensate") && caught.contains(&entry) {
            if about == "escalation" {
                escalated(esp.scope, entry, builder);
            }
            continue;
        }
        let outer = esp.scope.and_then(|s| builder.by_id.get(s)).and_then(|p| p.step);
        match (outer, start) {
            (Some(outer), _) if about == "timer" => {
                builder.w.connect(End::Step(outer), entry, EdgeKind::Timeout)
            }
            (Some(outer), _) => {
                let condition = Expression::unknown(Language::Structured, about, Vec::new(), 0);
                builder.w.connect(End::Step(outer), entry, EdgeKind::When { case: id.into(), condition });
            }
            // Nothing in sight does it: whatever runs beside it may.
            (None, Some(_)) if matches!(about, "escalation" | "compensate") => {
                let beside = activities(esp.scope, builder);
                beside.into_iter().for_each(|step| out_of_sight(step, entry, about, builder));
            }
            (None, Some(start)) => {
                let trigger = event::trigger(start, builder);
                builder.w.connect(trigger, entry, EdgeKind::Next);
            }
            (None, None) => {}
        }
    }
}

/// The activities of a scope that nothing else catches when they fail.
fn failing(scope: Option<&str>, builder: &Builder<'_, '_, '_>) -> Vec<StepIx> {
    let caught: HashSet<StepIx> = builder
        .w
        .edges
        .iter()
        .filter(|e| e.kind == EdgeKind::Error)
        .filter_map(|e| if let End::Step(s) = e.from { Some(s) } else { None })
        .collect();
    activities(scope, builder).into_iter().filter(|s| !caught.contains(s)).collect()
}

/// The activities of a scope.
fn activities(scope: Option<&str>, builder: &Builder<'_, '_, '_>) -> Vec<StepIx> {
    let activity = |n: &str| n.ends_with("Task") || n == "callActivity" || is_container(n);
    placed(builder)
        .into_iter()
        .filter(|(_, p)| p.scope == scope && activity(xml::name(p.node)))
        .filter(|(_, p)| p.node.attribute("triggeredByEvent") != Some("true"))
        .filter_map(|(_, p)| p.step)
        .collect()
}

/// What leads nowhere inside of a sub-process ends it, or its round.
fn ends(builder: &mut Builder<'_, '_, '_>) {
    empty(builder);
    let mut leaves: HashSet<StepIx> = HashSet::new();
    let apart: HashSet<StepIx> =
        placed(builder).into_iter().filter(|(_, p)| is_apart(p.node)).filter_map(|(_, p)| p.entry).collect();
    for edge in &builder.w.edges {
        let goes_on = match edge.kind {
            EdgeKind::Error | EdgeKind::Timeout => false,
            EdgeKind::When { .. } => !apart.contains(&edge.to),
            _ => true,
        };
        if let (End::Step(from), true) = (edge.from, goes_on) {
            leaves.insert(from);
        }
    }
    for (_, node) in placed(builder) {
        let Some(outer) = node.scope.and_then(|s| builder.by_id.get(s)).copied() else { continue };
        let End::Step(from) = node.exit else { continue };
        let failed = builder.w.step(from).is_some_and(|s| s.kind == StepKind::End(Outcome::Failure));
        if leaves.contains(&from) || failed || event::about(node.node) == "terminate" {
            continue;
        }
        if let Some(StepKind::End(Outcome::Success)) = builder.w.step(from).map(|s| s.kind.clone()) {
            builder.w.steps[from.0 as usize].kind = StepKind::End(Outcome::Path);
        }
        leave(from, outer, builder);
    }
}

/// From the end of a path to the end of the sub-process that it is in, or to its next round.
fn leave(from: StepIx, outer: Placed<'_, '_>, builder: &mut Builder<'_, '_, '_>) {
    match outer.exit {
        End::Step(exit) if Some(exit) == outer.step => {
            builder.w.connect(End::Step(from), exit, EdgeKind::Back)
        }
        End::Step(exit) => builder.w.connect(End::Step(from), exit, EdgeKind::Next),
        End::Trigger(_) => {}
    }
}

/// A sub-process with nothing inside goes straight to its end.
fn empty(builder: &mut Builder<'_, '_, '_>) {
    let filled: HashSet<&str> = placed(builder).iter().filter_map(|(_, p)| p.scope).collect();
    for (id, node) in placed(builder) {
        let plain = is_container(xml::name(node.node)) && !filled.contains(id);
        if let (true, Some(step), End::Step(exit)) = (plain, node.step, node.exit)
            && exit != step
        {
            builder.w.connect(End::Step(step), exit, EdgeKind::Next);
        }
    }
}
