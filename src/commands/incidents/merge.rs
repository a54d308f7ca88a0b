//! `sixty merge`: an incident becomes a part of another.

use super::Desk;
use super::Outcome;
use crate::runtime::exit;
use crate::runtime::journal::Appended;

pub(super) fn run(desk: &Desk, part: &str, whole: &str) -> Outcome {
    let licence = desk.licence()?;
    let (part, whole) = (desk.named(part)?, desk.named(whole)?);
    if desk.archive.merge(licence, &part, &whole, &desk.by, desk.now)? == Appended::Known {
        exit::say(format!("{part} is a part of it already"));
    }
    Ok(whole + "\n")
}
