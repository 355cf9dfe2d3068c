//! Functions, their parameters, and assignments.

use super::chain::{Val, at, member};
use super::parser::Parser;
use super::program::{How, all_of, one_of};
use super::statement::Flow;
use super::store::{either, references, set_in};
use super::{reference, scan};
use std::rc::Rc;
use workflow::{Function, Reference, Root, Segment, Term};

/// The head of a function is looked for in so many bytes.
const MOST_HEAD: usize = 300;
/// Functions that have names are called so often in all.
const MOST_CALLS: u32 = 200;

impl<'t> Parser<'t> {
    /// A function, if one stands here: its body's value with its parameters bound to `given`.
    #[allow(clippy::option_option)] // nothing parsed, no function here, a function
    pub(super) fn lambda(&mut self, given: &[Val]) -> Option<Option<Val>> {
        self.blank();
        let Some((head, arrow)) = lambda_head(self.rest()) else { return Some(None) };
        self.at += head;
        let outer = self.state.locals.len();
        self.parameters(given)?;
        if arrow && !self.eat("=>") {
            return None;
        }
        self.blank();
        let body = if self.peek() == Some(b'{') { self.body() } else { self.term() };
        self.state.locals.truncate(outer);
        Some(Some(Val::Lambda(body?)))
    }

    /// Whether a function stands here.
    pub(super) fn is_lambda(&self) -> bool {
        lambda_head(self.rest()).is_some()
    }

    /// Goes past a function without running it.
    pub(super) fn skip_lambda(&mut self) -> Option<()> {
        let (state, ends, variables) = (self.state.clone(), self.ends.len(), self.variables.len());
        let (head, arrow) = lambda_head(self.rest())?;
        self.at += head;
        self.parameters(&[])?;
        if arrow && !self.eat("=>") {
            return None;
        }
        self.blank();
        if self.peek() == Some(b'{') {
            self.at += scan::block_end(self.rest())?;
        } else {
            self.ternary()?;
        }
        self.state = state;
        self.ends.truncate(ends);
        self.variables.truncate(variables);
        Some(())
    }

    /// Calls a function that stands elsewhere.
    pub(super) fn apply(&mut self, function: usize, args: &[Val]) -> Option<Val> {
        self.calls += 1;
        self.depth += 1;
        if self.calls > MOST_CALLS || self.depth > super::parser::MAX_DEPTH {
            self.depth -= 1;
            let found = args.iter().flat_map(|a| references(&a.clone().into_term())).collect();
            return Some(Val::Term(Term::Unknown(found)));
        }
        let back = std::mem::replace(&mut self.at, function);
        let made = self.lambda(args);
        self.at = back;
        self.depth -= 1;
        Some(Val::Term(made??.into_term()))
    }

    /// A function's body in braces: what it returns. Outside of code, one that is not understood gives its references.
    fn body(&mut self) -> Option<Term> {
        let (start, depth, in_code) = (self.at, self.state.path.len(), self.in_code);
        let before = (!in_code).then(|| self.state.clone());
        let (outer, exits) = (std::mem::take(&mut self.ends), std::mem::take(&mut self.exits));
        self.in_code = true;
        let flow = self.braces();
        self.in_code = in_code;
        let own = std::mem::replace(&mut self.ends, outer);
        self.exits = exits;
        let Some(flow) = flow else {
            self.state = before?;
            self.at = start + scan::block_end(&self.text[start..])?;
            return Some(Term::Unknown(scan::references(&self.text[start..self.at], self.names)));
        };
        self.state.path.truncate(depth);
        let mut values = Vec::new();
        for end in own {
            let since: Vec<Rc<Term>> = end.when.get(depth..).unwrap_or_default().to_vec();
            match end.how {
                How::Returned => values.push((since, end.value)),
                How::Sent => self.ends.push(end),
                How::Thrown if since.is_empty() => {}
                How::Thrown => {
                    self.state.path.push(Rc::new(super::parser::negated(all_of(&since))));
                }
            }
        }
        if flow == Flow::Next && (values.is_empty() || in_code) {
            values.push((Vec::new(), Term::Null));
        }
        Some(one_of(values))
    }

    /// Parameters, in brackets or one alone.
    fn parameters(&mut self, given: &[Val]) -> Option<()> {
        let unknown = |i| match i {
            // The second parameter of a function over a list is the position in it.
            1 if !given.is_empty() => Val::Term(reference(Root::Run("index".into()), Vec::new())),
            _ => Val::Term(Term::Unknown(Vec::new())),
        };
        let value = |i: usize| given.get(i).cloned().unwrap_or_else(|| unknown(i));
        if !self.eat("(") {
            return self.bind(value(0));
        }
        let mut i = 0;
        while !self.eat(")") {
            self.eat("...");
            self.bind(value(i))?;
            i += 1;
            self.blank();
            if !self.eat(",") && self.peek() != Some(b')') {
                return None;
            }
        }
        Some(())
    }

