//! Stories of an incident: keys and seconds in, entries out, through the real key table; no terminal, no clock, no disk.
//!
//! A session that is cut is played by folding the entries that were written into a fresh app; two people by giving each
//! the entries of the other.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sixty::app::App;
use sixty::app::Deed;
use sixty::app::Delivered;
use sixty::app::Effect;
use sixty::app::FleetSettings;
use sixty::app::IncidentRow;
use sixty::app::IncidentSettings;
use sixty::app::JournalNews;
use sixty::app::KeyCode;
use sixty::app::KeyMap;
use sixty::app::KeyPress;
use sixty::app::Mode;
use sixty::app::Msg;
use sixty::app::Page;
use sixty::app::ServiceSettings;
use sixty::app::Settings;
use sixty::facts::Answer;
use sixty::facts::At;
use sixty::facts::Batch;
use sixty::facts::EngineReport;
use sixty::facts::Fault;
use sixty::facts::FaultKind;
use sixty::facts::Measure;
use sixty::facts::Number;
use sixty::facts::Payload;
use sixty::facts::Points;
use sixty::facts::Reading;
use sixty::facts::SourceId;
use sixty::facts::SourceInfo;
use sixty::facts::SourceKind;
use sixty::facts::Zone;
use sixty::incident::By;
use sixty::incident::Checklist;
use sixty::incident::ClockAct;
use sixty::incident::ClockKind;
use sixty::incident::DeliveryState;
use sixty::incident::Entry;
use sixty::incident::Incident;
use sixty::incident::OpenPage;
use sixty::incident::PageState;
use sixty::incident::Question;
use sixty::incident::Role;
use sixty::incident::Row;
use sixty::incident::Stage;
use sixty::incident::TestState;
use sixty::incident::UpdateStatus;
use sixty::incident::What;
use sixty::triage::Severity;

const SERVICE: &str = "checkout";

fn at(second: i64) -> At {
    chrono::DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
}

fn settings(who: &str, mode: Mode) -> Settings {
    let source = SourceInfo {
        id: SourceId::new("metrics"),
        kind: SourceKind::Metrics,
        service: Some(Arc::from(SERVICE)),
        address: "http://127.0.0.1/".to_owned(),
        every: Duration::from_secs(5),
    };
    Settings {
        services: vec![ServiceSettings::named(SERVICE)],
        commands: sixty::triage::quick_win::Commands::default(),
        severities: sixty::triage::SeverityNames::default(),
        fleet: FleetSettings::default(),
        sources: vec![source],
        zone: Zone::utc(),
        window: Duration::from_hours(1),
        retention: Duration::from_hours(6),
        who: who.to_owned(),
        host: "bastion".to_owned(),
        id_prefix: who.to_owned(),
        mode,
        keys: KeyMap::new(&BTreeMap::new(), mode.is_read_only()).unwrap(),
        past_questions: Vec::new(),
        checklist: Checklist::first_60_seconds(),
        full_list: Checklist::full_incident(),
        incidents: IncidentSettings::default(),
        runbooks: Arc::new(sixty::triage::runbook::Library::shipped()),
        start: Some(0),
        badge: None,
    }
}

fn reading(second: i64, share: f64) -> Msg {
    let values = [(Measure::ErrorRate, share), (Measure::RequestRate, 100.0)];
    let answers = values.iter().map(|(m, v)| (*m, Answer::Known(Number::exact(*v).unwrap()))).collect();
    let batch = Batch {
        points: vec![Points { at: at(second), answers }],
        splits: Vec::new(),
        changes: Vec::new(),
        about: Arc::new(EngineReport::default()),
    };
    let took = Duration::from_millis(3);
    let body = Ok(Payload::Signals(batch));
    Msg::Arrived(Reading { source: SourceId::new("metrics"), at: at(second), took, body })
}

/// A session, and what came of it.
struct Story {
    app: App,
    now: i64,
    share: f64,
    entries: Vec<Entry>,
    effects: Vec<Effect>,
}

impl Story {
    fn new(settings: Settings) -> Self {
        let app = App::new(settings, at(0));
        Self { app, now: 0, share: 0.001, entries: Vec::new(), effects: Vec::new() }
    }

    fn of(who: &str) -> Self {
        Self::new(settings(who, Mode::interactive()))
    }

    /// A minute of peace, then trouble for so long.
    fn broken(mut self, seconds: i64) -> Self {
        self.pass(120);
        self.share = 0.4;
        self.pass(seconds);
        self
    }

    fn tell(&mut self, msg: Msg) -> Vec<Effect> {
        let effects = self.app.update(at(self.now), msg);
        for effect in &effects {
            if let Some(Deed::Append(_, entry) | Deed::Send(_, entry, _)) = effect.deed() {
                self.entries.push(entry.clone());
            }
        }
        self.effects.extend(effects.iter().cloned());
        if effects.contains(&Effect::List) && self.app.incidents().is_none() {
            self.tell(Msg::Incidents(Ok(Vec::new())));
        }
        effects
    }

    /// So many seconds, with a reading every five.
    fn pass(&mut self, seconds: i64) {
        for _ in 0..seconds {
            self.now += 1;
            if self.now % 5 == 0 {
                let (now, share) = (self.now, self.share);
                self.tell(reading(now, share));
            }
            self.tell(Msg::Second);
        }
    }

    /// Keys by their names, a blank between them.
    fn press(&mut self, keys: &str) -> Vec<Effect> {
        let keys = keys.split(' ');
        keys.flat_map(|key| self.tell(Msg::Key(KeyPress::parse(key).unwrap()))).collect()
    }

