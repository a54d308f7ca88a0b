//! Where updates go, and how one is sent there.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::courier::Patience;
use crate::courier::answer;
use crate::courier::answer::Taken;
use crate::courier::body;
use crate::courier::hidden::Hidden;
use crate::courier::sign;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::text::clean_line;
use crate::incident::Parcel;
use crate::sources::http::Access;
use crate::sources::http::Answer;
use crate::sources::http::Ask;
use crate::sources::http::Body;
use crate::sources::http::Failure;
use crate::sources::http::Http;
use crate::sources::http::Message;
use crate::sources::http::shown;
use crate::sources::secret::Secret;
use crate::sources::secret::SecretRef;

/// The largest answer that is read, in bytes.
const CAP: usize = 256 * 1024;

/// A place where updates can be sent.
#[derive(Clone, PartialEq, Debug)]
pub struct Channel {
    /// Its name; unique.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The services whose updates go there; empty: all.
    pub services: Vec<String>,
    /// How it is reached: proxy, TLS, headers.
    pub access: Arc<Access>,
}

/// What a channel is. The addresses of webhooks are secrets.
#[derive(Clone, PartialEq, Eq)]
pub enum Kind {
    /// An incoming webhook of Slack.
    Slack {
        /// Its address.
        url: SecretRef,
    },
    /// An app of Slack with a token.
    SlackBot {
        /// The base of the API.
        api: Url,
        /// `xoxb-…`
        token: SecretRef,
        /// The id of the channel, or its name.
        channel: String,
    },
    /// A workflow of Microsoft Teams.
    Teams {
        /// Its address.
        url: SecretRef,
    },
    /// A webhook of Discord.
    Discord {
        /// Its address.
        url: SecretRef,
    },
    /// Whoever takes JSON.
    Webhook {
        /// Its address.
        url: SecretRef,
        /// What bodies are signed with.
        secret: Option<SecretRef>,
    },
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = f.debug_struct(self.title());
        match self {
            Self::Slack { url } | Self::Teams { url } | Self::Discord { url } => all.field("url", url),
            // An address may hold a user and a password.
            Self::SlackBot { api, token, channel } => {
                all.field("api", &shown(api)).field("token", token).field("channel", channel)
            }
            Self::Webhook { url, secret } => all.field("url", url).field("secret", secret),
        };
        all.finish()
    }
}

impl Kind {
    /// What it is, for people.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        match self {
            Self::Slack { .. } | Self::SlackBot { .. } => "Slack",
            Self::Teams { .. } => "Teams",
            Self::Discord { .. } => "Discord",
            Self::Webhook { .. } => "webhook",
        }
    }
}

/// An update arrived.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Arrived {
    /// What came back, in words.
    pub answer: String,
    /// The name of the message, to which later updates of the incident can be answers.
    pub message: Option<String>,
}

impl Channel {
    /// Whether updates of a service go there.
    #[must_use]
    pub fn takes(&self, service: &str) -> bool {
        self.services.is_empty() || self.services.iter().any(|name| name == service)
    }

