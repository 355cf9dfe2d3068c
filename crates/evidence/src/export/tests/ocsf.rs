//! Events are held against OCSF's own definitions: each field is one of its class, of its type, with a word that its
//! numbers have; what has to be there is there.

use super::super::{OCSF, ocsf};
use super::{everything, origin, read, shared};
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The definitions that are at hand.
struct Schema {
    dictionary: Value,
    folder: PathBuf,
    categories: Value,
    known: RefCell<BTreeMap<String, Option<Rc<Definition>>>>,
}

/// A class or an object with all that it inherits: attributes, and lists of which one has to be there.
#[derive(Default)]
struct Definition {
    attributes: Map<String, Value>,
    one_of: Vec<Value>,
}

impl Schema {
    fn open(folder: &Path) -> Self {
        let file = |name: &str| read(&folder.join(name));
        let (dictionary, categories) = (file("dictionary.json"), file("categories.json"));
        Self { dictionary, categories, folder: folder.to_owned(), known: RefCell::default() }
    }

    fn file(&self, name: &str) -> Option<Value> {
        let path = self.folder.join(format!("{name}.json"));
        path.exists().then(|| read(&path))
    }

    /// A definition with what it inherits; nothing where it is not at hand.
    fn definition(&self, name: &str) -> Option<Rc<Definition>> {
        if !self.known.borrow().contains_key(name) {
            let read = self.inherited(name).map(Rc::new);
            self.known.borrow_mut().insert(name.to_owned(), read);
        }
        self.known.borrow()[name].clone()
    }

    fn inherited(&self, name: &str) -> Option<Definition> {
        let own = self.file(name)?;
        let parent = own["extends"].as_str();
        // The class `application` adds nothing to the base, and is not among the files.
        let parent = if parent == Some("application") { Some("base_event") } else { parent };
        let mut out = parent.and_then(|p| self.inherited(p)).unwrap_or_default();
        for (field, attribute) in own["attributes"].as_object().unwrap() {
            let merged = out.attributes.entry(field.clone()).or_insert_with(|| Value::Object(Map::new()));
            for (key, value) in attribute.as_object().into_iter().flatten() {
                match (merged.get_mut(key).and_then(Value::as_object_mut), value.as_object()) {
                    (Some(was), Some(more)) => was.extend(more.clone()),
                    _ => merged[key] = value.clone(),
                }
            }
        }
        out.one_of.extend(own["constraints"]["at_least_one"].as_array().cloned().map(Value::Array));
        Some(out)
    }

    fn hold(&self, place: &str, value: &Value, definition: &Definition) {
        let fields = value.as_object().unwrap_or_else(|| panic!("{place}: no object"));
        for (name, value) in fields {
            let attribute = definition.attributes.get(name);
            let attribute = attribute.unwrap_or_else(|| panic!("{place}: `{name}` is none of its fields"));
            self.field(&format!("{place}.{name}"), name, value, attribute, fields);
        }
        for (name, attribute) in &definition.attributes {
            assert!(
                attribute["requirement"] != "required" || fields.contains_key(name),
                "{place}: no `{name}`"
            );
        }
        for names in &definition.one_of {
            let names: BTreeSet<&str> = names.as_array().unwrap().iter().filter_map(Value::as_str).collect();
            assert!(fields.keys().any(|f| names.contains(f.as_str())), "{place}: none of {names:?}");
        }
    }

    fn field(&self, place: &str, name: &str, value: &Value, attribute: &Value, beside: &Map<String, Value>) {
        let known = &self.dictionary["attributes"][name];
        let kind = attribute["type"]
            .as_str()
            .or(known["type"].as_str())
            .unwrap_or_else(|| panic!("{place}: no type"));
        if known["is_array"] == true {
            let all = value.as_array().unwrap_or_else(|| panic!("{place}: no array"));
            assert!(!all.is_empty(), "{place}: an empty array");
            all.iter().for_each(|v| self.kind(place, kind, v));
        } else {
            self.kind(place, kind, value);
        }
        let mut words = known["enum"].as_object().cloned().unwrap_or_default();
        words.extend(attribute["enum"].as_object().cloned().unwrap_or_default());
        // The numbers of a class and its category come from the class itself, and are looked up apart.
        if !words.is_empty() && value.is_u64() && !matches!(name, "category_uid" | "class_uid") {
            let word = words
                .get(&value.to_string())
                .unwrap_or_else(|| panic!("{place}: {value} is none of its numbers"));
            let sibling = attribute["sibling"].as_str().or(known["sibling"].as_str());
            let told = sibling.and_then(|s| beside.get(s)).and_then(Value::as_str);
            // A number that stands for others has a word of its own beside it.
            assert!(
                value == 99 && told.is_some() || told.is_none_or(|t| word["caption"] == t),
                "{place}: {told:?} for {word}"
            );
        }
    }

    fn kind(&self, place: &str, kind: &str, value: &Value) {
        match kind {
            "integer_t" | "long_t" | "timestamp_t" | "port_t" => {
                assert!(value.is_u64(), "{place}: {value} is no number")
            }
            "boolean_t" => assert!(value.is_boolean(), "{place}: {value}"),
            "object" => assert!(value.is_object(), "{place}: {value}"),
            "json_t" => {}
            kind if kind.ends_with("_t") => {
                assert!(value.as_str().is_some_and(|t| !t.is_empty()), "{place}: {value} is no text");
            }
            object => match self.definition(object) {
                Some(definition) => self.hold(place, value, &definition),
                None => assert!(value.is_object(), "{place}: {value} is no object"),
            },
        }
    }
}

