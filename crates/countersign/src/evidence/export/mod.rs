//! `countersign export`: what a ledger says, in the formats of others. Streams go on where they stopped, and name the first
//! gap; documents are about a period.

pub mod args;
mod documents;
mod read;
mod texts;
mod tokens;

use self::args::{Export, Format};
use self::read::Log;
use super::gather::{Whole, at};
use super::{args::Reading, done, time};
use crate::check::Exit;
use crate::log::args::Output;
use evidence::export::{
    Cursor, DOCUMENTATION, Event, Framing, Origin, Stream, cef, cloudevent, ocsf, syslog,
};
use evidence::{Opened, Role, is_within};
use ledger::count;
use ledger::{Checkpoint, Error, Result};
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// `countersign export`.
///
/// # Errors
/// When the ledger cannot be read, an option is not understood or missing, or something cannot be written.
pub fn export(options: &Export) -> io::Result<Exit> {
    done(run(options))
}

fn run(options: &Export) -> Result<Exit> {
    check(options)?;
    match options.format {
        Format::Jwks => write_document(options, &(tokens::jwks(options)? + "\n")),
        Format::OscalResults | Format::OscalComponent | Format::Sarif | Format::Junit => document(options),
        _ => {
            let log = Log::open(options)?;
            stream(options, &log)
        }
    }
}

/// Whether options are given that say nothing for this format.
fn check(options: &Export) -> Result<()> {
    let format = options.format;
    let stream =
        matches!(format, Format::Ocsf | Format::Cef | Format::Syslog | Format::Cloudevents | Format::Set);
    let tokens = matches!(format, Format::Set | Format::Jwks);
    let given = [
        (
            "--after, --cursor and --limit",
            options.after.is_some() || options.cursor.is_some() || options.limit.is_some(),
            stream,
        ),
        ("--since and --until", options.since.is_some() || options.until.is_some(), !stream),
        ("--enterprise", options.enterprise.is_some(), format == Format::Syslog),
        (
            "--key, --issuer and --audience",
            options.key.is_some() || options.issuer.is_some() || !options.audience.is_empty(),
            tokens,
        ),
    ];
    match given.iter().find(|(_, given, fits)| *given && !fits) {
        Some((names, ..)) => Err(Error::new(format!("{names} say nothing for this format: leave them out"))),
        None => Ok(()),
    }
}

fn role(options: &Export) -> Result<Role> {
    let unknown = || Error::new(format!("no role `{}`: there are auditor, reviewer, public", options.role));
    Role::named(&options.role).ok_or_else(unknown)
}

/// Writes entries as lines, and tells where it stopped.
fn stream(options: &Export, log: &Log) -> Result<Exit> {
    let cursor = read_cursor(options)?;
    if let Some(gap) = log.differs(cursor.as_ref())? {
        eprintln!("{gap}");
        return Ok(Exit::Findings);
    }
    let lines = Lines::new(options, log.origin())?;
    let mut stream = cursor.as_ref().map_or_else(Stream::default, Stream::after);
    let began = stream.next();
    let mut out = output(options)?;
    let mut written = 0usize;
    let result = log.each(&mut stream, options.limit, |event| {
        let text = lines.of(event)?;
        written += text.len();
        text.iter().try_for_each(|line| out.write_all(line.as_bytes())).map_err(|e| Error::new(e.to_string()))
    });
    out.flush().map_err(|e| unwritten(&e))?;
    if let Some(file) = &options.output {
        // Durable before the cursor says that it was written.
        fs::File::open(file).and_then(|f| f.sync_all()).map_err(|e| at(file, &e))?;
    }
    // What was written stays written: the next one goes on after it, whatever stopped this one.
    let next = log.cursor(&stream)?;
    if let Some(file) = &options.cursor {
        keep(file, &next)?;
    }
    let gap = result?;
    if let Some(gap) = &gap {
        eprintln!("{gap}");
    }
    let entries = usize::try_from(stream.next() - began).unwrap_or(usize::MAX);
    let (read, told) = (count(entries, "entry", "entries"), count(written, "event", "events"));
    eprintln!("{read} as {told}; next: --after {next}");
    Ok(if gap.is_some() { Exit::Findings } else { Exit::Clean })
}

fn unwritten(e: &io::Error) -> Error {
    Error::new(format!("the export cannot be written ({e})"))
}

