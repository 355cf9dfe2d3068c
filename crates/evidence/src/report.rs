//! What entries say, in words: the verdict's sentences, an act explained, the page to read.

use crate::bundle::{Bundle, Manifest};
use crate::moment::text;
use crate::select::Query;
use crate::verify::{Opened, Pins, Verdict};
use ledger::policy::Accepted;
use std::fmt::Write;

/// Fills in what was verified, what was not, and what cannot be.
pub(crate) fn tell(
    bundle: &Bundle,
    entries: &[Opened],
    manifest: &Manifest,
    accepted: Option<&Accepted<'_>>,
    pins: &Pins<'_>,
    verdict: &mut Verdict,
) {
    let say = &mut verdict.verified;
    if let Some(accepted) = accepted {
        let names: Vec<_> = accepted
            .witnesses
            .iter()
            .map(|(w, t)| format!("{} at {}", String::from_utf8_lossy(&w.name), text(t.saturating_mul(1000))))
            .collect();
        let head = &accepted.checkpoint;
        say.push(format!(
            "The checkpoint of `{}` with {} entries is signed by the ledger's key and cosigned by {}.",
            head.origin,
            head.size,
            if names.is_empty() { "no witness".to_owned() } else { names.join(", ") }
        ));
        say.push(format!(
            "{} entries are in the ledger under that checkpoint, each at its number.",
            entries.len()
        ));
    }
    let covered = manifest.coverage;
    say.push(format!(
        "Entries {} to {} are all here, with no gap in any source's numbers, in the order of time.",
        covered.from, covered.to
    ));
    say.push(format!(
        "Asked for: {}. {} entries answer that, found again from the entries.",
        manifest.query.words(),
        manifest.selection.len()
    ));
    let opened: usize = entries.iter().map(|o| o.openings.len()).sum();
    say.push(format!("{opened} disclosed values are those that were committed to."));
    let acts = entries.iter().filter(|o| o.act.is_some()).count();
    let signed = entries.iter().filter(|o| o.openings.contains_key("statement")).count();
    say.push(format!("{acts} acts answer and rest on acts before them, under the policy and the people directory in force; {signed} of them with the statement that was signed."));
    verdict.not_verified = not_verified(bundle, entries, manifest, pins);
    verdict.cannot_be_proved = CANNOT.iter().map(|s| (*s).to_owned()).collect();
}

fn not_verified(bundle: &Bundle, entries: &[Opened], manifest: &Manifest, pins: &Pins<'_>) -> Vec<String> {
    let mut out = Vec::new();
    let closed: usize = entries.iter().map(|o| o.entry.commitments.len() - o.openings.len()).sum();
    if closed > 0 {
        out.push(format!("{closed} values were withheld or erased: that they were committed to holds, what they are is not shown."));
    }
    let files = entries
        .iter()
        .flat_map(|o| &o.entry.evidence)
        .filter(|h| !bundle.files.contains_key(&format!("evidence/{}", ledger::encoding::to_hex(*h))))
        .count();
    if files > 0 {
        out.push(format!("{files} references to evidence lead to files that are not here."));
    }
    if manifest.coverage.from > 0 || manifest.coverage.to < manifest.size {
        out.push(format!(
            "Entries before {} and from {} on: only some are here.",
            manifest.coverage.from, manifest.coverage.to
        ));
    }
    if matches!(manifest.query, Query::Identity { .. }) {
        out.push("Whether entries whose values are withheld name the identity too.".to_owned());
    }
    if pins.known.is_none() {
        out.push("That this ledger continues the one you saw last time: give `--known` a checkpoint that you kept.".to_owned());
    }
    if pins.not_before.is_none() {
        out.push("That this is not an old checkpoint: give `--not-before` a time.".to_owned());
    }
    out.push(
        "That the policy in force decides as is recorded: `countersign replay` asks it again.".to_owned(),
    );
    out.push(
        "`report.html` and `README.txt`: nothing vouches for them; write your own with `--report`."
            .to_owned(),
    );
    out
}

