//! The common evaluator: a term to a value, with three-valued logic, bounded in work.

use super::rules::{Out, Rules};
use super::{Failure, Scope, common, path, symbol};
use crate::Val;
use std::cell::{Cell, RefCell};
use workflow::{Expression, Function, Reference, Root, Segment, Term, Text};

/// So many steps of evaluation, and the rest is unknown.
const MAX_STEPS: u32 = 50_000;
/// Terms are followed so deep.
const MAX_DEPTH: u32 = 150;
/// Texts grow no longer than this, lists hold no more items than a tenth of it.
pub(super) const MAX_TEXT: usize = 1_000_000;

/// Evaluates an expression by its parsed form.
pub(super) fn evaluate(
    expression: &Expression,
    scope: &dyn Scope,
    rules: &'static dyn Rules,
) -> Result<Val, Failure> {
    let eval = Eval::new(&expression.text, scope, rules);
    let value = eval.term(&expression.term).or_else(|failure| rules.caught(failure));
    value.map(Option::unwrap_or_default)
}

/// The truth of an expression by its parsed form.
pub(super) fn condition(
    expression: &Expression,
    scope: &dyn Scope,
    rules: &'static dyn Rules,
) -> Result<Option<bool>, Failure> {
    Eval::new(&expression.text, scope, rules).condition(&expression.term)
}

/// One evaluation.
pub(super) struct Eval<'e> {
    /// The text, which tells apart what the term does not (`==` and `===`).
    pub(super) text: &'e str,
    pub(super) scope: &'e dyn Scope,
    pub(super) rules: &'static dyn Rules,
    /// What a function over a list has bound: the list's items as a reference, and the item.
    bound: RefCell<Vec<(Reference, Val)>>,
    steps: Cell<u32>,
    depth: Cell<u32>,
}

impl<'e> Eval<'e> {
    pub(super) fn new(text: &'e str, scope: &'e dyn Scope, rules: &'static dyn Rules) -> Self {
        let bound = RefCell::default();
        Eval { text, scope, rules, bound, steps: Cell::new(0), depth: Cell::new(0) }
    }

    /// Counts one step; false when there were too many.
    pub(super) fn spend(&self) -> bool {
        self.steps.set(self.steps.get() + 1);
        self.steps.get() < MAX_STEPS
    }

    /// The value of a term.
    pub(super) fn term(&self, term: &Term) -> Out {
        if !self.spend() || self.depth.get() > MAX_DEPTH {
            return Ok(Some(symbol::fresh("too much to evaluate")));
        }
        self.depth.set(self.depth.get() + 1);
        let value = self.value(term);
        self.depth.set(self.depth.get() - 1);
        value
    }

    fn value(&self, term: &Term) -> Out {
        Ok(Some(match term {
            Term::Null => Val::Null,
            Term::Bool(b) => Val::Bool(*b),
            Term::Number(n) => match n.parse() {
                Ok(n) => Val::Number(n),
                Err(_) => symbol::fresh(&format!("number `{n}`")),
            },
            Term::Text(t) => Val::Text(t.clone()),
            Term::Ref(r) => return self.reference(r),
            Term::Template(parts) => return self.joined(parts),
            Term::List(items) => {
                let items: Result<Vec<Option<Val>>, Failure> = items.iter().map(|t| self.term(t)).collect();
                Val::list(items?.into_iter().map(Option::unwrap_or_default).collect())
            }
            Term::Map(entries) => return self.object(entries),
            Term::Call(function, args) => return self.call(function, args),
            Term::Unknown(_) => self.not_understood(),
        }))
    }

    /// The value of a text that was not understood.
    fn not_understood(&self) -> Val {
        symbol::fresh(&format!("not understood: {}", self.text))
    }

    fn object(&self, entries: &[(Text, Term)]) -> Out {
        let mut made: Vec<(Text, Val)> = Vec::with_capacity(entries.len());
        for (key, term) in entries {
            match (self.term(term)?.unwrap_or_default(), key.as_str()) {
                // Another object spread into this one.
                (Val::Map(more), "...") => more.iter().for_each(|(k, v)| set(&mut made, k, v.clone())),
                (Val::Null, "...") => {}
                (value, "...") => return Ok(Some(symbol::derived("spread", &[Some(value)]))),
                (value, _) => set(&mut made, key, value),
            }
        }
        Ok(Some(Val::map(made)))
    }

