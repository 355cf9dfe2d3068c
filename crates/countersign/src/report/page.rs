//! A rule's page by its parts, for help texts and for `countersign explain`.

use check::Rule;

/// The first paragraph of a section of a page, on one line; empty where there is none.
#[must_use]
pub fn paragraph(page: &str, section: &str) -> String {
    let text = self::section(page, section);
    text.split("\n\n").map(str::trim).find(|p| !p.is_empty()).unwrap_or_default().replace('\n', " ")
}

/// The text of a section of a page.
#[must_use]
pub fn section<'p>(page: &'p str, section: &str) -> &'p str {
    let heading = format!("\n## {section}\n");
    let text = page.split(&heading).nth(1).unwrap_or_default();
    text.split("\n## ").next().unwrap_or_default().trim()
}

/// What a rule means in one sentence.
#[must_use]
pub fn meaning(rule: &Rule) -> String {
    let told = paragraph(rule.page, "What it means");
    let sentence = told.split_inclusive(". ").next().unwrap_or_default().trim();
    let lead = || {
        rule.page.split("\n\n").nth(1).filter(|p| !p.starts_with('#')).unwrap_or_default().replace('\n', " ")
    };
    let text = if sentence.is_empty() { lead() } else { sentence.to_owned() };
    let text = if text.trim().is_empty() { rule.id.replace('-', " ") } else { text.trim().to_owned() };
    if text.ends_with('.') { text } else { text + "." }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_parts() {
        let page = "# x\n\n## What it means\n\nOne\nthing. More.\n\nSecond.\n\n## How to fix it\n\nMend.\n";
        assert_eq!(paragraph(page, "What it means"), "One thing. More.");
        assert_eq!(section(page, "How to fix it"), "Mend.");
        assert_eq!(section(page, "None"), "");
    }
}
