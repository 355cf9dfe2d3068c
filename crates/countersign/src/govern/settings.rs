//! What governs a folder beside its policies, as files: the configuration, the credentials, and the digests by which changes of
//! them are proposed. A file that is there and cannot be read is an error: it would count as an empty one.

use crate::scan::CONFIGURATION;
use crate::walk;
use policy::{Criticality, Mode, Moment};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use workflow::Digest;

/// What `countersign.toml` says of governing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Configuration {
    pub(super) organisation: Organisation,
    pub(super) govern: Govern,
    pub(super) systems: BTreeMap<String, Criticality>,
    /// The security domain of each system; none are told apart where none is named.
    pub(super) domains: BTreeMap<String, String>,
    /// Where acts are recorded, with paths as they are written.
    pub(crate) ledger: Option<crate::book::Settings>,
}

impl Configuration {
    /// Reads it, and its text; an empty one where there is none.
    ///
    /// # Errors
    /// When it is there and cannot be read, or says what cannot be.
    pub(crate) fn read(root: &Path) -> io::Result<(Self, String)> {
        let text = text(root, CONFIGURATION)?.unwrap_or_default();
        let read = toml::from_str(&text).map_err(|e| broken(CONFIGURATION, e.to_string()))?;
        Ok((read, text))
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Organisation {
    pub(super) name: String,
    /// Names that it had before: what was stated under them still counts.
    pub(super) formerly: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(super) struct Govern {
    pub(super) environment: String,
    modes: BTreeMap<String, Mode>,
}

#[derive(Debug, Default, Deserialize)]
struct Credentials {
    credentials: Vec<CredentialLine>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct CredentialLine {
    pub(super) id: String,
    pub(super) owner: String,
    pub(super) expires: Option<Moment>,
    pub(super) rotated: Option<Moment>,
    pub(super) rotate_every: String,
}

impl CredentialLine {
    /// When it must have been rotated; nothing where it does not say when it was, or how often it has to be.
    pub(super) fn due(&self) -> Option<Moment> {
        let days = self.rotate_every.strip_prefix('P').and_then(|r| r.strip_suffix('D')?.parse::<i64>().ok());
        self.rotated.zip(days).map(|(was, days)| was.plus_hours(24 * days))
    }
}

/// All of them, as they lie in a folder.
pub(super) struct Settings {
    pub(super) configuration: Configuration,
    /// By tier.
    pub(super) modes: BTreeMap<u8, Mode>,
    pub(super) credentials: Vec<CredentialLine>,
    /// The digest of each file by name; one that is not there has that of no bytes.
    pub(super) digests: BTreeMap<&'static str, String>,
}

impl Settings {
    /// Reads them.
    ///
    /// # Errors
    /// When a file is there and cannot be read, or says what cannot be.
    pub(super) fn read(root: &Path) -> io::Result<Self> {
        let mut digests = BTreeMap::new();
        let (configuration, written) = Configuration::read(root)?;
        digests.insert(CONFIGURATION, Digest::of(written.as_bytes()).to_string());
        let mut text = |name: &'static str| -> io::Result<String> {
            let text = text(root, name)?.unwrap_or_default();
            digests.insert(name, Digest::of(text.as_bytes()).to_string());
            Ok(text)
        };
        let lines = text("credentials.yaml")?;
        let credentials: Credentials = if lines.trim().is_empty() {
            Credentials::default()
        } else {
            serde_saphyr::from_str(&lines).map_err(|e| broken("credentials.yaml", e.to_string()))?
        };
        text("connectors.yaml")?;
        text("people.yaml")?;
        let modes = modes(&configuration.govern.modes)?;
        Ok(Settings { configuration, modes, credentials: credentials.credentials, digests })
    }
}

fn broken(name: &str, why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{name}: {why}"))
}

fn text(root: &Path, name: &str) -> io::Result<Option<String>> {
    match walk::text(&root.join(name)) {
        Ok(text) => Ok(Some(text)),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(e) => Err(io::Error::new(e.kind(), format!("{name}: {e}"))),
    }
}

/// The modes by tier. A tier that is none is an error: its mode would be left out without a word.
fn modes(named: &BTreeMap<String, Mode>) -> io::Result<BTreeMap<u8, Mode>> {
    let tier = |name: &String| {
        let told = || format!("`[govern.modes]`: `{name}` is no tier; tiers are 0, 1, 2 and 3");
        name.parse().ok().filter(|t| *t <= 3).ok_or_else(|| broken(CONFIGURATION, told()))
    };
    named.iter().map(|(name, mode)| Ok((tier(name)?, *mode))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_of_a_tier_that_is_none_is_refused_by_its_name() {
        let named = |name: &str| BTreeMap::from([(name.to_owned(), Mode::Warn)]);
        assert_eq!(modes(&named("2")).unwrap(), BTreeMap::from([(2, Mode::Warn)]));
        for wrong in ["4", "-1", "two", "", " 2"] {
            let told = modes(&named(wrong)).unwrap_err().to_string();
            assert!(told.contains(&format!("`{wrong}` is no tier")), "{told}");
        }
    }

    #[test]
    fn a_file_that_is_there_and_cannot_be_read_is_no_empty_one() {
        let folder = std::env::temp_dir().join(format!("countersign-settings-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("connectors.yaml")).unwrap();
        let told = Settings::read(&folder).err().unwrap().to_string();
        assert!(told.starts_with("connectors.yaml: "), "{told}");
        std::fs::remove_dir(folder.join("connectors.yaml")).unwrap();
        let read = Settings::read(&folder).unwrap();
        assert_eq!(read.digests["connectors.yaml"], Digest::of(b"").to_string());
        std::fs::remove_dir(&folder).unwrap();
    }
}
