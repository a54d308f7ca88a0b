//! What people see: a told story at many sizes, in every theme, on every page, and what must hold for all of them.

mod story;

use std::cell::Cell;
use std::io::Write;
use std::rc::Rc;

use ratatui::Terminal;
use ratatui::TerminalOptions;
use ratatui::Viewport;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use sixty::app::App;
use sixty::app::Mode;
use sixty::app::Msg;
use sixty::facts::Alerting;
use sixty::facts::Payload;
use sixty::ui::{Colours, Glyphs, Look, Theme, draw, themes};

use story::Scene;
use story::incident::Work;

/// The pages and the keys that lead to them from the main screen.
const PAGES: [(&str, &str); 16] = [
    ("service", ""),
    ("signal", "Tab j Enter"),
    ("latency", "Tab j j Enter"),
    ("checklist", "Enter"),
    ("changes", "Tab Tab j Enter"),
    ("quick-win", "w"),
    ("evidence", "Shift-Tab Enter"),
    ("outside", "Shift-Tab Shift-Tab Enter"),
    ("alerts", "A"),
    ("runbook", "r"),
    ("runbooks", "r r"),
    ("log", "L"),
    ("help", "?"),
    ("query", ": 'sum(rate(http_server_request_duration_seconds_count[1m]))by(route)' Enter"),
    ("query-wrong", ": 'rate(up)' Enter"),
    ("query-names", ": 'sum(http_s' Tab Tab"),
];

#[expect(clippy::unwrap_used, reason = "the themes of these tests are shipped")]
fn look(theme: &str) -> Look {
    Look { theme: Theme::named(theme).unwrap(), glyphs: Glyphs::Unicode, colours: Colours::Full }
}

fn frame(app: &App, look: &Look, width: u16, height: u16) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    draw(app, look, area, &mut buffer);
    buffer
}

/// The characters of a frame, a row a line.
fn text(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let row: String = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect();
        out.push_str(row.trim_end());
        out.push('\n');
    }
    out
}

#[test]
fn scenes_at_the_common_sizes() {
    for (name, scene) in story::SCENES {
        let app = story::app(scene);
        for (width, height) in [(40, 10), (80, 24), (120, 36), (200, 60)] {
            let shown = text(&frame(&app, &look("terminal"), width, height));
            insta::assert_snapshot!(format!("{name}-{width}x{height}"), shown);
        }
    }
}

#[test]
fn what_is_said_while_there_is_nothing_to_show() {
    let look = look("terminal");
    for (name, wait) in story::WAITS {
        for (width, height) in [(40, 10), (80, 24)] {
            let frame = frame(&story::waiting(wait), &look, width, height);
            insta::assert_snapshot!(format!("waiting-{name}-{width}x{height}"), text(&frame));
        }
    }
}

#[test]
fn pages_at_120x36() {
    for (name, keys) in &PAGES[1..] {
        let mut app = story::app(Scene::Critical);
        story::press(&mut app, keys);
        insta::assert_snapshot!(format!("page-{name}"), text(&frame(&app, &look("terminal"), 120, 36)));
    }
    let mut app = story::app(Scene::Critical);
    story::press(&mut app, "[ [ Tab");
    insta::assert_snapshot!("past-120x36", text(&frame(&app, &look("terminal"), 120, 36)));
}

#[test]
fn alerts_on_their_page() {
    for (name, scene, keys) in [
        ("firing", Scene::Alerts, "A"),
        ("old", Scene::AlertsOld, "A"),
        ("broken-rule", Scene::Alerts, "A G"),
        ("of-all-services", Scene::Fleet, "A"),
        ("quiet", Scene::Quiet, "A"),
    ] {
        let mut app = story::app(scene);
        story::press(&mut app, keys);
        for (width, height) in [(40, 10), (80, 24), (120, 36), (200, 60)] {
            let shown = text(&frame(&app, &look("terminal"), width, height));
            insta::assert_snapshot!(format!("alerts-page-{name}-{width}x{height}"), shown);
        }
    }
}

