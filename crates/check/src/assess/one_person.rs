//! Can one person request, approve and certify?

use super::{Basis, Marks, Organisation, Question, Subject};
use crate::record::GateKind;
use crate::tell::count;
use workflow::{Kind, TriggerKind};

/// The question.
pub static QUESTION: Question = Question {
    id: "one-person",
    title: "Can one person request, approve and certify?",
    yes_is_good: false,
    noun: "workflow that can or may change access",
    good: "somebody else has to agree",
    bad: "one person can do it alone",
    aspects: &[
        ("request", "requests and approves a change of access"),
        ("decide", "lets the workflow answer approvals or reviews itself"),
        ("author", "writes, approves and releases the workflow"),
        ("certify", "approves access and certifies it later"),
    ],
    controls: &["AC-5", "AC-3(2)", "CM-5(4)", "AC-6(7)"],
    one,
    whole,
};

const ASK: &str = "Ask a person who is neither the requester nor the one whose access changes, on every way to the change, \
                   and let only a positive answer through.";
const SAY: &str = "Say in the control record what rule makes the change and why nobody is asked (`gate`, `kind: rule`, \
                   `reason`), for a reviewer to accept; or ask a person.";
const DECLARE: &str =
    "Declare in the control record what the steps do whose effect the definition does not show.";

const RELEASE: &str = "Propose it, have it reviewed, release it: `countersign propose`, `review`, `release`.";

/// Findings that a person can use to be alone, whoever starts the run.
const ALONE: [&str; 6] = [
    "self-approval",
    "approver-from-input",
    "approval-fails-open",
    "approval-ignored",
    "approval-after-change",
    "disabled-control",
];

fn one(subject: &Subject, organisation: &Organisation, out: &mut Marks<'_>) {
    if !subject.matters() {
        return;
    }
    if subject.changes {
        request(subject, out);
        decide(subject, out);
    } else {
        out.unknown(
            "request",
            "What it may change is not known, so nobody can say who has to agree.",
            Vec::new(),
            DECLARE,
        );
    }
    if organisation.governed {
        author(subject, out);
    }
}

fn request(subject: &Subject, out: &mut Marks<'_>) {
    if out.broken_by("request", subject, &ALONE, ASK) {
        return;
    }
    let own = subject.proofs_of("approver-is-not-requester", "refuted");
    if let Some(proof) = own.first().and_then(|i| subject.proofs.get(*i)) {
        let because = format!("There is a run in which {}.", proof.because);
        return out.fails("request", because, own.into_iter().map(Basis::Proof).collect(), ASK);
    }
    match subject.gate.as_str() {
        "present" => asked(subject, out),
        "authorised" => authorised(subject, out),
        _ => unasked(subject, out),
    }
}

/// Somebody is asked on every way.
fn asked(subject: &Subject, out: &mut Marks<'_>) {
    const GIVE: &str =
        "The platform's approval settings: who may approve, and whether the requester is excluded.";
    if subject.routes.iter().any(|r| r.assumed) {
        let because = "The platform approves before it starts; who may approve stands in the platform's settings, not here.";
        return out.unknown("request", because, vec![Basis::Definition("its trigger".to_owned())], GIVE);
    }
    let proved = subject.proofs_of("approver-is-not-requester", "proved");
    let open = subject.proofs_of("approver-is-not-requester", "unknown");
    if open.is_empty() && !proved.is_empty() {
        let because = "In every run somebody is asked who is not taken from the request.";
        return out.holds("request", because, proved.into_iter().map(Basis::Proof).collect());
    }
    let because = "Somebody is asked; whether that can be the requester was not settled.";
    out.unknown(
        "request",
        because,
        open.into_iter().map(Basis::Proof).collect(),
        "What the open proofs ask to be declared.",
    );
}

/// The requester's authority stands instead of another person.
fn authorised(subject: &Subject, out: &mut Marks<'_>) {
    if let Some(reason) = stated(subject) {
        let because =
            format!("The requester's authority is checked, and the record says why that is enough: {reason}");
        return out.holds("request", because, subject.says("gate"));
    }
    let because = "The requester's own authority is all that is checked: nobody else looks.";
    out.fails("request", because, vec![Basis::Definition("its gate: authorised".to_owned())], SAY);
}

