//! The grammar that workflow expressions and template expressions share: function calls, literals and access to
//! members (`body('x')?['y'][0].z`). What it means is decided elsewhere.

use std::borrow::Cow;

/// Calls may be nested so deep.
const MAX_DEPTH: usize = 96;

/// A parsed expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ast<'t> {
    Null,
    Bool(bool),
    Number(&'t str),
    Text(Cow<'t, str>),
    Call(&'t str, Vec<Ast<'t>>),
    /// A value and what is taken from it, one after the other.
    Access(Box<Ast<'t>>, Vec<Ast<'t>>),
}

/// Parses a whole text.
pub(super) fn parse(text: &str) -> Option<Ast<'_>> {
    let (ast, end) = parse_prefix(text)?;
    text[end..].trim().is_empty().then_some(ast)
}

/// Parses an expression at the start of a text and gives the offset after it.
pub(super) fn parse_prefix(text: &str) -> Option<(Ast<'_>, usize)> {
    let mut parser = Parser { text, at: 0 };
    let ast = parser.expression(0)?;
    Some((ast, parser.at))
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        self.blanks();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expression(&mut self, depth: usize) -> Option<Ast<'t>> {
        if depth > MAX_DEPTH {
            return None;
        }
        let base = self.primary(depth)?;
        let mut path = Vec::new();
        while let Some(member) = self.member(depth)? {
            path.push(member);
        }
        Some(if path.is_empty() { base } else { Ast::Access(Box::new(base), path) })
    }

    /// The next member that is taken, or nothing at the end of the chain; none at all where the text is broken.
    #[allow(clippy::option_option)] // the outer option is the parser's failure
    fn member(&mut self, depth: usize) -> Option<Option<Ast<'t>>> {
        let before = self.at;
        let safe = self.eat(b'?');
        if self.eat(b'[') {
            let index = self.expression(depth + 1)?;
            return self.eat(b']').then_some(Some(index));
        }
        if self.eat(b'.') {
            let name = self.identifier()?;
            return Some(Some(Ast::Text(Cow::Borrowed(name))));
        }
        self.at = before;
        if safe { None } else { Some(None) }
    }

    fn primary(&mut self, depth: usize) -> Option<Ast<'t>> {
        self.blanks();
        match self.peek()? {
            b'\'' => self.literal(),
            b'-' | b'+' | b'0'..=b'9' => self.number(),
            _ => self.word(depth),
        }
    }

    fn literal(&mut self) -> Option<Ast<'t>> {
        let start = self.at + 1;
        let mut at = start;
        let mut doubled = false;
        loop {
            at += memchr::memchr(b'\'', self.text.as_bytes().get(at..)?)?;
            if self.text.as_bytes().get(at + 1) != Some(&b'\'') {
                break;
            }
            doubled = true;
            at += 2;
        }
        self.at = at + 1;
        let raw = self.text.get(start..at)?;
        Some(Ast::Text(if doubled { Cow::Owned(raw.replace("''", "'")) } else { Cow::Borrowed(raw) }))
    }

    fn number(&mut self) -> Option<Ast<'t>> {
        let start = self.at;
        let digits = |b: u8| b.is_ascii_digit() || b"+-.eE".contains(&b);
        while self.peek().is_some_and(digits) {
            self.at += 1;
        }
        let text = &self.text[start..self.at];
        text.parse::<f64>().ok().map(|_| Ast::Number(text))
    }

    fn identifier(&mut self) -> Option<&'t str> {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'$') {
            self.at += 1;
        }
        (self.at > start).then(|| &self.text[start..self.at])
    }

    fn word(&mut self, depth: usize) -> Option<Ast<'t>> {
        let name = self.identifier()?;
        if self.eat(b'(') {
            return self.arguments(depth).map(|arguments| Ast::Call(name, arguments));
        }
        match name {
            "null" | "Null" | "NULL" => Some(Ast::Null),
            "true" | "True" | "TRUE" => Some(Ast::Bool(true)),
            "false" | "False" | "FALSE" => Some(Ast::Bool(false)),
            _ => None,
        }
    }

    fn arguments(&mut self, depth: usize) -> Option<Vec<Ast<'t>>> {
        let mut arguments = Vec::new();
        if self.eat(b')') {
            return Some(arguments);
        }
        loop {
            arguments.push(self.expression(depth + 1)?);
            if self.eat(b')') {
                return Some(arguments);
            }
            if !self.eat(b',') {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_literals_and_members() {
        let ast = parse("body('It''s')?['a'][0].b").unwrap();
        let Ast::Access(base, path) = ast else { panic!("not an access") };
        assert_eq!(*base, Ast::Call("body", vec![Ast::Text("It's".into())]));
        assert_eq!(path, [Ast::Text("a".into()), Ast::Number("0"), Ast::Text("b".into())]);
    }

    #[test]
    fn stops_after_the_expression() {
        assert_eq!(parse_prefix("item()} and more").map(|(_, end)| end), Some(6));
        assert_eq!(parse("true"), Some(Ast::Bool(true)));
        assert_eq!(parse("-1.5"), Some(Ast::Number("-1.5")));
    }

    #[test]
    fn broken_texts_are_refused() {
        for text in ["", "body(", "body('x", "body('x')?", "a b", "f(,)", "[", "f(1", "é"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&"f(".repeat(100_000)), None);
        assert!(parse(&format!("a(){}", "[0]".repeat(100_000))).is_some());
    }
}