fn read_cursor(options: &Export) -> Result<Option<Cursor>> {
    let kept = match &options.cursor {
        Some(file) if file.exists() => Some(fs::read_to_string(file).map_err(|e| at(file, &e))?),
        _ => options.after.clone(),
    };
    let parse = |text: String| {
        let text = text.trim();
        Cursor::parse(text)
            .ok_or_else(|| Error::new(format!("`{text}` is no cursor: give one as an export printed it")))
    };
    kept.map(parse).transpose()
}

/// Replaces the cursor that is kept, whole or not at all.
fn keep(file: &Path, cursor: &Cursor) -> Result<()> {
    let new = file.with_added_extension("new");
    let written = fs::File::create(&new).and_then(|mut f| {
        writeln!(f, "{cursor}")?;
        f.sync_all()
    });
    written.and_then(|()| fs::rename(&new, file)).map_err(|e| at(file, &e))
}

fn output(options: &Export) -> Result<Box<dyn Write>> {
    Ok(match &options.output {
        Some(file) => {
            let opened = fs::OpenOptions::new().create(true).append(true).open(file);
            Box::new(io::BufWriter::new(opened.map_err(|e| at(file, &e))?))
        }
        None => Box::new(io::BufWriter::new(io::stdout().lock())),
    })
}

/// How events become lines.
struct Lines {
    format: Format,
    origin: Origin,
    enterprise: u32,
    framing: Framing,
    issuer: Option<evidence::export::Issuer>,
}

impl Lines {
    fn new(options: &Export, origin: Origin) -> Result<Self> {
        let framing = match options.framing {
            args::Framing::Lines => Framing::Lines,
            args::Framing::Octets => Framing::Octets,
        };
        let issuer = if options.format == Format::Set { Some(tokens::issuer(options)?) } else { None };
        let enterprise = options.enterprise.unwrap_or(DOCUMENTATION);
        Ok(Self { format: options.format, origin, enterprise, framing, issuer })
    }

    fn of(&self, event: &Event) -> Result<Vec<String>> {
        let line = |text: String| Ok(vec![text + "\n"]);
        match (self.format, &self.issuer) {
            (Format::Set, Some(issuer)) => Ok(issuer.tokens(event)?.into_iter().map(|t| t + "\n").collect()),
            (Format::Cef, _) => line(cef(event, &self.origin)),
            (Format::Syslog, _) => Ok(vec![syslog(event, &self.origin, self.enterprise, self.framing)]),
            (Format::Cloudevents, _) => line(cloudevent(event, &self.origin).to_string()),
            _ => line(ocsf(event, &self.origin).to_string()),
        }
    }
}

/// Writes a document about a period.
fn document(options: &Export) -> Result<Exit> {
    let role = role(options)?;
    let from =
        Reading { ledger: options.ledger.clone(), beside: options.beside.clone(), format: Output::Plain };
    let whole = Whole::read(&from)?;
    let origin = Origin {
        log: Checkpoint::parse(whole.note.text())?.origin,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let period @ (since, until) = time::period(options.since.as_deref(), options.until.as_deref())?;
    let mut entries = whole.opened()?;
    entries.iter_mut().for_each(|o| o.openings.retain(|name, _| !role.withholds(name)));
    let pairs = entries.iter().zip(&whole.entries).filter(|(o, _)| is_within(o, since, until));
    let events = || pairs.clone().map(|(opened, bytes)| Event::of(opened, bytes)).collect::<Vec<_>>();
    let before: Vec<Opened> = entries.iter().filter(|o| is_within(o, 0, until)).cloned().collect();
    let text = match options.format {
        Format::OscalResults => pretty(&evidence::export::assessment_results(&events(), &origin, period)?)?,
        Format::OscalComponent => {
            pretty(&evidence::export::component_definition(&events(), &origin, period))?
        }
        Format::Sarif => pretty(&documents::sarif(&before))?,
        _ => documents::junit(&before),
    };
    write_document(options, &text)
}

fn pretty(value: &impl serde::Serialize) -> Result<String> {
    let text = serde_json::to_string_pretty(value).map_err(|e| Error::new(e.to_string()))?;
    Ok(text + "\n")
}

fn write_document(options: &Export, text: &str) -> Result<Exit> {
    match &options.output {
        Some(file) => fs::write(file, text).map_err(|e| at(file, &e))?,
        None => match io::stdout().write_all(text.as_bytes()) {
            // A reader who has gone is no reason to stop.
            Err(e) if e.kind() != io::ErrorKind::BrokenPipe => return Err(unwritten(&e)),
            _ => {}
        },
    }
    Ok(Exit::Clean)
}
