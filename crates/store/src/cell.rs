//! A durable cell: a file with one value, replaced as a whole, that survives a torn write and a flipped bit.
//!
//! The file has two slots, used in turn, and each slot has the value twice. A write that is torn spoils both copies of
//! the slot being written at most, and the other slot still has the value before it, which nobody was told was replaced.
//! A bit that flips spoils one copy, and the other has the same value: nothing acknowledged goes back.

use crate::disk::{Disk, DiskFile};
use ledger::{Error, Result};
use sha2::{Digest, Sha256};

/// The room of a copy, in bytes.
const COPY: usize = 32 * 1024;
const COPIES: u64 = 4;
const MAGIC: &[u8; 8] = b"cscell1\n";
/// Magic, counter, length.
const HEADER: usize = 20;
/// The longest value.
pub const MAX_VALUE: usize = COPY - HEADER - 32;

/// The cell.
pub struct Cell {
    name: String,
    file: Box<dyn DiskFile>,
    counter: u64,
    value: Option<Vec<u8>>,
    /// A write failed: what the file has is not known.
    broken: bool,
    /// How much of a copy the slots may have in use, beyond which there are zeroes.
    used: [usize; 2],
}

impl Cell {
    /// Opens a cell, makes it where it is not there, and reads the value that was written last, if any.
    pub fn open(disk: &dyn Disk, name: &str) -> Result<Self> {
        let file = disk.open(name).map_err(|e| failed(name, "cannot be opened", &e))?;
        let mut cell =
            Self { name: name.to_owned(), file, counter: 0, value: None, broken: false, used: [COPY; 2] };
        let len = cell.file.size().map_err(|e| failed(name, "cannot be read", &e))?;
        if len < COPIES * COPY as u64 {
            // What is there stays: of a file that was cut short, a copy may still be whole.
            cell.allocate(disk, len)?;
            cell.used = if len == 0 { [HEADER; 2] } else { [COPY; 2] };
        }
        let copies = (0..COPIES).map(|i| cell.read_copy(i)).collect::<Result<Vec<_>>>()?;
        if let Some((counter, value)) = copies.into_iter().filter_map(|c| parse(&c)).max_by_key(|c| c.0) {
            (cell.counter, cell.value) = (counter, Some(value));
        }
        Ok(cell)
    }

    fn allocate(&self, disk: &dyn Disk, from: u64) -> Result<()> {
        let missing = (COPIES * COPY as u64).saturating_sub(from) as usize;
        let zeroes = self.file.write(from, &vec![0; missing]);
        zeroes
            .and_then(|()| self.file.sync())
            .and_then(|()| disk.sync_folder())
            .map_err(|e| failed(&self.name, "cannot be made", &e))
    }

    fn read_copy(&self, index: u64) -> Result<Vec<u8>> {
        let mut bytes = vec![0; COPY];
        let read = self.file.read(index * COPY as u64, &mut bytes);
        read.map_err(|e| failed(&self.name, "cannot be read", &e))?;
        Ok(bytes)
    }

    /// The value.
    pub fn value(&self) -> Option<&[u8]> {
        self.value.as_deref()
    }

    /// Whether a write has failed, so that the value is not known until the cell is opened again.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Replaces the value; it is durable when this returns. After an error it is one or the other.
    pub fn write(&mut self, value: &[u8]) -> Result<()> {
        if value.len() > MAX_VALUE {
            return Err(Error::new(format!("`{}` holds {MAX_VALUE} bytes, not {}", self.name, value.len())));
        }
        let counter = self.counter + 1;
        let slot = (counter % 2) as usize;
        let mut bytes = encode(counter, value);
        let used = std::mem::replace(&mut self.used[slot], bytes.len());
        bytes.resize(bytes.len().max(used), 0);
        self.broken = true;
        for copy in [slot as u64 * 2, slot as u64 * 2 + 1] {
            let written = self.file.write(copy * COPY as u64, &bytes);
            written.map_err(|e| failed(&self.name, "cannot be written", &e))?;
        }
        self.file.sync().map_err(|e| failed(&self.name, "cannot be made durable", &e))?;
        (self.counter, self.value, self.broken) = (counter, Some(value.to_vec()), false);
        Ok(())
    }

    /// Writes the value again into both slots: what was read may have been in memory only, if its writing failed.
    pub fn settle(&mut self) -> Result<()> {
        self.used = [COPY; 2];
        if let Some(value) = self.value.clone() {
            self.write(&value)?;
            self.write(&value)?;
        }
        Ok(())
    }

    /// Whether nothing was written to this copy yet.
    fn is_unused(&self, index: u64) -> bool {
        self.counter == 0 || (self.counter == 1 && index < 2)
    }

    /// What is wrong with the copies, each with its place; for a cell that was settled, nothing.
    pub fn examine(&self) -> Result<Vec<String>> {
        let mut out = Vec::new();
        let mut counters = Vec::new();
        for index in 0..COPIES {
            let bytes = self.read_copy(index)?;
            let at = index * COPY as u64;
            match parse(&bytes) {
                Some((counter, value)) => {
                    let end = HEADER + value.len() + 32;
                    if let Some(stray) = stray(&bytes[end..]) {
                        out.push(format!("`{}`: a stray byte at {}", self.name, at + (end + stray) as u64));
                    }
                    counters.push((index / 2, counter));
                }
                None if self.is_unused(index) && stray(&bytes).is_none() => {}
                None => out.push(format!("`{}`: the copy at byte {at} is damaged", self.name)),
            }
        }
        if counters.iter().any(|(slot, counter)| counter % 2 != *slot || counter + 1 < self.counter) {
            out.push(format!("`{}`: a copy is of another time than it should be", self.name));
        }
        let len = self.file.size().map_err(|e| failed(&self.name, "cannot be read", &e))?;
        if len != COPIES * COPY as u64 {
            out.push(format!("`{}` has {len} bytes, not {}", self.name, COPIES * COPY as u64));
        }
        Ok(out)
    }
}

/// The first byte that is not zero.
fn stray(bytes: &[u8]) -> Option<usize> {
    // Almost always there is none, and that is told sixteen bytes at a time.
    if bytes.iter().fold(0, |all, b| all | b) == 0 {
        return None;
    }
    bytes.iter().position(|b| *b != 0)
}

fn encode(counter: u64, value: &[u8]) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(&counter.to_be_bytes());
    out.extend_from_slice(&(value.len() as u32).to_be_bytes());
    out.extend_from_slice(value);
    let sum = Sha256::digest(&out);
    out.extend_from_slice(&sum);
    out
}

fn parse(bytes: &[u8]) -> Option<(u64, Vec<u8>)> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (counter, rest) = rest.split_first_chunk::<8>()?;
    let (length, _) = rest.split_first_chunk::<4>()?;
    let end = HEADER + u32::from_be_bytes(*length) as usize;
    let (content, sum) = (bytes.get(..end)?, bytes.get(end..end.checked_add(32)?)?);
    (Sha256::digest(content)[..] == *sum).then(|| (u64::from_be_bytes(*counter), content[HEADER..].to_vec()))
}

/// A failure with the file it was met in.
pub(crate) fn failed(name: &str, what: &str, error: &std::io::Error) -> Error {
    let hint = match error.kind() {
        std::io::ErrorKind::StorageFull => ": make room and start again",
        std::io::ErrorKind::PermissionDenied => ": give this user the right to read and write it",
        _ => "",
    };
    Error::new(format!("`{name}` {what} ({error}){hint}"))
}
