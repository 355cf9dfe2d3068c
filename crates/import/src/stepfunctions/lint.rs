//! What the Amazon States Language does not allow in a state: fields of other types of states, two of what may stand once,
//! values out of their range, paths that are none. A definition with such a fault is refused when it is deployed.
//!
//! Sources: states-language.net/spec.html; docs.aws.amazon.com/step-functions, the pages of the states.

use super::jsonpath;
use super::outs::{Around, reader};
use super::scope::Scope;
use super::states::{Kind, State, States};
use super::value::Query;
use crate::dataflow::Data;
use crate::doc::Node;
use workflow::Problem;

/// Fields that every state may have.
const COMMON: [&str; 3] = ["Type", "Comment", "QueryLanguage"];
/// Fields of states that hand on something.
const ENDS: [&str; 2] = ["Next", "End"];
/// Fields that select from data, in JSONPath.
const SELECTS: [&str; 2] = ["InputPath", "OutputPath"];
/// Fields of states that do something and take its result.
const WORKS: [&str; 5] = ["ResultPath", "Parameters", "ResultSelector", "Retry", "Catch"];
/// Fields that JSONata has in place of those.
const JSONATA: [&str; 2] = ["Arguments", "Output"];
/// Fields of which only one may stand.
const ONE_OF: [&[&str]; 10] = [
    &["Error", "ErrorPath"],
    &["Cause", "CausePath"],
    &["TimeoutSeconds", "TimeoutSecondsPath"],
    &["HeartbeatSeconds", "HeartbeatSecondsPath"],
    &["Seconds", "SecondsPath", "Timestamp", "TimestampPath"],
    &["Iterator", "ItemProcessor"],
    &["ItemSelector", "Parameters"],
    &["MaxConcurrency", "MaxConcurrencyPath"],
    &["ToleratedFailureCount", "ToleratedFailureCountPath"],
    &["ToleratedFailurePercentage", "ToleratedFailurePercentagePath"],
];

/// The fields of one type of states; nothing where the type is not known.
fn own(kind: Kind) -> Option<Vec<&'static str>> {
    let some = |groups: &[&[&'static str]]| Some(groups.concat());
    match kind {
        Kind::Pass => some(&[&ENDS, &SELECTS, &["Result", "ResultPath", "Parameters", "Assign", "Output"]]),
        Kind::Task => some(&[
            &ENDS,
            &SELECTS,
            &WORKS,
            &JSONATA,
            &[
                "Assign",
                "Resource",
                "TimeoutSeconds",
                "TimeoutSecondsPath",
                "HeartbeatSeconds",
                "HeartbeatSecondsPath",
                "Credentials",
            ],
        ]),
        Kind::Choice => some(&[&SELECTS, &["Choices", "Default", "Assign", "Output"]]),
        Kind::Wait => some(&[
            &ENDS,
            &SELECTS,
            &["Seconds", "SecondsPath", "Timestamp", "TimestampPath", "Assign", "Output"],
        ]),
        Kind::Succeed => some(&[&SELECTS, &["Output"]]),
        Kind::Fail => some(&[&["Error", "ErrorPath", "Cause", "CausePath"]]),
        Kind::Parallel => some(&[&ENDS, &SELECTS, &WORKS, &JSONATA, &["Assign", "Branches"]]),
        Kind::Map => some(&[
            &ENDS,
            &SELECTS,
            &WORKS,
            &JSONATA,
            &[
                "Assign",
                "Iterator",
                "ItemProcessor",
                "ItemsPath",
                "Items",
                "ItemSelector",
                "MaxConcurrency",
                "MaxConcurrencyPath",
                "ItemReader",
                "ItemBatcher",
                "ResultWriter",
                "Label",
                "ToleratedFailureCount",
                "ToleratedFailureCountPath",
                "ToleratedFailurePercentage",
                "ToleratedFailurePercentagePath",
            ],
        ]),
        Kind::Unknown => None,
    }
}

/// The faults of all states.
pub(super) fn faults(states: &States<'_>, around: &Around<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    for state in &states.all {
        let none = Data::default();
        let scope = reader(state, &none, around).scope;
        let mut lint = Lint { state, scope, found: &mut found };
        lint.fields();
        lint.combinations();
        lint.errors();
        lint.paths();
    }
    found
}

/// One state.
struct Lint<'l, 'd> {
    state: &'l State<'d>,
    scope: Scope<'l>,
    found: &'l mut Vec<Problem>,
}

