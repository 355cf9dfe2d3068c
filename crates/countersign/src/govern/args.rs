//! The options of the commands of governing.

use clap::{Subcommand, ValueEnum};
use policy::Moment;
use std::path::PathBuf;

/// What all acts share: who signs, where, and how it is told.
#[derive(Debug, Clone, clap::Args)]
pub struct Common {
    /// The governed folder, or a place in it.
    #[arg(long, short = 'C', default_value = ".", value_name = "PATH")]
    pub folder: PathBuf,
    /// The environment [default: that of countersign.toml, else `production`].
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    /// The SSH key to sign with [default: git's user.signingkey].
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Act for somebody else, who has delegated to you: their id.
    #[arg(long, value_name = "ID")]
    pub on_behalf_of: Option<String>,
    /// Act in this role only.
    #[arg(long, value_name = "ROLE")]
    pub authority: Option<String>,
    /// Why, in your own words.
    #[arg(long, short = 'm', value_name = "TEXT", default_value = "")]
    pub reason: String,
    /// Print the statement that would be signed, and sign nothing.
    #[arg(long)]
    pub show: bool,
    /// Say of each sentence which fact it rests on.
    #[arg(long)]
    pub why: bool,
    /// How to print the result.
    #[arg(long, short, value_enum, default_value_t = Format::Plain)]
    pub format: Format,
}

/// Where to look, and how it is told.
#[derive(Debug, Clone, clap::Args)]
pub struct Look {
    /// The governed folder, or a place in it.
    #[arg(long, short = 'C', default_value = ".", value_name = "PATH")]
    pub folder: PathBuf,
    /// How to print the result.
    #[arg(long, short, value_enum, default_value_t = Format::Plain)]
    pub format: Format,
}

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a terminal.
    Plain,
    /// One JSON object.
    Json,
}

/// Propose a change: of a workflow, or of `policy`, `people` or `configuration`.
#[derive(Debug, clap::Args)]
pub struct Propose {
    /// A workflow by name, id or file; or `policy`, `people`, `configuration`.
    pub subject: String,
    /// A model helped, or an agent made it.
    #[arg(long, value_enum, value_name = "HOW")]
    pub ai: Option<Ai>,
    /// Take the open proposal back.
    #[arg(long)]
    pub withdraw: bool,
    /// The proposal to take back, where there are several: its statement, or the beginning of it.
    #[arg(long, value_name = "STATEMENT", requires = "withdraw")]
    pub proposal: Option<String>,
    /// A drill: something was put in for reviewers to find (`--reason` says what). It can never be released.
    #[arg(long, conflicts_with = "withdraw")]
    pub drill: bool,
    /// What all acts share.
    #[command(flatten)]
    pub common: Common,
}

/// What a machine did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)] // the words say it
pub enum Ai {
    Assisted,
    Made,
}

/// Show what is proposed, and say yes or no.
#[derive(Debug, clap::Args)]
pub struct Review {
    /// A workflow by name, id or file; or `policy`, `people`, `configuration`.
    pub subject: String,
    /// Yes.
    #[arg(long, conflicts_with_all = ["refuse", "rework"])]
    pub approve: bool,
    /// No.
    #[arg(long, conflicts_with = "rework")]
    pub refuse: bool,
    /// Not like this.
    #[arg(long)]
    pub rework: bool,
    /// The proposal, where there are several: its statement, or the beginning of it.
    #[arg(long, value_name = "STATEMENT")]
    pub proposal: Option<String>,
    /// What all acts share.
    #[command(flatten)]
    pub common: Common,
}

/// Run the scenarios that a workflow's record names, put faults into its control to see whether they notice, and sign what
/// came of it for this closure. Exits with 1 where a scenario fails.
#[derive(Debug, clap::Args)]
pub struct Attest {
    /// Workflows by name, id or file.
    #[arg(required = true)]
    pub subjects: Vec<String>,
    /// What all acts share.
    #[command(flatten)]
    pub common: Common,
}

/// Release what was approved; of `policy`, `people` and `configuration`, put it in force.
#[derive(Debug, clap::Args)]
pub struct Release {
    /// A workflow by name, id or file; or `policy`, `people`, `configuration`.
    pub subject: String,
    /// Also write a signed summary in the terms of the SLSA source track to a file (docs/formats/statement.md).
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,
    /// What all acts share.
    #[command(flatten)]
    pub common: Common,
}

