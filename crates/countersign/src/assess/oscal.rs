//! A review as OSCAL assessment results: every question a finding, every workflow's judgement an observation, every workflow a
//! component.

use super::Review;
use check::assess::{Answered, Basis, Mark, Place, Stand};
use evidence::oscal::{
    self, AssessmentResults, BackMatter, Component, ControlId, ControlSelection, Document, Finding, Link,
    LocalDefinitions, Metadata, Observation, Outcome, RelatedObservation, RelevantEvidence, Resource,
    ReviewedControls, Status, SubjectReference, Target, VERSION, line, property, uuid,
};
use ledger::count;
use std::io::{self, Write};
use workflow::Platform;

const PLAN: &str = "The questions an organisation should ask before it relies on low-code governance, put to every workflow by the \
                    program: docs/assess.md.";

pub(super) fn write(review: &Review, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &document(review))?;
    writeln!(out)
}

/// The name of this review, from which its identifiers are made.
fn name(review: &Review) -> String {
    format!("{} {}", review.paths.join(" "), review.at)
}

fn document(review: &Review) -> Document {
    let (whole, plan) = (name(review), uuid(&["assess", "plan"]));
    let title = format!("Readiness of {} for low-code governance", review.paths.join(", "));
    let metadata = Metadata {
        title: line(&title),
        last_modified: review.at.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        oscal_version: VERSION,
        props: vec![property("tool", &format!("countersign {}", env!("CARGO_PKG_VERSION")))],
    };
    let plan_text =
        Resource { uuid: plan.clone(), title: "Readiness review".to_owned(), description: PLAN.to_owned() };
    Document {
        assessment_results: AssessmentResults {
            uuid: uuid(&["assess", &whole]),
            metadata,
            import_ap: Link { href: format!("#{plan}"), rel: None, text: None },
            results: vec![outcome(review, &whole, title)],
            back_matter: Some(BackMatter { resources: vec![plan_text] }),
        },
    }
}

fn outcome(review: &Review, whole: &str, title: String) -> Outcome {
    let mut controls: Vec<&str> = review.answers.iter().flat_map(|a| a.question.controls).copied().collect();
    controls.sort_unstable();
    controls.dedup();
    let include = controls.into_iter().map(|c| ControlId { control_id: oscal::control(c) }).collect();
    let selection =
        ControlSelection { description: Some("NIST SP 800-53 Rev. 5".to_owned()), include_controls: include };
    let good = review.answers.iter().filter(|a| a.good).count();
    Outcome {
        uuid: uuid(&["assess", whole, "result"]),
        title: line(&title),
        description: format!(
            "{} in {}, {} of them can change access. {good} of {} the answer that one hopes for.",
            count(review.workflows, "workflow", "workflows"),
            count(review.files, "file", "files"),
            review.changing,
            count(review.answers.len(), "question has", "questions have")
        ),
        start: review.at.clone(),
        end: Some(review.at.clone()),
        props: vec![property("governed", if review.organisation.governed { "yes" } else { "no" })],
        local_definitions: components(review),
        reviewed_controls: ReviewedControls { control_selections: vec![selection] },
        observations: review.answers.iter().flat_map(|a| observations(review, a)).collect(),
        findings: review.answers.iter().map(|a| finding(review, a)).collect(),
    }
}

/// The identifier of a workflow: by its file, name and line, and its number among those that are alike in these.
fn component(review: &Review, i: usize) -> String {
    let Some(own) = review.subjects.get(i) else { return String::new() };
    let before = review.subjects.iter().take(i).rev().take_while(|s| s.path == own.path);
    let alike = before.filter(|s| s.name == own.name && s.line == own.line).count();
    uuid(&["workflow", &own.path, &own.name, &own.line.to_string(), &alike.to_string()])
}

fn service(platform: Platform) -> String {
    uuid(&["platform", platform.as_str()])
}

fn components(review: &Review) -> Option<LocalDefinitions> {
    let status =
        || Status { state: "other", reason: None, remarks: Some("as defined in the file".to_owned()) };
    let platforms = review.platforms.iter().map(|p| Component {
        uuid: service(*p),
        kind: "service",
        title: p.title().to_owned(),
        description: "A low-code platform.".to_owned(),
        props: vec![property("platform", p.as_str())],
        status: status(),
    });
    let workflows = review.subjects.iter().enumerate().map(|(i, s)| Component {
        uuid: component(review, i),
        kind: "process-procedure",
        title: line(&s.name),
        description: format!("A workflow of tier {}, at {}:{}.", s.tier, s.path, s.line),
        props: vec![
            property("path", &s.path),
            property("tier", &s.tier.to_string()),
            property("gate", &s.gate),
        ],
        status: status(),
    });
    let components: Vec<Component> = platforms.chain(workflows).collect();
    (!components.is_empty()).then_some(LocalDefinitions { components })
}

