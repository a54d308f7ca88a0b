//! Who holds a recording: a process of a machine, and whether it still lives.

use rustix::io::Errno;
use rustix::process::Pid;

use crate::facts::text::clean_line;

/// A process. Two are the same when all of it is the same, so that a process number that was given again is another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Holder {
    /// What it is called: `sixty`, `sixty record`.
    pub program: String,
    /// Its number on its machine.
    pub pid: u32,
    /// When it began, in ticks since the machine did; 0 where that cannot be known.
    started: u64,
    /// The machine and the space of process numbers in which `pid` means something.
    place: String,
}

impl Holder {
    /// This process, on that machine.
    #[must_use]
    pub fn this(program: &str, host: &str) -> Self {
        let pid = std::process::id();
        // In a container the same number means another process, and the same name may mean another machine.
        let space = std::fs::read_link("/proc/self/ns/pid").map(|link| link.display().to_string()).unwrap_or_default();
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let place = clean_line(&format!("{host} {space} {}", boot.trim()), 300);
        Self { program: clean_line(program, 40), pid, started: started(pid).unwrap_or_default(), place }
    }

    /// As it stands in the file.
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n{}", self.pid, self.started, self.program, self.place)
    }

    /// What stands in the file; `None` when that is no holder.
    pub fn of(text: &str) -> Option<Self> {
        let mut lines = text.splitn(4, '\n');
        let (pid, started) = (lines.next()?.parse().ok()?, lines.next()?.parse().ok()?);
        let (program, place) = (clean_line(lines.next()?, 40), lines.next()?.to_owned());
        Some(Self { program, pid, started, place })
    }

    /// Whether the process is known to be dead. One of another machine is not.
    pub fn is_dead(&self, here: &Self) -> bool {
        if self.place != here.place {
            return false;
        }
        let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) else { return true };
        if rustix::process::test_kill_process(pid) == Err(Errno::SRCH) {
            return true;
        }
        started(self.pid).is_some_and(|started| started != self.started)
    }

    /// `pid 4711 (sixty record)`.
    pub fn shown(&self) -> String {
        format!("pid {} ({})", self.pid, self.program)
    }
}

/// When a process began; 0 for one that has ended and is not yet cleared away. `None` where that cannot be known.
fn started(pid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program may hold blanks and parentheses; what counts stands behind the last one.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    match fields.next()? {
        "Z" | "X" => Some(0),
        _ => fields.nth(18)?.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_living_and_the_dead_are_told_apart() {
        let here = Holder::this("sixty", "bastion");
        assert_eq!(Holder::of(&here.to_text()), Some(here.clone()));
        assert!(!here.is_dead(&here));
        let mut child = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let other = Holder { pid: child.id(), started: started(child.id()).unwrap_or_default(), ..here.clone() };
        assert!(!other.is_dead(&here));
        let again = Holder { started: other.started + 1, ..other.clone() };
        assert!(cfg!(not(target_os = "linux")) || again.is_dead(&here), "the number was given to another process");
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(other.is_dead(&here));
        let elsewhere = Holder { place: "another machine".to_owned(), ..other };
        assert!(!elsewhere.is_dead(&here));
        for text in ["", "x", "1\n2\n3", "-1\n2\nsixty\nx"] {
            assert_eq!(Holder::of(text), None, "{text:?}");
        }
    }
}
