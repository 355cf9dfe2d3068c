//! `countersign check`: scans, and prints what is asked for.

use crate::accept::{self, Acceptance, Baseline, Config};
use crate::args::{Check, Filter, Format, Level};
use crate::report::view::{Count, View, each, order};
use crate::report::{html, json, junit, markdown, plain, sarif, unknown};
use crate::scan::model::FileVerdict;
use crate::scan::{Options, Scan, scan};
use crate::test::tested::Tested;
use crate::{date, progress, watch};
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use workflow::Severity;

/// What a run came to, as exit codes say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Nothing to report.
    Clean,
    /// Findings at or above the severity that counts.
    Findings,
    /// Files that could not be read, and no findings.
    Problems,
}

/// Columns of a report that goes to no terminal.
const WIDTH: usize = 100;

/// Runs the command.
///
/// # Errors
/// When a path, the baseline or the configuration cannot be read, or results cannot be stored or printed.
pub fn run(check: &Check) -> io::Result<Exit> {
    if let Some(path) = check.paths.iter().find(|p| p.symlink_metadata().is_err()) {
        let told = format!(
            "no file or folder `{}`: give the path of an export, or of a folder with some",
            path.display()
        );
        return Err(io::Error::new(io::ErrorKind::NotFound, told));
    }
    if check.unknown && !matches!(check.format, Format::Plain | Format::Json) {
        return Err(io::Error::other("`--unknown` prints a table or, with `--format json`, JSON"));
    }
    let mut seen = check.watch.then(|| watch::stamps(&check.paths));
    loop {
        let exit = once(check);
        let Some(before) = seen else { return exit };
        if let Err(e) = exit {
            if e.kind() == io::ErrorKind::BrokenPipe {
                return Err(e);
            }
            eprintln!("error: {e}");
        }
        seen = Some(watch::changed(&check.paths, &before));
        if check.output.is_none() && io::stdout().is_terminal() {
            // Clears the screen, and what was above it.
            print!("\x1b[2J\x1b[3J\x1b[H");
        }
    }
}

fn once(check: &Check) -> io::Result<Exit> {
    let config = Config::find(check.config.as_deref(), check.paths.first())?;
    let progress = progress::Bar::new();
    let scan = scan(&options(check), &|done, of| progress.tell(done, of))?;
    progress.end();
    if let Some(folder) = &check.save_scenarios {
        crate::test::refuted::save(&check.paths, folder)?;
    }
    report(check, &config, &scan)
}

/// Prints the result of a scan.
fn report(check: &Check, config: &Config, scan: &Scan) -> io::Result<Exit> {
    let filter =
        Filter { severity: check.filter.severity.or(config.defaults.severity), ..check.filter.clone() };
    let path = check.baseline.as_deref().or(config.defaults.baseline.as_deref());
    let baseline = path.filter(|_| check.write_baseline.is_none());
    let present = || scan.files.iter().map(|f| f.path.clone());
    let baseline = baseline.map(|p| Baseline::read(p, present())).transpose()?;
    let acceptance = Acceptance::new(config, baseline, date::today());
    let view = View { filter: &filter, acceptance: &acceptance };
    if filter.tier.is_none() && filter.platform.is_empty() && config.is_within(&check.paths) {
        acceptance.looks_at_all();
    }
    if let Some(path) = &check.write_baseline {
        write_baseline(path, scan, &acceptance)?;
    }
    let count = match &check.output {
        Some(path) => {
            let file = File::create(path).map_err(|e| named(path, "cannot be written", &e))?;
            print(check, scan, &view, &mut BufWriter::new(file), false)?
        }
        None => {
            let colour =
                io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
            print(check, scan, &view, &mut BufWriter::new(io::stdout().lock()), colour)?
        }
    };
    let fail_on = check.fail_on.or(config.defaults.fail_on).unwrap_or(Level::Low);
    Ok(if check.write_baseline.is_some() { Exit::Clean } else { exit(fail_on, scan, count) })
}

