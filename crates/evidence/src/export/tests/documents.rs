//! OSCAL documents are held against NIST's schemas, and requirements against its catalogs.

use super::super::{Event, assessment_results, component_definition, control_id};
use super::{everything, origin, read, shared};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn hold(schema: &str, document: &Value) {
    let Some(path) = shared(schema) else { return };
    let schema = jsonschema::options().should_validate_formats(true).build(&read(&path)).unwrap();
    let faults: Vec<String> =
        schema.iter_errors(document).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert_eq!(faults, [""; 0]);
}

fn results(events: &[Event]) -> Value {
    serde_json::to_value(assessment_results(events, &origin(), ALL).unwrap()).unwrap()
}

const ALL: (u64, u64) = (0, u64::MAX);

/// An assessment is of the period that was asked for, and else of when things were done, whenever they were entered.
#[test]
fn an_assessment_begins_and_ends_with_its_period() {
    let mut events = everything();
    let act = events.iter_mut().find_map(|e| match &mut e.what {
        super::super::event::What::Act(act) => Some(act),
        _ => None,
    });
    act.unwrap().at = Some(86_400_000);
    let ends = |period| {
        let results = serde_json::to_value(assessment_results(&events, &origin(), period).unwrap()).unwrap();
        let result = &results["assessment-results"]["results"][0];
        [&result["start"], &result["end"]].map(|t| t.as_str().unwrap().to_owned())
    };
    assert_eq!(ends((0, 172_800_000)), ["1970-01-02T00:00:00Z", "1970-01-03T00:00:00Z"]);
    assert_eq!(ends((1000, u64::MAX))[0], "1970-01-01T00:00:01Z");
    let last = events.iter().map(Event::time).max().unwrap();
    assert_eq!(ends(ALL), ["1970-01-02T00:00:00Z".to_owned(), crate::moment::text(last)]);
}

const RESULTS: &str = "vectors/oscal/oscal_assessment-results_schema.json";
const COMPONENTS: &str = "vectors/oscal/oscal_component_schema.json";

#[test]
fn documents_are_valid_by_the_published_schemas() {
    hold(RESULTS, &results(&everything()));
    hold(COMPONENTS, &component_definition(&everything(), &origin(), ALL));
    hold(COMPONENTS, &component_definition(&[], &origin(), ALL));
    assert!(
        assessment_results(&[], &origin(), ALL).unwrap_err().to_string().contains("choose another period")
    );
}

#[test]
fn each_act_is_an_observation_and_nothing_is_said_to_be_met() {
    let events = everything();
    let acts = events.iter().filter(|e| e.entry.kind == super::ACT).count();
    let results = results(&events);
    let result = &results["assessment-results"]["results"][0];
    assert_eq!(result["observations"].as_array().unwrap().len(), acts);
    assert!(result["findings"].is_null());
    let known: BTreeSet<&str> = result["local-definitions"]["components"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|c| c["uuid"].as_str())
        .collect();
    for observation in result["observations"].as_array().unwrap() {
        assert!(
            known.contains(observation["subjects"][0]["subject-uuid"].as_str().unwrap()),
            "{observation}"
        );
    }
    let uuids: Vec<String> = found(&results, "uuid").into_iter().collect();
    assert!(uuids.len() > acts, "identifiers are those of what they identify, each of its own");
    assert_eq!(results, super::documents::results(&events));
}

/// All texts under a name.
fn found(value: &Value, name: &str) -> BTreeSet<String> {
    match value {
        Value::Array(all) => all.iter().flat_map(|v| found(v, name)).collect(),
        Value::Object(all) => {
            let own = all.get(name).and_then(Value::as_str).map(str::to_owned);
            own.into_iter().chain(all.values().flat_map(|v| found(v, name))).collect()
        }
        _ => BTreeSet::new(),
    }
}

#[test]
fn requirements_have_the_ids_of_nists_own_catalogs() {
    assert_eq!(control_id("owasp-nhi-2025", "NHI1:2025"), "NHI1-2025");
    assert_eq!(control_id("pci-dss-4.0.1", "6.2.3.1"), "_6.2.3.1");
    let Some(controls) = shared("vectors/oscal/NIST_SP-800-53_rev5_catalog_trestle-copy.json") else {
        return;
    };
    let ids = found(&read(&controls), "id");
    for control in ["CM-3", "CM-3(2)", "AC-3(2)", "AC-5", "CM-14", "SA-15", "AU-10", "CM-5(1)"] {
        assert!(ids.contains(&control_id("nist-sp800-53-r5", control)), "{control}");
    }
    let Some(csf) = shared("vectors/oscal/NIST_CSF_v2.0_catalog.xml") else { return };
    let csf = std::fs::read_to_string(csf).unwrap();
    for control in ["PR.AA-05", "ID.RA-07", "GV.RR-02", "GV.PO-02", "RS.MI-01", "RC.RP-05", "PR.PS-06"] {
        assert!(csf.contains(&format!("id=\"{}\"", control_id("nist-csf-2.0", control))), "{control}");
    }
}

#[test]
fn a_component_names_the_catalog_that_its_requirements_are_from() {
    let document = component_definition(&everything(), &origin(), ALL);
    let implementations = &document["component-definition"]["components"][0]["control-implementations"];
    let csf = implementations
        .as_array()
        .unwrap()
        .iter()
        .find(|i| i["source"].as_str().unwrap().contains("CSF/v2.0"));
    let requirement = &csf.unwrap()["implemented-requirements"][0];
    assert_eq!(requirement["control-id"], "PR.AA-05");
    assert_eq!(
        requirement["props"],
        json!([{"name": "rule", "ns": "urn:countersign:oscal:1", "value": "four-eyes"}])
    );
    let owasp = implementations
        .as_array()
        .unwrap()
        .iter()
        .find(|i| i["source"] == "urn:countersign:framework:owasp-nhi-2025");
    assert!(owasp.is_some(), "{implementations}");
}
