//! OSCAL for tools of governance: what was examined as assessment results, what is governed as a component definition.
//!
//! Each act is an observation. There are no OSCAL findings, which would say that a requirement is met or not: the record
//! gives evidence towards requirements, and whether they are met is for an assessor to judge.

use super::Origin;
use super::event::{Event, What};
use crate::act::ActBody;
use crate::moment;
use crate::oscal::{
    AssessmentResults, BackMatter, Component, ControlId, ControlSelection, Document, Link, LocalDefinitions,
    Metadata, Observation, Outcome, RelevantEvidence, Resource, ReviewedControls, Status, SubjectReference,
    VERSION, line, property, token, uuid,
};
use ledger::{Error, Result};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Where frameworks are published as OSCAL catalogs; others are named, not linked.
const CATALOGS: &[(&str, &str)] = &[
    (
        "nist-sp800-53-r5",
        "https://raw.githubusercontent.com/usnistgov/oscal-content/main/nist.gov/SP800-53/rev5/json/NIST_SP-800-53_rev5_catalog.json",
    ),
    (
        "nist-csf-2.0",
        "https://raw.githubusercontent.com/usnistgov/oscal-content/main/nist.gov/CSF/v2.0/json/NIST_CSF_v2.0_catalog.json",
    ),
];

type Act<'a> = (&'a Event, &'a ActBody);

/// Requirements of a framework, each with the acts that were decided by policies that cite it.
type Cited<'a> = BTreeMap<&'a str, Vec<Act<'a>>>;

/// What the documents are made of.
struct Examined<'a> {
    origin: &'a Origin,
    acts: Vec<Act<'a>>,
    /// When it begins and ends: as was asked for; else when the first and the last of it was done.
    from: u64,
    to: u64,
    /// When the last of it was entered.
    last: u64,
}

impl<'a> Examined<'a> {
    fn of(events: &'a [Event], origin: &'a Origin, (from, to): (u64, u64)) -> Self {
        let act = |e: &'a Event| if let What::Act(act) = &e.what { Some((e, &**act)) } else { None };
        let acts = events.iter().filter_map(act).collect();
        let done = || events.iter().map(Event::time);
        let from = if from > 0 { from } else { done().min().unwrap_or(0) };
        let to = if to < u64::MAX { to } else { done().max().unwrap_or(0) };
        let last = events.iter().map(|e| e.entry.place.time).max().unwrap_or(0);
        Self { origin, acts, from, to, last }
    }

    fn uuid(&self, parts: &[&str]) -> String {
        uuid(&[&[self.origin.log.as_str()], parts].concat())
    }

    /// The identifier of a whole document, which is another when it goes further.
    fn whole(&self, kind: &str) -> String {
        self.uuid(&[kind, &self.from.to_string(), &self.to.to_string(), &self.acts.len().to_string()])
    }

    fn metadata(&self, title: &str) -> Metadata {
        Metadata {
            title: line(title),
            last_modified: moment::text(self.last),
            version: self.origin.version.clone(),
            oscal_version: VERSION,
            props: Vec::new(),
        }
    }

    /// The workflows and other subjects, in order.
    fn subjects(&self) -> BTreeSet<&'a str> {
        self.acts.iter().map(|(_, act)| act.subject.as_str()).collect()
    }

    /// What was cited, by framework.
    fn cited(&self, takes: impl Fn(&ActBody) -> bool) -> BTreeMap<&'a str, Cited<'a>> {
        let mut out: BTreeMap<&str, Cited<'_>> = BTreeMap::new();
        for (event, act) in self.acts.iter().filter(|(_, act)| takes(act)) {
            for cited in &act.controls {
                let (framework, control) = cited.split_once([' ', ':']).unwrap_or(("unnamed", cited));
                out.entry(framework).or_default().entry(control).or_default().push((*event, *act));
            }
        }
        out
    }
}

