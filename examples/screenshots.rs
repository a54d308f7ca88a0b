//! Makes the pictures in `screenshots/`: `cargo run --release --example screenshots`.
//!
//! The real program (built beside this one, in the same profile) runs in a pty on its own demo, whose clock and seed
//! are fixed, so that two runs make the same pictures. What its terminal shows is written as SVG: text as text, block
//! elements as rectangles, since fonts leave gaps between them. `cargo build --release` comes first.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Read as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;
use std::time::Instant;

use portable_pty::CommandBuilder;
use portable_pty::PtySize;

/// One picture: its file, size, theme, how far into the story, the keys, and a word that must be on the screen.
struct Picture {
    name: String,
    size: (u16, u16),
    theme: &'static str,
    at: &'static str,
    keys: &'static str,
    word: &'static str,
}

const SIZES: [(u16, u16); 4] = [(40, 10), (80, 24), (120, 36), (200, 60)];

fn main() -> Result<(), Box<dyn Error>> {
    let program = std::env::current_exe()?
        .parent()
        .and_then(Path::parent)
        .map(|folder| folder.join("sixty"))
        .filter(|path| path.is_file())
        .ok_or("the program is not built: run `cargo build --release` first")?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots");
    std::fs::create_dir_all(&folder)?;
    for picture in pictures() {
        let file = folder.join(format!("{}.svg", picture.name));
        let (cells, size) = watch(&program, &picture)?;
        std::fs::write(&file, svg(&cells, size, picture.theme))?;
        println!("{}", file.display());
    }
    Ok(())
}

fn pictures() -> Vec<Picture> {
    let mut all = Vec::new();
    for theme in sixty::ui::themes() {
        for size in SIZES {
            let name = format!("critical-{theme}-{}x{}", size.0, size.1);
            all.push(Picture { name, size, theme, at: "8m", keys: "12", word: "CRITICAL" });
        }
    }
    let more = [
        ("critical-120x36", "dark", "8m", "12", "CRITICAL"),
        ("healthy-120x36", "dark", "0s", "", "OK"),
        ("filling-120x36", "dark", "4m45s", "", "checkout-api"),
        ("signal-120x36", "dark", "8m", "\tj\r", "Esc"),
        ("changes-120x36", "dark", "8m", "\t\t\r", "Esc"),
        ("incident-120x36", "dark", "8m", "12>i", "ASSESS"),
        ("update-120x36", "dark", "8m", "12u", "UPDATE"),
        ("help-120x36", "dark", "8m", "?", "Esc"),
    ];
    for (name, theme, at, keys, word) in more {
        all.push(Picture { name: name.to_owned(), size: (120, 36), theme, at, keys, word });
    }
    all
}

