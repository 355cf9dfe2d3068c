//! The report for a terminal: a summary, then each workflow with findings, those that change access first, each finding
//! drawn as a walk with the source line under it.

mod style;
mod summary;
mod tail;
pub(crate) mod walk;
mod workflow;

pub use style::{Style, clean, column, shorten, wrap};

use super::view::{Count, View, each, tally};
use crate::scan::Scan;
use std::io::{self, Write};

/// Workflows shown unless all are asked for.
const SHOWN: usize = 25;

/// Writes the report.
///
/// # Errors
/// When it cannot be written, or results cannot be read back.
pub fn write(scan: &Scan, view: &View<'_>, style: Style, out: &mut dyn Write) -> io::Result<Count> {
    let counts = tally(scan, view)?;
    let mut total = Count::default();
    counts.iter().for_each(|(_, c)| total.add_count(c));
    summary::write(scan, &counts, &total, style, out)?;
    let refuted = |(f, h): &(usize, usize)| view.shows_refuted() && scan.files[*f].heads[*h].refuted > 0;
    let (told, clean): (Vec<_>, Vec<_>) =
        counts.iter().partition(|(at, c)| *c != Count::default() || refuted(at));
    let with_findings = told.iter().filter(|(_, c)| *c != Count::default()).count();
    let told: Vec<_> = told.into_iter().map(|(at, _)| at).collect();
    let shown = if style.all { told.len() } else { told.len().min(SHOWN) };
    each(scan, view, &told[..shown], &mut |item| workflow::write(item, style, out))?;
    if shown < told.len() {
        let more = format!("{} with findings", super::words::times(told.len() - shown, "more workflow"));
        let hint = "`--all` shows them, `--severity high` only the worst";
        writeln!(out, "\n{} {}", style.bold(&format!("… and {more}:")), hint)?;
    }
    let unseen =
        clean.iter().map(|(at, _)| *at).filter(|(f, h)| !scan.files[*f].heads[*h].closure.missing.is_empty());
    tail::unseen(scan, &unseen.collect::<Vec<_>>(), style, out)?;
    let clean =
        clean.into_iter().map(|(at, _)| at).filter(|(f, h)| scan.files[*f].heads[*h].changes_access());
    tail::clean_lines(scan, &clean.collect::<Vec<_>>(), style, out)?;
    let shown: Vec<_> = counts.iter().map(|(at, _)| *at).collect();
    tail::dormant(scan, &shown, style, out)?;
    tail::problems(scan, style, out)?;
    tail::ignores(&view.acceptance.notes(), style, out)?;
    tail::baseline(view.acceptance.in_baseline(), out)?;
    tail::last(scan, &total, with_findings, style, out)?;
    Ok(total)
}
