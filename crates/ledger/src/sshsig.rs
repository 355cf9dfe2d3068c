//! SSH signatures over files (OpenSSH `PROTOCOL.sshsig`), as `ssh-keygen -Y sign` and git make them.

use crate::{
    Error, Result,
    error::refuse,
    prepared::{self, Equation, Prepared},
};
use ssh_key::public::{Ed25519PublicKey, KeyData};
use ssh_key::{HashAlg, PublicKey, SshSig};
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
    SshSig::from_pem(armoured)
        .map_err(|e| Error::new(format!("this is no SSH signature that can be read: {e}")))
}

/// Reads and verifies many signatures, each by the key that it carries: a key that comes often is prepared once.
#[derive(Default)]
pub struct Verifier {
    known: Mutex<HashMap<Ed25519PublicKey, Arc<Prepared>>>,
}

/// So many keys are kept; then it begins anew.
const MOST: usize = 64;

/// A signature that was read. Nothing is verified by that.
pub struct Signed {
    signature: SshSig,
    prepared: Option<Arc<Prepared>>,
}

impl Verifier {
    /// Reads a signature.
    pub fn read(&self, armoured: &str) -> Result<Signed> {
        let signature = read(armoured)?;
        let prepared = match signature.public_key() {
            // The reserved field is signed too; nobody writes it, and the long way knows it.
            KeyData::Ed25519(key)
                if signature.version() == SshSig::VERSION && signature.reserved().is_empty() =>
            {
                self.prepared(key)
            }
            _ => None,
        };
        Ok(Signed { signature, prepared })
    }

    fn prepared(&self, key: &Ed25519PublicKey) -> Option<Arc<Prepared>> {
        let mut known = self.known.lock().ok()?;
        if let Some(prepared) = known.get(key) {
            return Some(prepared.clone());
        }
        if known.len() >= MOST {
            known.clear();
        }
        let prepared = Arc::new(Prepared::new(key.try_into().ok()?));
        known.insert(*key, prepared.clone());
        Some(prepared)
    }
}

impl Signed {
    /// The fingerprint of the key that it says it is of.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.signature.public_key().fingerprint(HashAlg::Sha256).to_string()
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
        let key = self.prepared.clone()?;
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
