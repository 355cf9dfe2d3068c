//! Events of the Open Cybersecurity Schema Framework, version 1.8 (schema.ocsf.io), one JSON object each.

use super::Origin;
use super::event::{Effect, Event, Somebody, What};
use super::map::Class;
use serde_json::{Map, Value, json};

/// The version of the schema.
pub const OCSF: &str = "1.8.0";

/// Where a class asks for something that the entry does not have.
const NOT_RECORDED: &str = "not recorded";

/// The name of other types, by convention of the schema.
const OTHER: u64 = 99;

/// An event.
#[must_use]
pub fn ocsf(event: &Event, origin: &Origin) -> Value {
    let row = event.row();
    let (class, class_name, category) = row.class.names();
    let severity = event.severity();
    let mut out = json!({
        "activity_id": row.activity,
        "activity_name": row.name,
        "category_uid": class / 1000,
        "category_name": category,
        "class_uid": class,
        "class_name": class_name,
        "type_uid": class * 100 + row.activity,
        "type_name": format!("{class_name}: {}", row.name),
        "time": event.time(),
        "severity_id": severity,
        "severity": severity_name(severity),
        "message": event.message,
        "metadata": metadata(event, origin),
        "raw_data_hash": {"algorithm_id": 3, "algorithm": "SHA-256", "value": event.digest},
        "unmapped": unmapped(event),
    });
    if let Some(fields) = out.as_object_mut() {
        status(event, fields);
        class_fields(event, row.class, fields);
        if row.class == Class::BaseEvent {
            people(event, fields);
        }
    }
    out
}

/// Observables as the dictionary and the object `user` number them: a user's name, their unique identifier.
const USER_NAME: u64 = 4;
const USER_UID: u64 = 31;

/// Who acted and whose access it was, of an event whose class has no place for either: in `unmapped`, with observables that
/// point there.
fn people(event: &Event, out: &mut Map<String, Value>) {
    let mut observables = Vec::new();
    for (name, somebody) in [("by", &event.by), ("identity", &event.identity)] {
        let Some(somebody) = somebody else { continue };
        let shown = somebody.name.as_ref().map(|value| (".name", USER_NAME, value));
        for (field, kind, value) in shown.into_iter().chain([(".uid", USER_UID, &somebody.commitment)]) {
            let place = format!("unmapped.{name}{field}");
            observables.push(json!({"name": place, "type_id": kind, "value": value}));
        }
        if let Some(unmapped) = out.get_mut("unmapped") {
            unmapped[name] = user(Some(somebody));
        }
    }
    if !observables.is_empty() {
        out.insert("observables".to_owned(), observables.into());
    }
}

fn severity_name(severity: u8) -> &'static str {
    ["Unknown", "Informational", "Low", "Medium", "High", "Critical"]
        .get(usize::from(severity))
        .copied()
        .unwrap_or("Other")
}

fn metadata(event: &Event, origin: &Origin) -> Value {
    let place = event.entry.place;
    let mut out = json!({
        "version": OCSF,
        "product": {"name": "Countersign", "vendor_name": "Countersign", "version": origin.version},
        "log_name": origin.log,
        "log_provider": event.entry.source,
        "logged_time": place.time,
        "event_code": event.word(),
        "sequence": place.seq,
        "uid": format!("{}#{}", origin.log, place.seq),
    });
    if let Some(correlation) = event.correlation() {
        out["correlation_uid"] = correlation.into();
    }
    out
}

fn status(event: &Event, out: &mut Map<String, Value>) {
    let (id, name) = match event.happened() {
        Some(true) => (1, "Success"),
        Some(false) => (2, "Failure"),
        None => (0, "Unknown"),
    };
    out.insert("status_id".to_owned(), id.into());
    out.insert("status".to_owned(), name.into());
    if let What::Act(act) = &event.what
        && !act.rules.is_empty()
    {
        out.insert("status_detail".to_owned(), act.rules.join(", ").into());
    }
}

/// What the schema has no place for, as it stands in the entry.
fn unmapped(event: &Event) -> Value {
    json!({"type": event.entry.kind, "source_seq": event.entry.place.source_seq, "body": event.body()})
}

/// What the event's class asks for.
fn class_fields(event: &Event, class: Class, out: &mut Map<String, Value>) {
    let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
    let effect = if let What::Effect(effect) = &event.what { effect.clone() } else { Effect::default() };
    let source = event.entry.source.as_str();
    if class != Class::BaseEvent && class != Class::ApplicationLifecycle {
        put(
            "actor",
            event.by.as_ref().map_or(json!({"app_name": source}), |by| json!({"user": user(Some(by))})),
        );
    }
    let system = if effect.system.is_empty() { NOT_RECORDED } else { &effect.system };
    let entitlement = if effect.entitlement.is_empty() { NOT_RECORDED } else { &effect.entitlement };
    match class {
        Class::BaseEvent => {}
        Class::AccountChange => {
            put("user", user(event.identity.as_ref()));
        }
        Class::Authentication => {
            put("user", user(event.identity.as_ref()));
            put("service", json!({"name": system}));
        }
        Class::UserAccess => {
            put("user", user(event.identity.as_ref()));
            put("privileges", json!([entitlement]));
            put("resources", json!([{"name": system}]));
        }
        Class::GroupManagement => {
            put("user", user(event.identity.as_ref()));
            put("group", json!({"name": entitlement, "domain": system}));
        }
        Class::EntityManagement => {
            put("entity", entity(event));
        }
        Class::ApplicationLifecycle => {
            put("app", app(event));
        }
        Class::ApiActivity => {
            put("api", json!({"operation": effect.effect, "service": {"name": system}}));
            put("src_endpoint", json!({"name": source, "svc_name": source}));
            put("resources", json!([{"name": entitlement}]));
        }
    }
}

/// Somebody: by their name where it is disclosed, and always by what the entry commits to.
fn user(somebody: Option<&Somebody>) -> Value {
    let Some(somebody) = somebody else { return json!({"name": NOT_RECORDED}) };
    let uid = &somebody.commitment;
    somebody.name.as_ref().map_or(json!({"uid": uid}), |name| json!({"name": name, "uid": uid}))
}

fn entity(event: &Event) -> Value {
    let subject = event.subject();
    let (id, kind) = match event.word() {
        "update-identity" => {
            return json!({"type_id": 2, "type": "User", "user": user(event.identity.as_ref())});
        }
        "change-policy" => (5, "Policy"),
        _ => (OTHER, subject.split('/').next().unwrap_or_default()),
    };
    let known = |text: &str| Value::from(if text.is_empty() { NOT_RECORDED } else { text });
    let mut out = json!({"type_id": id, "type": known(kind), "uid": known(&subject)});
    match &event.what {
        What::Act(act) if !act.closure.is_empty() => out["version"] = act.closure.clone().into(),
        What::Effect(_) if event.identity.is_some() => out["user"] = user(event.identity.as_ref()),
        _ => {}
    }
    out
}

fn app(event: &Event) -> Value {
    let subject = event.subject();
    let name = subject.split_once('/').map_or(subject.as_str(), |(_, name)| name);
    let mut out = json!({"name": name, "uid": subject});
    if let What::Act(act) = &event.what {
        out["version"] = act.closure.clone().into();
    }
    out
}
