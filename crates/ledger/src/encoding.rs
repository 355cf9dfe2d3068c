//! The small encodings that the formats share: strict base64, decimal numbers, hex.

use crate::{Error, Hash, Result, error::refuse};
use base64::{
    Engine, alphabet,
    engine::{GeneralPurpose, GeneralPurposeConfig},
    prelude::*,
};

/// Standard base64 with its padding (RFC 4648, section 4).
pub fn to_base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

/// Reads standard base64; only the one canonical spelling is taken.
pub fn from_base64(text: &str) -> Result<Vec<u8>> {
    BASE64_STANDARD.decode(text).map_err(|e| Error::new(format!("`{text}` is not standard base64: {e}")))
}

/// Reads standard base64 whose last symbol may have stray bits, as some write and most read it.
pub(crate) fn from_loose_base64(text: &str) -> Result<Vec<u8>> {
    let config = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    let engine = GeneralPurpose::new(&alphabet::STANDARD, config);
    engine.decode(text).map_err(|e| Error::new(format!("`{text}` is not standard base64: {e}")))
}

/// Reads base64 of either alphabet, as DSSE asks.
pub(crate) fn from_any_base64(text: &str) -> Result<Vec<u8>> {
    let url_safe = text.contains(['-', '_']);
    let read = if url_safe { BASE64_URL_SAFE.decode(text) } else { BASE64_STANDARD.decode(text) };
    let read = read.or_else(|_| BASE64_URL_SAFE_NO_PAD.decode(text));
    read.map_err(|e| Error::new(format!("`{text}` is not base64, standard or for URLs: {e}")))
}

/// Reads one SHA-256 hash in base64.
pub fn hash_from_base64(text: &str) -> Result<Hash> {
    let bytes = from_base64(text)?;
    let found = bytes.len();
    bytes.try_into().map_err(|_| Error::new(format!("a hash has 32 bytes, `{text}` has {found}")))
}

/// Reads a decimal number without sign and without leading zeroes.
pub(crate) fn decimal(text: &str) -> Result<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits || (text.len() > 1 && text.starts_with('0')) {
        refuse!("`{text}` is not a decimal number without leading zeroes");
    }
    text.parse().map_err(|_| Error::new(format!("`{text}` does not fit 64 bits")))
}

/// Lower-case hex.
pub fn to_hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from(if half < 10 { b'0' + half } else { b'a' + half - 10 });
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

/// Reads lower-case hex of an even length.
pub fn from_hex(text: &str) -> Result<Vec<u8>> {
    let well_formed = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if !well_formed || !text.len().is_multiple_of(2) {
        refuse!("`{text}` is not lower-case hex of whole bytes");
    }
    let pairs = (0..text.len()).step_by(2);
    pairs.map(|i| u8::from_str_radix(&text[i..i + 2], 16).map_err(|e| Error::new(e.to_string()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_spelling_of_base64_is_read() {
        assert_eq!(from_base64("AA==").unwrap(), [0]);
        for other in ["AA", "AA=", "AB==", "AA==\n", " AA==", "A-=="] {
            assert!(from_base64(other).is_err(), "{other:?}");
        }
    }

    #[test]
    fn dsse_takes_both_alphabets() {
        for text in ["+/8=", "-_8=", "-_8"] {
            assert_eq!(from_any_base64(text).unwrap(), [0xfb, 0xff], "{text}");
        }
    }

    #[test]
    fn numbers_have_one_spelling() {
        assert_eq!(decimal("0").unwrap(), 0);
        assert_eq!(decimal("18446744073709551615").unwrap(), u64::MAX);
        for other in ["", "00", "01", "+1", "-1", " 1", "1 ", "0x1", "18446744073709551616", "١"] {
            assert!(decimal(other).is_err(), "{other:?}");
        }
    }

    #[test]
    fn hex_goes_both_ways() {
        assert_eq!(from_hex(&to_hex(&[0, 0xab, 0xff])).unwrap(), [0, 0xab, 0xff]);
        assert!(from_hex("0").is_err() && from_hex("AB").is_err() && from_hex("zz").is_err());
    }
}
