//! The edges of a decision: by conditions, or by a person's answers.

use super::expression::Scope;
use super::steps::answer;
use crate::doc::Node;
use workflow::{EdgeKind, Expression, Function, Language, Term, Text};

/// The kinds of edge that a graph edge stands for; several where silence takes the way of an answer.
pub(super) fn kinds(id: &str, node: Node<'_>, edge: &str, name: &str, scope: &Scope<'_>) -> Vec<EdgeKind> {
    match node.str("type").unwrap_or_default() {
        "automated_decision" => vec![automated(node, edge, name, scope)],
        "decision_chatops" | "human_decision" => asked(id, node, edge, name),
        "filter" => vec![guarded(node, scope)],
        "break" => vec![EdgeKind::Otherwise { case: "continue".into() }],
        _ => Vec::new(),
    }
}

fn automated(node: Node<'_>, edge: &str, name: &str, scope: &Scope<'_>) -> EdgeKind {
    let parameters = node.get("parameters");
    let default = parameters.and_then(|p| p.str("defaultEdgeId"));
    let case = |fallback: &str| Text::from(if name.is_empty() { fallback } else { name });
    if default == Some(edge) {
        return EdgeKind::Otherwise { case: case("default") };
    }
    let listed = parameters.and_then(|p| p.get("stepControlParams"));
    let own = listed.into_iter().flat_map(Node::items).find(|p| p.str("edgeId") == Some(edge));
    let condition = own.map(|p| scope.condition(p));
    let condition = condition
        .unwrap_or_else(|| Expression::unknown(Language::InsightConnect, name, Vec::new(), node.line()));
    EdgeKind::When { case: case(&condition.text.clone()), condition }
}

fn asked(id: &str, node: Node<'_>, edge: &str, name: &str) -> Vec<EdgeKind> {
    let parameters = node.get("parameters");
    let options = parameters.and_then(|p| p.get("options").or_else(|| p.get("stepControlParams")));
    let option = options.into_iter().flat_map(Node::items).find(|o| o.str("edgeId") == Some(edge));
    let timeout = parameters.and_then(|p| p.str("timeoutEdgeId")) == Some(edge);
    let only = option.is_some_and(|o| o.bool("isTimeoutOnly") == Some(true))
        || (timeout && option.is_none() && options.is_some());
    let mut kinds = Vec::new();
    if !only {
        let case = option.and_then(|o| o.str("answer")).filter(|a| !a.is_empty()).unwrap_or(name);
        let term = Term::Call(Function::Equals, vec![answer(id), Term::Text(case.into())]);
        let text = format!("the answer is {case}").into();
        let condition = Expression { language: Language::Structured, text, term, line: node.line() };
        kinds.push(EdgeKind::When { case: case.into(), condition });
    }
    if timeout || only {
        kinds.push(EdgeKind::Timeout);
    }
    kinds
}

/// A filter goes on when its condition holds, or stops when it does.
fn guarded(node: Node<'_>, scope: &Scope<'_>) -> EdgeKind {
    let parameters = node.get("parameters");
    let mut condition = match parameters.and_then(|p| p.get("stepControlParam")) {
        Some(holder) => scope.condition(holder),
        None => Expression::unknown(Language::InsightConnect, "", Vec::new(), node.line()),
    };
    if parameters.and_then(|p| p.bool("stopOnMatch")) == Some(true) {
        condition.term = Term::Call(Function::Not, vec![condition.term]);
        condition.text = format!("not ({})", condition.text).into();
    }
    EdgeKind::When { case: "continue".into(), condition }
}

/// When a break leaves its loop.
pub(super) fn broken(node: Node<'_>, scope: &Scope<'_>) -> EdgeKind {
    let holder = node.at(&["parameters", "stepControlParam"]);
    let condition = holder.map_or_else(
        || Expression::unknown(Language::InsightConnect, "", Vec::new(), node.line()),
        |h| scope.condition(h),
    );
    EdgeKind::When { case: "break".into(), condition }
}
