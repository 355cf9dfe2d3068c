//! Properties that some run breaks and that no rule speaks of: told as findings are, with the run and what to do, but
//! counted with none and failing no check. `docs/decisions/0016-refuted-and-no-fault.md` says why they are no findings.

use super::Item;
use check::proofs::Proof;
use workflow::{Confidence, Finding, Severity};

/// The word that stands where a finding's severity does.
pub const LABEL: &str = "refuted";

/// The refutations of a workflow that its findings leave unsaid, in the order of the properties.
#[must_use]
pub fn unspoken(item: &Item<'_>) -> Vec<Finding> {
    item.body.proofs.iter().filter(|p| p.is_unspoken()).map(|p| told(item, p)).collect()
}

fn told(item: &Item<'_>, proof: &Proof) -> Finding {
    let steps = if proof.step.is_empty() { Vec::new() } else { vec![proof.step.clone()] };
    Finding {
        rule: proof.property.clone(),
        severity: Severity::Info,
        confidence: Confidence::High,
        step: proof.step.clone(),
        steps,
        path: proof.walk.clone(),
        line: item.step(&proof.step).map_or(item.body.line, |s| s.line),
        message: message(item.name(&proof.step), &proof.because),
        fix: proof.fix(),
    }
}

/// How a run breaks a property, as a sentence: at a step, by its name, unless the words begin with one.
#[must_use]
pub fn message(step: &str, because: &str) -> String {
    match step {
        _ if because.starts_with('`') => format!("{because}."),
        "" => format!("There is a run in which this happens: {because}."),
        step => format!("At `{step}`: {because}."),
    }
}

#[cfg(test)]
mod tests {
    use super::message;

    #[test]
    fn a_refutation_is_a_sentence() {
        assert_eq!(message("Add", "it is repeated"), "At `Add`: it is repeated.");
        assert_eq!(message("Mail", "`Mail` waits"), "`Mail` waits.");
        assert_eq!(
            message("", "a run goes in circles"),
            "There is a run in which this happens: a run goes in circles."
        );
    }
}
