//! Bytes to text: byte-order marks, UTF-16, and what is no text at all.

use super::Fault;
use std::borrow::Cow;

/// How a file's bytes stand for text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte-order mark.
    Utf8,
    /// UTF-16, little or big endian.
    Utf16,
}

/// The text of a file.
///
/// # Errors
/// Where the bytes are not UTF-8 or UTF-16 text, with the offset of the first wrong byte.
pub fn decode(bytes: &[u8]) -> Result<(Cow<'_, str>, Encoding), Fault> {
    if let Some(encoding) = utf16(bytes) {
        let (text, _, broken) = encoding.decode(bytes);
        let message = "broken UTF-16 text: save the file as UTF-8".to_owned();
        return if broken { Err(Fault { at: 0, message }) } else { Ok((text, Encoding::Utf16)) };
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok((Cow::Borrowed(text), Encoding::Utf8)),
        Err(e) => Err(Fault {
            at: e.valid_up_to(),
            message: format!("not UTF-8 text at byte {}: save the file as UTF-8", e.valid_up_to()),
        }),
    }
}

/// UTF-16 by its byte-order mark, or by a NUL beside the first ASCII character.
fn utf16(bytes: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    match bytes {
        [0xFF, 0xFE, ..] => Some(encoding_rs::UTF_16LE),
        [0xFE, 0xFF, ..] => Some(encoding_rs::UTF_16BE),
        [a, 0, b, 0, ..] if *a != 0 && *b != 0 => Some(encoding_rs::UTF_16LE),
        [0, a, 0, b, ..] if *a != 0 && *b != 0 => Some(encoding_rs::UTF_16BE),
        _ => None,
    }
}
