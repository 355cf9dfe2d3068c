//! `countersign reconcile`: what others recorded (a platform's executions, a target's audit export, a repository's history) held
//! against the ledger. Files are taken as platforms give them: JSON lines, a JSON list, an answer with one list in it, CSV.

use super::args::{Difference, Reconcile};
use super::gather::{Whole, at, file};
use super::{done, tell};
use crate::check::Exit;
use evidence::{Opened, Reconciled, Recorded, signed};
use ledger::{Error, Result, clean, json};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

/// `countersign reconcile`: what others recorded, held against the ledger.
///
/// # Errors
/// When the ledger or the file cannot be read.
pub fn reconcile(options: &Reconcile) -> io::Result<Exit> {
    done(run(options))
}

fn run(options: &Reconcile) -> Result<Exit> {
    let by = Field::of(&options.by);
    let compare: Vec<Field> = options.compare.iter().map(|f| Field::of(f)).collect();
    let theirs = recorded(&options.with, &by, &compare)?;
    let whole = Whole::read(&options.from)?.opened()?;
    let ours: Vec<Recorded> = whole
        .iter()
        .filter(|o| options.kind.as_ref().is_none_or(|k| *k == o.entry.kind))
        .filter_map(|o| ours(o, &by, &compare))
        .collect();
    known(options, &compare, &whole, &theirs, &ours)?;
    let found = evidence::reconcile(&theirs, &ours);
    let shown = options.with.display();
    let mut out =
        format!("{} in `{shown}`, {} in the ledger, {} agree\n", theirs.len(), ours.len(), found.agree);
    out += &words(&found);
    tell(options.from.format, out.trim_end(), &found)?;
    let counts = |what: Difference, is: bool| is && !options.allow.contains(&what);
    let differs = counts(Difference::Missing, !found.missing.is_empty())
        || counts(Difference::Extra, !found.extra.is_empty())
        || counts(Difference::Repeated, !found.repeated.is_empty())
        || !found.altered.is_empty();
    Ok(if differs { Exit::Findings } else { Exit::Clean })
}

/// Refuses a type or a field to compare that nothing has: what is mistyped would agree.
fn known(
    options: &Reconcile,
    compare: &[Field<'_>],
    whole: &[Opened],
    theirs: &[Recorded],
    ours: &[Recorded],
) -> Result<()> {
    let kinds: BTreeSet<&str> = whole.iter().map(|o| o.entry.kind.as_str()).collect();
    if let Some(kind) = options.kind.as_deref().filter(|k| !kinds.contains(k)) {
        let there: Vec<&str> = kinds.into_iter().collect();
        return Err(Error::new(format!("no entry is of type `{kind}`: there are `{}`", there.join("`, `"))));
    }
    let lacks = |side: &[Recorded], f: &Field<'_>| {
        !side.is_empty() && !side.iter().any(|r| r.facts.contains_key(f.theirs))
    };
    for field in compare {
        if lacks(theirs, field) {
            let file = options.with.display();
            return Err(Error::new(format!("nothing in `{file}` has a field `{}` to compare", field.theirs)));
        }
        if lacks(ours, field) {
            let beside =
                if options.from.beside.is_some() { "" } else { ", as far as `--beside` is not given" };
            return Err(Error::new(format!("no entry has a field `{}` to compare{beside}", field.ours)));
        }
    }
    // What is on record of every run may well be on record of none yet.
    let (own, usual) =
        (options.by.split_once('=').map_or(&*options.by, |(_, o)| o), ["execution", "identity"]);
    if !theirs.is_empty() && ours.is_empty() && !usual.contains(&own) {
        return Err(Error::new(format!(
            "no entry has a field `{own}` to know an item by{}",
            fields(options, whole)
        )));
    }
    Ok(())
}

/// The fields that entries have, as a hint.
fn fields(options: &Reconcile, whole: &[Opened]) -> String {
    let of = |o: &&Opened| options.kind.as_ref().is_none_or(|k| *k == o.entry.kind);
    let bodies = whole.iter().filter(of).filter_map(|o| o.entry.body.as_object());
    let names: BTreeSet<&str> = bodies.flat_map(|b| b.keys()).map(String::as_str).collect();
    let names: Vec<String> = names.into_iter().map(|n| format!("`{}`", clean(n))).collect();
    let beside = if options.from.beside.is_some() { "" } else { ", and values only with `--beside`" };
    format!(": they have {}{beside}", names.join(", "))
}

fn words(found: &Reconciled) -> String {
    let missing =
        found.missing.iter().map(|r| format!("missing: `{}` ({}) is not in the ledger", r.id, r.place));
    let extra = found.extra.iter().map(|r| format!("extra: `{}` ({}) is not in the file", r.id, r.place));
    let altered = found.altered.iter().map(|r| format!("altered: {r}"));
    let repeated = found.repeated.iter().map(|r| format!("repeated: {r}"));
    let partly = (found.partly > 0).then(|| {
        format!("not all compared: of {} that agree, only one side says all that was asked", found.partly)
    });
    missing
        .chain(extra)
        .chain(altered)
        .chain(repeated)
        .chain(partly)
        .map(|line| clean(&line) + "\n")
        .collect()
}

