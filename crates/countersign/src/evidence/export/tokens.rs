//! Who issues event tokens, and the key that signs them: a file `NAME SEED` like that of a ledger, with the issuer as its
//! name, and never the ledger's own.

use super::args::{Algorithm, Export};
use crate::log::place;
use evidence::export::{Issuer, Key};
use ledger::{Error, Result, encoding};
use std::path::Path;

/// The issuer that the command line names.
pub(super) fn issuer(options: &Export) -> Result<Issuer> {
    let missing = || Error::new("event tokens need `--key FILE` and `--issuer URL`");
    let (Some(file), Some(name)) = (&options.key, &options.issuer) else { return Err(missing()) };
    let key = key(file, Some(name), options.algorithm)?;
    Ok(Issuer { name: name.clone(), audience: options.audience.clone(), key })
}

/// What receivers verify with.
pub(super) fn jwks(options: &Export) -> Result<String> {
    let file = options.key.as_deref().ok_or_else(|| Error::new("a public key needs `--key FILE`"))?;
    Ok(key(file, options.issuer.as_deref(), options.algorithm)?.jwks()?.to_string())
}

/// Reads the key, or makes one; a key of another issuer, such as a ledger's, is refused.
fn key(file: &Path, name: Option<&str>, algorithm: Algorithm) -> Result<Key> {
    place::key(file, ledger::Algorithm::Ed25519, name)?;
    let text = std::fs::read_to_string(file).map_err(|e| super::at(file, &e))?;
    let seed = text.trim_end().split_once(' ').map(|(_, seed)| seed).unwrap_or_default();
    let seed = encoding::hash_from_base64(seed)?;
    match algorithm {
        Algorithm::Eddsa => Ok(Key::ed25519(&seed)),
        Algorithm::Es256 => Key::p256(&seed),
    }
}
