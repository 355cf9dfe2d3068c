//! Frameworks of controls, and which controls a rule's page cites.
//!
//! A page has a section `Frameworks`: `Evidence towards: nist-sp800-53-r5 AC-5, CM-3; pci-dss-4.0.1 6.5.3.`

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
    let find = |(framework, id): (&'static Framework, String)| {
        let number = framework.controls.iter().position(|(known, _)| *known == id)?;
        Some((framework, number))
    };
    citations(page).into_iter().filter_map(find).collect()
}

/// What a rule's page cites, whether or not it is known.
fn citations(page: &str) -> Vec<(&'static Framework, String)> {
    let section = page.split("\n## Frameworks").nth(1).unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default().replace('\n', " ");
    let mut found = Vec::new();
    for part in section.split(';') {
        let cites = |f: &&Framework| part.split_whitespace().any(|word| word == f.id);
        let Some(framework) = frameworks().iter().find(cites) else { continue };
        let ids = part.split(&*framework.id).nth(1).unwrap_or_default();
        found.extend(ids.split(',').map(|id| (framework, id.trim().trim_end_matches('.').to_owned())));
    }
    found
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
            let (known, all) = (cited(rule.page), citations(rule.page));
            assert!(!known.is_empty(), "{}: cites no known control", rule.id);
            let unknown = all.iter().find(|(f, id)| !f.controls.iter().any(|(c, _)| c == id));
            assert!(unknown.is_none(), "{}: cites {:?}", rule.id, unknown.map(|(f, id)| (&f.id, id)));
        }
    }

    #[test]
    fn controls_are_found_in_pages() {
        let page = "# x\n\nAC-5\n\n## Frameworks\n\nEvidence towards: nist-sp800-53-r5 AC-2(1),\nAC-5; pci-dss-4.0.1 10.6; owasp-nhi-2025 NHI7:2025.\n\n## Other\n\nAC-6\n";
        assert_eq!(ids(page), ["AC-2(1)", "AC-5", "10.6", "NHI7:2025"]);
        assert!(ids("## Frameworks\n\nnothing").is_empty());
        assert!(ids("\n## Frameworks\n\nnist-sp800-53-r5 XX-1.").is_empty());
    }
}
