//! Themes: what each role of the screen looks like, read from a TOML file.
//!
//! A theme names colours by role (`critical`, `bar`), never by place. A file that a person writes may build on a
//! shipped one by `inherits = "dark"` and change a few roles; every mistake is answered with its line. Reading the
//! file is the caller's.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier};
use serde::Deserialize;
use toml::Spanned;

use crate::facts::text::clean_line;

/// What a cell stands for. Every theme paints every role.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// Ordinary text; its background is the background of the screen.
    Text,
    /// Secondary text.
    Muted,
    /// Rules, axes, scales: what must not be noticed.
    Faint,
    /// What must be read first.
    Strong,
    /// Headings and the names of strips.
    Title,
    /// What is chosen.
    Focus,
    /// A bar in normal times.
    Bar,
    /// As it should be.
    Ok,
    /// Worth a look.
    Warning,
    /// Somebody is hurt.
    Critical,
    /// Not known.
    Unknown,
    /// Old data.
    Stale,
    /// Deploys, flags, jobs.
    Change,
    /// The badge of a critical service.
    BadgeCritical,
    /// The badge of a service worth a look.
    BadgeWarning,
    /// The badge of a service that is fine.
    BadgeOk,
    /// The badge of a service that cannot be judged.
    BadgeUnknown,
    /// A key in the footer and the help.
    Key,
}

impl Role {
    /// All roles, in the order of their declaration.
    pub const ALL: [Self; 18] = [
        Self::Text,
        Self::Muted,
        Self::Faint,
        Self::Strong,
        Self::Title,
        Self::Focus,
        Self::Bar,
        Self::Ok,
        Self::Warning,
        Self::Critical,
        Self::Unknown,
        Self::Stale,
        Self::Change,
        Self::BadgeCritical,
        Self::BadgeWarning,
        Self::BadgeOk,
        Self::BadgeUnknown,
        Self::Key,
    ];

    /// The name in theme files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Muted => "muted",
            Self::Faint => "faint",
            Self::Strong => "strong",
            Self::Title => "title",
            Self::Focus => "focus",
            Self::Bar => "bar",
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::Unknown => "unknown",
            Self::Stale => "stale",
            Self::Change => "change",
            Self::BadgeCritical => "badge_critical",
            Self::BadgeWarning => "badge_warning",
            Self::BadgeOk => "badge_ok",
            Self::BadgeUnknown => "badge_unknown",
            Self::Key => "key",
        }
    }
}

/// How a role is painted; what is absent is the terminal's own.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Paint {
    /// The colour of the glyph.
    pub fg: Option<Color>,
    /// The colour behind it.
    pub bg: Option<Color>,
    /// Bold, dim, reverse, underlined, italic.
    pub modifiers: Modifier,
}

/// The paint of every role.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Theme {
    name: String,
    paints: [Paint; Role::ALL.len()],
}

const SHIPPED: [(&str, &str); 5] = [
    ("terminal", include_str!("../../themes/terminal.toml")),
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("mono", include_str!("../../themes/mono.toml")),
    ("okabe-ito", include_str!("../../themes/okabe-ito.toml")),
];

const NAMES: [&str; SHIPPED.len()] = {
    let mut names = [""; SHIPPED.len()];
    let mut index = 0;
    while index < SHIPPED.len() {
        names[index] = SHIPPED[index].0;
        index += 1;
    }
    names
};

/// The names of the themes that are shipped; the first is the default.
#[must_use]
pub const fn themes() -> &'static [&'static str] {
    &NAMES
}

const COLOURS: [(&str, Color); 16] = [
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::Gray),
    ("bright-black", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
];

const MODIFIERS: [(&str, Modifier); 5] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("reverse", Modifier::REVERSED),
    ("underlined", Modifier::UNDERLINED),
    ("italic", Modifier::ITALIC),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    inherits: Option<Spanned<String>>,
    #[serde(default)]
    roles: BTreeMap<Spanned<String>, Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    fg: Option<Spanned<String>>,
    bg: Option<Spanned<String>>,
    modifiers: Option<Vec<Spanned<String>>>,
}

