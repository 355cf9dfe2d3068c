//! The model of a low-code workflow that every other crate shares.
//!
//! A [`Workflow`] is a graph: triggers start it, steps do things, edges say what may come next and when.
//! It holds no format of any platform and no opinion about what is good; importers make it, analyses read it.

mod carried;
mod digest;
mod effect;
mod expression;
mod finding;
mod graph;
mod links;
mod platform;
mod value;

pub use carried::{Ask, Assignment, Auth, Callee, CalleeKey, Code, CodeLanguage, Credential, Request};
pub use digest::{Digest, Part, merkle};
pub use effect::{Effect, Evidence, Kind, Tier};
pub use expression::{Expression, Function, Language, Reference, Root, Segment, Term};
pub use finding::{Confidence, Finding, Problem, Severity, Walk};
pub use graph::{
    Edge, EdgeKind, Join, LoopKind, Node, OnError, Outcome, Returns, Step, StepIx, StepKind, Target, Trigger,
    TriggerKind, Workflow,
};
pub use links::Links;
pub use platform::{Platform, keeps_documents};
pub use value::{Entry, Map, Value};

/// Short text: names, keys, ids. Up to 24 bytes stand without an allocation.
pub type Text = compact_str::CompactString;

/// Where a part stands in its source.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Span {
    /// Index into [`Workflow::files`]: 0 is the file the workflow was found in.
    pub file: u16,
    /// Line, from 1; 0 where the format has no lines.
    pub line: u32,
    /// Structural path in the source, such as `definition.steps["Manage Access"]` or `resources[3].properties`.
    pub path: Text,
}
