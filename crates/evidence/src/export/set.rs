//! Security Event Tokens (RFC 8417): what was done to somebody's access, as events of CAEP, RISC and SCIM (RFC 9967), each
//! signed as a JWS (RFC 7515) with Ed25519 (RFC 8037) or ECDSA over P-256.
//!
//! A token is made for what happened, never for what was tried. Its time is that of the entry and its `jti` follows from the
//! entry and the event, so that the same entry makes the same token, and a receiver knows it again.

use super::event::{Effect, Event, Somebody, What};
use super::map::{self, Signal};
use ed25519_dalek::Signer as _;
use ledger::{Error, Result, encoding, json};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

const CAEP: &str = "https://schemas.openid.net/secevent/caep/event-type/";
const RISC: &str = "https://schemas.openid.net/secevent/risc/event-type/";
const SCIM: &str = "urn:ietf:params:scim:event:prov:";

/// CAEP asks for a type of credential, and takes one that both sides agree on.
const UNSPECIFIED: &str = "unspecified";

/// A key that signs tokens. It holds the secret, so it cannot be printed.
pub enum Key {
    /// `EdDSA`.
    Ed25519(Box<ed25519_dalek::SigningKey>),
    /// `ES256`.
    P256(Box<p256::ecdsa::SigningKey>),
}

impl Key {
    /// The Ed25519 key that grows from a secret seed.
    #[must_use]
    pub fn ed25519(seed: &[u8; 32]) -> Self {
        Self::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(seed)))
    }

    /// The P-256 key that is this number.
    ///
    /// # Errors
    /// When the number is none between 0 and the order of the group, which chance never gives.
    pub fn p256(seed: &[u8; 32]) -> Result<Self> {
        let key = p256::ecdsa::SigningKey::from_slice(seed);
        key.map(|k| Self::P256(Box::new(k))).map_err(|e| Error::new(format!("this is no key of P-256: {e}")))
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Self::Ed25519(_) => "EdDSA",
            Self::P256(_) => "ES256",
        }
    }

    /// The public key as a JWK (RFC 7517): what has to be there, in the order of names.
    #[must_use]
    fn required(&self) -> Value {
        match self {
            Self::Ed25519(key) => {
                json!({"crv": "Ed25519", "kty": "OKP", "x": url(key.verifying_key().as_bytes())})
            }
            Self::P256(key) => {
                let point = key.verifying_key().to_sec1_point(false);
                let number = |n: Option<&p256::FieldBytes>| url(n.map(|b| b.as_slice()).unwrap_or_default());
                json!({"crv": "P-256", "kty": "EC", "x": number(point.x()), "y": number(point.y())})
            }
        }
    }

    /// Its name: the thumbprint of RFC 7638.
    ///
    /// # Errors
    /// Never, as far as is known: a JWK can be written.
    pub fn id(&self) -> Result<String> {
        Ok(url(&Sha256::digest(json::to_canonical(&self.required())?)))
    }

    /// What receivers verify with: a JWK set.
    ///
    /// # Errors
    /// As [`Key::id`].
    pub fn jwks(&self) -> Result<Value> {
        let mut key = self.required();
        key["kid"] = self.id()?.into();
        key["alg"] = self.algorithm().into();
        key["use"] = "sig".into();
        Ok(json!({"keys": [key]}))
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            Self::P256(key) => {
                let signature: p256::ecdsa::Signature = p256::ecdsa::signature::Signer::sign(&**key, message);
                signature.to_bytes().to_vec()
            }
        }
    }
}

/// Who issues tokens, and for whom.
pub struct Issuer {
    /// The issuer, as receivers know it.
    pub name: String,
    /// The receivers.
    pub audience: Vec<String>,
    /// Its key.
    pub key: Key,
}