/// Go back to a closure that was released before: proposes it, and once somebody else has approved, carries it out.
#[derive(Debug, clap::Args)]
pub struct Rollback {
    /// A workflow by name, id or file.
    pub subject: String,
    /// The closure, or the beginning of its digest [default: the one before].
    #[arg(long, value_name = "DIGEST")]
    pub to: Option<String>,
    /// On the emergency lane: the break-glass that is open.
    #[arg(long, value_name = "STATEMENT")]
    pub emergency: Option<String>,
    /// What all acts share.
    #[command(flatten)]
    pub common: Common,
}

/// Grant, renew and end exceptions.
#[derive(Debug, clap::Args)]
pub struct Exception {
    /// What to do.
    #[command(subcommand)]
    pub command: ExceptionCommand,
}

/// What to do with exceptions.
#[derive(Debug, Subcommand)]
pub enum ExceptionCommand {
    /// Grant one.
    Grant {
        /// A workflow by name, id or file.
        subject: String,
        /// What is left unasked: `tests`, `mutation`, `boundary`, `finding:RULE`, `proof:NAME`, `component:NAME`,
        /// `credential:ID`, `contributor:ADDRESS`; several with commas.
        #[arg(long, required = true, value_delimiter = ',', value_parser = covered)]
        covers: Vec<String>,
        /// The first moment at which it no longer holds; at most 90 days ahead.
        #[arg(long)]
        until: Moment,
        /// Who answers for it: a person's id or a group.
        #[arg(long)]
        owner: String,
        /// What is done instead.
        #[arg(long)]
        compensating: String,
        /// What all acts share.
        #[command(flatten)]
        common: Common,
    },
    /// Let one hold for longer; twice is the most.
    Renew {
        /// Its statement, or the beginning of it.
        exception: String,
        /// The first moment at which it no longer holds.
        #[arg(long)]
        until: Moment,
        /// What all acts share.
        #[command(flatten)]
        common: Common,
    },
    /// End one early.
    End {
        /// Its statement, or the beginning of it.
        exception: String,
        /// What all acts share.
        #[command(flatten)]
        common: Common,
    },
    /// List them.
    List {
        /// Where, and how it is told.
        #[command(flatten)]
        look: Look,
    },
}

/// Open, use, close and review the emergency lane.
#[derive(Debug, clap::Args)]
pub struct Breakglass {
    /// What to do.
    #[command(subcommand)]
    pub command: GlassCommand,
}

/// What to do with the emergency lane.
#[derive(Debug, Subcommand)]
pub enum GlassCommand {
    /// Open it, for at most 8 hours.
    Open {
        /// The workflows it is for, by name, id or file.
        #[arg(required = true)]
        subjects: Vec<String>,
        /// The incident's ticket.
        #[arg(long, default_value = "")]
        ticket: String,
        /// How many hours it lasts.
        #[arg(long, default_value_t = 2)]
        hours: i64,
        /// It is a drill: nothing that is done by it counts as live.
        #[arg(long)]
        drill: bool,
        /// What all acts share.
        #[command(flatten)]
        common: Common,
    },
    /// Put what lies in the folder live by it.
    Use {
        /// Its statement, or the beginning of it.
        glass: String,
        /// A workflow by name, id or file.
        subject: String,
        /// What all acts share.
        #[command(flatten)]
        common: Common,
    },
    /// Close it before its time is over.
    Close {
        /// Its statement, or the beginning of it.
        glass: String,
        /// What all acts share.
        #[command(flatten)]
        common: Common,
    },
    /// Say that you have looked at what was done by it.
    Review {
        /// Its statement, or the beginning of it.
        glass: String,
        /// What all acts share.
        #[command(flatten)]
        common: Common,
    },
    /// List them.
    List {
        /// Where, and how it is told.
        #[command(flatten)]
        look: Look,
    },
}

/// Approve and withdraw versions of connectors, scripts and webhooks.
#[derive(Debug, clap::Args)]
pub struct Connector {
    /// What to do.
    #[command(subcommand)]
    pub command: ConnectorCommand,
}

/// What to do with connectors.
#[derive(Debug, Subcommand)]
pub enum ConnectorCommand {
    /// Approve a version.
    Approve {
        /// `name@version`.
        component: String,
        /// What it is.
        #[arg(long, value_enum, default_value_t = Kind::Connector)]
        kind: Kind,
        /// What all acts share.
        #[command(flatten)]
        common: Common,
    },
    /// Withdraw the approval of a version.
    Withdraw {
        /// `name@version`.
        component: String,
        /// What it is.
        #[arg(long, value_enum, default_value_t = Kind::Connector)]
        kind: Kind,
        /// What all acts share.
        #[command(flatten)]
        common: Common,
    },
    /// List them.
    List {
        /// Where, and how it is told.
        #[command(flatten)]
        look: Look,
    },
}

