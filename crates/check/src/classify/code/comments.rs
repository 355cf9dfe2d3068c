//! Takes comments out of code: what stands in one does nothing.
//!
//! Only what is surely one: whatever a language may hold on to over lines (a text, a template, a name in brackets), nothing that
//! could end it stands in what is taken out. Rather is a comment left in than code taken out.

use memchr::{memchr2_iter, memmem, memrchr2};
use std::borrow::Cow;
use workflow::CodeLanguage;

/// A text without its comments.
#[must_use]
pub fn without_comments(language: CodeLanguage, text: &str) -> Cow<'_, str> {
    let Some(marks) = Marks::of(language) else { return Cow::Borrowed(text) };
    let (mut out, mut kept, mut at) = (String::new(), 0, 0);
    // No block that begins from here on ends.
    let mut open = false;
    while let Some((from, is_block)) =
        text.get(at..).and_then(|rest| marks.find(rest)).map(|(n, b)| (at + n, b))
    {
        let end = line_end(text, from);
        at = memrchr2(b'\n', b'\r', &text.as_bytes()[at..from]).map_or(at, |n| at + n + 1);
        let close = match is_block {
            false => Some(end),
            true if open => None,
            true => memmem::find(&text.as_bytes()[from + 2..], marks.close).map(|n| from + n + 4),
        };
        open |= close.is_none();
        let stop = close.unwrap_or(end);
        let sure = close.is_some() && !continues(text, at);
        if sure && marks.is_code(&text[at..from]) && marks.is_quiet(&text[from..stop]) {
            out.push_str(&text[kept..from]);
            (kept, at) = (stop, stop);
        } else {
            // What is left in is left in whole, with the rest of its line.
            at = line_end(text, stop) + 1;
        }
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[kept..]);
    Cow::Owned(out)
}

fn line_end(text: &str, at: usize) -> usize {
    memchr::memchr2(b'\n', b'\r', &text.as_bytes()[at..]).map_or(text.len(), |n| at + n)
}

/// Whether the line before goes on in this one.
fn continues(text: &str, at: usize) -> bool {
    text[..at].trim_end_matches(['\n', '\r']).ends_with(['\\', '`', '^'])
}

/// How a language marks comments, and what must not stand in one that is taken out.
struct Marks {
    line: &'static str,
    /// Begins and ends a comment over lines; empty where there is none.
    block: &'static str,
    close: &'static [u8],
    /// A comment has nothing but blanks before it on its line.
    own_line: bool,
    /// What may end, or run inside, what is held on to over lines.
    loud: &'static [&'static str],
}

const JAVASCRIPT: Marks = Marks {
    line: "//",
    block: "/*",
    close: b"*/",
    own_line: false,
    loud: &["`", "${", "\u{2028}", "\u{2029}"],
};
const PYTHON: Marks =
    Marks { line: "#", block: "", close: b"", own_line: false, loud: &["\"\"\"", "'''", "{", "\u{c}"] };
const SHELL: Marks =
    Marks { line: "#", block: "", close: b"", own_line: true, loud: &["'", "\"", "$", "`", "\\"] };
const POWERSHELL: Marks = Marks {
    line: "#",
    block: "<#",
    close: b"#>",
    own_line: true,
    loud: &[
        "'", "\"", "$", "`", "\u{2018}", "\u{2019}", "\u{201a}", "\u{201b}", "\u{201c}", "\u{201d}",
        "\u{201e}",
    ],
};
const SQL: Marks =
    Marks { line: "--", block: "/*", close: b"*/", own_line: false, loud: &["'", "\"", "$", "`", "]", "\\"] };

impl Marks {
    fn of(language: CodeLanguage) -> Option<&'static Marks> {
        match language {
            CodeLanguage::JavaScript => Some(&JAVASCRIPT),
            CodeLanguage::Python => Some(&PYTHON),
            CodeLanguage::PowerShell => Some(&POWERSHELL),
            CodeLanguage::Sql => Some(&SQL),
            CodeLanguage::Shell => Some(&SHELL),
            _ => None,
        }
    }

    /// The first mark in a text, and whether it begins a block.
    fn find(&self, text: &str) -> Option<(usize, bool)> {
        let first = |mark: &str| mark.bytes().next().unwrap_or(b'#');
        let block = if self.block.is_empty() { self.line } else { self.block };
        memchr2_iter(first(self.line), first(block), text.as_bytes()).find_map(|at| {
            let is_block = !self.block.is_empty() && text[at..].starts_with(self.block);
            (is_block || text[at..].starts_with(self.line)).then_some((at, is_block))
        })
    }

    /// Whether what stands before a mark on its line is whole: no text is open in it.
    fn is_code(&self, before: &str) -> bool {
        if before.trim().is_empty() {
            return true;
        }
        let quoted = before.contains(['\'', '"']);
        match self.line {
            _ if self.own_line => false,
            // A slash may begin a pattern, a colon an address.
            "//" => !before.contains(['/', '`', '\\']) && !before.ends_with(':') && is_closed(before),
            // A text may stand within a text's braces.
            "#" => {
                let nested = quoted && before.contains('{');
                !(nested || before.contains('\\') || triple(before)) && is_closed(before)
            }
            _ => !self.loud.iter().any(|l| before.contains(l)),
        }
    }

    /// Whether a comment holds nothing that could end or run what is open before it; in SQL, that it is one in every dialect.
    fn is_quiet(&self, comment: &str) -> bool {
        let dialect = self.line == "--"
            && (comment.starts_with("/*!") || comment.starts_with("--") && !blank(comment.as_bytes().get(2)));
        !dialect && !self.loud.iter().any(|l| comment.contains(l))
    }
}

