//! Bundles narrowed on their way: of every kind of question, what answers it is taken out, and all that is left fits together.

use super::*;

/// Bundles of every kind from which what answers was taken, with its proof, and the manifest made to fit.
pub fn of_narrowed() -> Vec<Attack> {
    let leaver = Query::Workflow { name: "workflow/leaver".to_owned() };
    let control = || Query::Control { id: "soc2:CC8.1".to_owned() };
    vec![
        narrowed("everything, without its beginning", Query::All {}, 1, 7),
        narrowed("everything, without its end", Query::All {}, 0, 6),
        narrowed("a workflow without its release", leaver.clone(), 0, 6),
        narrowed("a workflow of which nothing is said to be here", leaver, 7, 7),
        narrowed("a change without its release", Query::Change { entry: 3 }, 0, 6),
        narrowed("a control without what was decided first", control(), 3, 7),
        narrowed("a control without its last decision", control(), 0, 6),
        narrowed("an identity without its last act", identity(), 0, 5),
        narrowed("an identity without the first directory", identity(), 2, 7),
    ]
}

/// A bundle of which only the entries from one number to just before another are said to be all here; those before that
/// nothing refers to, and those after, are gone with their proofs and values.
fn narrowed(name: &'static str, query: Query, from: u64, to: u64) -> Attack {
    let mut bundle = one().bundle(query, "auditor");
    let all = lines(&bundle);
    let read = |line: &String| ledger::Entry::parse(line.trim_end().as_bytes()).unwrap();
    let is_kept = |seq: u64| seq < to && (seq >= from || from < to && seq < 2);
    let (kept, gone): (Vec<String>, Vec<String>) = all.into_iter().partition(|l| is_kept(read(l).place.seq));
    set_lines(&mut bundle, &kept);
    for entry in gone.iter().map(read) {
        drop_proof(&mut bundle, &entry.place.seq.to_string());
        for hash in entry.commitments.values() {
            bundle.files.remove(&format!("openings/{}", encoding::to_hex(hash)));
        }
        for hash in &entry.evidence {
            bundle.files.remove(&format!("evidence/{}", encoding::to_hex(hash)));
        }
    }
    let mut manifest = Manifest::parse(&bundle.files[MANIFEST]).unwrap();
    manifest.coverage = evidence::Coverage { from, to };
    manifest.selection.retain(|seq| (from..to).contains(seq));
    let table = String::from_utf8(bundle.files["populations/acts.csv"].clone()).unwrap();
    let in_it = |row: &&str| {
        row.split(',').next().unwrap().parse().map_or(true, |seq| manifest.selection.contains(&seq))
    };
    let table = table.lines().filter(in_it).map(|row| format!("{row}\n")).collect::<String>();
    bundle.files.insert("populations/acts.csv".to_owned(), table.into_bytes());
    bundle.seal(manifest).unwrap();
    attack(name, "coverage", bundle)
}
