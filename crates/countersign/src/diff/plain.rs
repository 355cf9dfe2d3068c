//! A difference for a terminal.

use super::{Named, Names, Told};
use crate::check::width;
use crate::report::plain::{Style, clean, wrap};
use check::diff::{Blast, Change, Difference, Direction};
use std::io::{self, Write};
use workflow::{Finding, Text, Walk};

pub(super) fn write(told: &Told, colour: bool, out: &mut dyn Write) -> io::Result<()> {
    let style = Style { colour, all: true, width: width().min(110) };
    let headline = told.headline();
    let (first, rest) = headline.split_at(headline.chars().next().map_or(0, char::len_utf8));
    writeln!(out, "{}{rest}.", first.to_uppercase())?;
    for difference in &told.differences {
        workflow(difference, &told.names(difference), style, out)?;
    }
    for u in &told.unknown {
        writeln!(out, "\n{}", style.bold(&clean(&u.name)))?;
        let told =
            format!("What became of it is not known: `{}` of the {} side could not be read.", u.path, u.side);
        paragraph(&style.fault("!"), &told, style, out)?;
    }
    for problem in &told.problems {
        writeln!(out, "\nproblem: {}", clean(problem))?;
    }
    Ok(())
}

fn workflow(d: &Difference, names: &Names<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{}", style.bold(&clean(&d.name)))?;
    if !d.acts_differently() {
        writeln!(out, "  No change in what it does.")?;
    }
    for change in &d.changes {
        told(change, names, style, out)?;
    }
    for (title, kind) in PROOFS {
        let of: Vec<&Change> = d.proofs.iter().filter(|c| c.kind == kind).collect();
        if !of.is_empty() {
            writeln!(out, "  {title}")?;
            of.into_iter().try_for_each(|c| told(c, names, style, out))?;
        }
    }
    findings("New findings", &d.gained, style, out)?;
    findings("Findings that are gone", &d.lost, style, out)?;
    for [title, before, after] in touched(d) {
        let told = if before == after { before } else { format!("{before} → {after}") };
        writeln!(out, "  {title}: {}", clean(&told))?;
    }
    if !d.cosmetic.is_empty() {
        writeln!(out, "  {}", style.dim("For people only"))?;
        d.cosmetic.iter().try_for_each(|c| paragraph("·", &c.sentence, style, out))?;
    }
    Ok(())
}

/// What a workflow does differently, a sentence a line.
pub(super) fn sentences(name: &str, difference: Option<&Difference>) -> Vec<String> {
    let Some(d) = difference.filter(|d| d.is_changed() || !d.gained.is_empty() || !d.lost.is_empty()) else {
        return vec![format!("    no change in what `{}` does", clean(name))];
    };
    let mark = |c: &Change| match c.direction {
        Direction::Worse => '!',
        Direction::Better => '+',
        Direction::Open => '~',
    };
    let said = |c: &Change| format!("    {} {}", mark(c), clean(&c.sentence));
    let mut lines: Vec<String> = d.changes.iter().map(said).collect();
    for (title, kind) in PROOFS {
        let of = d.proofs.iter().filter(|c| c.kind == kind);
        lines.extend(of.map(|c| format!("    {} {}: {}", mark(c), title.to_lowercase(), clean(&c.sentence))));
    }
    let found = |mark: char, word: &str, f: &Finding| {
        format!("    {mark} {word} finding {} {}: {}", f.severity.as_str(), f.rule, clean(&f.message))
    };
    lines.extend(d.gained.iter().map(|f| found('!', "new", f)));
    lines.extend(d.lost.iter().map(|f| found('+', "no more", f)));
    lines
}

/// Proofs by what became of them.
pub(super) const PROOFS: [(&str, &str); 2] =
    [("Proofs lost", "proof-lost"), ("Proofs gained", "proof-gained")];

/// A sentence, and the walks before and after where it is about how a step is reached.
fn told(change: &Change, names: &Names<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mark = match change.direction {
        Direction::Worse => style.fault("!"),
        Direction::Better => "+".to_owned(),
        Direction::Open => "~".to_owned(),
    };
    paragraph(&mark, &sentence(change), style, out)?;
    for (when, walk) in walked(change, names) {
        writeln!(out, "      {when:7} {}", style.dim(&walk))?;
    }
    Ok(())
}

/// The walks that show a change, before and after; a proof that holds has none.
pub(super) fn walked(change: &Change, names: &Names<'_>) -> Vec<(&'static str, String)> {
    if change.after.is_empty() && change.before.is_empty() || change.before == change.after {
        return Vec::new();
    }
    let proof = change.kind.starts_with("proof");
    let both = [("before", &change.before, &names.old), ("after", &change.after, &names.new)];
    let shown = both.into_iter().filter(|(_, stations, _)| !proof || !stations.is_empty());
    shown.map(|(when, stations, names)| (when, walk(stations, names))).collect()
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

/// A walk on one line, by the names of its steps.
fn walk(walk: &[Walk], names: &Named<'_>) -> String {
    if walk.is_empty() {
        return "not reached".to_owned();
    }
    let stations = walk.iter().map(|w| {
        let name = names.get(w.step.as_str()).copied().unwrap_or(&w.step);
        if w.leaves.is_empty() { name.to_owned() } else { format!("{name} ({})", w.leaves) }
    });
    clean(&stations.collect::<Vec<_>>().join(" → "))
}

/// A part of what steps touch, in words.
type Part = fn(&Blast) -> String;

/// Whom and what the changed steps touch: a title, before, after.
pub(super) fn touched(d: &Difference) -> Vec<[String; 3]> {
    let all: [(&str, Part); 3] = [
        ("Identities", |b| {
            let open = if b.open { "whom is only known in a run" } else { "" };
            let known = list(&b.identities);
            if known.is_empty() || open.is_empty() { known + open } else { format!("{known} ({open})") }
        }),
        ("Access", |b| list(&b.entitlements)),
        ("Systems", |b| list(&b.systems)),
    ];
    let rows = all.into_iter().map(|(title, told)| [title.to_owned(), told(&d.blast.0), told(&d.blast.1)]);
    let shown = rows.filter(|[_, before, after]| !before.is_empty() || !after.is_empty());
    let or_nothing = |t: String| if t.is_empty() { "nothing".to_owned() } else { t };
    shown.map(|[title, before, after]| [title, or_nothing(before), or_nothing(after)]).collect()
}

fn list(texts: &[Text]) -> String {
    let shown: Vec<String> = texts.iter().take(8).map(|t| format!("`{t}`")).collect();
    let more = texts.len().saturating_sub(8);
    shown.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() }
}
