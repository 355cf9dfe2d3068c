//! Groovy and the expressions of process engines that say themselves what they do: every call is one that only shapes data,
//! writes a log or a variable of the run, or one that the catalogue knows.

use super::calls::all;
use super::{best, scan};
use crate::catalogue::Catalogue;
use workflow::CodeLanguage;

/// Longer scripts are not plain.
const MAX_PLAIN: usize = 16 << 10;

/// Methods of texts, lists, maps, dates, loggers and of the run's own variables.
const SHAPING: &[&str] = &[
    "setvariable",
    "setvariablelocal",
    "getvariable",
    "getvariables",
    "hasvariable",
    "info",
    "warn",
    "error",
    "debug",
    "trace",
    "println",
    "print",
    "getlogger",
    "tostring",
    "equals",
    "equalsignorecase",
    "compareto",
    "tolowercase",
    "touppercase",
    "trim",
    "split",
    "tokenize",
    "replace",
    "replaceall",
    "contains",
    "containskey",
    "startswith",
    "endswith",
    "size",
    "isempty",
    "length",
    "substring",
    "indexof",
    "join",
    "collect",
    "find",
    "findall",
    "any",
    "every",
    "sort",
    "unique",
    "first",
    "last",
    "each",
    "eachwithindex",
    "keyset",
    "values",
    "entryset",
    "format",
    "parse",
    "parsetext",
    "tojson",
    "prettyprint",
    "settimezone",
    "gettimezone",
    "gettime",
    "plusdays",
    "minusdays",
    "now",
    "tointeger",
    "tolong",
    "valueof",
    "parseint",
    "hashcode",
    "asboolean",
    "empty",
    "getstring",
    "getint",
    // JavaScript's, and those of the engines' own JSON and of the run.
    "stringify",
    "includes",
    "slice",
    "concat",
    "map",
    "filter",
    "foreach",
    "reduce",
    "charat",
    "tofixed",
    "parsefloat",
    "isnan",
    "toisostring",
    "getfullyear",
    "round",
    "floor",
    "ceil",
    "random",
    "abs",
    "max",
    "min",
    "s",
    "json",
    "prop",
    "hasprop",
    "elements",
    "value",
    "stringvalue",
    "numbervalue",
    "boolvalue",
    "log",
    "plushours",
    "plusminutes",
    "minushours",
    "ofpattern",
    "toinstant",
    "randomuuid",
    "getid",
    "getprocessinstanceid",
    "getprocessdefinitionid",
    "getbusinesskey",
    "getprocessbusinesskey",
    "getcurrentactivityid",
    "getcurrentactivityname",
    "getvariablelocal",
    "removevariable",
    "getassignee",
    "getprocessengineservices",
    "getidentityservice",
    "getauthorizationservice",
    "gettaskservice",
    "getruntimeservice",
];

/// Methods that change what they are called on: harmless on lists and maps that the text itself makes.
const COLLECTING: &[&str] = &["put", "add", "addall", "append", "push", "pop", "remove"];

/// Classes that only hold or format data.
const HOLDERS: &[&str] = &[
    "date",
    "simpledateformat",
    "hashmap",
    "linkedhashmap",
    "treemap",
    "arraylist",
    "hashset",
    "jsonslurper",
    "jsonbuilder",
    "jsonoutput",
    "stringbuilder",
    "jsonarray",
    "jsonobject",
    "bigdecimal",
    "boolean",
    "integer",
    "long",
    "string",
    "illegalargumentexception",
    "illegalstateexception",
    "runtimeexception",
    "bpmnerror",
    "array",
    "object",
    "number",
    "map",
    "set",
    "localdate",
    "localdatetime",
];

/// Words before a parenthesis that are no calls.
const KEYWORDS: &[&str] = &["if", "while", "for", "switch", "catch", "return", "assert", "in", "function"];

