//! Which programs the interpreter may run: it has no bound of its own, so a program is let in only when its work is
//! bounded by its text and its input, and when it reads nothing but them.

use crate::Val;
use crate::evaluate::json;

/// Programs and their nesting are at most so large.
const MAX_TEXT: usize = 2000;
const MAX_DEPTH: usize = 24;
/// An estimate of the work that is too much.
const MAX_WORK: f64 = 1e7;
/// A larger number could ask for that much of something.
const MAX_NUMBER: f64 = 1e4;

/// Words that end, give no more than they are given, and read nothing else.
const PLAIN: &[&str] = &[
    "abs",
    "add",
    "all",
    "and",
    "any",
    "arrays",
    "as",
    "ascii_downcase",
    "ascii_upcase",
    "booleans",
    "capture",
    "catch",
    "ceil",
    "contains",
    "del",
    "elif",
    "else",
    "empty",
    "end",
    "endswith",
    "error",
    "explode",
    "fabs",
    "false",
    "first",
    "flatten",
    "floor",
    "from_entries",
    "fromdate",
    "fromjson",
    "getpath",
    "group_by",
    "has",
    "if",
    "in",
    "index",
    "indices",
    "inside",
    "iterables",
    "keys",
    "keys_unsorted",
    "last",
    "length",
    "ltrim",
    "ltrimstr",
    "match",
    "max",
    "max_by",
    "min",
    "min_by",
    "not",
    "null",
    "nulls",
    "numbers",
    "objects",
    "or",
    "reverse",
    "rindex",
    "round",
    "rtrim",
    "rtrimstr",
    "scalars",
    "scan",
    "select",
    "sort",
    "sort_by",
    "split",
    "splits",
    "sqrt",
    "startswith",
    "strings",
    "test",
    "then",
    "to_entries",
    "todate",
    "tonumber",
    "tostring",
    "trim",
    "true",
    "try",
    "type",
    "unique",
    "unique_by",
    "utf8bytelength",
    "values",
];
/// Words that go over all of what they are given.
const LOOPS: &[&str] =
    &["gsub", "implode", "join", "map", "map_values", "nth", "paths", "pick", "sub", "with_entries"];
/// Formats and words that make their input several times longer.
const GROWS: &[&str] =
    &["@base64", "@base64d", "@csv", "@html", "@json", "@sh", "@text", "@tsv", "@uri", "tojson"];

/// The variables that a program reads without binding them; none where it may not run on this input.
pub(super) fn admitted<'t>(text: &'t str, input: &Val) -> Option<Vec<&'t str>> {
    let size = json::write(input).len() + text.len();
    if text.len() > MAX_TEXT || size > 200_000 || largest(input) > MAX_NUMBER && text.contains('*') {
        return None;
    }
    let mut scan = Scan { text, at: 0, depth: 0, loops: 0, doubles: 0, variables: Vec::new() };
    while scan.at < text.len() {
        scan.token()?;
    }
    let work = (size as f64).powi(scan.loops) * 2_f64.powi(scan.doubles);
    let bound = |v: &&str| text.contains(&format!("as {v}"));
    (work < MAX_WORK).then(|| scan.variables.into_iter().filter(|v| !bound(v)).collect())
}

fn largest(value: &Val) -> f64 {
    match value {
        Val::Number(n) => n.abs(),
        Val::List(items) => items.iter().map(largest).fold(0.0, f64::max),
        Val::Map(entries) => entries.iter().map(|(_, v)| largest(v)).fold(0.0, f64::max),
        _ => 0.0,
    }
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    loops: i32,
    doubles: i32,
    variables: Vec<&'t str>,
}

impl<'t> Scan<'t> {
    fn token(&mut self) -> Option<()> {
        let rest = &self.text[self.at..];
        let c = rest.chars().next()?;
        let mut len = c.len_utf8();
        match c {
            '"' => len = text_end(rest)?,
            '(' | '{' => self.depth += 1,
            '[' => {
                self.depth += 1;
                self.loops += i32::from(rest[1..].trim_start().starts_with(']'));
            }
            ')' | ']' | '}' => self.depth = self.depth.checked_sub(1)?,
            '.' if rest.starts_with("..") => return None,
            '.' => len += word_len(&rest[1..]),
            ',' | '+' => self.doubles += 1,
            // An update, unless it compares.
            '=' if rest.starts_with("==") => len = 2,
            '!' | '<' | '>' if rest[1..].starts_with('=') => len = 2,
            '=' | '#' => return None,
            '/' if rest.starts_with("//") => len = 2,
            '?' if rest.starts_with("?//") => return None,
            '$' => {
                len += word_len(&rest[1..]);
                let name = &rest[..len];
                if name == "$ENV" || name == "$__loc__" || len == 1 {
                    return None;
                }
                if !self.variables.contains(&name) {
                    self.variables.push(name);
                }
            }
            '0'..='9' => {
                len = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
                let after = &rest[len..];
                let small = rest[..len].parse::<f64>().ok()? <= MAX_NUMBER || !self.text.contains('*');
                if after.starts_with(['e', 'E']) || !small {
                    return None;
                }
            }
            c if c.is_alphabetic() || c == '@' || c == '_' => {
                len += word_len(&rest[len..]);
                self.word(&rest[..len], &rest[len..])?;
            }
            _ => {}
        }
        self.at += len;
        (self.depth <= MAX_DEPTH).then_some(())
    }

    fn word(&mut self, word: &str, after: &str) -> Option<()> {
        // The key of an object that is made.
        if after.trim_start().starts_with(':') || PLAIN.contains(&word) {
            return Some(());
        }
        if LOOPS.contains(&word) {
            self.loops += 1;
        } else if GROWS.contains(&word) {
            self.doubles += 3;
        } else {
            return None;
        }
        Some(())
    }
}

fn word_len(text: &str) -> usize {
    text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len())
}

/// Where a text without holes ends.
fn text_end(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    while let Some((i, c)) = chars.next() {
        match c {
            '"' => return Some(i + 1),
            '\\' if chars.next()?.1 == '(' => return None,
            _ => {}
        }
    }
    None
}
