//! What a review of readiness is asked with: workflows as they were judged, and what is known of the organisation around them.
//! All of it is plain data: the program reads it from check's report and from what governs.

use crate::proofs::Proof;
use crate::record::ControlRecord;
use crate::route::{Context, Route};
use workflow::{Finding, Kind, Platform, Text, TriggerKind};

/// A workflow.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// Its file, as reports name it.
    pub path: String,
    /// Its platform.
    pub platform: Option<Platform>,
    /// Its name.
    pub name: Text,
    /// The line at which it stands.
    pub line: u32,
    /// It changes access by its own steps.
    pub changes: bool,
    /// It, or something it calls, may do what is not known.
    pub opaque: bool,
    /// Its tier, over all it calls.
    pub tier: u8,
    /// The kinds of its own effects.
    pub kinds: Vec<Kind>,
    /// Its gate, in the word of reports.
    pub gate: Text,
    /// Its triggers.
    pub triggers: Vec<TriggerKind>,
    /// Its findings.
    pub findings: Vec<Finding>,
    /// What was proved of it.
    pub proofs: Vec<Proof>,
    /// The ways to its changes.
    pub routes: Vec<Route>,
    /// Its control record.
    pub record: Option<ControlRecord>,
    /// The connectors that matter, with their versions.
    pub connectors: Vec<(Text, Text)>,
    /// The steps that run code, by name.
    pub code: Vec<Text>,
    /// The credentials that it uses, by id and name.
    pub credentials: Vec<Text>,
    /// Other workflows of the set that use one of them: the credential and how many. Nothing where the platform's
    /// definitions name credentials by keys of their own, so that it cannot be told.
    pub shared: Option<Vec<(Text, usize)>>,
    /// Who owns it, by the definition itself.
    pub owners: Vec<Text>,
    /// Where the definition keeps runs from being recorded, in words.
    pub unkept: Vec<String>,
    /// It stands in a governed folder.
    pub governed: bool,
    /// What the history says of its file, where there is one.
    pub history: Option<History>,
    /// What governs it, where something does.
    pub standing: Option<Standing>,
}

/// What the history says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct History {
    /// How many commits touched it.
    pub commits: usize,
    /// How many people, by their addresses.
    pub authors: usize,
    /// It has changes that are not committed.
    pub dirty: bool,
    /// The history is cut off.
    pub shallow: bool,
}

/// How a workflow stands in what governs.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// How strictly its tier is governed: `enforce`, `warn`, `observe`.
    pub mode: String,
    /// Its release, where it has one.
    pub release: Option<Released>,
    /// What is live is so by break-glass, until then.
    pub emergency: Option<String>,
    /// The tests that were attested to for what lies there.
    pub tested: Option<Tested>,
    /// The owner that its record names.
    pub owner: Person,
    /// The security approver that its record names.
    pub approver: Person,
    /// Its credentials as the register has them.
    pub credentials: Vec<Credential>,
    /// Connectors in the versions it uses, and whether they are approved.
    pub components: Vec<(Text, bool)>,
    /// How many of its runs are in the ledger.
    pub runs: usize,
    /// Systems that it changes and the organisation rates high or critical, with the rating.
    pub critical: Vec<(Text, &'static str)>,
    /// Systems that it changes and nobody rates.
    pub unrated: Vec<Text>,
}

/// A release.
#[derive(Debug, Clone, Default)]
pub struct Released {
    /// The statement.
    pub statement: String,
    /// When.
    pub at: String,
    /// How many people other than who proposed it approved it.
    pub approvals: usize,
    /// What lies there is what was released.
    pub same: bool,
    /// The parts that differ.
    pub changed: Vec<String>,
}

/// Tests that somebody attested to.
#[derive(Debug, Clone, Default)]
pub struct Tested {
    /// The statement.
    pub statement: String,
    /// How many fail.
    pub failed: u64,
    /// How many of 100 faults put into the control they notice.
    pub mutation: u64,
}

/// Somebody a record names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Person {
    /// Nobody is named.
    #[default]
    None,
    /// Known, and with us.
    Active(String),
    /// Not known, or not with us any more.
    Gone(String),
    /// There is no directory to look in.
    Unknown(String),
}

/// A credential of the register.
#[derive(Debug, Clone, Default)]
pub struct Credential {
    /// Its id.
    pub id: String,
    /// Its owner.
    pub owner: Person,
    /// When it has to be rotated again is not said.
    pub undated: bool,
    /// It is past its rotation or has expired.
    pub stale: bool,
}

/// What is known around the workflows.
#[derive(Debug, Clone, Default)]
pub struct Organisation {
    /// There is a governed folder.
    pub governed: bool,
    /// Its name.
    pub name: String,
    /// The environment that was asked about.
    pub environment: String,
    /// The ledger, where the configuration names one.
    pub ledger: Option<Ledger>,
    /// What the policies that decide changes of workflows look at, with their ids.
    pub policies: Vec<(Context, Vec<String>)>,
    /// The organisation rates systems by how critical they are.
    pub rates: bool,
    /// Policies that keep the one who asks from approving, by id.
    pub apart: Vec<String>,
    /// How many statements count.
    pub statements: usize,
    /// How many statements do not count.
    pub refused: usize,
    /// Exceptions that were granted.
    pub exceptions: usize,
    /// Emergencies.
    pub emergencies: usize,
    /// Reviews that sent a change back.
    pub rework: usize,
}

/// A ledger.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// Where it lies.
    pub place: String,
    /// It could not be read: why.
    pub broken: Option<String>,
    /// How many statements of the folder are on record.
    pub entered: usize,
    /// How many are not, though somebody known signed them.
    pub missing: usize,
    /// How many are not, for nobody whom the directory knows signed them.
    pub of_nobody: usize,
    /// How many entries are about runs of workflows that were released.
    pub runs: usize,
}
