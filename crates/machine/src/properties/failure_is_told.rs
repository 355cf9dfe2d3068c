//! `failure-is-told`: no run ends as a success while a change it attempted failed and nobody was told.

use super::Property;
use crate::Program;
use crate::explore::{Assumptions, Broken, Event, Memory, is_change};
use crate::request::Request;
use crate::state::Ended;

/// The property.
pub static PROPERTY: Property = Property {
    id: "failure-is-told",
    page: include_str!("failure_is_told.md"),
    concerns: |program, _, at| is_change(program, at),
    whole: false,
    watch,
};

fn watch(_program: &Program<'_>, _assume: &Assumptions, event: &Event<'_>, memory: &mut Memory) -> Vec<Broken> {
    let Event::Asked(Request::Done(ends), _) = event else { return Vec::new() };
    let well = ends.last().is_some_and(|e| e.how == Ended::Success);
    let failed = memory.failed.filter(|_| well);
    let how = "it can fail, and the run ends as a success that nobody was told is none";
    failed.map(|step| Broken { step: Some(step), how: how.into() }).into_iter().collect()
}
