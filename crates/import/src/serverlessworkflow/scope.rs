//! What the names in expressions mean at one place: the task's input and output, the context, loop variables, secrets.

use super::jq;
use crate::dataflow::{Data, value_of};
use crate::doc::{Node, NodeKind};
use workflow::{Expression, Language, Map, Reference, Root, Segment, Term, Text, Value};

/// The names that may be used.
#[derive(Clone)]
pub(super) struct Scope {
    /// What `.` is.
    pub(super) dot: Term,
    /// `$input`, the task's own.
    pub(super) input: Term,
    /// `$output`, once the task is done.
    pub(super) output: Option<Term>,
    /// Variables of the loops and catchers around.
    pub(super) variables: Vec<(Text, Term)>,
    /// Every text may be an expression (`evaluate.mode: loose`).
    pub(super) loose: bool,
}

impl Scope {
    /// A place where `.` is the task's input.
    pub(super) fn on(data: &Data, variables: &[(Text, Term)], loose: bool) -> Self {
        let dot = data.term();
        Scope { input: dot.clone(), dot, output: None, variables: variables.to_vec(), loose }
    }

    /// What `$name` and the fields after it mean.
    pub(super) fn variable(&self, name: &str, path: &[Segment]) -> Term {
        let known = self.variables.iter().rev().find(|(n, _)| n == name);
        if let Some((_, term)) = known {
            return crate::dataflow::below_term(term, path);
        }
        let keyed = |root: fn(Text) -> Root| match path.split_first() {
            Some((Segment::Key(key), rest)) => reference(root(key.clone()), rest),
            _ => reference(root(name.into()), path),
        };
        match (name, path.first()) {
            ("input", _) => crate::dataflow::below_term(&self.input, path),
            ("output", _) => match &self.output {
                Some(output) => crate::dataflow::below_term(output, path),
                None => reference(Root::Unknown("$output".into()), path),
            },
            ("context", _) => reference(Root::Variable("context".into()), path),
            ("secrets", _) => keyed(Root::Secret),
            ("workflow", Some(Segment::Key(key))) if key == "input" => reference(Root::Trigger, &path[1..]),
            ("workflow" | "task" | "runtime" | "authorization", _) => {
                let keys =
                    path.iter().map_while(|s| if let Segment::Key(k) = s { Some(k.as_str()) } else { None });
                let all: Vec<&str> = std::iter::once(name).chain(keys).collect();
                reference(Root::Run(all.join(".").into()), &[])
            }
            _ => reference(Root::Unknown(format!("${name}").into()), path),
        }
    }

    /// The value of a node. The document's own bound on depth bounds the recursion.
    pub(super) fn value(&self, node: Node<'_>) -> Value {
        match node.kind() {
            NodeKind::Text => self.text(node.as_str().unwrap_or_default(), node.line()),
            NodeKind::List => Value::List(node.items().map(|n| self.value(n)).collect()),
            NodeKind::Map => {
                let mut map = Map::default();
                node.entries().for_each(|(k, n)| map.push(k, self.value(n), n.line()));
                Value::Map(map)
            }
            NodeKind::Null => Value::Null,
            NodeKind::Bool(b) => Value::Bool(b),
            NodeKind::Number => Value::Number(node.as_number().unwrap_or_default().into()),
        }
    }

    fn text(&self, text: &str, line: u32) -> Value {
        match jq::inside(text) {
            Some(inner) => self.computed(text, inner, line),
            None if self.loose && text.trim_start().starts_with('.') => self.computed(text, text, line),
            None if text.contains("${") => self.mixed(text, line),
            None => Value::text(text),
        }
    }

    /// A text with expressions in it.
    fn mixed(&self, text: &str, line: u32) -> Value {
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once("${") {
            let Some(end) = closing(after) else { break };
            parts.push(Term::Text(before.into()));
            parts.push(jq::term(&after[..end], self));
            rest = &after[end + 1..];
        }
        parts.push(Term::Text(rest.into()));
        crate::values::computed(Language::Jq, text, crate::values::template(parts), line)
    }

    fn computed(&self, text: &str, inner: &str, line: u32) -> Value {
        let term = jq::term(inner, self);
        Value::Expr(Box::new(Expression { language: Language::Jq, text: text.into(), term, line }))
    }

    /// The value of a field that always holds an expression, with or without `${ }`, or an object of them.
    pub(super) fn expression(&self, node: Node<'_>) -> Value {
        match node.as_str() {
            Some(text) => self.computed(text, jq::inside(text).unwrap_or(text), node.line()),
            None => self.value(node),
        }
    }

    /// A condition.
    pub(super) fn condition(&self, node: Node<'_>) -> Expression {
        match self.expression(node) {
            Value::Expr(e) => *e,
            other => {
                let term = crate::dataflow::term_of(&other);
                let text = node.scalar().unwrap_or_default().into();
                Expression { language: Language::Jq, text, term, line: node.line() }
            }
        }
    }

    /// The data that a field with expressions makes.
    pub(super) fn data(&self, node: Node<'_>) -> Data {
        Data::of(crate::dataflow::bounded(match self.expression(node) {
            Value::Expr(e) => match e.term {
                term @ (Term::Map(_) | Term::List(_)) => value_of(term),
                _ => Value::Expr(e),
            },
            other => other,
        }))
    }

    /// A URI: an expression, or a template in which `{name}` is a field of the input.
    pub(super) fn uri(&self, node: Node<'_>) -> Value {
        let Some(text) = node.as_str() else { return self.value(node) };
        if jq::inside(text).is_some() || !text.contains('{') {
            return self.text(text, node.line());
        }
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some((before, hole)) = rest.split_once('{') {
            let Some((name, after)) = hole.split_once('}') else { break };
            parts.push(Term::Text(before.into()));
            let plain = name.trim_start_matches(['+', '#', '.', '/', ';', '?', '&']);
            let path: Vec<Segment> = plain.split('.').map(|k| Segment::Key(k.into())).collect();
            let field = crate::dataflow::below_term(&self.dot, &path);
            let raw = name.starts_with(['+', '#']);
            parts.push(if raw { field } else { Term::Call(workflow::Function::UrlEncode, vec![field]) });
            rest = after;
        }
        parts.push(Term::Text(rest.into()));
        let term = crate::values::template(parts);
        Value::Expr(Box::new(Expression {
            language: Language::Jq,
            text: text.into(),
            term,
            line: node.line(),
        }))
    }
}

/// Where the brace that was opened before a text is closed.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '{' if !quoted => depth += 1,
            '}' if !quoted && depth == 0 => return Some(at),
            '}' if !quoted => depth -= 1,
            _ => {}
        }
    }
    None
}

fn reference(root: Root, path: &[Segment]) -> Term {
    Term::Ref(Reference { root, path: path.to_vec() })
}
