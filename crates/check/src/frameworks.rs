//! Frameworks of controls, and which controls a rule's page cites.
//!
//! A page has a section `Frameworks` with a line per framework, such as `- NIST SP 800-53 Rev. 5: AC-5, CM-3`. Ids are
//! found as whole words; those that are no words of their own in one framework alone need its name in the same line.

use serde::Deserialize;
use std::sync::LazyLock;

/// A framework.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Framework {
    /// Our id of it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The version that the ids are of.
    pub version: String,
    /// Who publishes it.
    pub publisher: String,
    /// Words of which a line that cites it has one; none where its ids speak for themselves.
    words: Vec<String>,
    /// Its controls: id and title; the title is empty where it has none.
    pub controls: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Document {
    framework: Vec<Framework>,
}

/// All frameworks.
#[must_use]
pub fn frameworks() -> &'static [Framework] {
    static ALL: LazyLock<Vec<Framework>> = LazyLock::new(|| {
        let document = toml::from_str::<Document>(include_str!("../frameworks.toml"));
        document.map(|d| d.framework).unwrap_or_default()
    });
    &ALL
}

/// The controls that a rule's page cites: the framework with the number of the control in it.
#[must_use]
pub fn cited(page: &str) -> Vec<(&'static Framework, usize)> {
    let section = page.split("\n## Frameworks").nth(1).unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut found = Vec::new();
    for framework in frameworks() {
        let lines = section
            .lines()
            .filter(|l| framework.words.is_empty() || framework.words.iter().any(|w| l.contains(w.as_str())));
        let lines: Vec<&str> = lines.collect();
        for (i, (id, _)) in framework.controls.iter().enumerate() {
            if lines.iter().any(|l| has_word(l, id)) {
                found.push((framework, i));
            }
        }
    }
    found
}

/// Whether a line has an id as a word of its own: `AC-2` is not in `AC-2(1)`, `10.6` not in `10.6.1`.
fn has_word(line: &str, id: &str) -> bool {
    line.match_indices(id).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let mut after = line[at + id.len()..].chars();
        let (next, second) = (after.next(), after.next());
        let joined =
            next.is_some_and(|c| matches!(c, '.' | '-' | ':')) && second.is_some_and(char::is_alphanumeric);
        before.is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '.' | '-')))
            && next.is_none_or(|c| !c.is_alphanumeric() && c != '(')
            && !joined
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(page: &str) -> Vec<&'static str> {
        cited(page).into_iter().map(|(f, i)| f.controls[i].0.as_str()).collect()
    }

    #[test]
    fn frameworks_are_read() {
        assert!(frameworks().len() > 10);
        for framework in frameworks() {
            assert!(!framework.controls.is_empty(), "{}", framework.id);
        }
    }

    #[test]
    fn pages_cite_controls_that_are_known() {
        for rule in crate::RULES.iter().filter(|r| r.page.contains("## Frameworks")) {
            assert!(!cited(rule.page).is_empty(), "{}: cites no known control", rule.id);
        }
    }

    #[test]
    fn controls_are_found_in_pages() {
        let page = "# x\n\nAC-5\n\n## Frameworks\n\n- NIST SP 800-53 Rev. 5: AC-2(1), `AC-5`, CM-3.\n- PCI DSS 4.0.1: 6.5.3, 10.6\n- NHI7:2025\n\n## Other\n\nAC-6\n";
        assert_eq!(ids(page), ["NHI7:2025", "AC-2(1)", "AC-5", "CM-3", "6.5.3", "10.6"]);
        assert!(ids("## Frameworks\n\nnothing").is_empty());
        assert!(ids("\n## Frameworks\n\n- version 6.5.3\n").is_empty());
    }
}
