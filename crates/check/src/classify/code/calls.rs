//! Finds commands and calls with their arguments in code.

use super::{WebCall, literals, scan, statement};
use regex::Regex;
use std::sync::OnceLock;
use workflow::{CodeLanguage, Term, Value};

/// A command line or a call of a function.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Call {
    /// The word it is looked up by: the command, or the last name of a dotted call.
    pub key: String,
    /// Its whole name: a cmdlet, a dotted call, the first word of a command line.
    pub name: String,
    /// For command lines and SQL: the words without options, single-spaced; what is spliced in stands as it is written.
    pub line: String,
    /// Command lines: the same with the options.
    pub whole: String,
    /// Arguments by name.
    pub named: Vec<(String, Value)>,
    /// Arguments by position.
    pub positional: Vec<Value>,
    /// Arguments are given in a way that was not read (splatting, a variable).
    pub opaque_arguments: bool,
}

impl Call {
    /// Puts what is spliced into the code where its arguments have a hole.
    pub fn fill(&mut self, spliced: &Value) {
        let named = self.named.iter_mut().map(|(_, v)| v);
        named.chain(&mut self.positional).for_each(|v| fill(v, spliced));
    }

    /// Says of arguments that name what a step is given where these come from.
    pub fn bind(&mut self, given: &Value) {
        let named = self.named.iter_mut().map(|(_, v)| v);
        named.chain(&mut self.positional).for_each(|v| bind(v, given));
    }

    /// The arguments with a name, or at a position where the name is a number.
    #[must_use]
    pub fn argument(&self, name: &str) -> Vec<Value> {
        if let Ok(i) = name.parse::<usize>() {
            return self.positional.get(i).cloned().into_iter().collect();
        }
        let plain = |a: &str| a.replace(['-', '_'], "");
        let same =
            |a: &str| if name.len() == 1 { a == name } else { plain(a).eq_ignore_ascii_case(&plain(name)) };
        self.named.iter().filter(|(n, _)| same(n)).map(|(_, v)| v.clone()).collect()
    }
}

/// Longest argument text that is read.
pub(super) const MAX_ARGUMENTS: usize = 2000;

/// So many known calls are read out of a text; one with more may do anything.
pub(super) const MAX_CALLS: usize = 1000;

/// Whether the catalogue knows a command or call of a language by this word: nothing else need be read.
pub(super) type Known<'k> = &'k dyn Fn(CodeLanguage, &str) -> bool;

/// All known commands and calls in a text, each with the language it is looked up in.
pub(super) fn all(language: CodeLanguage, text: &str, known: Known<'_>) -> Vec<(CodeLanguage, Call)> {
    let mut found = Vec::new();
    match language {
        CodeLanguage::PowerShell => {
            cmdlets(text, known, &mut found);
            command_lines(text, known, &mut found);
            handed_to_client(text, known, &mut found);
        }
        CodeLanguage::Shell => {
            command_lines(text, known, &mut found);
            cmdlets(text, known, &mut found);
            handed_to_client(text, known, &mut found);
        }
        CodeLanguage::Sql => statements(text, known, &mut found),
        CodeLanguage::Unknown => {
            cmdlets(text, known, &mut found);
            command_lines(text, known, &mut found);
            calls(CodeLanguage::Python, text, known, &mut found);
        }
        other => in_code(other, text, known, &mut found),
    }
    found
}

/// The statements that a shell quotes for a database's client: `psql -c "GRANT …"`.
fn handed_to_client(text: &str, known: Known<'_>, found: &mut Found) {
    const CLIENTS: [&str; 8] =
        ["psql", "mysql", "mariadb", "sqlcmd", "snowsql", "sqlplus", "clickhouse-client", "Invoke-Sqlcmd"];
    if CLIENTS.iter().any(|client| text.contains(client)) {
        let quoted = scan::embedded(text);
        quoted.iter().filter(|t| statement::is_statement(t)).for_each(|t| statements(t, known, found));
    }
}