/// Nobody is asked on some way.
fn unasked(subject: &Subject, out: &mut Marks<'_>) {
    let found: Vec<Basis> =
        subject.findings_of(&["unapproved-change"]).iter().map(|(i, _)| Basis::Finding(*i)).collect();
    let by_person = subject.triggers.iter().any(|t| is_persons(*t));
    match (by_person, stated(subject)) {
        (true, _) if !found.is_empty() => {
            let because = "Whoever may start it needs nobody else's yes.";
            out.fails("request", because, found, ASK);
        }
        (false, Some(reason)) => {
            let because =
                format!("Nobody requests: a rule makes the change, and the record says why: {reason}");
            out.holds("request", because, subject.says("gate"));
        }
        (false, None) if !found.is_empty() => {
            let because = "No person starts it and nobody is asked; whether whoever causes the event gains by it is not said.";
            out.unknown("request", because, found, SAY);
        }
        _ => {
            let because =
                "No trigger in the definition leads to its changes, or what leads there was not settled.";
            out.unknown("request", because, found, "The definitions that start it.");
        }
    }
}

/// Why nobody is asked, where the record says so.
fn stated(subject: &Subject) -> Option<&str> {
    let gate = &subject.record.as_ref()?.gate;
    (gate.kind == GateKind::Rule && !gate.reason.is_empty()).then_some(gate.reason.as_str())
}

fn is_persons(kind: TriggerKind) -> bool {
    use TriggerKind::{Chat, External, Form, Mail, Manual, Webhook};
    matches!(kind, Webhook | Form | Mail | Chat | External | Manual)
}

fn decide(subject: &Subject, out: &mut Marks<'_>) {
    const FIX: &str = "Leave the answer to a person who did not ask, or ask one before it is given.";
    let decides = subject.kinds.iter().any(|k| matches!(k, Kind::Decide | Kind::Certify));
    if !decides || out.broken_by("decide", subject, &["machine-decides"], FIX) {
        return;
    }
    let basis = vec![Basis::Definition(format!("its gate: {}", subject.gate))];
    match subject.gate.as_str() {
        "present" => out.holds("decide", "It passes on what a person decided.", basis),
        _ => out.unknown(
            "decide",
            "It hands decisions on; who takes them is not in the definition.",
            basis,
            DECLARE,
        ),
    }
}

/// Whether the policies keep one person from writing and releasing it.
fn author(subject: &Subject, out: &mut Marks<'_>) {
    const ENFORCE: &str =
        "Set the mode of its tier to `enforce` in `countersign.toml`: what is refused then does not happen.";
    let Some(standing) = subject.standing.as_ref().filter(|_| subject.is_control()) else { return };
    if standing.mode != "enforce" {
        let because = format!("The policies only {} in tier {}.", standing.mode, subject.tier);
        return out.fails("author", because, vec![Basis::Register("countersign.toml".to_owned())], ENFORCE);
    }
    match &standing.release {
        Some(r) if r.approvals > 0 => {
            let because = format!(
                "{} agreed to the release of {} who did not propose it.",
                count(r.approvals, "person", "people"),
                r.at
            );
            out.holds("author", because, vec![Basis::Statement(r.statement.clone())]);
        }
        Some(r) => {
            let because = format!("It was released on {} without anybody else's approval.", r.at);
            out.fails("author", because, vec![Basis::Statement(r.statement.clone())], RELEASE);
        }
        // That most were never released is told once, around them, and for each under `versions`.
        None => {}
    }
}

fn whole(subjects: &[Subject], organisation: &Organisation, out: &mut Marks<'_>) {
    const GOVERN: &str = "A governed folder (`countersign.toml`, `people.yaml`) in which these workflows are proposed, reviewed and \
                          released: an export does not say who wrote and who approved it.";
    const CERTIFY: &str = "Who certifies access and in which campaign: an export of the access reviews, or the workflow that asks \
                           the reviewers.";
    if !subjects.iter().any(Subject::matters) {
        return;
    }
    if !organisation.governed {
        out.unknown(
            "author",
            "Nothing here says who wrote, approved and released these workflows.",
            Vec::new(),
            GOVERN,
        );
    } else if !organisation.apart.is_empty() {
        let because = "The policies keep whoever asks for or took part in a change from approving it.";
        out.holds("author", because, organisation.apart.iter().cloned().map(Basis::Policy).collect());
    }
    let released = |s: &&Subject| s.standing.as_ref().is_none_or(|s| s.release.is_some());
    let controls = || subjects.iter().filter(|s| s.is_control());
    let never = controls().count() - controls().filter(released).count();
    if organisation.governed && never > 0 {
        let because = format!(
            "Of {} workflows {never} were never released: nothing says who looked at them.",
            controls().count()
        );
        out.unknown("author", because, Vec::new(), RELEASE);
    }
    if !subjects.iter().any(|s| s.kinds.contains(&Kind::Certify)) {
        let because = "No workflow here certifies access: whether an approver later certifies what they approved is decided \
                       elsewhere.";
        out.unknown("certify", because, Vec::new(), CERTIFY);
    }
}
