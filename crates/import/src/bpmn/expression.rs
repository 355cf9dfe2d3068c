//! Expressions: the simple subset of JUEL (`${amount > 5}`) and FEEL (`= amount > 5`) that models are written in.

use super::scope::Scope;
use super::token::{Token, words};
use crate::values::{computed, template};
use workflow::{Expression, Function, Language, Reference, Segment, Term, Value};

/// An expression may be nested so deep.
const MAX_DEPTH: usize = 60;

impl Scope {
    /// A text that an engine evaluates: JUEL in braces, FEEL after `=`, else a constant.
    pub(super) fn read(&self, text: &str, line: u32) -> Value {
        let text = text.trim();
        if let Some(feel) = text.strip_prefix('=') {
            return computed(Language::Feel, text, self.parsed(feel, Language::Feel), line);
        }
        if text.contains("${") || text.contains("#{") {
            return computed(Language::Juel, text, self.holes(text), line);
        }
        Value::text(text)
    }

    /// A condition of a flow: braces or `=` may be missing where a tool leaves the language to the engine.
    pub(super) fn condition(&self, text: &str, line: u32) -> Expression {
        // A model's own function for data objects is written with BPMN's prefix.
        let written = text.replace("bpmn:getDataObject", "getDataObject");
        let trimmed = written.trim();
        let juel = trimmed.starts_with("${") || trimmed.starts_with("#{");
        let language = if juel { Language::Juel } else { Language::Feel };
        let term = if juel {
            self.holes(trimmed)
        } else {
            self.parsed(trimmed.trim_start_matches('='), Language::Feel)
        };
        Expression { language, text: text.trim().into(), term, line }
    }

    /// A condition that is a line of a script.
    pub(super) fn scripted(&self, text: &str, line: u32) -> Expression {
        let plain = text.trim().trim_start_matches("return ").trim_end_matches(';');
        let plain = plain.replace("===", "==").replace("!==", "!=");
        let braced = plain.contains("${") || plain.contains("#{");
        let term = if braced { self.holes(&plain) } else { self.parsed(&plain, Language::Juel) };
        let taken = || {
            let names = super::script::read(text).names.into_iter();
            let mut from: Vec<String> = names.flat_map(|(_, from)| from).collect();
            from.sort();
            from.dedup();
            from.iter().map(|v| self.reference(v, Vec::new())).collect()
        };
        let term = if matches!(term, Term::Unknown(_)) { Term::Unknown(taken()) } else { term };
        Expression { language: Language::Juel, text: text.trim().into(), term, line }
    }

    /// A text with JUEL in it.
    fn holes(&self, text: &str) -> Term {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(at) = opening(rest) {
            let Some(end) = rest[at..].find('}') else { break };
            parts.push(Term::Text(rest[..at].into()));
            parts.push(self.parsed(&rest[at + 2..at + end], Language::Juel));
            rest = &rest[at + end + 1..];
        }
        parts.push(Term::Text(rest.into()));
        template(parts)
    }

    fn parsed(&self, text: &str, language: Language) -> Term {
        let Some(tokens) = words(text) else { return Term::Unknown(Vec::new()) };
        let mut parser = Parser {
            tokens: &tokens,
            at: 0,
            scope: self,
            feel: language == Language::Feel,
            bound: Vec::new(),
        };
        let parsed = parser.ternary(MAX_DEPTH);
        match parsed {
            Some(term) if parser.at == tokens.len() => term,
            _ => Term::Unknown(self.names(&tokens)),
        }
    }

    /// Every variable that words seem to name.
    fn names(&self, tokens: &[Token]) -> Vec<Reference> {
        let mut found: Vec<Reference> = Vec::new();
        for (i, token) in tokens.iter().enumerate() {
            let after_dot = i > 0 && tokens[i - 1] == Token::Sign(".");
            let called = tokens.get(i + 1) == Some(&Token::Sign("("));
            if let (Token::Name(call), Some(Token::Text(name))) = (token, tokens.get(i + 2))
                && called
                && matches!(call.as_str(), "getVariable" | "getVariableLocal" | "getDataObject")
            {
                found.push(self.reference(name, Vec::new()));
            }
            if let Token::Name(name) = token
                && !after_dot
                && name != "execution"
                && !called
                && !is_word(name)
            {
                let reference = self.reference(name, Vec::new());
                if !found.contains(&reference) {
                    found.push(reference);
                }
            }
        }
        found
    }
}

