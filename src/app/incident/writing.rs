//! A text that a person writes on the screen: how it begins, is kept, and ends as an entry.
//!
//! While one is written every letter is text. What is written is kept in the journal every few seconds and when the
//! person leaves, and offered again: a link that is cut takes at most those seconds along.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::app::App;
use crate::app::Command;
use crate::app::Deed;
use crate::app::Editor;
use crate::app::Effect;
use crate::app::KeyCode;
use crate::app::KeyPress;
use crate::app::Page;
use crate::facts::At;
use crate::facts::Fault;
use crate::incident::ClockKind;
use crate::incident::Question;
use crate::incident::Role;
use crate::incident::UpdateStatus;
use crate::incident::What;

/// So often a text that is being written is kept.
const KEEP: TimeDelta = TimeDelta::seconds(1);

/// What a text will be when it is done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// A note.
    Note,
    /// A new hypothesis.
    Hypothesis,
    /// How a hypothesis was tested, by its key.
    Test(String),
    /// What was done to end it.
    Fix,
    /// An answer of the assessment.
    Assess(Question),
    /// Who has a role.
    Role(Role),
    /// The words of an update, by its key.
    Update(String, UpdateStatus),
    /// To whom it is handed over (the first line, behind `To:`), and what they should know.
    HandOver,
    /// Something to be done afterwards: what, `@who`, by when.
    Action,
    /// When a clock is due: `15m`, `04:20`.
    Clock(ClockKind),
}

impl Purpose {
    /// What it is called where unfinished texts are kept.
    #[must_use]
    pub fn about(&self) -> String {
        match self {
            Self::Note => "note".to_owned(),
            Self::Hypothesis => "hypothesis".to_owned(),
            Self::Test(key) => format!("test {key}"),
            Self::Fix => "fix".to_owned(),
            Self::Assess(question) => format!("answer {}", question.word()),
            Self::Role(role) => format!("role {}", role.word()),
            Self::Update(key, _) => key.clone(),
            Self::HandOver => "hand-over".to_owned(),
            Self::Action => "action".to_owned(),
            Self::Clock(clock) => format!("clock {}", clock.word()),
        }
    }

    /// The heading of its page.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        match self {
            Self::Note => "Note",
            Self::Hypothesis => "Hypothesis",
            Self::Test(_) => "What the test showed",
            Self::Fix => "What was done to end it",
            Self::Assess(question) => question.title(),
            Self::Role(role) => role.title(),
            Self::Update(_, status) => status.title(),
            Self::HandOver => "Hand-over",
            Self::Action => "To be done afterwards",
            Self::Clock(clock) => clock.title(),
        }
    }

    /// What to write, in a sentence.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Note => "What you saw or did; the time is written beside it.",
            Self::Hypothesis => "It is X, because of Y, and then we should see Z.",
            Self::Test(_) => "How it was tested and what was seen. Esc: say nothing more.",
            Self::Fix => "Rolled back, restarted, switched off: sixty then watches whether it helps.",
            Self::Assess(_) => "An empty answer gives it back to the verdict's own words.",
            Self::Role(_) => "A name; empty: nobody.",
            Self::Update(..) => "What others should know. It is sent only when you say so.",
            Self::HandOver => "Whom it goes to behind `To:`; below it what they should know.",
            Self::Action => "What, @who, and by when: fix the pool size @ana 2026-11-30",
            Self::Clock(_) => "From now on, `15m`, or at a time, `04:20`.",
        }
    }

    /// Whether it may have several lines: then Enter makes one, and Ctrl-S is done.
    #[must_use]
    pub const fn has_lines(&self) -> bool {
        matches!(self, Self::Note | Self::Update(..) | Self::HandOver)
    }
}

/// A text that is being written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Writing {
    /// What it will be.
    pub purpose: Purpose,
    /// The text.
    pub editor: Editor,
    /// What was kept of it last, so that nothing is lost when the link goes.
    pub kept: String,
    /// The service that it is about.
    pub service: Arc<str>,
    /// It is an unfinished one of before.
    pub again: bool,
    /// The person's own editor has it.
    pub lent: bool,
    /// When it was kept last.
    pub(super) kept_at: At,
}

impl App {
    /// The text that is being written.
    pub const fn writing(&self) -> Option<&Writing> {
        self.writing.as_ref()
    }

    /// Begins to write, with an unfinished text of before, else with words to start from.
    pub(super) fn begin_writing(&mut self, purpose: Purpose, words: &str) {
        let Some(service) = self.service() else { return };
        let name = Arc::clone(&service.name);
        // An older word must not hide the keys.
        self.remark = None;
        let Some(service) = self.service() else { return };
        let unfinished = service.incident.unsaved(&self.settings.who, &purpose.about());
        let again = unfinished.is_some();
        let text = unfinished.map_or_else(|| words.to_owned(), |said| said.text);
        let editor =
            if purpose == Purpose::HandOver && !again { Editor::at_first_line(&text) } else { Editor::new(&text) };
        let kept = editor.text().to_owned();
        let lent = false;
        self.writing = Some(Writing { purpose, editor, kept, service: name, again, lent, kept_at: self.now });
        if self.navigation.page() != Page::Write {
            self.navigation.show(Page::Write);
        }
    }

