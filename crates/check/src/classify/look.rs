//! Places and conditions of the catalogue, looked up in a step.

use super::code::Call;
use super::resolve::Resolver;
use super::url::Url;
use crate::catalogue::glob;
use std::borrow::Cow;
use workflow::{Step, Value};

/// What a condition comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    /// It does not hold.
    No,
    /// It depends on the run.
    Maybe,
    /// It holds.
    Yes,
}

/// Where the places of an entry are looked up.
pub struct Scene<'w> {
    /// The step.
    pub step: &'w Step,
    /// Follows references.
    pub resolver: &'w Resolver<'w>,
    /// The request's URL, where there is one.
    pub url: Option<&'w Url>,
    /// The names of the matched path template.
    pub names: &'w [(String, usize)],
    /// The command, where one was found in code.
    pub call: Option<&'w Call>,
}

impl Scene<'_> {
    /// The values at a place; whether some may be there that are not known (an unknown body).
    #[must_use]
    pub fn values(&self, place: &str) -> (Vec<Value>, bool) {
        let (root, name) = place.split_once('.').unwrap_or((place, ""));
        if let Some(text) = place.strip_prefix("const:") {
            return (vec![Value::text(text)], false);
        }
        let root_name = root.trim_end_matches("[]");
        let request = self.step.request.as_ref();
        match root_name {
            "path" => (self.path(name), false),
            "query" => {
                let own = self.url.into_iter().flat_map(|u| u.query.iter());
                let found: Vec<Value> = own.filter(|(k, _)| same(k, name)).map(|(_, v)| v.clone()).collect();
                if found.is_empty() {
                    self.inside(request.map(|r| &r.query), root, name)
                } else {
                    (found, false)
                }
            }
            "header" => self.inside(request.map(|r| &r.headers), root, name),
            "body" => self.inside(request.map(|r| &r.body), root, name),
            "param" => self.inside(Some(&self.step.parameters), root, name),
            "arg" => self.argument(name),
            _ => (Vec::new(), false),
        }
    }

    /// What stands at a name of the path, or at an argument of a segment that is a call (`assignment.principalid`).
    fn path(&self, name: &str) -> Vec<Value> {
        if let Some((segment, argument)) = name.split_once('.') {
            let calls = self.path(segment);
            return calls.iter().filter_map(|c| super::url::argument(c, argument, self.resolver)).collect();
        }
        let at = self.names.iter().filter(|(n, _)| n.trim_end_matches("...") == name).map(|(_, i)| *i);
        at.filter_map(|i| self.url.and_then(|u| u.segments.get(i)).cloned()).collect()
    }

    fn argument(&self, name: &str) -> (Vec<Value>, bool) {
        let Some(call) = self.call else { return (Vec::new(), false) };
        let given = call.argument(name);
        // What is there is known, however the rest is given.
        let hidden = call.opaque_arguments && given.is_empty();
        (given, hidden)
    }

    fn inside(&self, start: Option<&Value>, root: &str, name: &str) -> (Vec<Value>, bool) {
        let mut found = Vec::new();
        let mut unknown = false;
        if let Some(start) = start {
            let path = if root.ends_with("[]") { format!("[].{name}") } else { name.to_owned() };
            let keys = keys(&path);
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            self.descend(start, &keys, &mut found, &mut unknown);
        }
        (found, unknown)
    }

    fn descend(&self, value: &Value, keys: &[&str], found: &mut Vec<Value>, unknown: &mut bool) {
        // A reference is followed only where the step's own value says nothing; its resolution is a copy.
        let resolved = match value {
            Value::Expr(_) => Cow::Owned(self.resolve(value)),
            plain => Cow::Borrowed(plain),
        };
        let Some((key, rest)) = keys.split_first() else {
            if !matches!(*resolved, Value::Null) {
                found.push(resolved.into_owned());
            }
            return;
        };
        let (key, list) = key.strip_suffix("[]").map_or((*key, false), |k| (k, true));
        match &*resolved {
            Value::Expr(_) => *unknown = true,
            Value::List(items) if key.is_empty() || !list => {
                let keys = if key.is_empty() { rest } else { keys };
                items.iter().for_each(|item| self.descend(item, keys, found, unknown));
            }
            _ if key.is_empty() => self.descend(&resolved, rest, found, unknown),
            Value::Map(map) => {
                for entry in map.0.iter().filter(|e| same(&e.key, key)) {
                    match &entry.value {
                        Value::List(items) if list => {
                            items.iter().for_each(|i| self.descend(i, rest, found, unknown))
                        }
                        value => self.descend(value, rest, found, unknown),
                    }
                }
            }
            _ => {}
        }
    }

    fn resolve(&self, value: &Value) -> Value {
        let Value::Expr(e) = value else { return value.clone() };
        let workflow::Term::Ref(_) = e.term else { return value.clone() };
        self.resolver.follow(value)
    }

    /// The first place at which something stands.
    #[must_use]
    pub fn first(&self, places: &[&str]) -> Vec<Value> {
        places.iter().map(|p| self.values(p).0).find(|v| !v.is_empty()).unwrap_or_default()
    }

    /// Whom a step acts on by an entry's places. Google SecOps runs an action for each entity in the step's scope where no
    /// parameter says whom, or where it is told to do so besides.
    #[must_use]
    pub fn whom(&self, places: &[&str], changes: bool) -> Vec<Value> {
        let mut found = self.first(places);
        let scope = self.step.parameters.get("SelectedScopeName");
        let besides = self.step.parameters.get("Also Run On Scope").as_bool() == Some(true);
        if !scope.is_empty() && (changes || !places.is_empty()) && (found.is_empty() || besides) {
            found.push(scope.clone());
        }
        found
    }

    /// Whether a condition holds: tests joined by ` and `. Those of one list (`body[].path`) are of the same element.
    #[must_use]
    pub fn holds(&self, when: &str) -> Truth {
        let tests: Vec<&str> = when.split(" and ").map(str::trim).collect();
        let list = |test: &str| Some(test.split_once("[]")?.0.to_owned()).filter(|list| !list.contains(' '));
        let each = tests.iter().map(|test| match list(test) {
            Some(list) if tests.len() > 1 => self.element(&list, &tests),
            _ => self.test(test, None),
        });
        each.min().unwrap_or(Truth::Yes)
    }

    /// Whether all tests of a list hold for one of its elements.
    fn element(&self, list: &str, tests: &[&str]) -> Truth {
        let (elements, unknown) = self.values(&format!("{list}[]"));
        let of_list = || tests.iter().filter_map(|t| t.strip_prefix(list)?.strip_prefix("[]"));
        if elements.is_empty() {
            let whole = of_list().map(|test| self.test(&format!("{list}[]{test}"), None));
            return whole.min().unwrap_or(Truth::Yes);
        }
        let all = |element| of_list().map(|test| self.test(test, Some(element))).min();
        let best = elements.iter().filter_map(all).max().unwrap_or(Truth::Yes);
        if unknown { best.max(Truth::Maybe) } else { best }
    }

    /// A test of a place of the step, or of an element of a list.
    fn test(&self, test: &str, element: Option<&Value>) -> Truth {
        let values = |place: &str| match element {
            Some(element) => self.inside(Some(element), "", place.trim()),
            None => self.values(place.trim()),
        };
        for (operator, compare) in OPERATORS {
            if let Some((place, literal)) = test.split_once(operator) {
                let (values, unknown) = values(place);
                return verdict(
                    &values,
                    unknown,
                    |text| compare(literal.trim(), text),
                    matches!(*operator, " != " | " not in "),
                );
            }
        }
        let (values, unknown) = values(test);
        verdict(&values, unknown, |_| true, false)
    }
}

