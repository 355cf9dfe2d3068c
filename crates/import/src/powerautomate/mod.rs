//! Power Automate cloud flows: legacy packages and solutions.

use crate::doc::Node;
use crate::source::Content;
use crate::wdl::{self, Arm, Connections, Given};
use crate::{Imported, Source, Verdict};
use workflow::{Platform, Text, Workflow};

/// Recognises and imports a definition of this platform.
pub fn import(source: &Source<'_>) -> Option<Imported> {
    let Content::Tree(doc) = source.content else { return metadata(source) };
    let root = doc.root();
    if !root.is_map() {
        return None;
    }
    let properties = root.get("properties").filter(|p| p.is_map());
    let flow = properties.and_then(|p| p.get("definition")).filter(|d| wdl::is_definition(*d));
    match (properties, flow) {
        (Some(properties), Some(definition)) => Some(import_flow(source, root, properties, definition)),
        _ => {
            let bare = [root.get("definition"), Some(root)].into_iter().flatten();
            match bare.into_iter().find(|d| wdl::is_definition(*d) && wdl::is_flow(*d)) {
                Some(definition) => Some(import_flow(source, root, root, definition)),
                None => lookalike(root).map(Imported::not_workflow),
            }
        }
    }
}

/// Solutions carry their metadata as XML.
fn metadata(source: &Source<'_>) -> Option<Imported> {
    let Content::Xml(doc) = source.content else { return None };
    let what = match doc.root_element().tag_name().name() {
        "ImportExportXml" => "metadata of a Power Platform solution",
        "environmentvariabledefinition" => "an environment variable of a Power Platform solution",
        "connectionreferences" | "connectionreference" => {
            "connection references of a Power Platform solution"
        }
        _ => return None,
    };
    Some(Imported::not_workflow(what))
}

fn import_flow(source: &Source<'_>, root: Node<'_>, properties: Node<'_>, definition: Node<'_>) -> Imported {
    let arm = Arm::default();
    let mut connections = Connections::default();
    connections.learn_references(properties.get("connectionReferences"));
    connections.learn(definition.at(&["parameters", "$connections", "defaultValue"]), &arm, &[]);
    let mut workflow =
        Workflow::new(Platform::PowerAutomate, name(source.path, root, properties), source.path);
    workflow.span = definition.span();
    workflow.id = id(source.path, root);
    workflow.aliases = aliases(root, workflow.id.as_deref());
    let described = definition.str("description").or_else(|| properties.str("description"));
    workflow.description = described.unwrap_or_default().to_owned();
    workflow.enabled = properties.str("state").map(|s| s.eq_ignore_ascii_case("started"));
    let creator = properties.at(&["creator", "userId"]).and_then(Node::as_str);
    workflow.owners.extend(creator.map(Text::from));
    let around =
        ["definition", "createdTime", "lastModifiedTime", "templateName", "flowFailureAlertSubscribed"];
    let parts = vec![wdl::part("settings", properties, &around), wdl::part("flow", root, &["properties"])];
    let given = Given {
        definition,
        parameters: properties.get("parameters"),
        arm: &arm,
        chain: &[],
        connections: &connections,
        files: source.files,
        parts,
    };
    let made = wdl::define(workflow, given);
    Imported { verdict: Verdict::Workflows(vec![made.workflow]), problems: made.problems, used: made.used }
}

fn name<'s>(path: &'s str, root: Node<'s>, properties: Node<'s>) -> Text {
    if let Some(name) =
        properties.str("displayName").or_else(|| properties.str("name")).or_else(|| root.str("displayName"))
    {
        return name.into();
    }
    let file = path.rsplit('/').next().unwrap_or(path);
    let stem = file.strip_suffix(".json").unwrap_or(file);
    match guid(stem) {
        Some(guid) if stem.len() > guid.len() + 1 => stem[..stem.len() - guid.len() - 1].into(),
        _ => stem.into(),
    }
}

/// A flow in a solution has its id in the name of its file.
fn id(path: &str, root: Node<'_>) -> Option<Text> {
    if let Some(id) = root.str("name").or_else(|| root.str("id")) {
        return Some(id.to_lowercase().into());
    }
    let file = path.rsplit('/').next().unwrap_or(path);
    guid(file.strip_suffix(".json").unwrap_or(file)).map(|g| g.to_lowercase().into())
}

fn aliases(root: Node<'_>, id: Option<&str>) -> Vec<Text> {
    let full = root.str("id").filter(|full| Some(*full) != id);
    full.map(Text::from).into_iter().collect()
}

/// The id at the end of a name.
fn guid(name: &str) -> Option<&str> {
    let start = name.len().checked_sub(36)?;
    let tail = name.get(start..)?;
    let fits = tail.char_indices().all(|(i, c)| match i {
        8 | 13 | 18 | 23 => c == '-',
        _ => c.is_ascii_hexdigit(),
    });
    fits.then_some(tail)
}

/// What a file of a package is instead of a flow.
fn lookalike(root: Node<'_>) -> Option<&'static str> {
    let has = |key: &str| root.get(key).is_some();
    if has("flowAssets") || has("packageSchemaVersion") {
        return Some("the manifest of a Power Automate package");
    }
    if has("details") && has("resources") && has("schema") {
        return Some("the manifest of a Power Platform package");
    }
    if has("swagger") && has("paths") {
        return Some("the description of an API (a connector), not a workflow");
    }
    let connections = !root.is_empty()
        && root.entries().all(|(key, node)| key.starts_with("shared_") && node.as_str().is_some());
    if connections {
        return Some("the connections of a Power Automate package");
    }
    (has("elmType") || has("$schema") && has("elmType")).then_some("the formatting of a SharePoint list")
}

#[cfg(test)]
mod tests;
