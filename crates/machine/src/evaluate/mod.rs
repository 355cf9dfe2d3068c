//! Evaluating expressions over values that may be unknown: one module per language, one contract.

use crate::Val;
use workflow::{Expression, Reference};

/// What an expression may read.
pub trait Scope {
    /// The value of a reference; unknown where the run does not know it.
    fn read(&self, reference: &Reference) -> Val;

    /// The moment of evaluation, in milliseconds since 1970 (UTC); none while time is not known.
    fn now(&self) -> Option<i64> {
        None
    }
}

/// Evaluates an expression. The result is unknown (in whole or in part) where something it needs is not known or not
/// understood; an error where its language says that evaluating it fails (a missing path, a wrong type).
///
/// # Errors
/// The failure in the language's own terms, for people and for error edges.
pub fn evaluate(expression: &Expression, scope: &dyn Scope) -> Result<Val, Failure> {
    let _ = scope;
    Ok(Val::unknown(expression.text.clone()))
}

/// An evaluation that fails by the rules of its language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The error's own name where the platform has one (`States.ParameterPathFailure`); else empty.
    pub name: workflow::Text,
    /// What went wrong, for people.
    pub message: String,
}
