//! The keys of the footer: those of the page that is open, what to do now first, and the least useful first to go.

use std::borrow::Cow;

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::Command;
use crate::app::IncidentRow;
use crate::app::KEYS;
use crate::app::Page;
use crate::facts::SourceKind;
use crate::incident::PageState;
use crate::ui::Role;
use crate::ui::canvas::Canvas;
use crate::ui::standing;

/// A key, what it does in a word, and how soon it gives way: the highest first.
pub(super) struct Hint {
    key: String,
    word: Cow<'static, str>,
    rank: u8,
}

/// Up to this rank a key is worth more than the words of a fault; on a wide screen a few more are.
const FIRST: u8 = 8;
const FIRST_WIDE: u8 = 9;

/// The keys that have words on the page that is open, in the order of the key table; the one for a clock that is due
/// before all.
pub(super) fn all(app: &App) -> Vec<Hint> {
    let page = app.navigation().page();
    if let Some(typing) = typing(app, page).filter(|_| !app.mode().is_read_only()) {
        let hint = |(rank, (key, word)): (usize, &(&str, &'static str))| Hint {
            key: (*key).to_owned(),
            word: Cow::Borrowed(word),
            rank: rank as u8,
        };
        return typing.iter().enumerate().map(hint).collect();
    }
    let due = app.due_clock().filter(|_| app.breath().is_none()).map(|clock| standing::due_command(clock.kind));
    let mut hints = Vec::new();
    for row in KEYS {
        let Some(word) = word(app, page, row.command, row.footer) else { continue };
        let Some(key) = app.keys().shown(row).into_iter().next() else { continue };
        let items = || if page == Page::Runbook { 9 } else { app.checks().len() };
        let key = match (&*key, if key == "1-9" { items() } else { 0 }) {
            ("1-9", 0) => continue,
            ("1-9", 1) => "1".to_owned(),
            ("1-9", many @ 2..=8) => format!("1-{many}"),
            _ => key,
        };
        let is_due = due == Some(row.command);
        let rank = if is_due { 0 } else { rank(row.command, page) };
        let hint = Hint { key, word: Cow::Borrowed(word), rank };
        if is_due {
            hints.insert(0, hint);
        } else {
            hints.push(hint);
        }
    }
    hints
}

/// The keys of a page on which keys mean something else than in the table.
fn typing(app: &App, page: Page) -> Option<&'static [(&'static str, &'static str)]> {
    Some(match page {
        Page::Query => &[("Enter", "ask"), ("Tab", "complete"), ("Up", "earlier"), ("Esc", "back"), ("Ctrl-C", "quit")],
        Page::Write if app.writing().is_some_and(|writing| writing.purpose.has_lines()) => {
            &[("Ctrl-S", "done"), ("Esc", "aside"), ("Enter", "new line"), ("Ctrl-E", "own editor"), ("Ctrl-C", "quit")]
        }
        Page::Write => &[("Enter", "done"), ("Esc", "aside"), ("Ctrl-E", "own editor"), ("Ctrl-C", "quit")],
        Page::Update => &[
            ("s", "send"),
            ("Enter", "edit"),
            ("Esc", "back"),
            ("y", "copy"),
            ("Tab", "status"),
            ("m", "markup"),
            ("Ctrl-E", "own editor"),
            ("?", "help"),
        ],
        Page::Pages if !can_acknowledge(app) => &[("a", "only here"), ("Esc", "back"), ("?", "help"), ("q", "quit")],
        Page::Pages => {
            &[("Enter", "acknowledge there"), ("a", "only here"), ("Esc", "back"), ("?", "help"), ("q", "quit")]
        }
        Page::Incidents => {
            &[("Enter", "open"), ("Esc", "back"), ("m", "merge into this one"), ("?", "help"), ("q", "quit")]
        }
        Page::Incident => match app.chosen_row() {
            Some(IncidentRow::Hypothesis(_)) => &[
                ("Enter", "next"),
                ("Esc", "back"),
                ("r", "right"),
                ("w", "wrong"),
                ("t", "testing"),
                ("o", "open again"),
                ("?", "help"),
                ("q", "quit"),
            ],
            Some(IncidentRow::Clock(_)) => &[
                ("Enter", "set"),
                ("Esc", "back"),
                ("z", "snooze"),
                ("Space", "off, on"),
                ("?", "help"),
                ("u", "update"),
                ("q", "quit"),
            ],
            Some(IncidentRow::HandOver) => &[
                ("Enter", "hand over"),
                ("Esc", "back"),
                ("y", "copy the text"),
                ("?", "help"),
                ("u", "update"),
                ("q", "quit"),
            ],
            _ => return None,
        },
        _ => return None,
    })
}

