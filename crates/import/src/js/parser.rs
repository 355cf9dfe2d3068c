//! A parser for the JavaScript that expressions are written in, with bounded depth; statements are in `statement.rs`.

use super::chain::Val;
use super::operators::{at_start, combine};
use super::program::End;
use super::store::State;
use super::{Names, joined, scan};
use workflow::{Function, Term, Text};

/// Expressions and statements may be nested so deep.
pub(super) const MAX_DEPTH: u32 = 48;
/// An expression may have so many operators and members.
const MOST_NESTED: u32 = 2000;
/// Code may have so many times more.
const MOST_IN_CODE: u32 = 10;

/// A parser at a place in a text.
pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    pub(super) names: &'t dyn Names,
    pub(super) state: State<'t>,
    pub(super) depth: u32,
    /// Statements and assignments are read, and names that are not known stand for something from elsewhere.
    pub(super) in_code: bool,
    /// Where the code so far returns, sends or throws.
    pub(super) ends: Vec<End>,
    /// Variables of the surroundings that were set.
    pub(super) variables: Vec<(Text, Term)>,
    /// For each loop or switch around this place, what is known where it is left.
    pub(super) exits: Vec<Vec<State<'t>>>,
    /// So many `try` blocks are around this place.
    pub(super) tries: u32,
    /// Functions called so far.
    pub(super) calls: u32,
    /// What the items fulfil that were chosen last.
    pub(super) chosen: Option<Term>,
    /// Nobody looks at what the expression gives that is read next.
    pub(super) unused: bool,
    /// How many more operators and members may follow: each may nest what came before one deeper.
    left: u32,
}

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str, names: &'t dyn Names) -> Self {
        Parser {
            text,
            at: 0,
            names,
            state: State::default(),
            depth: 0,
            in_code: false,
            ends: Vec::new(),
            variables: Vec::new(),
            exits: Vec::new(),
            tries: 0,
            calls: 0,
            chosen: None,
            unused: false,
            left: MOST_NESTED,
        }
    }

    /// A parser for statements.
    pub(super) fn of_code(text: &'t str, names: &'t dyn Names) -> Self {
        Parser { in_code: true, left: MOST_NESTED * MOST_IN_CODE, ..Parser::new(text, names) }
    }

    /// An expression's value with all that was written into it.
    pub(super) fn term(&mut self) -> Option<Term> {
        let value = self.ternary()?;
        Some(self.settled(value))
    }

    /// A finished value, with what was written into it.
    pub(super) fn settled(&self, value: Val) -> Term {
        match value {
            Val::Term(term) => term,
            value => match value.into_term() {
                Term::Ref(r) if self.in_code => self.state.seen(r, 0),
                term => term,
            },
        }
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
    #[inline]
    pub(super) fn blank(&mut self) {
        match self.peek() {
            Some(b'!'..=b'.' | b'0'..=b'~') | None => {}
            Some(_) => self.skip_blank(),
        }
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            let spaces = rest.bytes().take_while(|b| matches!(b, b' ' | b'\n' | b'\t' | b'\r')).count();
            self.at += spaces;
            let rest = &rest[spaces..];
            let skip = match rest.as_bytes() {
                [b'/', b'/', ..] => rest.find('\n').map_or(rest.len(), |i| i + 1),
                [b'/', b'*', ..] => rest.find("*/").map_or(rest.len(), |i| i + 2),
                // White space of other kinds.
                [b'!'..=b'~', ..] | [] => return,
                _ => match rest.len() - rest.trim_start().len() {
                    0 => return,
                    skip => skip,
                },
            };
            self.at += skip;
        }
    }

    pub(super) fn eat(&mut self, token: &str) -> bool {
        self.blank();
        let found =
            self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(token.as_bytes()));
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
        let len = scan::word_len(rest);
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
        let unused = std::mem::take(&mut self.unused);
        if let Some(lambda) = self.lambda(&[])? {
            return Some(lambda);
        }
        if let Some(assigned) = self.assignment(unused)? {
            return Some(assigned);
        }
        let condition = self.binary(0)?;
        self.blank();
        let rest = self.rest();
        if !rest.starts_with('?') || rest.starts_with("?.") || rest.starts_with("??") {
            return Some(condition);
        }
        self.at += 1;
        let then = self.term()?;
        if !self.eat(":") {
            return None;
        }
        let otherwise = self.term()?;
        Some(Val::Term(Term::Call(Function::If, vec![self.settled(condition), then, otherwise])))
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
            let right = self.binary(binds + 1)?;
            let right = self.settled(right);
            left = Val::Term(combine(op, self.settled(left), right));
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
        let args = if self.eat("(") { self.arguments(&Vec::new)? } else { Vec::new() };
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
        let quote = self.peek()?;
        let rest = &self.rest()[1..];
        let (mut out, mut at) = (Text::default(), 0);
        loop {
            let next = at + memchr::memchr2(quote, b'\\', &rest.as_bytes()[at..])?;
            out.push_str(&rest[at..next]);
            if rest.as_bytes()[next] == quote {
                self.at += next + 2;
                return Some(out);
            }
            let c = rest[next + 1..].chars().next()?;
            out.push(escaped(c));
            at = next + 1 + c.len_utf8();
        }
    }

    fn template_literal(&mut self) -> Option<Val> {
        self.at += 1;
        let mut term = Term::Text(Text::default());
        let mut text = Text::default();
        loop {
            let plain = memchr::memchr3(b'`', b'\\', b'$', self.rest().as_bytes())?;
            text.push_str(&self.rest()[..plain]);
            self.at += plain;
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
                    let hole = self.term()?;
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
            let item = self.term()?;
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
            return Some(("...".into(), self.term()?));
        }
        let key: Text = match self.peek()? {
            b'"' | b'\'' => self.string()?,
            b'0'..=b'9' => match self.number()? {
                Val::Term(Term::Number(n)) => n,
                _ => return None,
            },
            b'[' if self.in_code => {
                self.at += 1;
                let key = self.term()?;
                if !self.eat("]") {
                    return None;
                }
                if let Term::Text(key) = key { key } else { "*".into() }
            }
            b'[' => return None,
            _ => {
                let start = self.at;
                let key = self.name()?;
                self.blank();
                if matches!(self.peek(), Some(b',' | b'}')) {
                    self.at = start;
                    let value = self.identifier()?;
                    return Some((key.into(), self.settled(value)));
                }
                key.into()
            }
        };
        self.eat(":").then_some(())?;
        Some((key, self.term()?))
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

pub(super) fn negated(term: Term) -> Term {
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
