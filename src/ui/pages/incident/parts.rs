//! The parts of the incident's page: each row that can be chosen, with the rows of text that belong to it.

use crate::app::AnswerNow;
use crate::app::App;
use crate::app::IncidentRow;
use crate::facts::At;
use crate::incident::ClockNow;
use crate::incident::DeliveryState;
use crate::incident::HypothesisNow;
use crate::incident::Incident;
use crate::incident::Role as Who;
use crate::incident::Said;
use crate::incident::TestState;
use crate::incident::UpdateNow;
use crate::incident::What;
use crate::ui::Role;
use crate::ui::canvas::Canvas;
use crate::ui::clock;
use crate::ui::pages::incident::place;
use crate::ui::pages::owned;
use crate::ui::pages::update;
use crate::ui::rows::Row;
use crate::ui::rows::clipped;
use crate::ui::rows::span;
use crate::ui::standing;

/// A row that can be chosen (its place), or one that only tells; and its lines.
pub(super) type Part<'a> = (Option<usize>, Vec<Row<'a>>);

/// Most lines of an answer or a hypothesis that is not chosen, and of one that is.
const LINES: usize = 2;
const LINES_CHOSEN: usize = 12;
/// Cells of the names in front of answers, clocks and roles.
const NAME: u16 = 16;

/// All parts of the page.
pub(super) struct Made<'a> {
    pub answers: Vec<Part<'a>>,
    pub hypotheses: Vec<Part<'a>>,
    pub clocks: Vec<Part<'a>>,
    pub roles: Vec<Part<'a>>,
    pub updates: Vec<Part<'a>>,
    pub after: Vec<Part<'a>>,
}

/// Makes all parts, those of the left column and those of the right in their widths.
pub(super) fn all<'a>(
    app: &'a App,
    rows: &[IncidentRow],
    chosen: Option<usize>,
    (left, right): (u16, u16),
    canvas: &Canvas<'_>,
) -> Made<'a> {
    let mut made = Made {
        answers: Vec::new(),
        hypotheses: Vec::new(),
        clocks: Vec::new(),
        roles: Vec::new(),
        updates: Vec::new(),
        after: Vec::new(),
    };
    let Some(incident) = app.incident() else { return made };
    let answers = app.answers();
    let (hypotheses, updates, clocks) = (incident.hypotheses(), incident.updates(), app.clocks_now());
    for (index, row) in rows.iter().enumerate() {
        let is_chosen = chosen == Some(index);
        let most = if is_chosen { LINES_CHOSEN } else { LINES };
        match row {
            IncidentRow::Stage => {}
            IncidentRow::Question(question) => {
                if let Some(one) = answers.iter().find(|one| one.question == *question) {
                    made.answers.push((Some(index), answer(app, one, left, most, canvas)));
                }
            }
            IncidentRow::Hypothesis(key) => {
                if let Some(one) = hypotheses.iter().find(|one| one.key == *key) {
                    made.hypotheses.push((Some(index), hypothesis(app, one, left, is_chosen, canvas)));
                }
            }
            IncidentRow::NewHypothesis => {
                made.hypotheses.push((Some(index), vec![offer("write one down: what, because of what")]));
            }
            IncidentRow::Clock(kind) => {
                if let Some(one) = clocks.iter().find(|one| one.kind == *kind) {
                    made.clocks.push((Some(index), vec![clock_row(app, one)]));
                }
            }
            IncidentRow::Role(who) => made.roles.push((Some(index), vec![role(app, incident, *who)])),
            IncidentRow::Update(key) => {
                if let Some(one) = updates.iter().find(|one| one.key == *key) {
                    made.updates.push((Some(index), update_rows(app, one, right, canvas)));
                }
            }
            IncidentRow::HandOver => {
                made.after.push((Some(index), vec![hand_over(app, incident)]));
            }
            IncidentRow::NewAction => {
                made.after.push((Some(index), vec![offer("write down what is to be done")]));
            }
            IncidentRow::PostMortem => made.after.push((Some(index), vec![post_mortem(incident)])),
        }
    }
    made.after.extend(actions(incident, right, canvas).into_iter().map(|rows| (None, rows)));
    if made.updates.is_empty() {
        made.updates.push((None, vec![Row::new().left(Role::Muted, "none yet")]));
    }
    // A part of which no row can be chosen is none.
    made.clocks.retain(|(index, _)| index.is_none_or(|index| place(rows, &rows[index]).is_some()));
    made
}

