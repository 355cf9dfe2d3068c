//! A definition to a workflow: nodes to triggers and steps, wires to edges, and the workflows written into nodes.

use super::edges::{self, Edges};
use super::flow::{Flow, Item, Role};
use super::scope::{Nowhere, Scope};
use super::value::{condition, value};
use super::{digest, steps, triggers};
use crate::doc::{Doc, Node};
use std::collections::HashMap;
use workflow::{
    CalleeKey, Credential, Platform, Problem, Span, StepIx, StepKind, Text, Trigger, TriggerKind, Value,
    Workflow,
};

/// Definitions may be written into nodes of each other so deep.
const MOST_INLINE: u32 = 3;
/// At most so many faults of a definition are told one by one.
const MOST_FAULTS: usize = 20;

/// Where a definition stands and what is known of it from around it.
#[derive(Clone)]
pub(super) struct Place<'p> {
    /// The file.
    pub(super) path: &'p str,
    /// The name that the workflow has where the definition gives none.
    pub(super) name: Option<&'p str>,
    /// Set for definitions inside of texts: the line of the text, and the id that calls use.
    pub(super) within: Option<(u32, Text)>,
    /// How many definitions this one is inside of.
    pub(super) depth: u32,
}

/// Workflows and problems of a definition: itself first, then those written into its nodes.
pub(super) fn build(definition: Node<'_>, place: &Place<'_>) -> (Vec<Workflow>, Vec<Problem>) {
    let flow = Flow::read(definition);
    let mut builder = Builder::new(&flow, definition, place);
    let mut outputs = Vec::new();
    for (ix, item) in flow.items.iter().enumerate() {
        match item.role {
            Role::Step(_) => outputs.push(builder.step(ix, item)),
            Role::Trigger(_) => builder.trigger(ix, item),
            Role::Note => asides(item.node, &mut builder.workflow.asides),
        }
    }
    definition.get("pinData").into_iter().for_each(|pinned| asides(pinned, &mut builder.workflow.asides));
    builder.parents();
    let triggers = builder.started();
    let Builder { mut workflow, mut faults, inner, .. } = builder;
    let mut edges = Edges {
        flow: &flow,
        workflow: &mut workflow,
        triggers,
        outputs,
        returns: HashMap::new(),
        faults: Vec::new(),
    };
    edges.connect();
    faults.append(&mut edges.faults);
    faults.extend(flow.faults.iter().cloned());
    digest::fill(&mut workflow, &flow, definition);
    let mut problems = problems(faults, place);
    let mut workflows = vec![workflow];
    for (more, found) in inner {
        workflows.extend(more);
        problems.extend(found);
    }
    (workflows, problems)
}

/// The texts in a note or in pinned results that are long enough to hold a token.
fn asides(node: Node<'_>, found: &mut Vec<(u32, Text)>) {
    const LEAST: usize = 16;
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        let text = node.as_str().filter(|t| t.len() >= LEAST);
        found.extend(text.map(|t| (node.line(), t.into())));
        open.extend(node.children());
    }
}

fn problems(mut faults: Vec<(u32, String)>, place: &Place<'_>) -> Vec<Problem> {
    faults.sort();
    faults.dedup();
    let more = faults.len().saturating_sub(MOST_FAULTS);
    let line_of = |line| place.within.as_ref().map_or(line, |(line, _)| *line);
    let told = faults.into_iter().take(MOST_FAULTS);
    let problem = |(line, message)| Problem { path: place.path.to_owned(), line: line_of(line), message };
    let mut problems: Vec<Problem> = told.map(problem).collect();
    if more > 0 {
        let message = format!("{more} more faults of this kind: the export is damaged");
        problems.push(Problem { path: place.path.to_owned(), line: 0, message });
    }
    problems
}

