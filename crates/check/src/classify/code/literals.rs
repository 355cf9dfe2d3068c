//! Texts that code puts together out of quoted pieces, as one quoted text with `${name}` where something is spliced in: an
//! address or a command is written in code like this more often than in one piece.

use super::scan::last_name;
use memchr::memchr3;
use regex::Regex;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::OnceLock;
use workflow::CodeLanguage;

/// A piece of code longer than this is left as it is.
const MAX_TEXT: usize = 256 << 10;
/// A quoted piece that is longer is none.
const MAX_PIECE: usize = 16 << 10;
/// So long is what is spliced in.
const MAX_OPERAND: usize = 400;

/// A text of JavaScript or Python with its quoted pieces joined, where any are put together.
#[must_use]
pub fn joined(language: CodeLanguage, text: &str) -> Cow<'_, str> {
    let python = language == CodeLanguage::Python;
    let puts = python || language == CodeLanguage::JavaScript && (text.contains('+') || text.contains("${"));
    if !puts || text.len() > MAX_TEXT {
        return Cow::Borrowed(text);
    }
    let mut joiner = Joiner { text, python, constants: OnceCell::new(), out: String::new(), kept: 0 };
    joiner.run();
    if joiner.kept == 0 {
        return Cow::Borrowed(text);
    }
    joiner.out.push_str(&text[joiner.kept..]);
    Cow::Owned(joiner.out)
}

/// Names that are given one quoted text and no other.
fn constants(text: &str) -> HashMap<&str, Option<&str>> {
    static GIVEN: OnceLock<Option<Regex>> = OnceLock::new();
    let source =
        r#"(?m)(?-u:\b)([A-Za-z_$][\w$]*)\s*=\s*(?:'([^'\n]*)'|"([^"\n]*)"|`([^`$\n]*)`)\s*(?:[;,\n]|$)"#;
    let given = GIVEN.get_or_init(|| Regex::new(source).ok()).as_ref();
    let mut found: HashMap<&str, Option<&str>> = HashMap::new();
    for c in given.into_iter().flat_map(|r| r.captures_iter(text)) {
        let (Some(name), Some(value)) = (c.get(1), c.get(2).or(c.get(3)).or(c.get(4))) else { continue };
        let value = (!found.contains_key(name.as_str())).then_some(value.as_str());
        found.insert(name.as_str(), value);
    }
    found
}

struct Joiner<'t> {
    text: &'t str,
    python: bool,
    /// Looked for when the first name stands beside a literal or in one.
    constants: OnceCell<HashMap<&'t str, Option<&'t str>>>,
    out: String,
    /// Up to where the text is in `out`.
    kept: usize,
}

/// A quoted text: where it begins (with what marks it) and ends, and its content.
struct Literal {
    start: usize,
    end: usize,
    content: String,
    /// Something is spliced into it, in a way that is written differently now.
    spliced: bool,
}