/// Where the next `${` or `#{` stands.
fn opening(text: &str) -> Option<usize> {
    let braces = text.match_indices('{').map(|(i, _)| i);
    braces.filter_map(|i| i.checked_sub(1)).find(|i| matches!(text.as_bytes()[*i], b'$' | b'#'))
}

fn is_word(name: &str) -> bool {
    let words = [
        "and",
        "or",
        "not",
        "true",
        "false",
        "null",
        "if",
        "then",
        "else",
        "some",
        "every",
        "in",
        "satisfies",
        "for",
        "return",
        "empty",
        "eq",
        "ne",
        "lt",
        "gt",
        "le",
        "ge",
        "instance",
        "of",
        "between",
        "div",
        "mod",
    ];
    words.contains(&name)
}

/// The variables that a text names.
pub(super) fn variables(text: &str) -> Vec<String> {
    let scope = Scope::default();
    let term = scope.condition(text, 0).term;
    let roots = term.references().into_iter().filter_map(|r| match &r.root {
        workflow::Root::Trigger => match r.path.first() {
            Some(Segment::Key(k)) => Some(k.to_string()),
            _ => None,
        },
        _ => None,
    });
    roots.collect()
}

struct Parser<'t> {
    tokens: &'t [Token],
    at: usize,
    scope: &'t Scope,
    feel: bool,
    /// What `some x in …` and `every x in …` call an item of a list.
    bound: Vec<(String, Term)>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn takes(&mut self, sign: &str) -> bool {
        let hit = matches!(self.peek(), Some(Token::Sign(s)) if *s == sign);
        self.at += usize::from(hit);
        hit
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let hit = matches!(self.peek(), Some(Token::Name(n)) if n == word);
        self.at += usize::from(hit);
        hit
    }

    fn ternary(&mut self, depth: usize) -> Option<Term> {
        let depth = depth.checked_sub(1)?;
        if self.takes_word("if") {
            let condition = self.ternary(depth)?;
            let then = self.takes_word("then").then(|| self.ternary(depth))??;
            let other = self.takes_word("else").then(|| self.ternary(depth))??;
            return Some(Term::Call(Function::If, vec![condition, then, other]));
        }
        let condition = self.or(depth)?;
        if !self.takes("?") {
            return Some(condition);
        }
        let then = self.ternary(depth)?;
        let other = self.takes(":").then(|| self.ternary(depth))??;
        Some(Term::Call(Function::If, vec![condition, then, other]))
    }

    fn or(&mut self, depth: usize) -> Option<Term> {
        let mut terms = vec![self.and(depth)?];
        while self.takes("||") || self.takes_word("or") {
            terms.push(self.and(depth)?);
        }
        Some(if terms.len() == 1 { terms.pop()? } else { Term::Call(Function::Or, terms) })
    }

    fn and(&mut self, depth: usize) -> Option<Term> {
        let mut terms = vec![self.compared(depth)?];
        while self.takes("&&") || self.takes_word("and") {
            terms.push(self.compared(depth)?);
        }
        Some(if terms.len() == 1 { terms.pop()? } else { Term::Call(Function::And, terms) })
    }

    fn compared(&mut self, depth: usize) -> Option<Term> {
        let left = self.sum(depth)?;
        let Some(f) = self.comparison() else { return Some(left) };
        let right = self.sum(depth)?;
        Some(Term::Call(f, vec![left, right]))
    }

    fn comparison(&mut self) -> Option<Function> {
        let f = match self.peek()? {
            Token::Sign("==") => Function::Equals,
            Token::Sign("=") if self.feel => Function::Equals,
            Token::Sign("!=") => Function::NotEquals,
            Token::Sign("<") => Function::Less,
            Token::Sign("<=") => Function::LessOrEquals,
            Token::Sign(">") => Function::Greater,
            Token::Sign(">=") => Function::GreaterOrEquals,
            Token::Name(n) => match n.as_str() {
                "eq" => Function::Equals,
                "ne" => Function::NotEquals,
                "lt" => Function::Less,
                "le" => Function::LessOrEquals,
                "gt" => Function::Greater,
                "ge" => Function::GreaterOrEquals,
                "in" if self.feel => Function::In,
                _ => return None,
            },
            _ => return None,
        };
        self.at += 1;
        Some(f)
    }

    fn sum(&mut self, depth: usize) -> Option<Term> {
        let mut left = self.unary(depth)?;
        loop {
            let f = match self.peek() {
                Some(Token::Sign("+")) => Function::Concat,
                Some(Token::Sign(s @ ("-" | "*" | "/"))) => Function::Other((*s).into()),
                _ => return Some(left),
            };
            self.at += 1;
            let right = self.unary(depth)?;
            left = Term::Call(f, vec![left, right]);
        }
    }

    fn unary(&mut self, depth: usize) -> Option<Term> {
        let depth = depth.checked_sub(1)?;
        if self.takes("!") {
            return Some(Term::Call(Function::Not, vec![self.unary(depth)?]));
        }
        let word_not = matches!((self.peek(), self.tokens.get(self.at + 1)),
            (Some(Token::Name(n)), Some(next)) if n == "not" && *next != Token::Sign("("));
        if word_not && self.takes_word("not") {
            return Some(Term::Call(Function::Not, vec![self.unary(depth)?]));
        }
        if self.takes("-") {
            return Some(Term::Call(Function::Other("-".into()), vec![self.unary(depth)?]));
        }
        if !self.feel && self.takes_word("empty") {
            return Some(Term::Call(Function::Empty, vec![self.unary(depth)?]));
        }
        self.postfix(depth)
    }

    fn postfix(&mut self, depth: usize) -> Option<Term> {
        let mut term = self.primary(depth)?;
        loop {
            if self.takes(".") {
                let Some(Token::Name(name)) = self.peek().cloned() else { return None };
                self.at += 1;
                if self.takes("(") {
                    let arguments = self.list(")", depth)?;
                    term = method(term, &name, arguments, self.scope);
                } else {
                    term = below(term, Segment::Key(name.into()))?;
                }
            } else if self.takes("[") {
                let index = self.ternary(depth)?;
                let segment = match index {
                    Term::Number(n) => Segment::Index(n.parse::<i64>().ok()? - i64::from(self.feel)),
                    Term::Text(t) => Segment::Key(t),
                    _ => Segment::Dynamic,
                };
                term = self.takes("]").then(|| below(term, segment))??;
            } else {
                return Some(term);
            }
        }
    }

    fn primary(&mut self, depth: usize) -> Option<Term> {
        let token = self.peek().cloned()?;
        self.at += 1;
        match token {
            Token::Text(t) => Some(Term::Text(t.into())),
            Token::Number(n) => Some(Term::Number(n.into())),
            Token::Sign("(") => {
                let inner = self.ternary(depth)?;
                self.takes(")").then_some(inner)
            }
            Token::Sign("[") if self.feel => Some(Term::List(self.list("]", depth)?)),
            Token::Sign("{") if self.feel => self.object(depth),
            Token::Name(n) => match n.as_str() {
                "true" => Some(Term::Bool(true)),
                "false" => Some(Term::Bool(false)),
                "null" => Some(Term::Null),
                "some" | "every" if self.feel => self.quantified(depth),
                "for" | "function" if self.feel => None,
                _ if self.takes("(") => {
                    let arguments = self.list(")", depth)?;
                    Some(called(&n, arguments, self.scope))
                }
                _ => match self.bound.iter().rev().find(|(name, _)| *name == n) {
                    Some((_, item)) => Some(item.clone()),
                    None => Some(Term::Ref(self.scope.reference(&n, Vec::new()))),
                },
            },
            Token::Sign(_) => None,
        }
    }

    /// `every x in list satisfies test`: the test, of any item of the list.
    fn quantified(&mut self, depth: usize) -> Option<Term> {
        let Some(Token::Name(name)) = self.peek().cloned() else { return None };
        self.at += 1;
        let list = self.takes_word("in").then(|| self.sum(depth))??;
        let item = below(list, Segment::Each)?;
        self.bound.push((name, item));
        let test = self.takes_word("satisfies").then(|| self.ternary(depth.checked_sub(1)?)).flatten();
        self.bound.pop();
        test
    }

    /// Terms between commas, up to a closing sign.
    fn list(&mut self, close: &str, depth: usize) -> Option<Vec<Term>> {
        let mut terms = Vec::new();
        if self.takes(close) {
            return Some(terms);
        }
        loop {
            terms.push(self.ternary(depth)?);
            if self.takes(close) {
                return Some(terms);
            }
            self.takes(",").then_some(())?;
        }
    }

    /// A FEEL context: `{name: value, "other": value}`.
    fn object(&mut self, depth: usize) -> Option<Term> {
        let mut entries = Vec::new();
        while !self.takes("}") {
            let key = match self.peek().cloned()? {
                Token::Name(n) | Token::Text(n) => n,
                _ => return None,
            };
            self.at += 1;
            let value = self.takes(":").then(|| self.ternary(depth))??;
            entries.push((key.into(), value));
            if !self.takes(",") && self.peek() != Some(&Token::Sign("}")) {
                return None;
            }
        }
        Some(Term::Map(entries))
    }
}

