//! `countersign.toml`: the ignores of a folder and the defaults of `countersign check`. Other tables of the file are read
//! elsewhere.

use super::{Note, Status};
use crate::args::Level;
use crate::date::is_date;
use crate::scan::CONFIGURATION;
use crate::scan::model::Head;
use crate::walk::{from_here, real};
use serde::Deserialize;
use std::io;
use std::path::{Path, PathBuf};
use toml::Spanned;
use workflow::{Finding, Text};

/// What a configuration says about checks.
#[derive(Debug, Default)]
pub struct Config {
    /// The ignores.
    pub ignores: Vec<Ignore>,
    /// Defaults of options.
    pub defaults: Defaults,
    /// Its folder.
    folder: PathBuf,
}

/// Defaults of options of `countersign check`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Defaults {
    /// `--fail-on`.
    pub fail_on: Option<Level>,
    /// `--severity`.
    pub severity: Option<Level>,
    /// `--baseline`, relative to the configuration.
    pub baseline: Option<PathBuf>,
}

/// An ignore of the configuration.
#[derive(Debug, Clone, Default)]
pub struct Ignore {
    /// Where it stands: `countersign.toml:12`.
    pub place: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: String,
    rule: String,
    workflow: Option<Text>,
    path: Option<PathBuf>,
    step: Option<Text>,
    owner: String,
    /// The configuration's folder: paths are relative to it.
    folder: PathBuf,
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    check: Defaults,
    #[serde(default)]
    ignore: Vec<Spanned<Raw>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    rule: String,
    workflow: Option<Text>,
    path: Option<PathBuf>,
    step: Option<Text>,
    #[serde(default)]
    reason: String,
    expires: Option<toml::Value>,
    #[serde(default)]
    owner: String,
}

impl Config {
    /// The configuration that is named, or the one beside the first path or above it.
    ///
    /// # Errors
    /// When it cannot be read or understood.
    pub fn find(named: Option<&Path>, first: Option<&PathBuf>) -> io::Result<Self> {
        if let Some(path) = named {
            return Config::read(path);
        }
        let start = first.map(|p| real(p));
        let near =
            start.iter().flat_map(|p| p.ancestors()).map(|f| f.join(CONFIGURATION)).find(|f| f.is_file());
        near.map_or_else(|| Ok(Config::default()), |path| Config::read(&path))
    }

    /// Whether some paths take in all that the configuration is for.
    #[must_use]
    pub fn is_within(&self, paths: &[PathBuf]) -> bool {
        paths.iter().any(|p| self.folder.starts_with(real(p)))
    }

    fn read(path: &Path) -> io::Result<Self> {
        let shown = from_here(path);
        let text = std::fs::read_to_string(path).map_err(|e| {
            io::Error::other(format!(
                "configuration `{shown}` cannot be read ({e}): name a file like `countersign.toml`"
            ))
        })?;
        let folder = real(path).parent().map(Path::to_path_buf).unwrap_or_default();
        Config::parse(&text, &shown, &folder)
            .map_err(|(at, why)| io::Error::other(format!("{shown}:{}: {why}", line(&text, at))))
    }

    fn parse(text: &str, shown: &str, folder: &Path) -> Result<Self, (usize, String)> {
        let document: Document = toml::from_str(text)
            .map_err(|e| (e.span().map_or(0, |s| s.start), e.message().trim().replace('\n', " ")))?;
        let ignores = document.ignore.into_iter().map(|raw| {
            let at = raw.span().start;
            let place = format!("{shown}:{}", line(text, at));
            Ignore::new(raw.into_inner(), place, folder).map_err(|why| (at, why))
        });
        let mut defaults = document.check;
        defaults.baseline = defaults.baseline.map(|b| folder.join(b));
        Ok(Config { ignores: ignores.collect::<Result<_, _>>()?, defaults, folder: folder.to_path_buf() })
    }
}

fn line(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or_default().matches('\n').count() + 1
}

