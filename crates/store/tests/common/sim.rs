//! A disk that fails: it loses, tears and reorders what was not synced, as a real one may, and fails when it is told to.
//!
//! What programs read is what they wrote last (the system's cache). What a crash leaves is what was synced, with any part
//! of what was written since: each write whole, torn at a sector, or not at all, in any choice. Files made and removed
//! are certain only after a sync of the folder. A sync that fails may have made all of it durable, or none of it, and
//! from then on the system believes that there is nothing left to write.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};
use store::disk::{Disk, DiskFile};

const SECTOR: usize = 512;

/// How the operation chosen fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// An error, and nothing was done.
    Nothing,
    /// An error, and a part was done.
    Torn,
    /// An error, and all of it was done, durably.
    Persisted,
    /// The power goes before it.
    Power,
}

#[derive(Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

#[derive(Clone, Default)]
struct Stored {
    cache: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Change>,
    /// Whether the file itself is durable in its folder.
    known: bool,
}

#[derive(Default)]
struct State {
    files: BTreeMap<String, Stored>,
    removed: Vec<(String, Stored)>,
    operations: usize,
    fail_at: Option<(usize, Mode)>,
    dead: bool,
    random: u64,
}

/// The disk. It is shared by those who hold it.
#[derive(Clone, Default)]
pub struct Sim(Arc<Mutex<State>>);

impl State {
    fn random(&mut self) -> u64 {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = self.random ^ (self.random >> 33);
        mixed.wrapping_mul(0xff51_afd7_ed55_8ccd) >> 20
    }

    /// How the operation that comes now goes: none where it succeeds.
    fn begin(&mut self) -> io::Result<Option<Mode>> {
        if self.dead {
            return Err(io::Error::other("the power is gone"));
        }
        self.operations += 1;
        let mode = self.fail_at.filter(|(at, _)| *at == self.operations).map(|f| f.1);
        if mode == Some(Mode::Power) {
            self.dead = true;
            return Err(io::Error::other("the power goes"));
        }
        Ok(mode)
    }
}

fn apply(to: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write(at, bytes) => {
            to.resize(to.len().max(at + bytes.len()), 0);
            to[*at..at + bytes.len()].copy_from_slice(bytes);
        }
        Change::Length(len) => to.resize(*len, 0),
    }
}

fn failed() -> io::Error {
    io::Error::other("the disk failed")
}

impl Sim {
    pub fn new(seed: u64) -> Self {
        let sim = Self::default();
        sim.0.lock().unwrap().random = seed;
        sim
    }

    /// Fails the operation of this number, counted from now.
    pub fn fail(&self, number: usize, mode: Mode) {
        let mut state = self.0.lock().unwrap();
        state.fail_at = Some((state.operations + number, mode));
    }

    /// How many operations there were.
    pub fn operations(&self) -> usize {
        self.0.lock().unwrap().operations
    }

    /// What programs read of a file.
    pub fn file(&self, name: &str) -> Vec<u8> {
        self.0.lock().unwrap().files[name].cache.clone()
    }

    /// Flips a bit of a file where it stands, durably.
    pub fn flip(&self, name: &str, bit: usize) {
        let mut state = self.0.lock().unwrap();
        let file = state.files.get_mut(name).unwrap();
        file.cache[bit / 8] ^= 1 << (bit % 8);
        file.durable[bit / 8] ^= 1 << (bit % 8);
    }

    pub fn names(&self) -> Vec<String> {
        self.0.lock().unwrap().files.keys().cloned().collect()
    }

    /// The process ends and starts again: the cache stays.
    pub fn restart(&self) -> Self {
        let state = self.0.lock().unwrap();
        let files = state.files.clone();
        Self(Arc::new(Mutex::new(State { files, random: state.random, ..State::default() })))
    }

    /// The machine ends and starts again: this is what the disk has.
    pub fn after_power_cut(&self, seed: u64) -> Self {
        let state = self.0.lock().unwrap();
        let mut next = State { random: seed, ..State::default() };
        let removed = state.removed.iter().filter(|(n, _)| !state.files.contains_key(n));
        for (name, file) in
            state.files.iter().map(|(n, f)| (n.clone(), f)).chain(removed.map(|(n, f)| (n.clone(), f)))
        {
            let certain = file.known && state.files.contains_key(&name);
            if !certain && next.random().is_multiple_of(2) {
                continue;
            }
            let mut durable = file.durable.clone();
            for change in &file.pending {
                survive(&mut durable, change, &mut next);
            }
            next.files
                .insert(name, Stored { cache: durable.clone(), durable, pending: Vec::new(), known: true });
        }
        Self(Arc::new(Mutex::new(next)))
    }
}

