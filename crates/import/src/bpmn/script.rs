//! What a script takes from the process and gives it: by the engine's own calls (`execution.getVariable("who")`), by the bare
//! names that Groovy and JavaScript see variables under, and through variables of its own. Nothing is executed, and no
//! language is parsed in full: what a name comes from is what stands on the other side of its `=`.

use super::connector;
use super::xml::{self, Element};
use std::collections::{HashMap, HashSet};

/// Longer scripts are not looked through.
const MAX_TEXT: usize = 64 << 10;
/// So many words of a script are looked at, so many variables of its own are followed through.
const MAX_WORDS: usize = 20_000;
const MAX_FOLLOWED: usize = 200;
/// Texts in quotes are so long at most.
const MAX_QUOTED: usize = 4000;

/// What one script does with the process's variables.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Script {
    /// Every name in it that stands for something of the process, and the variables that it comes from.
    pub(super) names: Vec<(String, Vec<String>)>,
    /// What it sets.
    pub(super) sets: Vec<Set>,
}

/// A variable that a script sets.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Set {
    pub(super) variable: String,
    /// The value, where it is written out: a text or a word (`true`, `5`).
    pub(super) constant: Option<String>,
    /// The variables that it comes from.
    pub(super) from: Vec<String>,
}

/// A word of a script.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Word<'t> {
    Name(&'t str),
    Text(&'t str),
    Sign(&'t str),
    End,
}

/// Where a value comes from: a variable of the process, or a name that may be the script's own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum From<'t> {
    Process(&'t str),
    Name(&'t str),
}

/// Reads a script.
pub(super) fn read(text: &str) -> Script {
    let text = text.get(..MAX_TEXT).unwrap_or(text);
    let statements = statements(&words(text));
    let mut own: HashMap<&str, Vec<From<'_>>> = HashMap::new();
    statements.iter().for_each(|s| define(s, &mut own));
    let mut script = Script::default();
    let mut seen: HashSet<&str> = HashSet::new();
    for from in statements.iter().flat_map(|s| sources(s)).chain(own.keys().map(|k| From::Name(k))) {
        let (From::Process(name) | From::Name(name)) = from;
        if seen.insert(name) {
            let from = resolve(&[from], &own);
            script.names.extend((!from.is_empty()).then(|| (name.to_owned(), from)));
        }
    }
    script.names.sort();
    for (variable, value) in statements.iter().flat_map(|s| sets(s)) {
        let constant = match value {
            [Word::Text(t)] if !t.contains('$') => Some((*t).to_owned()),
            [Word::Name(w)] if is_literal(w) => Some((*w).to_owned()),
            _ => None,
        };
        let from = resolve(&sources(value), &own);
        script.sets.push(Set { variable: variable.to_owned(), constant, from });
    }
    script
}

/// The scripts and calls that an element runs, as far as the model has them: its own, its listeners', its expression.
pub(super) fn of<'a>(node: Element<'a, '_>) -> Vec<&'a str> {
    let mut found: Vec<&str> = xml::child(node, "script").map(xml::text).into_iter().collect();
    found.extend(xml::vendor(node, "expression").and_then(connector::called));
    found.extend(field(node));
    for listener in xml::direct(node, "executionListener").chain(xml::direct(node, "taskListener")) {
        found.extend(inline(listener));
        found.extend(listener.attribute("expression").and_then(connector::called));
    }
    found.retain(|t| !t.is_empty());
    found
}

/// The script that stands in a listener.
pub(super) fn inline<'a>(listener: Element<'a, '_>) -> Option<&'a str> {
    let script = listener.children().find(|n| n.tag_name().name() == "script").map(xml::text);
    script.filter(|t| !t.is_empty()).or_else(|| field(listener))
}

/// The script that a class of the engine's or of Alfresco's is given as a field, and runs.
pub(super) fn field<'a>(node: Element<'a, '_>) -> Option<&'a str> {
    let class = node.attribute("class").or_else(|| xml::vendor(node, "class"))?;
    let runs = ["ScriptTaskListener", "ScriptExecutionListener", "AlfrescoScriptDelegate"];
    if !runs.iter().any(|r| class.ends_with(r)) {
        return None;
    }
    let fields = node.children().filter(|n| n.is_element()).flat_map(|n| {
        let own = (n.tag_name().name() == "field").then_some(n);
        own.into_iter().chain(n.children().filter(|c| c.tag_name().name() == "field"))
    });
    let script = fields.into_iter().find(|f| f.attribute("name") == Some("script"))?;
    let inner = script.children().find(|n| n.is_element()).map(xml::text);
    script.attribute("stringValue").or(inner)
}

/// Whether a script may set variables that its text does not name.
pub(super) fn hides(text: &str) -> bool {
    let calls = ["setVariable(", "setVariableLocal("];
    let spliced = calls
        .iter()
        .flat_map(|c| text.match_indices(c))
        .any(|(at, call)| !text[at + call.len()..].trim_start().starts_with(['"', '\'']));
    spliced || text.contains("setVariables") || text.len() > MAX_TEXT
}

fn is_literal(word: &str) -> bool {
    matches!(word, "true" | "false") || word.bytes().all(|b| b.is_ascii_digit())
}

/// The words of a script, without comments; what is spliced into a text stands after it.
fn words(text: &str) -> Vec<Word<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if found.len() > MAX_WORDS {
            break;
        }
        let len = match c {
            '\n' | ';' => {
                found.push(Word::End);
                1
            }
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |at| at + 2),
            '"' | '\'' | '`' => quoted(rest, c, &mut found),
            c if is_name(c) => {
                let len = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
                found.push(Word::Name(&rest[..len]));
                len
            }
            c if c.is_whitespace() => c.len_utf8(),
            _ => {
                let two = ["==", "!=", "<=", ">=", "=~", "=>", "->", "&&", "||", "?.", "?:"];
                let len = two.iter().find(|s| rest.starts_with(**s)).map_or(c.len_utf8(), |s| s.len());
                found.push(Word::Sign(&rest[..len]));
                len
            }
        };
        rest = &rest[len..];
    }
    found
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// A text in quotes, and the names in its `${…}`; how long it is.
fn quoted<'t>(rest: &'t str, quote: char, found: &mut Vec<Word<'t>>) -> usize {
    let mut escaped = false;
    let end = rest.char_indices().skip(1).take(MAX_QUOTED).find(|(_, c)| {
        let closes = *c == quote && !escaped;
        escaped = *c == '\\' && !escaped;
        closes
    });
    let Some((end, _)) = end else { return 1 };
    let inner = &rest[1..end];
    found.push(Word::Text(inner));
    if quote != '\'' {
        for hole in inner.split("${").skip(1).filter_map(|t| t.split_once('}')).map(|(hole, _)| hole) {
            found.push(Word::Sign("+"));
            found.extend(words(hole).into_iter().filter(|w| *w != Word::End));
        }
    }
    end + 1
}

