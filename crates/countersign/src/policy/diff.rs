//! `countersign policy diff`: which past and possible acts change their answer.

use super::{Diff, Format, load, load::facts};
use crate::check::Exit;
use crate::people::count;
use policy::{Change, Facts};
use serde_json::json;
use std::io::{self, Write};

pub(super) fn run(diff: &Diff, out: &mut dyn Write) -> io::Result<Exit> {
    let (old, new) = (load(std::slice::from_ref(&diff.old))?, load(std::slice::from_ref(&diff.new))?);
    let recorded = facts(&diff.facts, None)?;
    let past = policy::compare(&old.set, &new.set, recorded.iter().cloned());
    let possible = policy::compare(&old.set, &new.set, generated(diff.cases));
    if diff.format == Format::Json {
        let result = json!({
            "schema": "countersign.policy-diff/1", "old": old.set.version(), "new": new.set.version(),
            "recorded": {"cases": recorded.len(), "changes": past}, "generated": {"cases": diff.cases, "changes": possible},
        });
        writeln!(out, "{result:#}")?;
    } else {
        tell(&count(recorded.len(), "recorded case", "recorded cases"), &past, out)?;
        tell(
            &count(usize::try_from(diff.cases).unwrap_or(0), "possible case", "possible cases"),
            &possible,
            out,
        )?;
    }
    Ok(if past.is_empty() && possible.is_empty() { Exit::Clean } else { Exit::Findings })
}

fn generated(cases: u64) -> impl Iterator<Item = (String, Facts)> {
    (0..cases).map(|number| (format!("generated case {number}"), policy::sample::case(number)))
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
        if !change.gone.is_empty() {
            writeln!(out, "    no longer: {}", change.gone.join(", "))?;
        }
        if !change.new.is_empty() {
            writeln!(out, "    now:       {}", change.new.join(", "))?;
        }
    }
    Ok(())
}