impl Ignore {
    fn new(raw: Raw, place: String, folder: &Path) -> Result<Self, String> {
        let rule = raw.rule;
        let expires = raw.expires.map(|e| e.as_str().map_or_else(|| e.to_string(), str::to_owned));
        let expires = expires.unwrap_or_default();
        if check::rule(&rule).is_none() {
            return Err(format!(
                "an ignore names `{rule}`, which is no rule: `countersign explain rules` lists them"
            ));
        }
        if raw.reason.trim().is_empty() {
            return Err(format!("an ignore of `{rule}` needs a reason: `reason = \"…\"`"));
        }
        if !is_date(&expires) {
            return Err(format!("an ignore of `{rule}` needs its last day: `expires = YYYY-MM-DD`"));
        }
        if raw.workflow.is_none() && raw.path.is_none() {
            return Err(format!(
                "an ignore of `{rule}` needs a `workflow` or a `path`: a rule is not switched off everywhere"
            ));
        }
        let Raw { workflow, path, step, reason, owner, .. } = raw;
        Ok(Ignore { place, rule, workflow, path, step, reason, expires, owner, folder: folder.to_path_buf() })
    }

    /// Whether it is about a workflow in a file.
    #[must_use]
    pub fn covers(&self, path: &str, head: &Head) -> bool {
        let named = self.workflow.as_ref().is_none_or(|w| *w == head.name || head.id.as_ref() == Some(w));
        named && self.path.as_ref().is_none_or(|p| real(Path::new(path)).starts_with(self.folder.join(p)))
    }

    /// Whether it is about a finding of a workflow that it covers; `name` gives steps' names.
    #[must_use]
    pub fn hides<'n>(&self, finding: &'n Finding, name: impl Fn(&'n Text) -> &'n str) -> bool {
        let mut steps = std::iter::once(&finding.step).chain(&finding.steps);
        self.rule == finding.rule
            && self.step.as_ref().is_none_or(|s| steps.any(|id| id == s || name(id) == s))
    }

    /// It as a note, not used yet.
    #[must_use]
    pub fn note(&self) -> Note {
        let workflow = self.workflow.as_ref().map(|w| format!("`{w}`"));
        let path = self.path.as_ref().map(|p| format!("`{}`", p.display()));
        let step = self.step.as_ref().map(|s| format!("step `{s}`"));
        let about: Vec<String> = workflow.into_iter().chain(path).chain(step).collect();
        Note {
            place: self.place.clone(),
            rule: self.rule.clone(),
            about: about.join(", "),
            reason: self.reason.clone(),
            expires: self.expires.clone(),
            owner: self.owner.clone(),
            status: Status::Unused,
            findings: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, (usize, String)> {
        Config::parse(text, "countersign.toml", Path::new("/base"))
    }

    #[test]
    fn ignores_need_a_reason_an_expiry_and_a_place() {
        let good = "[organisation]\nname = \"x\"\n\n[[ignore]]\nrule = \"injection\"\nworkflow = \"w\"\nreason = \"r\"\nexpires = 2027-01-31\n";
        let config = parse(good).unwrap();
        assert_eq!(config.ignores[0].place, "countersign.toml:4");
        assert_eq!(config.ignores[0].expires, "2027-01-31");
        for (gone, told) in [
            ("reason = \"r\"\n", "needs a reason"),
            ("expires = 2027-01-31\n", "needs its last day"),
            ("workflow = \"w\"\n", "needs a `workflow` or a `path`"),
        ] {
            assert!(parse(&good.replace(gone, "")).unwrap_err().1.contains(told), "{told}");
        }
        assert!(parse(&good.replace("injection", "nonsense")).unwrap_err().1.contains("no rule"));
        assert!(parse(&good.replace("workflow", "worklfow")).is_err());
    }

    #[test]
    fn defaults_are_read() {
        let config = parse("[check]\nfail-on = \"high\"\nbaseline = \"b.json\"\n").unwrap();
        assert_eq!(config.defaults.fail_on, Some(Level::High));
        assert_eq!(config.defaults.baseline, Some(PathBuf::from("/base/b.json")));
        assert!(parse("[check]\nfail = \"high\"\n").is_err());
    }
}