/// What the number of decisions includes.
const ASKED: &str = "An act that was allowed counts for every rule that was asked and had nothing against it, also where what the rule is about (a machine's part in a change, privileged access) was not there.";

/// The assessment results over these events, which are those that were done in a period, from a time until just before
/// another (0 and [`u64::MAX`] where it is open).
///
/// # Errors
/// When no requirement was cited in the period: results have to name some.
pub fn assessment_results(events: &[Event], origin: &Origin, period: (u64, u64)) -> Result<Document> {
    let of = Examined::of(events, origin, period);
    let control_selections = selections(&of);
    if control_selections.is_empty() {
        return Err(Error::new(
            "no act of the period cites a requirement, and OSCAL results have to name some: choose another period",
        ));
    }
    let plan = of.uuid(&["plan"]);
    let components: Vec<_> = of.subjects().into_iter().map(|s| component(&of, s)).collect();
    let outcome = Outcome {
        uuid: of.whole("result"),
        title: line(&format!("Acts on record in {}", origin.log)),
        description: format!(
            "Every governed act of the period, as it stands in the ledger. Requirements are those that the deciding policies cite: evidence towards them, not a judgement on them. {ASKED}"
        ),
        start: moment::text(of.from),
        end: Some(moment::text(of.to)),
        props: Vec::new(),
        local_definitions: (!components.is_empty()).then_some(LocalDefinitions { components }),
        reviewed_controls: ReviewedControls { control_selections },
        observations: of.acts.iter().map(|(event, act)| observation(&of, event, act)).collect(),
        findings: Vec::new(),
    };
    let nothing = Resource {
        uuid: plan.clone(),
        title: "No assessment plan".to_owned(),
        description:
            "What was examined is every entry of the ledger in the period; there is no plan apart from that."
                .to_owned(),
    };
    Ok(Document {
        assessment_results: AssessmentResults {
            uuid: of.whole("assessment-results"),
            metadata: of.metadata(&format!("Governed acts in {}", origin.log)),
            import_ap: Link { href: format!("#{plan}"), rel: None, text: None },
            results: vec![outcome],
            back_matter: Some(BackMatter { resources: vec![nothing] }),
        },
    })
}

/// The frameworks and the requirements of each.
fn selections(of: &Examined<'_>) -> Vec<ControlSelection> {
    let selection = |(framework, controls): (&str, Cited<'_>)| ControlSelection {
        description: Some(framework.to_owned()),
        include_controls: controls
            .keys()
            .map(|c| ControlId { control_id: control_id(framework, c) })
            .collect(),
    };
    of.cited(|_| true).into_iter().map(selection).collect()
}

fn component(of: &Examined<'_>, subject: &str) -> Component {
    let kind = match subject.split('/').next() {
        Some("policy") => "policy",
        Some("workflow" | "component") => "software",
        _ => "process-procedure",
    };
    Component {
        uuid: of.uuid(&["subject", subject]),
        kind,
        title: line(subject),
        description: "A subject of governed acts.".to_owned(),
        props: Vec::new(),
        status: Status { state: "operational", reason: None, remarks: None },
    }
}

fn observation(of: &Examined<'_>, event: &Event, act: &ActBody) -> Observation {
    let seq = event.entry.place.seq.to_string();
    let allowed = if act.allow { "yes" } else { "no" };
    let mut props = vec![
        property("entry", &seq),
        property("digest", &event.digest),
        property("act", &act.act),
        property("allowed", allowed),
    ];
    props.extend(act.tier.map(|tier| property("tier", &tier.to_string())));
    props.extend(act.controls.iter().map(|c| property("evidence-towards", c)));
    props.extend(act.rules.iter().map(|r| property("rule", r)));
    let evidence = RelevantEvidence {
        href: Some(format!("{}#{seq}", of.origin.uri())),
        description: format!("Entry {seq} of the ledger."),
    };
    Observation {
        uuid: of.uuid(&["entry", &seq]),
        title: line(&event.message),
        description: event.message.clone(),
        props,
        methods: vec!["EXAMINE"],
        types: vec!["control-objective"],
        subjects: vec![SubjectReference {
            subject_uuid: of.uuid(&["subject", &act.subject]),
            kind: "component",
            title: Some(line(&act.subject)),
        }],
        relevant_evidence: vec![evidence],
        collected: moment::text(event.entry.place.time),
        remarks: None,
    }
}

