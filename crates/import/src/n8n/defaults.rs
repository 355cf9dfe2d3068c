//! Which operation a node does: its `resource` and `operation`, with n8n's defaults where the file leaves them out.

use std::sync::LazyLock;
use workflow::Value;

static LINES: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let lines = include_str!("defaults.txt").lines().filter(|l| !l.starts_with('#'));
    lines.filter_map(|l| l.split_once(' ')).collect()
});

/// What holds for a node type from a version on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Default {
    parameter: Option<&'static str>,
    resource: Option<&'static str>,
    operations: Option<&'static str>,
}

/// The defaults of a node type at a version; without a version, its newest.
fn default(node_type: &str, version: Option<f64>) -> Option<Default> {
    let found = LINES.binary_search_by(|(name, _)| (*name).cmp(node_type)).ok()?;
    let mut best = None;
    for part in LINES[found].1.split(" ; ") {
        let mut words = part.split(' ');
        let from: f64 = words.next()?.parse().ok()?;
        if version.is_some_and(|v| v < from) {
            break;
        }
        let mut word = || words.next().filter(|w| *w != "-");
        best = Some(Default { parameter: word(), resource: word(), operations: word() });
    }
    best
}

/// The resource and the operation of a node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Operation {
    /// Its resource; `*` where it is only known at run time.
    pub(super) resource: Option<String>,
    /// Its operation; `*` where it is only known at run time.
    pub(super) operation: Option<String>,
    /// The parameter that says the operation.
    pub(super) parameter: &'static str,
}

impl Operation {
    /// The operation in the catalogue's spelling.
    pub(super) fn key(&self) -> String {
        match (&self.resource, &self.operation) {
            (Some(resource), Some(operation)) => format!("{resource}:{operation}"),
            (None, Some(operation)) => operation.clone(),
            (Some(resource), None) => resource.clone(),
            (None, None) => "-".to_owned(),
        }
    }
}

/// What a node of a type does, by its parameters and the defaults.
pub(super) fn operation(node_type: &str, version: Option<f64>, parameters: &Value) -> Operation {
    let known = default(node_type, version);
    let parameter = known.and_then(|k| k.parameter).unwrap_or("operation");
    let resource = said(parameters.get("resource")).or_else(|| known?.resource.map(str::to_owned));
    let fallback = || known.and_then(|k| of_resource(k.operations?, resource.as_deref())).map(str::to_owned);
    let operation = said(parameters.get(parameter)).or_else(fallback);
    Operation { resource, operation, parameter }
}

fn said(value: &Value) -> Option<String> {
    match value {
        Value::Text(t) if !t.is_empty() => Some(t.to_string()),
        Value::Expr(_) => Some("*".to_owned()),
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

    fn key(node_type: &str, version: f64, parameters: &[(&str, &str)]) -> String {
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
        for (name, rest) in LINES.iter() {
            assert!(default(name, Some(99.0)).is_some() && default(name, None).is_some(), "{name} {rest}");
        }
    }
}
