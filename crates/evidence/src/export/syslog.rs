//! Messages of syslog (RFC 5424), with what stands in the entry as structured data, framed by lines or by their length
//! (RFC 5425, RFC 6587).

use super::Origin;
use super::event::{Event, What};
use crate::moment;

/// The enterprise number that RFC 5612 sets aside for documentation; an organisation gives its own.
pub const DOCUMENTATION: u32 = 32_473;

/// The facility of audit logs.
const FACILITY: u8 = 13;

/// How messages are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// A line each.
    Lines,
    /// The length in bytes and a space before each.
    Octets,
}

/// An event as a message, framed.
#[must_use]
pub fn syslog(event: &Event, origin: &Origin, enterprise: u32, framing: Framing) -> String {
    let severity = [7, 6, 5, 4, 3, 2].get(usize::from(event.severity())).copied().unwrap_or(2);
    let place = event.entry.place;
    let (host, id) = (name(origin.host(), 255), name(event.word(), 32));
    let time = format!("{}.{:03}Z", moment::text(place.time).trim_end_matches('Z'), place.time % 1000);
    let data = format!("{}{}", sequence(place.seq), structured(event, origin, enterprise));
    let text = text(&event.message);
    // A byte order mark says that the text is UTF-8; what is ASCII needs none.
    let mark = if text.is_ascii() { "" } else { "\u{feff}" };
    let priority = FACILITY * 8 + severity;
    let message = format!("<{priority}>1 {time} {host} countersign - {id} {data} {mark}{text}");
    match framing {
        Framing::Lines => format!("{message}\n"),
        Framing::Octets => format!("{} {message}", message.len()),
    }
}

/// `meta` of RFC 5424: from 1 to 2^31 - 1, and again from 1.
fn sequence(seq: u64) -> String {
    format!("[meta sequenceId=\"{}\"]", seq % 2_147_483_647 + 1)
}

fn structured(event: &Event, origin: &Origin, enterprise: u32) -> String {
    let place = event.entry.place;
    let happened = event.happened().map(|h| if h { "yes" } else { "no" }).unwrap_or("unknown");
    let mut all = vec![
        ("log", origin.log.clone()),
        ("seq", place.seq.to_string()),
        ("source", event.entry.source.clone()),
        ("sourceSeq", place.source_seq.to_string()),
        ("type", event.entry.kind.clone()),
        ("digest", event.digest.clone()),
        ("act", event.word().to_owned()),
        ("happened", happened.to_owned()),
        ("subject", event.subject()),
    ];
    for (somebody, id, name) in [(&event.by, "byId", "by"), (&event.identity, "identityId", "identity")] {
        let Some(somebody) = somebody else { continue };
        all.push((id, somebody.commitment.clone()));
        all.push((name, somebody.name.clone().unwrap_or_default()));
    }
    match &event.what {
        What::Act(act) => all.extend([
            ("environment", act.environment.clone()),
            ("closure", act.closure.clone()),
            ("rules", act.rules.join(" ")),
            ("controls", act.controls.join("; ")),
        ]),
        What::Effect(effect) => all.extend([
            ("system", effect.system.clone()),
            ("entitlement", effect.entitlement.clone()),
            ("execution", effect.execution.clone()),
            ("step", effect.step.clone()),
        ]),
        _ => {}
    }
    let shown = all.iter().filter(|(_, v)| !v.is_empty());
    let parameters: String = shown.map(|(k, v)| format!(" {k}=\"{}\"", parameter(v))).collect();
    format!("[countersign@{enterprise}{parameters}]")
}

/// A name of the header: visible ASCII only, of a length.
fn name(text: &str, longest: usize) -> String {
    let visible: String =
        text.chars().map(|c| if c.is_ascii_graphic() { c } else { '_' }).take(longest).collect();
    if visible.is_empty() { "-".to_owned() } else { visible }
}

/// A value of structured data: `"`, `\` and `]` stand after a backslash.
fn parameter(value: &str) -> String {
    let escape = |c: char| match c {
        '"' | '\\' | ']' => format!("\\{c}"),
        c if c.is_control() => " ".to_owned(),
        c => c.to_string(),
    };
    value.chars().map(escape).collect()
}

/// The text of a message. A line of its own would look like a message of its own.
fn text(message: &str) -> String {
    message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
