//! The key table: every key is one row, from which the help page, the footer and the README are made.

use std::collections::BTreeMap;
use std::collections::HashMap;

use crate::app::KeyCode;
use crate::app::KeyPress;

/// What a key means.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Command {
    /// Tick or untick the item with that number.
    Tick(u8),
    /// Tick or untick the chosen item.
    TickChosen,
    /// Open what is chosen to the full screen.
    Open,
    /// Go back; on the main screen, nothing.
    Back,
    /// The next pane.
    NextPane,
    /// The pane before.
    PreviousPane,
    /// One line up.
    Up,
    /// One line down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the first line.
    First,
    /// To the last line.
    Last,
    /// All services, worst first.
    Services,
    /// The next service; on a runbook the next one that fits.
    NextService,
    /// The service before; on a runbook the one before that fits.
    PreviousService,
    /// The runbook that fits best, or all of them.
    Runbook,
    /// What fires.
    Alerts,
    /// What changed, the suspects first.
    Changes,
    /// What ends it soonest.
    QuickWin,
    /// What the verdict is made from.
    Evidence,
    /// What happened to the sources.
    Log,
    /// Acknowledge the page.
    Acknowledge,
    /// Write something down.
    Note,
    /// Tell the others.
    Update,
    /// The incident.
    Incident,
    /// All incidents.
    Incidents,
    /// What happened, in order.
    Timeline,
    /// On to the next stage.
    NextStage,
    /// Back to the stage before.
    PreviousStage,
    /// Say what was done to end it.
    Fix,
    /// Write down what it may be.
    Hypothesis,
    /// Quiet the clock that is due.
    Snooze,
    /// Give a drill up.
    GiveUp,
    /// Move the time axis into the past.
    Earlier,
    /// Move the time axis towards now.
    Later,
    /// Back to now.
    Live,
    /// A shorter time axis.
    ZoomIn,
    /// A longer time axis.
    ZoomOut,
    /// Ask in `PromQL`.
    Query,
    /// Ask every source now.
    Refresh,
    /// Copy the verdict, or what is open.
    Copy,
    /// The keys.
    Help,
    /// Stop the program until `fg`.
    Suspend,
    /// Paint the whole screen anew.
    Repaint,
    /// Leave.
    Quit,
}

impl Command {
    /// Whether it chooses, scrolls or turns pages, and changes nothing else.
    #[must_use]
    pub const fn moves(self) -> bool {
        matches!(
            self,
            Self::Open
                | Self::Back
                | Self::NextPane
                | Self::PreviousPane
                | Self::Up
                | Self::Down
                | Self::PageUp
                | Self::PageDown
                | Self::First
                | Self::Last
        )
    }

    /// Whether it works on the wall and with `--read-only`: there one can read the keys, and leave.
    #[must_use]
    pub const fn looks(self) -> bool {
        matches!(self, Self::Quit | Self::Help)
    }
}

/// One row of the key table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// The name in `[keys]` of the configuration.
    pub name: &'static str,
    /// What it means. `Tick(0)` stands for the digit that was pressed.
    pub command: Command,
    /// The keys, as [`KeyPress::parse`] reads them.
    pub keys: &'static [&'static str],
    /// What it does, for the help page and the README.
    pub help: &'static str,
    /// The word in the footer; rows without one are only in the help.
    pub footer: Option<&'static str>,
    /// Whether it works on the wall and with `--read-only`.
    pub read_only: bool,
}

const fn row(
    name: &'static str,
    command: Command,
    keys: &'static [&'static str],
    footer: Option<&'static str>,
    help: &'static str,
) -> Binding {
    Binding { name, command, keys, help, footer, read_only: command.looks() }
}

