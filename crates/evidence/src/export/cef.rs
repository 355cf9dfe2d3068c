//! The Common Event Format of ArcSight, version 0: a header between bars, then names and values, on one line.
//!
//! In the header `|` and `\` stand after a backslash, in values `=` and `\`; the end of a line is `\n`.

use super::Origin;
use super::event::{Event, Somebody, What};

/// An event, on one line.
#[must_use]
pub fn cef(event: &Event, origin: &Origin) -> String {
    let row = event.row();
    let signature = format!("{}:{}", event.entry.kind, event.word());
    let severity =
        ["0", "2", "4", "6", "8", "10"].get(usize::from(event.severity())).copied().unwrap_or("10");
    let head = ["Countersign", "Countersign", &origin.version, &signature, row.name, severity];
    let head: Vec<String> = head.iter().map(|text| header(text)).collect();
    let fields: Vec<String> = fields(event, origin)
        .into_iter()
        .filter(|(_, v)| !v.is_empty())
        .map(|(k, v)| format!("{k}={}", value(&v)))
        .collect();
    format!("CEF:0|{}|{}", head.join("|"), fields.join(" "))
}

fn fields(event: &Event, origin: &Origin) -> Vec<(&'static str, String)> {
    let place = event.entry.place;
    let outcome = match event.happened() {
        Some(true) => "success",
        Some(false) => "failure",
        None => "unknown",
    };
    let mut out = vec![
        ("rt", place.time.to_string()),
        ("end", event.time().to_string()),
        ("externalId", place.seq.to_string()),
        ("dvchost", origin.host().to_owned()),
        ("cat", event.entry.kind.clone()),
        ("act", event.word().to_owned()),
        ("outcome", outcome.to_owned()),
        ("sourceServiceName", event.entry.source.clone()),
    ];
    person(&mut out, ["suid", "suser"], event.by.as_ref());
    person(&mut out, ["duid", "duser"], event.identity.as_ref());
    labelled(&mut out, ["cs1Label", "cs1"], "subject", event.subject());
    labelled(&mut out, ["cs2Label", "cs2"], "entryDigest", event.digest.clone());
    labelled(&mut out, ["cs3Label", "cs3"], "ledger", origin.log.clone());
    labelled(&mut out, ["cn1Label", "cn1"], "sourceSequence", place.source_seq.to_string());
    own(event, &mut out);
    out.push(("msg", event.message.clone()));
    out
}

/// What only some events have.
fn own(event: &Event, out: &mut Vec<(&'static str, String)>) {
    match &event.what {
        What::Act(act) => {
            labelled(out, ["cs4Label", "cs4"], "closure", act.closure.clone());
            labelled(out, ["cs5Label", "cs5"], "environment", act.environment.clone());
            labelled(out, ["cs6Label", "cs6"], "controls", act.controls.join(", "));
            out.push(("reason", act.rules.join(", ")));
        }
        What::Effect(effect) => {
            out.push(("destinationServiceName", effect.system.clone()));
            labelled(out, ["cs4Label", "cs4"], "entitlement", effect.entitlement.clone());
            labelled(out, ["cs5Label", "cs5"], "execution", effect.execution.clone());
            labelled(out, ["cs6Label", "cs6"], "step", effect.step.clone());
        }
        _ => {}
    }
}

fn person(out: &mut Vec<(&'static str, String)>, [id, name]: [&'static str; 2], somebody: Option<&Somebody>) {
    let Some(somebody) = somebody else { return };
    out.push((id, somebody.commitment.clone()));
    out.push((name, somebody.name.clone().unwrap_or_default()));
}

/// A value under a label of ours, where there is one.
fn labelled(
    out: &mut Vec<(&'static str, String)>,
    [label, key]: [&'static str; 2],
    name: &str,
    value: String,
) {
    if !value.is_empty() {
        out.push((label, name.to_owned()));
        out.push((key, value));
    }
}

/// Text of the header. It has no way to say the end of a line: that and other control characters become spaces.
fn header(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
    plain.replace('\\', "\\\\").replace('|', "\\|")
}

/// Text of a value.
fn value(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('=', "\\=").replace('\r', "\\r").replace('\n', "\\n");
    escaped.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
