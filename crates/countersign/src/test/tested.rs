//! What came of the scenarios of one workflow, as plain data: what reports print, and `check --coverage` reads back.

use machine::rehearse::coverage::{Item, Part};
use machine::rehearse::{Expect, Scenario};
use serde::{Deserialize, Serialize};
use workflow::{Text, Walk};

/// A file of scenarios, or the edge cases of a workflow, with what came of them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Tested {
    /// The file of scenarios; of edge cases, the workflow's.
    pub file: String,
    /// The workflow's file.
    pub path: String,
    /// The workflow's name.
    pub workflow: Text,
    /// The platform it is written for.
    pub platform: Text,
    /// Why nothing was run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The scenarios, in the order of the file.
    pub scenarios: Vec<Ran>,
    /// The names of steps, by their ids, where they differ.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub names: Vec<(Text, Text)>,
    /// What they covered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Covered>,
    /// What they noticed of mutants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mutants: Option<Mutants>,
}

/// A scenario that was run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Ran {
    /// Its name.
    pub name: String,
    /// Everything held.
    pub passed: bool,
    /// What did not hold.
    pub differences: Vec<Differs>,
    /// Where the run went.
    pub walk: Vec<Walk>,
    /// Names of the stations of the walk, by their ids.
    pub names: Vec<(Text, Text)>,
    /// Answers of the scenario that nobody asked for.
    pub unused: Vec<String>,
    /// What came, as an expectation.
    #[serde(skip)]
    pub observed: Expect,
    /// The scenario itself.
    #[serde(skip)]
    pub scenario: Scenario,
}

/// An expectation that does not hold.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Differs {
    /// The expectation.
    pub of: Text,
    /// What was expected.
    pub expected: Vec<String>,
    /// What came instead.
    pub actual: Vec<String>,
    /// The step that shows it.
    pub step: Text,
}

/// Coverage with its figures.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Covered {
    /// Everything there is to cover.
    pub items: Vec<Item>,
}

/// What became of the mutants of a workflow.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Mutants {
    /// How many some scenario noticed.
    pub killed: usize,
    /// How many no world can tell from the original.
    pub equivalent: usize,
    /// Those that no scenario noticed.
    pub survivors: Vec<Survived>,
}

/// A mutant that no scenario noticed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Survived {
    /// The operator.
    pub operator: Text,
    /// The step.
    pub step: Text,
    /// What the mutant is.
    pub does: String,
    /// What the original does where they differ.
    pub original: String,
    /// What the mutant does there.
    pub mutant: String,
    /// The scenario that would notice, as YAML; empty where none was found.
    pub kills: String,
}

impl Covered {
    /// Of some parts, how many are covered, of how many.
    #[must_use]
    pub fn count(&self, parts: &[Part]) -> (usize, usize) {
        let of = || self.items.iter().filter(|i| parts.contains(&i.part));
        (of().filter(|i| i.covered).count(), of().count())
    }

    /// Changes, and the branches that lead to them.
    #[must_use]
    pub fn changing(&self) -> (usize, usize) {
        self.count(&[Part::Change, Part::Branch])
    }

    /// Of changes and the branches that lead to them.
    #[must_use]
    pub fn percent(&self) -> u8 {
        percent(self.changing())
    }
}

impl Mutants {
    /// The score: killed, of those that are not equivalent.
    #[must_use]
    pub fn percent(&self) -> u8 {
        percent((self.killed, self.killed + self.survivors.len()))
    }
}

fn percent((part, of): (usize, usize)) -> u8 {
    (part * 100).checked_div(of).map_or(100, |percent| u8::try_from(percent).unwrap_or(100))
}

/// The whole in figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Files of scenarios, or workflows.
    pub files: usize,
    /// Scenarios that passed.
    pub passed: usize,
    /// Scenarios that failed.
    pub failed: usize,
    /// Files that could not be run.
    pub problems: usize,
}

impl Summary {
    /// The sums over all files.
    #[must_use]
    pub fn of(all: &[Tested]) -> Self {
        let ran = || all.iter().flat_map(|t| &t.scenarios);
        Summary {
            files: all.len(),
            passed: ran().filter(|r| r.passed).count(),
            failed: ran().filter(|r| !r.passed).count(),
            problems: all.iter().filter(|t| t.problem.is_some()).count(),
        }
    }
}
