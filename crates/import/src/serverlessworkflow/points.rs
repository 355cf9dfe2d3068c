//! Tasks and the ways between them: lists, containers, conditions and flow directives, before any value is looked at.

use crate::dataflow::Way;
use crate::doc::Node;
use std::collections::{HashMap, HashSet};
use workflow::{Problem, Reference, Root, Term, Text};

/// Tasks may be nested so deep.
pub(super) const MAX_NESTING: usize = 32;

/// The kinds of tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Call,
    Do,
    Emit,
    For,
    Fork,
    Listen,
    Raise,
    Run,
    Set,
    Switch,
    Try,
    Wait,
    Unknown,
}

/// What a point is.
pub(super) enum What<'d> {
    /// A task, and what it runs where that is a function defined elsewhere in the document.
    Task(Kind, Node<'d>, Option<Node<'d>>),
    /// Whether a task is run at all.
    If(Node<'d>),
    /// Whether a loop goes on.
    While(Node<'d>),
    /// Where the tasks inside another meet; for branches that all run, where the data of each arrives.
    Join(Node<'d>, Option<Vec<usize>>),
    /// The end of the workflow.
    End,
    /// Only data comes here.
    Data,
}

/// A place in the workflow.
pub(super) struct Point<'d> {
    pub(super) id: Text,
    pub(super) name: Text,
    pub(super) parent: Option<usize>,
    pub(super) what: What<'d>,
    /// Variables of the loops and catchers around.
    pub(super) variables: Vec<(Text, Term)>,
}

/// How data leaves a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// The task is done.
    Done,
    /// Into the tasks inside.
    Inside,
    /// Unchanged.
    Same,
}

/// When a way is taken.
#[derive(Clone, Copy)]
pub(super) enum When<'d> {
    Next,
    /// A condition, by its name for people.
    Holds(Node<'d>, &'d str),
    Otherwise(&'static str),
    Error,
    Timeout,
    Body,
    Back,
}

/// A way between two points.
pub(super) struct Link<'d> {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) when: When<'d>,
}

/// All points and ways.
#[derive(Default)]
pub(super) struct Points<'d> {
    pub(super) all: Vec<Point<'d>>,
    pub(super) links: Vec<Link<'d>>,
    pub(super) ways: Vec<Way<Slot>>,
    pub(super) problems: Vec<Problem>,
    pub(super) start: Option<usize>,
    /// For each loop, where its data before the first round arrives.
    pub(super) before: HashMap<usize, usize>,
    ids: HashSet<Text>,
    end: Option<usize>,
    functions: Option<Node<'d>>,
}

/// What goes for a list of tasks.
#[derive(Clone)]
struct Around {
    prefix: String,
    parent: Option<usize>,
    variables: Vec<(Text, Term)>,
    depth: usize,
}

/// A way out of a task.
struct Out<'d> {
    from: usize,
    slot: Slot,
    when: When<'d>,
    then: Option<&'d str>,
}

type Made<'d> = (usize, Vec<Out<'d>>);

