//! The paths of the told world: the service, its vendors, the forge.

use super::deploys::REPOSITORY;
use super::deploys::Wanted;
use super::world::StoryWorld;
use crate::drill::Answered;
use crate::drill::Served;
use crate::facts::At;
use std::borrow::Cow;

/// The feed says so, although it is big endian, which only its first two bytes tell.
const WIDE_JSON: &str = "application/json;charset=utf-16";

/// | path | what |
/// |---|---|
/// | `/metrics` | the service |
/// | `/api/v2/summary.json` | the provider's status page |
/// | `/currentevents` | the cloud's feed |
/// | `/repos/acme/checkout/deployments` | GitHub's deployments; `environment`, `ref`, `per_page`, `page` |
/// | `/repos/acme/checkout/deployments/{id}/statuses` | how far one got; `per_page` |
impl Served for StoryWorld {
    fn begins(&self) -> At {
        Self::begins(self)
    }

    fn set_address(&mut self, base: &str) {
        base.clone_into(&mut self.base);
    }

    fn answer(&mut self, path_and_query: &str, at: At) -> Answered {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        match path {
            "/metrics" => Answered::metrics(self.metrics(at)),
            "/api/v2/summary.json" => Answered::json(200, self.statuspage(at), None),
            "/currentevents" => Answered::Body { status: 200, kind: WIDE_JSON, bytes: self.cloud(at), link: None },
            _ => match path.strip_prefix("/repos/") {
                Some(rest) => self.github(rest, query, at),
                None => Answered::missing(),
            },
        }
    }
}

impl StoryWorld {
    fn github(&self, rest: &str, query: &str, now: At) -> Answered {
        let count = |name, otherwise| parameter(query, name).and_then(|text| text.parse().ok()).unwrap_or(otherwise);
        let per_page = count("per_page", 30_usize).clamp(1, 100);
        let Some(rest) = rest.strip_prefix(REPOSITORY).and_then(|rest| rest.strip_prefix("/deployments")) else {
            return missing();
        };
        if !rest.is_empty() {
            let id =
                rest.strip_prefix('/').and_then(|rest| rest.strip_suffix("/statuses")).and_then(|id| id.parse().ok());
            let text = id.and_then(|id| self.github_statuses(now, &self.base, id, per_page));
            return text.map_or_else(missing, |text| Answered::json(200, text, None));
        }
        let (environment, reference) = (parameter(query, "environment"), parameter(query, "ref"));
        let (environment, reference) = (environment.as_deref(), reference.as_deref());
        let wanted = Wanted { environment, reference, per_page, page: count("page", 1).max(1) };
        let (text, more) = self.github_deployments(now, &self.base, &wanted);
        let next = || format!("{}/repos/{REPOSITORY}/deployments?{}", self.base, turned(query, wanted.page + 1));
        Answered::json(200, text, more.then(|| format!("<{}>; rel=\"next\"", next())))
    }
}

/// The value of a query's parameter, decoded.
fn parameter<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value)
}

/// The same query for another page.
fn turned(query: &str, page: usize) -> String {
    let mut out = url::form_urlencoded::Serializer::new(String::new());
    out.extend_pairs(url::form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key != "page"));
    out.append_pair("page", &page.to_string()).finish()
}

/// GitHub's answer for what does not exist, or may not be seen.
fn missing() -> Answered {
    let text = r#"{"message":"Not Found","documentation_url":"https://docs.github.com/rest","status":"404"}"#;
    Answered::json(404, text.to_owned(), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_keeps_the_rest_of_the_query() {
        assert_eq!(turned("environment=a%20b&page=1&per_page=2", 2), "environment=a+b&per_page=2&page=2");
    }
}
