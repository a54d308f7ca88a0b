//! Status pages of providers: Statuspage, AWS, Google Cloud, Azure, Slack.
