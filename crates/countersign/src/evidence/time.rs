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

/// A period, from a time until just before another: all time, where neither is given.
pub(super) fn period(since: Option<&str>, until: Option<&str>) -> Result<(u64, u64)> {
    let (from, to) = (since.map_or(Ok(0), parse)?, until.map_or(Ok(u64::MAX), parse)?);
    if from >= to {
        let (since, until) = (since.unwrap_or("0"), until.unwrap_or_default());
        return Err(Error::new(format!(
            "nothing is from `{since}` on and before `{until}`: the period has to begin before it ends"
        )));
    }
    Ok((from, to))
}