impl Issuer {
    /// The tokens that an event is told by: one for each kind of event, none for what did not happen or concerns nobody.
    ///
    /// # Errors
    /// As [`Key::id`].
    pub fn tokens(&self, event: &Event) -> Result<Vec<String>> {
        let What::Effect(effect) = &event.what else { return Ok(Vec::new()) };
        let Some(identity) = event.identity.as_ref().filter(|_| effect.outcome == "succeeded") else {
            return Ok(Vec::new());
        };
        let signals = map::effect(&effect.effect, &effect.of).signals;
        let told = signals.iter().filter_map(|s| signal(*s, effect, event, identity));
        told.map(|(kind, payload, subject)| self.token(event, &kind, payload, subject)).collect()
    }

    fn token(&self, event: &Event, kind: &str, payload: Value, subject: Value) -> Result<String> {
        let id = Sha256::digest(format!("countersign set v1\n{}\n{}\n{kind}", self.name, event.digest));
        let header = json!({"alg": self.key.algorithm(), "kid": self.key.id()?, "typ": "secevent+jwt"});
        let events: Map<String, Value> = [(kind.to_owned(), payload)].into_iter().collect();
        let mut claims = json!({
            "iss": self.name,
            "iat": event.entry.place.time / 1000,
            "jti": encoding::to_hex(&id[..16]),
            "txn": event.correlation().unwrap_or_else(|| event.digest.clone()),
            "sub_id": subject,
            "events": events,
        });
        if !self.audience.is_empty() {
            claims["aud"] = json!(self.audience);
        }
        let signed = format!("{}.{}", url(&json::to_canonical(&header)?), url(&json::to_canonical(&claims)?));
        let signature = url(&self.key.sign(signed.as_bytes()));
        Ok(format!("{signed}.{signature}"))
    }
}

/// A signal as an event: its type, its payload, its subject. SCIM names a resource by its path, so there is none without.
fn signal(
    signal: Signal,
    effect: &Effect,
    event: &Event,
    identity: &Somebody,
) -> Option<(String, Value, Value)> {
    let when = event.entry.place.time / 1000;
    let who = || subject(identity);
    let caep = |name: &str, mut payload: Value| {
        payload["event_timestamp"] = when.into();
        payload["initiating_entity"] = "system".into();
        (format!("{CAEP}{name}"), payload, who())
    };
    Some(match signal {
        Signal::Credential(change) => {
            let kind = if effect.of.is_empty() { UNSPECIFIED } else { &effect.of };
            caep("credential-change", json!({"change_type": change, "credential_type": kind}))
        }
        Signal::SessionRevoked => caep("session-revoked", json!({})),
        Signal::Risc(name) => (format!("{RISC}{name}"), json!({}), who()),
        Signal::Scim(name) => (format!("{SCIM}{name}"), json!({}), resource(event)?),
        Signal::ScimNotice(act, attribute) => {
            (format!("{SCIM}{act}:notice"), json!({"attributes": [attribute]}), resource(event)?)
        }
    })
}

/// Somebody as RFC 9493 has them: by mail address, by another name, or where none is disclosed by the commitment alone.
fn subject(somebody: &Somebody) -> Value {
    match &somebody.name {
        Some(name) if is_mail(name) => json!({"format": "email", "email": name}),
        Some(name) => json!({"format": "opaque", "id": name}),
        None => json!({"format": "opaque", "id": somebody.commitment}),
    }
}

fn is_mail(name: &str) -> bool {
    let plain = name.bytes().all(|b| b.is_ascii_graphic());
    plain
        && name
            .split_once('@')
            .is_some_and(|(user, host)| !user.is_empty() && host.contains('.') && !host.contains('@'))
}

fn resource(event: &Event) -> Option<Value> {
    let path = event.scim.as_deref().filter(|p| p.starts_with('/'))?;
    Some(json!({"format": "scim", "uri": path}))
}

/// Base64 for URLs, without its padding.
fn url(bytes: &[u8]) -> String {
    let text = encoding::to_base64(bytes);
    text.trim_end_matches('=').replace('+', "-").replace('/', "_")
}
