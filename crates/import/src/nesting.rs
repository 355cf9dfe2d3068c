//! How deep XML is nested, told before it is parsed: reading on to the end of a million open elements takes long.

use memchr::memmem::find;
use memchr::{memchr, memchr3};

/// Where a text is nested deeper than `most`; only sure of sound XML, of which the parser says what else is wrong.
pub(crate) fn too_deep(text: &str, most: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0usize);
    while let Some(open) = memchr(b'<', bytes.get(at..)?).map(|i| at + i) {
        let rest = &bytes[open..];
        let past = |end: &[u8]| find(rest, end).map(|i| open + i + end.len());
        at = match rest {
            [_, b'/', ..] => {
                depth = depth.saturating_sub(1);
                open + 2
            }
            _ if rest.starts_with(b"<!--") => past(b"-->")?,
            _ if rest.starts_with(b"<![CDATA[") => past(b"]]>")?,
            [_, b'?', ..] => past(b"?>")?,
            [_, b'!', ..] => open + 2,
            _ => {
                let end = open + tag_end(rest)?;
                depth += usize::from(bytes[end - 1] != b'/');
                end
            }
        };
        if depth > most {
            return Some(open);
        }
    }
    None
}

/// Where a tag ends: the first `>` that is in no attribute's value.
fn tag_end(tag: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr3(b'>', b'"', b'\'', &tag[at..])?;
        match tag[at] {
            b'>' => return Some(at),
            quote => at += 2 + memchr(quote, &tag[at + 1..])?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::too_deep;

    #[test]
    fn only_elements_that_stay_open_nest() {
        let flat = "<?xml a='>'?><!DOCTYPE d><d><!-- <a><a><a> --><b x='>' y=\"/>\"/><b z='>/'/><c>1 > 0</c>";
        let flat = format!("{flat}<![CDATA[<a><a><a>]]><e><f/></e></d>");
        assert_eq!(too_deep(&flat, 2), None);
        assert_eq!(too_deep(&flat, 1), flat.find("<c>"));
        assert_eq!(too_deep(&"<a>".repeat(600), 512), Some(512 * 3));
        for end in 0..flat.len() {
            assert_eq!(too_deep(&flat[..end], 2), None);
        }
    }
}