    /// Characters, one key each.
    fn write(&mut self, text: &str) {
        for c in text.chars() {
            let key = if c == '\n' { KeyPress::plain(KeyCode::Enter) } else { KeyPress::char(c) };
            self.tell(Msg::Key(key));
        }
    }

    fn incident(&self) -> &Incident {
        self.app.incident().unwrap()
    }

    fn stage(&self) -> Option<Stage> {
        self.incident().stage().map(|(stage, _)| stage)
    }

    /// The kinds of all entries, in the order in which they were written.
    fn kinds(&self) -> Vec<&str> {
        self.entries.iter().map(|entry| entry.what.kind()).collect()
    }

    fn count(&self, kind: &str) -> usize {
        self.kinds().into_iter().filter(|one| *one == kind).count()
    }

    /// Chooses a row of the incident's page.
    fn choose(&mut self, row: &IncidentRow) {
        if self.app.navigation().page() != Page::Incident {
            self.press("i");
        }
        let place = self.app.incident_rows().iter().position(|one| one == row).unwrap();
        self.press("Home");
        for _ in 0..place {
            self.press("Down");
        }
        assert_eq!(self.app.chosen_row().as_ref(), Some(row));
    }

    /// The same person in a session that begins now, with what was written.
    fn again(&self) -> Self {
        let mut story = Self::new(Settings { id_prefix: "again".to_owned(), ..self.app.settings().clone() });
        (story.now, story.share) = (self.now, self.share);
        story.hear(&self.entries, Some("20270115-1"));
        story.now += 1;
        story
    }

    fn hear(&mut self, entries: &[Entry], incident: Option<&str>) {
        let news = JournalNews {
            service: Arc::from(SERVICE),
            entries: entries.to_vec(),
            incident: incident.map(str::to_owned),
            ..JournalNews::default()
        };
        self.tell(Msg::Journal(news));
    }
}

#[test]
fn what_is_critical_opens_an_incident_and_is_written_down() {
    let mut story = Story::of("ana").broken(25);
    assert_eq!(story.app.severity(), Severity::Critical);
    assert_eq!(story.count("opened"), 1);
    assert!(story.incident().title().starts_with("Errors 40.0 %"), "{}", story.incident().title());
    assert_eq!(story.entries[0].by, By::Sixty);
    story.pass(60);
    assert_eq!(story.count("opened"), 1);
    assert_eq!(story.count("observed"), 1, "{:?}", story.kinds());
    let (seen, _) = story.incident().observed().unwrap();
    assert_eq!(seen.severity, Severity::Critical);
    assert_eq!(seen.onset, Some(at(125)));
    assert!(seen.evidence.iter().any(|sentence| sentence.contains("rule: critical > 5 %")), "{:?}", seen.evidence);
    let (failed, all) = seen.failed.unwrap();
    assert!((failed / all - 0.4).abs() < 1e-9 && all >= 1_000.0, "{failed} of {all}");
    assert_eq!(story.stage(), Some(Stage::First), "half a minute to breathe is over");
    let staged: Vec<_> = story.entries.iter().filter(|entry| entry.what.kind() == "staged").collect();
    assert_eq!((staged.len(), staged[0].by), (1, By::Sixty));
}

#[test]
fn who_does_not_want_it_opens_none_and_a_note_is_kept_all_the_same() {
    let mut settings = settings("ana", Mode::interactive());
    settings.incidents.opens = false;
    let mut story = Story::new(settings).broken(60);
    assert!(story.entries.is_empty());
    story.press("n");
    story.write("hm\nwell");
    story.press("Ctrl-S");
    assert_eq!(story.kinds(), ["note"]);
    assert_eq!(story.entries[0].what, What::Note { text: "hm\nwell".into() });
}

#[test]
fn what_a_person_ended_while_it_was_critical_is_not_opened_again_at_once() {
    let mut story = Story::of("ana").broken(60);
    story.press("> > > > > > >");
    assert_eq!(story.stage(), Some(Stage::Monitor));
    story.press(">");
    assert!(story.app.navigation().sure.is_some());
    story.press("x >");
    assert_eq!(story.stage(), Some(Stage::Monitor), "another key says no, and this one asks again");
    story.press("Enter");
    assert_eq!(story.stage(), Some(Stage::Resolved));
    let end = story.now;
    story.tell(Msg::Incidents(Ok(Vec::new())));
    story.pass(600);
    assert_eq!(story.count("opened"), 1);
    // It ends and begins again: that is another one.
    story.share = 0.001;
    story.pass(120);
    story.share = 0.4;
    story.pass(60);
    assert_eq!(story.count("opened"), 2);
    assert_eq!(story.incident().opened_at().map(|at| at > crate::at(end)), Some(true));
}

#[test]
fn after_half_an_hour_it_is_opened_again() {
    let mut story = Story::of("ana").broken(60);
    story.press("> > > > > > > > Enter");
    assert_eq!(story.stage(), Some(Stage::Resolved));
    let row = Row {
        id: "20270115-1".into(),
        service: SERVICE.into(),
        title: String::new(),
        opened_at: story.incident().opened_at(),
        resolved_at: Some(at(story.now)),
        merged_into: None,
        worst: None,
        people: Vec::new(),
        last_at: None,
        has_post_mortem: false,
    };
    for _ in 0..31 {
        story.tell(Msg::Incidents(Ok(vec![row.clone()])));
        story.pass(60);
    }
    let reopened = story.effects.iter().filter_map(Effect::deed).filter(|deed| matches!(deed, Deed::Reopen(_)));
    assert_eq!(reopened.cloned().collect::<Vec<_>>(), [Deed::Reopen("20270115-1".into())]);
    assert_eq!(story.count("opened"), 1);
}

