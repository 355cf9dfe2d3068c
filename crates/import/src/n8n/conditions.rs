//! Conditions that n8n writes as data: those of IF, Filter and Switch, in the old form (lists by type) and the new
//! (`leftValue`, `operator`, `rightValue`).

use super::value::{condition, term};
use workflow::{Entry, Expression, Function, Term, Text, Value};

/// An operator applied to two operands, by n8n's name of it; `ignore_case` for texts.
fn applied(operation: &str, kind: &str, left: Term, right: Term, ignore_case: bool) -> Term {
    let (positive, negated) = positive(operation);
    let not = |term| if negated { Term::Call(Function::Not, vec![term]) } else { term };
    let function = match positive {
        "exists" => return not(Term::Call(Function::Present, vec![left])),
        "empty" | "isEmpty" => return not(Term::Call(Function::Empty, vec![left])),
        "true" => return Term::Call(Function::Equals, vec![left, Term::Bool(true)]),
        "false" => return Term::Call(Function::Equals, vec![left, Term::Bool(false)]),
        "equals" | "equal" if ignore_case && kind == "string" => Function::EqualsIgnoreCase,
        "equals" | "equal" => Function::Equals,
        "contains" => Function::Contains,
        "startsWith" => Function::StartsWith,
        "endsWith" => Function::EndsWith,
        "regex" => Function::Matches,
        "gt" | "larger" | "after" => Function::Greater,
        "gte" | "largerEqual" | "afterOrEquals" => Function::GreaterOrEquals,
        "lt" | "smaller" | "before" => Function::Less,
        "lte" | "smallerEqual" | "beforeOrEquals" => Function::LessOrEquals,
        length if length.starts_with("length") => {
            let bare = length.trim_start_matches("length");
            let comparison =
                format!("{}{}", bare[..1.min(bare.len())].to_lowercase(), bare.get(1..).unwrap_or(""));
            let left = Term::Call(Function::Length, vec![left]);
            return if comparison.starts_with("length") {
                unknown(&[left, right])
            } else {
                not(applied(&comparison, "number", left, right, false))
            };
        }
        _ => return unknown(&[left, right]),
    };
    let lower = |term| if ignore_case { lowered(term) } else { term };
    let operands = match function {
        Function::Contains | Function::StartsWith | Function::EndsWith if kind == "string" => {
            vec![lower(left), lower(right)]
        }
        _ => vec![left, right],
    };
    not(Term::Call(function, operands))
}

fn lowered(term: Term) -> Term {
    match term {
        Term::Text(text) => Term::Text(text.to_lowercase()),
        term => Term::Call(Function::Lower, vec![term]),
    }
}

/// The operator without its negation.
fn positive(operation: &str) -> (&str, bool) {
    match operation {
        "notEqual" => ("equal", true),
        "notEquals" => ("equals", true),
        "notExists" => ("exists", true),
        "notEmpty" | "isNotEmpty" => ("empty", true),
        "notContains" => ("contains", true),
        "notStartsWith" => ("startsWith", true),
        "notEndsWith" => ("endsWith", true),
        "notRegex" => ("regex", true),
        "lengthNotEquals" => ("lengthEquals", true),
        operation => (operation, false),
    }
}

/// Not understood: what the operands refer to.
fn unknown(operands: &[Term]) -> Term {
    Term::Unknown(operands.iter().flat_map(Term::references).cloned().collect())
}

fn all_or_any(any: bool, mut terms: Vec<Term>) -> Term {
    match terms.len() {
        0 => Term::Unknown(Vec::new()),
        1 => terms.swap_remove(0),
        _ => Term::Call(if any { Function::Or } else { Function::And }, terms),
    }
}

/// A set of conditions in either form, as one term.
pub(super) fn parsed(parameters: &Value, ignore_case: bool) -> Term {
    let conditions = parameters.get("conditions");
    match conditions.get("conditions") {
        Value::List(list) => modern(conditions, list, ignore_case),
        _ => classic(conditions, parameters),
    }
}

