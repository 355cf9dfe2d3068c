//! Values, terms and steps in words.

use workflow::{Expression, Function, Reference, Root, Segment, Step, Term, Trigger, Value};

/// Longest value told in a sentence.
const LONG: usize = 80;

/// A value, between backticks.
pub(super) fn value(value: &Value) -> String {
    code(&plain(value, 0))
}

fn plain(value: &Value, depth: usize) -> String {
    let list = |items: Vec<String>| items.join(", ");
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) | Value::Text(n) => n.to_string(),
        Value::Expr(e) => expression(e),
        _ if depth > 6 => "…".to_owned(),
        Value::List(items) => {
            format!("[{}]", list(items.iter().take(20).map(|v| plain(v, depth + 1)).collect()))
        }
        Value::Map(m) => {
            let entries = m.0.iter().take(20).map(|e| format!("{}: {}", e.key, plain(&e.value, depth + 1)));
            format!("{{{}}}", list(entries.collect()))
        }
    }
}

/// A text between backticks, on one line and not too long.
pub(super) fn code(text: &str) -> String {
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "'");
    if line.chars().count() > LONG {
        line = line.chars().take(LONG - 1).collect::<String>() + "…";
    }
    if line.is_empty() { "an empty text".to_owned() } else { format!("`{line}`") }
}

/// A step by its name.
pub(super) fn name(step: &Step) -> String {
    code(if step.name.is_empty() { &step.id } else { &step.name })
}

/// A trigger by its name.
pub(super) fn trigger(trigger: &Trigger) -> String {
    code(if trigger.name.is_empty() { &trigger.id } else { &trigger.name })
}

/// An expression: its own text, or its meaning where the platform writes it as data.
pub(super) fn expression(e: &Expression) -> String {
    let is_word = e.text.chars().all(char::is_alphanumeric);
    if is_word && e.term.is_understood() { term(&e.term) } else { e.text.to_string() }
}

/// A term, as people would write it.
pub(super) fn term(t: &Term) -> String {
    let all = |ts: &[Term], by: &str| ts.iter().map(term).collect::<Vec<_>>().join(by);
    match t {
        Term::Null => "null".to_owned(),
        Term::Bool(b) => b.to_string(),
        Term::Number(n) => n.to_string(),
        Term::Text(t) => format!("'{t}'"),
        Term::Ref(r) => reference(r),
        Term::Template(ts) => ts.iter().map(hole).collect(),
        Term::List(ts) => format!("[{}]", all(ts, ", ")),
        Term::Map(entries) => {
            let entries: Vec<String> = entries.iter().map(|(k, v)| format!("{k}: {}", term(v))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Term::Call(f, args) => match (infix(f), args.as_slice()) {
            (Some(op), [_, _, ..]) => format!("({})", all(args, &format!(" {op} "))),
            (_, [one]) if *f == Function::Not => format!("not {}", term(one)),
            (_, [one]) if *f == Function::Truthy => term(one),
            _ => format!("{}({})", function(f), all(args, ", ")),
        },
        Term::Unknown(refs) => {
            format!("?({})", refs.iter().map(reference).collect::<Vec<_>>().join(", "))
        }
    }
}

fn hole(t: &Term) -> String {
    match t {
        Term::Text(text) => text.to_string(),
        other => format!("{{{}}}", term(other)),
    }
}

fn infix(f: &Function) -> Option<&'static str> {
    Some(match f {
        Function::And => "and",
        Function::Or => "or",
        Function::Equals | Function::EqualsIgnoreCase => "=",
        Function::NotEquals => "≠",
        Function::Less => "<",
        Function::LessOrEquals => "≤",
        Function::Greater => ">",
        Function::GreaterOrEquals => "≥",
        Function::Contains => "contains",
        Function::In => "in",
        Function::StartsWith => "starts with",
        Function::EndsWith => "ends with",
        Function::Matches => "matches",
        _ => return None,
    })
}

fn function(f: &Function) -> String {
    match f {
        Function::Other(name) => name.to_string(),
        other => format!("{other:?}").to_lowercase(),
    }
}

/// A reference: where it starts and its path.
pub(super) fn reference(r: &Reference) -> String {
    let mut told = match &r.root {
        Root::Trigger => "trigger".to_owned(),
        Root::Step(n) | Root::Variable(n) | Root::Parameter(n) | Root::Secret(n) => n.to_string(),
        Root::Item(n) => format!("item of {n}"),
        Root::Previous => "input".to_owned(),
        Root::Environment(n) | Root::Run(n) | Root::Unknown(n) => n.to_string(),
    };
    for segment in &r.path {
        match segment {
            Segment::Key(k) => told.push_str(&format!(".{k}")),
            Segment::Index(i) => told.push_str(&format!("[{i}]")),
            Segment::Filter(f) => told.push_str(&format!("[{f}]")),
            Segment::Each => told.push_str("[*]"),
            Segment::Dynamic => told.push_str("[…]"),
        }
    }
    told
}

/// A length of time.
pub(super) fn duration(seconds: Option<u64>) -> String {
    let Some(s) = seconds else { return "as long as it takes".to_owned() };
    let (n, unit) = match s {
        s if s > 0 && s % 86_400 == 0 => (s / 86_400, "day"),
        s if s > 0 && s % 3_600 == 0 => (s / 3_600, "hour"),
        s if s > 0 && s % 60 == 0 => (s / 60, "minute"),
        s => (s, "second"),
    };
    crate::tell::count(n, unit, &format!("{unit}s"))
}
