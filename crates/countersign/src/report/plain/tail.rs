//! The end of the terminal report: workflows without findings, files that could not be read, ignores, the last line.

use super::SHOWN;
use super::style::{Style, clean, column, end};
use crate::accept::{Note, Status};
use crate::report::view::Count;
use crate::report::words;
use crate::report::words::times;
use crate::scan::Scan;
use crate::scan::model::{FileVerdict, changes_access, named};
use std::io::{self, Write};
use workflow::{Kind, Severity};

/// Where a workflow stands in a scan: its file, and its place in that.
type At = (usize, usize);

/// Workflows that change access and have no findings, a line each.
///
/// # Errors
/// When it cannot be written.
pub fn clean_lines(scan: &Scan, at: &[At], style: Style, out: &mut dyn Write) -> io::Result<()> {
    listed(at, "that can change access, without findings to show", style, out, |(f, h)| {
        let (file, head) = (&scan.files[f], &scan.files[f].heads[h]);
        let kinds = words::kinds(head).join(", ");
        let room = style.width.saturating_sub(50).max(20);
        let name = column(&clean(&head.name), 36);
        let path = end(&clean(&file.path), room - room / 2 - 2);
        let rest = format!("{}  {path}", column(&kinds, room / 2));
        format!("{:8}  {name}  {}", words::tier(head), style.dim(&rest))
    })
}

/// Workflows without findings that call what is not there, a line each.
///
/// # Errors
/// When it cannot be written.
pub fn unseen(scan: &Scan, at: &[At], style: Style, out: &mut dyn Write) -> io::Result<()> {
    listed(at, "without findings that call what is not here", style, out, |(f, h)| {
        told(scan, (f, h), &words::missing(&scan.files[f].heads[h]), style)
    })
}

/// Workflows with steps that are switched off and would change access, a line each.
///
/// # Errors
/// When it cannot be written.
pub fn dormant(scan: &Scan, at: &[At], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let kinds = |(f, h): At| scan.files[f].heads[h].dormant;
    let at: Vec<At> = at.iter().copied().filter(|at| changes_access(kinds(*at))).collect();
    listed(&at, "with steps that are switched off and would change access", style, out, |at| {
        let names: Vec<&str> = named(kinds(at)).map(Kind::as_str).collect();
        told(scan, at, &names.join(", "), style)
    })
}

/// A workflow's name with what is said of it, and where it is.
fn told(scan: &Scan, (f, h): At, what: &str, style: Style) -> String {
    let (name, path) = (clean(&scan.files[f].heads[h].name), clean(&scan.files[f].path));
    format!("`{name}`: {what}  {}", style.dim(&path))
}

/// Workflows under a title that counts them, a line each, as many as are shown; nothing where there are none.
fn listed(
    at: &[At],
    title: &str,
    style: Style,
    out: &mut dyn Write,
    line: impl Fn(At) -> String,
) -> io::Result<()> {
    if at.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", style.bold(&format!("{} {title}", times(at.len(), "workflow"))))?;
    let shown = if style.all { at.len() } else { at.len().min(SHOWN) };
    for at in &at[..shown] {
        writeln!(out, "  {}", line(*at))?;
    }
    if shown < at.len() {
        writeln!(out, "  … and {} more: `--all` shows them", at.len() - shown)?;
    }
    Ok(())
}

/// What could not be read, or is wrong with a file.
///
/// # Errors
/// When it cannot be written.
pub fn problems(scan: &Scan, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let all: Vec<_> = scan.problems.iter().chain(scan.files.iter().flat_map(|f| &f.problems)).collect();
    if all.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", style.bold(&format!("{} with files", times(all.len(), "problem"))))?;
    let shown = if style.all { all.len() } else { all.len().min(SHOWN) };
    for problem in &all[..shown] {
        let line = if problem.line > 0 { format!(":{}", problem.line) } else { String::new() };
        writeln!(out, "  {}{line}: {}", clean(&problem.path), clean(&problem.message))?;
    }
    if shown < all.len() {
        writeln!(out, "  … and {} more: `--all` shows them", all.len() - shown)?;
    }
    Ok(())
}

/// What became of ignores.
///
/// # Errors
/// When it cannot be written.
pub fn ignores(notes: &[Note], style: Style, out: &mut dyn Write) -> io::Result<()> {
    if notes.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", style.bold(&times(notes.len(), "ignore")))?;
    for note in notes {
        let what = match note.status {
            Status::Used => format!("hides {} until {}", times(note.findings, "finding"), note.expires),
            Status::Unused => style.severity(Severity::Medium, "hides nothing: take it out"),
            Status::Expired => style
                .severity(Severity::High, &format!("expired on {}: hides nothing any more", note.expires)),
        };
        writeln!(out, "  {} {} ({}): {what}", style.dim(&clean(&note.place)), note.rule, clean(&note.about))?;
        let owner = if note.owner.is_empty() { String::new() } else { format!(" ({})", clean(&note.owner)) };
        writeln!(out, "      {}{owner}", style.dim(&clean(&note.reason)))?;
    }
    Ok(())
}

/// How much the baseline hides.
///
/// # Errors
/// When it cannot be written.
pub fn baseline(known: Option<(&str, usize)>, out: &mut dyn Write) -> io::Result<()> {
    let Some((path, n)) = known else { return Ok(()) };
    writeln!(out, "\n{} not shown: in the baseline `{}`", times(n, "finding"), clean(path))
}

/// What it came to.
///
/// # Errors
/// When it cannot be written.
pub fn last(scan: &Scan, total: &Count, faulty: usize, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let unreadable = scan.files.iter().filter(|f| f.verdict == FileVerdict::Unreadable).count();
    let told = match total.from(Severity::Info) {
        0 => "No findings".to_owned(),
        n => format!("{} in {} ({})", times(n, "finding"), times(faulty, "workflow"), total.text()),
    };
    let unread = match unreadable + scan.problems.len() {
        0 => String::new(),
        n => format!("; {} not checked", times(n, "file")),
    };
    writeln!(out, "\n{}", style.bold(&format!("{told}{unread}.")))?;
    if total.from(Severity::Info) > 0 {
        writeln!(
            out,
            "{}",
            style.dim("`countersign explain RULE` tells what a rule means and how to mend it.")
        )?;
    }
    Ok(())
}
