//! The report as one page to open in a browser: nothing is loaded from elsewhere, and what workflows say stands in it
//! as data only. Workflows are written one at a time, so that memory does not grow with the report.

pub(crate) mod data;

use super::view::{Count, View, each, tally};
use crate::scan::Scan;
use crate::test::tested::Tested;
use std::io::{self, Write};
use workflow::Digest;

/// A page: its markup, with marks where the rest goes, what it looks like, and what it runs.
pub(crate) struct Page {
    pub markup: &'static str,
    pub styles: &'static [&'static str],
    pub scripts: &'static [&'static str],
}

const PAGE: Page = Page {
    markup: include_str!("page.html"),
    styles: &[include_str!("page.css")],
    scripts: &[
        include_str!("dom.js"),
        include_str!("theme.js"),
        include_str!("layout.js"),
        include_str!("graph.js"),
        include_str!("detail.js"),
        include_str!("page.js"),
    ],
};

/// Where the data and the script stand in a page.
const DATA: &str = "<!-- data -->";
const SCRIPT: &str = "<!-- script -->";

/// Writes the page, with what scenarios covered where that is known.
///
/// # Errors
/// When it cannot be written, or results cannot be read back.
pub fn write(scan: &Scan, view: &View<'_>, tested: &[Tested], out: &mut dyn Write) -> io::Result<Count> {
    let counts = tally(scan, view)?;
    let mut total = Count::default();
    counts.iter().for_each(|(_, c)| total.add_count(c));
    let order: Vec<(usize, usize)> = counts.into_iter().map(|(at, _)| at).collect();
    PAGE.write(out, &mut |out| {
        let mut rules = data::Rules::default();
        each(scan, view, &order, &mut |item| {
            rules.add(item);
            block("row", &data::row(item), out)?;
            block("detail", &data::detail(item, tested), out)
        })?;
        block("rules", &rules.pages(), out)?;
        block("summary", &data::summary(scan, view), out)
    })?;
    Ok(total)
}

impl Page {
    /// Writes the page with its data.
    pub(crate) fn write(
        &self,
        out: &mut dyn Write,
        data: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let script = format!("\"use strict\";\n{}", self.scripts.concat());
        let style = format!("\n{}", self.styles.concat());
        let head = self.markup.replace("{policy}", &policy(&script, &style)).replace("{style}", &style);
        let (before, rest) = head.split_once(DATA).unwrap_or((&head, ""));
        let (between, after) = rest.split_once(SCRIPT).unwrap_or((rest, ""));
        out.write_all(before.as_bytes())?;
        data(out)?;
        write!(out, "{between}<script>{script}</script>{after}")
    }
}

/// What the page may do: run its own script, use its own style, and load nothing.
fn policy(script: &str, style: &str) -> String {
    let hash = |text: &str| format!("'sha256-{}'", base64(&Digest::of(text.as_bytes()).0));
    format!(
        "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'",
        hash(script),
        hash(style)
    )
}

/// Writes data as a block that the browser does not run.
pub(crate) fn block(class: &str, data: &impl serde::Serialize, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "<script type=\"application/json\" class=\"{class}\">")?;
    serde_json::to_writer(Escaped(&mut *out), data)?;
    out.write_all(b"</script>\n")
}

/// Writes JSON so that nothing in it can end a block: `<`, `>` and `&` stand only in strings, where they may be escaped.
struct Escaped<'o>(&'o mut dyn Write);

impl Write for Escaped<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while let Some(at) = rest.iter().position(|b| b"<>&".contains(b)) {
            self.0.write_all(&rest[..at])?;
            write!(self.0, "\\u{:04x}", rest[at])?;
            rest = &rest[at + 1..];
        }
        self.0.write_all(rest)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Bytes in base64, as a content security policy wants digests.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let byte = |i: usize| usize::from(group.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let sign = |i: usize| char::from(ALPHABET[bits >> (18 - 6 * i) & 63]);
        (0..4).for_each(|i| out.push(if i <= group.len() { sign(i) } else { '=' }));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> impl Iterator<Item = &'static Page> {
        [&PAGE, &crate::diff::PAGE, &crate::assess::PAGE].into_iter()
    }

    fn written(data: &impl serde::Serialize) -> String {
        let mut out = Vec::new();
        block("row", data, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn data_cannot_end_its_block() {
        let hostile =
            ["</script><script>alert(1)</script>", "<!--<script>", "a&amp;b", "]]>", "\u{2028}'\"\\"];
        let text = written(&hostile);
        let inner = text.strip_prefix("<script type=\"application/json\" class=\"row\">").unwrap();
        let inner = inner.strip_suffix("</script>\n").unwrap();
        assert!(!inner.contains(['<', '>', '&']), "{inner}");
        let read: Vec<String> = serde_json::from_str(inner).unwrap();
        assert_eq!(read, hostile);
    }

    #[test]
    fn assets_cannot_end_their_blocks_and_make_no_markup_of_data() {
        for script in all().flat_map(|p| p.scripts) {
            for word in [
                "</script",
                "<!--",
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
            ] {
                assert!(!script.contains(word), "a script has `{word}`");
            }
        }
        for style in all().flat_map(|p| p.styles) {
            let own = style.matches("url(").count() == style.matches("url(\"#").count();
            assert!(own && !style.contains("</style") && !style.contains("@import"));
        }
        for page in all() {
            assert_eq!(page.markup.matches(DATA).count(), 1);
            assert_eq!(page.markup.matches(SCRIPT).count(), 1);
            assert!(!page.markup.contains(" on"), "an inline handler");
        }
    }

    #[test]
    fn assets_are_short() {
        for text in all().flat_map(|p| p.scripts.iter().chain(p.styles).chain([&p.markup])) {
            assert!(text.lines().count() <= 600);
        }
    }

    #[test]
    fn base64_is_the_standards() {
        let told = ["", "f", "fo", "foo", "foob"].map(|s| base64(s.as_bytes()));
        assert_eq!(told, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]);
    }
}
