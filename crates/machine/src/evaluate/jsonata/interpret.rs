//! JSONata itself: evaluates a parsed text on data that is known, by the rules of the reference implementation.
//!
//! A sequence of one is its value, a sequence of none is nothing.

use super::functions;
use super::operators::{applied, every, field, truth};
use super::syntax::{Lambda, Node, Shape, Step};
use crate::Val;
use crate::evaluate::{Scope, common};

use std::cmp::Ordering;
use std::rc::Rc;
use workflow::Text;

/// So many steps of evaluation, and calls so deep.
const MAX_STEPS: u32 = 50_000;
const MAX_DEPTH: u32 = 64;
/// Lists grow no longer.
pub(super) const MAX_ITEMS: usize = 20_000;

/// Why an evaluation stops.
#[derive(Debug)]
pub(super) enum Stop {
    /// Something is not known, or not understood.
    Unknown,
    /// It fails by the rules of the language.
    Failed(String),
}

/// A value, or a function.
#[derive(Debug, Clone)]
pub(super) enum Thing {
    /// Nothing where none.
    Value(Option<Val>),
    Lambda(Rc<Lambda>, Frame),
    Native(String),
}

/// Variables, innermost first.
#[derive(Debug, Clone, Default)]
pub(super) struct Frame(Option<Rc<(String, Thing, Frame)>>);

pub(super) type Found = Result<Option<Val>, Stop>;

impl Frame {
    fn with(&self, name: &str, thing: Thing) -> Frame {
        Frame(Some(Rc::new((name.to_owned(), thing, self.clone()))))
    }

    fn find(&self, name: &str) -> Option<&Thing> {
        let mut at = self.0.as_deref();
        while let Some((n, thing, next)) = at {
            if n == name {
                return Some(thing);
            }
            at = next.0.as_deref();
        }
        None
    }
}

/// One evaluation.
pub(super) struct Run<'s> {
    pub(super) scope: &'s dyn Scope,
    /// What `$$` is.
    pub(super) root: Option<Val>,
    pub(super) steps: u32,
    pub(super) depth: u32,
}

pub(super) fn failed<T>(message: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Failed(message.into()))
}

/// A sequence as a value.
pub(super) fn sequence(mut items: Vec<Val>, keeps_list: bool) -> Option<Val> {
    match items.len() {
        0 => None,
        1 if !keeps_list => items.pop(),
        _ => Some(Val::list(items)),
    }
}

/// A value as the items of a sequence.
pub(super) fn items(value: Option<Val>) -> Vec<Val> {
    match value {
        None => Vec::new(),
        Some(Val::List(items)) => items.to_vec(),
        Some(other) => vec![other],
    }
}

