//! The actions of a definition, with the containers they are in, in the order of the document.

use crate::doc::Node;
use std::collections::HashSet;
use workflow::Text;

/// The part of a container that an action stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Slot<'d> {
    Body,
    Else,
    Case(&'d str),
    Default,
    Tool(&'d str),
}

/// The actions of one part of a container (or of the whole definition).
pub(super) struct Group<'d> {
    pub(super) slot: Slot<'d>,
    /// The node that describes the part: a case, a tool.
    pub(super) node: Option<Node<'d>>,
    pub(super) members: Vec<usize>,
}

/// One action.
pub(super) struct Action<'d> {
    pub(super) name: &'d str,
    pub(super) id: Text,
    /// Its type in lower case.
    pub(super) kind: String,
    pub(super) node: Node<'d>,
    pub(super) parent: Option<usize>,
    /// The loop (or agent) around it that `item()` means.
    pub(super) item: Option<usize>,
    /// It stands in a `Foreach`, at whatever depth: a `Foreach` in one takes its items one after the other.
    pub(super) nested: bool,
    pub(super) groups: Vec<Group<'d>>,
    /// The maps of its inner actions, by their numbers in the document.
    pub(super) inner: Vec<u32>,
}

impl Action<'_> {
    pub(super) fn is_loop(&self) -> bool {
        matches!(self.kind.as_str(), "foreach" | "until")
    }

    pub(super) fn is_until(&self) -> bool {
        self.kind == "until"
    }

    pub(super) fn is_container(&self) -> bool {
        !self.groups.is_empty() && self.kind != "agent"
    }

    pub(super) fn is_end(&self) -> bool {
        self.kind == "terminate"
    }
}

/// All actions and the outermost group.
pub(super) struct Actions<'d> {
    pub(super) all: Vec<Action<'d>>,
    pub(super) top: Group<'d>,
    ids: HashSet<Text>,
}

/// Collects the actions of a definition.
pub(super) fn collect<'d>(definition: Node<'d>) -> Actions<'d> {
    let top = Group { slot: Slot::Body, node: None, members: Vec::new() };
    let mut actions = Actions { all: Vec::new(), top, ids: HashSet::new() };
    if let Some(map) = definition.get("actions") {
        actions.top.members = actions.members(map, None, None);
    }
    actions
}

impl<'d> Actions<'d> {
    fn members(&mut self, map: Node<'d>, parent: Option<usize>, item: Option<usize>) -> Vec<usize> {
        let entries = map.entries().filter(|(_, node)| node.is_map());
        entries.map(|(name, node)| self.action(name, node, parent, item)).collect()
    }

    fn action(&mut self, name: &'d str, node: Node<'d>, parent: Option<usize>, item: Option<usize>) -> usize {
        let index = self.all.len();
        let id = self.fresh(name, parent);
        let kind = node.str("type").unwrap_or_default().to_ascii_lowercase();
        let around = if matches!(kind.as_str(), "foreach" | "agent") { Some(index) } else { item };
        let nested = item.is_some_and(|i| self.all[i].kind == "foreach" || self.all[i].nested);
        let action =
            Action { name, id, kind, node, parent, item, nested, groups: Vec::new(), inner: Vec::new() };
        self.all.push(action);
        for (slot, of, map) in parts(node) {
            let members = self.members(map, Some(index), around);
            let action = &mut self.all[index];
            action.inner.push(map.id());
            action.groups.push(Group { slot, node: of, members });
        }
        index
    }

    /// Names are unique in a definition; where they are not, the container tells them apart.
    fn fresh(&mut self, name: &str, parent: Option<usize>) -> Text {
        let mut id = Text::from(name);
        if let (true, Some(parent)) = (self.ids.contains(&id), parent) {
            id = Text::from(format!("{}/{name}", self.all[parent].id));
        }
        if self.ids.contains(&id) {
            id = Text::from(format!("{id}#{}", self.all.len()));
        }
        self.ids.insert(id.clone());
        id
    }
}

/// The parts of a container that hold actions.
fn parts(node: Node<'_>) -> Vec<(Slot<'_>, Option<Node<'_>>, Node<'_>)> {
    let mut found = Vec::new();
    let actions = |of: Node<'_>| of.get("actions").is_some_and(Node::is_map);
    if let Some(map) = node.get("actions").filter(|n| n.is_map()) {
        found.push((Slot::Body, None, map));
    }
    let otherwise = [(Slot::Else, node.get("else")), (Slot::Default, node.get("default"))];
    for (slot, of) in otherwise {
        if let Some(map) = of.filter(|n| actions(*n)).and_then(|n| n.get("actions")) {
            found.push((slot, of, map));
        }
    }
    let several = [("cases", Slot::Case as fn(_) -> _), ("tools", Slot::Tool as fn(_) -> _)];
    for (key, slot) in several {
        for (name, of) in node.get(key).into_iter().flat_map(Node::entries) {
            if let Some(map) = of.get("actions").filter(|n| n.is_map()) {
                found.push((slot(name), Some(of), map));
            }
        }
    }
    found
}
