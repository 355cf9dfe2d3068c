//! Edits that act: any value of a definition that is not for people only, with another value in its place.

use super::definitions::Definition;
use super::tree::{Document, Tree};
use workflow::Platform;

/// An edited definition, and where.
pub type Edit = (String, Vec<(String, Document)>);

/// Edits of a definition, spread over it: at most so many.
pub fn edits(definition: &Definition, most: usize) -> Vec<Edit> {
    let mut places: Vec<(usize, Place)> = Vec::new();
    for (d, (_, document)) in definition.documents.iter().enumerate() {
        places.extend(of(definition.platform, document).into_iter().map(|p| (d, p)));
    }
    let step = places.len().div_ceil(most.max(1)).max(1);
    // Not always the first of each stretch: definitions repeat themselves.
    let chosen = (0..places.len()).step_by(step).map(|i| (i + i / step % step).min(places.len() - 1));
    chosen
        .map(|i| {
            let (d, place) = &places[i];
            let mut documents = definition.documents.clone();
            place.edit(&mut documents[*d].1);
            (format!("{} {}", documents[*d].0, place.told()), documents)
        })
        .collect()
}

enum Place {
    Leaf(super::tree::Leaf),
    /// Byte offset where a value or a text of an XML document ends.
    Xml(usize, String),
}

impl Place {
    fn told(&self) -> String {
        match self {
            Place::Leaf(leaf) => leaf.keys.join("."),
            Place::Xml(at, name) => format!("{name} before byte {at}"),
        }
    }

    fn edit(&self, document: &mut Document) {
        match (self, document) {
            (Place::Leaf(leaf), document) => {
                if let Some(value) = document.tree_mut().and_then(|t| t.at_mut(&leaf.at)) {
                    change(value);
                }
            }
            (Place::Xml(at, _), Document::Xml(text)) => text.insert(*at, '7'),
            _ => {}
        }
    }
}

fn change(value: &mut Tree) {
    match value {
        Tree::Text(text) => text.push('7'),
        Tree::Number(n) => *n = if n.parse::<f64>() == Ok(7.0) { "8".to_owned() } else { "7".to_owned() },
        Tree::Bool(b) => *b = !*b,
        Tree::Null => *value = Tree::Text("7".to_owned()),
        Tree::Tagged(_, inner) => change(inner),
        Tree::List(_) | Tree::Map(_) => {}
    }
}

fn of(platform: Platform, document: &Document) -> Vec<Place> {
    match document {
        Document::Xml(text) => xml(text),
        Document::Json(tree) | Document::Yaml(tree) => {
            let acts = |leaf: &super::tree::Leaf| {
                let keys: Vec<&str> = leaf.keys.iter().map(String::as_str).collect();
                acts(platform, tree, &leaf.at, &keys)
            };
            tree.leaves().into_iter().filter(acts).map(Place::Leaf).collect()
        }
    }
}

/// Whether a value says something about what a run does, by each platform's format.
fn acts(platform: Platform, tree: &Tree, at: &[usize], keys: &[&str]) -> bool {
    let last = *keys.last().unwrap_or(&"");
    match platform {
        Platform::SailPoint => sailpoint(tree, at, keys),
        Platform::OktaWorkflows => okta(tree, at, keys),
        Platform::LogicApps => wdl(keys) && keys.first() != Some(&"metadata"),
        Platform::PowerAutomate => wdl(keys) && keys.contains(&"definition"),
        Platform::N8n => n8n(tree, at, keys),
        Platform::InsightConnect => {
            const SHOWN: [&str; 5] = [
                "imageData",
                "defaultImageData",
                "defaultInputJSONSchema",
                "defaultOutputJSONSchema",
                "humanCostDisplayUnit",
            ];
            let version = keys.starts_with(&["kom", "workflowVersions", "#"]);
            let own = keys.get(5).is_some_and(|k| SHOWN.contains(k));
            let step =
                keys.get(3) == Some(&"steps") && (own || keys[5..].starts_with(&["plugin", "imageData"]));
            version && !step && keys.get(3).is_some_and(|k| !SHOWN.contains(k))
        }
        Platform::StepFunctions => last != "Comment" && machine(tree, keys),
        Platform::GoogleSecops => !keys.iter().any(|k| k.contains("debug")),
        Platform::ServerlessWorkflow => keys[0] != "document" || !matches!(last, "title" | "summary"),
        Platform::SplunkSoar => soar(keys),
        Platform::NodeRed => node_red(tree, at, keys),
        Platform::Bpmn => false,
    }
}

/// Objects on the way to a value, the outermost first.
fn on_the_way<'t>(tree: &'t Tree, at: &[usize]) -> Vec<&'t Tree> {
    let mut found = vec![tree];
    let mut here = tree;
    for i in at {
        if let Tree::Tagged(_, inner) = here {
            here = inner;
        }
        here = match here {
            Tree::Map(entries) => &entries[*i].1,
            Tree::List(items) => &items[*i],
            _ => return found,
        };
        found.push(here);
    }
    found
}

/// All of a workflow but counters, times and who did what.
fn sailpoint(tree: &Tree, at: &[usize], keys: &[&str]) -> bool {
    let is = |t: &&Tree| t.get("definition").is_some_and(|d| d.get("steps").is_some());
    let way = on_the_way(tree, at);
    let Some(depth) = way.iter().position(is) else { return false };
    !matches!(
        keys[depth],
        "created"
            | "creator"
            | "modified"
            | "modifiedBy"
            | "executionCount"
            | "failureCount"
            | "lastExecution"
            | "version"
            | "self"
    )
}

