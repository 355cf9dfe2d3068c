//! Conditions under a supposition: what a branch does if a certain step answers so, or not at all.
//!
//! Logic with three values. A [`Supposition`] fixes the result of one step (or one field of the trigger); whatever
//! depends on anything else is unknown, and an unknown condition leaves both ways open.

use crate::graph::{Graph, Reach};
use crate::provenance::{definitions, loop_lists};
use workflow::{
    EdgeKind, Expression, Function, Node, Reference, Root, Segment, StepIx, StepKind, Term, Text, Value,
};

/// How deep a value is followed.
const DEPTH: u32 = 40;

/// How a question ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Nobody answers in time.
    Silence,
    /// The step itself fails.
    Failure,
    /// An answer comes, and there is nothing in it.
    Empty,
    /// An answer comes that is none of those expected.
    Unexpected,
    /// The loop around the question has its last round, and nobody has given the answer that it waits for.
    LastRound,
    /// A button that refuses was pressed, and nothing reads that.
    Pressed(Text),
    /// An answer with this value at this place.
    Given(Vec<Text>, Text),
    /// The refusal with this word, wherever branches look for the decision.
    Refused(Vec<Vec<Text>>, Text),
}

/// What is being asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The result of a step; the keys below which the answer stands, empty where any field may be it.
    Step(StepIx, Vec<Text>),
    /// A field of the trigger.
    Trigger(Vec<Text>),
}

/// A subject and how it ends.
#[derive(Debug, Clone)]
pub struct Supposition {
    /// What is asked about.
    pub subject: Subject,
    /// How it ends.
    pub answer: Answer,
    /// The subject's own edges carry the answer.
    pub decides: bool,
}

/// An abstract value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Val {
    /// This text, number or boolean.
    Const(Text),
    /// Null, absent or empty.
    Null,
    /// There, and equal to nothing that is compared with it.
    Other,
    /// Not known.
    Any,
}

/// Evaluates conditions of one workflow under suppositions.
pub struct Logic<'g, 'w> {
    /// The graph.
    pub graph: &'g Graph<'w>,
    /// What is supposed, each of another subject.
    pub suppose: &'g [Supposition],
    /// Only assignments in steps that a run comes to count.
    pub live: Option<&'g Reach>,
}

impl Answer {
    /// What is read at a place of the result that ends so.
    fn at(&self, path: &[Segment]) -> Val {
        match self {
            Answer::Silence | Answer::Failure | Answer::Empty => Val::Null,
            Answer::Unexpected | Answer::LastRound => Val::Other,
            Answer::Given(place, value) if *place == keys_of(path) => Val::Const(value.clone()),
            Answer::Refused(places, value) if places.contains(&keys_of(path)) => Val::Const(value.clone()),
            Answer::Pressed(_) | Answer::Given(..) | Answer::Refused(..) => Val::Any,
        }
    }
}

impl Logic<'_, '_> {
    /// Whether an edge may be taken.
    #[must_use]
    pub fn open(&self, edge_ix: u32) -> bool {
        let edge = self.graph.edge(edge_ix);
        let Node::Step(from) = edge.from else { return true };
        if let Some((suppose, _)) = self.supposed_of(from) {
            return self.leaves_subject(suppose, from, &edge.kind);
        }
        match &edge.kind {
            EdgeKind::Error => self.graph.may_fail(from) && self.fails(from),
            EdgeKind::Next if self.graph.is_body_first(from) => self.ends_loop(from),
            EdgeKind::When { condition, .. } => self.holds(from, condition) != Some(false),
            EdgeKind::Otherwise { .. } => !self.some_case_holds(from),
            _ => true,
        }
    }

    /// Whether a loop ends that goes on until a condition holds, before its rounds are used up or by that.
    fn ends_loop(&self, of: StepIx) -> bool {
        let until = self.graph.step(of).parameters.get("expression").as_expression();
        let last = self.suppose.iter().any(|s| s.answer == Answer::LastRound);
        last || until.is_none_or(|until| self.holds(of, until) != Some(false))
    }

    /// Whether a branch may fail whose conditions are computed from what is supposed: where that is nothing, or does not
    /// decide them. Other steps do so anyway.
    fn fails(&self, at: StepIx) -> bool {
        let nothing = |s: &Supposition| matches!(s.answer, Answer::Silence | Answer::Failure | Answer::Empty);
        let cases = || self.graph.out(at).iter().map(|e| &self.graph.edge(*e).kind);
        let open = |k: &EdgeKind| matches!(k, EdgeKind::When { condition, .. } if self.holds(at, condition).is_none());
        !matches!(self.graph.step(at).kind, StepKind::Branch | StepKind::Guard)
            || self.suppose.iter().any(nothing)
            || cases().any(open)
    }

