//! Values as JSON text and back.

use crate::Val;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use workflow::Text;

/// A value as compact JSON; an unknown part as a text that names it.
#[must_use]
pub fn write(value: &Val) -> String {
    let mut out = String::new();
    put(value, &mut out);
    out
}

fn put(value: &Val, out: &mut String) {
    match value {
        Val::Null => out.push_str("null"),
        Val::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Val::Number(n) => out.push_str(&number(*n)),
        Val::Text(t) => quoted(t, out),
        Val::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                separate(i, out);
                put(item, out);
            }
            out.push(']');
        }
        Val::Map(entries) => {
            out.push('{');
            for (i, (key, item)) in entries.iter().enumerate() {
                separate(i, out);
                quoted(key, out);
                out.push(':');
                put(item, out);
            }
            out.push('}');
        }
        Val::Unknown(symbol) => quoted(&format!("?{}", symbol.0), out),
    }
}

fn separate(i: usize, out: &mut String) {
    if i > 0 {
        out.push(',');
    }
}

/// A text as JSON quotes it.
pub(super) fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// A number as ECMAScript writes it; what JSON has no number for is null.
pub(super) fn number(n: f64) -> String {
    if n.is_finite() { ryu_js::Buffer::new().format(n).to_owned() } else { "null".to_owned() }
}

/// A JSON text as a value; none where it is no JSON.
#[must_use]
pub fn parse(text: &str) -> Option<Val> {
    serde_json::from_str::<Json>(text).ok().map(|j| j.0)
}

/// JSON as it is read, keys in order; a repeated key keeps its last value.
struct Json(Val);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Json)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Val;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Val, E> {
        Ok(Val::Null)
    }

    fn visit_bool<E>(self, b: bool) -> Result<Val, E> {
        Ok(Val::Bool(b))
    }

    #[allow(clippy::cast_precision_loss)] // what the platforms compute with
    fn visit_i64<E>(self, n: i64) -> Result<Val, E> {
        Ok(Val::Number(n as f64))
    }

    #[allow(clippy::cast_precision_loss)]
    fn visit_u64<E>(self, n: u64) -> Result<Val, E> {
        Ok(Val::Number(n as f64))
    }

    fn visit_f64<E>(self, n: f64) -> Result<Val, E> {
        Ok(Val::Number(n))
    }

    fn visit_str<E>(self, text: &str) -> Result<Val, E> {
        Ok(Val::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Val, A::Error> {
        let mut items = Vec::new();
        while let Some(Json(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Val::list(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Val, A::Error> {
        let mut entries: Vec<(Text, Val)> = Vec::new();
        let mut places = std::collections::HashMap::new();
        while let Some((key, Json(item))) = map.next_entry::<String, Json>()? {
            match places.get(&key) {
                Some(at) => {
                    let at: usize = *at;
                    entries[at].1 = item;
                }
                None => {
                    places.insert(key.clone(), entries.len());
                    entries.push((key.into(), item));
                }
            }
        }
        Ok(Val::map(entries))
    }
}
