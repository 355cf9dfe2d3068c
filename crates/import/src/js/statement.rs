//! Statements of JavaScript, followed with values that may be unknown.

use super::chain::Val;
use super::parser::Parser;
use super::program::{End, How, all_of};
use super::store::{State, references};
use super::{reference, scan};
use std::rc::Rc;
use workflow::{Function, Root, Term};

/// Whether control goes on behind a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    Ended,
}

impl<'t> Parser<'t> {
    /// Statements up to the end of the text, or of the block that they are in.
    pub(super) fn statements(&mut self, in_block: bool) -> Option<Flow> {
        loop {
            while self.eat(";") {}
            self.blank();
            if in_block && self.eat("}") {
                return Some(Flow::Next);
            }
            if self.at >= self.text.len() {
                return (!in_block).then_some(Flow::Next);
            }
            if self.statement()? == Flow::Ended {
                return Some(Flow::Ended);
            }
        }
    }

    /// A block with its own variables; what stands behind its end is next whatever happens in it.
    pub(super) fn braces(&mut self) -> Option<Flow> {
        self.blank();
        let end = self.at + scan::block_end(self.rest())?;
        let outer = self.state.locals.len();
        self.at += 1;
        let flow = self.statements(true);
        self.state.locals.truncate(outer);
        self.at = end;
        flow
    }

    fn statement(&mut self) -> Option<Flow> {
        self.spend()?;
        self.depth += 1;
        let flow = if self.depth > super::parser::MAX_DEPTH { None } else { self.any_statement() };
        self.depth -= 1;
        flow
    }

    fn any_statement(&mut self) -> Option<Flow> {
        self.blank();
        match self.word() {
            _ if self.peek() == Some(b'{') => self.braces(),
            "const" | "let" | "var" => self.declarations(),
            "if" => self.if_statement(),
            "for" => self.for_statement(),
            "while" => {
                self.skip_word();
                let condition = self.bracketed()?;
                self.looped(condition, Self::statement)
            }
            "do" => self.do_statement(),
            "switch" => self.switch(),
            "try" => self.try_statement(),
            "return" => self.return_statement(),
            "throw" => {
                self.skip_word();
                let value = self.term()?;
                if self.tries == 0 {
                    self.end(How::Thrown, value);
                }
                Some(Flow::Ended)
            }
            "break" | "continue" => {
                self.skip_word();
                let now = self.state.clone();
                self.exits.last_mut()?.push(now);
                Some(Flow::Ended)
            }
            "function" | "async" if self.is_function_statement() => self.skip_function(),
            "class" | "import" | "export" | "with" | "yield" => None,
            "delete" => {
                self.skip_word();
                let (name, path) = self.place()?;
                self.assign(name, &path, Term::Null)?;
                self.ended()
            }
            _ => {
                self.unused = true;
                self.ternary()?;
                while self.eat(",") {
                    self.unused = true;
                    self.ternary()?;
                }
                self.ended()
            }
        }
    }

