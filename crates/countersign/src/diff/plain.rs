//! A difference for a terminal.

use super::Told;
use crate::check::width;
use crate::report::plain::{Style, clean, wrap};
use crate::report::words::times;
use check::diff::{Change, Difference, Direction};
use std::io::{self, Write};
use workflow::{Finding, Walk};

pub(super) fn write(told: &Told, colour: bool, out: &mut dyn Write) -> io::Result<()> {
    let style = Style { colour, all: true, width: width().min(110) };
    match told.acting() {
        0 => writeln!(out, "No change in what the workflows do.")?,
        n => writeln!(
            out,
            "{} {} something else now.",
            times(n, "workflow"),
            if n == 1 { "does" } else { "do" }
        )?,
    }
    for difference in &told.differences {
        workflow(difference, style, out)?;
    }
    for problem in &told.problems {
        writeln!(out, "\nproblem: {}", clean(problem))?;
    }
    Ok(())
}

fn workflow(d: &Difference, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{}", style.bold(&clean(&d.name)))?;
    if !d.acts_differently() {
        writeln!(out, "  No change in what it does.")?;
    }
    for change in &d.changes {
        let mark = match change.direction {
            Direction::Worse => style.fault("!"),
            Direction::Better => "+".to_owned(),
            Direction::Open => "~".to_owned(),
        };
        paragraph(&mark, &sentence(change), style, out)?;
        if !change.after.is_empty() && change.before != change.after {
            writeln!(out, "      before  {}", style.dim(&walk(&change.before)))?;
            writeln!(out, "      after   {}", style.dim(&walk(&change.after)))?;
        }
    }
    findings("New findings", &d.gained, style, out)?;
    findings("Findings that are gone", &d.lost, style, out)?;
    for (title, list) in touched(d) {
        writeln!(out, "  {title}: {}", clean(&list))?;
    }
    if !d.cosmetic.is_empty() {
        writeln!(out, "  {}", style.dim("For people only"))?;
        d.cosmetic.iter().try_for_each(|c| paragraph("·", &c.sentence, style, out))?;
    }
    Ok(())
}

/// A sentence with the line where it stands.
fn sentence(change: &Change) -> String {
    match (change.old_line, change.new_line) {
        (0, 0) => change.sentence.clone(),
        (0, n) => format!("{} (line {n})", change.sentence),
        (o, 0) => format!("{} (line {o} before)", change.sentence),
        (_, n) => format!("{} (line {n})", change.sentence),
    }
}

fn paragraph(mark: &str, text: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for (i, line) in wrap(&clean(text), style.width - 4).iter().enumerate() {
        let mark = if i == 0 { mark } else { " " };
        writeln!(out, "  {mark} {line}")?;
    }
    Ok(())
}

fn findings(title: &str, findings: &[Finding], style: Style, out: &mut dyn Write) -> io::Result<()> {
    if findings.is_empty() {
        return Ok(());
    }
    writeln!(out, "  {title}")?;
    for f in findings {
        paragraph("  ", &format!("{} {}: {}", f.severity.as_str(), f.rule, f.message), style, out)?;
    }
    Ok(())
}

/// A walk on one line.
pub(super) fn walk(walk: &[Walk]) -> String {
    if walk.is_empty() {
        return "not reached".to_owned();
    }
    let stations = walk
        .iter()
        .map(|w| if w.leaves.is_empty() { w.step.to_string() } else { format!("{} ({})", w.step, w.leaves) });
    clean(&stations.collect::<Vec<_>>().join(" → "))
}

/// Whom and what the change touches, with titles.
pub(super) fn touched(d: &Difference) -> Vec<(&'static str, String)> {
    let list = |texts: &[workflow::Text]| {
        let shown: Vec<String> = texts.iter().take(8).map(|t| format!("`{t}`")).collect();
        let more = texts.len().saturating_sub(8);
        shown.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() }
    };
    let b = &d.blast;
    let mut identities = list(&b.identities);
    if b.open {
        let open = "whom is only known in a run";
        identities = if identities.is_empty() { open.to_owned() } else { format!("{identities} ({open})") };
    }
    let all = [("Identities", identities), ("Access", list(&b.entitlements)), ("Systems", list(&b.systems))];
    all.into_iter().filter(|(_, l)| !l.is_empty()).collect()
}
