//! `[ledger]` of `countersign.toml`: where what is governed here is recorded.

use crate::govern::Configuration;
use ledger::{Error, Result};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Milliseconds of a day.
const DAY: u64 = 86_400_000;

/// Where acts are recorded. Paths are below the governed folder, or absolute.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// Where the ledger lies: a folder, `sqlite:FILE`, `postgres://…`, `objects:FOLDER`.
    pub place: String,
    /// The folder beside it, for values and evidence.
    pub values: PathBuf,
    /// The file of the ledger's secret key.
    pub key: PathBuf,
    /// The policy file of the witnesses who have to cosign.
    #[serde(default)]
    pub witnesses: Option<PathBuf>,
    /// The name under which entries are made.
    #[serde(default = "gate")]
    pub source: String,
    /// For how many days values are kept; for good where it is not said.
    #[serde(default)]
    pub keep_days: Option<u64>,
}

/// The source of acts where none is named.
#[must_use]
pub fn gate() -> String {
    "gate".to_owned()
}

impl Settings {
    /// What the configuration of a governed folder says; nothing where it names no ledger.
    ///
    /// # Errors
    /// When it cannot be read or understood.
    pub fn read(root: &Path) -> Result<Option<Self>> {
        let (read, _) = Configuration::read(root).map_err(|e| Error::new(e.to_string()))?;
        Ok(read.ledger.map(|settings| settings.below(root)))
    }

    /// Until when values that are made now are kept, in milliseconds since 1970.
    #[must_use]
    pub fn until(&self, now: u64) -> Option<u64> {
        self.keep_days.map(|days| now.saturating_add(days.saturating_mul(DAY)))
    }

    fn below(mut self, root: &Path) -> Self {
        let path = |path: &str| root.join(path).display().to_string();
        self.place = match self.place.split_once(':') {
            Some((kind @ ("sqlite" | "objects"), rest)) => format!("{kind}:{}", path(rest)),
            Some(_) => self.place,
            None => path(&self.place),
        };
        self.values = root.join(&self.values);
        self.key = root.join(&self.key);
        self.witnesses = self.witnesses.map(|w| root.join(w));
        self
    }
}
