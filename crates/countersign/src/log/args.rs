//! The command line of `countersign ledger`.

use clap::{Subcommand, ValueEnum};
use std::path::PathBuf;

/// Options of `ledger`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub struct Ledger {
    /// How to print the result.
    #[arg(long, value_enum, default_value_t = Output::Plain, global = true)]
    pub format: Output,
    /// What to do.
    #[command(subcommand)]
    pub act: Act,
}

const EXIT_CODES: &str = "WHERE a ledger lies:
  a folder, `sqlite:FILE`, `postgres://USER@HOST/NAME`, or `objects:FOLDER` (the layout of object stores)

Exit codes:
  0  done; everything holds
  1  something does not hold: a proof, or an entry, hash or signature of the ledger
  2  wrong use, or something could not be read or written: what was not acknowledged may or may not be there";

/// How `ledger` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Plain,
    /// One JSON object a line.
    Json,
}

/// What to do with a ledger.
#[derive(Debug, Subcommand)]
pub enum Act {
    /// Make a ledger, and its key where there is none yet.
    Init {
        /// Where the ledger lies.
        place: String,
        /// The ledger's name for good, such as `example.com/ledger`.
        #[arg(long)]
        name: String,
        /// The file of the secret key.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
    /// Append entries: a JSON object with `type`, `source` and `body` a line, from standard input.
    Append {
        /// Where the ledger lies.
        place: String,
        /// The file of the secret key.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// Acknowledge only under a checkpoint that this policy's witnesses have cosigned.
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
    },
    /// Hold every byte of a ledger against its signed head.
    Fsck {
        /// Where the ledger lies.
        place: String,
        /// The ledger's verifier key, as `ledger init` printed it.
        #[arg(long)]
        vkey: String,
    },
    /// Print the latest checkpoint.
    Checkpoint {
        /// Where the ledger lies.
        place: String,
    },
    /// Print an entry.
    Show {
        /// Where the ledger lies.
        place: String,
        /// The entry's number.
        entry: u64,
    },
    /// Print the proof that an entry is in the ledger (C2SP tlog-proof).
    Prove {
        /// Where the ledger lies.
        place: String,
        /// The entry's number.
        entry: u64,
    },
    /// Verify a proof offline.
    Verify {
        /// The proof.
        proof: PathBuf,
        /// The entry, byte for byte as `ledger show` prints it.
        #[arg(long, value_name = "FILE")]
        entry: PathBuf,
        /// Whom to trust (C2SP tlog-policy).
        #[arg(long, value_name = "FILE")]
        policy: PathBuf,
    },
    /// Serve the checkpoint and the tiles (C2SP tlog-tiles).
    Serve {
        /// Where the ledger lies.
        place: String,
        /// Where to listen.
        #[arg(long, default_value = "127.0.0.1:7161")]
        listen: String,
    },
    /// Serve as a witness of other logs (C2SP tlog-witness).
    ServeWitness {
        /// The folder of what was cosigned last.
        state: PathBuf,
        /// The witness's name, such as `witness.example.com/w1`.
        #[arg(long)]
        name: String,
        /// The file of the secret key; it is made where it is not there.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// The verifier keys of the logs that it knows.
        #[arg(long, value_name = "VKEY", required = true)]
        log: Vec<String>,
        /// Where to listen.
        #[arg(long, default_value = "127.0.0.1:7162")]
        listen: String,
    },
    /// Have the latest checkpoint cosigned, and publish it.
    Witness {
        /// Where the ledger lies.
        place: String,
        /// Whom to ask, and how many it takes (C2SP tlog-policy).
        #[arg(long, value_name = "FILE")]
        policy: PathBuf,
    },
}
