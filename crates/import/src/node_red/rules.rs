//! The rules of switch and change nodes.

use super::function::{Effects, put};
use super::jsonata;
use super::properties::{computed, message, typed, typed_text};
use super::scope::At;
use crate::doc::Node;
use workflow::{Assignment, Expression, Function, Language, Map, Term, Text, Value};

/// An output of a switch or a function.
pub(super) enum Case {
    /// A message leaves by it when this holds.
    When(Text, Expression),
    /// A message leaves by it when no other rule holds.
    Otherwise(Text),
    /// Every message leaves by it.
    Always,
}

/// The outputs of a function.
pub(super) fn function_cases(effects: &Effects, line: u32, at: &At<'_>) -> Vec<Case> {
    let one = |(i, condition): (usize, &Option<Term>)| match condition {
        Some(term) => {
            let term = at.placed(term.clone());
            let text = Text::from(format!("output {}", i + 1));
            Case::When(
                Text::from((i + 1).to_string()),
                Expression { language: Language::NodeRed, text, term, line },
            )
        }
        None => Case::Always,
    };
    effects.outputs.iter().enumerate().map(one).collect()
}

/// The outputs of a switch node.
pub(super) fn cases(node: Node<'_>, at: &At<'_>) -> Vec<Case> {
    let kind = node.str("propertyType").unwrap_or("msg");
    let property = node.str("property").unwrap_or("payload");
    let left = term(typed_text(property, kind, node.line(), at));
    let rules = node.get("rules").into_iter().flat_map(Node::items);
    rules.enumerate().map(|(i, rule)| case(i, rule, &left, property, at)).collect()
}

fn case(i: usize, rule: Node<'_>, left: &Term, property: &str, at: &At<'_>) -> Case {
    let operator = rule.str("t").unwrap_or("eq");
    let name = Text::from((i + 1).to_string());
    if operator == "else" {
        return Case::Otherwise(name);
    }
    let text = format!("{property} {operator} {}", rule.get("v").and_then(Node::scalar).unwrap_or_default());
    let condition = condition(operator, rule, left.clone(), at);
    let expression = Expression {
        language: Language::Structured,
        text: text.trim().into(),
        term: condition,
        line: rule.line(),
    };
    Case::When(name, expression)
}

fn operand(rule: Node<'_>, value: &str, kind: &str, at: &At<'_>) -> Term {
    let usual = if rule.get(value).is_some_and(|v| v.as_number().is_some()) { "num" } else { "str" };
    let kind = rule.str(kind).unwrap_or(usual);
    rule.get(value).map_or(Term::Null, |v| term(typed(v, kind, at)))
}

fn condition(operator: &str, rule: Node<'_>, left: Term, at: &At<'_>) -> Term {
    let right = || operand(rule, "v", "vt", at);
    let two = |function, left, right| Term::Call(function, vec![left, right]);
    let not = |term| Term::Call(Function::Not, vec![term]);
    match operator {
        "eq" => two(Function::Equals, left, right()),
        "neq" => two(Function::NotEquals, left, right()),
        "lt" => two(Function::Less, left, right()),
        "lte" => two(Function::LessOrEquals, left, right()),
        "gt" => two(Function::Greater, left, right()),
        "gte" => two(Function::GreaterOrEquals, left, right()),
        "cont" | "hask" => two(Function::Contains, left, right()),
        "regex" => two(Function::Matches, left, right()),
        "btwn" => {
            let (low, high) = (right(), operand(rule, "v2", "v2t", at));
            let above = two(Function::GreaterOrEquals, left.clone(), low);
            Term::Call(Function::And, vec![above, two(Function::LessOrEquals, left, high)])
        }
        "true" => two(Function::Equals, left, Term::Bool(true)),
        "false" => two(Function::Equals, left, Term::Bool(false)),
        "null" => two(Function::Equals, left, Term::Null),
        "nnull" => not(two(Function::Equals, left, Term::Null)),
        "empty" => Term::Call(Function::Empty, vec![left]),
        "nempty" => not(Term::Call(Function::Empty, vec![left])),
        "jsonata_exp" => jsonata::parsed(rule.str("v").unwrap_or_default(), at),
        _ => Term::Unknown(left.references().into_iter().cloned().collect()),
    }
}

