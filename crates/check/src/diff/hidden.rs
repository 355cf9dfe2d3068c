//! What the digest shows and the model does not: a part of the definition that changed although nothing else is told.

use super::steps::Matched;
use super::{Area, Change, words};
use std::collections::HashMap;
use workflow::{Digest, Span, Step, Text, Workflow};

/// At most so many parts are named.
const NAMED: usize = 6;

/// The digest changed and nothing that is told explains it: which parts of it did. Names that changed explain the parts
/// in which they stand.
pub(super) fn change(old: &Workflow, new: &Workflow, matched: &Matched, told: &[Change]) -> Option<Change> {
    if old.digest == new.digest {
        return None;
    }
    let renamed = told.iter().any(|c| c.kind == "name" || c.kind == "description");
    let apart = apart(old, new, matched);
    let parts: Vec<&Text> =
        apart.iter().filter(|name| !renamed || is_unexplained(name, old, new, matched)).collect();
    if renamed && parts.is_empty() {
        return None;
    }
    let step: Text = parts.first().map_or(Text::default(), |p| id(p).into());
    let names: Vec<String> = parts.iter().take(NAMED).map(|n| words::code(n)).collect();
    let place =
        if names.is_empty() { String::new() } else { format!(" in {},", crate::tell::enumerate(&names)) };
    let told = format!("The definition changed{place} in a way that the model does not show.");
    Some(Change::new(Area::Data, "definition", &step, told).on("digest"))
}

fn id(part: &str) -> &str {
    part.strip_prefix("step/").or_else(|| part.strip_prefix("trigger/")).unwrap_or("")
}

/// The parts that differ, by the names that they have now.
fn apart(old: &Workflow, new: &Workflow, matched: &Matched) -> Vec<Text> {
    let named = |name: &Text| match name.strip_prefix("step/") {
        Some(id) => format!("step/{}", matched.now(&id.into())).into(),
        None => name.clone(),
    };
    let was: HashMap<Text, Digest> = old.parts.iter().map(|p| (named(&p.name), p.digest)).collect();
    let is: HashMap<&Text, Digest> = new.parts.iter().map(|p| (&p.name, p.digest)).collect();
    let mut found: Vec<Text> =
        new.parts.iter().filter(|p| was.get(&p.name) != Some(&p.digest)).map(|p| p.name.clone()).collect();
    found.extend(was.keys().filter(|name| !is.contains_key(name)).cloned());
    found.sort();
    found.dedup();
    found
}

/// The part of a step whose name did not change, and in which the model sees no other name either.
fn is_unexplained(part: &str, old: &Workflow, new: &Workflow, matched: &Matched) -> bool {
    let Some(id) = part.strip_prefix("step/") else { return false };
    let Some(n) = new.steps.iter().position(|s| s.id == id) else { return false };
    let Some(o) = matched.back[n] else { return false };
    plain(&old.steps[o]) == plain(&new.steps[n])
}

fn plain(step: &Step) -> Step {
    Step { span: Span::default(), ..step.clone() }
}