#[test]
fn from_the_fix_to_the_end() {
    let mut story = Story::of("ana").broken(60);
    story.press("f");
    story.write("rolled back to v1");
    story.press("Enter");
    assert_eq!(story.stage(), Some(Stage::Fix));
    assert_eq!(story.incident().fixed().unwrap().text, "rolled back to v1");
    story.share = 0.001;
    story.pass(60);
    assert_eq!(story.count("normal"), 0, "two minutes must pass");
    story.pass(120);
    assert_eq!(story.count("normal"), 1);
    assert_eq!(story.stage(), Some(Stage::Monitor));
    let since = story.incident().normal_since().unwrap();
    assert!((since - at(story.now)).num_seconds() < -110, "{since}");
    let observed = story.count("observed");
    // It comes back: that is written down, and the work goes back as well.
    story.pass(300);
    story.share = 0.4;
    story.pass(60);
    assert_eq!(story.stage(), Some(Stage::Assess));
    assert_eq!(story.count("observed"), observed + 1);
    assert_eq!(story.incident().normal_since(), None);
    story.press("f");
    story.write("restarted");
    story.press("Enter");
    story.share = 0.001;
    story.pass(400);
    assert_eq!(story.stage(), Some(Stage::Monitor));
    assert!(!story.app.offers_end());
    story.pass(1_900);
    assert!(story.app.offers_end());
    assert_eq!(story.stage(), Some(Stage::Monitor), "only a person ends it");
    story.press("> Enter");
    assert_eq!(story.stage(), Some(Stage::Resolved));
    assert_eq!(story.entries.last().unwrap().by, By::Person);
}

#[test]
fn everything_finds_its_way_back_after_the_link_was_cut() {
    let mut story = Story::of("ana").broken(60);
    story.press("1 a H");
    story.write("the pool leaks");
    story.press("Enter > n");
    story.write("half a thou");
    story.pass(6);
    assert_eq!(story.count("unsaved"), 1, "it is kept by itself");
    story.write("ght");
    for effect in story.app.leaving() {
        let Some(Deed::Append(_, entry)) = effect.deed() else { panic!("{effect:?}") };
        story.entries.push(entry.clone());
    }
    assert!(story.app.leaving().is_empty(), "once");
    let mut again = story.again();
    assert_eq!(again.incident(), story.incident());
    again.press("n");
    let writing = again.app.writing().unwrap();
    assert_eq!((writing.editor.text(), writing.again), ("half a thought", true));
    again.press("Ctrl-S");
    assert_eq!(again.entries.last().unwrap().what, What::Unsaved { about: "note".into(), text: String::new() });
    assert_eq!(again.entries[again.entries.len() - 2].what, What::Note { text: "half a thought".into() });
    assert_eq!(again.incident().unsaved("ana", "note"), None);
    again.press("n");
    assert_eq!(again.app.writing().unwrap().editor.text(), "");
}

#[test]
fn an_unfinished_text_is_offered_also_when_the_journal_is_read_later() {
    let unsaved = What::Unsaved { about: "note".into(), text: "half".into() };
    let entries = [Entry::new("1", at(-60), "ana", "h", unsaved)];
    for (typed, expected) in [("", "half"), ("x", "x")] {
        let mut story = Story::of("ana");
        story.press("n");
        story.write(typed);
        story.hear(&entries, None);
        assert_eq!(story.app.writing().unwrap().editor.text(), expected);
    }
}

#[test]
fn letters_are_text_while_one_writes_and_there_is_always_a_way_out() {
    let mut story = Story::of("ana").broken(60);
    let before = story.entries.len();
    story.press("n");
    story.write("q1az>");
    assert_eq!((story.app.writing().unwrap().editor.text(), story.entries.len()), ("q1az>", before));
    story.press("Esc");
    assert_eq!(story.app.navigation().page(), Page::Service);
    assert_eq!(story.incident().unsaved("ana", "note").unwrap().text, "q1az>");
    story.press("n");
    story.write("!");
    let effects = story.press("Ctrl-C");
    assert!(effects.contains(&Effect::Quit));
    assert_eq!(story.incident().unsaved("ana", "note").unwrap().text, "q1az>!");
}

#[test]
fn ones_own_editor_gives_the_text_back_or_says_why_not() {
    let mut story = Story::of("ana").broken(60);
    story.press("n");
    story.write("one");
    let effects = story.press("Ctrl-E");
    assert!(effects.iter().any(|effect| effect.deed() == Some(&Deed::Edit("one".into()))));
    story.tell(Msg::Edited(Err(Fault::new(FaultKind::Local, "vi: not found"))));
    assert_eq!(story.app.writing().unwrap().editor.text(), "one");
    assert!(story.app.remark().unwrap().contains("vi: not found"));
    story.press("Ctrl-E");
    story.tell(Msg::Edited(Ok("two\nlines\u{1b}[2J\n".into())));
    assert_eq!(story.app.writing().unwrap().editor.text(), "two\nlines␛[2J");
}

