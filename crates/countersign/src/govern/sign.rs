//! Signing with a person's SSH key. A key file without a passphrase is used as it is; any other (with a passphrase, in an
//! agent, on a security key) through `ssh-keygen -Y sign`, as git does.

use super::statement::NAMESPACE;
use ssh_key::{HashAlg, LineEnding, PrivateKey, PublicKey};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A key to sign with.
#[derive(Debug)]
pub struct Signer {
    path: PathBuf,
    private: Option<PrivateKey>,
    /// What to do where `ssh-keygen` does not sign with it.
    remedy: String,
    /// Its fingerprint.
    pub fingerprint: String,
}

fn other(message: String) -> io::Error {
    io::Error::other(message)
}

impl Signer {
    /// The key that is named, or the one that git signs with.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn find(named: Option<&Path>, root: &Path) -> io::Result<Self> {
        let configured = || {
            let out =
                Command::new("git").args(["config", "user.signingkey"]).current_dir(root).output().ok()?;
            let line = String::from_utf8(out.stdout).ok()?.trim().to_owned();
            (!line.is_empty()).then(|| PathBuf::from(line))
        };
        let path = named.map(Path::to_path_buf).or_else(configured).ok_or_else(|| {
            other("no key to sign with: name one with `--key FILE`, or in git with `git config user.signingkey FILE`".to_owned())
        })?;
        Self::read(&path)
    }

    /// No key: what needs one fails.
    #[must_use]
    pub fn nobody() -> Self {
        Signer { path: PathBuf::new(), private: None, remedy: String::new(), fingerprint: String::new() }
    }

    fn read(path: &Path) -> io::Result<Self> {
        let shown = path.display();
        let read = |p: &Path| std::fs::read_to_string(p);
        let text = read(path).map_err(|e| other(format!("the key `{shown}` cannot be read: {e}")))?;
        if let Ok(private) = PrivateKey::from_openssh(&text) {
            let fingerprint = private.fingerprint(HashAlg::Sha256).to_string();
            let private =
                Some(private).filter(|k| !k.is_encrypted() && k.algorithm() == ssh_key::Algorithm::Ed25519);
            let remedy = format!(
                "its passphrase is asked for at a terminal; elsewhere load it first: `ssh-add {shown}`"
            );
            return Ok(Signer { path: path.to_path_buf(), private, remedy, fingerprint });
        }
        // A public key: the private half is in an agent or on a device.
        let public = PublicKey::from_openssh(text.trim()).map_err(|e| {
            other(format!("`{shown}` is no SSH key: {e}; make one with `ssh-keygen -t ed25519`"))
        })?;
        let half = path.with_extension("");
        let remedy = format!(
            "it is a public key, and no agent has its private half: name that with `--key {half}`, or load it with `ssh-add {half}`",
            half = half.display()
        );
        Ok(Signer {
            path: path.to_path_buf(),
            private: None,
            remedy,
            fingerprint: public.fingerprint(HashAlg::Sha256).to_string(),
        })
    }

    /// Signs a message; the signature as text between `-----BEGIN SSH SIGNATURE-----` and its end.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn sign(&self, message: &[u8]) -> io::Result<String> {
        self.sign_as(NAMESPACE, message)
    }

    /// The same, for something else than an act.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn sign_as(&self, namespace: &str, message: &[u8]) -> io::Result<String> {
        if let Some(private) = &self.private {
            let signed = private.sign(namespace, HashAlg::Sha512, message);
            let text = signed.and_then(|s| s.to_pem(LineEnding::LF));
            return text.map_err(|e| other(format!("the key `{}` cannot sign: {e}", self.path.display())));
        }
        let mut child = Command::new("ssh-keygen")
            .args(["-q", "-Y", "sign", "-n", namespace, "-f"])
            .arg(&self.path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| other(format!("`ssh-keygen` cannot be started ({e}): install OpenSSH")))?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(message)?;
        }
        let out = child.wait_with_output()?;
        let text = String::from_utf8(out.stdout).unwrap_or_default();
        if out.status.success() {
            return Ok(text);
        }
        Err(other(format!("`ssh-keygen` did not sign with `{}`: {}", self.path.display(), self.remedy)))
    }
}