fn blank(byte: Option<&u8>) -> bool {
    byte.is_none_or(u8::is_ascii_whitespace)
}

fn triple(text: &str) -> bool {
    text.contains("'''") || text.contains("\"\"\"")
}

/// Whether every quote of a text without escapes is closed in it.
fn is_closed(text: &str) -> bool {
    let open = text.chars().fold(None, |open: Option<char>, c| match open {
        Some(quote) => (c != quote).then_some(quote),
        None => Some(c).filter(|c| matches!(c, '\'' | '"')),
    });
    open.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use CodeLanguage::{JavaScript, PowerShell, Python, Shell, Sql};

    #[test]
    fn comments_go() {
        for (language, text, left) in [
            (JavaScript, "a // b\nc", "a \nc"),
            (JavaScript, "a /* b\n */ c", "a  c"),
            (JavaScript, "// it's gone\nf('x') // out", "\nf('x') "),
            (JavaScript, "/* x */ f() /* y\n z */ // w", " f()  "),
            (JavaScript, "// fetch('https://x', {method: 'DELETE'})\r\nreturn items", "\r\nreturn items"),
            (Python, "a # b\nf('x') # it's c", "a \nf('x') "),
            (Shell, "# a; b\n  # c\necho x#y", "\n  \necho x#y"),
            (PowerShell, "<# a\n b #>Get-X\n# Remove-X", "Get-X\n"),
            (Sql, "/* a */ GRANT a -- b\nTO x", " GRANT a \nTO x"),
        ] {
            assert_eq!(without_comments(language, text), left, "{text}");
        }
    }

    /// What runs, or may run, stays, whatever it looks like.
    #[test]
    fn code_stays() {
        for (language, text) in [
            (JavaScript, "const u=`${a ? `//` : ''}`; await fetch(b)"),
            (JavaScript, "return /'/.test(s) ? '//' : fetch(b)"),
            (JavaScript, "'//' + \"/*\" + `//\n`"),
            (JavaScript, "\"'\" + 'a // b'; fetch(c)"),
            (JavaScript, "'/* ' + x + ' */ // '; fetch(b)"),
            (JavaScript, "const u = `\n// `; fetch(b)"),
            (JavaScript, "const u = `\n// ${fetch(b)}\n`"),
            (JavaScript, "const u = 'a\\\n// '; fetch(b)"),
            (JavaScript, "// a\u{2028}fetch(b)"),
            (JavaScript, "s.split(/[/\"]/); f('https://x')"),
            (JavaScript, "s.replace(/https?:\\/\\//, '')"),
            (JavaScript, "fetch(a) /* b"),
            (JavaScript, "`\nhttps://x.test/a\n`"),
            (Python, "f'{d['#']}'; requests.delete(b)"),
            (Python, "'''\n# '''; requests.delete(b)"),
            (Python, "f'''\n# {requests.delete(b)}\n'''"),
            (Shell, "echo \"\n# \"; net user bob /delete"),
            (Shell, "echo '#z' $# # d"),
            (PowerShell, "Write-Output '<#'; Remove-ADUser bob; Write-Output '#>'"),
            (PowerShell, "@\"\n# $(Remove-ADUser bob)\n\"@"),
            (PowerShell, "<# open\nRemove-X"),
            (Sql, "SELECT $$ -- $$; GRANT admin TO bob"),
            (Sql, "SELECT '\\', ' -- '; GRANT admin TO bob"),
            (Sql, "SELECT 'a\n -- b'; GRANT admin TO bob"),
            (Sql, "SELECT [a -- b]; GRANT admin TO bob"),
            (Sql, "SELECT `a -- b`; GRANT admin TO bob"),
            (Sql, "/*! GRANT a TO b */"),
            (Sql, "SELECT 1 --GRANT a TO b"),
        ] {
            assert_eq!(without_comments(language, text), text, "{text}");
        }
    }

    #[test]
    fn marks_that_do_not_close_cost_no_more_than_others() {
        for text in
            ["/*\n".repeat(300_000), format!("{}`*/", "/*\n".repeat(300_000)), "'//\n".repeat(300_000)]
        {
            assert_eq!(without_comments(JavaScript, &text), text);
        }
    }
}