struct Builder<'f> {
    flow: &'f Flow<'f>,
    place: &'f Place<'f>,
    workflow: Workflow,
    known_credentials: HashMap<(Text, Text), u32>,
    faults: Vec<(u32, String)>,
    /// Triggers in the order of the definition, and whether they are switched on.
    all_triggers: Vec<(Trigger, bool)>,
    inner: Vec<(Vec<Workflow>, Vec<Problem>)>,
    prefix: String,
    /// Items that use tools.
    models: Vec<bool>,
}

impl<'f> Builder<'f> {
    fn new(flow: &'f Flow<'f>, definition: Node<'_>, place: &'f Place<'f>) -> Self {
        let mut models = vec![false; flow.items.len()];
        flow.models.iter().flatten().for_each(|model| models[*model] = true);
        let mut prefix = definition.path().to_string();
        if !prefix.is_empty() {
            prefix.push('.');
        }
        Builder {
            flow,
            place,
            workflow: head(definition, place),
            known_credentials: HashMap::new(),
            faults: Vec::new(),
            all_triggers: Vec::new(),
            inner: Vec::new(),
            prefix,
            models,
        }
    }

    fn span(&self, item: &Item<'_>) -> Span {
        match &self.place.within {
            Some((line, _)) => Span { file: 0, line: *line, path: Text::default() },
            None => {
                let path = format!("{}nodes[{}]", self.prefix, item.position);
                Span { file: 0, line: item.node.line(), path: path.into() }
            }
        }
    }

    fn trigger(&mut self, ix: usize, item: &Item<'_>) {
        let scope = Scope::of(self.flow, ix);
        let (parameters, _) = steps::parameters(item, &scope);
        let (kind, authenticated) = triggers::entrance(item.node_type, item.version, &parameters);
        let mut trigger = Trigger {
            id: item.id.clone(),
            name: item.name.into(),
            kind,
            authenticated,
            event: Text::default(),
            filter: None,
            after_approval: false,
            caller_data: triggers::is_caller_data(kind),
            parameters,
            span: self.span(item),
        };
        trigger.event = triggers::event(item.node_type, &trigger).into();
        self.credentials(item);
        self.all_triggers.push((trigger, !item.disabled));
    }

    /// Hands the triggers that are switched on to the workflow, those for people at the editor and for other
    /// workflows last; gives their numbers by their order in the definition. Where all are switched off, the
    /// workflow is judged as if they were on.
    fn started(&mut self) -> Vec<Option<u32>> {
        let any = self.all_triggers.iter().any(|(_, on)| *on);
        let all = std::mem::take(&mut self.all_triggers);
        let mut numbers = vec![None; all.len()];
        let mut taken: Vec<(usize, Trigger)> = all
            .into_iter()
            .enumerate()
            .filter(|(_, (_, on))| *on || !any)
            .map(|(i, (t, _))| (i, t))
            .collect();
        taken.sort_by_key(|(i, t)| (rank(t.kind), *i));
        for (number, (i, trigger)) in (0..).zip(taken) {
            numbers[i] = Some(number);
            self.workflow.aliases.extend(triggers::addresses(&trigger));
            self.workflow.triggers.push(trigger);
        }
        numbers
    }

    fn step(&mut self, ix: usize, item: &Item<'_>) -> super::conditions::Outputs {
        let scope = Scope::of(self.flow, ix);
        let span = self.span(item);
        let own = self.workflow.id.clone();
        let made = steps::step(item, &scope, own.as_deref(), span, self.models[ix]);
        let mut step = made.step;
        step.credentials = self.credentials(item);
        if let Some(text) = made.inline {
            self.inline(&text, &mut step);
        }
        let mut outputs = edges::outputs(item, &step);
        if let Some(when) = made.when {
            outputs.cases.push((0, "items".into(), condition("items are returned", when, step.span.line)));
        }
        self.workflow.add(step);
        outputs
    }