fn below(term: Term, segment: Segment) -> Option<Term> {
    match term {
        Term::Ref(mut r) => {
            r.path.push(segment);
            Some(Term::Ref(r))
        }
        other => Some(Term::Call(Function::Other("get".into()), vec![other])),
    }
}

/// A method of Java's.
fn method(of: Term, name: &str, mut arguments: Vec<Term>, scope: &Scope) -> Term {
    let reads = matches!(name, "getVariable" | "getVariableLocal");
    if let (true, Some(Term::Text(variable))) = (reads, arguments.first()) {
        return Term::Ref(scope.reference(variable, Vec::new()));
    }
    if let ("hasVariable", Some(Term::Text(variable))) = (name, arguments.first()) {
        return Term::Call(Function::Present, vec![Term::Ref(scope.reference(variable, Vec::new()))]);
    }
    let f = match name {
        "equals" => Function::Equals,
        "equalsIgnoreCase" => Function::EqualsIgnoreCase,
        "contains" | "containsKey" => Function::Contains,
        "startsWith" => Function::StartsWith,
        "endsWith" => Function::EndsWith,
        "matches" => Function::Matches,
        "isEmpty" => Function::Empty,
        "size" | "length" => Function::Length,
        "toLowerCase" => Function::Lower,
        "toUpperCase" => Function::Upper,
        "trim" => Function::Trim,
        other => Function::Other(other.into()),
    };
    arguments.insert(0, of);
    Term::Call(f, arguments)
}

/// A function of FEEL's, or of an engine.
fn called(name: &str, arguments: Vec<Term>, scope: &Scope) -> Term {
    if let ("getDataObject" | "getVariable", Some(Term::Text(variable))) = (name, arguments.first()) {
        return Term::Ref(scope.reference(variable, Vec::new()));
    }
    let f = match name {
        "not" => Function::Not,
        "contains" | "list contains" => Function::Contains,
        "starts with" => Function::StartsWith,
        "ends with" => Function::EndsWith,
        "matches" => Function::Matches,
        "string length" | "count" => Function::Length,
        "upper case" => Function::Upper,
        "lower case" => Function::Lower,
        "is defined" => Function::Present,
        "string" => Function::ToText,
        "number" => Function::ToNumber,
        "now" | "today" => Function::Now,
        "get or else" => Function::Coalesce,
        "concatenate" => Function::Concat,
        other => Function::Other(other.into()),
    };
    Term::Call(f, arguments)
}
