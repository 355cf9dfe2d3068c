//! The report as Markdown, for a merge request: counts, a table of the workflows with findings, and the findings of each
//! folded below.

use super::view::{Count, View, each, tally};
use super::{Item, plain_text, refuted, words};
use crate::accept::Status;
use crate::scan::Scan;
use std::io::{self, Write};
use workflow::{Finding, Severity};

/// Workflows told in full unless all are asked for: comments have a largest size.
const SHOWN: usize = 25;

/// Writes the report.
///
/// # Errors
/// When it cannot be written, or results cannot be read back.
pub fn write(scan: &Scan, view: &View<'_>, all: bool, out: &mut dyn Write) -> io::Result<Count> {
    let counts = tally(scan, view)?;
    let mut total = Count::default();
    counts.iter().for_each(|(_, c)| total.add_count(c));
    let changing = counts.iter().filter(|((f, h), _)| scan.files[*f].heads[*h].changes_access()).count();
    writeln!(out, "## Countersign: {}\n", total.text())?;
    writeln!(
        out,
        "{} checked, {changing} of them can change access.\n",
        words::times(counts.len(), "workflow")
    )?;
    let refuted = |(f, h): &(usize, usize)| view.shows_refuted() && scan.files[*f].heads[*h].refuted > 0;
    let faulty: Vec<_> = counts.iter().filter(|(at, c)| *c != Count::default() || refuted(at)).collect();
    let shown = if all { faulty.len() } else { faulty.len().min(SHOWN) };
    if !faulty.is_empty() {
        out.write_all(b"| workflow | platform | tier | can | findings |\n| --- | --- | --- | --- | --- |\n")?;
    }
    for ((f, h), count) in faulty.iter().take(shown) {
        let head = &scan.files[*f].heads[*h];
        let (name, platform) = (escaped(&head.name), head.platform.title());
        let (tier, can) = (words::tier(head), words::kinds(head).join(", "));
        writeln!(out, "| {name} | {platform} | {tier} | {can} | {} |", count.text())?;
    }
    if shown < faulty.len() {
        writeln!(out, "\n… and {} with findings.", words::times(faulty.len() - shown, "more workflow"))?;
    }
    let at: Vec<_> = faulty.iter().take(shown).map(|(at, _)| *at).collect();
    each(scan, view, &at, &mut |item| workflow(item, out))?;
    problems(scan, all, out)?;
    ignores(view, out)?;
    Ok(total)
}

fn workflow(item: &Item<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut count = Count::default();
    count.add(&item.body.findings);
    let name = escaped(&item.head.name);
    writeln!(out, "\n<details><summary><b>{name}</b>: {}</summary>\n", count.text())?;
    let place = format!("{}:{}", item.file.path, item.body.line);
    writeln!(out, "{}. {} {} {}", code(&place), words::start(item), words::deeds(item), words::gate(item))?;
    item.body.findings.iter().try_for_each(|f| finding(item, f, None, out))?;
    item.refuted.iter().try_for_each(|f| finding(item, f, Some(refuted::LABEL), out))?;
    writeln!(out, "\n</details>")
}

fn finding(item: &Item<'_>, f: &Finding, label: Option<&str>, out: &mut dyn Write) -> io::Result<()> {
    let mark = match f.severity {
        _ if label.is_some() => "⬜",
        Severity::Critical => "🟥",
        Severity::High => "🟧",
        Severity::Medium => "🟨",
        Severity::Low | Severity::Info => "🟦",
    };
    let file = Some(item.file_of(&f.step)).filter(|p| *p != item.file.path);
    let place = file.map_or_else(String::new, |p| format!(" of {}", code(p)));
    let label = label.unwrap_or(f.severity.as_str());
    writeln!(out, "\n#### {mark} {} · {label} · line {}{place}\n", f.rule, f.line)?;
    writeln!(out, "{}\n", sentence(&f.message))?;
    if !f.path.is_empty() {
        let stations = f.path.iter().enumerate().map(|(i, station)| {
            let name = code(item.name(&station.step));
            let name = if station.marked { format!("**✗ {name}**") } else { name };
            let before = i.checked_sub(1).and_then(|b| f.path.get(b)).map(|w| w.leaves.as_str());
            match before {
                None => name,
                Some("") => format!(" → {name}"),
                Some(leaves) => format!(" → *{}* → {name}", escaped(leaves)),
            }
        });
        writeln!(out, "{}\n", stations.collect::<String>())?;
    }
    writeln!(out, "**Fix:** {}", sentence(&f.fix))
}

fn problems(scan: &Scan, all: bool, out: &mut dyn Write) -> io::Result<()> {
    let problems: Vec<_> = scan.problems.iter().chain(scan.files.iter().flat_map(|f| &f.problems)).collect();
    if problems.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n### {} with files\n", words::times(problems.len(), "problem"))?;
    let most = if all { usize::MAX } else { SHOWN };
    for p in problems.iter().take(most) {
        writeln!(out, "- {}: {}", code(&format!("{}:{}", p.path, p.line)), sentence(&p.message))?;
    }
    Ok(())
}

fn ignores(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let notes = view.acceptance.notes();
    if notes.is_empty() {
        return Ok(());
    }
    out.write_all(
        b"\n### Ignores\n\n| rule | about | reason | until | |\n| --- | --- | --- | --- | --- |\n",
    )?;
    for note in notes {
        let status = match note.status {
            Status::Used => format!("hides {}", words::times(note.findings, "finding")),
            Status::Unused => "**hides nothing**".to_owned(),
            Status::Expired => "**expired**".to_owned(),
        };
        let (about, reason) = (sentence(&note.about), escaped(&note.reason));
        writeln!(out, "| {} | {about} | {reason} | {} | {status} |", note.rule, note.expires)?;
    }
    Ok(())
}

/// A text of somebody else as plain text: nothing in it is Markdown or HTML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in plain_text(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '!' | '~' => {
                out.push('\\');
                out.push(c);
            }
            '@' => out.push_str("&#64;"),
            c => out.push(c),
        }
    }
    out
}

/// One of our sentences: what stands in backticks stays code, the rest is plain text.
fn sentence(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts.map(|(i, part)| if i % 2 == 1 { code(part) } else { escaped(part) }).collect()
}

/// A text as code, whatever backticks and bars it has.
fn code(text: &str) -> String {
    let text = plain_text(text).replace('|', "¦");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_not_markdown() {
        assert_eq!(escaped("<b>@all | [x](y)*"), "&lt;b&gt;&#64;all \\| \\[x\\](y)\\*");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(sentence("see `a|b` *now*"), "see `a¦b` \\*now\\*");
    }
}
