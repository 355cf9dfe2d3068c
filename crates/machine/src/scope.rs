//! What expressions read at one place of a run, and values of a definition made into values of the run.

use crate::evaluate::{FRESH, Failure, evaluate};
use crate::state::{FrameKind, State, TRIGGER, Token};
use crate::{Place, Program, Scope, Val};
use workflow::{Expression, Platform, Reference, Root, Segment, Text, Value};

/// The data at a step of a run.
pub struct Here<'a, 'w> {
    /// The program.
    pub program: &'a Program<'w>,
    /// The state.
    pub state: &'a State,
    /// The frame.
    pub frame: u32,
    /// What was handed on to the step.
    pub input: &'a Val,
}

impl Here<'_, '_> {
    /// The value of a value of the definition.
    ///
    /// # Errors
    /// Where evaluating an expression in it fails by the rules of its language.
    pub fn value(&self, value: &Value) -> Result<Val, Failure> {
        made(value, &|e| self.expression(e))
    }

    /// The value of an expression.
    ///
    /// # Errors
    /// Where evaluating it fails by the rules of its language.
    pub fn expression(&self, expression: &Expression) -> Result<Val, Failure> {
        evaluate(expression, self).map(|val| self.known(val))
    }

    /// What an unknown value has turned out to be.
    fn known(&self, val: Val) -> Val {
        match &val {
            Val::Unknown(symbol) => self.state.facts.values.get(&symbol.0).cloned().unwrap_or(val),
            _ => val,
        }
    }

    fn result(&self, id: &str) -> Val {
        let Some(workflow) = self.state.frame(self.frame).map(|f| f.workflow) else { return Val::Null };
        let Some(step) = self.program.find(workflow, id) else { return Val::unknown(format!("step.{id}")) };
        if !self.program.keeps(workflow, step) {
            return Val::unknown(format!("step.{id}"));
        }
        let found = self.state.chain(self.frame).find_map(|f| self.state.frame(f)?.results.get(&step));
        found.cloned().unwrap_or_default()
    }

    fn variable(&self, name: &Text) -> Val {
        let found = self.state.chain(self.frame).find_map(|f| self.state.frame(f)?.variables.get(name));
        if let Some(found) = found {
            return found.clone();
        }
        let workflow = self.state.frame(self.frame).and_then(|f| self.program.workflow(f.workflow));
        // A process starts with what it is started with as its variables.
        if !self.program.lean && workflow.is_some_and(|w| w.platform == workflow::Platform::Bpmn) {
            return self.trigger().get(name);
        }
        workflow.map_or(Val::Null, |w| self.value(w.parameters.get(name)).unwrap_or_default())
    }

    fn item(&self, id: &str) -> Val {
        for frame in self.state.chain(self.frame) {
            if let Some(frame) = self.state.frame(frame)
                && let FrameKind::Round { of, item, .. } = &frame.kind
                && self
                    .program
                    .step(Place { workflow: frame.workflow, step: *of })
                    .is_some_and(|s| s.id == id)
            {
                return item.clone();
            }
        }
        Val::unknown(format!("item.{id}"))
    }

    fn index(&self, id: &str) -> Option<Val> {
        self.state.chain(self.frame).find_map(|frame| {
            let frame = self.state.frame(frame)?;
            let FrameKind::Round { of, index, .. } = &frame.kind else { return None };
            let step = self.program.step(Place { workflow: frame.workflow, step: *of })?;
            (step.id == id).then(|| Val::Number(f64::from(*index)))
        })
    }

    fn trigger(&self) -> Val {
        let run = self.state.run_of(self.frame);
        match self.state.frame(run).map(|f| &f.kind) {
            Some(FrameKind::Run { input, .. }) => input.clone(),
            _ => Val::unknown("trigger"),
        }
    }