/// Calls in code, then command lines and queries in the texts that it quotes or puts together.
fn in_code(language: CodeLanguage, text: &str, known: Known<'_>, found: &mut Found) {
    calls(language, text, known, found);
    literals::by_words(text).iter().for_each(|line| command_lines(line, known, found));
    let joined = literals::joined(language, text);
    let quoted = scan::embedded(&joined);
    for text in &quoted {
        command_lines(text, known, found);
        cmdlets(text, known, found);
    }
    quoted.iter().filter(|t| is_query(t)).for_each(|t| statements(t, known, found));
}

/// Calls with the language each is looked up in.
pub(super) type Found = Vec<(CodeLanguage, Call)>;

fn pattern(cell: &'static OnceLock<Option<Regex>>, source: &str) -> Option<&'static Regex> {
    cell.get_or_init(|| Regex::new(source).ok()).as_ref()
}

/// PowerShell: `Verb-Noun -Name value …` up to the end of the pipeline's part.
pub(super) fn cmdlets(text: &str, known: Known<'_>, found: &mut Found) {
    let cmdlets = scan::cmdlets(text).filter(|(name, _)| known(CodeLanguage::PowerShell, name));
    for (name, rest) in cmdlets.take(MAX_CALLS) {
        let mut call =
            Call { key: name.to_owned(), name: name.to_owned(), line: name.to_owned(), ..Call::default() };
        options(&scan::words(rest), &["-"], &mut call);
        call.opaque_arguments = rest.contains('@');
        found.push((CodeLanguage::PowerShell, call));
    }
}

/// Shell: each line (and each part after `;`, `&&`, `|`) as words.
pub(super) fn command_lines(text: &str, known: Known<'_>, found: &mut Found) {
    let joined = scan::joined(text);
    for part in scan::parts(&joined) {
        if found.len() >= MAX_CALLS {
            return;
        }
        let skipped =
            |w: &str| ["sudo", "then", "do", "else", "exec", "&", "$"].contains(&w) || w.contains('=');
        let named = scan::Words::new(part).find(|w| !skipped(w));
        if !named.is_some_and(|w| known(CodeLanguage::Shell, last_segment(&w))) {
            continue;
        }
        let words: Vec<String> = scan::Words::new(part).skip_while(|w| skipped(w)).collect();
        let Some((first, rest)) = words.split_first() else { continue };
        let name = last_segment(first).to_owned();
        let mut call = Call { key: name.clone(), name: name.clone(), ..Call::default() };
        options(rest, &["--", "-"], &mut call);
        let plain = call.positional.iter().filter_map(written).map(str::to_owned);
        call.line = std::iter::once(name.clone()).chain(plain).collect::<Vec<_>>().join(" ");
        call.whole = [&[name][..], rest].concat().join(" ");
        found.push((CodeLanguage::Shell, call));
    }
}

/// A word of a command: a constant, or as it is written.
fn written(value: &Value) -> Option<&str> {
    value.as_text().or_else(|| value.as_expression().map(|e| e.text.as_str()))
}

/// The name of a command given with its folder.
fn last_segment(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or_default()
}

/// A text in other code that is a query rather than a sentence: its first word is in capitals.
fn is_query(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    first.len() > 2 && first.bytes().all(|b| b.is_ascii_uppercase())
}

/// SQL: each statement, single-spaced; the words after `TO`, `FROM` and `ON` are arguments of these names.
fn statements(text: &str, known: Known<'_>, found: &mut Found) {
    for statement in text.split(';') {
        if found.len() >= MAX_CALLS {
            return;
        }
        let first = statement.split_whitespace().next();
        let Some(key) = first.filter(|w| known(CodeLanguage::Sql, w)).map(str::to_owned) else { continue };
        let words: Vec<&str> = statement.split_whitespace().collect();
        let bare = |w: &&str| argument_value(w.trim_matches(['"', '\'', '`', ',', '(', ')']));
        let positional = words.iter().skip(1).map(bare).collect();
        let after = |pair: &[&str]| {
            let name = pair[0].to_ascii_lowercase();
            ["to", "from", "for", "on", "user", "role", "login"]
                .contains(&name.as_str())
                .then(|| (name, bare(&pair[1])))
        };
        let named = words.windows(2).filter_map(after).collect();
        let line = words.join(" ");
        let call = Call { key: key.clone(), name: key, line, named, positional, ..Call::default() };
        found.push((CodeLanguage::Sql, call));
    }
}

/// Python, JavaScript and the like: `a.b.name(arguments)`.
fn calls(language: CodeLanguage, text: &str, known: Known<'_>, found: &mut Found) {
    static CALL: OnceLock<Option<Regex>> = OnceLock::new();
    if !scan::called(text).any(|name| known(language, name)) {
        return;
    }
    let Some(regex) = pattern(
        &CALL,
        r"[A-Za-z_$][A-Za-z0-9_$]*(?:\([^()]{0,80}\))?(?:\s*\.\s*[A-Za-z_$][A-Za-z0-9_$]*(?:\([^()]{0,80}\)\s*\.\s*[A-Za-z_$][A-Za-z0-9_$]*)?)*\s*\(",
    ) else {
        return;
    };
    for whole in regex.find_iter(text) {
        if found.len() >= MAX_CALLS {
            return;
        }
        let before = whole.as_str().trim_end_matches('(').trim_end();
        if !scan::last_name(before).is_some_and(|name| known(language, name)) {
            continue;
        }
        let mut name = chain(before);
        if let Some(getter) =
            after_getter(&text[..whole.start()]).filter(|_| language == CodeLanguage::Groovy)
        {
            name = format!("{getter}().{name}");
        }
        let Some(key) = name.rsplit('.').next().map(str::to_owned) else { continue };
        let mut call = Call { key, name, ..Call::default() };
        arguments(inside(&text[whole.end()..]), &mut call);
        match language {
            CodeLanguage::Groovy => found.extend(handed(text, call).into_iter().map(|c| (language, c))),
            _ => found.push((language, call)),
        }
    }
}

/// The getter whose result a call is made on, where the text before the call ends with it: `services.getIdentity().`.
fn after_getter(before: &str) -> Option<&str> {
    let called = before.trim_end().strip_suffix('.')?.trim_end().strip_suffix("()")?;
    scan::last_name(called)
}

/// The names of a chain of calls: `service.users().insert` for `service.users(…).insert`.
fn chain(text: &str) -> String {
    let mut depth = 0_u32;
    let mut name = String::new();
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        match c {
            '(' => {
                depth += 1;
                name.push_str(if depth == 1 { "()" } else { "" });
            }
            ')' => depth = depth.saturating_sub(1),
            c if depth == 0 => name.push(c),
            _ => {}
        }
    }
    name
}

