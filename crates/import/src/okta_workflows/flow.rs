//! A flow as a workflow: its trigger, its cards in the order in which they run, the edges between them.
//!
//! Cards run one after the other. A flow written inside a card (a branch of If/ElseIf, the two parts of If Error)
//! is like an unnamed helper flow: its Return and its Continue If only end it, and the run goes on after the card.

use super::cards::Cards;
use super::condition;
use super::order::{self, Item};
use super::request::Results;
use super::step;
use super::value::Values;
use super::{shape, trigger};
use crate::doc::{Node as Doc, canonical};
use std::collections::HashSet;
use workflow::{
    Callee, CalleeKey, Credential, Digest, EdgeKind, Expression, Node, Outcome, Part, Platform, Problem,
    Step, StepIx, StepKind, Text, Value, Workflow, merkle,
};

/// Ends of edges that wait for the next step.
type Ends = Vec<(Node, EdgeKind)>;

struct Builder<'b, 'c, 'd> {
    w: &'b mut Workflow,
    values: &'b Values<'c, 'd>,
    results: &'b Results,
    /// The exported flow's own id.
    own: &'b str,
}

/// What a card's surroundings are.
#[derive(Clone, Copy)]
struct Place {
    parent: Option<StepIx>,
    inline: bool,
}

/// One exported flow.
pub(super) fn workflow(node: Doc<'_>, data: Doc<'_>, path: &str, problems: &mut Vec<Problem>) -> Workflow {
    let id = node.str("id").or(node.key()).unwrap_or_default();
    let mut w = Workflow::new(Platform::OktaWorkflows, node.str("name").unwrap_or(id), path);
    w.id = (!id.is_empty()).then(|| id.into());
    w.description = node.str("description").unwrap_or_default().to_owned();
    w.span = node.span();
    let Some(flow) = node.get("data") else { return w };
    let cards = Cards::read(flow);
    let trigger = cards.first(0);
    let values = Values { cards: &cards, trigger, wrapper: wrapper(&cards, trigger) };
    w.triggers.push(trigger::trigger(&values, trigger, flow));
    let results: Results = (0..cards.cards.len())
        .filter_map(|c| Some((cards.cards[c].id.clone(), shape::output(&values, c)?)))
        .collect();
    if trigger.is_none() && !cards.cards.is_empty() {
        let message = format!("flow `{}` has no card that starts it; it is read as started by hand", w.name);
        problems.push(Problem { path: path.to_owned(), line: node.line(), message });
    }
    for deep in &cards.unread {
        let message = format!(
            "a flow inside flow `{}` is nested too deep to be read; move it to a helper flow",
            w.name
        );
        problems.push(Problem { path: path.to_owned(), line: deep.line(), message });
    }
    w.batched = trigger.is_some_and(|t| cards.cards[t].connector != "kernel");
    let mut builder = Builder { w: &mut w, values: &values, results: &results, own: id };
    let place = Place { parent: None, inline: false };
    builder.flow(0, vec![(Node::Trigger(0), EdgeKind::Next)], place);
    credentials(&cards, data, &mut w);
    digest(node, flow, data, &cards, &mut w);
    w
}

/// The platform wraps the cards of an event flow in a For Each over the event's payload, which holds one event.
fn wrapper(cards: &Cards<'_>, trigger: Option<usize>) -> Option<usize> {
    let trigger = trigger.filter(|t| cards.cards[*t].connector != "kernel")?;
    cards.flows[0].cards.iter().copied().find(|c| {
        let card = &cards.cards[*c];
        let list = card.input("list").and_then(|l| l.pin).map(|p| p.card);
        card.is("list.asyncEach") && list == Some(trigger) && card.inputs.iter().any(|i| i.flow.is_some())
    })
}

