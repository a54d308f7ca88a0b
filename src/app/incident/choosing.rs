//! Keys on the pages of an incident: what Enter, Space and letters do with the row that is chosen.

use crate::app::App;
use crate::app::Deed;
use crate::app::Effect;
use crate::app::IncidentRow;
use crate::app::KeyCode;
use crate::app::KeyPress;
use crate::app::Page;
use crate::app::Purpose;
use crate::app::incident::sure::Sure;
use crate::incident::Question;
use crate::incident::Role;
use crate::incident::TestState;
use crate::incident::What;
use crate::incident::id_part;

impl App {
    /// A key of a person: an answer to what was asked, a letter of a text, a key of the page, or a command.
    pub(in crate::app) fn key(&mut self, press: KeyPress) -> Vec<Effect> {
        let may_act = !self.settings.mode.is_read_only();
        let effects = match self.navigation.page() {
            Page::Query => self.typed(press),
            Page::Write if may_act => self.write_key(press),
            _ => {
                let mut here = may_act.then(|| self.answered(press)).flatten();
                if here.is_none() && may_act && !matches!(press.code, KeyCode::Pasted(_)) && !self.is_leaving(press) {
                    here = self.pressed_here(press);
                }
                let command = self.settings.keys.command(press);
                here.unwrap_or_else(|| command.map_or_else(Vec::new, |command| self.obey(command)))
            }
        };
        self.looked(effects)
    }

    fn is_leaving(&self, press: KeyPress) -> bool {
        self.settings.keys.command(press) == Some(crate::app::Command::Quit)
    }

    /// A key that means something on the page that is shown, and something else elsewhere.
    fn pressed_here(&mut self, press: KeyPress) -> Option<Vec<Effect>> {
        if press.code == KeyCode::Enter
            && self.breath().is_some()
            && matches!(self.navigation.page(), Page::Service | Page::Incident)
        {
            return Some(self.skip_breath());
        }
        match self.navigation.page() {
            Page::Incident if !press.ctrl => self.on_incident(press.code),
            Page::Incidents if !press.ctrl => self.on_incidents(press.code),
            Page::Pages if !press.ctrl => self.on_pages(press.code),
            Page::Update => self.on_update(press),
            Page::QuickWin if self.settings.incidents.drill && !press.ctrl => self.on_fixes(press.code),
            Page::Checklist if matches!(press.code, KeyCode::Tab | KeyCode::BackTab) => {
                self.navigation.list = usize::from(self.navigation.list == 0);
                self.navigation.item = 0;
                Some(Vec::new())
            }
            Page::Timeline if matches!(press.code, KeyCode::Tab | KeyCode::BackTab) => {
                self.navigation.noise = !self.navigation.noise;
                self.navigation.scroll = 0;
                Some(Vec::new())
            }
            _ => None,
        }
    }

    /// The chosen row of the incident's page.
    pub fn chosen_row(&self) -> Option<IncidentRow> {
        let rows = self.incident_rows();
        rows.get(self.navigation.row.min(rows.len().saturating_sub(1))).cloned()
    }

    fn on_incident(&mut self, code: KeyCode) -> Option<Vec<Effect>> {
        let index = self.navigation.service?;
        let row = self.chosen_row()?;
        match (code, row) {
            (KeyCode::Enter, row) => Some(self.enter_row(index, row)),
            (KeyCode::Char(' '), IncidentRow::Clock(kind)) => Some(self.switch(index, kind)),
            // There is nothing to tick here.
            (KeyCode::Char(' '), _) => Some(Vec::new()),
            (KeyCode::Char('r'), IncidentRow::Hypothesis(key)) => Some(self.tested(index, key, TestState::Right)),
            (KeyCode::Char('w'), IncidentRow::Hypothesis(key)) => Some(self.tested(index, key, TestState::Wrong)),
            (KeyCode::Char('t'), IncidentRow::Hypothesis(key)) => Some(self.tested(index, key, TestState::Testing)),
            (KeyCode::Char('o'), IncidentRow::Hypothesis(key)) => Some(self.tested(index, key, TestState::Open)),
            (KeyCode::Char('y'), IncidentRow::HandOver) => Some(self.act(Deed::Copy(self.hand_over_text()))),
            _ => None,
        }
    }

