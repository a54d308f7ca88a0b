//! Questions that a person asks in `PromQL`: who is asked, over which time, and what came of it.

use std::time::Duration;

use crate::app::App;
use crate::app::Command;
use crate::app::Deed;
use crate::app::Effect;
use crate::app::KeyPress;
use crate::app::Page;
use crate::app::Prompt;
use crate::app::prompt::Pressed;
use crate::facts::At;
use crate::facts::Question;
use crate::facts::Reply;
use crate::facts::SourceId;
use crate::facts::SourceInfo;
use crate::facts::SourceKind;

/// Points of an answer: as many as a wide screen has columns.
const POINTS: u32 = 240;

/// A question on the screen is asked again with each new reading, but not more often than this: the whole of it is
/// computed anew each time.
const AGAIN: Duration = Duration::from_secs(5);

/// A question, and what came of it so far.
#[derive(Clone, PartialEq, Debug)]
pub struct Asked {
    /// The question as it was asked last.
    pub question: Question,
    /// Whether it is still on its way.
    pub pending: bool,
    /// The last reply; the one before stays until the next one is there.
    pub reply: Option<Reply>,
}

/// The prompt and the question on the screen.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Asking {
    /// The line.
    pub prompt: Prompt,
    /// The question on the screen.
    pub asked: Option<Asked>,
    /// Whose names the prompt knows.
    pub(super) named: Option<SourceId>,
    pub(super) asked_before: u64,
}

impl Asking {
    /// Nothing is asked yet; the oldest questions of the past first.
    #[must_use]
    pub fn new(past: &[String]) -> Self {
        Self { prompt: Prompt::new(past.to_vec()), ..Self::default() }
    }
}

impl App {
    /// The prompt and the question on the screen.
    pub const fn asking(&self) -> &Asking {
        &self.asking
    }

    /// Who would be asked now: what feeds the shown service, else the first source of metrics.
    pub fn asked_source(&self) -> Option<&SourceInfo> {
        let shown = self.service().map(|service| &*service.name);
        let own = shown.and_then(|name| self.sources_of(SourceKind::Metrics, Some(name)).next());
        own.or_else(|| self.sources_of(SourceKind::Metrics, None).next()).map(|source| &source.info)
    }

    /// Opens the prompt; its names are fetched when they are another source's.
    pub(super) fn open_prompt(&mut self) -> Vec<Effect> {
        self.navigation.show(Page::Query);
        let Some(source) = self.asked_source().map(|info| info.id.clone()) else { return Vec::new() };
        let mut effects = self.ask_again(&source);
        if self.asking.named.as_ref() != Some(&source) {
            effects.push(Effect::Names(source));
        }
        effects
    }

    /// A key while the prompt is open. What leaves or repaints the whole program still does.
    pub(super) fn typed(&mut self, press: KeyPress) -> Vec<Effect> {
        match self.settings.keys.command(press) {
            Some(command @ (Command::Quit | Command::Suspend | Command::Repaint)) if press.ctrl => {
                return self.obey(command);
            }
            Some(Command::PageUp) if !press.ctrl => return self.obey(Command::PageUp),
            Some(Command::PageDown) if !press.ctrl => return self.obey(Command::PageDown),
            _ => {}
        }
        match self.asking.prompt.press(press) {
            Pressed::Edited => Vec::new(),
            Pressed::Left => {
                self.navigation.back();
                Vec::new()
            }
            Pressed::Asked(text) => {
                let Some(source) = self.asked_source().map(|info| info.id.clone()) else { return Vec::new() };
                self.navigation.scroll = 0;
                self.asking.asked = None;
                let mut effects = self.act(Deed::Remember(text.clone()));
                effects.push(self.ask(source, text));
                effects
            }
        }
    }

    fn ask(&mut self, source: SourceId, text: String) -> Effect {
        self.asking.asked_before += 1;
        let (from, to) = self.axis();
        let every = self.sources.iter().find(|one| one.info.id == source).map_or(AGAIN, |one| one.info.every);
        let question = Question {
            id: self.asking.asked_before,
            source,
            text,
            service: self.shown_name().map(|name| name.to_string()).unwrap_or_default(),
            from,
            to,
            step: step(from, to, every),
        };
        let reply = self.asking.asked.take().and_then(|asked| asked.reply);
        self.asking.asked = Some(Asked { question: question.clone(), pending: true, reply });
        Effect::Ask(question)
    }

    /// The question on the screen follows the time: what feeds it has news, so it is asked again.
    pub(super) fn ask_again(&mut self, source: &SourceId) -> Vec<Effect> {
        let Some(asked) = &self.asking.asked else { return Vec::new() };
        let soon = asked.reply.as_ref().is_some_and(|reply| age(reply.at, self.now) < AGAIN.mul_f64(0.9));
        if self.navigation.page() != Page::Query || asked.pending || soon || asked.question.source != *source {
            return Vec::new();
        }
        let text = asked.question.text.clone();
        vec![self.ask(source.clone(), text)]
    }

    pub(super) fn replied(&mut self, reply: Reply) {
        if self.take_users(&reply) {
            return;
        }
        if let Some(asked) = self.asking.asked.as_mut().filter(|asked| asked.question.id == reply.id) {
            asked.pending = false;
            asked.reply = Some(reply);
        }
    }
}

fn age(from: At, to: At) -> Duration {
    (to - from).to_std().unwrap_or_default()
}

/// The distance of points: whole seconds, no finer than the answers come, no more points than columns.
fn step(from: At, to: At, every: Duration) -> Duration {
    let step = (age(from, to) / POINTS).max(every);
    Duration::from_secs(step.as_millis().div_ceil(1_000).max(1) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_whole_seconds_and_not_finer_than_answers() {
        let at = |second: i64| At::from_timestamp(1_800_000_000 + second, 0).unwrap();
        for (window, every, expected) in [(600, 5, 5), (10_800, 5, 45), (3_600, 5, 15), (600, 30, 30), (0, 1, 1)] {
            assert_eq!(step(at(0), at(window), Duration::from_secs(every)).as_secs(), expected);
        }
    }
}
