//! The answer: allowed or not, by which policies, on which facts, and what would make it allowed.

use crate::act::ComponentKind;
use crate::facts::Mode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Decision {
    /// Whether it happens.
    pub allow: bool,
    /// Whether the policies allow it. It differs from `allow` only where the tier is observed or warned about: then it
    /// happens, and this says that enforcing would refuse it.
    pub verdict: bool,
    /// The mode that was in force for it.
    pub mode: Mode,
    /// The policies that decided: those that forbid, or where nothing forbids, those that permit.
    pub because: Vec<Because>,
    /// Which approvals count, and which do not and why.
    pub votes: Vec<Vote>,
    /// For somebody who acts for another: the delegations, from whose authority it is to who acts.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub chain: Vec<String>,
    /// What would make it allowed: each way is enough, and no part of it is; the smallest first. Empty where it is
    /// allowed, where nothing would help, and where it was not asked for.
    pub missing: Vec<Way>,
    /// What could not be evaluated. Any error denies.
    pub errors: Vec<String>,
}

/// A policy that decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Because {
    /// Its id; `default-deny` where no policy permits it.
    pub policy: String,
    /// Whether it permits or forbids.
    pub effect: Effect,
    /// Its reason, with the facts named.
    pub reason: String,
    /// The framework requirements that it gives evidence towards.
    pub controls: Vec<String>,
    /// The facts that the reason names: field to value.
    pub facts: BTreeMap<String, String>,
}

/// What a policy does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the words say it
pub enum Effect {
    Permit,
    Forbid,
}

/// An approval as it was counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// The human who gave it; the account as it was given, where it belongs to nobody.
    pub who: String,
    /// The account.
    pub account: String,
    /// Whether it counts.
    pub counts: bool,
    /// As what it counts.
    pub group: VoteGroup,
    /// The delegations that it rests on.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub chain: Vec<String>,
    /// Why it does not count.
    pub because: Vec<Because>,
}

/// As what an approval counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VoteGroup {
    /// Of somebody with security authority.
    Security,
    /// Of somebody who knows the work: an author, an owner, a reviewer.
    Peer,
    /// Of somebody else.
    Other,
    /// A refusal, or a wish for rework.
    Refusal,
    /// Replaced by a later word of the same human, or a second vote of theirs.
    Superseded,
}

/// A set of things that would make the act allowed: all of them together, and none of them can be left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// What is needed.
    pub needs: Vec<Need>,
}

/// Something that is needed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "need", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Need {
    /// An approval of the present closure, by any one of these people (each distinct need by somebody else).
    Approval {
        /// As what it would count.
        group: VoteGroup,
        /// Ids of those who could give it.
        by: Vec<String>,
    },
    /// The same act by somebody else, any one of these people.
    AnotherActor {
        /// Their ids.
        by: Vec<String>,
    },
    /// The same act by the same person, in a role that was delegated to them; where none is named, in their own right.
    Authority {
        /// The role.
        role: Option<String>,
    },
    /// A refusal is taken back.
    RefusalWithdrawn {
        /// Whose.
        by: Vec<String>,
    },
    /// The control record is completed.
    Record {
        /// What it lacks.
        lacks: Vec<String>,
        /// Who could.
        by: Vec<String>,
    },
    /// An owner and a security approver who are with us are named.
    Owners {
        /// Who could.
        by: Vec<String>,
    },
    /// A finding is mended.
    Finding {
        /// Its rule.
        rule: String,
        /// The step.
        step: String,
        /// Who could.
        by: Vec<String>,
    },
    /// A proof holds.
    Proof {
        /// Its name.
        name: String,
        /// Who could.
        by: Vec<String>,
    },
    /// The tests are run on this closure, now, and pass.
    Tests {
        /// Who could.
        by: Vec<String>,
    },
    /// The tests notice more of the faults put into the control.
    Mutation {
        /// How many of a hundred they notice.
        now: u8,
        /// The least that is enough.
        needed: u8,
        /// Who could.
        by: Vec<String>,
    },
    /// The workflow is brought back inside its boundary, or the boundary is widened.
    Boundary {
        /// What goes beyond it.
        beyond: Vec<String>,
        /// Who could.
        by: Vec<String>,
    },
    /// A connector, script or webhook is approved in this version.
    Component {
        /// What it is.
        kind: ComponentKind,
        /// Its name.
        name: String,
        /// Its version.
        version: String,
        /// Who could.
        by: Vec<String>,
    },
    /// A credential is rotated.
    Rotation {
        /// Its id.
        credential: String,
        /// Who could.
        by: Vec<String>,
    },
    /// An overdue post-change review is given.
    Review {
        /// Of which break-glass.
        of: String,
        /// Who could.
        by: Vec<String>,
    },
    /// The exception is made bounded, compensated, owned.
    ExceptionMended {
        /// What is wrong with it.
        lacks: Vec<String>,
        /// Who could.
        by: Vec<String>,
    },
    /// The break-glass is given what it lacks.
    GlassMended {
        /// What it lacks.
        lacks: Vec<String>,
        /// Who could.
        by: Vec<String>,
    },
    /// A break-glass is opened for it.
    GlassOpened {
        /// Who could.
        by: Vec<String>,
    },
    /// The statement is made anew, about the present closure, policy and environment, and what is shown now.
    Anew {
        /// What it speaks of that is not present.
        stale: Vec<String>,
    },
    /// It goes back to a closure that was released here before.
    ReleasedTarget {
        /// Who could.
        by: Vec<String>,
    },
    /// Addresses are entered in the directory, with the people or bots whose they are.
    Authors {
        /// The addresses.
        unknown: Vec<String>,
    },
}
