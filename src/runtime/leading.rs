//! How incidents are led, from what the team wrote: what opens by itself, the clocks, the team's own lists.

use std::path::Path;

use crate::app::IncidentSettings;
use crate::app::Mode;
use crate::config::Config;
use crate::incident::Checklist;

/// How incidents are led, as the team wrote it, and to whom something can go: names only, and none for whoever may only
/// look.
pub(super) fn incidents(config: &Config, mode: Mode) -> IncidentSettings {
    let led = &config.incident;
    let settings = IncidentSettings {
        opens: led.opens,
        breathes: led.breathes,
        stages: led.stages.clone(),
        clocks: led.clocks,
        users: led.users.clone(),
        ..IncidentSettings::default()
    };
    if mode.is_read_only() {
        return settings;
    }
    let channels = config.channels.iter().map(|channel| (channel.name.clone(), channel.kind.title().to_owned()));
    let narrow = config.channels.iter().filter(|channel| !channel.services.is_empty());
    let only = narrow.map(|channel| (channel.name.clone(), channel.services.clone()));
    let pagers = config.pagers.iter().map(|pager| (pager.name.clone(), pager.kind.title().to_owned()));
    IncidentSettings {
        channels: channels.collect(),
        channels_only: only.collect(),
        pagers: pagers.collect(),
        ..settings
    }
}

/// The team's own list, where it has one.
///
/// # Errors
/// A sentence per problem: it cannot be read, or not be understood.
pub(super) fn own_list(path: Option<&Path>, shipped: fn() -> Checklist) -> Result<Checklist, Vec<String>> {
    let Some(path) = path else { return Ok(shipped()) };
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| vec![format!("{shown}: the checklist cannot be read: {error}")])?;
    Checklist::parse(&text, &shown).map_err(|problems| {
        problems.iter().map(|problem| format!("{shown}:{}: {}", problem.line, problem.what)).collect()
    })
}
