//! Literal credentials: the shapes that issuers give their tokens, and constants under names that mean a secret.
//! Placeholders are none.

mod hints;

use hints::Hint::{self, Alone, Before, Begins};
use regex::Regex;
use std::sync::OnceLock;

/// A literal credential in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<'t> {
    /// What it is, for people.
    pub what: &'static str,
    /// Its text.
    pub text: &'t str,
}

/// Token shapes: what each is, its pattern, and what stands in every token of it.
const SHAPES: &[(&str, &str, &[Hint])] = &[
    ("an AWS access key", r"(?-u:\b)(?:AKIA|ASIA)[0-9A-Z]{16}(?-u:\b)", &[Begins("AKIA"), Begins("ASIA")]),
    (
        "a GitHub token",
        r"(?-u:\b)gh[opsu]_[A-Za-z0-9]{36}(?-u:\b)|(?-u:\b)github_pat_[A-Za-z0-9_]{22,}",
        &[Begins("ghp_"), Begins("gho_"), Begins("ghs_"), Begins("ghu_"), Begins("github_pat_")],
    ),
    ("a GitLab token", r"(?-u:\b)glpat-[A-Za-z0-9_-]{20,}", &[Begins("glpat-")]),
    ("a Slack token", r"(?-u:\b)xox[abeoprs]-[A-Za-z0-9-]{16,}", &[Begins("xox")]),
    (
        "a Slack webhook address",
        r"hooks\.slack\.com/services/T[A-Z0-9]{8,}/B[A-Z0-9]{8,}/[A-Za-z0-9]{20,}",
        &[Alone("hooks.slack.com/services/T")],
    ),
    (
        "a Discord webhook address",
        r"discord(?:app)?\.com/api/webhooks/[0-9]{16,}/[A-Za-z0-9_-]{40,}",
        &[Before("/api/webhooks/")],
    ),
    ("a Google API key", r"(?-u:\b)AIza[0-9A-Za-z_-]{35}", &[Begins("AIza")]),
    ("an OpenAI or Anthropic key", r"(?-u:\b)sk-(?:proj-|ant-)?[A-Za-z0-9_-]{20,}", &[Begins("sk-")]),
    ("a Stripe key", r"(?-u:\b)[sr]k_live_[A-Za-z0-9]{20,}", &[Before("k_live_")]),
    ("a SendGrid key", r"(?-u:\b)SG\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{40,}", &[Begins("SG.")]),
    (
        "a signed token",
        r"(?-u:\b)eyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{20,}",
        &[Begins("eyJ")],
    ),
    ("a private key", r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----", &[Alone("-----BEGIN ")]),
    ("a Telegram bot token", r"(?-u:\b)[0-9]{8,10}:AA[A-Za-z0-9_-]{32,}", &[Before(":AA")]),
    ("an Okta API token", r"(?-u:\b)SSWS 00[A-Za-z0-9_-]{38,}", &[Begins("SSWS 00")]),
    ("a signed address", r"[?&]sig=[A-Za-z0-9%_-]{40,}", &[Before("sig=")]),
    (
        "a function's key",
        r"azurewebsites\.net/[^\s'\x22?]*\?(?:[^\s'\x22]*&)?code=[A-Za-z0-9+/_%-]{40,}={0,2}",
        &[Alone("azurewebsites.net/")],
    ),
    (
        "an IFTTT webhook's key",
        r"maker\.ifttt\.com/trigger/[^\s'\x22/]+/(?:json/)?with/key/[A-Za-z0-9_-]{20,}",
        &[Before("/with/key/")],
    ),
    ("a storage account key", r"AccountKey=[A-Za-z0-9+/=]{40,}", &[Alone("AccountKey=")]),
    ("an npm token", r"(?-u:\b)npm_[A-Za-z0-9]{36}(?-u:\b)", &[Begins("npm_")]),
    ("a Hugging Face token", r"(?-u:\b)hf_[A-Za-z0-9]{30,}", &[Begins("hf_")]),
    ("a DigitalOcean token", r"(?-u:\b)dop_v1_[a-f0-9]{60,}", &[Begins("dop_v1_")]),
    ("a Shopify token", r"(?-u:\b)shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}", &[Begins("shp")]),
    ("a HubSpot token", r"(?-u:\b)pat-(?:na|eu)[0-9]-[0-9a-f-]{36}", &[Begins("pat-")]),
    (
        "a Notion token",
        r"(?-u:\b)(?:secret_[A-Za-z0-9]{43}|ntn_[A-Za-z0-9]{40,})",
        &[Begins("secret_"), Begins("ntn_")],
    ),
    ("an Airtable token", r"(?-u:\b)pat[A-Za-z0-9]{14}\.[a-f0-9]{64}", &[Begins("pat")]),
    ("a Mailgun key", r"(?-u:\b)key-[0-9a-f]{32}(?-u:\b)", &[Begins("key-")]),
    ("an n8n API key", r"(?-u:\b)n8n_api_[0-9a-f]{40,}", &[Begins("n8n_api_")]),
    ("a Vault token", r"(?-u:\b)hv[sb]\.[A-Za-z0-9_-]{24,}", &[Begins("hvs."), Begins("hvb.")]),
];

/// All shapes as one pattern. Our own patterns are valid: a test holds that.
fn shapes() -> Option<&'static Regex> {
    static SHAPED: OnceLock<Option<Regex>> = OnceLock::new();
    let any = || SHAPES.iter().map(|(_, r, _)| *r).collect::<Vec<_>>().join("|");
    SHAPED.get_or_init(|| Regex::new(&any()).ok()).as_ref()
}

