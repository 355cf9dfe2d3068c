//! Days of the calendar as text: today, and whether a text is one. ISO dates compare as texts do.

use std::time::{SystemTime, UNIX_EPOCH};

/// Today in UTC, as `YYYY-MM-DD`.
#[must_use]
pub fn today() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    text(since / 86_400)
}

/// A day, counted from 1970-01-01, as text.
fn text(day: u64) -> String {
    // Years that start in March have their leap day at the end; 400 of them have 146,097 days.
    let shifted = day + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{of_month:02}", era * 400 + year + carry)
}

/// Whether a text is a day: `YYYY-MM-DD`.
#[must_use]
pub fn is_date(word: &str) -> bool {
    let shape = word.len() == 10
        && word
            .bytes()
            .enumerate()
            .all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    let number = |range: std::ops::Range<usize>| word.get(range).and_then(|n| n.parse::<u32>().ok());
    shape
        && number(5..7).is_some_and(|m| (1..=12).contains(&m))
        && number(8..10).is_some_and(|d| (1..=31).contains(&d))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_as_dates() {
        assert_eq!(text(0), "1970-01-01");
        assert_eq!(text(11_016), "2000-02-29");
        assert_eq!(text(20_779), "2026-11-22");
        assert_eq!(text(47_540), "2100-02-28");
        assert_eq!(text(47_541), "2100-03-01");
        assert!(is_date(&today()));
    }

    #[test]
    fn other_words_are_no_dates() {
        for word in
            ["", "2026-13-01", "2026-00-10", "2026-1-1", "26-11-2022", "2026-11-32", "tomorrow", "2026/11/22"]
        {
            assert!(!is_date(word), "{word}");
        }
    }
}
