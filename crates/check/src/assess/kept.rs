//! What platforms keep of a run, by their vendors' documentation (`kept.toml`), and what a definition does about it.

use serde::Deserialize;
use std::sync::LazyLock;
use workflow::{Platform, Value, Workflow};

/// Yes, no, or nothing found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)] // the words say it
pub enum Known {
    Yes,
    No,
    Unknown,
}

/// What a platform keeps of a run.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// Its name in reports.
    pub id: String,
    /// Whether runs are kept at all.
    pub runs: Known,
    /// For how many days, unless configured otherwise.
    pub days: Option<u32>,
    /// Whether it says who answered a question.
    pub answers: Known,
    /// In words.
    pub says: String,
    /// The page that says so; empty where none was found.
    pub source: String,
}

#[derive(Default, Deserialize)]
struct Document {
    platform: Vec<Kept>,
}

/// What is known of all platforms.
#[must_use]
pub fn all() -> &'static [Kept] {
    static ALL: LazyLock<Document> =
        LazyLock::new(|| toml::from_str(include_str!("kept.toml")).unwrap_or_default());
    &ALL.platform
}

/// What is known of a platform.
#[must_use]
pub fn kept(platform: Platform) -> Option<&'static Kept> {
    all().iter().find(|k| k.id == platform.as_str())
}

/// Where a definition keeps its runs from being recorded, in words.
#[must_use]
pub fn unkept(workflow: &Workflow) -> Vec<String> {
    const N8N: [(&str, &str); 2] = [
        ("saveDataSuccessExecution", "successful runs are not saved (`saveDataSuccessExecution: none`)"),
        ("saveDataErrorExecution", "failed runs are not saved (`saveDataErrorExecution: none`)"),
    ];
    let off = |key: &str| matches!(workflow.parameters.get(key), Value::Text(t) if t == "none");
    match workflow.platform {
        Platform::N8n => N8N.iter().filter(|(key, _)| off(key)).map(|(_, told)| (*told).to_owned()).collect(),
        _ => Vec::new(),
    }
}

/// The days of an ISO 8601 duration in years, months, weeks and days; nothing where it is none.
#[must_use]
pub fn days(duration: &str) -> Option<u32> {
    let mut rest = duration.strip_prefix('P')?;
    let mut days = 0_u32;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, after) = rest.split_at(end);
        let unit = match after.chars().next()? {
            'Y' => 365,
            'M' => 30,
            'W' => 7,
            'D' => 1,
            _ => return None,
        };
        days = days.checked_add(number.parse::<u32>().ok()?.checked_mul(unit)?)?;
        rest = after.get(1..)?;
    }
    (duration.len() > 1).then_some(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_platform_has_its_line_and_the_book_says_the_same() {
        let ids: Vec<&str> = all().iter().map(|k| k.id.as_str()).collect();
        assert_eq!(ids, Platform::ALL.map(Platform::as_str));
        let book = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/semantics.md");
        let book = std::fs::read_to_string(book).unwrap();
        let table = book.split("## What is kept of a run").nth(1).unwrap().split("\n## ").next().unwrap();
        for of in all() {
            let title = Platform::ALL.into_iter().find(|p| p.as_str() == of.id).unwrap().title();
            let row = table.lines().find(|l| l.starts_with(&format!("| {title} |")));
            let row = row.unwrap_or_else(|| panic!("docs/semantics.md has no row for {title}"));
            let days = of.days.map_or_else(String::new, |d| format!("{d} days"));
            assert!(row.contains(&days) && row.contains(&of.source), "{title}: {row}");
            assert_eq!(of.source.is_empty(), row.contains("not found"), "{title}: {row}");
            assert!(!of.says.is_empty() && (of.runs == Known::Unknown || !of.source.is_empty()));
        }
    }

    #[test]
    fn durations_are_counted_in_days() {
        assert_eq!([days("P7Y"), days("P90D"), days("P1Y2M3W4D")], [Some(2555), Some(90), Some(450)]);
        for word in ["", "P", "7Y", "PT1H", "P7", "P9999999999Y", "PY"] {
            assert_eq!(days(word), None, "{word}");
        }
    }

    #[test]
    fn a_definition_may_keep_runs_from_being_saved() {
        let mut w = Workflow::new(Platform::N8n, "w", "w.json");
        assert!(unkept(&w).is_empty());
        let mut settings = workflow::Map::default();
        settings.push("saveDataSuccessExecution", Value::text("none"), 1);
        settings.push("saveDataErrorExecution", Value::text("all"), 2);
        w.parameters = Value::Map(settings);
        assert_eq!(unkept(&w).len(), 1);
        w.platform = Platform::NodeRed;
        assert!(unkept(&w).is_empty());
    }
}
