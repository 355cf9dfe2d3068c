//! Line numbers of byte offsets: the index is built when the first line is asked for.

use std::cell::OnceCell;

/// The offsets at which lines start, once asked for.
#[derive(Debug, Default)]
pub struct Lines(OnceCell<Vec<u32>>);

impl Lines {
    /// Line (from 1) of a byte offset in `text`, which must be the same text each time.
    #[must_use]
    pub fn line(&self, text: &str, at: usize) -> u32 {
        let starts = self.0.get_or_init(|| {
            memchr::memchr_iter(b'\n', text.as_bytes()).filter_map(|i| u32::try_from(i).ok()).collect()
        });
        let before = starts.partition_point(|&end| (end as usize) < at);
        u32::try_from(before).unwrap_or(u32::MAX - 1) + 1
    }
}