/// Everything in flows but their pictures and what the editor keeps beside cards.
fn okta(tree: &Tree, at: &[usize], keys: &[&str]) -> bool {
    const SHOWN: [&str; 8] = [
        "display",
        "tree",
        "templateName",
        "connector_method_meta",
        "active_version_external_id",
        "parents",
        "comments",
        "partnerChannelKeys",
    ];
    let notes = on_the_way(tree, at).iter().any(|t| t.str("address").ends_with(":comment"));
    let model = keys
        .windows(2)
        .any(|k| k[0] == "model" && k[1] == "metadata" || k[0] == "value" && k[1] == "available");
    keys.starts_with(&["data", "flos"]) && !notes && !model && !keys.iter().any(|k| SHOWN.contains(k))
}

/// Everything but the designer's metadata of the definition, of triggers and of actions.
fn wdl(keys: &[&str]) -> bool {
    let designers = keys.iter().enumerate().any(|(i, k)| {
        let step = i > 1 && matches!(keys[i - 2], "actions" | "triggers");
        *k == "metadata" && (step || i > 0 && keys[i - 1] == "definition")
    });
    !designers
}

/// Nodes that are no notes, connections, settings and pinned data of the definition itself.
fn n8n(tree: &Tree, at: &[usize], keys: &[&str]) -> bool {
    const DRAWN: [&str; 4] = ["position", "notes", "notesInFlow", "color"];
    let way = on_the_way(tree, at);
    let is = |t: &&Tree| t.get("connections").is_some() && t.get("nodes").is_some();
    let Some(depth) = way.iter().rposition(is) else { return false };
    let shown = last_is_cached(keys);
    match &keys[depth..] {
        ["nodes", "#", key, ..] => {
            let node = way[depth + 2];
            let note = node.str("type").ends_with("stickyNote") || node.get("type").is_none();
            !note && !DRAWN.contains(key) && !shown
        }
        ["connections" | "settings" | "pinData", ..] => true,
        _ => false,
    }
}

fn last_is_cached(keys: &[&str]) -> bool {
    keys.last().is_some_and(|k| k.starts_with("cached"))
}

/// In a machine, be it the document or in a template.
fn machine(tree: &Tree, keys: &[&str]) -> bool {
    if tree.get("States").is_some() {
        return true;
    }
    let of = |name: &str| tree.get("Resources").and_then(|r| r.get(name)).map(|r| r.str("Type"));
    matches!(keys, ["Resources", name, ..] if of(name).is_some_and(|t| t.contains("StateMachine")))
}

/// Everything but places, the editor's warnings, what is computed on saving and ids of edges.
fn soar(keys: &[&str]) -> bool {
    match keys {
        ["coa", "data", "nodes", _, key, ..] => {
            matches!(*key, "data" | "type" | "id" | "userCode" | "customCode")
        }
        ["coa", "data", "edges", _, key, ..] => matches!(*key, "sourceNode" | "targetNode" | "conditions"),
        ["coa", "data", "customCode" | "globalCustomCode", ..] => true,
        _ => false,
    }
}

/// Everything of nodes that are wired but how they are drawn; comments and groups are drawn as a whole.
fn node_red(tree: &Tree, at: &[usize], keys: &[&str]) -> bool {
    const DRAWN: [&str; 11] =
        ["x", "y", "w", "h", "g", "l", "info", "icon", "color", "inputLabels", "outputLabels"];
    let node = on_the_way(tree, at)[1];
    let wired = node.get("wires").is_some() && node.get("x").is_some();
    matches!(keys, ["#", key, ..] if !DRAWN.contains(key))
        && wired
        && !matches!(node.str("type"), "comment" | "group")
}

/// The attributes and texts of elements that are executed or name something that is.
fn xml(text: &str) -> Vec<Place> {
    // What is drawn, and what describes.
    const DRAWN: [&str; 8] = [
        "textAnnotation",
        "association",
        "group",
        "category",
        "incoming",
        "outgoing",
        "BPMNDiagram",
        "documentation",
    ];
    let Ok(document) = roxmltree::Document::parse(text) else { return Vec::new() };
    let vendor = |n: roxmltree::Node<'_, '_>| {
        let space = n.tag_name().namespace().unwrap_or_default();
        space.contains("signavio") || space.contains("bizagi")
    };
    let drawn = |n: &roxmltree::Node<'_, '_>| {
        n.ancestors().any(|a| a.is_element() && (DRAWN.contains(&a.tag_name().name()) || vendor(a)))
    };
    // A process without flow nodes is none that runs.
    let runs = |p: roxmltree::Node<'_, '_>| {
        let kinds = ["Task", "task", "Event", "Gateway", "Activity", "Process"];
        p.descendants().skip(1).any(|n| kinds.iter().any(|k| n.tag_name().name().ends_with(k)))
    };
    let inside =
        |n: &roxmltree::Node<'_, '_>| n.ancestors().any(|a| a.tag_name().name() == "process" && runs(a));
    let mut places = Vec::new();
    for node in document.descendants().filter(|n| inside(n) && !drawn(n)) {
        // An icon is drawn.
        for a in node.attributes().filter(|a| a.name() != "modelerTemplateIcon") {
            places.push(Place::Xml(a.range_value().end, format!("{}@{}", node.tag_name().name(), a.name())));
        }
        if node.is_text() && node.text().is_some_and(|t| !t.trim().is_empty()) {
            let range = node.range();
            let at = range.start + text[range].trim_end().trim_end_matches("]]>").len();
            let name = node.parent().map_or(String::new(), |p| p.tag_name().name().to_owned());
            places.push(Place::Xml(at, format!("text of {name}")));
        }
    }
    places
}
