//! The whole judgement of workflows that see each other: gates, closures and findings.

use crate::facts::{Change, Facts, Judge};
use crate::gate::Gate;
use crate::proofs::{self, Proof};
use crate::record::Context;
use crate::rules::RULES;
use crate::set::Set;
use crate::tier;
use workflow::{Finding, Kind, Links, StepIx, Text, Tier, Workflow};

/// What was found out about one workflow.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The worst gate over its access-changing steps.
    pub gate: Gate,
    /// The gate of each access-changing step.
    pub gates: Vec<(StepIx, Gate)>,
    /// What it does together with everything it starts.
    pub closure: Closure,
    /// The faults, the worst first.
    pub findings: Vec<Finding>,
    /// The rules that left steps out because there are too many to weigh against each other.
    pub unweighed: Vec<&'static str>,
    /// What was proved of it, refuted, or could not be found out.
    pub proofs: Vec<Proof>,
}

/// What a workflow does together with everything it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closure {
    /// The highest tier; 3 where something is opaque.
    pub tier: Tier,
    /// Something in it may do what is not known.
    pub opaque: bool,
    /// Something in it changes access.
    pub access_changing: bool,
    /// The access-changing kinds and `read-secret`, in the order of the taxonomy.
    pub effects: Vec<Kind>,
    /// The workflows it starts, by index in the set.
    pub members: Vec<u32>,
    /// The workflows it starts that are not in the set, as they are named.
    pub outside: Vec<Text>,
}

/// Judges workflows that see each other: those of one file or one export, with their effects filled in by
/// [`crate::classify`]. `contexts` has an entry for each workflow; missing ones say nothing.
#[must_use]
pub fn check(workflows: &[Workflow], contexts: &[Context]) -> Vec<Judged> {
    check_linked(workflows, contexts, Links::by_name(workflows))
}

/// The same, of workflows of several files, where it was found out which of them each call means.
#[must_use]
pub fn check_linked<'w>(workflows: &'w [Workflow], contexts: &[Context], links: Links<'w>) -> Vec<Judged> {
    let set = Set::linked(workflows, &links);
    let judge = Judge::new(&set, contexts);
    let nothing = Context::default();
    let program = proofs::program(workflows, links);
    let count = u32::try_from(workflows.len()).unwrap_or(u32::MAX);
    (0..count)
        .map(|i| judged(&judge, program.as_ref(), i, contexts.get(i as usize).unwrap_or(&nothing)))
        .collect()
}

/// The rules that say less where values cannot be followed to their ends.
const FOLLOWS: [&str; 3] = ["ambiguous-target", "unbounded-bulk-change", "untrusted-target"];

fn judged(
    judge: &Judge<'_, '_>,
    program: Option<&machine::Program<'_>>,
    index: u32,
    context: &Context,
) -> Judged {
    let facts = Facts::new(judge, index, context);
    let mut findings = Vec::new();
    RULES.iter().filter(|r| r.applies(&facts)).for_each(|r| (r.check)(&facts, &mut findings));
    let mut proofs = program.map_or_else(Vec::new, |p| proofs::proofs(p, &facts));
    findings.retain(|f| !proofs::disproves(&proofs, f));
    proofs::tell_idle(&proofs, &mut findings);
    findings.sort_by_key(|f| std::cmp::Reverse(f.severity));
    proofs::name_rules(&mut proofs, &findings);
    if facts.set.is_cut(index) {
        facts.unweighed.borrow_mut().extend(FOLLOWS);
    }
    let settled = |c: &Change| proofs::settled(&proofs, &facts.step(c.step).id, c.verdict.gate);
    let gates: Vec<(StepIx, Gate)> = facts.changes.iter().map(|c| (c.step, settled(c))).collect();
    let gate = gates.iter().map(|(_, gate)| *gate).max().unwrap_or(Gate::NotApplicable);
    let unweighed = facts.unweighed.take().into_iter().collect();
    let closure = closure(judge.set, index);
    Judged { gate, gates, closure, findings, unweighed, proofs }
}

