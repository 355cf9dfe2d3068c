//! Compiles the catalogue's files into one table, so that the program starts without parsing text.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

#[path = "src/catalogue/data.rs"]
#[allow(dead_code)]
mod data;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=catalogue");
    println!("cargo::rerun-if-changed=src/catalogue/data.rs");
    let mut paths: Vec<_> = std::fs::read_dir("catalogue")?.collect::<Result<Vec<_>, _>>()?;
    paths.sort_by_key(std::fs::DirEntry::path);
    let mut files: Vec<data::Packed<String, Vec<u8>>> = Vec::new();
    for entry in paths {
        let path = entry.path();
        if path.extension().is_some_and(|e| e == "toml") {
            let text = std::fs::read_to_string(&path)?;
            let mut file: data::File<String> =
                toml::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
            let requests = postcard::to_stdvec(&std::mem::take(&mut file.requests))?;
            let commands = postcard::to_stdvec(&std::mem::take(&mut file.commands))?;
            let operations = by_platform(&std::mem::take(&mut file.operations));
            let operations = operations.iter().map(|(name, e)| Ok((name.clone(), postcard::to_stdvec(e)?)));
            let operations = operations.collect::<Result<_, postcard::Error>>()?;
            files.push((file, requests, commands, operations));
        }
    }
    let out = std::env::var("OUT_DIR")?;
    std::fs::write(Path::new(&out).join("catalogue.bin"), postcard::to_stdvec(&files)?)?;
    Ok(())
}

/// The operations of each platform: an entry that stands for several has the names that each gives it.
fn by_platform(entries: &[data::Entry<String>]) -> BTreeMap<String, Vec<data::Entry<String>>> {
    let platform = |on: &str| on.split(" / ").next().unwrap_or_default().trim().to_lowercase();
    let mut all: BTreeMap<String, Vec<data::Entry<String>>> = BTreeMap::new();
    for entry in entries {
        let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
        entry.on.iter().for_each(|on| names.entry(platform(on)).or_default().push(on.clone()));
        for (platform, on) in names {
            all.entry(platform).or_default().push(data::Entry { on, ..entry.clone() });
        }
    }
    all
}