impl Theme {
    /// A shipped theme by its name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let (name, text) = SHIPPED.iter().find(|(shipped, _)| *shipped == name)?;
        let mut theme = Self::parse(text, name).ok()?;
        (*name).clone_into(&mut theme.name);
        Some(theme)
    }

    /// Reads a theme file. `shown_path` stands in front of what is wrong with it, and names the theme.
    ///
    /// # Errors
    /// One sentence with the place: a line that is no TOML, an unknown role, colour, modifier or theme to inherit
    /// from, or roles that are missing.
    pub fn parse(toml_text: &str, shown_path: &str) -> Result<Self, String> {
        let place = |offset: usize| {
            let line = toml_text.get(..offset).unwrap_or("").matches('\n').count() + 1;
            format!("{shown_path}:{line}")
        };
        let file: File = toml::from_str(toml_text).map_err(|error| {
            let message = clean_line(error.message(), 200);
            format!("{}: {message}", place(error.span().map_or(0, |span| span.start)))
        })?;
        let base = match &file.inherits {
            None => None,
            Some(name) => Some(Self::named(name.get_ref()).ok_or_else(|| {
                let name_shown = clean_line(name.get_ref(), 40);
                let known = NAMES.join(", ");
                format!("{}: there is no theme `{name_shown}` to inherit from: {known}", place(name.span().start))
            })?),
        };
        let mut set = [base.is_some(); Role::ALL.len()];
        let mut paints = base.map_or([Paint::default(); Role::ALL.len()], |base| base.paints);
        for (key, entry) in &file.roles {
            let role = Role::ALL.into_iter().find(|role| role.name() == key.get_ref()).ok_or_else(|| {
                let known = Role::ALL.map(Role::name).join(", ");
                let shown = clean_line(key.get_ref(), 40);
                format!("{}: there is no role `{shown}`: {known}", place(key.span().start))
            })?;
            set[role as usize] = true;
            apply(&mut paints[role as usize], entry)
                .map_err(|(offset, what)| format!("{}: role `{}`: {what}", place(offset), role.name()))?;
        }
        let missing: Vec<_> = Role::ALL.into_iter().filter(|role| !set[*role as usize]).map(Role::name).collect();
        if !missing.is_empty() {
            let missing = missing.join(", ");
            return Err(format!("{shown_path}: not painted: {missing}; paint them or write inherits = \"dark\""));
        }
        Ok(Self { name: clean_line(shown_path, 80), paints })
    }

    /// The name of a shipped theme, or the path of a file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How a role is painted.
    #[must_use]
    pub const fn paint(&self, role: Role) -> Paint {
        self.paints[role as usize]
    }
}

fn apply(paint: &mut Paint, entry: &Entry) -> Result<(), (usize, String)> {
    let read = |text: &Spanned<String>| {
        colour(text.get_ref()).ok_or_else(|| {
            let shown = clean_line(text.get_ref(), 40);
            let ways = "write #rrggbb, an index from 0 to 255, or a name like red or bright-red";
            (text.span().start, format!("`{shown}` is not a colour: {ways}"))
        })
    };
    if let Some(fg) = &entry.fg {
        paint.fg = Some(read(fg)?);
    }
    if let Some(bg) = &entry.bg {
        paint.bg = Some(read(bg)?);
    }
    let Some(words) = &entry.modifiers else { return Ok(()) };
    paint.modifiers = Modifier::empty();
    for word in words {
        let known = MODIFIERS.iter().find(|(name, _)| name == word.get_ref());
        paint.modifiers |= known.map(|(_, modifier)| *modifier).ok_or_else(|| {
            let shown = clean_line(word.get_ref(), 40);
            (word.span().start, format!("`{shown}` is not a modifier: bold, dim, reverse, underlined, italic"))
        })?;
    }
    Ok(())
}

fn colour(text: &str) -> Option<Color> {
    if let Some(hex) = text.strip_prefix('#') {
        let number = (hex.len() == 6 && hex.is_ascii()).then(|| u32::from_str_radix(hex, 16).ok())??;
        return Some(Color::from_u32(number));
    }
    if let Some((_, colour)) = COLOURS.iter().find(|(name, _)| *name == text) {
        return Some(*colour);
    }
    text.parse::<u8>().ok().map(Color::Indexed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_and_the_list_are_the_same_and_every_theme_paints_every_role() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("themes");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        files.sort();
        let mut names = themes().to_vec();
        names.sort_unstable();
        assert_eq!(files, names);
        for (name, text) in SHIPPED {
            let theme = Theme::parse(text, name);
            assert!(theme.is_ok(), "{theme:?}");
            assert!(!text.contains("inherits"), "a shipped theme paints every role itself");
        }
    }

    #[test]
    fn mistakes_are_answered_with_their_line() {
        for (text, answer) in [
            ("inherits = \"dark\"\n[roles]\nbar = { fg = \"greyish\" }", "t:3: role `bar`: `greyish` is not a colour"),
            ("inherits = \"dark\"\n[roles]\nbars = { fg = \"red\" }", "t:3: there is no role `bars`"),
            ("inherits = \"drak\"", "t:1: there is no theme `drak`"),
            ("[roles]\ntext = {}", "t: not painted: muted, faint"),
            ("inherits = \"dark\"\n[roles]\ntext = { modifiers = [\"loud\"] }", "`loud` is not a modifier"),
            ("inherits = \"dark\"\n[roles]\ntext = { gf = \"red\" }", "t:3: unknown field `gf`"),
            ("colour = 1", "unknown field"),
            ("[roles", "t:1: "),
        ] {
            let told = Theme::parse(text, "t").unwrap_err();
            assert!(told.contains(answer), "{told}");
        }
    }

    #[test]
    fn a_few_roles_on_top_of_a_shipped_theme() {
        let text = "inherits = \"dark\"\n[roles]\nbar = { fg = \"12\" }\ntitle = { modifiers = [] }";
        let (own, dark) = (Theme::parse(text, "mine.toml").unwrap(), Theme::named("dark").unwrap());
        assert_eq!(own.paint(Role::Bar).fg, Some(Color::Indexed(12)));
        assert_eq!(own.paint(Role::Title).fg, dark.paint(Role::Title).fg);
        assert_eq!(own.paint(Role::Title).modifiers, Modifier::empty());
        assert_eq!(own.paint(Role::Critical), dark.paint(Role::Critical));
    }
}
