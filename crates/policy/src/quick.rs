//! The conditions of many policies as one Cedar expression, evaluated at once: a record with a truth value for each policy.
//!
//! Cedar's authorizer makes each policy's condition anew for each request, which takes most of the time of a decision. Here
//! Cedar evaluates the same conditions, and what follows is what Cedar defines: a forbid wins, else a permit allows, and the
//! satisfied policies of the winning kind are the reasons. Where anything fails to evaluate, there is no quick answer, and
//! the authorizer is asked. `agreement_tests` compares the two.

use crate::cedar::Answer;
use cedar_policy::{
    Effect, Entities, EvalResult, Expression, Policy, PrincipalConstraint, Request, ResourceConstraint,
    eval_expression,
};
use std::str::FromStr;

/// The conditions of some policies, as one expression.
#[derive(Debug, Clone)]
pub(crate) struct Quick {
    expression: Expression,
    /// Ids in order, and whether each forbids.
    policies: Vec<(String, bool)>,
}

impl Quick {
    /// The conditions of policies whose scopes hold for every request that is asked; nothing where a scope says more than
    /// the act, or a text is not understood.
    pub fn of<'p>(policies: impl Iterator<Item = &'p Policy>) -> Option<Self> {
        let mut fields = Vec::new();
        let mut ids = Vec::new();
        for policy in policies {
            let open = policy.principal_constraint() == PrincipalConstraint::Any
                && policy.resource_constraint() == ResourceConstraint::Any;
            let condition = open.then(|| conditions(&policy.to_cedar()?)).flatten()?;
            fields.push(format!("{:?}: {condition}", policy.id().to_string()));
            ids.push((policy.id().to_string(), policy.effect() == Effect::Forbid));
        }
        ids.sort();
        let expression = Expression::from_str(&format!("{{{}}}", fields.join(", "))).ok()?;
        Some(Quick { expression, policies: ids })
    }

    /// The answer; nothing where any condition fails to evaluate.
    pub fn answer(&self, request: &Request, entities: &Entities) -> Option<Answer> {
        let EvalResult::Record(truths) = eval_expression(request, entities, &self.expression).ok()? else {
            return None;
        };
        let mut satisfied: Vec<&(String, bool)> = Vec::new();
        for policy in &self.policies {
            match truths.get(&policy.0) {
                Some(EvalResult::Bool(true)) => satisfied.push(policy),
                Some(EvalResult::Bool(false)) => {}
                _ => return None,
            }
        }
        let forbidden = satisfied.iter().any(|(_, forbids)| *forbids);
        let because: Vec<String> =
            satisfied.iter().filter(|(_, forbids)| *forbids == forbidden).map(|(id, _)| id.clone()).collect();
        Some(Answer { allow: !forbidden && !because.is_empty(), because, errors: Vec::new() })
    }
}

/// The `when` and `unless` of a policy's text as one condition.
fn conditions(policy: &str) -> Option<String> {
    let text = without_comments(policy)?;
    let scope =
        [b"permit".as_slice(), b"forbid"].iter().filter_map(|word| outside_strings(&text, 0, word)).min()?;
    let opens = outside_strings(&text, scope, b"(")?;
    let mut rest = closing(&text, opens)? + 1;
    let mut all = vec!["true".to_owned()];
    while let Some(opens) = outside_strings(&text, rest, b"{") {
        let closes = closing(&text, opens)?;
        let body = text.get(opens + 1..closes)?;
        match text.get(rest..opens)?.trim() {
            "when" => all.push(format!("({body})")),
            "unless" => all.push(format!("!({body})")),
            _ => return None,
        }
        rest = closes + 1;
    }
    (text.get(rest..)?.trim() == ";").then(|| all.join(" && "))
}

/// For each byte, whether it is inside a string.
fn strings(text: &str) -> Vec<bool> {
    let (mut inside, mut escaped) = (false, false);
    let one = |byte: u8| {
        let was = inside;
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            _ => {}
        }
        was || inside
    };
    text.bytes().map(one).collect()
}

fn without_comments(text: &str) -> Option<String> {
    let lines = text.split_inclusive('\n');
    let mut plain = String::new();
    for line in lines {
        let end = outside_strings(line, 0, b"//").unwrap_or(line.len());
        plain.push_str(line.get(..end)?);
        plain.push('\n');
    }
    Some(plain)
}

/// Where a word first stands outside strings, from a place on.
fn outside_strings(text: &str, from: usize, word: &[u8]) -> Option<usize> {
    let inside = strings(text);
    let starts = |i: &usize| text.as_bytes().get(*i..).is_some_and(|rest| rest.starts_with(word));
    (from..text.len()).find(|i| inside.get(*i) == Some(&false) && starts(i))
}

/// The bracket that closes the one that opens at a place.
fn closing(text: &str, opens: usize) -> Option<usize> {
    let inside = strings(text);
    let mut depth = 0_usize;
    for (i, byte) in text.bytes().enumerate().skip(opens).filter(|(i, _)| inside.get(*i) == Some(&false)) {
        match byte {
            b'(' | b'{' | b'[' => depth += 1,
            b')' | b'}' | b']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(i);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_taken_out_of_a_policys_text() {
        let text = r#"@id("a (b) {c}") @reason("say \"permit (\" // no comment")
            forbid (principal, action in [Action::"x(", Action::"y"], resource) // forbid (
            when { principal.a like "}*" && { b: 1 }.b == 1 } unless { ["{"].contains("}") } when { true };"#;
        let found = conditions(text).unwrap_or_default();
        let words: Vec<&str> = found.split_whitespace().collect();
        assert_eq!(
            words.join(" "),
            r#"true && ( principal.a like "}*" && { b: 1 }.b == 1 ) && !( ["{"].contains("}") ) && ( true )"#
        );
        assert_eq!(conditions("permit (principal, action, resource);").as_deref(), Some("true"));
        for wrong in ["", "permit", "permit (principal", "permit (principal, action, resource) when { ;"] {
            assert_eq!(conditions(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_act_of_the_core_has_its_quick_way() {
        let core = crate::PolicySet::core();
        for act in crate::Act::all() {
            let slice = core.slice(act).unwrap();
            assert!(slice.quick.is_some() && slice.quick_always.is_some(), "{act}");
        }
    }
}