    /// What is supposed of a step, and where its answer stands.
    fn supposed_of(&self, step: StepIx) -> Option<(&Supposition, &[Text])> {
        self.suppose.iter().find_map(|s| match &s.subject {
            Subject::Step(of, place) if *of == step => Some((s, place.as_slice())),
            _ => None,
        })
    }

    fn some_case_holds(&self, step: StepIx) -> bool {
        let cases = self.graph.out(step).iter().map(|e| &self.graph.edge(*e).kind);
        cases.into_iter().any(
            |k| matches!(k, EdgeKind::When { condition, .. } if self.holds(step, condition) == Some(true)),
        )
    }

    /// The edges of the asked step itself.
    fn leaves_subject(&self, suppose: &Supposition, from: StepIx, kind: &EdgeKind) -> bool {
        match (&suppose.answer, kind) {
            (Answer::Silence, kind) => *kind == EdgeKind::Timeout,
            (Answer::Failure, kind) => *kind == EdgeKind::Error,
            (_, EdgeKind::Timeout | EdgeKind::Error | EdgeKind::Skipped) => false,
            (_, EdgeKind::Otherwise { .. }) => !self.some_case_holds(from),
            // Whatever is answered.
            (_, EdgeKind::When { condition, .. }) if matches!(condition.term, Term::Bool(_)) => {
                condition.term == Term::Bool(true)
            }
            (Answer::Given(_, v) | Answer::Refused(_, v), EdgeKind::When { case, condition }) => {
                same(case, v) || (!suppose.decides && self.holds(from, condition) != Some(false))
            }
            (_, EdgeKind::When { condition, .. }) => {
                !suppose.decides && self.holds(from, condition) != Some(false)
            }
            _ => true,
        }
    }

    /// Whether a condition at a step holds; nothing where that is not known.
    #[must_use]
    pub fn holds(&self, at: StepIx, condition: &Expression) -> Option<bool> {
        truth(&self.term(at, &condition.term, DEPTH))
    }

    fn value(&self, at: StepIx, value: &Value, rest: &[Segment], depth: u32) -> Val {
        match value {
            Value::Null => Val::Null,
            Value::Bool(b) => boolean(*b),
            Value::Number(t) | Value::Text(t) if rest.is_empty() => constant(t),
            Value::Expr(e) => self.below(at, &e.term, rest, depth),
            Value::Map(map) => match rest.first() {
                Some(Segment::Key(key)) => {
                    map.get(key).map_or(Val::Null, |v| self.value(at, v, &rest[1..], depth))
                }
                _ => Val::Any,
            },
            _ => Val::Any,
        }
    }

    fn below(&self, at: StepIx, term: &Term, rest: &[Segment], depth: u32) -> Val {
        match term {
            _ if rest.is_empty() => self.term(at, term, depth),
            Term::Ref(r) => {
                let path = r.path.iter().chain(rest).cloned().collect();
                self.reference(at, &Reference { root: r.root.clone(), path }, depth)
            }
            Term::Call(Function::ParseJson | Function::Coalesce | Function::First, args) => {
                match args.first() {
                    Some(t) => self.below(at, t, rest, depth.saturating_sub(1)),
                    None => Val::Any,
                }
            }
            Term::Map(entries) => match rest.first() {
                Some(Segment::Key(key)) => {
                    let entry = entries.iter().find(|(k, _)| k == key);
                    entry.map_or(Val::Null, |(_, t)| self.below(at, t, &rest[1..], depth.saturating_sub(1)))
                }
                _ => Val::Any,
            },
            _ => Val::Any,
        }
    }

    fn term(&self, at: StepIx, term: &Term, depth: u32) -> Val {
        if depth == 0 {
            return Val::Any;
        }
        let depth = depth - 1;
        match term {
            Term::Null => Val::Null,
            Term::Bool(b) => boolean(*b),
            Term::Number(t) | Term::Text(t) => constant(t),
            Term::Ref(r) => self.reference(at, r, depth),
            Term::Template(parts) if parts.len() == 1 => self.term(at, &parts[0], depth),
            Term::Call(f, args) => self.call(at, f, args, depth),
            _ => Val::Any,
        }
    }

