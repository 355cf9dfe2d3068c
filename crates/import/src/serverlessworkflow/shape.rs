//! What the DSL does not allow in a definition: several tasks in one item of a list, fields that a task does not have.
//!
//! Source: github.com/serverlessworkflow/specification, `schema/workflow.yaml`.

use crate::doc::Node;
use workflow::Problem;

/// Fields that every task may have.
const COMMON: [&str; 7] = ["if", "input", "output", "export", "timeout", "then", "metadata"];
/// The kinds of tasks, each with its own fields.
const KINDS: [&[&str]; 12] = [
    &["for", "while", "do"],
    &["try", "catch"],
    &["fork"],
    &["switch"],
    &["listen", "foreach"],
    &["call", "with"],
    &["run"],
    &["emit"],
    &["raise"],
    &["set"],
    &["wait"],
    &["do"],
];
/// Lists are followed so deep.
const MAX_NESTING: usize = super::points::MAX_NESTING;

/// The faults of a workflow's tasks.
pub(super) fn faults(root: Node<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    root.get("do").into_iter().for_each(|tasks| list(tasks, 0, &mut found));
    found
}

fn tell(node: Node<'_>, message: String, found: &mut Vec<Problem>) {
    found.push(Problem { path: String::new(), line: node.line(), message });
}

fn list(tasks: Node<'_>, depth: usize, found: &mut Vec<Problem>) {
    if depth > MAX_NESTING {
        return;
    }
    for item in tasks.items() {
        let names: Vec<String> = item.entries().map(|(name, _)| format!("`{name}`")).collect();
        if names.len() > 1 {
            let message = format!(
                "an item of a list of tasks holds one task, this one holds {}: give each an item of its own",
                names.join(", ")
            );
            tell(item, message, found);
        }
        item.entries().for_each(|(name, task)| of_task(name, task, depth, found));
    }
}

fn of_task(name: &str, task: Node<'_>, depth: usize, found: &mut Vec<Problem>) {
    let Some(own) = KINDS.iter().find(|fields| task.get(fields[0]).is_some()) else { return };
    for (key, node) in task.entries() {
        if !COMMON.contains(&key) && !own.contains(&key) {
            let message = format!("task `{name}`: `{key}` is no field of a `{}` task; take it out", own[0]);
            tell(node, message, found);
        }
    }
    if let Some(until) = task.at(&["listen", "to", "until"])
        && let Some(again) = until.get("until")
    {
        let message = format!("task `{name}`: what ends a `listen` has no `until` of its own; take it out");
        tell(again, message, found);
    }
    let inner = [task.get("do"), task.get("try"), task.at(&["catch", "do"]), task.at(&["foreach", "do"])];
    inner.into_iter().flatten().for_each(|tasks| list(tasks, depth + 1, found));
    task.at(&["fork", "branches"]).into_iter().for_each(|tasks| list(tasks, depth + 1, found));
}
