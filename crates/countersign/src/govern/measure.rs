//! What is measured in the folder of a workflow that a statement is about, so that the statement need not be believed.

use super::repository::{Repository, Unit};
use govern::{Event, Measured};

impl Repository {
    /// The tier of a workflow by which it is governed.
    pub(super) fn tier(&self, unit: &Unit) -> Option<u8> {
        let closure = &self.head(unit)?.closure;
        Some(if closure.opaque { 3 } else { closure.tier })
    }

    /// What is measured now of the workflow that an event is about.
    pub(crate) fn measured(&self, unit: &Unit, event: &Event) -> Option<Measured> {
        let tier = self.tier(unit)?;
        // The closure is put together only where it matters.
        let asked = event.subject.effective_tier() < tier.max(2);
        let is = || govern::closure_of(&self.parts(unit).ok()?.0);
        let same = asked && is().is_some_and(|is| is == event.subject.closure);
        Some(Measured { tier, same })
    }
}
