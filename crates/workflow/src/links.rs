//! Which workflow a call means, among workflows that see each other.

use crate::{CalleeKey, Workflow};
use std::collections::HashMap;

/// Which workflow each call means, by number; by names, or as somebody who knows more (which files lie near each other) found it.
#[derive(Debug, Default)]
pub struct Links<'w> {
    names: HashMap<&'w str, Option<u32>>,
    /// For each workflow, whom its calls mean.
    found: Option<Vec<HashMap<CalleeKey, u32>>>,
}

impl<'w> Links<'w> {
    /// By id, alias or name; one that two workflows have means neither.
    #[must_use]
    pub fn by_name(workflows: &'w [Workflow]) -> Self {
        let mut names = HashMap::new();
        for (i, w) in (0u32..).zip(workflows) {
            let own = w.id.iter().chain(&w.aliases).chain(std::iter::once(&w.name));
            for name in own.filter(|n| !n.is_empty()) {
                let known = names.entry(name.as_str()).or_insert(Some(i));
                *known = known.filter(|k| *k == i);
            }
        }
        Links { names, found: None }
    }

    /// As it was found: for each workflow, in order, whom its calls mean. What is not in it means nobody here.
    #[must_use]
    pub fn found(found: Vec<HashMap<CalleeKey, u32>>) -> Self {
        Links { names: HashMap::new(), found: Some(found) }
    }

    /// The workflow that a call from a workflow means, where it is among them.
    #[must_use]
    pub fn callee(&self, from: u32, key: &CalleeKey) -> Option<u32> {
        match (key, &self.found) {
            (CalleeKey::Itself, _) => Some(from),
            (CalleeKey::Dynamic(_), _) => None,
            (_, Some(found)) => found.get(from as usize)?.get(key).copied(),
            (CalleeKey::Id(name) | CalleeKey::Name(name), None) => self.names.get(name.as_str()).copied()?,
        }
    }
}
