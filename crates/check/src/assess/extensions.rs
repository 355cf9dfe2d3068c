//! Are extensions (connectors, scripts, webhooks) logged, tested and separately approved?

use super::kept::{Known, kept};
use super::{Basis, Marks, Organisation, Question, Subject, names};
use workflow::TriggerKind;

/// The question.
pub static QUESTION: Question = Question {
    id: "extensions",
    title: "Are extensions logged, tested and separately approved?",
    yes_is_good: true,
    noun: "workflow with extensions",
    good: "all of that holds",
    bad: "something of that is missing",
    aspects: &[("approved", "approved"), ("tested", "tested"), ("logged", "logged")],
    controls: &["CM-14", "SR-4", "CM-3(2)", "SA-11"],
    one,
    whole: |_, _, _| {},
};

const APPROVE: &str = "List what is used in `connectors.yaml` with its version, owner and what it can do, and approve it: \
                       `countersign connector approve`.";
const AUTHENTICATE: &str = "Require a credential of whoever calls the webhook.";
const LIST: &str = "Which connectors, scripts and webhooks are approved, in which version: `connectors.yaml` of a governed folder.";
const TEST: &str =
    "Write scenarios beside the workflow, name them in its record, and attest to them: `countersign attest`.";
const ATTEST: &str = "Run the tests that the record names, and attest to them: `countersign attest`.";
const TESTS: &str =
    "Scenarios of the workflow (`x.test.yaml`), or a report of tests that ran on this definition.";
const DECLARE: &str = "Declare in the control record what the code does and where it is kept, at which digest; or replace it by an \
                       operation that says so.";

fn one(subject: &Subject, organisation: &Organisation, out: &mut Marks<'_>) {
    let webhook = subject.triggers.contains(&TriggerKind::Webhook);
    let used = !subject.connectors.is_empty() || !subject.code.is_empty() || webhook;
    if !subject.is_control() || !used {
        return;
    }
    approved(subject, webhook, out);
    tested(subject, organisation, out);
    logged(subject, out);
}

fn what(subject: &Subject, webhook: bool) -> String {
    let connectors: Vec<&str> = subject.connectors.iter().map(|(n, _)| n.as_str()).collect();
    let mut parts = Vec::new();
    if !connectors.is_empty() {
        parts.push(format!("connectors {}", names(&connectors)));
    }
    if !subject.code.is_empty() {
        parts.push(format!("code in {}", names(&subject.code)));
    }
    if webhook {
        parts.push("a webhook".to_owned());
    }
    parts.join("; ")
}

fn approved(subject: &Subject, webhook: bool, out: &mut Marks<'_>) {
    if webhook && out.broken_by("approved", subject, &["unauthenticated-trigger"], AUTHENTICATE) {
        return;
    }
    if out.broken_by("approved", subject, &["unpinned-connector", "dynamic-endpoint"], APPROVE) {
        return;
    }
    let used = what(subject, webhook);
    let Some(standing) = &subject.standing else {
        return out.unknown(
            "approved",
            format!("It uses {used}; what is approved is not said."),
            Vec::new(),
            LIST,
        );
    };
    let missing: Vec<&str> =
        standing.components.iter().filter(|(_, ok)| !ok).map(|(n, _)| n.as_str()).collect();
    let list = vec![Basis::Register("connectors.yaml".to_owned())];
    if !missing.is_empty() {
        return out.fails(
            "approved",
            format!("No statement approves {} in the version used.", names(&missing)),
            list,
            APPROVE,
        );
    }
    match (subject.code.is_empty() && !webhook, &standing.release) {
        (true, _) => out.holds("approved", format!("Approved in the version used: {used}."), list),
        (false, Some(r)) if r.same && r.approvals > 0 => {
            let because = format!("What was released and reviewed has it in its digest: {used}.");
            out.holds("approved", because, vec![Basis::Statement(r.statement.clone())]);
        }
        _ => {
            let because =
                format!("It uses {used}, and no release that somebody reviewed has it in its digest.");
            out.fails("approved", because, Vec::new(), APPROVE);
        }
    }
}

fn tested(subject: &Subject, organisation: &Organisation, out: &mut Marks<'_>) {
    let tests = subject.record.as_ref().map_or(&[][..], |r| r.tests.as_slice());
    let attested = subject.standing.as_ref().and_then(|s| s.tested.as_ref());
    match attested {
        Some(t) if t.failed == 0 => {
            let because =
                format!("Its tests pass on this definition, and notice {} of 100 faults.", t.mutation);
            out.holds("tested", because, vec![Basis::Statement(t.statement.clone())]);
        }
        Some(t) => {
            let because = format!("{} of its tests fail on this definition.", t.failed);
            out.fails("tested", because, vec![Basis::Statement(t.statement.clone())], TEST);
        }
        None if !tests.is_empty() => {
            let because = format!(
                "Its record names {}; nobody has attested to a run of them on this definition.",
                names(tests)
            );
            out.unknown("tested", because, subject.says("tests"), ATTEST);
        }
        None if organisation.governed => out.fails("tested", "It has no tests.", Vec::new(), TEST),
        None => out.unknown("tested", "Whether it is tested is not said.", Vec::new(), TESTS),
    }
}

fn logged(subject: &Subject, out: &mut Marks<'_>) {
    if out.broken_by("logged", subject, &["opaque-step"], DECLARE) {
        return;
    }
    match subject.platform.and_then(kept) {
        _ if !subject.unkept.is_empty() => {
            let because = format!("By its definition {}.", subject.unkept.join(" and "));
            out.fails(
                "logged",
                because,
                Vec::new(),
                "Let the platform save the runs: take the setting out of the definition.",
            );
        }
        Some(k) if k.runs == Known::Yes => {
            let because = format!("Their calls are steps of a run, and by the vendor {}.", k.says);
            out.holds("logged", because, vec![Basis::Vendor(k.source.clone())]);
        }
        Some(k) if k.runs == Known::No => {
            let because = format!("By the vendor, {}.", k.says);
            let fix = "Log what extensions are called with and what they answer.";
            out.fails("logged", because, vec![Basis::Vendor(k.source.clone())], fix);
        }
        _ => {
            let because = "What the platform keeps of the calls of a run was not found.";
            out.unknown("logged", because, Vec::new(), "The platform's own log of a run of it.");
        }
    }
}