impl Run<'_> {
    /// Counts one step of work.
    pub(super) fn spend(&mut self) -> Result<(), Stop> {
        self.steps += 1;
        if self.steps > MAX_STEPS { Err(Stop::Unknown) } else { Ok(()) }
    }

    /// The value of an expression; a function is no value.
    pub(super) fn value(&mut self, node: &Node, context: &Option<Val>, frame: &Frame) -> Found {
        match self.thing(node, context, frame)? {
            Thing::Value(value) => Ok(value),
            _ => Err(Stop::Unknown),
        }
    }

    pub(super) fn thing(&mut self, node: &Node, context: &Option<Val>, frame: &Frame) -> Result<Thing, Stop> {
        self.spend()?;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Stop::Unknown);
        }
        let thing = self.evaluated(node, context, frame);
        self.depth -= 1;
        thing
    }

    fn evaluated(&mut self, node: &Node, context: &Option<Val>, frame: &Frame) -> Result<Thing, Stop> {
        let value = match node {
            Node::Null => Some(Val::Null),
            Node::Bool(b) => Some(Val::Bool(*b)),
            Node::Number(n) => Some(Val::Number(*n)),
            Node::Text(t) => Some(Val::text(t.as_str())),
            Node::Field(name) => match context {
                Some(context) => field(context, name),
                None if self.root.is_none() => return Err(Stop::Unknown),
                None => None,
            },
            Node::Every => every(context.clone()),
            Node::Variable(name) => return self.variable(name, context, frame),
            Node::Path(steps, shape) => self.path(steps, shape, context, frame)?,
            Node::List(nodes) => Some(self.list(nodes, context, frame)?),
            Node::Object(pairs) => Some(self.object(pairs, context, frame)?),
            Node::Block(nodes) => return self.block(nodes, context, frame),
            Node::Bind(_, value) => return self.thing(value, context, frame),
            Node::Binary(sign, left, right) => return self.binary(sign, left, right, context, frame),
            Node::Negate(of) => match self.value(of, context, frame)? {
                None => None,
                Some(Val::Number(n)) => Some(Val::Number(-n)),
                Some(_) => return failed("cannot negate a non-numeric value"),
            },
            Node::Choice(condition, yes, no) => {
                let holds = truth(self.value(condition, context, frame)?.as_ref());
                return match (holds, no) {
                    (true, _) => self.thing(yes, context, frame),
                    (false, Some(no)) => self.thing(no, context, frame),
                    (false, None) => Ok(Thing::Value(None)),
                };
            }
            Node::Call(function, args) => return self.call(function, args, context, frame),
            Node::Function(lambda) => return Ok(Thing::Lambda(lambda.clone(), frame.clone())),
        };
        Ok(Thing::Value(value))
    }

    fn variable(&mut self, name: &str, context: &Option<Val>, frame: &Frame) -> Result<Thing, Stop> {
        match name {
            "" => Ok(Thing::Value(context.clone())),
            "$" => Ok(Thing::Value(self.root.clone())),
            name => match frame.find(name) {
                Some(thing) => Ok(thing.clone()),
                None if functions::is_known(name) => Ok(Thing::Native(name.to_owned())),
                None => match self.scope.name(&format!("${name}")) {
                    Some(value) if value.is_known() => Ok(Thing::Value(Some(value))),
                    None if self.scope.is_whole() => Ok(Thing::Value(None)),
                    _ => Err(Stop::Unknown),
                },
            },
        }
    }

    fn block(&mut self, nodes: &[Node], context: &Option<Val>, frame: &Frame) -> Result<Thing, Stop> {
        let (mut frame, mut last) = (frame.clone(), Thing::Value(None));
        for node in nodes {
            last = self.thing(node, context, &frame)?;
            if let Node::Bind(name, _) = node {
                frame = frame.with(name, last.clone());
            }
        }
        Ok(last)
    }

    fn path(&mut self, steps: &[Step], shape: &Shape, context: &Option<Val>, frame: &Frame) -> Found {
        let first_is_variable = matches!(steps.first().map(|s| &s.node), Some(Node::Variable(_)));
        let mut sequence_in = match context {
            Some(Val::List(list)) if !first_is_variable => list.to_vec(),
            Some(value) => vec![value.clone()],
            // A path from nothing still evaluates what does not need a context.
            None => Vec::new(),
        };
        let mut fresh = context.is_none();
        for (i, step) in steps.iter().enumerate() {
            let last = i + 1 == steps.len();
            let made = matches!(step.node, Node::List(_));
            let mut results = Vec::new();
            if i == 0 && (fresh || made) {
                results.extend(self.step_once(step, context, frame)?);
            } else {
                for item in &sequence_in {
                    results.extend(self.step_once(step, &Some(item.clone()), frame)?);
                }
            }
            fresh = false;
            if !step.orders.is_empty() {
                results = self.ordered(sequence_in, &step.orders, frame)?;
                results = self.filtered_all(results, &step.filters, frame)?;
                sequence_in = results;
                continue;
            }
            // A list that is no sequence stays what it is.
            if last && shape.groups.is_none() && results.len() == 1 && matches!(results[0], Val::List(_)) {
                return Ok(results.pop());
            }
            sequence_in = results
                .into_iter()
                .flat_map(|v| match v {
                    Val::List(inner) if !made => inner.to_vec(),
                    other => vec![other],
                })
                .collect();
            if sequence_in.len() > MAX_ITEMS {
                return Err(Stop::Unknown);
            }
            if sequence_in.is_empty() {
                // Nothing, grouped, depends on what the keys are.
                return if shape.groups.is_some() { Err(Stop::Unknown) } else { Ok(None) };
            }
        }
        match &shape.groups {
            Some(pairs) => self.grouped(pairs, sequence_in, frame).map(Some),
            None => Ok(sequence(sequence_in, shape.keeps_list)),
        }
    }

    fn step_once(&mut self, step: &Step, context: &Option<Val>, frame: &Frame) -> Result<Option<Val>, Stop> {
        let mut value = self.value(&step.node, context, frame)?;
        for filter in &step.filters {
            let found = self.filtered(items(value), filter, frame)?;
            value = sequence(found, false);
        }
        Ok(value)
    }

    fn filtered_all(
        &mut self,
        mut values: Vec<Val>,
        filters: &[Node],
        frame: &Frame,
    ) -> Result<Vec<Val>, Stop> {
        for filter in filters {
            values = self.filtered(values, filter, frame)?;
        }
        Ok(values)
    }

    /// Items by position, or those that fulfil a condition.
    fn filtered(&mut self, values: Vec<Val>, filter: &Node, frame: &Frame) -> Result<Vec<Val>, Stop> {
        let len = values.len() as f64;
        let place = |n: f64| if n.floor() < 0.0 { n.floor() + len } else { n.floor() };
        if let Node::Number(n) = filter {
            let found = values.into_iter().enumerate().find(|(i, _)| *i as f64 == place(*n));
            return Ok(found.map(|(_, v)| v).into_iter().flat_map(|v| items(Some(v))).collect());
        }
        let mut kept = Vec::new();
        for (i, value) in values.into_iter().enumerate() {
            let test = self.value(filter, &Some(value.clone()), frame)?;
            let numbers = match &test {
                Some(Val::Number(n)) => Some(vec![*n]),
                Some(Val::List(list)) if !list.is_empty() => list
                    .iter()
                    .map(|v| if let Val::Number(n) = v { Some(*n) } else { None })
                    .collect::<Option<Vec<f64>>>(),
                _ => None,
            };
            let keep = match numbers {
                Some(numbers) => numbers.iter().any(|n| place(*n) == i as f64),
                None => truth(test.as_ref()),
            };
            if keep {
                kept.push(value);
            }
        }
        Ok(kept)
    }

    fn ordered(
        &mut self,
        values: Vec<Val>,
        orders: &[(Node, bool)],
        frame: &Frame,
    ) -> Result<Vec<Val>, Stop> {
        let mut keyed = Vec::with_capacity(values.len());
        for value in values {
            let mut keys = Vec::new();
            for (order, _) in orders {
                keys.push(self.value(order, &Some(value.clone()), frame)?);
            }
            keyed.push((keys, value));
        }
        for i in 0..orders.len() {
            let (texts, numbers) = keyed.iter().fold((false, false), |(t, n), (keys, _)| {
                (t || matches!(keys[i], Some(Val::Text(_))), n || matches!(keys[i], Some(Val::Number(_))))
            });
            let known = keyed.iter().all(|(k, _)| matches!(k[i], None | Some(Val::Text(_) | Val::Number(_))));
            if keyed.len() > 1 && (!known || texts && numbers) {
                return failed("an order needs texts only, or numbers only");
            }
        }
        keyed.sort_by(|(a, _), (b, _)| {
            for (i, (_, descends)) in orders.iter().enumerate() {
                let order = match (&a[i], &b[i]) {
                    (None, None) => Ordering::Equal,
                    // What has no key comes last, either way.
                    (None, _) => return Ordering::Greater,
                    (_, None) => return Ordering::Less,
                    (Some(a), Some(b)) => common::order(a, b).unwrap_or(Ordering::Equal),
                };
                if order != Ordering::Equal {
                    return if *descends { order.reverse() } else { order };
                }
            }
            Ordering::Equal
        });
        Ok(keyed.into_iter().map(|(_, v)| v).collect())
    }

    fn grouped(&mut self, pairs: &[(Node, Node)], values: Vec<Val>, frame: &Frame) -> Result<Val, Stop> {
        let mut groups: Vec<(Text, usize, Vec<Val>)> = Vec::new();
        for value in values {
            for (i, (key, _)) in pairs.iter().enumerate() {
                let key = match self.value(key, &Some(value.clone()), frame)? {
                    Some(Val::Text(key)) => key,
                    None => continue,
                    Some(_) => return failed("a key must be a text"),
                };
                match groups.iter_mut().find(|(k, ..)| *k == key) {
                    Some((_, pair, _)) if *pair != i => return failed("two keys are the same"),
                    Some((_, _, held)) => held.push(value.clone()),
                    None => groups.push((key, i, vec![value.clone()])),
                }
            }
        }
        let mut made = Vec::new();
        for (key, pair, held) in groups {
            let context = sequence(held, false);
            if let Some(value) = self.value(&pairs[pair].1, &context, frame)? {
                made.push((key, value));
            }
        }
        Ok(Val::map(made))
    }

    fn list(&mut self, nodes: &[Node], context: &Option<Val>, frame: &Frame) -> Result<Val, Stop> {
        let mut made = Vec::new();
        for node in nodes {
            match (node, self.value(node, context, frame)?) {
                (Node::List(_), Some(value)) => made.push(value),
                (_, value) => made.extend(items(value)),
            }
        }
        if made.len() > MAX_ITEMS { Err(Stop::Unknown) } else { Ok(Val::list(made)) }
    }

    fn object(&mut self, pairs: &[(Node, Node)], context: &Option<Val>, frame: &Frame) -> Result<Val, Stop> {
        let mut made: Vec<(Text, Val)> = Vec::new();
        // Over a list, an object groups its items.
        if let Some(Val::List(list)) = context {
            let values = list.to_vec();
            return self.grouped(pairs, values, frame);
        }
        for (key, value) in pairs {
            let key = match self.value(key, context, frame)? {
                Some(Val::Text(key)) => key,
                None => continue,
                Some(_) => return failed("a key must be a text"),
            };
            if made.iter().any(|(k, _)| *k == key) {
                return failed("two keys are the same");
            }
            if let Some(value) = self.value(value, context, frame)? {
                made.push((key, value));
            }
        }
        Ok(Val::map(made))
    }

    fn binary(
        &mut self,
        sign: &'static str,
        left: &Node,
        right: &Node,
        context: &Option<Val>,
        frame: &Frame,
    ) -> Result<Thing, Stop> {
        if sign == "~>" {
            return self.chained(left, right, context, frame);
        }
        let a = self.value(left, context, frame)?;
        let value = match sign {
            "and" if !truth(a.as_ref()) => Some(Val::Bool(false)),
            "or" if truth(a.as_ref()) => Some(Val::Bool(true)),
            "and" | "or" => Some(Val::Bool(truth(self.value(right, context, frame)?.as_ref()))),
            "??" if a.is_some() => a,
            "??" => self.value(right, context, frame)?,
            sign => applied(sign, a, self.value(right, context, frame)?)?,
        };
        Ok(Thing::Value(value))
    }

    /// `a ~> $f(b)` is `$f(a, b)`.
    fn chained(
        &mut self,
        left: &Node,
        right: &Node,
        context: &Option<Val>,
        frame: &Frame,
    ) -> Result<Thing, Stop> {
        let first = self.thing(left, context, frame)?;
        if !matches!(first, Thing::Value(_)) {
            return Err(Stop::Unknown);
        }
        match right {
            Node::Call(function, args) => {
                let function = self.thing(function, context, frame)?;
                let mut given = vec![first];
                for arg in args {
                    given.push(self.thing(arg, context, frame)?);
                }
                self.apply(&function, given, context)
            }
            other => {
                let function = self.thing(other, context, frame)?;
                self.apply(&function, vec![first], context)
            }
        }
    }

    fn call(
        &mut self,
        function: &Node,
        args: &[Node],
        context: &Option<Val>,
        frame: &Frame,
    ) -> Result<Thing, Stop> {
        if let Node::Variable(name) = function
            && frame.find(name).is_none()
            && !functions::is_known(name)
        {
            return Err(Stop::Unknown);
        }
        let function = self.thing(function, context, frame)?;
        let mut given = Vec::with_capacity(args.len());
        for arg in args {
            // `$f(?)` makes another function.
            given.push(self.thing(arg, context, frame)?);
        }
        self.apply(&function, given, context)
    }

    /// A function on its arguments.
    pub(super) fn apply(
        &mut self,
        function: &Thing,
        given: Vec<Thing>,
        context: &Option<Val>,
    ) -> Result<Thing, Stop> {
        self.spend()?;
        match function {
            Thing::Value(_) => failed("attempted to invoke a non-function"),
            Thing::Native(name) => functions::call(self, name, given, context).map(Thing::Value),
            Thing::Lambda(lambda, closure) => {
                let mut frame = closure.clone();
                let mut given = given.into_iter();
                for parameter in &lambda.parameters {
                    frame = frame.with(parameter, given.next().unwrap_or(Thing::Value(None)));
                }
                self.thing(&lambda.body, context, &frame)
            }
        }
    }
}
