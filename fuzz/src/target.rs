//! The list of targets, and the one that was chosen.

use crate::wrap::{WRAPS, Wrap};
use crate::{definition, evaluate, ledger};
use import::{IMPORTERS, Importer};
use std::sync::OnceLock;

/// One target.
pub enum Target {
    /// An importer on bytes of its format.
    Importer(&'static str, Importer),
    /// An expression in the smallest definition that has a place for one.
    Expression(&'static Wrap),
    /// Anything else.
    Bytes(&'static str, Run),
}

/// What is done with the bytes of an input.
type Run = fn(&[u8]);

const BYTES: &[(&str, Run)] = &[
    ("check", definition::check),
    ("file", definition::file),
    ("doc_json", definition::json),
    ("doc_yaml", definition::yaml),
    ("archive", definition::archive),
    ("code", definition::code),
    ("evaluate", evaluate::evaluate),
    ("ledger", ledger::ledger),
];

impl Target {
    fn all() -> impl Iterator<Item = Target> {
        let importers = IMPORTERS.iter().map(|(name, importer)| Target::Importer(name, *importer));
        let expressions = WRAPS.iter().map(Target::Expression);
        importers.chain(expressions).chain(BYTES.iter().map(|(name, run)| Target::Bytes(name, *run)))
    }

    fn name(&self) -> String {
        match self {
            Target::Importer(name, _) => format!("import_{}", name.replace('-', "_")),
            Target::Expression(wrap) => format!("expression_{}", wrap.name),
            Target::Bytes(name, _) => (*name).to_owned(),
        }
    }

    /// Runs it once.
    pub fn run(&self, data: &[u8]) {
        match self {
            Target::Importer(_, importer) => definition::importer(*importer, data),
            Target::Expression(wrap) => definition::expression(wrap, data),
            Target::Bytes(_, run) => run(data),
        }
    }

    /// Whether its inputs are mostly JSON.
    pub fn is_tree(&self) -> bool {
        match self {
            Target::Importer(name, _) => !matches!(*name, "bpmn" | "google-secops"),
            Target::Expression(_) => false,
            Target::Bytes(name, _) => *name == "check",
        }
    }
}

/// The target that `FUZZ_TARGET` names; without it the names of all are printed, and that is all.
pub fn chosen() -> &'static Target {
    static CHOSEN: OnceLock<Target> = OnceLock::new();
    CHOSEN.get_or_init(|| {
        let wanted = std::env::var("FUZZ_TARGET").unwrap_or_default();
        Target::all().find(|t| t.name() == wanted).unwrap_or_else(|| {
            Target::all().for_each(|t| println!("{}", t.name()));
            std::process::exit(i32::from(!wanted.is_empty()))
        })
    })
}
