//! A review for a terminal: every question with its answer, by aspect and platform, what to do, and the workflows it rests on
//! with their walks.

use super::{Review, json};
use crate::check::width;
use crate::report::plain::walk::draw_named;
use crate::report::plain::{Style, clean, column, shorten, wrap};
use crate::report::words::times;
use check::assess::{Answer, Answered, Basis, Count, Place, Stand};
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;
use workflow::{Severity, Walk};

/// Workflows shown for a question unless all are asked for.
const SHOWN: usize = 3;
/// Columns of the names of aspects and platforms.
const NAME: usize = 62;

pub(super) fn write(review: &Review, all: bool, colour: bool, out: &mut dyn Write) -> io::Result<()> {
    let style = Style { colour, all, width: width().min(110) };
    head(review, style, out)?;
    for (i, answered) in review.answers.iter().enumerate() {
        question(review, i + 1, answered, style, out)?;
    }
    for problem in &review.problems {
        writeln!(out, "\nproblem: {}", clean(problem))?;
    }
    if !all && review.answers.iter().any(|a| bad(a).len() > SHOWN) {
        writeln!(out, "\n`--all` shows every workflow; `--format html` makes a page to walk through.")?;
    }
    Ok(())
}

fn head(review: &Review, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let told = format!(
        "{} in {}: {} can change access",
        times(review.workflows, "workflow"),
        times(review.files, "file"),
        review.changing
    );
    writeln!(out, "{}", style.bold(&told))?;
    let of = &review.organisation;
    let governed = if of.governed {
        format!(
            "Governed: {}, {}, {}",
            clean(&of.name),
            clean(&of.environment),
            times(of.statements, "statement")
        )
    } else {
        "An export: nothing here governs it".to_owned()
    };
    let good = review.answers.iter().filter(|a| a.good).count();
    writeln!(
        out,
        "{governed}. {good} of {} are answered as one hopes.",
        times(review.answers.len(), "question")
    )?;
    writeln!(out)?;
    for (i, answered) in review.answers.iter().enumerate() {
        let title = column(answered.question.title, style.width - 24);
        writeln!(out, "  {}  {title} {}", i + 1, answer(answered, style))?;
    }
    Ok(())
}

fn answer(of: &Answered, style: Style) -> String {
    let mark = match (of.good, of.answer) {
        (true, _) => "✓",
        (false, Answer::CannotBeTold) => "?",
        (false, _) => "✗",
    };
    let text = format!("{mark} {}", of.answer.as_str());
    match of.answer {
        _ if of.good => style.bold(&text),
        Answer::Partly | Answer::CannotBeTold => style.severity(Severity::Medium, &text),
        _ => style.fault(&text),
    }
}

fn question(
    review: &Review,
    number: usize,
    of: &Answered,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let line = "─".repeat(style.width);
    writeln!(out, "\n{}", style.dim(&line))?;
    let title = shorten(of.question.title, style.width - 24);
    let fill = style.width.saturating_sub(title.width() + 22);
    writeln!(
        out,
        "{}",
        format_args!("{number}  {}{} {}", style.bold(&title), " ".repeat(fill), answer(of, style))
    )?;
    wrap(&of.sentence, style.width - 3).iter().try_for_each(|l| writeln!(out, "   {l}"))?;
    table("By what is asked", of.aspects.iter().map(|a| (a.title, a.count)), style, out)?;
    if of.platforms.len() > 1 {
        table("By platform", of.platforms.iter().map(|p| (p.title, p.count)), style, out)?;
    }
    advice("To do", &of.fixes, style, out)?;
    advice("To give, so that it can be told", &of.gives, style, out)?;
    around(of, style, out)?;
    let bad = bad(of);
    let shown = if style.all { bad.len() } else { bad.len().min(SHOWN) };
    bad[..shown].iter().try_for_each(|i| workflow(review, of, *i, style, out))?;
    if shown < bad.len() {
        writeln!(out, "\n   {}", style.dim(&format!("… and {} more", times(bad.len() - shown, "workflow"))))?;
    }
    Ok(())
}

fn table<'t>(
    title: &str,
    rows: impl Iterator<Item = (&'t str, Count)>,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let name = NAME.min(style.width - 32);
    writeln!(
        out,
        "\n   {}",
        style.dim(&format!("{} {:>6} {:>6} {:>9}", column(title, name), "good", "bad", "not told"))
    )?;
    for (title, count) in rows.filter(|(_, c)| c.all() > 0) {
        let number = |n: usize, width: usize| match n {
            0 => style.dim(&format!("{:>width$}", "·")),
            n => format!("{n:>width$}"),
        };
        let bad = number(count.fails, 6);
        let bad = if count.fails > 0 { style.severity(Severity::High, &bad) } else { bad };
        writeln!(
            out,
            "   {} {} {bad} {}",
            column(title, name),
            number(count.holds, 6),
            number(count.unknown, 9)
        )?;
    }
    Ok(())
}