/// The identifier of a judgement.
fn observation_id(review: &Review, of: &Answered, mark: &Mark) -> String {
    let place = match mark.place {
        Place::Subject(i) => component(review, i),
        Place::Platform(p) => p.as_str().to_owned(),
        Place::Whole => String::new(),
    };
    uuid(&["assess", &name(review), of.question.id, mark.aspect, &place, &mark.because])
}

fn observations(review: &Review, of: &Answered) -> Vec<Observation> {
    of.marks.iter().map(|m| observation(review, of, m)).collect()
}

fn observation(review: &Review, of: &Answered, mark: &Mark) -> Observation {
    let title = of.question.aspects.iter().find(|(id, _)| *id == mark.aspect).map_or(mark.aspect, |(_, t)| t);
    let stand = match mark.stand {
        Stand::Holds => "holds",
        Stand::Unknown => "unknown",
        Stand::Fails => "fails",
    };
    let subject = match mark.place {
        Place::Subject(i) => review.subjects.get(i).map(|s| (component(review, i), line(&s.name))),
        Place::Platform(p) => Some((service(p), p.title().to_owned())),
        Place::Whole => None,
    };
    let reference =
        |(subject_uuid, title)| SubjectReference { subject_uuid, kind: "component", title: Some(title) };
    Observation {
        uuid: observation_id(review, of, mark),
        title: line(title),
        description: mark.because.clone(),
        props: vec![
            property("question", of.question.id),
            property("aspect", mark.aspect),
            property("stand", stand),
        ],
        methods: vec!["EXAMINE"],
        types: vec![if mark.stand == Stand::Fails { "finding" } else { "control-objective" }],
        subjects: subject.into_iter().map(reference).collect(),
        relevant_evidence: mark.basis.iter().take(5).map(|b| evidence(review, mark, b)).collect(),
        collected: review.at.clone(),
        remarks: (!mark.advice.is_empty()).then(|| mark.advice.clone()),
    }
}

fn evidence(review: &Review, mark: &Mark, basis: &Basis) -> RelevantEvidence {
    let subject = match mark.place {
        Place::Subject(i) => review.subjects.get(i),
        _ => None,
    };
    let description = match (basis, subject) {
        (Basis::Finding(n), Some(s)) => {
            s.findings.get(*n).map(|f| format!("Finding {}: {}", f.rule, f.message))
        }
        (Basis::Proof(n), Some(s)) => {
            s.proofs.get(*n).map(|p| format!("Property {} {}: {}", p.property, p.verdict, p.because))
        }
        _ => {
            let (kind, text) = super::json::told(basis);
            Some(format!("{kind}: {text}"))
        }
    };
    let href = match basis {
        Basis::Vendor(source) if !source.is_empty() => Some(source.clone()),
        _ => None,
    };
    RelevantEvidence { href, description: description.unwrap_or_else(|| "-".to_owned()) }
}

fn finding(review: &Review, of: &Answered) -> Finding {
    let related = |m: &Mark| RelatedObservation { observation_uuid: observation_id(review, of, m) };
    let advice =
        of.fixes.iter().chain(&of.gives).map(|(text, n)| format!("- {text} ({n})")).collect::<Vec<_>>();
    Finding {
        uuid: uuid(&["assess", &name(review), of.question.id]),
        title: line(of.question.title),
        description: of.sentence.clone(),
        props: vec![property("answer", of.answer.as_str())],
        target: Target {
            kind: "objective-id",
            target_id: format!("countersign-assess-{}", of.question.id),
            status: Status {
                state: if of.good { "satisfied" } else { "not-satisfied" },
                reason: Some(if of.good { "pass" } else { "fail" }),
                remarks: Some(format!("The answer is: {}.", of.answer.as_str())),
            },
        },
        related_observations: of.marks.iter().map(related).collect(),
        remarks: (!advice.is_empty()).then(|| advice.join("\n")),
    }
}