/// Runs the program until the picture stands still, and gives its cells.
fn watch(program: &Path, picture: &Picture) -> Result<(vt100::Parser, (u16, u16)), Box<dyn Error>> {
    let (columns, rows) = picture.size;
    let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
    let pty = portable_pty::native_pty_system().openpty(size)?;
    let state = std::env::temp_dir().join(format!("sixty-screenshots-{}", std::process::id()));
    let mut command = CommandBuilder::new(program);
    let fixed = ["--now", "2026-02-03T08:21:09Z", "--seed", "60", "--speed", "0.1", "--as", "ana"];
    command.args(["demo", "--at", picture.at, "--theme", picture.theme, "--time-zone", "America/New_York"]);
    command.args(fixed);
    command.arg("--state-dir");
    command.arg(&state);
    for (key, value) in [("LANG", "C.UTF-8"), ("TERM", "xterm-256color"), ("COLORTERM", "truecolor")] {
        command.env(key, value);
    }
    command.env_remove("NO_COLOR");
    let mut child = pty.slave.spawn_command(command)?;
    drop(pty.slave);
    let mut reader = pty.master.try_clone_reader()?;
    let (sender, output) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = vec![0; 65_536];
        while let Ok(count) = reader.read(&mut bytes) {
            if count == 0 || sender.send(bytes[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    let mut keys = pty.master.take_writer()?;
    let mut parser = vt100::Parser::new(rows.try_into()?, columns.try_into()?, 0);
    settle(&output, &mut parser, "checkout")?;
    for key in picture.keys.chars() {
        keys.write_all(key.to_string().as_bytes())?;
        keys.flush()?;
        settle(&output, &mut parser, "")?;
    }
    settle(&output, &mut parser, picture.word)?;
    keys.write_all(b"q")?;
    keys.flush()?;
    child.wait()?;
    std::fs::remove_dir_all(&state)?;
    Ok((parser, picture.size))
}

/// Takes the output until the word is there and nothing has come for a while.
fn settle(output: &mpsc::Receiver<Vec<u8>>, parser: &mut vt100::Parser, word: &str) -> Result<(), Box<dyn Error>> {
    let begun = Instant::now();
    loop {
        match output.recv_timeout(Duration::from_millis(250)) {
            Ok(bytes) => parser.process(&bytes),
            Err(mpsc::RecvTimeoutError::Timeout) if parser.screen().contents().contains(word) => return Ok(()),
            Err(mpsc::RecvTimeoutError::Timeout) if begun.elapsed() < Duration::from_secs(20) => {}
            Err(_) => return Err(format!("`{word}` was not seen:\n{}", parser.screen().contents()).into()),
        }
    }
}

/// Width and height of a cell, in the picture's units.
const CELL: (f64, f64) = (8.4, 18.0);

/// The sixteen colours of a common dark and a common light terminal.
const DARK: [&str; 16] = [
    "#1c1f26", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#c8ccd4", "#5c6370", "#ff7b86",
    "#b5e890", "#ffd68a", "#82c7ff", "#e29bff", "#7fe0ea", "#ffffff",
];

fn svg(parser: &vt100::Parser, (columns, rows): (u16, u16), theme: &str) -> String {
    let light = theme == "light";
    let (ground, ink) = if light { ("#fafafa", "#24292f") } else { ("#14161b", "#c8ccd4") };
    let (width, height) = (f64::from(columns) * CELL.0 + 24.0, f64::from(rows) * CELL.1 + 24.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.1} {height:.1}\" \
         shape-rendering=\"crispEdges\" font-family=\"ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{ground}\"/>\n"
    );
    let mut text = String::new();
    for row in 0..rows {
        let mut column = 0;
        while column < columns {
            let Some(cell) = parser.screen().cell(row, column) else { break };
            let style = Style::of(cell, ground, ink);
            let mut run = String::new();
            let from = column;
            while let Some(next) = parser.screen().cell(row, column).filter(|_| column < columns) {
                if Style::of(next, ground, ink) != style {
                    break;
                }
                run.push_str(if next.has_contents() { next.contents() } else { " " });
                column += 1;
            }
            paint(&mut out, &mut text, (from, row), &run, &style, ground);
        }
    }
    out + &text + "</svg>\n"
}

#[derive(Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "a terminal's cell has them")]
struct Style {
    ink: String,
    ground: String,
    bold: bool,
    dim: bool,
    italic: bool,
    underline: bool,
}

impl Style {
    fn of(cell: &vt100::Cell, ground: &str, ink: &str) -> Self {
        let colour = |colour: vt100::Color, default: &str| match colour {
            vt100::Color::Default => default.to_owned(),
            vt100::Color::Idx(index @ 0..=15) => DARK[usize::from(index)].to_owned(),
            vt100::Color::Idx(index) => indexed(index),
            vt100::Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        };
        let (mut front, mut back) = (colour(cell.fgcolor(), ink), colour(cell.bgcolor(), ground));
        if cell.inverse() {
            std::mem::swap(&mut front, &mut back);
        }
        Self {
            ink: front,
            ground: back,
            bold: cell.bold(),
            dim: cell.dim(),
            italic: cell.italic(),
            underline: cell.underline(),
        }
    }
}

/// The colour cube and the greys of 256 colours.
fn indexed(index: u8) -> String {
    if index >= 232 {
        let grey = 8 + (index - 232) * 10;
        return format!("#{grey:02x}{grey:02x}{grey:02x}");
    }
    let level = |part: u8| if part == 0 { 0 } else { 55 + part * 40 };
    let index = index - 16;
    format!("#{:02x}{:02x}{:02x}", level(index / 36), level(index / 6 % 6), level(index % 6))
}

/// Paints a run of cells of one style: backgrounds and blocks into `out`, letters into `text`, which lies above.
fn paint(out: &mut String, text: &mut String, (column, row): (u16, u16), run: &str, style: &Style, ground: &str) {
    let (x, y) = (12.0 + f64::from(column) * CELL.0, 12.0 + f64::from(row) * CELL.1);
    let wide = run.chars().count() as f64 * CELL.0;
    if style.ground != ground {
        let _ = writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{wide:.1}\" height=\"{:.1}\" fill=\"{}\"/>",
            CELL.1, style.ground
        );
    }
    let fade = if style.dim { " opacity=\"0.55\"" } else { "" };
    // Blocks that stand side by side are one rectangle.
    let mut letters = String::new();
    let mut blocks: Option<(usize, usize, u32)> = None;
    for (index, c) in run.chars().chain([' ']).enumerate() {
        let eighths = match c {
            '▁'..='█' => c as u32 - '▁' as u32 + 1,
            _ => 0,
        };
        match &mut blocks {
            Some((_, to, height)) if *height == eighths => *to = index + 1,
            _ => {
                if let Some((from, to, height)) = blocks.filter(|(.., height)| *height > 0) {
                    let tall = CELL.1 * f64::from(height) / 8.0;
                    let _ = writeln!(
                        out,
                        "<rect x=\"{:.1}\" y=\"{:.2}\" width=\"{:.1}\" height=\"{tall:.2}\" fill=\"{}\"{fade}/>",
                        x + from as f64 * CELL.0,
                        y + CELL.1 - tall,
                        (to - from) as f64 * CELL.0,
                        style.ink
                    );
                }
                blocks = Some((index, index + 1, eighths));
            }
        }
        letters.push(if eighths > 0 { ' ' } else { c });
    }
    if letters.trim().is_empty() {
        return;
    }
    let weight = if style.bold { " font-weight=\"bold\"" } else { "" };
    let slant = if style.italic { " font-style=\"italic\"" } else { "" };
    let line = if style.underline { " text-decoration=\"underline\"" } else { "" };
    // Every word stands on its own column, whatever font the reader has.
    let mut start = None;
    for (index, c) in letters.chars().chain([' ']).enumerate() {
        match (start, c) {
            (None, ' ') => {}
            (None, _) => start = Some(index),
            (Some(from), ' ') => {
                let word: String = letters.chars().skip(from).take(index - from).collect();
                let word = word.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                let _ = writeln!(
                    text,
                    "<text x=\"{:.1}\" y=\"{:.1}\" textLength=\"{:.1}\" lengthAdjust=\"spacingAndGlyphs\" \
                     fill=\"{}\"{weight}{slant}{line}{fade}>{word}</text>",
                    x + from as f64 * CELL.0,
                    y + 13.5,
                    (index - from) as f64 * CELL.0,
                    style.ink
                );
                start = None;
            }
            (Some(_), _) => {}
        }
    }
}