    fn reference(&self, at: StepIx, r: &Reference, depth: u32) -> Val {
        if depth == 0 {
            return Val::Any;
        }
        match &r.root {
            Root::Trigger => {
                let of = |s: &&Supposition| matches!(&s.subject, Subject::Trigger(keys) if keys_of(&r.path) == *keys);
                self.suppose.iter().find(of).map_or(Val::Any, |s| s.answer.at(&r.path))
            }
            Root::Step(id) => match self.graph.find(id) {
                Some(step) => self.result(step, &r.path, depth - 1),
                None => Val::Any,
            },
            Root::Item(id) => match self.graph.find(id) {
                Some(of) => self.item(of, &r.path, depth - 1),
                None => Val::Any,
            },
            Root::Previous => self.previous(at, &r.path, depth - 1),
            Root::Variable(name) => self.variable(at, name, &r.path, depth - 1),
            _ => Val::Any,
        }
    }

    /// An item of what a loop goes through, where that is one list.
    fn item(&self, of: StepIx, path: &[Segment], depth: u32) -> Val {
        let lists = loop_lists(self.graph.step(of));
        match lists.first().map(|list| &list.term) {
            Some(Term::Ref(r)) if lists.len() == 1 => {
                let path =
                    r.path.iter().cloned().chain([Segment::Each]).chain(path.iter().cloned()).collect();
                self.reference(of, &Reference { root: r.root.clone(), path }, depth)
            }
            _ => Val::Any,
        }
    }

    fn result(&self, of: StepIx, path: &[Segment], depth: u32) -> Val {
        if let Some((suppose, place)) = self.supposed_of(of) {
            let unanswered = matches!(suppose.answer, Answer::Silence | Answer::Failure);
            return if unanswered || is_answer(place, path) { suppose.answer.at(path) } else { Val::Any };
        }
        let step = self.graph.step(of);
        if depth == 0 {
            return Val::Any;
        }
        match &step.output {
            Some(output) => match (self.value(of, output, path, depth - 1), step.passes_input) {
                (Val::Null, true) => self.previous(of, path, depth - 1),
                (val, _) => val,
            },
            None if step.passes_input
                || matches!(step.kind, StepKind::Branch | StepKind::Guard | StepKind::Join) =>
            {
                self.previous(of, path, depth - 1)
            }
            None => Val::Any,
        }
    }

    fn previous(&self, at: StepIx, path: &[Segment], depth: u32) -> Val {
        if depth == 0 {
            return Val::Any;
        }
        let mut joined: Option<Val> = None;
        let live = |e: &&u32| self.live.is_none_or(|r| r.passed(**e));
        for edge in self.graph.into(at).iter().filter(live).map(|e| self.graph.edge(*e)) {
            let val = match edge.from {
                Node::Step(s) => self.result(s, path, depth / 2),
                Node::Trigger(_) => {
                    self.reference(at, &Reference { root: Root::Trigger, path: path.to_vec() }, depth / 2)
                }
            };
            joined = Some(join(joined, val));
        }
        joined.unwrap_or(Val::Any)
    }

    fn variable(&self, at: StepIx, name: &str, path: &[Segment], depth: u32) -> Val {
        let live = |e: u32| self.live.is_none_or(|r| r.passed(e));
        let (found, open_ended) = definitions(self.graph, at, name, live);
        let adds = |s: StepIx| self.graph.step(s).assigns.iter().any(|a| a.variable == name && a.adds);
        if found.is_empty() || found.iter().any(|(s, _)| adds(*s)) {
            return Val::Any;
        }
        let default = self.graph.workflow.parameters.get(name);
        let first = (open_ended && *default != Value::Null).then(|| self.value(at, default, path, depth));
        let all = found.iter().map(|(s, v)| self.value(*s, v, path, depth / 2));
        all.fold(first, |joined, val| Some(join(joined, val))).unwrap_or(Val::Any)
    }