    fn joined(&self, parts: &[Term]) -> Out {
        let part = |t: &Term| self.term(t).or_else(|failure| self.rules.caught(failure));
        let values: Result<Vec<Option<Val>>, Failure> = parts.iter().map(part).collect();
        common::join(&values?, self)
    }

    /// What a reference leads to.
    pub(super) fn reference(&self, reference: &Reference) -> Out {
        if let Root::Unknown(name) = &reference.root
            && !self.is_bound(reference)
            && reference.path.is_empty()
            && name.is_empty()
        {
            return Ok(Some(symbol::fresh("a name that stands for nothing")));
        }
        let (start, rest) = self.start(reference);
        match path::walk(start, rest, self)? {
            Some(value) => Ok(Some(value)),
            None => self.rules.absent(reference, self),
        }
    }

    /// Where a reference leads, without the failure that a missing path may be.
    pub(super) fn find(&self, reference: &Reference) -> Out {
        let (start, rest) = self.start(reference);
        path::walk(start, rest, self)
    }

    fn is_bound(&self, reference: &Reference) -> bool {
        self.bound.borrow().iter().any(|(list, _)| rest_after(reference, list).is_some())
    }

    /// The value that a reference starts from, and the path below it.
    fn start<'r>(&self, reference: &'r Reference) -> (Val, &'r [Segment]) {
        let bound = self.bound.borrow();
        for (list, item) in bound.iter().rev() {
            if let Some(rest) = rest_after(reference, list) {
                return (item.clone(), rest);
            }
        }
        let positioned = matches!(reference.path.first(), Some(Segment::Index(_) | Segment::Each));
        let itemwise = positioned
            && matches!(reference.root, Root::Step(_) | Root::Previous)
            && self.rules.name() == "js";
        let taken = usize::from(itemwise);
        let (head, rest) = reference.path.split_at(taken);
        let asked = Reference { root: reference.root.clone(), path: head.to_vec() };
        (self.scope.read(&asked), rest)
    }

    fn call(&self, function: &Function, args: &[Term]) -> Out {
        if *function == Function::Filter
            && let Some((reference, texts)) = spliced(args)
        {
            return self.filled(reference.clone(), &texts);
        }
        match function {
            Function::And => self.all(args, false),
            Function::Or => self.all(args, true),
            Function::If => self.choice(args),
            Function::Coalesce => self.first_of(args),
            Function::Present => self.present(args),
            Function::Filter | Function::Map => self.over_items(function, args),
            Function::Other(name) if matches!(name.as_str(), "any" | "all" | "some" | "every") => {
                self.over_items(function, args)
            }
            _ => self.plain_call(function, args),
        }
    }

    /// A path whose filters have values spliced into their texts.
    fn filled(&self, mut reference: Reference, texts: &[&Term]) -> Out {
        let open = reference.path.iter_mut().filter(|s| is_open(s));
        for (segment, text) in open.zip(texts) {
            match self.term(text)? {
                Some(Val::Text(text)) => *segment = Segment::Filter(text),
                other => return Ok(Some(symbol::derived("a filter", &[other]))),
            }
        }
        self.reference(&reference)
    }

    fn plain_call(&self, function: &Function, args: &[Term]) -> Out {
        let values: Result<Vec<Option<Val>>, Failure> = args.iter().map(|t| self.term(t)).collect();
        let values = values?;
        match self.rules.call(function, &values, self) {
            Some(own) => own,
            None => common::call(function, &values, self),
        }
    }

    /// The truth of a condition: none where it is not known. `and`, `or` and `not` need less here than for their value.
    pub(super) fn condition(&self, term: &Term) -> Result<Option<bool>, Failure> {
        match term {
            Term::Call(Function::And, args) => self.decided(args, false),
            Term::Call(Function::Or, args) => self.decided(args, true),
            Term::Call(Function::Not, args) if args.len() == 1 => Ok(self.condition(&args[0])?.map(|b| !b)),
            Term::Call(Function::Truthy, args) if args.len() == 1 => self.condition(&args[0]),
            _ => Ok(self.rules.truth(&self.term(term)?.unwrap_or_default())),
        }
    }

    /// `and` (decided by a false) or `or` (decided by a true). An operand that fails decides nothing where an operand
    /// before it is not known: it may never be evaluated.
    fn decided(&self, args: &[Term], by: bool) -> Result<Option<bool>, Failure> {
        let mut known = true;
        for arg in args {
            match self.condition(arg) {
                Ok(Some(value)) if value == by => return Ok(Some(by)),
                Ok(Some(_)) => {}
                Ok(None) => known = false,
                Err(failure) if known => return Err(failure),
                Err(_) => return Ok(None),
            }
        }
        Ok(known.then_some(!by))
    }

    fn all(&self, args: &[Term], by: bool) -> Out {
        if self.rules.gives_operand() && !args.iter().all(is_truth) {
            return self.operand(args, by);
        }
        Ok(Some(match self.decided(args, by)? {
            Some(value) if self.rules.is_lazy() || self.none_fails(args) => Val::Bool(value),
            None if self.rules.has_null_logic() && self.all_known(args) => Val::Null,
            _ => symbol::derived(if by { "or" } else { "and" }, &self.quiet(args)),
        }))
    }

    fn all_known(&self, args: &[Term]) -> bool {
        common::known(&self.quiet(args))
    }

    fn none_fails(&self, args: &[Term]) -> bool {
        args.iter().all(|a| self.term(a).is_ok())
    }

    /// The values of terms, where a failing one is only named.
    fn quiet(&self, args: &[Term]) -> Vec<Option<Val>> {
        args.iter().map(|a| self.term(a).unwrap_or_else(|_| Some(symbol::fresh("a failure")))).collect()
    }

    /// `&&` and `||` as JavaScript has them: the operand that decides.
    fn operand(&self, args: &[Term], by: bool) -> Out {
        let mut last = None;
        for arg in args {
            last = self.term(arg)?;
            match self.rules.truth(&last.clone().unwrap_or_default()) {
                Some(value) if value == by => return Ok(last),
                Some(_) => {}
                None => {
                    return Ok(Some(symbol::derived(if by { "or" } else { "and" }, &self.quiet(args))));
                }
            }
        }
        Ok(last)
    }

    fn choice(&self, args: &[Term]) -> Out {
        let [condition, then, rest @ ..] = args else { return Ok(Some(self.not_understood())) };
        let otherwise = |eval: &Self| rest.first().map_or(Ok(None), |t| eval.term(t));
        match self.condition(condition)? {
            Some(_) if !self.rules.is_lazy() && !self.none_fails(args) => {
                Ok(Some(symbol::fresh("an arm that is not taken fails")))
            }
            Some(true) => self.term(then),
            Some(false) => otherwise(self),
            None => match (self.term(then), otherwise(self)) {
                (Ok(a), Ok(b)) if a == b && a.as_ref().is_none_or(certain) => Ok(a),
                _ => Ok(Some(symbol::derived("if", &self.quiet(args)))),
            },
        }
    }

    fn first_of(&self, args: &[Term]) -> Out {
        let Some((last, before)) = args.split_last() else { return Ok(None) };
        for arg in before {
            let value = self.term(arg)?;
            match self.rules.passes(value.as_ref(), self) {
                Some(true) => return Ok(value),
                Some(false) => {}
                None => return Ok(Some(symbol::derived("or else", &self.quiet(args)))),
            }
        }
        self.term(last)
    }

    fn present(&self, args: &[Term]) -> Out {
        let values = match args {
            [Term::Ref(r)] => vec![self.find(r)?],
            _ => {
                let values: Result<Vec<Option<Val>>, Failure> = args.iter().map(|t| self.term(t)).collect();
                values?
            }
        };
        if let Some(own) = self.rules.call(&Function::Present, &values, self) {
            return own;
        }
        Ok(Some(match values.first().and_then(Option::as_ref) {
            None => Val::Bool(false),
            Some(Val::Unknown(_)) => symbol::derived("present", &values),
            Some(_) => Val::Bool(true),
        }))
    }

    /// A function over the items of a list, whose body reads them as the list's reference and [`Segment::Each`].
    fn over_items(&self, function: &Function, args: &[Term]) -> Out {
        let [list, body] = args else { return self.plain_call(function, args) };
        let Some(of) = items_of(list) else { return self.plain_call(function, args) };
        if !body.is_understood() {
            return Ok(Some(self.not_understood()));
        }
        let items = match self.term(list)? {
            Some(Val::List(items)) => items,
            Some(value @ Val::Unknown(_)) => {
                return Ok(Some(symbol::derived(&format!("{function:?} {body:?}"), &[Some(value)])));
            }
            _ => return Ok(Some(symbol::fresh("a function over what is no list"))),
        };
        let with = |item: &Val, run: &dyn Fn() -> Out| {
            self.bound.borrow_mut().push((of.clone(), item.clone()));
            let value = run();
            self.bound.borrow_mut().pop();
            value
        };
        let mut kept = Vec::with_capacity(items.len());
        let (mut some, mut every) = (Some(false), Some(true));
        for item in items.iter() {
            if *function == Function::Map {
                kept.push(with(item, &|| self.term(body))?.unwrap_or_default());
                continue;
            }
            let test = with(item, &|| Ok(self.condition(body)?.map(Val::Bool)))?;
            let test = test.and_then(|v| self.rules.truth(&v));
            some = either(some, test);
            every = either(every.map(|b| !b), test.map(|b| !b)).map(|b| !b);
            match test {
                Some(true) => kept.push(item.clone()),
                Some(false) => {}
                None if *function == Function::Filter => {
                    return Ok(Some(symbol::fresh("a filter whose condition is not known")));
                }
                None => {}
            }
        }
        let truth = |b: Option<bool>, name: &str| b.map_or_else(|| symbol::fresh(name), Val::Bool);
        Ok(Some(match function {
            Function::Other(name) if matches!(name.as_str(), "any" | "some") => truth(some, "any"),
            Function::Other(_) => truth(every, "all"),
            _ => Val::list(kept),
        }))
    }
}

