//! Results as one JSON object: `docs/formats/scenario.md`.

use super::tested::Tested;
use serde::{Deserialize, Serialize};
use std::io::{self, Write};

/// The name of the format.
pub const SCHEMA: &str = "countersign.test-report/1";

/// The report.
#[derive(Serialize, Deserialize)]
pub struct Report {
    /// `countersign.test-report/1`.
    pub schema: String,
    /// Every file of scenarios, in order.
    pub files: Vec<Tested>,
}

/// Writes the report.
pub fn write(all: &[Tested], out: &mut dyn Write) -> io::Result<()> {
    let report = Report { schema: SCHEMA.to_owned(), files: all.to_vec() };
    serde_json::to_writer_pretty(&mut *out, &report)?;
    writeln!(out)
}