impl Builder<'_, '_, '_> {
    /// Adds the steps of a flow; gives where the run goes on after it.
    fn flow(&mut self, flow: usize, entry: Ends, place: Place) -> Ends {
        let items = order::items(self.values.cards, flow);
        let mut exits = Vec::new();
        let mut ends = self.items(&items, entry, place, &mut exits);
        ends.extend(exits);
        ends
    }

    fn items(&mut self, items: &[Item], mut ends: Ends, place: Place, exits: &mut Ends) -> Ends {
        for item in items {
            ends = match item {
                Item::Card(card) => self.card(*card, ends, place, exits),
                Item::If { card, yes, no, join } => {
                    let ix = self.add(*card, &mut ends, place);
                    let test = condition::condition(self.values, *card, None);
                    let mut after = self.items(yes, vec![when(ix, "true", test)], place, exits);
                    after.extend(self.items(no, vec![otherwise(ix)], place, exits));
                    match join {
                        Some(join) => {
                            let ix = self.add(*join, &mut after, place);
                            vec![(Node::Step(ix), EdgeKind::Next)]
                        }
                        None => after,
                    }
                }
            };
        }
        ends
    }

    /// Adds a card's step after the open ends.
    fn add(&mut self, card: usize, ends: &mut Ends, place: Place) -> StepIx {
        let mut step = step::step(self.values, card, self.results, self.own, place.inline);
        step.parent = place.parent;
        self.after(step, ends)
    }

    fn after(&mut self, step: Step, ends: &mut Ends) -> StepIx {
        let ix = self.w.add(step);
        for (from, kind) in ends.drain(..) {
            self.w.connect(from, ix, kind);
        }
        ix
    }

    /// A step of the importer's own, beside a card's.
    fn made(&mut self, card: usize, what: &str, kind: StepKind, place: Place, ends: &mut Ends) -> StepIx {
        let known = &self.values.cards.cards[card];
        let mut step = Step::new(format!("{}/{what}", known.id), what, kind);
        step.synthetic = true;
        step.parent = place.parent;
        step.span = known.span.clone();
        self.after(step, ends)
    }

    fn card(&mut self, card: usize, mut ends: Ends, place: Place, exits: &mut Ends) -> Ends {
        let known = &self.values.cards.cards[card];
        let skipped = ["control.comment", "control.noop", "control.callable"].iter().any(|k| known.is(k));
        if skipped || Some(card) == self.values.trigger {
            return ends;
        }
        let ix = self.add(card, &mut ends, place);
        let from = Node::Step(ix);
        self.failures(card, ix, place);
        let inside: Vec<(usize, Option<&str>)> =
            known.inputs.iter().filter_map(|i| Some((i.flow?, i.group))).collect();
        match known.operation.as_str() {
            "control.continueIf" if known.connector == "kernel" => {
                if place.inline {
                    exits.push(otherwise(ix));
                }
                vec![when(ix, "true", condition::condition(self.values, card, None))]
            }
            "control.throwIf" if known.connector == "kernel" => vec![otherwise(ix)],
            "control.return" | "control.returnRaw" if known.connector == "kernel" => {
                exits.extend(place.inline.then_some((from, EdgeKind::Next)));
                // What Okta is told to do is done, and then the run ends.
                if !place.inline && self.w.step(ix).is_some_and(|s| s.kind == StepKind::Action) {
                    let end = StepKind::End(workflow::Outcome::Success);
                    self.made(card, "end", end, place, &mut vec![(from, EdgeKind::Next)]);
                }
                Vec::new()
            }
            "control.throw" if known.connector == "kernel" => Vec::new(),
            "control.branch" if !inside.is_empty() => self.branch(card, ix, &inside, place),
            _ if inside.is_empty() && known.handler.is_none() => {
                let mut next = vec![(from, EdgeKind::Next)];
                if self.w.step(ix).is_some_and(|s| s.on_error == workflow::OnError::Continue) {
                    next.push((from, EdgeKind::Error));
                }
                next
            }
            _ => self.container(card, ix, &inside, place),
        }
    }

    /// If/ElseIf: one flow for each condition, one for else.
    fn branch(&mut self, card: usize, ix: StepIx, inside: &[(usize, Option<&str>)], place: Place) -> Ends {
        let within = Place { parent: Some(ix), inline: true };
        let mut after = Vec::new();
        let mut or_else = false;
        let known = inside.iter().filter(|(_, g)| *g != Some("else"));
        for (number, (flow, group)) in known.enumerate() {
            let case = if number == 0 { "if".to_owned() } else { format!("else if {number}") };
            let test = condition::condition(self.values, card, *group);
            after.extend(self.flow(*flow, vec![when(ix, &case, test)], within));
        }
        for (flow, _) in inside.iter().filter(|(_, g)| *g == Some("else")) {
            or_else = true;
            after.extend(self.flow(*flow, vec![otherwise(ix)], within));
        }
        if !or_else {
            after.push(otherwise(ix));
        }
        let join = self.made(card, "end", StepKind::Join, place, &mut after);
        vec![(Node::Step(join), EdgeKind::Next)]
    }

    /// If Error, a loop over a flow written in it, the wrapper of an event.
    fn container(&mut self, card: usize, ix: StepIx, inside: &[(usize, Option<&str>)], place: Place) -> Ends {
        let within = Place { parent: Some(ix), inline: true };
        let from = Node::Step(ix);
        let looped = self.w.step(ix).is_some_and(|s| matches!(s.kind, StepKind::Loop(_)));
        let entry = if looped { EdgeKind::Body } else { EdgeKind::Next };
        let mut after = Vec::new();
        for (flow, _) in inside {
            after.extend(self.flow(*flow, vec![(from, entry.clone())], within));
        }
        if looped {
            self.back(after, ix);
            return vec![(from, EdgeKind::Next)];
        }
        if let Some(handler) = self.values.cards.cards[card].handler {
            after.extend(self.flow(handler, vec![(from, EdgeKind::Error)], within));
        }
        let join = self.made(card, "end", StepKind::Join, place, &mut after);
        vec![(Node::Step(join), EdgeKind::Next)]
    }

    /// The ends of a loop's body lead back to it; an end that carries a condition passes a step of our own.
    fn back(&mut self, after: Ends, ix: StepIx) {
        let mut conditional = Vec::new();
        for (from, kind) in after {
            match kind {
                EdgeKind::Next => self.w.connect(from, ix, EdgeKind::Back),
                EdgeKind::Body => {}
                other => conditional.push((from, other)),
            }
        }
        if !conditional.is_empty() {
            let id = self.w.step(ix).map(|s| s.id.clone()).unwrap_or_default();
            let mut join = Step::new(format!("{id}/next"), "next", StepKind::Join);
            join.synthetic = true;
            join.parent = Some(ix);
            let join = self.after(join, &mut conditional);
            self.w.connect(Node::Step(join), ix, EdgeKind::Back);
        }
    }

    /// What ends the run as a failure: Return Error If when its condition holds, and a card whose error handling
    /// runs another flow first (the flow still stops with the error).
    fn failures(&mut self, card: usize, ix: StepIx, place: Place) {
        let known = &self.values.cards.cards[card];
        let mut ends = Vec::new();
        if known.is("control.throwIf") {
            ends.push(when(ix, "true", condition::condition(self.values, card, None)));
        }
        if let Some(flow) = step::on_error_flow(known) {
            ends.push((Node::Step(ix), EdgeKind::Error));
            let call = self.made(card, "on error", StepKind::Call, place, &mut ends);
            let key = if flow == self.own { CalleeKey::Itself } else { CalleeKey::Id(flow) };
            if let Some(step) = self.w.steps.get_mut(call.0 as usize) {
                step.connector = "kernel".into();
                step.operation = "control.spawn".into();
                step.calls.push(Callee { key, input: Value::Null });
            }
            ends.push((Node::Step(call), EdgeKind::Next));
        }
        if !ends.is_empty() {
            self.made(card, "failed", StepKind::End(Outcome::Failure), place, &mut ends);
        }
    }
}

