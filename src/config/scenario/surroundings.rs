//! `[[vendor]]` and `[[job]]`: what is around the services.

use crate::drill::Job;
use crate::drill::Page;
use crate::drill::Timetable;
use crate::drill::Vendor;

use crate::config::reader::Section;
use crate::config::reader::Wrong;
use crate::config::service::name;

use super::known;
use super::known::Known;
use super::set;
use super::time;
use super::values;

/// What is on a page that names no components.
const COMPONENTS: [&str; 3] = ["API", "Dashboard", "Webhooks"];

/// Reads one `[[vendor]]`.
pub(super) fn vendor(section: Section<'_>, names: &mut Vec<String>) -> Option<Vendor> {
    const PAGES: [(&str, Page); 3] = [("statuspage", Page::Statuspage), ("aws", Page::Aws), ("none", Page::None)];
    let name = section.required_text("name", "name = \"Stripe\"").and_then(|text| name(&text, names));
    let page = section.value("page").and_then(|value| value.text("page = \"statuspage\""));
    let page = page.and_then(|text| values::word(&text, "kind of page", &PAGES)).unwrap_or(Page::Statuspage);
    let mut components = values::names(&section, "components", "components = [\"API\", \"Dashboard\"]");
    if components.is_empty() {
        components = COMPONENTS.map(str::to_owned).to_vec();
    }
    let region = values::words(&section, "region", "region = \"us-east-1\"");
    if region.is_some() && page != Page::Aws {
        let advice = "write page = \"aws\", or leave the region out";
        section.note_shape(Wrong::new("a region is known only of page = \"aws\"", advice));
    }
    let region = region.unwrap_or_else(|| if page == Page::Aws { "us-east-1".into() } else { String::new() });
    section.done();
    Some(Vendor { name: name?, page, components, region })
}

/// Reads one `[[job]]`.
pub(super) fn job(section: Section<'_>, known: &Known) -> Option<Job> {
    let section = section.with_elsewhere(&["instance", "time"]);
    let name = section.required_text("name", "name = \"nightly-backup\"").and_then(|text| text.map(values::line));
    let at = section.value("at").and_then(|value| time::time_of_day(&value));
    let every = section.value("every").and_then(|value| value.text("every = \"1h\"")?.map(time::whole));
    let when = match (at, every) {
        (at, Some(every)) if every >= 60 => Some(Timetable::Every(every as u32, at.unwrap_or(0))),
        (_, Some(_)) => {
            section.note_shape(Wrong::new("a job runs at most once a minute", "write every = \"1m\" or more"));
            None
        }
        (Some(at), None) => Some(Timetable::Daily(at)),
        (None, None) => {
            if !section.has("at") && !section.has("every") {
                section.lacks("at", "at = \"03:00\", or every = \"1h\"");
            }
            None
        }
    };
    let lasts = section.value("lasts").and_then(|value| value.text("lasts = \"5m\"")?.map(time::whole));
    let service = known.service(&section);
    let route = section.value("route").and_then(|value| value.text("route = \"POST /pay\""));
    let route = route.and_then(|text| known::route(&text, service?));
    let set = section.value("set").map(|value| set::read(&value, service, None)).unwrap_or_default();
    if service.is_none() && !set.is_empty() && !section.has("service") {
        section.lacks("service", "service = \"checkout-api\": there are several");
    }
    let told = values::truth(&section, "told").unwrap_or(true);
    let title = values::words(&section, "title", "title = \"Backup of the database\"").unwrap_or_default();
    let service = service.map(|service| service.name.clone());
    section.done();
    Some(Job { name: name?, when: when?, lasts: lasts.unwrap_or(300), told, title, service, route, set })
}
