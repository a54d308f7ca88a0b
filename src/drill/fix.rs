//! A [`Fix`]: what somebody can try on a simulated service. Commands to a story, which can reach nothing real.
//!
//! What each of them does to the world is [`Scenario::fixed`](crate::drill::Scenario::fixed)'s.

/// Something to try. Names are those of changes (`api v2.31.0`), services, vendors and jobs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Fix {
    /// The version before a deploy comes back, one instance after the other.
    RollBack(String),
    /// A flag or a setting gets the value that it had.
    SwitchBack(String),
    /// All instances of a service begin anew, half of them at a time.
    Restart(String),
    /// One instance of a service, counted from 1, is taken out, and a new one comes in its place.
    Replace(String, usize),
    /// A service gets twice as many instances.
    Scale(String),
    /// Calls go to the vendor's stand-in.
    FailOver(String),
    /// Nothing, until the vendor has mended it.
    Wait(String),
    /// A job ends, and does not run again.
    StopJob(String),
    /// What fills the disks of a service is deleted.
    FreeDisk(String),
    /// Whoever sends a service far more than usual is refused.
    Block(String),
    /// The settings of a service become what is written in its repository.
    Settings(String),
    /// Sessions that hold locks are ended on the database of a service, and its plans are made anew.
    Database(String),
    /// The way to a service (names, certificates, balancers) is put back.
    Way(String),
    /// The fault is looked for in the code of a service, mended and deployed.
    Mend(String),
    /// Nothing: watch.
    Nothing,
}

/// How long a fault takes to be found, mended and built, in seconds, before it is deployed.
pub(super) const MENDING: i64 = 360;

impl Fix {
    /// As the screen and the journal name it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::RollBack(change) => format!("roll back {change}"),
            Self::SwitchBack(change) => format!("put {change} back"),
            Self::Restart(service) => format!("restart all of {service}"),
            Self::Replace(service, number) => format!("replace instance {number} of {service}"),
            Self::Scale(service) => format!("double the instances of {service}"),
            Self::FailOver(vendor) => format!("fail over from {vendor}"),
            Self::Wait(vendor) => format!("wait for {vendor}"),
            Self::StopJob(job) => format!("stop the job {job}"),
            Self::FreeDisk(service) => format!("free the disks of {service}"),
            Self::Block(service) => format!("block the caller that floods {service}"),
            Self::Settings(service) => format!("put the settings of {service} to what is written"),
            Self::Database(service) => format!("end locks and renew plans on the database of {service}"),
            Self::Way(service) => format!("mend the way to {service}: names, certificates, balancer"),
            Self::Mend(service) => format!("mend the code of {service} and deploy it"),
            Self::Nothing => "do nothing and watch".to_owned(),
        }
    }

    /// What is said when it is begun: how long it takes, never whether it helps.
    #[must_use]
    pub fn begun(&self) -> String {
        let more = match self {
            Self::RollBack(_) => "; it rolls one instance after the other",
            Self::SwitchBack(_) => "; it is everywhere within seconds",
            Self::Restart(_) => "; half of them at a time, each is away for 20 s",
            Self::Replace(..) => "; the new one answers in 30 s",
            Self::Scale(_) => "; they come in a minute",
            Self::StopJob(_) | Self::Settings(_) | Self::Database(_) => "; it takes 20 s",
            Self::FailOver(_) | Self::FreeDisk(_) | Self::Block(_) | Self::Way(_) => "; it takes 30 s",
            Self::Mend(_) => "; it is built in 6 minutes, then it rolls",
            Self::Wait(_) | Self::Nothing => "",
        };
        format!("{}{more}", self.name())
    }

    /// The key by which it is asked for.
    #[must_use]
    pub fn key(&self) -> String {
        let (word, about) = match self {
            Self::RollBack(about) => ("roll-back", about),
            Self::SwitchBack(about) => ("switch-back", about),
            Self::Restart(about) => ("restart", about),
            Self::Replace(about, number) => return format!("replace-{number}:{about}"),
            Self::Scale(about) => ("scale", about),
            Self::FailOver(about) => ("fail-over", about),
            Self::Wait(about) => ("wait", about),
            Self::StopJob(about) => ("stop", about),
            Self::FreeDisk(about) => ("free-disk", about),
            Self::Block(about) => ("block", about),
            Self::Settings(about) => ("settings", about),
            Self::Database(about) => ("database", about),
            Self::Way(about) => ("way", about),
            Self::Mend(about) => ("mend", about),
            Self::Nothing => return "nothing".to_owned(),
        };
        format!("{word}:{about}")
    }

    /// What a key asks for; `None` for one that is none.
    #[must_use]
    pub fn of_key(key: &str) -> Option<Self> {
        if key == "nothing" {
            return Some(Self::Nothing);
        }
        let (word, about) = key.split_once(':')?;
        let about = about.to_owned();
        Some(match word {
            "roll-back" => Self::RollBack(about),
            "switch-back" => Self::SwitchBack(about),
            "restart" => Self::Restart(about),
            "scale" => Self::Scale(about),
            "fail-over" => Self::FailOver(about),
            "wait" => Self::Wait(about),
            "stop" => Self::StopJob(about),
            "free-disk" => Self::FreeDisk(about),
            "block" => Self::Block(about),
            "settings" => Self::Settings(about),
            "database" => Self::Database(about),
            "way" => Self::Way(about),
            "mend" => Self::Mend(about),
            other => Self::Replace(about, other.strip_prefix("replace-")?.parse().ok()?),
        })
    }

    /// Everything that could be tried and is no change: of every service and every vendor, so that the list tells
    /// nothing. What to do about changes and jobs follows from those that the screen knows.
    #[must_use]
    pub fn offers(scenario: &crate::drill::Scenario) -> Vec<Self> {
        let mut all = Vec::new();
        for service in &scenario.services {
            let name = || service.name.clone();
            all.extend([Self::Restart(name()), Self::Scale(name())]);
            if service.instances > 1 {
                all.extend((1..=service.instances).map(|number| Self::Replace(name(), number)));
            }
            all.extend([Self::Settings(name()), Self::Database(name()), Self::FreeDisk(name())]);
            all.extend([Self::Block(name()), Self::Way(name()), Self::Mend(name())]);
        }
        let mut outside: Vec<&String> = scenario.vendors.iter().map(|vendor| &vendor.name).collect();
        let calls = scenario.services.iter().flat_map(|service| &service.calls).map(|call| &call.to);
        outside.extend(calls.filter(|to| scenario.services.iter().all(|service| service.name != **to)));
        outside.sort();
        outside.dedup();
        all.extend(outside.iter().flat_map(|name| [Self::FailOver((*name).clone()), Self::Wait((*name).clone())]));
        all.push(Self::Nothing);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written() {
        let about = || "api v2: odd".to_owned();
        let all = [
            Fix::RollBack(about()),
            Fix::SwitchBack(about()),
            Fix::Restart(about()),
            Fix::Replace(about(), 12),
            Fix::Scale(about()),
            Fix::FailOver(about()),
            Fix::Wait(about()),
            Fix::StopJob(about()),
            Fix::FreeDisk(about()),
            Fix::Block(about()),
            Fix::Settings(about()),
            Fix::Database(about()),
            Fix::Way(about()),
            Fix::Mend(about()),
            Fix::Nothing,
        ];
        for fix in all {
            assert_eq!(Fix::of_key(&fix.key()), Some(fix));
        }
        for key in ["", "roll-back", "replace-x:api", "reboot:api"] {
            assert_eq!(Fix::of_key(key), None);
        }
    }
}