/// Reads the tasks of a workflow.
pub(super) fn read(root: Node<'_>) -> Points<'_> {
    let mut points = Points { functions: root.at(&["use", "functions"]), ..Points::default() };
    let around = Around { prefix: String::new(), parent: None, variables: Vec::new(), depth: 0 };
    if let Some(listed) = root.get("do") {
        let (start, _) = points.list(listed, &around);
        points.start = start;
    }
    for (name, extension) in root.at(&["use", "extensions"]).into_iter().flat_map(tasks) {
        points.extend(name, extension, &around);
    }
    points.loops();
    points
}

/// The kind of a task, by the key that only this kind has.
fn kind(node: Node<'_>) -> Kind {
    let kinds = [
        ("for", Kind::For),
        ("try", Kind::Try),
        ("fork", Kind::Fork),
        ("switch", Kind::Switch),
        ("listen", Kind::Listen),
        ("call", Kind::Call),
        ("run", Kind::Run),
        ("emit", Kind::Emit),
        ("raise", Kind::Raise),
        ("set", Kind::Set),
        ("wait", Kind::Wait),
        ("do", Kind::Do),
    ];
    kinds.iter().find(|(key, _)| node.get(key).is_some()).map_or(Kind::Unknown, |(_, kind)| *kind)
}

/// The tasks of a list: maps with one key each.
pub(super) fn tasks(listed: Node<'_>) -> impl Iterator<Item = (&str, Node<'_>)> {
    let of_items = listed.items().flat_map(Node::entries);
    of_items.chain(listed.entries())
}

impl<'d> Points<'d> {
    fn point(&mut self, id: String, name: &str, around: &Around, what: What<'d>) -> usize {
        let mut id = Text::from(id);
        while !self.ids.insert(id.clone()) {
            id.push('~');
        }
        let (parent, variables) = (around.parent, around.variables.clone());
        self.all.push(Point { id, name: name.into(), parent, what, variables });
        self.all.len() - 1
    }

    fn link(&mut self, from: usize, slot: Slot, when: When<'d>, to: usize) {
        self.links.push(Link { from, to, when });
        self.ways.push(Way { from: Some(from), slot, to });
    }

    fn connect(&mut self, outs: Vec<Out<'d>>, to: usize) {
        outs.into_iter().for_each(|o| self.link(o.from, o.slot, o.when, to));
    }

    fn end(&mut self) -> usize {
        if let Some(end) = self.end {
            return end;
        }
        let around = Around { prefix: String::new(), parent: None, variables: Vec::new(), depth: 0 };
        let end = self.point("(end)".to_owned(), "end", &around, What::End);
        self.end = Some(end);
        end
    }

    /// Tasks that run before or after others: they may run from the start on.
    fn extend(&mut self, name: &'d str, node: Node<'d>, around: &Around) {
        for key in ["before", "after"] {
            let (Some(listed), Some(start)) = (node.get(key), self.start) else { continue };
            let around = Around { prefix: format!("{name}/{key}/"), depth: 1, ..around.clone() };
            let entry = self.point(format!("{name}/({key})"), name, &around, What::If(node));
            let (first, left) = self.list(listed, &around);
            let Some(first) = first else { continue };
            match node.get("when") {
                Some(condition) => {
                    self.link(entry, Slot::Same, When::Holds(condition, "extended"), first);
                    self.link(entry, Slot::Same, When::Otherwise("not extended"), start);
                }
                None => {
                    self.link(entry, Slot::Same, When::Next, first);
                    self.ways.push(Way { from: Some(entry), slot: Slot::Same, to: start });
                }
            }
            // What they make of the data belongs to the tasks that they extend, which are not told apart here.
            self.links.extend(left.into_iter().map(|o| Link { from: o.from, to: start, when: o.when }));
            self.start = Some(entry);
        }
    }

    /// A list of tasks: where it starts, and the ways on which it is left.
    fn list(&mut self, listed: Node<'d>, around: &Around) -> (Option<usize>, Vec<Out<'d>>) {
        if around.depth > MAX_NESTING {
            self.problem(listed, "tasks are nested too deeply; what is in here was not read".to_owned());
            return (None, Vec::new());
        }
        let mut by_name: HashMap<&'d str, usize> = HashMap::new();
        let mut made: Vec<Made<'d>> = Vec::new();
        for (name, node) in tasks(listed) {
            let task = self.task(name, node, around);
            by_name.insert(name, task.0);
            made.push(task);
        }
        let entries: Vec<usize> = made.iter().map(|(entry, _)| *entry).collect();
        let mut left = Vec::new();
        for (number, (_, outs)) in made.into_iter().enumerate() {
            for out in outs {
                let next = entries.get(number + 1).copied();
                let to = match out.then {
                    None | Some("continue") => next,
                    Some("exit") => None,
                    Some("end") => Some(self.end()),
                    Some(name) => match by_name.get(name) {
                        Some(to) => Some(*to),
                        None => {
                            let message =
                                format!("`then` names no task of this list: `{name}`; the run fails here");
                            self.problem(listed, message);
                            continue;
                        }
                    },
                };
                match to {
                    Some(to) => self.link(out.from, out.slot, out.when, to),
                    None => left.push(out),
                }
            }
        }
        (entries.first().copied(), left)
    }

    fn task(&mut self, name: &'d str, node: Node<'d>, around: &Around) -> Made<'d> {
        let id = format!("{}{name}", around.prefix);
        let asked = node.get("if").map(|_| self.point(format!("{id}/(if)"), name, around, What::If(node)));
        let (entry, mut outs) = self.run(name, id, node, around);
        match (asked, node.get("if")) {
            (Some(asked), Some(condition)) => {
                self.link(asked, Slot::Same, When::Holds(condition, "true"), entry);
                let when = When::Otherwise("skipped");
                outs.push(Out { from: asked, slot: Slot::Same, when, then: None });
                (asked, outs)
            }
            _ => (entry, outs),
        }
    }

    fn run(&mut self, name: &'d str, id: String, node: Node<'d>, around: &Around) -> Made<'d> {
        let own = kind(node);
        let defined = node.str("call").and_then(|called| self.functions?.get(called)).filter(|f| f.is_map());
        let kind = defined.map_or(own, kind_of_function);
        if own == Kind::Unknown {
            self.problem(node, format!("task `{name}` is of no known kind; what it does is not known"));
        }
        let what = What::Task(kind, node, defined);
        let point = self.point(id.clone(), name, around, what);
        let inside = Around {
            prefix: format!("{id}/"),
            parent: Some(point),
            variables: around.variables.clone(),
            depth: around.depth + 1,
        };
        let then = node.str("then");
        let of = defined.unwrap_or(node);
        match kind {
            Kind::Do => self.scope(point, of, of.get("do"), &inside, then),
            Kind::For => self.repeat(point, node, node.get("for"), &inside, then),
            Kind::Listen | Kind::Call if each_event(of).is_some() => {
                self.repeat(point, node, each_event(of), &inside, then)
            }
            Kind::Fork => self.fork(point, node, &inside, then),
            Kind::Try => self.attempt(point, node, around, &inside, then),
            Kind::Switch => (point, self.cases(point, node)),
            Kind::Raise => (point, Vec::new()),
            _ => (point, vec![Out { from: point, slot: Slot::Done, when: When::Next, then }]),
        }
    }

    fn join(&mut self, of: Node<'d>, inside: &Around, branches: Option<Vec<usize>>) -> usize {
        let parent = inside.parent.and_then(|p| self.all[p].parent);
        let around = Around { parent, ..inside.clone() };
        let name = inside.parent.map(|p| self.all[p].name.clone()).unwrap_or_default();
        self.point(format!("{}(end)", inside.prefix), &name, &around, What::Join(of, branches))
    }

    fn scope(
        &mut self,
        point: usize,
        of: Node<'d>,
        listed: Option<Node<'d>>,
        inside: &Around,
        then: Option<&'d str>,
    ) -> Made<'d> {
        let (first, left) = listed.map_or((None, Vec::new()), |l| self.list(l, inside));
        let join = self.join(of, inside, None);
        self.link(point, Slot::Inside, When::Next, first.unwrap_or(join));
        self.connect(left, join);
        (point, vec![Out { from: join, slot: Slot::Done, when: When::Next, then }])
    }

    fn repeat(
        &mut self,
        point: usize,
        node: Node<'d>,
        given: Option<Node<'d>>,
        inside: &Around,
        then: Option<&'d str>,
    ) -> Made<'d> {
        let own = node.get("for").is_some();
        let name = |key: &str, default: &str| {
            Text::from(given.and_then(|g| g.str(key)).unwrap_or(default).trim_start_matches('$'))
        };
        let mut inside = inside.clone();
        let id = self.all[point].id.clone();
        let item = Reference { root: Root::Item(id.clone()), path: Vec::new() };
        let at = Reference { root: Root::Run(format!("{id} index").into()), path: Vec::new() };
        let default = if own { "each" } else { "item" };
        inside.variables.push((name(default, "item"), Term::Ref(item)));
        inside.variables.push((name("at", "index"), Term::Ref(at)));
        let listed = if own { node.get("do") } else { given.and_then(|g| g.get("do")) };
        let (first, left) = listed.map_or((None, Vec::new()), |l| self.list(l, &inside));
        match (first, node.get("while")) {
            (Some(first), Some(condition)) => {
                let again = self.point(format!("{id}/(while)"), "while", &inside, What::While(node));
                self.link(point, Slot::Inside, When::Body, again);
                self.link(again, Slot::Same, When::Holds(condition, "true"), first);
                self.link(again, Slot::Same, When::Otherwise("done"), point);
            }
            (Some(first), None) => self.link(point, Slot::Inside, When::Body, first),
            (None, _) => {}
        }
        for out in left {
            // A condition on the last way keeps its meaning; the loop is where it leads.
            let when = if matches!(out.when, When::Next) { When::Back } else { out.when };
            self.link(out.from, out.slot, when, point);
        }
        let around = Around { prefix: String::new(), ..inside };
        let before = self.point(format!("{id}/(before)"), &id, &around, What::Data);
        self.before.insert(point, before);
        (point, vec![Out { from: point, slot: Slot::Done, when: When::Next, then }])
    }

    /// The data that comes to a loop from outside it arrives at a place of its own too.
    fn loops(&mut self) {
        let mut more = Vec::new();
        for (point, before) in &self.before {
            let prefix = format!("{}/", self.all[*point].id);
            let outside = |from: usize| !self.all[from].id.starts_with(&prefix);
            let arriving = self.ways.iter().filter(|w| w.to == *point && w.from.is_none_or(outside));
            more.extend(arriving.map(|w| Way { from: w.from, slot: w.slot, to: *before }));
            if self.start == Some(*point) {
                more.push(Way { from: None, slot: Slot::Same, to: *before });
            }
        }
        self.ways.extend(more);
    }

    fn fork(&mut self, point: usize, node: Node<'d>, inside: &Around, then: Option<&'d str>) -> Made<'d> {
        let competes = node.at(&["fork", "compete"]).and_then(Node::as_bool) == Some(true);
        let mut ends: Vec<(Vec<Out<'d>>, usize)> = Vec::new();
        for (name, branch) in node.at(&["fork", "branches"]).into_iter().flat_map(tasks) {
            let (entry, outs) = self.task(name, branch, inside);
            self.link(point, Slot::Inside, When::Next, entry);
            let data = self.point(format!("{}(data of {name})", inside.prefix), name, inside, What::Data);
            self.ways.extend(outs.iter().map(|o| Way { from: Some(o.from), slot: o.slot, to: data }));
            ends.push((outs, data));
        }
        let data = ends.iter().map(|(_, data)| *data).collect();
        let join = self.join(node, inside, (!competes).then_some(data));
        if ends.is_empty() {
            self.link(point, Slot::Inside, When::Next, join);
        }
        for (number, (outs, _)) in ends.into_iter().enumerate() {
            if outs.len() > 1 && !competes {
                let id = format!("{}(end of branch {})", inside.prefix, number + 1);
                let meet = self.point(id, "branch", inside, What::Join(node, None));
                self.connect(outs, meet);
                self.link(meet, Slot::Same, When::Next, join);
            } else {
                self.connect(outs, join);
            }
        }
        (point, vec![Out { from: join, slot: Slot::Done, when: When::Next, then }])
    }

    /// `try` and its `catch`, whose tasks are no longer inside.
    fn attempt(
        &mut self,
        point: usize,
        node: Node<'d>,
        around: &Around,
        inside: &Around,
        then: Option<&'d str>,
    ) -> Made<'d> {
        let first = self.all.len();
        let made = self.scope(point, node, node.get("try"), inside, then);
        let tried = first..self.all.len();
        let Some(join) = made.1.first().map(|o| o.from) else { return made };
        let Some(catch) = node.get("catch") else { return made };
        let mut outside = Around { prefix: inside.prefix.clone(), depth: inside.depth, ..around.clone() };
        let error = Reference { root: Root::Run("error".into()), path: Vec::new() };
        let name = catch.str("as").unwrap_or("error").trim_start_matches('$');
        outside.variables.push((name.into(), Term::Ref(error)));
        let (first, left) = catch.get("do").map_or((None, Vec::new()), |l| self.list(l, &outside));
        let caught = first.unwrap_or(join);
        self.link(point, Slot::Inside, When::Error, caught);
        self.connect(left, join);
        let takes = catch.at(&["errors", "with", "type"]).and_then(Node::as_str);
        let tried = if takes.is_none_or(|t| t.contains("timeout")) { tried } else { 0..0 };
        let silent = tried.filter(
            |ix| matches!(self.all[*ix].what, What::Task(_, task, _) if task.get("timeout").is_some()),
        );
        silent
            .collect::<Vec<_>>()
            .into_iter()
            .for_each(|ix| self.link(ix, Slot::Same, When::Timeout, caught));
        made
    }

    fn cases(&mut self, point: usize, node: Node<'d>) -> Vec<Out<'d>> {
        let mut outs = Vec::new();
        let mut default = None;
        for (name, case) in node.get("switch").into_iter().flat_map(tasks) {
            let then = case.str("then");
            match case.get("when") {
                Some(condition) => {
                    let when = When::Holds(condition, name);
                    outs.push(Out { from: point, slot: Slot::Done, when, then });
                }
                None => default = Some(then),
            }
        }
        let then = default.unwrap_or(node.str("then"));
        outs.push(Out { from: point, slot: Slot::Done, when: When::Otherwise("default"), then });
        outs
    }

    fn problem(&mut self, node: Node<'_>, message: String) {
        self.problems.push(Problem { path: String::new(), line: node.line(), message });
    }
}

/// What is done for each event that is waited for.
pub(super) fn each_event(node: Node<'_>) -> Option<Node<'_>> {
    let each = node.get("foreach").or_else(|| node.at(&["with", "subscription", "foreach"]));
    each.filter(|e| e.get("do").is_some())
}

/// Functions are tasks too; those that only combine others run as a group.
fn kind_of_function(node: Node<'_>) -> Kind {
    match kind(node) {
        found @ (Kind::Call | Kind::Run | Kind::Emit | Kind::Set | Kind::Wait | Kind::Do) => found,
        _ => Kind::Unknown,
    }
}
