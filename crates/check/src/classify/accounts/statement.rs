//! The statements of SQL that write rows: into which table, which columns, and with which constants.

/// What a statement does to rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Insert,
    Update,
    Delete,
}

/// A statement that writes rows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) verb: Verb,
    pub(super) table: String,
    /// Columns that are set, with their values where these are constant.
    pub(super) sets: Vec<(String, Option<String>)>,
}

/// A statement is read so far.
const MOST_TOKENS: usize = 2000;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Sign(char),
}

/// What a statement writes; nothing where it writes no rows. One that begins with `WITH` may write inside its parentheses, and
/// after them.
pub(super) fn read(statement: &str) -> Vec<Change> {
    let tokens = tokens(statement);
    let words = Tokens(&tokens);
    let parts = (1..tokens.len()).filter(|i| words.sign(i - 1, '(') || words.sign(i - 1, ')'));
    let inner = parts.filter(|_| words.at(0) == "with");
    std::iter::once(0).chain(inner).filter_map(|start| words.change(start)).collect()
}

/// The tables that a statement names, and every name in it.
pub(super) fn names(statement: &str) -> (Vec<String>, Vec<String>) {
    let tokens = tokens(statement);
    let words = Tokens(&tokens);
    let before = ["from", "into", "update", "join", "table", "exists"];
    let tables = (1..tokens.len())
        .filter(|i| before.contains(&words.at(i - 1).as_str()))
        .filter_map(|i| Some(words.name(i)?.0.to_lowercase()));
    let all = tokens.iter().filter_map(|t| match t {
        Token::Word(word) => Some(word.rsplit('.').next().unwrap_or(word).to_owned()),
        _ => None,
    });
    (tables.collect(), all.collect())
}

struct Tokens<'t>(&'t [Token]);

impl Tokens<'_> {
    /// What the statement writes that begins at a place.
    fn change(&self, first: usize) -> Option<Change> {
        let verb = match self.at(first).as_str() {
            "insert" | "replace" | "upsert" | "merge" => Verb::Insert,
            "update" => Verb::Update,
            "delete" | "truncate" => Verb::Delete,
            _ => return None,
        };
        let between = [
            "or",
            "ignore",
            "replace",
            "low_priority",
            "delayed",
            "into",
            "overwrite",
            "only",
            "from",
            "table",
            "quick",
        ];
        let start = (first + 1..self.0.len()).find(|i| !between.contains(&self.at(*i).as_str()))?;
        let (table, next) = self.name(start)?;
        let sets = match verb {
            Verb::Insert if self.sign(next, '(') => self.columns(next + 1),
            Verb::Delete => Vec::new(),
            Verb::Insert | Verb::Update => self.assigned(next),
        };
        Some(Change { verb, table, sets })
    }

    /// The word at a place in lower case; nothing where none stands.
    fn at(&self, i: usize) -> String {
        match self.0.get(i) {
            Some(Token::Word(word)) => word.to_lowercase(),
            _ => String::new(),
        }
    }

    fn sign(&self, i: usize, sign: char) -> bool {
        self.0.get(i) == Some(&Token::Sign(sign))
    }

    /// The last part of a name of several, and what comes after it.
    fn name(&self, start: usize) -> Option<(String, usize)> {
        let mut at = start;
        while self.sign(at + 1, '.') {
            at += 2;
        }
        let Some(Token::Word(word)) = self.0.get(at) else { return None };
        Some((word.rsplit('.').next().unwrap_or(word).to_owned(), at + 1))
    }

    fn columns(&self, start: usize) -> Vec<(String, Option<String>)> {
        let rest = self.0.get(start..).unwrap_or_default();
        let inside = rest.iter().take_while(|t| **t != Token::Sign(')'));
        let named = inside.filter_map(|t| match t {
            Token::Word(word) => Some((word.clone(), None)),
            _ => None,
        });
        named.collect()
    }

    /// `a = 1, b = 'x'` until the condition.
    fn assigned(&self, start: usize) -> Vec<(String, Option<String>)> {
        let Some(set) = (start..self.0.len()).find(|i| self.at(*i) == "set") else { return Vec::new() };
        let end =
            (set..self.0.len()).find(|i| matches!(self.at(*i).as_str(), "where" | "returning" | "from"));
        let parts = self.0.get(set + 1..end.unwrap_or(self.0.len())).unwrap_or_default();
        parts.split(|t| *t == Token::Sign(',')).filter_map(assignment).collect()
    }
}

fn assignment(part: &[Token]) -> Option<(String, Option<String>)> {
    let is = part.iter().position(|t| *t == Token::Sign('='))?;
    let Token::Word(column) = part.get(..is)?.last()? else { return None };
    let value = match part.get(is + 1..)? {
        [Token::Text(text)] if !text.contains("{}") => Some(text.clone()),
        [Token::Word(word)] if word.chars().all(char::is_alphanumeric) => Some(word.to_lowercase()),
        _ => None,
    };
    Some((column.rsplit('.').next().unwrap_or(column).to_owned(), value))
}

fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if found.len() >= MOST_TOKENS {
            break;
        }
        let closing = match c {
            '\'' | '"' | '`' => Some(c),
            '[' => Some(']'),
            _ => None,
        };
        if let Some(end) = closing {
            let inside: String = rest.by_ref().take_while(|c| *c != end).collect();
            found.push(if c == '\'' { Token::Text(inside) } else { Token::Word(inside) });
        } else if is_word(c) && c != '.' {
            let mut word = String::from(c);
            while let Some(c) = rest.next_if(|c| is_word(*c)) {
                word.push(c);
            }
            found.push(Token::Word(word));
        } else if !c.is_whitespace() {
            found.push(Token::Sign(c));
        }
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '{' | '}' | '$' | ':' | '@')
}
