//! Chains: what `$json`, `$('Node')`, `$input` and the rest stand for, and what `.x`, `[0]` and calls take from them.

use super::calls::{global_call, method};
use super::parser::{Parser, other};
use super::store::{either, field, references};
use super::{Target, reference, scan};
use std::rc::Rc;
use workflow::{Function, Reference, Root, Segment, Term, Text};

/// A value on the way through a chain.
#[derive(Debug, Clone, PartialEq)]
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
    /// A function that was given a name, by where it stands.
    Function(usize),
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
            Val::Function(_) => Term::Unknown(Vec::new()),
        }
    }

    /// One item of this value, whatever it is.
    pub(super) fn item(&self) -> Val {
        self.each().unwrap_or_else(|| match self.clone().into_term() {
            Term::List(items) if !items.is_empty() => {
                Val::Term(items.into_iter().reduce(|a, b| either(None, a, b)).unwrap_or(Term::Null))
            }
            term => Val::Term(Term::Unknown(references(&term))),
        })
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
            Val::Term(Term::Call(Function::Filter, args)) => {
                args.first().cloned().and_then(|list| Val::Term(list).each())
            }
            Val::Term(Term::Call(Function::Map, args)) => match args.as_slice() {
                [_, made @ (Term::Map(_) | Term::Ref(_))] => Some(Val::Term(made.clone())),
                _ => args.first().cloned().and_then(|list| Val::Term(list).each()),
            },
            Val::Term(Term::Call(Function::Other(name), args)) if name == "Object.entries" => {
                let value = Val::Term(args.first()?.clone()).item().into_term();
                Some(Val::Term(Term::List(vec![Term::Unknown(references(&value)), value])))
            }
            Val::Term(Term::Call(Function::Other(name), args)) if lists(name) => {
                args.first().cloned().and_then(|list| Val::Term(list).each())
            }
            Val::Term(Term::Call(Function::Coalesce, args)) => {
                args.first().cloned().and_then(|list| Val::Term(list).each())
            }
            // Either of two lists, or the one that is known to be a list.
            Val::Term(Term::Call(Function::If, args)) if args.len() == 3 => {
                let each = |i: usize| Val::Term(args[i].clone()).item().into_term();
                Some(Val::Term(either(args.first(), each(1), each(2))))
            }
            _ => None,
        }
    }
}

