//! Times on the command line: days, times in UTC, seconds since 1970.

use ledger::{Error, Result};

/// Milliseconds since 1970 of `2026-11-28`, `2026-11-28T12:00:00Z` or `1764331200`.
pub(super) fn parse(text: &str) -> Result<u64> {
    if let Ok(seconds) = text.parse::<u64>() {
        return Ok(seconds.saturating_mul(1000));
    }
    let moment = text.parse::<policy::Moment>().ok();
    moment.and_then(|m| u64::try_from(m.0).ok()).map(|s| s.saturating_mul(1000)).ok_or_else(|| {
        Error::new(format!(
            "`{text}` is no time: write a day (`2026-11-28`) or a time (`2026-11-28T12:00:00Z`)"
        ))
    })
}
