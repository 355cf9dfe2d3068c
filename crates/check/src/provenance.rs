//! Where a value comes from: followed backwards through parameters, variables, shaping steps, loop items and calls
//! to the trigger's input, the results of steps, constants and secrets.
//!
//! Two questions: the *direct* sources (the value itself, moved and shaped), and the *deep* ones, which also go
//! through the results of steps to what those steps were asked with (a search by the caller's text).
//! Every query has a budget, and all queries of a workflow have one, so that a definition that refers to itself in knots
//! costs no more than another.

mod definitions;

pub(crate) use definitions::Setters;
pub use definitions::definitions;

use crate::set::{Place, Set};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use std::hash::BuildHasher;
use std::rc::Rc;
use workflow::{
    EdgeKind, Expression, Function, Kind, Node, Platform, Reference, Root, Segment, Step, StepIx, StepKind,
    Term, Text, TriggerKind, Value,
};

/// How many references one query may follow.
const BUDGET: usize = 4000;
/// How many all queries of a workflow may follow: ten times what any real workflow needs.
const ALL: usize = 100_000;
/// How many each may still follow after that.
const LITTLE: usize = 50;
/// Looking through so many steps and edges for where a variable is set counts as one more value.
const STEPS: usize = 64;
/// How many sources one query may find.
const SOURCES: usize = 400;
/// How deep one query may follow.
const DEPTH: usize = 60;

/// Where a value starts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The input of a trigger.
    Trigger,
    /// The result of a step.
    Step(StepIx),
    /// A deployment parameter.
    Parameter(Text),
    /// A secret kept by the platform.
    Secret(Text),
    /// The installation or the run.
    Environment,
    /// Chance.
    Random,
    /// The clock.
    Now,
    /// A constant of the definition.
    Constant(Text),
    /// Not known.
    Unknown,
}

/// One source of a value, and what happened on the way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Source {
    /// The workflow of the set in which it starts.
    pub workflow: u32,
    /// Where it starts.
    pub origin: Origin,
    /// What is taken from there.
    pub path: Vec<Segment>,
    /// Chosen by whoever started the run.
    pub caller: bool,
    /// What happened to it.
    pub how: How,
}

/// What happened to a value on its way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct How {
    /// The first of several was taken.
    pub first: bool,
    /// Joined with other text.
    pub spliced: bool,
    /// Encoded or escaped for its place.
    pub encoded: bool,
    /// Only a part of a text (before the `@`, say).
    pub part: bool,
    /// One item of this loop.
    pub item: Option<StepIx>,
    /// Kept in this variable.
    pub variable: Option<Text>,
    /// Not the value itself, but what it was looked up by: the step that looked.
    pub looked_up: Option<Place>,
}

/// A query in progress.
struct Query<'s, 'w> {
    set: &'s Set<'w>,
    budget: usize,
    /// The budget that it began with.
    all: usize,
    found: Vec<Source>,
    known: FxHashSet<Source>,
    open: Vec<(Place, Root, Path)>,
    /// What came into a step has been followed from here, at this depth.
    followed: FxHashMap<(Place, Trail), usize>,
}

/// What was done to a value above the part being followed, and what is still to be taken from it.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
struct Trail {
    how: How,
    rest: Path,
}

/// A path that is handed on unchanged far more often than it gets longer.
type Path = Rc<[Segment]>;

impl<'w> Set<'w> {
    /// The direct sources of a value used at a step.
    #[must_use]
    pub fn sources(&self, at: Place, value: &Value) -> Vec<Source> {
        let mut query = Query::new(self, at);
        query.value(at, value, &Trail::default());
        query.end(at)
    }

    /// The direct sources of a term used at a step.
    #[must_use]
    pub fn term_sources(&self, at: Place, term: &Term) -> Vec<Source> {
        let mut query = Query::new(self, at);
        query.term(at, term, &Trail::default());
        query.end(at)
    }

