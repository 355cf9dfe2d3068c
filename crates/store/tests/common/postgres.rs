//! A PostgreSQL of the test's own, started where PostgreSQL is installed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU16, Ordering};

/// A server; it ends with the test.
pub struct Server {
    bin: PathBuf,
    data: PathBuf,
    port: u16,
}

/// Where the programs of PostgreSQL are, or none.
fn installed() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let bins = versions.flatten().map(|v| v.path().join("bin"));
    bins.filter(|b| b.join("initdb").is_file()).max()
}

/// Root may not run it: another user does.
fn as_user(program: &Path, arguments: &[&str]) -> Output {
    let root = std::fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0);
    let mut command = if root { Command::new("runuser") } else { Command::new(program) };
    if root {
        command.args(["-u", "postgres", "--"]).arg(program);
    }
    command.args(arguments).current_dir("/").output().unwrap()
}

impl Server {
    /// Starts one, or says that the test is skipped.
    pub fn start() -> Option<Self> {
        let Some(bin) = installed() else {
            println!("skipped: PostgreSQL is not installed");
            return None;
        };
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let data = std::env::temp_dir().join(format!("countersign-pg-{}-{number}", std::process::id()));
        let port = 20_000 + (std::process::id() % 20_000) as u16 + number;
        let server = Self { bin, data, port };
        let data = server.data.to_str().unwrap().to_owned();
        server.run("initdb", &["-D", &data, "-U", "gov", "-A", "trust", "--no-sync"]);
        server.control("start");
        Some(server)
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let done = as_user(&self.bin.join(program), arguments);
        assert!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stderr));
    }

    fn control(&self, act: &str) {
        let data = self.data.to_str().unwrap();
        let options = format!("-p {} -h 127.0.0.1 -k {data}", self.port);
        let log = format!("{data}/server.log");
        self.run("pg_ctl", &["-w", "-D", data, "-l", &log, "-m", "immediate", "-o", &options, act]);
    }

    /// Stops it as a crash does, and starts it.
    #[allow(dead_code, reason = "not every test crashes it")]
    pub fn crash(&self) {
        self.control("stop");
        self.control("start");
    }

    /// Runs a statement.
    #[allow(dead_code, reason = "for benches")]
    pub fn sql(&self, url: &str, statement: &str) {
        self.run("psql", &["-q", "-d", url, "-c", statement]);
    }

    /// Runs a script with so many clients for so many seconds, and returns what `pgbench` says of transactions a second.
    #[allow(dead_code, reason = "for benches")]
    pub fn pgbench(&self, url: &str, script: &Path, clients: usize, seconds: u64) -> String {
        let text = std::fs::read_to_string(script).unwrap();
        let readable = self.data.with_extension("sql");
        std::fs::write(&readable, text).unwrap();
        let (clients, seconds) = (clients.to_string(), seconds.to_string());
        let arguments =
            ["-n", "-c", &clients, "-j", &clients, "-T", &seconds, "-f", readable.to_str().unwrap(), url];
        let done = as_user(&self.bin.join("pgbench"), &arguments);
        let _ = std::fs::remove_file(&readable);
        let told = String::from_utf8_lossy(&done.stdout).into_owned();
        told.lines().find(|l| l.starts_with("tps")).map_or(told.clone(), str::to_owned)
    }

    /// An empty database of its own.
    pub fn database(&self) -> String {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let name = format!("ledger{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let port = self.port.to_string();
        self.run("createdb", &["-h", "127.0.0.1", "-p", &port, "-U", "gov", &name]);
        format!("postgres://gov@127.0.0.1:{}/{name}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let data = self.data.to_str().unwrap();
        as_user(&self.bin.join("pg_ctl"), &["-D", data, "-m", "immediate", "stop"]);
        let _ = std::fs::remove_dir_all(&self.data);
    }
}
