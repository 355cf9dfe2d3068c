//! What a script of Node-RED does with the things that the installation keeps for all its flows (`global.get('x')`,
//! `context.global.x`): mostly data, but also whole modules, and what these reach is not in the file.

use regex::Regex;
use std::collections::HashSet;
use std::sync::OnceLock;

/// How a kept thing is got; what it is called there.
const GET: &str = r#"(?:context\s*\.\s*)?global\s*\.\s*get\s*\(\s*(?:['"`]([^'"`]*)['"`])?[^()]*\)|context\s*\.\s*global\s*\.\s*([A-Za-z_$][\w$]*)"#;

fn pattern(
    cell: &'static OnceLock<Option<Regex>>,
    source: impl FnOnce() -> String,
) -> Option<&'static Regex> {
    cell.get_or_init(|| Regex::new(&source()).ok()).as_ref()
}

/// Whether a script runs something kept that is neither one of the modules that only shape data nor one of the things that
/// data can do: calls it, makes something of it, or calls a method of its own.
pub(super) fn is_called(text: &str, safe: &[&str]) -> bool {
    if !text.contains("global") {
        return false;
    }
    static AT_ONCE: OnceLock<Option<Regex>> = OnceLock::new();
    static NAMED: OnceLock<Option<Regex>> = OnceLock::new();
    let at_once = pattern(&AT_ONCE, || format!(r"(?:{GET})((?:\s*\??\.\s*[A-Za-z_$][\w$]*)*)\s*\("));
    let named = pattern(&NAMED, || format!(r"(?:([A-Za-z_$][\w$]*)|\{{([^{{}}]*)\}})\s*=\s*(?:{GET})"));
    let (Some(at_once), Some(named)) = (at_once, named) else { return true };
    let key =
        |c: &regex::Captures<'_>, a, b| c.get(a).or_else(|| c.get(b)).map_or("", |m| m.as_str()).to_owned();
    let is_safe = |key: &str| safe.contains(&key);
    // `context.global.get(…)` and `context.global.set(…)` are the store's own.
    let own = |key: &str| matches!(key, "get" | "set" | "keys");
    if at_once.captures_iter(text).any(|c| {
        let (key, chain) = (key(&c, 1, 2), c.get(3).map_or("", |m| m.as_str()));
        !is_safe(&key) && !own(&key) && !is_of_data(chain)
    }) {
        return true;
    }
    let mut names = HashSet::new();
    for c in named.captures_iter(text).filter(|c| !is_safe(&key(c, 3, 4))) {
        names.extend(c.get(1).map(|m| m.as_str()));
        let parts = c.get(2).map_or("", |m| m.as_str()).split(',');
        names.extend(parts.map(|p| p.rsplit(':').next().unwrap_or(p).trim()).filter(|p| !p.is_empty()));
    }
    !names.is_empty() && uses(text, &names)
}

/// Whether something under one of these names is run.
fn uses(text: &str, names: &HashSet<&str>) -> bool {
    static USE: OnceLock<Option<Regex>> = OnceLock::new();
    let source =
        r"(?-u:\b)(new\s+)?([A-Za-z_$][\w$]*)((?:\s*\??\.\s*[A-Za-z_$][\w$]*)*)\s*(\[[^\[\]]*\])?\s*\(";
    let Some(regex) = pattern(&USE, || source.to_owned()) else { return true };
    regex.captures_iter(text).any(|c| {
        let Some(name) = c.get(2) else { return false };
        let chain = c.get(3).map_or("", |m| m.as_str());
        let member = text[..name.start()].ends_with('.');
        let runs = c.get(1).is_some() || c.get(4).is_some() || !is_of_data(chain);
        !member && runs && names.contains(name.as_str())
    })
}

/// Whether a chain of members ends in a method that texts, lists, numbers, dates and the like have.
fn is_of_data(chain: &str) -> bool {
    let last = chain.rsplit('.').next().unwrap_or_default().trim();
    METHODS.split(' ').any(|method| method == last)
}

/// Methods of JavaScript's own data.
const METHODS: &str = "at charAt charCodeAt codePointAt concat endsWith includes indexOf lastIndexOf localeCompare match \
    matchAll normalize padEnd padStart repeat replace replaceAll search slice split startsWith substr \
    substring toLowerCase toUpperCase trim trimEnd trimStart toString valueOf toJSON hasOwnProperty \
    toFixed toPrecision toLocaleString toLocaleDateString toLocaleTimeString toISOString toDateString \
    toTimeString toUTCString getTime getDate getDay getFullYear getHours getMilliseconds getMinutes \
    getMonth getSeconds getTimezoneOffset setDate setFullYear setHours setMinutes setMonth setSeconds \
    setMilliseconds setTime copyWithin entries every fill filter find findIndex findLast flat flatMap \
    forEach join keys map pop push reduce reduceRight reverse shift some sort splice unshift values add \
    clear has get set test";

#[cfg(test)]
mod tests {
    use super::is_called;

    #[test]
    fn what_is_kept_and_run_is_told_from_data() {
        let called = |text| is_called(text, &["moment"]);
        for runs in [
            "const cp = global.get('childProcess'); cp.exec('id');",
            "global.get('exec')(msg.payload.c)",
            "global.get('lib').client.modify(dn, change)",
            "context.global.ldap.modify(dn)",
            "var c = context.global.ldap; c.modify(dn)",
            "const { exec: run, other } = global.get('cp'); run('id')",
            "var k = global.get('kafka'), c = new k.Client({});",
            "let f = global.get('f', 'disk'); f(msg)",
            "let f = global.get('f'); f[name](msg)",
        ] {
            assert!(called(runs), "{runs}");
        }
        for data in [
            "let n = global.get('count') || 0; n.toFixed(2); global.set('count', n + 1);",
            "var list = global.get('list') || []; list.push(msg.payload); list.items.forEach(f);",
            "const m = global.get('moment'); msg.at = m().format();",
            "let a = context.global.get('a'); context.global.set('a', 1);",
            "msg.at = new Date(); foo(msg); bar.exec('x');",
            "msg.list = global.get('list').map(f)",
        ] {
            assert!(!called(data), "{data}");
        }
    }
}