/// Record rotations of credentials, and list what is due.
#[derive(Debug, clap::Args)]
pub struct Credential {
    /// What to do.
    #[command(subcommand)]
    pub command: CredentialCommand,
}

/// What to do with credentials.
#[derive(Debug, Subcommand)]
pub enum CredentialCommand {
    /// Say that one was rotated.
    Rotated {
        /// Its id in credentials.yaml.
        credential: String,
        /// When [default: now].
        #[arg(long, value_name = "WHEN")]
        at: Option<Moment>,
        /// A file that shows it, such as the vault's log: its digest is signed. May be given again.
        #[arg(long, value_name = "FILE")]
        evidence: Vec<PathBuf>,
        /// What all acts share.
        #[command(flatten)]
        common: Common,
    },
    /// List them: when each was rotated, and when it is due.
    List {
        /// Where, and how it is told.
        #[command(flatten)]
        look: Look,
    },
}

/// What a component is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)] // the words say it
pub enum Kind {
    Connector,
    Script,
    Webhook,
}

/// Owners: who answers for a workflow, taking over, and the end of its life.
#[derive(Debug, clap::Args)]
pub struct Owner {
    /// What to do.
    #[command(subcommand)]
    pub command: OwnerCommand,
}

/// What owners do.
#[derive(Debug, Subcommand)]
pub enum OwnerCommand {
    /// Become the owner: proposes it, and once a security approver has agreed, carries it out.
    Take {
        /// A workflow by name, id or file.
        subject: String,
        /// What all acts share.
        #[command(flatten)]
        common: Common,
    },
    /// Stop a workflow at once: nothing of it counts as released until it is released again.
    Stop {
        /// A workflow by name, id or file.
        subject: String,
        /// What all acts share.
        #[command(flatten)]
        common: Common,
    },
    /// End a workflow's life.
    Retire {
        /// A workflow by name, id or file.
        subject: String,
        /// What all acts share.
        #[command(flatten)]
        common: Common,
    },
}

/// Show what is proposed, released, open and due.
#[derive(Debug, clap::Args)]
pub struct Status {
    /// Only this workflow, in full.
    pub subject: Option<String>,
    /// Also what the reviews on record come to.
    #[arg(long)]
    pub reviews: bool,
    /// The environment [default: that of countersign.toml, else `production`].
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    /// Where, and how it is told.
    #[command(flatten)]
    pub look: Look,
}

/// Let only released workflows pass, for continuous integration: by the statements alone, offline. Exits with 1 where
/// something does not pass.
#[derive(Debug, clap::Args)]
pub struct Gate {
    /// The governed folder.
    #[arg(default_value = ".")]
    pub folder: PathBuf,
    /// The environment [default: that of countersign.toml, else `production`].
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    /// Also run the tests again that releases rest on: what was attested to has to come out.
    #[arg(long)]
    pub run_tests: bool,
    /// How to print the result.
    #[arg(long, short, value_enum, default_value_t = GateFormat::Plain)]
    pub format: GateFormat,
    /// Say of each sentence which fact it rests on.
    #[arg(long)]
    pub why: bool,
}

/// How the gate prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GateFormat {
    /// For a terminal.
    Plain,
    /// One JSON object.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Markdown, for a summary of a job or a merge request.
    Markdown,
}

/// What an exception can cover, and nothing else: one that covers nothing would look as if it did.
fn covered(word: &str) -> Result<String, String> {
    let known = match word.split_once(':') {
        None => matches!(word, "tests" | "mutation" | "boundary"),
        Some(("finding", rule)) => check::rule(rule).is_some(),
        Some(("proof" | "component" | "credential" | "contributor", name)) => !name.trim().is_empty(),
        Some(_) => false,
    };
    let told = "no exception covers that; there are `tests`, `mutation`, `boundary`, `finding:RULE` (see `countersign explain \
                rules`), `proof:NAME`, `component:NAME`, `credential:ID` and `contributor:ADDRESS`";
    if known { Ok(word.to_owned()) } else { Err(told.to_owned()) }
}