/// Something that does not exist yet.
fn offer<'a>(words: &'static str) -> Row<'a> {
    Row::new().left(Role::Muted, format!("+ {words}"))
}

/// The post-mortem: where it is, or that it can be written.
fn post_mortem<'a>(incident: &Incident) -> Row<'a> {
    match incident.exported() {
        Some((path, _)) => Row::new().left(Role::Text, format!("post-mortem in {path}")),
        None => offer("write the post-mortem"),
    }
}

/// A row that begins with a name.
fn begun<'a>(name: &str) -> Row<'a> {
    Row::new().left(Role::Muted, format!("{name:<0$}", usize::from(NAME)))
}

fn time(app: &App, at: At) -> String {
    clock::minute(at, app.now(), &app.settings().zone)
}

/// An answer: the verdict's, or what a person says instead, marked as theirs.
fn answer<'a>(app: &App, one: &AnswerNow, width: u16, most: usize, canvas: &Canvas<'_>) -> Vec<Row<'a>> {
    let by = |said: &Said| format!("{} {}, own words", clipped(&said.who, 12, canvas.glyphs), time(app, said.at));
    let note = one.said.as_ref().map(by);
    let (text, role) = match one.words() {
        "" => ("not known", Role::Unknown),
        words if one.said.is_some() => (words, Role::Strong),
        words => (words, Role::Text),
    };
    let beside = note.as_ref().map_or(0, |note| canvas.width(note) + 2);
    let narrow = width < NAME + beside + 20;
    let room = width.saturating_sub(NAME + if narrow { 0 } else { beside }).max(8);
    let mut rows: Vec<Row<'a>> = owned(text, role, room, most, canvas.glyphs)
        .into_iter()
        .enumerate()
        .map(|(line, words)| {
            let name = if line == 0 { one.question.title() } else { "" };
            let mut row = begun(name);
            row.left.extend(words);
            row
        })
        .collect();
    match note {
        Some(note) if narrow => rows.push(begun("").left(Role::Muted, note)),
        Some(note) => {
            if let Some(row) = rows.first_mut() {
                row.right.push(span(Role::Muted, note));
            }
        }
        None => {}
    }
    rows
}

/// How a hypothesis stands, as symbol and role.
const fn test_mark(state: TestState) -> (&'static str, Role) {
    match state {
        TestState::Open => ("□", Role::Key),
        TestState::Testing => ("◆", Role::Focus),
        TestState::Right => ("✓", Role::Ok),
        TestState::Wrong => ("✗", Role::Muted),
    }
}

fn hypothesis<'a>(app: &App, one: &HypothesisNow, width: u16, chosen: bool, canvas: &Canvas<'_>) -> Vec<Row<'a>> {
    let (mark, role) = test_mark(one.state);
    let said = one.tested.as_ref().unwrap_or(&one.said);
    let by = format!("{} {}", clipped(&said.who, 12, canvas.glyphs), time(app, said.at));
    let text = if one.state == TestState::Wrong { Role::Muted } else { Role::Strong };
    let room = width.saturating_sub(13 + canvas.width(&by) + 2).max(8);
    let most = if chosen { LINES_CHOSEN } else { LINES };
    let mut rows = Vec::new();
    for (line, words) in owned(&one.said.text, text, room, most, canvas.glyphs).into_iter().enumerate() {
        let mut row = if line == 0 {
            Row::new()
                .left(role, format!("{mark} "))
                .left(role, format!("{:<11}", one.state.title()))
                .right(Role::Muted, by.clone())
        } else {
            Row::new().left(Role::Muted, " ".repeat(13))
        };
        row.left.extend(words);
        rows.push(row);
    }
    let tested = one.tested.as_ref().filter(|said| !said.text.is_empty()).map(|said| format!("test: {}", said.text));
    let evidence = one.evidence.iter().map(|words| format!("· {words}"));
    let most = if chosen { LINES_CHOSEN } else { 1 };
    let shown = if chosen { 20 } else { 2 };
    for words in tested.into_iter().chain(evidence).take(shown) {
        for spans in owned(&words, Role::Muted, width.saturating_sub(13).max(8), most, canvas.glyphs) {
            let mut row = Row::new().left(Role::Muted, " ".repeat(13));
            row.left.extend(spans);
            rows.push(row);
        }
    }
    rows
}

