//! Where incidents lie: `DIR/incidents/<service>/<opened>-<random>.jsonl`. Only looks, never writes.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::facts::At;
use crate::facts::text::clean_line;
use crate::runtime::journal::guard;

/// An incident in which nobody wrote for so long is not the one that a new page is about. On-call people who work on
/// something write within it; and ticks of an afternoon, half a shift ago, must not look like those of tonight.
pub const IDLE: Duration = Duration::from_hours(6);

/// File systems stamp times in steps of up to two seconds: a directory that changed this recently may change again
/// without a new time.
const COARSEST_STAMP: Duration = Duration::from_secs(2);

/// Longest readable part of a folder's name.
const SLUG_MAX: usize = 64;

/// The folder that holds the folders of all services.
pub(super) fn all(dir: &Path) -> PathBuf {
    dir.join("incidents")
}

/// The folder of the incidents of a service.
pub(super) fn folder(dir: &Path, service: &str) -> PathBuf {
    all(dir).join(slug(service))
}

/// A name that is safe as a folder and differs for every service. Names that had to be altered carry a hash after
/// a `+`, which no unaltered name can hold.
fn slug(service: &str) -> String {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.');
    if (1..=SLUG_MAX).contains(&service.len()) && !service.starts_with('.') && service.bytes().all(plain) {
        return service.to_owned();
    }
    let words: String = service
        .chars()
        .take(SLUG_MAX)
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' })
        .collect();
    let readable = words.split_whitespace().collect::<Vec<_>>().join("-");
    format!("{}+{:016x}", if readable.is_empty() { "service" } else { &readable }, fnv(service.as_bytes()))
}

/// FNV-1a: the standard library's hash may change with its version, a folder's name must not.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The name of a new incident's file; names sort by the time of opening.
pub(super) fn file_name(opened: At) -> String {
    let random: String = std::iter::repeat_with(fastrand::alphanumeric).take(6).collect();
    format!("{}-{}.jsonl", opened.format("%Y%m%dT%H%M%SZ"), random.to_ascii_lowercase())
}

/// The id of the incident of a file, clean.
pub(super) fn id(path: &Path) -> String {
    path.file_stem().map_or_else(String::new, |stem| clean_line(&stem.to_string_lossy(), 100))
}

/// The file of an incident, of whichever service.
pub(super) fn find(dir: &Path, id: &str) -> Option<PathBuf> {
    // An id comes from a file that others write: it must not lead out of the folders.
    if id.is_empty() || id.starts_with('.') || id.contains(['/', '\\', '\0']) {
        return None;
    }
    let name = format!("{id}.jsonl");
    let folders = fs::read_dir(all(dir)).ok()?.flatten();
    folders.map(|folder| folder.path().join(&name)).find(|path| path.is_file())
}

/// The incident files of a folder, newest first by name.
pub(super) fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    guard::no_link(folder)?;
    let mut names: Vec<OsString> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let bytes = name.as_encoded_bytes();
        if bytes.ends_with(b".jsonl") && !bytes.starts_with(b".") {
            names.push(name);
        }
    }
    names.sort_unstable_by(|a, b| b.cmp(a));
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}

/// Whether a file was written within [`IDLE`], by the clock that stamps files. A stamp in the future counts as fresh.
pub(super) fn is_fresh(modified: SystemTime) -> bool {
    !SystemTime::now().duration_since(modified).is_ok_and(|age| age > IDLE)
}

/// What tells two states of a directory apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct FolderStamp {
    place: (u64, u64),
    changed: (i64, i64),
}

impl FolderStamp {
    /// The stamp, and whether a later change is sure to alter it.
    pub(super) fn of(metadata: &Metadata) -> (Self, bool) {
        let stamp =
            Self { place: (metadata.dev(), metadata.ino()), changed: (metadata.mtime(), metadata.mtime_nsec()) };
        let settled = metadata
            .modified()
            .ok()
            .and_then(|at| SystemTime::now().duration_since(at).ok())
            .is_some_and(|age| age > COARSEST_STAMP);
        (stamp, settled)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn folders_are_safe_and_distinct() {
        let names = [
            "checkout-api",
            "Checkout-API",
            "checkout api",
            "checkout/api",
            "../../etc",
            "..",
            ".",
            "",
            "/",
            "a\u{1b}[2J",
            "a [2J",
            "日本",
            "日 本",
            "service",
            "checkout-api+0000000000000000",
            "x\0y",
            "v2.1_b",
            &"x".repeat(300),
            &"x".repeat(301),
            &"x".repeat(64),
            &"x".repeat(65),
        ];
        let slugs: HashSet<_> = names.iter().map(|name| slug(name)).collect();
        assert_eq!(slugs.len(), names.len());
        for slug in &slugs {
            assert!(slug.len() <= 90 && !slug.starts_with('.'), "{slug}");
            assert!(
                slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.+".contains(&b)),
                "{slug}"
            );
        }
        assert_eq!(slug("checkout-api"), "checkout-api");
        assert_eq!(slug("Checkout API"), "checkout-api+d8dd59a2c9c5d069", "the name is durable");
    }

    #[test]
    fn file_names_sort_by_time() {
        let at = |s| At::from_timestamp(s, 0).unwrap();
        let (old, new) = (file_name(at(1_714_533_320)), file_name(at(1_714_533_321)));
        assert!(old.starts_with("20240501T031520Z-") && old.len() == "20240501T031520Z-abcdef.jsonl".len(), "{old}");
        assert!(old < new);
    }

    #[test]
    fn freshness_is_by_the_clock_of_files() {
        let now = SystemTime::now();
        assert!(is_fresh(now) && is_fresh(now + IDLE * 9));
        assert!(!is_fresh(now - IDLE - Duration::from_secs(5)));
    }
}
