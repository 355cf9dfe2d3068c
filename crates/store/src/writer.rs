//! The one who appends: takes entries from many, commits them in groups, and answers each when it is durable under a
//! durable signed checkpoint.
//!
//! There are no timers. While one group is being committed the next one gathers, so that a lone entry waits for nobody
//! and many share one commit. A commit whose outcome is not known stops the writer for good: what is true is found by
//! the ordinary start.

use ledger::{Draft, Error, Failure, Head, Note, Result, Sealed, Sequencer, Signer, Store, count};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// The most entries of one group.
const GROUP: usize = 4096;
/// How many may wait; then callers do.
const QUEUE: usize = 8192;
/// How often in a row another sequencer may be faster.
const RACES: usize = 1000;

/// What is answered for an entry that is durable under a durable signed checkpoint.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// Its number in the log.
    pub seq: u64,
    /// A checkpoint over it, with the cosignatures that were asked for.
    pub checkpoint: Arc<Note>,
}

/// Gets cosignatures for a head that was committed.
pub trait Cosign: Send {
    /// The checkpoint with enough cosignatures for the policy, or why there are not enough.
    fn cosign(&mut self, store: &dyn Store, head: &Head) -> Result<Note>;
}

type Reply = Box<dyn FnOnce(Result<Receipt>) + Send>;

struct Job {
    draft: Draft,
    reply: Reply,
}

/// The one who appends.
pub struct Writer {
    jobs: Option<SyncSender<Job>>,
    stopped: Arc<Mutex<Option<Error>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts on a ledger that exists.
    pub fn start(
        store: Arc<dyn Store>,
        signer: Signer,
        cosign: Option<Box<dyn Cosign>>,
        clock: fn() -> u64,
    ) -> Result<Self> {
        let head =
            store.head()?.ok_or_else(|| Error::new("there is no ledger yet: make one with `ledger init`"))?;
        let publishes = cosign.is_some() || store.published()?.is_some();
        let sequencer = Sequencer::new(signer, head)?;
        let (sender, jobs) = sync_channel(QUEUE);
        let stopped = Arc::new(Mutex::new(None));
        let mut work = Work { store, sequencer, cosign, clock, publishes, stopped: Arc::clone(&stopped) };
        let thread = std::thread::Builder::new().name("ledger".into()).spawn(move || work.run(&jobs));
        let thread = thread.map_err(|e| Error::new(format!("the writer cannot be started: {e}")))?;
        Ok(Self { jobs: Some(sender), stopped, thread: Some(thread) })
    }

    /// Hands an entry in; `reply` is called once, when it is acknowledged or when it is not.
    pub fn submit(&self, draft: Draft, reply: impl FnOnce(Result<Receipt>) + Send + 'static) {
        let job = Job { draft, reply: Box::new(reply) };
        let refused = match &self.jobs {
            Some(jobs) => jobs.send(job).err().map(|e| e.0),
            None => Some(job),
        };
        if let Some(job) = refused {
            (job.reply)(Err(self.stopped().unwrap_or_else(|| Error::new("the ledger has been closed"))));
        }
    }

    /// Appends an entry and waits.
    pub fn append(&self, draft: Draft) -> Result<Receipt> {
        let (sender, answer) = sync_channel(1);
        self.submit(draft, move |r| {
            let _ = sender.send(r);
        });
        answer.recv().unwrap_or_else(|_| Err(Error::new("the writer ended without an answer")))
    }

    /// Why it has stopped, if it has: the process should end, and find out by starting again.
    #[must_use]
    pub fn stopped(&self) -> Option<Error> {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Writer {
    /// Waits until everything handed in has been answered.
    fn drop(&mut self) {
        self.jobs.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Work {
    store: Arc<dyn Store>,
    sequencer: Sequencer,
    cosign: Option<Box<dyn Cosign>>,
    clock: fn() -> u64,
    publishes: bool,
    stopped: Arc<Mutex<Option<Error>>>,
}

impl Work {
    fn run(&mut self, jobs: &Receiver<Job>) {
        let mut group = Vec::new();
        while let Ok(first) = jobs.recv() {
            group.push(first);
            group.extend(jobs.try_iter().take(GROUP - 1));
            let first = match self.commit(&group) {
                Ok(first) => first,
                Err(error) => return self.stop(error, group, jobs),
            };
            let note = self.publish();
            for (seq, job) in (first..).zip(group.drain(..)) {
                (job.reply)(note.clone().map(|checkpoint| Receipt { seq, checkpoint }));
            }
        }
    }

    fn stop(&self, error: Error, group: Vec<Job>, jobs: &Receiver<Job>) {
        let told = Error::new(format!(
            "not acknowledged, and the ledger has stopped: {error}; start again to find out"
        ));
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = Some(told.clone());
        for job in group.into_iter().chain(jobs.try_iter()) {
            (job.reply)(Err(told.clone()));
        }
    }

    /// Commits a group and returns the number of its first entry.
    fn commit(&mut self, group: &[Job]) -> Result<u64> {
        for _ in 0..RACES {
            let base = self.sequencer.head().clone();
            match self.attempt(&base, group) {
                Ok(sealed) => {
                    self.sequencer.follow(sealed);
                    return Ok(base.size());
                }
                Err(Failure::Broken(error)) => return Err(error),
                Err(Failure::Moved) => {
                    let head = self.store.head()?.ok_or_else(|| Error::new("the ledger is gone"))?;
                    self.sequencer.advance(head)?;
                }
            }
        }
        Err(Error::new(format!("other sequencers were faster {RACES} times in a row")))
    }

    fn attempt(&self, base: &Head, group: &[Job]) -> std::result::Result<Sealed, Failure> {
        let batch = self.sequencer.prepare(group.iter().map(|j| &j.draft), (self.clock)())?;
        let read_back = self.store.stage(base, &batch)?;
        let sealed = self.sequencer.seal(&batch, &read_back)?;
        self.store.commit(base, &batch, &sealed)?;
        Ok(sealed)
    }

    /// The checkpoint to answer with: cosigned where that is asked for, and kept so.
    fn publish(&mut self) -> Result<Arc<Note>> {
        let head = self.sequencer.head();
        let note = match &mut self.cosign {
            Some(cosign) => cosign.cosign(&*self.store, head).map_err(|e| {
                Error::new(format!(
                    "recorded in the ledger of {}, but not acknowledged: {e}",
                    count(head.size(), "entry", "entries")
                ))
            })?,
            None => head.note.clone(),
        };
        if self.publishes {
            self.store.publish(&note)?;
        }
        Ok(Arc::new(note))
    }
}
