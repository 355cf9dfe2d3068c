//! What code in Splunk SOAR asks of the platform itself: actions by their names (`phantom.act("block ip", parameters=…,
//! assets=[…])`) and its own records.

use regex::{Captures, Regex};
use std::borrow::Cow;
use std::sync::OnceLock;

/// The actions that a Python text runs by names that stand there, and the text without these calls. An action whose
/// name is computed stays in the text.
#[must_use]
pub fn run(text: &str) -> (Vec<String>, Cow<'_, str>) {
    static ACT: OnceLock<Option<Regex>> = OnceLock::new();
    let source = r#"(?-u:\b)phantom\.act\s*\(\s*(?:action\s*=\s*)?(?:"([a-z][a-z0-9 _-]*)"|'([a-z][a-z0-9 _-]*)')\s*[,)]"#;
    let Some(regex) = ACT.get_or_init(|| Regex::new(source).ok()).as_ref() else {
        return (Vec::new(), Cow::Borrowed(text));
    };
    let mut names = Vec::new();
    let without = regex.replace_all(text, |found: &Captures<'_>| {
        let name = found.get(1).or_else(|| found.get(2)).map_or("", |m| m.as_str());
        names.push(name.to_owned());
        "phantom.debug("
    });
    (names, without)
}

/// The text without requests that only read the platform's own records, and whether there are any: a `GET` at an address that
/// `build_phantom_rest_url` makes, in place or in a variable that holds nothing else.
/// Source: <https://help.splunk.com/en/splunk-soar/soar-cloud/python-playbook-api-reference/automation-api/session-automation-api>
#[must_use]
pub fn own_reads(text: &str) -> (bool, Cow<'_, str>) {
    static READ: OnceLock<Option<Regex>> = OnceLock::new();
    let source = r"(?-u:\b)phantom\.requests\.get\s*(\(\s*(?:ur[il]\s*=\s*)?(?:phantom\.build_phantom_rest_url\s*\(|([A-Za-z_]\w*)\s*[,)]))";
    let Some(regex) = READ.get_or_init(|| Regex::new(source).ok()).as_ref() else {
        return (false, Cow::Borrowed(text));
    };
    let mut some = false;
    let without = regex.replace_all(text, |found: &Captures<'_>| {
        let own = found.get(2).is_none_or(|name| is_own_address(text, name.as_str()));
        some |= own;
        let call = if own { "phantom.debug" } else { "phantom.requests.get" };
        format!("{call}{}", &found[1])
    });
    (some, without)
}

/// Whether a variable is only ever given an address of the platform's own.
fn is_own_address(text: &str, name: &str) -> bool {
    let given = |line: &'_ str| -> Option<bool> {
        let value = line.trim().strip_prefix(name)?.trim_start().strip_prefix('=')?;
        (!value.starts_with('=')).then(|| value.trim_start().starts_with("phantom.build_phantom_rest_url("))
    };
    let mut all = text.lines().filter_map(given).peekable();
    all.peek().is_some() && all.all(|own| own)
}

#[cfg(test)]
mod tests {
    use super::{own_reads, run};

    #[test]
    fn an_action_is_run_by_a_name_that_stands_there() {
        let (names, left) = run("phantom.act('block ip', parameters=p)\nphantom.act( action=\"list users\")");
        assert_eq!(names, ["block ip", "list users"]);
        assert!(!left.contains("phantom.act"));
        let (names, left) = run("phantom.act(action, parameters=p)\nphantom.act('block ' + what)");
        assert_eq!((names.len(), left.matches("phantom.act").count()), (0, 2));
    }

    #[test]
    fn a_get_at_the_platforms_own_address_only_reads() {
        let (read, left) = own_reads("phantom.requests.get(phantom.build_phantom_rest_url('ph_user', 3))");
        assert!(read && !left.contains("requests"));
        let kept = "url = phantom.build_phantom_rest_url('container', n)\nx = phantom.requests.get(url, verify=False)";
        assert!(own_reads(kept).0);
        assert!(!own_reads(&format!("{kept}\nurl = 'https://x.test'")).0);
        assert!(!own_reads("phantom.requests.get(url)").0);
        let (_, left) = own_reads("phantom.requests.post(phantom.build_phantom_rest_url('ph_user'), json=u)");
        assert!(left.contains("phantom.requests.post"));
    }
}