/// A path in whose filters values are spliced, and the texts of these filters: written as filters around it.
fn spliced(args: &[Term]) -> Option<(&Reference, Vec<&Term>)> {
    let (mut args, mut texts) = (args, Vec::new());
    loop {
        let [list, text] = args else { return None };
        texts.insert(0, text);
        match list {
            Term::Call(Function::Filter, inner) => args = inner,
            Term::Ref(r) if r.path.iter().filter(|s| is_open(s)).count() == texts.len() => {
                return Some((r, texts));
            }
            _ => return None,
        }
    }
}

/// A filter's text with holes in it.
fn is_open(segment: &Segment) -> bool {
    matches!(segment, Segment::Filter(text) if text.contains("{{"))
}

/// `or` in three values.
fn either(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}

/// Not a value that may differ each time it is computed.
fn certain(value: &Val) -> bool {
    match value {
        Val::Unknown(s) => !symbol::is_fresh(s),
        Val::List(items) => items.iter().all(certain),
        Val::Map(entries) => entries.iter().all(|(_, v)| certain(v)),
        _ => true,
    }
}

pub(super) fn set(entries: &mut Vec<(Text, Val)>, key: &str, value: Val) {
    match entries.iter_mut().find(|(k, _)| k == key) {
        Some((_, held)) => *held = value,
        None => entries.push((key.into(), value)),
    }
}