    /// The pattern that stands here (`name`, `{ a, b: c = 1 }`, `[x, y]`) takes a value apart into variables.
    pub(super) fn bind(&mut self, value: Val) -> Option<()> {
        self.blank();
        if matches!(self.peek()?, b'{' | b'[') {
            return self.bind_plainly(value);
        }
        let name = self.name()?;
        let value = self.or_default(value)?;
        let value = self.kept(value)?;
        self.state.locals.push((name, Rc::new(value)));
        Some(())
    }

    /// The same without a default for a single name.
    pub(super) fn bind_plainly(&mut self, value: Val) -> Option<()> {
        self.spend()?;
        self.blank();
        match self.peek()? {
            b'{' => self.bind_fields(value),
            b'[' => self.bind_items(value),
            _ => {
                let name = self.name()?;
                let value = self.kept(value)?;
                self.state.locals.push((name, Rc::new(value)));
                Some(())
            }
        }
    }

    /// A value that is kept: not too large, and paid for by its size.
    pub(super) fn kept(&mut self, value: Val) -> Option<Val> {
        match value {
            Val::Term(term) => {
                let size = super::store::size(&term);
                for _ in 0..size / 32 {
                    self.spend()?;
                }
                Some(Val::Term(super::store::bounded_by(term, size)))
            }
            value => Some(value),
        }
    }

    fn or_default(&mut self, value: Val) -> Option<Val> {
        self.blank();
        let rest = self.rest();
        if !rest.starts_with('=') || rest.starts_with("==") || rest.starts_with("=>") {
            return Some(value);
        }
        self.at += 1;
        let default = self.term()?;
        Some(match value {
            Val::Term(Term::Unknown(refs)) if refs.is_empty() => Val::Term(default),
            Val::Term(term) => Val::Term(Term::Call(Function::Coalesce, vec![term, default])),
            value => value,
        })
    }

    fn bind_fields(&mut self, value: Val) -> Option<()> {
        self.at += 1;
        while !self.eat("}") {
            if self.eat("...") {
                self.bind(value.clone())?;
            } else {
                self.blank();
                let start = self.at;
                let key = match self.peek()? {
                    b'"' | b'\'' => self.string()?,
                    _ => self.name()?.into(),
                };
                let field = self.field_now(value.clone(), &key);
                if !self.eat(":") {
                    self.at = start;
                }
                self.bind(field)?;
            }
            self.or_default(Val::Term(Term::Null))?;
            self.blank();
            if !self.eat(",") && self.peek() != Some(b'}') {
                return None;
            }
        }
        Some(())
    }

    fn field_now(&self, value: Val, key: &str) -> Val {
        match member(value, key) {
            Val::Term(Term::Ref(r)) if self.in_code => Val::Term(self.state.seen(r, 0)),
            value => value,
        }
    }

    fn bind_items(&mut self, value: Val) -> Option<()> {
        self.at += 1;
        let mut i = 0;
        while !self.eat("]") {
            if !self.eat(",") {
                if self.eat("...") {
                    self.bind(value.clone())?;
                } else {
                    self.bind(at(value.clone(), i))?;
                }
                self.eat(",");
            }
            i += 1;
        }
        Some(())
    }

    /// Goes past a pattern.
    pub(super) fn skip_pattern(&mut self) -> Option<()> {
        self.blank();
        if matches!(self.peek(), Some(b'{' | b'[')) {
            self.at += scan::bracket_end(self.rest())?;
            return Some(());
        }
        self.name().map(|_| ())
    }

