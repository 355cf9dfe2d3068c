//! Conditions that cannot be evaluated: what was assumed of them before decides, and what is assumed now is remembered.

use crate::evaluate::{self, Failure, Scope, evaluate, is_fresh};
use crate::scope::Here;
use crate::state::Facts;
use crate::{Symbol, Val};
use workflow::{Expression, Function, Language, Reference, Term, Text};

/// Conditions are taken apart so deep.
const DEPTH: u32 = 40;

/// What was assumed of one comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assumed {
    /// What it is about, by name.
    pub(crate) about: Text,
    /// Whether it holds.
    pub(crate) truth: bool,
    /// Only some values fulfil it, so that it is no accident when it holds.
    pub(crate) selects: bool,
    /// What the value then is.
    pub(crate) value: Option<Val>,
    /// Whether the value then is empty or absent, where it is asked for that.
    pub(crate) empty: Option<bool>,
}

/// The name of what is read of a step that has given nothing starts so.
pub(crate) const NOTHING: &str = "nothing of ";

/// Whether a condition can hold, or not hold, where some of what it reads is known to be nothing.
pub(crate) fn possible(condition: &Expression, truth: bool, here: &Here<'_, '_>) -> bool {
    Taken { of: condition, here }.possible(&condition.term, truth, DEPTH)
}

/// Whether a condition holds of which all that it reads is known and cannot be compared, since it is not there: a
/// comparison does not, unless it is turned around.
pub(crate) fn of_what_is_absent(condition: &Expression, here: &Here<'_, '_>) -> Option<bool> {
    let root = |r: &&Reference| Reference { root: r.root.clone(), path: Vec::new() };
    let references = condition.references();
    let known = |r: &&Reference| here.read(&root(r)).is_known();
    let turned = matches!(&condition.term, Term::Call(Function::Not | Function::NotEquals, _));
    (!references.is_empty() && references.iter().all(known)).then_some(turned)
}

/// Whether a condition holds; nothing where neither the data nor what was assumed says.
///
/// # Errors
/// Where evaluating it fails by the rules of its language.
pub(crate) fn decide(condition: &Expression, here: &Here<'_, '_>) -> Result<Option<bool>, Failure> {
    match evaluate::condition(condition, here)? {
        None if here.state.facts.is_empty() => Ok(None),
        None => Ok(Taken { of: condition, here }.holds(&condition.term, DEPTH)),
        known => Ok(known),
    }
}

/// Remembers that a condition holds or does not: the facts then, and what they are about.
pub(crate) fn assume(condition: &Expression, truth: bool, here: &Here<'_, '_>) -> (Facts, Vec<Assumed>) {
    let (mut facts, mut notes) = (here.state.facts.clone(), Vec::new());
    Taken { of: condition, here }.note(&condition.term, truth, &mut facts, &mut notes, DEPTH);
    (facts, notes)
}

/// What a condition then says of values, once for each alternative by which it may hold: which of them it is decides who has
/// said what. Nothing where there are too many to tell apart.
pub(crate) fn ways(condition: &Expression, truth: bool, here: &Here<'_, '_>) -> Option<Vec<Vec<Assumed>>> {
    Taken { of: condition, here }.ways(&condition.term, truth, DEPTH)
}

/// So many alternatives are told apart.
const MOST_WAYS: usize = 256;

/// A condition that is taken apart.
struct Taken<'a, 'w> {
    of: &'a Expression,
    here: &'a Here<'a, 'w>,
}

impl Taken<'_, '_> {
    /// What is read, by the rules that all languages share: only names of values and constants count here.
    fn value(&self, term: &Term) -> Option<Val> {
        let language = Language::Mustache;
        let part = Expression { language, text: Text::default(), term: term.clone(), line: 0 };
        evaluate(&part, self.here).ok()
    }

    fn truth(&self, term: &Term) -> Option<bool> {
        let part = Expression { term: term.clone(), text: Text::default(), ..*self.of };
        evaluate::condition(&part, self.here).ok().flatten()
    }

