//! Actions that code in Splunk SOAR runs by their names: `phantom.act("block ip", parameters=…, assets=[…])`.

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

#[cfg(test)]
mod tests {
    use super::run;

    #[test]
    fn an_action_is_run_by_a_name_that_stands_there() {
        let (names, left) = run("phantom.act('block ip', parameters=p)\nphantom.act( action=\"list users\")");
        assert_eq!(names, ["block ip", "list users"]);
        assert!(!left.contains("phantom.act"));
        let (names, left) = run("phantom.act(action, parameters=p)\nphantom.act('block ' + what)");
        assert_eq!((names.len(), left.matches("phantom.act").count()), (0, 2));
    }
}
