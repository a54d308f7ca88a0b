//! A drill: what can be tried on the simulated service, and the debrief when it is over.
//!
//! The list of fixes is made of what the screen knows (each change that is told, each service, each vendor), so that it
//! says nothing of what helps. What a fix does is the world's, which this module never sees.

use crate::app::App;
use crate::app::Deed;
use crate::app::Effect;
use crate::app::KeyCode;
use crate::app::Page;
use crate::app::Purpose;
use crate::app::incident::sure::Sure;
use crate::facts::Change;
use crate::facts::ChangeKind;
use crate::incident::Checklist;
use crate::incident::Debrief;
use crate::incident::Truth;

/// What is asked for where a fix would stand, when a drill is given up.
pub const GIVE_UP: &str = "give-up";

/// The same when it is over.
pub const REVEAL: &str = "reveal";

/// Changes of so many hours can be undone.
const RECENT: chrono::TimeDelta = chrono::TimeDelta::hours(24);

impl App {
    /// What can be tried in a drill, by key and in words; nothing outside of one.
    pub fn fixes(&self) -> Vec<(String, String)> {
        if !self.settings.incidents.drill {
            return Vec::new();
        }
        let recent = |change: &&Change| self.now - change.started < RECENT;
        let mut changes: Vec<&Change> = self.changes.iter().filter(recent).collect();
        changes.sort_by_key(|change| std::cmp::Reverse(change.started));
        let mut all: Vec<(String, String)> = Vec::new();
        for fix in changes.into_iter().filter_map(undo) {
            if !all.contains(&fix) {
                all.push(fix);
            }
        }
        all.extend(self.settings.incidents.fixes.iter().cloned());
        all
    }

    /// What came of the drill; `None` while it goes on.
    pub const fn debrief(&self) -> Option<&Debrief> {
        self.desk.debrief.as_ref()
    }

    /// Keys on the list of fixes.
    pub(super) fn on_fixes(&mut self, code: KeyCode) -> Option<Vec<Effect>> {
        let fixes = self.fixes();
        let last = fixes.len().checked_sub(1)?;
        let chosen = self.navigation.listed.min(last);
        let next = match code {
            KeyCode::Up | KeyCode::Char('k') => chosen.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => chosen + 1,
            KeyCode::PageUp => chosen.saturating_sub(10),
            KeyCode::PageDown => chosen + 10,
            KeyCode::Home | KeyCode::Char('g') => 0,
            KeyCode::End | KeyCode::Char('G') => last,
            KeyCode::Char(digit @ '1'..='9') => digit as usize - '1' as usize,
            KeyCode::Enter => {
                let (key, words) = fixes.into_iter().nth(chosen)?;
                return Some(self.ask_sure(Sure::Try(key), format!("{words}? Enter yes, Esc no")));
            }
            _ => return None,
        };
        self.navigation.listed = next.min(last);
        Some(Vec::new())
    }

    /// A fix was begun: the journal says so, and the work goes on with watching what it does.
    pub(in crate::app) fn tried(&mut self, words: &str) -> Vec<Effect> {
        self.say(words.to_owned());
        let Some(index) = self.navigation.service else { return Vec::new() };
        self.finish(index, &Purpose::Fix, words).unwrap_or_default()
    }

    /// The key that gives up.
    pub(in crate::app) fn give_up(&mut self) -> Vec<Effect> {
        if !self.settings.incidents.drill {
            self.say("this is no drill".to_owned());
            return Vec::new();
        }
        if self.debrief().is_some() {
            self.navigation.show(Page::Debrief);
            return Vec::new();
        }
        self.ask_sure(Sure::GiveUp, "give the drill up, and be told what it was? Enter yes, Esc no".to_owned())
    }

    /// The person called it resolved: in a drill they are told what it was.
    pub(super) fn drill_is_over(&self) -> Vec<Effect> {
        if self.settings.incidents.drill { self.act(Deed::Try(REVEAL.to_owned())) } else { Vec::new() }
    }

    /// What was the matter is known now.
    pub(in crate::app) fn revealed(&mut self, truth: &Truth) -> Vec<Effect> {
        let Some(service) = self.service() else { return Vec::new() };
        let lists: [&Checklist; 1] = [&self.settings.checklist];
        self.desk.debrief = Some(Debrief::of(&service.incident, truth, &lists));
        self.navigation.only(Page::Service);
        self.navigation.show(Page::Debrief);
        Vec::new()
    }
}

/// What undoes a change.
fn undo(change: &Change) -> Option<(String, String)> {
    let name = change.name();
    Some(match change.kind {
        ChangeKind::Deploy => (format!("roll-back:{name}"), format!("roll back {name}")),
        ChangeKind::Flag | ChangeKind::Config => (format!("switch-back:{name}"), format!("put {name} back")),
        ChangeKind::Job => (format!("stop:{name}"), format!("stop the job {name}")),
        ChangeKind::Scale | ChangeKind::Note => return None,
    })
}