impl<'d> Lint<'_, 'd> {
    fn tell(&mut self, node: Node<'_>, message: &str) {
        let message = format!("state `{}`: {message}", self.state.name);
        self.found.push(Problem { path: String::new(), line: node.line(), message });
    }

    fn fields(&mut self) {
        let Some(own) = own(self.state.kind) else { return };
        let kind = self.state.node.str("Type").unwrap_or_default();
        for (key, node) in self.state.node.entries() {
            // What a template fills in is no field.
            let filled = key.contains("::") || key.contains("${") || key == "Ref";
            if !filled && !COMMON.contains(&key) && !own.contains(&key) {
                self.tell(node, &format!("`{key}` is no field of a {kind} state; take it out"));
            }
        }
    }

    fn combinations(&mut self) {
        for group in ONE_OF {
            let there: Vec<_> =
                group.iter().filter_map(|key| Some((*key, self.state.node.get(key)?))).collect();
            if let [.., (last, node)] = &there[..]
                && there.len() > 1
            {
                let first = there[0].0;
                self.tell(*node, &format!("`{first}` and `{last}` stand for the same; leave one of them"));
            }
        }
        if let Some(given) =
            self.state.node.get("Credentials").filter(|c| !c.is_map() && self.state.query == Query::JsonPath)
        {
            self.tell(given, "`Credentials` has to be an object, such as `{\"RoleArn\": ...}`");
        }
    }

    /// Retriers and catchers.
    fn errors(&mut self) {
        for key in ["Retry", "Catch"] {
            for rule in self.state.node.get(key).into_iter().flat_map(Node::items) {
                if rule
                    .get("ErrorEquals")
                    .is_some_and(|names| names.is_list() && names.items().next().is_none())
                {
                    self.tell(
                        rule,
                        &format!("`ErrorEquals` of `{key}` is empty; name errors, or `States.ALL`"),
                    );
                }
                self.range(rule, "BackoffRate", 1.0, "at least 1");
                self.range(rule, "MaxDelaySeconds", 1.0, "more than 0");
                self.range(rule, "IntervalSeconds", 1.0, "more than 0");
                self.range(rule, "MaxAttempts", 0.0, "0 or more");
                if let Some(jitter) = rule.get("JitterStrategy")
                    && jitter.as_str().is_some_and(|j| !matches!(j, "FULL" | "NONE") && !j.contains("${"))
                {
                    self.tell(jitter, "`JitterStrategy` is `FULL` or `NONE`");
                }
            }
        }
    }

    fn range(&mut self, rule: Node<'d>, key: &str, least: f64, words: &str) {
        let Some(node) = rule.get(key) else { return };
        if node.as_number().and_then(|n| n.parse::<f64>().ok()).is_some_and(|n| n < least) {
            self.tell(node, &format!("`{key}` has to be {words}"));
        }
    }

    /// Paths, and templates in which paths stand.
    fn paths(&mut self) {
        if self.state.query == Query::Jsonata {
            return;
        }
        for key in ["InputPath", "OutputPath", "ItemsPath"] {
            let Some(node) = self.state.node.get(key) else { continue };
            let is_path = node
                .as_str()
                .is_some_and(|t| t.contains("${") || t.starts_with('$') && jsonpath::path(t).is_some());
            if !(is_path || node.is_null() && key != "ItemsPath" || node.is_map()) {
                self.tell(node, &format!("`{key}` is no path; write one such as `$.items`"));
            }
        }
        for key in ["Parameters", "ItemSelector", "ResultSelector"] {
            self.state.node.get(key).into_iter().for_each(|node| self.template(node));
        }
    }

    /// The document's own bound on depth bounds the recursion.
    fn template(&mut self, node: Node<'d>) {
        for child in node.items() {
            self.template(child);
        }
        for (key, child) in node.entries() {
            match (key.strip_suffix(".$"), child.as_str()) {
                (Some(_), Some(text)) if text.contains("${") || jsonpath::is_valid(text, &self.scope) => {}
                (Some(_), _) if self.scope.placeholders.flattened(child).is_some() => {}
                (Some(name), _) => {
                    let message = format!(
                        "`{name}.$` is neither a path nor a call of a function; write `{name}` for a constant"
                    );
                    self.tell(child, &message);
                }
                (None, _) => self.template(child),
            }
        }
    }
}
