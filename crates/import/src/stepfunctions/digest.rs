//! The parts of a machine's digest: everything in its definition but comments.

use crate::doc::{Node, canonical};
use workflow::{Digest, Part, Text};

/// Parts of a machine: one for each state, without the machines inside it, and one for the rest.
pub(super) fn parts(machine: Node<'_>, parts: &mut Vec<Part>) {
    states(machine, "", 0, parts);
    parts.push(part("settings", &canonical(machine, &|n| is_key(n, machine, &["States", "Comment"]))));
}

/// A part by its name.
pub(super) fn part(name: &str, bytes: &[u8]) -> Part {
    Part { name: name.into(), digest: Digest::of(bytes) }
}

/// Where machines stand inside a state.
const INSIDE: [&str; 3] = ["ItemProcessor", "Iterator", "Branches"];

fn states(machine: Node<'_>, prefix: &str, depth: usize, parts: &mut Vec<Part>) {
    let listed = machine.get("States").into_iter().flat_map(Node::entries);
    for (name, state) in listed {
        let within = if depth < super::states::MAX_NESTING { inner(state) } else { Vec::new() };
        let skip = |n: Node<'_>| {
            is_key(n, state, &["Comment"])
                || within.iter().any(|m| is_key(n, *m, &["States", "Comment"]))
                || is_remark(n, state)
        };
        parts.push(part(&format!("step/{prefix}{name}"), &canonical(state, &skip)));
        for (number, machine) in within.into_iter().enumerate() {
            let prefix = match number {
                0 => format!("{prefix}{name}/"),
                _ => format!("{prefix}{name}/[{number}]/"),
            };
            states(machine, &prefix, depth + 1, parts);
        }
    }
}

fn inner(state: Node<'_>) -> Vec<Node<'_>> {
    let of = |key: &&str| state.get(key).into_iter();
    let found = INSIDE.iter().flat_map(of);
    found.flat_map(|n| if n.is_list() { n.items().collect() } else { vec![n] }).collect()
}

/// A comment of a rule, a catcher or a retrier.
fn is_remark(node: Node<'_>, state: Node<'_>) -> bool {
    if node.key() != Some("Comment") {
        return false;
    }
    let list = node.parent().and_then(Node::parent);
    let of_state = list.and_then(Node::parent).is_some_and(|p| p.is(state));
    of_state && list.and_then(Node::key).is_some_and(|k| matches!(k, "Choices" | "Catch" | "Retry"))
}

fn is_key(node: Node<'_>, of: Node<'_>, keys: &[&str]) -> bool {
    node.key().is_some_and(|k| keys.contains(&k)) && node.parent().is_some_and(|p| p.is(of) && p.is_map())
}

/// A part of something outside the machine: a resource of the template.
pub(super) fn whole(name: &Text, node: Node<'_>) -> Part {
    part(name, &canonical(node, &|_| false))
}
