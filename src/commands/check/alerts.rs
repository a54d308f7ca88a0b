//! What `sixty check` says of a source of alerts, in one line.

use crate::facts::AlertState;
use crate::facts::Alerting;

/// The words, and whether something is to be done.
pub(super) fn words(said: &Alerting) -> (bool, String) {
    if said.absent {
        return (true, said.remarks.join("; "));
    }
    let firing = said.alerts.iter().filter(|alert| alert.state == AlertState::Firing).count();
    let pending = said.alerts.len() - firing;
    let mut words = match firing {
        0 => "no alert fires".to_owned(),
        1 => "1 alert fires".to_owned(),
        many => format!("{many} alerts fire"),
    };
    if pending > 0 {
        words = format!("{words}, {pending} pending");
    }
    match said.rules {
        Some(0) => words.push_str(", no rules: nothing can fire"),
        Some(1) => words.push_str(", 1 rule"),
        Some(many) => words = format!("{words}, {many} rules"),
        None => {}
    }
    let broken = said.broken.len() + said.broken_left_out;
    if let Some(first) = said.broken.first() {
        let error = first.error.lines().next().unwrap_or_default();
        words = format!("{words}; {broken} cannot be evaluated, first: {} ({}): {error}", first.name, first.group);
    }
    for remark in &said.remarks {
        words = format!("{words}; {remark}");
    }
    (broken > 0 || said.rules == Some(0) || !said.remarks.is_empty(), words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_done_is_said() {
        let fine = Alerting { rules: Some(41), ..Alerting::default() };
        assert_eq!(words(&fine), (false, "no alert fires, 41 rules".to_owned()));
        let none = Alerting { rules: Some(0), ..Alerting::default() };
        assert_eq!(words(&none), (true, "no alert fires, no rules: nothing can fire".to_owned()));
        let absent = Alerting { absent: true, remarks: vec!["nobody".to_owned()], ..Alerting::default() };
        assert_eq!(words(&absent), (true, "nobody".to_owned()));
    }
}
