//! How many files may be open: a target that is scraped costs a connection, and a shell often allows only 1,024.
//!
//! The limit is raised as far as the system lets us, and no further than it is needed: commands that we start inherit
//! it. Nothing is opened here.

use rustix::process::Resource;
use rustix::process::Rlimit;
use rustix::process::getrlimit;
use rustix::process::setrlimit;

/// Files beside connections to targets: the terminal, journals, recordings, libraries, servers, status pages.
const OTHERS: u64 = 128;

/// Files that are open at once when so many targets are scraped.
const fn needed(targets: usize) -> u64 {
    targets as u64 + OTHERS
}

/// Makes room for connections to so many targets, where the limit of this process is lower.
pub fn make_room(targets: usize) {
    let limit = getrlimit(Resource::Nofile);
    if let Some(current) = raised(limit, needed(targets)) {
        // Where it is refused, `check` says so before, and targets say so by their faults.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(current), ..limit });
    }
}

/// Why so many targets cannot be scraped at once, and what to do; `None` where they can.
#[must_use]
pub fn shortage(targets: usize) -> Option<String> {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.or(limit.current)?;
    short_of(targets, most)
}

/// The limit to ask for, where the present one is too low.
fn raised(limit: Rlimit, needed: u64) -> Option<u64> {
    let current = limit.current.filter(|current| *current < needed)?;
    let most = limit.maximum.unwrap_or(needed).min(needed);
    (most > current).then_some(most)
}

fn short_of(targets: usize, most: u64) -> Option<String> {
    let needed = needed(targets);
    (most < needed).then(|| {
        format!(
            "{targets} targets need up to {needed} open files and the system allows {most}: some would fail with `too \
             many open files`; raise it with `ulimit -Hn {needed}` or LimitNOFILE={needed} in the unit"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_as_far_as_needed_and_allowed() {
        let limit = |current, maximum| Rlimit { current, maximum };
        for (current, maximum, needed, expected) in [
            (Some(1024), Some(524_288), 640, None),
            (Some(1024), Some(524_288), 5_128, Some(5_128)),
            (Some(1024), None, 5_128, Some(5_128)),
            (Some(1024), Some(4096), 5_128, Some(4096)),
            (Some(1024), Some(1024), 5_128, None),
            (None, None, 5_128, None),
        ] {
            assert_eq!(raised(limit(current, maximum), needed), expected, "{current:?} {maximum:?} {needed}");
        }
    }

    #[test]
    fn too_many_targets_are_told_with_what_to_do() {
        assert_eq!(short_of(500, 1024), None);
        let said = short_of(1_000, 1024).unwrap_or_default();
        assert!(said.starts_with("1000 targets need up to 1128 open files and the system allows 1024"), "{said}");
        assert!(said.contains("LimitNOFILE=1128"), "{said}");
    }
}