#[test]
fn the_assessment_is_filled_in_and_may_be_corrected() {
    let mut story = Story::of("ana").broken(60);
    let answers = story.app.answers();
    assert_eq!(answers.len(), Question::ALL.len());
    assert!(answers[0].words().starts_with("checkout: errors 40.0 %"), "{}", answers[0].words());
    assert!(answers[1].words().contains("requests failed"), "{}", answers[1].words());
    assert!(answers[2].words().starts_with("08:02:05 UTC"), "{}", answers[2].words());
    story.choose(&IncidentRow::Question(Question::Users));
    story.press("Enter");
    story.write("300 cannot pay");
    story.press("Enter");
    assert_eq!(story.app.answers()[4].words(), "300 cannot pay");
    // The verdict's own words, as they are, are no answer of a person.
    story.choose(&IncidentRow::Question(Question::What));
    let before = story.entries.len();
    story.press("Enter End");
    story.write("!");
    story.press("Enter");
    assert!(story.app.answers()[0].words().ends_with('!'));
    assert_eq!(story.entries.len(), before + 1);
    story.press("Enter Ctrl-U Enter");
    assert!(story.app.answers()[0].said.is_none(), "empty gives it back");
}

#[test]
fn hypotheses_are_tested_and_wrong_ones_stay() {
    let mut story = Story::of("ana").broken(60);
    story.press("H");
    story.write("the pool leaks");
    story.press("Enter");
    let key = story.incident().hypotheses()[0].key.clone();
    assert!(story.incident().hypotheses()[0].evidence[0].starts_with("Errors 40.0 %"));
    story.choose(&IncidentRow::Hypothesis(key));
    story.press("Enter");
    assert_eq!(story.incident().hypotheses()[0].state, TestState::Testing);
    story.press("w");
    assert_eq!(story.incident().hypotheses()[0].state, TestState::Wrong, "it counts at once");
    story.write("the pool was empty");
    story.press("Enter");
    let all = story.incident().hypotheses();
    assert_eq!((all.len(), all[0].state), (1, TestState::Wrong));
    assert_eq!(all[0].tested.as_ref().unwrap().text, "the pool was empty");
}

#[test]
fn roles_hand_over_and_actions() {
    let mut story = Story::of("ana").broken(60);
    story.choose(&IncidentRow::Role(Role::Scribe));
    story.press("Enter Enter");
    assert_eq!(story.incident().role(Role::Scribe).unwrap().text, "ana");
    story.press("Enter Ctrl-U");
    story.write("sam");
    story.press("Enter");
    assert_eq!(story.incident().role(Role::Scribe).unwrap().text, "sam");
    story.press("Enter Ctrl-U Enter");
    assert_eq!(story.incident().role(Role::Scribe), None);
    story.choose(&IncidentRow::NewAction);
    story.press("Enter");
    story.write("raise the pool @sam 2027-02-01");
    story.press("Enter");
    let action = What::Action { text: "raise the pool".into(), owner: "sam".into(), due: "2027-02-01".into() };
    assert_eq!(story.entries.last().unwrap().what, action);
    story.choose(&IncidentRow::PostMortem);
    assert_eq!(story.press("Enter")[0].deed(), Some(&Deed::Export(SERVICE.into())));
    story.tell(Msg::Exported(SERVICE.into(), Ok(("state/postmortem.md".into(), "abc".into()))));
    assert_eq!(story.incident().exported(), Some(("state/postmortem.md", "abc")));
    story.choose(&IncidentRow::HandOver);
    story.press("Enter Ctrl-S");
    assert_eq!(story.app.navigation().page(), Page::Write, "to whom?");
    story.write("sam");
    story.press("Ctrl-S");
    let (to, said) = story.incident().handed_over().unwrap();
    assert_eq!(to, "sam");
    assert!(said.text.contains("Stage: First 60 seconds"), "{}", said.text);
    let copied = story.press("y");
    assert!(matches!(copied[0].deed(), Some(Deed::Copy(text)) if text.starts_with("checkout at")));
}

#[test]
fn clocks_ring_once_and_are_set_quieted_and_switched() {
    let mut settings = settings("ana", Mode::interactive());
    settings.incidents.clocks.bell = true;
    let mut story = Story::new(settings).broken(60);
    let rang = |story: &Story, kind: ClockKind| {
        let is = |what: &What| matches!(what, What::Clock { clock, act: ClockAct::Rang(_) } if *clock == kind);
        story.entries.iter().filter(|entry| is(&entry.what)).count()
    };
    let bells = |story: &Story| story.effects.iter().filter(|effect| **effect == Effect::Bell).count();
    assert_eq!((rang(&story, ClockKind::Update), bells(&story)), (1, 1), "the first update is due at once");
    story.press("z");
    assert_eq!(story.app.due_clock(), None);
    story.pass(299);
    assert_eq!(rang(&story, ClockKind::Update), 1);
    story.pass(3);
    assert_eq!(rang(&story, ClockKind::Update), 2);
    assert_eq!(story.app.due_clock().unwrap().kind, ClockKind::Update);
    story.choose(&IncidentRow::Clock(ClockKind::Update));
    story.press("Space");
    assert_eq!(story.app.due_clock(), None);
    assert!(story.app.clocks_now()[0].off);
    story.press("Enter");
    story.write("soon");
    story.press("Enter");
    assert_eq!(story.app.navigation().page(), Page::Write, "that is no time");
    story.press("Ctrl-U");
    story.write("2m");
    story.press("Enter");
    assert_eq!(story.app.clocks_now()[0].due, Some(at(story.now + 120)));
    story.pass(125);
    assert_eq!(rang(&story, ClockKind::Update), 3);
    // Without progress somebody else should look; and where do we stand?
    assert_eq!((rang(&story, ClockKind::Escalate), rang(&story, ClockKind::CallOut)), (0, 0));
    story.pass(1_200);
    assert_eq!((rang(&story, ClockKind::Escalate), rang(&story, ClockKind::CallOut)), (1, 2));
    assert_eq!(
        bells(&story),
        story.entries.iter().filter(|one| matches!(one.what, What::Clock { act: ClockAct::Rang(_), .. })).count()
    );
    // A clock that was set back harms nothing.
    story.now -= 3_600;
    let count = story.entries.len();
    story.pass(60);
    assert_eq!(story.entries.len(), count);
}