    /// The direct sources of several values used at a step.
    #[must_use]
    pub fn all_sources(&self, at: Place, values: &[Value]) -> Vec<Source> {
        let mut seen: FxHashSet<Source> = FxHashSet::default();
        let mut found: Vec<Source> = values.iter().flat_map(|v| self.sources(at, v)).collect();
        if values.len() > 1 {
            found.retain(|source| seen.insert(source.clone()));
        }
        found
    }

    /// The direct sources of values, and through every step's result what that step was asked with.
    #[must_use]
    pub fn deep(&self, at: Place, values: &[Value]) -> Vec<Source> {
        let mut found = self.all_sources(at, values);
        let mut seen: Vec<Place> = Vec::new();
        let mut next = 0;
        while let Some(source) = found.get(next) {
            next += 1;
            let Origin::Step(step) = source.origin else { continue };
            let asked = Place { workflow: source.workflow, step };
            // What a person answers does not come from what the question shows.
            let answered = self.graph(asked.workflow).step(asked.step).ask.is_some();
            if seen.contains(&asked) || seen.len() > 40 || answered {
                continue;
            }
            seen.push(asked);
            let (first, echoed) = (source.how.first, self.echoed(asked, &source.path));
            let inputs = self.inputs(asked);
            // What is looked up by differs from all else by the step that looks; of one step's inputs each differs from
            // the others unless these take away what tells them apart.
            let apart = !first && echoed.is_empty();
            let mut known: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
            for mut input in inputs.iter().cloned().chain(echoed) {
                input.how.looked_up = Some(asked);
                input.how.first |= first;
                let alike =
                    if apart { None } else { Some(known.entry(FxBuildHasher.hash_one(&input)).or_default()) };
                if alike.as_ref().is_none_or(|alike| !alike.iter().any(|i| found[*i] == input)) {
                    alike.into_iter().for_each(|alike| alike.push(found.len()));
                    found.push(input);
                }
            }
        }
        found
    }

    /// What came into a step that writes items as they are and gives them back.
    fn echoed(&self, at: Place, path: &[Segment]) -> Vec<Source> {
        let step = self.graph(at.workflow).step(at.step);
        let writes =
            step.live_effects().iter().any(|e| matches!(e.kind, Kind::Write | Kind::Ticket | Kind::Notify));
        if !self.workflows[at.workflow as usize].itemwise || !writes || path.is_empty() {
            return Vec::new();
        }
        self.term_sources(at, &Term::Ref(Reference { root: Root::Previous, path: path.to_vec() }))
    }

    /// The direct sources of what a step is asked with: whom it reads where the catalogue says so, else all of it.
    #[must_use]
    pub fn inputs(&self, at: Place) -> Rc<Vec<Source>> {
        if let Some(known) = self.inputs.borrow().get(&at) {
            return Rc::clone(known);
        }
        let found = Rc::new(self.asked_with(at));
        self.inputs.borrow_mut().insert(at, Rc::clone(&found));
        found
    }

    fn asked_with(&self, at: Place) -> Vec<Source> {
        let step = self.graph(at.workflow).step(at.step);
        let mut values: Vec<Value> = Vec::new();
        if step.target.identity.iter().any(|v| !v.is_constant()) {
            values.extend(step.target.identity.iter().cloned());
        } else {
            values.push(step.parameters.clone());
            if let Some(request) = &step.request {
                values.extend([request.url.clone(), request.query.clone(), request.body.clone()]);
            }
            values.extend(step.calls.iter().map(|c| c.input.clone()));
        }
        let mut sources = self.all_sources(at, &values);
        sources.retain(|s| !matches!(s.origin, Origin::Constant(_)));
        sources
    }
}

impl<'s, 'w> Query<'s, 'w> {
    /// A query from a step on.
    fn new(set: &'s Set<'w>, at: Place) -> Self {
        let left = ALL.saturating_sub(set.followed(at.workflow));
        let budget = left.clamp(LITTLE, BUDGET);
        let (known, followed) = (FxHashSet::default(), FxHashMap::default());
        Query { set, budget, all: budget, found: Vec::new(), known, open: Vec::new(), followed }
    }

