//! What follows from facts without any rule: which findings no exception covers, which versions are not approved.

use crate::facts::{Component, Credential, Facts, FindingFact, Proof};
use crate::standing::{BreakGlass, OpenReview};
use workflow::Severity;

impl Facts {
    /// Findings for which no exception holds now.
    pub fn open_findings(&self) -> impl Iterator<Item = &FindingFact> {
        self.findings.iter().filter(|f| !self.excepted(&format!("finding:{}", f.rule)))
    }

    /// Findings that can stand in the way: open ones of high severity or worse.
    pub fn blocking_findings(&self) -> impl Iterator<Item = &FindingFact> {
        self.open_findings().filter(|f| f.severity >= Severity::High)
    }

    /// Proofs that do not hold, and for which no exception holds now.
    pub fn failing_proofs(&self) -> impl Iterator<Item = &Proof> {
        self.proofs.iter().filter(|p| !p.holds && !self.excepted(&format!("proof:{}", p.name)))
    }

    /// Components in a version that is not approved, and for which no exception holds now.
    pub fn unapproved_components(&self) -> impl Iterator<Item = &Component> {
        self.components
            .iter()
            .filter(|c| !c.is_approved() && !self.excepted(&format!("component:{}", c.name)))
    }

    /// Credentials that are overdue, and for which no exception holds now.
    pub fn stale_credentials(&self) -> impl Iterator<Item = &Credential> {
        self.credentials
            .iter()
            .filter(|c| !c.is_fresh(self.at) && !self.excepted(&format!("credential:{}", c.id)))
    }

    /// Post-change reviews that should have been given.
    pub fn overdue_reviews(&self) -> impl Iterator<Item = &OpenReview> {
        self.open_reviews.iter().filter(|r| r.overdue(self.at))
    }

    /// Whether both the owner and the security approver of the record are somebody who is with us.
    #[must_use]
    pub fn owners_active(&self) -> bool {
        self.with_us(&self.record.owner) && self.with_us(&self.record.security_approver)
    }

    /// Whether a name, of a person or of a group, is that of a human who is with us.
    #[must_use]
    pub fn with_us(&self, name: &str) -> bool {
        self.people.named(name).iter().any(|p| p.active_at(self.at) && p.employment.is_human())
    }

    /// Whether the actor opened a break-glass.
    #[must_use]
    pub fn is_mine(&self, glass: &BreakGlass) -> bool {
        let me = self.people.humans(&self.actor.account);
        !me.is_disjoint(&self.people.humans(&glass.opened_by))
    }
}