    fn holds(&self, term: &Term, depth: u32) -> Option<bool> {
        let depth = depth.checked_sub(1)?;
        let structure = match term {
            Term::Call(Function::And, args) => self.all(args, false, depth),
            Term::Call(Function::Or, args) => self.all(args, true, depth),
            Term::Call(Function::Not, args) => self.holds(args.first()?, depth).map(|b| !b),
            Term::Call(Function::NotEquals, args) => {
                self.holds(&Term::Call(Function::Equals, args.clone()), depth).map(|b| !b)
            }
            _ => None,
        };
        structure
            .or_else(|| self.truth(term))
            .or_else(|| self.recalled(term))
            .or_else(|| self.substituted(term))
    }

    /// Whether all hold (`stop` is false) or one does (`stop` is true).
    fn all(&self, args: &[Term], stop: bool, depth: u32) -> Option<bool> {
        let mut all = Some(!stop);
        for arg in args {
            match self.holds(arg, depth) {
                Some(b) if b == stop => return Some(stop),
                Some(_) => {}
                None => all = None,
            }
        }
        all
    }

    fn recalled(&self, term: &Term) -> Option<bool> {
        let symbol = name_of(&self.value(term)?)?;
        self.here.state.facts.holds.get(&symbol).copied()
    }

    /// With what unknown values have turned out to be in their places.
    fn substituted(&self, term: &Term) -> Option<bool> {
        let (f, args) = match term {
            Term::Call(f, args) => (f, args.as_slice()),
            other => (&Function::Truthy, std::slice::from_ref(other)),
        };
        let values: Vec<Val> = args.iter().map(|t| self.value(t)).collect::<Option<_>>()?;
        let bound = &self.here.state.facts.values;
        let known = |v: &Val| name_of(v).and_then(|n| bound.get(&n)).cloned();
        if !values.iter().any(|v| known(v).is_some()) {
            return None;
        }
        let values = values.into_iter().map(|v| known(&v).unwrap_or(v));
        self.truth(&Term::Call(f.clone(), values.map(|v| literal(&v)).collect::<Option<_>>()?))
    }