/// Each shape alone, made when the first token is found.
fn each_shape() -> &'static [Regex] {
    static EACH: OnceLock<Vec<Regex>> = OnceLock::new();
    EACH.get_or_init(|| SHAPES.iter().filter_map(|(_, r, _)| Regex::new(r).ok()).collect())
}

/// The tokens of a known shape in a text.
#[must_use]
pub fn shaped(text: &str) -> Vec<Found<'_>> {
    let Some(any) = shapes().filter(|_| hints::may_be_shaped(text)) else { return Vec::new() };
    let real = any.find_iter(text).filter(|m| !is_blank(m.as_str()));
    let found = real.map(|m| {
        let is = |r: &Regex| r.is_match(m.as_str()) || r.find_at(text, m.start()).is_some_and(|f| f == m);
        let which = each_shape().iter().position(is);
        let what = which.and_then(|i| SHAPES.get(i)).map_or("a token", |(what, ..)| *what);
        Found { what, text: m.as_str() }
    });
    found.collect()
}

/// A literal secret under a name that means one.
#[must_use]
pub fn named<'t>(name: &str, text: &'t str) -> Option<Found<'t>> {
    let meaning = secret_name(name)?;
    let text = text.trim();
    let (what, text) = match meaning {
        "header" => ("a credential in a header", credential_of_header(text)?),
        "password" => ("a password", text),
        "token" if is_random(text) => ("a key or token", text),
        _ => return None,
    };
    let plausible = (6..=4096).contains(&text.len()) && !text.contains(char::is_whitespace);
    let word = text.eq_ignore_ascii_case(name) || is_placeholder(text) || is_reference(text);
    (plausible && !word).then_some(Found { what, text })
}

/// The passwords of those who sign in by an address: `https://name:password@host/`.
fn of_users(text: &str) -> impl Iterator<Item = Found<'_>> {
    let colons = memchr::memchr_iter(b':', text.as_bytes()).map(|at| &text[at + 1..]);
    colons.filter_map(|behind| behind.strip_prefix("//")).filter_map(|rest| {
        let authority = rest.split(['/', '?', '#', ' ', '"', '\'', '<']).next()?;
        let (user, _) = authority.rsplit_once('@')?;
        named("password", user.split_once(':')?.1)
    })
}

/// The secrets in a URL: passwords before a host, and those among its query parameters.
#[must_use]
pub fn in_url(text: &str) -> Vec<Found<'_>> {
    // A part of an address behind a hole begins with the next parameter.
    let query =
        text.split_once('?').map(|(_, query)| query).or_else(|| text.starts_with('&').then_some(text));
    let pairs = query.into_iter().flat_map(|q| q.split('&')).filter_map(|p| p.split_once('='));
    let secret = |(name, value)| {
        let name = if matches!(name, "key" | "apikey" | "api-key" | "appid") { "apikey" } else { name };
        named(name, value)
    };
    of_users(text).chain(pairs.filter_map(secret)).collect()
}

