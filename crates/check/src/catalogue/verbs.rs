//! Verbs that say by themselves what an operation does, where a platform's vendor names its operations by verb.

use workflow::Kind;

const READS: &[&str] = &[
    "get",
    "list",
    "search",
    "find",
    "lookup",
    "query",
    "read",
    "fetch",
    "describe",
    "check",
    "count",
    "download",
    "test",
    "ping",
    "verify",
    "validate",
    "parse",
    "convert",
    "format",
    "extract",
    "calculate",
    "compare",
    "retrieve",
    "view",
    "show",
    "export",
    "enumerate",
    "enrich",
    "whois",
    "geolocate",
    "resolve",
    "poll",
    "scan",
    "browse",
    "filter",
    "sort",
    "split",
    "encode",
    "decode",
    "hash",
    "detect",
    "classify",
    "summarize",
    "translate",
    "analyze",
    "analyse",
    "inspect",
    "monitor",
    "exists",
    "is",
    "has",
    "select",
];

/// What an operation does by its first word; nothing where a verb does not say it, or a later word may mean a change.
#[must_use]
pub fn operation(name: &str) -> Option<Kind> {
    let words = own_words(name);
    let reads = words.first().is_some_and(|w| READS.contains(&w.as_str())) && !may_change(&words);
    reads.then(|| if gets_secret(&words) { Kind::ReadSecret } else { Kind::Read })
}

/// What a method of Amazon's library does by its first word: fewer of them only read (`support:resolveCase`,
/// `ses:verifyEmailIdentity`, `elasticache:testFailover`).
#[must_use]
pub fn of_amazon(method: &str) -> Option<Kind> {
    let reads = [
        "count", "describe", "detect", "filter", "get", "list", "lookup", "query", "search", "select",
        "validate",
    ];
    let first = own_words(method).into_iter().next()?;
    reads.contains(&first.as_str()).then(|| operation(method)).flatten()
}

/// Whether an operation does more than its verb says, which reads: some word of it means a change (`GetOrCreateUser`), or what
/// it gets is a secret. The method of a request says enough.
#[must_use]
pub fn says_more(name: &str) -> bool {
    let words = own_words(name);
    !name.contains(" /") && (may_change(&words) || gets_secret(&words))
}

/// The words of an operation without the resource or the path before it.
fn own_words(name: &str) -> Vec<String> {
    words(name.rsplit([':', '/']).next().unwrap_or_default(), char::is_alphanumeric)
}

/// Whether words mean a change: a verb that is no noun besides, a verb after `and` or `or`, a case that is resolved, a file
/// that is checked in or out.
fn may_change(words: &[String]) -> bool {
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let joined = |at: usize| at > 0 && matches!(word(at - 1), "and" | "or" | "then");
    let verb = |at: usize| match word(at) {
        "reset" | "update" => at + 1 < words.len() || joined(at),
        w if VERBS.contains(&w) => true,
        w => joined(at) && (CHANGES.contains(&w) || MORE_CHANGES.contains(&w)),
    };
    let names = ["address", "dns", "domain", "host", "hostname", "id", "ip", "link", "name", "url"];
    match (word(0), word(1)) {
        ("check", "in" | "out") | ("checkin" | "checkout", _) => true,
        ("resolve", next) if !next.is_empty() => !words.iter().any(|w| names.contains(&w.as_str())),
        _ => (0..words.len()).any(verb),
    }
}

/// Verbs that are no nouns besides and mean a change; `reset` and `update` are nouns where they stand last.
const VERBS: &[&str] = &[
    "activate",
    "add",
    "approve",
    "assign",
    "create",
    "deactivate",
    "delete",
    "deprovision",
    "disable",
    "enable",
    "modify",
    "promote",
    "provision",
    "purge",
    "reject",
    "remove",
    "rename",
    "revoke",
    "rotate",
    "suspend",
    "terminate",
    "unassign",
    "unblock",
    "unlock",
    "unsuspend",
    "upsert",
];

/// Whether what an operation gets is a secret: the last word of its object, before how or for whom it is got.
fn gets_secret(words: &[String]) -> bool {
    let gets = ["download", "export", "fetch", "get", "read", "retrieve", "reveal", "show", "view"];
    let Some(at) = words.iter().position(|w| gets.contains(&w.as_str())) else { return false };
    let behind = &words[at + 1..];
    let object = if behind.is_empty() { &words[..at] } else { behind };
    let how = ["by", "for", "from", "in", "of", "to", "using", "with"];
    let object = object.iter().map(String::as_str).take_while(|w| !how.contains(w));
    let tail = |w: &&str| matches!(*w, "text" | "value" | "version") || w.starts_with('v') && w.len() == 2;
    let object: Vec<&str> = object.filter(|w| !tail(w)).collect();
    match object.as_slice() {
        [.., kind, "key"] => {
            ["access", "api", "encryption", "private", "recovery", "secret", "shared"].contains(kind)
        }
        [.., last] => SECRETS.contains(last),
        [] => false,
    }
}

/// What is a secret by its name.
const SECRETS: &[&str] = &[
    "apikey",
    "credential",
    "credentials",
    "passphrase",
    "password",
    "passwords",
    "secret",
    "secrets",
    "token",
];

/// What an operation does whose name begins with what it is about (`Users_List`, `contacts-search`): it reads where some word of
/// it reads and none may mean a change.
#[must_use]
pub fn anywhere(name: &str) -> Option<Kind> {
    let words = words(name, char::is_alphanumeric);
    let is = |list: &[&str]| words.iter().any(|w| list.contains(&w.as_str()));
    let reads = is(READS) && !is(CHANGES) && !is(MORE_CHANGES) && !may_change(&words);
    reads.then(|| if gets_secret(&words) { Kind::ReadSecret } else { Kind::Read })
}

