//! What is measured in the folder of a workflow that a statement is about, so that the statement need not be believed.

use super::repository::{Repository, Unit};
use govern::{Event, Measured};

impl Repository {
    /// What is measured now of the workflow that an event is about.
    pub(crate) fn measured(&self, unit: &Unit, event: &Event) -> Option<Measured> {
        let closure = &self.head(unit)?.closure;
        let tier = if closure.opaque { 3 } else { closure.tier };
        // The closure is put together only where it matters.
        let asked = event.subject.effective_tier() < tier.max(2);
        let is = || govern::closure_of(&self.parts(unit).ok()?.0);
        let same = asked && is().is_some_and(|is| is == event.subject.closure);
        Some(Measured { tier, same })
    }
}
