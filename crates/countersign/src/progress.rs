//! The progress bar: on standard error, only on a terminal, and only when the work takes over a second.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, IsTerminal};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Work that takes less is over before anybody reads.
const PATIENCE: Duration = Duration::from_secs(1);

/// A progress bar that may never show.
#[derive(Debug)]
pub struct Bar {
    started: Instant,
    terminal: bool,
    bar: OnceLock<ProgressBar>,
}

impl Bar {
    /// A bar of work that starts now.
    #[must_use]
    pub fn new() -> Self {
        Bar { started: Instant::now(), terminal: io::stderr().is_terminal(), bar: OnceLock::new() }
    }

    /// So much is done.
    pub fn tell(&self, done: usize, of: usize) {
        if self.terminal && self.started.elapsed() > PATIENCE {
            let bar = self.bar.get_or_init(|| {
                let bar = ProgressBar::new(of as u64);
                let style = ProgressStyle::with_template("{bar:40} {pos}/{len} files, {eta} left");
                bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
                bar
            });
            bar.set_position(done as u64);
        }
    }

    /// The work is done: nothing of the bar stays.
    pub fn end(&self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}

impl Default for Bar {
    fn default() -> Self {
        Self::new()
    }
}
