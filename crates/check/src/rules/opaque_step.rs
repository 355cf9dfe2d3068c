//! `opaque-step`: custom code, a command or an unknown operation may change access.

use super::{Rule, Scope};
use crate::classify::code::brought_in;
use crate::facts::Facts;
use workflow::{CalleeKey, CodeLanguage, Confidence, Finding, Kind, Platform, Severity, StepIx};
use crate::tell::Concerning;

/// The rule.
pub static RULE: Rule = Rule {
    id: "opaque-step",
    severity: Severity::Medium,
    scope: Scope::Changes,
    page: include_str!("opaque_step.md"),
    check,
};

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    let declared = |s: &StepIx| facts.context.record.as_ref().is_some_and(|r| r.declares(&facts.step(*s).id));
    for step in facts.reached.steps().filter(|s| facts.is_opaque(*s) && !declared(s)) {
        let own = facts.step(step);
        if own.synthetic || facts.does(step, Kind::Opaque) && super::dynamic_endpoint::is_dynamic(facts, step) {
            continue; // the address itself is the fault
        }
        let (told, sure) = unknown(facts, step);
        let fix = "Declare in the control record what it does, and let a reviewer confirm that; or replace it by an \
                   operation that says so itself.";
        out.push(facts.report(&RULE, step, told, fix).sure(sure));
    }
}

/// The first workflow that a step runs and that is not here.
fn missing<'w>(facts: &Facts<'_, 'w>, step: StepIx) -> Option<&'w CalleeKey> {
    let calls = facts.set.calls(facts.place(step)).zip(&facts.step(step).calls);
    calls.filter(|(c, _)| c.to.is_none() && facts.does(step, Kind::Call)).map(|(_, callee)| &callee.key).next()
}

/// Whether a value is filled in when the definition is deployed: a substitution of a state machine, a parameter of a
/// template (`{Name}`; `{}` is what only a run knows).
fn is_deployed(facts: &Facts<'_, '_>, text: &str) -> bool {
    match facts.workflow.platform {
        Platform::StepFunctions => text.contains("${"),
        Platform::LogicApps => text.contains('{') && !text.contains("{}"),
        _ => false,
    }
}

/// What is not known about a step.
fn unknown(facts: &Facts<'_, '_>, step: StepIx) -> (String, Confidence) {
    let (name, own) = (facts.name(step), facts.step(step));
    if let Some(key) = missing(facts, step) {
        let which = match key {
            CalleeKey::Id(k) | CalleeKey::Name(k) if !k.is_empty() => format!("the workflow `{k}`, which is not here"),
            CalleeKey::Dynamic(k) if k.is_empty() => "a workflow, and none is chosen".to_owned(),
            CalleeKey::Dynamic(k) if is_deployed(facts, k) => format!("a workflow that is only known at deployment (`{k}`)"),
            CalleeKey::Dynamic(k) => format!("a workflow that is only known at run time (`{k}`)"),
            _ => "a workflow that is not here".to_owned(),
        };
        return (format!("{name} runs {which}, so what it changes cannot be seen."), Confidence::High);
    }
    if let Some(code) = own.code.iter().find(|c| !c.name.is_empty() && c.text.is_empty()) {
        return (format!("{name} runs `{}`, whose code is kept elsewhere and may change access.", code.name), Confidence::High);
    }
    if !own.code.is_empty() {
        let brought = own.code.iter().find_map(|c| brought_in(c.language, c.text.as_text()?));
        let filled = own.code.iter().any(|c| matches!(c.language, CodeLanguage::Python | CodeLanguage::JavaScript) && c.text.as_expression().is_some());
        let does = match brought {
            Some(module) => format!("brings in `{module}`"),
            None if filled => "is put together from values of the run".to_owned(),
            None => "calls out or builds a command".to_owned(),
        };
        return (format!("{name} runs code that {does}, and may change access."), Confidence::Medium);
    }
    let what = if own.request.is_some() { "a raw call" } else { "an operation" };
    (format!("{name} makes {what} of which the definition does not show what it changes."), Confidence::Medium)
}

#[cfg(test)]
mod tests {
    use crate::dsl::workflows;
    use workflow::{CalleeKey, Platform};

    #[test]
    fn it_is_told_when_a_workflow_that_is_run_is_known() {
        let told = |platform, key: &str| {
            let mut all = workflows("trigger due schedule auth\nstep go call helper\ndue -> go");
            all[0].platform = platform;
            all[0].steps[0].calls[0].key = CalleeKey::Dynamic(key.into());
            crate::judge::check(&all, &[])[0].findings[0].message.clone()
        };
        let deployed = "only known at deployment";
        assert!(told(Platform::LogicApps, "{Name}-sub").contains(deployed));
        assert!(told(Platform::StepFunctions, "${Machine}").contains(deployed));
        assert!(told(Platform::LogicApps, "{}").contains("only known at run time"));
        assert!(told(Platform::N8n, "{Name}").contains("only known at run time"));
        assert!(told(Platform::N8n, "").contains("none is chosen"));
    }
}