    /// What was found; what it cost is counted.
    fn end(self, at: Place) -> Vec<Source> {
        self.set.follow(at.workflow, self.all - self.budget, self.all < BUDGET && self.budget == 0);
        self.found
    }

    /// Takes one step further; where the budget ends, what lies beyond is not known.
    fn spend(&mut self, at: Place, trail: &Trail) -> bool {
        if self.budget == 1 {
            self.push(at, Origin::Unknown, trail, false);
        }
        self.budget = self.budget.saturating_sub(1);
        self.budget > 0
    }

    fn value(&mut self, at: Place, value: &Value, trail: &Trail) {
        match value {
            Value::Null => {}
            Value::Bool(b) => self.constant(at, if *b { "true" } else { "false" }, trail),
            Value::Number(t) | Value::Text(t) => self.constant(at, t, trail),
            Value::Expr(e) => self.term(at, &e.term, trail),
            Value::List(items) => match trail.rest.first() {
                Some(Segment::Index(i)) if *i >= 0 => {
                    let item = usize::try_from(*i).ok().and_then(|i| items.get(i));
                    let trail = trail.within();
                    item.into_iter().for_each(|v| self.value(at, v, &trail));
                }
                _ => {
                    let trail = trail.below_list();
                    items.iter().for_each(|v| self.value(at, v, &trail));
                }
            },
            Value::Map(map) => match trail.rest.first() {
                Some(Segment::Key(key)) => {
                    let trail = trail.within();
                    map.get(key).into_iter().for_each(|v| self.value(at, v, &trail));
                }
                // An item of a step whose result is shown as its items' data.
                Some(Segment::Each | Segment::Index(_) | Segment::Dynamic)
                    if self.is_item(at, map, trail) =>
                {
                    let how =
                        How { first: trail.how.first || takes_first(&trail.rest[..1]), ..trail.how.clone() };
                    self.value(at, value, &Trail { how, rest: trail.rest[1..].into() });
                }
                _ => map.0.iter().for_each(|e| self.value(at, &e.value, trail)),
            },
        }
    }

    fn term(&mut self, at: Place, term: &Term, trail: &Trail) {
        match term {
            Term::Null => {}
            Term::Bool(b) => self.constant(at, if *b { "true" } else { "false" }, trail),
            Term::Number(t) | Term::Text(t) => self.constant(at, t, trail),
            Term::Ref(r) => self.reference(at, r, trail),
            Term::Unknown(refs) => refs.iter().for_each(|r| self.reference(at, r, trail)),
            Term::Template(parts) => {
                let trail = trail.spliced(parts.len() > 1);
                let holes = parts.iter().filter(|t| !matches!(t, Term::Text(_)));
                holes.for_each(|t| self.term(at, t, &trail));
                if parts.iter().all(|t| matches!(t, Term::Text(_))) {
                    parts.iter().for_each(|t| self.term(at, t, &trail));
                }
            }
            Term::List(items) => {
                let trail = trail.below_list();
                items.iter().for_each(|t| self.term(at, t, &trail));
            }
            Term::Map(entries) => self.object(at, entries, trail),
            Term::Call(function, args) => self.call(at, function, args, trail),
        }
    }

    /// An object literal: the field that is read, or what is spread into it where no field is written.
    fn object(&mut self, at: Place, entries: &[(Text, Term)], trail: &Trail) {
        let Some(Segment::Key(key)) = trail.rest.first() else {
            return entries.iter().for_each(|(_, t)| self.term(at, t, trail));
        };
        let below = trail.within();
        for (written, term) in entries.iter().rev() {
            match written.as_str() {
                "..." => self.term(at, term, trail),
                // A field whose name is only known in a run.
                "*" => self.term(at, term, &below),
                written if written == key.as_str() => return self.term(at, term, &below),
                _ => {}
            }
        }
    }

