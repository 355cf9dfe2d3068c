//! The names in an n8n expression's text, and what the run says they stand for.

use crate::Val;
use crate::evaluate::Scope;
use workflow::Text;

/// What depends on the clock, the place or chance.
const OPEN: [&str; 14] = [
    "Date",
    "$now",
    "$today",
    "random",
    "Random",
    "Intl",
    "toLocale",
    "Luxon",
    "$fromAI",
    "crypto",
    "hash",
    "performance",
    "localeCompare",
    "$getWorkflowStaticData",
];

/// What the names in a text stand for, as the prelude reads it; none where one of them is not known.
pub(super) fn data(text: &str, scope: &dyn Scope) -> Option<Val> {
    if OPEN.iter().any(|word| text.contains(word)) {
        return None;
    }
    let mut names: Vec<(Text, Val)> = Vec::new();
    let mut nodes: Vec<(Text, Val)> = Vec::new();
    let mut input = Val::Null;
    for (at, _) in text.match_indices('$') {
        let rest = &text[at..];
        let end = rest[1..].find(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(rest.len(), |e| e + 1);
        let (name, after) = rest.split_at(end);
        // `${` of a template literal.
        if name == "$" && after.starts_with('{') {
            continue;
        }
        match name {
            "$if" | "$ifEmpty" | "$min" | "$max" => {}
            "$" | "$node" => {
                let node = quoted(after)?;
                if !nodes.iter().any(|(n, _)| n == node) {
                    nodes.push((node.into(), both(scope, &format!("$('{node}')"))?));
                }
            }
            "$input" => input = both(scope, "$input")?,
            name => {
                if !names.iter().any(|(n, _)| n == name) {
                    names.push((name.into(), known(scope, name)?));
                }
            }
        }
    }
    Some(Val::map(vec![
        ("names".into(), Val::map(names)),
        ("nodes".into(), Val::map(nodes)),
        ("input".into(), input),
    ]))
}

/// The current item and all items of a node; only one of them need be known where only one is used.
fn both(scope: &dyn Scope, name: &str) -> Option<Val> {
    let item = known(scope, name)?;
    let all = known(scope, &format!("{name}.all()"))?;
    Some(Val::map(vec![("item".into(), item), ("all".into(), all)]))
}

fn known(scope: &dyn Scope, name: &str) -> Option<Val> {
    scope.name(name).filter(Val::is_known)
}

/// The name in `('x')` or `["x"]`.
fn quoted(after: &str) -> Option<&str> {
    let inner = after.trim_start().strip_prefix(['(', '['])?.trim_start();
    let quote = inner.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let rest = &inner[1..];
    rest.find(quote).map(|end| &rest[..end]).filter(|n| !n.contains('\\'))
}
