//! What a scenario has named so far, so that a name that leads nowhere is found and the one that was meant is told.

use crate::drill::Route;
use crate::drill::Service;
use crate::drill::Vendor;

use crate::config::reader::Section;
use crate::config::reader::Text;
use crate::config::reader::Wrong;
use crate::config::reader::quoted;
use crate::config::reader::suggestion;

/// Names and what they stand for.
#[derive(Default)]
pub(super) struct Known {
    /// Names of services and vendors: each only once.
    pub(super) names: Vec<String>,
    pub(super) services: Vec<Service>,
    pub(super) vendors: Vec<Vendor>,
    /// Names of changes and jobs.
    pub(super) changes: Vec<String>,
}

impl Known {
    /// The service that a key names; without it the only one there is.
    pub(super) fn service(&self, section: &Section<'_>) -> Option<&Service> {
        match section.value("service") {
            None => match self.services.as_slice() {
                [only] => Some(only),
                _ => None,
            },
            Some(value) => self.named(&value.text("service = \"checkout-api\"")?),
        }
    }

    fn named(&self, text: &Text<'_>) -> Option<&Service> {
        let found = self.services.iter().find(|service| service.name == text.raw());
        if found.is_none() {
            let names: Vec<&str> = self.services.iter().map(|service| service.name.as_str()).collect();
            missing(text, "service", &names);
        }
        found
    }
}

/// Notes that nothing has a name.
pub(super) fn missing(text: &Text<'_>, what: &str, names: &[&str]) {
    let cause = format!("there is no {what} {}", quoted(text.raw()));
    let advice = if names.is_empty() { format!("the scenario has no {what}") } else { suggestion(text.raw(), names) };
    text.misfit(Wrong::new(cause, advice));
}

/// The name of a route of a service that a text names: `POST /pay`, or its path alone where only one has it.
pub(super) fn route(text: &Text<'_>, service: &Service) -> Option<String> {
    let names: Vec<String> = service.routes.iter().map(Route::name).collect();
    if names.iter().any(|name| name == text.raw()) {
        return Some(text.raw().to_owned());
    }
    let mut of_path = service.routes.iter().filter(|route| route.path == text.raw());
    if let (Some(only), None) = (of_path.next(), of_path.next()) {
        return Some(only.name());
    }
    missing(text, "route", &names.iter().map(String::as_str).collect::<Vec<_>>());
    None
}
