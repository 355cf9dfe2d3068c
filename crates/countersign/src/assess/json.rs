//! A review as one JSON object, `docs/formats/assess.md`.

use super::Review;
use check::assess::{Answered, Basis, Mark, Place, Stand, Subject};
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{self, Write};
use workflow::Walk;

/// The name and version of the format.
const SCHEMA: &str = "countersign.assess/1";

/// So many walks are shown for one judgement.
const WALKS: usize = 5;

pub(super) fn write(review: &Review, out: &mut dyn Write) -> io::Result<()> {
    let mut value = summary(review);
    value["questions"] = Value::Array(review.answers.iter().map(|a| answered(review, a)).collect());
    serde_json::to_writer_pretty(&mut *out, &value)?;
    writeln!(out)
}

/// What is known of the whole.
pub(super) fn summary(review: &Review) -> Value {
    let of = &review.organisation;
    let governed = of.governed.then(|| {
        json!({"organisation": of.name, "environment": of.environment, "statements": of.statements, "refused": of.refused,
            "ledger": of.ledger.as_ref().map(|l| json!({"place": l.place, "entered": l.entered, "missing": l.missing, "of-nobody": l.of_nobody,
                "runs": l.runs, "broken": l.broken}))})
    });
    json!({
        "schema": SCHEMA,
        "at": review.at,
        "paths": review.paths,
        "files": review.files,
        "workflows": review.workflows,
        "access_changing": review.changing,
        "platforms": review.platforms,
        "governed": governed,
        "problems": review.problems,
    })
}

/// A question with its answer.
pub(super) fn answered(review: &Review, of: &Answered) -> Value {
    let advice = |all: &[(String, usize)]| {
        all.iter().map(|(text, n)| json!({"text": text, "times": n})).collect::<Value>()
    };
    let of_subject = |i: usize| of.marks.iter().filter(move |m| m.place == Place::Subject(i));
    let workflows = review.subjects.iter().enumerate().filter_map(|(i, subject)| {
        let marks: Vec<&Mark> = of_subject(i).collect();
        let worst = marks.iter().map(|m| m.stand).max()?;
        Some(workflow(review, i, subject, worst, &marks))
    });
    let around = of.marks.iter().filter(|m| !matches!(m.place, Place::Subject(_)));
    json!({
        "id": of.question.id,
        "question": of.question.title,
        "answer": of.answer,
        "good": of.good,
        "sentence": of.sentence,
        "count": of.count,
        "aspects": of.aspects,
        "platforms": of.platforms,
        "do": advice(&of.fixes),
        "give": advice(&of.gives),
        "controls": of.question.controls.iter().map(|c| format!("nist-sp800-53-r5 {c}")).collect::<Vec<_>>(),
        "around": around.map(|m| mark(review, m)).collect::<Vec<_>>(),
        "workflows": workflows.collect::<Vec<_>>(),
    })
}

fn workflow(review: &Review, i: usize, subject: &Subject, stand: Stand, marks: &[&Mark]) -> Value {
    json!({
        "path": subject.path,
        "line": subject.line,
        "platform": subject.platform,
        "name": subject.name,
        "tier": if subject.opaque { 3 } else { subject.tier },
        "gate": subject.gate,
        "stand": stand,
        "marks": marks.iter().map(|m| mark(review, m)).collect::<Vec<_>>(),
        "number": i,
    })
}

/// One judgement, with what it rests on.
fn mark(review: &Review, mark: &Mark) -> Value {
    let subject = match mark.place {
        Place::Subject(i) => review.subjects.get(i).map(|s| (i, s)),
        _ => None,
    };
    let platform = match mark.place {
        Place::Platform(p) => Some(p),
        _ => None,
    };
    let mut value = json!({
        "aspect": mark.aspect,
        "stand": mark.stand,
        "because": mark.because,
        "advice": mark.advice,
        "rests_on": mark.basis.iter().take(WALKS).map(|b| basis(review, subject, b)).collect::<Vec<_>>(),
    });
    if let Some(platform) = platform {
        value["platform"] = json!(platform);
    }
    if mark.basis.len() > WALKS {
        value["more"] = json!(mark.basis.len() - WALKS);
    }
    value
}

/// A station of a walk, by name.
#[derive(Serialize)]
struct Station<'r> {
    step: &'r str,
    name: &'r str,
    leaves: &'r str,
    line: u32,
    marked: bool,
}

fn basis(review: &Review, subject: Option<(usize, &Subject)>, basis: &Basis) -> Value {
    let walk = |i: usize, path: &[Walk]| {
        let station = |w: &Walk| {
            json!(Station {
                step: &w.step,
                name: review.name(i, &w.step),
                leaves: &w.leaves,
                line: w.line,
                marked: w.marked,
            })
        };
        path.iter().map(station).collect::<Vec<_>>()
    };
    match (basis, subject) {
        (Basis::Finding(n), Some((i, s))) => s.findings.get(*n).map_or(Value::Null, |f| {
            json!({"kind": "finding", "rule": f.rule, "severity": f.severity, "step": f.step, "line": f.line,
                "text": f.message, "walk": walk(i, &f.path)})
        }),
        (Basis::Proof(n), Some((i, s))) => s.proofs.get(*n).map_or(Value::Null, |p| {
            json!({"kind": "proof", "property": p.property, "step": p.step, "verdict": p.verdict, "text": p.because,
                "walk": walk(i, &p.walk)})
        }),
        (Basis::Definition(text), Some((i, _))) => json!({"kind": "definition", "text": review.name(i, text)}),
        _ => {
            let (kind, text) = told(basis);
            json!({"kind": kind, "text": text})
        }
    }
}

/// A basis that is no walk, in a word and a text.
pub(super) fn told(basis: &Basis) -> (&'static str, &str) {
    match basis {
        Basis::Finding(_) => ("finding", ""),
        Basis::Proof(_) => ("proof", ""),
        Basis::Definition(text) => ("definition", text),
        Basis::Record(text) => ("record", text),
        Basis::Statement(text) => ("statement", text),
        Basis::Policy(text) => ("policy", text),
        Basis::History(text) => ("history", text),
        Basis::Register(text) => ("register", text),
        Basis::Vendor(text) => ("vendor", text),
        Basis::Ledger(text) => ("ledger", text),
    }
}
