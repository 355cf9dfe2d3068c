//! Takes comments out of code: what stands in one does nothing.
//!
//! What looks like a comment in a quoted text or a regular expression stays. Where a quote does not close, it opens nothing:
//! rather is a comment left in than code taken out.

use memchr::{memchr, memmem};
use std::borrow::Cow;
use workflow::CodeLanguage;

/// A regular expression that is longer is none.
const MAX_PATTERN: usize = 500;

/// A text without its comments.
#[must_use]
pub fn without_comments(language: CodeLanguage, text: &str) -> Cow<'_, str> {
    let marks = Marks::of(language);
    let bytes = text.as_bytes();
    let (mut out, mut kept, mut at) = (String::new(), 0, 0);
    let mut open = Open::default();
    while let Some(next) = bytes.get(at..).and_then(|rest| rest.iter().position(|b| marks.opens(*b))) {
        at += next;
        match marks.part(bytes, at, &mut open) {
            Part::Comment(end) => {
                out.push_str(&text[kept..at]);
                (kept, at) = (end, end);
            }
            Part::Text(end) => at = end,
            Part::Plain => at += 1,
        }
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[kept..]);
    Cow::Owned(out)
}

/// What begins at a place.
enum Part {
    /// A comment up to here.
    Comment(usize),
    /// A quoted text up to here.
    Text(usize),
    /// Nothing of its own.
    Plain,
}

/// Up to where each kind of quote, and a comment, is known not to close.
struct Open([usize; 256]);

impl Default for Open {
    fn default() -> Self {
        Open([0; 256])
    }
}

impl Open {
    /// Where something that begins at a place ends; remembers where it does not.
    fn end(&mut self, bytes: &[u8], at: usize, find: impl Fn() -> Result<usize, usize>) -> Option<usize> {
        let known = self.0.get_mut(usize::from(*bytes.get(at)?))?;
        if at < *known {
            return None;
        }
        find().map_err(|until| *known = until).ok()
    }
}

/// How a language marks comments and texts.
enum Marks {
    /// `// …`, `/* … */`; `'`, `"` and a backtick quote; between slashes stands a regular expression.
    Slashes,
    /// `# …`; `'` and `"` quote, three of them over many lines.
    Python,
    /// `# …` on a line of its own.
    OwnLine,
    /// The same, and `<# … #>`.
    PowerShell,
    /// `-- …`, `/* … */`; `'` and `"` quote.
    Sql,
}

impl Marks {
    fn of(language: CodeLanguage) -> Marks {
        match language {
            CodeLanguage::Python => Marks::Python,
            CodeLanguage::PowerShell => Marks::PowerShell,
            CodeLanguage::Sql => Marks::Sql,
            CodeLanguage::JavaScript | CodeLanguage::Groovy => Marks::Slashes,
            _ => Marks::OwnLine,
        }
    }

    /// Whether something may begin with a byte.
    fn opens(&self, byte: u8) -> bool {
        match self {
            Marks::Slashes => matches!(byte, b'"' | b'\'' | b'`' | b'/'),
            Marks::Python => matches!(byte, b'"' | b'\'' | b'#'),
            Marks::OwnLine => byte == b'#',
            Marks::PowerShell => matches!(byte, b'#' | b'<'),
            Marks::Sql => matches!(byte, b'"' | b'\'' | b'-' | b'/'),
        }
    }

    fn part(&self, bytes: &[u8], at: usize, open: &mut Open) -> Part {
        let begins = |mark: &[u8]| bytes.get(at..).is_some_and(|rest| rest.starts_with(mark));
        let block = |open: &mut Open, from: usize, mark: &[u8]| {
            let found =
                || memmem::find(&bytes[from..], mark).map(|n| from + n + mark.len()).ok_or(bytes.len());
            open.end(bytes, at, found).map_or(Part::Plain, Part::Comment)
        };
        let text =
            |open: &mut Open| open.end(bytes, at, || closed(bytes, at)).map_or(Part::Plain, Part::Text);
        let line = || Part::Comment(line_end(bytes, at));
        match self {
            Marks::Slashes if begins(b"//") => line(),
            Marks::Slashes if begins(b"/*") => block(open, at + 2, b"*/"),
            Marks::Slashes if begins(b"/") => pattern(bytes, at).map_or(Part::Plain, Part::Text),
            // What MySQL runs although it looks like a comment stays.
            Marks::Sql if begins(b"/*") && !begins(b"/*!") => block(open, at + 2, b"*/"),
            Marks::Sql if begins(b"--") && blank(bytes.get(at + 2)) => line(),
            Marks::Sql if begins(b"/") || begins(b"-") => Part::Plain,
            Marks::Python if begins(b"#") => line(),
            Marks::Python if begins(b"\"\"\"") || begins(b"'''") => {
                let mark = &bytes[at..at + 3];
                memmem::find(&bytes[at + 3..], mark).map_or(Part::Plain, |n| Part::Text(at + n + 6))
            }
            Marks::PowerShell if begins(b"<#") => block(open, at + 2, b"#>"),
            Marks::PowerShell | Marks::OwnLine if begins(b"#") && starts_line(bytes, at) => line(),
            Marks::PowerShell | Marks::OwnLine => Part::Plain,
            Marks::Slashes | Marks::Python | Marks::Sql => text(open),
        }
    }
}

