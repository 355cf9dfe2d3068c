//! Semantic diff: what changed in what workflows can do, in sentences, the most important first.
//!
//! Two states of the same workflows are compared in the model, not in their files: steps are matched over renames and
//! moves, and everything said is derived from effects, gates, edges, values and findings of both sides.

mod added;
mod blast;
mod condition;
mod flow;
mod gates;
mod hidden;
mod pair;
mod record;
mod script;
mod step_change;
mod steps;
mod values;
mod whole;
mod words;

#[cfg(test)]
mod tests;

use crate::{ControlRecord, Judged};
pub use record::stated;
use serde::Serialize;
use workflow::{Digest, Finding, Text, Walk, Workflow};

/// All workflows of one side, with their judgements.
#[derive(Debug, Clone, Default)]
pub struct Side {
    /// Each one's file below what was given, so that the same file has the same path on both sides.
    pub paths: Vec<String>,
    /// The workflows, with their effects filled in.
    pub workflows: Vec<Workflow>,
    /// What was found out about each.
    pub judged: Vec<Judged>,
    /// The control record of each: an empty one where there is none, nothing where one could not be read.
    pub records: Vec<Option<ControlRecord>>,
}

impl Side {
    /// Adds the workflows of a file.
    pub fn add(&mut self, path: &str, workflows: &[Workflow], judged: &[Judged]) {
        for (workflow, judged) in workflows.iter().zip(judged) {
            self.paths.push(path.to_owned());
            self.workflows.push(workflow.clone());
            self.judged.push(judged.clone());
            self.records.push(Some(ControlRecord::default()));
        }
    }

    /// States the control records of the workflows that were added last.
    pub fn record(&mut self, records: Vec<Option<ControlRecord>>) {
        self.records.truncate(self.records.len().saturating_sub(records.len()));
        self.records.extend(records);
    }
}

/// What a change is about, the most important first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    /// What can happen to whose access, and without whom.
    Access,
    /// What stands before it: questions, conditions, starts, bounds.
    Control,
    /// Failures, repetition, time.
    Robustness,
    /// Values, scripts, messages.
    Data,
    /// Names and texts for people: nothing a run does.
    Cosmetic,
}

/// Which way a change goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Less control, or more power.
    Worse,
    /// To be judged by a reader.
    Open,
    /// More control, or less power.
    Better,
}

/// One thing that changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// What it is about.
    pub area: Area,
    /// Which way it goes.
    pub direction: Direction,
    /// The kind of change, by a word that stays the same (`gate-lost`, `effect-widened`).
    pub kind: &'static str,
    /// The step or trigger, by its id in the new state (in the old one where it is gone); empty for the whole.
    pub step: Text,
    /// What changed, in a sentence.
    pub sentence: String,
    /// The field of the model that the sentence rests on.
    pub rests_on: String,
    /// The line in the old state's file; 0 for none.
    pub old_line: u32,
    /// The line in the new state's file; 0 for none.
    pub new_line: u32,
    /// The walk before, where the change is about how a step is reached.
    #[serde(serialize_with = "walked")]
    pub before: Vec<Walk>,
    /// The walk after.
    #[serde(serialize_with = "walked")]
    pub after: Vec<Walk>,
}

/// Whom and what the changed steps, and the changes of access after them, can touch on one side.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Blast {
    /// Whose access, for people.
    pub identities: Vec<Text>,
    /// Which access, for people.
    pub entitlements: Vec<Text>,
    /// On which systems.
    pub systems: Vec<Text>,
    /// A target is only known at run time, or not at all.
    pub open: bool,
}

/// What happened to one workflow.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Its name in the new state, or in the old one where it is gone.
    pub name: Text,
    /// Its index among the old ones.
    pub old: Option<usize>,
    /// Its index among the new ones.
    pub new: Option<usize>,
    /// What changed in what it does, the most important first.
    pub changes: Vec<Change>,
    /// What changed for people only.
    pub cosmetic: Vec<Change>,
    /// Properties that were proved and are not any more, or the other way round.
    pub proofs: Vec<Change>,
    /// Findings that are new.
    pub gained: Vec<Finding>,
    /// Findings that are gone.
    pub lost: Vec<Finding>,
    /// What the changed steps touch, before and after.
    pub blast: (Blast, Blast),
    /// Steps that have another id now: the old one and the new one.
    pub renamed: Vec<(Text, Text)>,
    /// The digests before and after.
    pub digests: (Option<Digest>, Option<Digest>),
}

impl Difference {
    /// Whether anything changed in what the workflow does.
    #[must_use]
    pub fn acts_differently(&self) -> bool {
        !self.proofs.is_empty() || self.changes.iter().any(|c| !c.is_of_record())
    }

    /// Whether something changed in what it does, or in what its control record lets it do.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        !self.changes.is_empty() || !self.proofs.is_empty()
    }
}

impl Change {
    /// Whether it is about the control record, and not about the definition.
    #[must_use]
    pub fn is_of_record(&self) -> bool {
        self.kind.starts_with("record")
    }

    fn new(area: Area, kind: &'static str, step: &Text, sentence: String) -> Self {
        Change {
            area,
            direction: Direction::Open,
            kind,
            step: step.clone(),
            sentence,
            rests_on: String::new(),
            old_line: 0,
            new_line: 0,
            before: Vec::new(),
            after: Vec::new(),
        }
    }

    fn going(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }

    fn on(mut self, field: impl Into<String>) -> Self {
        self.rests_on = field.into();
        self
    }

    fn at(mut self, old_line: u32, new_line: u32) -> Self {
        (self.old_line, self.new_line) = (old_line, new_line);
        self
    }
}

/// Compares two states of workflows. What did not change at all is not in the result.
#[must_use]
pub fn compare(old: &Side, new: &Side) -> Vec<Difference> {
    whole::compare(old, new)
}

fn walked<S: serde::Serializer>(walk: &[Walk], to: S) -> Result<S::Ok, S::Error> {
    let told = walk.iter().map(|w| (w.step.as_str(), w.leaves.as_str(), w.line));
    to.collect_seq(told.map(|(step, leaves, line)| Station { step, leaves, line }))
}

#[derive(Serialize)]
struct Station<'w> {
    step: &'w str,
    leaves: &'w str,
    line: u32,
}