    fn is_item(&self, at: Place, map: &workflow::Map, trail: &Trail) -> bool {
        let field = matches!(trail.rest.get(1), Some(Segment::Key(key)) if map.get(key).is_some());
        field && self.set.workflows[at.workflow as usize].itemwise
    }

    fn call(&mut self, at: Place, function: &Function, args: &[Term], trail: &Trail) {
        let mut trail = trail.clone();
        match function {
            Function::Random => return self.push(at, Origin::Random, &trail, false),
            Function::Now => return self.push(at, Origin::Now, &trail, false),
            Function::First | Function::Last => {
                let inner_split =
                    matches!(args.first(), Some(Term::Call(Function::Other(f), _)) if is_split(f));
                trail.how.first |= !inner_split;
            }
            Function::UrlEncode | Function::Escape => trail.how.encoded = true,
            Function::Concat => trail.how.spliced |= args.len() > 1,
            Function::Other(name) if is_split(name) && args.iter().any(at_sign) => trail.how.part = true,
            Function::If => {
                return args.iter().skip(1).for_each(|t| self.term(at, t, &trail));
            }
            _ => {}
        }
        if !matches!(function, Function::Coalesce | Function::ParseJson | Function::First) {
            trail.rest = Path::default();
        }
        args.iter().for_each(|t| self.term(at, t, &trail));
    }

    fn reference(&mut self, at: Place, r: &Reference, trail: &Trail) {
        if self.open.len() > DEPTH || !self.spend(at, trail) {
            return;
        }
        let rest: Path = match r.path.is_empty() {
            true => Path::clone(&trail.rest),
            false => r.path.iter().chain(trail.rest.iter()).cloned().collect(),
        };
        if self.is_open(at, &r.root, &rest).next().is_some() {
            return;
        }
        self.open.push((at, r.root.clone(), Path::clone(&rest)));
        let trail = Trail { how: trail.how.clone(), rest };
        match &r.root {
            Root::Trigger => self.trigger(at, &trail),
            Root::Step(id) => match self.set.graph(at.workflow).find(id) {
                Some(step) => self.result(Place { workflow: at.workflow, step }, &trail),
                None => self.push(at, Origin::Unknown, &trail, false),
            },
            Root::Item(id) => match self.set.graph(at.workflow).find(id) {
                Some(step) => self.item(Place { workflow: at.workflow, step }, &trail),
                None => self.push(at, Origin::Unknown, &trail, false),
            },
            Root::Previous => self.previous(at, &trail),
            Root::Variable(name) => self.variable(at, name, &trail),
            Root::Parameter(name) => self.push(at, Origin::Parameter(name.clone()), &trail, false),
            Root::Secret(name) => self.push(at, Origin::Secret(name.clone()), &trail, false),
            Root::Environment(_) | Root::Run(_) => self.push(at, Origin::Environment, &trail, false),
            // What code gets from elsewhere is its own result.
            Root::Unknown(_) if self.set.graph(at.workflow).step(at.step).kind == StepKind::Code => {
                self.push(at, Origin::Step(at.step), &trail, false);
            }
            Root::Unknown(_) => self.push(at, Origin::Unknown, &trail, false),
        }
        self.open.pop();
    }

