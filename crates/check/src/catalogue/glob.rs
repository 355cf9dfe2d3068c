//! Patterns in which `*` stands for any characters.

/// A pattern taken apart once, for matching many texts.
#[derive(Debug)]
pub(super) struct Glob {
    head: Box<str>,
    /// The literals between stars, and the one at the end; nothing where there is no star.
    rest: Option<(Vec<Box<str>>, Box<str>)>,
}

impl Glob {
    pub(super) fn new(pattern: &str) -> Self {
        let mut pieces = pattern.split('*').map(Box::from);
        let head = pieces.next().unwrap_or_default();
        let mut between: Vec<Box<str>> = pieces.collect();
        Glob { head, rest: between.pop().map(|tail| (between, tail)) }
    }

    pub(super) fn fits(&self, text: &str) -> bool {
        let Some((between, tail)) = &self.rest else { return *self.head == *text };
        let ends = |part: &str| text.as_bytes().last() == part.as_bytes().last();
        let starts = |part: &str| text.as_bytes().first() == part.as_bytes().first();
        if !(self.head.is_empty() || starts(&self.head)) || !(tail.is_empty() || ends(tail)) {
            return false;
        }
        let Some(mut left) = text.strip_prefix(&*self.head) else { return false };
        for piece in between.iter().filter(|p| !p.is_empty()) {
            let Some(at) = left.find(&**piece) else { return false };
            left = &left[at + piece.len()..];
        }
        left.ends_with(&**tail)
    }
}

/// Whether `text` has the shape of `pattern`, where `*` stands for any characters, also none.
#[must_use]
pub fn glob(pattern: &str, text: &str) -> bool {
    let star = pattern.bytes().position(|b| b == b'*');
    match star {
        None => pattern == text,
        Some(at) => text.starts_with(&pattern[..at]) && Glob::new(pattern).fits(text),
    }
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, text, is) in [
            ("a", "a", true),
            ("a*", "a", true),
            ("*", "", true),
            ("*.okta.com", "acme.okta.com", true),
            ("*.okta.com", "okta.com.evil", false),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxcyyb", false),
            ("a**c", "axc", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(glob(pattern, text), is, "{pattern} {text}");
        }
    }
}