/// Whether every call of a text is known; what the catalogue knows of a call may still be that nobody knows.
#[must_use]
pub fn is_plain(catalogue: &'static Catalogue, text: &str) -> bool {
    let text = &without_comments(text).replace("getVariables().get(", "getVariable(");
    let runs =
        [".execute", "evaluate", "Eval.", "&.", "@Grab", "metaClass"].iter().any(|mark| text.contains(mark));
    if text.len() > MAX_PLAIN || runs || text.trim().is_empty() {
        return false;
    }
    let listed = |language, word: &str| !catalogue.commands(language, word).is_empty();
    let calls =
        all(CodeLanguage::Groovy, text, &listed).into_iter().filter(|(l, _)| *l == CodeLanguage::Groovy);
    let known = calls.filter(|(_, c)| best(catalogue, CodeLanguage::Groovy, c).is_some());
    let known: Vec<String> = known.map(|(_, c)| c.name.to_lowercase()).collect();
    let says = |(on, name): (&str, &str)| {
        let (whole, name) = (format!("{on}.{name}").to_lowercase(), name.to_lowercase());
        let shapes = [SHAPING, HOLDERS, KEYWORDS].iter().any(|list| list.contains(&name.as_str()));
        let got = || on.is_empty() && known.iter().any(|k| k.ends_with(&format!("().{name}")));
        shapes
            || known.contains(&whole)
            || got()
            || COLLECTING.contains(&name.as_str()) && is_made_here(text, on)
    };
    calls_of(text).all(says) && !text.lines().any(is_bare_call)
}

/// `groups.add user`: a call may be written without parentheses.
fn is_bare_call(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let (Some(first), Some(second)) = (words.next(), words.next()) else { return false };
    let dotted = first.contains('.')
        && first.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'?'));
    let argument =
        second.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '"' | '\'' | '[' | '$' | '_'));
    dotted && argument && !line.contains('=') && !["in", "as", "instanceof"].contains(&second)
}

/// The names before parentheses, each with the name of what it is called on.
fn calls_of(text: &str) -> impl Iterator<Item = (&str, &str)> {
    memchr::memchr_iter(b'(', text.as_bytes()).filter_map(|at| {
        let before = text[..at].trim_end();
        let name = scan::last_name(before)?;
        let on = before[..before.len() - name.len()].strip_suffix('.').and_then(scan::last_name);
        Some((on.unwrap_or_default(), name))
    })
}

/// A list or map that the text makes.
fn is_made_here(text: &str, name: &str) -> bool {
    let made = |kind: &str| text.contains(&format!("{name} = {kind}"));
    !name.is_empty() && (made("[") || made("new "))
}

/// A text without its comments; what stands in quotes stays.
fn without_comments(text: &str) -> String {
    let lines =
        text.lines().filter(|l| !l.trim_start().starts_with("//") && !l.trim_start().starts_with('*'));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::catalogue;

    #[test]
    fn a_script_of_known_calls_is_plain() {
        let plain = |text| is_plain(catalogue(), text);
        assert!(plain("next = 'b'\nexecution.setVariable('next', next)"));
        assert!(plain("org.slf4j.Logger log = org.slf4j.LoggerFactory.getLogger('x'); log.info('done')"));
        assert!(plain(
            "def found = openidm.query('managed/user', [_queryFilter: 'true'])\nexecution.setVariable('n', found.result.size())"
        ));
        assert!(plain("found = []\nfound.add('a')"));
        assert!(plain(
            "var u = JSON.parse(response); execution.setVariable('n', u.items.map(function (i) { return i.id }))"
        ));
        assert!(!plain("groupService.add('a')"));
        assert!(!plain("groups.grant user"));
        assert!(!plain("openidm.create('managed/user', null, u); accounts.create(u)"));
        assert!(!plain("identityService.save(dto)"));
        assert!(!plain("'rm -rf /'.execute()"));
        assert!(!plain("new URL(address).getText()"));
        assert!(!plain(""));
    }
}
