//! A solver for questions about all cases: cvc5, where it is installed, run once for each question.

use std::io::Write;
use std::process::{Command, Stdio};

/// How long it may think about one question, in milliseconds.
const LIMIT: &str = "--tlimit=60000";

/// A solver that can be started, with what it calls itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Solver {
    program: String,
    /// `cvc5 1.0.3`.
    pub name: String,
}

impl Solver {
    /// The solver of this name or path; nothing where it cannot be started or is another program.
    pub fn find(program: &str) -> Option<Self> {
        let told = Command::new(program).arg("--version").stdin(Stdio::null()).output().ok()?;
        let told = String::from_utf8_lossy(&told.stdout);
        let version = told.split_once("cvc5 version ")?.1.split_whitespace().next()?;
        let version = version.trim_end_matches(['[', ']', ',']);
        Some(Solver { program: program.to_owned(), name: format!("cvc5 {version}") })
    }

    /// What it says to a script.
    ///
    /// # Errors
    /// When it cannot be run, or says nothing.
    pub fn ask(&self, script: &str) -> Result<String, String> {
        let failed = |e: std::io::Error| format!("`{}`: {e}", self.program);
        let mut command = Command::new(&self.program);
        command.args(["--lang", "smt2", LIMIT]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(script.as_bytes()).map_err(failed)?;
        }
        let output = child.wait_with_output().map_err(failed)?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if said.trim().is_empty() {
            let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(format!(
                "`{}` gave no answer: {}",
                self.program,
                if why.is_empty() { "its time was over" } else { &why }
            ));
        }
        Ok(said)
    }
}