    /// An assignment, if one stands here: the value that was assigned, unless nobody looks at it.
    #[allow(clippy::option_option)] // nothing parsed, no assignment here, an assignment
    pub(super) fn assignment(&mut self, unused: bool) -> Option<Option<Val>> {
        if !self.in_code {
            return Some(None);
        }
        self.blank();
        let ahead = self.rest().starts_with("++") || self.rest().starts_with("--");
        if ahead {
            self.at += 2;
            let (name, path) = self.place()?;
            self.assign(name, &path, Term::Unknown(Vec::new()))?;
            return Some(Some(Val::Term(Term::Unknown(Vec::new()))));
        }
        if let Some(rest) = self.rest().strip_prefix("Object.assign(") {
            return self.laid_over(rest);
        }
        let Some(operator) = assigns(self.rest()) else { return Some(None) };
        let (name, mut path) = self.place()?;
        self.blank();
        let old = |parser: &Self, path: &[Segment]| parser.current(name, path);
        let value = match operator {
            "push" => {
                path.pop();
                let old = old(self, &path);
                self.pushed(old)?
            }
            "++" | "--" => {
                self.at += 2;
                Term::Unknown(references(&old(self, &path)))
            }
            "=" => {
                self.at += 1;
                self.blank();
                if path.is_empty() && self.is_lambda() {
                    let start = self.at;
                    self.skip_lambda()?;
                    self.set_local(name, Val::Function(start))?;
                    return Some(Some(Val::Function(start)));
                }
                let value = self.ternary()?;
                if path.is_empty() {
                    let given = if unused { Val::Term(Term::Null) } else { value.clone() };
                    self.set_local(name, value)?;
                    return Some(Some(given));
                }
                self.settled(value)
            }
            operator => {
                self.at += operator.len();
                let (old, more) = (old(self, &path), self.term()?);
                match operator {
                    "??=" | "||=" => Term::Call(Function::Coalesce, vec![old, more]),
                    _ => super::operators::combine(&operator[..operator.len() - 1], old, more),
                }
            }
        };
        let given = if unused { Term::Null } else { value.clone() };
        self.assign(name, &path, value)?;
        Some(Some(Val::Term(given)))
    }

    /// `push(a, b)` on a list.
    fn pushed(&mut self, old: Term) -> Option<Term> {
        if !self.eat("(") {
            return None;
        }
        let mut added = Vec::new();
        while !self.eat(")") {
            let spread = self.eat("...");
            let value = self.term()?;
            added.push(if spread { super::parser::other("spread", vec![value]).into_term() } else { value });
            self.blank();
            if !self.eat(",") && self.peek() != Some(b')') {
                return None;
            }
        }
        Some(match old {
            Term::List(mut items) => {
                items.extend(added.into_iter().take(50));
                Term::List(items)
            }
            Term::Null => Term::List(added),
            old => {
                let first = super::parser::other("spread", vec![old]).into_term();
                Term::List(std::iter::once(first).chain(added).collect())
            }
        })
    }

    /// `Object.assign(target, more)`: the target gets the fields of the others.
    #[allow(clippy::option_option)] // as in `assignment`
    fn laid_over(&mut self, rest: &str) -> Option<Option<Val>> {
        let start = self.at;
        self.at = self.text.len() - rest.len();
        self.blank();
        if self.peek() == Some(b'{') {
            self.at = start;
            return Some(None);
        }
        let Some((name, path)) = self.place() else {
            self.at = start;
            return Some(None);
        };
        let mut entries = vec![("...".into(), self.current(name, &path))];
        while self.eat(",") {
            match self.term()? {
                Term::Map(more) => entries.extend(more),
                term => entries.push(("...".into(), term)),
            }
        }
        if !self.eat(")") {
            self.at = start;
            return Some(None);
        }
        let value = Term::Map(entries);
        self.assign(name, &path, value.clone())?;
        Some(Some(Val::Term(value)))
    }

    /// The variable, and the path in it, that is assigned to.
    pub(super) fn place(&mut self) -> Option<(&'t str, Vec<Segment>)> {
        self.blank();
        let name = self.name()?;
        let mut path = Vec::new();
        loop {
            self.blank();
            match self.peek() {
                Some(b'.') => {
                    self.at += 1;
                    self.blank();
                    path.push(Segment::Key(self.name()?.into()));
                }
                Some(b'[') => {
                    self.at += 1;
                    path.push(match self.term()? {
                        Term::Text(key) => Segment::Key(key),
                        Term::Number(n) => n.parse().map_or(Segment::Dynamic, Segment::Index),
                        _ => Segment::Dynamic,
                    });
                    if !self.eat("]") {
                        return None;
                    }
                }
                _ => return Some((name, path)),
            }
        }
    }

    /// What stands at a place now.
    fn current(&self, name: &str, path: &[Segment]) -> Term {
        let base = self.state.local(name).cloned();
        let base = base.or_else(|| self.names.variable(name).map(Val::Term));
        let found = path.iter().fold(base.unwrap_or(Val::Term(Term::Null)), along);
        match found {
            Val::Term(Term::Ref(r)) => self.state.seen(r, 0),
            value => self.settled(value),
        }
    }

    fn set_local(&mut self, name: &'t str, value: Val) -> Option<()> {
        let value = self.kept(value)?;
        let found = self.state.locals.iter_mut().rev().find(|(local, _)| *local == name);
        match found {
            Some((_, held)) => *held = Rc::new(value),
            None => self.state.locals.push((name, Rc::new(value))),
        }
        Some(())
    }

