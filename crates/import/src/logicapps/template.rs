//! Deployment templates: finds the workflows in them, nested templates included, and what each is deployed with.

use super::{blank, enabled, finish, stem};
use crate::doc::Node;
use crate::wdl::{self, Arm, Connections, Given, Made, Scope};
use crate::{Imported, Source};
use std::collections::HashMap;
use workflow::{Callee, CalleeKey, Map, Part, Text, Value};

/// Templates may be nested so deep.
const MAX_NESTED: usize = 16;
/// So many workflows of one file carry the parameters and variables of their template.
const MAX_AROUND: usize = 16;
/// The type of a workflow's resource.
const LOGIC: &str = "Microsoft.Logic/workflows";

/// A workflow's resource and the templates around it.
struct Found<'d> {
    resource: Node<'d>,
    chain: Vec<usize>,
    template: Node<'d>,
}

#[derive(Default)]
struct Finder<'d> {
    arm: Arm<'d>,
    workflows: Vec<Found<'d>>,
    connections: Vec<(Node<'d>, Vec<usize>)>,
    /// Other kinds of resources, for people.
    others: Vec<&'d str>,
}

/// Has the shape of a deployment template.
pub(super) fn is_template(root: Node<'_>) -> bool {
    let schema = root.str("$schema").is_some_and(|s| s.to_ascii_lowercase().contains("deploymenttemplate"));
    let resources = root.get("resources").is_some_and(|r| r.is_list() || r.is_map());
    schema || resources && root.get("contentVersion").is_some() && root.get("actions").is_none()
}

pub(super) fn import(source: &Source<'_>, root: Node<'_>) -> Imported {
    let mut finder = Finder::default();
    finder.template(root, &[], None, true, 0);
    if finder.workflows.is_empty() {
        return Imported::not_workflow(what(&finder.others));
    }
    let mut made: Vec<Made> = Vec::new();
    let parts = template_parts(root);
    for (index, found) in finder.workflows.iter().enumerate() {
        made.extend(workflow(source, &finder, found, &parts, index < MAX_AROUND));
    }
    link(&finder, &mut made);
    finish(made)
}

/// A call of a workflow whose name only the deployment knows means those of this template which are given the same name.
fn link(finder: &Finder<'_>, made: &mut [Made]) {
    let mut bearers: HashMap<Text, Vec<Text>> = HashMap::new();
    let calls = made.iter().flat_map(|m| &m.workflow.steps).flat_map(|s| &s.calls);
    let open =
        calls.filter_map(|c| if let CalleeKey::Dynamic(open) = &c.key { Some(open.clone()) } else { None });
    bearers.extend(open.map(|open| (open, Vec::new())));
    for (found, made) in finder.workflows.iter().zip(made.iter_mut()) {
        let name = found.resource.get("name").and_then(|n| finder.arm.open_name(n, &found.chain));
        if let Some((name, all)) = name.and_then(|n| Some((n.clone(), bearers.get_mut(n.as_str())?))) {
            let alias = Text::from(format!("{name}#{}", all.len() + 1));
            made.workflow.aliases.push(alias.clone());
            all.push(alias);
        }
    }
    for step in made.iter_mut().flat_map(|m| &mut m.workflow.steps) {
        step.calls = step.calls.drain(..).flat_map(|call| meant(call, &bearers)).collect();
    }
}

/// A call as often as there are workflows that it may mean.
fn meant(call: Callee, bearers: &HashMap<Text, Vec<Text>>) -> Vec<Callee> {
    let CalleeKey::Dynamic(open) = &call.key else { return vec![call] };
    match bearers.get(open) {
        Some(all) if !all.is_empty() => {
            let named =
                |name: &Text| Callee { key: CalleeKey::Name(name.clone()), input: call.input.clone() };
            all.iter().map(named).collect()
        }
        _ => vec![call],
    }
}

fn what(others: &[&str]) -> String {
    let has = |kind: &str| others.iter().any(|o| o.eq_ignore_ascii_case(kind));
    if has("Microsoft.Web/customApis") {
        return "an Azure template of a custom connector, without a logic app".to_owned();
    }
    "an Azure template without a logic app".to_owned()
}

