//! Conditions that cannot be evaluated: what was assumed of them before decides, and what is assumed now is remembered.

use crate::evaluate::Failure;
use crate::scope::Here;
use crate::state::Facts;
use crate::{Val, evaluate};
use std::fmt::Write;
use workflow::{Expression, Function, Term};

/// Conditions are taken apart so deep.
const DEPTH: u32 = 40;

/// Whether a condition holds; nothing where neither the data nor what was assumed says.
///
/// # Errors
/// Where evaluating it fails by the rules of its language.
pub(crate) fn decide(condition: &Expression, here: &Here<'_, '_>) -> Result<Option<bool>, Failure> {
    match here.expression(condition)? {
        Val::Unknown(_) => Ok(holds(condition, &condition.term, here, DEPTH)),
        val => Ok(Some(truth(&val))),
    }
}

/// Truth of a value where a condition gives no boolean.
fn truth(val: &Val) -> bool {
    match val {
        Val::Null => false,
        Val::Bool(b) => *b,
        Val::Number(n) => *n != 0.0,
        Val::Text(t) => !t.is_empty() && !t.eq_ignore_ascii_case("false"),
        Val::List(_) | Val::Map(_) | Val::Unknown(_) => true,
    }
}

fn holds(of: &Expression, term: &Term, here: &Here<'_, '_>, depth: u32) -> Option<bool> {
    if depth == 0 {
        return None;
    }
    if let Some(known) = part(of, term, here) {
        return Some(known);
    }
    let each = |args: &[Term], stop: bool| {
        let mut all = Some(!stop);
        for arg in args {
            match holds(of, arg, here, depth - 1) {
                Some(b) if b == stop => return Some(stop),
                Some(_) => {}
                None => all = None,
            }
        }
        all
    };
    let structure = match term {
        Term::Call(Function::And, args) => each(args, false),
        Term::Call(Function::Or, args) => each(args, true),
        Term::Call(Function::Not, args) => {
            args.first().and_then(|t| holds(of, t, here, depth - 1)).map(|b| !b)
        }
        Term::Call(Function::NotEquals, args) => {
            lookup(&Term::Call(Function::Equals, args.clone()), here).map(|b| !b)
        }
        _ => None,
    };
    structure.or_else(|| lookup(term, here))
}

/// A part of a condition, evaluated.
fn part(of: &Expression, term: &Term, here: &Here<'_, '_>) -> Option<bool> {
    let part = Expression { term: term.clone(), ..of.clone() };
    match evaluate(&part, here) {
        Ok(Val::Bool(b)) => Some(b),
        _ => None,
    }
}

fn lookup(term: &Term, here: &Here<'_, '_>) -> Option<bool> {
    here.state.facts.holds.get(key(term, here)?.as_str()).copied()
}

/// Remembers that a condition holds or does not.
pub(crate) fn assume(condition: &Expression, truth: bool, here: &Here<'_, '_>) -> Facts {
    let mut facts = here.state.facts.clone();
    note(condition, &condition.term, truth, here, &mut facts, DEPTH);
    facts
}

fn note(of: &Expression, term: &Term, truth: bool, here: &Here<'_, '_>, facts: &mut Facts, depth: u32) {
    if depth == 0 {
        return;
    }
    match (term, truth) {
        (Term::Call(Function::Not, args), _) if args.len() == 1 => {
            return note(of, &args[0], !truth, here, facts, depth - 1);
        }
        (Term::Call(Function::NotEquals, args), _) => {
            let equals = Term::Call(Function::Equals, args.clone());
            return note(of, &equals, !truth, here, facts, depth - 1);
        }
        (Term::Call(Function::And, args), true) | (Term::Call(Function::Or, args), false) => {
            return args.iter().for_each(|t| note(of, t, truth, here, facts, depth - 1));
        }
        (Term::Call(Function::And, args), false) | (Term::Call(Function::Or, args), true) => {
            let mut open = args.iter().filter(|t| holds(of, t, here, depth - 1) != Some(!truth));
            if let (Some(only), None) = (open.next(), open.next()) {
                return note(of, only, truth, here, facts, depth - 1);
            }
        }
        (Term::Call(Function::Equals, args), true) => bind(of, args, here, facts),
        _ => {}
    }
    if let Some(key) = key(term, here) {
        facts.holds.insert(key.into(), truth);
    }
}

/// An unknown value that equals a known one is that.
fn bind(of: &Expression, args: &[Term], here: &Here<'_, '_>, facts: &mut Facts) {
    let value = |t: &Term| evaluate(&Expression { term: t.clone(), ..of.clone() }, here).ok();
    let [a, b] = args else { return };
    match (value(a), value(b)) {
        (Some(Val::Unknown(s)), Some(known)) | (Some(known), Some(Val::Unknown(s)))
            if known.is_known() && !s.0.is_empty() && reads(a, b) =>
        {
            facts.values.insert(s.0, known);
        }
        _ => {}
    }
}

/// One of two terms is something the run has, as it is: an operator on it would stand for many values.
fn reads(a: &Term, b: &Term) -> bool {
    let plain = |t: &Term| matches!(t, Term::Ref(_));
    plain(a) || plain(b)
}

/// A condition as a text in which values stand for what was read; nothing where it reads something that has no name.
fn key(term: &Term, here: &Here<'_, '_>) -> Option<String> {
    let mut out = String::new();
    write_key(term, here, &mut out, DEPTH).then_some(out)
}

fn write_key(term: &Term, here: &Here<'_, '_>, out: &mut String, depth: u32) -> bool {
    use crate::Scope;
    if depth == 0 || out.len() > 2_000 {
        return false;
    }
    let all = |terms: &[Term], out: &mut String| {
        terms.iter().all(|t| {
            let named = write_key(t, here, out, depth - 1);
            out.push(',');
            named
        })
    };
    match term {
        Term::Ref(r) => write_val(&here.read(r), out),
        Term::Unknown(_) => false,
        Term::Call(Function::Now | Function::Random, _) => false,
        Term::Call(f, args) => {
            let _ = write!(out, "{f:?}(");
            let named = all(args, out);
            out.push(')');
            named
        }
        Term::Template(ts) | Term::List(ts) => {
            out.push('[');
            let named = all(ts, out);
            out.push(']');
            named
        }
        other => write!(out, "{other:?}").is_ok(),
    }
}

fn write_val(val: &Val, out: &mut String) -> bool {
    match val {
        Val::Unknown(symbol) => {
            let _ = write!(out, "‹{}›", symbol.0);
            !symbol.0.is_empty()
        }
        // As a constant in the definition is written, so that both are one.
        Val::Text(t) => write!(out, "{:?}", Term::Text(t.clone())).is_ok(),
        Val::Bool(b) => write!(out, "{:?}", Term::Bool(*b)).is_ok(),
        Val::List(items) => items.iter().all(|v| write_val(v, out)),
        Val::Map(entries) => entries.iter().all(|(k, v)| write!(out, "{k:?}:").is_ok() && write_val(v, out)),
        other => write!(out, "{other:?}").is_ok(),
    }
}
