//! The program: arguments in, report out, exit code.

use clap::Parser;
use countersign::args::{Args, Command};
use countersign::check::{self, Exit};
use countersign::govern::{self, Command as Govern};
use countersign::{assess, diff, evidence, explain, frameworks, log, people, policy, test};
use std::io::ErrorKind;
use std::process::ExitCode;

/// Checking makes and drops small values by the million.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let result = match Args::parse().command {
        Command::Check(options) => check::run(&options).map(code),
        Command::Assess(options) => assess::run(&options).map(code),
        Command::Explain(options) => explain::run(&options).map(code),
        Command::Propose(options) => govern::run(&Govern::Propose(&options)).map(code),
        Command::Review(options) => govern::run(&Govern::Review(&options)).map(code),
        Command::Attest(options) => govern::run(&Govern::Attest(&options)).map(code),
        Command::Release(options) => govern::run(&Govern::Release(&options)).map(code),
        Command::Status(options) => govern::run(&Govern::Status(&options)).map(code),
        Command::Rollback(options) => govern::run(&Govern::Rollback(&options)).map(code),
        Command::Exception(options) => govern::run(&Govern::Exception(&options)).map(code),
        Command::Breakglass(options) => govern::run(&Govern::Breakglass(&options)).map(code),
        Command::Connector(options) => govern::run(&Govern::Connector(&options)).map(code),
        Command::Credential(options) => govern::run(&Govern::Credential(&options)).map(code),
        Command::Owner(options) => govern::run(&Govern::Owner(&options)).map(code),
        Command::Gate(options) => govern::run(&Govern::Gate(&options)).map(code),
        Command::Diff(options) => diff::run(&options).map(code),
        Command::Ledger(options) => log::run(&options).map(code),
        Command::Record(options) => evidence::record(&options).map(code),
        Command::Erase(options) => evidence::erase(&options).map(code),
        Command::Hold(options) => evidence::hold(&options).map(code),
        Command::Expire(options) => evidence::expire(&options).map(code),
        Command::Evidence(options) => evidence::evidence(&options).map(code),
        Command::Export(options) => evidence::export(&options).map(code),
        Command::Verify(options) => evidence::verify(&options).map(code),
        Command::Population(options) => evidence::population(&options).map(code),
        Command::Reconcile(options) => evidence::reconcile(&options).map(code),
        Command::Replay(options) => evidence::replay(&options).map(code),
        Command::Controls(options) => evidence::controls(&options).map(code),
        Command::Policy(options) => policy::run(&options).map(code),
        Command::People(options) => people::run(&options).map(code),
        Command::Frameworks(options) => frameworks::run(&options).map(code),
        Command::Test(options) => test::run(&options).map(code),
    };
    result.unwrap_or_else(|e| match e.kind() {
        // The reader has seen enough (`| head`). What came of it was not told to the end, so it is no success: a shell that looks
        // at every part of a pipe must not take a gate for passed. The code is that of a program which the signal ended.
        ErrorKind::BrokenPipe => ExitCode::from(141),
        _ => {
            eprintln!("error: {e}");
            ExitCode::from(2)
        }
    })
}

fn code(exit: Exit) -> ExitCode {
    match exit {
        Exit::Clean => ExitCode::SUCCESS,
        Exit::Findings => ExitCode::from(1),
        Exit::Problems => ExitCode::from(3),
    }
}
