//! CNCF Serverless Workflow 1.0: `docs/semantics/serverless-workflow.md`.

use super::Semantics;

/// Its rules.
pub struct ServerlessWorkflow;

impl Semantics for ServerlessWorkflow {
    fn catches_once(&self) -> bool {
        true
    }

    fn raise_can_be_caught(&self) -> bool {
        true
    }

    fn is_local(&self, variable: &str) -> bool {
        variable != "context"
    }
}
