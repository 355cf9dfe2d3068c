//! The grammar of JSONata, by operator precedence.

use super::functions;
use super::token::{Kind, Token};
use super::{Scope, below};
use crate::stepfunctions::scope::Anchor;
use workflow::{Function, Segment, Term, Text};

/// Expressions may be nested so deep.
const MAX_DEPTH: usize = 48;
/// Operators stand in a row at most so often.
const MAX_CHAIN: usize = 100;

pub(super) struct Parser<'t, 's> {
    text: &'t str,
    tokens: &'t [Token<'t>],
    at: usize,
    scope: &'t Scope<'s>,
    /// Variables bound in blocks.
    bound: Vec<(&'t str, Term)>,
    /// What a bare name is a field of.
    context: Vec<Term>,
    depth: usize,
}

impl<'t, 's> Parser<'t, 's> {
    pub(super) fn new(text: &'t str, tokens: &'t [Token<'t>], scope: &'t Scope<'s>) -> Self {
        Parser { text, tokens, at: 0, scope, bound: Vec::new(), context: Vec::new(), depth: 0 }
    }

    /// The whole text as one expression.
    pub(super) fn whole(mut self) -> Option<Term> {
        let term = self.expression(0)?;
        (self.at == self.tokens.len()).then_some(term)
    }

    fn peek(&self) -> Option<&'t Kind<'t>> {
        self.tokens.get(self.at).map(|t| &t.kind)
    }

    fn operator(&self) -> Option<&'t str> {
        match self.peek()? {
            Kind::Operator(o) => Some(o),
            Kind::Name(n @ ("and" | "or" | "in")) => Some(n),
            _ => None,
        }
    }

    fn eat(&mut self, operator: &str) -> bool {
        let found = matches!(self.peek(), Some(Kind::Operator(o)) if *o == operator);
        self.at += usize::from(found);
        found
    }

    fn expression(&mut self, power: u8) -> Option<Term> {
        self.depth += 1;
        let term = if self.depth > MAX_DEPTH { None } else { self.climb(power) };
        self.depth -= 1;
        term
    }

    fn climb(&mut self, power: u8) -> Option<Term> {
        let mut left = self.start()?;
        let mut chain = 0;
        while let Some(operator) = self.operator() {
            let binding = binding(operator);
            if binding <= power {
                break;
            }
            chain += 1;
            if chain > MAX_CHAIN {
                return None;
            }
            self.at += 1;
            left = self.after(left, operator, binding)?;
        }
        Some(left)
    }

    fn start(&mut self) -> Option<Term> {
        let token = self.peek()?;
        self.at += 1;
        Some(match token {
            Kind::Text(t) => self.scope.text_term(t),
            Kind::Number(n) => Term::Number((*n).into()),
            Kind::Name("true") => Term::Bool(true),
            Kind::Name("false") => Term::Bool(false),
            Kind::Name("null") => Term::Null,
            Kind::Name("function") if self.peek() == Some(&Kind::Operator("(")) => return None,
            Kind::Name(name) => self.field(name),
            Kind::Variable(name) => return self.variable(name),
            Kind::Operator("(") => return self.block(),
            Kind::Operator("[") => Term::List(self.list("]")?),
            Kind::Operator("{") => return self.object(),
            Kind::Operator("-") => match self.expression(70)? {
                Term::Number(n) => Term::Number(format!("-{n}").into()),
                other => Term::Call(Function::Other("negate".into()), vec![other]),
            },
            Kind::Operator("*" | "**") => match self.context.last() {
                Some(context) => below(context, Segment::Each),
                None => Term::Unknown(Vec::new()),
            },
            Kind::Operator(_) => return None,
        })
    }

    fn field(&self, name: &str) -> Term {
        match self.context.last() {
            Some(context) => below(context, Segment::Key(name.into())),
            None => {
                let root = workflow::Root::Unknown(name.into());
                Term::Ref(workflow::Reference { root, path: Vec::new() })
            }
        }
    }

    fn variable(&mut self, name: &'t str) -> Option<Term> {
        if matches!(self.operator(), Some("(")) && !name.is_empty() {
            self.at += 1;
            let args = self.list(")")?;
            return Some(functions::call(name, args));
        }
        if let Some((_, term)) = self.bound.iter().rev().find(|(n, _)| *n == name) {
            return Some(term.clone());
        }
        Some(match (name, self.context.last()) {
            ("", Some(context)) => context.clone(),
            ("" | "$", _) => Term::Unknown(Vec::new()),
            ("states", _) => return self.states(),
            (name, _) => self.scope.resolve(&Anchor::Variable(name.into()), &[]),
        })
    }

