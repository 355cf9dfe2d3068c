//! Rapid7 InsightConnect: `docs/semantics/insightconnect.md`.

use super::Semantics;

/// Its rules: those that every platform has.
pub struct InsightConnect;

impl Semantics for InsightConnect {
    /// One path.
    fn serial(&self) -> bool {
        true
    }
}
