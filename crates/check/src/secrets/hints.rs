//! Whether a text may hold a secret at all: looked at before any pattern, for almost no text does. Each says yes where in
//! doubt.

use aho_corasick::packed::Searcher;
use memchr::{memchr, memchr_iter, memchr2_iter, memmem};
use std::sync::OnceLock;

/// What stands in each token's shape, and at least [`LEAST`] letters of a token behind it.
const BEFORE_TOKENS: [&str; 29] = [
    "AKIA",
    "ASIA",
    "ghp_",
    "gho_",
    "ghs_",
    "ghu_",
    "glpat-",
    "xox",
    "hooks.slack.com/services/T",
    "/api/webhooks/",
    "AIza",
    "sk-",
    "k_live_",
    "SG.",
    "eyJ",
    ":AA",
    "SSWS 00",
    "sig=",
    "AccountKey=",
    "npm_",
    "hf_",
    "dop_v1_",
    "shp",
    "pat",
    "secret_",
    "ntn_",
    "key-",
    "n8n_api_",
    "/with/key/",
];
/// The same for tokens with a point in front.
const VAULT: [&str; 2] = ["hvs.", "hvb."];
/// What stands in the shapes that anything may follow.
const ALONE: [&str; 2] = ["-----BEGIN ", "azurewebsites.net/"];
/// So many letters every other token has.
const LEAST: usize = 16;

fn searcher() -> Option<&'static Searcher> {
    static SEARCHER: OnceLock<Option<Searcher>> = OnceLock::new();
    SEARCHER.get_or_init(|| Searcher::new(BEFORE_TOKENS.iter().chain(&VAULT).chain(&ALONE))).as_ref()
}

/// Whether a token of a known shape may stand in a text.
pub(super) fn may_be_shaped(text: &str) -> bool {
    if text.len() < LEAST {
        return false;
    }
    let Some(searcher) = searcher() else { return true };
    let bytes = text.as_bytes();
    let letter = |b: &u8| b.is_ascii_alphanumeric() || b"_-.%+/=".contains(b);
    let mut at = 0;
    while let Some(found) = searcher.find(&bytes[at..]) {
        let end = at + found.end();
        let alone = found.pattern().as_usize() >= BEFORE_TOKENS.len() + VAULT.len();
        if alone || bytes.get(end..end + LEAST).is_some_and(|next| next.iter().all(letter)) {
            return true;
        }
        at += found.start() + 1;
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
        named && bytes.get(at + 1..at + LEAST).is_some_and(|value| value.iter().all(letter))
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
        assert!(searcher().is_some());
        let token = "q8Zt55vYw0Lr2mNx";
        for before in BEFORE_TOKENS.iter().chain(&VAULT) {
            assert!(may_be_shaped(&format!("a text with {before}{token} in it")), "{before}");
            assert!(!may_be_shaped(&format!("a text with {before} {token}")), "{before}");
        }
        for alone in ALONE {
            assert!(may_be_shaped(&format!("{alone}; a text")), "{alone}");
        }
        // The first that is found has nothing behind it, the second does.
        assert!(may_be_shaped(&format!("task-pat {token} pat{token}")));
        assert!(!may_be_shaped("a path of a patch to a key-value pair"));
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
