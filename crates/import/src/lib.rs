//! Foreign definitions to workflows: one folder per platform, and a line in [`IMPORTERS`].
//!
//! An importer recognises its platform by the shape of the document, never by the name of the file. It does not
//! fail: what it cannot read it reports as a problem, what it cannot understand it keeps and marks unknown.

pub mod archive;
pub mod doc;
pub mod source;

mod bpmn;
#[cfg(test)]
mod corpus_tests;
mod dataflow;
mod google_secops;
mod insightconnect;
mod js;
mod logicapps;
mod n8n;
mod nesting;
mod node_red;
mod okta_workflows;
mod powerautomate;
mod sailpoint;
mod serverlessworkflow;
mod splunk_soar;
mod stepfunctions;
mod values;
mod wdl;

pub use source::{Content, Files, Imported, NoFiles, Source, Verdict, import, may_be_a_definition};

/// One importer: nothing when the document does not have its platform's shape.
pub type Importer = fn(&Source<'_>) -> Option<Imported>;

/// All importers, in the order in which they are asked.
pub const IMPORTERS: &[(&str, Importer)] = &[
    ("sailpoint", sailpoint::import),
    ("okta-workflows", okta_workflows::import),
    ("logicapps", logicapps::import),
    ("powerautomate", powerautomate::import),
    ("n8n", n8n::import),
    ("insightconnect", insightconnect::import),
    ("stepfunctions", stepfunctions::import),
    ("google-secops", google_secops::import),
    ("serverlessworkflow", serverlessworkflow::import),
    ("bpmn", bpmn::import),
    ("splunk-soar", splunk_soar::import),
    ("node-red", node_red::import),
];
