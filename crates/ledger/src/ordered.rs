//! Canonical JSON of what has names in ASCII and whole numbers only: what `serde_json` writes compactly, with the fields of
//! each object in their order. That is all that there is to do then, and it takes a tenth of the time.

use std::ops::Range;

/// Nested deeper, it is left to the long way.
const DEPTH: usize = 64;
/// Numbers of so many digits at most are the same as IEEE doubles, and written alike.
const DIGITS: usize = 15;

/// The canonical bytes of JSON that `serde_json` wrote compactly. Nothing where ordering fields is not all there is to do.
pub(crate) fn ordered(compact: &[u8]) -> Option<Vec<u8>> {
    let mut writer = Writer { rest: compact, out: Vec::with_capacity(compact.len()), turned: Vec::new() };
    writer.value(DEPTH)?;
    writer.rest.is_empty().then_some(writer.out)
}

struct Writer<'t> {
    rest: &'t [u8],
    out: Vec<u8>,
    /// Room for the fields of an object while they are put in order.
    turned: Vec<u8>,
}

/// A field of an object: its name, and where it was written.
type Field<'t> = (&'t [u8], Range<usize>);

impl<'t> Writer<'t> {
    fn value(&mut self, depth: usize) -> Option<()> {
        match self.rest.first()? {
            b'{' => self.object(depth.checked_sub(1)?),
            b'[' => self.array(depth.checked_sub(1)?),
            b'"' => self.text().map(|_| ()),
            _ => self.plain(),
        }
    }

    /// Takes so many bytes over.
    fn copy(&mut self, length: usize) -> Option<&'t [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.out.extend_from_slice(taken);
        self.rest = rest;
        Some(taken)
    }

    /// A text with its quotes.
    fn text(&mut self) -> Option<&'t [u8]> {
        let mut end = 1;
        loop {
            let special = memchr::memchr2(b'"', b'\\', self.rest.get(end..)?)?;
            end += special + 1;
            if self.rest.get(end - 1) == Some(&b'"') {
                return self.copy(end);
            }
            end += 1;
        }
    }

    /// A number, `true`, `false` or `null`.
    fn plain(&mut self) -> Option<()> {
        let length =
            self.rest.iter().position(|b| matches!(b, b',' | b'}' | b']')).unwrap_or(self.rest.len());
        let word = self.copy(length)?;
        let digits = word.strip_prefix(b"-").unwrap_or(word);
        let whole = digits.len() <= DIGITS && !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
        (whole || matches!(word, b"true" | b"false" | b"null")).then_some(())
    }

    fn array(&mut self, depth: usize) -> Option<()> {
        self.copy(1)?;
        if self.rest.first() == Some(&b']') {
            return self.copy(1).map(|_| ());
        }
        loop {
            self.value(depth)?;
            match self.copy(1)? {
                b"]" => return Some(()),
                b"," => {}
                _ => return None,
            }
        }
    }

    fn object(&mut self, depth: usize) -> Option<()> {
        self.copy(1)?;
        let (from, mut fields) = (self.out.len(), Vec::new());
        if self.rest.first() == Some(&b'}') {
            return self.copy(1).map(|_| ());
        }
        loop {
            let start = self.out.len();
            let name = self.text()?;
            if !name.iter().all(|b| b.is_ascii() && *b != b'\\') || self.copy(1)? != b":" {
                return None;
            }
            self.value(depth)?;
            fields.push((name, start..self.out.len()));
            match self.copy(1)? {
                b"}" => return self.order(from, fields),
                b"," => {}
                _ => return None,
            }
        }
    }

    /// Puts the fields that were written from a place on, up to the bracket after them, in their order.
    fn order(&mut self, from: usize, mut fields: Vec<Field<'t>>) -> Option<()> {
        if fields.is_sorted_by(|(a, _), (b, _)| name(a) < name(b)) {
            return Some(());
        }
        fields.sort_unstable_by_key(|(n, _)| name(n));
        if fields.windows(2).any(|pair| matches!(pair, [(a, _), (b, _)] if a == b)) {
            return None;
        }
        self.turned.clear();
        for (_, place) in fields {
            self.turned.extend_from_slice(self.out.get(place)?);
            self.turned.push(b',');
        }
        self.turned.pop();
        self.turned.push(b'}');
        self.out.truncate(from);
        self.out.append(&mut self.turned);
        Some(())
    }
}

/// A name without its quotes: the closing one would come after a blank in the order.
fn name(quoted: &[u8]) -> &[u8] {
    quoted.strip_suffix(b"\"").unwrap_or(quoted)
}

#[cfg(test)]
mod tests {
    use super::ordered;
    use crate::json::to_canonical;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1000_i64..1000).prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[\u{0}-\u{7f}]{0,8}".prop_map(Value::from),
        ];
        let name = "[a-c !#\"\\\\\u{e9}\u{ff61}\u{1f600}-]{0,3}";
        leaf.prop_recursive(5, 64, 8, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((name, inner.clone()), 0..6)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
                prop::collection::vec(("[a-c!-]{0,3}", inner), 0..6)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    /// The same JSON with the fields of its objects the other way round, as a type may have them.
    fn turned(value: &Value) -> String {
        match value {
            Value::Object(fields) => {
                let field = |(n, v): (&String, &Value)| format!("{}:{}", Value::from(n.as_str()), turned(v));
                format!("{{{}}}", fields.iter().rev().map(field).collect::<Vec<_>>().join(","))
            }
            Value::Array(items) => {
                format!("[{}]", items.iter().map(turned).collect::<Vec<_>>().join(","))
            }
            other => other.to_string(),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn it_is_what_the_long_way_writes_or_nothing(value in values()) {
            let long = to_canonical(&value).unwrap();
            for text in [value.to_string(), turned(&value)] {
                if let Some(short) = ordered(text.as_bytes()) {
                    prop_assert_eq!(String::from_utf8(short).unwrap(), String::from_utf8_lossy(&long));
                }
            }
        }

        #[test]
        fn any_bytes_are_taken(bytes in prop::collection::vec(prop::sample::select(&b"{}[]\":,\\a1-.e "[..]), 0..40)) {
            if let (Some(short), Ok(value)) = (ordered(&bytes), serde_json::from_slice::<Value>(&bytes)) {
                let compact = value.to_string();
                prop_assert!(compact.as_bytes() != bytes || short == to_canonical(&value).unwrap());
            }
        }
    }

    #[test]
    fn names_in_ascii_and_whole_numbers_go_the_short_way() {
        let value = json!({"b": [{"y": "\"\\\u{1f}\n\u{e9}\u{1f600}/", "x": {}}, [], -12, 123_456_789_012_345_i64],
            "a-b": null, "a": {"z": true, "_": false}, "a b": "", "": 0});
        let long = to_canonical(&value).unwrap();
        assert_eq!(ordered(turned(&value).as_bytes()), Some(long.clone()));
        assert_eq!(ordered(value.to_string().as_bytes()), Some(long));
    }

    #[test]
    fn what_takes_more_than_ordering_is_left() {
        let texts = [
            r#"{"b":0,"a":1,"a":2}"#,
            r#"{"é":1}"#,
            r#"{"\n":1}"#,
            "1.0",
            "1e3",
            "1234567890123456",
            "-",
            "",
            "[",
            "[1",
            "[1}",
            r#"{"a""#,
            r#"{"a":1]"#,
            r#""a"#,
            r#""\"#,
            r#""a"1"#,
        ];
        for text in texts {
            assert_eq!(ordered(text.as_bytes()), None, "{text}");
        }
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        assert_eq!(ordered(deep.as_bytes()), None);
    }
}
