//! The Azure public feed, RSS 2.0: an item is a large incident, and leaves the feed when it is solved.
//!
//! The feed has no severity, so any item is `degraded`. Categories mix services and regions; which of them is a
//! region is told by the words that regions are made of.

use chrono::{DateTime, Utc};
use quick_xml::events::Event;
use quick_xml::reader::Reader;

use crate::facts::At;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::Level;
use crate::facts::Notice;
use crate::facts::NoticeState;
use crate::facts::ProviderStatus;
use crate::facts::text::clean_line;
use crate::sources::status::draft;
use crate::sources::status::draft::Draft;
use crate::sources::status::filter::Filter;
use crate::sources::status::filter::Part;
use crate::sources::status::json::strange;
use crate::sources::status::plain::title;

/// Words of which every region's name has one.
const PLACES: [&str; 32] = [
    "us",
    "uk",
    "uae",
    "europe",
    "asia",
    "india",
    "australia",
    "brazil",
    "canada",
    "china",
    "france",
    "germany",
    "italy",
    "japan",
    "jio",
    "korea",
    "mexico",
    "norway",
    "poland",
    "qatar",
    "africa",
    "spain",
    "sweden",
    "switzerland",
    "israel",
    "indonesia",
    "malaysia",
    "zealand",
    "chile",
    "austria",
    "belgium",
    "global",
];

/// How deep elements may lie in each other; a feed needs four.
const DEPTH: usize = 32;

/// The most items that are read; a feed has one or two.
const ITEMS: usize = 500;

#[derive(Default)]
struct Item {
    guid: String,
    title: String,
    description: String,
    link: String,
    published: String,
    categories: Vec<String>,
}

#[derive(Default)]
struct Feed {
    title: String,
    link: String,
    built: String,
    items: Vec<Item>,
}

pub(super) fn read(text: &str, filter: &Filter, at: At) -> Result<ProviderStatus, Fault> {
    let feed = parse(text)?;
    if !feed.title.to_lowercase().contains("azure") && !feed.link.to_lowercase().contains("azure") {
        return Err(strange("an RSS feed, but not Azure's"));
    }
    let items: Vec<&Item> = feed.items.iter().filter(|item| concerns(item, filter)).collect();
    let parts: Vec<Part> = items
        .iter()
        .flat_map(|item| item.categories.iter().filter(|name| !is_place(name)).chain([&item.title]))
        .map(|name| Part {
            name: draft::name(name),
            alias: String::new(),
            level: Level::Degraded,
            word: "named in an open incident".to_owned(),
        })
        .collect();
    // Without a choice the services are listed with the incident; rows for each of them would say nothing new.
    let components = if filter.components.is_empty() { Vec::new() } else { filter.rows(&parts) };
    let notices: Vec<Notice> = items.into_iter().map(|item| notice(item, at)).collect();
    let (level, page_updated) = (draft::worst_active(&notices), date(&feed.built));
    Ok(Draft { level, words: String::new(), components, notices, page_updated }.finish())
}

fn date(text: &str) -> Option<At> {
    DateTime::parse_from_rfc2822(text.trim()).ok().map(|date| date.with_timezone(&Utc))
}

fn is_place(category: &str) -> bool {
    // Region names have no other words than places, points of the compass and numbers: `Azure Africa` is none.
    let mut words = category.split_whitespace().map(str::to_lowercase).peekable();
    let compass =
        ["north", "south", "east", "west", "central", "southeast", "northeast", "southwest", "northwest", "new"];
    words.peek().is_some()
        && category.split_whitespace().any(|word| PLACES.contains(&word.to_lowercase().as_str()))
        && words.all(|word| {
            PLACES.contains(&word.as_str())
                || compass.contains(&word.as_str())
                || word.bytes().all(|b| b.is_ascii_digit())
        })
}

