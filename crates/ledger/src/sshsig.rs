//! SSH signatures over files (OpenSSH `PROTOCOL.sshsig`), as `ssh-keygen -Y sign` and git make them.

use crate::prepared::{self, Equation, Prepared};
use crate::{Error, Result, encoding, error::refuse};
use ssh_key::public::{Ed25519PublicKey, KeyData};
use ssh_key::{Algorithm, HashAlg, PublicKey, Signature, SshSig};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Reads a public key in the form of `authorized_keys` and `.pub` files.
pub fn public_key(line: &str) -> Result<PublicKey> {
    let key = PublicKey::from_openssh(line.trim());
    key.map_err(|e| Error::new(format!("this is no SSH public key that can be used: {e}")))
}

/// Verifies that this key signed this message for this purpose (`namespace`, such as `git` or `file`).
///
/// Keys: Ed25519, ECDSA P-256, RSA with SHA-2, and the first two in security keys (`sk-`). Others are refused.
pub fn verify(key: &PublicKey, namespace: &str, message: &[u8], armoured: &str) -> Result<()> {
    verify_read(key, namespace, message, &read(armoured)?)
}

fn verify_read(key: &PublicKey, namespace: &str, message: &[u8], signature: &SshSig) -> Result<()> {
    if signature.version() != SshSig::VERSION {
        refuse!("SSH signatures have version 1, this one has {}", signature.version());
    }
    if signature.public_key() != key.key_data() {
        refuse!(
            "the SSH signature is of another key, {}",
            signature.public_key().fingerprint(HashAlg::Sha256)
        );
    }
    if signature.namespace() != namespace {
        refuse!("the SSH signature was given for `{}`, not for `{namespace}`", signature.namespace());
    }
    key.verify(namespace, message, signature)
        .map_err(|e| Error::new(format!("the SSH signature does not verify: {e}")))
}

fn read(armoured: &str) -> Result<SshSig> {
    if let Some(signature) = usual(armoured) {
        return Ok(signature);
    }
    SshSig::from_pem(armoured)
        .map_err(|e| Error::new(format!("this is no SSH signature that can be read: {e}")))
}

/// How wide an armour is.
const WIDTH: usize = 70;

/// A signature of an Ed25519 key as `ssh-keygen` writes it. Nothing for any other, which the library reads, or refuses.
fn usual(armoured: &str) -> Option<SshSig> {
    let inside = armoured.strip_prefix("-----BEGIN SSH SIGNATURE-----\n")?;
    let inside = inside.strip_suffix("\n-----END SSH SIGNATURE-----\n")?;
    let mut text = String::with_capacity(inside.len());
    for line in inside.split('\n') {
        // Every line but the last is full.
        if line.is_empty() || line.len() > WIDTH || !text.len().is_multiple_of(WIDTH) {
            return None;
        }
        text.push_str(line);
    }
    let bytes = encoding::from_base64(&text).ok()?;
    let rest = bytes.strip_prefix(b"SSHSIG\0\0\0\x01\0\0\0\x33\0\0\0\x0bssh-ed25519\0\0\0\x20")?;
    let (key, rest) = rest.split_first_chunk::<32>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (namespace, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    let made = rest.strip_prefix(b"\0\0\0\0\0\0\0\x06sha512\0\0\0\x53\0\0\0\x0bssh-ed25519\0\0\0\x40")?;
    let made = Signature::new(Algorithm::Ed25519, made).ok()?;
    let namespace = std::str::from_utf8(namespace).ok()?;
    SshSig::new(KeyData::Ed25519(Ed25519PublicKey(*key)), namespace, HashAlg::Sha512, made).ok()
}

/// Reads and verifies many signatures, each by the key that it carries: a key that comes often is prepared once.
#[derive(Default)]
pub struct Verifier {
    known: Mutex<HashMap<Ed25519PublicKey, Known>>,
}

/// A key that was met, with its fingerprint.
type Known = (Arc<Prepared>, Arc<str>);

/// So many keys are kept; then it begins anew.
const MOST: usize = 64;

/// A signature that was read. Nothing is verified by that.
pub struct Signed {
    signature: SshSig,
    known: Option<Known>,
}

impl Verifier {
    /// Reads a signature.
    pub fn read(&self, armoured: &str) -> Result<Signed> {
        let signature = read(armoured)?;
        let known = match signature.public_key() {
            // The reserved field is signed too; nobody writes it, and the long way knows it.
            KeyData::Ed25519(key)
                if signature.version() == SshSig::VERSION && signature.reserved().is_empty() =>
            {
                self.known(key)
            }
            _ => None,
        };
        Ok(Signed { signature, known })
    }

    fn known(&self, key: &Ed25519PublicKey) -> Option<Known> {
        let mut all = self.known.lock().ok()?;
        if let Some(known) = all.get(key) {
            return Some(known.clone());
        }
        if all.len() >= MOST {
            all.clear();
        }
        let prepared = Arc::new(Prepared::new(key.try_into().ok()?));
        let known: Known = (prepared, KeyData::Ed25519(*key).fingerprint(HashAlg::Sha256).to_string().into());
        all.insert(*key, known.clone());
        Some(known)
    }
}

impl Signed {
    /// The fingerprint of the key that it says it is of.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let known = self.known.as_ref().map(|(_, fingerprint)| fingerprint.to_string());
        known.unwrap_or_else(|| self.signature.public_key().fingerprint(HashAlg::Sha256).to_string())
    }

    /// What is left to verify of it, to be done beside other work: of many at once, by [`hold`]. It holds where [`verify`]
    /// finds that the key signed this message for this purpose.
    ///
    /// # Errors
    /// Where it is known already that it does not hold.
    pub fn claim(&self, namespace: &str, message: &[u8]) -> Result<Claim> {
        if self.signature.namespace() == namespace
            && let Some(equation) = self.equation(namespace, message)
        {
            return Ok(Claim(Some(equation)));
        }
        let key = PublicKey::from(self.signature.public_key().clone());
        verify_read(&key, namespace, message, &self.signature).map(|()| Claim(None))
    }

    fn equation(&self, namespace: &str, message: &[u8]) -> Option<Equation> {
        let (key, _) = self.known.clone()?;
        let signed = SshSig::signed_data(namespace, self.signature.hash_alg(), message).ok()?;
        let signature = ed25519_dalek::Signature::try_from(self.signature.signature()).ok()?;
        Equation::of(key, &signed, &signature)
    }
}

