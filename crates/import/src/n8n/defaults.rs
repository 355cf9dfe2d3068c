//! Which operation a node does: its `resource` and `operation`, with n8n's defaults where the file leaves them out.

use std::sync::LazyLock;
use workflow::{Text, Value};

/// A node type, and what holds from which version on.
type Line = (&'static str, Vec<(f64, Default)>);

static LINES: LazyLock<Vec<Line>> = LazyLock::new(|| {
    let lines = include_str!("defaults.txt").lines().filter(|l| !l.starts_with('#'));
    let lines = lines.filter_map(|l| l.split_once(' '));
    lines.map(|(name, parts)| (name, parts.split(';').filter_map(part).collect())).collect()
});

/// What holds for a node type from a version on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Default {
    parameter: Option<&'static str>,
    resource: Option<&'static str>,
    operations: Option<&'static str>,
}

/// A version, and what holds from it on.
fn part(text: &'static str) -> Option<(f64, Default)> {
    let mut words = text.split_ascii_whitespace();
    let from = words.next()?.parse().ok()?;
    let mut word = || words.next().filter(|w| *w != "-");
    Some((from, Default { parameter: word(), resource: word(), operations: word() }))
}

/// The defaults of a node type at a version; without a version, its newest.
fn default(node_type: &str, version: Option<f64>) -> Option<Default> {
    let found = LINES.binary_search_by(|(name, _)| (*name).cmp(node_type)).ok()?;
    let later = |from: f64| version.is_some_and(|v| v < from);
    LINES[found].1.iter().take_while(|(from, _)| !later(*from)).last().map(|(_, default)| *default)
}

/// The resource and the operation of a node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Operation {
    /// Its resource; `*` where it is only known at run time.
    pub(super) resource: Option<Text>,
    /// Its operation; `*` where it is only known at run time.
    pub(super) operation: Option<Text>,
    /// The parameter that says the operation.
    pub(super) parameter: &'static str,
}

impl Operation {
    /// The operation in the catalogue's spelling.
    pub(super) fn key(&self) -> Text {
        match (&self.resource, &self.operation) {
            (Some(resource), Some(operation)) => {
                [resource.as_str(), ":", operation.as_str()].into_iter().collect()
            }
            (None, Some(operation)) => operation.clone(),
            (Some(resource), None) => resource.clone(),
            (None, None) => "-".into(),
        }
    }
}

/// What a node of a type does, by its parameters and the defaults.
pub(super) fn operation(node_type: &str, version: Option<f64>, parameters: &Value) -> Operation {
    let known = default(node_type, version);
    let parameter = known.and_then(|k| k.parameter).unwrap_or("operation");
    let resource = said(parameters.get("resource")).or_else(|| known?.resource.map(Text::from));
    let fallback = || known.and_then(|k| of_resource(k.operations?, resource.as_deref())).map(Text::from);
    let operation = said(parameters.get(parameter)).or_else(fallback);
    Operation { resource, operation, parameter }
}

fn said(value: &Value) -> Option<Text> {
    match value {
        Value::Text(t) if !t.is_empty() => Some(t.clone()),
        Value::Expr(_) => Some("*".into()),
        _ => None,
    }
}

/// The default operation of a resource, from `one` or `resource=one,other=two`.
fn of_resource(operations: &'static str, resource: Option<&str>) -> Option<&'static str> {
    if !operations.contains('=') {
        return Some(operations);
    }
    let pairs = || operations.split(',').filter_map(|p| p.split_once('='));
    match resource {
        Some("*") => Some("*"),
        Some(resource) => pairs().find(|(r, _)| *r == resource).map(|(_, o)| o),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(node_type: &str, version: f64, parameters: &[(&str, &str)]) -> Text {
        let mut map = workflow::Map::default();
        parameters.iter().for_each(|(k, v)| map.push(*k, Value::text(*v), 0));
        operation(node_type, Some(version), &Value::Map(map)).key()
    }

    #[test]
    fn absent_parameters_have_their_defaults() {
        assert_eq!(key("n8n-nodes-base.awsIam", 1.0, &[]), "user:getAll");
        assert_eq!(key("n8n-nodes-base.gSuiteAdmin", 1.0, &[("operation", "update")]), "user:update");
        assert_eq!(key("n8n-nodes-base.gmail", 1.0, &[]), "draft:create");
        assert_eq!(key("n8n-nodes-base.gmail", 2.1, &[]), "message:send");
        assert_eq!(key("n8n-nodes-base.wait", 1.1, &[("resume", "webhook")]), "webhook");
        assert_eq!(key("n8n-nodes-base.noOp", 1.0, &[]), "-");
    }

    #[test]
    fn the_lines_are_sorted() {
        assert!(LINES.is_sorted_by(|a, b| a.0 < b.0));
        assert!(LINES.len() > 300);
    }

    #[test]
    fn every_line_is_well_formed() {
        for line in include_str!("defaults.txt").lines().filter(|l| !l.starts_with('#')) {
            let (name, parts) = line.split_once(' ').unwrap();
            let known = &LINES[LINES.binary_search_by(|(n, _)| (*n).cmp(name)).unwrap()].1;
            assert_eq!(known.len(), parts.split(" ; ").count(), "{line}");
            assert!(default(name, Some(99.0)).is_some() && default(name, None).is_some(), "{line}");
        }
    }
}
