//! XML as the importer reads it: elements by namespace and name, vendors' attributes, lines, canonical bytes.

use crate::doc::Lines;
use std::collections::HashMap;
use std::fmt::Write as _;
use workflow::Span;

/// An element.
pub(super) type Element<'a, 'i> = roxmltree::Node<'a, 'i>;

/// BPMN's own namespace.
pub(super) const MODEL: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";

/// Elements may be nested so deep; what lies deeper counts by its text.
const MAX_DEPTH: usize = 200;

/// A document's text, for lines, and its elements by id.
pub(super) struct Text<'a, 'i> {
    text: &'a str,
    lines: Lines,
    ids: HashMap<&'a str, Element<'a, 'i>>,
    pools: HashMap<&'a str, &'a str>,
    /// How many flows lead to and from each element.
    flows: HashMap<&'a str, (u32, u32)>,
}

impl<'a, 'i> Text<'a, 'i> {
    /// Of a document.
    pub(super) fn new(doc: &'a roxmltree::Document<'i>) -> Self {
        let (mut ids, mut pools, mut flows) = (HashMap::new(), HashMap::new(), HashMap::new());
        for node in doc.descendants().filter(|n| n.is_element()) {
            ids.extend(node.attribute("id").map(|id| (id, node)));
            if let (true, Some(of), Some(name)) =
                (is(node, "participant"), node.attribute("processRef"), node.attribute("name"))
            {
                pools.insert(local(of), name);
            }
            if is(node, "sequenceFlow") {
                let count = |id: Option<&'a str>,
                             of: fn(&mut (u32, u32)) -> &mut u32,
                             all: &mut HashMap<&'a str, (u32, u32)>| {
                    if let Some(id) = id {
                        *of(all.entry(id).or_default()) += 1;
                    }
                };
                count(node.attribute("targetRef"), |c| &mut c.0, &mut flows);
                count(node.attribute("sourceRef"), |c| &mut c.1, &mut flows);
            }
        }
        Text { text: doc.input_text(), lines: Lines::default(), ids, pools, flows }
    }

    /// The line of an element.
    pub(super) fn line(&self, node: Element<'_, '_>) -> u32 {
        self.lines.line(self.text, node.range().start)
    }

    /// Where an element stands.
    pub(super) fn span(&self, node: Element<'_, '_>) -> Span {
        let id = node.attribute("id").unwrap_or_default();
        Span { file: 0, line: self.line(node), path: format!("{}[{id:?}]", node.tag_name().name()).into() }
    }

    /// The element with an id.
    pub(super) fn element(&self, id: &str) -> Option<Element<'a, 'i>> {
        self.ids.get(id).copied()
    }

    /// How many flows lead to an element.
    pub(super) fn incoming(&self, node: Element<'_, '_>) -> u32 {
        node.attribute("id").and_then(|id| self.flows.get(id)).map_or(0, |c| c.0)
    }

    /// How many flows lead from an element.
    pub(super) fn outgoing(&self, node: Element<'_, '_>) -> u32 {
        node.attribute("id").and_then(|id| self.flows.get(id)).map_or(0, |c| c.1)
    }

    /// The name of the pool that shows a process.
    pub(super) fn pool(&self, process: &str) -> Option<&'a str> {
        self.pools.get(process).copied()
    }

    /// The name of an event's message, signal, error or schedule; empty for none.
    pub(super) fn event_name(&self, node: Element<'_, '_>) -> String {
        let Some(definition) = node.children().find(|n| name(*n).ends_with("EventDefinition")) else {
            return String::new();
        };
        let references = ["messageRef", "signalRef", "errorRef", "escalationRef"];
        let Some(reference) = references.iter().find_map(|r| definition.attribute(*r)) else {
            let time = definition.children().find(|n| name(*n).starts_with("time"));
            return time.map(text).unwrap_or_default().to_owned();
        };
        let named = self.ids.get(local(reference));
        let code =
            named.and_then(|n| ["errorCode", "escalationCode", "name"].iter().find_map(|a| n.attribute(*a)));
        code.unwrap_or(reference).to_owned()
    }
}

