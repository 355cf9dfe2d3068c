//! How the terminal report is drawn: colours, widths, wrapped and shortened lines, and texts made safe to print.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
use workflow::Severity;

/// How to draw.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// With colours.
    pub colour: bool,
    /// Everything, however many.
    pub all: bool,
    /// Columns.
    pub width: usize,
}

impl Style {
    fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// In bold.
    #[must_use]
    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// In the background.
    #[must_use]
    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// As the place of a fault.
    #[must_use]
    pub fn fault(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    /// In the colour of a severity.
    #[must_use]
    pub fn severity(self, severity: Severity, text: &str) -> String {
        let code = match severity {
            Severity::Critical => "1;31",
            Severity::High => "31",
            Severity::Medium => "33",
            Severity::Low => "36",
            Severity::Info => "2",
        };
        self.paint(code, text)
    }
}

pub use ledger::clean;

/// A text in at most so many columns.
#[must_use]
pub fn shorten(text: &str, most: usize) -> String {
    if text.width() <= most {
        return text.to_owned();
    }
    let mut room = most.saturating_sub(1);
    let fits = |c: &char| {
        let wide = c.width().unwrap_or(0);
        let fits = wide <= room;
        room = room.saturating_sub(wide);
        fits
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

/// The end of a text, in at most so many columns.
#[must_use]
pub fn end(text: &str, most: usize) -> String {
    if text.width() <= most {
        return text.to_owned();
    }
    let turned: String = text.chars().rev().collect();
    shorten(&turned, most).chars().rev().collect()
}

/// A text in exactly so many columns.
#[must_use]
pub fn column(text: &str, width: usize) -> String {
    let text = shorten(text, width);
    let pad = width.saturating_sub(text.width());
    text + &" ".repeat(pad)
}

/// A text in lines of at most so many columns.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_by_columns() {
        assert_eq!(shorten("abcdef", 4), "abc…");
        assert_eq!(shorten("工作流程", 5), "工作…");
        assert_eq!(column("ab", 4), "ab  ");
        assert_eq!(end("folder/file.json", 10), "…file.json");
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
    }

    #[test]
    fn terminals_are_not_told_what_to_do() {
        assert_eq!(clean("a\x1b[2Jb\u{202e}c\nd"), "a\u{fffd}[2Jb\u{fffd}c d");
    }
}
