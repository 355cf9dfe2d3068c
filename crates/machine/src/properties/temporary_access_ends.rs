//! `temporary-access-ends`: access given for a while is taken away on every run that ends.

use super::Property;
use crate::Program;
use crate::explore::{Assumptions, Broken, Event, Memory};
use crate::request::{Answer, Request};
use crate::state::Ended;

/// The property.
pub static PROPERTY: Property = Property {
    id: "temporary-access-ends",
    page: include_str!("temporary_access_ends.md"),
    concerns: |_, assume, at| assume.temporary.contains_key(&at),
    whole: false,
    watch,
};

fn watch(_program: &Program<'_>, assume: &Assumptions, event: &Event<'_>, memory: &mut Memory) -> Vec<Broken> {
    match event {
        Event::Told(Request::Call(call) | Request::Start(call), answer, _) => {
            let at = call.at.place;
            // What has failed may have happened all the same; what was to end access has to be seen to.
            if assume.temporary.contains_key(&at) && matches!(answer, Answer::Result(_)) {
                memory.owed.insert(at);
            }
            if matches!(answer, Answer::Result(_)) {
                let ends = |grant: &crate::Place| assume.temporary.get(grant).is_some_and(|e| e.contains(&at));
                memory.taken.extend(memory.owed.iter().filter(|g| ends(g)));
                memory.owed.retain(|grant| !ends(grant));
            }
            Vec::new()
        }
        Event::Asked(Request::Done(ends), _) => {
            let how = match ends.last().map(|e| &e.how) {
                Some(Ended::Failure(_)) => "a run that fails ends without taking it away",
                Some(Ended::Cancelled) => "a run that is cancelled leaves it, and nobody owes its end",
                Some(Ended::Lost) => "a run that is lost leaves it",
                _ => "a run ends without taking it away",
            };
            memory.owed.iter().map(|grant| Broken { step: Some(*grant), how: how.into() }).collect()
        }
        _ => Vec::new(),
    }
}