/// The text up to the parenthesis that closes the one before it.
fn inside(text: &str) -> &str {
    let mut depth = 1_u32;
    for (i, b) in text.bytes().enumerate().take(MAX_ARGUMENTS) {
        match b {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[..i];
        }
    }
    ""
}

/// `Name=value`, `Name: value` and positions.
fn arguments(text: &str, call: &mut Call) {
    static NAMED: OnceLock<Option<Regex>> = OnceLock::new();
    let source = r#"["']?([A-Za-z_][A-Za-z0-9_]*)["']?\s*[:=]\s*("[^"]*"|'[^']*'|[A-Za-z0-9_.\[\]]+)"#;
    if let Some(named) = pattern(&NAMED, source) {
        let pairs = named
            .captures_iter(text)
            .filter_map(|c| Some((c.get(1)?.as_str().to_owned(), literal(c.get(2)?.as_str()))));
        call.named.extend(pairs);
    }
    call.positional.extend(text.split(',').map(|a| literal(a.trim())).take(8));
    call.opaque_arguments =
        text.contains("**") || text.contains("...") || (call.named.is_empty() && !text.trim().is_empty());
}

/// A call with what its variables hold: once for each record of a list (`changes = [[field: 'status']]`), or with the entries that
/// are put into a map (`params.put('action', 'link')`). How a resource's path begins is its argument `resource`.
fn handed(text: &str, mut call: Call) -> Vec<Call> {
    let first = call.positional.first();
    let begins = first.and_then(Value::as_expression).and_then(|e| quoted_start(&e.text).map(str::to_owned));
    if let Some(start) = begins.or_else(|| first.and_then(Value::as_text).map(str::to_owned)) {
        call.named.push(("resource".to_owned(), Value::text(start)));
    }
    let variables = call.positional.iter().filter_map(Value::as_expression).map(|e| e.text.to_string());
    let name = |n: &String| !n.is_empty() && n.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let records: Vec<Call> = variables.filter(name).flat_map(|v| records(text, &v)).take(20).collect();
    if records.is_empty() {
        return vec![call];
    }
    let with = |record: Call| {
        let named = call.named.iter().cloned().chain(record.named).collect();
        Call { named, opaque_arguments: false, ..call.clone() }
    };
    records.into_iter().map(with).collect()
}