/// The pages of an incident and the keys that lead to them.
const INCIDENT_PAGES: [(&str, Work, &str); 20] = [
    ("main-breathing", Work::Breathing, ""),
    ("main-assessing", Work::Assessing, ""),
    ("main-monitoring", Work::Monitoring, ""),
    ("main-over", Work::Over, ""),
    ("page", Work::Assessing, "i"),
    ("page-answer", Work::Assessing, "i Down Down Down Down Down"),
    ("page-hypothesis", Work::Assessing, "i Down Down Down Down Down Down Down"),
    ("page-clock", Work::Assessing, "i Down Down Down Down Down Down Down Down Down Down"),
    ("page-end", Work::Monitoring, "i G"),
    ("timeline", Work::Assessing, "t"),
    ("timeline-people", Work::Assessing, "t Tab"),
    ("timeline-earlier", Work::Assessing, "t Up Up Up Up Up"),
    ("list-whole", Work::Assessing, "Enter Tab"),
    ("update-draft", Work::Assessing, "u"),
    ("update-asked", Work::Assessing, "u s"),
    ("update-sent", Work::Assessing, "i G Up Up Up Enter"),
    ("write-note", Work::Assessing, "n 'Rolled' Space 'back.' Enter '日本語' Left"),
    ("write-answer", Work::Assessing, "i Down Enter"),
    ("help", Work::Assessing, "?"),
    ("help-end", Work::Assessing, "? G"),
];

fn at_work(work: Work, keys: &str) -> App {
    let mut app = story::incident::app(work, Mode::interactive());
    story::press(&mut app, keys);
    app
}

#[test]
fn an_incident_on_its_pages() {
    for (name, work, keys) in INCIDENT_PAGES {
        let app = at_work(work, keys);
        for (width, height) in [(40, 10), (80, 24), (120, 36), (200, 60)] {
            let shown = text(&frame(&app, &look("terminal"), width, height));
            insta::assert_snapshot!(format!("incident-{name}-{width}x{height}"), shown);
        }
    }
}

#[test]
fn the_panel_and_the_pages_show_one_clock_for_the_first_minute() {
    let mut app = at_work(Work::Breathing, ">");
    story::tick(&mut app, 20);
    story::press(&mut app, "Down");
    for (keys, words) in [("", "0:45"), ("i", "0:45")] {
        story::press(&mut app, keys);
        let shown = text(&frame(&app, &look("terminal"), 120, 36));
        assert!(shown.contains(words) && !shown.contains("1:00"), "{shown}");
    }
}

#[test]
fn pages_and_incidents_on_their_lists() {
    for (width, height) in [(40, 10), (80, 24), (120, 36), (200, 60)] {
        let shot = |name: &str, app: &App| {
            let shown = text(&frame(app, &look("terminal"), width, height));
            insta::assert_snapshot!(format!("incident-{name}-{width}x{height}"), shown);
        };
        let mut app = at_work(Work::Assessing, "a");
        shot("pages-asking", &app);
        story::incident::pages(&mut app);
        shot("pages", &app);
        story::press(&mut app, "Down");
        shot("pages-silence", &app);
        story::press(&mut app, "Enter");
        shot("pages-sure", &app);
        let mut app = at_work(Work::Assessing, "I");
        shot("all-asking", &app);
        app.update(story::now(), Msg::Incidents(Ok(Vec::new())));
        shot("all-none", &app);
        let fault = sixty::facts::Fault::new(sixty::facts::FaultKind::Local, "permission denied");
        let fault = fault.advise("who may read /var/lib/sixty?");
        app.update(story::now(), Msg::Incidents(Err(fault)));
        shot("all-fault", &app);
        story::incident::incidents(&mut app);
        story::press(&mut app, "Down");
        shot("all", &app);
    }
}

#[test]
fn the_incident_on_the_wall() {
    for (name, work) in story::incident::WORKS {
        let app = story::incident::app(work, Mode::Wall);
        for (width, height) in [(40, 10), (80, 24), (120, 36), (200, 60)] {
            let shown = text(&frame(&app, &look("terminal"), width, height));
            for key in ["tick", "quit", "Enter", "goes on", " · u"] {
                assert!(!shown.contains(key), "{key} at {width}x{height}:\n{shown}");
            }
            insta::assert_snapshot!(format!("incident-wall-{name}-{width}x{height}"), shown);
        }
    }
}