#[test]
fn the_post_mortem_is_due_a_day_after_the_end_and_again_after_two() {
    let mut story = Story::of("ana").broken(30);
    story.press("> > > > > > > > > > Enter");
    assert_eq!(story.stage(), Some(Stage::Resolved));
    let end = story.incident().resolved().unwrap().at;
    let due = |story: &Story| story.app.clocks_now().iter().filter_map(|one| one.due).collect::<Vec<_>>();
    assert_eq!(due(&story), [end + chrono::TimeDelta::days(1)], "nothing else is");
    story.now += 86_401;
    story.tell(Msg::Second);
    assert_eq!(due(&story), [end + chrono::TimeDelta::days(2)]);
    story.now += 86_400;
    story.tell(Msg::Second);
    story.tell(Msg::Second);
    assert_eq!(
        story.count("clock"),
        2 + story.entries.iter().filter(|one| one.at < end && one.what.kind() == "clock").count()
    );
    story.tell(Msg::Exported(Arc::from(SERVICE), Ok(("pm.md".into(), "h".into()))));
    assert!(due(&story).is_empty());
}

fn with_channels(channels: &[(&str, &str)]) -> Settings {
    let mut settings = settings("ana", Mode::interactive());
    let owned = |(name, kind): &(&str, &str)| ((*name).to_owned(), (*kind).to_owned());
    settings.incidents.channels = channels.iter().map(owned).collect();
    settings
}

fn parcels(effects: &[Effect]) -> Vec<(String, String)> {
    let parcel = |effect: &Effect| match effect.deed() {
        Some(Deed::Send(_, entry, parcel)) => Some((entry.id.clone(), parcel.to.clone())),
        _ => None,
    };
    effects.iter().filter_map(parcel).collect()
}

fn delivered(update: &str, to: &str, outcome: Result<&str, &str>, certain: bool) -> Msg {
    let outcome = outcome.map(str::to_owned).map_err(|cause| Fault::new(FaultKind::Connect, cause));
    Msg::Delivered(Delivered { service: Arc::from(SERVICE), update: update.into(), to: to.into(), outcome, certain })
}

#[test]
fn an_update_is_sent_once_to_each_channel_whatever_fails() {
    let mut story =
        Story::new(with_channels(&[("#incidents", "Slack"), ("Duty", "Teams"), ("hook", "Webhook")])).broken(60);
    story.press("u");
    let open = story.app.update_now().unwrap();
    assert_eq!((open.status, open.fixed), (UpdateStatus::Investigating, false));
    assert!(open.text.contains("checkout"), "{}", open.text);
    story.press("Tab");
    assert_eq!(story.app.update_now().unwrap().status, UpdateStatus::Identified);
    story.press("Shift-Tab");
    assert_eq!(story.count("drafted"), 0, "nobody has said anything yet");
    story.press("Enter");
    story.write("\nMore soon.");
    story.press("Ctrl-S s");
    assert_eq!(story.app.navigation().sure.as_deref(), Some("send to #incidents, Duty and hook? Enter yes, Esc no"));
    assert!(parcels(&story.press("Esc")).is_empty());
    let sent = parcels(&story.press("s Enter"));
    let key = story.app.update_now().unwrap().key;
    assert_eq!(sent.len(), 3);
    assert_eq!(sent[0].0, format!("sending-{key}-_23_incidents-1"));
    assert!(parcels(&story.press("s Enter")).is_empty(), "it is on its way");
    story.tell(delivered(&key, "#incidents", Ok("ok"), true));
    story.tell(delivered(&key, "Duty", Err("refused"), true));
    story.tell(delivered(&key, "hook", Err("timed out"), false));
    let sent = parcels(&story.press("s Enter"));
    assert_eq!(sent.iter().map(|(_, to)| to.as_str()).collect::<Vec<_>>(), ["Duty"], "only what certainly failed");
    assert!(sent[0].0.ends_with("-Duty-2"));
    story.tell(delivered(&key, "Duty", Ok("1"), true));
    story.press("s");
    assert_eq!(
        story.app.navigation().sure.as_deref(),
        Some("it may have arrived at hook: send it again? Enter yes, Esc no")
    );
    // After a crash the same is asked, and what arrived is never sent again.
    let mut again = Story::new(story.app.settings().clone());
    again.now = story.now + 1;
    again.hear(&story.entries, None);
    again.choose(&IncidentRow::Update(key.clone()));
    again.press("Enter");
    let sent = parcels(&again.press("s Enter"));
    assert_eq!(sent, [(format!("sending-{key}-hook-2"), "hook".to_owned())]);
    again.tell(delivered(&key, "hook", Ok("204"), true));
    assert!(parcels(&again.press("s Enter")).is_empty());
    let updates = again.incident().updates();
    assert!(updates[0].deliveries.values().all(|one| one.state == DeliveryState::Sent));
    assert!(updates[0].said.text.ends_with("More soon."));
    // The clock was set anew by it, and the next one is another.
    assert_eq!(again.app.clocks_now()[0].due, Some(at(again.now + 900) + chrono::TimeDelta::milliseconds(1)));
    again.press("Esc Esc u");
    assert_ne!(again.app.update_now().unwrap().key, key);
}