    fn root(&self, root: &Root) -> Val {
        match root {
            Root::Trigger => self.trigger(),
            Root::Step(id) => self.result(id),
            Root::Item(id) => self.item(id),
            Root::Previous => self.input.clone(),
            Root::Variable(name) => self.variable(name),
            Root::Parameter(name) => self.parameter(name),
            Root::Secret(name) => Val::unknown(format!("secret.{name}")),
            Root::Environment(name) => Val::unknown(format!("environment.{name}")),
            Root::Run(name) => self.about_run(name),
            Root::Unknown(text) => Val::unknown(text.clone()),
        }
    }

    fn parameter(&self, name: &str) -> Val {
        let workflow = self.state.frame(self.frame).and_then(|f| self.program.workflow(f.workflow));
        match workflow.map(|w| w.parameters.get(name)) {
            Some(value) if !value.is_empty() => self.value(value).unwrap_or_default(),
            _ => Val::unknown(format!("parameter.{name}")),
        }
    }

    fn about_run(&self, name: &Text) -> Val {
        let index = name.strip_suffix(" index").and_then(|id| self.index(id));
        let error = || (name == "error").then(|| self.variable(&ERROR));
        index.or_else(error).unwrap_or_else(|| Val::unknown(format!("run.{name}")))
    }
}

/// A value of a definition, with what its expressions give.
///
/// # Errors
/// Where evaluating one fails.
pub(crate) fn made<E>(value: &Value, of: &dyn Fn(&Expression) -> Result<Val, E>) -> Result<Val, E> {
    Ok(match value {
        Value::Null => Val::Null,
        Value::Bool(b) => Val::Bool(*b),
        Value::Number(n) => n.parse().map_or_else(|_| Val::Text(n.clone()), Val::Number),
        Value::Text(t) => Val::Text(t.clone()),
        Value::List(items) => Val::list(items.iter().map(|v| made(v, of)).collect::<Result<_, _>>()?),
        Value::Map(map) => {
            let entries = map.0.iter().map(|e| Ok((e.key.clone(), made(&e.value, of)?)));
            Val::map(entries.collect::<Result<_, _>>()?)
        }
        Value::Expr(e) => of(e)?,
    })
}

/// The variable that holds the failure that was caught last.
pub(crate) const ERROR: Text = Text::const_new("(error)");

/// The path to all items.
const ALL: &[Segment] = &[Segment::Each];
/// No path: the current item.
const NONE: &[Segment] = &[];

impl Scope for Here<'_, '_> {
    fn read(&self, reference: &Reference) -> Val {
        if let Some(found) = self.of_items(reference) {
            return found;
        }
        self.below(self.known(self.root(&reference.root)), &reference.path)
    }

    fn now(&self) -> Option<i64> {
        self.state.clock
    }

    fn resolve(&self, value: Val) -> Val {
        self.known(value)
    }

    fn platform(&self) -> Option<Platform> {
        let workflow = self.state.frame(self.frame)?.workflow;
        Some(self.program.workflow(workflow)?.platform)
    }

    fn name(&self, name: &str) -> Option<Val> {
        if self.program.lean {
            return None;
        }
        let read = |root: Root, path: &[Segment]| self.read(&Reference { root, path: path.to_vec() });
        match name {
            "msg" => Some(self.input.clone()),
            "$json" | "$input" => Some(read(Root::Previous, NONE)),
            "$input.all()" => Some(read(Root::Previous, ALL)),
            name => {
                let (node, all) = match name.strip_suffix(".all()") {
                    Some(node) => (node, ALL),
                    None => (name, NONE),
                };
                let node = node.strip_prefix("$('")?.strip_suffix("')")?;
                Some(read(self.node(node)?, all))
            }
        }
    }
}

impl Here<'_, '_> {
    /// The node of a name, as a root of references.
    fn node(&self, name: &str) -> Option<Root> {
        let workflow = self.program.workflow(self.state.frame(self.frame)?.workflow)?;
        if let Some(step) = workflow.steps.iter().find(|s| s.name == name && !s.synthetic) {
            return Some(Root::Step(step.id.clone()));
        }
        workflow.triggers.iter().any(|t| t.name == name).then_some(Root::Trigger)
    }

