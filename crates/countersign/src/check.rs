//! `countersign check`: scans, and prints what is asked for.

use crate::args::{Check, Format};
use crate::report::view::{Count, View};
use crate::report::{json, plain};
use crate::scan::{Options, Scan, scan};
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;
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

/// Runs the command.
///
/// # Errors
/// When results cannot be stored or printed.
pub fn run(check: &Check) -> io::Result<Exit> {
    let options =
        Options { paths: check.paths.clone(), cache_folder: cache_folder(), cache: !check.no_cache };
    let scan = scan(&options, &|_, _| {})?;
    let view = View { filter: &check.filter, accepted: &|_, _| false };
    let count = match &check.output {
        Some(path) => print(check, &scan, &view, &mut BufWriter::new(File::create(path)?), false)?,
        None => {
            let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            print(check, &scan, &view, &mut BufWriter::new(io::stdout().lock()), colour)?
        }
    };
    Ok(exit(check, &scan, count))
}

fn print(
    check: &Check,
    scan: &Scan,
    view: &View<'_>,
    out: &mut dyn Write,
    colour: bool,
) -> io::Result<Count> {
    let count = match check.format {
        Format::Json => json::write(scan, view, out)?,
        _ => plain::write(scan, view, plain::Style { colour, all: check.all }, out)?,
    };
    out.flush()?;
    Ok(count)
}

fn exit(check: &Check, scan: &Scan, count: Count) -> Exit {
    let broken = !scan.problems.is_empty()
        || scan.files.iter().any(|f| f.verdict == crate::scan::model::FileVerdict::Unreadable);
    match (count.from(Severity::from(check.fail_on)), broken) {
        (0, false) => Exit::Clean,
        (0, true) => Exit::Problems,
        _ => Exit::Findings,
    }
}

/// Where results are kept: `COUNTERSIGN_CACHE`, else the user's cache folder, else the system's temporary one.
fn cache_folder() -> PathBuf {
    let given = std::env::var_os("COUNTERSIGN_CACHE").map(PathBuf::from);
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = std::env::var_os("HOME")
        .or_else(|| std::env::var_os("LOCALAPPDATA"))
        .map(|h| PathBuf::from(h).join(".cache"));
    given.unwrap_or_else(|| cache.or(home).unwrap_or_else(std::env::temp_dir).join("countersign"))
}