#[test]
fn what_is_confirmed_is_what_leaves_and_what_is_in_the_air_is_told() {
    let mut story = Story::new(with_channels(&[("#incidents", "Slack")])).broken(60);
    story.press("u s");
    let words = story.app.update_now().unwrap().text;
    story.share = 0.9;
    story.pass(30);
    assert_eq!(story.app.update_now().unwrap().text, words, "it stands still while it is asked");
    let effects = story.press("Enter");
    let sent = effects.iter().find_map(|effect| match effect.deed() {
        Some(Deed::Send(_, _, parcel)) => Some(parcel.clone()),
        _ => None,
    });
    let first = story.app.update_now().unwrap().key;
    assert_eq!(sent.map(|parcel| parcel.text), Some(words));
    // Killed while it was on its way: it comes first, and the next one is asked for with a word about it.
    let mut again = story.again();
    again.press("u");
    assert_eq!(again.app.update_now().unwrap().key, first);
    again.press("u");
    let second = again.app.update_now().unwrap().key;
    assert_ne!(second, first, "u again begins a new one");
    again.press("s");
    let asked = again.app.navigation().sure.clone().unwrap();
    assert!(asked.starts_with("the update of ") && asked.contains("may have arrived"), "{asked}");
    again.press("Esc");
    again.tell(delivered(&first, "#incidents", Ok("ok"), true));
    again.press("Esc u s Enter");
    again.tell(delivered(&second, "#incidents", Ok("ok"), true));
    again.press("Esc u");
    let third = again.app.update_now().unwrap();
    assert!(third.key != second && third.channels[0].delivery.is_none(), "what has left is no draft any more");
}

#[test]
fn a_held_key_ends_no_incident() {
    let mut story = Story::of("ana").broken(60);
    for _ in 0..30 {
        story.press(">");
    }
    assert_eq!(story.stage(), Some(Stage::Monitor));
    let asked = story.app.navigation().sure.clone().unwrap();
    assert!(asked.starts_with("still critical: is it over?"), "{asked}");
    story.press("Enter");
    assert_eq!(story.stage(), Some(Stage::Resolved));
}

#[test]
fn without_channels_a_copy_counts_when_a_person_says_so() {
    let mut story = Story::of("ana").broken(60);
    story.press("u m");
    let copied = story.press("y");
    assert!(matches!(copied[0].deed(), Some(Deed::Copy(_))));
    assert!(story.app.navigation().sure.is_some());
    story.press("Enter");
    assert_eq!(story.kinds().split_off(story.entries.len() - 2), ["drafted", "sent"]);
    assert!(story.incident().reset_at(ClockKind::Update).is_some());
}

fn page(reference: &str, state: PageState, means: &str) -> OpenPage {
    OpenPage {
        place: "PagerDuty".into(),
        reference: reference.into(),
        title: "errors".into(),
        state,
        since: None,
        means: means.into(),
    }
}

#[test]
fn without_a_pager_the_tick_alone_is_made() {
    let mut story = Story::of("ana").broken(60);
    let before = story.entries.len();
    story.press("a");
    assert_eq!(story.kinds()[before..], ["acknowledged", "ticked"]);
    assert!(story.app.checks()[0].done() && !story.app.checks()[0].seen);
    story.press("a");
    assert_eq!(story.entries.len(), before + 2, "once");
}

#[test]
fn a_page_is_acknowledged_at_its_pager_and_never_one_that_is_over() {
    let mut settings = settings("ana", Mode::interactive());
    settings.incidents.pagers = vec![("duty".into(), "PagerDuty".into())];
    let mut story = Story::new(settings).broken(60);
    let asked = story.press("a");
    assert!(asked.iter().any(|effect| matches!(effect.deed(), Some(Deed::AskPagers(_)))));
    assert_eq!(story.app.navigation().page(), Page::Pages);
    let pages = vec![
        page("P1", PageState::Triggered, ""),
        page("P2", PageState::Resolved, ""),
        page("P3", PageState::Acknowledged, ""),
        page("P4", PageState::Triggered, "a silence of {alertname=\"X\"}"),
    ];
    story.tell(Msg::Pages(Arc::from(SERVICE), pages.clone(), Vec::new()));
    let acks = |effects: Vec<Effect>| -> Vec<String> {
        let reference = |effect: &Effect| match effect.deed() {
            Some(Deed::Acknowledge(_, page)) => Some(page.reference.clone()),
            _ => None,
        };
        effects.iter().filter_map(reference).collect()
    };
    assert_eq!(acks(story.press("Enter")), ["P1"]);
    assert!(acks(story.press("Down Enter Down Enter")).is_empty(), "over, and somebody's already");
    assert!(acks(story.press("Down Enter Enter")).is_empty(), "asked twice");
    assert_eq!(acks(story.press("Enter")), ["P4"]);
    story.tell(Msg::Acknowledged(Arc::from(SERVICE), pages[0].clone(), Ok("acknowledged".into())));
    assert_eq!(story.incident().acknowledgements()[0].reference, "P1");
    assert!(story.app.pages().unwrap().0[0].state == PageState::Acknowledged);
    story.press("Esc");
    assert!(story.app.checks()[0].done() && story.app.checks()[0].seen, "seen by sixty");
    let fault = Fault::new(FaultKind::Denied, "401");
    let before = story.entries.len();
    story.tell(Msg::Acknowledged(Arc::from(SERVICE), pages[3].clone(), Err(fault)));
    assert_eq!(story.entries.len(), before);
    assert!(story.app.remark().unwrap().contains("401"));
}

