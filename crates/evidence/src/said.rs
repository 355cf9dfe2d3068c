//! What is read from entries for sentences: when something was done, what was signed, what it puts in force.

use crate::act::{ActBody, time_of};
use crate::moment::text;
use crate::texts::{Texts, fill};
use crate::verify::Opened;
use ledger::encoding;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// When it was done, as the signer says; when it was entered, where nothing that was signed is disclosed.
#[must_use]
pub fn when(opened: &Opened) -> String {
    let said = signed(opened).and_then(|(_, says, _)| says["at"].as_str().map(str::to_owned));
    said.unwrap_or_else(|| text(time_of(opened)))
}

/// When an act was done; said to be when it was entered, where no more is known.
pub(crate) fn told_time(opened: &Opened, act: &ActBody, texts: &Texts) -> String {
    let time = when(opened);
    match act.at.is_some() || signed(opened).is_some() {
        true => time,
        false => fill(texts.entered, &[("time", &time)]),
    }
}

/// What was signed, or was asked for where nothing was, and the field that it stands in.
pub(crate) fn asked(opened: &Opened) -> Option<(Value, &'static str)> {
    let says = signed(opened).map(|(_, says, _)| (says, "commitments.statement"));
    says.or_else(|| Some((opened.openings.get("event")?.value.clone(), "commitments.event")))
}

/// What a proposal asks for, where its statement is disclosed.
pub(crate) fn intent(opened: &Opened) -> String {
    asked(opened).and_then(|(a, _)| a["intent"].as_str().map(str::to_owned)).unwrap_or_default()
}

/// Whether an act puts a closure in force.
pub(crate) fn is_release(act: &ActBody) -> bool {
    matches!(act.act.as_str(), "release" | "roll-back")
}

/// Whether an act puts something live by break-glass, until a release or the end of the break-glass.
pub(crate) fn is_overlay(act: &ActBody) -> bool {
    act.allow && act.act == "use-break-glass" && !act.drill
}

/// Whether two acts are about the same thing in the same place.
pub(crate) fn same(a: &ActBody, b: &ActBody) -> bool {
    (&a.subject, &a.environment) == (&b.subject, &b.environment)
}

/// The statement of an entry: its name, what it says, whose key signed. None where it is not disclosed.
#[must_use]
pub fn signed(opened: &Opened) -> Option<(String, Value, String)> {
    let envelope = &opened.openings.get("statement")?.value;
    let payload = encoding::from_base64(envelope["payload"].as_str()?).ok()?;
    let mut statement: Value = serde_json::from_slice(&payload).ok()?;
    let id = format!("sha256:{}", encoding::to_hex(&Sha256::digest(&payload)));
    let key = envelope["signatures"][0]["keyid"].as_str().unwrap_or_default().to_owned();
    Some((id, statement.get_mut("predicate")?.take(), key))
}

/// The names of parts that are others, new or gone, in order.
#[must_use]
pub fn changed_parts(was: &Value, is: &Value) -> Vec<String> {
    let names = |v: &Value| v.as_object().map(|o| o.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    let mut all = names(was);
    all.extend(names(is));
    all.sort();
    all.dedup();
    all.retain(|name| was[name.as_str()] != is[name.as_str()]);
    all
}