fn when(ix: StepIx, case: &str, condition: Expression) -> (Node, EdgeKind) {
    (Node::Step(ix), EdgeKind::When { case: case.into(), condition })
}

fn otherwise(ix: StepIx) -> (Node, EdgeKind) {
    (Node::Step(ix), EdgeKind::Otherwise { case: "false".into() })
}

/// The connections that the cards name, of those listed in the export.
fn credentials(cards: &Cards<'_>, data: Doc<'_>, w: &mut Workflow) {
    let configs = data.get("configs");
    let mut known: std::collections::HashMap<&str, u32> = std::collections::HashMap::new();
    let used: std::collections::HashMap<&str, &str> = cards
        .cards
        .iter()
        .filter_map(|c| Some((c.id.as_str(), c.node.at(&["node", "model", "config"])?.scalar()?)))
        .collect();
    for step in &mut w.steps {
        let Some(id) = used.get(step.id.as_str()).filter(|_| !step.synthetic) else { continue };
        let ix = *known.entry(id).or_insert_with(|| {
            let config = configs.and_then(|c| c.get(id));
            let text = |key: &str| config.and_then(|c| c.str(key)).unwrap_or_default();
            let kind = if text("module").is_empty() { step.connector.clone() } else { text("module").into() };
            let line = config.map_or(step.span.line, Doc::line);
            w.credentials.push(Credential {
                id: (*id).into(),
                name: text("name").into(),
                kind,
                personal: None,
                callers: false,
                line,
            });
            u32::try_from(w.credentials.len() - 1).unwrap_or(u32::MAX)
        });
        step.credentials.push(ix);
    }
}

