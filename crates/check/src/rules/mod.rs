//! The rules: one file, one page and one line each.
//!
//! A page is the rule's manual and its test: it says what the fault means, shows a workflow that has it and one that
//! has not, and how to mend it. The examples are replayed by the tests (`UPDATE=1` accepts what is found).

use crate::facts::Facts;
use workflow::{Finding, Severity};

/// A rule.
pub struct Rule {
    /// The fault's id, as in the taxonomy.
    pub id: &'static str,
    /// Its severity, before a tier 3 effect raises it.
    pub severity: Severity,
    /// Where it applies.
    pub scope: Scope,
    /// Its page, in Markdown.
    pub page: &'static str,
    /// Looks for the fault.
    pub check: fn(&Facts<'_, '_>, &mut Vec<Finding>),
}

/// Where a rule applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// To every workflow.
    Everything,
    /// Where access can change, or an opaque step may change it.
    Changes,
    /// The same, in folders that are governed.
    Governed,
}

macro_rules! rules {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*
        /// All rules, in the order of reports.
        pub static RULES: &[&Rule] = &[$(&$module::RULE),*];
    };
}

rules! {
    approval_fails_open,
    approval_ignored,
    approval_after_change,
    unapproved_change,
    self_approval,
    approver_from_input,
    machine_decides,
    unauthenticated_trigger,
    untrusted_target,
    wrong_subject,
    ambiguous_target,
    injection,
    dynamic_endpoint,
    check_fails_open,
    unsafe_default,
    unrevoked_access,
    unbounded_expiry,
    unbounded_bulk_change,
    unbounded_recursion,
    duplicate_event,
    unhandled_failure,
    notify_nobody,
    exposed_credential,
    secret_in_definition,
    raw_http_change,
    agent_chosen_effect,
    opaque_step,
    disabled_control,
    missing_record,
    unpinned_connector,
    shared_credential,
}

impl Rule {
    /// Whether the rule applies to a workflow.
    #[must_use]
    pub fn applies(&self, facts: &Facts<'_, '_>) -> bool {
        match self.scope {
            Scope::Everything => true,
            Scope::Changes => facts.matters,
            Scope::Governed => facts.matters && facts.context.governed,
        }
    }
}

/// The rule with an id.
#[must_use]
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|r| r.id == id)
}

/// Whether a change only ends what another gave for a while.
#[must_use]
pub fn follows_its_grant(facts: &Facts<'_, '_>, change: &crate::facts::Change) -> bool {
    unapproved_change::follows_its_grant(facts, change)
}

/// How many rounds a loop has at most, because a read with a constant limit gives its list.
#[must_use]
pub fn rounds_at_most(facts: &Facts<'_, '_>, outer: workflow::StepIx) -> Option<u64> {
    unbounded_bulk_change::rounds_at_most(facts, outer)
}

/// The steps that end what a step gives for a while; nothing where it is not meant to end.
#[must_use]
pub fn temporary(facts: &Facts<'_, '_>, step: workflow::StepIx) -> Option<Vec<workflow::StepIx>> {
    unrevoked_access::temporary(facts, step)
}

/// A question before a change of which it cannot be told that somebody else than the requester is asked.
#[must_use]
pub fn unclear_approver(facts: &Facts<'_, '_>, change: workflow::StepIx) -> Option<workflow::StepIx> {
    self_approval::unclear(facts, change)
}

/// Questions whose approver is, or can be, the requester or the person affected, each with the change it is about.
#[must_use]
pub fn own_approvers(facts: &Facts<'_, '_>) -> Vec<(workflow::StepIx, workflow::StepIx)> {
    self_approval::pairs(facts)
}

/// A sentence with a capital letter at its beginning.
fn capital(text: String) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}
