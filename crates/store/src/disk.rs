//! The few things that a store in a folder asks of a disk, so that tests can put a failing one in its place.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// A folder on a disk.
pub trait Disk: Send + Sync {
    /// Opens a file for reading and writing, and makes it where it is not there.
    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>>;
    /// Whether a file is there.
    fn exists(&self, name: &str) -> bool;
    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes durable which files are there.
    fn sync_folder(&self) -> io::Result<()>;
    /// Whether files may be made by other threads, in advance.
    fn has_threads(&self) -> bool {
        true
    }
}

/// A file on a disk.
pub trait DiskFile: Send + Sync {
    /// How long it is.
    fn size(&self) -> io::Result<u64>;
    /// Reads exactly so many bytes from there.
    fn read(&self, at: u64, into: &mut [u8]) -> io::Result<()>;
    /// Writes all of it there.
    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()>;
    /// Cuts it, or lengthens it with zeroes.
    fn set_len(&self, len: u64) -> io::Result<()>;
    /// Makes durable what was written.
    fn sync(&self) -> io::Result<()>;
}

/// A folder of the real disk.
pub struct RealDisk(pub PathBuf);

impl RealDisk {
    /// The folder, made where it is not there.
    pub fn new(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Disk for RealDisk {
    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        Ok(Box::new(RealFile(options.open(self.0.join(name))?)))
    }

    fn exists(&self, name: &str) -> bool {
        self.0.join(name).is_file()
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
    }

    fn sync_folder(&self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }
}

struct RealFile(File);

impl DiskFile for RealFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(into, at)
    }

    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, at)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}
