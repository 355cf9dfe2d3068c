//! Who, what and the facts, to a decision: the one place where it is decided what may happen.
//!
//! [`People`] says which human stands behind an account. [`Facts`] hold everything that a decision rests on. [`decide`]
//! states the facts to Cedar, with the schema and the core policies that this crate ships, and answers with a
//! [`Decision`]: allowed or not, because of what, and what is missing. Cedar is seen by nobody outside this crate.
//! There is no clock here: the moment is one of the facts.

mod able;
mod act;
#[cfg(test)]
mod agreement_tests;
mod authors;
mod candidates;
mod cases;
mod cedar;
mod compare;
mod context;
mod decide;
mod decision;
mod derived;
mod facts;
mod memo;
mod missing;
mod moment;
mod need;
mod people;
mod person;
mod quick;
mod reason;
pub mod sample;
mod set;
mod standing;
pub mod symbolic;
mod votes;
mod words;

pub use able::able;
pub use act::{Act, ComponentKind, Governed, Verdict};
pub use cases::{Base, Case, CaseFile, Expect};
pub use compare::{Change, compare};
pub use context::{Ignored, ignored};
pub use decide::{answer, decide, objection};
pub use decision::{Because, Decision, Effect, Need, Vote, VoteGroup, Way};
pub use facts::{
    Actor, AiMark, Approval, Component, Contribution, Credential, Criticality, Entitlement, Facts,
    FindingFact, IdentityKind, Mode, Proof, Record, ReleaseTarget, Subject, SubjectKind, SystemFact,
    TestEvidence,
};
pub use moment::{Moment, Period};
pub use people::{Chain, Found, Group, People, PeopleProblem, Via, is_hidden};
pub use person::{Account, Bot, Delegate, Employment, Key, Person, Role};
pub use set::{PolicyInfo, PolicyProblem, PolicySet, SCHEMA, Source};
pub use standing::{BreakGlass, Exception, OpenReview, Standing};
