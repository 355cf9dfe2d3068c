//! Ignores that stand in a definition, in the description or note of a step or workflow or in a comment:
//! `countersign-ignore: RULE reason="…" expires=YYYY-MM-DD`. One without a reason or an expiry hides nothing and is a
//! problem.

use super::model::InlineIgnore;
use crate::date::is_date;
use import::doc::{Doc, Node, decode};
use memchr::memmem;
use workflow::{Problem, Step, Text, Workflow};

const MARKER: &str = "countersign-ignore:";
/// What may open a comment before the marker.
const COMMENTS: [&str; 5] = ["//", "/*", "*", "#", "<!--"];

/// Where a marker stands.
enum Place {
    /// In a text of the document, by the text's structural path.
    Path(Text, u32),
    /// In a comment or in XML, by its line alone.
    Line(u32),
}

/// The ignores of each workflow of a file, and what is wrong with others.
pub fn ignores(path: &str, bytes: &[u8], workflows: &[Workflow]) -> (Vec<Vec<InlineIgnore>>, Vec<Problem>) {
    let mut found = vec![Vec::new(); workflows.len()];
    let mut problems = Vec::new();
    let utf16 = matches!(bytes, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [_, 0, ..] | [0, ..]);
    if workflows.is_empty() || !(utf16 || memmem::find(bytes, MARKER.as_bytes()).is_some()) {
        return (found, problems);
    }
    let Ok((text, _)) = decode(bytes) else { return (found, problems) };
    for (place, words) in markers(&text) {
        let (number, step) = owner(&place, workflows);
        let line = match place {
            Place::Path(_, line) | Place::Line(line) => line,
        };
        match parse(&words) {
            Ok(ignore) => found[number].push(InlineIgnore { step, line, ..ignore }),
            Err(message) => problems.push(Problem { path: path.to_owned(), line, message }),
        }
    }
    (found, problems)
}

/// The markers of a text, each with what follows it.
fn markers(text: &str) -> Vec<(Place, String)> {
    let start = text.trim_start();
    let doc = match start.as_bytes().first() {
        Some(b'<') => None,
        Some(b'{' | b'[' | b'/') => Doc::json(text).ok(),
        _ => Doc::yaml(text).ok(),
    };
    let mut found = Vec::new();
    if let Some(doc) = &doc {
        let mut open = vec![doc.root()];
        while let Some(node) = open.pop() {
            open.extend(node.children());
            found.extend(in_node(node));
        }
        found.reverse();
    }
    for (i, line) in text.lines().enumerate() {
        if let Some((before, after)) = line.split_once(MARKER)
            && (doc.is_none() || COMMENTS.iter().any(|c| before.trim_end().ends_with(c)))
        {
            found.push((Place::Line(u32::try_from(i + 1).unwrap_or(0)), after.to_owned()));
        }
    }
    found
}

fn in_node(node: Node<'_>) -> Vec<(Place, String)> {
    let text = node.as_str().filter(|t| t.contains(MARKER)).unwrap_or_default();
    let lines = text.split(MARKER).skip(1).map(|after| after.lines().next().unwrap_or_default());
    lines.map(|words| (Place::Path(node.path(), node.line()), words.to_owned())).collect()
}

/// The workflow, by number, and the step that a marker is in.
fn owner(place: &Place, workflows: &[Workflow]) -> (usize, Text) {
    let steps =
        workflows.iter().enumerate().flat_map(|(w, workflow)| workflow.own_steps().map(move |s| (w, s)));
    match place {
        Place::Path(path, _) => {
            let around = |s: &Step| s.span.file == 0 && !s.span.path.is_empty() && below(path, &s.span.path);
            let step = steps.filter(|(_, s)| around(s)).max_by_key(|(_, s)| s.span.path.len());
            let whole = workflows.iter().enumerate().filter(|(_, w)| below(path, &w.span.path));
            let whole = whole.max_by_key(|(i, w)| (w.span.path.len(), std::cmp::Reverse(*i)));
            step.map_or_else(|| (whole.map_or(0, |(i, _)| i), Text::default()), |(w, s)| (w, s.id.clone()))
        }
        Place::Line(line) => {
            let step = steps.filter(|(_, s)| s.span.file == 0 && s.span.line > 0 && s.span.line <= line + 1);
            let step = step.max_by_key(|(_, s)| s.span.line);
            let whole = workflows.iter().rposition(|w| w.span.line <= line + 1).unwrap_or(0);
            let step = step.filter(|(w, _)| *w == whole);
            step.map_or_else(|| (whole, Text::default()), |(w, s)| (w, s.id.clone()))
        }
    }
}

/// Whether a structural path is another one or lies below it.
fn below(path: &str, above: &str) -> bool {
    let rest = path.strip_prefix(above);
    rest.is_some_and(|r| above.is_empty() || r.is_empty() || r.starts_with(['.', '[']))
}