const CANNOT: &[&str] = &[
    "That everything that happened was recorded: reconcile with what the platform and its targets recorded.",
    "That what was signed is true, or that whoever held the key was its owner.",
    "That the people directory names one human once.",
    "Anything against as many witnesses as your policy asks for, acting together with whoever has the ledger's key.",
    "Times more exact than the order of entries and the witnesses' own clocks.",
];

/// An act in plain sentences; each names the field and the entry that it rests on.
#[must_use]
pub fn explain(opened: &Opened) -> Vec<String> {
    let place = opened.entry.place;
    let rests = |field: &str| format!("[entry {}, {field}]", place.seq);
    let Some(act) = &opened.act else { return vec![other(opened)] };
    let who = opened
        .value("by")
        .map_or("Somebody whose name is withheld or erased".to_owned(), |by| format!("`{by}`"));
    let on = if act.environment.is_empty() { String::new() } else { format!(" in `{}`", act.environment) };
    let did = if act.allow { "did" } else { "wanted to do, and was refused," };
    let mut out = vec![format!(
        "At {} {who} {did} `{}` on `{}`{on}. {}",
        text(place.time),
        act.act,
        act.subject,
        rests("act, subject, commitments.by")
    )];
    if let Some(of) = act.of {
        out.push(format!("It answers entry {of}. {}", rests("of")));
    }
    if !act.rests_on.is_empty() {
        let list: Vec<_> = act.rests_on.iter().map(u64::to_string).collect();
        out.push(format!("It rests on the entries {}. {}", list.join(", "), rests("rests_on")));
    }
    let under = |what: &str, seq: Option<u64>| {
        seq.map_or(format!("no {what} on record"), |s| format!("the {what} of entry {s}"))
    };
    out.push(format!(
        "It was decided under {} and {}, by {}. {}",
        under("policy", act.policy),
        under("people directory", act.people),
        if act.rules.is_empty() { "no rule".to_owned() } else { format!("`{}`", act.rules.join("`, `")) },
        rests("policy, people, rules")
    ));
    if act.allow != act.verdict {
        out.push(format!(
            "The policies would refuse it; the tier is in mode `{}`, so it happened. {}",
            act.mode,
            rests("mode, verdict")
        ));
    }
    if let Some(until) = act.until {
        out.push(format!("It ends at {}. {}", text(until), rests("until")));
    }
    if let Some(reason) = opened.value("reason") {
        out.push(format!("The reason given: {reason} {}", rests("commitments.reason")));
    }
    out
}

/// An entry of another type: whom it is about, as far as that is disclosed.
fn other(opened: &Opened) -> String {
    let place = opened.entry.place;
    let about = opened.value("identity").map_or(String::new(), |i| format!(" about `{i}`"));
    let run = opened.entry.body["execution"].as_str().map_or(String::new(), |e| format!(", execution `{e}`"));
    let time = text(place.time);
    let (source, kind) = (&opened.entry.source, &opened.entry.kind);
    format!(
        "At {time} `{source}` recorded an entry of type `{kind}`{about}{run}. [entry {}, type, body.execution, commitments.identity]",
        place.seq
    )
}

/// The page to read: every selected entry explained, with its number.
#[must_use]
pub fn html(entries: &[Opened], selection: &[u64], query: &Query, size: u64) -> String {
    let mut out = String::from(HEAD);
    let chosen: Vec<&Opened> = entries.iter().filter(|o| selection.contains(&o.entry.place.seq)).collect();
    let _ = write!(
        out,
        "<h1>Evidence: {}</h1>\n<p>{} entries of a ledger of {size}. Verify them before you rely on them: README.txt says how.</p>\n<table><thead><tr><th scope=\"col\">Entry</th><th scope=\"col\">What happened</th></tr></thead><tbody>\n",
        escape(&query.words()),
        chosen.len()
    );
    for opened in chosen {
        let seq = opened.entry.place.seq;
        let told: String = explain(opened).iter().map(|s| format!("<p>{}</p>", escape(s))).collect();
        let _ = writeln!(out, "<tr id=\"e{seq}\"><td>{seq}</td><td>{told}</td></tr>");
    }
    out + "</tbody></table></main></body></html>\n"
}

const HEAD: &str = "<!doctype html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Evidence</title><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}td,th{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-top:1px solid #999}p{margin:.2rem 0}</style></head><body><main>
";

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