fn classes() -> BTreeMap<u64, &'static str> {
    [
        (0, "base_event"),
        (3001, "account_change"),
        (3002, "authentication"),
        (3004, "entity_management"),
        (3005, "user_access"),
        (3006, "group_management"),
        (6002, "application_lifecycle"),
        (6003, "api_activity"),
    ]
    .into()
}

#[test]
fn events_are_valid_by_the_published_schema() {
    let Some(folder) = shared("vectors/ocsf") else { return };
    let schema = Schema::open(&folder);
    let categories = schema.categories["attributes"].as_object().unwrap();
    let mut seen = BTreeSet::new();
    for event in everything() {
        let told = ocsf(&event, &origin());
        let class = told["class_uid"].as_u64().unwrap();
        let name = classes()[&class];
        let own = schema.file(name).unwrap();
        assert_eq!(own["uid"].as_u64().unwrap_or_default(), class % 1000, "{name}");
        assert_eq!(own["caption"], told["class_name"]);
        assert_eq!(told["category_uid"], class / 1000);
        let category = categories.values().find(|c| c["uid"] == class / 1000);
        assert!(class == 0 || category.unwrap()["caption"] == told["category_name"], "{told}");
        assert_eq!(told["type_uid"].as_u64().unwrap(), class * 100 + told["activity_id"].as_u64().unwrap());
        assert_eq!(told["metadata"]["version"], OCSF);
        schema.hold(name, &told, &schema.definition(name).unwrap());
        seen.insert(class);
    }
    assert_eq!(seen, classes().into_keys().collect(), "every class has an event that was held against it");
}

#[test]
fn the_validator_notices() {
    let Some(folder) = shared("vectors/ocsf") else { return };
    let schema = Schema::open(&folder);
    let event = everything().into_iter().find(|e| e.word() == "disable").unwrap();
    let good = ocsf(&event, &origin());
    let definition = schema.definition("account_change").unwrap();
    let faults: [(&str, Value); 5] = [
        ("activity_id", 77.into()),
        ("time", "noon".into()),
        ("user", serde_json::json!({})),
        ("severity", "Fatal".into()),
        ("own_field", 1.into()),
    ];
    for (field, value) in faults {
        let mut bad = good.clone();
        bad[field] = value;
        let held = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            schema.hold("event", &bad, &definition)
        }));
        assert!(held.is_err(), "{field}");
    }
    let mut bad = good.clone();
    bad.as_object_mut().unwrap().remove("user");
    let held =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| schema.hold("event", &bad, &definition)));
    assert!(held.is_err(), "a user has to be there");
}

#[test]
fn what_was_done_to_access_has_the_class_made_for_it() {
    let class = |effect: &str, of: &str| {
        let body = super::effect_body(effect, of, "succeeded");
        let (opened, bytes) = super::entry(0, super::EFFECT, &body, super::VALUES, &["identity"]);
        let told = ocsf(&super::Event::of(&opened, &bytes), &origin());
        (told["type_uid"].as_u64().unwrap(), told)
    };
    // Uids as schema.ocsf.io has them: 3001 account change, 3005 user access, 3006 group management, 3002 authentication.
    let expected = [
        ("create-identity", "", 300_101),
        ("enable", "", 300_102),
        ("reset-credential", "password", 300_104),
        ("disable", "", 300_105),
        ("delete-identity", "", 300_106),
        ("issue-credential", "fido2-roaming", 300_110),
        ("grant", "role", 300_501),
        ("revoke", "", 300_502),
        ("grant", "group", 300_603),
        ("revoke", "group", 300_604),
        ("revoke", "session", 300_202),
        ("read-secret", "", 600_302),
    ];
    for (effect, of, uid) in expected {
        let (found, told) = class(effect, of);
        assert_eq!(found, uid, "{effect} {of}");
        assert!(uid / 100 == 6003 || told["user"]["name"] == "kim@corp.test", "{told}");
    }
    let (_, group) = class("grant", "group");
    assert_eq!(
        (group["group"]["name"].as_str(), group["status"].as_str()),
        (Some("Finance"), Some("Success"))
    );
}

/// A run of a writer's own type has no class: what it is about is found by observables, which say what they point to.
#[test]
fn the_base_event_says_whom_it_is_about_as_far_as_that_is_disclosed() {
    let base = everything().into_iter().filter(|e| e.word() == "run/1").collect::<Vec<_>>();
    let count = |event: &super::Event| {
        let told = ocsf(event, &origin());
        let all = told["observables"].as_array().cloned().unwrap_or_default();
        for observable in &all {
            let path = observable["name"].as_str().unwrap().replace('.', "/");
            assert_eq!(told.pointer(&format!("/{path}")), Some(&observable["value"]), "{told}");
        }
        all.iter().map(|o| o["type_id"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    // Disclosed; committed to and withheld; about nobody.
    assert_eq!(base.iter().map(count).collect::<Vec<_>>(), [vec![4, 31, 4, 31], vec![31, 31], vec![]]);
    let Some(folder) = shared("vectors/ocsf") else { return };
    let schema = Schema::open(&folder);
    assert_eq!(schema.dictionary["types"]["attributes"]["username_t"]["observable"], 4);
    assert_eq!(schema.file("user").unwrap()["attributes"]["uid"]["observable"], 31);
}
