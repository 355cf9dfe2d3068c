//! Texts of others on their way to a terminal, a page or a table: nothing in them may act as anything but text.

/// Whether a character is not seen where it stands, and changes how the rest is read: control characters, ends of lines, and
/// marks that turn the direction of text around.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    let turns =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// A text of somebody else in one line, without what a terminal would obey.
#[must_use]
pub fn clean(text: &str) -> String {
    let printable = |c: char| match c {
        '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => ' ',
        c if is_hidden(c) => '\u{fffd}',
        c => c,
    };
    text.chars().map(printable).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_others_stays_in_its_line() {
        assert_eq!(clean("a\x1b[2Jb\u{202e}c\nd\u{2028}e\u{9b}"), "a\u{fffd}[2Jb\u{fffd}c d e\u{fffd}");
        assert_eq!(clean("Müller – ok"), "Müller – ok");
    }
}