impl<'t> Joiner<'t> {
    /// The text of a name that is given only that.
    fn constant(&self, name: &str) -> Option<&'t str> {
        self.constants.get_or_init(|| constants(self.text)).get(name).copied().flatten()
    }

    fn run(&mut self) {
        // Up to where a quote of each kind is known to open nothing.
        let mut unclosed = [0; 256];
        let mut at = 0;
        while let Some(next) =
            self.text.as_bytes().get(at..).and_then(|rest| memchr3(b'"', b'\'', b'`', rest))
        {
            at += next;
            let kind = usize::from(self.text.as_bytes()[at]);
            if at < unclosed[kind] {
                at += 1;
                continue;
            }
            let Some(mut whole) = self.literal(at) else {
                unclosed[kind] = self.looked_at(at);
                at += 1;
                continue;
            };
            let before = self.before(&mut whole);
            let more = self.append(&mut whole);
            at = whole.end;
            if before || more || whole.spliced {
                let quote = if whole.content.contains('`') { '"' } else { '`' };
                self.out.push_str(&self.text[self.kept..whole.start]);
                self.out.push(quote);
                self.out.push_str(&whole.content);
                self.out.push(quote);
                self.kept = whole.end;
            }
        }
    }

    /// Up to where the end of a literal that begins here was looked for.
    fn looked_at(&self, at: usize) -> usize {
        let line = || self.text[at..].find('\n').map(|n| at + n);
        let end = if self.text[at..].starts_with('`') { None } else { line() };
        end.unwrap_or(usize::MAX).min(at + MAX_PIECE)
    }

    /// A constant that is put before a literal: `base + '/users'`.
    fn before(&self, whole: &mut Literal) -> bool {
        let Some(rest) = self.text[self.kept..whole.start].trim_end().strip_suffix('+') else { return false };
        let rest = rest.trim_end();
        let Some(name) = last_name(rest) else { return false };
        let start = rest.len() - name.len();
        let own = !rest[..start].ends_with('.');
        let Some(constant) = own.then(|| self.constant(name)).flatten() else { return false };
        whole.start = self.kept + start;
        whole.content.insert_str(0, constant);
        true
    }

    /// What follows a literal behind `+`; whether anything does.
    fn append(&self, whole: &mut Literal) -> bool {
        let mut more = false;
        loop {
            let rest = &self.text[whole.end..];
            let Some(operand) = rest.trim_start().strip_prefix('+').filter(|o| !o.starts_with(['+', '=']))
            else {
                return more;
            };
            let operand = operand.trim_start();
            let start = self.text.len() - operand.len();
            let prefix = operand.bytes().take_while(|b| self.python && b"fFrRbBuU".contains(b)).count();
            if let Some(literal) = self.literal(start + prefix) {
                whole.content.push_str(&literal.content);
                whole.end = literal.end;
            } else {
                let length = operand_length(operand);
                if length == 0 {
                    return more;
                }
                self.splice(&operand[..length], &mut whole.content);
                whole.end = start + length;
            }
            more = true;
        }
    }

    /// The literal whose quote stands at a place.
    fn literal(&self, at: usize) -> Option<Literal> {
        let bytes = self.text.as_bytes();
        let quote = *bytes.get(at).filter(|b| matches!(b, b'"' | b'\'') || **b == b'`' && !self.python)?;
        let triple = self.python && bytes.get(at..at + 3) == Some(&[quote; 3][..]);
        let marks = if triple { 3 } else { 1 };
        let letters = self.text[..at].bytes().rev().take_while(u8::is_ascii_alphabetic).take(3);
        let prefix: Vec<u8> = letters.map(|b| b.to_ascii_lowercase()).collect();
        let formatted = self.python
            && prefix.len() < 3
            && prefix.contains(&b'f')
            && prefix.iter().all(|b| b"fr".contains(b));
        let open = match (formatted, quote) {
            (true, _) => "{",
            (false, b'`') => "${",
            _ => "",
        };
        let mut literal = Literal {
            start: if formatted { at - prefix.len() } else { at },
            end: at + marks,
            content: String::new(),
            spliced: false,
        };
        let close = &self.text[at..at + marks];
        let many = triple || quote == b'`';
        let plain = |b: &u8| *b != quote && !matches!(b, b'\\' | b'\n' | b'{' | b'}' | b'$');
        let most = (at + MAX_PIECE).min(bytes.len());
        loop {
            let run = bytes.get(literal.end..most)?.iter().position(|b| !plain(b))?;
            literal.content.push_str(&self.text[literal.end..literal.end + run]);
            literal.end += run;
            let rest = &self.text[literal.end..];
            let first = rest.chars().next()?;
            if rest.starts_with(close) {
                literal.end += marks;
                return Some(literal);
            }
            if first == '\n' && !many {
                return None;
            }
            if formatted && (rest.starts_with("{{") || rest.starts_with("}}")) {
                literal.content.push(first);
                literal.end += 2;
            } else if !open.is_empty() && rest.starts_with(open) {
                let inside = &rest[open.len()..];
                let length = inside_length(inside)?;
                self.splice(&inside[..length], &mut literal.content);
                literal.end += open.len() + length + 1;
                literal.spliced = true;
            } else {
                let length =
                    if first == '\\' { 1 + rest.chars().nth(1)?.len_utf8() } else { first.len_utf8() };
                literal.content.push_str(&rest[..length]);
                literal.end += length;
            }
        }
    }

    /// Adds what an expression stands for: a constant, or `${name}`.
    fn splice(&self, expression: &str, content: &mut String) {
        let expression = expression.trim();
        if let Some(constant) = self.constant(expression) {
            return content.push_str(constant);
        }
        let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '.');
        let name: String = expression.chars().filter(plain).take(40).collect();
        content.push_str("${");
        content.push_str(&name);
        content.push('}');
    }
}

/// How long what is added to a text is: up to another `+`, or what ends it.
fn operand_length(text: &str) -> usize {
    let mut depth = 0_u32;
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate().take(MAX_OPERAND) {
        match (quote, byte) {
            (Some(q), b) => quote = (q != b).then_some(q),
            (None, b'"' | b'\'' | b'`') => quote = Some(byte),
            (None, b'(' | b'[' | b'{') => depth += 1,
            (None, b')' | b']' | b'}') if depth > 0 => depth -= 1,
            (None, b')' | b']' | b'}' | b'+' | b',' | b';' | b'\n' | b'?' | b':') if depth == 0 => {
                return text[..at].trim_end().len();
            }
            _ => {}
        }
    }
    if text.len() <= MAX_OPERAND { text.trim_end().len() } else { 0 }
}