/// Whether an item matters: one that names no service concerns every service, the same for regions.
fn concerns(item: &Item, filter: &Filter) -> bool {
    let (places, services): (Vec<&str>, Vec<&str>) =
        item.categories.iter().map(String::as_str).partition(|name| is_place(name));
    let by_title = !filter.components.is_empty() && filter.components([item.title.as_str()]);
    (by_title || filter.components(services)) && filter.regions(places)
}

fn notice(item: &Item, at: At) -> Notice {
    let link = draft::link(&item.link);
    Notice {
        // Slugs are used again for later incidents.
        id: clean_line(&format!("{} {}", item.guid, item.published), 200),
        title: title(if item.title.trim().is_empty() { "(no title)" } else { &item.title }),
        level: Level::Degraded,
        state: NoticeState::Unknown,
        started: date(&item.published).unwrap_or(at),
        until: None,
        components: item.categories.iter().map(|name| draft::name(name)).collect(),
        updates: draft::update(date(&item.published).unwrap_or(at), &item.description).into_iter().collect(),
        // An internal host of the feed's builders leads nowhere.
        link: if link.contains("azurewebsites.net") { String::new() } else { link },
    }
}

fn broken(error: &dyn std::fmt::Display) -> Fault {
    Fault::new(FaultKind::Unreadable, &format!("broken XML: {error}")).advise("check the address of the feed")
}

fn parse(text: &str) -> Result<Feed, Fault> {
    let mut reader = Reader::from_str(text.trim_start());
    let mut feed = Feed::default();
    let mut path: Vec<String> = Vec::new();
    let mut value = String::new();
    let mut seen_channel = false;
    loop {
        match reader.read_event().map_err(|error| broken(&error))? {
            Event::Start(tag) => {
                let name = name_of(tag.name().as_ref());
                if path.is_empty() && name != "rss" {
                    return Err(strange("not an RSS feed"));
                }
                if path.len() >= DEPTH {
                    return Err(strange("not an RSS feed: too deep"));
                }
                path.push(name);
                value.clear();
                seen_channel |= path == ["rss", "channel"];
                if path == ["rss", "channel", "item"] && feed.items.len() < ITEMS {
                    feed.items.push(Item::default());
                }
            }
            Event::Empty(tag) if path.is_empty() || name_of(tag.name().as_ref()) == "item" => {
                return Err(strange("an RSS feed with an empty element where a list should be"));
            }
            Event::End(_) => {
                store(&mut feed, &path, &value);
                path.pop();
                value.clear();
            }
            Event::Text(piece) => value.push_str(&piece),
            Event::CData(piece) => value.push_str(&piece),
            Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                Ok(Some(c)) => value.push(c),
                _ => match quick_xml::escape::resolve_xml_entity(&reference) {
                    Some(text) => value.push_str(text),
                    // Kept as it is: it is HTML inside, and is resolved with it.
                    None => value.extend(["&", &*reference, ";"]),
                },
            },
            Event::Eof => break,
            _ => {}
        }
    }
    if !path.is_empty() {
        return Err(Fault::new(FaultKind::Truncated, "the feed ends early").advise("ask again, or look at the address"));
    }
    if seen_channel { Ok(feed) } else { Err(strange("not an RSS feed: no channel in it")) }
}

fn name_of(name: impl AsRef<str>) -> String {
    name.as_ref().to_owned()
}

fn store(feed: &mut Feed, path: &[String], value: &str) {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let value = || value.trim().to_owned();
    match (path.as_slice(), feed.items.last_mut()) {
        (["rss", "channel", "title"], _) => feed.title = value(),
        (["rss", "channel", "link"], _) => feed.link = value(),
        (["rss", "channel", "lastBuildDate"], _) => feed.built = value(),
        (["rss", "channel", "item", field], Some(item)) => match *field {
            "guid" => item.guid = value(),
            "title" => item.title = value(),
            "description" => item.description = value(),
            "link" => item.link = value(),
            "pubDate" => item.published = value(),
            "category" if item.categories.len() < ITEMS => item.categories.push(value()),
            _ => {}
        },
        _ => {}
    }
}