#[test]
fn both_lists_are_ticked_and_sixty_says_what_it_sees_but_never_ticks() {
    let mut story = Story::of("ana").broken(60);
    assert_eq!(story.app.checks().len(), 4);
    story.press(">");
    assert_eq!(story.stage(), Some(Stage::Assess));
    assert_eq!(story.app.checks().len(), 14, "the list that fits the stage");
    assert!(story.app.checks().iter().all(|check| !check.done()));
    assert!(story.app.checks().iter().all(|check| !check.evidence.text().is_empty()));
    let seen: Vec<_> = story.app.checks().iter().filter(|check| check.seen).map(|check| check.number).collect();
    assert_eq!(seen, [4], "when it started");
    story.press("4");
    assert!(story.app.checks()[3].done());
    story.press("Enter");
    assert_eq!(story.app.navigation().page(), Page::Checklist);
    assert_eq!(story.app.checks().len(), 14);
    story.press("Tab 2");
    assert_eq!((story.app.checks().len(), story.app.checks()[1].done()), (4, true));
    story.press("Tab");
    assert!(!story.app.checks()[1].done());
    story.press("Esc H");
    story.write("x");
    story.press("Enter");
    assert!(story.app.checks()[8].seen && !story.app.checks()[8].done());
}

#[test]
fn the_breath_ends_with_the_first_thing_that_is_done() {
    for keys in ["1", ">", "Enter"] {
        let mut story = Story::of("ana").broken(25);
        assert_eq!(story.stage(), Some(Stage::Breathe));
        assert!(story.app.breath().is_some());
        story.press(keys);
        assert_eq!((story.stage(), story.app.navigation().page()), (Some(Stage::First), Page::Service), "{keys}");
    }
    let mut settings = settings("ana", Mode::interactive());
    settings.incidents.breathes = false;
    assert_eq!(Story::new(settings).broken(25).stage(), Some(Stage::First));
}

#[test]
fn two_people_and_what_both_see_is_there_once() {
    let mut ana = Story::of("ana").broken(25);
    let mut sam = Story::of("sam");
    sam.now = ana.now;
    sam.share = ana.share;
    sam.hear(&ana.entries, None);
    for _ in 0..40 {
        ana.pass(5);
        sam.pass(5);
        let (from_ana, from_sam) = (ana.entries.clone(), sam.entries.clone());
        ana.hear(&from_sam, None);
        sam.hear(&from_ana, None);
    }
    sam.press("1 n");
    sam.write("I look");
    sam.press("Ctrl-D");
    let from_sam = sam.entries.clone();
    ana.hear(&from_sam, None);
    assert_eq!(ana.incident(), sam.incident());
    assert_eq!(ana.app.checks()[0].by().map(|(who, _)| who), Some("sam"));
    assert_eq!(ana.incident().people(), ["ana", "sam"]);
    let count = |kind: &str| ana.incident().entries().filter(|entry| entry.what.kind() == kind).count();
    assert_eq!((count("opened"), count("joined"), count("observed"), count("staged")), (1, 1, 1, 1));
    let rang =
        ana.incident().entries().filter(|entry| matches!(entry.what, What::Clock { act: ClockAct::Rang(_), .. }));
    assert_eq!(rang.count(), 1);
}

#[test]
fn incidents_are_listed_reopened_and_merged_after_asking() {
    let mut story = Story::of("ana").broken(60);
    let row = |id: &str, resolved: Option<i64>| Row {
        id: id.into(),
        service: SERVICE.into(),
        title: "errors".into(),
        opened_at: Some(at(-9_000)),
        resolved_at: resolved.map(at),
        merged_into: None,
        worst: None,
        people: Vec::new(),
        last_at: None,
        has_post_mortem: false,
    };
    assert_eq!(story.press("I"), [Effect::List]);
    story.tell(Msg::Incidents(Ok(vec![row("b", None), row("a", Some(-8_000))])));
    let entries = story.entries.clone();
    story.hear(&entries, Some("here"));
    assert!(story.press("Down Enter").is_empty());
    assert_eq!(story.press("Enter")[0].deed(), Some(&Deed::Reopen("a".into())));
    assert_eq!(story.press("m Enter")[0].deed(), Some(&Deed::Merge("a".into(), "here".into())));
    assert!(story.press("m Esc").is_empty());
    story.press("Up Enter");
    assert_eq!(story.app.navigation().page(), Page::Incident);
}

