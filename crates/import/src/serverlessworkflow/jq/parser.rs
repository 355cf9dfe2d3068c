//! The grammar of jq. A filter is read together with what it is applied to, so that `.a | .b` is `.a.b`.

use super::functions;
use crate::dataflow::below_term;
use crate::serverlessworkflow::scope::Scope;
use workflow::{Function, Segment, Term, Text};

/// Expressions may be nested so deep.
const MAX_DEPTH: usize = 80;
/// Operators stand in a row at most so often.
const MAX_CHAIN: usize = 100;

pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    scope: &'t Scope,
    bound: Vec<(&'t str, Term)>,
    depth: usize,
}

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str, scope: &'t Scope) -> Self {
        Parser { text, at: 0, scope, bound: Vec::new(), depth: 0 }
    }

    /// The whole text as one filter on the scope's data.
    pub(super) fn whole(mut self) -> Option<Term> {
        let dot = self.scope.dot.clone();
        let term = self.pipe(&dot)?;
        self.blanks();
        (self.at == self.text.len()).then_some(term)
    }

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn blanks(&mut self) {
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start().len();
            if !self.rest().starts_with('#') {
                return;
            }
            self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        }
    }

    pub(super) fn eat(&mut self, token: &str) -> bool {
        self.blanks();
        let found = self.rest().starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    /// An operator that is not the start of a longer one.
    fn operator(&mut self, token: &str, longer: &[&str]) -> bool {
        self.blanks();
        let rest = self.rest();
        let found = rest.starts_with(token) && !longer.iter().any(|l| rest.starts_with(l));
        self.at += if found { token.len() } else { 0 };
        found
    }

    fn keyword(&mut self, word: &str) -> bool {
        self.blanks();
        let after = self.rest().strip_prefix(word);
        let found = after.is_some_and(|r| !r.starts_with(|c: char| c.is_alphanumeric() || c == '_'));
        self.at += if found { word.len() } else { 0 };
        found
    }

    pub(super) fn pipe(&mut self, dot: &Term) -> Option<Term> {
        self.depth += 1;
        let term = if self.depth > MAX_DEPTH { None } else { self.piped(dot) };
        self.depth -= 1;
        term
    }

    fn piped(&mut self, dot: &Term) -> Option<Term> {
        let left = self.comma(dot)?;
        if self.keyword("as") {
            let name = self.variable_name()?;
            if !self.operator("|", &["|="]) {
                return None;
            }
            self.bound.push((name, left));
            let body = self.pipe(dot);
            self.bound.pop();
            return body;
        }
        if self.operator("|", &["|="]) { self.pipe(&left) } else { Some(left) }
    }

    fn comma(&mut self, dot: &Term) -> Option<Term> {
        let first = self.alternative(dot)?;
        let mut all = vec![first];
        while self.eat(",") {
            all.push(self.alternative(dot)?);
        }
        Some(if all.len() == 1 { all.remove(0) } else { Term::List(all) })
    }

    pub(super) fn alternative(&mut self, dot: &Term) -> Option<Term> {
        let left = self.or(dot)?;
        if self.operator("//", &["//="]) {
            self.depth += 1;
            let right = if self.depth > MAX_DEPTH { None } else { self.alternative(dot) };
            self.depth -= 1;
            return Some(Term::Call(Function::Coalesce, vec![left, right?]));
        }
        Some(left)
    }

    fn or(&mut self, dot: &Term) -> Option<Term> {
        let mut all = vec![self.and(dot)?];
        while self.keyword("or") {
            all.push(self.and(dot)?);
        }
        Some(if all.len() == 1 { all.remove(0) } else { Term::Call(Function::Or, all) })
    }

    fn and(&mut self, dot: &Term) -> Option<Term> {
        let mut all = vec![self.comparison(dot)?];
        while self.keyword("and") {
            all.push(self.comparison(dot)?);
        }
        Some(if all.len() == 1 { all.remove(0) } else { Term::Call(Function::And, all) })
    }

    fn comparison(&mut self, dot: &Term) -> Option<Term> {
        let left = self.sum(dot)?;
        let known = [
            ("==", Function::Equals),
            ("!=", Function::NotEquals),
            ("<=", Function::LessOrEquals),
            (">=", Function::GreaterOrEquals),
            ("<", Function::Less),
            (">", Function::Greater),
        ];
        for (token, function) in known {
            if self.eat(token) {
                return Some(Term::Call(function, vec![left, self.sum(dot)?]));
            }
        }
        Some(left)
    }

    fn sum(&mut self, dot: &Term) -> Option<Term> {
        let mut left = self.product(dot)?;
        for _ in 0..MAX_CHAIN {
            if self.operator("+", &["+="]) {
                left = functions::plus(left, self.product(dot)?);
            } else if self.operator("-", &["-="]) {
                left = Term::Call(Function::Other("-".into()), vec![left, self.product(dot)?]);
            } else {
                return Some(left);
            }
        }
        None
    }

    fn product(&mut self, dot: &Term) -> Option<Term> {
        let mut left = self.postfix(dot)?;
        for _ in 0..MAX_CHAIN {
            let token = ["*", "/", "%"].into_iter().find(|t| self.operator(t, &["*=", "//", "/=", "%="]));
            let Some(token) = token else { return Some(left) };
            left = Term::Call(Function::Other(token.into()), vec![left, self.postfix(dot)?]);
        }
        None
    }

    fn postfix(&mut self, dot: &Term) -> Option<Term> {
        self.depth += 1;
        let first = if self.depth > MAX_DEPTH { None } else { self.primary(dot) };
        self.depth -= 1;
        let mut term = first?;
        for _ in 0..MAX_CHAIN {
            // Blanks before a dot would start another filter.
            let rest = self.rest();
            if rest.starts_with('[') || rest.starts_with(".[") {
                self.at += if rest.starts_with('.') { 2 } else { 1 };
                term = self.bracket(&term, dot)?;
            } else if rest.starts_with('?') && !rest.starts_with("?//") {
                self.at += 1;
            } else if rest.starts_with('.') && !rest.starts_with("..") {
                self.at += 1;
                term = below_term(&term, &[self.key(dot)?]);
            } else {
                return Some(term);
            }
        }
        None
    }

    /// A field after a dot.
    fn key(&mut self, dot: &Term) -> Option<Segment> {
        if self.rest().starts_with('"') {
            return Some(match self.string(dot)? {
                Term::Text(key) => Segment::Key(key),
                _ => Segment::Dynamic,
            });
        }
        let name = self.word()?;
        Some(Segment::Key(name.into()))
    }

    pub(super) fn word(&mut self) -> Option<&'t str> {
        let rest = self.rest();
        let len = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        self.at += len;
        (len > 0).then(|| &rest[..len])
    }

    fn bracket(&mut self, term: &Term, dot: &Term) -> Option<Term> {
        if self.eat("]") {
            return Some(below_term(term, &[Segment::Each]));
        }
        let sliced_from_start = self.eat(":");
        let inner = self.pipe(dot)?;
        let sliced = sliced_from_start || self.eat(":");
        if sliced && !sliced_from_start && !self.rest().trim_start().starts_with(']') {
            self.pipe(dot)?;
        }
        if !self.eat("]") {
            return None;
        }
        let segment = match inner {
            _ if sliced => Segment::Each,
            Term::Text(key) => Segment::Key(key),
            Term::Number(n) => n.parse().map_or(Segment::Dynamic, Segment::Index),
            _ => Segment::Dynamic,
        };
        Some(below_term(term, &[segment]))
    }

    fn primary(&mut self, dot: &Term) -> Option<Term> {
        self.blanks();
        let rest = self.rest();
        match rest.as_bytes().first()? {
            b'.' if rest.starts_with("..") => {
                self.at += 2;
                Some(Term::Unknown(dot.references().into_iter().cloned().collect()))
            }
            b'.' => {
                let next = rest[1..].chars().next();
                let field = next.is_some_and(|c| c.is_alphabetic() || c == '_' || c == '"');
                self.at += 1;
                if field { Some(below_term(dot, &[self.key(dot)?])) } else { Some(dot.clone()) }
            }
            b'"' => self.string(dot),
            b'0'..=b'9' => Some(self.number()),
            b'-' => {
                self.at += 1;
                Some(match self.postfix(dot)? {
                    Term::Number(n) => Term::Number(format!("-{n}").into()),
                    other => Term::Call(Function::Other("negate".into()), vec![other]),
                })
            }
            b'(' => {
                self.at += 1;
                let term = self.pipe(dot)?;
                self.eat(")").then_some(term)
            }
            b'[' => {
                self.at += 1;
                self.array(dot)
            }
            b'{' => {
                self.at += 1;
                self.object(dot)
            }
            b'$' => self.variable(),
            b'@' => self.formatted(dot),
            _ => self.named(dot),
        }
    }

    fn number(&mut self) -> Term {
        let rest = self.rest();
        let len = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        self.at += len;
        Term::Number(rest[..len].into())
    }

    fn array(&mut self, dot: &Term) -> Option<Term> {
        if self.eat("]") {
            return Some(Term::List(Vec::new()));
        }
        let inner = self.pipe(dot)?;
        if !self.eat("]") {
            return None;
        }
        Some(match inner {
            Term::List(items) => Term::List(items),
            // All that a path through a list gives, gathered again.
            term @ Term::Ref(_) if functions::is_many(&term) => term,
            other => Term::List(vec![other]),
        })
    }

    fn object(&mut self, dot: &Term) -> Option<Term> {
        let mut entries: Vec<(Text, Term)> = Vec::new();
        let mut computed = Vec::new();
        while !self.eat("}") {
            let first = entries.is_empty() && computed.is_empty();
            if !first && !self.eat(",") {
                return None;
            }
            self.blanks();
            let (key, short) = match self.rest().chars().next()? {
                '"' => (self.string(dot)?, None),
                '(' => {
                    self.at += 1;
                    let key = self.pipe(dot)?;
                    if !self.eat(")") {
                        return None;
                    }
                    (key, None)
                }
                '$' => {
                    let name = self.rest()[1..].split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
                    (Term::Text(name.into()), Some(self.variable()?))
                }
                _ => {
                    let word = Text::from(self.word()?);
                    (Term::Text(word.clone()), Some(below_term(dot, &[Segment::Key(word)])))
                }
            };
            let value = if self.eat(":") { self.alternative(dot)? } else { short? };
            match key {
                Term::Text(key) => entries.push((key, value)),
                _ => computed.push(value),
            }
        }
        if computed.is_empty() {
            return Some(Term::Map(entries));
        }
        computed.extend(entries.into_iter().map(|(_, t)| t));
        Some(Term::Call(Function::Other("object".into()), computed))
    }

    fn variable_name(&mut self) -> Option<&'t str> {
        if self.eat("$") { self.word() } else { None }
    }

    /// `$name` with the fields that follow, which for the runtime's own only mean something together.
    fn variable(&mut self) -> Option<Term> {
        let name = self.variable_name()?;
        if let Some((_, term)) = self.bound.iter().rev().find(|(n, _)| *n == name) {
            return Some(term.clone());
        }
        let mut path = Vec::new();
        while let Some(after) = self.rest().strip_prefix('.') {
            if !after.starts_with(|c: char| c.is_alphabetic() || c == '_') {
                break;
            }
            self.at += 1;
            path.push(Segment::Key(self.word()?.into()));
        }
        Some(self.scope.variable(name, &path))
    }

    /// `@uri "text"` and `@uri` as a filter.
    fn formatted(&mut self, dot: &Term) -> Option<Term> {
        self.at += 1;
        let format = self.word()?;
        self.blanks();
        let of = if self.rest().starts_with('"') { self.string(dot)? } else { dot.clone() };
        let function = match format {
            "uri" => Function::UrlEncode,
            "text" | "json" => Function::ToText,
            "html" | "sh" | "csv" | "tsv" => Function::Escape,
            other => Function::Other(format!("@{other}").into()),
        };
        Some(Term::Call(function, vec![of]))
    }

    fn named(&mut self, dot: &Term) -> Option<Term> {
        let word = self.word()?;
        match word {
            "true" => Some(Term::Bool(true)),
            "false" => Some(Term::Bool(false)),
            "null" => Some(Term::Null),
            "if" => self.conditional(dot),
            "def" | "reduce" | "foreach" | "label" | "try" | "limit" | "while" | "until" | "recurse" => None,
            name => functions::call(self, name, dot),
        }
    }

    fn conditional(&mut self, dot: &Term) -> Option<Term> {
        let condition = self.pipe(dot)?;
        if !self.keyword("then") {
            return None;
        }
        let yes = self.pipe(dot)?;
        let no = if self.keyword("elif") {
            self.depth += 1;
            let no = if self.depth > MAX_DEPTH { None } else { self.conditional(dot) };
            self.depth -= 1;
            return Some(Term::Call(Function::If, vec![condition, yes, no?]));
        } else if self.keyword("else") {
            self.pipe(dot)?
        } else {
            dot.clone()
        };
        self.keyword("end").then(|| Term::Call(Function::If, vec![condition, yes, no]))
    }

    /// A quoted text; `\(...)` is a hole in it.
    fn string(&mut self, dot: &Term) -> Option<Term> {
        let (mut parts, mut plain) = (Vec::new(), String::new());
        self.at += 1;
        loop {
            let c = self.rest().chars().next()?;
            self.at += c.len_utf8();
            match c {
                '"' => break,
                '\\' => {
                    let escaped = self.rest().chars().next()?;
                    self.at += escaped.len_utf8();
                    match escaped {
                        '(' => {
                            parts.push(Term::Text(std::mem::take(&mut plain).into()));
                            parts.push(self.pipe(dot)?);
                            if !self.eat(")") {
                                return None;
                            }
                        }
                        'n' => plain.push('\n'),
                        't' => plain.push('\t'),
                        'u' => self.at += 4.min(self.rest().len()),
                        other => plain.push(other),
                    }
                }
                c => plain.push(c),
            }
        }
        parts.push(Term::Text(plain.into()));
        Some(crate::values::template(parts))
    }
}
