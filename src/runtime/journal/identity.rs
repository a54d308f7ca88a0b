//! Who writes, from which machine, and under which id: what an entry needs from the environment.

use std::env;
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

/// The name of the person at the keyboard: as given (`--as`), else who called `sudo`, else the login name; clean, at
/// most 32 characters, `unknown` when nobody says.
#[must_use]
pub fn who(explicit: Option<&str>) -> String {
    who_from(explicit, |name| env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
}

fn who_from(explicit: Option<&str>, variable: impl Fn(&str) -> Option<String>) -> String {
    explicit
        .map(str::to_owned)
        .into_iter()
        .chain(["SUDO_USER", "USER", "LOGNAME"].into_iter().filter_map(variable))
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
        assert_eq!(who_from(Some("sam"), env(all)), "sam");
        assert_eq!(who_from(Some("  "), env(all)), "ana");
        assert_eq!(who_from(None, env(&[("SUDO_USER", ""), ("LOGNAME", "login")])), "login");
        assert_eq!(who_from(None, env(&[])), "unknown");
        assert_eq!(who_from(Some("a\u{1b}[2J\u{202e}"), env(&[])), "a␛[2J·");
        assert_eq!(who_from(Some(&"x".repeat(99)), env(&[])).chars().count(), WHO_MAX);
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
