//! JSON to a [`Doc`]: one pass, no recursion, bounded depth.

use super::{AS_WRITTEN, Doc, Fault, MAX_CROWD, MAX_DEPTH, MOST_BYTES, NodeKind, Raw, Slice, index};

const NONE: u32 = u32::MAX;

/// An open container.
struct Open {
    container: u32,
    map: bool,
    /// How many values it has so far, and how many of them are containers.
    count: u32,
    containers: u32,
}

struct Parser<'t> {
    doc: Doc<'t>,
    bytes: &'t [u8],
    at: usize,
    /// The line of this place.
    line: u32,
    /// Open containers, outermost first.
    open: Vec<Open>,
}

pub(super) fn parse(text: &str) -> Result<Doc<'_>, Fault> {
    if text.len() >= MOST_BYTES {
        return Err(Fault { at: 0, message: "larger than 1 GiB: split the export".to_owned() });
    }
    let open = Vec::with_capacity(32);
    let mut parser = Parser { doc: Doc::new(text), bytes: text.as_bytes(), at: 0, line: 1, open };
    parser.document().map_err(|fault| *fault)?;
    parser.doc.keys.close();
    Ok(parser.doc)
}

impl Parser<'_> {
    fn document(&mut self) -> Result<(), Box<Fault>> {
        self.blank()?;
        self.value(Slice::default())?;
        while let Some(open) = self.open.last() {
            let (container, map, empty) = (open.container, open.map, open.count == 0);
            self.inside(container, map, empty)?;
        }
        self.blank()?;
        if self.at < self.bytes.len() {
            let second = matches!(self.bytes[self.at], b'{' | b'[');
            let what = if second {
                "a second document starts here: keep one per file"
            } else {
                "text after the end of the document"
            };
            return Err(self.fault(what));
        }
        Ok(())
    }

    /// Reads the next item of the innermost open container, or closes it.
    fn inside(&mut self, container: u32, map: bool, empty: bool) -> Result<(), Box<Fault>> {
        let close = if map { b'}' } else { b']' };
        self.blank()?;
        if self.peek() == Some(close) {
            self.at += 1;
            self.close(container);
            return Ok(());
        }
        if !empty {
            self.expect(b',', if map { "`,` or `}`" } else { "`,` or `]`" })?;
            self.blank()?;
            if self.peek() == Some(close) {
                return Err(self.fault("a comma before the closing bracket: remove it"));
            }
        }
        let key = if map { self.key()? } else { Slice::default() };
        self.value(key)
    }

    fn key(&mut self) -> Result<Slice, Box<Fault>> {
        if self.peek() != Some(b'"') {
            return Err(self.fault("expected a key in double quotes"));
        }
        let key = self.string()?;
        self.blank()?;
        self.expect(b':', "`:`")?;
        self.blank()?;
        Ok(key)
    }

    fn value(&mut self, key: Slice) -> Result<(), Box<Fault>> {
        let at = self.at;
        let (kind, value) = match self.peek() {
            Some(b'{') => return self.enter(NodeKind::Map, key),
            Some(b'[') => return self.enter(NodeKind::List, key),
            Some(b'"') => (NodeKind::Text, self.string()?),
            Some(b't') => (NodeKind::Bool(true), self.word("true")?),
            Some(b'f') => (NodeKind::Bool(false), self.word("false")?),
            Some(b'n') => (NodeKind::Null, self.word("null")?),
            Some(b'-' | b'0'..=b'9') => (NodeKind::Number, self.number()?),
            Some(_) => return Err(self.fault("expected a value")),
            None => return Err(self.fault("the file ends in the middle of a value: it is cut off")),
        };
        let ix = self.push(kind, key, value, at);
        self.doc.nodes[ix as usize].end = ix + 1;
        Ok(())
    }

    fn enter(&mut self, kind: NodeKind, key: Slice) -> Result<(), Box<Fault>> {
        if self.open.len() >= MAX_DEPTH {
            return Err(self.fault(&format!("nested more than {MAX_DEPTH} deep")));
        }
        if let Some(outer) = self.open.last_mut() {
            outer.containers += 1;
            if outer.containers == MAX_CROWD + 1 {
                self.doc.thin(outer.container);
            }
        }
        let ix = self.push(kind, key, Slice::default(), self.at);
        self.at += 1;
        self.open.push(Open { container: ix, map: kind == NodeKind::Map, count: 0, containers: 0 });
        Ok(())
    }

    fn close(&mut self, container: u32) {
        self.doc.nodes[container as usize].end = index(self.doc.nodes.len());
        let map = self.open.pop().is_some_and(|o| o.map);
        if self.open.last().is_some_and(|outer| outer.containers > MAX_CROWD) {
            return self.doc.truncate(container);
        }
        if map {
            self.doc.note_keys(container);
        }
    }

    fn push(&mut self, kind: NodeKind, key: Slice, value: Slice, at: usize) -> u32 {
        let (parent, key) = match self.open.last_mut() {
            Some(open) => {
                open.count += 1;
                (open.container, key.or_ordinal(open.count - 1))
            }
            None => (NONE, key),
        };
        let ix = index(self.doc.nodes.len());
        self.doc.nodes.push(Raw { kind, key, value, at: index(at), line: self.line, parent, end: NONE });
        ix
    }

    /// White space and comments.
    #[inline]
    fn blank(&mut self) -> Result<(), Box<Fault>> {
        match self.peek() {
            Some(b' ' | b'\n' | b'\r' | b'\t' | b'/') => self.skip_blank(),
            _ => Ok(()),
        }
    }

    fn skip_blank(&mut self) -> Result<(), Box<Fault>> {
        loop {
            match self.peek() {
                Some(b'\n') => {
                    self.line += 1;
                    self.at += 1;
                    self.spaces();
                }
                Some(b' ') => self.spaces(),
                Some(b'\r' | b'\t') => self.at += 1,
                Some(b'/') => self.comment()?,
                _ => return Ok(()),
            }
        }
    }

    /// Goes past spaces, which lines begin with.
    #[inline]
    fn spaces(&mut self) {
        while let Some(next) = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk::<STEP>) {
            let others = u64::from_le_bytes(*next) ^ each(b' ');
            let spaces = others.trailing_zeros() as usize / STEP;
            self.at += spaces;
            if spaces < STEP {
                return;
            }
        }
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    fn comment(&mut self) -> Result<(), Box<Fault>> {
        let rest = &self.bytes[self.at..];
        let length = match rest.get(1) {
            Some(b'/') => memchr::memchr(b'\n', rest).unwrap_or(rest.len()),
            Some(b'*') => match memchr::memmem::find(&rest[2..], b"*/") {
                Some(end) => end + 4,
                None => return Err(self.fault("a comment that does not end")),
            },
            _ => return Err(self.fault("expected a value")),
        };
        self.line += index(memchr::memchr_iter(b'\n', &rest[..length]).count());
        self.at += length;
        Ok(())
    }

    fn string(&mut self) -> Result<Slice, Box<Fault>> {
        let start = self.at + 1;
        let (end, clean) = plain(&self.bytes[start..]);
        let marks = if clean { AS_WRITTEN } else { 0 };
        match self.bytes.get(start + end) {
            Some(b'"') => {
                self.at = start + end + 1;
                Ok(Slice::new(start, end, marks))
            }
            Some(b'\\') => {
                self.at = start + end;
                self.escaped(start, clean)
            }
            _ if memchr::memchr2(b'"', b'\\', &self.bytes[start..]).is_some() => {
                Err(self.fault("a text with a line break or NUL in it"))
            }
            _ => Err(self.fault("a text that does not end: the file may be cut off")),
        }
    }

    /// The rest of a text that is plain from `start` to here.
    fn escaped(&mut self, start: usize, mut clean: bool) -> Result<Slice, Box<Fault>> {
        let begin = self.doc.buffer.len();
        let text = self.doc.text;
        self.doc.buffer.push_str(&text[start..self.at]);
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => clean &= self.escape()?,
                Some(_) => return Err(self.fault("a text with a line break or NUL in it")),
                None => return Err(self.fault("a text that does not end: the file may be cut off")),
            }
            let (run, plainly) = plain(&self.bytes[self.at..]);
            clean &= plainly;
            self.doc.buffer.push_str(&text[self.at..self.at + run]);
            self.at += run;
        }
        let marks = if clean { AS_WRITTEN } else { 0 };
        let slice = self.doc.keep_since(begin, (start, self.at), marks);
        self.at += 1;
        Ok(slice)
    }

    /// One escape; whether RFC 8785 writes the character so.
    fn escape(&mut self) -> Result<bool, Box<Fault>> {
        let (c, so) = match self.bytes.get(self.at + 1) {
            Some(b'n') => ('\n', true),
            Some(b't') => ('\t', true),
            Some(b'r') => ('\r', true),
            Some(b'b') => ('\u{8}', true),
            Some(b'f') => ('\u{c}', true),
            Some(b'"') => ('"', true),
            Some(b'\\') => ('\\', true),
            Some(b'/') => ('/', false),
            Some(b'u') => return self.unicode().map(|()| false),
            _ => return Err(self.fault("an escape that JSON does not have")),
        };
        self.doc.buffer.push(c);
        self.at += 2;
        Ok(so)
    }

    /// `\uXXXX`, also as a surrogate pair; a lone surrogate becomes U+FFFD.
    fn unicode(&mut self) -> Result<(), Box<Fault>> {
        let high = self.hex(self.at + 2)?;
        self.at += 6;
        let paired = (0xD800..0xDC00).contains(&high) && self.bytes[self.at..].starts_with(b"\\u");
        if !paired {
            self.doc.buffer.push(char::from_u32(high).unwrap_or('\u{FFFD}'));
            return Ok(());
        }
        let low = self.hex(self.at + 2)?;
        if (0xDC00..0xE000).contains(&low) {
            self.at += 6;
            let code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
            self.doc.buffer.push(char::from_u32(code).unwrap_or('\u{FFFD}'));
        } else {
            self.doc.buffer.push('\u{FFFD}');
        }
        Ok(())
    }

    fn hex(&self, at: usize) -> Result<u32, Box<Fault>> {
        let digits = self.bytes.get(at..at + 4).and_then(|d| std::str::from_utf8(d).ok());
        let code = digits
            .filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|d| u32::from_str_radix(d, 16).ok());
        code.ok_or_else(|| self.fault("an escape `\\u` without four hexadecimal digits"))
    }

    fn number(&mut self) -> Result<Slice, Box<Fault>> {
        let start = self.at;
        let is_part = |b: &u8| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let len = self.bytes[start..].iter().take_while(|b| is_part(b)).count();
        let text = &self.doc.text[start..start + len];
        // Digits alone are always a number.
        if !text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<f64>().is_err() {
            return Err(self.fault("a number that JSON does not have"));
        }
        self.at += len;
        Ok(Slice::new(start, len, 0))
    }

    fn word(&mut self, word: &str) -> Result<Slice, Box<Fault>> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.fault("expected a value"));
        }
        self.at += word.len();
        Ok(Slice::default())
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn expect(&mut self, byte: u8, what: &str) -> Result<(), Box<Fault>> {
        match self.peek() {
            Some(b) if b == byte => {
                self.at += 1;
                Ok(())
            }
            Some(_) => Err(self.fault(&format!("expected {what}"))),
            None => Err(self.fault("the file ends before its document does: it is cut off")),
        }
    }

    fn fault(&self, message: &str) -> Box<Fault> {
        Box::new(Fault { at: self.at, message: message.to_owned() })
    }
}

