//! What changed in a control record, field by field: it says what a workflow may do and who answers for it, so a wider one is
//! a change of power though the definition is the same.

use super::{Area, Change, Direction};
use crate::record::ControlRecord;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use workflow::Text;

/// The bounds that hold nothing back where they are not stated.
const BOUNDARY: &str = "boundary.";

/// The changes between two records; nothing on one side is a record that could not be read, an empty one is none.
pub(super) fn changes(old: Option<&ControlRecord>, new: Option<&ControlRecord>) -> Vec<Change> {
    let (Some(old), Some(new)) = (old, new) else {
        let told = "Whether its control record changed is not known: a control record could not be read.";
        return vec![change(Area::Control, "record", told.to_owned()).going(Direction::Worse)];
    };
    let (old, new) = (fields(old), fields(new));
    let mut found: Vec<Change> = match (old.is_empty(), new.is_empty()) {
        (false, true) => {
            let told = "It has no control record any more: nothing bounds it, and nobody answers for it.";
            return vec![change(Area::Access, "record-widened", told.to_owned()).going(Direction::Worse)];
        }
        (true, false) => vec![change(Area::Control, "record", "It has a control record now.".to_owned())],
        _ => Vec::new(),
    };
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    found.extend(names.into_iter().filter_map(|name| field(name, old.get(name), new.get(name))));
    found
}

/// What a record states: each field with its value in words.
#[must_use]
pub fn stated(record: &ControlRecord) -> Vec<String> {
    fields(record).iter().map(|(name, value)| format!("`{name}` {}", words(Some(value)))).collect()
}

fn change(area: Area, kind: &'static str, sentence: String) -> Change {
    Change::new(area, kind, &Text::default(), sentence).on("record")
}

/// What became of a field; nothing where it is the same.
fn field(name: &str, old: Option<&Value>, new: Option<&Value>) -> Option<Change> {
    if old == new {
        return None;
    }
    let bounds = name.starts_with(BOUNDARY);
    let direction = match name {
        _ if bounds => bound(old, new),
        "tests" if gains(new, old) => Direction::Worse,
        "gate.kind" if new.is_none_or(|kind| kind == "rule") => Direction::Worse,
        _ => Direction::Open,
    };
    let (area, kind, what) = match direction {
        Direction::Worse if bounds => (Area::Access, "record-widened", "allows more"),
        Direction::Better if bounds => (Area::Access, "record-narrowed", "allows less"),
        _ => (Area::Control, "record", "says otherwise"),
    };
    let told = format!("Its control record {what}: `{name}` was {}, and is now {}.", words(old), words(new));
    Some(change(area, kind, told).going(direction))
}

/// Which way a bound goes: one that is not stated holds nothing back.
fn bound(old: Option<&Value>, new: Option<&Value>) -> Direction {
    match (old, new) {
        (_, None) => Direction::Worse,
        (None, _) => Direction::Better,
        (Some(Value::Number(was)), Some(Value::Number(is))) if is.as_u64() <= was.as_u64() => {
            Direction::Better
        }
        _ if gains(old, new) || new.is_some_and(Value::is_number) => Direction::Worse,
        _ => Direction::Better,
    }
}

/// Whether the second list has what the first has not.
fn gains(old: Option<&Value>, new: Option<&Value>) -> bool {
    let items = |of: Option<&Value>| of.and_then(Value::as_array).cloned().unwrap_or_default();
    let known = items(old);
    items(new).iter().any(|item| !known.contains(item))
}

/// What a record states, by the path of the field; what is not said in it is left out.
fn fields(record: &ControlRecord) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let whole = serde_json::to_value(record).unwrap_or_default();
    for (name, value) in whole.as_object().into_iter().flatten() {
        match value {
            Value::Object(parts) => {
                found.extend(parts.iter().map(|(part, value)| (format!("{name}.{part}"), value.clone())));
            }
            value => drop(found.insert(name.clone(), value.clone())),
        }
    }
    found.retain(|name, value| name != "schema" && !is_unsaid(value));
    found
}

fn is_unsaid(value: &Value) -> bool {
    let unstated = value.as_str().is_some_and(|text| text.is_empty() || text == "unstated");
    value.is_null() || unstated || value.as_array().is_some_and(Vec::is_empty)
}

/// A value in words, all of it: what is left out of a bound could be what matters.
fn words(value: Option<&Value>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(Value::Array(items)) => {
            items.iter().map(|item| words(Some(item))).collect::<Vec<_>>().join(", ")
        }
        Some(Value::Object(parts)) => {
            let part = |(name, value): (&String, &Value)| format!("{name} {}", words(Some(value)));
            format!(
                "({})",
                parts.iter().filter(|(_, v)| !is_unsaid(v)).map(part).collect::<Vec<_>>().join(", ")
            )
        }
        Some(Value::String(text)) => format!("`{}`", text.replace('`', "'")),
        Some(other) => format!("`{other}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Boundary;
    use workflow::Kind;

    fn record(effects: &[Kind], owner: &str, most: Option<u64>) -> ControlRecord {
        let boundary =
            Boundary { effects: effects.to_vec(), identities_per_run: most, ..Boundary::default() };
        ControlRecord { owner: owner.into(), boundary, ..ControlRecord::default() }
    }

    fn told(old: &ControlRecord, new: &ControlRecord) -> Vec<(Direction, &'static str, String)> {
        changes(Some(old), Some(new)).into_iter().map(|c| (c.direction, c.kind, c.sentence)).collect()
    }

    #[test]
    fn each_field_says_what_it_was_and_is_and_which_way_a_bound_goes() {
        let old = record(&[Kind::Revoke], "desk", Some(1));
        let new = record(&[Kind::Revoke, Kind::Grant], "ann", None);
        let widened = |told: &str| {
            (Direction::Worse, "record-widened", format!("Its control record allows more: {told}"))
        };
        let owner = |was: &str, is: &str| {
            let told = format!("Its control record says otherwise: `owner` was `{was}`, and is now `{is}`.");
            (Direction::Open, "record", told)
        };
        assert_eq!(
            told(&old, &new),
            [
                widened("`boundary.effects` was `revoke`, and is now `revoke`, `grant`."),
                widened("`boundary.identities-per-run` was `1`, and is now nothing."),
                owner("desk", "ann"),
            ]
        );
        let back = told(&new, &old);
        assert_eq!(
            back.iter().filter(|(d, k, _)| (*d, *k) == (Direction::Better, "record-narrowed")).count(),
            2
        );
        assert_eq!(told(&old, &old), []);
        let bounded = |n| record(&[Kind::Revoke], "desk", Some(n));
        assert_eq!(told(&bounded(1), &bounded(5)).first().map(|c| c.0), Some(Direction::Worse));
        assert_eq!(told(&bounded(5), &bounded(1)).first().map(|c| c.0), Some(Direction::Better));
    }

    #[test]
    fn a_record_that_goes_or_cannot_be_read_is_less_control() {
        let (some, none) = (record(&[Kind::Revoke], "ann", None), ControlRecord::default());
        assert_eq!(told(&some, &none).first().map(|c| c.1), Some("record-widened"));
        assert_eq!(told(&none, &some).first().map(|c| c.2.as_str()), Some("It has a control record now."));
        let unread = changes(Some(&some), None);
        assert!(unread.iter().all(|c| c.sentence.contains("not known")) && unread.len() == 1, "{unread:?}");
    }
}
