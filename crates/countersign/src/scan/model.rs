//! What is kept of a checked file: a head for every workflow, small and always in memory, and a body that is
//! written to the store and read back when it is printed.

use serde::{Deserialize, Serialize};
use workflow::{
    CalleeKey, Digest, Effect, Finding, Kind, Part, Platform, Problem, Severity, Text, TriggerKind,
};

/// What became of one file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its path as given, with what lies below it.
    pub path: String,
    /// What it is.
    pub verdict: FileVerdict,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    /// Other files, and folders, that its workflows were made of or would be, were they there; of a file in an archive,
    /// the archive.
    pub used: Vec<String>,
    /// Its workflows.
    pub heads: Vec<Head>,
    /// Where the bodies of its workflows stand in the store.
    pub body: Place,
}

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileVerdict {
    /// It holds workflows.
    Workflows,
    /// It holds none: what it is instead.
    NotWorkflow(String),
    /// It could not be read: see its problems.
    Unreadable,
}

/// A range of bytes in the store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Where it starts.
    pub at: u64,
    /// How long it is.
    pub len: u32,
}

/// What every question about the whole needs to know of a workflow.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Head {
    /// Its platform.
    pub platform: Platform,
    /// The platform's id.
    pub id: Option<Text>,
    /// Its name.
    pub name: Text,
    /// Other names it is called by.
    pub aliases: Vec<Text>,
    /// Tier by its own steps.
    pub tier: u8,
    /// Some step may do what is not known.
    pub opaque: bool,
    /// Switched off in the definition.
    pub off: bool,
    /// The kinds of its steps' effects, a bit each in the order of [`Kind::ALL`].
    pub effects: u32,
    /// The kinds that steps which are switched off would have, a bit each.
    pub dormant: u32,
    /// The workflows it starts.
    pub calls: Vec<CallRef>,
    /// Findings by severity, from info to critical.
    pub severities: [u16; 5],
    /// Properties that some run breaks and no rule speaks of.
    pub refuted: u16,
    /// Its `opaque-step` findings about calls: they fall when the called workflow is found.
    pub opaque_calls: Vec<(Text, Severity)>,
    /// Ignores stand in its definition.
    pub ignores: bool,
    /// The digest of its own definition.
    pub digest: Digest,
    /// What it is over everything it calls; filled in when all files are known.
    pub closure: Closure,
}

/// A call of another workflow.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CallRef {
    /// The step that calls.
    pub step: Text,
    /// How the other is named.
    pub key: CalleeKey,
}

/// What a workflow is over everything it calls.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closure {
    /// The highest tier.
    pub tier: u8,
    /// Some step in it may do what is not known, or a called workflow is not there.
    pub opaque: bool,
    /// The kinds of all effects, a bit each.
    pub effects: u32,
    /// The called workflows by path and name, in the order of their first call.
    pub calls: Vec<String>,
    /// The same by the numbers of their files, and theirs in these.
    pub reached: Vec<(usize, usize)>,
    /// Names under which workflows are called that are not there.
    pub missing: Vec<Text>,
    /// The steps whose calls were all found.
    pub linked: Vec<Text>,
    /// The digest over its own and all called definitions.
    pub digest: Digest,
}

/// The rest of a workflow.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Body {
    /// Line at which it stands.
    pub line: u32,
    /// The author's description.
    pub description: String,
    /// What starts it.
    pub triggers: Vec<TriggerReport>,
    /// What stands between its triggers and its access changes.
    pub gate: String,
    /// Its steps.
    pub steps: Vec<StepReport>,
    /// Its edges, for drawing.
    pub edges: Vec<EdgeReport>,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
    /// What was proved of it, refuted, or could not be found out.
    pub proofs: Vec<check::proofs::Proof>,
    /// The steps of callers through which findings walk.
    pub callers: Vec<Caller>,
    /// Questions that the importer made of a step's own settings, by id and name.
    pub made: Vec<(Text, Text)>,
    /// The ignores that stand in its definition.
    pub ignores: Vec<InlineIgnore>,
    /// The parts its digest is made of.
    pub parts: Vec<Part>,
    /// Connectors that change access or are not the vendor's own, where the definition says their version.
    pub connectors: Vec<(Text, Text)>,
    /// Code that it runs, by the function's name or by its own and the step's, with the digest of its text.
    pub scripts: Vec<(Text, Text)>,
    /// Webhooks that start it, by its name and theirs, with the digest of what they take and from whom.
    pub webhooks: Vec<(Text, Text)>,
    /// The credentials it uses, by the platform's id and name.
    pub credentials: Vec<Text>,
    /// Its control record as JSON; empty where there is none.
    pub record: String,
    /// What stands on the way to each change.
    pub routes: Vec<check::route::Route>,
    /// Who owns it, by the definition.
    pub owners: Vec<Text>,
    /// Where the definition keeps runs from being recorded.
    pub unkept: Vec<String>,
}

