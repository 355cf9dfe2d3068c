//! Texts of others on their way to a terminal, a page or a table: nothing in them may act as anything but text.

/// Whether a character is not seen where it stands, or changes how the rest is read: control characters, ends of lines, marks
/// that turn the direction of text around, and what takes no room or is blank (as Unicode has it, to be ignored by default).
/// Selectors of variants are seen in what they select, as in signs of feeling, and are not among them.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
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
        assert_eq!(clean("Müller – ok \u{26a0}\u{fe0f}"), "Müller – ok \u{26a0}\u{fe0f}");
        assert_eq!(clean("le\u{200b}a\u{ad}\u{e0041}"), "le\u{fffd}a\u{fffd}\u{fffd}");
    }
}
