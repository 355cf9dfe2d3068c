//! Does somebody answer for every workflow, and for its security?

use super::{Basis, Marks, Organisation, Person, Question, Subject, names};

/// The question.
pub static QUESTION: Question = Question {
    id: "ownership",
    title: "Does somebody answer for every workflow, and another for its security?",
    yes_is_good: true,
    noun: "workflow of control automation",
    good: "both are there",
    bad: "somebody is missing",
    aspects: &[
        ("record", "it has a complete control record"),
        ("owner", "its owner is with us"),
        ("approver", "its security approver is with us, and another than its owner"),
    ],
    controls: &["CM-8", "AC-2", "PS-4", "CM-3(4)"],
    one,
    whole: |_, _, _| {},
};

const WRITE: &str =
    "Write the control record beside the workflow: owner, security approver, boundary, tests.";
const NAME: &str = "Name somebody who is with us, or take it over: `countersign owner`.";
const OTHER: &str = "Name a security approver who is not the owner.";
const RECORD: &str = "Its control record (`x.control.yaml`, docs/formats/control-record.md).";
const PEOPLE: &str =
    "The directory of people (`people.yaml`), so that it can be told whether they are with us.";

fn one(subject: &Subject, organisation: &Organisation, out: &mut Marks<'_>) {
    if !subject.is_control() {
        return;
    }
    let Some(record) = &subject.record else {
        return without(subject, organisation, out);
    };
    let lacks = record.lacks();
    match lacks.as_slice() {
        [] => out.holds(
            "record",
            "Its record has an owner, a security approver, a boundary and tests.",
            subject.says("all"),
        ),
        _ => out.fails(
            "record",
            format!("Its record lacks {}.", lacks.join(", ")),
            subject.says("what is there"),
            WRITE,
        ),
    }
    let unknown = |name: &str| if name.is_empty() { Person::None } else { Person::Unknown(name.to_owned()) };
    let standing = subject.standing.as_ref();
    let owner = standing.map_or_else(|| unknown(&record.owner), |s| s.owner.clone());
    let approver = standing.map_or_else(|| unknown(&record.security_approver), |s| s.approver.clone());
    person("owner", &owner, out);
    if !record.owner.is_empty() && record.owner == record.security_approver {
        let because = format!("`{}` owns it and approves its releases for security.", record.owner);
        return out.fails("approver", because, subject.says("security-approver"), OTHER);
    }
    person("approver", &approver, out);
}

fn without(subject: &Subject, organisation: &Organisation, out: &mut Marks<'_>) {
    if organisation.governed && subject.governed {
        let found = subject.findings_of(&["missing-record"]);
        let basis: Vec<Basis> = found.iter().map(|(i, _)| Basis::Finding(*i)).collect();
        for aspect in ["record", "owner", "approver"] {
            out.fails(aspect, "It has no control record.", basis.clone(), WRITE);
        }
        return;
    }
    let because = match subject.owners.as_slice() {
        [] => "Who answers for it is not said.".to_owned(),
        owners => format!("The definition names {}; whether they answer for it is not said.", names(owners)),
    };
    let basis: Vec<Basis> = subject.owners.iter().take(4).map(|o| Basis::Definition(o.to_string())).collect();
    for aspect in ["record", "owner", "approver"] {
        out.unknown(aspect, because.clone(), basis.clone(), RECORD);
    }
}

fn person(aspect: &'static str, person: &Person, out: &mut Marks<'_>) {
    let basis = || vec![Basis::Register("people.yaml".to_owned())];
    match person {
        Person::None => out.fails(aspect, "Nobody is named.", Vec::new(), NAME),
        Person::Active(name) => out.holds(aspect, format!("`{name}` is with us."), basis()),
        Person::Gone(name) => out.fails(aspect, format!("`{name}` is nobody who is with us."), basis(), NAME),
        Person::Unknown(name) => {
            out.unknown(
                aspect,
                format!("`{name}` is named; whether they are with us is not known."),
                Vec::new(),
                PEOPLE,
            );
        }
    }
}