fn advice(title: &str, all: &[(String, usize)], style: Style, out: &mut dyn Write) -> io::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n   {}", style.dim(title))?;
    for (text, n) in all {
        for (i, line) in wrap(text, style.width - 9).iter().enumerate() {
            let lead = if i == 0 { format!("{n:>3}×") } else { "    ".to_owned() };
            writeln!(out, "   {lead} {line}")?;
        }
    }
    Ok(())
}

/// What is about no workflow, each sentence once.
fn around(of: &Answered, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut told: Vec<String> = Vec::new();
    for mark in of.marks.iter().filter(|m| m.stand != Stand::Holds) {
        let about = match mark.place {
            Place::Subject(_) => continue,
            Place::Platform(platform) => format!("{}: ", platform.title()),
            Place::Whole => String::new(),
        };
        let text = format!("{about}{}", mark.because);
        if told.contains(&text) {
            continue;
        }
        if told.is_empty() {
            writeln!(out, "\n   {}", style.dim("Around the workflows"))?;
        }
        paragraph(mark.stand, &text, style, out)?;
        told.push(text);
    }
    Ok(())
}

/// The workflows that stand badly, the worst first.
fn bad(of: &Answered) -> Vec<usize> {
    let mut all: Vec<(Stand, usize)> = Vec::new();
    for mark in of.marks.iter().filter(|m| m.stand != Stand::Holds) {
        let Place::Subject(i) = mark.place else { continue };
        match all.last_mut() {
            Some((stand, last)) if *last == i => *stand = (*stand).max(mark.stand),
            _ => all.push((mark.stand, i)),
        }
    }
    all.sort_by_key(|(stand, i)| (std::cmp::Reverse(*stand), *i));
    all.into_iter().map(|(_, i)| i).collect()
}

fn workflow(review: &Review, of: &Answered, i: usize, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let Some(subject) = review.subjects.get(i) else { return Ok(()) };
    let name = shorten(&clean(&subject.name), style.width.saturating_sub(40));
    let place = format!("{}:{}", clean(&subject.path), subject.line);
    writeln!(out, "\n   {} {}", style.bold(&name), style.dim(&format!("· {place}")))?;
    let marks = of.marks.iter().filter(|m| m.place == Place::Subject(i) && m.stand != Stand::Holds);
    let mut told: Vec<&str> = Vec::new();
    for mark in marks {
        if told.contains(&mark.because.as_str()) {
            continue;
        }
        told.push(&mark.because);
        paragraph(mark.stand, &mark.because, style, out)?;
        for line in mark.basis.iter().filter_map(|b| shown(review, i, b, style)).flatten().take(3) {
            writeln!(out, "       {line}")?;
        }
    }
    Ok(())
}

fn paragraph(stand: Stand, text: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let lead = match stand {
        Stand::Fails => style.fault("✗"),
        Stand::Unknown => style.severity(Severity::Medium, "?"),
        Stand::Holds => "✓".to_owned(),
    };
    for (i, line) in wrap(&clean(text), style.width - 7).iter().enumerate() {
        let lead = if i == 0 { lead.as_str() } else { " " };
        writeln!(out, "     {lead} {line}")?;
    }
    Ok(())
}

/// What a judgement rests on, as a walk with its rule, or as the place that says so.
fn shown(review: &Review, subject: usize, basis: &Basis, style: Style) -> Option<Vec<String>> {
    let of = review.subjects.get(subject)?;
    let walk = |path: &[Walk], by: &str| {
        let mut lines = draw_named(|id| review.name(subject, id).to_owned(), path, style.width - 9, style);
        lines.push(style.dim(&format!("({by})")));
        lines
    };
    match basis {
        Basis::Finding(n) => of.findings.get(*n).map(|f| walk(&f.path, &f.rule)),
        Basis::Proof(n) => {
            of.proofs.get(*n).map(|p| walk(&p.walk, &format!("{}: {}", p.property, p.verdict)))
        }
        _ => {
            let (kind, text) = json::told(basis);
            let text = review.name(subject, text);
            (!text.is_empty()).then(|| vec![style.dim(&format!("({kind}: {})", clean(text)))])
        }
    }
}
