//! `--watch`: checks again whenever a file is added, changed or gone.

use crate::walk::{Stamp, walk};
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

/// How often files are looked at.
const PAUSE: Duration = Duration::from_millis(500);

type Stamps = Vec<(String, Stamp)>;

/// What there is now.
#[must_use]
pub fn stamps(paths: &[PathBuf]) -> Stamps {
    walk(paths).files.into_iter().map(|f| (f.shown, f.stamp)).collect()
}

/// Waits until there is something else than `before`, and has stopped changing.
#[must_use]
pub fn changed(paths: &[PathBuf], before: &Stamps) -> Stamps {
    let mut last = None;
    loop {
        sleep(PAUSE);
        let now = stamps(paths);
        if now != *before && last.as_ref() == Some(&now) {
            return now;
        }
        last = Some(now);
    }
}