/// A field as each side calls it: `THEIRS=OURS`, or one name for both. A path goes inward by dots.
struct Field<'w> {
    theirs: &'w str,
    ours: &'w str,
}

impl<'w> Field<'w> {
    fn of(word: &'w str) -> Self {
        let (theirs, ours) = word.split_once('=').unwrap_or((word, word));
        Field { theirs, ours }
    }
}

/// The value at a path, as text; a name with dots in it goes before a way inward.
fn at_path(value: &Value, path: &str) -> Option<String> {
    let inner = || path.split('.').try_fold(value, |at, part| at.get(part));
    match value.get(path).or_else(inner)? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// An entry as the other side may know it, where it has the field: in its body, in a disclosed value, or in what was signed
/// (`statement.commit`).
fn ours(opened: &Opened, by: &Field<'_>, compare: &[Field<'_>]) -> Option<Recorded> {
    let said = by.ours.starts_with("statement.") || compare.iter().any(|f| f.ours.starts_with("statement."));
    let said = if said { signed(opened).map(|(_, said, _)| said) } else { None };
    let text = |path: &str| {
        let opening = |name: &str| opened.openings.get(name).map(|o| &o.value);
        let deeper = || path.split_once('.').and_then(|(name, rest)| at_path(opening(name)?, rest));
        let signed = || at_path(said.as_ref()?, path.strip_prefix("statement.")?);
        at_path(&opened.entry.body, path)
            .or_else(|| opening(path).and_then(|v| at_path(&serde_json::json!({"v": v}), "v")))
            .or_else(signed)
            .or_else(deeper)
    };
    let facts: BTreeMap<String, String> =
        compare.iter().filter_map(|f| Some((f.theirs.to_owned(), text(f.ours)?))).collect();
    Some(Recorded { id: text(by.ours)?, place: format!("entry {}", opened.entry.place.seq), facts })
}

/// What others recorded, with where each stands.
fn recorded(path: &Path, by: &Field<'_>, compare: &[Field<'_>]) -> Result<Vec<Recorded>> {
    let bytes = file(path)?;
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let rows = match text.trim_ascii_start().first() {
        Some(b'{' | b'[') => items(text)?,
        _ => table(path, text)?,
    };
    let row = |(place, row): (String, Value)| {
        let lacks = || {
            let there: Vec<&String> = row.as_object().into_iter().flat_map(|o| o.keys()).collect();
            let there = there.into_iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
            Error::new(format!("`{}` {place} has no field `{}`: it has {there}", path.display(), by.theirs))
        };
        let id = at_path(&row, by.theirs).ok_or_else(lacks)?;
        let facts = compare.iter().filter_map(|f| Some((f.theirs.to_owned(), at_path(&row, f.theirs)?)));
        Ok(Recorded { id, place, facts: facts.collect() })
    };
    rows.into_iter().map(row).collect()
}

type Rows = Vec<(String, Value)>;

/// The items of a JSON file: of a list, of an answer with one list of objects in it (`{"data": [...]}`), or one a line.
fn items(text: &[u8]) -> Result<Rows> {
    let numbered = |list: &[Value]| (1..).zip(list).map(|(n, v)| (format!("item {n}"), v.clone())).collect();
    match json::parse(text) {
        Ok(Value::Array(list)) => Ok(numbered(&list)),
        Ok(Value::Object(answer)) => {
            let list = |v: &Value| v.as_array().filter(|l| l.iter().all(Value::is_object)).cloned();
            let lists: Vec<Vec<Value>> = answer.values().filter_map(list).collect();
            match &lists[..] {
                [one] => match continued(&answer).or_else(|| counts_more(&answer, one.len())) {
                    Some(field) => Err(Error::new(format!(
                        "this answer is a part: by its `{}` more follows; put the items of all pages into one list",
                        clean(&field)
                    ))),
                    None => Ok(numbered(one)),
                },
                _ => Ok(vec![("line 1".to_owned(), Value::Object(answer))]),
            }
        }
        _ => lines(text),
    }
}

/// The field by which an answer says that more follows: `next`, `nextCursor` and the like, or one that says that there is
/// more, with a value. Where it stands in an object of the answer, that is looked into; the items are not.
fn continued(answer: &serde_json::Map<String, Value>) -> Option<String> {
    let says = |name: &str, value: &Value| {
        let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let plain = plain.to_ascii_lowercase();
        let more = ["hasmore", "hasnext", "hasnextpage", "istruncated", "moreavailable"].contains(&&*plain);
        let rest = plain.trim_start_matches("odata").strip_prefix("next");
        let begins = ["cursor", "token", "page", "marker", "offset"];
        let ends = ["cursor", "token", "page", "marker", "offset", "link", "url", "uri", "href", "key"];
        let way = |rest: &str| {
            rest.is_empty()
                || begins.iter().any(|w| rest.starts_with(w))
                || ends.iter().any(|w| rest.ends_with(w))
        };
        let more = more || plain.ends_with("continuationtoken") || plain == "lastevaluatedkey";
        let next = rest.is_some_and(way);
        let empty = matches!(value, Value::Null | Value::Bool(false)) || value == "" || value == 0;
        (more || next) && !empty
    };
    answer.iter().find_map(|(name, value)| match value {
        _ if says(name, value) => Some(name.clone()),
        Value::Object(inner) => continued(inner),
        _ => None,
    })
}

