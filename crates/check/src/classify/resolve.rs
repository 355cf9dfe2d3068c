//! Follows a value to where it is made, where the definition itself shows it: a step that only shapes data, a variable
//! that is set once, a parameter with a default.

use std::collections::HashMap;
use workflow::{Expression, Function, Language, Reference, Root, Segment, Step, Term, Text, Value, Workflow};

/// How many times a value is followed.
const MAX_DEPTH: usize = 8;

/// Looks values up in a workflow.
pub struct Resolver<'w> {
    workflow: &'w Workflow,
    steps: HashMap<&'w str, u32>,
    /// Variables that get their value in exactly one place.
    variables: HashMap<&'w str, &'w Value>,
    /// What its caller hands to the workflow, where that is known.
    handed: Option<&'w Value>,
}

impl<'w> Resolver<'w> {
    /// Prepares the look-ups.
    #[must_use]
    pub fn new(workflow: &'w Workflow) -> Self {
        let steps = workflow.steps.iter().zip(0..).map(|(s, i)| (s.id.as_str(), i)).collect();
        let mut variables: HashMap<&str, Option<&Value>> = HashMap::new();
        for assign in workflow.steps.iter().flat_map(|s| &s.assigns) {
            let once = !assign.adds && !variables.contains_key(assign.variable.as_str());
            variables.insert(&assign.variable, once.then_some(&assign.value));
        }
        let variables = variables.into_iter().filter_map(|(k, v)| Some((k, v?))).collect();
        Resolver { workflow, steps, variables, handed: None }
    }

    /// The same where a caller hands something to the workflow.
    #[must_use]
    pub fn handed(self, handed: Option<&'w Value>) -> Self {
        Resolver { handed, ..self }
    }

    /// What the definition itself holds where a value refers to it.
    #[must_use]
    pub fn held(&self, value: &Value) -> Option<&'w Value> {
        match &value.as_expression()?.term {
            Term::Ref(reference) => self.reference(reference),
            _ => None,
        }
    }

    /// What the definition shows a value to be, as a copy; the value itself where it shows nothing.
    #[must_use]
    pub fn follow(&self, value: &Value) -> Value {
        let mut value = value.clone();
        for _ in 0..MAX_DEPTH {
            let Some(Term::Ref(reference)) = value.as_expression().map(|e| &e.term) else { break };
            let Some(next) = self.reference(reference) else { break };
            value = next.clone();
        }
        value
    }

    /// The step with an id.
    #[must_use]
    pub fn step(&self, id: &str) -> Option<&'w Step> {
        self.workflow.steps.get(*self.steps.get(id)? as usize)
    }

    fn reference(&self, reference: &Reference) -> Option<&'w Value> {
        let start = match &reference.root {
            Root::Step(id) => self.step(id)?.output.as_ref()?,
            Root::Variable(name) => self.variables.get(name.as_str())?,
            Root::Parameter(name) => self.workflow.parameters.get(name),
            Root::Trigger => self.handed?,
            _ => return None,
        };
        let end = reference.path.iter().try_fold(start, |value, segment| match (value, segment) {
            (Value::Map(map), Segment::Key(key)) => map.get(key),
            (Value::List(items), Segment::Index(i)) => items.get(usize::try_from(*i).ok()?),
            _ => None,
        })?;
        (*end != Value::Null).then_some(end)
    }

    /// The pieces of a text: constant pieces and holes.
    #[must_use]
    pub fn pieces(&self, value: &Value) -> Vec<Piece> {
        let mut out = Vec::new();
        self.add_value(value, MAX_DEPTH, &mut out);
        out
    }

    fn add_value(&self, value: &Value, depth: usize, out: &mut Vec<Piece>) {
        match value {
            Value::Null => {}
            Value::Text(t) | Value::Number(t) => out.push(Piece::Text(t.to_string())),
            Value::Bool(b) => out.push(Piece::Text(b.to_string())),
            Value::Expr(e) => self.add_term(&e.term, e, depth, out),
            Value::List(_) | Value::Map(_) => out.push(Piece::Hole(Value::Null)),
        }
    }

    fn add_term(&self, term: &Term, whole: &Expression, depth: usize, out: &mut Vec<Piece>) {
        match term {
            Term::Text(t) | Term::Number(t) => out.push(Piece::Text(t.to_string())),
            Term::Template(parts) | Term::Call(Function::Concat, parts) => {
                parts.iter().for_each(|p| self.add_term(p, whole, depth, out));
            }
            Term::Call(Function::UrlEncode | Function::ToText | Function::Trim | Function::Lower, args)
                if args.len() == 1 && args[0].is_constant() =>
            {
                self.add_term(&args[0], whole, depth, out);
            }
            Term::Ref(reference) if depth > 0 => match self.reference(reference) {
                // A setting that is still empty is one that somebody fills in.
                Some(value) if value.as_text() != Some("") => self.add_value(value, depth - 1, out),
                _ => out.push(Piece::Hole(self.hole(term, whole))),
            },
            other => out.push(Piece::Hole(self.hole(other, whole))),
        }
    }

    fn hole(&self, term: &Term, whole: &Expression) -> Value {
        // How JavaScript encodes is told by its text alone, so that is kept.
        let named = match (term, whole.language) {
            (Term::Ref(r), _) => Some(r),
            (_, Language::N8n | Language::NodeRed) => None,
            _ => plain_reference(term),
        };
        let text = named.map_or_else(|| whole.text.clone(), |r| self.shown(r));
        let (language, term, line) = (whole.language, term.clone(), whole.line);
        Value::Expr(Box::new(Expression { language, text, term, line }))
    }

    /// A reference for people: a step by its name, whatever its id.
    fn shown(&self, reference: &Reference) -> Text {
        let text = reference_text(reference);
        let Root::Step(id) = &reference.root else { return text };
        match (self.step(id), text.strip_prefix(id.as_str())) {
            (Some(step), Some(path)) if !step.name.is_empty() => format!("{}{path}", step.name).into(),
            _ => text,
        }
    }
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// Constant.
    Text(String),
    /// Only known at run time.
    Hole(Value),
}

/// The reference that a term is but for how it is written down.
fn plain_reference(term: &Term) -> Option<&Reference> {
    match term {
        Term::Ref(r) => Some(r),
        Term::Call(Function::UrlEncode | Function::ToText | Function::Trim | Function::Lower, args) => {
            match &args[..] {
                [one] => plain_reference(one),
                _ => None,
            }
        }
        _ => None,
    }
}

/// A reference for people: `trigger.user.id`, `Get User.body[0].id`.
#[must_use]
pub fn reference_text(reference: &Reference) -> Text {
    let mut out = match &reference.root {
        Root::Trigger => "trigger".to_owned(),
        Root::Previous => "input".to_owned(),
        Root::Item(id) => format!("item of {id}"),
        Root::Step(n) | Root::Variable(n) | Root::Parameter(n) | Root::Secret(n) => n.to_string(),
        Root::Environment(n) | Root::Run(n) | Root::Unknown(n) => n.to_string(),
    };
    for segment in &reference.path {
        match segment {
            Segment::Key(k) => out.extend([".", k.as_str()]),
            Segment::Index(i) => out.push_str(&format!("[{i}]")),
            Segment::Filter(f) => out.push_str(&format!("[?{f}]")),
            Segment::Each => out.push_str("[*]"),
            Segment::Dynamic => out.push_str("[…]"),
        }
    }
    out.into()
}