    /// The secrets that it needs, to be looked at before anything is sent.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretRef> {
        let own = match &self.kind {
            Kind::Slack { url } | Kind::Teams { url } | Kind::Discord { url } => vec![url],
            Kind::SlackBot { token, .. } => vec![token],
            Kind::Webhook { url, secret } => std::iter::once(url).chain(secret).collect(),
        };
        own.into_iter().chain(self.access.secrets())
    }

    /// Sends an update, and tries again what is certain not to have arrived. `thread` is the first message of the
    /// incident there. Each try has a connection of its own, so that none fails because an old one was closed.
    ///
    /// # Errors
    /// Why it did not arrive, or why nobody knows. Nothing in it is secret.
    pub async fn send(&self, parcel: &Parcel, thread: Option<&str>, patience: Patience) -> Result<Arrived, Failure> {
        let mut hidden = Hidden::default();
        let ask = match self.ask(parcel, thread, &mut hidden).await {
            Ok(ask) => ask,
            Err(failure) => return Err(hidden.out_of_failure(failure)),
        };
        let once = |left: Duration| {
            let ask = Ask { deadline: left, ..ask.clone() };
            async move { self.understood(Http::new().tell(&ask).await?) }
        };
        match patience.try_on(once).await {
            Ok(taken) => Ok(Arrived { answer: clean_line(&hidden.out_of(&taken.words), 200), message: taken.message }),
            Err(failure) => Err(hidden.out_of_failure(self.advised(failure))),
        }
    }

    /// The request.
    async fn ask(&self, parcel: &Parcel, thread: Option<&str>, hidden: &mut Hidden) -> Result<Ask, Failure> {
        let plain = |text: &str| SecretRef::Plain(Secret::new(text));
        let mut headers = Vec::new();
        let (url, json) = match &self.kind {
            Kind::Slack { url } => (hidden.address(url).await?, body::slack(parcel)),
            Kind::Teams { url } => (hidden.address(url).await?, body::teams(parcel)),
            Kind::Discord { url } => {
                let mut url = hidden.address(url).await?;
                // With it Discord answers when the message stands there, and with the message.
                if !url.query_pairs().any(|(name, _)| name == "wait") {
                    url.query_pairs_mut().append_pair("wait", "true");
                }
                (url, body::discord(parcel))
            }
            Kind::SlackBot { api, token, channel } => {
                let token = hidden.token(token).await?;
                headers.push(("Authorization".to_owned(), plain(&format!("Bearer {}", token.expose()))));
                (below(api, "chat.postMessage"), body::slack_message(parcel, channel, thread))
            }
            Kind::Webhook { url, .. } => (hidden.address(url).await?, body::webhook(parcel)),
        };
        let message = Message::post(&json);
        if let Kind::Webhook { secret, .. } = &self.kind {
            headers.push(("Idempotency-Key".to_owned(), plain(&parcel.update)));
            if let Some(secret) = secret {
                let secret = hidden.token(secret).await?;
                headers.push(("X-Signature".to_owned(), plain(&sign::signature(&secret, &message.json))));
            }
        }
        let access = Some(Arc::clone(&self.access));
        Ok(Ask { message: Some(message), headers, access, cap: CAP, ..Ask::new(url) })
    }

    fn understood(&self, answer: Answer) -> Result<Taken, Failure> {
        let body: Body = match answer {
            Answer::Body(body) => body,
            Answer::NotModified => {
                return Err(Failure::open(Fault::new(FaultKind::Unreadable, "304 is no answer to a message")));
            }
        };
        match &self.kind {
            Kind::Slack { .. } => answer::slack(&body),
            Kind::SlackBot { .. } => answer::slack_message(&body),
            Kind::Teams { .. } => answer::teams(&body),
            Kind::Discord { .. } => answer::discord(&body),
            Kind::Webhook { .. } => answer::webhook(&body),
        }
    }

    /// What to do, in the words of this place instead of those for sources.
    fn advised(&self, mut failure: Failure) -> Failure {
        let advice = match (failure.fault.status, &self.kind) {
            (Some(401 | 403), Kind::SlackBot { .. }) => "the token was refused: is it the bot's, xoxb-…?",
            (Some(401 | 403), Kind::Webhook { .. }) => "the receiver wants credentials: bearer, basic_auth or headers",
            (Some(401 | 403 | 404 | 410), Kind::Slack { .. } | Kind::Teams { .. } | Kind::Discord { .. }) => {
                "the webhook was removed or switched off: make a new one and replace its address"
            }
            (Some(404 | 410), _) => "nobody listens at that address any more",
            (Some(400 | 413), _) => "it does not like the message: shorten it, or send it by hand",
            (Some(429), _) => "it asks for a pause: send it again later, or by hand",
            (Some(500..=599), _) => "it is in trouble itself: look there whether the update arrived",
            (None, _) if failure.fault.kind == FaultKind::Timeout && !failure.certain => {
                "look there whether it arrived before you send it again"
            }
            (None, _) if !failure.certain && failure.fault.kind == FaultKind::Connect => {
                "the connection broke after it was sent: look there whether it arrived"
            }
            _ => return failure,
        };
        advice.clone_into(&mut failure.fault.advice);
        failure
    }
}

/// An address below the base of an API.
pub(super) fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}
