//! `countersign policy diff`: which past and possible acts change their answer; and where a solver is installed, which can
//! change it at all.

use super::solver::Solver;
use super::{Diff, Format, Loaded, load, load::facts};
use crate::check::Exit;
use ledger::count;
use policy::symbolic::{Example, Found, Shift, shifts};
use policy::{Change, Facts};
use serde_json::json;
use std::collections::BTreeSet;
use std::io::{self, Write};

/// What a comparison came to.
struct Compared {
    recorded: usize,
    past: Vec<Change>,
    possible: Vec<Change>,
    /// What a solver found, and its name.
    symbolic: Option<(String, Vec<Shift>)>,
}

impl Compared {
    fn is_same(&self) -> bool {
        let proved = self.symbolic.iter().all(|(_, shifts)| shifts.iter().all(Shift::is_none));
        self.past.is_empty() && self.possible.is_empty() && proved
    }
}

pub(super) fn run(diff: &Diff, out: &mut dyn Write) -> io::Result<Exit> {
    let (old, new) = (load(std::slice::from_ref(&diff.old))?, load(std::slice::from_ref(&diff.new))?);
    let problems = [problems(diff, &old, true), problems(diff, &new, false)].concat();
    if !problems.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, problems.join("\n")));
    }
    let recorded = facts(&diff.facts, None)?;
    let compared = Compared {
        recorded: recorded.len(),
        past: policy::compare(&old.set, &new.set, recorded.iter().cloned()),
        possible: policy::compare(&old.set, &new.set, generated(diff.cases)),
        symbolic: symbolic(diff, &old, &new)?,
    };
    match diff.format {
        Format::Json => data(diff, &old, &new, &compared, out)?,
        Format::Plain => plain(diff, &compared, out)?,
    }
    Ok(if compared.is_same() { Exit::Clean } else { Exit::Findings })
}

/// What keeps a set from being used at all. It denies everything, so there is nothing to compare.
fn problems(diff: &Diff, loaded: &Loaded, old: bool) -> Vec<String> {
    let path = if old { &diff.old } else { &diff.new };
    let told = |p: &policy::PolicyProblem| {
        format!(
            "`{}` cannot be used, and would deny everything: {}:{}: {}",
            path.display(),
            p.file,
            p.line,
            p.message
        )
    };
    loaded.set.problems().iter().map(told).collect()
}

fn symbolic(diff: &Diff, old: &Loaded, new: &Loaded) -> io::Result<Option<(String, Vec<Shift>)>> {
    let named = diff.solver.as_deref();
    if named == Some("none") {
        return Ok(None);
    }
    let Some(solver) = Solver::find(named.unwrap_or("cvc5")) else {
        let missing = |program| {
            io::Error::new(
                io::ErrorKind::NotFound,
                format!(
                    "`{program}` is no cvc5 that can be started: install it, or name another with `--solver`"
                ),
            )
        };
        return named.map_or(Ok(None), |program| Err(missing(program)));
    };
    let found = shifts(&old.set, &new.set, &mut |script| solver.ask(script)).map_err(io::Error::other)?;
    Ok(Some((solver.name, found)))
}

fn generated(cases: u64) -> impl Iterator<Item = (String, Facts)> {
    (0..cases).map(|number| (format!("generated case {number}"), policy::sample::case(number)))
}

fn data(diff: &Diff, old: &Loaded, new: &Loaded, compared: &Compared, out: &mut dyn Write) -> io::Result<()> {
    let symbolic =
        compared.symbolic.as_ref().map(|(solver, shifts)| json!({"solver": solver, "acts": shifts}));
    let result = json!({
        "schema": "countersign.policy-diff/1", "old": old.set.version(), "new": new.set.version(),
        "recorded": {"cases": compared.recorded, "changes": compared.past},
        "generated": {"cases": diff.cases, "changes": compared.possible},
        "symbolic": symbolic,
    });
    writeln!(out, "{result:#}")
}

fn plain(diff: &Diff, compared: &Compared, out: &mut dyn Write) -> io::Result<()> {
    tell(&count(compared.recorded, "recorded case", "recorded cases"), &compared.past, out)?;
    let cases = usize::try_from(diff.cases).unwrap_or(usize::MAX);
    tell(&count(cases, "possible case", "possible cases"), &compared.possible, out)?;
    match &compared.symbolic {
        Some((solver, shifts)) => proved(solver, shifts, out),
        None => writeln!(out, "not asked over all cases: that needs cvc5 (`--solver`)"),
    }
}

fn tell(of: &str, changes: &[Change], out: &mut dyn Write) -> io::Result<()> {
    let answers = |was: bool, is: bool| {
        changes.iter().filter(|c| c.was == was && c.is == is).map(|c| c.cases).sum::<usize>()
    };
    writeln!(
        out,
        "{of}: {} now allowed, {} now refused, {} with other reasons",
        answers(false, true),
        answers(true, false),
        answers(true, true) + answers(false, false)
    )?;
    for change in changes {
        let word = |allowed: bool| if allowed { "allowed" } else { "refused" };
        writeln!(
            out,
            "  {}: {} → {} ({}, first {})",
            change.act,
            word(change.was),
            word(change.is),
            change.cases,
            change.first
        )?;
        write!(out, "{}", decided(&change.gone, &change.new))?;
    }
    Ok(())
}

/// Which policies no longer decide, and which do now.
fn decided(gone: &[String], new: &[String]) -> String {
    let line = |title: &str, of: &[String]| {
        if of.is_empty() { String::new() } else { format!("    {title:<10} {}\n", of.join(", ")) }
    };
    line("no longer:", gone) + &line("now:", new)
}

/// What the solver found, over all cases that can be; acts of which the same is found together.
fn proved(solver: &str, shifts: &[Shift], out: &mut dyn Write) -> io::Result<()> {
    let changed: BTreeSet<&str> = shifts.iter().filter(|s| !s.is_none()).map(|s| s.act.as_str()).collect();
    let told = count(changed.len(), "act can change its answer", "acts can change their answer");
    writeln!(out, "every case that can be, by {solver}: {told}; no other can")?;
    let mut all: Vec<(Vec<&str>, String)> = Vec::new();
    for shift in shifts {
        let lane = if shift.enforced { "" } else { ", where policies are not enforced" };
        for (found, direction) in [(&shift.opened, "refused → allowed"), (&shift.closed, "allowed → refused")]
        {
            let Some(text) = found_words(found) else { continue };
            let text = format!("{direction}{lane}{text}");
            match all.iter_mut().find(|(_, other)| *other == text) {
                Some((acts, _)) => acts.push(shift.act.as_str()),
                None => all.push((vec![shift.act.as_str()], text)),
            }
        }
    }
    all.iter().try_for_each(|(acts, text)| writeln!(out, "  {}: {text}", acts.join(", ")))
}

fn found_words(found: &Found) -> Option<String> {
    match found {
        Found::Never => None,
        Found::Undecided { why } => Some(format!(": not decided: {why}")),
        Found::Case(example) => {
            let deciding = decided(&example.gone, &example.new);
            Some(format!(", such as where {}\n{}", values(example), deciding.trim_end()))
        }
    }
}

fn values(example: &Example) -> String {
    let all: Vec<String> = example.facts.iter().map(|(name, value)| format!("{name} is {value}")).collect();
    if all.is_empty() { "nothing is special".to_owned() } else { all.join(", ") }
}