    /// A definition written into a node is a workflow of its own.
    fn inline(&mut self, text: &str, step: &mut workflow::Step) {
        if self.place.depth >= MOST_INLINE {
            return;
        }
        let outer = self.workflow.id.clone().unwrap_or_else(|| self.workflow.name.clone());
        let id: Text = format!("{outer}/{}", step.id).into();
        let name = format!("{} / {}", self.workflow.name, step.name);
        let place = Place {
            path: self.place.path,
            name: Some(&name),
            within: Some((step.span.line, id.clone())),
            depth: self.place.depth + 1,
        };
        let Ok(doc) = Doc::json(text) else {
            let message = format!("the workflow written into `{}` is no JSON", step.name);
            return self.faults.push((step.span.line, message));
        };
        if doc.root().get("nodes").is_some_and(Node::is_list) {
            self.inner.push(build(doc.root(), &place));
            step.calls.iter_mut().for_each(|c| c.key = CalleeKey::Id(id.clone()));
        }
    }

    /// The credentials of a node, by their numbers in the workflow.
    fn credentials(&mut self, item: &Item<'_>) -> Vec<u32> {
        let written = item.node.get("credentials").into_iter().flat_map(Node::entries);
        let mut used = Vec::new();
        for (kind, credential) in written {
            let name = credential.as_str().or_else(|| credential.get("name")?.scalar()).unwrap_or_default();
            let id = credential.get("id").and_then(Node::scalar).unwrap_or_default();
            let key = (Text::from(kind), Text::from(if id.is_empty() { name } else { id }));
            let next = u32::try_from(self.workflow.credentials.len()).unwrap_or(u32::MAX);
            let number = *self.known_credentials.entry(key).or_insert(next);
            if number == next {
                self.workflow.credentials.push(Credential {
                    id: id.into(),
                    name: name.into(),
                    kind: kind.into(),
                    personal: None,
                    callers: false,
                    line: credential.line(),
                });
            }
            used.push(number);
        }
        used
    }

    /// Steps in a loop's body have the loop as their parent.
    fn parents(&mut self) {
        for (ix, head) in self.flow.loops.iter().enumerate() {
            let Some(head) = head else { continue };
            let (Role::Step(step), Role::Step(parent)) =
                (self.flow.items[ix].role, self.flow.items[*head].role)
            else {
                continue;
            };
            let is_loop = |s: &workflow::Step| matches!(s.kind, StepKind::Loop(_));
            let parent = StepIx(parent);
            if self.workflow.step(parent).is_some_and(is_loop)
                && let Some(step) = self.workflow.steps.get_mut(step as usize)
            {
                step.parent = Some(parent);
            }
        }
    }
}

/// Triggers that anything outside may fire come first.
fn rank(kind: TriggerKind) -> u8 {
    match kind {
        TriggerKind::Subflow => 1,
        TriggerKind::Manual => 2,
        _ => 0,
    }
}

/// What stands around the nodes: name, id, settings.
fn head(definition: Node<'_>, place: &Place<'_>) -> Workflow {
    let own = definition.get("name").and_then(Node::scalar).filter(|n| !n.trim().is_empty());
    let mut workflow = Workflow::new(Platform::N8n, own.or(place.name).unwrap_or("unnamed"), place.path);
    let id = definition.get("id").and_then(Node::scalar).filter(|id| !id.is_empty());
    workflow.id = match &place.within {
        Some((_, id)) => Some(id.clone()),
        None => id.map(Text::from),
    };
    workflow.aliases.extend(place.name.filter(|n| Some(*n) != own && own.is_some()).map(Text::from));
    workflow.description = definition.str("description").unwrap_or_default().to_owned();
    workflow.enabled = definition.bool("active");
    workflow.itemwise = true;
    workflow.span = match &place.within {
        Some((line, _)) => Span { file: 0, line: *line, path: Text::default() },
        None => definition.span(),
    };
    let names = Nowhere;
    let settings = definition.get("settings").filter(|s| s.is_map());
    workflow.parameters = settings.map(|s| value(s, &names)).unwrap_or(Value::Null);
    workflow
}