/// All keys, in the order of the help page.
pub const KEYS: &[Binding] = &[
    row(
        "tick",
        Command::Tick(0),
        &["1", "2", "3", "4", "5", "6", "7", "8", "9"],
        Some("tick"),
        "Tick or untick the item with that number",
    ),
    row("tick-chosen", Command::TickChosen, &["Space"], None, "Tick or untick the chosen item"),
    row("open", Command::Open, &["Enter"], Some("open"), "Open what is chosen to the full screen"),
    row("back", Command::Back, &["Esc", "Backspace"], None, "Back to the screen before"),
    row("next-pane", Command::NextPane, &["Tab"], Some("next pane"), "Next pane"),
    row("previous-pane", Command::PreviousPane, &["Shift-Tab"], None, "Pane before"),
    row("up", Command::Up, &["Up", "k"], None, "Up"),
    row("down", Command::Down, &["Down", "j"], None, "Down"),
    row("page-up", Command::PageUp, &["PgUp", "Ctrl-U"], None, "A page up"),
    row("page-down", Command::PageDown, &["PgDn", "Ctrl-D"], None, "A page down"),
    row("first", Command::First, &["Home", "g"], None, "To the first line"),
    row("last", Command::Last, &["End", "G"], None, "To the last line"),
    row("services", Command::Services, &["s"], Some("services"), "All services, worst first"),
    row("next-service", Command::NextService, &["N"], None, "Next service; on a runbook the next that fits"),
    row("previous-service", Command::PreviousService, &["P"], None, "Service before; on a runbook the one before"),
    row("acknowledge", Command::Acknowledge, &["a"], Some("ack"), "Acknowledge the page, at the pager and here"),
    row("note", Command::Note, &["n"], Some("note"), "Write a note into the incident's journal"),
    row("update", Command::Update, &["u"], Some("update"), "An update for the others: drafted, edited, sent, copied"),
    row(
        "incident",
        Command::Incident,
        &["i"],
        Some("incident"),
        "The incident: stage, answers, hypotheses, clocks, roles",
    ),
    row("timeline", Command::Timeline, &["t"], Some("timeline"), "What happened in the incident, in order"),
    row("incidents", Command::Incidents, &["I"], None, "All incidents: join, reopen, merge"),
    row("hypothesis", Command::Hypothesis, &["H"], None, "Write down what it may be, with what speaks for it"),
    row("fix", Command::Fix, &["f"], None, "Say what was done to end it; sixty then watches whether it helps"),
    row("next-stage", Command::NextStage, &[">"], None, "On to the next stage; behind the last: resolved"),
    row("previous-stage", Command::PreviousStage, &["<"], None, "Back to the stage before"),
    row("snooze", Command::Snooze, &["z"], None, "Quiet the clock that is due for five minutes"),
    row("give-up", Command::GiveUp, &["X"], None, "In a drill: give up, and be told what it was"),
    row("alerts", Command::Alerts, &["A"], Some("alerts"), "Alerts that fire, and rules that cannot be evaluated"),
    row("quick-win", Command::QuickWin, &["w"], Some("quick win"), "What ends it soonest, why, and the command for it"),
    row("changes", Command::Changes, &["c"], None, "What changed: the suspects, and what speaks for and against each"),
    row("evidence", Command::Evidence, &["e"], None, "What the verdict is made from: rules, queries, windows, dates"),
    row("runbook", Command::Runbook, &["r"], Some("runbook"), "The runbook that fits best; again: all"),
    row("earlier", Command::Earlier, &["[", "Left", "h"], None, "Time axis: earlier"),
    row("later", Command::Later, &["]", "Right", "l"], None, "Time axis: later"),
    row("live", Command::Live, &["0"], None, "Time axis: back to now"),
    row("zoom-in", Command::ZoomIn, &["+", "="], None, "Time axis: shorter"),
    row("zoom-out", Command::ZoomOut, &["-"], None, "Time axis: longer"),
    row("query", Command::Query, &[":"], None, "Ask in PromQL; the answer is drawn as a strip"),
    row("refresh", Command::Refresh, &["R"], None, "Ask every source now (vendors: at most once a minute)"),
    row("copy", Command::Copy, &["y"], Some("copy"), "Copy the verdict, or what is open (also to a file)"),
    row("log", Command::Log, &["L"], Some("log"), "What happened to the sources"),
    row("help", Command::Help, &["?", "F1"], Some("help"), "The keys"),
    row("suspend", Command::Suspend, &["Ctrl-Z"], None, "Back to the shell until fg"),
    row("repaint", Command::Repaint, &["Ctrl-L"], None, "Paint the screen anew"),
    row("quit", Command::Quit, &["q", "Ctrl-C"], Some("quit"), "Leave; nothing is lost"),
];

/// Which key means what, after the team's own choices.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyMap {
    commands: HashMap<KeyPress, Command>,
    shown: BTreeMap<&'static str, Vec<KeyPress>>,
}

