//! BPMN 2.0 in XML: Camunda 7 and 8, Flowable, Activiti, and models of any tool.

mod activity;
mod answers;
mod build;
mod connector;
mod digest;
mod edges;
mod event;
mod expression;
mod place;
mod scope;
mod script;
mod token;
mod xml;

#[cfg(test)]
mod escalation_tests;
#[cfg(test)]
mod tests;

use crate::{Content, Imported, Source};
use xml::{Element, MODEL};

/// Recognises and imports a definition of this platform.
pub fn import(source: &Source<'_>) -> Option<Imported> {
    let Content::Xml(doc) = source.content else { return None };
    let root = doc.root_element();
    // The definitions may be wrapped (XMI); prefixes vary, the namespace does not.
    let processes: Vec<Element<'_, '_>> = doc.descendants().filter(|n| xml::is(*n, "process")).collect();
    if processes.is_empty() {
        let ours = doc.descendants().any(|n| n.tag_name().namespace() == Some(MODEL));
        let what = if xml::is(root, "definitions") {
            "a BPMN diagram without a process"
        } else {
            "a fragment of a BPMN diagram"
        };
        return ours.then(|| Imported::not_workflow(what));
    }
    let filled: Vec<Element<'_, '_>> = processes.into_iter().filter(|p| build::has_steps(*p)).collect();
    if filled.is_empty() {
        return Some(Imported::not_workflow("a BPMN process without any step"));
    }
    let mut problems = Vec::new();
    let text = xml::Text::new(doc);
    let workflows =
        filled.into_iter().map(|p| build::workflow(p, &text, source.path, &mut problems)).collect();
    Some(Imported { problems, ..Imported::workflows(workflows) })
}
