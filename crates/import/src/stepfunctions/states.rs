//! The states of a machine and what may come after what, before any value in them is looked at.

use super::value::Query;
use crate::doc::Node;
use std::collections::{HashMap, HashSet};
use workflow::{Problem, Text};

/// Machines may be nested in Map and Parallel states so deep.
pub(super) const MAX_NESTING: usize = 24;

/// The types of states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Task,
    Pass,
    Choice,
    Wait,
    Succeed,
    Fail,
    Parallel,
    Map,
    Unknown,
}

/// One state.
pub(super) struct State<'d> {
    pub(super) node: Node<'d>,
    pub(super) id: Text,
    pub(super) name: &'d str,
    pub(super) kind: Kind,
    pub(super) query: Query,
    pub(super) parent: Option<usize>,
    /// The scopes of variables around, the outermost first, a line each.
    pub(super) scope: Text,
    /// The innermost Map state around.
    pub(super) item: Option<Text>,
    /// That one starts an execution of its own for each item.
    pub(super) distributed: bool,
    pub(super) next: Option<usize>,
    /// The machine or branch around ends here.
    pub(super) ends: bool,
    pub(super) rules: Vec<(Node<'d>, Option<usize>)>,
    pub(super) default: Option<usize>,
    pub(super) catches: Vec<(Node<'d>, Option<usize>)>,
    pub(super) branches: Vec<Branch>,
}

/// A machine inside a state.
#[derive(Debug, Default)]
pub(super) struct Branch {
    pub(super) start: Option<usize>,
    pub(super) ends: Vec<usize>,
}

/// All states of a machine.
#[derive(Default)]
pub(super) struct States<'d> {
    pub(super) all: Vec<State<'d>>,
    pub(super) outermost: Branch,
    pub(super) problems: Vec<Problem>,
    ids: HashSet<Text>,
}

/// What goes for all states of one machine.
#[derive(Clone)]
struct Around {
    prefix: String,
    parent: Option<usize>,
    scope: Text,
    item: Option<Text>,
    distributed: bool,
    query: Query,
    depth: usize,
}

