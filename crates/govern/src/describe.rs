//! Events and what is due, in words.

use crate::event::{Event, Intent};
use crate::state::State;
use policy::{Act, Moment, Standing, SubjectKind};

/// An event in a sentence without its person: `approve workflow/leaver`.
#[must_use]
pub fn title(event: &Event) -> String {
    let environment = match event.environment.as_str() {
        "" => String::new(),
        name => format!(" for {name}"),
    };
    let rotated = event.subject.kind == SubjectKind::Credential;
    let version = match event.version.as_str() {
        "" => String::new(),
        moment if rotated => format!(" at {moment}"),
        version => format!(" {version}"),
    };
    let phrase = match (event.act, event.intent) {
        (Act::Propose, Intent::RollBack) => "propose to roll back",
        (Act::Propose, Intent::TakeOver) => "propose to take over",
        (Act::Attest, _) if rotated => "record the rotation of",
        (act, _) => act.phrase(),
    };
    format!("{phrase} `{}`{version}{environment}", event.subject.name)
}

/// What needs somebody's attention at a moment: break-glass that is open, reviews that are owed, exceptions that end within
/// two weeks. The kind, the statement, the sentence.
#[must_use]
pub fn due(state: &State, environment: &str, at: Moment) -> Vec<(&'static str, String, String)> {
    let mut found = Vec::new();
    for (id, glass) in &state.glasses {
        let scope = glass.glass.scope.join("`, `");
        let drill = if glass.glass.drill { "drill: " } else { "" };
        if glass.environment == environment && glass.glass.standing(at) == Standing::Holds {
            let until = glass.glass.until.map(|m| m.to_string()).unwrap_or_default();
            let told =
                format!("{drill}break-glass is open for `{scope}` until {until}: {}", glass.glass.reason);
            found.push(("break-glass", id.clone(), told));
        }
        if let Some(review) = glass.owed(at) {
            let due = review.due.map(|m| m.to_string()).unwrap_or_default();
            let word = if review.overdue(at) { "was due" } else { "is due" };
            let told = format!("the post-change review of the break-glass for `{scope}` {word} at {due}");
            found.push(("post-change-review", id.clone(), told));
        }
    }
    for (id, leave) in state.exceptions.iter().filter(|(_, l)| l.environment == environment) {
        let e = &leave.exception;
        let soon = e.until.is_some_and(|until| until <= at.plus_hours(24 * 14));
        if e.standing(at) == Standing::Holds {
            let until = e.until.map(|m| m.to_string()).unwrap_or_default();
            let word = if soon { "ends soon, at" } else { "holds until" };
            let covers = e.covers.join(", ");
            found.push(("exception", id.clone(), format!("{covers} of `{}` {word} {until}", e.subject)));
        }
    }
    found
}
