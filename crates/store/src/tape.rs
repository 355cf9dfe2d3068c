//! A long row of bytes in files of a fixed size, written at its end, preallocated so that a sync has only data to write.
//!
//! A sync runs on a thread of its own where the disk has threads, so that a head can be signed meanwhile; so does other work
//! that need not be waited for before the head is written.

use crate::cell::failed;
use crate::disk::{Disk, DiskFile};
use ledger::{Error, Result};
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// The size of a file.
pub(crate) const SEGMENT: u64 = 64 << 20;
/// The size that the first file begins with; it doubles.
const FIRST: u64 = 64 << 10;
/// Zeroes are written in pieces of this size.
const PIECE: usize = 1 << 20;

type Opened = io::Result<Box<dyn DiskFile>>;

struct Segment {
    file: Arc<dyn DiskFile>,
    allocated: u64,
    dirty: bool,
}

/// The row.
pub(crate) struct Tape {
    disk: Arc<dyn Disk>,
    segments: Vec<Segment>,
    /// The file after the last, while it is being made.
    spare: Option<JoinHandle<Opened>>,
    beside: Option<Beside>,
    /// How many of its jobs are other work than syncs; they come after these.
    other: usize,
}

/// What the one beside does.
type Job = Box<dyn FnOnce() -> Result<()> + Send>;

/// One who works beside the writer, one job after the other.
struct Beside {
    jobs: Sender<Job>,
    done: Mutex<Receiver<Result<()>>>,
    /// How many jobs it has not told of.
    open: usize,
}

impl Beside {
    fn start() -> io::Result<Self> {
        let (jobs, open) = channel::<Job>();
        let (sender, done) = channel();
        let work = move || open.iter().map(|job| job()).try_for_each(|done| sender.send(done));
        std::thread::Builder::new().name("ledger-beside".into()).spawn(work)?;
        Ok(Self { jobs, done: Mutex::new(done), open: 0 })
    }

    fn hand(&mut self, job: Job) -> Result<()> {
        self.open += 1;
        self.jobs.send(job).map_err(|_| gone())
    }

    /// Waits until no more than so many are left; the first that failed.
    fn wait(&mut self, left: usize) -> Result<()> {
        let done = self.done.get_mut().unwrap_or_else(PoisonError::into_inner);
        let ended = self.open.saturating_sub(left);
        self.open -= ended;
        (0..ended).map(|_| done.recv().unwrap_or_else(|_| Err(gone()))).fold(Ok(()), Result::and)
    }
}

fn gone() -> Error {
    Error::new("the thread beside the writer has ended")
}

pub(crate) fn name(index: usize) -> String {
    format!("entries-{index:06}")
}

fn place(at: u64) -> (usize, u64) {
    ((at / SEGMENT) as usize, at % SEGMENT)
}

impl Tape {
    /// Opens the files that are there.
    pub(crate) fn open(disk: Arc<dyn Disk>) -> Result<Self> {
        let mut segments = Vec::new();
        while disk.exists(&name(segments.len())) {
            let name = name(segments.len());
            let file = disk.open(&name).map_err(|e| failed(&name, "cannot be opened", &e))?;
            let allocated = file.size().map_err(|e| failed(&name, "cannot be read", &e))?;
            segments.push(Segment { file: file.into(), allocated, dirty: false });
        }
        Ok(Self { disk, segments, spare: None, beside: None, other: 0 })
    }

    /// How many bytes there are, preallocated ones among them.
    pub(crate) fn len(&self) -> u64 {
        let before = self.segments.len().saturating_sub(1) as u64 * SEGMENT;
        self.segments.last().map_or(0, |s| before + s.allocated)
    }

    /// Reads the bytes from `from` to `to`.
    pub(crate) fn read(&self, from: u64, to: u64) -> Result<Vec<u8>> {
        let mut out = vec![0; to.saturating_sub(from) as usize];
        let mut done = 0;
        while done < out.len() {
            let (index, offset) = place(from + done as u64);
            let until = out.len().min(done + (SEGMENT - offset) as usize);
            let missing = || Error::new(format!("`{}` is missing", name(index)));
            let segment = self.segments.get(index).ok_or_else(missing)?;
            let read = segment.file.read(offset, &mut out[done..until]);
            read.map_err(|e| failed(&format!("{}` at byte `{offset}", name(index)), "cannot be read", &e))?;
            done = until;
        }
        Ok(out)
    }

    /// Writes bytes there and begins to make them durable: they are after [`Tape::settle`].
    pub(crate) fn write(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        self.finish()?;
        let mut done = 0;
        while done < bytes.len() {
            let (index, offset) = place(at + done as u64);
            let until = bytes.len().min(done + (SEGMENT - offset) as usize);
            let end = offset + (until - done) as u64;
            self.room(index, end).map_err(|e| failed(&name(index), "cannot be lengthened", &e))?;
            let segment = &mut self.segments[index];
            segment.dirty = true;
            let written = segment.file.write(offset, &bytes[done..until]);
            written.map_err(|e| failed(&name(index), "cannot be written", &e))?;
            done = until;
        }
        for index in 0..self.segments.len() {
            self.sync(index)?;
        }
        Ok(())
    }

