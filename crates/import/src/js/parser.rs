//! A parser for the JavaScript that expressions are written in: no statements, no assignments, bounded depth.

use super::chain::Val;
use super::operators::{at_start, combine};
use super::{Names, joined, scan};
use workflow::{Function, Term, Text};

/// Expressions may be nested so deep.
const MAX_DEPTH: u32 = 48;
/// An expression may have so many operators and members.
const MOST_NESTED: u32 = 2000;

/// A parser at a place in a text.
pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    pub(super) names: &'t dyn Names,
    /// Parameters of the functions around this place, innermost last.
    pub(super) locals: Vec<(&'t str, Val)>,
    pub(super) depth: u32,
    /// How many more operators and members may follow: each may nest what came before one deeper.
    left: u32,
}

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str, names: &'t dyn Names) -> Self {
        Parser { text, at: 0, names, locals: Vec::new(), depth: 0, left: MOST_NESTED }
    }

    /// The whole text as one expression.
    pub(super) fn whole(&mut self) -> Option<Term> {
        let term = self.ternary()?.into_term();
        while self.eat(";") {}
        self.blank();
        (self.at == self.text.len()).then_some(term)
    }

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Skips white space and comments.
    pub(super) fn blank(&mut self) {
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start().len();
            let rest = self.rest();
            let skip = if rest.starts_with("//") {
                rest.find('\n').map_or(rest.len(), |i| i + 1)
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |i| i + 2)
            } else {
                return;
            };
            self.at += skip;
        }
    }

    pub(super) fn eat(&mut self, token: &str) -> bool {
        self.blank();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// Counts one more level of nesting; nothing when there are too many.
    pub(super) fn spend(&mut self) -> Option<()> {
        self.left = self.left.checked_sub(1)?;
        Some(())
    }

    /// A name, or nothing.
    pub(super) fn name(&mut self) -> Option<&'t str> {
        let rest = self.rest();
        let word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        let len = rest.find(|c| !word(c)).unwrap_or(rest.len());
        let name = &rest[..len];
        let starts = name.chars().next().is_some_and(|c| !c.is_numeric());
        if starts {
            self.at += len;
        }
        starts.then_some(name)
    }

    /// A conditional expression, or anything that binds tighter.
    pub(super) fn ternary(&mut self) -> Option<Val> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let value = self.conditional();
        self.depth -= 1;
        value
    }

    fn conditional(&mut self) -> Option<Val> {
        if let Some(lambda) = self.lambda(&[])? {
            return Some(lambda);
        }
        let condition = self.binary(0)?;
        self.blank();
        let rest = self.rest();
        if !rest.starts_with('?') || rest.starts_with("?.") || rest.starts_with("??") {
            return Some(condition);
        }
        self.at += 1;
        let then = self.ternary()?.into_term();
        if !self.eat(":") {
            return None;
        }
        let otherwise = self.ternary()?.into_term();
        Some(Val::Term(Term::Call(Function::If, vec![condition.into_term(), then, otherwise])))
    }

    fn binary(&mut self, least: u8) -> Option<Val> {
        let mut left = self.unary()?;
        loop {
            self.spend()?;
            self.blank();
            let Some((op, binds)) = at_start(self.rest()).filter(|(_, binds)| *binds >= least) else {
                return self.word_operator(left);
            };
            self.at += op.len();
            let right = self.binary(binds + 1)?.into_term();
            left = Val::Term(combine(op, left.into_term(), right));
        }
    }

    /// `x in y` and `x instanceof Y`.
    fn word_operator(&mut self, left: Val) -> Option<Val> {
        let word = ["in ", "instanceof "].into_iter().find(|w| self.rest().starts_with(w));
        let Some(word) = word else { return Some(left) };
        self.at += word.len();
        self.blank();
        let right = self.unary()?.into_term();
        let left = left.into_term();
        let term = match word {
            "in " => Term::Call(Function::Contains, vec![right, left]),
            _ => Term::Call(Function::Other("instanceof".into()), vec![left, right]),
        };
        Some(Val::Term(term))
    }

    fn unary(&mut self) -> Option<Val> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        self.blank();
        let value = match self.peek()? {
            b'!' => {
                self.at += 1;
                self.unary().map(|v| Val::Term(negated(v.into_term())))
            }
            b'-' | b'+' => self.signed(),
            _ if self.keyword("typeof") => self.unary().map(|v| other("typeof", vec![v.into_term()])),
            _ if self.keyword("await") => self.unary(),
            _ if self.keyword("new") => self.construct(),
            _ => self.postfix(),
        };
        self.depth -= 1;
        value
    }

    fn keyword(&mut self, word: &str) -> bool {
        let rest = self.rest();
        let found = rest.starts_with(word) && rest[word.len()..].starts_with(char::is_whitespace);
        if found {
            self.at += word.len();
        }
        found
    }

    fn signed(&mut self) -> Option<Val> {
        let minus = self.peek() == Some(b'-');
        self.at += 1;
        let term = self.unary()?.into_term();
        Some(match (minus, term) {
            (true, Term::Number(n)) => Val::Term(Term::Number(format!("-{n}").into())),
            (true, term) => other("negate", vec![term]),
            (false, term) => Val::Term(Term::Call(Function::ToNumber, vec![term])),
        })
    }

    /// `new Date(…)` and the like.
    fn construct(&mut self) -> Option<Val> {
        self.blank();
        let name = self.name()?;
        let args = if self.eat("(") { self.arguments(&[])? } else { Vec::new() };
        let made = super::calls::construct(name, args);
        self.follow(Val::Term(made))
    }

    /// A primary expression.
    pub(super) fn primary(&mut self) -> Option<Val> {
        self.blank();
        match self.peek()? {
            b'"' | b'\'' => self.string().map(|s| Val::Term(Term::Text(s))),
            b'`' => self.template_literal(),
            b'0'..=b'9' | b'.' => self.number(),
            b'[' => self.list(),
            b'{' => self.object(),
            b'(' => self.parenthesis(),
            b'/' => self.regular_expression(),
            _ => self.identifier(),
        }
    }

    /// A quoted text, its escapes resolved.
    pub(super) fn string(&mut self) -> Option<Text> {
        let quote = char::from(self.peek()?);
        let rest = &self.rest()[1..];
        let mut out = Text::default();
        let mut chars = rest.char_indices();
        while let Some((i, c)) = chars.next() {
            match c {
                c if c == quote => {
                    self.at += i + 2;
                    return Some(out);
                }
                '\\' => out.push(escaped(chars.next()?.1)),
                c => out.push(c),
            }
        }
        None
    }

    fn template_literal(&mut self) -> Option<Val> {
        self.at += 1;
        let mut term = Term::Text(Text::default());
        let mut text = Text::default();
        loop {
            let c = self.rest().chars().next()?;
            self.at += c.len_utf8();
            match c {
                '`' => return Some(Val::Term(append(term, text))),
                '\\' => {
                    let next = self.rest().chars().next()?;
                    self.at += next.len_utf8();
                    text.push(escaped(next));
                }
                '$' if self.peek() == Some(b'{') => {
                    self.at += 1;
                    let hole = self.ternary()?.into_term();
                    if !self.eat("}") {
                        return None;
                    }
                    term = joined(append(term, std::mem::take(&mut text)), hole);
                }
                c => text.push(c),
            }
        }
    }

    fn number(&mut self) -> Option<Val> {
        let rest = self.rest();
        let len = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_'));
        let word = &rest[..len.unwrap_or(rest.len())];
        // `5.toString()` is no JavaScript, but `0.5` and `1e3` are numbers.
        word.replace('_', "").parse::<f64>().ok()?;
        self.at += word.len();
        Some(Val::Term(Term::Number(word.into())))
    }

    fn list(&mut self) -> Option<Val> {
        self.at += 1;
        let mut items = Vec::new();
        while !self.eat("]") {
            let spread = self.eat("...");
            let item = self.ternary()?.into_term();
            items.push(if spread { other("spread", vec![item]).into_term() } else { item });
            if !self.eat(",") && !self.rest().starts_with(']') {
                return None;
            }
        }
        Some(Val::Term(Term::List(items)))
    }

    fn object(&mut self) -> Option<Val> {
        self.at += 1;
        let mut entries = Vec::new();
        while !self.eat("}") {
            entries.push(self.member()?);
            if !self.eat(",") && !self.rest().starts_with('}') {
                return None;
            }
        }
        Some(Val::Term(Term::Map(entries)))
    }

    fn member(&mut self) -> Option<(Text, Term)> {
        if self.eat("...") {
            return Some(("...".into(), self.ternary()?.into_term()));
        }
        let key: Text = match self.peek()? {
            b'"' | b'\'' => self.string()?,
            b'0'..=b'9' => match self.number()? {
                Val::Term(Term::Number(n)) => n,
                _ => return None,
            },
            b'[' => return None,
            _ => self.name()?.into(),
        };
        if self.eat(":") {
            return Some((key, self.ternary()?.into_term()));
        }
        let local = self.locals.iter().rev().find(|(name, _)| *name == key)?.1.clone();
        Some((key, local.into_term()))
    }

    fn parenthesis(&mut self) -> Option<Val> {
        self.at += 1;
        let value = self.ternary()?;
        self.eat(")").then_some(value)
    }

    /// A regular expression: its pattern as a text.
    fn regular_expression(&mut self) -> Option<Val> {
        let body = &self.rest()[1..];
        let (mut escape, mut class) = (false, false);
        for (i, c) in body.char_indices() {
            match c {
                '\n' => return None,
                _ if escape => escape = false,
                '\\' => escape = true,
                '[' => class = true,
                ']' => class = false,
                '/' if !class => {
                    self.at += i + 2;
                    let flags = self.rest().bytes().take_while(u8::is_ascii_alphabetic).count();
                    self.at += flags;
                    return Some(Val::Term(Term::Text(body[..i].into())));
                }
                _ => {}
            }
        }
        None
    }

    /// A block of statements is not understood; its references are kept.
    pub(super) fn block(&mut self) -> Option<Term> {
        let end = scan::block_end(self.rest())?;
        let inside = &self.rest()[..end];
        self.at += end;
        Some(Term::Unknown(scan::references(inside, self.names)))
    }
}

fn append(term: Term, text: Text) -> Term {
    match term {
        Term::Text(t) if t.is_empty() => Term::Text(text),
        term if text.is_empty() => term,
        term => joined(term, Term::Text(text)),
    }
}

fn escaped(c: char) -> char {
    match c {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        c => c,
    }
}

fn negated(term: Term) -> Term {
    match term {
        Term::Call(Function::Not, mut inner) if inner.len() == 1 => {
            Term::Call(Function::Truthy, vec![inner.pop().unwrap_or(Term::Null)])
        }
        term => Term::Call(Function::Not, vec![term]),
    }
}

/// A function known only by its name.
pub(super) fn other(name: &str, args: Vec<Term>) -> Val {
    Val::Term(Term::Call(Function::Other(name.into()), args))
}