/// The keys of a place's path; OData's marks belong to their key (`members@odata.bind`).
fn keys(path: &str) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for key in path.split('.').filter(|k| !k.is_empty()) {
        match keys.last_mut().filter(|k| k.ends_with("@odata")) {
            Some(mark) => mark.extend([".", key]),
            None => keys.push(key.to_owned()),
        }
    }
    keys
}

type Compare = fn(&str, &str) -> bool;

const OPERATORS: &[(&str, Compare)] = &[
    (" == ", |literal, text| bare(literal).eq_ignore_ascii_case(text)),
    (" != ", |literal, text| !bare(literal).eq_ignore_ascii_case(text)),
    (" ~ ", |literal, text| glob(&bare(literal).to_ascii_lowercase(), &text.to_ascii_lowercase())),
    (" not in ", |literal, text| !is_one_of(literal, text)),
    (" in ", is_one_of),
];

fn is_one_of(literal: &str, text: &str) -> bool {
    let items = literal.trim_start_matches('[').trim_end_matches(']').split(',');
    items.map(str::trim).any(|i| bare(i).eq_ignore_ascii_case(text))
}

/// `absent` is the answer's other side: `!=` and `not in` also hold where nothing stands.
fn verdict(values: &[Value], unknown: bool, test: impl Fn(&str) -> bool, absent: bool) -> Truth {
    let each = values.iter().map(|value| match scalar(value) {
        Some(text) if test(&text) => Truth::Yes,
        Some(_) => Truth::No,
        None if matches!(value, Value::Expr(_)) => Truth::Maybe,
        None if test("") => Truth::Yes,
        None => Truth::No,
    });
    let nothing = if absent { Truth::Yes } else { Truth::No };
    let known = each.max().unwrap_or(if unknown { Truth::Maybe } else { nothing });
    if unknown { known.max(Truth::Maybe) } else { known }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Text(t) | Value::Number(t) => Some(t.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

fn bare(literal: &str) -> &str {
    let literal = literal.trim();
    let inner = |q: char| literal.strip_prefix(q).and_then(|l| l.strip_suffix(q));
    inner('"').or_else(|| inner('\'')).unwrap_or(literal)
}

fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

#[cfg(test)]
mod tests {
    use crate::classify::tests::{map, reference, request};
    use crate::classify::{Kind, Truth, resolve::Resolver};
    use workflow::{Platform, Value, Workflow};

    fn patch(path: &str, value: Value) -> Value {
        map(vec![("op", Value::text("replace")), ("path", Value::text(path)), ("value", value)])
    }

    #[test]
    fn tests_of_one_list_are_of_the_same_element() {
        let workflow = Workflow::new(Platform::NodeRed, "w", "w.json");
        let resolver = Resolver::new(&workflow);
        let off = r#"body[].path == "/IsSuspended" and body[].value == false"#;
        let holds = |items: Vec<Value>| {
            let step = request("PATCH", Value::text("https://a.test/"), Value::List(items));
            let scene = super::Scene { step: &step, resolver: &resolver, url: None, names: &[], call: None };
            scene.holds(off)
        };
        let (no, yes) = (Value::Bool(false), Value::Bool(true));
        assert_eq!(
            holds(vec![patch("/Name", Value::text("x")), patch("/IsSuspended", no.clone())]),
            Truth::Yes
        );
        assert_eq!(holds(vec![patch("/Hidden", no), patch("/IsSuspended", yes)]), Truth::No);
        assert_eq!(holds(vec![patch("/IsSuspended", reference("off"))]), Truth::Maybe);
        assert_eq!(holds(vec![reference("one")]), Truth::Maybe);
        assert_eq!(holds(Vec::new()), Truth::No);
    }

    #[test]
    fn who_is_let_in_again_is_enabled() {
        let of = |value: bool| {
            let body = Value::List(vec![patch("/IsSuspended", Value::Bool(value))]);
            let mut step = request("PATCH", Value::text("/visitors/7"), body);
            step.connector = "2nac-rest-api".into();
            step.operation = "PATCH".into();
            step.request.iter_mut().for_each(|r| r.governed = true);
            let judged = crate::classify::tests::judged(Platform::NodeRed, step);
            judged.effects.iter().map(|e| e.kind).collect::<Vec<_>>()
        };
        assert_eq!((of(false), of(true)), (vec![Kind::Enable], vec![Kind::Disable]));
    }
}