/// The reference by which the body of a function over a list reads its items.
fn items_of(list: &Term) -> Option<Reference> {
    match list {
        Term::Ref(r) if r.path.last() == Some(&Segment::Each) => Some(r.clone()),
        Term::Ref(r) => {
            let mut items = r.clone();
            items.path.push(Segment::Each);
            Some(items)
        }
        Term::Call(Function::Filter | Function::Map, args) => items_of(args.first()?),
        _ => None,
    }
}

/// The path of a reference below the items of a list.
fn rest_after<'r>(reference: &'r Reference, list: &Reference) -> Option<&'r [Segment]> {
    (reference.root == list.root).then(|| reference.path.strip_prefix(&list.path[..])).flatten()
}

/// A term that is true or false.
fn is_truth(term: &Term) -> bool {
    match term {
        Term::Bool(_) => true,
        Term::Call(Function::And | Function::Or, args) => args.iter().all(is_truth),
        Term::Call(f, _) => matches!(
            f,
            Function::Not
                | Function::Equals
                | Function::EqualsIgnoreCase
                | Function::NotEquals
                | Function::Less
                | Function::LessOrEquals
                | Function::Greater
                | Function::GreaterOrEquals
                | Function::Contains
                | Function::In
                | Function::StartsWith
                | Function::EndsWith
                | Function::Empty
                | Function::Present
                | Function::Truthy
        ),
        _ => false,
    }
}