fn modern(conditions: &Value, list: &[Value], ignore_case: bool) -> Term {
    let any = conditions.get("combinator").as_text() == Some("or");
    let ignore_case = ignore_case || conditions.at("options.caseSensitive").as_bool() == Some(false);
    let one = |c: &Value| {
        let operator = c.get("operator");
        let operation = operator.get("operation").as_text().unwrap_or("equals");
        let kind = operator.get("type").as_text().unwrap_or("string");
        let (left, right) = (term(c.get("leftValue").clone()), term(c.get("rightValue").clone()));
        applied(operation, kind, left, right, ignore_case)
    };
    all_or_any(any, list.iter().map(one).collect())
}

/// `{"string": [{"value1": …, "operation": …, "value2": …}], "number": […]}`.
fn classic(conditions: &Value, parameters: &Value) -> Term {
    let combine = ["combineOperation", "combineConditions"].iter().find_map(|k| parameters.get(k).as_text());
    let any = matches!(combine, Some("any" | "OR"));
    let of_kind = |entry: &Entry| {
        let kind = entry.key.clone();
        entry.value.items().iter().map(|rule| classic_rule(&kind, rule, "value1")).collect::<Vec<_>>()
    };
    // By kind: the order in which an object is written says nothing.
    let mut kinds: Vec<&Entry> = conditions.entries().iter().collect();
    kinds.sort_by(|a, b| a.key.cmp(&b.key));
    all_or_any(any, kinds.into_iter().flat_map(of_kind).collect())
}

fn classic_rule(kind: &str, rule: &Value, left: &str) -> Term {
    let left = default_operand(kind, rule.get(left));
    classic_applied(kind, left, rule)
}

fn classic_applied(kind: &str, left: Term, rule: &Value) -> Term {
    let usual = match kind {
        "number" => "smaller",
        "dateTime" => "after",
        _ => "equal",
    };
    let operation = match rule.get("operation") {
        Value::Null => usual,
        value => value.as_text().unwrap_or("?"),
    };
    applied(operation, kind, left, default_operand(kind, rule.get("value2")), false)
}

/// An operand with the default of its type where it is left out.
fn default_operand(kind: &str, value: &Value) -> Term {
    match (kind, value) {
        ("boolean", Value::Null) => Term::Bool(false),
        ("number", Value::Null) => Term::Number("0".into()),
        ("string", Value::Null) => Term::Text(Text::default()),
        (_, value) => term(value.clone()),
    }
}

/// A node with more rules than this has outputs whose conditions are unknown.
const MOST_RULES: usize = 2000;

/// What the outputs of a branching node stand for.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Outputs {
    /// For each output, sorted by number: its name and the condition under which items leave by it.
    pub(super) cases: Vec<(u32, Text, Expression)>,
    /// The output for items that fulfil no condition.
    pub(super) otherwise: Option<(u32, Text)>,
    /// How many outputs there are besides that for errors.
    pub(super) count: u32,
    /// The output that a failed item leaves by where the node goes on after errors.
    pub(super) failed: Option<u32>,
}

/// The outputs of an IF node.
pub(super) fn of_if(parameters: &Value, line: u32) -> Outputs {
    let ignore_case = parameters.at("options.ignoreCase").as_bool() == Some(true);
    let holds = condition("conditions", parsed(parameters, ignore_case), line);
    Outputs {
        cases: vec![(0, "true".into(), holds)],
        otherwise: Some((1, "false".into())),
        count: 2,
        failed: Some(1),
    }
}

/// The output of a Filter node.
pub(super) fn of_filter(parameters: &Value, line: u32) -> Outputs {
    let ignore_case = parameters.at("options.ignoreCase").as_bool() == Some(true);
    let holds = condition("conditions", parsed(parameters, ignore_case), line);
    Outputs { cases: vec![(0, "kept".into(), holds)], otherwise: None, count: 1, failed: None }
}

/// The outputs of a Switch node.
pub(super) fn of_switch(parameters: &Value, line: u32) -> Outputs {
    let mut outputs = if parameters.get("mode").as_text() == Some("expression") {
        by_number(parameters, line)
    } else {
        by_rules(parameters, line)
    };
    outputs.failed = Some(0);
    outputs
}

