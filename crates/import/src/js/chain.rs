//! Chains: what `$json`, `$('Node')`, `$input` and the rest stand for, and what `.x`, `[0]` and calls take from them.

use super::calls::{global_call, method};
use super::parser::{Parser, other};
use super::{Target, reference};
use workflow::{Function, Reference, Root, Segment, Term, Text};

/// A value on the way through a chain.
#[derive(Debug, Clone)]
pub(super) enum Val {
    /// A finished value.
    Term(Term),
    /// A node: its items have not been chosen yet (`$('Node')`, `$input`).
    Node(Target),
    /// All items of a node.
    Items(Root),
    /// One item of a node: `.json` is its data.
    Item(Root, Vec<Segment>),
    /// A global object or function, by its dotted name (`JSON.stringify`, `$execution`).
    Global(Text),
    /// A function: its body's value.
    Lambda(Term),
}

impl Val {
    /// The value itself, where nothing more is taken from it.
    pub(super) fn into_term(self) -> Term {
        match self {
            Val::Term(term) | Val::Lambda(term) => term,
            Val::Node(target) => reference(target.root, Vec::new()),
            Val::Items(root) => reference(root, vec![Segment::Each]),
            Val::Item(root, path) => reference(root, path),
            Val::Global(name) => global(&name),
        }
    }

    /// What a function over this value's items gets as its first parameter.
    fn each(&self) -> Option<Val> {
        match self {
            Val::Items(root) => Some(Val::Item(root.clone(), vec![Segment::Each])),
            Val::Term(Term::Ref(r)) => {
                let mut each = r.clone();
                each.path.push(Segment::Each);
                Some(Val::Term(Term::Ref(each)))
            }
            Val::Term(Term::Call(Function::Filter | Function::Map, args)) => {
                args.first().cloned().and_then(|list| Val::Term(list).each())
            }
            _ => None,
        }
    }
}

/// What a global stands for when nothing more is taken from it.
fn global(name: &str) -> Term {
    let (first, rest) = name.split_once('.').unwrap_or((name, ""));
    let run = || Root::Run(name.trim_start_matches('$').into());
    let root = match first {
        "$env" | "$vars" => Root::Environment(rest.into()),
        "$secrets" | "$credentials" => Root::Secret(rest.into()),
        "$execution" | "$workflow" | "$prevNode" | "$runIndex" | "$itemIndex" | "$position" | "$mode"
        | "$nodeId" | "$nodeVersion" | "$webhookId" => run(),
        _ => Root::Unknown(name.into()),
    };
    reference(root, Vec::new())
}

/// Globals that JavaScript and n8n have; any other name is not understood.
const GLOBALS: &[&str] = &[
    "$",
    "$credentials",
    "$env",
    "$execution",
    "$evaluateExpression",
    "$fromAI",
    "$fromAi",
    "$fromai",
    "$if",
    "$ifEmpty",
    "$item",
    "$itemIndex",
    "$items",
    "$jmesPath",
    "$jmespath",
    "$max",
    "$min",
    "$mode",
    "$node",
    "$nodeId",
    "$nodeVersion",
    "$not",
    "$parameter",
    "$position",
    "$prevNode",
    "$runIndex",
    "$secrets",
    "$vars",
    "$webhookId",
    "$workflow",
    "Array",
    "BigInt",
    "Boolean",
    "Date",
    "DateTime",
    "Duration",
    "Interval",
    "JSON",
    "Math",
    "Number",
    "Object",
    "RegExp",
    "Set",
    "String",
    "atob",
    "btoa",
    "crypto",
    "decodeURIComponent",
    "encodeURI",
    "encodeURIComponent",
    "escape",
    "isNaN",
    "parseFloat",
    "parseInt",
    "$getWorkflowStaticData",
    "$randomKey",
    "$pageCount",
    "$response",
    "$agentInfo",
    "$tool",
];

impl<'t> Parser<'t> {
    /// A primary expression and what is taken from it.
    pub(super) fn postfix(&mut self) -> Option<Val> {
        let value = self.primary()?;
        self.follow(value)
    }

    /// Takes members, positions and calls from a value for as long as they follow.
    pub(super) fn follow(&mut self, mut value: Val) -> Option<Val> {
        loop {
            let before = self.at;
            self.blank();
            let optional = self.rest().starts_with("?.");
            if optional {
                self.at += 2;
            }
            value = match self.peek() {
                Some(b'[') => self.position(value)?,
                Some(b'(') => self.call(value)?,
                Some(b'.') if !optional => {
                    self.at += 1;
                    self.dotted(value)?
                }
                _ if optional => self.dotted(value)?,
                _ => {
                    self.at = before;
                    return Some(value);
                }
            };
            self.spend()?;
        }
    }

