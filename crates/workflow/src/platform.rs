//! The platforms whose definitions are understood, and the names they have in reports.

use serde::{Deserialize, Serialize};

/// A low-code platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    /// SailPoint Identity Security Cloud workflows.
    #[serde(rename = "sailpoint")]
    SailPoint,
    /// Okta Workflows.
    OktaWorkflows,
    /// Azure Logic Apps, Consumption and Standard.
    #[serde(rename = "logicapps")]
    LogicApps,
    /// Microsoft Power Automate cloud flows.
    #[serde(rename = "powerautomate")]
    PowerAutomate,
    /// n8n.
    #[serde(rename = "n8n")]
    N8n,
    /// Rapid7 InsightConnect.
    #[serde(rename = "insightconnect")]
    InsightConnect,
    /// AWS Step Functions.
    #[serde(rename = "stepfunctions")]
    StepFunctions,
    /// Google SecOps (Chronicle SOAR) playbooks.
    GoogleSecops,
    /// CNCF Serverless Workflow 1.0.
    #[serde(rename = "serverlessworkflow")]
    ServerlessWorkflow,
    /// BPMN 2.0: Camunda 7 and 8, Flowable.
    Bpmn,
    /// Splunk SOAR.
    SplunkSoar,
    /// Node-RED.
    NodeRed,
}

impl Platform {
    /// All platforms, in the order of reports.
    pub const ALL: [Platform; 12] = [
        Platform::SailPoint,
        Platform::OktaWorkflows,
        Platform::LogicApps,
        Platform::PowerAutomate,
        Platform::N8n,
        Platform::InsightConnect,
        Platform::StepFunctions,
        Platform::GoogleSecops,
        Platform::ServerlessWorkflow,
        Platform::Bpmn,
        Platform::SplunkSoar,
        Platform::NodeRed,
    ];

    /// The name in reports, filters and the catalogue.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Platform::SailPoint => "sailpoint",
            Platform::OktaWorkflows => "okta-workflows",
            Platform::LogicApps => "logicapps",
            Platform::PowerAutomate => "powerautomate",
            Platform::N8n => "n8n",
            Platform::InsightConnect => "insightconnect",
            Platform::StepFunctions => "stepfunctions",
            Platform::GoogleSecops => "google-secops",
            Platform::ServerlessWorkflow => "serverlessworkflow",
            Platform::Bpmn => "bpmn",
            Platform::SplunkSoar => "splunk-soar",
            Platform::NodeRed => "node-red",
        }
    }

    /// The name people know.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Platform::SailPoint => "SailPoint ISC",
            Platform::OktaWorkflows => "Okta Workflows",
            Platform::LogicApps => "Azure Logic Apps",
            Platform::PowerAutomate => "Power Automate",
            Platform::N8n => "n8n",
            Platform::InsightConnect => "Rapid7 InsightConnect",
            Platform::StepFunctions => "AWS Step Functions",
            Platform::GoogleSecops => "Google SecOps",
            Platform::ServerlessWorkflow => "Serverless Workflow",
            Platform::Bpmn => "BPMN 2.0",
            Platform::SplunkSoar => "Splunk SOAR",
            Platform::NodeRed => "Node-RED",
        }
    }
}

impl std::fmt::Display for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Node-RED's nodes for stores of documents, by how their types begin.
const DOCUMENTS: &[&str] =
    &["mongodb", "cloudant", "couchdb", "firebase", "firestore", "rtdb", "nedb", "nosql"];

/// Whether a connector is one of Node-RED's nodes for a store of documents.
#[must_use]
pub fn keeps_documents(connector: &str) -> bool {
    let begins = |with: &&str| connector.get(..with.len()).is_some_and(|c| c.eq_ignore_ascii_case(with));
    DOCUMENTS.iter().any(begins)
}
