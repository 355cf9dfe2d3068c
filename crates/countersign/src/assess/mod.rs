//! `countersign assess`: what an organisation should ask before it relies on low-code governance, answered for an export, a
//! folder or a governed repository, with what each answer rests on.

mod gather;
mod html;
mod json;
mod oscal;
mod plain;
mod standing;

#[cfg(test)]
pub(crate) use html::PAGE;

use crate::check::{self as checked, Exit};
use crate::scan::model::FileVerdict;
use crate::scan::{self, Scan};
use crate::{govern, progress};
use ::check::assess::{Answered, Organisation, Subject, answers};
use clap::ValueEnum;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use workflow::{Platform, Text};

/// Options of `assess`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub struct Options {
    /// Files, folders and zipped exports; where the first lies in a governed folder, what governs it counts too.
    #[arg(default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// How to print the result.
    #[arg(long, short, value_enum, default_value_t = Format::Plain)]
    pub format: Format,
    /// Write the result to a file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Only these questions: `one-person`, `context-aware`, `decision-path`, `extensions`, `versions`, `ownership`, `credentials`.
    #[arg(long, value_parser = question, value_delimiter = ',')]
    pub question: Vec<String>,
    /// The environment whose releases count [default: that of countersign.toml, else `production`].
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    /// Show every workflow that an answer rests on, however many there are.
    #[arg(long)]
    pub all: bool,
    /// Check every file again, and remember nothing.
    #[arg(long)]
    pub no_cache: bool,
}

const EXIT_CODES: &str = "Exit codes:
  0  every question has the answer that one hopes for
  1  some question has another answer, or it cannot be told
  2  wrong use, or a path or governed folder that cannot be read
  3  files that could not be read or parsed, and every answer about the others is the one that one hopes for";

/// How to print a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a terminal.
    Plain,
    /// One JSON object (docs/formats/assess.md).
    Json,
    /// OSCAL assessment results, for GRC tools.
    Oscal,
    /// One page to open in a browser.
    Html,
}

fn question(id: &str) -> Result<String, String> {
    let all = ::check::assess::QUESTIONS.map(|q| q.id);
    match all.contains(&id) {
        true => Ok(id.to_owned()),
        false => Err(format!("no such question; there are {}", all.join(", "))),
    }
}

/// All that is printed.
pub(crate) struct Review {
    /// The paths as given.
    pub paths: Vec<String>,
    /// The moment.
    pub at: String,
    /// How many files were looked at.
    pub files: usize,
    /// How many workflows they hold.
    pub workflows: usize,
    /// How many of them can change access.
    pub changing: usize,
    /// Their platforms.
    pub platforms: Vec<Platform>,
    /// The workflows that a question concerns.
    pub subjects: Vec<Subject>,
    /// The names of the steps on their walks, by id.
    pub names: Vec<HashMap<Text, String>>,
    /// What is around them.
    pub organisation: Organisation,
    /// The answers.
    pub answers: Vec<Answered>,
    /// Files that could not be read.
    pub problems: Vec<String>,
}

impl Review {
    /// The name of a step of a workflow.
    fn name<'r>(&'r self, subject: usize, step: &'r str) -> &'r str {
        self.names.get(subject).and_then(|n| n.get(step)).map_or(step, String::as_str)
    }
}

/// Runs the command.
///
/// # Errors
/// When a path or the governed folder cannot be read, or the result cannot be printed.
pub fn run(options: &Options) -> io::Result<Exit> {
    if let Some(path) = options.paths.iter().find(|p| p.symlink_metadata().is_err()) {
        let told = format!(
            "no file or folder `{}`: give the path of an export, or of a folder with some",
            path.display()
        );
        return Err(io::Error::new(io::ErrorKind::NotFound, told));
    }
    let progress = progress::Bar::new();
    let (paths, cache_folder) = (options.paths.clone(), checked::cache_folder());
    let asked = scan::Options { paths, cache_folder, cache: !options.no_cache, routes: true };
    let scan = scan::scan(&asked, &|done, of| progress.tell(done, of))?;
    progress.end();
    let review = review(options, &scan)?;
    let colour = || io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    match &options.output {
        Some(path) => {
            let file = File::create(path).map_err(|e| {
                let path = path.display();
                io::Error::other(format!("`{path}` cannot be written ({e}): name a file that you may write"))
            })?;
            print(options, &review, &mut BufWriter::new(file), false)?;
        }
        None => print(options, &review, &mut BufWriter::new(io::stdout().lock()), colour())?,
    }
    let good = review.answers.iter().all(|a| a.good);
    Ok(match (good, review.problems.is_empty()) {
        (false, _) => Exit::Findings,
        (true, false) => Exit::Problems,
        (true, true) => Exit::Clean,
    })
}

fn print(options: &Options, review: &Review, out: &mut dyn Write, colour: bool) -> io::Result<()> {
    match options.format {
        Format::Plain => plain::write(review, options.all, colour, out)?,
        Format::Json => json::write(review, out)?,
        Format::Oscal => oscal::write(review, out)?,
        Format::Html => html::write(review, out)?,
    }
    out.flush()
}

fn review(options: &Options, scan: &Scan) -> io::Result<Review> {
    let now = govern::now();
    let around = standing::Around::find(options, now)?;
    let gathered = gather::gather(options, scan, &around)?;
    let organisation = around.organisation();
    let mut answers = answers(&gathered.subjects, &organisation);
    answers.retain(|a| options.question.is_empty() || options.question.iter().any(|q| q == a.question.id));
    let heads = || scan.files.iter().flat_map(|f| &f.heads);
    let mut platforms: Vec<Platform> = heads().map(|h| h.platform).collect();
    platforms.sort();
    platforms.dedup();
    Ok(Review {
        paths: options.paths.iter().map(|p| p.display().to_string()).collect(),
        at: now.to_string(),
        files: scan.files.len(),
        workflows: heads().count(),
        changing: heads().filter(|h| h.changes_access()).count(),
        platforms,
        subjects: gathered.subjects,
        names: gathered.names,
        organisation,
        answers,
        problems: problems(scan),
    })
}

fn problems(scan: &Scan) -> Vec<String> {
    let unreadable = scan.files.iter().filter(|f| f.verdict == FileVerdict::Unreadable);
    let all = scan.problems.iter().chain(unreadable.flat_map(|f| &f.problems));
    all.map(|p| format!("{}:{}: {}", p.path, p.line, p.message)).collect()
}
