//! Days of the calendar as text: today, and whether a text is one. ISO dates compare as texts do.

use std::time::{SystemTime, UNIX_EPOCH};

/// Today in UTC, as `YYYY-MM-DD`.
#[must_use]
pub fn today() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    evidence::day_text(since.saturating_mul(1000))
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
    fn today_is_a_day() {
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