#[test]
fn the_pages_of_an_incident_at_every_size_and_in_every_look() {
    let ascii = Look { glyphs: Glyphs::Ascii, ..look("terminal") };
    let bare = Look { colours: Colours::None, ..look("dark") };
    for (name, work, keys) in INCIDENT_PAGES {
        let app = at_work(work, keys);
        for width in (0..=70).step_by(5) {
            for height in (0..=30).step_by(2) {
                frame(&app, &ascii, width, height);
            }
        }
        for (width, height) in [(1, 1), (10, 3), (4, 3), (500, 3), (3, 200), (300, 100), (66, 16), (100, 17)] {
            frame(&app, &ascii, width, height);
        }
        for (width, height) in [(80, 24), (120, 36)] {
            let shown = text(&frame(&app, &ascii, width, height));
            assert!(shown.is_ascii(), "{name} {width}x{height}:\n{shown}");
            let plain = frame(&app, &bare, width, height);
            assert!(plain.content().iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
            let dark = frame(&app, &look("dark"), width, height);
            assert_eq!(text(&plain), text(&dark), "colour carries nothing alone");
        }
    }
}

#[test]
fn a_text_can_be_written_in_three_rows() {
    let mut app = story::incident::app(Work::Assessing, Mode::interactive());
    story::press(&mut app, "n 'abcdefghijklmnop' Enter '日本'");
    let shown = text(&frame(&app, &look("terminal"), 10, 3));
    assert_eq!(shown.lines().nth(2), Some(" 日 本"), "{shown}");
    story::press(&mut app, "Up");
    let shown = text(&frame(&app, &look("terminal"), 10, 3));
    assert!(shown.lines().nth(2).is_some_and(|row| row.contains("abcd")), "{shown}");
}

#[test]
fn people_and_sixty_are_told_apart_without_colours() {
    let app = at_work(Work::Assessing, "t");
    let shown = text(&frame(&app, &look("mono"), 120, 60));
    assert!(shown.contains("■ ana  ") && shown.contains("○ sixty"), "{shown}");
    assert!(shown.contains("something that this version does not know (telepathy)"), "{shown}");
}

#[test]
fn runbooks_on_their_page() {
    for (name, scene, keys) in [
        ("fitting", Scene::Critical, "r"),
        ("ticked", Scene::Critical, "r 1 Down Space Down Down"),
        ("next", Scene::Critical, "r N"),
        ("end", Scene::Critical, "r G"),
        ("all", Scene::Critical, "r r"),
        ("none-fits", Scene::Healthy, "r"),
    ] {
        let mut app = story::app(scene);
        story::press(&mut app, keys);
        for (width, height) in [(40, 10), (80, 24), (120, 36), (200, 60)] {
            let shown = text(&frame(&app, &look("terminal"), width, height));
            insta::assert_snapshot!(format!("runbook-{name}-{width}x{height}"), shown);
        }
    }
}

#[test]
fn the_verdict_on_its_pages() {
    for (name, scene, keys) in [
        ("suspects", Scene::Critical, "c"),
        ("suspects-climb", Scene::Climb, "c"),
        ("suspects-none", Scene::NothingFits, "c"),
        ("quick-win", Scene::Critical, "w"),
        ("quick-win-none", Scene::NothingFits, "w"),
        ("evidence", Scene::Critical, "e"),
        ("evidence-climb", Scene::Climb, "e"),
        ("evidence-forecast", Scene::Forecast, "e"),
        ("evidence-end", Scene::Critical, "e G"),
    ] {
        let mut app = story::app(scene);
        story::press(&mut app, keys);
        for (width, height) in [(40, 10), (80, 24), (120, 36), (200, 60)] {
            let shown = text(&frame(&app, &look("terminal"), width, height));
            assert!(!shown.contains("cause"), "nothing is claimed: {shown}");
            insta::assert_snapshot!(format!("{name}-{width}x{height}"), shown);
        }
    }
}

#[test]
fn that_nothing_fires_is_said_only_where_somebody_would_know() {
    let pane = |app: &App| text(&frame(app, &look("terminal"), 120, 36));
    for (app, there, never) in [
        (Box::new(story::app(Scene::Quiet)), "no alert fires", "stale"),
        (Box::new(story::alerts::asked(None)), "not known yet", "no alert fires"),
        (
            Box::new(story::alerts::asked(Some(Alerting { absent: true, ..Alerting::default() }))),
            "nobody watches",
            "no alert fires",
        ),
        (
            Box::new(story::alerts::asked(Some(Alerting { rules: Some(0), ..Alerting::default() }))),
            "no rules: nothing can",
            "no alert",
        ),
        (Box::new(story::alerts::quiet_then_silent()), "none fired then", "no alert fires"),
        (Box::new(story::app(Scene::AlertsOld)), "stale 4m", "5 firing"),
        (Box::new(story::app(Scene::Healthy)), "CHANGES", "ALERTS"),
    ] {
        let shown = pane(&app);
        assert!(shown.contains(there) && !shown.contains(never), "{there}:\n{shown}");
    }
    let shown = pane(&story::alerts::quiet_then_silent());
    assert!(shown.contains("! connection refused  4m") || shown.contains("! connection refused 4m"), "{shown}");
}

#[test]
fn a_list_says_how_many_alerts_fire_and_which_part_is_shown() {
    let mut app = story::app(Scene::Forty);
    let firing = Payload::Alerts(story::alerts::firing());
    app.update(story::now(), Msg::Source(story::alerts::info()));
    story::send(&mut app, "alerts prod", story::ago(1), Ok(firing));
    for (width, part) in [(80, true), (50, false)] {
        let shown = text(&frame(&app, &look("terminal"), width, 24));
        let row = shown.lines().find(|row| row.contains("alerts fire")).unwrap();
        assert_eq!(row.contains("alerts fire  1–"), part, "{row}");
        assert!(!row.contains("fire1"), "{row}");
    }
}

#[test]
fn series_are_counted_only_where_sixty_keeps_them() {
    let mut app = story::app(Scene::Forty);
    story::press(&mut app, "Enter Tab Enter");
    let shown = text(&frame(&app, &look("terminal"), 120, 60));
    assert!(shown.contains("engine") && !shown.contains("kept of at most"), "{shown}");
}

#[test]
fn every_theme_in_its_colours() {
    let app = story::app(Scene::Critical);
    for theme in themes() {
        insta::assert_snapshot!(format!("theme-{theme}"), format!("{:?}", frame(&app, &look(theme), 80, 24)));
    }
}

#[test]
fn every_page_at_every_size() {
    let look = look("terminal");
    for scene in [Scene::Critical, Scene::Services, Scene::Wall, Scene::Nothing, Scene::Alerts] {
        for (_, keys) in PAGES {
            let mut app = story::app(scene);
            story::press(&mut app, keys);
            let step = if keys.is_empty() { 1 } else { 3 };
            for width in (0..=64).step_by(step) {
                for height in (0..=32).step_by(step) {
                    frame(&app, &look, width, height);
                }
            }
            for (width, height) in [(1, 1), (500, 3), (3, 200), (300, 100), (66, 16), (100, 17)] {
                frame(&app, &look, width, height);
            }
        }
    }
}

#[test]
fn a_frame_stays_within_its_area() {
    let app = story::app(Scene::Critical);
    let mut buffer = Buffer::empty(Rect::new(0, 0, 120, 40));
    draw(&app, &look("dark"), Rect::new(10, 5, 90, 30), &mut buffer);
    for y in 0..40 {
        for x in 0..120 {
            let inside = (10..100).contains(&x) && (5..35).contains(&y);
            assert_eq!(buffer[(x, y)].bg == Color::Reset, !inside, "{x} {y}");
        }
    }
    draw(&app, &look("dark"), Rect::new(100, 30, 90, 30), &mut buffer);
}

#[test]
fn foreign_text_of_any_kind_is_cut_and_kept_in_its_place() {
    let app = story::foreign();
    for glyphs in [Glyphs::Unicode, Glyphs::Ascii] {
        let look = Look { glyphs, ..look("terminal") };
        for (width, height) in [(120, 36), (80, 24), (40, 10), (17, 9)] {
            let shown = frame(&app, &look, width, height);
            // The rule between strips and panel stands in one column, whatever stands beside it.
            if let Some(x) = (width > 64).then(|| (0..width).rev().find(|x| "│|".contains(shown[(*x, 20)].symbol())))
            {
                let x = x.unwrap();
                assert!((10..20).all(|y| "│|".contains(shown[(x, y)].symbol())), "{}", text(&shown));
            }
        }
    }
    insta::assert_snapshot!("foreign-80x24", text(&frame(&app, &look("terminal"), 80, 24)));
}

#[test]
fn ascii_is_ascii_on_every_page() {
    let look = Look { glyphs: Glyphs::Ascii, ..look("terminal") };
    for (_, scene) in story::SCENES {
        for (name, keys) in PAGES {
            let mut app = story::app(scene);
            story::press(&mut app, keys);
            for (width, height) in [(40, 10), (80, 24), (120, 36), (200, 60)] {
                let shown = text(&frame(&app, &look, width, height));
                assert!(shown.is_ascii(), "{scene:?} {name} {width}x{height}:\n{shown}");
            }
        }
    }
    insta::assert_snapshot!("ascii-120x36", text(&frame(&story::app(Scene::Critical), &look, 120, 36)));
}

#[test]
fn without_colours_it_says_the_same() {
    for (_, scene) in story::SCENES {
        let app = story::app(scene);
        let bare = Look { colours: Colours::None, ..look("dark") };
        let plain = frame(&app, &bare, 120, 36);
        assert!(plain.content().iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
        assert_eq!(text(&plain), text(&frame(&app, &look("dark"), 120, 36)), "colour carries nothing alone");
        let few = Look { colours: Colours::Sixteen, ..look("dark") };
        let few = frame(&app, &few, 120, 36);
        assert!(!few.content().iter().any(|cell| matches!(cell.fg, Color::Rgb(..) | Color::Indexed(_))));
    }
}

#[test]
fn the_verdict_never_goes_away() {
    for (_, keys) in PAGES {
        let mut app = story::app(Scene::Critical);
        story::press(&mut app, keys);
        for (width, height) in [(200, 60), (120, 36), (80, 24), (64, 16), (40, 10), (30, 9), (30, 6)] {
            let shown = text(&frame(&app, &look("terminal"), width, height));
            assert!(shown.contains("45.4 %"), "{keys} at {width}x{height}:\n{shown}");
            assert!(shown.contains('▲'), "{keys} at {width}x{height}:\n{shown}");
        }
    }
    let app = story::app(Scene::Critical);
    assert!(text(&frame(&app, &look("terminal"), 40, 1)).contains("▲ Errors 45.4 %"));
}

#[test]
fn unknown_never_looks_like_fine() {
    for scene in [Scene::MetricsDown, Scene::Nothing, Scene::WarmingUp] {
        for (width, height) in [(120, 36), (80, 24), (40, 10)] {
            let shown = text(&frame(&story::app(scene), &look("terminal"), width, height));
            assert!(shown.contains("? UNKNOWN") && !shown.contains("● OK"), "{scene:?}:\n{shown}");
        }
    }
    let shown = text(&frame(&story::app(Scene::MetricsDown), &look("terminal"), 120, 36));
    assert!(shown.contains("stale 4m") && shown.contains("metrics: connection refused  4m"), "{shown}");
}

#[test]
fn ticks_that_are_not_saved_are_told_at_every_size() {
    let app = story::unsaved();
    for (width, height) in [(120, 36), (80, 24), (60, 18), (40, 10)] {
        let shown = text(&frame(&app, &look("terminal"), width, height));
        assert!(shown.contains("not saved: disk full"), "{width}x{height}:\n{shown}");
    }
}

#[test]
fn what_is_not_saved_is_told_on_every_page() {
    for (name, keys) in PAGES.iter().chain(&[("update", "u"), ("timeline", "t"), ("incident", "i"), ("pages", "a")]) {
        let mut app = story::unsaved();
        story::press(&mut app, keys);
        for (width, height) in [(120, 36), (80, 24), (60, 18), (40, 10)] {
            let shown = text(&frame(&app, &look("terminal"), width, height));
            let header = shown.lines().next().unwrap_or_default();
            assert!(header.contains("! 2 not saved"), "{name} {width}x{height}:\n{shown}");
        }
    }
    let mut app = story::unsaved();
    story::press(&mut app, "i");
    let shown = text(&frame(&app, &look("terminal"), 80, 24));
    assert!(shown.contains("! 2 entries not saved: disk full"), "{shown}");
}

#[test]
fn what_came_of_a_key_hides_no_keys_of_the_next_page() {
    // There is only one service: that is said where the list of them would be.
    let mut app = at_work(Work::Assessing, "s");
    assert!(app.remark().is_some());
    story::press(&mut app, "i");
    assert_eq!(app.remark(), None);
}

#[test]
fn the_incident_is_called_without_old_numbers_and_times_are_local() {
    let shown = text(&frame(&at_work(Work::Assessing, "i"), &look("terminal"), 120, 36));
    assert!(shown.contains("INCIDENT · Errors  "), "{shown}");
    let shown = text(&frame(&at_work(Work::Assessing, "t Tab"), &look("terminal"), 200, 60));
    assert!(shown.contains("clock call out snoozed until 03:28:09"), "{shown}");
    assert!(!shown.contains("sending an update"), "{shown}");
}

#[test]
fn nobody_is_urged_while_they_breathe() {
    let mut app = at_work(Work::Breathing, "");
    story::tick(&mut app, 5);
    let shown = text(&frame(&app, &look("terminal"), 120, 36));
    assert!(shown.contains("BREATHE") && !shown.contains("▲ due"), "{shown}");
}

#[test]
fn the_wall_shows_no_keys_and_no_queries() {
    for (width, height) in [(200, 60), (120, 36), (80, 24), (40, 10)] {
        let shown = text(&frame(&story::app(Scene::Wall), &look("terminal"), width, height));
        for secret in ["tick", "quit", "Enter", "sum(", "http://"] {
            assert!(!shown.contains(secret), "{secret} at {width}x{height}:\n{shown}");
        }
        assert!(height < 20 || shown.contains("last good"), "{shown}");
    }
    for (width, height) in [(120, 36), (80, 24)] {
        let shown = text(&frame(&story::app(Scene::AlertsWall), &look("terminal"), width, height));
        assert!(shown.contains("5 alerts fire") && !shown.contains("copies"), "{width}x{height}:\n{shown}");
    }
    let shown = text(&frame(&story::fresh(Mode::Wall), &look("terminal"), 120, 36));
    assert!(!shown.contains("in your pager"), "{shown}");
    let app = story::wall_of_services();
    let shown = text(&frame(&app, &look("terminal"), 120, 36));
    assert!(shown.contains("last good  2s ago") && !shown.contains("quit"), "{shown}");
    assert!(shown.contains("never read: accounts"), "{shown}");
}

#[test]
fn metrics_that_are_partly_unread_are_told_in_the_footer() {
    let foot = |app: &App| text(&frame(app, &look("terminal"), 120, 36)).lines().last().unwrap_or_default().to_owned();
    let foot_of = |targets| foot(&story::targets(targets));
    let (fine, odd) = (story::scraped(0, ""), story::scraped(0, "no Content-Type"));
    assert!(foot_of(vec![fine(), fine()]).contains("metrics  2s · "));
    assert!(foot_of(vec![fine(), story::refused()]).contains("metrics 1 of 2 targets: connection refused"));
    assert!(foot_of(vec![fine(), story::scraped(5, "odd")()]).contains("metrics 5 lines not understood · outside"));
    assert!(foot_of(vec![odd()]).contains("metrics: no Content-Type · outside"));
}

#[test]
fn before_the_first_answer_nothing_has_failed() {
    let shown = text(&frame(&story::app(Scene::Nothing), &look("terminal"), 120, 36));
    assert!(shown.contains("asking") && !shown.contains("Request rate   no answer"), "{shown}");
}

/// A terminal of which only the bytes count.
struct Count(Rc<Cell<usize>>);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.set(self.0.get() + bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// One refresh a second at 200x60: the bytes that a terminal gets, for five minutes of a critical service.
#[test]
fn a_quiet_second_costs_few_bytes() {
    let at_work = |work| Box::new(story::incident::app(work, Mode::interactive()));
    for (mut app, seconds) in [
        (Box::new(story::app(Scene::Critical)), 300),
        (Box::new(story::app(Scene::Alerts)), 300),
        (at_work(Work::Breathing), 60),
        (at_work(Work::Assessing), 60),
    ] {
        let look = look("dark");
        let area = Rect::new(0, 0, 200, 60);
        let options = || TerminalOptions { viewport: Viewport::Fixed(area) };
        let written = Rc::new(Cell::new(0));
        let backend = CrosstermBackend::new(Count(Rc::clone(&written)));
        let mut terminal = Terminal::with_options(backend, options()).unwrap();
        terminal.draw(|frame| draw(&app, &look, area, frame.buffer_mut())).unwrap();
        let before = written.get();
        for second in 1..=seconds {
            story::tick(&mut app, second);
            terminal.draw(|frame| draw(&app, &look, area, frame.buffer_mut())).unwrap();
        }
        let bytes = (written.get() - before) / seconds as usize;
        assert!(bytes <= 400, "{bytes} bytes a second over {seconds} s");
    }
}
