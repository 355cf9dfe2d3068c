//! The components of a workflow whose version somebody may have to approve: connectors, scripts, webhooks.

use std::collections::{BTreeMap, BTreeSet};
use workflow::{Code, Digest, Step, Text, TriggerKind, Workflow};

/// The connectors whose version matters: that change access, or come from somebody else than the platform's vendor.
pub fn connectors(w: &Workflow) -> Vec<(Text, Text)> {
    let matters = |s: &&Step| {
        let changes = s.live_effects().iter().any(|e| e.kind.changes_access());
        !s.connector.is_empty() && (s.third_party || changes && !s.connector_version.is_empty())
    };
    let mut all: Vec<(Text, Text)> =
        w.own_steps().filter(matters).map(|s| (s.connector.clone(), s.connector_version.clone())).collect();
    all.sort();
    all.dedup();
    all
}

/// Code whose text is known; of any other nobody can say which version it is.
pub fn scripts(w: &Workflow) -> Vec<(Text, Text)> {
    let steps = w.own_steps().filter(|s| s.enabled);
    let known = steps.flat_map(|s| s.code.iter().map(move |c| (s, c))).filter(|(_, c)| !c.text.is_empty());
    let name = |s: &Step, c: &Code| if c.name.is_empty() { within(w, &s.name) } else { c.name.clone() };
    versioned(known.map(|(s, c)| (name(s, c), digest(&c.text))))
}

/// Webhooks that start it.
pub fn webhooks(w: &Workflow) -> Vec<(Text, Text)> {
    let hooks = w.triggers.iter().filter(|t| t.kind == TriggerKind::Webhook);
    versioned(
        hooks.map(|t| (within(w, &t.name), digest(&(&t.authenticated, &t.event, &t.filter, &t.parameters)))),
    )
}

/// Each by its name, with one digest over all of that name.
fn versioned(all: impl Iterator<Item = (Text, Digest)>) -> Vec<(Text, Text)> {
    let mut by_name: BTreeMap<Text, BTreeSet<String>> = BTreeMap::new();
    for (name, digest) in all {
        by_name.entry(name).or_default().insert(digest.to_string());
    }
    let whole = |digests: BTreeSet<String>| match digests.first() {
        Some(only) if digests.len() == 1 => only.clone(),
        _ => digest(&digests).to_string(),
    };
    by_name.into_iter().map(|(name, digests)| (name, whole(digests).into())).collect()
}

/// What has a name only within its workflow, by both.
fn within(w: &Workflow, name: &str) -> Text {
    format!("{}/{name}", w.name).into()
}

fn digest(of: &impl serde::Serialize) -> Digest {
    Digest::of(&serde_json::to_vec(of).unwrap_or_default())
}
