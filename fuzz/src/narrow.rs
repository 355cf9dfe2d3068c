//! Watches only the functions that a corpus reaches.
//!
//! libFuzzer looks through all counters of coverage after each execution, which takes longer than most executions when
//! all of our crates are in one binary. With `FUZZ_NARROW=FOLDER` the inputs there are executed first, and only the
//! counters of functions that they reach are registered with the engine: new ways through these functions are still
//! found, other functions are executed but not noticed. Even so the engine looks only after one execution in thirty-two.
//! The linker leads the calls through here (`build.rs`).

#![allow(unsafe_code, reason = "the engine's interface is C")]

use crate::target::Target;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Nearby functions are registered together: a range costs about as much as so many counters.
const GAP: usize = 256;
/// The engine takes so many ranges.
const MOST: usize = 4096;

/// The engine looks at coverage after one execution in so many.
const LOOK: usize = 32;

/// One counter's entry in the table beside the counters: its address, and whether a function begins there.
#[repr(C)]
struct Place {
    _address: usize,
    flags: usize,
}

static COUNTERS: Mutex<Range<usize>> = Mutex::new(0..0);
/// Executions so far, and up to which the engine looks after each: all, or those of the corpus.
static RUNS: AtomicUsize = AtomicUsize::new(0);
static SEEDS: AtomicUsize = AtomicUsize::new(usize::MAX);
static PLACES: Mutex<Range<usize>> = Mutex::new(0..0);

unsafe extern "C" {
    fn __real___sanitizer_cov_8bit_counters_init(start: *mut u8, end: *mut u8);
    fn __real___sanitizer_cov_pcs_init(start: *const Place, end: *const Place);
    fn __real___sanitizer_weak_hook_memcmp(
        at: *const u8,
        a: *const u8,
        b: *const u8,
        len: usize,
        result: i32,
    );
}

#[unsafe(no_mangle)]
extern "C" fn __wrap___sanitizer_cov_8bit_counters_init(start: *mut u8, end: *mut u8) {
    if let Ok(mut counters) = COUNTERS.lock() {
        *counters = start as usize..end as usize;
    }
}

#[unsafe(no_mangle)]
extern "C" fn __wrap___sanitizer_cov_pcs_init(start: *const Place, end: *const Place) {
    if let Ok(mut places) = PLACES.lock() {
        *places = start as usize..end as usize;
    }
}

/// Comparisons, from which the engine learns words.
#[unsafe(no_mangle)]
extern "C" fn __wrap___sanitizer_weak_hook_memcmp(
    at: *const u8,
    a: *const u8,
    b: *const u8,
    len: usize,
    result: i32,
) {
    if looks(RUNS.load(Ordering::Relaxed)) {
        // SAFETY: passed on as it came.
        unsafe { __real___sanitizer_weak_hook_memcmp(at, a, b, len, result) }
    }
}

/// Registers the counters with the engine, before it looks at its arguments.
pub fn register(target: &Target) {
    let (Ok(counters), Ok(places)) = (COUNTERS.lock(), PLACES.lock()) else { return };
    let (start, places) = (counters.start as *mut u8, places.start as *const Place);
    let count = counters.len();
    if count == 0 {
        return;
    }
    let ranges = match std::env::var_os("FUZZ_NARROW") {
        None => std::iter::once(0..count).collect(),
        // SAFETY: the sections of counters and places are the program's own, and as long as each other.
        Some(folder) => unsafe { functions(&reached(target, folder.as_ref(), start, count), places) },
    };
    for range in merged(ranges) {
        // SAFETY: as above; each range lies within both sections.
        unsafe {
            __real___sanitizer_cov_8bit_counters_init(start.add(range.start), start.add(range.end));
            __real___sanitizer_cov_pcs_init(places.add(range.start), places.add(range.end));
        }
    }
}

/// Counts an execution; whether the engine is to look at what it reached.
pub fn counted() -> bool {
    looks(RUNS.fetch_add(1, Ordering::Relaxed))
}

fn looks(run: usize) -> bool {
    run <= SEEDS.load(Ordering::Relaxed) || run.is_multiple_of(LOOK)
}

/// Which counters the files of a folder move.
unsafe fn reached(target: &Target, folder: &std::path::Path, start: *mut u8, count: usize) -> Vec<bool> {
    let mut reached = vec![false; count];
    let files: Vec<_> = std::fs::read_dir(folder).into_iter().flatten().flatten().collect();
    SEEDS.store(files.len(), Ordering::Relaxed);
    for file in files {
        target.run(&std::fs::read(file.path()).unwrap_or_default());
        for (i, seen) in reached.iter_mut().enumerate() {
            // SAFETY: `i` is below the number of counters; nothing else runs now.
            *seen |= unsafe { start.add(i).replace(0) } != 0;
        }
    }
    reached
}

/// The counters of each function of which some counter was reached.
unsafe fn functions(reached: &[bool], places: *const Place) -> Vec<Range<usize>> {
    // SAFETY: there are as many places as counters.
    let begins = |i: &usize| unsafe { (*places.add(*i)).flags & 1 == 1 };
    let mut starts: Vec<usize> = (0..reached.len()).filter(begins).collect();
    starts.push(reached.len());
    let all = starts.windows(2).map(|w| w[0]..w[1]);
    all.filter(|f| reached[f.clone()].contains(&true)).collect()
}

fn merged(ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut merged: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        let full = merged.len() == MOST;
        match merged.last_mut() {
            Some(last) if range.start - last.end < GAP || full => last.end = range.end,
            _ => merged.push(range),
        }
    }
    merged
}
