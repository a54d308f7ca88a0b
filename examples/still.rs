//! One frame of a told story as text with colours: `still [SIZE] [THEME] [SCENE] [KEYS] [none|16|full] [ascii]`.
//!
//! For looking at the screen without a terminal program around it. Waits for a key, so that a picture can be taken.

#[path = "../tests/story/mod.rs"]
mod story;

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use sixty::ui::{Colours, Glyphs, Look, Theme};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let arg = |index: usize, default: &str| args.get(index).map_or(default, String::as_str).to_owned();
    let size = arg(0, "120x36");
    let (width, height) = size.split_once('x').ok_or("a size is written like 120x36")?;
    let (width, height) = (width.parse()?, height.parse()?);
    let theme = Theme::named(&arg(1, "terminal")).ok_or("there is no such theme")?;
    let name = arg(2, "critical");
    let scene = story::SCENES.iter().find(|(known, _)| *known == name).map(|(_, scene)| story::app(*scene));
    let wait = story::WAITS.iter().find(|(known, _)| *known == name).map(|(_, wait)| story::waiting(*wait));
    let mut app = scene.or(wait).ok_or("there is no such scene")?;
    story::press(&mut app, arg(3, "").replace('-', " ").trim());
    let colours = match &*arg(4, "full") {
        "none" => Colours::None,
        "16" => Colours::Sixteen,
        _ => Colours::Full,
    };
    let glyphs = if arg(5, "") == "ascii" { Glyphs::Ascii } else { Glyphs::Unicode };
    let look = Look { theme, glyphs, colours };
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    sixty::ui::draw(&app, &look, area, &mut buffer);
    if arg(6, "") == "time" {
        let begun = std::time::Instant::now();
        for _ in 0..1000 {
            sixty::ui::draw(&app, &look, area, &mut buffer);
        }
        eprintln!("{:?} a frame", begun.elapsed() / 1000);
        return Ok(());
    }
    let mut out = std::io::stdout();
    out.write_all(ansi(&buffer).as_bytes())?;
    out.flush()?;
    let _ = std::io::stdin().read(&mut [0])?;
    Ok(())
}

fn ansi(buffer: &Buffer) -> String {
    let mut out = String::from("\x1b[?25l\x1b[2J");
    for y in 0..buffer.area.height {
        let _ = write!(out, "\x1b[{};1H", y + 1);
        let mut skip = 0;
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            if skip > 0 {
                skip -= 1;
                continue;
            }
            skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
            out.push_str("\x1b[0");
            for (modifier, code) in [
                (Modifier::BOLD, 1),
                (Modifier::DIM, 2),
                (Modifier::ITALIC, 3),
                (Modifier::UNDERLINED, 4),
                (Modifier::REVERSED, 7),
            ] {
                if cell.modifier.contains(modifier) {
                    let _ = write!(out, ";{code}");
                }
            }
            colour(&mut out, cell.fg, 30);
            colour(&mut out, cell.bg, 40);
            out.push('m');
            out.push_str(cell.symbol());
        }
    }
    out + "\x1b[0m"
}

fn colour(out: &mut String, colour: Color, base: u8) {
    let code = match colour {
        Color::Reset => return,
        Color::Rgb(r, g, b) => {
            let _ = write!(out, ";{};2;{r};{g};{b}", base + 8);
            return;
        }
        Color::Indexed(index) => {
            let _ = write!(out, ";{};5;{index}", base + 8);
            return;
        }
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 60,
        Color::LightRed => 61,
        Color::LightGreen => 62,
        Color::LightYellow => 63,
        Color::LightBlue => 64,
        Color::LightMagenta => 65,
        Color::LightCyan => 66,
        Color::White => 67,
    };
    let _ = write!(out, ";{}", base + code);
}