    /// What stands after a dot: a member or a method.
    fn dotted(&mut self, value: Val) -> Option<Val> {
        self.blank();
        let name = self.name()?;
        self.blank();
        if matches!(&value, Val::Global(global) if global == "$node") {
            return Some(Val::Node(self.names.node(name)));
        }
        if self.peek() != Some(b'(') || matches!(value, Val::Global(_)) {
            return Some(member(value, name));
        }
        self.at += 1;
        let each: Vec<Val> = value.each().into_iter().collect();
        let args = self.arguments(&each)?;
        Some(method(value, name, args))
    }

    fn position(&mut self, value: Val) -> Option<Val> {
        self.at += 1;
        let index = self.ternary()?.into_term();
        if !self.eat("]") {
            return None;
        }
        Some(match (value, index) {
            (Val::Global(name), Term::Text(key)) if name == "$node" => Val::Node(self.names.node(&key)),
            (value, Term::Text(key)) => member(value, &key),
            (value, Term::Number(n)) => n.parse().map_or(value.clone(), |i| at(value, i)),
            (value, index) => dynamic(value, index),
        })
    }

    fn call(&mut self, value: Val) -> Option<Val> {
        self.at += 1;
        let args = self.arguments(&[])?;
        Some(match value {
            Val::Global(name) => global_call(&name, args, self.names),
            Val::Lambda(body) => Val::Term(body),
            Val::Item(root, path) => Val::Item(root, path),
            value => {
                let args = std::iter::once(value.into_term()).chain(args.into_iter().map(Val::into_term));
                other("call", args.collect())
            }
        })
    }

    /// Arguments up to the closing bracket; functions among them get `each` as their parameters.
    pub(super) fn arguments(&mut self, each: &[Val]) -> Option<Vec<Val>> {
        let mut args = Vec::new();
        while !self.eat(")") {
            self.eat("...");
            self.blank();
            let arg = match self.lambda(each)? {
                Some(lambda) => lambda,
                None => self.ternary()?,
            };
            args.push(arg);
            if !self.eat(",") && !self.rest().starts_with(')') {
                return None;
            }
        }
        Some(args)
    }

    /// A function, if one stands here: its body with its parameters bound to `given`.
    pub(super) fn lambda(&mut self, given: &[Val]) -> Option<Option<Val>> {
        self.blank();
        let Some((parameters, len, arrow)) = lambda_head(self.rest()) else { return Some(None) };
        self.at += len;
        self.blank();
        let outer = self.locals.len();
        for (i, parameter) in parameters.into_iter().enumerate() {
            let unknown = || match i {
                // The second parameter of a function over a list is the position in it.
                1 if !given.is_empty() => Val::Term(reference(Root::Run("index".into()), Vec::new())),
                _ => Val::Term(Term::Unknown(Vec::new())),
            };
            self.locals.push((parameter, given.get(i).cloned().unwrap_or_else(unknown)));
        }
        let block = self.peek() == Some(b'{');
        let body = if block || !arrow { self.block() } else { self.ternary().map(Val::into_term) };
        self.locals.truncate(outer);
        Some(Some(Val::Lambda(body?)))
    }

    pub(super) fn identifier(&mut self) -> Option<Val> {
        let name = self.name()?;
        if let Some((_, value)) = self.locals.iter().rev().find(|(local, _)| *local == name) {
            return Some(value.clone());
        }
        let previous = || self.names.previous();
        Some(match name {
            "true" => Val::Term(Term::Bool(true)),
            "false" => Val::Term(Term::Bool(false)),
            "null" | "undefined" | "NaN" => Val::Term(Term::Null),
            "$json" | "$data" => Val::Term(reference(previous(), Vec::new())),
            "$binary" => Val::Term(reference(previous(), vec![Segment::Key("$binary".into())])),
            "$input" => Val::Node(Target { root: previous(), many: true }),
            "$now" | "$today" => Val::Term(Term::Call(Function::Now, Vec::new())),
            _ if GLOBALS.contains(&name) || self.names.is_global(name) => Val::Global(name.into()),
            _ => Val::Term(self.names.variable(name)?),
        })
    }
}

/// The head of a function is looked for in so many bytes.
const MOST_HEAD: usize = 300;

/// The parameters of a function that starts a text, the length of its head, and whether it is an arrow function.
fn lambda_head(text: &str) -> Option<(Vec<&str>, usize, bool)> {
    let text = &text[..text.floor_char_boundary(MOST_HEAD)];
    let head = text.strip_prefix("async ").unwrap_or(text);
    let skipped = text.len() - head.len();
    if let Some(rest) = head.strip_prefix("function") {
        let open = rest.find('(')?;
        let close = rest.find(')')?;
        let list = rest.get(open + 1..close)?;
        return Some((parameters(list)?, skipped + "function".len() + close + 1, false));
    }
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let (list, len) = match head.strip_prefix('(') {
        Some(rest) => {
            let close = rest.find(|c: char| !(word(c) || c == ',' || c.is_whitespace()))?;
            (rest[..close].trim(), rest[close..].starts_with(')').then_some(close + 2)?)
        }
        None => {
            let end = head.find(|c| !word(c))?;
            (&head[..end], end)
        }
    };
    let after = &head[len..];
    let gap = after.len() - after.trim_start().len();
    after.trim_start().starts_with("=>").then_some(())?;
    Some((parameters(list)?, skipped + len + gap + 2, true))
}