    /// Puts a value at a place.
    pub(super) fn assign(&mut self, name: &'t str, path: &[Segment], value: Term) -> Option<()> {
        if path.is_empty() {
            return self.set_local(name, Val::Term(value));
        }
        let value = self.kept(Val::Term(value))?.into_term();
        let base = match self.state.local(name).cloned() {
            Some(value) => value,
            None => {
                let known = match name {
                    "$json" => Some(Val::Term(reference(self.names.previous(), Vec::new()))),
                    _ => self.names.variable(name).map(Val::Term),
                };
                known.unwrap_or_else(|| Val::Global(name.into()))
            }
        };
        match base {
            Val::Term(Term::Ref(_)) | Val::Items(_) | Val::Item(..) | Val::Node(_) => {
                let place = match path.iter().fold(base, along) {
                    Val::Term(Term::Ref(r)) => Some(r),
                    Val::Item(root, path) => Some(Reference { root, path }),
                    _ => None,
                };
                if let Some(place) = place {
                    self.state.write(place, value);
                }
            }
            Val::Term(term) => self.set_local(name, Val::Term(set_in(term, path, value)))?,
            _ => {}
        }
        Some(())
    }
}

/// One step further along a path.
fn along(value: Val, segment: &Segment) -> Val {
    match (value, segment) {
        (value, Segment::Key(key)) => member(value, key),
        (value, Segment::Index(i)) => at(value, *i),
        (Val::Items(root), _) => Val::Item(root, vec![Segment::Dynamic]),
        (Val::Term(Term::Ref(mut r)), other) => {
            r.path.push(other.clone());
            Val::Term(Term::Ref(r))
        }
        (Val::Term(Term::Map(entries)), _) => {
            let each = entries.into_iter().map(|(_, t)| t);
            Val::Term(each.reduce(|a, b| either(None, a, b)).unwrap_or(Term::Null))
        }
        (value, _) => value,
    }
}

/// The operator of the assignment that starts a text, if one does: a name, what is taken from it, the operator.
fn assigns(text: &str) -> Option<&'static str> {
    let text = &text[..text.floor_char_boundary(MOST_HEAD)];
    let len_of = |text: &str| Some(scan::word_len(text)).filter(|len| *len < text.len());
    let starts = scan::word_len(text) > 0 && !text.starts_with(char::is_numeric);
    starts.then_some(())?;
    let mut at = len_of(text)?;
    let mut last = "";
    loop {
        let rest = &text[at..];
        let gap = rest.len() - rest.trim_start().len();
        let rest = &rest[gap..];
        if let Some(member) = rest.strip_prefix('.') {
            let skipped = member.len() - member.trim_start().len();
            let member = member.trim_start();
            let len = len_of(member)?;
            (last, at) = (&member[..len], at + gap + 1 + skipped + len);
            if len == 0 {
                return None;
            }
        } else if rest.starts_with('[') {
            (last, at) = ("", at + gap + scan::bracket_end(rest)?);
        } else {
            if rest.starts_with('(') && matches!(last, "push" | "unshift") {
                return Some("push");
            }
            const OPERATORS: &[&str] = &[
                "**=", "??=", "||=", "&&=", "+=", "-=", "*=", "/=", "%=", "|=", "&=", "^=", "++", "--", "=",
            ];
            let found = OPERATORS.iter().find(|op| rest.starts_with(**op)).copied()?;
            return (found != "=" || !rest.starts_with("==") && !rest.starts_with("=>")).then_some(found);
        }
    }
}

/// Where the parameters of a function that starts a text stand, and whether it is an arrow function.
fn lambda_head(text: &str) -> Option<(usize, bool)> {
    let text = &text[..text.floor_char_boundary(MOST_HEAD)];
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let head = text.strip_prefix("async").map_or(text, |rest| {
        let trimmed = rest.trim_start();
        let is_head = trimmed.starts_with('(') || trimmed.len() < rest.len();
        if is_head { trimmed } else { text }
    });
    let skipped = text.len() - head.len();
    if let Some(rest) = head.strip_prefix("function") {
        let open = rest.find('(')?;
        let name = rest[..open].trim();
        return name
            .chars()
            .all(|c| word(c) || c == '*')
            .then_some((skipped + "function".len() + open, false));
    }
    let len = if head.starts_with('(') {
        scan::bracket_end(head)?
    } else {
        let len = scan::word_len(head);
        (len > 0 && len < head.len()).then_some(len)?
    };
    head[len..].trim_start().starts_with("=>").then_some((skipped, true))
}