fn closure(set: &Set<'_>, index: u32) -> Closure {
    let members = set.closure(index);
    let (mut worst, mut opaque, mut effects) = (Tier(0), false, Vec::new());
    for workflow in members.iter().map(|m| &set.workflows[*m as usize]) {
        let (own, unknown) = tier(workflow);
        worst = worst.max(own);
        opaque |= unknown;
        let kinds = workflow.steps.iter().flat_map(|s| s.live_effects()).map(|e| e.kind);
        effects.extend(kinds.filter(|k| k.changes_access() || *k == Kind::ReadSecret));
    }
    effects.sort_unstable();
    effects.dedup();
    let outside = outside(set, &members);
    opaque |= !outside.is_empty();
    let access_changing = effects.iter().any(|k| k.changes_access());
    let tier = if opaque { Tier(3) } else { worst };
    Closure { tier, opaque, access_changing, effects, members: members[1..].to_vec(), outside }
}

/// The calls that lead out of the set, by how they name what they call.
fn outside(set: &Set<'_>, members: &[u32]) -> Vec<Text> {
    let mut names: Vec<Text> = Vec::new();
    for call in members.iter().flat_map(|m| set.calls_from(*m)).filter(|c| c.to.is_none()) {
        let step = set.graph(call.from.workflow).step(call.from.step);
        for callee in step.calls.iter().filter(|c| std::ptr::eq(&c.input, call.input)) {
            let name = match &callee.key {
                workflow::CalleeKey::Id(k)
                | workflow::CalleeKey::Name(k)
                | workflow::CalleeKey::Dynamic(k) => k,
                workflow::CalleeKey::Itself => continue,
            };
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn rules_name_themselves_where_they_leave_steps_out() {
        let many = |n: usize| {
            let steps: String =
                (0..n).map(|i| format!("step s{i} grant okta identity={{trigger.u}}\n")).collect();
            let edges: String = (0..n).map(|i| format!("t -> s{i}\n")).collect();
            let workflows = crate::dsl::workflows(&format!("trigger t webhook open caller\n{steps}{edges}"));
            check(&workflows, &[]).remove(0)
        };
        assert!(many(300).unweighed.is_empty());
        let judged = many(450);
        assert!(judged.unweighed.contains(&"untrusted-target"), "{:?}", judged.unweighed);
        // Rules that look at each change alone look at all.
        assert_eq!(judged.findings.iter().filter(|f| f.rule == "unapproved-change").count(), 450);
    }

    #[test]
    fn a_change_that_no_run_comes_to_keeps_its_findings_and_they_say_so() {
        let text = "trigger hook webhook auth caller\nstep if branch\nstep add grant okta identity={trigger.user}\nstep stop end\n\
                    hook -> if\nif -[1 == 2]-> add\nif -[else]-> stop\n";
        let told = |text: &str| {
            let findings = check(&crate::dsl::workflows(text), &[]).remove(0).findings;
            let of = findings.into_iter().filter(|f| f.rule == "unapproved-change" && f.step == "add");
            of.map(|f| f.message.ends_with("As written, no run comes to it.")).collect::<Vec<_>>()
        };
        assert_eq!(told(text), [true]);
        assert_eq!(told(&text.replace("1 == 2", "trigger.size == 2")), [false]);
    }

    /// A refusal ends the run, but the second way may be gone before anybody answers.
    #[test]
    fn a_way_past_the_question_is_told_whatever_a_refusal_does() {
        let past = "trigger hook webhook auth caller\nstep mail ask approver=boss@corp.test answer=approved yes=true no=false\n\
                    step if branch\nstep add grant okta identity={trigger.user}\nstep stop end\n\
                    hook -> mail -> if\nif -[step.mail.approved == true]-> add\nif -[else]-> stop\n";
        let found = |text: &str| {
            let findings = check(&crate::dsl::workflows(text), &[]).remove(0).findings;
            findings.iter().any(|f| f.rule == "unapproved-change" && f.step == "add")
        };
        assert!(!found(past));
        assert!(found(&format!("{past}hook -> add\n")));
        assert!(found(&past.replace("hook -> mail", "hook -> add\nhook -> mail")));
    }
}