/// The secrets in a text by which a client connects: `Server=…;User ID=…;Password=…`.
#[must_use]
pub fn in_connection(text: &str) -> Vec<Found<'_>> {
    const PLACES: [&str; 10] = [
        "server",
        "data source",
        "address",
        "addr",
        "network address",
        "host",
        "endpoint",
        "hostname",
        "database",
        "initial catalog",
    ];
    if !text.contains(';') || !text.contains('=') {
        return Vec::new();
    }
    let pairs =
        || text.split(';').filter_map(|p| p.split_once('=')).map(|(name, value)| (name.trim(), value));
    let placed = pairs().any(|(name, _)| PLACES.iter().any(|place| name.eq_ignore_ascii_case(place)));
    pairs().filter(|_| placed).filter_map(|(name, value)| named(name, value)).collect()
}

/// The literals that code gives to names that mean a secret.
#[must_use]
pub fn in_code(text: &str) -> Vec<Found<'_>> {
    static ASSIGNED: OnceLock<Option<Regex>> = OnceLock::new();
    let assigned = ASSIGNED.get_or_init(|| {
        Regex::new(r#"(?i)(?-u:\b)([a-z_]*(?:password|passwd|secret|api_?key|token))["']?\s*[:=]\s*["']([^"'\s]+)["']"#).ok()
    });
    let (mut secrets, mut at) = (Vec::new(), 0);
    let Some(assigned) = assigned.as_ref().filter(|_| hints::may_assign(text)) else { return secrets };
    while let Some(found) = assigned.captures_at(text, at) {
        let (Some(whole), Some(name), Some(value)) = (found.get(0), found.get(1), found.get(2)) else {
            break;
        };
        // The length is looked at here: in the pattern it would be two hundred times as large.
        if !(8..=200).contains(&value.as_str().chars().count()) {
            at = name.start() + name.as_str().chars().next().map_or(1, char::len_utf8);
            continue;
        }
        secrets.extend(named(name.as_str(), value.as_str()).filter(|_| is_random(value.as_str())));
        at = whole.end();
    }
    secrets
}

/// The keys with which code signs tokens, or checks them: `jwt.sign(payload, "…")`.
/// Source: <https://www.npmjs.com/package/jsonwebtoken>
#[must_use]
pub fn in_signing(text: &str) -> Vec<Found<'_>> {
    static SIGNED: OnceLock<Option<Regex>> = OnceLock::new();
    let source = r#"(?-u:\b)jwt\s*\.\s*(?:sign|verify)\s*\((?:\s*\{[^{}]*\}\s*|[^,(){}"']+),\s*["']([^"'\s]{4,200})["']"#;
    let signed = SIGNED.get_or_init(|| Regex::new(source).ok()).as_ref().filter(|_| text.contains("jwt"));
    let keys = signed.iter().flat_map(|s| s.captures_iter(text)).filter_map(|c| Some(c.get(1)?.as_str()));
    keys.filter(|key| !is_placeholder(key)).map(|text| Found { what: "a signing key", text }).collect()
}

/// Keys among the parameters of an address that code writes down.
#[must_use]
pub fn in_address<'t>(text: &'t str) -> Vec<Found<'t>> {
    static PARAMETER: OnceLock<Option<Regex>> = OnceLock::new();
    let parameter = PARAMETER.get_or_init(|| {
        Regex::new(r"(?i)[?&]([a-z_-]*(?:key|token|secret|appid))=([A-Za-z0-9._-]{15,200})").ok()
    });
    let found =
        parameter.iter().filter(|_| hints::may_have_parameter(text)).flat_map(|p| p.captures_iter(text));
    let secret = |c: regex::Captures<'t>| {
        let (name, value) = (c.get(1)?.as_str(), c.get(2)?.as_str());
        let name = if matches!(name, "key" | "appid") { "apikey" } else { name };
        named(name, value)
    };
    found.filter_map(secret).collect()
}

/// Passwords that a command is given as options: `--set adminPassword=…`, `--password …`.
#[must_use]
pub fn in_command(text: &str) -> Vec<Found<'_>> {
    static OPTION: OnceLock<Option<Regex>> = OnceLock::new();
    let option = OPTION.get_or_init(|| {
        Regex::new(r#"(?i)--[a-z0-9-]*(?:\s+[a-z0-9_.]*)?(?:password|passwd)[= ]["']?([^\s"'${}<>%-][^\s"'${}<>%]{5,100})"#).ok()
    });
    let found = option.iter().filter(|_| hints::may_have_option(text)).flat_map(|o| o.captures_iter(text));
    let found = found.filter_map(|c| named("password", c.get(1)?.as_str()));
    found.map(|f| Found { what: "a password", ..f }).collect()
}