    fn enter_row(&mut self, index: usize, row: IncidentRow) -> Vec<Effect> {
        match row {
            IncidentRow::Stage => return self.next_stage(),
            IncidentRow::Clock(kind) => self.begin_writing(Purpose::Clock(kind), ""),
            IncidentRow::Question(question) => self.begin_answer(index, question),
            IncidentRow::Hypothesis(key) => return self.test_next(index, key),
            IncidentRow::NewHypothesis => self.begin_writing(Purpose::Hypothesis, ""),
            IncidentRow::Role(role) => self.begin_role(index, role),
            IncidentRow::Update(key) => self.open_update(key),
            IncidentRow::HandOver => {
                let text = format!("To: \n\n{}", self.hand_over_text());
                self.begin_writing(Purpose::HandOver, &text);
            }
            IncidentRow::NewAction => self.begin_writing(Purpose::Action, ""),
            IncidentRow::PostMortem => {
                let Some(service) = self.services.get(index) else { return Vec::new() };
                let name = std::sync::Arc::clone(&service.name);
                if service.incident.is_empty() {
                    self.say("there is no incident to write about".to_owned());
                    return Vec::new();
                }
                self.say("writing the post-mortem".to_owned());
                return self.act(Deed::Export(name));
            }
        }
        Vec::new()
    }

    fn begin_answer(&mut self, index: usize, question: Question) {
        let answer = self.answer(index, question);
        self.begin_writing(Purpose::Assess(question), answer.words());
    }

    fn begin_role(&mut self, index: usize, role: Role) {
        let name = self.services[index].incident.role(role).map(|said| said.text);
        let name = name.unwrap_or_else(|| self.settings.who.clone());
        self.begin_writing(Purpose::Role(role), &name);
    }

    /// Enter on a hypothesis: it is tested; then it is asked what came of it.
    fn test_next(&mut self, index: usize, key: String) -> Vec<Effect> {
        let all = self.services[index].incident.hypotheses();
        match all.into_iter().find(|one| one.key == key).map(|one| one.state) {
            Some(TestState::Open) => self.tested(index, key, TestState::Testing),
            Some(TestState::Testing) => {
                self.say("r it was right, w it was wrong, o open again".to_owned());
                Vec::new()
            }
            Some(TestState::Right | TestState::Wrong) => {
                self.begin_writing(Purpose::Test(key), "");
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// What came of a hypothesis counts at once; the words about it follow, if there are any.
    fn tested(&mut self, index: usize, key: String, state: TestState) -> Vec<Effect> {
        let effects = self.write(index, What::Tested { hypothesis: key.clone(), state, text: String::new() });
        if matches!(state, TestState::Right | TestState::Wrong) {
            self.begin_writing(Purpose::Test(key), "");
        }
        effects
    }

    fn on_incidents(&mut self, code: KeyCode) -> Option<Vec<Effect>> {
        let rows = self.incidents.as_ref()?.as_ref().ok()?;
        let row = rows.get(self.navigation.listed)?.clone();
        match code {
            KeyCode::Enter => {
                if let Some(index) = self.index_of(&row.service) {
                    self.select_service(index);
                }
                if row.resolved_at.is_some() {
                    let words = format!("{} is over: does it go on? Enter yes, Esc no", called(&row.title, &row.id));
                    return Some(self.ask_sure(Sure::Reopen(row.id), words));
                }
                if self.index_of(&row.service).is_some() {
                    self.navigation.only(Page::Service);
                    self.navigation.show(Page::Incident);
                } else {
                    self.say(format!("{} is not watched here", row.service));
                }
                Some(Vec::new())
            }
            KeyCode::Char('m') => {
                let here = self.navigation.service.and_then(|index| self.incident_id(index));
                let Some(here) = here.filter(|here| *here != row.id && row.merged_into.is_none()) else {
                    self.say("choose the other incident that is a part of the one that is shown".to_owned());
                    return Some(Vec::new());
                };
                let words = format!("is {} a part of this incident? Enter yes, Esc no", called(&row.title, &row.id));
                Some(self.ask_sure(Sure::Merge(row.id, here), words))
            }
            _ => None,
        }
    }

    /// In a drill it is written down which pages were opened, for the debrief; each once.
    fn looked(&mut self, mut effects: Vec<Effect>) -> Vec<Effect> {
        let page = self.navigation.page();
        if !self.settings.incidents.drill || self.desk.looked == Some(page.word()) {
            return effects;
        }
        self.desk.looked = Some(page.word());
        let open = |index: &usize| self.services.get(*index).is_some_and(|one| one.incident.opened_at().is_some());
        if let Some(index) = self.navigation.service.filter(open) {
            let id = format!("looked-{}-{}", id_part(page.word()), id_part(&self.settings.who));
            effects.extend(self.write_as(index, &id, What::Looked { page: page.word().to_owned() }));
        }
        effects
    }
}

/// What an incident is called in a sentence.
fn called(title: &str, id: &str) -> String {
    if title.is_empty() { format!("`{id}`") } else { format!("“{title}”") }
}
