//! The control record: what an organisation states about a workflow that can change access.
//!
//! It stands beside the workflow (`x.control.yaml`); `docs/formats/control-record.md` describes it for people, and
//! `docs/formats/control-record.schema.json` for programs.

use serde::{Deserialize, Serialize};
use workflow::{Kind, Text};

/// A control record.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ControlRecord {
    /// `countersign.control/1`.
    pub schema: Text,
    /// The workflow it is about: its name or id, where the file beside it holds several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<Text>,
    /// The business process it is part of, in a sentence: what it is for.
    #[serde(default)]
    pub purpose: String,
    /// Who answers for the business process.
    #[serde(default)]
    pub owner: Text,
    /// Who approves its releases for security.
    #[serde(default)]
    pub security_approver: Text,
    /// Who stands in for the owner or the approver.
    #[serde(default)]
    pub deputies: Vec<Text>,
    /// What it may do at most.
    #[serde(default)]
    pub boundary: Boundary,
    /// What stands before a change.
    #[serde(default)]
    pub gate: GateStatement,
    /// What steps do whose effect the definition does not show.
    #[serde(default)]
    pub declared: Vec<Declared>,
    /// The credentials it uses, by the platform's id or name, as `credentials.yaml` lists them.
    #[serde(default)]
    pub credentials: Vec<Text>,
    /// Its scenario files.
    #[serde(default)]
    pub tests: Vec<Text>,
    /// How long its records are kept, as an ISO 8601 duration.
    #[serde(default)]
    pub retention: Text,
    /// The framework requirements it gives evidence for (`nist-csf-2.0 PR.AA-05`).
    #[serde(default)]
    pub frameworks: Vec<Text>,
}

/// What a workflow may do at most.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Boundary {
    /// The systems it may change.
    #[serde(default)]
    pub systems: Vec<Text>,
    /// The kinds of effect it may have.
    #[serde(default)]
    pub effects: Vec<Kind>,
    /// The entitlements it may give or take; empty for any that the systems have.
    #[serde(default)]
    pub entitlements: Vec<Text>,
    /// Whose access it may change.
    #[serde(default)]
    pub populations: Vec<Text>,
    /// How many identities one run may change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identities_per_run: Option<u64>,
    /// How many identities may be changed in a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identities_per_day: Option<u64>,
}

/// What stands before a change.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct GateStatement {
    /// Where the approval is given.
    #[serde(default)]
    pub kind: GateKind,
    /// The policy that says who may approve.
    #[serde(default)]
    pub approvers: Text,
    /// Why no approval is needed, where none is.
    #[serde(default)]
    pub reason: String,
}

/// Where the approval is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateKind {
    /// Not said.
    #[default]
    Unstated,
    /// By a step of the workflow.
    Workflow,
    /// In the platform, before the trigger fires.
    Platform,
    /// Nowhere: the change is made on a rule.
    Rule,
}

/// What a step does whose effect the definition does not show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Declared {
    /// The step's id.
    pub step: Text,
    /// What it does.
    pub effects: Vec<Kind>,
    /// On which system.
    #[serde(default)]
    pub system: Text,
    /// Who looked and when, for the reviewer.
    #[serde(default)]
    pub evidence: String,
}

/// What is known about a workflow from around it.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// It stands in a folder that is governed: records and approved connectors are expected.
    pub governed: bool,
    /// Its control record.
    pub record: Option<ControlRecord>,
    /// A file that holds its control record, or can hold it, could not be read.
    pub record_unread: bool,
    /// Connectors that may be used, as `connector` or `connector@version`.
    pub approved_connectors: Vec<Text>,
    /// For each of its credentials that others use too: the credential's id and the workflows.
    pub shared: Vec<(Text, Vec<String>)>,
}

impl ControlRecord {
    /// What the record lacks that every control automation needs, in words.
    #[must_use]
    pub fn lacks(&self) -> Vec<&'static str> {
        let b = &self.boundary;
        let needs = [
            (self.owner.is_empty(), "an owner"),
            (self.security_approver.is_empty(), "a security approver"),
            (b.systems.is_empty() || b.effects.is_empty(), "a boundary (systems and effects)"),
            (self.tests.is_empty(), "tests"),
        ];
        needs.into_iter().filter(|(lacking, _)| *lacking).map(|(_, what)| what).collect()
    }

    /// Whether the record declares what a step does.
    #[must_use]
    pub fn declares(&self, step: &str) -> bool {
        self.declared.iter().any(|d| d.step == step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value as Json;

    fn schema() -> Json {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/formats/control-record.schema.json");
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    fn keys(value: &Json) -> Vec<String> {
        let mut keys: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    }

    #[test]
    fn the_schema_has_the_fields_of_the_record() {
        let one = Some(1);
        let boundary = Boundary { identities_per_run: one, identities_per_day: one, ..Boundary::default() };
        let record = ControlRecord { workflow: Some("x".into()), boundary, ..ControlRecord::default() };
        let (written, schema) = (serde_json::to_value(&record).unwrap(), schema());
        let properties = &schema["$defs"]["record"]["properties"];
        assert_eq!(keys(&written), keys(properties));
        for part in ["boundary", "gate"] {
            assert_eq!(keys(&written[part]), keys(&properties[part]["properties"]));
        }
        let kinds: Vec<Kind> = serde_json::from_value(schema["$defs"]["effect"]["enum"].clone()).unwrap();
        assert_eq!(kinds, Kind::ALL);
    }

    #[test]
    fn a_misspelt_field_is_an_error() {
        let record =
            serde_json::from_str::<ControlRecord>(r#"{"schema":"countersign.control/1","ovner":"x"}"#);
        assert!(record.is_err());
    }
}
