//! The command lines of `record`, `evidence`, `verify`, `population`, `reconcile` and `controls`.

use crate::log::args::Output;
use std::path::PathBuf;

/// Where a ledger is read, and what stands beside it.
#[derive(Debug, clap::Args)]
pub struct Reading {
    /// Where the ledger lies: a folder, `sqlite:FILE`, `postgres://…`, `objects:FOLDER`.
    pub ledger: String,
    /// The folder beside the ledger, with values and evidence.
    #[arg(long, value_name = "FOLDER")]
    pub beside: Option<PathBuf>,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t = Output::Plain)]
    pub format: Output,
}

/// Options of `record`.
#[derive(Debug, clap::Args)]
pub struct Record {
    /// Where the ledger lies [default: what `[ledger]` of the governed folder's configuration says].
    #[arg(requires_all = ["beside", "key"])]
    pub ledger: Option<String>,
    /// The folder beside the ledger, for values and evidence; it is made where it is not there.
    #[arg(long, value_name = "FOLDER", requires = "ledger")]
    pub beside: Option<PathBuf>,
    /// The file of the ledger's secret key.
    #[arg(long, value_name = "FILE", requires = "ledger")]
    pub key: Option<PathBuf>,
    /// Enter the statements of this governed folder that are not on record yet, instead of lines from standard input.
    #[arg(long, value_name = "FOLDER")]
    pub from: Option<PathBuf>,
    /// For how many days values are kept [default: for good].
    #[arg(long, value_name = "DAYS", requires = "ledger")]
    pub keep_days: Option<u64>,
    /// Acknowledge only under a checkpoint that this policy's witnesses have cosigned.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t = Output::Plain)]
    pub format: Output,
}

/// Options of `evidence`.
#[derive(Debug, clap::Args)]
pub struct Evidence {
    /// The ledger.
    #[command(flatten)]
    pub from: Reading,
    /// What to hand over: `all`, `change:ENTRY`, `workflow:NAME`, `identity:NAME`, `control:ID`, `period:FROM..TO` (days
    /// or times in UTC).
    #[arg(long, default_value = "all")]
    pub about: String,
    /// Whom it is for: `auditor`, `reviewer`, `public`.
    #[arg(long, default_value = "auditor")]
    pub role: String,
    /// The folder to write, or with `--one-file` the file.
    #[arg(long, short, value_name = "PATH")]
    pub output: PathBuf,
    /// Write one file instead of a folder.
    #[arg(long)]
    pub one_file: bool,
    /// A checkpoint that the reader kept: prove that the ledger continues it.
    #[arg(long, value_name = "CHECKPOINT")]
    pub since: Vec<PathBuf>,
}

/// Options of `verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = VERIFY_CODES)]
pub struct Verify {
    /// The bundle: a folder or one file.
    pub bundle: PathBuf,
    /// Whom to trust (C2SP tlog-policy): the ledger's key, the witnesses, how many of them it takes.
    #[arg(long, value_name = "FILE")]
    pub policy: PathBuf,
    /// A checkpoint that you kept from earlier.
    #[arg(long, value_name = "CHECKPOINT")]
    pub known: Option<PathBuf>,
    /// Enough witnesses must have cosigned then or later: a day, a time in UTC, or seconds since 1970.
    #[arg(long, value_name = "TIME")]
    pub not_before: Option<String>,
    /// Write a page to read, made from what was verified.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t = Output::Plain)]
    pub format: Output,
}

const VERIFY_CODES: &str = "Exit codes:
  0  everything that is in the bundle holds
  1  something does not
  2  wrong use, or something that cannot be read";

/// Options of `population`.
#[derive(Debug, clap::Args)]
pub struct Population {
    /// The ledger.
    #[command(flatten)]
    pub from: Reading,
    /// Of what: `changes`, `releases`, `decisions`, `exceptions`, `break-glass`, `rotations`, `governance`,
    /// `effects` (what was done to somebody's access).
    #[arg(long, default_value = "changes")]
    pub of: String,
    /// From this day or time on (UTC).
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Until just before this day or time (UTC).
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Draw a sample of so many items.
    #[arg(long, value_name = "COUNT", requires = "seed")]
    pub sample: Option<usize>,
    /// What the sample is drawn with; the same seed draws the same sample.
    #[arg(long)]
    pub seed: Option<String>,
    /// How many chances an item of an emergency or a weekend has.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub weight: u32,
}

