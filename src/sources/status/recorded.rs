//! Every recorded answer of a provider, the kind that it is read as, and the level that is right for it, or the fault:
//! words, so that the unit tests and the tests of `sixty report` share one table.

/// The file in `shared/payloads/status`, the kind, and the word of the level or of the fault.
pub const RECORDED: [(&str, &str, Result<&str, &str>); 31] = [
    ("aws-currentevents-decoded.json", "aws", Ok("major outage")),
    ("aws-currentevents-resolved-decoded.json", "aws", Ok("operational")),
    ("aws-currentevents-utf16be.json", "aws", Ok("major outage")),
    ("azure-feed-empty.xml", "azure", Ok("operational")),
    ("azure-feed-incident.xml", "azure", Ok("degraded")),
    ("azure-feed-no-category.xml", "azure", Ok("degraded")),
    ("cloudflare-statuspage-summary-minor-reduced.json", "statuspage", Ok("degraded")),
    ("gcp-incidents-open.json", "google-cloud", Ok("major outage")),
    ("gcp-incidents.json", "google-cloud", Ok("operational")),
    ("github-statuspage-status-minor.json", "statuspage", Ok("degraded")),
    ("github-statuspage-summary-healthy.json", "statuspage", Ok("operational")),
    ("github-statuspage-summary-maintenance.json", "statuspage", Ok("maintenance")),
    ("github-statuspage-summary-open-incident.json", "statuspage", Ok("degraded")),
    ("github-statuspage-summary-partial-outage-edited.json", "statuspage", Ok("partial outage")),
    ("slack-current-active.json", "slack", Ok("degraded")),
    ("slack-current-ok.json", "slack", Ok("operational")),
    // History, not state.
    ("slack-history.json", "slack", Err("unreadable")),
    // Formats that are not read yet: whoever configures them as the nearest kind must not see green.
    ("aws-rss-all-empty.xml", "azure", Err("unreadable")),
    ("aws-rss-all-items.xml", "azure", Err("unreadable")),
    ("betterstack-index-reduced.json", "statuspage", Err("unreadable")),
    ("firehydrant-redis-payload.json", "statuspage", Err("unreadable")),
    ("github-history-atom-maintenance-running.xml", "statuspage", Err("unreadable")),
    ("github-history-atom-open-incident.xml", "statuspage", Err("unreadable")),
    ("github-history-atom.xml", "statuspage", Err("unreadable")),
    ("incidentio-summary-healthy.json", "statuspage", Err("unreadable")),
    ("incidentio-summary-open.json", "statuspage", Err("unreadable")),
    ("instatus-page-open.json", "statuspage", Err("unreadable")),
    ("instatus-summary-up.json", "statuspage", Err("unreadable")),
    ("pagerduty-status-page-data-open.json", "statuspage", Err("unreadable")),
    ("statusio-gitlab-operational.json", "statuspage", Err("unreadable")),
    ("statusio-incident-doc-example.json", "statuspage", Err("unreadable")),
];
