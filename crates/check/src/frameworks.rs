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

/// An id that is cited and is not the right one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Alias {
    cited: String,
    right: Vec<String>,
    reason: String,
}

#[derive(Default, Deserialize)]
struct Document {
    framework: Vec<Framework>,
    alias: Vec<Alias>,
}

/// What somebody cites, and what is meant.
#[derive(Debug)]
pub struct Citation {
    /// As it was cited.
    pub cited: String,
    /// The requirements that are meant, as `framework id`; none where it is not known.
    pub right: Vec<String>,
    /// Why it is another than the one that was cited.
    pub reason: Option<String>,
}

fn document() -> &'static Document {
    static ALL: LazyLock<Document> =
        LazyLock::new(|| toml::from_str(include_str!("../frameworks.toml")).unwrap_or_default());
    &ALL
}

/// All frameworks.
#[must_use]
pub fn frameworks() -> &'static [Framework] {
    &document().framework
}

/// A requirement by `framework id`.
#[must_use]
pub fn requirement(cited: &str) -> Option<(&'static Framework, usize)> {
    let framework =
        frameworks().iter().find(|f| cited.strip_prefix(&*f.id).is_some_and(|r| r.starts_with(' ')))?;
    let id = cited.get(framework.id.len()..)?.trim();
    Some((framework, framework.controls.iter().position(|(known, _)| known == id)?))
}

/// What is meant by a citation: `framework id`, or an id alone. Mistaken and superseded ids are accepted.
#[must_use]
pub fn correct(cited: &str) -> Citation {
    let cited = cited.trim();
    let with_framework = frameworks().iter().map(|f| format!("{} {cited}", f.id));
    let names: Vec<String> = std::iter::once(cited.to_owned()).chain(with_framework).collect();
    let alias = document().alias.iter().find(|a| names.contains(&a.cited));
    let known = names.iter().find(|n| requirement(n).is_some());
    let (right, reason) = match (alias, known) {
        (Some(alias), _) => (alias.right.clone(), Some(alias.reason.clone())),
        (None, Some(known)) => (vec![known.clone()], None),
        (None, None) => match names.iter().find_map(|n| respelled(n)) {
            Some(right) => (vec![right], Some("the id is spelled otherwise".to_owned())),
            None => (Vec::new(), None),
        },
    };
    Citation { cited: cited.to_owned(), right, reason }
}

/// The known id of another spelling: `NHI-7` and `NHI7` for `NHI7:2025`, `5.3` for `A.5.3`.
fn respelled(cited: &str) -> Option<String> {
    let (framework, id) = cited.split_once(' ')?;
    let number = id.strip_prefix("NHI").map(|n| n.trim_start_matches(['-', '0']));
    let spellings = [number.map(|n| format!("{framework} NHI{n}:2025")), Some(format!("{framework} A.{id}"))];
    spellings.into_iter().flatten().find(|s| requirement(s).is_some())
}

impl Citation {
    /// In words: what is meant, with its title; and where something else was cited, what and why.
    #[must_use]
    pub fn told(&self) -> String {
        let titled = |right: &String| match requirement(right) {
            Some((f, i)) => {
                let title = f.controls.get(i).map_or("", |(_, title)| title);
                format!(
                    "{right} ({} {}{}{title})",
                    f.name,
                    f.version,
                    if title.is_empty() { "" } else { ": " }
                )
            }
            None => right.clone(),
        };
        let right = self.right.iter().map(titled).collect::<Vec<_>>().join(", ");
        match (&self.reason, self.right.is_empty()) {
            (_, true) => format!("`{}`: no such requirement is known", self.cited),
            (Some(reason), false) => format!("{right}, for `{}`: {reason}", self.cited),
            (None, false) => right,
        }
    }

    /// What is wrong with it, where nothing is known that it could mean.
    #[must_use]
    pub fn complaint(&self) -> Option<String> {
        let hint = "`countersign frameworks` lists those that are known";
        self.right
            .is_empty()
            .then(|| format!("cites `{}`, and no such requirement is known; {hint}", self.cited))
    }
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
    fn what_is_cited_wrongly_is_corrected_with_the_reason() {
        for (cited, right, part) in [
            ("nist-csf-2.0 PR.AA-05", "nist-csf-2.0 PR.AA-05", ""),
            ("PR.AC-4", "nist-csf-2.0 PR.AA-05", "CSF 1.1"),
            ("NHI-07", "owasp-nhi-2025 NHI7:2025", "Long-Lived Secrets"),
            ("NHI-3", "owasp-nhi-2025 NHI3:2025", "spelled"),
            ("iso-27001-2022 5.3", "iso-27001-2022 A.5.3", "spelled"),
            ("csa-maestro MAESTRO-2", "csa-maestro L3", "no such control"),
            ("owasp-lcnc-2022 LCNC-SEC-02", "owasp-cd-2025 CD-SEC-03", "superseded"),
        ] {
            let found = correct(cited);
            assert_eq!(found.right.first().map(String::as_str), Some(right), "{cited}");
            assert!(found.reason.unwrap_or_default().contains(part), "{cited}");
        }
        assert!(correct("GV.OC-01").told().contains("for `GV.OC-01`"));
        assert!(correct("XX-1").complaint().is_some_and(|c| c.contains("`XX-1`")));
    }

    #[test]
    fn aliases_lead_to_what_is_known_and_do_not_claim_it() {
        assert!(document().alias.len() > 15);
        for alias in &document().alias {
            let unknown = alias.right.iter().find(|r| requirement(r).is_none());
            assert_eq!(unknown, None, "{}", alias.cited);
            assert!(!correct(&alias.cited).told().contains("compliant"), "{}", alias.cited);
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
