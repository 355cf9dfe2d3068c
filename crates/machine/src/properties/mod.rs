//! The properties: one file, one page and one line each.
//!
//! A page is the property's manual and its test: workflows with the verdicts that are found. A property watches runs and
//! says where one of them breaks it.

use crate::explore::{Assumptions, Broken, Event, Memory};
use crate::{Place, Program};

/// A property.
pub struct Property {
    /// Its name.
    pub id: &'static str,
    /// Its page, in Markdown.
    pub page: &'static str,
    /// Whether it has a verdict at a step.
    pub concerns: fn(&Program<'_>, &Assumptions, Place) -> bool,
    /// Whether it has a verdict on the workflow as a whole.
    pub whole: bool,
    /// Sees what happens in a run, remembers what it has to, and says what breaks it.
    pub watch: fn(&Program<'_>, &Assumptions, &Event<'_>, &mut Memory) -> Vec<Broken>,
}

impl Property {
    /// What to do where it is refuted: what its page says under its last heading, on one line.
    #[must_use]
    pub fn fix(&self) -> String {
        let told = self.page.split_once("\n## How to fix it\n").map_or("", |(_, told)| told);
        told.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// The property of a name.
#[must_use]
pub fn property(id: &str) -> Option<&'static Property> {
    PROPERTIES.iter().copied().find(|p| p.id == id)
}

macro_rules! properties {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*
        /// All properties, in the order of reports.
        pub static PROPERTIES: &[&Property] = &[$(&$module::PROPERTY),*];
    };
}

properties! {
    change_needs_approval,
    approver_is_not_requester,
    temporary_access_ends,
    at_most_once,
    failure_is_told,
    within_boundary,
    run_ends_or_waits_owned,
}

/// A property that is broken at a step.
fn at(step: Place, how: impl Into<String>) -> Vec<Broken> {
    vec![Broken { step: Some(step), how: how.into() }]
}