/// An expression gives the number of the output.
fn by_number(parameters: &Value, line: u32) -> Outputs {
    let number = term(parameters.get("output").clone());
    let count = match parameters.get("numberOutputs") {
        Value::Number(n) => n.parse().unwrap_or(4),
        _ => 4,
    };
    let case = |i: u32| {
        let equal = Term::Call(Function::Equals, vec![number.clone(), Term::Number(i.to_string().into())]);
        (i, Text::from(i.to_string()), condition("output", equal, line))
    };
    Outputs { cases: (0..count.min(64)).map(case).collect(), otherwise: None, count, failed: None }
}

fn by_rules(parameters: &Value, line: u32) -> Outputs {
    let rules = match parameters.at("rules.values") {
        Value::List(rules) => rules.as_slice(),
        _ => parameters.at("rules.rules").items(),
    };
    let mut outputs = Outputs::default();
    for (i, rule) in rules.iter().take(MOST_RULES).enumerate() {
        let index = u32::try_from(i).unwrap_or(u32::MAX);
        let output = match rule.get("output") {
            Value::Number(n) => n.parse().unwrap_or(index),
            _ if is_first_version(rule, parameters) => 0,
            _ => index,
        };
        outputs.add(output, rule_name(rule, output), rule_term(rule, parameters), line);
    }
    let classic = parameters.at("rules.rules") != &Value::Null && parameters.get("value1") != &Value::Null;
    let last =
        if classic && rules.iter().all(|r| r.get("outputKey") == &Value::Null) { 4 } else { rules.len() };
    outputs.count = u32::try_from(last).unwrap_or(u32::MAX);
    outputs.fall_back(parameters);
    outputs.cases.sort_by_key(|(output, ..)| *output);
    outputs
}

/// In the first version a rule without `output` leaves by output 0.
fn is_first_version(rule: &Value, parameters: &Value) -> bool {
    rule.get("conditions") == &Value::Null
        && rule.get("outputKey") == &Value::Null
        && parameters.at("rules.values") == &Value::Null
}

fn rule_name(rule: &Value, output: u32) -> Text {
    match rule.get("outputKey").as_text() {
        Some(name) if !name.is_empty() => name.into(),
        _ => Text::from(output.to_string()),
    }
}

fn rule_term(rule: &Value, parameters: &Value) -> Term {
    if rule.get("conditions") != &Value::Null {
        let ignore_case = parameters.at("options.ignoreCase").as_bool() == Some(true);
        return parsed(rule, ignore_case);
    }
    let kind = parameters.get("dataType").as_text().unwrap_or("number");
    let left = default_operand(kind, parameters.get("value1"));
    classic_applied(kind, left, rule)
}

impl Outputs {
    /// The name and condition of an output.
    pub(super) fn case(&self, output: u32) -> Option<(&Text, &Expression)> {
        let ix = self.cases.binary_search_by_key(&output, |(output, ..)| *output).ok()?;
        self.cases.get(ix).map(|(_, name, condition)| (name, condition))
    }

    fn add(&mut self, output: u32, name: Text, term: Term, line: u32) {
        match self.cases.iter_mut().find(|(o, ..)| *o == output) {
            Some((_, _, held)) => {
                let before = std::mem::replace(&mut held.term, Term::Null);
                held.term = Term::Call(Function::Or, vec![before, term]);
            }
            None => self.cases.push((output, name, condition("rule", term, line))),
        }
    }

    /// The output for items that no rule takes: `extra` is one more, a number one of the others.
    fn fall_back(&mut self, parameters: &Value) {
        let said = match parameters.at("options.fallbackOutput") {
            Value::Null => parameters.get("fallbackOutput"),
            said => said,
        };
        let name = parameters.at("options.renameFallbackOutput").as_text().unwrap_or("fallback");
        match said {
            Value::Text(t) if t == "extra" => {
                self.otherwise = Some((self.count, name.into()));
                self.count += 1;
            }
            Value::Number(n) => {
                self.otherwise = n.parse().ok().map(|output| (output, name.into()));
            }
            _ => {}
        }
    }
}