    /// `$states` with the fields that follow, which only together mean something.
    fn states(&mut self) -> Option<Term> {
        let mut path = Vec::new();
        while let [Token { kind: Kind::Operator("."), .. }, Token { kind: Kind::Name(name), .. }, ..] =
            self.tokens.get(self.at..).unwrap_or_default()
        {
            path.push(Segment::Key((*name).into()));
            self.at += 2;
        }
        Some(self.scope.resolve(&Anchor::Variable("states".into()), &path))
    }

    /// `( $x := 1; ...; last )`.
    fn block(&mut self) -> Option<Term> {
        let mut last = Term::Null;
        let bound = self.bound.len();
        while !self.eat(")") {
            if let [Token { kind: Kind::Variable(name), .. }, Token { kind: Kind::Operator(":="), .. }, ..] =
                self.tokens.get(self.at..)?
            {
                self.at += 2;
                let term = self.expression(0)?;
                self.bound.push((name, term.clone()));
                last = term;
            } else {
                last = self.expression(0)?;
            }
            if !self.eat(";") && self.operator() != Some(")") {
                return None;
            }
        }
        self.bound.truncate(bound);
        Some(last)
    }

    fn list(&mut self, end: &str) -> Option<Vec<Term>> {
        let mut items = Vec::new();
        while !self.eat(end) {
            if !items.is_empty() && !self.eat(",") {
                return None;
            }
            let item = self.expression(0)?;
            if self.eat("..") {
                let to = self.expression(0)?;
                items.push(Term::Call(Function::Other("range".into()), vec![item, to]));
            } else {
                items.push(item);
            }
        }
        Some(items)
    }

    fn object(&mut self) -> Option<Term> {
        let mut entries: Vec<(Text, Term)> = Vec::new();
        let mut named = true;
        while !self.eat("}") {
            if !entries.is_empty() && !self.eat(",") {
                return None;
            }
            let key = self.expression(0)?;
            let value = self.eat(":").then(|| self.expression(0))??;
            named &= matches!(key, Term::Text(_));
            entries.push((if let Term::Text(t) = key { t } else { Text::default() }, value));
        }
        Some(if named {
            Term::Map(entries)
        } else {
            Term::Call(Function::Other("object".into()), entries.into_iter().map(|(_, t)| t).collect())
        })
    }

    fn after(&mut self, left: Term, operator: &str, power: u8) -> Option<Term> {
        Some(match operator {
            "." => return self.step(left),
            "[" => return self.predicate(left),
            "?" => {
                let yes = self.expression(0)?;
                let no = if self.eat(":") { self.expression(19)? } else { Term::Null };
                Term::Call(Function::If, vec![left, yes, no])
            }
            "~>" => return self.chained(left),
            "(" | "{" | "^" | "@" | "#" | ":=" => return None,
            _ => {
                let right = self.expression(power)?;
                functions::operator(operator, left, right)?
            }
        })
    }

    /// `left ~> $f(more)` is `$f(left, more)`.
    fn chained(&mut self, left: Term) -> Option<Term> {
        let Some(Kind::Variable(name)) = self.peek() else { return None };
        self.at += 1;
        let mut args = vec![left];
        if self.eat("(") {
            args.extend(self.list(")")?);
        }
        Some(functions::call(name, args))
    }

    fn step(&mut self, left: Term) -> Option<Term> {
        match self.peek()? {
            Kind::Name(name) => {
                self.at += 1;
                Some(below(&left, Segment::Key((*name).into())))
            }
            Kind::Text(name) => {
                self.at += 1;
                Some(below(&left, Segment::Key(name.as_ref().into())))
            }
            Kind::Operator("*" | "**") => {
                self.at += 1;
                Some(below(&left, Segment::Each))
            }
            _ => {
                self.context.push(below(&left, Segment::Each));
                let made = self.start();
                self.context.pop();
                Some(Term::Call(Function::Map, vec![left, made?]))
            }
        }
    }

    fn predicate(&mut self, left: Term) -> Option<Term> {
        if self.eat("]") {
            return Some(left);
        }
        let from = self.tokens.get(self.at)?.at;
        self.context.push(below(&left, Segment::Each));
        let inner = self.expression(0);
        self.context.pop();
        let to = self.tokens.get(self.at)?.at;
        if !self.eat("]") {
            return None;
        }
        Some(below(
            &left,
            match inner? {
                Term::Number(n) => n.parse().map_or(Segment::Dynamic, Segment::Index),
                _ => Segment::Filter(self.text.get(from..to).unwrap_or_default().trim().into()),
            },
        ))
    }
}

fn binding(operator: &str) -> u8 {
    match operator {
        "[" | "(" | "@" | "#" => 80,
        "." => 75,
        "{" => 70,
        "*" | "/" | "%" => 60,
        "+" | "-" | "&" => 50,
        "=" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "~>" | "^" => 40,
        "and" => 30,
        "or" => 25,
        "?" | "?:" | "??" => 20,
        ":=" => 10,
        _ => 0,
    }
}