/// Options of `reconcile`.
#[derive(Debug, clap::Args)]
pub struct Reconcile {
    /// The ledger.
    #[command(flatten)]
    pub from: Reading,
    /// What others recorded: a platform's executions, a target's audit, a history. JSON lines, a JSON list, a JSON answer with
    /// one list in it, or CSV with a header.
    #[arg(long, value_name = "FILE")]
    pub with: PathBuf,
    /// The field by which both know an item: `THEIRS=OURS`, or one name. Ours is a field of the body, a disclosed value, or what
    /// was signed (`statement.commit`); a dot goes inward.
    #[arg(long, value_name = "FIELD")]
    pub by: String,
    /// Fields that have to agree where both have them, written likewise.
    #[arg(long, value_name = "FIELD", value_delimiter = ',')]
    pub compare: Vec<String>,
    /// Only entries of this type.
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<String>,
    /// Differences that are meant: they are told, and the exit code is 0.
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    pub allow: Vec<Difference>,
}

/// How what others recorded can differ, apart from what they say of the same item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Difference {
    /// They have it, and the ledger has not.
    Missing,
    /// The ledger has it, and they have not.
    Extra,
    /// One side has it more than once.
    Repeated,
}

/// What `erase` and `hold` share.
#[derive(Debug, Clone, clap::Args)]
pub struct Custody {
    /// Where the ledger lies: a folder, `sqlite:FILE`, `postgres://…`, `objects:FOLDER`.
    pub ledger: String,
    /// The folder beside the ledger, with values.
    #[arg(long, value_name = "FOLDER")]
    pub beside: PathBuf,
    /// The file of the ledger's secret key: what is done is recorded.
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Whose values: `identity:NAME` (by all names that the recorded directories have for them), `entry:NUMBER`,
    /// `change:ENTRY`, `workflow:NAME`, `all`.
    #[arg(long)]
    pub about: String,
    /// Record only under a checkpoint that this policy's witnesses have cosigned.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t = Output::Plain)]
    pub format: Output,
}

/// Options of `erase`.
#[derive(Debug, clap::Args)]
pub struct Erase {
    /// Whose values, and where.
    #[command(flatten)]
    pub of: Custody,
}

/// Options of `hold`.
#[derive(Debug, clap::Args)]
pub struct Hold {
    /// Whose values, and where.
    #[command(flatten)]
    pub of: Custody,
    /// Why they have to be kept, such as the number of a case. It stands beside the ledger, not in it.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// End the hold for this reason.
    #[arg(long)]
    pub release: bool,
}

/// Options of `expire`.
#[derive(Debug, clap::Args)]
pub struct Expire {
    /// Where the ledger lies.
    pub ledger: String,
    /// The folder beside the ledger, with values.
    #[arg(long, value_name = "FOLDER")]
    pub beside: PathBuf,
    /// The file of the ledger's secret key: what is done is recorded.
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Record only under a checkpoint that this policy's witnesses have cosigned.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t = Output::Plain)]
    pub format: Output,
}

/// Options of `replay`.
#[derive(Debug, clap::Args)]
pub struct Replay {
    /// The ledger.
    #[command(flatten)]
    pub from: Reading,
    /// Other policies, a file, a folder of them or a governed folder: what would have been different.
    #[arg(long, value_name = "PATH")]
    pub policy: Option<PathBuf>,
}

/// Options of `controls`.
#[derive(Debug, clap::Args)]
pub struct Controls {
    /// The ledger.
    #[command(flatten)]
    pub from: Reading,
    /// From this day on (UTC).
    #[arg(long, value_name = "DAY")]
    pub since: Option<String>,
    /// Until just before this day (UTC).
    #[arg(long, value_name = "DAY")]
    pub until: Option<String>,
}
