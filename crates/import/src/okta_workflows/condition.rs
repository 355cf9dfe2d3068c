//! Conditions: an operator and two operands as inputs of a card.

use super::value::Values;
use workflow::{Expression, Function, Language, Term};

/// The condition in a card's inputs of one group (none for `if` and `continueIf`).
pub(super) fn condition(values: &Values<'_, '_>, card: usize, group: Option<&str>) -> Expression {
    let known = &values.cards.cards[card];
    let find = |key: &str| known.inputs.iter().find(|i| i.group == group && i.key == key);
    let (left, right) = (find("left-operand"), find("right-operand"));
    let operator = find("operator").and_then(|o| o.text()).unwrap_or("==");
    let shown = |input: Option<&super::cards::Input<'_>>| input.map(|i| values.shown(i)).unwrap_or_default();
    let unary = operator.ends_with("empty");
    let text = format!("{} {operator} {}", shown(left), if unary { String::new() } else { shown(right) });
    let term = |input: Option<&super::cards::Input<'_>>| input.map_or(Term::Null, |i| values.term(i));
    let line = find("operator").and_then(|o| o.value).map_or(known.node.line(), |v| v.line());
    let term = compare(operator, term(left), term(right));
    Expression { language: Language::Structured, text: text.trim_end().into(), term, line }
}

/// The meaning of an operator of the platform.
pub(super) fn compare(operator: &str, left: Term, right: Term) -> Term {
    let call = |f, arguments| Term::Call(f, arguments);
    let two = vec![left.clone(), right];
    match operator.trim() {
        "==" | "=" | "===" | "equal to" | "equals" => call(Function::Equals, two),
        "!=" | "!==" | "not equal to" => call(Function::NotEquals, two),
        "<" => call(Function::Less, two),
        "<=" => call(Function::LessOrEquals, two),
        ">" => call(Function::Greater, two),
        ">=" => call(Function::GreaterOrEquals, two),
        "in" => call(Function::In, two),
        "not in" => negate(call(Function::In, two)),
        "contains" => call(Function::Contains, two),
        "not contains" | "does not contain" => negate(call(Function::Contains, two)),
        "has" => call(Function::Contains, two),
        "doesn't have" => negate(call(Function::Contains, two)),
        "%" => call(Function::Other("multiple-of".into()), two),
        "starts with" => call(Function::StartsWith, two),
        "ends with" => call(Function::EndsWith, two),
        "is empty" => call(Function::Empty, vec![left]),
        "is not empty" => negate(call(Function::Empty, vec![left])),
        _ => Term::Unknown(two.iter().flat_map(|t| t.references().into_iter().cloned()).collect()),
    }
}

/// The opposite of a condition.
pub(super) fn negate(term: Term) -> Term {
    Term::Call(Function::Not, vec![term])
}
