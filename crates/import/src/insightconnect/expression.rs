//! Templates (`{{[<node>].[field]}}`, a Handlebars dialect) and conditions, which the platform keeps parsed.

use crate::doc::Node;
use crate::values::{computed, reference, template};
use std::collections::HashMap;
use workflow::{Expression, Function, Language, Reference, Root, Segment, Term, Text, Value};

/// So many brackets of a text that was not understood are looked at.
const MAX_SEEN: usize = 400;
/// A parsed condition may be nested so deep.
const MAX_DEPTH: usize = 64;

/// What expressions may name: nodes by id (older exports: by name), each with its id and kind.
pub(super) struct Scope<'d> {
    nodes: HashMap<&'d str, (&'d str, &'d str)>,
}

impl<'d> Scope<'d> {
    /// The nodes of a workflow.
    pub(super) fn new(nodes: impl Iterator<Item = (&'d str, Node<'d>)>) -> Self {
        let listed: Vec<(&'d str, Node<'d>)> = nodes.collect();
        let kind = |n: &Node<'d>| n.str("type").unwrap_or_default();
        let by_name = listed.iter().filter_map(|(id, n)| Some((n.str("name")?, (*id, kind(n)))));
        let by_id = listed.iter().map(|(id, n)| (*id, (*id, kind(n))));
        Scope { nodes: by_name.chain(by_id).collect() }
    }

    /// A text with holes as a value.
    pub(super) fn read(&self, text: &str, line: u32) -> Value {
        if !text.contains("{{") {
            return Value::text(text);
        }
        computed(Language::InsightConnect, text, self.term(text), line)
    }

    fn term(&self, text: &str) -> Term {
        if text.contains("{{#") {
            return Term::Unknown(self.scan(text));
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((inside, next)) = after.split_once("}}") else { break };
            parts.push(Term::Text(before.into()));
            parts.push(self.hole(inside));
            rest = next.strip_prefix('}').filter(|_| inside.starts_with('{')).unwrap_or(next);
        }
        parts.push(Term::Text(rest.into()));
        template(parts)
    }

    fn hole(&self, inside: &str) -> Term {
        let inside = inside.trim_matches(['{', '}', '&']).trim();
        if let Some(found) = self.path(inside) {
            return Term::Ref(found);
        }
        let references = self.scan(inside);
        match (inside.split_once(' '), references.len()) {
            (Some((name, _)), 1..) if name.chars().all(|c| c.is_alphanumeric() || c == '_') => {
                let function = if name == "json" { Function::ToText } else { Function::Other(name.into()) };
                Term::Call(function, references.into_iter().map(Term::Ref).collect())
            }
            _ => Term::Unknown(references),
        }
    }

    /// `[node].[field].[0]`, `$workflow.[Name]`; nothing for anything else.
    fn path(&self, text: &str) -> Option<Reference> {
        let (first, rest) = match text.strip_prefix('[') {
            Some(after) => after.split_once(']')?,
            None => {
                let end = text.find('.').unwrap_or(text.len());
                text.starts_with('$').then(|| text.split_at(end))?
            }
        };
        let mut segments = Vec::new();
        let mut rest = rest;
        while !rest.is_empty() {
            let (segment, next) = rest.strip_prefix(".[")?.split_once(']')?;
            segments.push(segment);
            rest = next;
        }
        Some(self.named(first, &segments))
    }

    /// Every path in a text.
    fn scan(&self, text: &str) -> Vec<Reference> {
        let mut found = Vec::new();
        for (at, _) in text.match_indices('[').take(MAX_SEEN) {
            if text[..at].ends_with('.') || text[at + 1..].starts_with(['{', '"', '[', '\'']) {
                continue;
            }
            let end = text[at..].find(['}', ' ', '\n', ')']).map_or(text.len(), |e| at + e);
            // Names of fields may have spaces: take the longest text that is a path.
            let longer = text[at..].find("}}").map_or(end, |e| at + e);
            let path = [longer, end].iter().find_map(|e| self.path(text[at..*e].trim()));
            found.extend(path.filter(|p| !found.contains(p)));
        }
        found
    }

