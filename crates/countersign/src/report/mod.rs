//! Reports: one result, written for people and for other tools.

pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod page;
pub mod plain;
pub mod refuted;
pub mod sarif;
pub mod source;
pub mod unknown;
pub mod view;
pub mod words;

pub use plain::clean as plain_text;

use crate::accept::Accepted;
use crate::scan::model::{Body, FileEntry, Head, StepReport};
use std::collections::HashMap;
use std::sync::OnceLock;
use workflow::{Finding, Text};

/// A workflow with all that is known of it, as it is printed.
pub struct Item<'s> {
    /// The file it stands in.
    pub file: &'s FileEntry,
    /// What is known of it as part of the whole.
    pub head: &'s Head,
    /// The rest; its findings are those that are reported.
    pub body: Body,
    /// The fingerprints of the body's findings.
    pub fingerprints: Vec<String>,
    /// The findings that somebody has accepted.
    pub accepted: Vec<Accepted>,
    /// Properties that some run breaks and no rule speaks of, as far as they are shown.
    pub refuted: Vec<Finding>,
    steps: OnceLock<HashMap<Text, usize>>,
}

impl<'s> Item<'s> {
    /// A workflow with all its findings.
    #[must_use]
    pub fn new(file: &'s FileEntry, head: &'s Head, body: Body) -> Self {
        let steps = OnceLock::new();
        Item { file, head, body, fingerprints: Vec::new(), accepted: Vec::new(), refuted: Vec::new(), steps }
    }

    /// The name of a step, a trigger or a caller's step, by its id; the id where it has no name.
    #[must_use]
    pub fn name<'n>(&'n self, id: &'n str) -> &'n str {
        let body = &self.body;
        let step = self.step(id).map(|s| s.name.as_str());
        let trigger = || body.triggers.iter().find(|t| t.id == id).map(words::trigger_name);
        let made = || body.made.iter().find(|(made, _)| made == id).map(|(_, name)| name.as_str());
        let caller = || body.callers.iter().find(|c| c.id == id).map(|c| c.name.as_str());
        step.or_else(trigger).or_else(made).or_else(caller).filter(|n| !n.is_empty()).unwrap_or(id)
    }

    /// The file in which a step, a trigger or a caller's step stands.
    #[must_use]
    pub fn file_of(&self, id: &str) -> &str {
        let caller = || self.body.callers.iter().find(|c| c.id == id).map(|c| c.file.as_str());
        let own = self.step(id).map(|s| s.file.as_str());
        own.or_else(caller).filter(|f| !f.is_empty()).unwrap_or(&self.file.path)
    }

    /// The step of an id; the first where several have it.
    fn step(&self, id: &str) -> Option<&StepReport> {
        let index = || self.body.steps.iter().enumerate().rev().map(|(i, s)| (s.id.clone(), i)).collect();
        self.body.steps.get(*self.steps.get_or_init(index).get(id)?)
    }
}
