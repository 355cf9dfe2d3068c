//! DSSE envelopes 1.0.2: a payload with its type, signed so that neither can be taken for another.

use crate::{Error, Result, encoding, error::refuse, json};
use ed25519_dalek::Signer as _;
use p256::ecdsa::signature::Verifier as _;
use serde::{Deserialize, Serialize};

/// The bytes that are signed: the type and the payload, each with its length.
pub fn pre_authentication_encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut out = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    out.extend_from_slice(payload);
    out
}

/// A key that verifies envelopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// Ed25519.
    Ed25519(ed25519_dalek::VerifyingKey),
    /// ECDSA over P-256 with SHA-256; signatures in DER or as the two numbers one after the other.
    EcdsaP256(p256::ecdsa::VerifyingKey),
}

impl Key {
    /// An Ed25519 key of 32 bytes; one of small order, for which anybody could sign, is refused.
    pub fn ed25519(public: &[u8; 32]) -> Result<Self> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(public);
        let key = key.map_err(|e| Error::new(format!("this is no Ed25519 public key: {e}")))?;
        if key.is_weak() {
            refuse!("this Ed25519 public key is of small order: anybody could sign for it");
        }
        Ok(Self::Ed25519(key))
    }

    /// A P-256 key as a point, compressed or not (SEC 1).
    pub fn ecdsa_p256(point: &[u8]) -> Result<Self> {
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point);
        key.map(Self::EcdsaP256).map_err(|e| Error::new(format!("this is no point of P-256: {e}")))
    }

    /// Verifies a signature over a message.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<()> {
        let holds = match self {
            Self::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            Self::EcdsaP256(key) => {
                let read = p256::ecdsa::Signature::from_slice(signature);
                let read = read.or_else(|_| p256::ecdsa::Signature::from_der(signature));
                read.is_ok_and(|signature| key.verify(message, &signature).is_ok())
            }
        };
        if holds { Ok(()) } else { Err(Error::new("the signature does not verify")) }
    }
}

/// A signature of an envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// A hint at the key, never to be relied on.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub keyid: String,
    /// The signature in base64.
    pub sig: String,
}

/// An envelope as it is written. What it has in it comes out through [`Envelope::verify`], and [`Envelope::unverified`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<Signature>,
}

/// What an envelope had in it, verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened<'k> {
    /// The payload, the very bytes that were signed.
    pub payload: Vec<u8>,
    /// The keys that signed, each once.
    pub keys: Vec<&'k Key>,
}

impl Envelope {
    /// An envelope around a payload, not signed yet.
    pub fn new(payload_type: &str, payload: &[u8]) -> Self {
        let (payload, payload_type) = (encoding::to_base64(payload), payload_type.to_owned());
        Self { payload, payload_type, signatures: Vec::new() }
    }

    /// Reads an envelope; fields that the standard does not have are ignored, as it asks.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        json::read(bytes).map_err(|e| e.at("this is no DSSE envelope"))
    }

    /// Writes it as canonical JSON.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        json::to_canonical(self)
    }

    /// The type that the payload claims.
    pub fn payload_type(&self) -> &str {
        &self.payload_type
    }

    /// Its signatures, not verified.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// What a signature of this envelope is made over.
    pub fn signed_bytes(&self) -> Result<Vec<u8>> {
        Ok(pre_authentication_encoding(&self.payload_type, &self.unverified()?))
    }

    /// The payload, which nobody verified: for who verifies a signature over [`Envelope::signed_bytes`] by other means.
    pub fn unverified(&self) -> Result<Vec<u8>> {
        encoding::from_any_base64(&self.payload)
    }

    /// Signs it with the Ed25519 key of this secret seed.
    pub fn sign_ed25519(&mut self, keyid: &str, seed: &[u8; 32]) -> Result<()> {
        let signature = ed25519_dalek::SigningKey::from_bytes(seed).sign(&self.signed_bytes()?);
        self.add_signature(keyid, &signature.to_bytes());
        Ok(())
    }

    /// Adds a signature made elsewhere over [`Envelope::signed_bytes`].
    pub fn add_signature(&mut self, keyid: &str, signature: &[u8]) {
        self.signatures.push(Signature { keyid: keyid.to_owned(), sig: encoding::to_base64(signature) });
    }

    /// Verifies that at least `threshold` of these keys signed a payload of this type, and gives the payload out.
    pub fn verify<'k>(&self, payload_type: &str, keys: &'k [Key], threshold: usize) -> Result<Opened<'k>> {
        if threshold == 0 {
            refuse!("an envelope needs at least one signature: a threshold of 0 would verify anything");
        }
        if self.payload_type != payload_type {
            refuse!("the envelope is of type `{}`, not `{payload_type}`", self.payload_type);
        }
        let payload = encoding::from_any_base64(&self.payload)?;
        let message = pre_authentication_encoding(&self.payload_type, &payload);
        let signatures: Vec<_> =
            self.signatures.iter().filter_map(|s| encoding::from_any_base64(&s.sig).ok()).collect();
        let mut signed: Vec<&Key> = Vec::new();
        for key in keys {
            if !signed.contains(&key) && signatures.iter().any(|s| key.verify(&message, s).is_ok()) {
                signed.push(key);
            }
        }
        if signed.len() < threshold {
            refuse!("{} of the keys given signed the envelope, {threshold} are asked for", signed.len());
        }
        Ok(Opened { payload, keys: signed })
    }
}
