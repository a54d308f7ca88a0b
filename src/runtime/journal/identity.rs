//! Who writes, from which machine, and under which id: what an entry needs from the environment.

use std::env;
use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::facts::At;
use crate::facts::text::clean_line;

/// Longest name of a person, in characters.
const WHO_MAX: usize = 32;
/// Longest part of a host's name in an id.
const HOST_IN_ID: usize = 24;

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// A new id: unique over machines, processes and restarts; the ids of one process sort by time, then by making.
#[must_use]
pub fn new_id(at: At) -> String {
    let host: String = host()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .take(HOST_IN_ID)
        .collect::<String>()
        .to_ascii_lowercase();
    let milliseconds = at.timestamp_millis().max(0);
    let counter = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!("{milliseconds:012x}-{host}-{}-{counter:06x}-{:08x}", std::process::id(), fastrand::u32(..))
}

/// The name of the person at the keyboard: as given (`--as`), else who called `sudo`, else the login name, else the
/// name of the process's user in `/etc/passwd`; clean, at most 32 characters, `unknown` when nobody says.
#[must_use]
pub fn who(explicit: Option<&str>) -> String {
    let variable = |name: &str| env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    who_from(explicit, variable, || {
        // A broken line in another user's entry must not hide this one's.
        let users = fs::read("/etc/passwd").ok()?;
        user_name(&String::from_utf8_lossy(&users), rustix::process::geteuid().as_raw())
    })
}

/// The name of a user in the lines of a `passwd` file: `name:password:uid:…`.
fn user_name(users: &str, uid: u32) -> Option<String> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, of) = (fields.next()?, fields.nth(1)?);
        (of.parse() == Ok(uid) && !name.is_empty()).then(|| name.to_owned())
    })
}

fn who_from(
    explicit: Option<&str>,
    variable: impl Fn(&str) -> Option<String>,
    user: impl Fn() -> Option<String>,
) -> String {
    explicit
        .map(str::to_owned)
        .into_iter()
        .chain(["SUDO_USER", "USER", "LOGNAME"].into_iter().filter_map(variable))
        // Containers and services often run without any of these variables. Asked last, and only then.
        .chain(std::iter::once_with(user).flatten())
        .map(|name| clean_line(&name, WHO_MAX))
        .find(|name| !name.is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}

/// The name of this machine, clean; `unknown` when it has none.
#[must_use]
pub fn host() -> String {
    match clean_line(&rustix::system::uname().nodename().to_string_lossy(), 64) {
        empty if empty.is_empty() => "unknown".to_owned(),
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::incident::Entry;
    use crate::incident::What;

    #[test]
    fn the_first_name_that_says_something_counts() {
        let env = |pairs: &'static [(&str, &str)]| {
            move |name: &str| pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1.to_owned())
        };
        let all: &[_] = &[("SUDO_USER", "ana"), ("USER", "root"), ("LOGNAME", "login")];
        assert_eq!(who_from(Some("sam"), env(all), || None), "sam");
        assert_eq!(who_from(Some("  "), env(all), || None), "ana");
        assert_eq!(who_from(None, env(&[("SUDO_USER", ""), ("LOGNAME", "login")]), || None), "login");
        assert_eq!(who_from(None, env(&[]), || None), "unknown");
        assert_eq!(who_from(Some("a\u{1b}[2J\u{202e}"), env(&[]), || None), "a␛[2J·");
        assert_eq!(who_from(Some(&"x".repeat(99)), env(&[]), || None).chars().count(), WHO_MAX);
    }

    #[test]
    fn the_user_database_is_asked_last() {
        let users = "# local\nroot:x:0:0:root:/root:/bin/sh\nbroken\n:x:7:7::/:\nbad:x:seven:7::/:\nana:x:1000:1000:Ana,,,:/home/ana:/bin/sh\ntwin:x:1000:1::/:\n";
        for (uid, name) in [(0, Some("root")), (1000, Some("ana")), (7, None), (100, None), (u32::MAX, None)] {
            assert_eq!(user_name(users, uid).as_deref(), name);
        }
        assert_eq!(user_name("", 0), None);
        let nothing = |_: &str| None;
        assert_eq!(who_from(None, nothing, || Some("ana".to_owned())), "ana");
        assert_eq!(who_from(None, |_| Some("login".to_owned()), || Some("ana".to_owned())), "login");
        assert_eq!(who_from(None, nothing, || None), "unknown");
    }

    #[test]
    fn ids_are_unique_sorted_and_accepted() {
        let at = At::from_timestamp(1_714_533_320, 0).unwrap();
        let ids: Vec<_> = (0..1000).map(|_| new_id(at)).collect();
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
        assert!(ids.is_sorted());
        assert!(new_id(at + chrono::TimeDelta::milliseconds(1)) > ids[999]);
        let entry = Entry::new(&ids[0], at, &who(None), &host(), What::Resolved);
        assert_eq!(Entry::parse(&entry.line()).unwrap(), entry);
    }
}