fn blank(byte: Option<&u8>) -> bool {
    byte.is_none_or(u8::is_ascii_whitespace)
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n)
}

/// Whether nothing stands before a place on its line.
fn starts_line(bytes: &[u8], at: usize) -> bool {
    bytes[..at].iter().rev().take_while(|b| **b != b'\n').all(u8::is_ascii_whitespace)
}

/// Where a regular expression between slashes ends, where one may stand here: not behind a value, which is divided.
fn pattern(bytes: &[u8], at: usize) -> Option<usize> {
    let before = bytes[..at].iter().rev().find(|b| !matches!(b, b' ' | b'\t'));
    if !before.is_none_or(|b| b"(,=:[!&|?{};+\n".contains(b)) {
        return None;
    }
    let (mut end, mut class) = (at + 1, false);
    while end < at + MAX_PATTERN {
        match *bytes.get(end)? {
            b'\n' => return None,
            b'\\' => end += 1,
            b'[' => class = true,
            b']' => class = false,
            b'/' if !class => return Some(end + 1),
            _ => {}
        }
        end += 1;
    }
    None
}

/// Where a text in quotes ends; else up to where it was looked for.
fn closed(bytes: &[u8], start: usize) -> Result<usize, usize> {
    let quote = bytes[start];
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match *byte {
            b'\\' => at += 2,
            b'\n' if quote != b'`' => return Err(at),
            b if b == quote => return Ok(at + 1),
            _ => at += 1,
        }
    }
    Err(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_go_and_what_stands_in_quotes_stays() {
        for (text, left) in [
            ("a // b\nc", "a \nc"),
            ("a /* b\n */ c", "a  c"),
            ("'//' \"/*\" `//\n` /* x */", "'//' \"/*\" `//\n` "),
            ("'it\\'s // in' // out", "'it\\'s // in' "),
            ("it's // gone", "it's "),
            ("\"open // gone\n\"b\" /* c", "\"open \n\"b\" /* c"),
            ("`open // gone", "`open "),
            ("a / b /", "a / b /"),
            ("s.replace(/'/g, \"'\"); f(\"https://x\") // y", "s.replace(/'/g, \"'\"); f(\"https://x\") "),
            ("s.split(/[/\"]/); f('https://x')", "s.split(/[/\"]/); f('https://x')"),
            ("s.replace(/https?:\\/\\//, '')", "s.replace(/https?:\\/\\//, '')"),
        ] {
            assert_eq!(without_comments(CodeLanguage::JavaScript, text), left, "{text}");
        }
        let quotes = format!("\"{}", "\\\"".repeat(500_000));
        assert_eq!(without_comments(CodeLanguage::JavaScript, &quotes), quotes);
        let patterns = "(/[".repeat(20_000);
        assert_eq!(without_comments(CodeLanguage::JavaScript, &patterns), patterns);
    }

    #[test]
    fn each_language_has_its_own_comments() {
        use CodeLanguage::{PowerShell, Python, Shell, Sql};
        for (language, text, left) in [
            (Python, "a # b\n'#' \"it's # in\" '''\n# in''' # c", "a \n'#' \"it's # in\" '''\n# in''' "),
            (Python, "it's # gone", "it's "),
            (Shell, "# a; b\n  # c\necho x#y '#z' $# # d", "\n  \necho x#y '#z' $# # d"),
            (PowerShell, "<# a\n b #>Get-X\n# Remove-X\n\"<# open", "Get-X\n\n\"<# open"),
            (Sql, "/* a */ GRANT a -- b\nTO 'x -- y' /*! c */ --d", " GRANT a \nTO 'x -- y' /*! c */ --d"),
        ] {
            assert_eq!(without_comments(language, text), left, "{text}");
        }
    }
}
