//! Steps that are new, and steps that are gone: what they do, and what a delay or a second time means.

use super::step_change::{deeds, weight};
use super::steps::Matched;
use super::values::same;
use super::{Area, Change, Direction, flow, words};
use workflow::{Kind, Step, StepKind, Value, Workflow};

/// A step that is new.
pub(super) fn came(new: &Workflow, n: usize, matched: &Matched) -> Change {
    let step = &new.steps[n];
    if let Some(first) = twin(new, n, matched) {
        let told = format!(
            "{} is now done a second time, as {}: it {}.",
            words::name(first),
            words::code(&step.id),
            deeds(step.live_effects(), step)
        );
        let change = Change::new(Area::Access, "effect-gained", &step.id, told).going(Direction::Worse);
        return change.on("steps").at(first.span.line, step.span.line);
    }
    if step.kind == StepKind::Wait && step.ask.is_none() {
        return delay(new, n).on("steps").at(0, step.span.line);
    }
    let (area, direction) = weight(step);
    let kind = if step.changes_access() { "effect-gained" } else { "step-added" };
    let told = format!("{} is new: it {}.", words::name(step), deeds(step.live_effects(), step));
    let direction = if step.ask.is_some() { Direction::Better } else { direction };
    Change::new(area, kind, &step.id, told).going(direction).on("steps").at(0, step.span.line)
}

/// A step that is gone.
pub(super) fn went(step: &Step) -> Change {
    let (area, _) = weight(step);
    let kind = if step.changes_access() { "effect-lost" } else { "step-removed" };
    let takes = step.live_effects().iter().any(|e| takes(e.kind) || e.kind == Kind::Ask);
    let told = format!(
        "{} is gone: nothing {} there any more.",
        words::name(step),
        deeds(step.live_effects(), step)
    );
    let direction = if takes { Direction::Worse } else { Direction::Open };
    Change::new(area, kind, &step.id, told).going(direction).on("steps").at(step.span.line, 0)
}

/// Takes access away.
fn takes(kind: Kind) -> bool {
    matches!(kind, Kind::Revoke | Kind::Disable | Kind::DeleteIdentity | Kind::RevokeCredential)
}

/// A step that was there before and makes the same change.
fn twin<'w>(new: &'w Workflow, n: usize, matched: &Matched) -> Option<&'w Step> {
    let step = new.steps.get(n).filter(|s| s.changes_access())?;
    let alike = |s: &&Step| {
        (&s.kind, &s.connector, &s.operation, &s.effects)
            == (&step.kind, &step.connector, &step.operation, &step.effects)
            && same(&s.parameters, &step.parameters)
    };
    matched.both().into_iter().map(|(_, n)| &new.steps[n]).find(alike)
}

/// A wait that is new: how long, and before which change of access.
fn delay(new: &Workflow, n: usize) -> Change {
    let step = &new.steps[n];
    let ends = flow::next(new, n);
    let after: Vec<&Step> =
        ends.into_iter().flatten().map(|i| &new.steps[i]).filter(|s| s.changes_access()).collect();
    let long = lasts(&step.parameters).map_or(String::new(), |l| format!(" {l}"));
    let before: Vec<String> =
        after.iter().map(|s| format!("{}, which {}", words::name(s), deeds(s.live_effects(), s))).collect();
    let before = if before.is_empty() {
        String::new()
    } else {
        format!(" before {}", crate::tell::enumerate(&before))
    };
    let told = format!("{} is new: it waits{long}{before}.", words::name(step));
    let late = after.iter().flat_map(|s| s.live_effects()).any(|e| takes(e.kind));
    let area = if after.is_empty() { Area::Robustness } else { Area::Control };
    let direction = if late { Direction::Worse } else { Direction::Open };
    Change::new(area, "delay", &step.id, told).going(direction)
}

/// How long a wait is, by its parameters: `{seconds: 5}`, `{count: 5, unit: Day}`, or a text that says so.
fn lasts(parameters: &Value) -> Option<String> {
    let mut found = None;
    parameters.walk(&mut |v| {
        let of = |keys: &[&str]| {
            v.entries().iter().find(|e| keys.contains(&e.key.to_lowercase().as_str())).map(|e| &e.value)
        };
        let number = |v: &Value| {
            v.as_text()
                .or(if let Value::Number(n) = v { Some(n) } else { None })
                .and_then(|t| t.parse::<u64>().ok())
        };
        for (unit, seconds) in [("seconds", 1), ("minutes", 60), ("hours", 3600), ("days", 86_400)] {
            if let (None, Some(n)) = (&found, of(&[unit]).and_then(number)) {
                found = Some(words::duration(Some(n.saturating_mul(seconds))));
            }
        }
        if let (None, Some(n), Some(unit)) = (
            &found,
            of(&["count", "amount"]).and_then(number),
            of(&["unit", "units"]).and_then(Value::as_text),
        ) {
            let unit = unit.to_lowercase();
            let unit = unit.trim_end_matches('s');
            found = Some(format!("{n} {unit}{}", if n == 1 { "" } else { "s" }));
        }
    });
    found.or_else(|| (!parameters.is_empty()).then(|| words::value(parameters)))
}