fn clock_row<'a>(app: &App, one: &ClockNow) -> Row<'a> {
    let (words, role) = standing::clock_words(app, one);
    let mark = if role == Role::Warning { "▲ " } else { "" };
    let row = begun(one.kind.title()).left(role, format!("{mark}{words}"));
    match one.due {
        Some(due) => row.right(Role::Muted, time(app, due)),
        None => row,
    }
}

fn role<'a>(app: &App, incident: &Incident, who: Who) -> Row<'a> {
    let row = Row::new().left(Role::Muted, format!("{:<23}", who.title()));
    match incident.role(who) {
        Some(said) => {
            let since = time(app, said.at);
            row.left(Role::Strong, said.text).right(Role::Muted, format!("since {since}"))
        }
        None => row.left(Role::Muted, "nobody"),
    }
}

/// An update in one row, and where it went in the next.
fn update_rows<'a>(app: &App, one: &UpdateNow, width: u16, canvas: &Canvas<'_>) -> Vec<Row<'a>> {
    let sent = one.sent_at();
    let head = one.said.text.lines().next().unwrap_or_default().to_owned();
    let text = if sent.is_some() { Role::Text } else { Role::Strong };
    let when = time(app, sent.unwrap_or(one.said.at));
    let mut rows = vec![begun(one.status.title()).left(text, head).right(Role::Muted, when)];
    let mut row = begun("");
    if one.deliveries.is_empty() {
        row = row.left(Role::Muted, "draft, not sent");
    }
    for (name, delivery) in &one.deliveries {
        let (mark, words, role) = update::delivery_mark(Some(delivery.state));
        let words = if delivery.state == DeliveryState::Sent { String::new() } else { format!(" {words}") };
        let name = clipped(name, 20, canvas.glyphs);
        let text = format!("{mark} {name}{words}  ");
        if row.width(canvas.glyphs) + canvas.width(&text) > width && row.left.len() > 1 {
            rows.push(std::mem::replace(&mut row, begun("")));
        }
        row = row.left(role, text);
    }
    rows.push(row);
    rows
}

fn hand_over<'a>(app: &App, incident: &Incident) -> Row<'a> {
    match incident.handed_over() {
        Some((to, said)) => Row::new()
            .left(Role::Muted, "handed over to ")
            .left(Role::Strong, to.to_owned())
            .right(Role::Muted, time(app, said.at)),
        None => offer("hand over to the next person"),
    }
}

/// What is to be done after the incident.
fn actions<'a>(incident: &Incident, width: u16, canvas: &Canvas<'_>) -> Vec<Vec<Row<'a>>> {
    let mut all = Vec::new();
    for entry in incident.entries() {
        let What::Action { text, owner, due } = &entry.what else { continue };
        let by: Vec<&str> = [owner.as_str(), due.as_str()].into_iter().filter(|one| !one.is_empty()).collect();
        let by = by.join(" ");
        let room = width.saturating_sub(2 + canvas.width(&by) + 2).max(8);
        let mut rows: Vec<Row<'a>> = owned(text, Role::Text, room, LINES, canvas.glyphs)
            .into_iter()
            .map(|words| {
                let mut row = Row::new().left(Role::Muted, "  ");
                row.left.extend(words);
                row
            })
            .collect();
        if let Some(row) = rows.first_mut() {
            row.left[0] = span(Role::Muted, "□ ");
            row.right.push(span(Role::Muted, by));
        }
        all.push(rows);
    }
    all
}
