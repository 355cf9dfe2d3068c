//! The layout of version 4: cells of a drawing. Conditions stand only in the code that was made of them.

use super::blocks::{Block, Blocks, Case, Comparison, Kind, Link};
use super::scalar;
use crate::doc::Node;

/// Blocks and edges of a drawing.
pub(super) fn read(cells: Node<'_>) -> Blocks<'_> {
    let (mut blocks, mut links) = (Vec::new(), Vec::new());
    for cell in cells.items() {
        if cell.str("type") == Some("link") {
            links.extend(link(cell));
        } else if let Some(id) = cell.str("id") {
            blocks.push(block(id, cell));
        }
    }
    Blocks { blocks, links }
}

fn link(cell: Node<'_>) -> Option<Link<'_>> {
    let (source, target) = (cell.get("source")?, cell.get("target")?);
    let port = source.str("port").and_then(|p| p.strip_prefix("out-"));
    let case = port.and_then(|p| p.parse::<usize>().ok()).and_then(|p| p.checked_sub(1));
    Some(Link { from: source.str("id")?, to: target.str("id")?, case, line: cell.line() })
}

fn block<'d>(id: &'d str, cell: Node<'d>) -> Block<'d> {
    let kind = kind(cell);
    let asset = cell.get("assets").and_then(|a| a.items().next());
    let written = cell.str("custom_name").filter(|n| !n.is_empty());
    let title = written.or_else(|| cell.str("name").filter(|n| !n.is_empty()));
    let function = cell.str("previous_name").filter(|n| !n.is_empty()).map_or_else(
        || {
            format!("{}_{}", title.unwrap_or(id), scalar(cell, "number").unwrap_or_default())
                .replace(' ', "_")
        },
        str::to_owned,
    );
    // `community/collect_by_cef_type`: repository and name.
    let function_name = cell.str("customFunction").and_then(|f| f.split_once('/'));
    let operation = match kind {
        Kind::Action => cell.str("action").unwrap_or_default(),
        Kind::Utility => function_name.map(|(_, name)| name).or_else(|| api(cell)).unwrap_or("api"),
        Kind::Prompt => "prompt",
        Kind::Format => "format",
        Kind::Code => "code",
        Kind::Playbook => "playbook",
        Kind::Decision => "decision",
        Kind::Filter => "filter",
        Kind::End => "end",
        Kind::Start => "start",
        Kind::Unknown => cell.str("type").unwrap_or("unknown"),
    };
    let app = asset.and_then(|a| a.str("app_name")).filter(|n| !n.is_empty());
    let name = asset.and_then(|a| a.str("name")).filter(|n| !n.is_empty());
    let custom = cell.str("custom_code").filter(|c| !c.trim().is_empty());
    Block {
        id,
        kind,
        function,
        title: title.unwrap_or(id),
        node: cell,
        data: cell,
        connector: match (kind, function_name) {
            (Kind::Action, _) => app.or(name).unwrap_or("phantom"),
            (Kind::Utility, Some((repository, _))) => repository,
            _ => "phantom",
        },
        version: asset.and_then(|a| a.str("app_version")).unwrap_or_default(),
        operation,
        assets: name.into_iter().collect(),
        parameters: match kind {
            Kind::Action => cell.get("active_values"),
            Kind::Utility => cell.get("cfInputs").or_else(|| cell.get("configured")),
            _ => cell.get("parameters"),
        },
        cases: cases(kind, cell, custom.or_else(|| cell.str("block_code")).unwrap_or_default()),
        code: custom,
        required: false,
    }
}

/// The call of the case API; the first of several in one block.
fn api<'d>(cell: Node<'d>) -> Option<&'d str> {
    let all = cell.str("api")?;
    Some(all.split(',').next().unwrap_or(all).trim())
}

fn kind(cell: Node<'_>) -> Kind {
    match cell.str("type").unwrap_or_default() {
        "coa.StartEnd" if cell.str("title") == Some("END") => Kind::End,
        "coa.StartEnd" => Kind::Start,
        "coa.Action" => Kind::Action,
        "coa.Decision" => Kind::Decision,
        "coa.Filter" => Kind::Filter,
        "coa.Prompt" | "coa.Task" => Kind::Prompt,
        "coa.Format" => Kind::Format,
        "coa.FunctionBlock" | "coa.Function" => Kind::Code,
        "coa.Playbook" | "coa.CallPlaybook" => Kind::Playbook,
        "coa.API" | "coa.CustomFunctionBlock" | "coa.CustomFunction" => Kind::Utility,
        _ => Kind::Unknown,
    }
}

/// The cases of a decision or filter, from its code; one for each port.
fn cases(kind: Kind, cell: Node<'_>, code: &str) -> Vec<Case> {
    if !matches!(kind, Kind::Decision | Kind::Filter) {
        return Vec::new();
    }
    let mut found = conditions(code);
    let ports = cell.get("outPorts").map_or(0, Node::len);
    let otherwise = cell.bool("hasElse") == Some(true);
    while found.len() < ports {
        let last = otherwise && found.len() + 1 == ports;
        let name = if last { "else".to_owned() } else { String::new() };
        found.push(Case { name, comparisons: Vec::new(), any: false, otherwise: last });
    }
    found
}

/// Every `conditions=[["left", "op", "right"], …]` in a block's code.
fn conditions(code: &str) -> Vec<Case> {
    let mut found = Vec::new();
    for call in
        code.split("phantom.").skip(1).filter(|c| c.starts_with("decision(") || c.starts_with("condition("))
    {
        let Some((before, rest)) = call.split_once("conditions=[") else { continue };
        let end = rest.find("\n        ]").or_else(|| rest.find("])")).unwrap_or(rest.len());
        let list = &rest[..end];
        let comparisons = list.split('[').skip(1).filter_map(comparison).collect();
        let after = rest[end..].split("# call").next().unwrap_or_default();
        let any = [before, after]
            .iter()
            .any(|t| t.contains("logical_operator='or'") || t.contains("logical_operator=\"or\""));
        let name = format!("condition {}", found.len() + 1);
        found.push(Case { name, comparisons, any, otherwise: false });
    }
    found
}

/// `"left", "op", "right"]`.
fn comparison(text: &str) -> Option<Comparison> {
    let text = text.split(']').next()?;
    let mut parts = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() && parts.len() < 3 {
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (part, next) = match quote {
            Some(q) => rest[1..].split_once(q)?,
            None => rest.split_once(',').unwrap_or((rest, "")),
        };
        parts.push(part.trim().to_owned());
        rest = next.trim_start_matches([',', ' ', '\n']);
    }
    let [left, op, right] = <[String; 3]>::try_from(parts).ok()?;
    Some(Comparison { left, op, right })
}
