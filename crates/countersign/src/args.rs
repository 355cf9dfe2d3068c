//! The command line.

use clap::{Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use workflow::{Platform, Severity};

/// Finds, rates and governs low-code workflows that can change access.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Find the workflows that can change access, and where their control is broken.
    Check(Check),
    /// Explain a rule, what a workflow does, or with `--ledger` what happened and why.
    Explain(Explain),
    /// Answer what an organisation should ask before it relies on low-code governance.
    Assess(crate::assess::Options),
    /// Propose a change of a workflow, or of what governs.
    Propose(crate::govern::Propose),
    /// Show what is proposed, and approve or refuse it.
    Review(crate::govern::Review),
    /// Run a workflow's tests, and sign what came of them: what a release reads.
    Attest(crate::govern::Attest),
    /// Release what was approved.
    Release(crate::govern::Release),
    /// Show what is proposed, released, open and due.
    Status(crate::govern::Status),
    /// Go back to what was released before.
    Rollback(crate::govern::Rollback),
    /// Grant, renew, end and list exceptions.
    Exception(crate::govern::Exception),
    /// Open, use, close, review and list the emergency lane.
    Breakglass(crate::govern::Breakglass),
    /// Approve, withdraw and list connectors, scripts and webhooks.
    Connector(crate::govern::Connector),
    /// Record rotations of credentials, and list what is due.
    Credential(crate::govern::Credential),
    /// Take a workflow over, stop it, retire it.
    Owner(crate::govern::Owner),
    /// Let only released workflows pass, for continuous integration.
    Gate(crate::govern::Gate),
    /// Say what changed in what workflows can do, between files, folders or revisions of git.
    Diff(crate::diff::Options),
    /// Make, grow, check, prove, serve and witness a ledger.
    Ledger(crate::log::args::Ledger),
    /// Enter acts and runs in a ledger, with personal data as commitments.
    Record(crate::evidence::args::Record),
    /// Erase values beside a ledger: every proof still holds.
    Erase(crate::evidence::args::Erase),
    /// Forbid the erasure of values beside a ledger, or allow it again.
    Hold(crate::evidence::args::Hold),
    /// Erase the values beside a ledger whose time is over.
    Expire(crate::evidence::args::Expire),
    /// Write a bundle of evidence from a ledger.
    Evidence(crate::evidence::args::Evidence),
    /// Write what a ledger says in the formats of others: OCSF, CEF, syslog, CloudEvents, event tokens, OSCAL.
    Export(crate::evidence::export::args::Export),
    /// Verify a bundle of evidence offline.
    Verify(crate::evidence::args::Verify),
    /// Every change, decision, exception or emergency of a period, and a sample of them.
    Population(crate::evidence::args::Population),
    /// Hold what others recorded against the ledger: what is missing, extra, altered.
    Reconcile(crate::evidence::args::Reconcile),
    /// Take every decision of a ledger again, with the policies of its moment or with others.
    Replay(crate::evidence::args::Replay),
    /// Was the control on, every day?
    Controls(crate::evidence::args::Controls),
    /// The policies: check them, explain one, decide a case, say what a change of them changes.
    Policy(crate::policy::Options),
    /// The directory of people: check it, look somebody up, import it.
    People(crate::people::Options),
    /// Which requirements of which frameworks rules, policies and records give evidence towards.
    Frameworks(crate::frameworks::Options),
    /// Run the scenarios of workflows, with no platform there.
    Test(Test),
}

/// Options of `test`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = TEST_EXIT_CODES)]
pub struct Test {
    /// Files of scenarios, workflows that have some beside them, and folders with either.
    #[arg(default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// How to print the result.
    #[arg(long, short, value_enum, default_value_t = TestFormat::Plain)]
    pub format: TestFormat,
    /// Write the result to a file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Only scenarios whose name, workflow or file contains this.
    #[arg(long, value_name = "WORDS")]
    pub only: Option<String>,
    /// Run again whenever a file changes.
    #[arg(long)]
    pub watch: bool,
    /// Write what came into the expectations that did not hold, and show each change.
    #[arg(long, conflicts_with_all = ["edge_cases", "mutate", "watch"])]
    pub update: bool,
    /// Run the edge cases made from each workflow itself instead of its scenarios.
    #[arg(long)]
    pub edge_cases: bool,
    /// Keep the edge cases, beside each workflow.
    #[arg(long, requires = "edge_cases")]
    pub write: bool,
    /// Take parts of each control out, and tell whether its scenarios notice.
    #[arg(long, conflicts_with = "edge_cases")]
    pub mutate: bool,
    /// Fail below this coverage of access-changing branches, in percent.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub min_coverage: Option<u8>,
    /// Fail below this mutation score, in percent.
    #[arg(long, value_name = "PERCENT", requires = "mutate", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub min_score: Option<u8>,
}