/// The component definition over these events of a period: the gate, and each governed workflow, with what their record gives evidence
/// towards.
#[must_use]
pub fn component_definition(events: &[Event], origin: &Origin, period: (u64, u64)) -> Value {
    let of = Examined::of(events, origin, period);
    let gate =
        defined(&of, "gate", "service", "Countersign", "Decides and records every governed act.", |_| true);
    let workflows = of.subjects().into_iter().filter(|s| s.starts_with("workflow/"));
    let workflow = |subject| {
        let description = "A workflow whose changes are reviewed, released and recorded.";
        defined(&of, subject, "software", subject, description, |act| act.subject == subject)
    };
    let components: Vec<Value> = std::iter::once(gate).chain(workflows.map(workflow)).collect();
    json!({"component-definition": {
        "uuid": of.whole("component-definition"),
        "metadata": of.metadata(&format!("What {} records", origin.log)),
        "components": components,
    }})
}

fn defined(
    of: &Examined<'_>,
    id: &str,
    kind: &str,
    title: &str,
    about: &str,
    takes: impl Fn(&ActBody) -> bool,
) -> Value {
    let mut out = json!({"uuid": of.uuid(&["component", id]), "type": kind, "title": line(title), "description": about});
    let cited = of.cited(takes);
    if !cited.is_empty() {
        out["control-implementations"] =
            cited.iter().map(|(framework, c)| implementation(of, id, framework, c)).collect();
    }
    out
}

fn implementation(of: &Examined<'_>, id: &str, framework: &str, controls: &Cited<'_>) -> Value {
    let catalog = CATALOGS.iter().find(|(name, _)| *name == framework);
    let source = catalog.map_or_else(
        || format!("urn:countersign:framework:{}", token(framework)),
        |(_, href)| (*href).to_owned(),
    );
    let requirement = |(control, acts): (&&str, &Vec<Act<'_>>)| {
        let rules: BTreeSet<&str> =
            acts.iter().flat_map(|(_, a)| a.rules.iter().map(String::as_str)).collect();
        let props: Vec<_> = rules.into_iter().map(|r| property("rule", r)).collect();
        let mut out = json!({
            "uuid": of.uuid(&["requirement", id, framework, control]),
            "control-id": control_id(framework, control),
            "description": told(control, acts),
        });
        if !props.is_empty() {
            out["props"] = json!(props);
        }
        out
    };
    json!({
        "uuid": of.uuid(&["implementation", id, framework]),
        "source": source,
        "description": format!("Evidence towards requirements of {framework}; none of them is said to be met."),
        "implemented-requirements": controls.iter().map(requirement).collect::<Vec<_>>(),
    })
}

fn told(control: &str, acts: &[Act<'_>]) -> String {
    let refused = acts.iter().filter(|(_, act)| !act.allow).count();
    let seq = |act: Option<&Act<'_>>| act.map_or(0, |(e, _)| e.entry.place.seq);
    format!(
        "Evidence towards {control}: {}, from entry {} to entry {}; {refused} refused the act. {ASKED}",
        ledger::count(acts.len(), "decision", "decisions"),
        seq(acts.first()),
        seq(acts.last()),
    )
}

/// A requirement's id as a token of OSCAL: as NIST's catalogs have it (`CM-3(2)` of SP 800-53 is `cm-3.2`, `PR.AA-05` of the
/// CSF stays as it is).
#[must_use]
pub fn control_id(framework: &str, control: &str) -> String {
    match framework {
        "nist-sp800-53-r5" => token(&control.to_lowercase().replace('(', ".").replace(')', "")),
        _ => token(control),
    }
}
