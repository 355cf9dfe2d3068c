//! What an SQL statement says that a step is given: one text, one of several that a condition chooses between, or one of those
//! that the code which makes it has in quotes.

use super::super::resolve::Resolver;
use workflow::{Code, CodeLanguage, Function, Root, Term, Value};

/// Statements are followed so far.
const MAX_DEPTH: usize = 8;
/// More statements than these are not told apart.
const MAX_STATEMENTS: usize = 100;

/// Every statement that a value may be, and whether these are all.
#[must_use]
pub fn statements(value: &Value, resolver: &Resolver<'_>) -> (Vec<String>, bool) {
    let mut found = Found { texts: Vec::new(), all: true };
    found.value(value, resolver, MAX_DEPTH);
    found.texts.dedup();
    found.all &= found.texts.len() < MAX_STATEMENTS;
    (found.texts, found.all)
}

struct Found {
    texts: Vec<String>,
    all: bool,
}

impl Found {
    fn value(&mut self, value: &Value, resolver: &Resolver<'_>, depth: usize) {
        let value = resolver.follow(value);
        match &value {
            Value::Text(text) => self.texts.push(text.to_string()),
            Value::Expr(e) if depth > 0 => self.term(&e.term, &value, resolver, depth - 1),
            // A list of statements, each with its values beside it.
            Value::List(items) if depth > 0 => {
                items.iter().for_each(|i| self.value(i, resolver, depth - 1));
            }
            Value::Map(map) if depth > 0 && map.get("query").is_some() => {
                map.get("query").into_iter().for_each(|q| self.value(q, resolver, depth - 1));
            }
            Value::Null => {}
            _ => self.all = false,
        }
    }

    fn term(&mut self, term: &Term, whole: &Value, resolver: &Resolver<'_>, depth: usize) {
        let part = |term: &Term| match whole {
            Value::Expr(e) => {
                Value::Expr(Box::new(workflow::Expression { term: term.clone(), ..(**e).clone() }))
            }
            _ => Value::Null,
        };
        match term {
            Term::Null => {}
            Term::Text(text) => self.texts.push(text.to_string()),
            Term::Call(Function::If, args) if args.len() == 3 => {
                args[1..].iter().for_each(|t| self.value(&part(t), resolver, depth));
            }
            Term::Call(Function::Coalesce, args) => {
                args.iter().for_each(|t| self.value(&part(t), resolver, depth));
            }
            Term::List(items) => items.iter().for_each(|t| self.value(&part(t), resolver, depth)),
            Term::Map(entries) => match entries.iter().find(|(key, _)| key == "query") {
                Some((_, query)) => self.value(&part(query), resolver, depth),
                None => self.all = false,
            },
            Term::Ref(reference) => match &reference.root {
                Root::Step(id) => self.written(resolver.step(id).map_or(&[][..], |s| &s.code)),
                _ => self.all = false,
            },
            Term::Unknown(references) => {
                let steps = references.iter().filter_map(|r| match &r.root {
                    Root::Step(id) => resolver.step(id),
                    _ => None,
                });
                let code: Vec<&[Code]> = steps.map(|s| s.code.as_slice()).collect();
                self.all &= !code.is_empty();
                code.into_iter().for_each(|c| self.written(c));
            }
            _ => {
                let text = super::text_and_hole(whole, resolver).0.into_owned();
                self.all &= !text.trim_start().starts_with("{}");
                self.texts.push(text);
            }
        }
    }

    /// The statements that a piece of code has in quotes.
    fn written(&mut self, code: &[Code]) {
        let before = self.texts.len();
        for code in code.iter().filter(|c| c.language == CodeLanguage::JavaScript) {
            if let Value::Text(text) = &code.text {
                self.texts.extend(quoted(text).filter(|t| is_statement(t)).map(str::to_owned));
            }
        }
        self.all &= self.texts.len() > before;
    }
}

/// Whether a text begins as an SQL statement does.
#[must_use]
pub fn is_statement(text: &str) -> bool {
    let mut words = text.split_whitespace().map(str::to_ascii_lowercase);
    let (Some(verb), Some(next)) = (words.next(), words.next()) else { return false };
    match verb.as_str() {
        "select" | "with" | "show" | "call" | "grant" | "revoke" => true,
        "insert" | "replace" | "merge" => next == "into" || next == "ignore",
        "delete" => next == "from",
        "update" | "truncate" => true,
        "create" | "alter" | "drop" => {
            let things = ["table", "index", "view", "user", "role", "login", "database", "schema", "unique"];
            things.contains(&next.as_str())
        }
        _ => false,
    }
}

/// The texts in quotes of a script, without regard to comments.
pub fn quoted(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(['"', '\'', '`'])?;
        let quote = rest[start..].chars().next()?;
        let inside = &rest[start + 1..];
        let end = inside.find(quote).unwrap_or(inside.len());
        rest = inside.get(end + 1..).unwrap_or_default();
        Some(&inside[..end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_in_quotes_are_found() {
        let code = "let a = 'x'; msg.topic = \"INSERT INTO t VALUES ('\" + a + \"')\"; if (b) msg.topic = `SELECT * FROM t`;";
        let found: Vec<&str> = quoted(code).filter(|t| is_statement(t)).collect();
        assert_eq!(found, ["INSERT INTO t VALUES ('", "SELECT * FROM t"]);
        assert!(!is_statement("update"), "a word is no statement");
        assert!(is_statement("CREATE TABLE x (a int)") && !is_statement("create something"));
    }
}
