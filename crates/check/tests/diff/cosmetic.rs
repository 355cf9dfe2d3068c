//! Edits that change nothing in what a workflow does: the order of keys, and per platform what is drawn, noted or counted.
//! What they are is taken from each platform's format, not from what an importer leaves out.

use super::definitions::Definition;
use super::tree::{Document, Tree};
use regex::{Captures, Regex};
use workflow::Platform;

/// An edited definition, and what was done.
pub type Edit = (&'static str, Vec<(String, Document)>);

/// All cosmetic edits of a definition that find something to edit.
pub fn edits(definition: &Definition) -> Vec<Edit> {
    let turned = definition.documents.iter().map(|(name, d)| (name.clone(), turn(d))).collect();
    let mut drawn = definition.documents.clone();
    let redraw = |d: &mut Document| match d {
        Document::Json(tree) | Document::Yaml(tree) => redraw(definition.platform, tree),
        Document::Xml(text) => redraw_xml(text),
    };
    let changed = drawn.iter_mut().map(|(_, d)| redraw(d)).fold(false, |a, b| a | b);
    let mut found = vec![("order of keys", turned)];
    found.extend(changed.then_some(("drawing", drawn)));
    found
}

fn turn(document: &Document) -> Document {
    match document {
        Document::Json(tree) => Document::Json(tree.turned()),
        Document::Yaml(tree) => Document::Yaml(tree.turned()),
        Document::Xml(text) => Document::Xml(outside(text, attributes_turned)),
    }
}

fn text(t: &str) -> Tree {
    Tree::Text(t.to_owned())
}

/// Twice as far from the origin, and aside: nothing passes anything else.
fn moved(value: &mut Tree) {
    match value {
        Tree::Number(n) => *n = (n.parse::<f64>().unwrap() * 2.0 + 40.0).to_string(),
        Tree::List(items) => items.iter_mut().for_each(moved),
        Tree::Map(entries) => entries.iter_mut().for_each(|(_, v)| moved(v)),
        _ => {}
    }
}

/// Edits members that are there; whether one was.
fn each(tree: &mut Tree, keys: &[&str], edit: impl Fn(&mut Tree)) -> bool {
    let found = keys.iter().filter(|k| tree.get_mut(k).map(&edit).is_some());
    found.count() > 0
}

/// Draws everything of a definition elsewhere and notes something else.
fn redraw(platform: Platform, tree: &mut Tree) -> bool {
    let draw: fn(&[String], &mut Tree) -> bool = match platform {
        Platform::SailPoint => sailpoint,
        Platform::OktaWorkflows => okta,
        Platform::LogicApps | Platform::PowerAutomate => wdl,
        Platform::N8n => n8n,
        Platform::InsightConnect => insightconnect,
        Platform::StepFunctions => step_functions,
        Platform::GoogleSecops => secops,
        Platform::ServerlessWorkflow => serverless,
        Platform::SplunkSoar => soar,
        Platform::NodeRed => node_red,
        Platform::Bpmn => |_, _| false,
    };
    let mut changed = false;
    tree.each_map(&mut |keys, map| changed |= draw(keys, map));
    changed
}

fn under(keys: &[String], list: &str) -> bool {
    matches!(keys, [.., of, _] if of == list)
}

/// Counters and times of an export.
fn sailpoint(_: &[String], map: &mut Tree) -> bool {
    let is = map.get("trigger").is_some() && map.get("definition").is_some();
    if is {
        map.set("modified", text("2031-01-01T00:00:00Z"));
        map.set("executionCount", Tree::Number("77".to_owned()));
    }
    is
}

/// The picture of a flow, the notes of cards and the cards that are notes.
fn okta(keys: &[String], map: &mut Tree) -> bool {
    if map.str("address").ends_with(":comment") {
        map.set("node", Tree::Map(vec![("note".to_owned(), text("Have a look at this"))]));
        return true;
    }
    let flow = map.get("methods").is_some() && each(map, &["display"], |d| *d = text("another picture"));
    let model =
        keys.last().is_some_and(|k| k == "model") && each(map, &["comments"], |c| *c = text("Look here"));
    flow || model
}

/// Ids and labels of the designer.
fn wdl(keys: &[String], map: &mut Tree) -> bool {
    // A card's actions are a list.
    let named = keys.last().is_some_and(|k| k != "#");
    let step = named && (under(keys, "actions") || under(keys, "triggers")) && map.get("type").is_some();
    if step {
        map.set("metadata", Tree::Map(vec![("operationMetadataId".to_owned(), text("0f1e2d3c"))]));
    }
    step
}

/// Places, colours, notes, the names of notes on the canvas, cached labels.
fn n8n(keys: &[String], map: &mut Tree) -> bool {
    let pinned = keys.iter().any(|k| k == "pinData");
    let cached = !pinned && each(map, &["cachedResultName"], |n| *n = text("Another label"));
    let node = !pinned && under(keys, "nodes") && map.get("type").is_some() && map.get("position").is_some();
    if !node {
        return cached;
    }
    each(map, &["position"], moved);
    map.set("notes", text("Have a look at this"));
    map.set("notesInFlow", Tree::Bool(true));
    map.set("color", text("#7D7D7D"));
    if map.str("type") == "n8n-nodes-base.stickyNote" {
        map.set("name", text("A note of another name"));
        map.set("parameters", Tree::Map(vec![("content".to_owned(), text("## Other words"))]));
    }
    true
}

/// Icons.
fn insightconnect(keys: &[String], map: &mut Tree) -> bool {
    under(keys, "steps")
        && each(map, &["imageData", "defaultImageData"], |i| *i = text("data:image/png;base64,AA=="))
}

/// Comments of machines and states.
fn step_functions(keys: &[String], map: &mut Tree) -> bool {
    let machine = map.get("StartAt").is_some() && map.get("States").is_some();
    let state = under(keys, "States") && map.get("Type").is_some();
    if machine || state {
        map.set("Comment", text("Have a look at this"));
    }
    machine || state
}

/// The results of simulations.
fn secops(keys: &[String], map: &mut Tree) -> bool {
    let step = keys.is_empty() && map.get("identifier").is_some() && map.get("integration").is_some();
    if step {
        map.set("step_debug_data", Tree::Map(vec![("result".to_owned(), text("ok"))]));
    }
    step
}

/// What a document is called and told to be.
fn serverless(keys: &[String], map: &mut Tree) -> bool {
    let document = matches!(keys, [only] if only == "document");
    if document {
        map.set("title", text("Another title"));
        map.set("summary", text("Other words"));
    }
    document
}

/// The places of blocks.
fn soar(keys: &[String], map: &mut Tree) -> bool {
    under(keys, "nodes") && map.get("type").is_some() && each(map, &["x", "y"], moved)
}

/// Places, icons, notes, labels of ports; comments and groups.
fn node_red(keys: &[String], map: &mut Tree) -> bool {
    let node = matches!(keys, [only] if only == "#") && map.get("type").is_some();
    let drawn = node && each(map, &["x", "y"], moved);
    if drawn {
        map.set("info", text("Have a look at this"));
        map.set("icon", text("font-awesome/fa-bell"));
        map.set("outputLabels", Tree::List(vec![text("out")]));
        if matches!(map.str("type"), "comment" | "group") {
            map.set("name", text("A note of another name"));
        }
    }
    drawn
}

/// Applies an edit to what is neither a comment nor quoted text.
fn outside(text: &str, edit: impl Fn(&str) -> String) -> String {
    let kept = Regex::new(r"(?s)<!\[CDATA\[.*?\]\]>|<!--.*?-->|<\?.*?\?>|<!DOCTYPE.*?>").unwrap();
    let (mut out, mut from) = (String::new(), 0);
    for found in kept.find_iter(text) {
        out.push_str(&edit(&text[from..found.start()]));
        out.push_str(found.as_str());
        from = found.end();
    }
    out + &edit(&text[from..])
}

/// The attributes of each element in the other order.
fn attributes_turned(text: &str) -> String {
    let tag = Regex::new(r#"<([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))+)(\s*/?)>"#).unwrap();
    let attribute = Regex::new(r#"[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*')"#).unwrap();
    let turned = |c: &Captures<'_>| {
        let mut all: Vec<&str> = attribute.find_iter(&c[2]).map(|m| m.as_str()).collect();
        all.reverse();
        format!("<{} {}{}>", &c[1], all.join(" "), &c[3])
    };
    tag.replace_all(text, turned).into_owned()
}

/// Shapes, ways and their colours; what notes say.
fn redraw_xml(text: &mut String) -> bool {
    let place = Regex::new(r#"(<(?:\w+:)?(?:Bounds|waypoint)\b[^>]*?)\bx="([-\d.]+)""#).unwrap();
    let shape = Regex::new(r"<((?:\w+:)?BPMN(?:Shape|Edge))\b").unwrap();
    let note = Regex::new(r"(<(?:\w+:)?textAnnotation\b[^>]*>\s*<(?:\w+:)?text)>[^<]*<").unwrap();
    let moved =
        |c: &Captures<'_>| format!(r#"{}x="{}""#, &c[1], c[2].parse::<f64>().unwrap_or(0.0) * 2.0 + 40.0);
    let colour = r#"<$1 xmlns:bioc="http://bpmn.io/schema/bpmn/biocolor/1.0" bioc:stroke="red""#;
    let new = place.replace_all(text, moved);
    let new =
        if new.contains("xmlns:bioc") { new } else { shape.replace_all(&new, colour).into_owned().into() };
    let new = note.replace_all(&new, "$1>Other words<").into_owned();
    let changed = new != *text;
    *text = new;
    changed
}
