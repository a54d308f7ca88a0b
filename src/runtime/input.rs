//! The terminal's keys as our own.

use ratatui::crossterm::event::KeyCode as Theirs;
use ratatui::crossterm::event::KeyEvent;
use ratatui::crossterm::event::KeyEventKind;
use ratatui::crossterm::event::KeyModifiers;

use crate::app::KeyCode;
use crate::app::KeyPress;

/// The key press of an event; `None` for releases and for keys that we do not know.
#[must_use]
pub fn press(event: KeyEvent) -> Option<KeyPress> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
    let code = match event.code {
        Theirs::Char(c) if ctrl => KeyCode::Char(c.to_ascii_lowercase()),
        Theirs::Char(c) => KeyCode::Char(c),
        Theirs::Enter => KeyCode::Enter,
        Theirs::Esc => KeyCode::Esc,
        Theirs::Tab => KeyCode::Tab,
        Theirs::BackTab => KeyCode::BackTab,
        Theirs::Up => KeyCode::Up,
        Theirs::Down => KeyCode::Down,
        Theirs::Left => KeyCode::Left,
        Theirs::Right => KeyCode::Right,
        Theirs::PageUp => KeyCode::PageUp,
        Theirs::PageDown => KeyCode::PageDown,
        Theirs::Home => KeyCode::Home,
        Theirs::End => KeyCode::End,
        Theirs::Backspace => KeyCode::Backspace,
        Theirs::F(n) => KeyCode::F(n),
        _ => return None,
    };
    Some(KeyPress { code, ctrl: ctrl && matches!(code, KeyCode::Char(_)) })
}
