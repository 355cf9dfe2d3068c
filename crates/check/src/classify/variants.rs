//! Requests whose method, address or body depends on a condition: each request that the definition shows.

use super::resolve::Resolver;
use workflow::{Entry, Expression, Function, Map, Request, Term, Value};

/// A request is taken apart into at most so many.
const MOST: usize = 8;

/// The requests that one may be; itself alone where no condition decides.
pub(super) fn of(request: &Request, resolver: &Resolver<'_>) -> Vec<Request> {
    let followed = Request {
        method: resolver.follow(&request.method),
        url: resolver.follow(&request.url),
        body: resolver.follow(&request.body),
        ..request.clone()
    };
    let (mut done, mut work) = (Vec::new(), vec![followed]);
    while let Some(one) = work.pop() {
        match condition(&one) {
            Some(condition) if done.len() + work.len() + 2 <= MOST => {
                work.push(chosen(&one, &condition, 2));
                work.push(chosen(&one, &condition, 1));
            }
            _ => done.push(one),
        }
    }
    done
}

/// The condition that decides one of a request's parts.
fn condition(request: &Request) -> Option<Term> {
    [&request.method, &request.url, &request.body].into_iter().find_map(|value| {
        match &value.as_expression()?.term {
            Term::Call(Function::If, args) if args.len() == 3 => args.first().cloned(),
            _ => None,
        }
    })
}

/// A request where a condition has been decided.
fn chosen(request: &Request, condition: &Term, branch: usize) -> Request {
    let part = |value: &Value| match value {
        Value::Expr(e) => match &e.term {
            Term::Call(Function::If, args) if args.len() == 3 && args[0] == *condition => {
                shown(&args[branch], e)
            }
            _ => value.clone(),
        },
        _ => value.clone(),
    };
    Request {
        method: part(&request.method),
        url: part(&request.url),
        body: part(&request.body),
        ..request.clone()
    }
}

/// A term as data as far as it is constant.
fn shown(term: &Term, whole: &Expression) -> Value {
    match term {
        Term::Null => Value::Null,
        Term::Bool(b) => Value::Bool(*b),
        Term::Number(n) => Value::Number(n.clone()),
        Term::Text(t) => Value::Text(t.clone()),
        Term::List(items) => Value::List(items.iter().map(|t| shown(t, whole)).collect()),
        Term::Map(entries) if entries.iter().all(|(k, _)| k != "..." && k != "*") => {
            let entry = |(key, t): &(workflow::Text, Term)| Entry {
                key: key.clone(),
                value: shown(t, whole),
                line: whole.line,
            };
            Value::Map(Map(entries.iter().map(entry).collect()))
        }
        term => Value::Expr(Box::new(Expression { term: term.clone(), ..whole.clone() })),
    }
}