/// Reads the states of a machine.
pub(super) fn read(machine: Node<'_>) -> States<'_> {
    let mut states = States::default();
    let query = query(machine, Query::JsonPath);
    let around = Around {
        prefix: String::new(),
        parent: None,
        scope: Text::default(),
        item: None,
        distributed: false,
        query,
        depth: 0,
    };
    states.outermost = states.machine(machine, &around);
    states
}

fn query(node: Node<'_>, around: Query) -> Query {
    match node.str("QueryLanguage") {
        Some("JSONata") => Query::Jsonata,
        Some("JSONPath") => Query::JsonPath,
        _ => around,
    }
}

impl<'d> States<'d> {
    /// A machine: its states with ids below `around`, and where it starts and ends.
    fn machine(&mut self, machine: Node<'d>, around: &Around) -> Branch {
        let Some(listed) = machine.get("States") else { return Branch::default() };
        let first = self.all.len();
        let mut by_name: HashMap<&'d str, usize> = HashMap::new();
        for (name, node) in listed.entries() {
            by_name.insert(name, self.all.len());
            let state = self.state(name, node, around);
            self.all.push(state);
        }
        let own = first..self.all.len();
        for ix in own.clone() {
            self.inner(ix, around);
        }
        for ix in own.clone() {
            self.successors(ix, &by_name);
        }
        let start = machine.str("StartAt").and_then(|s| by_name.get(s).copied());
        if start.is_none() {
            let name = machine.str("StartAt").unwrap_or_default();
            self.problem(machine, format!("`StartAt` names no state: `{name}`; the machine never starts"));
        }
        Branch { start, ends: own.filter(|ix| self.all[*ix].ends).collect() }
    }

    fn state(&mut self, name: &'d str, node: Node<'d>, around: &Around) -> State<'d> {
        let kind = kind(node);
        let mut id = Text::from(format!("{}{name}", around.prefix));
        while !self.ids.insert(id.clone()) {
            id.push('~');
        }
        if kind == Kind::Unknown {
            let message = format!("state `{name}` has no known `Type`; what it does is not known");
            self.problem(node, message);
        }
        State {
            node,
            id,
            name,
            kind,
            query: query(node, around.query),
            parent: around.parent,
            scope: around.scope.clone(),
            item: around.item.clone(),
            distributed: around.distributed,
            next: None,
            ends: kind == Kind::Succeed,
            rules: Vec::new(),
            default: None,
            catches: Vec::new(),
            branches: Vec::new(),
        }
    }

    /// The machines inside a Map or Parallel state.
    fn inner(&mut self, ix: usize, around: &Around) {
        let State { node, kind, .. } = self.all[ix];
        let machines: Vec<Node<'d>> = match kind {
            Kind::Map => node.get("ItemProcessor").or_else(|| node.get("Iterator")).into_iter().collect(),
            Kind::Parallel => node.get("Branches").into_iter().flat_map(Node::items).collect(),
            _ => return,
        };
        if around.depth >= MAX_NESTING {
            let message =
                format!("state `{}` is nested too deeply; what is in it was not read", self.all[ix].name);
            return self.problem(node, message);
        }
        let map = kind == Kind::Map;
        let id = self.all[ix].id.clone();
        for (number, machine) in machines.into_iter().enumerate() {
            let mode = machine.at(&["ProcessorConfig", "Mode"]).and_then(Node::as_str);
            let inside = Around {
                prefix: format!("{id}/"),
                parent: Some(ix),
                scope: format!("{}{id}#{number}\n", around.scope).into(),
                item: if map { Some(id.clone()) } else { around.item.clone() },
                distributed: if map { mode == Some("DISTRIBUTED") } else { around.distributed },
                query: query(machine, around.query),
                depth: around.depth + 1,
            };
            let branch = self.machine(machine, &inside);
            self.all[ix].branches.push(branch);
        }
    }

    fn successors(&mut self, ix: usize, by_name: &HashMap<&'d str, usize>) {
        let State { node, kind, .. } = self.all[ix];
        let next = self.target(node, "Next", by_name);
        let rules = node.get("Choices").filter(|_| kind == Kind::Choice);
        let rules: Vec<_> =
            rules.into_iter().flat_map(Node::items).map(|r| (r, self.target(r, "Next", by_name))).collect();
        let default = self.target(node, "Default", by_name).filter(|_| kind == Kind::Choice);
        let catches = node.get("Catch").into_iter().flat_map(Node::items);
        let catches: Vec<_> = catches.map(|c| (c, self.target(c, "Next", by_name))).collect();
        let goes_on = !matches!(kind, Kind::Choice | Kind::Succeed | Kind::Fail);
        let ends = goes_on && node.bool("End") == Some(true);
        if goes_on && !ends && next.is_none() && node.get("Next").is_none() {
            let message =
                format!("state `{}` has neither `Next` nor `End`; it is read as the end", self.all[ix].name);
            self.problem(node, message);
        }
        let state = &mut self.all[ix];
        state.next = next.filter(|_| goes_on && !ends);
        state.ends |= ends || goes_on && node.get("Next").is_none();
        (state.rules, state.default, state.catches) = (rules, default, catches);
    }

    fn target(&mut self, node: Node<'d>, key: &str, by_name: &HashMap<&'d str, usize>) -> Option<usize> {
        let named = node.get(key)?;
        let name = named.scalar().unwrap_or_default();
        let found = by_name.get(name).copied();
        if found.is_none() {
            self.problem(
                named,
                format!("`{key}` names no state of this machine: `{name}`; the run fails here"),
            );
        }
        found
    }

    fn problem(&mut self, node: Node<'_>, message: String) {
        self.problems.push(Problem { path: String::new(), line: node.line(), message });
    }
}

fn kind(node: Node<'_>) -> Kind {
    match node.str("Type") {
        Some("Task") => Kind::Task,
        Some("Pass") => Kind::Pass,
        Some("Choice") => Kind::Choice,
        Some("Wait") => Kind::Wait,
        Some("Succeed") => Kind::Succeed,
        Some("Fail") => Kind::Fail,
        Some("Parallel") => Kind::Parallel,
        Some("Map") => Kind::Map,
        _ => Kind::Unknown,
    }
}

/// Whether a type of state is known.
pub(super) fn is_state(node: Node<'_>) -> bool {
    kind(node) != Kind::Unknown
}
