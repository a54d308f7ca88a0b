//! Real programs for tests, started by the shared script on free ports and ended with the test.
//!
//! Where the script or a program is not there the test is skipped, which CI must not accept.

#![cfg(test)]
#![allow(dead_code, clippy::allow_attributes, reason = "every test target uses another part of it")]

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

/// What is started, and the variable that the script takes its port from.
const PORTS: &[&str] = &["PROM_PORT", "AM_PORT", "NODE_PORT", "PGX_PORT", "PG_PORT", "PGB_PORT"];

/// The real programs; ended when it is dropped, also by a panic.
pub struct Stack {
    script: PathBuf,
    pub folder: PathBuf,
    pub ports: BTreeMap<&'static str, u16>,
}

impl Stack {
    /// Starts components on free ports, with variables that the script reads; `None` (and a word about it) where
    /// that is not possible here.
    pub fn start(name: &str, components: &[&str], variables: &[(&str, String)]) -> Option<Self> {
        let script = script()?;
        let up = || Self::up(&script, name, components, variables);
        // Between finding a port free and using it, somebody else may have taken it.
        let taken = |why: String| if why.contains("is taken") { up() } else { Err(why) };
        match up().or_else(taken) {
            Ok(stack) => Some(stack),
            Err(why) if why.contains("not installed:") || why.contains("curl is missing") => {
                skipped(why.trim());
                None
            }
            Err(why) => panic!("the real programs do not start: {why}"),
        }
    }

    /// Starts them; `Err` says why not.
    fn up(script: &Path, name: &str, components: &[&str], variables: &[(&str, String)]) -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("sixty-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        // PostgreSQL runs as another user, who must be able to reach it.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        let stack = Self { script: script.to_owned(), folder, ports: free_ports() };
        let mut command = stack.command("up");
        command.args(components).envs(stack.ports.iter().map(|(name, port)| (*name, port.to_string())));
        command.envs(variables.iter().map(|(name, value)| (*name, value)));
        let output = command.output().map_err(|error| error.to_string())?;
        if output.status.success() { Ok(stack) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    }

    fn command(&self, what: &str) -> Command {
        let mut command = Command::new("bash");
        command.arg(&self.script).arg(what).arg(&self.folder).stdin(Stdio::null());
        command
    }

    pub fn url(&self, port: &str, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.ports[port])
    }

    pub fn down(&self) {
        let output = self.command("down").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if self.folder.join(".real-stack").exists() {
            let ended = self.command("down").env("PURGE", "1").output();
            if !ended.is_ok_and(|output| output.status.success()) {
                eprintln!("what was started in {} could not be ended", self.folder.display());
            }
        }
        let _ = fs::remove_dir_all(self.folder.join("state"));
        let _ = fs::remove_dir(&self.folder);
    }
}

/// Ports that nobody listens on now; all are held until the last one is known, so that they differ.
fn free_ports() -> BTreeMap<&'static str, u16> {
    let held: Vec<_> = PORTS.iter().map(|name| (*name, TcpListener::bind("127.0.0.1:0").unwrap())).collect();
    held.iter().map(|(name, listener)| (*name, listener.local_addr().unwrap().port())).collect()
}

/// The script that starts real programs; `None` (and a word about it) where it is missing, which CI must not accept.
fn script() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let named = std::env::var_os("SIXTY_SHARED").map(PathBuf::from);
    let mut places = std::iter::once(beside).chain(named).map(|path| path.join("tools/real-stack.sh"));
    let found = places.find(|path| path.is_file());
    if found.is_none() {
        skipped("the script that starts the real programs is not here");
    }
    found
}

/// Says that a test is skipped, and why.
pub fn skipped(why: &str) {
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI must not skip this: {why}");
    println!("skipped: {why}");
}