/// Names of headers that hold a credential.
const HEADERS: [&str; 2] = ["authorization", "proxyauthorization"];
/// How names of passwords end.
const PASSWORDS: [&str; 5] = ["password", "passwd", "pwd", "passphrase", "passcode"];
/// How names of tokens end; `token` alone is one too.
const TOKENS: [&str; 15] = [
    "apikey",
    "apitoken",
    "accesstoken",
    "authtoken",
    "bearertoken",
    "secret",
    "clientsecret",
    "secretkey",
    "privatekey",
    "accesskey",
    "sharedkey",
    "subscriptionkey",
    "authkey",
    "bottoken",
    "refreshtoken",
];
/// The last letters of all these words.
const LAST_LETTERS: &[u8] = b"denty";

/// Letters and digits of a name that are compared; the words have fewer.
const MOST_LETTERS: usize = 64;

/// What kind of secret a name means.
fn secret_name(name: &str) -> Option<&'static str> {
    let letters = || name.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_lowercase());
    // Almost all names end otherwise.
    if !letters().next_back().is_some_and(|last| LAST_LETTERS.contains(&last)) {
        return None;
    }
    let (mut last, mut from) = ([0; MOST_LETTERS], MOST_LETTERS);
    for letter in letters().rev().take(MOST_LETTERS) {
        from -= 1;
        last[from] = letter;
    }
    let last = &last[from..];
    let ends = |words: &[&str]| words.iter().any(|w| last.ends_with(w.as_bytes()));
    if HEADERS.iter().any(|w| last == w.as_bytes()) {
        return Some("header");
    }
    if ends(&PASSWORDS) {
        let starts = |word: &str| letters().take(word.len()).eq(word.bytes());
        return (!starts("forget") && !starts("reset")).then_some("password");
    }
    (ends(&TOKENS) || last == b"token").then_some("token")
}

/// The credential of an `Authorization` header.
fn credential_of_header(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once(char::is_whitespace).unwrap_or(("", text));
    let known = ["bearer", "basic", "token", "ssws", "key", "apikey", "genie-key", ""];
    let rest = rest.trim();
    (known.contains(&scheme.to_ascii_lowercase().as_str()) && is_random(rest)).then_some(rest)
}

/// Looks drawn by chance: long, of one piece, letters and digits mixed.
fn is_random(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let letters = text.chars().filter(char::is_ascii_alphabetic).count();
    let words = text
        .split(['_', '-', ' '])
        .filter(|w| w.len() > 2 && w.chars().all(|c| c.is_ascii_lowercase()))
        .count();
    let address = text.contains("://") || text.contains('@') && text.contains('.');
    text.len() >= 15 && !text.contains(' ') && digits >= 2 && letters >= 1 && words < 3 && !address
}

/// Stands for a secret that somebody is to put in.
#[must_use]
pub fn is_placeholder(text: &str) -> bool {
    static WORD: OnceLock<Option<Regex>> = OnceLock::new();
    // Words that stand inside others too (`DataCenter`, `Enterprise`), so only with no letter beside them.
    let word = WORD.get_or_init(|| {
        Regex::new(
            r"(?i)(?:^|[^a-z])(?:insert|replace|enter|hidden|sample|to.?do|none|null|undefined|credentials?)(?:[^a-z]|$)",
        )
        .ok()
    });
    is_blank(text) || word.as_ref().is_none_or(|p| p.is_match(text))
}

/// Stands for a secret by words that are in no token drawn by chance.
fn is_blank(text: &str) -> bool {
    static BLANK: OnceLock<Option<Regex>> = OnceLock::new();
    let blank = BLANK.get_or_init(|| {
        Regex::new(
            r"(?ix)your|example|placeholder|change.?(?:me|it)|x{4,}|<[^>]*>|\*{3,}|•|dummy|_here|redact|\.\.\.|…|12345678|abcdef
            |fake|goes.?here|my[-_]?(?:secret|token|key|password)
            |(?:^|[^a-z])(?:insert|replace|enter|sample|hidden)(?:me|this|with|here|the|api|access|client|key|token|pass|secret|value|cred)",
        )
        .ok()
    });
    let first = text.chars().next();
    let all_same = text.chars().all(|c| Some(c) == first);
    all_same || blank.as_ref().is_none_or(|p| p.is_match(text))
}

