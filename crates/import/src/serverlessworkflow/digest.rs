//! The parts of a workflow's digest: everything in its document but its title and summary.

use super::points::{MAX_NESTING, tasks};
use crate::doc::{Node, canonical};
use crate::values::part;
use workflow::{Part, Workflow};

/// Where lists of tasks stand inside a task.
const LISTS: [&[&str]; 5] = [&["do"], &["try"], &["catch", "do"], &["fork", "branches"], &["foreach", "do"]];

/// Fills in the parts.
pub(super) fn fill(w: &mut Workflow, root: Node<'_>) {
    let document = root.get("document");
    let skip = |n: Node<'_>| {
        is_member(n, root, "do")
            || document.is_some_and(|d| is_member(n, d, "title") || is_member(n, d, "summary"))
    };
    w.parts.push(part("settings", &canonical(root, &skip)));
    if let Some(listed) = root.get("do") {
        list(listed, "", 0, &mut w.parts);
    }
}

/// The tasks of a list, and their order, which is the order in which they run.
fn list(listed: Node<'_>, prefix: &str, depth: usize, parts: &mut Vec<Part>) {
    let names: Vec<String> = tasks(listed).map(|(name, _)| format!("{name:?}")).collect();
    parts.push(part(format!("order/{prefix}"), names.join(",").as_bytes()));
    for (name, task) in tasks(listed) {
        let inner: Vec<Node<'_>> =
            LISTS.iter().filter_map(|path| task.at(path)).filter(|_| depth < MAX_NESTING).collect();
        let skip = |n: Node<'_>| inner.iter().any(|i| i.is(n));
        parts.push(part(format!("step/{prefix}{name}"), &canonical(task, &skip)));
        for listed in inner {
            let key = listed.key().unwrap_or_default();
            let prefix = if key == "do" && task.get("try").is_some() {
                format!("{prefix}{name}/catch/")
            } else {
                format!("{prefix}{name}/")
            };
            list(listed, &prefix, depth + 1, parts);
        }
    }
}

fn is_member(node: Node<'_>, of: Node<'_>, key: &str) -> bool {
    node.key() == Some(key) && node.parent().is_some_and(|p| p.is(of) && p.is_map())
}