    /// Where the same is being followed already.
    fn is_open<'a>(&'a self, at: Place, root: &'a Root, path: &'a Path) -> impl Iterator<Item = ()> + 'a {
        let same = move |open: &&(Place, Root, Path)| open.0 == at && open.2 == *path && open.1 == *root;
        self.open.iter().filter(same).map(|_| ())
    }

    fn trigger(&mut self, at: Place, trail: &Trail) {
        let set = self.set;
        let triggers = &set.workflows[at.workflow as usize].triggers;
        let reaching: Vec<usize> = set.triggers(at).collect();
        let callers = set.callers_to(at);
        let mut followed = false;
        for call in &callers {
            let before = self.found.len();
            self.value(call.from, call.input, trail);
            followed |= self.found.len() > before;
        }
        let others = reaching.iter().any(|t| triggers[*t].kind != TriggerKind::Subflow);
        if others || !followed {
            let caller = reaching.iter().any(|t| triggers[*t].caller_data);
            self.push(at, Origin::Trigger, trail, caller);
        }
    }

    fn result(&mut self, of: Place, trail: &Trail) {
        let step = self.set.graph(of.workflow).step(of.step);
        if let Some(output) = &step.output {
            let before = self.found.len();
            self.value(of, output, trail);
            if self.found.len() == before && step.kind == StepKind::Join {
                self.value(of, &step.parameters, &trail.bare());
            }
            if self.found.len() > before || !step.passes_input {
                return;
            }
        }
        let lists = if matches!(step.kind, StepKind::Loop(_)) { loop_lists(step) } else { Vec::new() };
        if !lists.is_empty() && !self.set.workflows[of.workflow as usize].itemwise {
            lists.into_iter().for_each(|e| self.term(of, &e.term, &trail.bare()));
        } else if passes(step) {
            self.previous(of, trail);
        } else {
            self.push(of, Origin::Step(of.step), trail, false);
        }
    }

    fn item(&mut self, of: Place, trail: &Trail) {
        let mut trail = trail.clone();
        trail.how.item = trail.how.item.or(Some(of.step));
        trail.rest = std::iter::once(&Segment::Each).chain(trail.rest.iter()).cloned().collect();
        let lists = loop_lists(self.set.graph(of.workflow).step(of.step));
        if lists.is_empty() {
            return self.previous(of, &trail);
        }
        lists.into_iter().for_each(|e| self.term(of, &e.term, &trail));
    }

    fn previous(&mut self, at: Place, trail: &Trail) {
        let graph = self.set.graph(at.workflow);
        let (depth, here) = (self.open.len(), (at, trail.clone()));
        let known = self.followed.get(&here).is_some_and(|before| *before <= depth);
        if known || depth > DEPTH || self.is_open(at, &Root::Previous, &trail.rest).nth(1).is_some() {
            return;
        }
        self.followed.insert(here, depth);
        self.open.push((at, Root::Previous, Path::clone(&trail.rest)));
        for edge in graph.into(at.step).iter().map(|e| graph.edge(*e)).filter(|e| e.kind != EdgeKind::Tool) {
            if !self.spend(at, trail) {
                break;
            }
            match edge.from {
                Node::Step(step) => self.result(Place { workflow: at.workflow, step }, trail),
                Node::Trigger(_) => self.trigger(at, trail),
            }
        }
        self.open.pop();
    }

    fn variable(&mut self, at: Place, name: &Text, trail: &Trail) {
        let mut trail = trail.clone();
        trail.how.variable = trail.how.variable.or_else(|| Some(name.clone()));
        let graph = self.set.graph(at.workflow);
        if self.budget > 0 {
            self.budget =
                self.budget.saturating_sub((graph.len() + graph.workflow.edges.len()) / STEPS).max(1);
        }
        let set = self.set;
        let found = set.setters(at, name);
        let (setters, open_ended) = (&found.0, found.1);
        let kept = setters.is_empty() && set.workflows[at.workflow as usize].platform == Platform::NodeRed;
        for step in setters.iter().copied() {
            let value = definitions::given(graph.step(step), name);
            value.into_iter().for_each(|v| self.value(Place { workflow: at.workflow, step }, v, &trail));
        }
        if kept {
            self.kept(at, name, &trail);
        }
        if open_ended {
            let default = self.set.workflows[at.workflow as usize].parameters.get(name);
            match default {
                Value::Null => {}
                value => self.value(at, value, &trail),
            }
        }
    }

    /// What Node-RED keeps from one message to the next: whatever was written to it, wherever in the workflow.
    fn kept(&mut self, at: Place, name: &Text, trail: &Trail) {
        let graph = self.set.graph(at.workflow);
        let writes = graph.steps().filter(|s| graph.step(*s).enabled).flat_map(|step| {
            let own = graph.step(step).assigns.iter().filter(|a| a.variable == *name);
            own.map(move |a| (step, &a.value))
        });
        for (step, value) in writes.take(8) {
            self.value(Place { workflow: at.workflow, step }, value, trail);
        }
    }

    fn constant(&mut self, at: Place, text: &str, trail: &Trail) {
        self.push(at, Origin::Constant(text.into()), trail, false);
    }

    fn push(&mut self, at: Place, origin: Origin, trail: &Trail, caller: bool) {
        let how = How { first: trail.how.first || takes_first(&trail.rest), ..trail.how.clone() };
        let source = Source { workflow: at.workflow, origin, path: trail.rest.to_vec(), caller, how };
        if !self.known.contains(&source) {
            self.known.insert(source.clone());
            self.found.push(source);
            self.budget = if self.found.len() < SOURCES { self.budget } else { self.budget.min(1) };
        }
    }
}

