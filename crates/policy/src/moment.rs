//! Moments and periods. A moment is a number of seconds, so that no time zone and no clock can change an answer.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A moment: seconds since 1970-01-01T00:00:00Z. Written in RFC 3339; read with any offset, or as a day, which means
/// its beginning in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Moment(pub i64);

/// From a moment on, and until just before another. An end that is missing is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// The first moment at which it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Moment>,
    /// The first moment at which it no longer holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
}

impl Period {
    /// Whether it holds at a moment.
    #[must_use]
    pub fn holds(&self, at: Moment) -> bool {
        self.from.is_none_or(|from| at >= from) && self.until.is_none_or(|until| at < until)
    }
}

impl Moment {
    /// The moment some hours later.
    #[must_use]
    pub fn plus_hours(self, hours: i64) -> Self {
        Moment(self.0.saturating_add(hours.saturating_mul(3600)))
    }

    /// How many full hours have passed since an earlier moment; negative for a later one.
    #[must_use]
    pub fn hours_since(self, earlier: Moment) -> i64 {
        self.0.saturating_sub(earlier.0).div_euclid(3600)
    }

    /// The day of the week in UTC, as a word.
    #[must_use]
    pub fn weekday(self) -> &'static str {
        const DAYS: [&str; 7] =
            ["thursday", "friday", "saturday", "sunday", "monday", "tuesday", "wednesday"];
        let day = self.0.div_euclid(86_400).rem_euclid(7);
        usize::try_from(day).ok().and_then(|d| DAYS.get(d)).copied().unwrap_or("thursday")
    }

    /// The hour of the day in UTC, 0 to 23.
    #[must_use]
    pub fn hour(self) -> i64 {
        self.0.rem_euclid(86_400) / 3600
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A day is its beginning in UTC.
        let day = (text.len() == 10).then(|| format!("{text}T00:00:00Z"));
        let stamp = day.as_deref().unwrap_or(text).parse::<jiff::Timestamp>();
        stamp.map(|s| Moment(floor(s))).map_err(|_| {
            format!("`{text}` is no moment; write a day (`2027-02-28`) or a time with its offset (`2027-02-28T18:00:00+01:00`)")
        })
    }
}

/// Whole seconds, rounded towards the past.
fn floor(stamp: jiff::Timestamp) -> i64 {
    let fraction = i64::from(stamp.subsec_nanosecond() < 0);
    stamp.as_second() - fraction
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0) {
            Ok(stamp) => write!(f, "{stamp}"),
            Err(_) => write!(f, "{}", self.0),
        }
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Moment {
        text.parse().unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn one_moment_has_many_spellings() {
        let utc = moment("2026-11-30T23:00:00Z");
        assert_eq!(utc, moment("2026-12-01T00:00:00+01:00"));
        assert_eq!(utc, moment("2026-11-30T15:00:00-08:00"));
        assert_eq!(utc, moment("2026-12-01T04:45:00+05:45"));
        assert_eq!(utc.to_string(), "2026-11-30T23:00:00Z");
        assert_eq!(moment("2026-12-01"), moment("2026-12-01T00:00:00Z"));
        assert_eq!(moment("1969-12-31T23:59:59.5Z"), Moment(-1));
    }

    #[test]
    fn a_period_ends_in_the_second_it_names() {
        let period =
            Period { from: Some(moment("2026-11-01")), until: Some(moment("2026-12-01T00:00:00+01:00")) };
        assert!(!period.holds(moment("2026-10-31T23:59:59Z")));
        assert!(period.holds(moment("2026-11-01T00:00:00Z")));
        assert!(period.holds(moment("2026-11-30T22:59:59Z")));
        assert!(!period.holds(moment("2026-11-30T23:00:00Z")));
        assert!(!period.holds(moment("2026-12-01T00:00:00+01:00")));
        assert!(Period::default().holds(Moment(i64::MIN)));
    }

    #[test]
    fn what_has_no_offset_or_is_no_time_is_refused() {
        for text in ["", "soon", "2026-13-01", "2026-11-31", "2026-11-30T10:00:00", "20261130", "1790000000"]
        {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_calendar_is_that_of_utc() {
        assert_eq!(moment("2026-11-28T20:00:00Z").weekday(), "saturday");
        assert_eq!(moment("2026-11-29T01:00:00+02:00").weekday(), "saturday");
        assert_eq!(moment("1969-12-31T12:00:00Z").weekday(), "wednesday");
        assert_eq!(moment("2026-11-28T20:59:59Z").hour(), 20);
        assert_eq!(Moment(7200).hours_since(Moment(1)), 1);
    }
}
