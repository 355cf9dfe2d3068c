//! CloudEvents 1.0 in their JSON format, one object each. `sequence` is the extension of that name: numbers of one width, so
//! that their order as text is theirs.

use super::Origin;
use super::event::{Event, Somebody, What};
use crate::moment;
use ledger::encoding;
use serde_json::{Map, Value, json};

/// An event.
#[must_use]
pub fn cloudevent(event: &Event, origin: &Origin) -> Value {
    let place = event.entry.place;
    let mut out = json!({
        "specversion": "1.0",
        "id": place.seq.to_string(),
        "source": origin.uri(),
        "type": kind(event),
        "time": format!("{}.{:03}Z", moment::text(event.time()).trim_end_matches('Z'), event.time() % 1000),
        "datacontenttype": "application/json",
        "sequence": format!("{:016}", place.seq),
        "data": data(event),
    });
    let subject = event.subject();
    if !subject.is_empty() {
        out["subject"] = subject.into();
    }
    out
}

/// `countersign.act.release`, `countersign.effect.grant`; of a writer's own entry `countersign.entry.run`.
fn kind(event: &Event) -> String {
    let group = match &event.what {
        What::Act(_) => "act",
        What::Effect(_) => "effect",
        What::Basis(_) => return "countersign.basis".to_owned(),
        What::Custody(_) => "custody",
        What::Other { .. } => "entry",
    };
    let word = event.word().split('/').next().unwrap_or_default();
    format!("countersign.{group}.{word}")
}

fn data(event: &Event) -> Value {
    let entry = &event.entry;
    let hex = |hash: &ledger::Hash| Value::from(format!("sha256:{}", encoding::to_hex(hash)));
    let commitments: Map<String, Value> =
        entry.commitments.iter().map(|(name, h)| (name.clone(), hex(h))).collect();
    let mut out = json!({
        "entry": entry.place.seq,
        "source": entry.source,
        "source_seq": entry.place.source_seq,
        "type": entry.kind,
        "digest": format!("sha256:{}", event.digest),
        "message": event.message,
        "body": event.body(),
        "commitments": commitments,
        "evidence": entry.evidence.iter().map(hex).collect::<Vec<_>>(),
    });
    let name = |somebody: &Option<Somebody>| somebody.as_ref().and_then(|s| s.name.clone());
    let disclosed =
        [("by", name(&event.by)), ("identity", name(&event.identity)), ("scim", event.scim.clone())];
    for (field, value) in disclosed {
        if let Some(value) = value {
            out[field] = value.into();
        }
    }
    out
}
