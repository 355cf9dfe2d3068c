//! Whether a text may hold a secret at all: looked at before any pattern, for almost no text does. Each says yes where in
//! doubt.

use super::SHAPES;
use aho_corasick::packed::Searcher;
use memchr::{memchr, memchr_iter, memchr2_iter, memmem};
use std::sync::OnceLock;

/// What stands in every token of a shape.
#[derive(Debug, Clone, Copy)]
pub(super) enum Hint {
    /// How it begins, apart from the word before it; [`LEAST`] letters follow.
    Begins(&'static str),
    /// What so many letters follow.
    Before(&'static str),
    /// What anything may follow.
    Alone(&'static str),
}

impl Hint {
    fn text(self) -> &'static str {
        let (Hint::Begins(text) | Hint::Before(text) | Hint::Alone(text)) = self;
        text
    }
}

/// So many letters a token has behind its beginning, before a point.
const LEAST: usize = 14;

/// The hints of all shapes, and what finds them.
type Hints = (Vec<Hint>, Option<Searcher>);

fn hints() -> &'static Hints {
    static HINTS: OnceLock<Hints> = OnceLock::new();
    HINTS.get_or_init(|| {
        let all: Vec<Hint> = SHAPES.iter().flat_map(|(_, _, hints)| *hints).copied().collect();
        let searcher = Searcher::new(all.iter().map(|h| h.text()));
        (all, searcher)
    })
}

/// Whether a token of a known shape may stand in a text.
pub(super) fn may_be_shaped(text: &str) -> bool {
    if text.len() < 16 {
        return false;
    }
    let (hints, Some(searcher)) = hints() else { return true };
    let bytes = text.as_bytes();
    let word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let letter = |b: &u8| word(b) || matches!(b, b'-' | b'%');
    let mut at = 0;
    while let Some(found) = searcher.find(&bytes[at..]) {
        let (start, end) = (at + found.start(), at + found.end());
        let followed = || bytes.get(end..end + LEAST).is_some_and(|next| next.iter().all(letter));
        let may = match hints.get(found.pattern().as_usize()) {
            Some(Hint::Begins(_)) => (start == 0 || !word(&bytes[start - 1])) && followed(),
            Some(Hint::Before(_)) => followed(),
            Some(Hint::Alone(_)) | None => true,
        };
        if may {
            return true;
        }
        at = start + 1;
    }
    false
}

/// How names of secrets end.
const LAST: &[u8] = b"dtynDTYN";

/// Whether a quoted text may be given to a name that means a secret: behind such an end, perhaps a quote and white
/// space, `:` or `=`, and a quote with eight letters behind it.
pub(super) fn may_assign(text: &str) -> bool {
    let bytes = text.as_bytes();
    let blank = |b: &u8| b.is_ascii_whitespace() || *b == 0x0b || !b.is_ascii();
    memchr2_iter(b':', b'=', bytes).any(|at| {
        let mut before = bytes[..at].iter().rev().skip_while(|b| blank(b));
        let mut last = before.next();
        if matches!(last, Some(b'"' | b'\'')) {
            last = before.next();
        }
        let mut after = bytes[at + 1..].iter().skip_while(|b| blank(b));
        let quoted = matches!(after.next(), Some(b'"' | b'\''));
        let plain = |b: &u8| !matches!(b, b'"' | b'\'') && !b.is_ascii_whitespace();
        last.is_some_and(|b| LAST.contains(b))
            && quoted
            && after.clone().take(8).filter(|b| plain(b)).count() == 8
    })
}

/// Whether a query may have a parameter whose name ends like a secret's, and a long value.
pub(super) fn may_have_parameter(text: &str) -> bool {
    let bytes = text.as_bytes();
    let letter = |b: &u8| b.is_ascii_alphanumeric() || b"._-".contains(b) || !b.is_ascii();
    memchr_iter(b'=', bytes).any(|at| {
        let named = at > 0 && LAST.contains(&bytes[at - 1]);
        named && bytes.get(at + 1..at + 16).is_some_and(|value| value.iter().all(letter))
    })
}

/// Whether a command may have an option for a password: `--` somewhere, and `passw`.
pub(super) fn may_have_option(text: &str) -> bool {
    let bytes = text.as_bytes();
    let passw = |at: usize| bytes.get(at..at + 5).is_some_and(|word| word.eq_ignore_ascii_case(b"passw"));
    let ends = || memchr2_iter(b'w', b'W', bytes).filter_map(|at| at.checked_sub(4));
    memchr(b'-', bytes).is_some() && memmem::find(bytes, b"--").is_some() && ends().any(passw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_which_a_token_may_stand() {
        assert!(hints().1.is_some());
        assert!(SHAPES.iter().all(|(_, _, hints)| !hints.is_empty()));
        let token = "q8Zt55vYw0Lr2mNx";
        for hint in &hints().0 {
            let text = hint.text();
            let (alone, begins) = (matches!(hint, Hint::Alone(_)), matches!(hint, Hint::Begins(_)));
            assert!(may_be_shaped(&format!("a text with {text}{token} in it")), "{text}");
            assert_eq!(may_be_shaped(&format!("a text with {text} {token}")), alone, "{text}");
            assert_eq!(may_be_shaped(&format!("a text with no{text}{token} in it")), !begins, "{text}");
        }
        // The first that is found has nothing behind it, the second does.
        assert!(may_be_shaped(&format!("a pat {token} pat{token}")));
        assert!(!may_be_shaped("the path of/a/patch/to a key-value pair"));
    }

    #[test]
    fn code_in_which_a_secret_may_be_given() {
        assert!(may_assign("const PASSWORD = 'Winter2031'") && may_assign("{\"apiKey\" : \"Winter2031\"}"));
        assert!(may_assign("token\u{a0}=\u{a0}'Winter2031'"));
        assert!(!may_assign("const token = process.env.TOKEN; const name = 'somebody else'"));
        assert!(!may_assign("token = 'x'; a: 'kkkkkkkkkkkkk'"));
        assert!(may_have_parameter("x?appid=k81f02a97c88957") && !may_have_parameter("x?appid=short&page=1"));
        assert!(may_have_option("tool --set adminPassword=x") && !may_have_option("tool --set name=x -p"));
    }
}
