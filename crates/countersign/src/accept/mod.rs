//! Findings that somebody has accepted: by an ignore in the definition, an ignore in the configuration, or a baseline.
//! Every ignore has a reason and a last day; each is reported as used, unused or expired, and an expired one hides
//! nothing.

mod baseline;
mod config;
mod fingerprint;

pub use baseline::{Baseline, Entry as BaselineEntry, write as write_baseline};
pub use config::{Config, Defaults, Ignore};
pub use fingerprint::fingerprints;

use crate::report::Item;
use crate::scan::model::InlineIgnore;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use workflow::Finding;

/// Who accepted a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// An ignore in the definition itself.
    Inline,
    /// An ignore in `countersign.toml`.
    Configuration,
    /// The baseline.
    Baseline,
}

/// A finding that is accepted.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The finding.
    pub finding: Finding,
    /// Its fingerprint.
    pub fingerprint: String,
    /// Who accepted it.
    pub by: By,
    /// Where that stands: `countersign.toml:12`, `path:7`, the baseline's path.
    pub place: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds; empty for a baseline.
    pub expires: String,
}

/// What became of an ignore in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It hides findings.
    Used,
    /// There is nothing left to hide.
    Unused,
    /// Its last day is over: it hides nothing.
    Expired,
}

/// An ignore, and what became of it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Note {
    /// Where it stands.
    pub place: String,
    /// The rule it is about.
    pub rule: String,
    /// What it is for: a workflow, a step, a path.
    pub about: String,
    /// Why.
    pub reason: String,
    /// Its last day.
    pub expires: String,
    /// Who answers for it; may be empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub owner: String,
    /// What became of it.
    pub status: Status,
    /// How many findings it hides, or would if it were not expired.
    pub findings: usize,
}

/// Everything that accepts findings in a run.
#[derive(Debug, Default)]
pub struct Acceptance {
    ignores: Vec<Ignore>,
    /// The baseline, with its path.
    baseline: Option<Baseline>,
    today: String,
    seen: RefCell<BTreeMap<String, Seen>>,
    /// The findings that the baseline accepted, by path and fingerprint.
    known: RefCell<HashSet<String>>,
}

#[derive(Debug)]
struct Seen {
    note: Note,
    /// Its findings, by path and fingerprint: a report may pass over a workflow twice.
    findings: HashSet<String>,
}

impl Acceptance {
    /// What accepts findings on a day.
    #[must_use]
    pub fn new(config: &Config, baseline: Option<Baseline>, today: String) -> Self {
        Acceptance { ignores: config.ignores.clone(), baseline, today, ..Acceptance::default() }
    }

    /// Everything that the configuration is for is looked at: an ignore of a workflow that is not there hides nothing.
    pub fn looks_at_all(&self) {
        self.ignores.iter().for_each(|ignore| self.note(&ignore.place, || ignore.note()));
    }

    /// Whether a workflow without ignores of its own may have accepted findings.
    #[must_use]
    pub fn concerns_all(&self) -> bool {
        self.baseline.is_some() || !self.ignores.is_empty()
    }

    /// Takes the accepted findings out of an item's.
    pub fn apply(&self, item: &mut Item<'_>) {
        let findings = std::mem::take(&mut item.body.findings);
        let marks = fingerprints(item.head, &findings);
        self.look_at(item);
        for (finding, fingerprint) in findings.into_iter().zip(marks) {
            match self.accepted(item, &finding, &fingerprint) {
                Some((by, place, reason, expires)) => {
                    item.accepted.push(Accepted { finding, fingerprint, by, place, reason, expires });
                }
                None => {
                    item.body.findings.push(finding);
                    item.fingerprints.push(fingerprint);
                }
            }
        }
    }

    /// Notes the ignores that are about a workflow, so that unused ones are reported.
    fn look_at(&self, item: &Item<'_>) {
        for ignore in &item.body.ignores {
            let place = format!("{}:{}", item.file.path, ignore.line);
            let step = (!ignore.step.is_empty()).then(|| format!(", step `{}`", ignore.step));
            self.note(&key(&place, ignore), || Note {
                place: place.clone(),
                rule: ignore.rule.to_string(),
                about: format!("`{}`{}", item.head.name, step.unwrap_or_default()),
                reason: ignore.reason.clone(),
                expires: ignore.expires.clone(),
                owner: String::new(),
                status: Status::Unused,
                findings: 0,
            });
        }
        for ignore in self.ignores.iter().filter(|i| i.covers(&item.file.path, item.head)) {
            self.note(&ignore.place, || ignore.note());
        }
    }

    fn note(&self, key: &str, make: impl FnOnce() -> Note) {
        let mut seen = self.seen.borrow_mut();
        seen.entry(key.to_owned()).or_insert_with(|| Seen { note: make(), findings: HashSet::new() });
    }

    fn accepted(
        &self,
        item: &Item<'_>,
        finding: &Finding,
        mark: &str,
    ) -> Option<(By, String, String, String)> {
        let inline = item.body.ignores.iter().filter(|i| {
            i.rule == finding.rule
                && (i.step.is_empty() || i.step == finding.step || finding.steps.contains(&i.step))
        });
        let inline = inline.map(|i| {
            let place = format!("{}:{}", item.file.path, i.line);
            (key(&place, i), (By::Inline, place, i.reason.clone(), i.expires.clone()))
        });
        let configured = self
            .ignores
            .iter()
            .filter(|i| i.covers(&item.file.path, item.head) && i.hides(finding, |id| item.name(id)));
        let configured = configured.map(|i| {
            (i.place.clone(), (By::Configuration, i.place.clone(), i.reason.clone(), i.expires.clone()))
        });
        for (key, ignore) in inline.chain(configured) {
            if let Some(seen) = self.seen.borrow_mut().get_mut(&key) {
                seen.findings.insert(format!("{} {mark}", item.file.path));
            }
            if ignore.3 >= self.today {
                return Some(ignore);
            }
        }
        let baseline = self.baseline.as_ref()?;
        let known = baseline.accepts(mark, &item.file.path);
        if known {
            self.known.borrow_mut().insert(format!("{} {mark}", item.file.path));
        }
        known.then(|| (By::Baseline, baseline.path.clone(), "in the baseline".to_owned(), String::new()))
    }

    /// The baseline's path, and how many findings it accepted so far.
    #[must_use]
    pub fn in_baseline(&self) -> Option<(&str, usize)> {
        self.baseline.as_ref().map(|b| (b.path.as_str(), self.known.borrow().len()))
    }

    /// What became of the ignores that the report came across.
    #[must_use]
    pub fn notes(&self) -> Vec<Note> {
        let seen = self.seen.borrow();
        let notes = seen.values().map(|s| {
            let status = match (s.note.expires < self.today, s.findings.is_empty()) {
                (true, _) => Status::Expired,
                (false, true) => Status::Unused,
                (false, false) => Status::Used,
            };
            Note { status, findings: s.findings.len(), ..s.note.clone() }
        });
        notes.collect()
    }
}

/// What an ignore in a definition is known by: two may stand in one text.
fn key(place: &str, ignore: &InlineIgnore) -> String {
    format!("{place} {} {}", ignore.rule, ignore.step)
}
