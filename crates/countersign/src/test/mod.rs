//! `countersign test`: runs scenarios, edge cases and mutants of workflows, and prints what came of them.

mod find;
mod json;
mod junit;
mod mutants;
mod plain;
mod read;
pub mod refuted;
mod run;
pub mod tested;
mod update;

use crate::args::{Test, TestFormat};
use crate::check::{Exit, width};
use crate::report::plain::Style;
use crate::{progress, watch};
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use tested::{Summary, Tested};

/// Runs the command.
///
/// # Errors
/// When a path cannot be read, or results cannot be written or printed.
pub fn run(test: &Test) -> io::Result<Exit> {
    if let Some(path) = test.paths.iter().find(|p| p.symlink_metadata().is_err()) {
        let path = path.display();
        let told = format!(
            "no file or folder `{path}`: give a file of scenarios, a workflow, or a folder with some"
        );
        return Err(io::Error::new(io::ErrorKind::NotFound, told));
    }
    let mut seen = test.watch.then(|| watch::stamps(&test.paths));
    loop {
        let exit = once(test);
        let Some(before) = seen else { return exit };
        if let Err(e) = exit {
            eprintln!("error: {e}");
        }
        seen = Some(watch::changed(&test.paths, &before));
    }
}

/// What a JSON report says was covered.
///
/// # Errors
/// When the text is no such report.
pub fn covered(text: &str) -> serde_json::Result<Vec<Tested>> {
    serde_json::from_str::<json::Report>(text).map(|report| report.files)
}

/// What the scenarios of some files come to, with the mutants that they notice.
///
/// # Errors
/// When a worker fails.
pub fn measured(paths: Vec<std::path::PathBuf>) -> io::Result<Vec<Tested>> {
    let test = Test {
        paths,
        format: TestFormat::Json,
        output: None,
        only: None,
        watch: false,
        update: false,
        edge_cases: false,
        write: false,
        mutate: true,
        min_coverage: None,
        min_score: None,
    };
    run::all(&test, &|_, _| ())
}

fn once(test: &Test) -> io::Result<Exit> {
    let progress = progress::Bar::new();
    let all = run::all(test, &|done, of| progress.tell(done, of))?;
    progress.end();
    if test.update {
        update::accept(&all)?;
    }
    let summary = Summary::of(&all);
    let none = summary.passed + summary.failed + summary.problems == 0;
    if let Some(only) = test.only.as_deref().filter(|_| none) {
        let told = format!("no scenario, workflow or file with scenarios has `{only}` in its name");
        return Err(io::Error::new(io::ErrorKind::NotFound, told));
    }
    match &test.output {
        Some(path) => {
            let named =
                |e: io::Error| io::Error::other(format!("`{}` cannot be written: {e}", path.display()));
            print(test, &all, &summary, false, &mut BufWriter::new(File::create(path).map_err(named)?))?;
        }
        None => {
            let colour =
                io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
            print(test, &all, &summary, colour, &mut BufWriter::new(io::stdout().lock()))?;
        }
    }
    if none && !test.edge_cases {
        eprintln!(
            "no scenarios here, so nothing was tested: `--edge-cases --write` makes some of each workflow"
        );
        let asked = test.min_coverage.is_some() || test.min_score.is_some();
        return Ok(if asked { Exit::Findings } else { Exit::Problems });
    }
    Ok(exit(test, &all, &summary))
}

fn print(
    test: &Test,
    all: &[Tested],
    summary: &Summary,
    colour: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    match test.format {
        TestFormat::Plain => plain::write(all, summary, Style { colour, all: true, width: width() }, out)?,
        TestFormat::Json => json::write(all, out)?,
        TestFormat::Junit => junit::write(all, out)?,
    }
    out.flush()
}

fn exit(test: &Test, all: &[Tested], summary: &Summary) -> Exit {
    let low = |t: &Tested| {
        let coverage =
            test.min_coverage.zip(t.coverage.as_ref()).is_some_and(|(least, c)| c.percent() < least);
        coverage || test.min_score.zip(t.mutants.as_ref()).is_some_and(|(least, m)| m.percent() < least)
    };
    match (summary.failed > 0 && !test.update || all.iter().any(low), summary.problems > 0) {
        (true, _) => Exit::Findings,
        (false, true) => Exit::Problems,
        (false, false) => Exit::Clean,
    }
}
