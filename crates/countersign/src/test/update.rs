//! `--update`: what came takes the place of the expectations that did not hold, and each change is shown.

use super::tested::{Ran, Tested};
use machine::rehearse::Expect;
use std::io;

/// Writes what came into the files of the scenarios that failed.
///
/// # Errors
/// When a file cannot be read or written.
pub fn accept(all: &[Tested]) -> io::Result<()> {
    for tested in all.iter().filter(|t| t.scenarios.iter().any(|r| !r.passed)) {
        let mut text = std::fs::read_to_string(&tested.file)?;
        for ran in tested.scenarios.iter().filter(|r| !r.passed) {
            let Some(accepted) = accepted(ran) else {
                eprintln!("{}: `{}` cannot be accepted: {}", tested.file, ran.name, why(ran));
                continue;
            };
            let yaml = serde_saphyr::to_string(&accepted).map_err(io::Error::other)?;
            match replaced(&text, &ran.name, &yaml) {
                Some(fresh) => {
                    show(&tested.file, ran);
                    text = fresh;
                }
                None => eprintln!(
                    "{}: `{}` has no `expect` on lines of its own: write it by hand",
                    tested.file, ran.name
                ),
            }
        }
        std::fs::write(&tested.file, text)?;
    }
    Ok(())
}

/// The expectations with those that differ taken from what came; nothing where one of them says what must never be.
fn accepted(ran: &Ran) -> Option<Expect> {
    let mut expect = ran.scenario.expect.clone();
    for difference in &ran.differences {
        match difference.of.as_str() {
            "ends" => expect.ends = ran.observed.ends,
            "effects" => expect.effects.clone_from(&ran.observed.effects),
            "asked" => expect.asked.clone_from(&ran.observed.asked),
            _ => return None,
        }
    }
    Some(expect)
}

fn why(ran: &Ran) -> String {
    let kept = |d: &&super::tested::Differs| !matches!(d.of.as_str(), "ends" | "effects" | "asked");
    ran.differences
        .iter()
        .find(kept)
        .map(|d| format!("`{}` is for people to decide", d.of))
        .unwrap_or_default()
}

fn show(file: &str, ran: &Ran) {
    eprintln!("{file}: `{}` accepts", ran.name);
    for difference in &ran.differences {
        difference.expected.iter().for_each(|l| eprintln!("  - {}: {l}", difference.of));
        difference.actual.iter().for_each(|l| eprintln!("  + {}: {l}", difference.of));
    }
}

/// The text with another `expect` of the scenario of a name; nothing where it has none on lines of its own.
fn replaced(text: &str, name: &str, yaml: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let indent = |l: &str| l.len() - l.trim_start().len();
    let named = |l: &&str| {
        let value = l.trim_start().trim_start_matches("- ").strip_prefix("name:");
        value.is_some_and(|v| v.trim().trim_matches(['"', '\'']) == name)
    };
    let start = lines.iter().position(named)?;
    let dash = if lines[start].trim_start().starts_with("- ") {
        indent(lines[start])
    } else {
        indent(lines[start]).saturating_sub(2)
    };
    let end = lines.iter().skip(start + 1).position(|l| !l.trim().is_empty() && indent(l) <= dash);
    let end = end.map_or(lines.len(), |n| start + 1 + n);
    let at = (start..end).find(|i| lines[*i].trim() == "expect:")?;
    let own = indent(lines[at]);
    let after =
        (at + 1..end).find(|i| !lines[*i].trim().is_empty() && indent(lines[*i]) <= own).unwrap_or(end);
    let pad = " ".repeat(own + 2);
    let fresh: Vec<String> = yaml.lines().map(|l| format!("{pad}{l}")).collect();
    let mut all: Vec<String> = lines[..=at].iter().map(|l| (*l).to_owned()).collect();
    all.extend(fresh);
    all.extend(lines[after..].iter().map(|l| (*l).to_owned()));
    Some(all.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn only_the_expectation_of_the_scenario_is_replaced() {
        let text = "schema: x\nscenarios:\n  - name: one\n    expect:\n      ends: success\n  # kept\n  - name: two\n    \
                    expect:\n      ends: failure\n    answers: []\n";
        let fresh = replaced(text, "two", "ends: waiting\n").unwrap();
        assert!(fresh.contains("name: one\n    expect:\n      ends: success\n  # kept"));
        assert!(
            fresh.ends_with("  - name: two\n    expect:\n      ends: waiting\n    answers: []\n"),
            "{fresh}"
        );
        assert_eq!(replaced(text, "three", "x"), None);
    }
}
