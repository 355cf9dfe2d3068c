//! Taking parts of values: what the segments of a reference lead to.

use super::rules::Out;
use super::symbol;
use super::term::Eval;
use crate::Val;
use workflow::Segment;

/// What a path leads to below a value; nothing where it leads nowhere.
pub(super) fn walk(value: Val, path: &[Segment], eval: &Eval<'_>) -> Out {
    let goes_on = |i: usize| i + 1 < path.len() && eval.rules.goes_on_from_nothing();
    let mut at = resolved(value, eval);
    for (i, segment) in path.iter().enumerate() {
        at = resolved(at, eval);
        if !eval.spend() {
            return Ok(Some(symbol::fresh("too much to evaluate")));
        }
        if let Some(own) = eval.rules.step(&at, segment, eval) {
            match own? {
                Some(next) => at = next,
                None if goes_on(i) => at = Val::Null,
                None => return Ok(None),
            }
            continue;
        }
        let rest = path.get(i + 1..).unwrap_or_default();
        let next = match segment {
            Segment::Key(key) => key_of(&at, key),
            Segment::Index(index) => item_of(&at, *index, eval),
            Segment::Each => return each(&at, rest, eval),
            Segment::Filter(condition) => return filtered(&at, condition, rest, eval),
            Segment::Dynamic => return Ok(Some(unknown_member(&at))),
        };
        match next {
            Some(next) => at = next,
            None if goes_on(i) => at = Val::Null,
            None => return Ok(None),
        }
    }
    Ok(Some(resolved(at, eval)))
}

fn resolved(value: Val, eval: &Eval<'_>) -> Val {
    if let Val::Unknown(_) = value { eval.scope.resolve(value) } else { value }
}

/// The field of an object; nothing where it is absent.
pub(super) fn key_of(value: &Val, key: &str) -> Option<Val> {
    match value {
        Val::Map(entries) => entries.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone()),
        Val::Unknown(of) => Some(symbol::member(of, &format!(".{key}"))),
        _ => None,
    }
}

fn item_of(value: &Val, index: i64, eval: &Eval<'_>) -> Option<Val> {
    match value {
        Val::List(items) => eval.rules.index(index, items.len()).and_then(|i| items.get(i)).cloned(),
        Val::Map(_) => key_of(value, &index.to_string()),
        Val::Unknown(of) => Some(symbol::member(of, &format!("[{index}]"))),
        _ => None,
    }
}

/// The rest of the path on every item; a list of what it leads to.
fn each(value: &Val, rest: &[Segment], eval: &Eval<'_>) -> Out {
    let values: Vec<Val> = match value {
        Val::List(items) => items.to_vec(),
        Val::Map(entries) => entries.iter().map(|(_, v)| v.clone()).collect(),
        Val::Unknown(of) => return Ok(Some(symbol::member(of, &shown(rest)))),
        _ => return Ok(None),
    };
    gathered(values, rest, eval)
}

fn gathered(values: Vec<Val>, rest: &[Segment], eval: &Eval<'_>) -> Out {
    let nested = rest.iter().any(|s| matches!(s, Segment::Each | Segment::Filter(_)));
    let mut found = Vec::with_capacity(values.len());
    for value in values {
        if leaves_open(&value, rest, eval)? {
            return Ok(Some(symbol::derived(
                &format!("each {}", shown(rest)),
                &[Some(Val::list(found)), Some(value)],
            )));
        }
        match walk(value, rest, eval)? {
            Some(Val::List(inner)) if nested => found.extend(inner.iter().cloned()),
            Some(value @ Val::Unknown(_)) if nested => {
                return Ok(Some(symbol::derived("each", &[Some(value)])));
            }
            Some(value) => found.push(value),
            None => {}
        }
    }
    Ok(Some(Val::list(found)))
}

/// Whether a path goes through what is not known, so that it may lead to nothing.
fn leaves_open(value: &Val, path: &[Segment], eval: &Eval<'_>) -> Result<bool, super::Failure> {
    let mut at = value.clone();
    for segment in path {
        if let Val::Unknown(_) = at {
            return Ok(true);
        }
        if matches!(segment, Segment::Each | Segment::Filter(_)) {
            return Ok(false);
        }
        match walk(at, std::slice::from_ref(segment), eval)? {
            Some(next) => at = next,
            None => return Ok(false),
        }
    }
    Ok(false)
}

fn filtered(value: &Val, condition: &str, rest: &[Segment], eval: &Eval<'_>) -> Out {
    let name = format!("[?{condition}]{}", shown(rest));
    let items = match value {
        Val::List(items) => items.clone(),
        Val::Unknown(of) => return Ok(Some(symbol::member(of, &name))),
        _ => return Ok(None),
    };
    match eval.rules.filter(&items, condition, eval) {
        Some(kept) => gathered(kept, rest, eval),
        None => Ok(Some(symbol::fresh(&format!("filter `{condition}`")))),
    }
}

fn unknown_member(value: &Val) -> Val {
    match value {
        Val::Unknown(of) => symbol::fresh(&format!("{}[…]", of.0)),
        _ => symbol::fresh("a member known only at run time"),
    }
}

fn shown(path: &[Segment]) -> String {
    let mut out = "[*]".to_owned();
    for segment in path {
        out.push('.');
        match segment {
            Segment::Key(k) => out.push_str(k),
            Segment::Index(i) => out.push_str(&i.to_string()),
            Segment::Filter(f) => out.push_str(&format!("[?{f}]")),
            Segment::Each => out.push('*'),
            Segment::Dynamic => out.push(super::FRESH),
        }
    }
    out
}
