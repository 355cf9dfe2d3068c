//! The schema in `docs/formats` has the keys that the reader takes, and no others.

use super::directory::{Account, Directory, Person};
use super::scenario::*;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use workflow::Kind;

fn schema() -> Json {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/formats/scenario.schema.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The keys that a type takes: what its reader says when it is given another.
fn taken<T: serde::de::DeserializeOwned>(sample: &str) -> BTreeSet<String> {
    let told = match serde_json::from_str::<T>(sample) {
        Ok(_) => panic!("`{sample}` was read"),
        Err(e) => e.to_string(),
    };
    assert!(told.starts_with("unknown field `?`"), "{told}");
    told.split('`').skip(3).step_by(2).map(str::to_owned).collect()
}

fn keys(schema: &Json) -> BTreeSet<String> {
    schema["properties"].as_object().unwrap().keys().cloned().collect()
}

#[test]
fn the_schema_has_the_keys_of_the_reader() {
    let schema = schema();
    let unknown = r#"{"?": 1}"#;
    assert_eq!(keys(&schema), taken::<Suite>(unknown));
    let defs = &schema["$defs"];
    assert_eq!(keys(&defs["scenario"]), taken::<Scenario>(unknown));
    assert_eq!(keys(&defs["reply"]), taken::<Reply>(unknown));
    assert_eq!(keys(&defs["fault"]), taken::<Fault>(unknown));
    assert_eq!(keys(&defs["expect"]), taken::<Expect>(unknown));
    assert_eq!(keys(&defs["pattern"]), taken::<Pattern>(unknown));
    assert_eq!(keys(&defs["holds"]), taken::<Holds>(unknown));
    assert_eq!(keys(&defs["person"]), taken::<Person>(unknown));
    assert_eq!(keys(&defs["account"]), taken::<Account>(unknown));
    assert_eq!(keys(&defs["expect"]["properties"]["at-most"]["items"]), taken::<AtMost>(unknown));
    assert_eq!(keys(&defs["expect"]["properties"]["eventually"]["items"]), taken::<Eventually>(unknown));
    let only = serde_json::from_str::<Directory>(unknown).unwrap_err().to_string();
    assert!(only.contains("expected `people`") && keys(&defs["directory"]).len() == 1, "{only}");
}

#[test]
fn the_schema_has_the_words_of_the_reader() {
    let schema = schema();
    let words = |part: &Json| serde_json::from_value::<Vec<Json>>(part["enum"].clone()).unwrap();
    let defs = &schema["$defs"];
    assert_eq!(serde_json::from_value::<Vec<Kind>>(defs["effect"]["enum"].clone()).unwrap(), Kind::ALL);
    let ends = words(&defs["expect"]["properties"]["ends"]);
    assert!(ends.iter().all(|w| serde_json::from_value::<How>(w.clone()).is_ok()) && ends.len() == 7);
    assert!(
        words(&defs["fault"]["properties"]["crash"])
            .iter()
            .all(|w| serde_json::from_value::<Crash>(w.clone()).is_ok())
    );
    assert!(
        words(&defs["scenario"]["properties"]["undecided"])
            .iter()
            .all(|w| { serde_json::from_value::<Undecided>(w.clone()).is_ok() })
    );
    assert_eq!(schema["properties"]["schema"]["const"], SCHEMA);
}

#[test]
fn lengths_of_time_are_read_and_written() {
    for (text, ms) in
        [("30ms", 30), ("5m", 300_000), ("2h 30m", 9_000_000), ("3d", 259_200_000), ("PT1H", 3_600_000)]
    {
        assert_eq!(text.parse(), Ok(Duration(ms)), "{text}");
    }
    assert_eq!(Duration(90_061_001).to_string(), "1d 1h 1m 1s 1ms");
    assert!("soon".parse::<Duration>().unwrap_err().contains("`30ms`"));
}