/// How to scan.
#[must_use]
pub fn options(check: &Check) -> Options {
    Options {
        paths: check.paths.clone(),
        cache_folder: cache_folder(),
        cache: !check.no_cache,
        routes: false,
    }
}

fn named(path: &Path, what: &str, error: &io::Error) -> io::Error {
    let hint = match error.kind() {
        io::ErrorKind::NotFound => ": name a file in a folder that is there",
        io::ErrorKind::PermissionDenied => ": name a file that you may write",
        io::ErrorKind::IsADirectory => ": name a file, not a folder",
        _ => "",
    };
    io::Error::other(format!("`{}` {what} ({error}){hint}", path.display()))
}

fn print(
    check: &Check,
    scan: &Scan,
    view: &View<'_>,
    out: &mut dyn Write,
    colour: bool,
) -> io::Result<Count> {
    let style = plain::Style { colour, all: check.all, width: width() };
    if check.unknown {
        unknown::write(scan, view, check.format == Format::Json, style, out)?;
        out.flush()?;
        return Ok(Count::default());
    }
    let count = match check.format {
        Format::Json => json::write(scan, view, out)?,
        Format::Sarif => sarif::write(scan, view, out)?,
        Format::Markdown => markdown::write(scan, view, check.all, out)?,
        Format::Junit => junit::write(scan, view, out)?,
        Format::Html => html::write(scan, view, &tested(check)?, out)?,
        Format::Plain => plain::write(scan, view, style, out)?,
    };
    out.flush()?;
    Ok(count)
}

/// What scenarios covered, where a report of them is given.
fn tested(check: &Check) -> io::Result<Vec<Tested>> {
    let Some(path) = &check.coverage else { return Ok(Vec::new()) };
    let text = std::fs::read_to_string(path).map_err(|e| named(path, "cannot be read", &e))?;
    crate::test::covered(&text).map_err(|e| {
        let path = path.display();
        io::Error::other(format!("`{path}` is no report of `countersign test --format json`: {e}"))
    })
}

/// The columns of the terminal.
#[must_use]
pub fn width() -> usize {
    let terminal = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    terminal.unwrap_or(WIDTH).clamp(60, 140)
}

fn write_baseline(path: &Path, scan: &Scan, acceptance: &Acceptance) -> io::Result<()> {
    let mut entries = Vec::new();
    let view = View { filter: &Filter::default(), acceptance };
    each(scan, &view, &order(scan), &mut |item| {
        entries.extend(item.body.findings.iter().zip(&item.fingerprints).map(|(finding, mark)| {
            accept::BaselineEntry {
                fingerprint: mark.clone(),
                path: item.file.path.clone(),
                rule: finding.rule.to_string(),
                workflow: item.head.name.to_string(),
                step: item.name(&finding.step).to_owned(),
            }
        }));
        Ok(())
    })?;
    let written = crate::report::words::times(entries.len(), "finding");
    accept::write_baseline(path, entries).map_err(|e| named(path, "cannot be written", &e))?;
    eprintln!("the baseline `{}` holds {written}", path.display());
    Ok(())
}

fn exit(fail_on: Level, scan: &Scan, count: Count) -> Exit {
    let broken = !scan.problems.is_empty() || scan.files.iter().any(|f| f.verdict == FileVerdict::Unreadable);
    match (count.from(Severity::from(fail_on)), broken) {
        (0, false) => Exit::Clean,
        (0, true) => Exit::Problems,
        _ => Exit::Findings,
    }
}

/// Where results are kept: `COUNTERSIGN_CACHE`, else the user's cache folder, else the system's temporary one.
pub(crate) fn cache_folder() -> PathBuf {
    let given = std::env::var_os("COUNTERSIGN_CACHE").map(PathBuf::from);
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = std::env::var_os("HOME")
        .or_else(|| std::env::var_os("LOCALAPPDATA"))
        .map(|h| PathBuf::from(h).join(".cache"));
    given.unwrap_or_else(|| cache.or(home).unwrap_or_else(std::env::temp_dir).join("countersign"))
}