/// What only shows or repeats, by where it stands: nothing else of these names is left out.
#[derive(Default)]
struct Presentation {
    /// Flows: their picture in the editor, and the cards, which are parts of their own.
    flows: HashSet<u32>,
    /// Cards: cached names of their connector.
    cards: HashSet<u32>,
    /// Their models: name, description, notes.
    models: HashSet<u32>,
    /// Inputs' and outputs' values: the types they could have.
    values: HashSet<u32>,
}

impl Presentation {
    fn of(cards: &Cards<'_>) -> Self {
        let mut known = Presentation::default();
        known.flows.extend(cards.flows.iter().map(|f| f.node.id()));
        for card in &cards.cards {
            known.cards.insert(card.node.id());
            known.models.extend(card.node.at(&["node", "model"]).map(Doc::id));
            let values = card.inputs.iter().map(|i| i.value).chain(card.outputs.iter().map(|o| o.value));
            known.values.extend(values.flatten().map(Doc::id));
        }
        known
    }

    fn has(&self, node: Doc<'_>) -> bool {
        let (Some(parent), Some(key)) = (node.parent().map(Doc::id), node.key()) else { return false };
        match key {
            "methods" | "tree" | "templateName" | "connector_method_meta" | "active_version_external_id" => {
                self.flows.contains(&parent)
            }
            "display" => self.flows.contains(&parent) || self.models.contains(&parent),
            "parents" => self.cards.contains(&parent),
            "metadata" | "comments" | "partnerChannelKeys" => self.models.contains(&parent),
            "available" => self.values.contains(&parent),
            _ => false,
        }
    }
}

fn digest(node: Doc<'_>, flow: Doc<'_>, data: Doc<'_>, cards: &Cards<'_>, w: &mut Workflow) {
    let shown = Presentation::of(cards);
    let settings = canonical(node, &|n| n.key() == Some("data") && n.parent().is_some_and(|p| p.is(node)));
    w.parts.push(part("settings", &settings));
    w.parts.push(part("flow", &canonical(flow, &|n| shown.has(n))));
    for card in cards.cards.iter().filter(|c| !c.is("control.comment")) {
        w.parts.push(part(&format!("step/{}", card.id), &canonical(card.node, &|n| shown.has(n))));
    }
    for credential in &w.credentials {
        let Some(config) = data.get("configs").and_then(|c| c.get(&credential.id)) else { continue };
        let bytes = canonical(config, &|_| false);
        w.parts.push(part(&format!("credential/{}", credential.id), &bytes));
    }
    if let Some(tables) = data.get("tables").filter(|t| !t.is_empty()) {
        w.parts.push(part("tables", &canonical(tables, &|_| false)));
    }
    w.digest = merkle(&w.parts);
}

fn part(name: &str, bytes: &[u8]) -> Part {
    Part { name: Text::from(name), digest: Digest::of(bytes) }
}
