//! SSH signatures over files (OpenSSH `PROTOCOL.sshsig`), as `ssh-keygen -Y sign` and git make them.

use crate::{Error, Result, error::refuse};
use ssh_key::{HashAlg, PublicKey, SshSig};

/// Reads a public key in the form of `authorized_keys` and `.pub` files.
pub fn public_key(line: &str) -> Result<PublicKey> {
    let key = PublicKey::from_openssh(line.trim());
    key.map_err(|e| Error::new(format!("this is no SSH public key that can be used: {e}")))
}

/// Verifies that this key signed this message for this purpose (`namespace`, such as `git` or `file`).
///
/// Keys: Ed25519, ECDSA P-256, RSA with SHA-2, and the first two in security keys (`sk-`). Others are refused.
pub fn verify(key: &PublicKey, namespace: &str, message: &[u8], armoured: &str) -> Result<()> {
    let signature = SshSig::from_pem(armoured);
    let signature =
        signature.map_err(|e| Error::new(format!("this is no SSH signature that can be read: {e}")))?;
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
    key.verify(namespace, message, &signature)
        .map_err(|e| Error::new(format!("the SSH signature does not verify: {e}")))
}

/// The key that a signature says it is of. Nothing is verified by that.
pub fn embedded_key(armoured: &str) -> Result<PublicKey> {
    let signature = SshSig::from_pem(armoured);
    let signature =
        signature.map_err(|e| Error::new(format!("this is no SSH signature that can be read: {e}")))?;
    Ok(PublicKey::from(signature.public_key().clone()))
}

/// The fingerprint of a key, as OpenSSH writes it: `SHA256:…`.
pub fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}
