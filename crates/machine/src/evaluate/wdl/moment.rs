//! Date and time functions. Moments are texts, in UTC where they say so; formats are those of .NET, in English.

use super::{Args, Failure, failed, whole};
use crate::Val;
use crate::evaluate::term::Eval;
use crate::evaluate::time;
use jiff::Span;
use jiff::civil::{DateTime, Time};

/// Ticks of 100 ns from the year 1 to 1970.
const TICKS_TO_1970: i128 = 621_355_968_000_000_000;
/// `o`: the format that is used where none is given.
const ROUND_TRIP: &str = "yyyy-MM-ddTHH:mm:ss.fffffffK";

/// A moment as this language has it.
#[derive(Clone, Copy)]
struct Moment {
    at: DateTime,
    /// In UTC, rather than of no zone.
    utc: bool,
}

/// What `utcNow()` gives.
pub(super) fn now(milliseconds: i64) -> Option<Val> {
    let at = time::from_milliseconds(milliseconds)?.to_zoned_datetime(jiff::tz::TimeZone::UTC).datetime();
    format(Moment { at, utc: true }, ROUND_TRIP).map(Val::text)
}

/// A date function; none for one of another kind, or on a form of moment that is not understood.
pub(super) fn call(name: &str, args: Args<'_>, eval: &Eval<'_>) -> Option<Result<Val, Failure>> {
    let text = eval.text.to_lowercase();
    match (name, args) {
        ("addtime", [at, amount, unit, rest @ ..]) => moved(at, amount, unit, rest, &text),
        ("formatdatetime" | "parsedatetime", [at]) => shown(at, ROUND_TRIP),
        ("formatdatetime", [at, form]) => shown(at, form_of(form)?),
        ("startofday" | "startofhour" | "startofmonth", [at, rest @ ..]) => start(name, at, rest),
        ("dayofmonth" | "dayofweek" | "dayofyear" | "ticks", [at]) => number(name, at),
        ("datedifference", [from, to]) => difference(from, to),
        ("converttimezone", [at, from, to, rest @ ..]) => converted(at, zone(from)?, zone(to)?, rest),
        ("convertfromutc", [at, to, rest @ ..]) => converted(at, jiff::tz::TimeZone::UTC, zone(to)?, rest),
        ("converttoutc", [at, from, rest @ ..]) => converted(at, zone(from)?, jiff::tz::TimeZone::UTC, rest),
        _ => None,
    }
}

fn form_of(value: &Val) -> Option<&str> {
    if let Val::Text(t) = value { Some(t) } else { None }
}

/// ISO 8601: a date, with a time, with fractions, with a `Z` or without a zone.
fn parsed(value: &Val) -> Option<Moment> {
    let text = form_of(value)?;
    let (bare, utc) = text.strip_suffix('Z').map_or((text, false), |t| (t, true));
    let dated = bare.len() == 10 && bare.as_bytes().get(4) == Some(&b'-');
    let timed = bare.len() >= 16 && bare.as_bytes().get(10) == Some(&b'T');
    let offset = bare.get(11..).is_some_and(|t| t.contains(['+', '-', 'Z']));
    if offset || !(dated || timed) {
        return None;
    }
    Some(Moment { at: bare.parse().ok()?, utc })
}

fn shown(at: &Val, form: &str) -> Option<Result<Val, Failure>> {
    Some(Ok(Val::text(format(parsed(at)?, form)?)))
}

fn span(amount: i64, unit: &str) -> Option<Result<Span, Failure>> {
    // Larger amounts leave the calendar of either side.
    let amount = amount.clamp(-400_000_000_000, 400_000_000_000);
    let made = match unit.to_ascii_lowercase().trim_end_matches('s') {
        "second" => Span::new().try_seconds(amount),
        "minute" => Span::new().try_minutes(amount),
        "hour" => Span::new().try_hours(amount),
        "day" => Span::new().try_days(amount),
        "week" => Span::new().try_weeks(amount),
        "month" => Span::new().try_months(amount),
        "year" => Span::new().try_years(amount),
        _ => return Some(Err(failed(format!("`{unit}` is no unit of time")))),
    };
    Some(made.map_err(|_| failed("an amount of time out of range")))
}

/// The text tells whether an amount is added or taken away.
fn moved(at: &Val, amount: &Val, unit: &Val, rest: &[&Val], text: &str) -> Option<Result<Val, Failure>> {
    let back = text.contains("subtractfromtime") || text.contains("getpasttime");
    let on = ["adddays", "addhours", "addminutes", "addseconds", "addtotime", "getfuturetime"];
    if back && on.iter().any(|w| text.contains(w)) {
        return None;
    }
    let moment = parsed(at)?;
    let amount = match whole("addToTime", amount) {
        Ok(n) => {
            if back {
                -n
            } else {
                n
            }
        }
        Err(_) if matches!(amount, Val::Number(_)) => return None,
        Err(failure) => return Some(Err(failure)),
    };
    let span = match span(amount, form_of(unit)?)? {
        Ok(span) => span,
        Err(failure) => return Some(Err(failure)),
    };
    let Ok(at) = moment.at.checked_add(span) else { return Some(Err(failed("a moment out of range"))) };
    let form = rest.first().map_or(Some(ROUND_TRIP), |f| form_of(f))?;
    Some(Ok(Val::text(format(Moment { at, ..moment }, form)?)))
}

