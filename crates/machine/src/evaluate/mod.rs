//! Evaluating expressions over values that may be unknown: one module per language, one contract.
//!
//! Importers parse every language into one [`workflow::Term`]; `term.rs` evaluates it with three-valued logic, and asks
//! the language's own [`rules::Rules`] for what differs: truth, equality, missing paths, functions. Where a language
//! has a real interpreter at hand (JavaScript, jq, JSONata), everything the text names is known and the run knows what
//! the names stand for ([`Scope::name`]), the text itself is interpreted. What cannot be evaluated is unknown, by what
//! it stands for; it is never a guess.

mod asl;
mod common;
mod feel;
mod jq;
mod js;
mod json;
mod jsonata;
mod juel;
mod path;
mod predicate;
mod rules;
mod sailpoint;
mod security;
mod symbol;
mod term;
mod time;
mod wdl;

#[cfg(test)]
mod tests;

pub use json::{parse as from_json, write as to_json};
pub use symbol::{FRESH, is_fresh};
pub(crate) use time::is_moment;

use crate::Val;
use js::conditions::{self, Style};
use workflow::{Expression, Language, Platform, Reference};

/// What an expression may read.
pub trait Scope {
    /// The value of a reference; unknown where the run does not know it. The evaluator asks for the root alone, or for
    /// the root and the position of an item of a step that gives many ([`workflow::Segment::Index`],
    /// [`workflow::Segment::Each`] first in the path), and takes the rest of the path by the language's own rules.
    fn read(&self, reference: &Reference) -> Val;

    /// What an unknown value has turned out to be; itself where that is still open.
    fn resolve(&self, value: Val) -> Val {
        value
    }

    /// The moment of evaluation, in milliseconds since 1970 (UTC); none while time is not known.
    fn now(&self) -> Option<i64> {
        None
    }

    /// The platform, for conditions that it writes as data ([`Language::Structured`]).
    fn platform(&self) -> Option<Platform> {
        None
    }

    /// What a name of the language's own stands for here: `.` and `$workflow` of jq, `$json` and `$('Node')` of n8n,
    /// `msg` of Node-RED, `$states` of JSONata. None where the run cannot say: the expression is then evaluated by its
    /// parsed form.
    fn name(&self, name: &str) -> Option<Val> {
        let _ = name;
        None
    }

    /// A name that [`Scope::name`] does not give stands for nothing, which is a failure where a value is needed.
    fn is_whole(&self) -> bool {
        false
    }
}

/// Evaluates an expression. A member of a value that is not known is taken to be there. The result is unknown (in whole or
/// in part) where something it needs is not known or not understood; an error where its language says that evaluating it fails (a missing path, a wrong type).
///
/// # Errors
/// The failure in the language's own terms, for people and for error edges.
pub fn evaluate(expression: &Expression, scope: &dyn Scope) -> Result<Val, Failure> {
    let parsed = match expression.language {
        Language::Jq if jq::makes_streams(&expression.text) => Ok(jq::stream(expression)),
        language => term::evaluate(expression, scope, rules(language, scope.platform())),
    };
    let value = match parsed {
        Ok(value) if !value.is_known() => interpreted(expression, scope).unwrap_or(Ok(value)),
        settled => settled,
    };
    // What JSON has no number for is nothing where it leaves the expression.
    value.map(|v| if matches!(v, Val::Number(n) if !n.is_finite()) { Val::Null } else { v })
}

/// Evaluates an expression as its language's own interpreter does, where there is one and all is known; else as
/// [`evaluate`].
///
/// # Errors
/// As [`evaluate`].
pub(crate) fn exactly(expression: &Expression, scope: &dyn Scope) -> Result<Val, Failure> {
    interpreted(expression, scope).unwrap_or_else(|| evaluate(expression, scope))
}

/// What the text itself gives to its language's interpreter, where the run knows what every name in it stands for.
fn interpreted(expression: &Expression, scope: &dyn Scope) -> Option<Result<Val, Failure>> {
    match expression.language {
        // An edit leaves the parsed form alone.
        _ if expression.text.is_empty() => None,
        Language::N8n => js::whole(expression, scope),
        Language::Jq => jq::whole(expression, scope),
        Language::Jsonata => jsonata::whole(expression, scope),
        _ => None,
    }
}

/// Whether a condition holds; none where that is not known. Knows more than the value alone: a false operand decides an
/// `and` whatever the other is.
///
/// # Errors
/// As [`evaluate`].
pub fn condition(expression: &Expression, scope: &dyn Scope) -> Result<Option<bool>, Failure> {
    let value = match (expression.language, scope.platform()) {
        (Language::Structured, Some(Platform::N8n)) => conditions::evaluate(Style::N8n, expression, scope)?,
        (Language::Structured, Some(Platform::NodeRed)) => {
            conditions::evaluate(Style::NodeRed, expression, scope)?
        }
        _ => evaluate(expression, scope)?,
    };
    match holds(expression, &value, scope) {
        Some(answer) => Ok(Some(answer)),
        None => term::condition(expression, scope, rules(expression.language, scope.platform())),
    }
}

/// Whether a value makes a condition hold, by the language's own idea of truth; none where that is not known.
#[must_use]
pub fn holds(expression: &Expression, value: &Val, scope: &dyn Scope) -> Option<bool> {
    rules(expression.language, scope.platform()).holds(value)
}

fn rules(language: Language, platform: Option<Platform>) -> &'static dyn rules::Rules {
    match language {
        Language::SailPointJsonPath | Language::SailPointTemplate => &sailpoint::RULES,
        Language::Wdl | Language::Arm => &wdl::RULES,
        Language::N8n => &js::RULES,
        Language::NodeRed => &js::NODE_RED,
        Language::AslJsonPath => &asl::RULES,
        Language::Jsonata => &jsonata::RULES,
        Language::Jq => &jq::RULES,
        Language::Feel => &feel::RULES,
        Language::Juel => &juel::RULES,
        Language::InsightConnect => &security::INSIGHTCONNECT,
        Language::SecOps => &security::SECOPS,
        Language::SplunkDatapath => &security::SPLUNK,
        Language::OktaPin => &security::OKTA,
        Language::CloudFormation | Language::Mustache => &rules::PLAIN,
        Language::Structured => structured(platform),
    }
}

/// Conditions that a platform writes as data follow the platform's own rules.
fn structured(platform: Option<Platform>) -> &'static dyn rules::Rules {
    match platform {
        Some(Platform::SailPoint) => &sailpoint::RULES,
        Some(Platform::LogicApps | Platform::PowerAutomate) => &wdl::RULES,
        Some(Platform::N8n) => &js::RULES,
        Some(Platform::NodeRed) => &js::NODE_RED,
        Some(Platform::StepFunctions) => &asl::CHOICE,
        Some(Platform::InsightConnect) => &security::INSIGHTCONNECT,
        Some(Platform::GoogleSecops) => &security::SECOPS,
        Some(Platform::SplunkSoar) => &security::SPLUNK,
        Some(Platform::OktaWorkflows) => &security::OKTA,
        _ => &rules::PLAIN,
    }
}

/// An evaluation that fails by the rules of its language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The error's own name where the platform has one (`States.ParameterPathFailure`); else empty.
    pub name: workflow::Text,
    /// What went wrong, for people.
    pub message: String,
}

impl Failure {
    pub(crate) fn new(name: &str, message: impl Into<String>) -> Self {
        Failure { name: name.into(), message: message.into() }
    }
}
