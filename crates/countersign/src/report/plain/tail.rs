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

/// Workflows that change access and have no findings, a line each.
///
/// # Errors
/// When it cannot be written.
pub fn clean_lines(scan: &Scan, at: &[(usize, usize)], style: Style, out: &mut dyn Write) -> io::Result<()> {
    if at.is_empty() {
        return Ok(());
    }
    let title = format!("{} that can change access, without findings to show", times(at.len(), "workflow"));
    writeln!(out, "\n{}", style.bold(&title))?;
    let shown = if style.all { at.len() } else { at.len().min(SHOWN) };
    for (f, h) in &at[..shown] {
        let (file, head) = (&scan.files[*f], &scan.files[*f].heads[*h]);
        let kinds = words::kinds(head).join(", ");
        let room = style.width.saturating_sub(50).max(20);
        let name = column(&clean(&head.name), 36);
        let path = end(&clean(&file.path), room - room / 2 - 2);
        let rest = format!("{}  {path}", column(&kinds, room / 2));
        writeln!(out, "  {:8}  {name}  {}", words::tier(head), style.dim(&rest))?;
    }
    if shown < at.len() {
        writeln!(out, "  … and {} more: `--all` shows them", at.len() - shown)?;
    }
    Ok(())
}

/// Workflows without findings that call what is not there, a line each.
///
/// # Errors
/// When it cannot be written.
pub fn unseen(scan: &Scan, at: &[(usize, usize)], style: Style, out: &mut dyn Write) -> io::Result<()> {
    if at.is_empty() {
        return Ok(());
    }
    let title = format!("{} without findings that call what is not here", times(at.len(), "workflow"));
    writeln!(out, "\n{}", style.bold(&title))?;
    let shown = if style.all { at.len() } else { at.len().min(SHOWN) };
    for (f, h) in &at[..shown] {
        let (file, head) = (&scan.files[*f], &scan.files[*f].heads[*h]);
        let (name, path) = (clean(&head.name), clean(&file.path));
        writeln!(out, "  `{name}`: {}  {}", words::missing(head), style.dim(&path))?;
    }
    if shown < at.len() {
        writeln!(out, "  … and {} more: `--all` shows them", at.len() - shown)?;
    }
    Ok(())
}

/// Workflows with steps that are switched off and would change access, a line each.
///
/// # Errors
/// When it cannot be written.
pub fn dormant(scan: &Scan, at: &[(usize, usize)], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let head = |(f, h): &(usize, usize)| &scan.files[*f].heads[*h];
    let at: Vec<_> = at.iter().filter(|at| changes_access(head(at).dormant)).collect();
    if at.is_empty() {
        return Ok(());
    }
    let title =
        format!("{} with steps that are switched off and would change access", times(at.len(), "workflow"));
    writeln!(out, "\n{}", style.bold(&title))?;
    let shown = if style.all { at.len() } else { at.len().min(SHOWN) };
    for at in &at[..shown] {
        let kinds: Vec<&str> = named(head(at).dormant).map(Kind::as_str).collect();
        let (name, path) = (clean(&head(at).name), clean(&scan.files[at.0].path));
        writeln!(out, "  `{name}`: {}  {}", kinds.join(", "), style.dim(&path))?;
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
