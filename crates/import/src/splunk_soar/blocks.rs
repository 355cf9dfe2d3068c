//! Blocks of a playbook and the edges between them, whatever layout they are written in.

use super::scalar;
use crate::doc::Node;

/// What kind of block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Start,
    End,
    Action,
    Decision,
    Filter,
    Prompt,
    Format,
    Code,
    Playbook,
    Utility,
    Unknown,
}

/// A comparison: two data paths or constants, and an operator.
pub(super) struct Comparison {
    pub(super) left: String,
    pub(super) op: String,
    pub(super) right: String,
}

/// One way out of a decision or a filter.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) comparisons: Vec<Comparison>,
    pub(super) any: bool,
    pub(super) otherwise: bool,
}

/// One block.
pub(super) struct Block<'d> {
    pub(super) id: &'d str,
    pub(super) kind: Kind,
    /// The name by which data paths call it.
    pub(super) function: String,
    pub(super) title: &'d str,
    /// The whole of it, for the digest.
    pub(super) node: Node<'d>,
    /// Where its settings stand.
    pub(super) data: Node<'d>,
    pub(super) connector: &'d str,
    pub(super) version: &'d str,
    pub(super) operation: &'d str,
    pub(super) assets: Vec<&'d str>,
    pub(super) parameters: Option<Node<'d>>,
    pub(super) cases: Vec<Case>,
    /// Code that people wrote into it, or in place of it.
    pub(super) code: Option<&'d str>,
    /// Says which of the blocks before it are not required (versions 5 and 6), so that the rest are.
    pub(super) required: bool,
}

/// An edge: from, to, and the case by which it leaves.
pub(super) struct Link<'d> {
    pub(super) from: &'d str,
    pub(super) to: &'d str,
    pub(super) case: Option<usize>,
    pub(super) line: u32,
}

/// Blocks and edges.
pub(super) struct Blocks<'d> {
    pub(super) blocks: Vec<Block<'d>>,
    pub(super) links: Vec<Link<'d>>,
}

/// The layout of versions 5 and 6: nodes by id, edges with ports.
pub(super) fn read<'d>(nodes: Node<'d>, edges: Option<Node<'d>>) -> Blocks<'d> {
    let blocks = nodes.entries().filter(|(_, n)| n.is_map()).map(|(id, n)| block(id, n)).collect();
    let mut links = Vec::new();
    for edge in edges.into_iter().flat_map(Node::items) {
        let (Some(from), Some(to)) = (scalar(edge, "sourceNode"), scalar(edge, "targetNode")) else {
            continue;
        };
        let taken: Vec<usize> = edge
            .get("conditions")
            .into_iter()
            .flat_map(Node::items)
            .filter_map(|c| scalar(c, "index").and_then(|i| i.parse().ok()))
            .collect();
        let line = edge.line();
        if taken.is_empty() {
            links.push(Link { from, to, case: None, line });
        }
        links.extend(taken.into_iter().map(|i| Link { from, to, case: Some(i), line }));
    }
    Blocks { blocks, links }
}

fn block<'d>(id: &'d str, node: Node<'d>) -> Block<'d> {
    let data = node.get("data").unwrap_or(node);
    let kind = kind(node.str("type").or_else(|| data.str("type")).unwrap_or_default());
    let function = data.str("functionName").unwrap_or(id);
    let title = data.get("advanced").and_then(|a| a.str("customName")).unwrap_or(function);
    let (connector, operation) = names(kind, data);
    let assets = data.get("connectorConfigs").into_iter().flat_map(Node::items).filter_map(Node::as_str);
    let parameters = match kind {
        Kind::Utility => data.get("values"),
        Kind::Playbook => data.get("inputs"),
        Kind::Code => data.get("inputParameters"),
        _ => data.get("parameters"),
    };
    Block {
        id,
        kind,
        function: function.to_owned(),
        title,
        node,
        data,
        connector,
        version: data.str("connectorVersion").unwrap_or_default(),
        operation,
        assets: assets.collect(),
        parameters,
        cases: data.get("conditions").into_iter().flat_map(Node::items).map(case).collect(),
        code: node.str("customCode").or_else(|| node.str("userCode")),
        required: true,
    }
}

fn kind(written: &str) -> Kind {
    match written {
        "start" => Kind::Start,
        "end" => Kind::End,
        // Mission Control's blocks are actions of a connector that is built in.
        "action" | "missionControl" => Kind::Action,
        "decision" => Kind::Decision,
        "filter" => Kind::Filter,
        "prompt" => Kind::Prompt,
        "format" => Kind::Format,
        "code" => Kind::Code,
        "playbook" => Kind::Playbook,
        "utility" => Kind::Utility,
        _ => Kind::Unknown,
    }
}

/// Connector and operation: a custom function's repository and name, a call of the case API by its label.
fn names<'d>(kind: Kind, data: Node<'d>) -> (&'d str, &'d str) {
    match kind {
        Kind::Action => (data.str("connector").unwrap_or("phantom"), data.str("action").unwrap_or_default()),
        Kind::Utility => match data.get("customFunction").filter(|f| f.is_map()) {
            Some(function) => {
                (function.str("repoName").unwrap_or("phantom"), function.str("name").unwrap_or_default())
            }
            None => {
                let utility = data.get("utilities").and_then(|u| u.entries().min_by_key(|(name, _)| *name));
                let label = utility.and_then(|(name, u)| u.str("label").or(Some(name)));
                ("phantom", label.unwrap_or("api"))
            }
        },
        Kind::Playbook => ("phantom", "playbook"),
        Kind::Prompt => ("phantom", "prompt"),
        Kind::Format => ("phantom", "format"),
        Kind::Code => ("phantom", "code"),
        Kind::Decision => ("phantom", "decision"),
        Kind::Filter => ("phantom", "filter"),
        Kind::End => ("phantom", "end"),
        Kind::Start => ("phantom", "start"),
        Kind::Unknown => ("phantom", data.str("type").unwrap_or("unknown")),
    }
}

fn case(node: Node<'_>) -> Case {
    let kind = node.str("type").unwrap_or_default();
    let name = node.str("customName").or_else(|| node.str("display")).unwrap_or_default().to_owned();
    let comparisons = node.get("comparisons").into_iter().flat_map(Node::items).map(|c| {
        let text = |key: &str| scalar(c, key).unwrap_or_default().to_owned();
        Comparison { left: text("param"), op: text("op"), right: text("value") }
    });
    let any = node.str("logic") == Some("or");
    Case { name, comparisons: comparisons.collect(), any, otherwise: kind == "else" }
}
