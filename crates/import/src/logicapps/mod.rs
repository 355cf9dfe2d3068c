//! Azure Logic Apps: deployment templates, resources, Standard workflows and naked definitions.

mod lookalike;
mod template;

use crate::doc::{Doc, Node};
use crate::wdl::{self, Arm, Connections, Given, Made};
use crate::{Imported, Source, Verdict};
use std::borrow::Cow;
use workflow::{Platform, Workflow};

/// Recognises and imports a definition of this platform.
pub fn import(source: &Source<'_>) -> Option<Imported> {
    let root = source.tree()?.root();
    if !root.is_map() {
        return None;
    }
    if template::is_template(root) {
        return Some(template::import(source, root));
    }
    if is_resource(root) {
        return Some(resource(source, root));
    }
    let inner = root.get("definition").filter(|d| wdl::is_definition(*d));
    if wdl::is_definition(inner.unwrap_or(root)) && wdl::is_flow(inner.unwrap_or(root)) {
        return None;
    }
    match inner {
        Some(definition) => Some(standing(source, root, definition)),
        None if wdl::is_definition(root) => Some(standing(source, root, root)),
        None => lookalike::of(root).map(Imported::not_workflow),
    }
}

/// A resource as the portal or a gallery exports it; packages of Power Automate look alike but refer to connections.
fn is_resource(root: Node<'_>) -> bool {
    let Some(properties) = root.get("properties") else { return false };
    let kind = root.str("type").unwrap_or_default().to_ascii_lowercase();
    let Some(definition) = properties.get("definition").filter(|d| wdl::is_definition(*d)) else {
        return false;
    };
    let flow = kind.starts_with("microsoft.flow") || properties.get("connectionReferences").is_some();
    kind.starts_with("microsoft.logic") || !flow && !wdl::is_flow(definition)
}

fn resource(source: &Source<'_>, root: Node<'_>) -> Imported {
    let arm = Arm::default();
    let mut connections = Connections::default();
    let Some(properties) = root.get("properties") else { return Imported::default() };
    let Some(definition) = properties.get("definition") else { return Imported::default() };
    let parameters = properties.get("parameters");
    connections.learn(parameters.and_then(|p| p.at(&["$connections", "value"])), &arm, &[]);
    connections.learn(definition.at(&["parameters", "$connections", "defaultValue"]), &arm, &[]);
    connections.learn_references(properties.get("connectionReferences"));
    let name = ["displayName", "name"].into_iter().find_map(|k| properties.str(k).or_else(|| root.str(k)));
    let mut workflow = blank(source, name.unwrap_or(stem(source.path)), definition);
    workflow.id = root.str("id").map(Into::into);
    workflow.enabled = enabled(properties);
    workflow.description = properties.str("description").unwrap_or_default().to_owned();
    let author = properties.at(&["author", "displayName"]).and_then(Node::as_str);
    workflow.owners.extend(author.map(Into::into));
    let mut parts = vec![wdl::part("settings", properties, &["definition"])];
    parts.push(wdl::part("resource", root, &["properties"]));
    let given = Given {
        definition,
        parameters,
        arm: &arm,
        chain: &[],
        connections: &connections,
        files: source.files,
        parts,
    };
    finish(vec![wdl::define(workflow, given)])
}

/// A Standard workflow, an export with its connections, or a definition alone.
fn standing(source: &Source<'_>, root: Node<'_>, definition: Node<'_>) -> Imported {
    let arm = Arm::default();
    let mut connections = Connections::default();
    connections.learn(root.at(&["$connections", "value"]), &arm, &[]);
    connections.learn(root.at(&["parameters", "$connections", "value"]), &arm, &[]);
    connections.learn(definition.at(&["parameters", "$connections", "defaultValue"]), &arm, &[]);
    let beside = |name: &str| source.files.read(&format!("../{name}"));
    let (bytes, given) = (beside("connections.json"), beside("parameters.json"));
    let (bytes, given) = (bytes.as_deref().and_then(text), given.as_deref().and_then(text));
    let doc = bytes.as_ref().and_then(|text| Doc::json(text).ok());
    let given = given.as_ref().and_then(|text| Doc::json(text).ok());
    let given = given.as_ref().map(Doc::root);
    if let Some(doc) = &doc {
        connections.learn_application(doc.root());
    }
    let mut workflow = blank(source, folder(source.path), definition);
    let (lower, name) = (workflow.name.to_lowercase(), &workflow.name);
    workflow.aliases.extend((lower != name.as_str()).then_some(lower)); // names are read without case
    workflow.enabled = enabled(root);
    let mut parts = Vec::new();
    if !root.is(definition) {
        parts.push(wdl::part("settings", root, &["definition"]));
    }
    parts.extend(doc.as_ref().map(|d| wdl::part("connections", d.root(), &[])));
    parts.extend(given.map(|g| wdl::part("application parameters", g, &[])));
    let parameters = root.get("parameters").filter(|_| !root.is(definition)).or(given);
    let given = Given {
        definition,
        parameters,
        arm: &arm,
        chain: &[],
        connections: &connections,
        files: source.files,
        parts,
    };
    finish(vec![wdl::define(workflow, given)])
}

/// The text of a file of the application that a Standard workflow belongs to.
fn text(bytes: &[u8]) -> Option<Cow<'_, str>> {
    crate::doc::decode(bytes).ok().map(|(text, _)| text)
}

fn blank(source: &Source<'_>, name: &str, definition: Node<'_>) -> Workflow {
    let mut workflow = Workflow::new(Platform::LogicApps, name, source.path);
    workflow.span = definition.span();
    workflow.description = definition.str("description").unwrap_or_default().to_owned();
    workflow
}

/// Whether a workflow is switched on: only an explicit state says so.
fn enabled(node: Node<'_>) -> Option<bool> {
    node.str("state")
        .map(|s| !["disabled", "suspended", "stopped"].contains(&s.to_ascii_lowercase().as_str()))
}

/// One result for several workflows.
fn finish(made: Vec<Made>) -> Imported {
    let mut imported = Imported::default();
    let mut workflows = Vec::with_capacity(made.len());
    for made in made {
        workflows.push(made.workflow);
        imported.problems.extend(made.problems);
        imported.used.extend(made.used);
    }
    imported.verdict = Verdict::Workflows(workflows);
    imported
}

/// The file's name without its ending.
fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split('.').next().filter(|n| !n.is_empty()).unwrap_or(name)
}

/// The name of a Standard workflow is that of its folder; other files go by their own.
fn folder(path: &str) -> &str {
    let mut parts = path.rsplit('/');
    let own = parts.next().unwrap_or(path);
    match parts.next() {
        Some(folder) if own.eq_ignore_ascii_case("workflow.json") && !folder.is_empty() => folder,
        _ => stem(path),
    }
}

#[cfg(test)]
mod tests;