/// A step or trigger of another workflow.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Caller {
    /// The id it has in walks: `workflow/step`.
    pub id: Text,
    /// The names of both.
    pub name: Text,
    /// The file it stands in; empty where that is the workflow's own.
    #[serde(default)]
    pub file: String,
}

/// An ignore that stands in a definition: `countersign-ignore: RULE reason="…" expires=YYYY-MM-DD`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InlineIgnore {
    /// The rule.
    pub rule: Text,
    /// The step it stands in, by id; empty when it stands for the whole workflow.
    pub step: Text,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: String,
    /// Line in the file.
    pub line: u32,
}

/// A trigger.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TriggerReport {
    /// Its id.
    pub id: Text,
    /// Its name.
    pub name: Text,
    /// Its kind.
    pub kind: TriggerKind,
    /// Whether callers prove who they are.
    pub authenticated: Option<bool>,
    /// The event's own name.
    pub event: Text,
    /// Line in the file.
    pub line: u32,
    /// It starts nothing, but goes on in what runs already.
    pub inner: bool,
}

/// A step.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StepReport {
    /// Its id.
    pub id: Text,
    /// Its name.
    pub name: Text,
    /// Line in the file.
    pub line: u32,
    /// The file it stands in; empty where that is the workflow's own.
    pub file: Text,
    /// `connector / operation`; empty for steps that only shape data.
    pub operation: String,
    /// Switched off.
    pub off: bool,
    /// What it does while switched on.
    pub effects: Vec<Effect>,
    /// What stands before it, where it changes access.
    pub gate: String,
}

/// An edge: numbers of steps (from 0), triggers as -1, -2, …
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EdgeReport {
    /// Where it starts.
    pub from: i32,
    /// Where it goes.
    pub to: i32,
    /// When it is taken; empty for the ordinary way.
    pub label: Text,
}

/// Bits of kinds.
#[must_use]
pub fn bits(kinds: impl Iterator<Item = Kind>) -> u32 {
    kinds.fold(0, |bits, kind| bits | 1 << kind as u32)
}

/// The kinds whose bits are set.
pub fn kinds(bits: u32) -> impl Iterator<Item = Kind> {
    Kind::ALL.into_iter().filter(move |k| bits & (1 << *k as u32) != 0)
}

/// Whether any of the kinds changes access.
#[must_use]
pub fn changes_access(bits: u32) -> bool {
    kinds(bits).any(Kind::changes_access)
}

/// The kinds that reports name for a workflow: those that change access, and reading secrets.
pub fn named(bits: u32) -> impl Iterator<Item = Kind> {
    kinds(bits).filter(|k| k.changes_access() || *k == Kind::ReadSecret)
}

impl Head {
    /// Whether it changes access by its own steps.
    #[must_use]
    pub fn changes_access(&self) -> bool {
        changes_access(self.effects)
    }

    /// The worst severity among its findings.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        const ORDER: [Severity; 5] =
            [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];
        ORDER.into_iter().zip(self.severities.iter().rev()).find(|(_, n)| **n > 0).map(|(s, _)| s)
    }

    /// `control` automation needs governance; `process` automation passes.
    #[must_use]
    pub fn class(&self) -> &'static str {
        if self.closure.tier >= 2 || self.closure.opaque { "control" } else { "process" }
    }
}

impl Body {
    /// The components of a kind that it uses, by name and version.
    #[must_use]
    pub fn components(&self, kind: policy::ComponentKind) -> &[(Text, Text)] {
        match kind {
            policy::ComponentKind::Connector => &self.connectors,
            policy::ComponentKind::Script => &self.scripts,
            policy::ComponentKind::Webhook => &self.webhooks,
        }
    }

    /// The trigger that says most about who can start it: one that anyone can use, then one that callers use, then the
    /// platform's own; a manual start is how people test. What needs a run that is there already comes last.
    #[must_use]
    pub fn main_trigger(&self) -> Option<&TriggerReport> {
        let rank = |t: &TriggerReport| match t.kind {
            _ if t.inner => 7,
            _ if t.authenticated == Some(false) => 0,
            TriggerKind::Webhook | TriggerKind::Form | TriggerKind::Mail | TriggerKind::Chat => 1,
            TriggerKind::External => 2,
            TriggerKind::Event => 3,
            TriggerKind::Schedule => 4,
            TriggerKind::Manual => 5,
            TriggerKind::Subflow => 6,
        };
        self.triggers.iter().min_by_key(|t| rank(t))
    }
}
