//! The checklist of the panel: ticks with who and when, the live fact under each item, and the countdown.

use std::time::Duration;

use crate::app::App;
use crate::app::Check;
use crate::app::Mode;
use crate::app::Pane;
use crate::app::ServiceState;
use crate::app::StageNow;
use crate::incident::Checklist;
use crate::incident::Stage;
use crate::triage::Phrase;
use crate::triage::Tone;
use crate::ui::Glyphs;
use crate::ui::Role;
use crate::ui::breath;
use crate::ui::clock;
use crate::ui::panel::Block;
use crate::ui::panel::is_chosen;
use crate::ui::rows::Row;
use crate::ui::rows::Span;
use crate::ui::rows::clipped;
use crate::ui::rows::role;
use crate::ui::rows::span;
use crate::ui::rows::wrap;
use crate::ui::rows::wrap_text;
use crate::ui::standing;

/// Fewest cells of an item's text that who ticked it leaves, and fewest and most of who where both are long.
const TEXT_LEAST: u16 = 10;
const WHO_LEAST: u16 = 4;
const WHO_MOST: u16 = 8;

/// Items of a long list that are shown at once.
const SHOWN: usize = 5;

/// The checklist as a block of the panel; with at most `evidence` rows of live facts under each item.
pub(super) fn block<'a>(
    app: &'a App,
    checks: &'a [Check<'a>],
    evidence: usize,
    width: u16,
    glyphs: Glyphs,
) -> Block<'a> {
    let mut rows = Vec::new();
    let mut heading = Row::new();
    if let Some(breath) = app.breath() {
        rows.extend(breath::rows(app, &breath, width));
        heading = heading.left(Role::Title, "BREATHE").right(Role::Key, standing::left(breath.left));
    } else {
        heading = heading.left(Role::Title, title(app).to_uppercase());
        if let Some((text, role)) = countdown(app) {
            heading = heading.right(role, text);
            rows.push(progress(app, width));
        }
    }
    rows.extend(trouble(app, width, glyphs));
    let chosen = is_chosen(app, Pane::Checklist);
    let (first, last) = window(app, checks, SHOWN);
    if first > 0 {
        let done = checks[..first].iter().filter(|check| check.done()).count();
        let words = if done == first { format!("{done} done") } else { format!("{done} of {first} done") };
        rows.push(Row::new().left(Role::Ok, "✓").left(Role::Muted, format!("   {words} above")));
    }
    for (index, check) in checks.iter().enumerate().take(last).skip(first) {
        let (mut row, by) = fitted(app, check, width, glyphs);
        row.chosen = chosen && app.navigation().item == index && !app.mode().is_read_only();
        rows.push(row);
        if evidence > 0 {
            rows.extend(below(app, check, by, width, evidence, glyphs));
        }
    }
    if last < checks.len() {
        let more = if app.mode().is_read_only() { "more" } else { "more, Enter shows all" };
        rows.push(Row::new().left(Role::Muted, format!("    {} {more}", checks.len() - last)));
    }
    if checks.is_empty() {
        rows.push(Row::new().left(Role::Muted, "the checklist is empty"));
    }
    Block { heading, least: rows.len(), rows, chosen }
}

/// Which items of a long list are shown where there is room for so many: from the first that is open, or around the
/// chosen one.
pub(super) fn window(app: &App, checks: &[Check<'_>], shown: usize) -> (usize, usize) {
    if checks.len() <= shown || shown == SHOWN && checks.len() <= SHOWN + 2 {
        return (0, checks.len());
    }
    let open = checks.iter().position(|check| !check.done()).unwrap_or(checks.len());
    let chosen = if app.mode().is_read_only() { open } else { app.navigation().item };
    let first = if (open..open + shown).contains(&chosen) { open } else { chosen.saturating_sub(1) };
    let first = first.min(checks.len() - shown);
    (first, first + shown)
}

/// One item: its box, its number, its text; who ticked it and when.
pub(super) fn item<'a>(app: &App, check: &Check<'a>) -> Row<'a> {
    let number = if check.number <= 9 { format!(" {} ", check.number) } else { "   ".to_owned() };
    match check.by() {
        Some((who, at)) => Row::new()
            .left(Role::Ok, "✓")
            .left(Role::Muted, number)
            .left(Role::Muted, check.text)
            .right(Role::Muted, format!("{who} {}", clock::minute(at, app.now(), &app.settings().zone))),
        None => Row::new().left(Role::Key, "□").left(Role::Key, number).left(Role::Strong, check.text),
    }
}

/// Whether sixty sees that it is done, and nobody has ticked it.
fn is_seen(check: &Check<'_>) -> bool {
    check.seen && !check.done()
}

