//! Canonical JSON (RFC 8785), read strictly: no duplicate names, no numbers that an IEEE double would change.

use crate::{Error, Result, error::refuse, ordered::ordered};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Reads JSON as I-JSON (RFC 7493), which canonical JSON is defined for.
pub fn parse(bytes: &[u8]) -> Result<Value> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Strict.deserialize(&mut reader).and_then(|v| reader.end().map(|()| v));
    value.map_err(|e| Error::new(format!("this is no JSON to sign or to log: {e}")))
}

/// Writes a value canonically.
pub fn to_canonical(value: &impl serde::Serialize) -> Result<Vec<u8>> {
    serde_json_canonicalizer::to_vec(value)
        .map_err(|e| Error::new(format!("this has no canonical JSON: {e}")))
}

/// Most of what is written is not longer.
const USUAL: usize = 1 << 13;

/// Writes a value canonically by the short way: for types without floating-point numbers. Nothing where there is none, since
/// a name is not in ASCII or a number is large; [`to_canonical`] of its [`Value`] gives the same bytes where there is one.
pub fn to_canonical_quickly(value: &impl serde::Serialize) -> Option<Vec<u8>> {
    let mut written = Vec::with_capacity(USUAL);
    serde_json::to_writer(&mut written, value).ok()?;
    ordered(&written)
}

/// The canonical bytes of some JSON.
pub fn canonicalise(bytes: &[u8]) -> Result<Vec<u8>> {
    to_canonical(&parse(bytes)?)
}

/// Reads JSON that has to be canonical already, byte for byte.
pub fn parse_canonical(bytes: &[u8]) -> Result<Value> {
    let value = parse(bytes)?;
    if to_canonical(&value)? != bytes {
        refuse!("this JSON is not written canonically (RFC 8785)");
    }
    Ok(value)
}

/// Reads a value and refuses what two readers could understand differently.
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> std::result::Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> std::result::Result<Value, E> {
        exact(value as f64 as u128 == u128::from(value), value)?;
        number(value as f64)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> std::result::Result<Value, E> {
        exact(value as f64 as i128 == i128::from(value), value)?;
        number(value as f64)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> std::result::Result<Value, E> {
        number(value)
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<Value, A::Error> {
        let mut out = Vec::new();
        while let Some(item) = items.next_element_seed(Strict)? {
            out.push(item);
        }
        Ok(Value::Array(out))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> std::result::Result<Value, A::Error> {
        let mut out = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            let value = fields.next_value_seed(Strict)?;
            if out.contains_key(&name) {
                return Err(A::Error::custom(format!("the name `{name}` stands twice in one object")));
            }
            out.insert(name, value);
        }
        Ok(Value::Object(out))
    }
}

fn exact<E: serde::de::Error>(holds: bool, value: impl std::fmt::Display) -> std::result::Result<(), E> {
    if holds {
        return Ok(());
    }
    Err(E::custom(format!("{value} is no number that an IEEE double can hold: write it as a string")))
}

/// A number as canonical JSON knows it. Whole ones stay whole in memory; both are written alike.
fn number<E: serde::de::Error>(value: f64) -> std::result::Result<Value, E> {
    if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 {
        return Ok(Value::from(value as i64));
    }
    Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number is out of range"))
}

/// Reads a type from JSON that is read strictly.
pub(crate) fn read<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T> {
    serde_json::from_value(parse(bytes)?).map_err(|e| Error::new(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> String {
        String::from_utf8(canonicalise(text.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn what_readers_could_disagree_about_is_refused() {
        let doubtful = [
            r#"{"a":1,"a":2}"#,
            r#"[{"x":{"a":1,"\u0061":2}}]"#,
            "9007199254740993",
            "18446744073709551615",
            "1e400",
            r#""\ud800""#,
            "1 2",
            "",
            "{\"a\":1,}",
            "NaN",
        ];
        for text in doubtful {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_are_written_as_ecmascript_does() {
        // The samples of RFC 8785, appendix B, as decimal input.
        let samples = [
            ("0", "0"),
            ("-0", "0"),
            ("-0.0", "0"),
            ("5e-324", "5e-324"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"),
            ("9007199254740992", "9007199254740992"),
            ("-9007199254740992", "-9007199254740992"),
            ("9007199254740994", "9007199254740994"),
            ("295147905179352830000", "295147905179352830000"),
            ("9.999999999999997e22", "9.999999999999997e+22"),
            ("1e23", "1e+23"),
            ("999999999999999700000", "999999999999999700000"),
            ("1e21", "1e+21"),
            ("0.000001", "0.000001"),
            ("9.999999999999997e-7", "9.999999999999997e-7"),
            ("333333333.33333329", "333333333.3333333"),
            ("1424953923781206.25", "1424953923781206.2"),
            ("1.0", "1"),
        ];
        for (input, output) in samples {
            assert_eq!(canonical(input), output);
        }
    }

    #[test]
    fn canonical_bytes_are_told_from_others() {
        assert!(parse_canonical(br#"{"a":[1,"x"],"b":null}"#).is_ok());
        for other in [r#"{"b":1,"a":2}"#, r#"{ "a":1}"#, r#"{"a":1.0}"#, r#"{"a":"\u0061"}"#, "1\n"] {
            assert!(parse_canonical(other.as_bytes()).is_err(), "{other}");
        }
    }
}
