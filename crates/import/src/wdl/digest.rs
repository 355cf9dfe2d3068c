//! The parts of a definition's digest, without what only helps designers.

use super::actions::{Action, Actions, Slot};
use crate::doc::{Node, canonical};
use workflow::{Digest, Part, Text};

/// The part of a value as it stands, without some members of its own.
pub(crate) fn part(name: impl Into<Text>, node: Node<'_>, left_out: &[&str]) -> Part {
    let skip = |n: Node<'_>| {
        n.key().is_some_and(|k| left_out.contains(&k)) && n.parent().is_some_and(|p| p.is(node))
    };
    Part { name: name.into(), digest: Digest::of(&canonical(node, &skip)) }
}

/// The parts of a definition: each trigger, each action, the order of actions in their containers, the rest.
pub(super) fn parts(definition: Node<'_>, actions: &Actions<'_>) -> Vec<Part> {
    let mut parts = Vec::with_capacity(actions.all.len() + 4);
    for (name, node) in definition.get("triggers").into_iter().flat_map(Node::entries) {
        parts.push(part(format!("trigger/{name}"), node, &["metadata"]));
    }
    parts.extend(actions.all.iter().map(action));
    parts.push(Part { name: "edges".into(), digest: Digest::of(structure(actions).as_bytes()) });
    parts.push(part("definition", definition, &["actions", "triggers", "metadata"]));
    parts
}

fn action(action: &Action<'_>) -> Part {
    let skip = |n: Node<'_>| match n.key() {
        Some("actions") => action.inner.contains(&n.id()),
        Some("metadata") => n.parent().is_some_and(|p| p.is(action.node)),
        _ => false,
    };
    let name = Text::from(format!("step/{}", action.id));
    Part { name, digest: Digest::of(&canonical(action.node, &skip)) }
}

/// Which container, and which part of it, each action stands in.
fn structure(actions: &Actions<'_>) -> String {
    let mut lines: Vec<String> = actions.top.members.iter().map(|&m| line("", "", &actions.all[m])).collect();
    for outer in &actions.all {
        for group in &outer.groups {
            let slot = match group.slot {
                Slot::Body => "actions".to_owned(),
                Slot::Else => "else".to_owned(),
                Slot::Default => "default".to_owned(),
                Slot::Case(name) => format!("case {name}"),
                Slot::Tool(name) => format!("tool {name}"),
            };
            lines.extend(group.members.iter().map(|&m| line(&outer.id, &slot, &actions.all[m])));
        }
    }
    lines.sort_unstable();
    lines.concat()
}

fn line(outer: &str, slot: &str, action: &Action<'_>) -> String {
    format!("{outer}\0{slot}\0{}\n", action.id)
}
