//! Measures the machine: every property of every workflow below some folders, on two threads. `bench/machine` runs it.

use import::{NoFiles, Verdict as Read};
use machine::{Assumptions, Bounds, Program, Verdict, prove};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use workflow::{Platform, Workflow};

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many workflows are taken at most.
const MOST: usize = 1_000;
const THREADS: usize = 2;

/// What was found of one platform's workflows.
#[derive(Default)]
struct Tally {
    workflows: usize,
    proved: usize,
    refuted: usize,
    unknown: usize,
    slowest: (u128, String),
}

fn main() {
    let mut sets = Vec::new();
    std::env::args().skip(1).for_each(|folder| read(Path::new(&folder), &mut sets));
    let (taken, count) = sample(sets);
    let begun = Instant::now();
    let next = AtomicUsize::new(0);
    let tallies: Vec<BTreeMap<Platform, Tally>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| measure(&taken, &next))).collect();
        threads.into_iter().filter_map(|t| t.join().ok()).collect()
    });
    let seconds = begun.elapsed().as_secs_f64();
    let mut all: BTreeMap<Platform, Tally> = BTreeMap::new();
    for (platform, tally) in tallies.into_iter().flatten() {
        let sum = all.entry(platform).or_default();
        sum.workflows += tally.workflows;
        sum.proved += tally.proved;
        sum.refuted += tally.refuted;
        sum.unknown += tally.unknown;
        sum.slowest = std::mem::take(&mut sum.slowest).max(tally.slowest);
    }
    println!(
        "{:20} {:>9} {:>8} {:>8} {:>8}  slowest",
        "platform", "workflows", "proved", "refuted", "unknown"
    );
    for (platform, t) in &all {
        let (ms, name) = (t.slowest.0 as f64 / 1e6, &t.slowest.1);
        println!(
            "{:20} {:>9} {:>8} {:>8} {:>8}  {ms:.1} ms `{name}`",
            platform.as_str(),
            t.workflows,
            t.proved,
            t.refuted,
            t.unknown
        );
    }
    let holds = |holds: bool| if holds { "holds" } else { "MISSES" };
    println!(
        "{count} workflows, every property, {THREADS} threads: {seconds:.2} s (bar 5 s: {})",
        holds(seconds < 5.0)
    );
    println!("peak memory: {} MB (bar 256 MB: {})", peak(), holds(peak() < 256));
}

/// So many workflows, evenly over what is there, whatever the order of the folders.
fn sample(sets: Vec<Vec<Workflow>>) -> (Vec<Vec<Workflow>>, usize) {
    let all: usize = sets.iter().map(Vec::len).sum();
    let every = all.div_ceil(MOST).max(1);
    let (mut taken, mut count, mut seen) = (Vec::new(), 0, 0);
    for set in sets {
        let first = seen;
        seen += set.len();
        if (first..seen).any(|i| i % every == 0) && count < MOST {
            count += set.len();
            taken.push(set);
        }
    }
    (taken, count)
}

fn read(path: &Path, sets: &mut Vec<Vec<Workflow>>) {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        let mut inside: Vec<PathBuf> = entries.map(|e| e.path()).collect();
        inside.sort();
        return inside.iter().for_each(|p| read(p, sets));
    }
    let shown = path.to_string_lossy();
    let Ok(bytes) = std::fs::read(path) else { return };
    if let Read::Workflows(mut workflows) = import::import(&shown, &bytes, &NoFiles).verdict {
        check::classify_all(&mut workflows);
        sets.push(workflows);
    }
}

/// Takes one set after the other, as long as there are some.
fn measure(sets: &[Vec<Workflow>], next: &AtomicUsize) -> BTreeMap<Platform, Tally> {
    let mut tallies: BTreeMap<Platform, Tally> = BTreeMap::new();
    while let Some(set) = sets.get(next.fetch_add(1, Ordering::Relaxed)) {
        let program = Program::lean(set);
        for (index, workflow) in (0u32..).zip(set) {
            let tally = tallies.entry(workflow.platform).or_default();
            let begun = Instant::now();
            let proofs = prove(&program, index, &Assumptions::default(), Bounds::default());
            let took = (begun.elapsed().as_nanos(), workflow.name.to_string());
            tally.slowest = std::mem::take(&mut tally.slowest).max(took);
            tally.workflows += 1;
            for proof in proofs {
                match proof.verdict {
                    Verdict::Proved { .. } => tally.proved += 1,
                    Verdict::Refuted { .. } => tally.refuted += 1,
                    Verdict::Unknown { .. } => tally.unknown += 1,
                }
            }
        }
    }
    tallies
}

/// The most memory this process had, in megabytes; 0 where the system does not say.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) / 1024
}