    /// The journal was read after a text was begun: an unfinished one of before takes its place, unless something was
    /// typed meanwhile.
    pub(super) fn find_unfinished(&mut self) {
        let Some(writing) = &self.writing else { return };
        if writing.again || writing.editor.text() != writing.kept {
            return;
        }
        let Some(index) = self.index_of(&writing.service) else { return };
        let unfinished = self.services[index].incident.unsaved(&self.settings.who, &writing.purpose.about());
        if let Some((said, writing)) = unfinished.zip(self.writing.as_mut()).filter(|(said, one)| said.text != one.kept)
        {
            writing.editor.replace(&said.text);
            writing.kept = writing.editor.text().to_owned();
            writing.again = true;
        }
    }

    /// A key while a text is written. What leaves or repaints the whole program still does.
    pub(super) fn write_key(&mut self, press: KeyPress) -> Vec<Effect> {
        let command = self.settings.keys.command(press).filter(|_| press.ctrl);
        if let Some(command @ (Command::Quit | Command::Suspend | Command::Repaint)) = command {
            let mut effects = if command == Command::Repaint { Vec::new() } else { self.keep() };
            effects.extend(self.obey(command));
            return effects;
        }
        let Some(writing) = &mut self.writing else {
            self.navigation.back();
            return Vec::new();
        };
        let lines = writing.purpose.has_lines();
        match (press.code, press.ctrl) {
            (KeyCode::Enter, false) if !lines => self.done(),
            (KeyCode::Char('s' | 'd'), true) => self.done(),
            (KeyCode::Char('e'), true) => self.lend(),
            (KeyCode::Esc, _) => self.put_aside(),
            _ => {
                writing.editor.press(press, lines);
                Vec::new()
            }
        }
    }

    /// Gives the text to the person's own editor.
    pub(super) fn lend(&mut self) -> Vec<Effect> {
        let mut effects = self.keep();
        if let Some(writing) = &mut self.writing {
            writing.lent = true;
            let text = writing.editor.text().to_owned();
            effects.extend(self.act(Deed::Edit(text)));
        }
        effects
    }

    /// The person's own editor was left.
    pub(in crate::app) fn edited(&mut self, outcome: Result<String, Fault>) -> Vec<Effect> {
        let Some(writing) = &mut self.writing else { return Vec::new() };
        writing.lent = false;
        match outcome {
            Ok(text) => writing.editor.replace(text.trim_end()),
            Err(fault) => self.say(format!("the editor: {fault}; the text is as it was")),
        }
        self.keep()
    }

    /// Leaves the text, and keeps it.
    fn put_aside(&mut self) -> Vec<Effect> {
        let effects = self.keep();
        if let Some(writing) = self.writing.take()
            && !writing.kept.trim().is_empty()
            && self.has_unsaved(&writing)
        {
            self.say("kept: the same key offers it again".to_owned());
        }
        self.navigation.back();
        effects
    }

    fn has_unsaved(&self, writing: &Writing) -> bool {
        let incident = self.index_of(&writing.service).map(|index| &self.services[index].incident);
        incident.is_some_and(|one| one.unsaved(&self.settings.who, &writing.purpose.about()).is_some())
    }

    /// Keeps what is being written, where it has changed since it was kept last.
    pub(super) fn keep(&mut self) -> Vec<Effect> {
        let Some(writing) = self.writing.as_mut().filter(|writing| writing.kept != writing.editor.text()) else {
            return Vec::new();
        };
        writing.kept = writing.editor.text().to_owned();
        writing.kept_at = self.now;
        let (about, text, service) = (writing.purpose.about(), writing.kept.clone(), Arc::clone(&writing.service));
        let Some(index) = self.index_of(&service) else { return Vec::new() };
        self.write(index, What::Unsaved { about, text })
    }

    /// The same as often as it is worth it.
    pub(super) fn keep_now_and_then(&mut self) -> Vec<Effect> {
        if self.writing.as_ref().is_some_and(|writing| self.now - writing.kept_at >= KEEP) {
            self.keep()
        } else {
            Vec::new()
        }
    }

    /// What is to be done before the program ends, however it ends: nothing that was written is lost.
    pub fn leaving(&mut self) -> Vec<Effect> {
        self.keep()
    }

    /// The text is complete: it becomes what it was meant to be.
    fn done(&mut self) -> Vec<Effect> {
        let Some(writing) = self.writing.take() else { return Vec::new() };
        self.navigation.back();
        let Some(index) = self.index_of(&writing.service) else { return Vec::new() };
        let text = writing.editor.text().trim().to_owned();
        let mut effects = match self.finish(index, &writing.purpose, &text) {
            Ok(effects) => effects,
            Err(why) => {
                // What cannot be meant is not lost either.
                self.say(why);
                self.writing = Some(writing);
                self.navigation.show(Page::Write);
                return Vec::new();
            }
        };
        let about = writing.purpose.about();
        if self.services[index].incident.unsaved(&self.settings.who, &about).is_some() {
            effects.extend(self.write(index, What::Unsaved { about, text: String::new() }));
        }
        effects
    }
}