    /// The token whose input is read, at its step.
    fn token(&self) -> Option<&Token> {
        let first = |t: &Token| matches!(&t.input, Val::List(items) if items.first().is_some_and(|i| std::ptr::eq(i, self.input)));
        self.state
            .tokens
            .iter()
            .find(|t| t.frame == self.frame && (std::ptr::eq(&t.input, self.input) || first(t)))
    }

    /// On platforms that hand on lists of items: the item that belongs to the current one, or all where the path starts
    /// with a position.
    fn of_items(&self, reference: &Reference) -> Option<Val> {
        let workflow = self.state.frame(self.frame)?.workflow;
        if self.program.lean || !self.program.semantics(workflow).hands_items() {
            return None;
        }
        let found = match &reference.root {
            Root::Step(_) | Root::Trigger | Root::Item(_) => self.known(self.root(&reference.root)),
            Root::Previous => self.input.clone(),
            _ => return None,
        };
        let whole = matches!(reference.path.first(), Some(Segment::Index(_) | Segment::Each));
        if !whole {
            let one = self.paired(&reference.root, found);
            return Some(self.below(self.known(one), &reference.path));
        }
        let batch = self.token().and_then(|t| t.batch.as_ref()).filter(|_| reference.root == Root::Previous);
        let all = match (batch, found) {
            (Some(batch), _) => Val::List(batch.items.clone()),
            (None, all @ (Val::List(_) | Val::Unknown(_) | Val::Null)) => all,
            (None, one) => Val::list(vec![one]),
        };
        Some(self.below(all, &reference.path))
    }

    /// Of several items of a step, the one that the current item comes from.
    fn paired(&self, root: &Root, found: Val) -> Val {
        let Val::List(items) = &found else { return found };
        if let ([one], _) | ([one, ..], Root::Previous) = (&items[..], root) {
            return one.clone();
        }
        let workflow = self.state.frame(self.frame).map_or(u32::MAX, |f| f.workflow);
        let step = match root {
            Root::Step(id) | Root::Item(id) => self.program.find(workflow, id),
            _ => Some(TRIGGER),
        };
        let token = self.token();
        let at = token.map_or(0, |t| t.batch.as_ref().map_or(0, |b| b.at));
        let origin = token.and_then(|t| t.origins.get(at as usize));
        let place = origin.and_then(|o| o.iter().rev().find(|(s, _)| Some(*s) == step)).map(|(_, p)| *p);
        match place {
            Some(place) => items.get(place as usize).cloned().unwrap_or_default(),
            None if items.is_empty() => Val::Null,
            None => Val::unknown(format!("{FRESH}which of several items of {root:?}")),
        }
    }

    fn below(&self, val: Val, path: &[Segment]) -> Val {
        match (path.split_first(), &val) {
            (None, _) => val,
            (Some((Segment::Each, rest)), Val::List(items)) if !rest.is_empty() => {
                Val::list(items.iter().map(|v| self.below(self.known(v.clone()), rest)).collect())
            }
            (Some((segment, rest)), _) => self.below(self.known(taken(&val, segment)), rest),
        }
    }
}

/// What one part of a path takes from a value.
fn taken(val: &Val, segment: &Segment) -> Val {
    match (segment, val) {
        (Segment::Key(key), _) => val.get(key),
        (Segment::Index(i), Val::List(items)) => {
            let at = if *i < 0 { i.checked_add_unsigned(items.len() as u64) } else { Some(*i) };
            at.and_then(|i| usize::try_from(i).ok()).and_then(|i| items.get(i)).cloned().unwrap_or_default()
        }
        (Segment::Index(i), Val::Unknown(symbol)) => Val::unknown(format!("{}[{i}]", symbol.0)),
        (Segment::Each, Val::List(_)) => val.clone(),
        (Segment::Each, Val::Map(entries)) => Val::list(entries.iter().map(|(_, v)| v.clone()).collect()),
        (_, Val::Null) => Val::Null,
        (Segment::Each, Val::Unknown(symbol)) => Val::unknown(format!("{}[*]", symbol.0)),
        (Segment::Filter(text), Val::Unknown(symbol)) => Val::unknown(format!("{}[{text}]", symbol.0)),
        _ => Val::unknown(FRESH.to_string()),
    }
}
