//! Colours by numbers: the nearest of the sixteen, and contrast.

use ratatui::style::Color;

/// The colour as one of the sixteen that every terminal has. By hue and not by distance: a pale red must stay red,
/// because it means something, while by distance it would become grey.
pub(super) fn sixteen(colour: Color) -> Color {
    let Some((r, g, b)) = rgb(colour) else { return colour };
    let (max, min) = (r.max(g).max(b), r.min(g).min(b));
    let chroma = f64::from(max - min);
    if chroma < 46.0 {
        return match u16::from(max).midpoint(u16::from(min)) {
            0..48 => Color::Black,
            48..136 => Color::DarkGray,
            136..224 => Color::Gray,
            _ => Color::White,
        };
    }
    let (r, g, b, top) = (f64::from(r), f64::from(g), f64::from(b), f64::from(max));
    let sector = if r >= top {
        ((g - b) / chroma).rem_euclid(6.0)
    } else if g >= top {
        (b - r) / chroma + 2.0
    } else {
        (r - g) / chroma + 4.0
    };
    let bright = max > 160;
    let pick = |dark, light| if bright { light } else { dark };
    match sector * 60.0 {
        30.0..75.0 => pick(Color::Yellow, Color::LightYellow),
        75.0..165.0 => pick(Color::Green, Color::LightGreen),
        165.0..200.0 => pick(Color::Cyan, Color::LightCyan),
        200.0..262.0 => pick(Color::Blue, Color::LightBlue),
        262.0..340.0 => pick(Color::Magenta, Color::LightMagenta),
        _ => pick(Color::Red, Color::LightRed),
    }
}

/// Red, green and blue of a colour that is not one of the terminal's own sixteen.
fn rgb(colour: Color) -> Option<(u8, u8, u8)> {
    match colour {
        Color::Rgb(r, g, b) => Some((r, g, b)),
        Color::Indexed(index @ 16..=231) => {
            let cube = index - 16;
            let step = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
            Some((step(cube / 36), step(cube / 6 % 6), step(cube % 6)))
        }
        Color::Indexed(index @ 232..) => {
            let grey = 8 + 10 * (index - 232);
            Some((grey, grey, grey))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Role;
    use crate::ui::Theme;
    use crate::ui::themes;

    fn luminance(colour: Color) -> f64 {
        let (r, g, b) = rgb(colour).unwrap();
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.03928 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    }

    fn contrast(a: Color, b: Color) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_can_be_read_in_every_theme_with_its_own_colours() {
        let mut checked = 0;
        for theme in themes().iter().filter_map(|name| Theme::named(name)) {
            let Some(screen) = theme.paint(Role::Text).bg else { continue };
            for role in Role::ALL {
                let paint = theme.paint(role);
                let least = match role {
                    Role::Faint | Role::Bar => continue,
                    Role::Muted | Role::Stale => 3.0,
                    _ => 4.5,
                };
                let got = contrast(paint.fg.unwrap(), paint.bg.unwrap_or(screen));
                assert!(got >= least, "{} {}: {got:.2}", theme.name(), role.name());
                checked += 1;
            }
        }
        assert_eq!(checked, 3 * 16);
    }

    #[test]
    fn a_tone_keeps_its_hue_among_sixteen() {
        for (hex, near) in [
            (0x00f4_707a, Color::LightRed),
            (0x00ee_7420, Color::LightRed),
            (0x00e5_b567, Color::LightYellow),
            (0x0098_c379, Color::LightGreen),
            (0x00c9_9bf0, Color::LightMagenta),
            (0x0082_aaff, Color::LightBlue),
            (0x0014_161b, Color::Black),
            (0x0056_6071, Color::DarkGray),
            (0x00c9_ced8, Color::Gray),
            (0x00fa_faf8, Color::White),
            (0x008f_5a00, Color::Yellow),
        ] {
            assert_eq!(sixteen(Color::from_u32(hex)), near, "{hex:06x}");
        }
        assert_eq!(sixteen(Color::Red), Color::Red);
        assert_eq!(sixteen(Color::Indexed(196)), Color::LightRed);
    }
}