fn parameters(list: &str) -> Option<Vec<&str>> {
    let names = list.split(',').map(str::trim).filter(|p| !p.is_empty());
    let names: Vec<&str> = names.take(8).collect();
    names.iter().all(|n| n.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$')).then_some(names)
}

/// What a member of a value is.
fn member(value: Val, name: &str) -> Val {
    match value {
        Val::Node(target) => node_member(target, name),
        Val::Items(root) if name == "length" => {
            Val::Term(Term::Call(Function::Length, vec![reference(root, vec![Segment::Each])]))
        }
        Val::Items(root) => {
            Val::Term(pushed(Reference { root, path: Vec::new() }, Segment::Key(name.into())))
        }
        Val::Item(root, path) => item_member(root, path, name),
        Val::Global(global) => global_member(&global, name),
        Val::Term(Term::Ref(r)) if name == "length" => {
            Val::Term(Term::Call(Function::Length, vec![Term::Ref(r)]))
        }
        Val::Term(Term::Ref(r)) => Val::Term(pushed(r, Segment::Key(name.into()))),
        Val::Term(Term::Map(entries)) if entries.iter().any(|(k, _)| k == name) => {
            let found = entries.into_iter().find(|(k, _)| k == name);
            Val::Term(found.map_or(Term::Null, |(_, t)| t))
        }
        Val::Term(term) | Val::Lambda(term) if name == "length" => {
            Val::Term(Term::Call(Function::Length, vec![term]))
        }
        Val::Term(term) | Val::Lambda(term) => other("get", vec![term, Term::Text(name.into())]),
    }
}

fn node_member(target: Target, name: &str) -> Val {
    let root = target.root;
    match name {
        "item" => Val::Item(root, Vec::new()),
        "json" | "data" => Val::Term(reference(root, Vec::new())),
        "all" | "items" => Val::Items(root),
        name => Val::Term(reference(root, vec![Segment::Key(format!("${name}").into())])),
    }
}

fn item_member(root: Root, mut path: Vec<Segment>, name: &str) -> Val {
    match name {
        "json" => Val::Term(reference(root, path)),
        // A loop's item, or a form of access that leaves `json` out.
        "item" => Val::Item(root, path),
        "binary" | "pairedItem" | "error" => {
            path.push(Segment::Key(format!("${name}").into()));
            Val::Term(reference(root, path))
        }
        name => {
            path.push(Segment::Key(name.into()));
            Val::Term(reference(root, path))
        }
    }
}

fn global_member(global: &str, name: &str) -> Val {
    match (global, name) {
        ("$env" | "$vars", _) => Val::Term(reference(Root::Environment(name.into()), Vec::new())),
        ("DateTime" | "Math" | "JSON" | "Object" | "Array" | "String" | "Number" | "Date" | "crypto", _)
        | ("$secrets" | "$credentials" | "$execution" | "$workflow" | "$prevNode", _) => {
            Val::Global(format!("{global}.{name}").into())
        }
        ("$item()", "$node") => Val::Global("$node".into()),
        _ if ["$execution.", "$secrets.", "$credentials."].iter().any(|p| global.starts_with(p)) => {
            Val::Global(format!("{global}.{name}").into())
        }
        _ if !global.starts_with('$') => Val::Global(format!("{global}.{name}").into()),
        _ => Val::Term(reference(Root::Unknown(format!("{global}.{name}").into()), Vec::new())),
    }
}

fn at(value: Val, index: i64) -> Val {
    match value {
        Val::Items(root) => Val::Item(root, vec![Segment::Index(index)]),
        Val::Item(root, path) => Val::Item(root, path),
        Val::Node(target) => Val::Item(target.root, vec![Segment::Index(index)]),
        Val::Term(Term::Ref(r)) => Val::Term(pushed(r, Segment::Index(index))),
        value if index == 0 => Val::Term(Term::Call(Function::First, vec![value.into_term()])),
        value => other("get", vec![value.into_term(), Term::Number(index.to_string().into())]),
    }
}

/// An index that is only known when the workflow runs.
fn dynamic(value: Val, index: Term) -> Val {
    match value {
        Val::Global(name) if name == "$node" || name == "$env" || name == "$vars" => {
            Val::Term(Term::Call(Function::Other(name), vec![index]))
        }
        Val::Term(Term::Ref(r)) if index.references().is_empty() => Val::Term(pushed(r, Segment::Dynamic)),
        Val::Items(root) => Val::Item(root, vec![Segment::Dynamic]),
        Val::Item(root, path) => Val::Item(root, path),
        value => other("get", vec![value.into_term(), index]),
    }
}

/// A reference with one more segment.
pub(super) fn pushed(mut reference: Reference, segment: Segment) -> Term {
    reference.path.push(segment);
    Term::Ref(reference)
}