/// How long an expression is up to the brace that closes it.
fn inside_length(text: &str) -> Option<usize> {
    let mut depth = 0_u32;
    for (at, byte) in text.bytes().enumerate().take(MAX_OPERAND) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The command lines that are given to a process word by word: `subprocess.run(["net", "user", name])`,
/// `execFile('net', ['user', name])`.
pub(super) fn by_words(text: &str) -> Vec<String> {
    static RUN: OnceLock<Option<Regex>> = OnceLock::new();
    if !["subprocess", "spawn", "execFile"].iter().any(|word| text.contains(word)) {
        return Vec::new();
    }
    let source = r#"(?-u:\b)(?:subprocess\s*\.\s*[A-Za-z_]+|spawn(?:Sync)?|execFile(?:Sync)?)\s*\(\s*(?:(['"`][^'"`\n]*['"`])\s*,\s*)?\[((?:[^\[\]]|\[[^\[\]]*\])*)"#;
    let run = RUN.get_or_init(|| Regex::new(source).ok()).as_ref();
    let line = |c: regex::Captures<'_>| {
        let parts = c.get(2).map_or("", |m| m.as_str()).split(',').map(str::trim).filter(|p| !p.is_empty());
        let words: Vec<String> = c.get(1).into_iter().map(|m| m.as_str()).chain(parts).map(word).collect();
        words.join(" ")
    };
    run.into_iter().flat_map(|r| r.captures_iter(text)).take(100).map(line).collect()
}

/// A word of a command: what stands in quotes, or `${name}`.
fn word(part: &str) -> String {
    let quotes = ['"', '\'', '`'];
    match part.strip_prefix(quotes).and_then(|p| p.strip_suffix(quotes)) {
        Some(text) if text.contains(char::is_whitespace) => format!("'{text}'"),
        Some(text) => text.to_owned(),
        None => {
            let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
            format!("${{{}}}", part.chars().filter(plain).collect::<String>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use CodeLanguage::{JavaScript, Python};

    #[test]
    fn pieces_of_a_text_are_joined() {
        for (language, text, is) in [
            (JavaScript, "f('a/'+$json.id+'/b', {x: 1})", "f(`a/${$json.id}/b`, {x: 1})"),
            (JavaScript, "f(\"a \" +\n  who(x, 'y') + ' b')", "f(`a ${whoxy} b`)"),
            (JavaScript, "f(`a/${ x['y'] }/b`)", "f(`a/${xy}/b`)"),
            (
                JavaScript,
                "const b = 'https://h';\nf(`${b}/u/${id}`)",
                "const b = 'https://h';\nf(`https://h/u/${id}`)",
            ),
            (
                JavaScript,
                "const b = 'https://h';\nf(b + '/u/' + id)",
                "const b = 'https://h';\nf(`https://h/u/${id}`)",
            ),
            (JavaScript, "f('a', 'b'); n = 1 + 2; s += 'x'", "f('a', 'b'); n = 1 + 2; s += 'x'"),
            (JavaScript, "it's \"open + x\nf('a' + b)", "it's \"open + x\nf(`a${b}`)"),
            (Python, "f(f'a/{p[\"id\"]}/{{b}}')", "f(`a/${pid}/{b}`)"),
            (Python, "f('a/' + p.id + f\"/{x}\")", "f(`a/${p.id}/${x}`)"),
            (Python, "f('a {}'.format(x))", "f('a {}'.format(x))"),
        ] {
            assert_eq!(joined(language, text), is, "{text}");
        }
    }

    #[test]
    fn quotes_that_do_not_close_cost_no_more_than_others() {
        let text = format!("'a' + b; \"{}", "\\\"".repeat(100_000));
        assert!(joined(JavaScript, &text).starts_with("`a${b}`; \"\\"));
    }

    #[test]
    fn a_name_that_is_given_two_texts_is_none_of_them() {
        let text = "b = 'https://h'\nb = 'https://i'\nf(b + '/u/' + id)";
        assert!(joined(Python, text).ends_with("f(b + `/u/${id}`)"));
    }

    #[test]
    fn words_of_a_command_are_a_line() {
        assert_eq!(
            by_words("subprocess.run([\"net\", 'user', u, '/active:no'])"),
            ["net user ${u} /active:no"]
        );
        assert_eq!(by_words("cp.execFile('net', ['user', a.b, 'x y'])"), ["net user ${a.b} 'x y'"]);
        assert!(by_words("run(['net', 'user'])").is_empty());
    }
}
