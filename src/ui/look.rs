//! The look of the screen: theme, glyphs and how many colours the terminal has.

use std::sync::OnceLock;

use ratatui::style::{Color, Modifier, Style};

use crate::ui::Glyphs;
use crate::ui::Role;
use crate::ui::Theme;
use crate::ui::colour::sixteen;

/// How many colours may be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Colours {
    /// None: `NO_COLOR`, or a terminal without. Weight, reverse and underline remain, as the theme `mono` has them.
    None,
    /// The terminal's own sixteen.
    Sixteen,
    /// All.
    Full,
}

/// Everything that decides how a fact looks, and nothing of what it says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Look {
    /// The paint of every role.
    pub theme: Theme,
    /// Unicode, or ASCII alone.
    pub glyphs: Glyphs,
    /// How many colours may be used.
    pub colours: Colours,
}

/// The style of every role, worked out once for a frame.
pub(super) type Styles = [Style; Role::ALL.len()];

impl Look {
    /// The style of every role.
    pub(super) fn styles(&self) -> Styles {
        // Read once and not for every frame.
        static MONO: OnceLock<Option<Theme>> = OnceLock::new();
        let mono =
            if self.colours == Colours::None { MONO.get_or_init(|| Theme::named("mono")).as_ref() } else { None };
        let theme = mono.unwrap_or(&self.theme);
        let fit = |colour: Color| if self.colours == Colours::Full { colour } else { sixteen(colour) };
        Role::ALL.map(|role| {
            let paint = theme.paint(role);
            let mut style = Style::new().add_modifier(paint.modifiers);
            style.fg = paint.fg.map(fit);
            style.bg = paint.bg.map(fit);
            style
        })
    }
}

/// A mark drawn over a filled cell: the mark's colour on the bar's where they differ, else the bar in reverse, so
/// that the mark is a gap in the bar. Both can be seen in either case.
pub(super) fn over(bar: Style, mark: Style) -> Style {
    match (bar.fg, mark.fg) {
        (Some(behind), Some(front)) if behind != front => Style::new().fg(front).bg(behind),
        _ => bar.add_modifier(Modifier::REVERSED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(theme: &str, colours: Colours) -> Look {
        Look { theme: Theme::named(theme).unwrap(), glyphs: Glyphs::Unicode, colours }
    }

    #[test]
    fn without_colours_no_style_has_one() {
        for theme in crate::ui::themes() {
            for style in look(theme, Colours::None).styles() {
                assert_eq!((style.fg, style.bg), (None, None));
            }
            for style in look(theme, Colours::Sixteen).styles() {
                assert!(!matches!(style.fg, Some(Color::Rgb(..) | Color::Indexed(_))), "{theme} {style:?}");
            }
        }
    }

    #[test]
    fn a_mark_is_seen_on_every_bar() {
        let red = Style::new().fg(Color::Red);
        assert_eq!(over(Style::new().fg(Color::Gray), red), red.bg(Color::Gray));
        assert!(over(red, red).add_modifier.contains(Modifier::REVERSED));
        assert!(over(Style::new(), red).add_modifier.contains(Modifier::REVERSED));
    }
}
