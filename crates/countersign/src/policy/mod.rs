//! `countersign policy`: what the policies are, whether they are sound, what they say to a case, and what a change of them
//! changes. Deciding itself is the crate `policy`'s.

mod check;
mod diff;
mod explain;
mod load;
mod simulate;
mod solver;

pub(crate) use load::among;
pub use load::{Loaded, below, load};

use crate::check::Exit;
pub use crate::people::Format;
use clap::Subcommand;
use std::io;
use std::path::PathBuf;

/// Options of `policy`.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do with policies.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Validate the policies, run the cases beside them, and say what of the context they ignore. Exits with 1 where
    /// something is wrong.
    Check(Place),
    /// Say what a policy means, or list them all.
    Explain(Explain),
    /// Decide a case: a file of facts (JSON), or generated cases.
    Simulate(Simulate),
    /// Say which answers change from one set of policies to another. Exits with 1 where some do.
    Diff(Diff),
}

/// Where the policies are.
#[derive(Debug, clap::Args)]
pub struct Place {
    /// A folder with `policies/`, a folder of policies, or `.cedar` files; the core is always there.
    #[arg(default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// How to print the result.
    #[arg(long, short, value_enum, default_value_t = Format::Plain)]
    pub format: Format,
}

/// Options of `policy explain`.
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// The policy's id; without it, all are listed.
    pub id: Option<String>,
    /// Where the organisation's own policies are.
    #[arg(long, default_value = ".", value_name = "PATH")]
    pub policies: PathBuf,
    /// How to print the result.
    #[arg(long, short, value_enum, default_value_t = Format::Plain)]
    pub format: Format,
}

/// Options of `policy simulate`.
#[derive(Debug, clap::Args)]
pub struct Simulate {
    /// Files of facts: JSON, one object or one for each line. Without them, generated cases are decided and counted.
    pub facts: Vec<PathBuf>,
    /// How many cases to generate, and from which number on.
    #[arg(long, value_name = "COUNT", default_value_t = 1000)]
    pub cases: u64,
    /// Where the organisation's own policies are.
    #[arg(long, default_value = ".", value_name = "PATH")]
    pub policies: PathBuf,
    /// The directory, for facts that hold no people of their own.
    #[arg(long, value_name = "PATH")]
    pub people: Option<PathBuf>,
    /// How to print the result.
    #[arg(long, short, value_enum, default_value_t = Format::Plain)]
    pub format: Format,
}

/// Options of `policy diff`.
#[derive(Debug, clap::Args)]
pub struct Diff {
    /// The policies as they were: a folder or a file; a folder without any stands for the core alone.
    pub old: PathBuf,
    /// The policies as they are to be.
    pub new: PathBuf,
    /// Files of recorded facts to decide again (JSON, one object or one for each line).
    #[arg(long, value_name = "FILE")]
    pub facts: Vec<PathBuf>,
    /// How many possible cases to generate besides.
    #[arg(long, value_name = "COUNT", default_value_t = 5000)]
    pub cases: u64,
    /// The solver that is asked over all cases, a cvc5; `none` for no such question [default: `cvc5`, where it is installed].
    #[arg(long, value_name = "PROGRAM")]
    pub solver: Option<String>,
    /// How to print the result.
    #[arg(long, short, value_enum, default_value_t = Format::Plain)]
    pub format: Format,
}

/// Runs the command.
///
/// # Errors
/// When a file cannot be read or is not of its format.
pub fn run(options: &Options) -> io::Result<Exit> {
    let mut out = io::stdout().lock();
    match &options.command {
        Command::Check(place) => check::run(place, &mut out),
        Command::Explain(explain) => explain::run(explain, &mut out),
        Command::Simulate(simulate) => simulate::run(simulate, &mut out),
        Command::Diff(diff) => diff::run(diff, &mut out),
    }
}
