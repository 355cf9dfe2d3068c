//! Salted commitments: what stands in an entry in place of a person's data, so that the data can be erased or withheld
//! and every proof still holds.
//!
//! A commitment is SHA-256 over a fixed line, a salt of 32 random bytes, the field's name and the value's canonical
//! JSON. Whoever has salt and value can open it; without the salt not even a guessed value can be confirmed.

use crate::{Error, Hash, Result, encoding, error::refuse, json};
use serde_json::Value;
use sha2::{Digest, Sha256};

const DOMAIN: &[u8] = b"countersign commitment v1\n";

/// What opens a commitment: kept beside the log, never in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The name of the field.
    pub name: String,
    /// 32 random bytes, new for each commitment.
    pub salt: [u8; 32],
    /// The value.
    pub value: Value,
}

impl Opening {
    /// The commitment to the value.
    pub fn commitment(&self) -> Result<Hash> {
        let value = json::to_canonical(&self.value)?;
        let mut hash = Sha256::new().chain_update(DOMAIN).chain_update(self.salt);
        hash.update((self.name.len() as u64).to_be_bytes());
        hash.update(&self.name);
        hash.update(value);
        Ok(hash.finalize().into())
    }

    /// Verifies that this is what was committed to.
    pub fn verify(&self, commitment: &Hash) -> Result<()> {
        if self.commitment()? != *commitment {
            refuse!("the value of `{}` is not the one that was committed to", self.name);
        }
        Ok(())
    }

    /// The opening as canonical JSON.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        let salt = encoding::to_base64(&self.salt);
        json::to_canonical(&serde_json::json!({"name": self.name, "salt": salt, "value": self.value}))
    }

    /// Reads an opening; only canonical JSON with these three fields is taken.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let read = json::parse_canonical(bytes)?;
        let fields = read.as_object().filter(|o| o.len() == 3);
        let parts =
            fields.and_then(|o| Some((o.get("name")?.as_str()?, o.get("salt")?.as_str()?, o.get("value")?)));
        let (name, salt, value) = parts.ok_or_else(|| {
            Error::new("an opening has the fields `name`, `salt` and `value`, and no others")
        })?;
        let salt = encoding::hash_from_base64(salt)?;
        Ok(Self { name: name.to_owned(), salt, value: value.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commitment_binds_name_salt_and_value() {
        let opening = Opening { name: "login".into(), salt: [7; 32], value: "ada@corp.test".into() };
        let commitment = opening.commitment().unwrap();
        opening.verify(&commitment).unwrap();
        let others = [
            Opening { name: "logi".into(), ..opening.clone() },
            Opening { salt: [8; 32], ..opening.clone() },
            Opening { value: "eve@corp.test".into(), ..opening.clone() },
        ];
        for other in others {
            assert!(other.verify(&commitment).is_err(), "{other:?}");
        }
        assert_eq!(Opening::parse(&opening.to_json().unwrap()).unwrap(), opening);
        assert!(Opening::parse(br#"{"name":"a","salt":"AA==","value":1}"#).is_err());
        assert!(Opening::parse(br#"{"name":"a","value":1}"#).is_err());
    }

    /// Name and value cannot trade characters: the name's length is part of what is hashed.
    #[test]
    fn the_border_between_name_and_value_counts() {
        let a = Opening { name: "a1".into(), salt: [1; 32], value: 2.into() };
        let b = Opening { name: "a".into(), salt: [1; 32], value: 12.into() };
        assert_ne!(a.commitment().unwrap(), b.commitment().unwrap());
    }
}