/// A name without its prefix.
pub(super) fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// An element of BPMN's own with this name.
pub(super) fn is(node: Element<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name && node.tag_name().namespace() == Some(MODEL)
}

/// The name of an element of BPMN's own; empty for anything else.
pub(super) fn name<'a>(node: Element<'a, '_>) -> &'a str {
    let own = node.is_element() && node.tag_name().namespace() == Some(MODEL);
    if own { node.tag_name().name() } else { "" }
}

/// The first child of BPMN's own with this name.
pub(super) fn child<'a, 'i>(node: Element<'a, 'i>, name: &str) -> Option<Element<'a, 'i>> {
    node.children().find(|n| is(*n, name))
}

/// An attribute that an engine's vendor adds (`camunda:assignee`, `flowable:type`), whatever the vendor.
pub(super) fn vendor<'a>(node: Element<'a, '_>, name: &str) -> Option<&'a str> {
    let found = node.attributes().find(|a| a.name() == name && a.namespace().is_some_and(|n| n != MODEL));
    found.map(|a| a.value()).filter(|v| !v.is_empty())
}

/// The elements with this name that a vendor puts into `extensionElements`, at any depth.
pub(super) fn extensions<'a, 'i>(
    node: Element<'a, 'i>,
    name: &'static str,
) -> impl Iterator<Item = Element<'a, 'i>> {
    let holder = child(node, "extensionElements");
    let inside = holder.into_iter().flat_map(|h| h.descendants());
    inside.filter(move |n| n.is_element() && n.tag_name().name() == name)
}

/// The elements with this name right inside of `extensionElements`.
pub(super) fn direct<'a, 'i>(
    node: Element<'a, 'i>,
    name: &'static str,
) -> impl Iterator<Item = Element<'a, 'i>> {
    let holder = child(node, "extensionElements");
    let inside = holder.into_iter().flat_map(|h| h.children());
    inside.filter(move |n| n.is_element() && n.tag_name().name() == name)
}

/// The text of an element without white space around it.
pub(super) fn text<'a>(node: Element<'a, '_>) -> &'a str {
    node.text().map(str::trim).unwrap_or_default()
}

/// Canonical bytes: names with their namespaces, attributes sorted, no prefixes, comments or white space between elements.
pub(super) fn canonical(node: Element<'_, '_>, skip: &dyn Fn(Element<'_, '_>) -> bool) -> String {
    let mut out = String::new();
    write(node, skip, MAX_DEPTH, &mut out);
    out
}

fn write(node: Element<'_, '_>, skip: &dyn Fn(Element<'_, '_>) -> bool, depth: usize, out: &mut String) {
    let Some(depth) = depth.checked_sub(1) else {
        let _ = write!(out, "{:?}", node.document().input_text().get(node.range()));
        return;
    };
    let tag = node.tag_name();
    let _ = write!(out, "<{:?}{:?}", tag.namespace().unwrap_or_default(), tag.name());
    let mut attributes: Vec<(&str, &str, &str)> =
        node.attributes().map(|a| (a.namespace().unwrap_or_default(), a.name(), a.value())).collect();
    attributes.sort_unstable();
    for (namespace, name, value) in attributes.into_iter().filter(|(_, n, _)| *n != "modelerTemplateIcon") {
        let _ = write!(out, " {namespace:?}{name:?}={value:?}");
    }
    out.push('>');
    for inner in node.children() {
        if inner.is_text() {
            let text = inner.text().unwrap_or_default().trim();
            if !text.is_empty() {
                let _ = write!(out, "{text:?}");
            }
        } else if inner.is_element() && !skip(inner) {
            write(inner, skip, depth, out);
        }
    }
    out.push_str("</>");
}
