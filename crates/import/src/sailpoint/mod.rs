//! SailPoint Identity Security Cloud: workflows as exported one by one and as `sp-config` backups.

mod build;
mod choice;
mod jsonpath;
mod people;
mod request;
mod scope;
mod steps;
mod trigger;
mod value;

#[cfg(test)]
mod tests;

use crate::doc::Node;
use crate::{Imported, Source, Verdict};
use workflow::{Problem, Workflow};

/// Recognises and imports a definition of this platform.
pub fn import(source: &Source<'_>) -> Option<Imported> {
    let root = source.tree()?.root();
    let mut found = Found::default();
    if root.is_list() {
        // A list of backed-up objects; anything else that starts with `[` belongs to somebody else.
        if !root.items().next().is_some_and(is_wrapped) {
            return None;
        }
        root.items().for_each(|object| found.wrapped(object, source.path));
    } else if is_definition(root) {
        found.workflow(root, root, source.path);
    } else if is_wrapped(root) {
        found.wrapped(root, source.path);
    } else if let Some(objects) = root.get("objects").filter(|o| o.items().next().is_some_and(is_wrapped)) {
        objects.items().for_each(|object| found.wrapped(object, source.path));
    } else if is_form(root) {
        return Some(Imported::not_workflow("a SailPoint form"));
    } else {
        return None;
    }
    Some(found.imported())
}

#[derive(Default)]
struct Found {
    workflows: Vec<Workflow>,
    others: Vec<String>,
    problems: Vec<Problem>,
}

impl Found {
    fn workflow(&mut self, node: Node<'_>, wrapping: Node<'_>, path: &str) {
        self.workflows.push(build::workflow(node, wrapping, path, &mut self.problems));
    }

    /// One object of a backup: `{version, self: {type, id, name}, object}`.
    fn wrapped(&mut self, node: Node<'_>, path: &str) {
        let Some(object) = node.get("object") else {
            return self.others.push("an object without content".to_owned());
        };
        if is_definition(object) {
            self.workflow(object, node, path);
        } else if is_form(object) {
            self.others.push("a SailPoint form".to_owned());
        } else {
            let kind = node.at(&["self", "type"]).and_then(Node::as_str).unwrap_or("no type");
            if kind == "WORKFLOW" {
                let message = "a SailPoint workflow without steps; export it again".to_owned();
                self.problems.push(Problem { path: path.to_owned(), line: node.line(), message });
            }
            self.others
                .push(format!("a SailPoint object of type {}", kind.to_ascii_lowercase().replace('_', " ")));
        }
    }

    fn imported(mut self) -> Imported {
        let verdict = if self.workflows.is_empty() {
            self.others.sort();
            self.others.dedup();
            self.others.truncate(5);
            Verdict::NotWorkflow(self.others.join(", "))
        } else {
            Verdict::Workflows(self.workflows)
        };
        Imported { verdict, problems: self.problems, used: Vec::new() }
    }
}

/// A workflow: a definition with its steps by name.
fn is_definition(node: Node<'_>) -> bool {
    let Some(definition) = node.get("definition") else { return false };
    let steps = definition.get("steps").is_some_and(Node::is_map);
    steps && (definition.get("start").is_some() || node.get("trigger").is_some())
}

fn is_wrapped(node: Node<'_>) -> bool {
    node.at(&["self", "type"]).is_some_and(|t| t.as_str().is_some()) && node.get("object").is_some()
}

fn is_form(node: Node<'_>) -> bool {
    node.get("formElements").is_some()
        && (node.get("formConditions").is_some() || node.get("formInput").is_some())
}
