//! Lines of checked files, to print under findings.

use import::doc::decode;
use std::fs;

/// Files larger than this are not read again for a line.
const MAX: u64 = 8 << 20;

/// Lines that a step's name may stand below its start.
const NEAR: usize = 40;

/// The line (from 1) of a file at which something stands, or, where that is only a bracket, the first one below it with
/// one of some words; nothing when it is not there, or the file is in a package.
#[must_use]
pub fn line(path: &str, line: u32, words: &[&str]) -> Option<(u32, String)> {
    let number = usize::try_from(line.checked_sub(1)?).ok()?;
    if fs::metadata(path).ok()?.len() > MAX {
        return None;
    }
    let bytes = fs::read(path).ok()?;
    let (text, _) = decode(&bytes).ok()?;
    let mut lines = (line..).zip(text.lines().skip(number).take(NEAR));
    let (at, first) = lines.next()?;
    if first.contains(char::is_alphanumeric) {
        return Some((at, first.to_owned()));
    }
    let rest: Vec<(u32, &str)> = lines.collect();
    let named = words.iter().filter(|w| !w.is_empty()).find_map(|w| rest.iter().find(|(_, l)| l.contains(w)));
    named.or_else(|| rest.first()).map(|(at, line)| (*at, (*line).to_owned()))
}

/// A line in at most so many columns: of a long one the part around the first of some words that stands in it.
#[must_use]
pub fn excerpt(line: &str, words: &[&str], most: usize) -> String {
    let count = line.chars().count();
    if count <= most {
        return line.to_owned();
    }
    let at = words.iter().filter(|w| !w.is_empty()).find_map(|w| line.find(w));
    let before = at.map_or(0, |at| line[..at].chars().count());
    let start = before.saturating_sub(most / 4).min(count - most);
    let mut part: String = line.chars().skip(start).take(most).collect();
    if start > 0 {
        part = "…".chars().chain(part.chars().skip(1)).collect();
    }
    if start + most < count {
        part.pop();
        part.push('…');
    }
    part
}

#[cfg(test)]
mod tests {
    use super::excerpt;

    #[test]
    fn long_lines_show_the_part_that_matters() {
        assert_eq!(excerpt("short", &["x"], 10), "short");
        assert_eq!(excerpt("0123456789abcdef", &["none"], 8), "0123456…");
        assert_eq!(excerpt("0123456789abcdef", &["", "89"], 8), "…789abc…");
    }
}