impl Trail {
    fn spliced(&self, yes: bool) -> Trail {
        let how = How { spliced: self.how.spliced || yes, ..self.how.clone() };
        Trail { how, rest: Path::default() }
    }

    fn bare(&self) -> Trail {
        Trail { how: self.how.clone(), rest: Path::default() }
    }

    /// Below the first segment of what is to be taken.
    fn within(&self) -> Trail {
        Trail { how: self.how.clone(), rest: self.rest[1..].into() }
    }

    fn below_list(&self) -> Trail {
        let listed =
            matches!(self.rest.first(), Some(Segment::Each | Segment::Index(_) | Segment::Filter(_)));
        Trail { how: self.how.clone(), rest: self.rest[usize::from(listed)..].into() }
    }
}

/// The lists that a loop goes through, as its parameters give them: under the name that platforms use for it, else
/// anything computed.
pub fn loop_lists(step: &Step) -> Vec<&Expression> {
    const NAMES: [&str; 9] =
        ["input", "foreach", "list", "items", "itemspath", "collection", "in", "inputcollection", "array"];
    let entries = step.parameters.entries().iter();
    let mut named = entries.filter(|e| NAMES.contains(&&*e.key.to_lowercase())).map(|e| &e.value);
    let computed = |v: &Value| v.expressions().into_iter().any(|e| !e.is_constant());
    let list = named.find(|v| computed(v)).unwrap_or(&step.parameters);
    list.expressions().into_iter().filter(|e| !e.is_constant()).collect()
}

/// Whether a step's result is what came into it.
fn passes(step: &Step) -> bool {
    let moves = matches!(
        step.kind,
        StepKind::Branch
            | StepKind::Guard
            | StepKind::Fork
            | StepKind::Join
            | StepKind::Wait
            | StepKind::Loop(_)
    );
    step.passes_input || (step.output.is_none() && step.ask.is_none() && (moves || !step.enabled))
}

/// Whether a path takes one of several, and not something of everything in the one that it takes.
fn takes_first(path: &[Segment]) -> bool {
    let after_all = path.iter().rposition(|s| *s == Segment::Each).map_or(0, |i| i + 1);
    path[after_all..].iter().any(|s| matches!(s, Segment::Index(0 | -1)))
}

/// Functions that give a part of a text.
fn is_split(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["split", "substr", "slice", "before", "extract"].iter().any(|w| name.contains(w))
}

/// Whether a text is cut at the `@` of an address.
fn at_sign(arg: &Term) -> bool {
    match arg {
        Term::Text(t) => t == "@",
        Term::Call(_, args) => args.iter().any(|a| matches!(a, Term::Text(t) if t == "@")),
        _ => false,
    }
}
