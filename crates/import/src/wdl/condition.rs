//! Conditions: `{"and": [{"equals": ["@x", "y"]}]}`, or one expression as a text.

use super::context::Context;
use super::value::term_of;
use crate::doc::{Node, canonical};
use workflow::{Expression, Function, Language, Term};

/// Conditions may be nested so deep.
const MAX_DEPTH: usize = 64;
/// So much of a condition's text is kept for people.
const MAX_TEXT: usize = 4096;

impl<'d> Context<'_, 'd> {
    /// The condition of a branch or a loop; unknown where there is none.
    pub(super) fn condition(&self, node: Option<Node<'d>>, item: Option<&str>) -> Expression {
        let Some(node) = node else { return Expression::unknown(Language::Wdl, "", Vec::new(), 0) };
        let term = self.test(node, item, 0);
        if let Some(text) = node.as_str() {
            return Expression { language: Language::Wdl, text: text.into(), term, line: node.line() };
        }
        let text = String::from_utf8(canonical(node, &|_| false)).unwrap_or_default();
        let end = text.char_indices().map(|(i, _)| i).find(|i| *i >= MAX_TEXT).unwrap_or(text.len());
        Expression { language: Language::Wdl, text: text[..end].into(), term, line: node.line() }
    }

    fn test(&self, node: Node<'d>, item: Option<&str>, depth: usize) -> Term {
        if !node.is_map() || depth > MAX_DEPTH {
            return term_of(self.value(node, item));
        }
        let mut tests: Vec<Term> =
            node.entries().map(|(name, operands)| self.operator(name, operands, item, depth)).collect();
        match tests.len() {
            0 => Term::Unknown(Vec::new()),
            1 => tests.remove(0),
            _ => Term::Call(Function::And, tests),
        }
    }

    fn operator(&self, name: &str, operands: Node<'d>, item: Option<&str>, depth: usize) -> Term {
        let name = name.to_ascii_lowercase();
        let logical = match name.as_str() {
            "and" => Some(Function::And),
            "or" => Some(Function::Or),
            "not" => Some(Function::Not),
            _ => None,
        };
        if let Some(function) = logical {
            let inner: Vec<Term> = if operands.is_list() {
                operands.items().map(|n| self.test(n, item, depth + 1)).collect()
            } else {
                vec![self.test(operands, item, depth + 1)]
            };
            return combine(function, inner);
        }
        let arguments: Vec<Term> = if operands.is_list() {
            operands.items().map(|n| self.operand(n, item)).collect()
        } else {
            vec![self.operand(operands, item)]
        };
        let function = match name.as_str() {
            "equals" => Function::Equals,
            "greater" => Function::Greater,
            "greaterorequals" => Function::GreaterOrEquals,
            "less" => Function::Less,
            "lessorequals" => Function::LessOrEquals,
            "contains" => Function::Contains,
            "startswith" => Function::StartsWith,
            "endswith" => Function::EndsWith,
            "empty" => Function::Empty,
            _ => return Term::Unknown(arguments.iter().flat_map(Term::references).cloned().collect()),
        };
        Term::Call(function, arguments)
    }
}

/// One test alone needs no `and` around it; none at all says nothing.
fn combine(function: Function, mut tests: Vec<Term>) -> Term {
    match (&function, tests.len()) {
        (_, 0) => Term::Unknown(Vec::new()),
        (Function::And | Function::Or, 1) => tests.remove(0),
        _ => Term::Call(function, tests),
    }
}
