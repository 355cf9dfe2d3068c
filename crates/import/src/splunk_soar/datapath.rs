//! Data paths: `artifact:*.cef.user`, `prompt_1:action_result.summary.responses.0`, `playbook_input:user`,
//! `filtered-data:filter_1:condition_1:<data path>`; anything else is a constant.

use super::blocks::{Case, Comparison};
use crate::doc::Node;
use crate::values::{computed, reference};
use std::collections::HashMap;
use workflow::{Expression, Function, Language, Root, Segment, Term, Value};

/// What was given to an earlier block is followed so far back.
const MAX_CHAIN: usize = 8;

/// What data paths may name: blocks' ids and parameters by their function names.
pub(super) struct Scope<'d> {
    pub(super) blocks: HashMap<String, (&'d str, Option<Node<'d>>)>,
}

impl Scope<'_> {
    /// A parameter's text as a value.
    pub(super) fn read(&self, text: &str, line: u32) -> Value {
        match self.path(text, MAX_CHAIN) {
            Some(term) => computed(Language::SplunkDatapath, text, term, line),
            None => Value::text(text),
        }
    }

    fn term(&self, text: &str) -> Term {
        self.path(text, MAX_CHAIN).unwrap_or_else(|| Term::Text(text.into()))
    }

    fn path(&self, text: &str, chain: usize) -> Option<Term> {
        let mut rest = text.trim();
        // What a filter lets through is read where it came from.
        while let Some(after) =
            rest.strip_prefix("filtered-data:").or_else(|| rest.strip_prefix("filtered-artifact:"))
        {
            rest = after.splitn(3, ':').nth(2)?;
        }
        let (head, field) = rest.split_once(':')?;
        if head.contains(char::is_whitespace) || field.starts_with("//") {
            return None;
        }
        let path = segments(field);
        match head {
            "artifact" | "container" | "playbook_input" | "playbook" => {
                let first = std::iter::once(Segment::Key(head.into()));
                Some(reference(Root::Trigger, first.chain(path).collect()))
            }
            "custom_list" => Some(reference(Root::Environment(text.into()), Vec::new())),
            _ => {
                let (id, given) = self.blocks.get(head)?;
                let given = given.and_then(|g| parameter(g, field)).filter(|_| chain > 0);
                match given {
                    Some(text) => Some(self.path(text, chain - 1).unwrap_or_else(|| Term::Text(text.into()))),
                    None => Some(reference(Root::Step((*id).into()), path)),
                }
            }
        }
    }

    /// The condition of a case.
    pub(super) fn condition(&self, case: &Case, line: u32) -> Expression {
        let texts: Vec<String> =
            case.comparisons.iter().map(|c| format!("{} {} {}", c.left, c.op, shown(&c.right))).collect();
        let mut terms: Vec<Term> = case.comparisons.iter().map(|c| self.compare(c)).collect();
        let term = match terms.len() {
            0 => Term::Unknown(Vec::new()),
            1 => terms.pop().unwrap_or(Term::Null),
            _ => Term::Call(if case.any { Function::Or } else { Function::And }, terms),
        };
        let text = texts.join(if case.any { " or " } else { " and " });
        Expression { language: Language::SplunkDatapath, text: text.into(), term, line }
    }

    fn compare(&self, comparison: &Comparison) -> Term {
        let (left, right) = (self.term(&comparison.left), self.term(&comparison.right));
        let unset = matches!(&right, Term::Text(t) if matches!(t.trim(), "" | "None"));
        let pair = |f: Function, a: Term, b: Term| Term::Call(f, vec![a, b]);
        let not = |t: Term| Term::Call(Function::Not, vec![t]);
        match comparison.op.as_str() {
            "==" if unset => Term::Call(Function::Empty, vec![left]),
            "!=" if unset => Term::Call(Function::Present, vec![left]),
            "==" => pair(Function::Equals, left, right),
            "!=" => pair(Function::NotEquals, left, right),
            "<" => pair(Function::Less, left, right),
            "<=" => pair(Function::LessOrEquals, left, right),
            ">" => pair(Function::Greater, left, right),
            ">=" => pair(Function::GreaterOrEquals, left, right),
            // The left is looked for inside of the right: a text in a text, an item in a list.
            "in" if matches!(right, Term::Text(_)) => pair(Function::Contains, right, left),
            "in" => pair(Function::In, left, right),
            "not in" => not(pair(Function::In, left, right)),
            other => pair(Function::Other(other.into()), left, right),
        }
    }
}

/// What a block was given, where a path reads just that: `action_result.parameter.table`.
fn parameter<'d>(given: Node<'d>, field: &str) -> Option<&'d str> {
    let key = field.strip_prefix("action_result.parameter.").filter(|k| !k.contains('.'))?;
    given.get(key).and_then(Node::as_str)
}

fn shown(text: &str) -> String {
    if text.is_empty() { "\"\"".to_owned() } else { text.to_owned() }
}

/// `action_result.data.*.user`. The questions of a prompt are told apart by their numbers, as keys.
fn segments(field: &str) -> Vec<Segment> {
    let mut found: Vec<Segment> = Vec::new();
    for part in field.split(['.', ':']).filter(|p| !p.is_empty()) {
        let answer = matches!(found.last(), Some(Segment::Key(k)) if k == "responses");
        found.push(match part {
            "*" => Segment::Each,
            _ if answer => Segment::Key(part.into()),
            _ => part.parse::<i64>().map_or_else(|_| Segment::Key(part.into()), Segment::Index),
        });
    }
    found
}