/// The quoted text that an expression begins with.
fn quoted_start(expression: &str) -> Option<&str> {
    let quote = expression.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    expression[1..].split_once(quote).map(|(start, _)| start)
}

/// The records that a variable of the text holds.
fn records(text: &str, variable: &str) -> Vec<Call> {
    let mut found = Vec::new();
    let puts: Vec<&str> = text.split(&format!("{variable}.put(")).skip(1).map(inside).collect();
    if !puts.is_empty() {
        // An entry whose value only the run knows says nothing of what is done.
        let entry = |t: &&str| {
            let (key, value) = t.split_once(',')?;
            let value = literal(value.trim());
            value.is_constant().then(|| (key.trim().trim_matches(['"', '\'']).to_owned(), value))
        };
        found.push(Call { named: puts.iter().filter_map(entry).collect(), ..Call::default() });
    }
    let given = text.split(&format!("{variable} = ")).skip(1).find_map(|t| t.trim_start().strip_prefix('['));
    let end = |t: &str| t.find("]]").or_else(|| t.find("]\n")).unwrap_or(t.len()).min(MAX_ARGUMENTS);
    for record in given.map(|t| ahead(t, 0, end(t))).unwrap_or_default().split("],") {
        let mut one = Call::default();
        arguments(record, &mut one);
        if !one.named.is_empty() {
            found.push(one);
        }
    }
    found
}

/// A quoted text as a constant, anything else as something of the run.
fn literal(text: &str) -> Value {
    let quoted = text.len() > 1 && text.starts_with(['"', '\'', '`']) && text.ends_with(['"', '\'', '`']);
    let constant =
        matches!(text.to_ascii_lowercase().as_str(), "true" | "false" | "none" | "null" | "$true" | "$false");
    if quoted && !text.contains("${") && !text.contains("{}") {
        return Value::text(&text[1..text.len() - 1]);
    }
    if constant || text.parse::<f64>().is_ok() {
        return Value::text(text.trim_start_matches('$').to_ascii_lowercase());
    }
    unknown(text)
}

fn unknown(text: &str) -> Value {
    let root = workflow::Root::Unknown(text.into());
    let references = vec![workflow::Reference { root, path: Vec::new() }];
    Value::Expr(Box::new(workflow::Expression::unknown(workflow::Language::Structured, text, references, 0)))
}