    fn call(&self, at: StepIx, f: &Function, args: &[Term], depth: u32) -> Val {
        let arg = |i: usize| args.get(i).map_or(Val::Any, |t| self.term(at, t, depth));
        match f {
            Function::And => known(all(args.iter().map(|t| truth(&self.term(at, t, depth))))),
            Function::Or => {
                known(all(args.iter().map(|t| truth(&self.term(at, t, depth)).map(|b| !b))).map(|b| !b))
            }
            Function::Not => known(truth(&arg(0)).map(|b| !b)),
            Function::Equals | Function::EqualsIgnoreCase => known(equal(&arg(0), &arg(1))),
            Function::NotEquals => known(equal(&arg(0), &arg(1)).map(|b| !b)),
            Function::In => known(self.is_in(at, args, depth)),
            Function::Contains | Function::StartsWith | Function::EndsWith | Function::Matches => {
                known(found_in(f, &arg(0), &arg(1)))
            }
            Function::Empty => known(empty(&arg(0))),
            Function::Present => known(empty(&arg(0)).map(|b| !b)),
            Function::Truthy => known(truth(&arg(0))),
            Function::Less | Function::LessOrEquals | Function::Greater | Function::GreaterOrEquals => {
                known((arg(0) == Val::Null || arg(1) == Val::Null).then_some(false))
            }
            Function::Lower
            | Function::Upper
            | Function::Trim
            | Function::ToText
            | Function::First
            | Function::Last
            | Function::ParseJson => arg(0),
            Function::Coalesce => match arg(0) {
                Val::Null => arg(1),
                val => val,
            },
            Function::If => match truth(&arg(0)) {
                Some(true) => arg(1),
                Some(false) => arg(2),
                None => join(Some(arg(1)), arg(2)),
            },
            _ => Val::Any,
        }
    }

    fn is_in(&self, at: StepIx, args: &[Term], depth: u32) -> Option<bool> {
        let (item, list) = (self.term(at, args.first()?, depth), args.get(1)?);
        let Term::List(items) = list else { return (item == Val::Null).then_some(false) };
        let each = items.iter().map(|t| equal(&item, &self.term(at, t, depth)));
        all(each.map(|e| e.map(|b| !b))).map(|b| !b)
    }
}

/// The keys of a path, without positions.
#[must_use]
pub fn keys_of(path: &[Segment]) -> Vec<Text> {
    path.iter().filter_map(|s| if let Segment::Key(k) = s { Some(k.clone()) } else { None }).collect()
}

/// Whether what is read is (part of) the answer: one path is the beginning of the other, or its end.
#[must_use]
pub fn is_answer(place: &[Text], path: &[Segment]) -> bool {
    let keys = keys_of(path);
    let shorter = place.len().min(keys.len());
    place.is_empty() || keys[..shorter] == place[..shorter] || keys.ends_with(place)
}

/// Two words that a person would call the same.
#[must_use]
pub fn same(a: &str, b: &str) -> bool {
    a.trim().eq_ignore_ascii_case(b.trim())
}

fn boolean(b: bool) -> Val {
    Val::Const(if b { "true" } else { "false" }.into())
}

fn constant(text: &Text) -> Val {
    if text.trim().is_empty() { Val::Null } else { Val::Const(text.clone()) }
}

fn known(truth: Option<bool>) -> Val {
    truth.map_or(Val::Any, boolean)
}

fn join(a: Option<Val>, b: Val) -> Val {
    match a {
        None => b,
        Some(a) if a == b => a,
        Some(_) => Val::Any,
    }
}

fn truth(val: &Val) -> Option<bool> {
    match val {
        Val::Const(t) => Some(!(same(t, "false") || t == "0")),
        Val::Null => Some(false),
        Val::Other => Some(true),
        Val::Any => None,
    }
}

fn empty(val: &Val) -> Option<bool> {
    match val {
        Val::Null => Some(true),
        Val::Const(_) | Val::Other => Some(false),
        Val::Any => None,
    }
}

fn equal(a: &Val, b: &Val) -> Option<bool> {
    match (a, b) {
        (Val::Any, _) | (_, Val::Any) | (Val::Other, Val::Other) => None,
        (Val::Const(a), Val::Const(b)) => Some(same(a, b)),
        (Val::Null, Val::Null) => Some(true),
        (Val::Null, Val::Const(c)) | (Val::Const(c), Val::Null) if same(c, "false") => None,
        _ => Some(false),
    }
}

fn found_in(f: &Function, whole: &Val, part: &Val) -> Option<bool> {
    match (whole, part) {
        (Val::Null | Val::Other, Val::Const(_)) => Some(false),
        (Val::Const(w), Val::Const(p)) => {
            let (w, p) = (w.to_lowercase(), p.to_lowercase());
            match f {
                Function::Contains => Some(w.contains(&*p)),
                Function::StartsWith => Some(w.starts_with(&*p)),
                Function::EndsWith => Some(w.ends_with(&*p)),
                _ => None,
            }
        }
        (Val::Const(_), Val::Other) => Some(false),
        _ => None,
    }
}

fn all(mut each: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    each.try_fold(Some(true), |so_far, next| match next {
        Some(false) => Err(()),
        None => Ok(None),
        Some(true) => Ok(so_far),
    })
    .unwrap_or(Some(false))
}