/// Words up to the end of a line, or to where an open bracket closes.
fn statements<'t>(words: &[Word<'t>]) -> Vec<Vec<Word<'t>>> {
    let (mut all, mut current, mut depth) = (Vec::new(), Vec::new(), 0_u32);
    for word in words {
        match word {
            Word::Sign("(" | "[") => depth += 1,
            Word::Sign(")" | "]") => depth = depth.saturating_sub(1),
            _ => {}
        }
        if *word != Word::End {
            current.push(*word);
        } else if depth == 0 && !current.is_empty() {
            all.push(std::mem::take(&mut current));
        }
    }
    all.push(current);
    all
}

/// What names of a statement's own come from: `name = …`, `name.field = …`, `name.put(…)`, `for (name in …)`, `… { name -> … }`.
fn define<'t>(statement: &[Word<'t>], own: &mut HashMap<&'t str, Vec<From<'t>>>) {
    let at = |sign: &str| statement.iter().position(|w| *w == Word::Sign(sign));
    let mut add = |name: &'t str, from: Vec<From<'t>>| own.entry(name).or_default().extend(from);
    if let Some(equals) = at("=") {
        let (left, right) = (&statement[..equals], &statement[equals + 1..]);
        let chained = left.iter().any(|w| matches!(w, Word::Sign("." | "[" | "(")));
        match (chained, left.first(), left.last()) {
            (false, _, Some(Word::Name(name))) => add(name, sources(right)),
            (true, Some(Word::Name(name)), _) if !is_engine(name) => add(name, sources(right)),
            _ => {}
        }
    }
    if let [Word::Name(name), Word::Sign("."), Word::Name(_), Word::Sign("("), given @ ..] = statement
        && !is_engine(name)
    {
        add(name, sources(given));
    }
    for arrow in ["->", "=>"].into_iter().filter_map(at) {
        if let Some(Word::Name(name)) = statement[..arrow].iter().rev().find(|w| matches!(w, Word::Name(_))) {
            let before = statement[..arrow].iter().position(|w| *w == Word::Name(name)).unwrap_or_default();
            add(name, sources(&statement[..before]));
        }
    }
    if statement.first() == Some(&Word::Name("for")) {
        let among = |w: &Word<'_>| matches!(w, Word::Name("in" | "of") | Word::Sign(":"));
        if let Some(of) = statement.iter().position(among)
            && let Some(Word::Name(name)) = statement[..of].last()
        {
            add(name, sources(up_to_close(&statement[of + 1..])));
        }
    }
}

/// The words up to the parenthesis that closes the one before them.
fn up_to_close<'s, 't>(words: &'s [Word<'t>]) -> &'s [Word<'t>] {
    let mut depth = 1_u32;
    let closes = words.iter().position(|w| {
        match w {
            Word::Sign("(") => depth += 1,
            Word::Sign(")") => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    &words[..closes.unwrap_or(words.len())]
}

/// What words take their value from.
fn sources<'t>(words: &[Word<'t>]) -> Vec<From<'t>> {
    let mut found = Vec::new();
    for (i, word) in words.iter().enumerate() {
        let Word::Name(name) = word else { continue };
        let (before, after) = (i.checked_sub(1).map(|b| words[b]), words.get(i + 1));
        if name.starts_with("getVariable")
            && let (Some(Word::Sign("(")), Some(Word::Text(variable))) = (after, words.get(i + 2))
        {
            found.push(From::Process(variable));
            continue;
        }
        let key =
            after == Some(&Word::Sign(":")) && matches!(before, Some(Word::Sign("[" | "," | "{" | "(")));
        let member = matches!(before, Some(Word::Sign("." | "?.")));
        let called = after == Some(&Word::Sign("("));
        let variable = name.starts_with(|c: char| c.is_lowercase() || c == '_') && !is_word(name);
        if variable && !key && !member && !called {
            found.push(From::Name(name));
        }
    }
    found
}