/// How to print the result of scenarios.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TestFormat {
    /// For a terminal.
    Plain,
    /// One JSON object (docs/formats/scenario.md).
    Json,
    /// JUnit XML, for a build server.
    Junit,
}

const TEST_EXIT_CODES: &str = "Exit codes:
  0  every scenario passes
  1  a scenario fails, or coverage or score is below what is asked for
  2  wrong use, or a path that cannot be read
  3  a file of scenarios or its workflow cannot be understood, and no scenario fails";

/// Options of `check`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub struct Check {
    /// Files, folders and zipped exports to check.
    #[arg(default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// How to print the result.
    #[arg(long, short, value_enum, default_value_t = Format::Plain)]
    pub format: Format,
    /// Write the result to a file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Which findings to report, and which make the exit code 1.
    #[command(flatten)]
    pub filter: Filter,
    /// Exit with 1 from this severity on [default: low].
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub fail_on: Option<Level>,
    /// Report only what is not in this baseline.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Write the findings of this run as a baseline, for later runs to leave out.
    #[arg(long, value_name = "FILE")]
    pub write_baseline: Option<PathBuf>,
    /// Write each property that is refuted as a scenario into this folder, for `countersign test`.
    #[arg(long, value_name = "FOLDER")]
    pub save_scenarios: Option<PathBuf>,
    /// List the operations whose effect is not known, by how often they occur.
    #[arg(long)]
    pub unknown: bool,
    /// Show what scenarios cover on the drawn workflows: the JSON report of `countersign test` (with `--format html`).
    #[arg(long, value_name = "FILE")]
    pub coverage: Option<PathBuf>,
    /// Show every workflow in full, however many there are.
    #[arg(long)]
    pub all: bool,
    /// Check again whenever a file changes.
    #[arg(long)]
    pub watch: bool,
    /// Check every file again, and remember nothing.
    #[arg(long)]
    pub no_cache: bool,
    /// Configuration: ignores and defaults [default: countersign.toml beside the first path or above it].
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

const EXIT_CODES: &str = "Exit codes:
  0  nothing to report at or above --fail-on
  1  findings at or above --fail-on
  2  wrong use, or a path, baseline or configuration that cannot be read
  3  files that could not be read or parsed, and no findings";

/// Which findings and workflows to report.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Filter {
    /// Only findings of this severity or worse.
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub severity: Option<Level>,
    /// Only workflows of this tier or higher (0 to 3).
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..=3))]
    pub tier: Option<u8>,
    /// Only workflows of these platforms.
    #[arg(long, value_parser = platform, value_delimiter = ',')]
    pub platform: Vec<Platform>,
    /// Only findings of these rules.
    #[arg(long, value_parser = rule, value_delimiter = ',')]
    pub rule: Vec<String>,
}

/// Options of `explain`.
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// A rule (`unapproved-change`), a property (`at-most-once`), `rules` for a list of rules, or a file with workflows.
    pub subject: std::ffi::OsString,
    /// Only the workflow of this name or id, where the file has several.
    #[arg(long, value_name = "NAME")]
    pub workflow: Option<String>,
    /// Tell from this ledger instead: `12` for an entry, `change:ENTRY`, `release:ENTRY`, `run:EXECUTION`, `workflow:NAME`,
    /// `identity:NAME`, `credential:ID`, `approver:NAME`, `control:ID`, `period:FROM..TO`; `changes:WORKFLOW` says who changed
    /// it, what changed, and whose access it was about.
    #[arg(long, value_name = "LEDGER")]
    pub ledger: Option<String>,
    /// The folder beside the ledger, with values.
    #[arg(long, value_name = "FOLDER", requires = "ledger")]
    pub beside: Option<PathBuf>,
    /// How to print the result.
    #[arg(long, short, value_enum, default_value_t = crate::people::Format::Plain)]
    pub format: crate::people::Format,
}

/// How to print a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a terminal.
    Plain,
    /// One JSON object (docs/formats/report.md).
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Markdown, for a merge request.
    Markdown,
    /// One page to open in a browser.
    Html,
    /// JUnit XML, for a build server.
    Junit,
}

/// A severity on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)] // the words of severities
pub enum Level {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

impl From<Level> for Severity {
    fn from(level: Level) -> Severity {
        match level {
            Level::Info => Severity::Info,
            Level::Low => Severity::Low,
            Level::Medium => Severity::Medium,
            Level::High => Severity::High,
            Level::Critical => Severity::Critical,
        }
    }
}

fn platform(name: &str) -> Result<Platform, String> {
    let names = || Platform::ALL.map(Platform::as_str).join(", ");
    let found = Platform::ALL.into_iter().find(|p| p.as_str() == name);
    found.ok_or_else(|| format!("no such platform; there are {}", names()))
}

fn rule(name: &str) -> Result<String, String> {
    let known = check::rule(name).map(|r| r.id.to_owned());
    known.ok_or_else(|| "no such rule; `countersign explain rules` lists them".to_owned())
}