#[test]
fn in_a_drill_it_is_written_down_what_was_looked_at() {
    let mut settings = settings("ana", Mode::interactive());
    settings.incidents.drill = true;
    let mut story = Story::new(settings).broken(60);
    story.press("e Esc e Esc c Esc e");
    let looked: Vec<_> = story
        .entries
        .iter()
        .filter_map(|entry| match &entry.what {
            What::Looked { page } => Some(page.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(looked, ["evidence", "service", "changes"]);
}

/// Whatever may come, by a number.
fn message(kind: usize, number: u32) -> Msg {
    let named = ["Enter", "Esc", "Space", "Tab", "Ctrl-S", "Ctrl-E", "Ctrl-C", "Down", "Up", "F1", "Ctrl-Z", "Ctrl-L"];
    let entry = |what| Entry::new(&format!("e{number}"), at(i64::from(number % 500)), "sam", "h", what);
    match kind % 8 {
        0 => Msg::Second,
        1 => reading(i64::from(number % 500), 0.4),
        2 => Msg::Key(KeyPress::parse(named[number as usize % named.len()]).unwrap()),
        3 => Msg::Pages(Arc::from(SERVICE), vec![page("P", PageState::Triggered, "")], Vec::new()),
        4 => Msg::Journal(JournalNews {
            service: Arc::from(SERVICE),
            entries: vec![
                entry(What::Opened { service: SERVICE.into(), title: String::new() }),
                Entry::new(
                    "rang",
                    at(i64::from(number % 500)),
                    "sam",
                    "h",
                    What::Clock { clock: ClockKind::Update, act: ClockAct::Rang(at(1)) },
                ),
            ],
            ..JournalNews::default()
        }),
        5 => match number % 4 {
            0 => delivered("u", "#x", Ok("ok"), true),
            1 => Msg::Edited(Ok("text".into())),
            2 => Msg::Exported(Arc::from(SERVICE), Ok(("p".into(), "h".into()))),
            _ => Msg::Acknowledged(Arc::from(SERVICE), page("P", PageState::Triggered, ""), Ok("ok".into())),
        },
        _ => Msg::Key(KeyPress::char(char::from(b' ' + (number % 95) as u8))),
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(96))]

    /// Read-only is a promise: nothing that others can see comes of whatever keys and messages.
    #[test]
    fn who_may_only_look_does_nothing_that_others_see(
        wall in proptest::bool::ANY,
        messages in proptest::collection::vec((0_usize..8, proptest::prelude::any::<u32>()), 0..250),
    ) {
        let mut settings = settings("ana", if wall { Mode::Wall } else { Mode::ReadOnly });
        settings.incidents.clocks.bell = true;
        settings.incidents.drill = true;
        // A team's own keys cannot break it either: the map is as for a person who may act.
        settings.keys = KeyMap::default();
        settings.incidents.channels = vec![("#x".into(), "Slack".into())];
        settings.incidents.pagers = vec![("duty".into(), "PagerDuty".into())];
        let mut app = App::new(settings, at(0));
        for (second, (kind, number)) in messages.into_iter().enumerate() {
            for effect in app.update(at(second as i64 * 3), message(kind, number)) {
                let looks = matches!(effect, Effect::Quit | Effect::Follow(_));
                proptest::prop_assert!(looks, "{:?}", effect);
            }
        }
        proptest::prop_assert!(app.leaving().is_empty());
    }

    /// A clock never rings twice for one due time, however it is set, quieted, switched and looked at; to quiet it never
    /// makes it ring earlier; and what was written is the whole truth of it.
    #[test]
    fn a_clock_rings_once_and_quiet_is_never_shorter(
        acts in proptest::collection::vec((0_usize..6, 0_usize..4, 1_i64..4_000), 0..60),
    ) {
        let settings = sixty::incident::ClockSettings::default();
        let opened = What::Opened { service: SERVICE.into(), title: String::new() };
        let mut incident = Incident::fold([Entry::new("0", at(0), "ana", "h", opened)]);
        let mut now = 0;
        let mut rang = std::collections::BTreeSet::new();
        for (n, (act, kind, length)) in acts.into_iter().enumerate() {
            now += length;
            let kind = ClockKind::ALL[kind];
            let clock = |incident: &Incident| {
                sixty::incident::clocks(incident, &settings).into_iter().find(|one| one.kind == kind).unwrap()
            };
            let before = clock(&incident);
            let act = match act {
                0 => Some(ClockAct::Set(at(now + length))),
                1 => before.due.map(|due| ClockAct::Snoozed(due.max(at(now)) + chrono::TimeDelta::minutes(5))),
                2 => Some(ClockAct::Off),
                3 => Some(ClockAct::On),
                _ => None,
            };
            if let Some(act) = act {
                let what = What::Clock { clock: kind, act };
                incident.apply(Entry::new(&format!("act-{n}"), at(now), "ana", "h", what));
                if matches!(act, ClockAct::Snoozed(_)) {
                    proptest::prop_assert!(clock(&incident).due >= before.due);
                }
            }
            for clock in sixty::incident::clocks(&incident, &settings) {
                let Some(due) = clock.due.filter(|_| clock.is_due(at(now)) && !clock.rang) else { continue };
                proptest::prop_assert!(rang.insert((clock.kind, due)), "{:?} twice for {}", clock.kind, due);
                let what = What::Clock { clock: clock.kind, act: ClockAct::Rang(due) };
                incident.apply(Entry::new(&format!("rang-{n}-{}", clock.kind.word()), at(now), "ana", "h", what));
            }
        }
    }

    /// No keys break it; what was written folds to the same state in a new session; ids are never used twice.
    #[test]
    fn whatever_a_person_presses_the_journal_knows_it_all(
        messages in proptest::collection::vec((0_usize..8, proptest::prelude::any::<u32>()), 0..250),
    ) {
        let mut settings = settings("ana", Mode::interactive());
        settings.incidents.channels = vec![("#x".into(), "Slack".into())];
        let mut story = Story::new(settings).broken(30);
        for (kind, number) in messages.into_iter().filter(|(kind, _)| kind % 8 != 4) {
            story.now += 1;
            story.tell(message(kind, number));
        }
        for effect in story.app.leaving() {
            if let Some(Deed::Append(_, entry)) = effect.deed() {
                story.entries.push(entry.clone());
            }
        }
        let ids: std::collections::BTreeSet<_> = story.entries.iter().map(|entry| &entry.id).collect();
        proptest::prop_assert!(ids.len() == story.entries.len() || story.count("opened") > 1);
        if story.count("opened") == 1 {
            let read: Vec<Entry> = story.entries.iter().map(|entry| Entry::parse(&entry.line()).unwrap()).collect();
            proptest::prop_assert_eq!(&Incident::fold(read), story.incident());
        }
    }
}
