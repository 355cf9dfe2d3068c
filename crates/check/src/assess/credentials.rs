//! Are credentials kept out of definitions, used by one workflow each, owned and rotated?

use super::{Basis, Credential, Marks, Organisation, Person, Question, Subject, names};

/// The question.
pub static QUESTION: Question = Question {
    id: "credentials",
    title: "Are credentials kept out of definitions, not shared, owned and rotated?",
    yes_is_good: true,
    noun: "workflow of control automation or with a secret in it",
    good: "all of that holds",
    bad: "something of that is missing",
    aspects: &[
        ("definition", "none stands in the definition, and none is passed on in clear"),
        ("shared", "each is used by one workflow"),
        ("owner", "each has an owner who is with us"),
        ("rotation", "each is rotated in time"),
    ],
    controls: &["IA-5", "IA-5(7)", "IA-9", "AC-6"],
    one,
    whole: |_, _, _| {},
};

const VAULT: &str = "Take the secret out of the definition into the platform's store, and rotate it: whoever saw the file has it.";
const APART: &str =
    "Give each workflow a credential of its own, owned by a service, with no more than it needs.";
const REGISTER: &str = "Enter it in `credentials.yaml`: owner, where it is kept, scope, expiry, rotation.";
const ROTATE: &str = "Rotate it, and enter when (`rotated`).";
const LIST: &str =
    "The register of credentials (`credentials.yaml`): owner, expiry, rotation and when that was done last.";

fn one(subject: &Subject, _: &Organisation, out: &mut Marks<'_>) {
    let secret = ["secret-in-definition", "exposed-credential"];
    let leaks = !subject.findings_of(&secret).is_empty();
    if !subject.is_control() && !leaks {
        return;
    }
    if !out.broken_by("definition", subject, &secret, VAULT) {
        let file = Basis::Definition(format!("{}:{}", subject.path, subject.line));
        out.holds(
            "definition",
            "No secret was found in its definition, and none that it makes is passed on.",
            vec![file],
        );
    }
    if subject.credentials.is_empty() {
        return;
    }
    shared(subject, out);
    registered(subject, out);
}

fn shared(subject: &Subject, out: &mut Marks<'_>) {
    const KEYS: &str =
        "Which connections the definition's own keys stand for: the connections of the platform.";
    if out.broken_by("shared", subject, &["shared-credential"], APART) {
        return;
    }
    let basis = vec![Basis::Definition(names(&subject.credentials))];
    match subject.shared.as_deref() {
        None => {
            let because =
                "The definition names its connections by keys of its own; who else uses them is not shown.";
            out.unknown("shared", because, basis, KEYS);
        }
        Some([(name, others), ..]) => {
            let because = format!("`{name}` is used by {others} more here.");
            out.fails("shared", because, basis, APART);
        }
        Some([]) => out.holds("shared", "No other workflow here uses its credentials.", basis),
    }
}

fn registered(subject: &Subject, out: &mut Marks<'_>) {
    let Some(standing) = &subject.standing else {
        let because = format!(
            "It uses {}; who owns that, and when it was rotated, is not said.",
            names(&subject.credentials)
        );
        return ["owner", "rotation"]
            .into_iter()
            .for_each(|a| out.unknown(a, because.clone(), Vec::new(), LIST));
    };
    let register = || vec![Basis::Register("credentials.yaml".to_owned())];
    if standing.credentials.is_empty() {
        let because = format!("The register has none of its credentials ({}).", names(&subject.credentials));
        ["owner", "rotation"].into_iter().for_each(|a| out.fails(a, because.clone(), register(), REGISTER));
        return;
    }
    owner(subject, out);
    let ids = |of: fn(&Credential) -> bool| {
        standing.credentials.iter().filter(|c| of(c)).map(|c| c.id.as_str()).collect::<Vec<_>>()
    };
    let (stale, undated) = (ids(|c| c.stale), ids(|c| c.undated));
    if !stale.is_empty() {
        let because = format!("{} past rotation or expiry.", are(&stale));
        return out.fails("rotation", because, register(), ROTATE);
    }
    if !undated.is_empty() {
        let because =
            format!("When {} rotated last is not said, or how often it has to be.", lower_are(&undated));
        return out.unknown("rotation", because, register(), LIST);
    }
    out.holds("rotation", "Each was rotated in time and has not expired.", register());
}

fn are(ids: &[&str]) -> String {
    format!("{} {}", names(ids), if ids.len() == 1 { "is" } else { "are" })
}

fn lower_are(ids: &[&str]) -> String {
    format!("{} {}", names(ids), if ids.len() == 1 { "was" } else { "were" })
}

fn owner(subject: &Subject, out: &mut Marks<'_>) {
    let Some(standing) = &subject.standing else { return };
    let register =
        || vec![Basis::Register("credentials.yaml".to_owned()), Basis::Register("people.yaml".to_owned())];
    let gone: Vec<&str> = standing
        .credentials
        .iter()
        .filter(|c| matches!(c.owner, Person::Gone(_) | Person::None))
        .map(|c| c.id.as_str())
        .collect();
    if gone.is_empty() {
        return out.holds("owner", "Each has an owner who is with us.", register());
    }
    let because = format!("{} owned by nobody who is with us.", are(&gone));
    out.fails("owner", because, register(), REGISTER);
}
