//! Compiles the catalogue's files into one table, so that the program starts without parsing text.

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
            files.push((file, requests, commands));
        }
    }
    let out = std::env::var("OUT_DIR")?;
    std::fs::write(Path::new(&out).join("catalogue.bin"), postcard::to_stdvec(&files)?)?;
    Ok(())
}
