//! Changes JSON by its structure, in its text: most inputs then parse, and reach what stands behind the parser.

use std::ops::Range;

/// A small generator; the engine gives the seed.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or(0) % below.max(1)
    }

    fn of<'t, T>(&mut self, list: &'t [T]) -> Option<&'t T> {
        list.get(self.next(list.len()))
    }
}

/// What may stand in a string, as JSON writes it.
const WORDS: &[&str] = &[
    "",
    "0",
    "-1",
    "1e999",
    "true",
    "*",
    "/",
    ".",
    "..",
    "$",
    "$.",
    "${x}",
    "{{x}}",
    "@{x}",
    "={{ $json.x }}",
    "[",
    "]",
    "a.b[0]",
    "[x]",
    "é\u{1F600}",
    "\\u0000",
    "\\n",
    "\\\"",
    "99999999999999999999",
    "next",
    "else",
    "GET",
    "https://{x}/y?z=1",
];

const VALUES: &[&str] = &["null", "true", "0", "-1", "[]", "{}", "\"\"", "\"x\"", "1e999"];

/// A value with what belongs to it: where its key starts (in a list, where it starts itself), where it starts and ends.
struct Part {
    start: usize,
    value: usize,
    end: usize,
}

impl Part {
    fn key(&self) -> Range<usize> {
        self.start..self.value
    }

    fn value(&self) -> Range<usize> {
        self.value..self.end
    }

    fn whole(&self) -> Range<usize> {
        self.start..self.end
    }

    fn has_key(&self) -> bool {
        self.start < self.value
    }
}

/// Mutates JSON in place; nothing when the bytes are no JSON, so that the engine's own mutations take over.
pub fn tree(data: &mut [u8], size: usize, max: usize, seed: u32) -> Option<usize> {
    let mut random = Random((u64::from(seed) << 20) | 0x9E37_79B9);
    if random.next(4) == 0 || !matches!(data.first()?, b'{' | b'[') {
        return None;
    }
    let mut text = data.get(..size)?.to_vec();
    for _ in 0..=random.next(3) {
        let parts = parts(&text)?;
        change(&mut text, &parts, &mut random)?;
    }
    let room = max.min(data.len());
    (text.len() <= room).then(|| data[..text.len()].copy_from_slice(&text))?;
    Some(text.len())
}

fn change(text: &mut Vec<u8>, parts: &[Part], random: &mut Random) -> Option<()> {
    let (part, other) = (random.of(parts)?, random.of(parts)?);
    let donor = |range: Range<usize>| text[range].to_vec();
    let (at, new) = match random.next(8) {
        0 => (part.value(), donor(other.value())),
        1 => (part.value(), random.of(VALUES)?.as_bytes().to_vec()),
        2 | 3 => (with_comma(text, part), Vec::new()),
        4 if part.has_key() == other.has_key() => (part.end..part.end, [b",", &text[other.whole()]].concat()),
        5 if part.has_key() && other.has_key() => (part.key(), donor(other.key())),
        _ => in_value(text, part, random)?,
    };
    text.splice(at, new);
    Some(())
}

/// A member or item and the comma beside it.
fn with_comma(text: &[u8], part: &Part) -> Range<usize> {
    let before = text[..part.start].iter().rposition(|b| !b.is_ascii_whitespace());
    let after = text[part.end..].iter().position(|b| !b.is_ascii_whitespace()).map(|i| part.end + i);
    match (before, after) {
        (_, Some(i)) if text[i] == b',' => part.start..i + 1,
        (Some(i), _) if text[i] == b',' => i..part.end,
        _ => part.whole(),
    }
}

/// A word somewhere into a string, in the place of anything else.
fn in_value(text: &[u8], part: &Part, random: &mut Random) -> Option<(Range<usize>, Vec<u8>)> {
    let word = random.of(WORDS)?.as_bytes().to_vec();
    let inside = part.value + 1..part.end.saturating_sub(1);
    if text[part.value] != b'"' || inside.is_empty() {
        return Some((part.value(), [b"\"", &word[..], b"\""].concat()));
    }
    let mut cut = || letter(text, inside.start + random.next(inside.len() + 1), inside.clone());
    let (a, b) = (cut(), cut());
    Some((a.min(b)..a.max(b), word))
}

/// The next place from `at` on where a letter or an escape begins.
fn letter(text: &[u8], at: usize, inside: Range<usize>) -> usize {
    let mut begins = inside.start;
    while begins < at {
        begins += match text.get(begins..begins + 2) {
            Some(b"\\u") => 6,
            Some([b'\\', _]) => 2,
            _ => 1,
        };
        while text.get(begins).is_some_and(|b| b & 0xC0 == 0x80) {
            begins += 1;
        }
    }
    begins.min(inside.end)
}

/// All values of a JSON text but the outermost; nothing where it is surely none.
fn parts(text: &[u8]) -> Option<Vec<Part>> {
    let (mut parts, mut open): (Vec<Part>, Vec<usize>) = (Vec::new(), Vec::new());
    let (mut at, mut key) = (0, None);
    while let Some(byte) = text.get(at) {
        let start = at;
        at += 1;
        match byte {
            b'{' | b'[' => {
                open.push(parts.len());
                parts.push(Part { start: key.take().unwrap_or(start), value: start, end: 0 });
            }
            b'}' | b']' => parts[open.pop()?].end = at,
            b'"' => {
                at = string_end(text, at)?;
                let colon = text[at..].iter().position(|b| !b.is_ascii_whitespace()).map(|i| at + i);
                if colon.is_some_and(|i| text[i] == b':') {
                    key = Some(start);
                    at = colon? + 1;
                    continue;
                }
                parts.push(Part { start: key.take().unwrap_or(start), value: start, end: at });
            }
            b'-' | b'0'..=b'9' | b'a'..=b'z' => {
                let more = |b: &u8| b.is_ascii_alphanumeric() || b"+-.".contains(b);
                at += text[at..].iter().take_while(|b| more(b)).count();
                parts.push(Part { start: key.take().unwrap_or(start), value: start, end: at });
            }
            _ => {}
        }
    }
    (open.is_empty() && !parts.is_empty()).then(|| parts.remove(0))?;
    Some(parts)
}

fn string_end(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}
