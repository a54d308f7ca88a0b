//! stub
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme;
impl Theme {
    pub fn named(n: &str) -> Option<Self> {
        (n == "terminal").then_some(Theme)
    }
    pub fn parse(_: &str, _: &str) -> Result<Self, String> {
        Ok(Theme)
    }
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyphs {
    Unicode,
    Ascii,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    None,
    Sixteen,
    Full,
}
#[derive(Clone, Debug)]
pub struct Look {
    pub theme: Theme,
    pub glyphs: Glyphs,
    pub colours: Colours,
}
pub fn themes() -> &'static [&'static str] {
    &["terminal"]
}
pub fn draw(app: &crate::app::App, _: &Look, area: Rect, b: &mut Buffer) {
    let Some(s) = app.service() else { return };
    let v = &s.verdict;
    for (i, l) in [
        v.headline.text(),
        v.context.text(),
        v.aside.text(),
        format!("{:?}", s.signals.about().map(|a| a.queries.clone())),
        app.now().to_string(),
    ]
    .iter()
    .enumerate()
    {
        if (i as u16) < area.height {
            b.set_stringn(0, i as u16, l, area.width as usize, ratatui::style::Style::default());
        }
    }
    for (i, m) in crate::facts::Measure::ALL.iter().enumerate() {
        let y = 6 + i as u16;
        if y < area.height {
            b.set_stringn(
                0,
                y,
                format!(
                    "{} {:?} {}",
                    m.key(),
                    s.signals.answer(*m),
                    s.signals.track(*m).map_or(0, |t| t.history.iter().len())
                ),
                area.width as usize,
                ratatui::style::Style::default(),
            );
        }
    }
}