/// `execution.setVariable("name", value)`: the name and the words of the value.
fn sets<'s, 't>(words: &'s [Word<'t>]) -> Vec<(&'t str, &'s [Word<'t>])> {
    let mut found = Vec::new();
    for i in 0..words.len() {
        let [Word::Name(call), Word::Sign("("), Word::Text(variable), Word::Sign(","), value @ ..] =
            &words[i..]
        else {
            continue;
        };
        if !matches!(*call, "setVariable" | "setVariableLocal") {
            continue;
        }
        found.push((*variable, up_to_close(value)));
    }
    found
}

/// The variables of the process that sources come from, through the script's own.
fn resolve(sources: &[From<'_>], own: &HashMap<&str, Vec<From<'_>>>) -> Vec<String> {
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    let mut work: Vec<From<'_>> = sources.to_vec();
    while let Some(from) = work.pop() {
        if seen.len() > MAX_FOLLOWED || !seen.insert(from.clone()) {
            continue;
        }
        match (
            &from,
            own.get(match &from {
                From::Name(n) | From::Process(n) => n,
            }),
        ) {
            (From::Name(_), Some(more)) => work.extend(more.iter().cloned()),
            (From::Name(name) | From::Process(name), _) => found.push((*name).to_owned()),
        }
    }
    found.sort();
    found.dedup();
    found
}

/// What engines hand to a script besides the process's variables.
fn is_engine(name: &str) -> bool {
    matches!(name, "execution" | "task" | "kcontext" | "runtime" | "connector" | "bpmn" | "this")
}

/// Words of the languages, and what engines and hosts hand to a script.
fn is_word(name: &str) -> bool {
    const WORDS: [&str; 44] = [
        "def",
        "var",
        "let",
        "const",
        "final",
        "new",
        "if",
        "else",
        "for",
        "while",
        "do",
        "in",
        "of",
        "as",
        "return",
        "try",
        "catch",
        "finally",
        "throw",
        "true",
        "false",
        "null",
        "undefined",
        "import",
        "static",
        "instanceof",
        "switch",
        "case",
        "default",
        "break",
        "continue",
        "function",
        "class",
        "it",
        "out",
        "log",
        "logger",
        "println",
        "print",
        "java",
        "javax",
        "org",
        "com",
        "console",
    ];
    is_engine(name) || WORDS.contains(&name) || matches!(name, "int" | "boolean" | "long" | "double" | "void")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(script: &Script, name: &str) -> Vec<String> {
        script.names.iter().find(|(n, _)| n == name).map(|(_, f)| f.clone()).unwrap_or_default()
    }

    #[test]
    fn names_come_from_variables_of_the_process() {
        let script = read(
            "def who = execution.getVariable('userId')\n\
             def target = \"managed/user/${who}\" // not 'other'\n\
             payload = [:]\n\
             payload.put('mail', mailAddress)\n\
             for (group in groups) { service.join(who, group) }\n\
             roles.each { role -> service.add(target, role) }",
        );
        assert_eq!(from(&script, "who"), ["userId"]);
        assert_eq!(from(&script, "target"), ["userId"]);
        assert_eq!(from(&script, "payload"), ["mailAddress"]);
        assert_eq!(from(&script, "group"), ["groups"]);
        assert_eq!(from(&script, "role"), ["roles"]);
        assert_eq!(from(&script, "userId"), ["userId"]);
        assert!(from(&script, "other").is_empty());
    }

    #[test]
    fn what_is_set_is_a_constant_or_comes_from_somewhere() {
        let script = read(
            "var user = JSON.parse(response);\n\
             execution.setVariable(\"approved\", true); execution.setVariable('id', user.id + '@' + domain)",
        );
        let set = |i: usize| (script.sets[i].variable.as_str(), script.sets[i].constant.as_deref());
        assert_eq!(set(0), ("approved", Some("true")));
        assert_eq!(set(1), ("id", None));
        assert_eq!(script.sets[1].from, ["domain", "response"]);
    }

    #[test]
    fn odd_scripts_do_no_harm() {
        assert_eq!(read(""), Script::default());
        for odd in ["\"", "((((", "a = a\nb = a\na = b", "x.setVariable(", "'${", "ä = ö -> ü", "`${`", "/*"]
        {
            read(&odd.repeat(3000));
        }
        assert!(hides("execution.setVariable(name, 1)") && hides("execution.setVariables(all)"));
        assert!(!hides("execution.setVariable('name', 1)"));
    }
}