/// `RULE reason="…" expires=YYYY-MM-DD`.
fn parse(words: &str) -> Result<InlineIgnore, String> {
    let words = words.replace("\\\"", "\"").replace("&quot;", "\"");
    let words = words.trim_start();
    let end = words.find(|c: char| !(c.is_ascii_lowercase() || c == '-')).unwrap_or(words.len());
    let (rule, mut rest) = words.split_at(end);
    if check::rule(rule).is_none() {
        return Err(format!(
            "an ignore names no rule (`{rule}`): write `{MARKER} RULE reason=\"…\" expires=YYYY-MM-DD`"
        ));
    }
    let (mut reason, mut expires) = (String::new(), String::new());
    loop {
        rest = rest.trim_start();
        if let Some((text, after)) = rest.strip_prefix("reason=\"").and_then(|r| r.split_once('"')) {
            (reason, rest) = (text.trim().to_owned(), after);
        } else if let Some(date) = rest.strip_prefix("expires=") {
            let date = date.trim_start_matches('"');
            let end = date.find(|c: char| !(c.is_ascii_digit() || c == '-')).unwrap_or(date.len());
            (expires, rest) = (date[..end].to_owned(), date[end..].trim_start_matches('"'));
        } else {
            break;
        }
    }
    if reason.is_empty() || !is_date(&expires) {
        let what = if reason.is_empty() {
            "a reason (`reason=\"…\"`)"
        } else {
            "an expiry (`expires=YYYY-MM-DD`)"
        };
        return Err(format!("an ignore of `{rule}` needs {what}: it hides nothing"));
    }
    Ok(InlineIgnore { rule: rule.into(), step: Text::default(), reason, expires, line: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ignore_has_a_rule_a_reason_and_an_expiry() {
        let ignore = parse(" injection reason=\"checked by hand\" expires=2027-01-31 and more").unwrap();
        assert_eq!((ignore.rule.as_str(), ignore.reason.as_str()), ("injection", "checked by hand"));
        assert_eq!(ignore.expires, "2027-01-31");
        let other = parse("injection expires=2027-01-31 reason=\"x\"").unwrap();
        assert_eq!((other.reason.as_str(), other.expires.as_str()), ("x", "2027-01-31"));
    }

    /// Two steps at lines and structural paths.
    fn workflow(steps: [(&str, u32, &str); 2]) -> Workflow {
        let mut workflow = Workflow::new(workflow::Platform::N8n, "w", "w");
        for (id, line, path) in steps {
            let mut step = Step::new(id, id, workflow::StepKind::Action);
            step.span = workflow::Span { file: 0, line, path: path.into() };
            workflow.add(step);
        }
        workflow
    }

    fn steps(text: &str, workflow: Workflow) -> Vec<String> {
        let (found, problems) = ignores("w", text.as_bytes(), &[workflow]);
        assert!(problems.is_empty(), "{problems:?}");
        found[0].iter().map(|i| format!("{}@{}", i.step, i.line)).collect()
    }

    const WORDS: &str = "countersign-ignore: injection reason='r' expires=2027-01-31";

    #[test]
    fn a_note_belongs_to_the_innermost_step_around_it() {
        let words = WORDS.replace('\'', "\\\"");
        let text = format!("{{\"a\": {{\"note\": \"{words}\"}},\n\"b\": {{}},\n\"note\": \"x\\n{words}\"}}");
        let found = steps(&text, workflow([("one", 1, "a"), ("two", 2, "b")]));
        assert_eq!(found, ["one@1", "@3"]);
    }

    #[test]
    fn a_comment_belongs_to_the_step_it_stands_in_or_before() {
        let words = WORDS.replace('\'', "\"");
        let yaml = format!("do:\n  # {words}\n  - one: 1\n  - two: # {words}\n      x: 1\n");
        assert_eq!(steps(&yaml, workflow([("one", 3, "do[0]"), ("two", 4, "do[1]")])), ["one@2", "two@4"]);
        let xml = format!("<a>\n<b>\n<!-- {words} -->\n</b>\n<c/>\n<d/></a>");
        assert_eq!(steps(&xml, workflow([("one", 2, ""), ("two", 6, "")])), ["one@3"]);
        let json = format!("{{\n// {words}\n\"a\": {{}},\n\"b\": {{}}}}");
        assert_eq!(steps(&json, workflow([("one", 3, "a"), ("two", 4, "b")])), ["one@2"]);
    }

    #[test]
    fn an_ignore_without_them_says_what_it_needs() {
        assert!(parse("injection expires=2027-01-31").unwrap_err().contains("a reason"));
        assert!(parse("injection reason=\"x\"").unwrap_err().contains("an expiry"));
        assert!(parse("injection reason=\"x\" expires=soon").unwrap_err().contains("an expiry"));
        assert!(parse("no-such-rule reason=\"x\" expires=2027-01-31").unwrap_err().contains("names no rule"));
    }
}
