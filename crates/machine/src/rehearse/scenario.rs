//! Scenarios as data: what starts a run, what the world answers, what goes wrong, and what must hold.
//!
//! `docs/formats/scenario.md` describes the format for people, `docs/formats/scenario.schema.json` for programs.

use super::directory::Directory;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;
use workflow::{Kind, Text};

/// The name of the format.
pub const SCHEMA: &str = "countersign.test/1";

/// A file of scenarios.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Suite {
    /// `countersign.test/1`.
    pub schema: Text,
    /// The definition, relative to this file; none for the one that the file's name says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The workflow, by name or id, where the definition holds several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<Text>,
    /// The people of every scenario.
    #[serde(default, skip_serializing_if = "Directory::is_empty")]
    pub directory: Directory,
    /// Answers in every scenario, where its own do not say otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Reply>,
    /// The scenarios.
    pub scenarios: Vec<Scenario>,
}

/// One scenario.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Scenario {
    /// What it shows, for people; unique in its file.
    pub name: String,
    /// The workflow, by name or id, instead of the file's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<Text>,
    /// The trigger, by id or name; none for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<Text>,
    /// What the trigger hands to the workflow; none for what is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Json>,
    /// When it starts, as RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// People and accounts, instead of those of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<Directory>,
    /// What the world answers; the first that fits and is not used up counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Reply>,
    /// What goes wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// What happens at a condition that neither data nor an answer decides.
    #[serde(default, skip_serializing_if = "Undecided::is_default")]
    pub undecided: Undecided,
    /// What must hold.
    #[serde(default)]
    pub expect: Expect,
}

/// What happens at a condition that neither data nor an answer decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Undecided {
    /// The scenario fails and says what is missing.
    #[default]
    Fails,
    /// It is decided so that an access change is reached, wherever one can be: the worst case.
    TowardsChange,
}

impl Undecided {
    fn is_default(&self) -> bool {
        *self == Undecided::Fails
    }
}

/// What the world answers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Reply {
    /// Of this step, by id or name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Text>,
    /// Of every step that acts on this system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<Text>,
    /// Of every step with this effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<Kind>,
    /// What it gives; null is a value too.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub result: Option<Json>,
    /// The way that a person chose, of those that the step itself offers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided: Option<Text>,
    /// It fails with this error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Text>,
    /// Nobody answers, or it takes too long.
    #[serde(skip_serializing_if = "is_false")]
    pub timeout: bool,
    /// The case of a branch that cannot be evaluated, which `holds` or does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<Text>,
    /// Whether the case holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holds: Option<bool>,
    /// How many rounds a loop has whose list or condition is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rounds: Option<u32>,
    /// How long it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub takes: Option<Duration>,
    /// How often it counts; none for always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Fault {
    /// At this step, by id or name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Text>,
    /// At every step that acts on this system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<Text>,
    /// It fails with this error and does nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail: Option<Text>,
    /// It takes too long, and does nothing.
    #[serde(skip_serializing_if = "is_false")]
    pub time_out: bool,
    /// The answer comes so much later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late: Option<Duration>,
    /// The platform delivers the call twice.
    #[serde(skip_serializing_if = "is_false")]
    pub twice: bool,
    /// It is done, but the answer is an error.
    #[serde(skip_serializing_if = "is_false")]
    pub unseen: bool,
    /// It fails and does nothing, and the run goes on as if it had given nothing.
    #[serde(skip_serializing_if = "is_false")]
    pub silent: bool,
    /// It answers as if it were done, and has done so many of its parts only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<u32>,
    /// A read gives what was there when the run started.
    #[serde(skip_serializing_if = "is_false")]
    pub stale: bool,
    /// The platform breaks down before or after the step is done, and resumes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crash: Option<Crash>,
    /// Somebody stops the run there.
    #[serde(skip_serializing_if = "is_false")]
    pub cancel: bool,
    /// The clock jumps there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<Duration>,
    /// Of several that could go on, this goes first.
    #[serde(skip_serializing_if = "is_false")]
    pub first: bool,
    /// The event that started the run is delivered again after so long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deliver_again: Option<Duration>,
    /// How often it happens; none for every time (`crash`, `cancel` and `clock`: once).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

