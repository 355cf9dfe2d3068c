//! What was asked for, and which entries answer it. The verifier asks again.

use crate::act::is_within;
use crate::named::stand_in;
use crate::verify::Opened;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a bundle is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Query {
    /// Everything.
    All {},
    /// Everything that a proposal led to: what answers it, and runs of what was released (`release` in their body).
    Change {
        /// The entry of the proposal.
        entry: u64,
    },
    /// Everything about a workflow, or another subject with its kind (`workflow/leaver`).
    Workflow {
        /// Its name with its kind.
        name: String,
    },
    /// Everything that was done in a period; what does not say when is of the time when it was entered.
    Period {
        /// From then on, in milliseconds since 1970.
        from: u64,
        /// Until just before.
        to: u64,
    },
    /// Everything that names a person or an identity, as far as values are disclosed.
    Identity {
        /// The name that was asked for.
        name: String,
        /// All names that count: it, and those that the recorded directories have for who is called so.
        names: Vec<String>,
    },
    /// Everything decided with evidence towards a requirement of a framework.
    Control {
        /// Its id.
        id: String,
    },
}

impl Query {
    /// The entries, among those of the coverage, that answer it.
    #[must_use]
    pub fn select(&self, entries: &[Opened]) -> Vec<u64> {
        let mut chosen: BTreeSet<u64> = BTreeSet::new();
        for opened in entries {
            if self.takes(opened, &chosen) {
                chosen.insert(opened.entry.place.seq);
            }
        }
        chosen.into_iter().collect()
    }

    fn takes(&self, opened: &Opened, chosen: &BTreeSet<u64>) -> bool {
        let act = opened.act.as_ref();
        match self {
            Query::All {} => true,
            Query::Change { entry } => {
                let of = act.and_then(|a| a.of).or(opened.entry.body["release"].as_u64());
                opened.entry.place.seq == *entry || of.is_some_and(|of| chosen.contains(&of))
            }
            Query::Workflow { name } => act.is_some_and(|a| a.subject == *name),
            Query::Period { from, to } => is_within(opened, *from, *to),
            Query::Identity { names, .. } => opened.openings.values().any(|o| stand_in(names, &o.value)),
            Query::Control { id } => act.is_some_and(|a| a.controls.contains(id)),
        }
    }

    /// What was asked for, in words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Query::All {} => "everything in the ledger".to_owned(),
            Query::Change { entry } => format!("the change proposed in entry {entry}"),
            Query::Workflow { name } => format!("`{name}`"),
            Query::Period { from, to } => {
                format!("what was done from {} until {}", crate::time_text(*from), crate::time_text(*to))
            }
            Query::Identity { name, names } => {
                let others = names
                    .iter()
                    .filter(|n| *n != name && !n.starts_with("ssh-") && !n.starts_with("SHA256:"));
                let others: Vec<String> = others.map(|n| format!("`{n}`")).collect();
                let also = if others.is_empty() { "" } else { ", also as " };
                format!("the identity `{name}`{also}{}", others.join(", "))
            }
            Query::Control { id } => format!("the control `{id}`"),
        }
    }
}
