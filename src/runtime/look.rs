//! How it may look here: what the terminal, the locale and the person allow.

use std::path::Path;

use crate::ui::Colours;
use crate::ui::Glyphs;
use crate::ui::Look;
use crate::ui::Theme;

/// The look for this terminal.
///
/// `NO_COLOR` (set and not empty) takes all colours; `COLORTERM=truecolor` (or `24bit`) allows all; else the
/// terminal's sixteen. ASCII where the person says so, where the locale is not UTF-8, and on the Linux console
/// (`TERM=linux`), whose font has no eighth blocks.
///
/// # Errors
/// A theme that is neither shipped nor a readable file, with what to write instead.
pub fn look(theme: &str, ascii: Option<bool>, env: &dyn Fn(&str) -> Option<String>) -> Result<Look, String> {
    let set = |name: &str| env(name).filter(|value| !value.is_empty());
    let colours = if set("NO_COLOR").is_some() {
        Colours::None
    } else if matches!(set("COLORTERM").as_deref(), Some("truecolor" | "24bit")) {
        Colours::Full
    } else {
        Colours::Sixteen
    };
    let console = set("TERM").as_deref() == Some("linux");
    let glyphs = if ascii.unwrap_or_else(|| console || !is_utf8(&set)) { Glyphs::Ascii } else { Glyphs::Unicode };
    Ok(Look { theme: named_or_read(theme)?, glyphs, colours })
}

/// The locale of characters: the first of these that is set decides, as everywhere.
fn is_utf8(set: &dyn Fn(&str) -> Option<String>) -> bool {
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")).unwrap_or_default();
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

fn named_or_read(theme: &str) -> Result<Theme, String> {
    if let Some(theme) = Theme::named(theme) {
        return Ok(theme);
    }
    let themes = crate::ui::themes().join(", ");
    if !Path::new(theme).is_file() {
        return Err(format!("there is no theme `{theme}`; there are {themes}, or write the path of a theme file"));
    }
    let text = std::fs::read_to_string(theme).map_err(|error| format!("the theme {theme} cannot be read: {error}"))?;
    Theme::parse(&text, theme)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terminal_and_the_locale_decide() {
        let utf8 = ("LANG", "en_US.UTF-8");
        for (pairs, ascii, expected) in [
            (&[utf8][..], None, (Colours::Sixteen, Glyphs::Unicode)),
            (&[utf8, ("COLORTERM", "truecolor")], None, (Colours::Full, Glyphs::Unicode)),
            (&[utf8, ("COLORTERM", "24bit"), ("NO_COLOR", "1")], None, (Colours::None, Glyphs::Unicode)),
            (&[utf8, ("NO_COLOR", "")], None, (Colours::Sixteen, Glyphs::Unicode)),
            (&[utf8, ("TERM", "linux")], None, (Colours::Sixteen, Glyphs::Ascii)),
            (&[utf8, ("LC_ALL", "C")], None, (Colours::Sixteen, Glyphs::Ascii)),
            (&[("LC_CTYPE", "C.utf8"), ("LANG", "C")], None, (Colours::Sixteen, Glyphs::Unicode)),
            (&[], None, (Colours::Sixteen, Glyphs::Ascii)),
            (&[], Some(false), (Colours::Sixteen, Glyphs::Unicode)),
            (&[utf8], Some(true), (Colours::Sixteen, Glyphs::Ascii)),
        ] {
            let env = |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            let look = look("terminal", ascii, &env).unwrap();
            assert_eq!((look.colours, look.glyphs), expected, "{pairs:?}");
        }
        assert!(look("nonsense", None, &|_| None).unwrap_err().contains("terminal"));
    }
}