impl KeyMap {
    /// The table with the keys of some rows replaced, by row name. `Ctrl-C` always leaves: a person must never be
    /// locked in. With `read_only`, only the rows that the wall knows are there.
    ///
    /// # Errors
    /// A sentence for each row name that does not exist, key that cannot be read, and key that means two things.
    pub fn new(chosen: &BTreeMap<String, Vec<String>>, read_only: bool) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        for name in chosen.keys().filter(|name| KEYS.iter().all(|row| row.name != **name)) {
            problems.push(format!("there is no key row `{name}`"));
        }
        let mut map = Self { commands: HashMap::new(), shown: BTreeMap::new() };
        for row in KEYS {
            let own = chosen.get(row.name);
            let specs: Vec<&str> =
                own.map_or_else(|| row.keys.to_vec(), |keys| keys.iter().map(String::as_str).collect());
            for (index, spec) in specs.iter().enumerate() {
                let Some(press) = KeyPress::parse(spec) else {
                    problems.push(format!("`{spec}` is not a key; write it like `x`, `Ctrl-X`, `Enter`, `F5`"));
                    continue;
                };
                map.bind(row, press, index, &mut problems);
            }
        }
        map.commands.entry(KeyPress { code: KeyCode::Char('c'), ctrl: true }).or_insert(Command::Quit);
        if read_only {
            map.commands.retain(|_, command| command.looks());
            map.shown.retain(|name, _| KEYS.iter().any(|row| row.name == *name && row.read_only));
        }
        if problems.is_empty() { Ok(map) } else { Err(problems) }
    }

    fn bind(&mut self, row: &Binding, press: KeyPress, index: usize, problems: &mut Vec<String>) {
        let command = match row.command {
            Command::Tick(_) => Command::Tick(index as u8 + 1),
            other => other,
        };
        if let Some(other) = self.commands.insert(press, command)
            && other != command
        {
            problems.push(format!("the key `{press}` means two things, `{}` is one of them", row.name));
        }
        self.shown.entry(row.name).or_default().push(press);
    }

    /// What a key means; `None` for a key that means nothing.
    #[must_use]
    pub fn command(&self, press: KeyPress) -> Option<Command> {
        self.commands.get(&press).copied()
    }

    /// The keys of a row as people read them: `1-9`, `q Ctrl-C`; empty where the row has none.
    #[must_use]
    pub fn shown(&self, row: &Binding) -> Vec<String> {
        let keys = self.shown.get(row.name).map_or(&[][..], Vec::as_slice);
        if row.name == "tick" && keys.len() == 9 && keys[0] == KeyPress::char('1') && keys[8] == KeyPress::char('9') {
            return vec!["1-9".to_owned()];
        }
        keys.iter().map(ToString::to_string).collect()
    }
}

impl Default for KeyMap {
    /// The table as it ships.
    fn default() -> Self {
        Self::new(&BTreeMap::new(), false).unwrap_or(Self { commands: HashMap::new(), shown: BTreeMap::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_readable_and_means_one_thing() {
        let map = KeyMap::new(&BTreeMap::new(), false).unwrap();
        for row in KEYS {
            for spec in row.keys {
                let press = KeyPress::parse(spec).unwrap();
                assert_eq!(press.to_string(), *spec, "written as it is read");
                assert!(map.command(press).is_some());
            }
        }
        assert_eq!(map.command(KeyPress::char('3')), Some(Command::Tick(3)));
        assert_eq!(map.shown(&KEYS[0]), ["1-9"]);
    }

    #[test]
    fn teams_choose_their_keys_and_are_told_what_clashes() {
        let chosen = |rows: &[(&str, &[&str])]| {
            rows.iter()
                .map(|(name, keys)| ((*name).to_owned(), keys.iter().map(|k| (*k).to_owned()).collect()))
                .collect::<BTreeMap<_, _>>()
        };
        let map = KeyMap::new(&chosen(&[("quit", &["Q"])]), false).unwrap();
        assert_eq!(map.command(KeyPress::char('Q')), Some(Command::Quit));
        assert_eq!(map.command(KeyPress::char('q')), None);
        assert_eq!(map.command(KeyPress::parse("Ctrl-C").unwrap()), Some(Command::Quit), "a way out stays");
        let problems = KeyMap::new(&chosen(&[("quit", &["s"]), ("leave", &["x"]), ("help", &["Hyper-x"])]), false);
        assert_eq!(problems.unwrap_err().len(), 3);
    }

    #[test]
    fn who_may_only_look_can_look_and_leave() {
        let map = KeyMap::new(&BTreeMap::new(), true).unwrap();
        let known: Vec<_> = KEYS.iter().filter(|row| !map.shown(row).is_empty()).map(|row| row.name).collect();
        assert_eq!(known, ["help", "quit"]);
        assert_eq!(map.command(KeyPress::char('1')), None);
        assert_eq!(map.command(KeyPress::char(' ')), None);
    }
}
