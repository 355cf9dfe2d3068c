//! `countersign diff`: what changed in what workflows can do, between two files, folders or revisions of git.

mod html;
mod json;
mod load;
mod markdown;
mod plain;

use crate::check::Exit;
use check::diff::{Difference, Side, compare};
use clap::ValueEnum;
#[cfg(test)]
pub(crate) use html::PAGE;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Options of `diff`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub struct Options {
    /// The old state: a file, a folder, a revision of git (`HEAD~1`), or a path in one (`HEAD~1:workflows`).
    pub old: String,
    /// The new state.
    #[arg(default_value = ".")]
    pub new: String,
    /// How to print the result.
    #[arg(long, short, value_enum, default_value_t = Format::Plain)]
    pub format: Format,
    /// Write the result to a file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

const EXIT_CODES: &str = "Exit codes:
  0  no change in what the workflows do
  1  a change in what they do
  2  wrong use, or a path or revision that cannot be read
  3  files that could not be read or parsed, and no change in the others";

/// How to print a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a terminal.
    Plain,
    /// One JSON object (docs/formats/diff.md).
    Json,
    /// Markdown, for a merge request.
    Markdown,
    /// One page to open in a browser, with both graphs.
    Html,
}

/// What is printed: both sides by name and in full, the differences, and files that could not be read.
pub(crate) struct Told {
    pub old: String,
    pub new: String,
    pub sides: (Side, Side),
    pub differences: Vec<Difference>,
    pub problems: Vec<String>,
}

/// Names of steps and triggers by their ids, on one side.
pub(crate) type Named<'t> = HashMap<&'t str, &'t str>;

/// The names of both sides: an id may stand for another step there.
pub(crate) struct Names<'t> {
    pub old: Named<'t>,
    pub new: Named<'t>,
}

impl Told {
    fn names(&self, d: &Difference) -> Names<'_> {
        Names { old: named(&self.sides.0, d.old), new: named(&self.sides.1, d.new) }
    }

    /// How many workflows do something else now.
    fn acting(&self) -> usize {
        self.differences.iter().filter(|d| d.acts_differently()).count()
    }
}

fn named(side: &Side, i: Option<usize>) -> Named<'_> {
    let Some(w) = i.and_then(|i| side.workflows.get(i)) else { return Named::new() };
    let triggers = w.triggers.iter().map(|t| (t.id.as_str(), t.name.as_str()));
    let all = triggers.chain(w.steps.iter().map(|s| (s.id.as_str(), s.name.as_str())));
    all.filter(|(_, name)| !name.is_empty()).collect()
}

/// Runs the command.
///
/// # Errors
/// When a side cannot be read, or the result cannot be printed.
pub fn run(options: &Options) -> io::Result<Exit> {
    let (old, mut problems) = load::side(&options.old)?;
    let (new, others) = load::side(&options.new)?;
    problems.extend(others);
    problems.sort();
    problems.dedup();
    let differences = compare(&old, &new);
    let (told_old, told_new) = (options.old.clone(), options.new.clone());
    let told = Told { old: told_old, new: told_new, sides: (old, new), differences, problems };
    match &options.output {
        Some(path) => {
            let file = File::create(path).map_err(|e| {
                io::Error::other(format!(
                    "`{}` cannot be written ({e}): name a file that you may write",
                    path.display()
                ))
            })?;
            print(options.format, &told, &mut BufWriter::new(file), false)?;
        }
        None => {
            let colour =
                io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
            print(options.format, &told, &mut BufWriter::new(io::stdout().lock()), colour)?;
        }
    }
    Ok(match (told.acting(), told.problems.is_empty()) {
        (0, true) => Exit::Clean,
        (0, false) => Exit::Problems,
        _ => Exit::Findings,
    })
}

/// What a workflow of a file does differently in a commit (or in the folder) than in another commit: a sentence a line, for a
/// terminal.
///
/// # Errors
/// When one side is not there, or cannot be read.
pub(crate) fn sentences(
    root: &Path,
    path: &str,
    name: &str,
    (old, new): (&str, Option<&str>),
) -> io::Result<Vec<String>> {
    let (old, new) = (load::at(root, Some(old), path)?, load::at(root, new, path)?);
    let differences = compare(&old, &new);
    let mine = differences.iter().find(|d| d.name.as_str() == name);
    Ok(plain::sentences(name, mine))
}

fn print(format: Format, told: &Told, out: &mut dyn Write, colour: bool) -> io::Result<()> {
    match format {
        Format::Plain => plain::write(told, colour, out)?,
        Format::Json => json::write(told, out)?,
        Format::Markdown => markdown::write(told, out)?,
        Format::Html => html::write(told, out)?,
    }
    out.flush()
}
