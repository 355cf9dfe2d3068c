//! Keys of signed notes: names, key ids, verifier keys as text, Ed25519 signatures and timestamped cosignatures.
//!
//! Sources: C2SP signed-note (types 0x01, key ids, vkeys) and tlog-cosignature (type 0x04, `cosignature/v1`).

use crate::prepared::{self, Equation, Prepared};
use crate::{Error, Result, encoding, error::refuse};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// What a signature of a key says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// Ed25519 over the text of the note, as a log signs its checkpoint.
    Ed25519,
    /// Ed25519 over a time and the text, as a witness cosigns a checkpoint it found consistent.
    Cosignature,
}

impl Algorithm {
    fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::Cosignature => 0x04,
        }
    }

    fn from_byte(byte: u8) -> Result<Self> {
        match byte {
            0x01 => Ok(Self::Ed25519),
            0x04 => Ok(Self::Cosignature),
            other => refuse!(
                "signature type 0x{other:02x} is not supported: use Ed25519 (01) or cosignature/v1 (04)"
            ),
        }
    }
}

/// Whether a key may have this name: not empty, no spaces of any kind, no plus, no control characters.
pub(crate) fn check_name(name: &str) -> Result<()> {
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+') {
        refuse!("`{name}` cannot name a key: a name is not empty and has neither spaces nor `+`");
    }
    Ok(())
}

/// The key id: the first four bytes of a hash over name, type and public key.
fn key_id(name: &str, algorithm: Algorithm, public: &[u8; 32]) -> u32 {
    let mut hash = Sha256::new().chain_update(name).chain_update([b'\n', algorithm.byte()]);
    hash.update(public);
    let digest: [u8; 32] = hash.finalize().into();
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

/// A key that verifies signatures of notes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: u32,
    algorithm: Algorithm,
    key: VerifyingKey,
}

impl VerifierKey {
    /// A key of 32 bytes under a name.
    pub fn new(name: &str, algorithm: Algorithm, public: &[u8; 32]) -> Result<Self> {
        check_name(name)?;
        let key = VerifyingKey::from_bytes(public);
        let key =
            key.map_err(|e| Error::new(format!("the key of `{name}` is no Ed25519 public key: {e}")))?;
        if key.is_weak() {
            refuse!("the key of `{name}` is of small order: anybody could sign for it");
        }
        Ok(Self { name: name.to_owned(), id: key_id(name, algorithm, public), algorithm, key })
    }

    /// Reads a vkey, `name+id+base64`; the id has to be that of the key.
    pub fn parse(vkey: &str) -> Result<Self> {
        Self::parse_parts(vkey).map_err(|e| e.at(format!("verifier key `{vkey}`")))
    }

    fn parse_parts(vkey: &str) -> Result<Self> {
        let parts = vkey.split_once('+').and_then(|(name, rest)| Some((name, rest.split_once('+')?)));
        let (name, (id, key)) = parts.ok_or_else(|| Error::new("it is not `name+id+key`"))?;
        let bytes = encoding::from_base64(key)?;
        let (algorithm, public) = bytes.split_first().ok_or_else(|| Error::new("the key is empty"))?;
        let algorithm = Algorithm::from_byte(*algorithm)?;
        let public = public.try_into().map_err(|_| Error::new("an Ed25519 public key has 32 bytes"))?;
        let key = Self::new(name, algorithm, public)?;
        if id != format!("{:08x}", key.id) {
            refuse!("its id is `{:08x}`, not `{id}`", key.id);
        }
        Ok(key)
    }

    /// The vkey as text.
    pub fn to_vkey(&self) -> String {
        let mut bytes = vec![self.algorithm.byte()];
        bytes.extend_from_slice(self.key.as_bytes());
        format!("{}+{:08x}+{}", self.name, self.id, encoding::to_base64(&bytes))
    }

    /// The key's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key's id.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// What its signatures say.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public key's 32 bytes.
    pub fn public_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Verifies a signature over the text of a note; a cosignature has a time, in seconds since 1970.
    pub fn verify(&self, text: &str, signature: &[u8]) -> Result<Option<u64>> {
        match self.algorithm {
            Algorithm::Ed25519 => self.verify_bytes(text.as_bytes(), signature).map(|()| None),
            Algorithm::Cosignature => self.verify_cosignature(text, signature).map(Some),
        }
    }

    fn verify_cosignature(&self, text: &str, signature: &[u8]) -> Result<u64> {
        let Some((time, signature)) = signature.split_first_chunk::<8>() else {
            refuse!("the cosignature of `{}` is too short to have a time", self.name);
        };
        let time = u64::from_be_bytes(*time);
        if time > i64::MAX as u64 {
            refuse!("the time of the cosignature of `{}` is out of range", self.name);
        }
        self.verify_bytes(cosigned(text, time).as_bytes(), signature)?;
        Ok(time)
    }

    fn verify_bytes(&self, message: &[u8], signature: &[u8]) -> Result<()> {
        let bad = |_| Error::new(format!("the signature of `{}` does not verify", self.name));
        let signature = Signature::from_slice(signature).map_err(bad)?;
        self.key.verify_strict(message, &signature).map_err(bad)
    }
}

/// What a witness signs: a header, the time, the checkpoint.
fn cosigned(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

/// A key that signs notes. It holds the secret, so it cannot be printed.
pub struct Signer {
    key: SigningKey,
    verifier: VerifierKey,
    /// The same key, for verifying what was signed.
    prepared: Arc<Prepared>,
}

impl Signer {
    /// The key that grows from a secret seed of 32 bytes.
    pub fn from_seed(name: &str, algorithm: Algorithm, seed: &[u8; 32]) -> Result<Self> {
        let key = SigningKey::from_bytes(seed);
        let verifier = VerifierKey::new(name, algorithm, key.verifying_key().as_bytes())?;
        let prepared = Arc::new(Prepared::new(key.verifying_key()));
        Ok(Self { key, verifier, prepared })
    }

    /// The key that verifies what this one signs.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs the text of a note; `time` (seconds since 1970) is what a cosignature states, and only that.
    pub(crate) fn sign(&self, text: &str, time: u64) -> Result<Vec<u8>> {
        if self.verifier.algorithm == Algorithm::Ed25519 {
            return Ok(self.sign_bytes(text.as_bytes())?.to_vec());
        }
        if time == 0 || time > i64::MAX as u64 {
            refuse!("a cosignature states a time after 1970 and before 2^63, not {time}");
        }
        let mut out = time.to_be_bytes().to_vec();
        out.extend_from_slice(&self.sign_bytes(cosigned(text, time).as_bytes())?);
        Ok(out)
    }

    /// A signature, verified before it leaves here: one that a fault spoiled could tell the secret.
    fn sign_bytes(&self, message: &[u8]) -> Result<[u8; 64]> {
        let signature = self.key.sign(message);
        let equation = Equation::of(Arc::clone(&self.prepared), message, &signature);
        if equation.is_none_or(|e| prepared::hold(&[&e]) != [true]) {
            refuse!(
                "what `{}` signed does not verify: this machine's memory or processor cannot be relied on",
                self.verifier.name
            );
        }
        Ok(signature.to_bytes())
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.verifier.to_vkey())
    }
}