/// An item in so many cells. Where it is too long, its text is cut, then the name of who ticked it: two people on one
/// incident must see from each other who did what. Where there is no room for a name it goes, and what does not fit
/// even then is handed back for the row below.
pub(super) fn fitted<'a>(app: &App, check: &Check<'a>, width: u16, glyphs: Glyphs) -> (Row<'a>, Option<Span<'a>>) {
    let mut row = item(app, check);
    if is_seen(check) {
        // Sixty never ticks: that it sees something is told in words, where a person's name would stand.
        for words in ["seen by sixty", "seen"] {
            if row.width(glyphs) + glyphs.width(words) + 2 <= width {
                return (row.right(Role::Muted, words), None);
            }
        }
        return (row, None);
    }
    let Some((who, at)) = check.by().filter(|_| row.width(glyphs) > width) else { return (row, None) };
    let time = clock::minute(at, app.now(), &app.settings().zone);
    let text = glyphs.width(check.text);
    // The box and the number, a blank before the name and one behind it.
    let room = width.saturating_sub(4 + 2 + glyphs.width(&time));
    let (wanted, most) = (glyphs.width(who), room.saturating_sub(text.min(TEXT_LEAST)));
    let who = if most >= wanted.min(WHO_LEAST) {
        Some(clipped(who, most.min(room.saturating_sub(text).max(WHO_MOST)), glyphs))
    } else {
        None
    };
    let whole = row.right.pop();
    row = row.right(Role::Muted, who.map_or_else(|| time.clone(), |who| format!("{who} {time}")));
    if row.width(glyphs) <= width || row.right.first().is_some_and(|by| by.text.len() > time.len()) {
        return (row, None);
    }
    row.right.clear();
    (row, whole)
}

/// The rows under an item: who ticked it where its own row has no room for that, and the live fact, wrapped into at
/// most so many rows.
fn below<'a>(
    app: &App,
    check: &'a Check<'a>,
    by: Option<Span<'a>>,
    width: u16,
    most: usize,
    glyphs: Glyphs,
) -> Vec<Row<'a>> {
    let mut one = evidence_row(app, check);
    if let Some(by) = by {
        one.left.insert(1, span(Role::Muted, format!("{}  ", by.text)));
    } else if one.left.len() > 1 && one.width(glyphs) > width && most > 1 {
        let done = check.done();
        return wrap(&check.evidence, width.saturating_sub(4), most, glyphs)
            .into_iter()
            .map(|words| {
                let mut row = Row::new().left(Role::Text, "    ");
                row.left.extend(words.into_iter().map(|word| if done { span(Role::Muted, word.text) } else { word }));
                row
            })
            .collect();
    }
    if one.left.len() > 1 { vec![one] } else { Vec::new() }
}

/// The live fact of an item, under its text.
pub(super) fn evidence_row<'a>(app: &App, check: &Check<'_>) -> Row<'a> {
    let mut row = Row::new().left(Role::Text, "    ");
    let done = check.done();
    // Advice on how to do it is of no use once it is done, nor on a wall that has no keys.
    let advice = check.evidence.0.iter().all(|phrase| phrase.tone == Tone::Muted);
    if advice && (done || app.mode() == Mode::Wall) {
        return row;
    }
    row.left.extend(check.evidence.0.iter().map(|Phrase { text, tone }| {
        // What is ticked is read no more: its evidence steps back.
        span(if done { Role::Muted } else { role(*tone) }, text.clone())
    }));
    row
}

/// The stage that the pane is about, where that is more than the first look.
fn later_stage(app: &App) -> Option<StageNow> {
    app.stage_now().filter(|now| !matches!(now.stage, Stage::Breathe | Stage::First))
}

/// What the pane is about: the stage, or the list of the first minute.
pub(super) fn title(app: &App) -> &str {
    later_stage(app).map_or(&app.list_shown().title, |now| now.stage.title())
}

/// What is left of the time that the list, or the stage, is meant to take, and of how much. Once an incident is open,
/// its stage alone counts: two clocks of one name would say two things.
fn time(app: &App) -> Option<(Option<Duration>, Duration)> {
    let stages = &app.settings().incidents.stages;
    match (later_stage(app), app.stage_now()) {
        (Some(now), _) => Some((now.left, stages.of(now.stage)?)),
        (None, _) if app.mode().is_read_only() => None,
        (None, Some(_)) => Some((app.countdown(), stages.of(Stage::First)?)),
        (None, None) => Some((app.countdown(), app.settings().checklist.countdown?)),
    }
}

