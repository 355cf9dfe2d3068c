//! Reads a file of scenarios; what is wrong is told with its line, and with the word that was probably meant.

use machine::rehearse::scenario::is_moment;
use machine::rehearse::{SCHEMA, Suite};
use std::path::Path;

/// The scenarios of a file.
///
/// # Errors
/// What is wrong, where, and what to do.
pub fn suite(path: &Path) -> Result<Suite, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("cannot be read: {e}"))?;
    parse(&text)
}

/// The scenarios of a text.
///
/// # Errors
/// What is wrong, where, and what to do.
pub fn parse(text: &str) -> Result<Suite, String> {
    let suite: Suite = serde_saphyr::from_str(text).map_err(|e| told(&e))?;
    if suite.schema != SCHEMA {
        return Err(format!("line 1: `schema: {}` is not `{SCHEMA}`", suite.schema));
    }
    let names = suite.scenarios.iter().enumerate();
    for (i, scenario) in names {
        if suite.scenarios.iter().take(i).any(|s| s.name == scenario.name) {
            return Err(format!("two scenarios are named `{}`: give each a name of its own", scenario.name));
        }
        if let Some(at) = scenario.at.as_ref().filter(|t| !is_moment(t)) {
            return Err(format!(
                "`at: {at}` of `{}` is no moment: write `2026-03-02T09:00:00Z`",
                scenario.name
            ));
        }
    }
    Ok(suite)
}

fn told(error: &serde_saphyr::Error) -> String {
    let text = error.to_string();
    let message = text.lines().next().unwrap_or_default();
    // The message ends with the place, which is told first here.
    let message = message.split(" at line ").next().unwrap_or(message).trim_start_matches("error: ");
    let message = message.strip_prefix("line ").and_then(|m| m.split_once(": ")).map_or(message, |(_, m)| m);
    let line = error.location().map_or_else(String::new, |l| format!("line {}: ", l.line()));
    format!("{line}{message}{}", hint(message))
}

/// The word that was probably meant, of those that the message lists.
fn hint(message: &str) -> String {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let listed: Vec<&str> = match quoted.len() {
        0 => return String::new(),
        1 => message.split("one of ").nth(1).map(|l| l.split(", ").collect()).unwrap_or_default(),
        _ => quoted[1..].to_vec(),
    };
    let best = listed.iter().map(|w| (distance(quoted[0], w), w)).min();
    match best {
        Some((d, word)) if d <= 2.max(word.len() / 3) => format!(": did you mean `{word}`?"),
        _ => String::new(),
    }
}

/// How many letters have to be changed (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let cost = (diagonal + usize::from(x != *y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], cost);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_are_told_with_line_and_hint() {
        let text = "schema: countersign.test/1\nscenarios:\n  - name: a\n    expct:\n      ends: success\n";
        let told = parse(text).unwrap_err();
        assert!(told.starts_with("line 4: unknown field"), "{told}");
        assert!(told.contains("`expct`") && told.ends_with("did you mean `expect`?"), "{told}");
    }

    #[test]
    fn other_formats_and_twins_are_refused() {
        assert!(
            parse("schema: countersign.test/9\nscenarios: []\n").unwrap_err().contains("countersign.test/1")
        );
        let twins = "schema: countersign.test/1\nscenarios:\n  - name: a\n  - name: a\n";
        assert!(parse(twins).unwrap_err().contains("two scenarios"));
        let moment = "schema: countersign.test/1\nscenarios:\n  - {name: a, at: yesterday}\n";
        assert!(parse(moment).unwrap_err().contains("no moment"));
    }

    #[test]
    fn distances_are_counted_in_letters() {
        assert_eq!(distance("expct", "expect"), 1);
        assert_eq!(distance("", "abc"), 3);
    }
}
