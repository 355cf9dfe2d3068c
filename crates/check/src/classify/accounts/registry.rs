//! Accounts that a script keeps in a variable of the flow: what it changes of them, as far as its statements show it.

use super::words;
use workflow::Kind;

/// So much of a script is read.
const MOST_TOKENS: usize = 5000;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Name(String),
    Text(String),
    Sign(char),
}

/// Whether a script names a property for what somebody proves himself with: `.password`, `password:`.
pub(super) fn names_credential(text: &str) -> bool {
    let tokens = tokens(text);
    let script = Script(&tokens);
    let is_property =
        |i: &usize| script.sign(i + 1, ':') || *i > 0 && (script.sign(i - 1, '.') || script.sign(i - 1, '['));
    let names = (0..tokens.len()).filter(is_property).filter_map(|i| match &tokens[i] {
        Token::Name(n) | Token::Text(n) if n.len() < 40 => Some(n.as_str()),
        _ => None,
    });
    words::hold_credential(names)
}

/// Variables in which a script keeps a credential as a message gives it: `global.set("pass", msg.payload.pass)`.
pub(super) fn keeps_given(text: &str) -> Vec<String> {
    let tokens = tokens(text);
    let script = Script(&tokens);
    let variables = script.variables("set").filter(|(i, name)| {
        words::is_credential(name) && script.sign(i + 1, ',') && script.name(i + 2) == "msg"
    });
    variables.map(|(_, name)| name.to_owned()).collect()
}

/// Variables that a script compares with something: `global.get("pass") == msg.payload.pass`.
pub(super) fn compares(text: &str) -> Vec<String> {
    let tokens = tokens(text);
    let script = Script(&tokens);
    let is = |i: usize, sign| script.sign(i, sign);
    let compared = |from: usize, to: usize| {
        (is(to + 1, '=') || is(to + 1, '!')) && is(to + 2, '=')
            || from > 1 && is(from - 1, '=') && (is(from - 2, '=') || is(from - 2, '!'))
    };
    let named =
        |name: &str| !name.is_empty() && (0..tokens.len()).any(|i| script.name(i) == name && compared(i, i));
    let compares = |(i, _): &(usize, &str)| {
        *i > 5 && (compared(i - 4, i + 1) || is(i - 5, '=') && named(script.name(i - 6)))
    };
    script.variables("get").filter(compares).map(|(_, name)| name.to_owned()).collect()
}

/// What a script changes of the accounts that it gets from a variable.
pub(super) fn changes(text: &str) -> Vec<Kind> {
    let tokens = tokens(text);
    let script = Script(&tokens);
    let (whole, one) = script.registries();
    let records = script.records(&whole);
    let mut kinds = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        let Token::Name(name) = token else { continue };
        if i > 0 && script.sign(i - 1, '.') {
            continue;
        }
        if whole.contains(name) {
            kinds.extend(script.of_whole(i, &records));
        } else if one.contains(name) {
            // What is kept may be no more than who is signed in: only a new password says that it is an account.
            kinds.extend(script.of_record(i + 1).into_iter().filter(|k| *k == Kind::ResetCredential));
        } else if records.contains(name) {
            kinds.extend(script.of_record(i + 1));
        }
    }
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// The properties for a password or a role that a script sets, whatever of.
pub(super) fn sets(text: &str) -> Vec<String> {
    let tokens = tokens(text);
    let script = Script(&tokens);
    let set = (1..tokens.len()).filter(|i| script.sign(i - 1, '.') && script.is_set(i + 1));
    let names = set.map(|i| script.name(i)).filter(|n| words::is_credential(n) || words::is_access(n));
    names.map(str::to_owned).collect()
}

struct Script<'t>(&'t [Token]);