/// A word that stands for a password in examples, but is one where it is really set.
#[must_use]
pub fn is_example(text: &str) -> bool {
    let text = text.trim();
    let lower = text.to_lowercase();
    let empty =
        ["your", "placeholder", "insert", "replace", "here", "xxxx", "***", "...", "…", "•", "redact"];
    let word =
        text.len() >= 6 && !text.contains(char::is_whitespace) && !text.contains(['<', '>', '{', '}', '$']);
    word && !is_reference(text) && is_placeholder(text) && !empty.iter().any(|w| lower.contains(w))
}

/// Refers to a value kept elsewhere.
fn is_reference(text: &str) -> bool {
    let marks = [
        "{{",
        "${",
        "@{",
        "[parameters(",
        "[variables(",
        "$json",
        "$vars",
        "$env",
        "{%",
        "@parameters",
        "process.env",
        "secrets.",
    ];
    marks.iter().any(|m| text.contains(m)) || text.starts_with(['{', '[', '$', '@', '=', '%'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(found: Vec<Found<'_>>) -> Option<&str> {
        found.first().map(|f| f.text)
    }

    #[test]
    fn every_secret_of_a_text_is_found() {
        let (one, two) = ("k3v9Zq0Lw7Tn42xB", "q8Zt55vYw0Lr2mNx91");
        let texts = |found: Vec<Found<'_>>| found.iter().map(|f| f.text.to_owned()).collect::<Vec<_>>();
        let both = [one, two];
        assert_eq!(texts(in_code(&format!("apiKey = '{one}'; name = 'x'; token = '{two}'"))), both);
        assert_eq!(texts(in_url(&format!("https://a.test/?key={one}&page=1&token={two}"))), both);
        assert_eq!(texts(in_url(&format!("https://u:{one}@a.test/ https://u:{two}@b.test/"))), both);
        assert_eq!(texts(in_address(&format!("f('/?token={one}'); g('/?appid={two}')"))), both);
        assert_eq!(texts(in_command(&format!("x --password {one} && y --password={two}"))), both);
        assert_eq!(texts(in_connection(&format!("Server=a;Password={one};SharedAccessKey={two}"))), both);
        let tokens =
            format!("npm_{0} and glpat-{1}", "a8Kd93mZqPwL2xVn7RtYbC5sHj1Gf0QeUi4T", "k3v9Zq0Lw7Tn42xBc5D8");
        assert_eq!(
            shaped(&tokens).iter().map(|f| f.what).collect::<Vec<_>>(),
            ["an npm token", "a GitLab token"]
        );
    }

    #[test]
    fn the_keys_of_signatures_are_secrets() {
        let found = |text| first(in_signing(text));
        assert_eq!(found("jwt.sign({ sub: id }, 'Harbour7', { expiresIn: '1h' })"), Some("Harbour7"));
        assert_eq!(found("jwt.verify(msg.token, \"Harbour7\")"), Some("Harbour7"));
        assert_eq!(found("jwt.sign(claims, env.get('KEY'))"), None);
        assert_eq!(found("jwt.sign(claims, 'your-secret')"), None);
        let key = "k81f02a97c88957d";
        assert_eq!(first(in_url(&format!("https://a.test/?lat=1&appid={key}"))), Some(key));
    }

    #[test]
    fn patterns_are_valid() {
        assert!(shapes().is_some() && each_shape().len() == SHAPES.len());
        assert!(!is_placeholder("q8Zt55vYw0Lr2mNx91"));
        assert!(in_code("x").is_empty() && !in_code("token = 'q8Zt55vYw0Lr2mNx91'").is_empty());
    }

    #[test]
    fn options_of_commands_are_searched() {
        let found = |text| first(in_command(text));
        assert_eq!(found("helm install x --set adminPassword=Winter2031"), Some("Winter2031"));
        assert_eq!(found("tool login --password 'Winter2031' --force"), Some("Winter2031"));
        assert_eq!(found("tool login --password $PASSWORD"), None);
        assert_eq!(found("tool login --password-stdin --force"), None);
    }

    #[test]
    fn shapes_are_known_and_placeholders_are_not() {
        let key = "https://maker.ifttt.com/trigger/door/with/key/aB3dE6gH9jK2mN5pQ8sT1v";
        assert_eq!(shaped(key).first().map(|f| f.what), Some("an IFTTT webhook's key"));
        let key = format!("AKIA{}", "Q7ZT2M9XBV4KWP3R");
        assert_eq!(shaped(&format!("id={key};")).first().map(|f| f.what), Some("an AWS access key"));
        let function = "https://acme.azurewebsites.net/api/Run?code=";
        let key = "q8Zt55vYw0Lr2mNx91Kd7bTg3WcPz6hJ4sVf8yRu5aEo1iQxHn==";
        assert_eq!(shaped(&format!("{function}{key}")).first().map(|f| f.what), Some("a function's key"));
        assert_eq!(shaped(&format!("{function}@{{variables('key')}}")), []);
        assert_eq!(shaped("xoxb-your-token-goes-here-please"), []);
        assert_eq!(shaped("short"), []);
    }

    #[test]
    fn every_word_ends_in_a_letter_that_is_looked_for() {
        let all = HEADERS.iter().chain(&PASSWORDS).chain(&TOKENS).chain(&["token"]);
        for word in all {
            assert!(LAST_LETTERS.contains(word.as_bytes().last().unwrap()), "{word}");
            assert!(secret_name(word).is_some(), "{word}");
        }
    }

    #[test]
    fn a_text_to_connect_by_is_searched() {
        let found = |text| first(in_connection(text));
        assert_eq!(
            found("Server=tcp:db.corp.test;Database=hr;User ID=sa;Password=Winter2031;"),
            Some("Winter2031")
        );
        let bus = "Endpoint=sb://b.servicebus.test/;SharedAccessKeyName=all;SharedAccessKey=q8Zt55vYw0Lr2mNx91Kd7bTg=";
        assert_eq!(found(bus), Some("q8Zt55vYw0Lr2mNx91Kd7bTg="));
        assert_eq!(found("Server=db;User ID=sa;Password={password};"), None);
        assert_eq!(found("color=red; password=Winter2031;"), None, "it says no place");
    }

    #[test]
    fn names_decide_what_a_literal_is() {
        assert!(named("password", "Winter2031!").is_some());
        assert!(named("password", "{{ $json.password }}").is_none());
        assert!(named("passwordPolicies", "DisablePasswordExpiration").is_none());
        assert!(named("Authorization", "Bearer YOUR_TOKEN_HERE").is_none());
        assert!(named("Authorization", "Bearer q8Zt55vYw0Lr2mNx91").is_some());
        assert!(named("tokenUrl", "https://login.corp.test/oauth2/v2").is_none());
        assert!(named("apiKey", "kitchen").is_none());
    }

    #[test]
    fn words_of_placeholders_inside_others_are_none() {
        for real in [
            "DataCenter-Zx91!",
            "Enterprise-Q7x!42zz",
            "Ptodog7!kk",
            "Annulled-4711x",
            "noneSuch_91x",
            "Samples4Lab!",
        ] {
            assert!(named("password", real).is_some(), "{real}");
        }
        for blank in [
            "REPLACEME",
            "EnterKey",
            "enter-password",
            "TO-DO",
            "[hidden]",
            "none (yet)",
            "InsertTokenHere",
            "credentials",
        ] {
            assert!(named("password", blank).is_none(), "{blank}");
        }
        let token = format!("sk-{}", "q8Zt55v-null-Lr2mNx91Kd7bTg");
        assert_eq!(shaped(&token).len(), 1);
    }

    #[test]
    fn an_example_is_told_from_a_blank() {
        assert!(is_example("ChangeMe123!") && is_example("example-password"));
        assert!(!is_example("<password>") && !is_example("YOUR_PASSWORD") && !is_example("Winter2031!"));
    }

    #[test]
    fn addresses_and_code_are_searched() {
        assert!(!in_url("https://api.corp.test/ocr?apikey=K81f02a97c88957&lang=eng").is_empty());
        assert!(in_url("https://api.corp.test/ocr?apikey=YOUR_KEY").is_empty());
        assert!(!in_url("&sort=new&apiKey=k81f02a97c88957q").is_empty());
        let signed_in = first(in_url("https://desk:Winter$2031@hr.corp.test/people"));
        assert_eq!(signed_in, Some("Winter$2031"));
        for none in [
            "https://hr.corp.test:8443/@desk",
            "https://desk:{{password}}@hr.corp.test/",
            "mailto:a@b.test",
            "https://user:password@hr.corp.test/",
        ] {
            assert!(in_url(none).is_empty(), "{none}");
        }
        assert!(
            !in_address("msg.url = `https://news.test/all?from=${d}&apiKey=k81f02a97c88957q`").is_empty()
        );
        assert!(in_address("msg.url = `https://news.test/all?apiKey=${key}`").is_empty());
        assert!(!in_code("const apiKey = 'k3v9Zq0Lw7Tn42xB';").is_empty());
        assert!(in_code("const apiKey = $env.API_KEY;").is_empty());
    }
}