/// A value as a term.
pub(super) fn term(value: Value) -> Term {
    match value {
        Value::Null => Term::Null,
        Value::Bool(b) => Term::Bool(b),
        Value::Number(n) => Term::Number(n),
        Value::Text(t) => Term::Text(t),
        Value::List(items) => Term::List(items.into_iter().map(term).collect()),
        Value::Map(map) => Term::Map(map.0.into_iter().map(|e| (e.key, term(e.value))).collect()),
        Value::Expr(e) => e.term,
    }
}

/// What a change node does: properties of the message and variables that it sets.
pub(super) struct Changes {
    pub(super) output: Value,
    pub(super) assigns: Vec<Assignment>,
}

/// Reads the rules of a change node.
pub(super) fn changes(node: Node<'_>, at: &At<'_>) -> Changes {
    let (mut output, mut assigns) = (Map::default(), Vec::new());
    for rule in node.get("rules").into_iter().flat_map(Node::items).take(1000) {
        let (kind, property) = (rule.str("pt").unwrap_or("msg"), rule.str("p").unwrap_or("payload"));
        set(kind, property, assigned(rule, at), &mut output, &mut assigns);
        if rule.str("t") == Some("move") {
            let (to, kind) = (rule.str("to").unwrap_or_default(), rule.str("tot").unwrap_or("msg"));
            let moved = typed_text(property, rule.str("pt").unwrap_or("msg"), rule.line(), at);
            set(kind, to, moved, &mut output, &mut assigns);
        }
    }
    Changes { output: Value::Map(output), assigns }
}

/// What a rule gives to its property.
fn assigned(rule: Node<'_>, at: &At<'_>) -> Value {
    match rule.str("t").unwrap_or("set") {
        "set" => rule.get("to").map(|to| typed(to, rule.str("tot").unwrap_or("str"), at)).unwrap_or_default(),
        "change" => {
            let property = rule.str("p").unwrap_or("payload");
            let of = |key, kind| rule.get(key).map(|v| typed(v, rule.str(kind).unwrap_or("str"), at));
            let args = [of("from", "fromt"), of("to", "tot")].into_iter().flatten().map(term);
            let all = std::iter::once(message(property, at)).chain(args).collect();
            let replaced = Term::Call(Function::Other("replace".into()), all);
            computed(property, replaced, rule.line())
        }
        _ => Value::Null,
    }
}

fn set(kind: &str, property: &str, value: Value, output: &mut Map, assigns: &mut Vec<Assignment>) {
    match kind {
        "msg" => {
            let path: Vec<String> = property.split('.').take(16).map(str::to_owned).collect();
            put(output, &path, value);
        }
        "flow" | "global" => {
            let variable = format!("{kind}.{property}").into();
            assigns.push(Assignment { variable, value, adds: false });
        }
        _ => {}
    }
}

/// The first names of the message's properties that a change node sets.
pub(super) fn written(node: Node<'_>) -> Vec<String> {
    let rules = node.get("rules").into_iter().flat_map(Node::items).take(1000);
    let of_message = |rule: Node<'_>, kind: &str, key: &str| {
        let on_message = rule.str(kind).unwrap_or("msg") == "msg";
        rule.str(key).filter(|_| on_message).map(|p| super::kinds::first_key(p).to_owned())
    };
    rules
        .flat_map(|rule| {
            let moved = (rule.str("t") == Some("move")).then(|| of_message(rule, "tot", "to")).flatten();
            of_message(rule, "pt", "p").into_iter().chain(moved)
        })
        .collect()
}