    /// What a node's id and the keys after it mean.
    fn named(&self, first: &str, keys: &[&str]) -> Reference {
        let key = |k: &&str| k.parse::<i64>().map_or_else(|_| Segment::Key((*k).into()), Segment::Index);
        let path: Vec<Segment> = keys.iter().map(key).collect();
        let (id, kind) = self.nodes.get(first).copied().unzip();
        let id = id.unwrap_or(first);
        match (first, kind) {
            ("$workflow", _) => {
                let name = keys.first().copied().unwrap_or_default();
                Reference { root: Root::Parameter(name.into()), path: path.into_iter().skip(1).collect() }
            }
            ("$job" | "$global", _) => {
                Reference { root: Root::Run(first.trim_start_matches('$').into()), path }
            }
            // The platform's own name for what started a workflow from InsightIDR.
            (_, Some("trigger")) | ("InsightIDR Event", None) => Reference { root: Root::Trigger, path },
            (_, Some("loop")) if keys.first() == Some(&"$item") => {
                Reference { root: Root::Item(id.into()), path: path.into_iter().skip(1).collect() }
            }
            (_, Some(_)) => Reference { root: Root::Step(id.into()), path },
            _ => Reference { root: Root::Unknown(first.into()), path },
        }
    }

    /// A condition: the parsed form, and its text for people.
    pub(super) fn condition(&self, holder: Node<'_>) -> Expression {
        let text = holder.str("expressionText").unwrap_or_default();
        let parsed = holder.get("expression").filter(|e| e.is_map() && !e.is_empty());
        let term = match parsed {
            Some(node) => self.parsed(node, MAX_DEPTH),
            None => Term::Unknown(self.scan(text)),
        };
        Expression { language: Language::InsightConnect, text: text.into(), term, line: holder.line() }
    }

    fn parsed(&self, node: Node<'_>, depth: usize) -> Term {
        let Some(depth) = depth.checked_sub(1) else { return Term::Unknown(Vec::new()) };
        let at = |key: &str| node.get(key).map_or(Term::Null, |n| self.parsed(n, depth));
        match node.str("type").unwrap_or_default() {
            "variable" => self.variable(node.str("name").unwrap_or_default()),
            "literal" => literal(node.get("value")),
            "regexp" => Term::Text(node.str("regexp").unwrap_or_default().into()),
            "binary" => binary(node.str("op").unwrap_or_default(), at("left"), at("right")),
            "unary" => Term::Call(Function::Not, vec![at("expr")]),
            "function" => {
                let arguments = node.get("args").into_iter().flat_map(Node::items);
                function(
                    node.str("name").unwrap_or_default(),
                    arguments.map(|a| self.parsed(a, depth)).collect(),
                )
            }
            _ => Term::Unknown(Vec::new()),
        }
    }

    /// A variable of a parsed condition: `<node>.field.field`.
    fn variable(&self, name: &str) -> Term {
        let mut keys = name.split('.');
        let first = keys.next().unwrap_or_default();
        let keys: Vec<&str> = keys.collect();
        Term::Ref(self.named(first, &keys))
    }
}

fn literal(node: Option<Node<'_>>) -> Term {
    let Some(node) = node else { return Term::Null };
    match (node.as_bool(), node.as_number(), node.as_str()) {
        (Some(b), _, _) => Term::Bool(b),
        (_, Some(n), _) => Term::Number(n.into()),
        (_, _, Some(t)) => Term::Text(t.into()),
        _ if node.is_null() => Term::Null,
        _ => Term::Unknown(Vec::new()),
    }
}

fn binary(op: &str, left: Term, right: Term) -> Term {
    let negated = |f: Function, l, r| Term::Call(Function::Not, vec![Term::Call(f, vec![l, r])]);
    let f = match op.to_lowercase().trim() {
        "=" | "==" => Function::Equals,
        "!=" | "<>" => Function::NotEquals,
        "<" => Function::Less,
        "<=" => Function::LessOrEquals,
        ">" => Function::Greater,
        ">=" => Function::GreaterOrEquals,
        "and" | "&&" => Function::And,
        "or" | "||" => Function::Or,
        "contains" => Function::Contains,
        "in" => Function::In,
        "=~" | "matches" => Function::Matches,
        "!~" => return negated(Function::Matches, left, right),
        "not contains" | "does not contain" => return negated(Function::Contains, left, right),
        "starts with" | "startswith" => Function::StartsWith,
        "ends with" | "endswith" => Function::EndsWith,
        other => Function::Other(other.into()),
    };
    Term::Call(f, vec![left, right])
}

fn function(name: &str, arguments: Vec<Term>) -> Term {
    let f = match name {
        "length" | "len" | "count" => Function::Length,
        "is_defined" => Function::Present,
        "is_empty" | "empty" => Function::Empty,
        "not" => Function::Not,
        "lower" | "lowercase" => Function::Lower,
        "upper" | "uppercase" => Function::Upper,
        "first" => Function::First,
        "last" => Function::Last,
        other => Function::Other(other.into()),
    };
    Term::Call(f, arguments)
}

/// A reference to a variable.
pub(super) fn variable(name: Text) -> Term {
    reference(Root::Variable(name), Vec::new())
}
