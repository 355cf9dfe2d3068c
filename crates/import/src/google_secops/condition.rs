//! Branches of a condition, which stand as JSON inside of a text, and the conditions of triggers.

use super::expression::Scope;
use crate::doc::Node;
use workflow::{Expression, Function, Language, Term, Text};

/// One branch.
pub(super) struct Branch {
    /// Its number, by which children name it.
    pub(super) order: Text,
    /// Its name for people, made unique.
    pub(super) name: Text,
    /// When it is taken; nothing for the default.
    pub(super) condition: Option<Expression>,
}

/// The branches of a condition, from its parsed parameter, in the order in which they are tried.
pub(super) fn branches(list: Node<'_>, scope: &Scope, looped: Option<&Text>, line: u32) -> Vec<Branch> {
    let mut found: Vec<(i64, Branch)> = Vec::new();
    for (i, node) in list.items().enumerate() {
        let order = Text::from(node.get("Order").and_then(Node::scalar).unwrap_or_default());
        let written = node.str("Name").unwrap_or_default();
        let twice = list.items().filter(|n| n.str("Name") == Some(written)).count() > 1;
        let name =
            if twice || written.is_empty() { format!("{written} {order}") } else { written.to_owned() };
        let default = node.bool("IsDefaultBranch").unwrap_or(false);
        let condition = (!default).then(|| condition(node, scope, looped, line));
        let rank = order.parse().unwrap_or_else(|_| i64::try_from(i).unwrap_or(i64::MAX));
        found.push((rank, Branch { order, name: name.trim().into(), condition }));
    }
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, b)| b).collect()
}

/// A branch's conditions: joined by `LogicalOperator` 0 = and, 1 = or.
fn condition(branch: Node<'_>, scope: &Scope, looped: Option<&Text>, line: u32) -> Expression {
    let any = branch
        .get("LogicalOperator")
        .and_then(Node::scalar)
        .is_some_and(|o| o == "1" || o.eq_ignore_ascii_case("or"));
    let each: Vec<(Term, String)> = branch
        .get("Conditions")
        .into_iter()
        .flat_map(Node::items)
        .map(|c| compare(c, ["FieldName", "Operator", "Value"], scope, looped))
        .collect();
    joined(each, any, line)
}

/// The conditions of a trigger: `field_name`, `match_type`, `value`; nothing where none says anything.
pub(super) fn trigger(list: Node<'_>, any: bool, scope: &Scope) -> Option<Expression> {
    let said = |n: &Node<'_>| !n.str("value").unwrap_or_default().is_empty();
    let each: Vec<(Term, String)> = list
        .items()
        .filter(said)
        .map(|c| compare(c, ["field_name", "match_type", "value"], scope, None))
        .collect();
    (!each.is_empty()).then(|| joined(each, any, list.line()))
}

fn joined(mut each: Vec<(Term, String)>, any: bool, line: u32) -> Expression {
    let text: Vec<&str> = each.iter().map(|(_, t)| t.as_str()).collect();
    let text = text.join(if any { " or " } else { " and " });
    let term = match each.len() {
        0 => Term::Unknown(Vec::new()),
        1 => each.pop().map_or(Term::Null, |(t, _)| t),
        _ => {
            let function = if any { Function::Or } else { Function::And };
            Term::Call(function, each.into_iter().map(|(t, _)| t).collect())
        }
    };
    Expression { language: Language::Structured, text: text.into(), term, line }
}

fn compare(node: Node<'_>, keys: [&str; 3], scope: &Scope, looped: Option<&Text>) -> (Term, String) {
    let [field, operator, value] = keys.map(|k| node.get(k).and_then(Node::scalar).unwrap_or_default());
    let custom =
        node.str("CustomOperatorName").or_else(|| node.str("custom_operator_name")).unwrap_or_default();
    let Some((function, word)) = function(operator, custom) else {
        let references = scope.term(field, looped).references().into_iter().cloned().collect();
        return (Term::Unknown(references), format!("{field} {custom}{operator} {value}"));
    };
    let left = scope.term(field, looped);
    // A placeholder that nothing fills stays as it is written: to begin with one's own bracket means to be unset.
    let unset = value.starts_with('[') && field.trim().starts_with(value.trim());
    let term = match function {
        Function::StartsWith | Function::Contains | Function::Equals if unset => {
            Term::Call(Function::Empty, vec![left])
        }
        Function::Not if unset => Term::Call(Function::Present, vec![left]),
        Function::Not => {
            let right = scope.term(value, looped);
            Term::Call(Function::Not, vec![Term::Call(Function::Contains, vec![left, right])])
        }
        Function::Empty | Function::Present => Term::Call(function, vec![left]),
        function => Term::Call(function, vec![left, scope.term(value, looped)]),
    };
    (term, format!("{} {word} {value}", field.trim()).trim_end().to_owned())
}

/// The platform's comparisons, by number or by name.
fn function(operator: &str, custom: &str) -> Option<(Function, &'static str)> {
    let own = custom.strip_prefix("Core Functions.");
    if own.is_none() && !custom.is_empty() {
        return None;
    }
    let known = match own.unwrap_or(operator).to_lowercase().replace([' ', '_'], "").as_str() {
        "0" | "equal" | "equals" => (Function::Equals, "equals"),
        "1" | "contains" => (Function::Contains, "contains"),
        "2" | "startswith" => (Function::StartsWith, "starts with"),
        "3" | "greaterthan" => (Function::Greater, ">"),
        "4" | "lessthan" | "lesserthan" => (Function::Less, "<"),
        "5" | "notequal" | "notequals" => (Function::NotEquals, "differs from"),
        "6" | "notcontains" => (Function::Not, "does not contain"),
        "7" | "isempty" | "empty" => (Function::Empty, "is empty"),
        "8" | "isnotempty" | "notempty" => (Function::Present, "is not empty"),
        _ => return None,
    };
    Some(known)
}
