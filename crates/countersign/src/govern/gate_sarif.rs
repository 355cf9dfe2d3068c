//! What the gate stops, as SARIF 2.1.0, for code scanning.

use super::gate::Stop;
use crate::report::sarif::{SCHEMA, pascal, uri};
use policy::{Mode, PolicySet};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// Defines the gate's own rules, each by its name, its id and what it means. Every other rule is a policy.
macro_rules! rules {
    ($($name:ident = $id:literal: $text:literal,)*) => {
        /// A rule of the gate's own.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Rule { $($name,)* }

        impl Rule {
            /// All of them.
            const ALL: &[Rule] = &[$(Rule::$name,)*];

            /// Its id.
            pub(super) fn id(self) -> &'static str {
                match self { $(Rule::$name => $id,)* }
            }

            /// What it means.
            fn text(self) -> &'static str {
                match self { $(Rule::$name => $text,)* }
            }
        }
    };
}

rules! {
    NotReleased = "not-released": "What lies here was not released to the environment.",
    ClosureChanged = "closure-changed": "What lies here differs from what was released.",
    GoverningChanged = "governing-changed": "People, policy or configuration are not the version in force.",
    GoverningNotInForce = "governing-not-in-force":
        "Something was released, and people, policy or configuration were never put in force.",
    StatementNotCounted = "statement-not-counted":
        "A statement does not count: it was not signed as it says, or no act like it may follow.",
    ComponentWithdrawn = "component-withdrawn":
        "The approval of a component that the release rests on was withdrawn.",
    FileUnread = "file-unread": "A file cannot be read, so nobody knows what it does.",
    LinkNotFollowed = "link-not-followed": "A link or special file, behind which nobody looks.",
    FolderNotLookedAt = "folder-not-looked-at": "Files are committed in a folder in which nobody looks for workflows.",
    ReleasedNotHere = "released-not-here": "A workflow is live and its definition is not here.",
    HistoryMissing = "history-missing": "There is no history, so nobody can say who touched what.",
    HistoryElsewhere = "history-elsewhere":
        "A file of a workflow is in no commit here, so nobody can say who wrote it.",
    HistoryShallow = "history-shallow": "The history is cut off, so nobody can say who touched what.",
    TestsDiffer = "tests-differ": "The tests give something else than was attested to.",
    Error = "error": "It could not be decided.",
}

/// The log of what does not pass in a folder.
pub(super) fn log(stops: &[Stop], folder: &Path) -> Value {
    let ids: Vec<&str> = stops.iter().map(|s| s.rule.as_str()).collect::<BTreeSet<_>>().into_iter().collect();
    let core = PolicySet::core();
    let rules: Vec<Value> = ids.iter().map(|id| rule(id, &core)).collect();
    let results: Vec<Value> = stops.iter().map(|s| result(s, &ids, folder)).collect();
    json!({"$schema": SCHEMA, "version": "2.1.0", "runs": [{
        "tool": {"driver": {
            "name": "Countersign gate",
            "version": env!("CARGO_PKG_VERSION"),
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "shortDescription": {"text": "Lets only released workflows pass."},
            "rules": rules,
        }},
        "columnKind": "utf16CodeUnits",
        "results": results,
    }]})
}

/// A rule: one of the gate's own, a policy of the core, or one of the organisation's.
fn rule(id: &str, core: &PolicySet) -> Value {
    let own = Rule::ALL.iter().find(|known| known.id() == id).map(|own| own.text().to_owned());
    let policy = || core.policy(id).map(|p| p.reason.replace('`', ""));
    let text = own.clone().or_else(policy).unwrap_or_else(|| "A policy of the organisation.".to_owned());
    let help = match own {
        Some(_) => {
            "Propose what lies here, have it reviewed, and release it; or go back to what was released."
                .to_owned()
        }
        None => format!("`countersign policy explain {id}` says what the policy asks for."),
    };
    json!({
        "id": id,
        "name": pascal(id),
        "shortDescription": {"text": text},
        "help": {"text": help},
        "properties": {"tags": ["security", "change-control", "low-code"]},
    })
}

fn result(stop: &Stop, ids: &[&str], folder: &Path) -> Value {
    let level = match stop.mode {
        Mode::Enforce => "error",
        Mode::Warn => "warning",
        Mode::Observe => "note",
    };
    let fix = if stop.fix.is_empty() { String::new() } else { format!(" What to do: {}.", stop.fix) };
    json!({
        "ruleId": stop.rule,
        "ruleIndex": ids.iter().position(|id| *id == stop.rule),
        "level": level,
        "message": {"text": format!("{}{}{fix}", stop.message, if fix.is_empty() { "" } else { "." })},
        "locations": [{
            "physicalLocation": {"artifactLocation": place(stop, folder), "region": {"startLine": 1}},
            "logicalLocations": [{"name": stop.subject, "kind": "module"}],
        }],
        "partialFingerprints": {"countersign/gate/v1": format!("{}|{}|{}", stop.rule, stop.subject, stop.path)},
    })
}

/// The file of what is stopped: a workflow, a statement, or where neither is known the folder's configuration.
fn place(stop: &Stop, folder: &Path) -> Value {
    let path = match stop.path.as_str() {
        "" => crate::scan::CONFIGURATION.to_owned(),
        path => path.to_owned(),
    };
    let inside = folder.strip_prefix(".").unwrap_or(folder).join(path);
    let uri = uri(&inside.to_string_lossy());
    if uri.starts_with("file:") {
        json!({ "uri": uri })
    } else {
        json!({"uri": uri, "uriBaseId": "%SRCROOT%"})
    }
}

#[cfg(test)]
mod tests {
    use super::Rule;
    use std::collections::BTreeSet;

    #[test]
    fn every_rule_has_an_id_of_its_own_that_the_manual_explains() {
        let ids: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        assert_eq!(ids.len(), Rule::ALL.len());
        let manual = include_str!("../../../../docs/gate.md");
        let rows: Vec<&str> = manual.lines().filter(|l| l.starts_with("| `")).collect();
        let lacking = |id: &&&str| !rows.iter().any(|row| row.contains(&format!("`{id}`")));
        assert_eq!(ids.iter().filter(lacking).collect::<Vec<_>>(), Vec::<&&str>::new());
    }
}