    fn possible(&self, term: &Term, truth: bool, depth: u32) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return true };
        match (term, truth) {
            (Term::Call(Function::Not, args), _) if args.len() == 1 => self.possible(&args[0], !truth, depth),
            (Term::Call(Function::NotEquals, args), _) => {
                self.possible(&Term::Call(Function::Equals, args.clone()), !truth, depth)
            }
            (Term::Call(Function::And, args), true) | (Term::Call(Function::Or, args), false) => {
                args.iter().all(|t| self.possible(t, truth, depth))
            }
            (Term::Call(Function::And, args), false) | (Term::Call(Function::Or, args), true) => {
                args.iter().any(|t| self.possible(t, truth, depth))
            }
            _ => self.truth(term).is_none_or(|t| t == truth) && self.fits_nothing(term, truth),
        }
    }

    /// A comparison that only some values fulfil does not hold of nothing.
    fn fits_nothing(&self, term: &Term, truth: bool) -> bool {
        let Some(assumed) = self.assumed(term, truth).filter(|a| a.about.contains(NOTHING)) else {
            return true;
        };
        let blank = match &assumed.value {
            Some(Val::Null | Val::Bool(false)) => true,
            Some(Val::Text(t)) => t.trim().is_empty(),
            _ => false,
        };
        !(assumed.empty == Some(false) || assumed.selects && truth && !blank)
    }

    fn ways(&self, term: &Term, truth: bool, depth: u32) -> Option<Vec<Vec<Assumed>>> {
        let depth = depth.checked_sub(1)?;
        match (term, truth) {
            (Term::Call(Function::Not, args), _) if args.len() == 1 => self.ways(&args[0], !truth, depth),
            (Term::Call(Function::And, args), true) | (Term::Call(Function::Or, args), false) => {
                args.iter().try_fold(vec![Vec::new()], |all, t| both(&all, &self.ways(t, truth, depth)?))
            }
            (Term::Call(Function::Or, args), true) => {
                let can = |t: &&Term| self.holds(t, depth) != Some(false) && self.possible(t, true, depth);
                let mut ways = Vec::new();
                for open in args.iter().filter(can) {
                    ways.extend(self.ways(open, true, depth)?);
                    if ways.len() > MOST_WAYS {
                        return None;
                    }
                }
                Some(if ways.is_empty() { vec![Vec::new()] } else { ways })
            }
            _ => {
                let mut notes = Vec::new();
                self.note(term, truth, &mut Facts::default(), &mut notes, depth + 1);
                Some(vec![notes])
            }
        }
    }

    fn note(&self, term: &Term, truth: bool, facts: &mut Facts, notes: &mut Vec<Assumed>, depth: u32) {
        let Some(depth) = depth.checked_sub(1) else { return };
        match (term, truth) {
            (Term::Call(Function::Not, args), _) if args.len() == 1 => {
                return self.note(&args[0], !truth, facts, notes, depth);
            }
            (Term::Call(Function::NotEquals, args), _) => {
                return self.note(&Term::Call(Function::Equals, args.clone()), !truth, facts, notes, depth);
            }
            (Term::Call(Function::And, args), true) | (Term::Call(Function::Or, args), false) => {
                return args.iter().for_each(|t| self.note(t, truth, facts, notes, depth));
            }
            (Term::Call(Function::And, args), false) | (Term::Call(Function::Or, args), true) => {
                let mut open = args.iter().filter(|t| self.holds(t, depth) != Some(!truth));
                if let (Some(only), None) = (open.next(), open.next()) {
                    return self.note(only, truth, facts, notes, depth);
                }
                // Which of several it is cannot be said here.
            }
            _ => notes.extend(self.assumed(term, truth)),
        }
        if let Some(name) = self.value(term).as_ref().and_then(name_of) {
            facts.holds.insert(name, truth);
        }
        if let Some(Assumed { about, value: Some(value), truth: true, .. }) = self.assumed(term, truth) {
            facts.values.insert(about, value);
        }
    }

    /// What a comparison says of an unknown value.
    fn assumed(&self, term: &Term, truth: bool) -> Option<Assumed> {
        let (f, args) = match term {
            Term::Call(f, args) => (f, args.as_slice()),
            other => (&Function::Truthy, std::slice::from_ref(other)),
        };
        let values: Vec<Val> = args.iter().filter_map(|t| self.value(t)).collect();
        let about = values.iter().find_map(name_of)?;
        let selects = !matches!(f, Function::Empty | Function::Present);
        let constant = values.into_iter().find(Val::is_known);
        let value = constant.filter(|_| *f == Function::Equals && args.len() == 2);
        let value = value.filter(|_| args.iter().any(|t| matches!(t, Term::Ref(_))));
        let empty = match f {
            Function::Empty => Some(truth),
            Function::Present => Some(!truth),
            _ => None,
        };
        Some(Assumed { about, truth, selects, value, empty })
    }
}

/// Each of some alternatives with each of others; nothing where that would be too many.
fn both(all: &[Vec<Assumed>], more: &[Vec<Assumed>]) -> Option<Vec<Vec<Assumed>>> {
    let with = |one: &Vec<Assumed>| -> Vec<Vec<Assumed>> {
        more.iter().map(|notes| one.iter().chain(notes).cloned().collect()).collect()
    };
    (all.len() * more.len() <= MOST_WAYS).then(|| all.iter().flat_map(with).collect())
}

/// The name of a value that is not known but always the same.
fn name_of(val: &Val) -> Option<Text> {
    match val {
        Val::Unknown(symbol) if !is_fresh(symbol) => Some(symbol.0.clone()),
        _ => None,
    }
}

/// A value as a constant of an expression.
fn literal(val: &Val) -> Option<Term> {
    Some(match val {
        Val::Null => Term::Null,
        Val::Bool(b) => Term::Bool(*b),
        Val::Number(n) => Term::Number(n.to_string().into()),
        Val::Text(t) => Term::Text(t.clone()),
        Val::List(items) => Term::List(items.iter().map(literal).collect::<Option<_>>()?),
        Val::Map(entries) => {
            Term::Map(entries.iter().map(|(k, v)| Some((k.clone(), literal(v)?))).collect::<Option<_>>()?)
        }
        Val::Unknown(Symbol(_)) => return None,
    })
}

/// Whether the name of a value starts at the result of a step.
pub(crate) fn names(about: &str, id: &str) -> bool {
    about.match_indices("step.").any(|(at, _)| {
        let rest = &about[at + "step.".len()..];
        let after = rest.strip_prefix(id);
        after.is_some_and(|r| {
            !r.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-' || c == ' ' || c == '/')
        })
    })
}
