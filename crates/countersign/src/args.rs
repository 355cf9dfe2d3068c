//! The command line.

use clap::{Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

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
}

/// Options of `check`.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// Files and folders to check.
    #[arg(default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// How to print the result.
    #[arg(long, short, value_enum, default_value_t = Format::Plain)]
    pub format: Format,
    /// Check every file again, and remember nothing.
    #[arg(long)]
    pub no_cache: bool,
}

/// How to print a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a terminal.
    Plain,
    /// One JSON object (docs/formats/report.md).
    Json,
}