/// Functions that give the entries of what they are given.
fn lists(name: &str) -> bool {
    matches!(name, "Object.values" | "Array.from" | "slice" | "sort" | "reverse" | "flat" | "spread")
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

/// Globals of the surroundings of code that give nothing from outside.
const PURE: &[&str] = &[
    "Array",
    "BigInt",
    "Boolean",
    "Buffer",
    "Date",
    "DateTime",
    "Error",
    "Intl",
    "JSON",
    "Map",
    "Math",
    "Number",
    "Object",
    "RED",
    "RegExp",
    "Set",
    "String",
    "Symbol",
    "URL",
    "URLSearchParams",
    "console",
    "context",
    "crypto",
    "env",
    "escape",
    "flow",
    "global",
    "isFinite",
    "isNaN",
    "node",
    "unescape",
];

impl<'t> Parser<'t> {
    /// A primary expression and what is taken from it.
    pub(super) fn postfix(&mut self) -> Option<Val> {
        self.blank();
        if let Some(field) = self.field_of_local()? {
            let value = self.follow_from(field, 0)?;
            return Some(self.now(value, 0));
        }
        let live = self.rest().starts_with('$');
        let value = self.primary()?;
        let from = match &value {
            Val::Term(Term::Ref(r)) if !live => r.path.len() + 1,
            Val::Item(_, path) => path.len(),
            _ => 0,
        };
        let value = self.follow_from(value, from)?;
        Some(self.now(value, from))
    }

    /// A variable that holds an object or one of several values, and what is taken from it by name: only that is
    /// copied. Nothing where something else stands here.
    #[allow(clippy::option_option)] // nothing parsed, no object here, what it gives
    fn field_of_local(&mut self) -> Option<Option<Val>> {
        let start = self.at;
        let held = self.name().and_then(|name| self.state.held(name)).map(Rc::clone);
        let Some(Val::Term(whole @ (Term::Map(_) | Term::Call(Function::If | Function::Coalesce, _)))) =
            held.as_deref()
        else {
            self.at = start;
            return Some(None);
        };
        let mut term = whole;
        loop {
            let before = self.at;
            let Some(name) = self.plain_member() else {
                self.at = before;
                return Some(Some(Val::Term(term.clone())));
            };
            self.spend()?;
            match term {
                Term::Map(entries) => match own_field(entries, name) {
                    Some(inner) => term = inner,
                    None => return Some(Some(Val::Term(field(entries, name)))),
                },
                term => return Some(Some(member_of(term, name))),
            }
        }
    }

    /// The name of a member that is taken here and not called.
    fn plain_member(&mut self) -> Option<&'t str> {
        self.eat(".").then_some(())?;
        self.blank();
        let name = self.name()?;
        self.blank();
        (self.peek() != Some(b'(')).then_some(name)
    }

    /// A reference as what it gives after what was written there.
    fn now(&self, value: Val, from: usize) -> Val {
        match value {
            Val::Term(Term::Ref(r)) if self.in_code => Val::Term(self.state.seen(r, from)),
            value => value,
        }
    }

    /// Takes members, positions and calls from a value for as long as they follow.
    pub(super) fn follow(&mut self, value: Val) -> Option<Val> {
        self.follow_from(value, 0)
    }

    fn follow_from(&mut self, mut value: Val, from: usize) -> Option<Val> {
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
                    self.dotted(value, from)?
                }
                _ if optional => self.dotted(value, from)?,
                _ => {
                    self.at = before;
                    return Some(value);
                }
            };
            self.spend()?;
        }
    }

    /// What stands after a dot: a member or a method.
    fn dotted(&mut self, value: Val, from: usize) -> Option<Val> {
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
        let value = self.now(value, from);
        let in_code = self.in_code;
        let each = || match name {
            "reduce" if in_code => vec![Val::Term(Term::Unknown(Vec::new())), value.item()],
            _ if in_code => vec![value.item(); if name == "sort" { 2 } else { 1 }],
            _ => value.each().into_iter().collect(),
        };
        // What an argument chooses among is another list.
        let before = self.chosen.take();
        let args = self.arguments(&each)?;
        self.chosen = match (&value, name, args.first()) {
            (Val::Items(_), "filter", Some(Val::Lambda(chosen))) => Some(both(before, chosen.clone())),
            _ => before,
        };
        let made = method(value, name, args);
        if self.in_code { self.kept(made) } else { Some(made) }
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
            (value, Term::Number(n)) => match n.parse() {
                Ok(i) => at(value, i),
                Err(_) => value,
            },
            (value, index) => dynamic(value, index),
        })
    }

    fn call(&mut self, value: Val) -> Option<Val> {
        self.at += 1;
        let args = self.arguments(&Vec::new)?;
        Some(match value {
            Val::Global(name) => self.global(&name, args),
            Val::Lambda(body) => Val::Term(body),
            Val::Function(at) => self.apply(at, &args)?,
            Val::Item(root, path) => Val::Item(root, path),
            value => {
                let args = std::iter::once(value.into_term()).chain(args.into_iter().map(Val::into_term));
                other("call", args.collect())
            }
        })
    }

    /// A call of a function of the surroundings: it may set a variable or send a message, and what it gives may come
    /// from anywhere.
    fn global(&mut self, name: &str, mut args: Vec<Val>) -> Val {
        if !self.in_code {
            return global_call(name, args, self.names);
        }
        let args_of = |parser: &Self, args: &[Val]| -> Vec<Term> {
            args.iter().map(|a| parser.settled(a.clone())).collect()
        };
        if name == "node.send" {
            let sent = args_of(self, &args).into_iter().next().unwrap_or(Term::Null);
            self.end(super::How::Sent, sent);
            return Val::Term(Term::Null);
        }
        if name.ends_with(".set")
            && let Some(set) = self.names.sets(name, &args_of(self, &args))
        {
            self.variables.push(set);
            return Val::Term(Term::Null);
        }
        let copies =
            ["structuredClone", "RED.util.cloneMessage", "Object.freeze", "_.cloneDeep", "Promise.all"];
        if copies.contains(&name) && !args.is_empty() {
            return args.swap_remove(0);
        }
        let first = name.split('.').next().unwrap_or(name);
        let outside =
            !name.starts_with('$') && !scan::is_among(GLOBALS, first) && !scan::is_among(PURE, first);
        match global_call(name, args, self.names) {
            Val::Term(Term::Call(function, mut args)) if outside => {
                args.push(reference(Root::Unknown(name.into()), Vec::new()));
                Val::Term(Term::Call(function, args))
            }
            value => value,
        }
    }

    /// Arguments up to the closing bracket; functions among them get what `each` makes as their parameters.
    pub(super) fn arguments(&mut self, each: &dyn Fn() -> Vec<Val>) -> Option<Vec<Val>> {
        let mut args = Vec::new();
        while !self.eat(")") {
            self.eat("...");
            self.blank();
            let lambda = if self.is_lambda() { self.lambda(&each())? } else { None };
            args.push(match lambda {
                Some(lambda) => lambda,
                None => self.ternary()?,
            });
            if !self.eat(",") && !self.rest().starts_with(')') {
                return None;
            }
        }
        Some(args)
    }

    pub(super) fn identifier(&mut self) -> Option<Val> {
        let name = self.name()?;
        if let Some(value) = self.state.local(name) {
            return Some(value.clone());
        }
        let previous = || self.names.previous();
        Some(match name {
            "true" => Val::Term(Term::Bool(true)),
            "false" => Val::Term(Term::Bool(false)),
            "null" | "undefined" | "NaN" => Val::Term(Term::Null),
            "$json" | "$data" => Val::Term(reference(previous(), Vec::new())),
            "$binary" => Val::Term(reference(previous(), vec![Segment::Key("$binary".into())])),
            "$input" => Val::Node(Target { root: previous(), many: self.names.previous_many() }),
            "$now" => Val::Term(Term::Call(Function::Now, Vec::new())),
            "$today" => {
                let now = Term::Call(Function::Now, Vec::new());
                Val::Term(Term::Call(Function::Other("startOfDay".into()), vec![now]))
            }
            _ if scan::is_among(GLOBALS, name) || self.names.is_global(name) => Val::Global(name.into()),
            _ => match self.names.variable(name) {
                None if self.in_code => Val::Global(name.into()),
                value => Val::Term(value?),
            },
        })
    }
}

