//! `countersign people`: the directory of people as a file (`people.yaml`, `docs/formats/people.md`), what is wrong in it, who
//! is who, and imports from SCIM, CSV and OpenSSH's `allowed_signers`.

mod csv;
mod file;
mod import;
mod scim;
mod show;
mod signers;

pub use csv::from_csv;
pub use file::{Problem, SCHEMA, parse, read, to_json, write};
pub use import::{Row, merge};
pub use scim::from_scim;
pub use signers::from_signers;

use crate::check::Exit;
use clap::{Subcommand, ValueEnum};
use ledger::count;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Options of `people`.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do with the directory.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say what is wrong in the directory. Exits with 1 where something is.
    Check(Place),
    /// Say who stands behind a name, what they may be asked for, and whom they can act for.
    Show(Show),
    /// Bring people in from SCIM, CSV or `allowed_signers`; prints the new `people.yaml` (`-o` writes it).
    Import(Import),
}

/// Where the directory is.
#[derive(Debug, clap::Args)]
pub struct Place {
    /// `people.yaml`, or the folder with it.
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// How to print the result.
    #[arg(long, short, value_enum, default_value_t = Format::Plain)]
    pub format: Format,
}

/// Options of `people show`.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// An id, `system:account`, a mail address, a key or its fingerprint, a group; without it, everybody.
    pub name: Option<String>,
    /// `people.yaml`, or the folder with it.
    #[arg(long, default_value = ".", value_name = "PATH")]
    pub people: PathBuf,
    /// The moment for which it is said [default: now].
    #[arg(long, value_name = "MOMENT")]
    pub at: Option<policy::Moment>,
    /// How to print the result.
    #[arg(long, short, value_enum, default_value_t = Format::Plain)]
    pub format: Format,
}

/// Options of `people import`.
#[derive(Debug, clap::Args)]
pub struct Import {
    /// A SCIM list response or resources (`.json`), a table (`.csv`), or an `allowed_signers` file.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// The system whose accounts a SCIM file or a table holds (`okta`, `entra`).
    #[arg(long, value_name = "SYSTEM", default_value = "scim")]
    pub system: String,
    /// The directory to add to; its own statements win over what is imported.
    #[arg(long, value_name = "PATH")]
    pub into: Option<PathBuf>,
    /// Write the result to a file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// How to print the result; a file that is written is `people.yaml` either way.
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

/// Runs the command.
///
/// # Errors
/// When a file cannot be read or written, or is no directory.
pub fn run(options: &Options) -> io::Result<Exit> {
    let mut out = io::stdout().lock();
    match &options.command {
        Command::Check(place) => check(place, &mut out),
        Command::Show(show) => show::run(show, &mut out),
        Command::Import(import) => import::run(import, &mut out),
    }
}

/// The directory's file in a folder, or the file itself.
#[must_use]
pub fn place(path: &Path) -> PathBuf {
    if path.is_dir() { path.join("people.yaml") } else { path.to_path_buf() }
}

fn check(place_of: &Place, out: &mut dyn Write) -> io::Result<Exit> {
    let path = place(&place_of.path);
    let shown = path.display().to_string();
    let (people, problems) = read(&path)?;
    if place_of.format == Format::Json {
        let problems: Vec<_> = problems
            .iter()
            .map(|p| serde_json::json!({"path": shown, "line": p.line, "message": p.message}))
            .collect();
        let result = serde_json::json!({"schema": "countersign.people-check/1", "people": people.all().len(), "problems": problems});
        writeln!(out, "{result:#}")?;
    } else {
        for p in &problems {
            writeln!(out, "{shown}:{}: {}", p.line, p.message)?;
        }
        writeln!(
            out,
            "{shown}: {}, {}",
            count(people.all().len(), "person", "people"),
            count(problems.len(), "problem", "problems")
        )?;
    }
    Ok(if problems.is_empty() { Exit::Clean } else { Exit::Findings })
}
