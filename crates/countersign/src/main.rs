//! The program: arguments in, report out, exit code.

use clap::Parser;
use countersign::args::{Args, Check, Command};
use countersign::report::json;
use countersign::scan::{Options, scan};
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Command::Check(check) = Args::parse().command;
    match run(&check) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::from(2)
        }
    }
}

fn run(check: &Check) -> io::Result<()> {
    let cache_folder = std::env::temp_dir().join("countersign");
    let options = Options { paths: check.paths.clone(), cache_folder, cache: !check.no_cache };
    let result = scan(&options, &|_, _| {})?;
    let mut out = BufWriter::new(io::stdout().lock());
    json::write(&result, &|_| true, &mut out)?;
    out.flush()
}