fn bind(argument: &mut Value, given: &Value) {
    let Value::Expr(argument) = argument else { return };
    let words = argument.text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '$'));
    let found = words.filter(|w| !w.is_empty()).map(|w| given.get(w)).filter(|v| **v != Value::Null);
    let values: Vec<&Value> = found.collect();
    let terms: Vec<&Term> = values.iter().filter_map(|v| v.as_expression()).map(|e| &e.term).collect();
    argument.term = match terms[..] {
        [] => return,
        [only] => only.clone(),
        _ => Term::Unknown(terms.iter().flat_map(|t| t.references()).cloned().collect()),
    };
}

fn fill(argument: &mut Value, spliced: &Value) {
    let (Value::Expr(argument), Value::Expr(spliced)) = (argument, spliced) else { return };
    let Some((before, after)) = argument.text.split_once("{}").filter(|(_, a)| !a.contains("{}")) else {
        return;
    };
    let around = [Term::Text(before.into()), spliced.term.clone(), Term::Text(after.into())];
    let parts: Vec<Term> =
        around.into_iter().filter(|t| !matches!(t, Term::Text(t) if t.is_empty())).collect();
    argument.term = if parts.len() == 1 { spliced.term.clone() } else { Term::Template(parts) };
}

/// Options and positions of a command line.
fn options(words: &[String], marks: &[&str], call: &mut Call) {
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        let option = marks
            .iter()
            .find_map(|m| word.strip_prefix(m))
            .filter(|o| !o.is_empty() && o.parse::<f64>().is_err());
        let Some(option) = option else {
            call.positional.push(argument_value(word));
            continue;
        };
        let (name, given) =
            option.split_once(['=', ':']).map_or((option, None), |(n, v)| (n, Some(v.to_owned())));
        let follows = words.peek().filter(|w| !w.starts_with('-')).map(|w| (*w).clone());
        let value = given.or(follows);
        call.named.push((name.to_owned(), value.map_or(Value::text("true"), |v| argument_value(&v))));
    }
}

fn argument_value(word: &str) -> Value {
    let bare = word.trim_matches(['"', '\'']);
    let variable =
        bare.starts_with('$') && !["$true", "$false", "$null"].contains(&bare.to_ascii_lowercase().as_str());
    if variable || bare.contains("{}") || bare.contains("${") {
        return unknown(bare);
    }
    Value::text(bare.trim_start_matches('$'))
}

/// Web addresses with the method written near them.
pub(super) fn web(text: &str) -> Vec<WebCall> {
    let found = scan::addresses(text).take(MAX_CALLS).map(|(start, url)| {
        let before = back(text, start, 160);
        let after = ahead(text, start + url.len(), 240);
        WebCall { method: method(before, after).to_owned(), url: url.to_owned() }
    });
    found.collect()
}

fn back(text: &str, at: usize, by: usize) -> &str {
    let from = (at.saturating_sub(by)..=at).find(|i| text.is_char_boundary(*i)).unwrap_or(at);
    &text[from..at]
}

fn ahead(text: &str, at: usize, by: usize) -> &str {
    let to = (at..=(at + by).min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(at);
    &text[at..to]
}

/// The nearest method before the address, else the first after it, else `GET`.
fn method(before: &str, after: &str) -> &'static str {
    static METHOD: OnceLock<Option<Regex>> = OnceLock::new();
    let source =
        r#"(?i)(?:\.|-X\s*|--request\s+|method['"]?\s*[:=]?\s*['"]?)(post|put|patch|delete)(?-u:\b)"#;
    let Some(regex) = pattern(&METHOD, source) else { return "GET" };
    let near = regex.captures_iter(before).last().or_else(|| regex.captures(after));
    match near.and_then(|c| c.get(1)).map(|m| m.as_str().to_ascii_uppercase()).as_deref() {
        Some("POST") => "POST",
        Some("PUT") => "PUT",
        Some("PATCH") => "PATCH",
        Some("DELETE") => "DELETE",
        _ => "GET",
    }
}
