//! Times of entries (milliseconds since 1970) as text, and the days of the week.

/// A time as RFC 3339 in UTC, to the second, rounded towards the past.
#[must_use]
pub fn text(ms: u64) -> String {
    let (day, second) = (ms / 86_400_000, ms / 1000 % 86_400);
    // Years that start in March have their leap day at the end; 400 of them have 146,097 days.
    let shifted = day + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!(
        "{:04}-{month:02}-{of_month:02}T{:02}:{:02}:{:02}Z",
        era * 400 + year + carry,
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// The day of a time in UTC, as `YYYY-MM-DD`.
#[must_use]
pub fn day(ms: u64) -> String {
    text(ms).split('T').next().unwrap_or_default().to_owned()
}

/// Whether a time is on a Saturday or a Sunday, in UTC.
#[must_use]
pub fn is_weekend(ms: u64) -> bool {
    matches!(ms / 86_400_000 % 7, 2 | 3)
}

/// Whether a text is a time as [`text`] writes it: such texts compare as the times do.
pub(crate) fn is_time(word: &str) -> bool {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00Z";
    let fits = |(c, s): (u8, &u8)| if *s == b'0' { c.is_ascii_digit() } else { c == *s };
    word.len() == SHAPE.len() && word.bytes().zip(SHAPE).all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc() {
        assert_eq!(text(0), "1970-01-01T00:00:00Z");
        assert_eq!(text(951_782_399_999), "2000-02-28T23:59:59Z");
        assert_eq!(text(1_764_331_200_000), "2025-11-28T12:00:00Z");
        assert_eq!(text(4_107_542_400_000), "2100-03-01T00:00:00Z");
        assert_eq!(day(951_782_400_000), "2000-02-29");
        assert_eq!(day(4_107_456_000_000 + 86_399_999), "2100-02-28");
        assert!(is_time(&text(1_764_331_200_000)) && !is_time("2025-11-28T12:00:00+01:00"));
    }

    #[test]
    fn saturdays_and_sundays_are_weekends() {
        // 2025-11-28 was a Friday.
        let days: Vec<bool> = (0..7).map(|d| is_weekend(1_764_331_200_000 + d * 86_400_000)).collect();
        assert_eq!(days, [false, true, true, false, false, false, false]);
    }
}