/// Whether some word of a name means a change, other than that something it is given is run.
#[must_use]
pub fn changes(name: &str) -> bool {
    let runs = |w: &str| matches!(w, "exec" | "invoke" | "post" | "request" | "run");
    words(name, char::is_alphanumeric).iter().any(|w| CHANGES.contains(&w.as_str()) && !runs(w))
}

/// Whether a parameter is by its name something that is run.
#[must_use]
pub fn is_run(parameter: &str) -> bool {
    let runs = [
        "cmd",
        "code",
        "command",
        "commands",
        "function",
        "javascript",
        "procedure",
        "program",
        "python",
        "script",
    ];
    words(parameter, char::is_alphanumeric).last().is_some_and(|w| runs.contains(&w.as_str()))
}

/// The words of a name in lower case, which capitals set apart, and signs: what is no character of a word.
#[must_use]
pub fn words(name: &str, of_word: impl Fn(char) -> bool) -> Vec<String> {
    let (mut found, mut word, mut before) = (Vec::new(), String::new(), ' ');
    for c in name.chars() {
        let starts = !of_word(c) || c.is_uppercase() && before.is_lowercase();
        if starts && !word.is_empty() {
            found.push(std::mem::take(&mut word));
        }
        word.extend(of_word(c).then(|| c.to_lowercase()).into_iter().flatten());
        before = c;
    }
    found.push(word);
    found.retain(|w| !w.is_empty());
    found
}

/// Words of an operation that mean a change, besides those of node types.
const MORE_CHANGES: &[&str] = &[
    "accept",
    "activate",
    "append",
    "approve",
    "archive",
    "attach",
    "cancel",
    "clear",
    "close",
    "complete",
    "copy",
    "deactivate",
    "decline",
    "detach",
    "edit",
    "execute",
    "generate",
    "import",
    "insert",
    "join",
    "leave",
    "link",
    "mark",
    "merge",
    "move",
    "new",
    "open",
    "pay",
    "place",
    "process",
    "publish",
    "purge",
    "refund",
    "register",
    "reject",
    "replace",
    "restore",
    "save",
    "send",
    "sign",
    "start",
    "stop",
    "store",
    "submit",
    "subscribe",
    "sync",
    "transfer",
    "trigger",
    "unlink",
    "unsubscribe",
    "upload",
    "upsert",
];

/// What a node type says of itself by its words: `modbus-read`, `amqp out`; nothing where some word may mean a change.
#[must_use]
pub fn node_type(name: &str) -> Option<Kind> {
    let words: Vec<String> = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let (last, more) = words.split_last()?;
    let is = |w: &String, list: &[&str]| list.contains(&w.as_str());
    if words.iter().any(|w| is(w, CHANGES)) {
        return None;
    }
    match last.as_str() {
        "in" | "input" | "receiver" | "listener" | "trigger" | "scanner" | "reader" | "lister" | "finder"
        | "detector" | "viewer"
            if !more.is_empty() =>
        {
            Some(Kind::Read)
        }
        "out" | "output" if !more.is_empty() => Some(Kind::Write),
        "message" | "notification" | "notify" | "sms" | "tts" | "say" if !more.is_empty() => {
            Some(Kind::Notify)
        }
        _ => words.iter().any(|w| is(w, READS) || w == "exist").then_some(Kind::Read),
    }
}

/// Words of a node type that mean a change.
const CHANGES: &[&str] = &[
    "add", "assign", "ban", "block", "change", "create", "delete", "disable", "enable", "exec", "grant",
    "invite", "invoke", "lock", "modify", "patch", "post", "promote", "put", "remove", "rename", "request",
    "reset", "revoke", "rotate", "run", "set", "share", "suspend", "unlock", "update", "write",
];

/// What an SQL statement does by its first words, where that is certain.
#[must_use]
pub fn sql(statement: &str) -> Option<Kind> {
    let mut words = statement.split(|c: char| c.is_whitespace() || c == '(').filter(|w| !w.is_empty());
    let word = words.next()?.to_ascii_lowercase();
    match word.as_str() {
        "with" if statement.split(['(', ')']).any(begins_with_write) => Some(Kind::Write),
        "set"
            if words
                .next()
                .is_some_and(|w| is_any(w, &["global", "persist", "persist_only", "password"])) =>
        {
            None
        }
        "select" | "show" | "describe" | "explain" | "with" | "use" | "set" | "begin" | "commit" => {
            Some(Kind::Read)
        }
        word if WRITES.contains(&word) => Some(Kind::Write),
        "create" | "alter" | "drop" => {
            let shapes = ["table", "temporary", "index", "unique", "view", "schema", "database"];
            words.next().is_some_and(|w| is_any(w, &shapes)).then_some(Kind::Write)
        }
        _ => None,
    }
}

/// The words that a statement begins with which writes rows.
const WRITES: [&str; 7] = ["insert", "update", "delete", "merge", "upsert", "truncate", "replace"];

/// Whether a part of a `WITH` statement, inside its parentheses or after them, writes rows (`WITH gone AS (DELETE ...)`).
fn begins_with_write(part: &str) -> bool {
    part.split_whitespace().next().is_some_and(|w| is_any(w, &WRITES))
}

fn is_any(word: &str, words: &[&str]) -> bool {
    words.iter().any(|w| w.eq_ignore_ascii_case(word))
}
