//! Questions to people: approval mails, mails with options, cards in Teams, the approvals connector.

use super::request::path_template;
use crate::doc::Node;
use workflow::{Ask, Request, Text, Value};

const YES: [&str; 11] = [
    "approve",
    "yes",
    "accept",
    "allow",
    "confirm",
    "grant",
    "ok",
    "proceed",
    "agree",
    "genehmigen",
    "continue",
];
const NO: [&str; 10] =
    ["reject", "no", "deny", "decline", "ignore", "cancel", "disapprove", "refuse", "disallow", "ablehnen"];

/// The question that a connector action asks, where it asks one. `settings` is its body or its parameters.
pub(super) fn ask(connector: &str, operation: &str, settings: &Value, node: Node<'_>) -> Option<Ask> {
    let connector = connector.strip_prefix("shared_").unwrap_or(connector);
    let operation = operation.to_ascii_lowercase();
    let has = |word: &str| operation.contains(word);
    let answer = match connector {
        // The outcome, and what each who was asked said.
        "approvals" if has("startandwait") || has("waitforanapproval") || has("subscriptions") => "",
        "office365" | "outlook" | "office365usersgcc" if has("approvalmail") || has("mailwithoptions") => {
            "SelectedOption"
        }
        "office365" | "outlook" if has("sendapproval") => "SelectedOption",
        "teams" if has("flowcontinuation") || has("gatherinput") || has("andwait") || has("waitfor") => "",
        _ => return None,
    };
    let options = options(settings, connector == "approvals");
    let mut ask = Ask {
        approver: approver(settings).cloned().unwrap_or_default(),
        answer: answer.into(),
        timeout_seconds: node.at(&["limit", "timeout"]).and_then(Node::as_str).and_then(seconds),
        ..Ask::default()
    };
    for option in options {
        match meaning(&option) {
            Some(true) => ask.positive.push(option),
            Some(false) => ask.negative.push(option),
            None => {}
        }
    }
    Some(ask)
}

/// Who is asked.
pub(super) fn approver(settings: &Value) -> Option<&Value> {
    member(settings, &["assignedTo", "To", "recipient"])
}

/// The operation's own words for what it asks through: a method and path, or an operation id.
pub(super) fn operation_of(request: &Request) -> String {
    let method = request.method.as_text().unwrap_or("{}");
    format!("{method} {}", path_template(&request.url))
}

fn options(settings: &Value, approvals: bool) -> Vec<Text> {
    let listed = match member(settings, &["Options", "responseOptions"]) {
        Some(Value::Text(text)) => text.split(',').map(|o| Text::from(o.trim())).collect(),
        Some(Value::List(items)) => items.iter().filter_map(|i| i.as_text().map(Text::from)).collect(),
        _ => Vec::new(),
    };
    if listed.is_empty() && approvals { vec!["Approve".into(), "Reject".into()] } else { listed }
}

/// The first member with one of the names, at any depth; names may be joined by slashes (`Message/To`).
fn member<'v>(value: &'v Value, names: &[&str]) -> Option<&'v Value> {
    let mut found = None;
    value.walk(&mut |inner| {
        for entry in inner.entries() {
            let name = entry.key.rsplit('/').next().unwrap_or_default();
            if found.is_none() && names.iter().any(|n| n.eq_ignore_ascii_case(name)) {
                found = Some(&entry.value);
            }
        }
    });
    found
}

fn meaning(option: &str) -> Option<bool> {
    let first = option.split(|c: char| !c.is_alphanumeric()).find(|w| !w.is_empty())?.to_lowercase();
    let stem = |words: &[&str]| {
        words.iter().any(|w| first == *w || first == format!("{w}d") || first == format!("{w}ed"))
    };
    if stem(&YES) {
        return Some(true);
    }
    stem(&NO).then_some(false)
}

/// An ISO 8601 duration in seconds (`PT1H`, `P3D`).
pub(super) fn seconds(text: &str) -> Option<u64> {
    let mut total = 0_u64;
    let (mut number, mut time) = (0_u64, false);
    for c in text.strip_prefix('P')?.chars() {
        if let Some(digit) = c.to_digit(10) {
            number = number.checked_mul(10)?.checked_add(u64::from(digit))?;
            continue;
        }
        let unit = match (c, time) {
            ('T', false) => {
                time = true;
                continue;
            }
            ('Y', false) => 31_536_000,
            ('M', false) => 2_592_000,
            ('W', false) => 604_800,
            ('D', false) => 86_400,
            ('H', true) => 3_600,
            ('M', true) => 60,
            ('S', true) => 1,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(unit)?)?;
        number = 0;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(seconds("PT1H"), Some(3_600));
        assert_eq!(seconds("P3DT30M"), Some(261_000));
        assert_eq!(seconds("PT5S"), Some(5));
        assert_eq!(seconds("soon"), None);
        assert_eq!(seconds("P99999999999999999999Y"), None);
    }

    #[test]
    fn words_that_mean_yes_or_no() {
        assert_eq!(meaning("Approve"), Some(true));
        assert_eq!(meaning("Approved by me"), Some(true));
        assert_eq!(meaning("No"), Some(false));
        assert_eq!(meaning("Notify"), None);
    }
}