/// The field by which an answer says that there are more items than are here.
fn counts_more(answer: &serde_json::Map<String, Value>, here: usize) -> Option<String> {
    let total = |name: &&String| {
        let plain = name.to_ascii_lowercase().replace(['_', '-'], "");
        ["total", "totalresults", "totalcount", "totalitems", "totalsize"].contains(&&*plain)
    };
    let counts = |name: &&String| answer.get(*name).and_then(Value::as_u64).is_some_and(|n| n > here as u64);
    answer.keys().filter(total).find(counts).cloned()
}

fn lines(text: &[u8]) -> Result<Rows> {
    let lines = (1..).zip(text.split(|b| *b == b'\n')).filter(|(_, l)| !l.trim_ascii().is_empty());
    let read = |(number, line): (usize, &[u8])| {
        let value = json::parse(line).map_err(|e| Error::new(format!("line {number}: {e}")))?;
        Ok((format!("line {number}"), value))
    };
    lines.map(read).collect()
}

fn table(path: &Path, text: &[u8]) -> Result<Rows> {
    let failed = |e: csv::Error| at(path, &io::Error::other(e));
    let mut reader = csv::Reader::from_reader(text);
    let names = reader.headers().map_err(failed)?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(failed)?;
        let line = record.position().map_or(0, csv::Position::line);
        let cells = names.iter().zip(record.iter()).filter(|(_, v)| !v.is_empty());
        let row: serde_json::Map<String, Value> = cells.map(|(n, v)| (n.to_owned(), v.into())).collect();
        rows.push((format!("line {line}"), Value::Object(row)));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<(String, String)> {
        let rows = items(text.as_bytes()).unwrap();
        rows.into_iter().map(|(place, row)| (place, at_path(&row, "run.id").unwrap())).collect()
    }

    #[test]
    fn what_platforms_answer_is_read_as_they_give_it() {
        let item = |n: usize, id: &str| (format!("item {n}"), id.to_owned());
        let both = [item(1, "7"), item(2, "8")];
        assert_eq!(places(r#"[{"run": {"id": 7}}, {"run": {"id": "8"}}]"#), both);
        let answer =
            r#"{"data": [{"run": {"id": 7}}, {"run": {"id": 8}}], "nextCursor": null, "tags": ["x"]}"#;
        assert_eq!(places(answer), both);
        let lines = "{\"run\": {\"id\": 7}}\n\n{\"run.id\": 8}\n";
        assert_eq!(
            places(lines),
            [("line 1".to_owned(), "7".to_owned()), ("line 3".to_owned(), "8".to_owned())]
        );
        assert_eq!(places(r#"{"run": {"id": 7}}"#), [("line 1".to_owned(), "7".to_owned())]);
        for more in [
            r#""nextCursor": "abc""#,
            r#""@odata.nextLink": "https://x.test/2""#,
            r#""hasMore": true"#,
            r#""paging": {"next": {"link": "https://x.test/2"}}"#,
            r#""nextRecordsUrl": "/query/2""#,
            r#""next_uri": "/2""#,
            r#""continuationToken": "abc""#,
            r#""totalResults": 2"#,
        ] {
            let told =
                items(format!("{{\"data\": [{{\"id\": 1}}], {more}}}").as_bytes()).unwrap_err().to_string();
            assert!(told.contains("more follows"), "{more}: {told}");
        }
        let last = r#"{"data": [{"run": {"id": 7}}], "nextPageToken": "", "has_more": false, "paging": {"next": null}}"#;
        assert_eq!(places(last).len(), 1);
        // What is only called alike says nothing of more.
        let alike = r#"{"data": [{"run": {"id": 7}}], "nextHour": 9, "nextKeyRotation": "2027-01-01", "nextDuration": 5, "total": 1}"#;
        assert_eq!(places(alike).len(), 1);
        assert!(items(b"{\"a\": 1}\n{\"a\": ").unwrap_err().to_string().contains("line 2"));
    }

    #[test]
    fn a_table_tells_the_line_on_which_a_row_begins() {
        let rows = table(Path::new("t.csv"), b"id,note\n1,\"two\nlines\"\n2,\n").unwrap();
        let told: Vec<(&str, &Value)> = rows.iter().map(|(p, r)| (p.as_str(), &r["note"])).collect();
        assert_eq!(told, [("line 2", &"two\nlines".into()), ("line 4", &Value::Null)]);
    }
}
