//! Measures how long a decision takes with the core policies, single-threaded, over cases that differ: what is ready to be
//! released, what is denied, a mixture; and how long it takes to find out what is missing. A set remembers its answers by
//! the values that its policies read, so each kind is measured twice: as it comes, and with everything forgotten before each
//! decision. `bench/govern` runs it.

use policy::{Act, Facts, PolicySet, answer, decide, sample};
use std::hint::black_box;
use std::time::{Duration, Instant};

fn main() {
    let set = PolicySet::core();
    let count: u64 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(20_000);
    let cases = |of: &dyn Fn(u64) -> Facts| (0..count).map(of).collect::<Vec<_>>();
    let kinds: [(&str, Vec<Facts>); 4] = [
        ("release, two approvals, allowed", cases(&|_| sample::ready(Act::Release))),
        ("review, allowed", cases(&|_| sample::ready(Act::Review(policy::Verdict::Approve)))),
        (
            "release without approvals, denied",
            cases(&|_| Facts { approvals: vec![], ..sample::ready(Act::Release) }),
        ),
        ("a mixture of all acts", cases(&sample::case)),
    ];
    println!("{} policies, {count} decisions each", set.policies().count());
    println!("{:<36} {:>9} {:>9} {:>9}", "", "median µs", "p99 µs", "mean µs");
    for (name, facts) in &kinds {
        let times = facts.iter().map(|f| timed(|| drop(black_box(answer(&set, black_box(f))))));
        report(name, times.collect());
        let anew = facts.iter().map(|f| {
            set.forget();
            timed(|| drop(black_box(answer(&set, black_box(f)))))
        });
        report("  never asked before", anew.collect());
    }
    let some = sample_of_denied(&set, count / 100);
    let times = some.iter().map(|f| timed(|| drop(black_box(decide(&set, black_box(f))))));
    report("denied, with what is missing", times.collect());
}

fn sample_of_denied(set: &PolicySet, count: u64) -> Vec<Facts> {
    (0..)
        .map(sample::case)
        .filter(|f| !answer(set, f).verdict)
        .take(usize::try_from(count).unwrap_or(0))
        .collect()
}

fn timed(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

fn report(name: &str, mut times: Vec<Duration>) {
    times.sort();
    let micros = |d: Duration| d.as_secs_f64() * 1e6;
    let at = |part: usize| times.get(times.len() * part / 100).copied().map_or(0.0, micros);
    let mean = times.iter().sum::<Duration>().as_secs_f64() * 1e6 / times.len().max(1) as f64;
    println!("{name:<36} {:>9.1} {:>9.1} {mean:>9.1}", at(50), at(99));
}
