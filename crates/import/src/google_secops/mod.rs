//! Google SecOps (Chronicle SOAR) playbooks and blocks: a folder with `definition.yaml`, `trigger.yaml` and a file for each
//! step. The definition is the playbook; the files around it are parts of it.

mod build;
mod condition;
mod edges;
mod expression;
mod load;
mod steps;

#[cfg(test)]
mod tests;

use crate::doc::Node;
use crate::{Imported, Source};

/// Recognises and imports a definition of this platform.
pub fn import(source: &Source<'_>) -> Option<Imported> {
    let root = source.tree()?.root();
    if root.is_list() {
        return root.items().next().and_then(listed).map(Imported::not_workflow);
    }
    if is_definition(root) {
        return Some(load::playbook(source, root));
    }
    part(root).map(Imported::not_workflow)
}

/// A playbook or a block.
fn is_definition(node: Node<'_>) -> bool {
    let kind = node.str("type");
    matches!(kind, Some("playbook" | "block"))
        && node.str("identifier").is_some()
        && node.get("is_enable").is_some()
        && ["default_access_level", "original_workflow_identifier", "creation_source", "is_debug_mode"]
            .iter()
            .any(|k| node.get(k).is_some())
}

/// What a file of a playbook's folder is, other than the definition.
fn part(node: Node<'_>) -> Option<&'static str> {
    let has = |keys: &[&str]| keys.iter().all(|k| node.get(k).is_some());
    if has(&["identifier", "playbook_id", "action_name", "type"]) {
        return Some("a step of the playbook in the folder above");
    }
    if has(&["identifier", "playbook_id", "type_", "conditions"]) {
        return Some("the trigger of the playbook in its folder");
    }
    if has(&["content_hub_display_name"]) || has(&["should_display_in_content_hub"]) {
        return Some("what the content hub shows of a Google SecOps playbook");
    }
    has(&["template_identifier", "data_definition", "widget_size"])
        .then_some("a widget of a Google SecOps playbook's view")
}

fn listed(node: Node<'_>) -> Option<&'static str> {
    let has = |keys: &[&str]| keys.iter().all(|k| node.get(k).is_some());
    if has(&["playbook_id", "widgets_details"]) {
        return Some("the views of a Google SecOps playbook");
    }
    let notes = has(&["item_name", "item_type", "publish_time"])
        && matches!(
            node.str("item_type").map(str::to_ascii_lowercase).as_deref(),
            Some("playbook" | "block")
        );
    notes.then_some("the release notes of a Google SecOps playbook")
}