/// What a member of a value is.
pub(super) fn member(value: Val, name: &str) -> Val {
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
        Val::Term(Term::Map(entries)) => Val::Term(field(&entries, name)),
        Val::Term(Term::Null) => Val::Term(Term::Null),
        // What is taken from one of several values is one of what is taken from each.
        Val::Term(Term::Call(f @ (Function::If | Function::Coalesce), args)) if name != "length" => {
            let kept = usize::from(f == Function::If);
            let each = args.into_iter().enumerate().map(|(i, t)| match i {
                i if i < kept => t,
                _ => member(Val::Term(t), name).into_term(),
            });
            Val::Term(Term::Call(f, each.collect()))
        }
        Val::Function(_) => Val::Term(Term::Unknown(Vec::new())),
        Val::Term(term) | Val::Lambda(term) if name == "length" => {
            Val::Term(Term::Call(Function::Length, vec![term]))
        }
        Val::Term(term) | Val::Lambda(term) => other("get", vec![term, Term::Text(name.into())]),
    }
}

/// The same of a term that stays; of one of several values only what is taken is copied.
fn member_of(term: &Term, name: &str) -> Val {
    match term {
        Term::Map(entries) => Val::Term(field(entries, name)),
        Term::Call(f @ (Function::If | Function::Coalesce), args) if name != "length" => {
            let kept = usize::from(*f == Function::If);
            let each = args.iter().enumerate().map(|(i, t)| match i {
                i if i < kept => t.clone(),
                _ => member_of(t, name).into_term(),
            });
            Val::Term(Term::Call(f.clone(), each.collect()))
        }
        term => member(Val::Term(term.clone()), name),
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

pub(super) fn at(value: Val, index: i64) -> Val {
    match value {
        Val::Items(root) => Val::Item(root, vec![Segment::Index(index)]),
        Val::Item(root, path) => Val::Item(root, path),
        Val::Node(target) => Val::Item(target.root, vec![Segment::Index(index)]),
        Val::Term(Term::Ref(r)) => Val::Term(pushed(r, Segment::Index(index))),
        Val::Term(Term::List(items)) => {
            let found = usize::try_from(index).ok().and_then(|i| items.get(i)).cloned();
            Val::Term(found.unwrap_or(Term::Unknown(references(&Term::List(items)))))
        }
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

/// The field of an object literal, where an entry of its own sets it.
pub(super) fn own_field<'e>(entries: &'e [(Text, Term)], name: &str) -> Option<&'e Term> {
    let last = entries.iter().rev().find(|(key, _)| key == name || key == "*" || key == "...")?;
    (last.0 == name).then_some(&last.1)
}

/// A reference with one more segment.
pub(super) fn pushed(mut reference: Reference, segment: Segment) -> Term {
    reference.path.push(segment);
    Term::Ref(reference)
}

/// What an item fulfils that was chosen twice.
fn both(before: Option<Term>, chosen: Term) -> Term {
    match before {
        Some(before) => Term::Call(Function::And, vec![before, chosen]),
        None => chosen,
    }
}
