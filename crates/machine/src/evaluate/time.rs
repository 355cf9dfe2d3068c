//! Moments: reading and writing them, and moving them, without a clock.

use jiff::Timestamp;

/// A moment in RFC 3339, as most platforms write it.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    let time = text.as_bytes();
    // A date alone, or a time without its zone, is no moment.
    (time.len() >= 20 && matches!(time[10], b'T' | b't' | b' ')).then(|| text.parse().ok()).flatten()
}

/// A moment from milliseconds since 1970.
pub(super) fn from_milliseconds(ms: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(ms).ok()
}

/// Whether a text is a moment as the Amazon States Language writes it: RFC 3339 with `T` and `Z`, both upper case.
pub(crate) fn is_moment(text: &str) -> bool {
    text.ends_with('Z') && text.get(10..11) == Some("T") && instant(text).is_some()
}