impl Script<'_> {
    fn sign(&self, i: usize, sign: char) -> bool {
        self.0.get(i) == Some(&Token::Sign(sign))
    }

    fn name(&self, i: usize) -> &str {
        match self.0.get(i) {
            Some(Token::Name(name)) => name,
            _ => "",
        }
    }

    /// The variables that a script sets or gets, and where their names stand.
    fn variables(&self, how: &str) -> impl Iterator<Item = (usize, &str)> {
        self.0.iter().enumerate().skip(2).filter_map(move |(i, token)| match token {
            Token::Text(name) if self.sign(i - 1, '(') && self.name(i - 2) == how => Some((i, name.as_str())),
            _ => None,
        })
    }

    /// Names that stand for all accounts, and for a single one: what `flow.get("users")` is given to, and what
    /// `flow.set("users", …)` keeps.
    fn registries(&self) -> (Vec<String>, Vec<String>) {
        let mut found: Vec<(bool, String)> = Vec::new();
        for (i, token) in self.0.iter().enumerate().skip(2) {
            let Token::Text(variable) = token else { continue };
            if !self.sign(i - 1, '(') || !words::keeps_accounts(variable) {
                continue;
            }
            let many = words::keeps_several(variable);
            if self.name(i - 2) == "set" && self.sign(i + 1, ',') {
                found.push((many, self.name(i + 2).to_owned()));
            } else if self.name(i - 2) == "get" {
                let is = (i.saturating_sub(10)..i).rev().find(|at| self.sign(*at, '='));
                found.extend(is.filter(|at| *at > 0).map(|at| (many, self.name(at - 1).to_owned())));
            }
        }
        found.retain(|(_, n)| !n.is_empty() && n != "msg");
        let (whole, one): (Vec<_>, Vec<_>) = found.into_iter().partition(|(many, _)| *many);
        let names = |found: Vec<(bool, String)>| found.into_iter().map(|(_, n)| n).collect();
        (names(whole), names(one))
    }

    /// Names that stand for one account: `let user = users[id]`, `users.find(…)`.
    fn records(&self, whole: &[String]) -> Vec<String> {
        let of_one = |i: usize| {
            self.sign(i + 1, '[') || self.sign(i + 1, '.') && matches!(self.name(i + 2), "find" | "get")
        };
        let each = (2..self.0.len()).filter(|i| {
            self.sign(i - 1, '=') && !self.sign(i - 2, '=') && whole.iter().any(|w| w == self.name(*i))
        });
        let each = each.filter(|i| of_one(*i)).map(|i| self.name(i - 2).to_owned());
        each.filter(|n| !n.is_empty() && n != "msg").collect()
    }

    /// What is done to all accounts, whose name stands at a place.
    fn of_whole(&self, i: usize, records: &[String]) -> Vec<Kind> {
        if i > 0 && self.name(i - 1) == "delete" && self.sign(i + 1, '[') {
            return vec![Kind::DeleteIdentity];
        }
        if self.sign(i + 1, '.') && self.sign(i + 3, '(') {
            return match self.name(i + 2) {
                "push" | "unshift" => self.made(i + 4),
                "splice" | "delete" => vec![Kind::DeleteIdentity],
                _ => Vec::new(),
            };
        }
        if self.sign(i + 1, '=') && self.name(i + 2) == self.name(i) && self.name(i + 4) == "filter" {
            return vec![Kind::DeleteIdentity];
        }
        if !self.sign(i + 1, '[') {
            return self.of_record(i + 1);
        }
        let after = self.closed(i + 1);
        if !self.is_set(after) {
            return self.of_record(after);
        }
        // One that came out of it is put back.
        let known = records.iter().any(|r| r == self.name(after + 1)) && !self.sign(after + 2, '[');
        if known { vec![Kind::UpdateIdentity] } else { self.made(after + 1) }
    }

    /// What is done to one account, whose name ends before a place.
    fn of_record(&self, at: usize) -> Vec<Kind> {
        let property = match self.0.get(at + 1) {
            Some(Token::Name(name)) if self.sign(at, '.') => name,
            Some(Token::Text(name)) if self.sign(at, '[') && self.sign(at + 2, ']') => name,
            _ => return Vec::new(),
        };
        let after = if self.sign(at, '.') { at + 2 } else { at + 3 };
        if !self.is_set(after) {
            return Vec::new();
        }
        match property.as_str() {
            p if words::is_credential(p) && self.is_what_was_given(p, self.name(after + 1)) => Vec::new(),
            p if words::is_credential(p) => vec![Kind::ResetCredential],
            p if words::is_access(p) => vec![Kind::Grant, Kind::Revoke],
            p if words::switch(p).is_some() => vec![Kind::Enable, Kind::Disable],
            p if words::is_bookkeeping(p) => Vec::new(),
            "length" => vec![Kind::DeleteIdentity],
            _ => vec![Kind::UpdateIdentity],
        }
    }

    /// Whether a password that is set is the one that somebody signed in with: the script compares it with what is kept.
    fn is_what_was_given(&self, property: &str, given: &str) -> bool {
        let compared = |i: usize| {
            let equals = self.sign(i + 1, '=') && self.sign(i + 2, '=');
            let right = if self.sign(i + 3, '=') { i + 4 } else { i + 3 };
            equals && self.name(i) == property && self.name(right) == given && !self.sign(right + 1, '.')
        };
        !given.is_empty() && (0..self.0.len()).any(compared)
    }

    /// A new account: what is put where, with its password and roles where the script shows them.
    fn made(&self, from: usize) -> Vec<Kind> {
        let mut kinds = vec![Kind::CreateIdentity];
        let until = if self.sign(from, '{') { self.closed(from) } else { from };
        let keys =
            (from..until).filter(|i| self.sign(i + 1, ':') || self.sign(i + 1, ',') || self.sign(i + 1, '}'));
        let keys: Vec<&str> = keys.map(|i| self.name(i)).collect();
        kinds.extend(words::hold_credential(keys.iter().copied()).then_some(Kind::IssueCredential));
        kinds.extend(keys.iter().any(|k| words::is_access(k)).then_some(Kind::Grant));
        kinds
    }

    /// Whether something is set here: one `=`, and no more.
    fn is_set(&self, i: usize) -> bool {
        self.sign(i, '=') && !self.sign(i + 1, '=') && !self.sign(i + 1, '>')
    }

    /// The place after the bracket that closes the one at a place.
    fn closed(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        for i in open..self.0.len() {
            match self.0.get(i) {
                Some(Token::Sign('[' | '{' | '(')) => depth += 1,
                Some(Token::Sign(']' | '}' | ')')) => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return i + 1;
            }
        }
        self.0.len()
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if found.len() >= MOST_TOKENS {
            break;
        }
        if c == '/' && rest.peek() == Some(&'/') {
            rest.by_ref().take_while(|c| *c != '\n').for_each(drop);
        } else if c == '/' && rest.peek() == Some(&'*') {
            let mut before = ' ';
            for c in rest.by_ref().skip(1) {
                if before == '*' && c == '/' {
                    break;
                }
                before = c;
            }
        } else if matches!(c, '\'' | '"' | '`') {
            found.push(Token::Text(rest.by_ref().take_while(|end| *end != c).collect()));
        } else if is_name(c) {
            let mut name = String::from(c);
            while let Some(c) = rest.next_if(|c| is_name(*c)) {
                name.push(c);
            }
            found.push(Token::Name(name));
        } else if !c.is_whitespace() {
            found.push(Token::Sign(c));
        }
    }
    found
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$')
}