/// What is left of the time, in words.
pub(super) fn countdown(app: &App) -> Option<(String, Role)> {
    Some(match time(app)? {
        (None, total) => (standing::left(total), Role::Muted),
        (Some(left), _) if left.is_zero() => match app.stage_now() {
            Some(now) => (format!("for {}", clock::calm_between(now.since, app.now())), Role::Muted),
            None => ("over".to_owned(), Role::Muted),
        },
        (Some(left), _) => (standing::left(left), Role::Key),
    })
}

/// What is left, as a line.
fn progress<'a>(app: &App, width: u16) -> Row<'a> {
    let (left, total) = time(app).unwrap_or_default();
    // In the steps of the words beside it: what moves every second draws the eye.
    let (left, total) = (left.map(|left| standing::stepped(left) as f64), total.as_secs_f64());
    let share = if total > 0.0 { (left.unwrap_or(total) / total).clamp(0.0, 1.0) } else { 0.0 };
    let full = (f64::from(width) * share).round() as usize;
    let role = if left.is_some() { Role::Key } else { Role::Faint };
    Row::new().left(role, "━".repeat(full)).left(Role::Faint, "─".repeat(usize::from(width) - full))
}

/// The same in two words, for the header of every page: with all services where none is shown.
pub(super) fn unsaved(app: &App, service: Option<&ServiceState>) -> Option<String> {
    let all = || service.map_or_else(|| app.services().iter().collect(), |one| vec![one]);
    let troubled: Vec<_> = all().into_iter().filter(|one| one.journal_trouble.is_some() || one.pending > 3).collect();
    let pending: usize = troubled.iter().map(|one| one.pending).sum();
    match (troubled.len(), pending) {
        (0, _) => None,
        (_, 0) => Some("! journal".to_owned()),
        (_, many) => Some(format!("! {many} not saved")),
    }
}

/// All that is known of why ticks are not saved, over as many rows as it needs, and what to do.
pub(super) fn whole_trouble<'a>(app: &App, width: u16, glyphs: Glyphs) -> Vec<Row<'a>> {
    let fault = app.service().and_then(|service| service.journal_trouble.as_ref());
    let Some(row) = trouble(app, u16::MAX, glyphs) else { return Vec::new() };
    let advice = fault.map(|fault| fault.advice.as_str()).filter(|advice| !advice.is_empty());
    let mut texts: Vec<_> = row.left.into_iter().map(|one| (one.text.into_owned(), one.role)).collect();
    texts.extend(advice.map(|advice| (advice.to_owned(), Role::Muted)));
    let rows = texts.iter().flat_map(|(text, role)| wrap_text(text, *role, width, 4, glyphs));
    let owned = rows.map(|row| row.into_iter().map(|one| span(one.role, one.text.into_owned())).collect());
    owned.map(|left| Row { left, ..Row::new() }).collect()
}

/// What must be seen wherever the ticks are: that they are not saved. Where the row is narrow, the count gives way to
/// the cause.
pub(super) fn trouble<'a>(app: &App, width: u16, glyphs: Glyphs) -> Option<Row<'a>> {
    let service = app.service()?;
    let cause = service.journal_trouble.as_ref().map(|fault| fault.cause.as_str());
    let text = match (service.pending, cause) {
        (0, None) => return None,
        (0, Some(cause)) => format!("! journal: {cause}"),
        (1, cause) => format!("! 1 entry not saved: {}", cause.unwrap_or("still writing")),
        (many, cause) => format!("! {many} entries not saved: {}", cause.unwrap_or("still writing")),
    };
    let text = match (service.pending, cause) {
        (1, Some(cause)) if glyphs.width(&text) > width => format!("! not saved: {cause}"),
        (many @ 2.., Some(cause)) if glyphs.width(&text) > width => format!("! {many} not saved: {cause}"),
        _ => text,
    };
    // A write that has just begun is no news.
    (cause.is_some() || service.pending > 3).then(|| Row::new().left(Role::Warning, text))
}

/// The words of an item, as the lists and runbooks that are known have them.
pub(super) fn item_words(app: &App, list: &str, item: &str) -> String {
    let settings = app.settings();
    let of_list = |known: &Checklist| {
        let items = (known.key == list).then_some(&known.items)?;
        items.iter().find(|one| one.key == item).map(|one| one.text.clone())
    };
    let book = || {
        let book = settings.runbooks.get(list.strip_prefix("runbook:")?)?;
        book.steps.iter().find(|step| step.key == item).map(|step| step.text.clone())
    };
    let known = of_list(&settings.checklist).or_else(|| of_list(&settings.full_list)).or_else(book);
    known.unwrap_or_else(|| item.replace('-', " "))
}
