//! One act from the command line: decided, told, shown or signed, kept.

use super::args::{Common, Format};
use super::repository::Repository;
use super::sign::Signer;
use super::{files, now, statement, tell, view};
use crate::book::{self, Book, Decided, Settings, rests_on};
use crate::check::Exit;
use govern::{Performed, Wish, World, perform};
use policy::Act;
use serde_json::{Value, json};
use std::io::{self, IsTerminal, Write};
use std::path::Path;

/// A governed folder, opened for an act with a key.
pub struct Desk {
    /// The folder.
    pub repository: Repository,
    /// The key.
    pub signer: Signer,
    /// The environment.
    pub environment: String,
}

impl Desk {
    /// Opens it.
    ///
    /// # Errors
    /// When it is no governed folder, or there is no key.
    pub fn open(common: &Common) -> io::Result<Self> {
        let desk = Self::look(common)?;
        let signer = Signer::find(common.key.as_deref(), &desk.repository.root)?;
        Ok(Desk { signer, ..desk })
    }

    /// Opens it to look only: nobody signs.
    ///
    /// # Errors
    /// When it is no governed folder.
    pub fn look(common: &Common) -> io::Result<Self> {
        let repository = Repository::open(&common.folder, now())?;
        let signer = Signer::nobody();
        let environment = common.environment.clone().unwrap_or_else(|| repository.environment.clone());
        Ok(Desk { repository, signer, environment })
    }

    /// A wish of whoever holds the key, with what all acts share.
    #[must_use]
    pub fn wish(&self, act: Act, common: &Common) -> Wish {
        Wish {
            on_behalf_of: common.on_behalf_of.clone(),
            authority: common.authority.clone(),
            reason: common.reason.clone(),
            ..Wish::of(act, &self.signer.fingerprint)
        }
    }

    /// Decides a wish; tells; shows the statement, or signs and keeps it.
    ///
    /// # Errors
    /// When it cannot be signed, kept or printed.
    pub fn carry_out(&mut self, world: &World, wish: &Wish, common: &Common) -> io::Result<Exit> {
        let (exit, told) = self.carry(world, wish, common)?;
        print(told.into_iter().collect(), common)?;
        Ok(exit)
    }

    /// The same as one of several acts: what is told as JSON is given back, for the command prints one value.
    ///
    /// # Errors
    /// When it cannot be signed, kept or printed.
    pub fn carry(
        &mut self,
        world: &World,
        wish: &Wish,
        common: &Common,
    ) -> io::Result<(Exit, Option<Value>)> {
        let repository = &self.repository;
        let state = &repository.folded.state;
        let done = perform(&repository.set, state, world, wish);
        let mut out = io::stdout().lock();
        let Some(event) = &done.event else {
            if !common.show {
                self.enter(world, &done, None)?;
            }
            return Ok((Exit::Findings, tell::refused(&done, world, common, state, &mut out)?));
        };
        if matches!(wish.act, Act::Propose | Act::Change(_)) {
            repository.keep(world.subject.kind)?;
        }
        let payload = files::payload(event)?;
        if common.show {
            return Ok((Exit::Clean, Some(serde_json::from_slice(&payload)?)));
        }
        let message = statement::to_sign(&payload).map_err(io::Error::other)?;
        let armoured = self.signer.sign(&message)?;
        let (id, key) = (statement::id(&payload), &self.signer.fingerprint);
        let file = statement::envelope(&payload, key, &armoured).map_err(io::Error::other)?;
        self.enter(world, &done, Some((&id, &file)))?;
        let path = files::write(&repository.root, &payload, key, &armoured)?;
        let told = tell::done(&done, event, &id, below(&path, &repository.root), common, &mut out)?;
        drop(out);
        // What was kept is part of the state for the next act of the same command.
        self.repository = Repository::open(&repository.root.clone(), repository.now)?;
        Ok((Exit::Clean, told))
    }
}