/// That somebody signed something, still to be verified.
pub struct Claim(Option<Equation>);

/// Of each claim, whether it holds.
#[must_use]
pub fn hold(claims: &[Claim]) -> Vec<bool> {
    let open: Vec<&Equation> = claims.iter().filter_map(|c| c.0.as_ref()).collect();
    let mut answers = prepared::hold(&open).into_iter();
    claims.iter().map(|c| c.0.is_none() || answers.next().unwrap_or_default()).collect()
}

/// The fingerprint of a key, as OpenSSH writes it: `SHA256:…`.
pub fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

#[cfg(test)]
mod tests {
    use super::usual;
    use crate::encoding::to_base64;
    use proptest::prelude::*;
    use ssh_key::public::{Ed25519PublicKey, KeyData};
    use ssh_key::{Algorithm, HashAlg, LineEnding, Signature, SshSig};

    fn signature(key: [u8; 32], made: [u8; 64], namespace: &str, hash: HashAlg) -> SshSig {
        let made = Signature::new(Algorithm::Ed25519, made).unwrap();
        SshSig::new(KeyData::Ed25519(Ed25519PublicKey(key)), namespace, hash, made).unwrap()
    }

    proptest! {
        #[test]
        fn what_is_usual_is_read_as_the_library_reads_it(key: [u8; 32], made: [u8; 64], namespace in "[a-z@é]{1,80}") {
            let text = signature(key, made, &namespace, HashAlg::Sha512).to_pem(LineEnding::LF).unwrap();
            prop_assert_eq!(usual(&text).unwrap(), SshSig::from_pem(&text).unwrap());
            let short = signature(key, made, &namespace, HashAlg::Sha256).to_pem(LineEnding::LF).unwrap();
            prop_assert!(usual(&short).is_none());
        }

        #[test]
        fn what_is_changed_is_read_as_the_library_reads_it_or_left(made: [u8; 64], at: prop::sample::Index, byte: u8, cut: bool) {
            let good = signature([7; 32], made, "countersign-act@1", HashAlg::Sha512);
            let text = good.to_pem(LineEnding::LF).unwrap();
            let mut other = text.clone().into_bytes();
            let at = at.index(other.len());
            if cut { other.remove(at); } else { other[at] = byte % 128; }
            let other = String::from_utf8(other).unwrap();
            prop_assert!(usual(&other).is_none_or(|found| SshSig::from_pem(&other).unwrap() == found));
        }

        #[test]
        fn any_bytes_in_an_armour_are_read_as_the_library_reads_them_or_left(at in 0_usize..220, byte: u8, more: bool) {
            let good = signature([7; 32], [9; 64], "countersign-act@1", HashAlg::Sha512);
            let text = good.to_pem(LineEnding::LF).unwrap();
            let lines = text.lines().filter(|l| !l.starts_with('-')).collect::<String>();
            let mut bytes = crate::encoding::from_base64(&lines).unwrap();
            if let Some(old) = bytes.get_mut(at) { *old = byte; }
            bytes.extend(more.then_some(0));
            let inside = to_base64(&bytes);
            let lines: Vec<&str> = inside.as_bytes().chunks(70).map(|l| std::str::from_utf8(l).unwrap()).collect();
            let armoured = format!("-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n", lines.join("\n"));
            prop_assert!(usual(&armoured).is_none_or(|found| SshSig::from_pem(&armoured).unwrap() == found));
        }
    }

    #[test]
    fn an_armour_of_other_lines_is_left() {
        let text = signature([7; 32], [9; 64], "n", HashAlg::Sha512).to_pem(LineEnding::LF).unwrap();
        assert!(usual(&text).is_some());
        let broken = text.replacen("AAAA", "AA\nAA", 1);
        for other in [text.replace('\n', "\r\n"), text.trim_end().to_owned(), format!("\n{text}"), broken] {
            assert!(usual(&other).is_none(), "{other}");
        }
    }
}
