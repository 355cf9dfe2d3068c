//! The page to read: what was asked for, a table of the entries that answer it, and each of them in sentences.

use crate::population::happened;
use crate::said::when;
use crate::select::Query;
use crate::story::{Sentence, Stories, title};
use crate::verify::Opened;
use ledger::{clean, count};
use std::fmt::Write;

/// The page: every selected entry explained, with what it refers to linked.
#[must_use]
pub fn html(entries: &[Opened], selection: &[u64], query: &Query, size: u64) -> String {
    let mut out = String::from(HEAD);
    let chosen: Vec<&Opened> = entries.iter().filter(|o| selection.contains(&o.entry.place.seq)).collect();
    let _ = write!(
        out,
        "<h1>Evidence: {}</h1>\n<p>{} of a ledger of {size}. Verify them before you rely on them: <code>README.txt</code> says how. \
         Each sentence ends with the entry and the fields that it rests on; what is in quotation marks like <code>these</code> is from the record.</p>\n",
        marked(&query.words()),
        count(chosen.len(), "entry", "entries")
    );
    contents(&chosen, &mut out);
    let referred: Vec<&Opened> = referred(entries, &chosen, selection);
    let stories = Stories::of(entries);
    chosen.iter().for_each(|opened| section(entries, &stories, opened, &mut out));
    if !referred.is_empty() {
        out += "<h2>What these refer to</h2>\n";
        referred.iter().for_each(|opened| section(entries, &stories, opened, &mut out));
    }
    out + "</main></body></html>\n"
}

/// Entries that were not asked for, and to which those refer.
fn referred<'e>(entries: &'e [Opened], chosen: &[&Opened], selection: &[u64]) -> Vec<&'e Opened> {
    let of = chosen.iter().filter_map(|o| o.act.as_ref()).flat_map(|a| a.refers_to());
    let numbers: std::collections::BTreeSet<u64> = of.filter(|seq| !selection.contains(seq)).collect();
    entries.iter().filter(|o| numbers.contains(&o.entry.place.seq)).collect()
}

fn contents(chosen: &[&Opened], out: &mut String) {
    *out += "<table><thead><tr><th scope=\"col\">Entry</th><th scope=\"col\">When (UTC)</th><th scope=\"col\">What happened</th><th scope=\"col\">Happened</th></tr></thead><tbody>\n";
    for opened in chosen {
        let seq = opened.entry.place.seq;
        let is_told = opened.act.is_some() || opened.entry.kind == crate::export::EFFECT;
        let done = match happened(opened) {
            Some(true) => "yes",
            Some(false) => "no",
            None if is_told => "unknown",
            None => "",
        };
        let class = if matches!(done, "" | "yes") { "" } else { " class=\"no\"" };
        let time = escape(&when(opened)).replace('T', " ").replace('Z', "");
        let told = marked(&title(opened));
        let _ = writeln!(
            out,
            "<tr{class}><td><a href=\"#e{seq}\">{seq}</a></td><td class=\"time\">{time}</td><td>{told}</td><td>{done}</td></tr>"
        );
    }
    *out += "</tbody></table>\n";
}

fn section(entries: &[Opened], stories: &Stories<'_>, opened: &Opened, out: &mut String) {
    let seq = opened.entry.place.seq;
    let _ = writeln!(
        out,
        "<section id=\"e{seq}\"><h3><a href=\"#e{seq}\">Entry {seq}</a>: {}</h3><ul>",
        marked(&title(opened))
    );
    for Sentence { text, rests_on } in stories.tell(opened) {
        let _ = writeln!(
            out,
            "<li>{} <small>{}</small></li>",
            linked(entries, &marked(&text)),
            escape(&rests_on)
        );
    }
    *out += "</ul></section>\n";
}

/// Text with what is quoted in it set apart, escaped.
fn marked(text: &str) -> String {
    let parts: Vec<String> = text.split('`').map(escape).collect();
    if parts.len().is_multiple_of(2) {
        return parts.join("`"); // one quotation mark is alone
    }
    let mark =
        |(i, part): (usize, &String)| if i % 2 == 1 { format!("<code>{part}</code>") } else { part.clone() };
    parts.iter().enumerate().map(mark).collect()
}

/// Text in which `entry 12` leads to that entry, where it is here.
fn linked(entries: &[Opened], html: &str) -> String {
    let mut parts = html.split("entry ");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, rest) = part.split_at(digits);
        let here = number.parse::<u64>().ok();
        let here = here.filter(|seq| entries.binary_search_by_key(seq, |o| o.entry.place.seq).is_ok());
        match here {
            Some(seq) => out += &format!("<a href=\"#e{seq}\">entry {seq}</a>{rest}"),
            None => out += &format!("entry {part}"),
        }
    }
    out
}

const HEAD: &str = "<!doctype html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>Evidence</title><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">
<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-top:1px solid #8888}@media(min-width:45rem){.time{white-space:nowrap}}.no td{font-weight:600}h3{margin:1.6rem 0 .2rem;font-size:1.05rem}ul{margin:.2rem 0;padding-left:1.2rem}li{margin:.15rem 0;overflow-wrap:anywhere}code{font-size:.92em}small{opacity:.75;margin-left:.3rem}section:target{outline:2px solid;outline-offset:.5rem}</style></head><body><main>
";

fn escape(text: &str) -> String {
    clean(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_from_the_record_is_set_apart_and_never_markup() {
        assert_eq!(marked("`a<b` did"), "<code>a&lt;b</code> did");
        assert_eq!(marked("one ` alone <b>"), "one ` alone &lt;b&gt;");
        assert_eq!(marked("`a\u{202e}b\u{1b}`"), "<code>a\u{fffd}b\u{fffd}</code>");
    }

    #[test]
    fn only_entries_that_are_here_are_linked() {
        assert_eq!(linked(&[], "entry 12 and entry x"), "entry 12 and entry x");
    }
}