/// When the platform breaks down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Crash {
    /// Before the step is done.
    Before,
    /// After it is done, before the answer is known.
    After,
}

/// What must hold; what is not said is not looked at.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Expect {
    /// How the run ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends: Option<How>,
    /// The access changes that are made: these and no others, in this order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effects: Option<Vec<Pattern>>,
    /// What is never done.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub never: Vec<Pattern>,
    /// What is done so often at most.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub at_most: Vec<AtMost>,
    /// What is done in time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub eventually: Vec<Eventually>,
    /// Who is told: each of these at least once; an empty list for nobody at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told: Option<Vec<Pattern>>,
    /// Who is asked: these and no others, in this order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<Vec<Pattern>>,
    /// What the directory holds in the end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub directory: Vec<Holds>,
    /// A run that ends as a success has told somebody of every change that failed.
    #[serde(skip_serializing_if = "is_false")]
    pub failures_told: bool,
    /// So many identities at most are changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identities: Option<u64>,
    /// No step makes the same change twice.
    #[serde(skip_serializing_if = "is_false")]
    pub once_each: bool,
}

/// How a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// As a success.
    Success,
    /// As a failure.
    Failure,
    /// Somebody stopped it.
    Cancelled,
    /// The platform lost it.
    Lost,
    /// It waits for an answer that does not come.
    Waiting,
    /// It stands still until somebody resolves it.
    Stuck,
    /// In any way, but it ends.
    Ended,
}

/// Which effects are meant; what is not said fits any. Without `effect`, any access change.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Pattern {
    /// The kind of effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<Kind>,
    /// The step, by id or name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Text>,
    /// The system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<Text>,
    /// Whose access, or who is told or asked: a person of the directory, or the value itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<Text>,
    /// Which access.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entitlement: Option<Text>,
}

/// What is done so often at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AtMost {
    /// What.
    pub what: Pattern,
    /// How often.
    pub times: u32,
}

/// What is done in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Eventually {
    /// What.
    pub what: Pattern,
    /// After this, each time; none for the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Pattern>,
    /// Within so long; none for at any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
}

/// What an account is in the end.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Holds {
    /// Whose.
    pub person: Text,
    /// On which system.
    pub system: Text,
    /// It is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exists: Option<bool>,
    /// It can be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The access it has, at least.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub has: Vec<Text>,
    /// The access it has not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<Text>,
    /// How many keys (credentials) it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<u32>,
}

fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(from).map(Some)
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(b: &bool) -> bool {
    !*b
}

/// A length of time in milliseconds; written `30ms`, `5m`, `2h 30m`, `3d` or as ISO 8601.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(pub i64);

impl std::str::FromStr for Duration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            |_| format!("`{text}` is no length of time: write `30ms`, `5m`, `2h 30m`, `3d` or `PT1H`");
        let span: jiff::Span = text.parse().map_err(wrong)?;
        let days = jiff::SpanRelativeTo::days_are_24_hours();
        #[allow(clippy::cast_possible_truncation, reason = "jiff bounds spans far below")]
        span.total((jiff::Unit::Millisecond, days)).map(|ms| Duration(ms as i64)).map_err(wrong)
    }
}

impl std::fmt::Display for Duration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (mut rest, mut first) = (self.0.unsigned_abs(), true);
        for (unit, ms) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)] {
            if rest >= ms {
                write!(f, "{}{}{unit}", if first { "" } else { " " }, rest / ms)?;
                rest %= ms;
                first = false;
            }
        }
        if first { f.write_str("0ms") } else { Ok(()) }
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Whether a text is a moment as scenarios write it.
#[must_use]
pub fn is_moment(text: &str) -> bool {
    text.parse::<jiff::Timestamp>().is_ok()
}

impl How {
    /// The word in files and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            How::Success => "success",
            How::Failure => "failure",
            How::Cancelled => "cancelled",
            How::Lost => "lost",
            How::Waiting => "waiting",
            How::Stuck => "stuck",
            How::Ended => "ended",
        }
    }
}
