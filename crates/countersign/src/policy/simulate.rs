//! `countersign policy simulate`: what the policies say to a case.

use super::{Format, Simulate, load, load::facts};
use crate::check::Exit;
use policy::{Decision, Facts, PolicySet};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{self, Write};

pub(super) fn run(simulate: &Simulate, out: &mut dyn Write) -> io::Result<Exit> {
    let loaded = load(std::slice::from_ref(&simulate.policies))?;
    if simulate.facts.is_empty() {
        return generated(&loaded.set, simulate, out);
    }
    let mut denied = false;
    let mut results = Vec::new();
    for (name, facts) in facts(&simulate.facts, simulate.people.as_deref())? {
        let decision = policy::decide(&loaded.set, &facts);
        denied |= !decision.allow;
        match simulate.format {
            Format::Json => results.push(json!({"case": name, "decision": decision})),
            Format::Plain => tell(&name, &facts, &decision, out)?,
        }
    }
    if simulate.format == Format::Json {
        writeln!(out, "{:#}", json!({"schema": "countersign.decisions/1", "decisions": results}))?;
    }
    Ok(if denied { Exit::Findings } else { Exit::Clean })
}

/// Counts what generated cases come to: how often each policy decides.
fn generated(set: &PolicySet, simulate: &Simulate, out: &mut dyn Write) -> io::Result<Exit> {
    let mut decides: BTreeMap<String, usize> = set.policies().map(|p| (p.id.clone(), 0)).collect();
    let (mut allowed, mut failed) = (0, 0);
    for number in 0..simulate.cases {
        let decision = policy::answer(set, &policy::sample::case(number));
        allowed += usize::from(decision.allow);
        failed += usize::from(!decision.errors.is_empty());
        for because in decision.because {
            *decides.entry(because.policy).or_default() += 1;
        }
    }
    if simulate.format == Format::Json {
        let result = json!({"schema": "countersign.simulation/1", "cases": simulate.cases, "allowed": allowed, "failed": failed, "decides": decides});
        writeln!(out, "{result:#}")?;
    } else {
        writeln!(out, "{} generated cases: {allowed} allowed, {failed} with errors", simulate.cases)?;
        decides.iter().try_for_each(|(id, times)| writeln!(out, "  {id:<32} {times:>7}"))?;
    }
    Ok(Exit::Clean)
}

/// A decision in words: the answer, why, and what is missing.
fn tell(name: &str, facts: &Facts, decision: &Decision, out: &mut dyn Write) -> io::Result<()> {
    let answer = match (decision.allow, decision.verdict) {
        (true, true) => "allowed",
        (true, false) => "allowed, because the tier is not enforced; enforcing would refuse it",
        (false, _) => "refused",
    };
    writeln!(out, "{name}: {} `{}`: {answer}", facts.act.phrase(), facts.subject.name)?;
    for because in &decision.because {
        writeln!(out, "  {}: {}", because.policy, because.reason)?;
    }
    for vote in decision.votes.iter().filter(|v| !v.counts) {
        for because in &vote.because {
            writeln!(out, "  the approval of {} does not count: {}", vote.who, because.reason)?;
        }
    }
    for error in &decision.errors {
        writeln!(out, "  error: {error}")?;
    }
    for (i, way) in decision.missing.iter().enumerate() {
        writeln!(out, "  {}", if i == 0 { "What is missing:" } else { "Or:" })?;
        way.needs.iter().try_for_each(|need| writeln!(out, "    - {}", need))?;
    }
    if !decision.verdict && decision.missing.is_empty() && decision.errors.is_empty() {
        writeln!(out, "  Nothing that could be added would allow it.")?;
    }
    Ok(())
}