    /// Begins to make a file durable, if it was written.
    fn sync(&mut self, index: usize) -> Result<()> {
        let Some(segment) = self.segments.get_mut(index).filter(|s| s.dirty) else { return Ok(()) };
        segment.dirty = false;
        let file = Arc::clone(&segment.file);
        self.hand(Box::new(move || {
            file.sync().map_err(|e| failed(&name(index), "cannot be made durable", &e))
        }))
    }

    /// Gives a job to the thread beside; where the disk has none, does it.
    fn hand(&mut self, job: Job) -> Result<()> {
        if !self.disk.has_threads() {
            return job();
        }
        let start = || Beside::start().map_err(|e| Error::new(format!("no thread can be started: {e}")));
        match &mut self.beside {
            Some(beside) => beside.hand(job),
            none => none.insert(start()?).hand(job),
        }
    }

    /// Begins other work, which is done after [`Tape::finish`].
    pub(crate) fn begin(&mut self, job: impl FnOnce() -> Result<()> + Send + 'static) -> Result<()> {
        self.other += 1;
        self.hand(Box::new(job))
    }

    /// Waits until what was written is durable.
    pub(crate) fn settle(&mut self) -> Result<()> {
        self.beside.as_mut().map_or(Ok(()), |b| b.wait(self.other))
    }

    /// Waits until everything that was begun is done.
    pub(crate) fn finish(&mut self) -> Result<()> {
        self.other = 0;
        self.settle()
    }

    /// Sees that a file is there and has been written with zeroes up to `end`.
    fn room(&mut self, index: usize, end: u64) -> io::Result<()> {
        if index == self.segments.len() {
            let file = match self.spare.take() {
                Some(spare) => spare.join().map_err(|_| io::Error::other("it was not made"))??,
                None => make(&*self.disk, index, if index == 0 { FIRST } else { SEGMENT })?,
            };
            let allocated = file.size()?;
            self.segments.push(Segment { file: file.into(), allocated, dirty: false });
        }
        let segment = &mut self.segments[index];
        if end > segment.allocated {
            let to = end.max(segment.allocated * 2).clamp(FIRST, SEGMENT);
            zero(&*segment.file, segment.allocated, to)?;
            (segment.allocated, segment.dirty) = (to, true);
        }
        if end > SEGMENT / 2 && index + 1 == self.segments.len() && self.spare.is_none() {
            let disk = Arc::clone(&self.disk);
            if disk.has_threads() {
                self.spare = Some(std::thread::spawn(move || make(&*disk, index + 1, SEGMENT)));
            }
        }
        Ok(())
    }

    /// Removes everything from `end` on, durably.
    pub(crate) fn cut(&mut self, end: u64) -> Result<()> {
        self.finish()?;
        if let Some(spare) = self.spare.take() {
            // Made or not: the file goes.
            let _ = spare.join();
        }
        let (last, offset) = place(end);
        let keep = if offset == 0 { last } else { last + 1 };
        let mut gone = self.segments.len().max(keep);
        while self.disk.exists(&name(gone)) {
            gone += 1;
        }
        let removed = (keep..gone).rev().filter(|i| self.disk.exists(&name(*i)));
        removed
            .into_iter()
            .try_for_each(|i| self.disk.remove(&name(i)))
            .and_then(|()| self.disk.sync_folder())
            .map_err(|e| failed(&name(keep), "cannot be removed", &e))?;
        self.segments.truncate(keep);
        let Some(segment) = self.segments.get_mut(last).filter(|s| s.allocated > offset) else {
            return Ok(());
        };
        segment
            .file
            .set_len(offset)
            .and_then(|()| segment.file.sync())
            .map_err(|e| failed(&name(last), "cannot be cut", &e))?;
        segment.allocated = offset;
        Ok(())
    }
}

fn make(disk: &dyn Disk, index: usize, size: u64) -> Opened {
    let file = disk.open(&name(index))?;
    file.set_len(0)?;
    zero(&*file, 0, size)?;
    file.sync()?;
    disk.sync_folder()?;
    Ok(file)
}

fn zero(file: &dyn DiskFile, from: u64, to: u64) -> io::Result<()> {
    let zeroes = vec![0; PIECE.min((to - from) as usize)];
    let mut at = from;
    while at < to {
        let piece = zeroes.len().min((to - at) as usize);
        file.write(at, &zeroes[..piece])?;
        at += piece as u64;
    }
    Ok(())
}