/// What a crash leaves of a change that was not synced: all, nothing, or some of its sectors.
fn survive(durable: &mut Vec<u8>, change: &Change, state: &mut State) {
    let choice = state.random() % 4;
    match change {
        _ if choice == 0 => {}
        Change::Write(at, bytes) if choice < 3 => {
            let first = at / SECTOR * SECTOR;
            for sector in (first..at + bytes.len()).step_by(SECTOR) {
                if state.random().is_multiple_of(2) {
                    let (from, to) = (sector.max(*at), (sector + SECTOR).min(at + bytes.len()));
                    apply(durable, &Change::Write(from, bytes[from - at..to - at].to_vec()));
                }
            }
        }
        whole => apply(durable, whole),
    }
}

impl Disk for Sim {
    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.0.lock().unwrap();
        if !state.files.contains_key(name) {
            let mode = state.begin()?;
            if !matches!(mode, Some(Mode::Nothing | Mode::Torn)) {
                state.files.insert(name.to_owned(), Stored::default());
            }
            if mode.is_some() {
                return Err(failed());
            }
        }
        Ok(Box::new(SimFile { disk: self.clone(), name: name.to_owned() }))
    }

    fn exists(&self, name: &str) -> bool {
        self.0.lock().unwrap().files.contains_key(name)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        let mode = state.begin()?;
        if !matches!(mode, Some(Mode::Nothing | Mode::Torn)) {
            let file = state.files.remove(name).ok_or_else(failed)?;
            state.removed.push((name.to_owned(), file));
        }
        mode.map_or(Ok(()), |_| Err(failed()))
    }

    fn sync_folder(&self) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        let mode = state.begin()?;
        if matches!(mode, None | Some(Mode::Persisted)) {
            state.files.values_mut().for_each(|f| f.known = true);
            state.removed.clear();
        }
        mode.map_or(Ok(()), |_| Err(failed()))
    }

    fn has_threads(&self) -> bool {
        false
    }
}

struct SimFile {
    disk: Sim,
    name: String,
}

impl SimFile {
    fn with<T>(&self, act: impl FnOnce(&mut Stored) -> T) -> io::Result<T> {
        let mut state = self.disk.0.lock().unwrap();
        if state.dead {
            return Err(io::Error::other("the power is gone"));
        }
        state.files.get_mut(&self.name).map(act).ok_or_else(failed)
    }

    fn change(&self, change: Change) -> io::Result<()> {
        let mode = self.disk.0.lock().unwrap().begin()?;
        let done = match (mode, change) {
            (Some(Mode::Nothing), _) => return Err(failed()),
            (Some(Mode::Torn), Change::Write(at, bytes)) => {
                Change::Write(at, bytes[..bytes.len() / 2].to_vec())
            }
            (_, change) => change,
        };
        self.with(|file| {
            apply(&mut file.cache, &done);
            if mode == Some(Mode::Persisted) {
                let pending = std::mem::take(&mut file.pending);
                pending.iter().chain([&done]).for_each(|c| apply(&mut file.durable, c));
            } else {
                file.pending.push(done);
            }
        })?;
        mode.map_or(Ok(()), |_| Err(failed()))
    }
}

impl DiskFile for SimFile {
    fn size(&self) -> io::Result<u64> {
        self.with(|file| file.cache.len() as u64)
    }

    fn read(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        let at = at as usize;
        let found = self.with(|file| file.cache.get(at..at + into.len()).map(|b| into.copy_from_slice(b)))?;
        found.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.change(Change::Write(at as usize, bytes.to_vec()))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.change(Change::Length(len as usize))
    }

    fn sync(&self) -> io::Result<()> {
        let mode = self.disk.0.lock().unwrap().begin()?;
        self.with(|file| {
            // After a failed sync the system holds the pages to be clean: what was pending is lost, or it is durable.
            let pending = std::mem::take(&mut file.pending);
            let part = if mode == Some(Mode::Torn) { pending.len() / 2 } else { pending.len() };
            if mode != Some(Mode::Nothing) {
                pending[..part].iter().for_each(|c| apply(&mut file.durable, c));
            }
        })?;
        mode.map_or(Ok(()), |_| Err(failed()))
    }
}