fn start(name: &str, at: &Val, rest: &[&Val]) -> Option<Result<Val, Failure>> {
    let moment = parsed(at)?;
    let date = moment.at.date();
    let at = match name {
        "startofday" => date.to_datetime(Time::midnight()),
        "startofhour" => date.to_datetime(Time::new(moment.at.hour(), 0, 0, 0).ok()?),
        _ => date.first_of_month().to_datetime(Time::midnight()),
    };
    let form = rest.first().map_or(Some(ROUND_TRIP), |f| form_of(f))?;
    Some(Ok(Val::text(format(Moment { at, ..moment }, form)?)))
}

fn number(name: &str, at: &Val) -> Option<Result<Val, Failure>> {
    let at = parsed(at)?.at;
    let value = match name {
        "dayofmonth" => f64::from(at.day()),
        "dayofweek" => f64::from(at.weekday().to_sunday_zero_offset()),
        "dayofyear" => f64::from(at.day_of_year()),
        _ => {
            let since_1970 =
                at.to_zoned_datetime(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_nanosecond() / 100;
            (since_1970 + TICKS_TO_1970) as f64
        }
    };
    Some(Ok(Val::Number(value)))
}

/// `d.hh:mm:ss`, as .NET writes a span.
fn difference(from: &Val, to: &Val) -> Option<Result<Val, Failure>> {
    let (from, to) = (parsed(from)?, parsed(to)?);
    let seconds =
        |m: Moment| m.at.to_zoned_datetime(jiff::tz::TimeZone::UTC).ok().map(|z| z.timestamp().as_second());
    if from.at.subsec_nanosecond() != to.at.subsec_nanosecond() {
        return None;
    }
    let total = seconds(to)? - seconds(from)?;
    let sign = if total < 0 { "-" } else { "" };
    let (days, rest) = (total.abs() / 86_400, total.abs() % 86_400);
    let clock = format!("{:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60);
    Some(Ok(Val::text(if days == 0 { format!("{sign}{clock}") } else { format!("{sign}{days}.{clock}") })))
}

/// A time zone by its name in Windows or in the IANA database; none where neither is known.
fn zone(name: &Val) -> Option<jiff::tz::TimeZone> {
    let name = form_of(name)?;
    let iana =
        WINDOWS.iter().find(|(windows, _)| windows.eq_ignore_ascii_case(name)).map_or(name, |(_, iana)| iana);
    jiff::tz::TimeZoneDatabase::bundled().get(iana).ok()
}

fn converted(
    at: &Val,
    from: jiff::tz::TimeZone,
    to: jiff::tz::TimeZone,
    rest: &[&Val],
) -> Option<Result<Val, Failure>> {
    let utc = to == jiff::tz::TimeZone::UTC;
    let there = parsed(at)?.at.to_zoned_datetime(from).ok()?.with_time_zone(to);
    let form = rest.first().map_or(Some(ROUND_TRIP), |f| form_of(f))?;
    Some(Ok(Val::text(format(Moment { at: there.datetime(), utc }, form)?)))
}

/// A moment in a format of .NET; none for a format that is not understood.
fn format(moment: Moment, form: &str) -> Option<String> {
    let form = match form {
        "d" => "MM/dd/yyyy",
        "D" => "dddd, dd MMMM yyyy",
        "o" | "O" => ROUND_TRIP,
        "r" | "R" => "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
        "s" => "yyyy-MM-ddTHH:mm:ss",
        "u" => "yyyy-MM-dd HH:mm:ss'Z'",
        "t" => "HH:mm",
        "T" => "HH:mm:ss",
        "y" | "Y" => "yyyy MMMM",
        "m" | "M" => "MMMM dd",
        short if short.len() == 1 => return None,
        custom => custom,
    };
    let mut out = String::new();
    let mut rest = form;
    while let Some(c) = rest.chars().next() {
        let run = rest.len() - rest.trim_start_matches(c).len();
        let taken = match c {
            '\'' | '"' => {
                let end = rest[1..].find(c)?;
                out.push_str(&rest[1..=end]);
                end + 2
            }
            '\\' => {
                let next = rest[1..].chars().next()?;
                out.push(next);
                1 + next.len_utf8()
            }
            c if c.is_ascii_alphabetic() && c != 'T' && c != 'Z' => {
                out.push_str(&part(moment, c, run)?);
                run
            }
            c => {
                out.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[taken..];
    }
    Some(out)
}

/// One specifier, so many letters long.
fn part(moment: Moment, letter: char, run: usize) -> Option<String> {
    let at = moment.at;
    let padded = |n: i64| format!("{n:0run$}");
    let twelve = |h: i8| if h % 12 == 0 { 12 } else { h % 12 };
    Some(match (letter, run) {
        ('d', 1 | 2) => padded(at.day().into()),
        ('d', 3) => at.strftime("%a").to_string(),
        ('d', _) => at.strftime("%A").to_string(),
        ('M', 1 | 2) => padded(at.month().into()),
        ('M', 3) => at.strftime("%b").to_string(),
        ('M', _) => at.strftime("%B").to_string(),
        ('y', 1 | 2) => padded(i64::from(at.year()) % 100),
        ('y', _) => padded(at.year().into()),
        ('H', 1 | 2) => padded(at.hour().into()),
        ('h', 1 | 2) => padded(twelve(at.hour()).into()),
        ('m', 1 | 2) => padded(at.minute().into()),
        ('s', 1 | 2) => padded(at.second().into()),
        ('f', 1..=7) => format!("{:09}", at.subsec_nanosecond()).get(..run)?.to_owned(),
        ('t', 1) => if at.hour() < 12 { "A" } else { "P" }.to_owned(),
        ('t', 2) => if at.hour() < 12 { "AM" } else { "PM" }.to_owned(),
        ('K', 1) => if moment.utc { "Z" } else { "" }.to_owned(),
        _ => return None,
    })
}

/// The zones of Windows that flows commonly name, by the CLDR's `windowsZones`.
const WINDOWS: &[(&str, &str)] = &[
    ("UTC", "Etc/UTC"),
    ("GMT Standard Time", "Europe/London"),
    ("Greenwich Standard Time", "Atlantic/Reykjavik"),
    ("W. Europe Standard Time", "Europe/Berlin"),
    ("Central Europe Standard Time", "Europe/Budapest"),
    ("Central European Standard Time", "Europe/Warsaw"),
    ("Romance Standard Time", "Europe/Paris"),
    ("E. Europe Standard Time", "Europe/Chisinau"),
    ("FLE Standard Time", "Europe/Kiev"),
    ("GTB Standard Time", "Europe/Bucharest"),
    ("Turkey Standard Time", "Europe/Istanbul"),
    ("Russian Standard Time", "Europe/Moscow"),
    ("Israel Standard Time", "Asia/Jerusalem"),
    ("Egypt Standard Time", "Africa/Cairo"),
    ("South Africa Standard Time", "Africa/Johannesburg"),
    ("Arab Standard Time", "Asia/Riyadh"),
    ("Arabian Standard Time", "Asia/Dubai"),
    ("Pakistan Standard Time", "Asia/Karachi"),
    ("India Standard Time", "Asia/Calcutta"),
    ("Bangladesh Standard Time", "Asia/Dhaka"),
    ("SE Asia Standard Time", "Asia/Bangkok"),
    ("China Standard Time", "Asia/Shanghai"),
    ("Singapore Standard Time", "Asia/Singapore"),
    ("Taipei Standard Time", "Asia/Taipei"),
    ("W. Australia Standard Time", "Australia/Perth"),
    ("Tokyo Standard Time", "Asia/Tokyo"),
    ("Korea Standard Time", "Asia/Seoul"),
    ("Cen. Australia Standard Time", "Australia/Adelaide"),
    ("AUS Central Standard Time", "Australia/Darwin"),
    ("E. Australia Standard Time", "Australia/Brisbane"),
    ("AUS Eastern Standard Time", "Australia/Sydney"),
    ("New Zealand Standard Time", "Pacific/Auckland"),
    ("Hawaiian Standard Time", "Pacific/Honolulu"),
    ("Alaskan Standard Time", "America/Anchorage"),
    ("Pacific Standard Time", "America/Los_Angeles"),
    ("US Mountain Standard Time", "America/Phoenix"),
    ("Mountain Standard Time", "America/Denver"),
    ("Central Standard Time", "America/Chicago"),
    ("Canada Central Standard Time", "America/Regina"),
    ("Central America Standard Time", "America/Guatemala"),
    ("SA Pacific Standard Time", "America/Bogota"),
    ("Eastern Standard Time", "America/New_York"),
    ("Atlantic Standard Time", "America/Halifax"),
    ("Newfoundland Standard Time", "America/St_Johns"),
    ("E. South America Standard Time", "America/Sao_Paulo"),
    ("Argentina Standard Time", "America/Buenos_Aires"),
    ("Pacific SA Standard Time", "America/Santiago"),
];
