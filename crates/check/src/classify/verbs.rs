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

/// What an operation does by its first word; nothing where a verb does not say it.
#[must_use]
pub fn operation(name: &str) -> Option<Kind> {
    let name = name.rsplit([':', '/']).next().unwrap_or_default();
    let mut word = String::new();
    for c in name.trim().chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && word.chars().last().is_some_and(char::is_lowercase)) {
            break;
        }
        word.push(c);
    }
    READS.contains(&word.to_ascii_lowercase().as_str()).then_some(Kind::Read)
}

/// What an operation does whose name begins with what it is about (`Users_List`, `contacts-search`): it reads where some word of
/// it reads and none may mean a change.
#[must_use]
pub fn anywhere(name: &str) -> Option<Kind> {
    let words = words(name, char::is_alphanumeric);
    let is = |list: &[&str]| words.iter().any(|w| list.contains(&w.as_str()));
    (is(READS) && !is(CHANGES) && !is(MORE_CHANGES)).then_some(Kind::Read)
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
pub(super) fn words(name: &str, of_word: impl Fn(char) -> bool) -> Vec<String> {
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
