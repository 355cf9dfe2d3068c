//! Conversion functions and those on addresses.

use super::{Args, Failure, failed, texted};
use crate::Val;
use crate::evaluate::{common, json};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A conversion; none for a function of another kind.
pub(super) fn call(name: &str, args: Args<'_>) -> Option<Result<Val, Failure>> {
    let [value] = args else { return uri(name, args) };
    Some(match name {
        "array" => Ok(Val::list(vec![(*value).clone()])),
        "base64" => texted(name, value).map(|t| Val::text(STANDARD.encode(t))),
        "base64tostring" | "decodebase64" => texted(name, value).and_then(from_base64).map(Val::text),
        "base64tobinary" => texted(name, value).map(|t| binary("application/octet-stream", t)),
        "binary" => texted(name, value).map(|t| binary("application/octet-stream", &STANDARD.encode(t))),
        "bool" => truth(value),
        "datauri" => texted(name, value)
            .map(|t| Val::text(format!("data:text/plain;charset=utf-8;base64,{}", STANDARD.encode(t)))),
        "datauritostring" | "decodedatauri" => texted(name, value).and_then(from_data_uri).map(Val::text),
        "datauritobinary" => {
            texted(name, value).map(|t| binary("application/octet-stream", &STANDARD.encode(t)))
        }
        "encodeuricomponent" => texted(name, value).map(|t| Val::text(common::url_encoded(t))),
        "decodeuricomponent" | "uricomponenttostring" => texted(name, value).and_then(decoded).map(Val::text),
        "uricomponenttobinary" => {
            texted(name, value).map(|t| binary("application/octet-stream", &STANDARD.encode(t)))
        }
        "json" => match value {
            Val::Text(t) => json::parse(t).ok_or_else(|| failed("`json` expects a JSON text")),
            Val::Map(_) | Val::List(_) => Ok((*value).clone()),
            _ => return None,
        },
        "string" => Ok(Val::text(match value {
            Val::Bool(b) => if *b { "True" } else { "False" }.to_owned(),
            other => common::text(other),
        })),
        "tonumber" => match value {
            Val::Number(n) if n.fract() == 0.0 => Ok(Val::Number(*n)),
            Val::Text(t) => match t.trim().parse::<i64>() {
                Ok(_) => t.trim().parse().map(Val::Number).map_err(|_| failed("no number")),
                // `float` reads fractions where `int` fails.
                Err(_) if t.trim().parse::<f64>().is_ok() => return None,
                Err(_) => Err(failed(format!("`{t}` is no number"))),
            },
            _ => return None,
        },
        _ => return uri(name, args),
    })
}

fn truth(value: &Val) -> Result<Val, Failure> {
    match value {
        Val::Bool(b) => Ok(Val::Bool(*b)),
        Val::Number(n) => Ok(Val::Bool(*n != 0.0)),
        Val::Text(t) if t.eq_ignore_ascii_case("true") => Ok(Val::Bool(true)),
        Val::Text(t) if t.eq_ignore_ascii_case("false") => Ok(Val::Bool(false)),
        _ => Err(failed("`bool` expects a text that is true or false, or a number")),
    }
}

/// Content with its type, as binary data is kept.
fn binary(kind: &str, content: &str) -> Val {
    Val::map(vec![("$content-type".into(), Val::text(kind)), ("$content".into(), Val::text(content))])
}

fn from_base64(text: &str) -> Result<String, Failure> {
    let bytes = STANDARD.decode(text).map_err(|_| failed("the text is no Base64"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn from_data_uri(text: &str) -> Result<String, Failure> {
    let rest = text.strip_prefix("data:").and_then(|t| t.split_once(','));
    let (head, data) = rest.ok_or_else(|| failed("the text is no data URI"))?;
    if head.ends_with(";base64") { from_base64(data) } else { decoded(data) }
}

fn decoded(text: &str) -> Result<String, Failure> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = |b: u8| char::from(b).to_digit(16);
        match (first, after) {
            (b'%', [a, b, more @ ..]) => {
                let (Some(a), Some(b)) = (hex(*a), hex(*b)) else { return Err(failed("a broken escape")) };
                bytes.push((a * 16 + b) as u8);
                rest = more;
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).map_err(|_| failed("escapes that are no UTF-8"))
}

/// Functions on addresses.
fn uri(name: &str, args: Args<'_>) -> Option<Result<Val, Failure>> {
    let [Val::Text(text)] = args else { return None };
    if !name.starts_with("uri") {
        return None;
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return Some(Err(failed(format!("`{text}` is no address"))));
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, after) = rest.split_at(end);
    let after = after.split('#').next().unwrap_or_default();
    let (path, query) = after.split_once('?').map_or((after, String::new()), |(p, q)| (p, format!("?{q}")));
    let path = if path.is_empty() { "/" } else { path };
    let host = authority.rsplit('@').next().unwrap_or_default();
    let (host, port) = host.rsplit_once(':').map_or((host, None), |(h, p)| (h, p.parse::<u16>().ok()));
    let port = port.or(match scheme.to_ascii_lowercase().as_str() {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    });
    Some(Ok(match name {
        "urihost" => Val::text(host.to_lowercase()),
        "uripath" => Val::text(path),
        "uripathandquery" => Val::text(format!("{path}{query}")),
        "uriport" => Val::Number(f64::from(port?)),
        "uriquery" => Val::text(query),
        "urischeme" => Val::text(scheme.to_lowercase()),
        _ => return None,
    }))
}
