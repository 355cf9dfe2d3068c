//! The command line of `export`.

use clap::ValueEnum;
use std::path::PathBuf;

/// Options of `export`.
#[derive(Debug, clap::Args)]
#[command(after_help = CODES)]
pub struct Export {
    /// Where the ledger lies: a folder, `sqlite:FILE`, `postgres://…`, `objects:FOLDER`.
    pub ledger: String,
    /// As what: `ocsf` to `set` are streams of lines, the others one document.
    #[arg(long, short, value_enum)]
    pub format: Format,
    /// The folder beside the ledger: who acted, and whose access it was, as far as it is kept [default: names are left out].
    #[arg(long, value_name = "FOLDER")]
    pub beside: Option<PathBuf>,
    /// Whom it is for: `auditor`, `reviewer` (no identities), `public` (no names).
    #[arg(long, default_value = "auditor", requires = "beside")]
    pub role: String,
    /// Write to a file instead of standard output; a stream is appended to it.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Where the last export stopped, as it printed it.
    #[arg(long, value_name = "CURSOR", conflicts_with = "cursor")]
    pub after: Option<String>,
    /// Keep where the export stopped in this file, and go on from there the next time.
    #[arg(long, value_name = "FILE")]
    pub cursor: Option<PathBuf>,
    /// Export so many entries at most.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
    /// Of a document: from this day or time on (UTC).
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Of a document: until just before this day or time (UTC).
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Of syslog: the organisation's private enterprise number [default: the one for examples].
    #[arg(long, value_name = "NUMBER")]
    pub enterprise: Option<u32>,
    /// Of syslog: how messages are told apart.
    #[arg(long, value_enum, default_value_t = Framing::Lines)]
    pub framing: Framing,
    /// Of event tokens: the file of the key that signs them, not that of the ledger; it is made where it is not there.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Of event tokens: the issuer, as receivers know it, such as `https://governance.example.com`.
    #[arg(long, value_name = "URL")]
    pub issuer: Option<String>,
    /// Of event tokens: a receiver; it may be given several times.
    #[arg(long, value_name = "NAME")]
    pub audience: Vec<String>,
    /// Of event tokens: how they are signed.
    #[arg(long, value_enum, default_value_t = Algorithm::Eddsa)]
    pub algorithm: Algorithm,
}

const CODES: &str = "Exit codes:
  0  exported; where a stream goes on is told on standard error
  1  a gap: entries are missing, or are not those that the ledger's tree was built over, or were exported before
  2  wrong use, or something could not be read or written";

/// As what a ledger is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// OCSF 1.8 events, one JSON object a line.
    Ocsf,
    /// ArcSight's Common Event Format.
    Cef,
    /// Syslog messages (RFC 5424).
    Syslog,
    /// CloudEvents 1.0, one JSON object a line.
    Cloudevents,
    /// Security Event Tokens (RFC 8417): CAEP, RISC and SCIM, one signed token a line.
    Set,
    /// The public key of such tokens, as a JWK set.
    Jwks,
    /// OSCAL assessment results.
    OscalResults,
    /// An OSCAL component definition.
    OscalComponent,
    /// What is found in workflows that are released, as SARIF 2.1.0.
    Sarif,
    /// The tests that were attested to, as JUnit XML.
    Junit,
}

/// How messages of syslog are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Framing {
    /// A line each.
    Lines,
    /// Their length before each (RFC 5425).
    Octets,
}

/// How event tokens are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Algorithm {
    /// Ed25519.
    Eddsa,
    /// ECDSA over P-256 with SHA-256.
    Es256,
}
