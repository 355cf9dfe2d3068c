//! What changed about a condition, in words: what it also accepts, no longer asks, or now takes the other way round.

use super::values::{Renamed, terms_alike};
use super::{Direction, words};
use workflow::{Expression, Function, Term};

/// How a condition changed: what follows its name in a sentence, and which way that goes for what it lets through.
pub(super) fn tell(old: &Expression, new: &Expression, now: Renamed<'_>) -> (String, Direction) {
    let (a, b) = (&old.term, &new.term);
    if opposite(a, b, now) {
        return ("is now the opposite: ".to_owned() + &from_to(old, new), Direction::Worse);
    }
    match (a, b) {
        (_, Term::Bool(true)) => return ("now always holds".to_owned(), Direction::Worse),
        (_, Term::Bool(false)) => return ("now never holds".to_owned(), Direction::Better),
        _ => {}
    }
    members(a, b, now).or_else(|| constant(a, b, now)).unwrap_or_else(|| (from_to(old, new), Direction::Open))
}

fn from_to(old: &Expression, new: &Expression) -> String {
    let (a, b) = (words::expression(old), words::expression(new));
    if a == b {
        let (a, b) = (words::term(&old.term), words::term(&new.term));
        return format!("was {} and is now {}", words::code(&a), words::code(&b));
    }
    format!("was {} and is now {}", words::code(&a), words::code(&b))
}

/// One is the other's opposite.
fn opposite(a: &Term, b: &Term, now: Renamed<'_>) -> bool {
    match (a, b) {
        (a, Term::Call(Function::Not, inner)) if inner.len() == 1 => terms_alike(a, &inner[0], now),
        (Term::Call(Function::Not, inner), b) if inner.len() == 1 => terms_alike(&inner[0], b, now),
        (Term::Call(f, x), Term::Call(g, y)) => {
            turned(f).as_ref() == Some(g)
                && x.len() == y.len()
                && x.iter().zip(y).all(|(x, y)| terms_alike(x, y, now))
        }
        _ => false,
    }
}

fn turned(f: &Function) -> Option<Function> {
    Some(match f {
        Function::Equals | Function::EqualsIgnoreCase => Function::NotEquals,
        Function::NotEquals => Function::Equals,
        Function::Less => Function::GreaterOrEquals,
        Function::GreaterOrEquals => Function::Less,
        Function::Greater => Function::LessOrEquals,
        Function::LessOrEquals => Function::Greater,
        Function::Empty => Function::Present,
        Function::Present => Function::Empty,
        _ => return None,
    })
}

/// Alternatives or requirements that came or went.
fn members(a: &Term, b: &Term, now: Renamed<'_>) -> Option<(String, Direction)> {
    for (join, came, went) in [
        (Function::Or, ("now also accepts", Direction::Worse), ("no longer accepts", Direction::Better)),
        (Function::And, ("now also requires", Direction::Better), ("no longer requires", Direction::Worse)),
    ] {
        let (was, is) = (parts(a, &join), parts(b, &join));
        let has = |all: &[&Term], one: &Term, flip: bool| {
            all.iter().any(|t| if flip { terms_alike(t, one, now) } else { terms_alike(one, t, now) })
        };
        let new: Vec<&Term> = is.iter().copied().filter(|t| !has(&was, t, true)).collect();
        let gone: Vec<&Term> = was.iter().copied().filter(|t| !has(&is, t, false)).collect();
        let same_kept = new.len() < is.len();
        match (new.as_slice(), gone.as_slice()) {
            ([_, ..], []) => return Some((format!("{} {}", came.0, list(&new)), came.1)),
            ([], [_, ..]) => return Some((format!("{} {}", went.0, list(&gone)), went.1)),
            ([_, ..], [_, ..]) if same_kept => {
                let told = format!("{} {} and {} {}", came.0, list(&new), went.0, list(&gone));
                return Some((told, Direction::Open));
            }
            _ => {}
        }
    }
    None
}

fn parts<'t>(term: &'t Term, join: &Function) -> Vec<&'t Term> {
    match term {
        Term::Call(f, args) if f == join => args.iter().flat_map(|t| parts(t, join)).collect(),
        other => vec![other],
    }
}

/// Members of an alternative: a comparison with a constant is told by the constant.
fn list(terms: &[&Term]) -> String {
    let told: Vec<String> =
        terms.iter().map(|t| words::code(&accepted(t).unwrap_or_else(|| words::term(t)))).collect();
    crate::tell::enumerate(&told)
}

fn accepted(term: &Term) -> Option<String> {
    match term {
        Term::Call(Function::Equals | Function::EqualsIgnoreCase, args) => match args.as_slice() {
            [Term::Ref(_), Term::Text(t)] | [Term::Text(t), Term::Ref(_)] => Some(t.to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// The same comparison with another constant.
fn constant(a: &Term, b: &Term, now: Renamed<'_>) -> Option<(String, Direction)> {
    let (Term::Call(f, x), Term::Call(g, y)) = (a, b) else { return None };
    let differing: Vec<usize> = (0..x.len().max(y.len()))
        .filter(|i| x.get(*i).zip(y.get(*i)).is_none_or(|(x, y)| !terms_alike(x, y, now)))
        .collect();
    let [only] = differing.as_slice() else { return None };
    let (x, y) = (x.get(*only)?, y.get(*only)?);
    if f != g || !x.is_constant() || !y.is_constant() {
        return None;
    }
    let bare = |t: &Term| match t {
        Term::Text(t) => t.to_string(),
        other => words::term(other),
    };
    let told = format!("now compares with {} instead of {}", words::code(&bare(y)), words::code(&bare(x)));
    Some((told, Direction::Open))
}
