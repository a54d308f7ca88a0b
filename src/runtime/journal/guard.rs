//! The only way to open what lies in the journal's folders: never through a link, never anything but a file.
//!
//! Others of a team may make names in these folders: a link there would let whoever follows it, perhaps root, read or
//! write a file elsewhere. Folders and file are opened one below the other, so that none can be swapped in between. The
//! state directory itself may be a link: it is the choice of whoever runs `sixty`. What is read is not judged here.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

use rustix::fs::{Mode, OFlags, openat};

/// What is said of a link.
const LINK: &str = "it is a symbolic link, and none is followed in the journal";

/// Opens the file of an incident, `DIR/incidents/<service>/<name>`, for reading.
pub(super) fn read(path: &Path) -> io::Result<File> {
    file(path, OFlags::RDONLY)
}

/// The same, for what `access` says.
pub(super) fn file(path: &Path, access: OFlags) -> io::Result<File> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(ErrorKind::InvalidInput.into());
    };
    let parent = folder(parent)?;
    // Looked at before as well: merely to open a device may do something.
    regular(&fs::symlink_metadata(path)?)?;
    // A named pipe would block on opening.
    let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = openat(&parent, name, flags, Mode::empty()).map_err(|error| told(path, error.into()))?;
    let file = File::from(opened);
    regular(&file.metadata()?)?;
    Ok(file)
}

/// Opens the folder of a service, `DIR/incidents/<service>`.
pub(super) fn folder(path: &Path) -> io::Result<File> {
    let (Some(all), Some(name)) = (path.parent(), path.file_name()) else { return Err(ErrorKind::InvalidInput.into()) };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = rustix::fs::open(all, flags, Mode::empty()).map_err(|error| told(all, error.into()))?;
    let opened = openat(&opened, name, flags, Mode::empty()).map_err(|error| told(path, error.into()))?;
    Ok(File::from(opened))
}

fn regular(about: &fs::Metadata) -> io::Result<()> {
    match about.file_type() {
        kind if kind.is_file() => Ok(()),
        kind if kind.is_symlink() => Err(io::Error::other(LINK)),
        _ => Err(io::Error::other("not a regular file")),
    }
}

/// Systems differ in what they call a link that they did not follow.
fn told(path: &Path, error: io::Error) -> io::Error {
    if is_link(path) { io::Error::other(LINK) } else { error }
}

/// Refuses a folder that is a link.
pub(super) fn no_link(path: &Path) -> io::Result<()> {
    if is_link(path) { Err(io::Error::other(LINK)) } else { Ok(()) }
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|about| about.is_symlink())
}