    /// The word that stands here.
    fn word(&self) -> &'t str {
        let rest = self.rest();
        &rest[..scan::word_len(rest)]
    }

    fn skip_word(&mut self) {
        self.at += self.word().len();
        self.blank();
    }

    fn eat_word(&mut self, word: &str) -> bool {
        self.blank();
        let found = self.word() == word;
        if found {
            self.skip_word();
        }
        found
    }

    /// A statement ends at a semicolon, at the end of its block or text, or at a line's end.
    fn ended(&mut self) -> Option<Flow> {
        let before = self.at;
        self.blank();
        let done = self.at >= self.text.len() || matches!(self.peek(), Some(b';' | b'}'));
        let since = self.text[..self.at].trim_end().len().min(before);
        (done || self.text[since..self.at].contains('\n')).then_some(Flow::Next)
    }

    fn is_function_statement(&self) -> bool {
        let rest = self.rest();
        let rest = rest.strip_prefix("async").map_or(rest, str::trim_start);
        let name = rest.strip_prefix("function").map(str::trim_start);
        name.is_some_and(|n| !n.starts_with(['(', '*']))
    }

    /// A function that is declared was found before the code started.
    fn skip_function(&mut self) -> Option<Flow> {
        let open = self.at + self.rest().find('(')?;
        let close = open + scan::bracket_end(&self.text[open..])?;
        let body = close + self.text[close..].find('{')?;
        self.at = body + scan::block_end(&self.text[body..])?;
        Some(Flow::Next)
    }

    fn declarations(&mut self) -> Option<Flow> {
        self.skip_word();
        loop {
            self.blank();
            let start = self.at;
            self.skip_pattern()?;
            let value = if self.eat("=") { Some(self.initial()?) } else { None };
            let after = self.at;
            self.at = start;
            self.bind_plainly(value.unwrap_or(Val::Term(Term::Null)))?;
            self.at = after;
            if !self.eat(",") {
                return self.ended();
            }
        }
    }

    /// What a variable starts with; a function is kept to be called.
    fn initial(&mut self) -> Option<Val> {
        self.blank();
        if !self.is_lambda() {
            return self.ternary();
        }
        let start = self.at;
        self.skip_lambda()?;
        Some(Val::Function(start))
    }

    /// `( expression )`.
    fn bracketed(&mut self) -> Option<Term> {
        if !self.eat("(") {
            return None;
        }
        let term = self.term()?;
        self.eat(")").then_some(term)
    }

    /// Two ways of which one is taken.
    fn if_statement(&mut self) -> Option<Flow> {
        self.skip_word();
        let condition = Rc::new(self.bracketed()?);
        let not = || Rc::new(super::parser::negated(Term::clone(&condition)));
        let (before, depth) = (self.state.clone(), self.state.path.len());
        self.state.path.push(Rc::clone(&condition));
        let first = self.statement()?;
        let mut then = std::mem::replace(&mut self.state, before);
        let has_else = self.eat_word("else");
        if has_else || first == Flow::Ended {
            self.state.path.push(not());
        }
        let second = if has_else { self.statement()? } else { Flow::Next };
        let mut otherwise = std::mem::take(&mut self.state);
        match (first, second) {
            (Flow::Ended, Flow::Ended) => {
                otherwise.path.truncate(depth);
                self.state = otherwise;
                return Some(Flow::Ended);
            }
            (Flow::Ended, Flow::Next) => self.state = otherwise,
            (Flow::Next, Flow::Ended) => self.state = then,
            (Flow::Next, Flow::Next) => {
                let (a, mut b) = (then.path.split_off(depth), otherwise.path.split_off(depth));
                self.state = then.merge(Some(&*condition), otherwise);
                if a.len() > 1 || b.len() > 1 {
                    if !has_else {
                        b.push(not());
                    }
                    let either = Term::Call(Function::Or, vec![all_of(&a), all_of(&b)]);
                    self.state.path.push(Rc::new(either));
                }
            }
        }
        Some(Flow::Next)
    }

    /// A body that is gone through any number of times.
    fn looped(&mut self, while_true: Term, body: impl FnOnce(&mut Self) -> Option<Flow>) -> Option<Flow> {
        let before = self.state.clone();
        self.state.path.push(Rc::new(Term::Unknown(references(&while_true))));
        self.exits.push(Vec::new());
        let flow = body(self);
        let mut ways = self.exits.pop().unwrap_or_default();
        let after = std::mem::take(&mut self.state);
        if flow? == Flow::Next {
            ways.push(after);
        }
        let depth = before.path.len();
        self.state = ways.into_iter().fold(before, |known, way| known.merge(None, way));
        self.state.path.truncate(depth);
        Some(Flow::Next)
    }

    fn do_statement(&mut self) -> Option<Flow> {
        self.skip_word();
        self.looped(Term::Null, Self::statement)?;
        if !self.eat_word("while") {
            return None;
        }
        self.bracketed()?;
        self.ended()
    }

    fn for_statement(&mut self) -> Option<Flow> {
        self.skip_word();
        self.eat_word("await");
        if !self.eat("(") {
            return None;
        }
        let outer = self.state.locals.len();
        let flow = match self.for_each_head()? {
            Some((pattern, list, each)) => self.looped(list, |parser| {
                let body = std::mem::replace(&mut parser.at, pattern);
                parser.bind(each)?;
                parser.at = body;
                parser.statement()
            }),
            None => self.for_counted(),
        };
        self.state.locals.truncate(outer);
        flow
    }

    /// `const x of list)` or `const key in object)`: where the pattern stands, the list, and what each round gets.
    #[allow(clippy::option_option)] // nothing parsed, another kind of loop, this kind
    fn for_each_head(&mut self) -> Option<Option<(usize, Term, Val)>> {
        let start = self.at;
        self.blank();
        if matches!(self.word(), "const" | "let" | "var") {
            self.skip_word();
        }
        let pattern = self.at;
        let found = self.skip_pattern().is_some() && matches!(self.after_blank(), "of" | "in");
        if !found {
            self.at = start;
            return Some(None);
        }
        let keys = self.word() == "in";
        self.skip_word();
        let list = self.ternary()?;
        if !self.eat(")") {
            return None;
        }
        let each = if keys { Val::Term(Term::Unknown(Vec::new())) } else { list.item() };
        Some(Some((pattern, self.settled(list), each)))
    }

    fn after_blank(&mut self) -> &'t str {
        self.blank();
        self.word()
    }

    /// `let i = 0; i < n; i++)`: the counter is any position.
    fn for_counted(&mut self) -> Option<Flow> {
        let outer = self.state.locals.len();
        if !self.eat(";") {
            self.statement()?;
            self.eat(";");
        }
        for (_, value) in self.state.locals.iter_mut().skip(outer).take(1) {
            *value = Rc::new(Val::Term(Term::Unknown(Vec::new())));
        }
        self.blank();
        let condition = if self.peek() == Some(b';') { Term::Null } else { self.term()? };
        if !self.eat(";") {
            return None;
        }
        self.at += scan::closing(self.rest())?;
        self.looped(condition, Self::statement)
    }

    /// Each group of cases is one way; a `break` leads out.
    fn switch(&mut self) -> Option<Flow> {
        self.skip_word();
        let subject = self.bracketed()?;
        self.blank();
        let end = self.at + scan::block_end(self.rest())?;
        self.eat("{");
        let (before, depth, outer) = (self.state.clone(), self.state.path.len(), self.state.locals.len());
        let (mut others, mut open, mut default) = (Vec::new(), Vec::new(), false);
        let mut out: Option<State<'t>> = None;
        while self.after_blank() != "" {
            let (condition, is_default) = self.cases(&subject, &others)?;
            others.push(condition.clone());
            default |= is_default;
            self.state = before.clone();
            self.state.path.push(Rc::new(condition.clone()));
            for mut way in self.group()? {
                way.locals.truncate(outer);
                way.path.truncate(depth);
                open.push(condition.clone());
                out =
                    Some(out.map_or_else(|| way.clone(), |known| way.clone().merge(Some(&condition), known)));
            }
        }
        self.at = end;
        let any = Term::Call(Function::Or, others.clone());
        if !default {
            open.push(super::parser::negated(any.clone()));
            out = Some(out.map_or_else(|| before.clone(), |known| known.merge(Some(&any), before.clone())));
        }
        let Some(out) = out else {
            self.state = before;
            return Some(Flow::Ended);
        };
        self.state = out;
        if open.len() < others.len() + usize::from(!default) {
            self.state.path.push(Rc::new(Term::Call(Function::Or, open)));
        }
        Some(Flow::Next)
    }

    /// The labels that stand here: what holds when one of them is taken.
    fn cases(&mut self, subject: &Term, before: &[Term]) -> Option<(Term, bool)> {
        let (mut labels, mut default) = (Vec::new(), false);
        loop {
            if self.eat_word("case") {
                let label = self.term()?;
                labels.push(Term::Call(Function::Equals, vec![subject.clone(), label]));
            } else if self.eat_word("default") {
                default = true;
            } else {
                break;
            }
            if !self.eat(":") {
                return None;
            }
        }
        if default {
            let any = Term::Call(Function::Or, before.to_vec());
            return Some((super::parser::negated(any), true));
        }
        match labels.len() {
            0 => None,
            1 => labels.pop().map(|l| (l, false)),
            _ => Some((Term::Call(Function::Or, labels), false)),
        }
    }

    /// The statements of a group of cases: the states in which they lead out of the switch.
    fn group(&mut self) -> Option<Vec<State<'t>>> {
        self.exits.push(Vec::new());
        let flow = self.group_statements();
        let mut ways = self.exits.pop().unwrap_or_default();
        if flow? == Flow::Next {
            ways.push(std::mem::take(&mut self.state));
        }
        Some(ways)
    }

    fn group_statements(&mut self) -> Option<Flow> {
        loop {
            while self.eat(";") {}
            match self.after_blank() {
                "case" | "default" => return Some(Flow::Next),
                _ if self.peek() == Some(b'}') => return Some(Flow::Next),
                _ => {}
            }
            if self.statement()? == Flow::Ended {
                self.skip_to_case()?;
                return Some(Flow::Ended);
            }
        }
    }

    /// What stands behind a `break` up to the next label is never run.
    fn skip_to_case(&mut self) -> Option<()> {
        loop {
            match self.after_blank() {
                "case" | "default" => return Some(()),
                _ if self.peek() == Some(b'}') => return Some(()),
                _ if self.at >= self.text.len() => return None,
                _ => self.at += scan::token_len(self.rest())?,
            }
        }
    }

    fn try_statement(&mut self) -> Option<Flow> {
        self.skip_word();
        let (before, depth) = (self.state.clone(), self.state.path.len());
        self.tries += 1;
        let first = self.braces();
        self.tries -= 1;
        let first = first?;
        let mut after = self.state.clone();
        after.path.truncate(depth);
        let mut flow = first;
        if self.eat_word("catch") {
            self.state = before.merge(None, after.clone());
            self.state.path.truncate(depth);
            self.state.path.push(Rc::new(Term::Unknown(Vec::new())));
            let outer = self.state.locals.len();
            if self.eat("(") {
                self.bind(Val::Term(reference(Root::Unknown("error".into()), Vec::new())))?;
                self.eat(")");
            }
            let second = self.braces()?;
            self.state.locals.truncate(outer);
            let mut caught = std::mem::take(&mut self.state);
            caught.path.truncate(depth);
            (self.state, flow) = match (first, second) {
                (Flow::Ended, second) => (caught, second),
                (Flow::Next, Flow::Ended) => (after, Flow::Next),
                (Flow::Next, Flow::Next) => (after.merge(None, caught), Flow::Next),
            };
        }
        if self.eat_word("finally") && self.braces()? == Flow::Ended {
            flow = Flow::Ended;
        }
        Some(flow)
    }

    fn return_statement(&mut self) -> Option<Flow> {
        self.at += "return".len();
        let line = self.rest().trim_start_matches([' ', '\t']);
        let nothing = line.is_empty() || line.starts_with([';', '}', '\n', '\r']);
        self.chosen = None;
        let value = if nothing { Val::Term(Term::Null) } else { self.ternary()? };
        let chosen = if let Val::Items(_) = value { self.chosen.take() } else { None };
        let value = self.settled(value);
        let value = match chosen {
            Some(chosen) => Term::Call(Function::Filter, vec![value, chosen]),
            None => value,
        };
        self.end(How::Returned, value);
        Some(Flow::Ended)
    }

    /// One more place at which the code ends.
    pub(super) fn end(&mut self, how: How, value: Term) {
        const MOST_ENDS: usize = 100;
        if self.ends.len() < MOST_ENDS {
            self.ends.push(End { how, when: self.state.path.clone(), value });
        }
    }
}
