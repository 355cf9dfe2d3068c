//! `countersign diff`: what changed in what workflows can do, between two files, folders or revisions of git.

mod html;
mod json;
mod load;
mod markdown;
mod plain;

use crate::check::Exit;
use crate::report::words::times;
use check::diff::{Change, Difference, Side, compare};
use clap::ValueEnum;
#[cfg(test)]
pub(crate) use html::PAGE;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use workflow::Problem;

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
  0  no change in what the workflows do, or in what their control records let them do
  1  a change in it
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
    pub unknown: Vec<Unknown>,
    pub problems: Vec<String>,
}

/// A workflow of one side whose file the other has, and which could not be read there: what became of it is not known.
#[derive(serde::Serialize)]
pub(crate) struct Unknown {
    pub name: String,
    pub path: String,
    /// The side that could not be read.
    pub side: &'static str,
    pub because: String,
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

    /// How many have another control record now.
    fn recorded(&self) -> usize {
        self.differences.iter().filter(|d| d.changes.iter().any(Change::is_of_record)).count()
    }

    /// Whether anything changed in what they do, or may do.
    fn is_changed(&self) -> bool {
        self.differences.iter().any(Difference::is_changed)
    }

    /// What changed, in a line.
    fn headline(&self) -> String {
        let does = |n: usize| if n == 1 { "does" } else { "do" };
        let acts = match self.acting() {
            0 if self.problems.is_empty() => "no change in what the workflows do".to_owned(),
            0 => "no change in what could be read, and not all of it could".to_owned(),
            n => format!("{} {} something else now", times(n, "workflow"), does(n)),
        };
        match self.recorded() {
            0 => acts,
            n => format!("{acts}; what the control record of {} says changed", times(n, "workflow")),
        }
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
    let told = told(options)?;
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
    Ok(match (told.is_changed(), told.problems.is_empty()) {
        (false, true) => Exit::Clean,
        (false, false) => Exit::Problems,
        _ => Exit::Findings,
    })
}

/// Loads and compares both sides.
fn told(options: &Options) -> io::Result<Told> {
    let ((old, was), (new, is)) = (load::side(&options.old)?, load::side(&options.new)?);
    let (mut differences, mut unknown) = (Vec::new(), Vec::new());
    for difference in compare(&old, &new) {
        let missing = match (difference.old, difference.new) {
            (Some(i), None) => {
                old.paths.get(i).and_then(|path| unread(&difference, path, ("new", &new, &is)))
            }
            (None, Some(i)) => {
                new.paths.get(i).and_then(|path| unread(&difference, path, ("old", &old, &was)))
            }
            _ => None,
        };
        match missing {
            Some(one) => unknown.push(one),
            None => differences.push(difference),
        }
    }
    let sides = [(&options.old, &was), (&options.new, &is)];
    let problems = sides.iter().flat_map(|(side, of)| of.iter().map(move |p| problem(side, p))).collect();
    let (told_old, told_new) = (options.old.clone(), options.new.clone());
    Ok(Told { old: told_old, new: told_new, sides: (old, new), differences, unknown, problems })
}

/// A workflow that the other side does not have, where its file, or one that holds it, gave nothing there and has a problem.
fn unread(
    difference: &Difference,
    path: &str,
    (side, other, problems): (&'static str, &Side, &[Problem]),
) -> Option<Unknown> {
    if other.paths.iter().any(|p| p == path) {
        return None;
    }
    let holds = |p: &&Problem| p.path == path || Path::new(path).starts_with(&p.path);
    let problem = problems.iter().find(holds)?;
    let (name, because) = (difference.name.to_string(), problem.message.clone());
    Some(Unknown { name, path: path.to_owned(), side, because })
}

/// What could not be read, with its side and place.
fn problem(side: &str, p: &Problem) -> String {
    let path = if p.path.is_empty() { String::new() } else { format!(" {}", p.path) };
    let line = if p.line == 0 { String::new() } else { format!(":{}", p.line) };
    format!("{side}:{path}{line}: {}", p.message)
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
    // Of several of a name in the file it is not known which is meant: what any does differently is said.
    let mut mine: Vec<_> = differences.iter().filter(|d| d.name.as_str() == name).map(Some).collect();
    if mine.is_empty() {
        mine.push(None);
    }
    Ok(mine.into_iter().flat_map(|d| plain::sentences(name, d)).collect())
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
