//! Which effects a pattern means.

use super::{Directory, Event, Pattern};
use crate::{Place, Program};
use workflow::{Kind, Text};

/// Whether a step has this id or name.
#[must_use]
pub fn is_named(program: &Program<'_>, at: Place, name: &str) -> bool {
    program.step(at).is_some_and(|s| s.id == name || s.name == name)
}

/// Whether a pattern means what was done; without `effect` it means whatever `any` says.
#[must_use]
pub fn fits(
    program: &Program<'_>,
    directory: &Directory,
    pattern: &Pattern,
    event: &Event,
    any: fn(Kind) -> bool,
) -> bool {
    let effect = &event.effect;
    let identity = |name: &Text| {
        let same = |v: &Text| directory.same(&effect.system, name, v);
        effect.identity.iter().any(same) || wildcard(name, &effect.identity)
    };
    let entitlement = |name: &Text| effect.entitlement.contains(name) || wildcard(name, &effect.entitlement);
    pattern.effect.map_or_else(|| any(effect.kind), |k| k == effect.kind)
        && pattern.step.as_ref().is_none_or(|s| is_named(program, event.place, s))
        && pattern.system.as_ref().is_none_or(|s| *s == effect.system)
        && pattern.identity.as_ref().is_none_or(identity)
        && pattern.entitlement.as_ref().is_none_or(entitlement)
}

/// `*` is anything, as long as there is something.
fn wildcard(name: &Text, values: &[Text]) -> bool {
    name == "*" && !values.is_empty()
}

/// An effect in a line, for people.
#[must_use]
pub(super) fn line(program: &Program<'_>, event: &Event) -> String {
    let e = &event.effect;
    let names = |all: &[Text]| all.iter().map(Text::as_str).collect::<Vec<_>>().join(", ");
    let mut line = e.kind.to_string();
    if !e.system.is_empty() {
        line += &format!(" on {}", e.system);
    }
    if !e.identity.is_empty() {
        let to = if matches!(e.kind, Kind::Notify | Kind::Ask) { "to" } else { "for" };
        line += &format!(" {to} {}", names(&e.identity));
    }
    if !e.entitlement.is_empty() {
        line += &format!(": {}", names(&e.entitlement));
    }
    line + &format!(" ({})", crate::call::name(program, event.place))
}

impl Pattern {
    /// In a line, for people.
    #[must_use]
    pub fn line(&self, any: &str) -> String {
        let mut line = self.effect.map_or_else(|| any.to_owned(), |k| k.to_string());
        if let Some(system) = &self.system {
            line += &format!(" on {system}");
        }
        if let Some(identity) = &self.identity {
            let to = if matches!(self.effect, Some(Kind::Notify | Kind::Ask)) { "to" } else { "for" };
            line += &format!(" {to} {identity}");
        }
        if let Some(entitlement) = &self.entitlement {
            line += &format!(": {entitlement}");
        }
        if let Some(step) = &self.step {
            line += &format!(" (`{step}`)");
        }
        line
    }
}
