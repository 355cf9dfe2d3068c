//! Canonical bytes of a document: RFC 8785 (sorted keys, ECMAScript numbers, minimal escapes), with the
//! presentation that an importer names left out.

use super::{Node, NodeKind};
use std::fmt::Write as _;

/// Canonical JSON of a value without the members for which `skip` is true.
/// YAML and JSON of the same content give the same bytes; YAML tags are kept as `{"!tag": value}`.
#[must_use]
pub fn canonical(node: Node<'_>, skip: &dyn Fn(Node<'_>) -> bool) -> Vec<u8> {
    let mut out = String::new();
    write_canonical(node, skip, &mut out);
    out.into_bytes()
}

/// The same at the end of a text, which may be used again for the next value.
pub fn write_canonical(node: Node<'_>, skip: &dyn Fn(Node<'_>) -> bool, out: &mut String) {
    Writer { skip, out, members: Vec::with_capacity(32) }.value(node);
}

struct Writer<'w, 'd> {
    skip: &'w dyn Fn(Node<'_>) -> bool,
    out: &'w mut String,
    /// The members of the objects that are being written, those of the innermost last.
    members: Vec<(&'d str, Node<'d>)>,
}

impl<'d> Writer<'_, 'd> {
    fn value(&mut self, node: Node<'d>) {
        let tag = node.tag();
        if let Some(tag) = tag {
            self.out.push('{');
            write_text(tag, self.out);
            self.out.push(':');
        }
        match node.kind() {
            NodeKind::Null => self.out.push_str("null"),
            NodeKind::Bool(b) => self.out.push_str(if b { "true" } else { "false" }),
            NodeKind::Number => write_number(node.as_number().unwrap_or("0"), self.out),
            NodeKind::Text => match node.doc.written(node.raw().value) {
                Some(written) => self.quoted(written),
                None => write_text(node.as_str().unwrap_or_default(), self.out),
            },
            NodeKind::List => self.list(node),
            NodeKind::Map => self.map(node),
        }
        if tag.is_some() {
            self.out.push('}');
        }
    }

    fn quoted(&mut self, written: &str) {
        self.out.reserve(written.len() + 2);
        self.out.push('"');
        self.out.push_str(written);
        self.out.push('"');
    }

    fn list(&mut self, node: Node<'d>) {
        self.out.push('[');
        let skip = self.skip;
        for (i, item) in node.items().filter(|n| !skip(*n)).enumerate() {
            if i > 0 {
                self.out.push(',');
            }
            self.value(item);
        }
        self.out.push(']');
    }

    fn map(&mut self, node: Node<'d>) {
        let (start, skip) = (self.members.len(), self.skip);
        self.members.extend(node.entries().filter(|(_, n)| !skip(*n)));
        let own = &mut self.members[start..];
        // Only characters beyond the first plane stand elsewhere in UTF-16 than in UTF-8.
        if own.iter().all(|(key, _)| key.is_ascii()) {
            own.sort_by(|a, b| a.0.cmp(b.0));
        } else {
            own.sort_by(|a, b| utf16(a.0, b.0));
        }
        self.out.push('{');
        let (end, mut first) = (self.members.len(), true);
        for at in start..end {
            let (key, value) = self.members[at];
            let shadowed = at + 1 < end && self.members[at + 1].0 == key;
            if shadowed {
                continue;
            }
            if !std::mem::take(&mut first) {
                self.out.push(',');
            }
            match value.doc.written(value.raw().key) {
                Some(written) => self.quoted(written),
                None => write_text(key, self.out),
            }
            self.out.push(':');
            self.value(value);
        }
        self.members.truncate(start);
        self.out.push('}');
    }
}

/// RFC 8785 §3.2.3: keys in the order of their UTF-16 code units.
fn utf16(a: &str, b: &str) -> std::cmp::Ordering {
    // Only characters beyond the first plane stand elsewhere in UTF-16 than in UTF-8: their first byte says so.
    let beyond = |text: &str| text.bytes().any(|b| b >= 0xF0);
    if beyond(a) || beyond(b) { a.encode_utf16().cmp(b.encode_utf16()) } else { a.cmp(b) }
}

fn write_number(text: &str, out: &mut String) {
    let plain_integer = text.len() < 16
        && text.bytes().all(|b| b.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'));
    if plain_integer {
        return out.push_str(text);
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => out.push_str(ryu_js::Buffer::new().format(number)),
        _ => write_text(text, out),
    }
}

fn write_text(text: &str, out: &mut String) {
    out.reserve(text.len() + 2);
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|b| ESCAPED[usize::from(b)]) {
        out.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            8 => out.push_str("\\b"),
            9 => out.push_str("\\t"),
            10 => out.push_str("\\n"),
            12 => out.push_str("\\f"),
            13 => out.push_str("\\r"),
            b => {
                let _ = write!(out, "\\u{b:04x}");
            }
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

/// What does not stand in a text as it is.
const ESCAPED: [bool; 256] = {
    let mut escaped = [false; 256];
    let mut b = 0;
    while b < 0x20 {
        escaped[b] = true;
        b += 1;
    }
    (escaped[b'"' as usize], escaped[b'\\' as usize]) = (true, true);
    escaped
};
