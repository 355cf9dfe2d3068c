//! The Workflow Definition Language, which Azure Logic Apps and Power Automate share: a definition to a workflow.
//!
//! What wraps a definition (a template, an application, a package) is the platforms' own matter; see their folders.

mod actions;
mod arm;
mod ask;
mod condition;
mod connector;
mod context;
mod digest;
mod edges;
mod parse;
mod pieces;
mod request;
mod runs;
mod steps;
mod term;
mod trigger;
mod value;

pub(crate) use arm::{Arm, Scope};
pub(crate) use connector::Connections;
pub(crate) use digest::part;

use crate::doc::Node;
use crate::source::Files;
use actions::Actions;
use context::Context;
use steps::Builder;
use workflow::{Map, Part, Problem, StepIx, Value, Workflow, merkle};

/// A definition and what is known around it.
pub(crate) struct Given<'g, 'd> {
    /// The definition itself: `triggers`, `actions`, `parameters`.
    pub(crate) definition: Node<'d>,
    /// What the definition's parameters are given at deployment.
    pub(crate) parameters: Option<Node<'d>>,
    pub(crate) arm: &'g Arm<'d>,
    /// The templates around the definition, outermost first.
    pub(crate) chain: &'g [usize],
    pub(crate) connections: &'g Connections,
    pub(crate) files: &'g dyn Files,
    /// Parts of the digest from around the definition.
    pub(crate) parts: Vec<Part>,
}

/// What came of a definition.
pub(crate) struct Made {
    pub(crate) workflow: Workflow,
    pub(crate) problems: Vec<Problem>,
    pub(crate) used: Vec<String>,
}

/// Has the shape of a definition.
pub(crate) fn is_definition(node: Node<'_>) -> bool {
    let map = |key: &str| node.get(key).is_some_and(Node::is_map);
    let schema = node.str("$schema").is_some_and(|s| s.to_ascii_lowercase().contains("workflowdefinition"));
    node.is_map() && (schema && (map("actions") || map("triggers")) || map("actions") && map("triggers"))
}

/// Whether a definition is a flow of Power Automate: only there do actions and triggers name a connector's operation by its id.
pub(crate) fn is_flow(definition: Node<'_>) -> bool {
    let named = |kind: &str| kind.to_ascii_lowercase().starts_with("openapiconnection");
    let triggers = definition.get("triggers").into_iter().flat_map(Node::entries);
    let mut kinds = triggers.filter_map(|(_, node)| node.str("type"));
    kinds.any(named) || actions::collect(definition).all.iter().any(|a| named(&a.kind))
}

/// Fills in a workflow from its definition.
pub(crate) fn define(workflow: Workflow, given: Given<'_, '_>) -> Made {
    let actions = actions::collect(given.definition);
    let mut cx = Context::new(workflow.platform, given.arm, given.chain);
    actions.all.iter().for_each(|a| cx.name(a.name, &a.id, a.kind == "compose"));
    cx.learn(given.definition.get("parameters"), given.parameters);
    let mut builder = Builder::new(&cx, given.connections, given.files, workflow);
    builder.workflow.triggers = trigger::triggers(given.definition, &cx, given.connections);
    add_steps(&mut builder, &actions);
    let runs = runs::read(&actions);
    let (mut workflow, used) = (builder.workflow, builder.used);
    edges::connect(&mut workflow, &actions, &runs, &cx);
    let path = workflow.files.first().map(ToString::to_string).unwrap_or_default();
    let problems =
        runs.faults.into_iter().map(|(line, message)| Problem { path: path.clone(), line, message });
    let problems = problems.collect();
    link_approvals(&mut workflow);
    workflow.parameters = parameters(&workflow.parameters, &cx, &given);
    workflow.parts = given.parts;
    workflow.parts.extend(digest::parts(given.definition, &actions));
    workflow.digest = merkle(&workflow.parts);
    Made { workflow, problems, used }
}

fn add_steps<'d>(builder: &mut Builder<'_, 'd>, actions: &Actions<'d>) {
    for action in &actions.all {
        let item = action.item.map(|i| actions.all[i].id.as_str());
        let mut step = builder.step(action, item);
        step.parent = action.parent.and_then(|p| u32::try_from(p).ok()).map(StepIx);
        builder.workflow.add(step);
    }
}

/// The definition's own parameters beside what the platform put in.
fn parameters<'d>(around: &Value, cx: &Context<'_, 'd>, given: &Given<'_, 'd>) -> Value {
    let mut map = match around {
        Value::Map(map) => map.clone(),
        _ => Map::default(),
    };
    let declared = given.definition.get("parameters");
    for (key, node) in
        [("parameters", declared), ("given", given.parameters), ("outputs", given.definition.get("outputs"))]
    {
        if let Some(node) = node.filter(|n| !n.is_empty()) {
            map.push(key, cx.value(node, None), node.line());
        }
    }
    Value::Map(map)
}

/// An approval that is only waited for was created by another step, which says who is asked.
fn link_approvals(workflow: &mut Workflow) {
    let waiting = |step: &workflow::Step| step.ask.as_ref().is_some_and(|a| a.approver.is_empty());
    let wanted: Vec<(usize, workflow::Text)> = workflow
        .steps
        .iter()
        .enumerate()
        .filter(|(_, step)| waiting(step))
        .filter_map(|(index, step)| Some((index, created_by(step)?)))
        .collect();
    for (index, id) in wanted {
        let creator = workflow.find(&id).and_then(|ix| workflow.step(ix));
        let approver = creator.and_then(|step| ask::approver(&step.parameters)).cloned();
        if let (Some(approver), Some(ask)) = (approver, workflow.steps[index].ask.as_mut()) {
            ask.approver = approver;
        }
    }
}

fn created_by(step: &workflow::Step) -> Option<workflow::Text> {
    let expressions = step.parameters.expressions();
    expressions.iter().flat_map(|e| e.references()).find_map(|reference| match &reference.root {
        workflow::Root::Step(id) => Some(id.clone()),
        _ => None,
    })
}

#[cfg(test)]
pub(crate) mod tests;