/// So many bytes are looked at in one step.
const STEP: usize = 8;

/// A byte in each of eight places.
const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; STEP])
}

/// The first of eight bytes that is a quote, a backslash or below a space: their number where there is none.
fn first_sign(bytes: [u8; STEP]) -> usize {
    let word = u64::from_le_bytes(bytes);
    let zero = |w: u64| w.wrapping_sub(each(1)) & !w;
    let below = word.wrapping_sub(each(0x20)) & !word;
    // A borrow reaches only places behind the first.
    let found = (zero(word ^ each(b'"')) | zero(word ^ each(b'\\')) | below) & each(0x80);
    found.trailing_zeros() as usize / STEP
}

/// How many bytes of a text are plain: up to its end, an escape, a line break or NUL; and whether no other control
/// character is among them.
fn plain(bytes: &[u8]) -> (usize, bool) {
    let (mut at, mut clean) = (0, true);
    loop {
        while let Some(chunk) = bytes[at..].first_chunk::<STEP>() {
            let sign = first_sign(*chunk);
            at += sign;
            if sign < STEP {
                break;
            }
        }
        match bytes.get(at) {
            None | Some(b'"' | b'\\' | b'\n' | 0) => return (at, clean),
            Some(byte) => clean &= *byte >= 0x20,
        }
        at += 1;
    }
}
