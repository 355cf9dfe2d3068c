//! Google SecOps playbooks: `docs/semantics/google-secops.md`.

use super::Semantics;

/// Its rules: those that every platform has.
pub struct GoogleSecOps;

impl Semantics for GoogleSecOps {}
