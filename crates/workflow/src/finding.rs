//! What an analysis reports: findings about workflows and problems with files.

use crate::Text;
use serde::{Deserialize, Serialize};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Mend when near.
    Low,
    /// Mend soon.
    Medium,
    /// A broken control.
    High,
    /// A broken control that can be used now.
    Critical,
}

/// How sure the analysis is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Something unknown stands in the way.
    Low,
    /// A judgement about what the definition means.
    Medium,
    /// The definition shows it.
    High,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule's id.
    pub rule: Text,
    /// How bad it is here.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// The step it is about, by id; empty when it is about the whole workflow.
    pub step: Text,
    /// Every step concerned, by id ([`Finding::step`] first).
    pub steps: Vec<Text>,
    /// The walk that shows it: step ids in order, from the trigger.
    pub path: Vec<Walk>,
    /// Line in the file, from 1; 0 where unknown.
    pub line: u32,
    /// What is wrong, in one sentence that names the actual steps and systems.
    pub message: String,
    /// What to do about it.
    pub fix: String,
}

/// One station of a walk through a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// The step's id, or the trigger's.
    pub step: Text,
    /// How the walk leaves it, where that matters (`false`, `timeout`, `error`, a case's name); else empty.
    pub leaves: Text,
    /// Line in the file.
    pub line: u32,
    /// The fault is here.
    pub marked: bool,
}

/// Something wrong with a file rather than with a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The file.
    pub path: String,
    /// Line, from 1; 0 where unknown.
    pub line: u32,
    /// What is wrong and what to do.
    pub message: String,
}

impl Severity {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }

    /// One step worse; critical stays critical.
    #[must_use]
    pub fn raised(self) -> Self {
        match self {
            Severity::Info => Severity::Low,
            Severity::Low => Severity::Medium,
            Severity::Medium => Severity::High,
            Severity::High | Severity::Critical => Severity::Critical,
        }
    }
}

impl Confidence {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}