impl<'d> Finder<'d> {
    /// Looks through a template. A nested one is evaluated in its own names (`inner`) or in those around it.
    fn template(
        &mut self,
        template: Node<'d>,
        outer: &[usize],
        passed: Option<(Node<'d>, Vec<usize>)>,
        inner: bool,
        depth: usize,
    ) {
        if depth > MAX_NESTED {
            return;
        }
        let mut chain = outer.to_vec();
        if inner {
            let (parameters, variables) = (template.get("parameters"), template.get("variables"));
            chain.push(self.arm.add(Scope { parameters, variables, passed }));
        }
        if let Some(resources) = template.get("resources") {
            self.resources(resources, &chain, template, depth);
        }
    }

    fn resources(&mut self, resources: Node<'d>, chain: &[usize], template: Node<'d>, depth: usize) {
        if depth > MAX_NESTED {
            return;
        }
        for resource in resources.children().filter(|n| n.is_map()) {
            self.resource(resource, chain, template, depth);
            if let Some(children) = resource.get("resources") {
                self.resources(children, chain, template, depth + 1);
            }
        }
    }

    fn resource(&mut self, resource: Node<'d>, chain: &[usize], template: Node<'d>, depth: usize) {
        let kind = resource.str("type").unwrap_or_default();
        let properties = resource.get("properties");
        let definition = properties.and_then(|p| p.get("definition"));
        if definition.is_some_and(wdl::is_definition)
            || definition.is_some() && kind.eq_ignore_ascii_case(LOGIC)
        {
            self.workflows.push(Found { resource, chain: chain.to_vec(), template });
            return;
        }
        self.others.push(kind);
        let Some(properties) = properties else { return };
        if kind.eq_ignore_ascii_case("Microsoft.Web/connections") {
            self.connections.push((resource, chain.to_vec()));
        }
        if let Some(nested) = properties.get("template").filter(|t| t.is_map()) {
            let scope = properties.at(&["expressionEvaluationOptions", "scope"]).and_then(Node::as_str);
            let inner = scope.is_some_and(|s| s.eq_ignore_ascii_case("inner"));
            let passed = properties.get("parameters").map(|p| (p, chain.to_vec()));
            let around = if inner { &[][..] } else { chain };
            self.template(nested, around, passed, inner, depth + 1);
        }
        // What is kept to be installed later is evaluated a second time then.
        if let Some(nested) = properties.get("mainTemplate").filter(|t| t.is_map()) {
            self.template(nested, chain, None, true, depth + 1);
        }
    }
}

fn workflow<'d>(
    source: &Source<'_>,
    finder: &Finder<'d>,
    found: &Found<'d>,
    parts: &[Part],
    around_it: bool,
) -> Option<Made> {
    let (arm, chain) = (&finder.arm, &found.chain[..]);
    let properties = found.resource.get("properties")?;
    let definition = properties.get("definition")?;
    let parameters = properties.get("parameters");
    let mut connections = Connections::default();
    connections.learn(parameters.and_then(|p| p.at(&["$connections", "value"])), arm, chain);
    connections.learn(definition.at(&["parameters", "$connections", "defaultValue"]), arm, chain);
    finder.connections.iter().for_each(|(node, chain)| connections.learn_resource(*node, arm, chain));
    let written = found.resource.str("name");
    let name = found.resource.get("name").and_then(|n| arm.constant(n, chain));
    let mut workflow = blank(source, name.as_deref().or(written).unwrap_or(stem(source.path)), definition);
    workflow.enabled = enabled(properties);
    workflow.owners = owners(found.template.get("metadata"));
    if around_it {
        workflow.parameters = around(found.template);
    }
    let mut parts = parts.to_vec();
    parts.push(wdl::part("settings", properties, &["definition"]));
    parts.push(wdl::part("resource", found.resource, &["properties"]));
    let given =
        Given { definition, parameters, arm, chain, connections: &connections, files: source.files, parts };
    Some(wdl::define(workflow, given))
}

/// Who wrote or supports a template, as it says itself.
fn owners(metadata: Option<Node<'_>>) -> Vec<workflow::Text> {
    let Some(metadata) = metadata else { return Vec::new() };
    let mut found: Vec<workflow::Text> = Vec::new();
    for key in ["owner", "author", "support"] {
        let Some(node) = metadata.get(key) else { continue };
        let name = node.as_str().or_else(|| node.str("name")).or_else(|| node.str("tier"));
        if let Some(name) = name.filter(|n| !n.trim().is_empty() && !found.iter().any(|f| f == n)) {
            found.push(name.into());
        }
    }
    found
}

/// The template's own parameters and variables: where literals of a definition may really stand.
fn around(template: Node<'_>) -> Value {
    let mut map = Map::default();
    for key in ["parameters", "variables"] {
        if let Some(node) = template.get(key).filter(|n| !n.is_empty()) {
            map.push(format!("template {key}"), literal(node), node.line());
        }
    }
    Value::Map(map)
}

fn literal(node: Node<'_>) -> Value {
    if node.is_map() {
        let mut map = Map::default();
        node.entries().for_each(|(key, value)| map.push(key, literal(value), value.line()));
        return Value::Map(map);
    }
    if node.is_list() {
        return Value::List(node.items().map(literal).collect());
    }
    match (node.as_str(), node.as_bool(), node.as_number()) {
        (Some(text), ..) => Value::text(text),
        (_, Some(b), _) => Value::Bool(b),
        (.., Some(number)) => Value::Number(number.into()),
        _ => Value::Null,
    }
}

/// The template around the workflows: names, other resources. Workflows have parts of their own.
fn template_parts(root: Node<'_>) -> Vec<Part> {
    let mut parts = vec![wdl::part("template", root, &["metadata", "resources", "parameters", "variables"])];
    for key in ["parameters", "variables"] {
        parts.extend(root.get(key).map(|n| wdl::part(format!("template/{key}"), n, &[])));
    }
    let skip = |n: Node<'_>| {
        let resource = || n.parent().and_then(Node::parent).and_then(|r| r.str("type"));
        n.key() == Some("definition") && resource().is_some_and(|t| t.eq_ignore_ascii_case(LOGIC))
    };
    if let Some(resources) = root.get("resources") {
        let bytes = crate::doc::canonical(resources, &skip);
        parts.push(Part { name: "template/resources".into(), digest: workflow::Digest::of(&bytes) });
    }
    parts
}