/// Prints what acts came to as one JSON value: that of the only one, or all of them together.
///
/// # Errors
/// When it cannot be printed.
pub fn print(mut told: Vec<Value>, common: &Common) -> io::Result<()> {
    let one = match told.len() {
        0 => return Ok(()),
        1 => told.pop().unwrap_or_default(),
        _ if common.show => Value::Array(told),
        _ => json!({"schema": "countersign.act-results/1", "results": told}),
    };
    writeln!(io::stdout(), "{one:#}")
}

impl Desk {
    /// Enters what was decided in the ledger that the configuration names, after all that is in the folder; nothing where it
    /// names none. What cannot be entered is not done.
    fn enter(&self, world: &World, done: &Performed, statement: Option<(&str, &[u8])>) -> io::Result<()> {
        let repository = &self.repository;
        let Some(settings) = Settings::read(&repository.root).map_err(io::Error::other)? else {
            return Ok(());
        };
        let page = view::page(world);
        let event = &done.asked;
        let decided = Decided {
            event,
            set: &repository.set,
            facts: &done.facts,
            decision: &done.decision,
            refusal: done.refusal.as_ref(),
            statement,
            page: Some(&page),
            rests_on: &rests_on(&repository.folded.state, event, &done.decision),
        };
        let entered = Book::open(&settings).and_then(|mut book| {
            book::catch_up(&mut book, repository)?;
            let puts = matches!(event.act, Act::Change(_)).then(|| book::basis_of(repository.here()));
            book.enter(&book::basis_of(&repository.in_force()), &decided, puts.as_ref())?;
            book.close()
        });
        entered.map_err(|e| io::Error::other(format!("nothing was done, for it cannot be recorded: {e}")))
    }
}

fn below<'p>(path: &'p Path, root: &Path) -> &'p Path {
    path.strip_prefix(root).unwrap_or(path)
}

/// Asks for what is missing, at a terminal; elsewhere says which option gives it.
///
/// # Errors
/// When nothing is given.
pub fn ask(given: &str, option: &str, question: &str) -> io::Result<String> {
    if !given.trim().is_empty() {
        return Ok(given.to_owned());
    }
    let needed = || {
        io::Error::new(io::ErrorKind::InvalidInput, format!("{question} is needed: give it with `{option}`"))
    };
    if !io::stdin().is_terminal() {
        return Err(needed());
    }
    eprint!("{question}: ");
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    let line = line.trim();
    if line.is_empty() { Err(needed()) } else { Ok(line.to_owned()) }
}

/// The fewest characters by which one of several digests can be named.
const FEWEST: usize = 6;

/// The one of several digests that begins as is said.
///
/// # Errors
/// When there is none, or several.
pub fn by_prefix<'s>(
    word: &str,
    all: impl Iterator<Item = &'s String>,
    (what, listed): (&str, &str),
) -> io::Result<String> {
    let hex = word.strip_prefix("sha256:").unwrap_or(word);
    if hex.len() < FEWEST {
        let told =
            format!("`{word}` is too short to name a {what}: write at least its first {FEWEST} characters");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, told));
    }
    let found: Vec<&String> =
        all.filter(|d| d.strip_prefix("sha256:").unwrap_or(d).starts_with(hex)).collect();
    match found[..] {
        [one] => Ok(one.clone()),
        [] => {
            let told = format!("there is no {what} `{word}`: `{listed}` lists them");
            Err(io::Error::new(io::ErrorKind::NotFound, told))
        }
        _ => Err(io::Error::other(format!("`{word}` begins several: write more of it"))),
    }
}

/// What can be named by the beginning of its digest, and the command that lists all of it.
pub const GLASS: (&str, &str) = ("break-glass", "countersign breakglass list");
/// The same of exceptions.
pub const EXCEPTION: (&str, &str) = ("exception", "countersign exception list");
/// The same of proposals: ended ones are in the statements alone.
pub const PROPOSAL: (&str, &str) = ("proposal", "countersign status --format json");

/// Whether something is told as JSON.
#[must_use]
pub fn is_json(common: &Common) -> bool {
    common.format == Format::Json
}