/// The word of a key on a page; `None` where it has no use there.
fn word(app: &App, page: Page, command: Command, word: Option<&'static str>) -> Option<&'static str> {
    let on_page = !matches!(page, Page::Service | Page::Overview);
    let waiting = app.waiting().is_some();
    // Who may only look has keys on the pages that were opened; the first ones have nothing to choose.
    let looks = app.mode().is_read_only() && !on_page;
    let verdict = app.service().map(|service| &service.verdict);
    let wins = page != Page::Overview && verdict.is_some_and(|verdict| verdict.quick_win.is_some());
    let copies = || verdict.and_then(|verdict| verdict.quick_win.as_ref()).is_some_and(|win| win.command.is_some());
    let acts = !waiting && page != Page::Overview;
    match command {
        Command::Tick(_) | Command::NextPane | Command::Open | Command::Copy if waiting => None,
        Command::Services if waiting && !app.services().is_empty() => Some("services"),
        command if looks && command.moves() => None,
        Command::Back if on_page => Some("back"),
        Command::NextPane if page == Page::Runbook => Some("next that fits"),
        Command::QuickWin if !wins || page == Page::QuickWin => None,
        Command::Copy if page == Page::QuickWin && copies() => Some("copy the command"),
        Command::Runbook if page == Page::Runbook => Some("all"),
        Command::Runbook if page == Page::Runbooks || waiting => None,
        Command::Open if page == Page::Runbooks => Some("open"),
        Command::Open if page == Page::Incident => incident_word(app),
        Command::Snooze => app.due_clock().is_some().then_some("snooze"),
        Command::NextStage if page == Page::Incident => Some("next stage"),
        Command::Hypothesis if page == Page::Incident => Some("hypothesis"),
        Command::Live if app.navigation().end.is_some() => Some("live"),
        Command::Services if app.services().len() < 2 => None,
        Command::Alerts if page == Page::Alerts || app.sources_of(SourceKind::Alerts, None).next().is_none() => None,
        Command::NextPane | Command::Open if on_page => None,
        // Nobody ticks what is not on the screen.
        Command::Tick(_) if on_page && !matches!(page, Page::Checklist | Page::Runbook) => None,
        Command::Tick(_) | Command::NextPane | Command::Services if page == Page::Overview => None,
        Command::Acknowledge | Command::Note | Command::Update if !acts => None,
        Command::Incident if page == Page::Incident || !acts => None,
        Command::Timeline if page == Page::Timeline || !acts => None,
        _ => word,
    }
}

/// Whether the chosen page still waits for somebody.
fn can_acknowledge(app: &App) -> bool {
    let pages = app.pages().map_or(&[][..], |(pages, _)| pages);
    let chosen = pages.get(app.navigation().listed.min(pages.len().saturating_sub(1)));
    chosen.is_some_and(|page| page.state == PageState::Triggered)
}

/// What Enter does to the chosen row of the incident's page.
fn incident_word(app: &App) -> Option<&'static str> {
    Some(match app.chosen_row()? {
        IncidentRow::Stage => "next stage",
        IncidentRow::Question(_) => "answer",
        IncidentRow::NewHypothesis | IncidentRow::NewAction | IncidentRow::PostMortem => "write",
        IncidentRow::Role(_) => "name who",
        IncidentRow::Update(_) => "open",
        IncidentRow::Clock(_) | IncidentRow::Hypothesis(_) | IncidentRow::HandOver => return None,
    })
}

/// How many cells the keys take that a tired person must find, with their words.
pub(super) fn first(hints: &[Hint], canvas: &Canvas<'_>, room: u16) -> u16 {
    let most = if room >= 100 { FIRST_WIDE } else { FIRST };
    wide(hints.iter().filter(|hint| hint.rank <= most), canvas).saturating_sub(2)
}

fn wide<'a>(hints: impl Iterator<Item = &'a Hint>, canvas: &Canvas<'_>) -> u16 {
    hints.map(|hint| canvas.width(&hint.key) + canvas.width(&hint.word) + 3).sum()
}

/// Draws as many as there is room for.
pub(super) fn draw(mut hints: Vec<Hint>, canvas: &mut Canvas<'_>, area: Rect) {
    while wide(hints.iter(), canvas) > area.width + 2 {
        let Some(least) = (0..hints.len()).max_by_key(|index| hints[*index].rank) else { return };
        hints.remove(least);
    }
    let (mut x, end) = (area.x, area.right());
    for hint in &hints {
        x += canvas.put(x, area.y, end.saturating_sub(x), &hint.key, Role::Key) + 1;
        x += canvas.put(x, area.y, end.saturating_sub(x), &hint.word, Role::Muted) + 2;
    }
}

/// Which hints go first where there is no room for all; a person who knows `?` finds the others.
const fn rank(command: Command, page: Page) -> u8 {
    match command {
        Command::Help => 1,
        Command::Live => 2,
        Command::Tick(_) | Command::Back => 3,
        // What Enter does is the point of a page that was opened to choose something.
        Command::Open if matches!(page, Page::Incident | Page::Incidents | Page::Pages | Page::Runbooks) => 4,
        Command::Acknowledge => 5,
        Command::Update => 6,
        Command::Note => 7,
        Command::Quit => 8,
        Command::QuickWin => 9,
        // Where a person has gone on purpose, the way on and out stands before the way to a runbook.
        Command::Runbook if matches!(page, Page::Service) => 10,
        Command::Runbook => 30,
        Command::TickChosen | Command::NextStage | Command::Snooze | Command::Hypothesis => 11,
        Command::Incident => 12,
        Command::Open => 13,
        Command::Services => 14,
        Command::Timeline => 15,
        Command::NextPane => 16,
        _ => 17,
    }
}
