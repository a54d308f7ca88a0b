//! From the chain of errors of the client to one cause in words, and what to do about it.

use std::error::Error;
use std::io;
use std::time::Duration;

use url::Url;

use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::text::clean_line;
use crate::sources::http::CONNECT;
use crate::sources::http::Proxy;
use crate::sources::http::Route;
use crate::sources::http::Tls;
use crate::sources::http::shown;
use crate::sources::http::tls;

/// How far a request had come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Phase {
    /// No status line yet.
    Head,
    /// So many bytes of the body were read.
    Body(usize),
}

/// The fault of an error that the client reported while it asked `url` on a route.
pub(super) fn of(error: &reqwest::Error, url: &Url, route: &Route, phase: Phase) -> Fault {
    let at = |url: &Url| {
        if error.is_timeout() && error.is_connect() {
            no_connection(url)
        } else {
            classify(error, url, &route.tls, phase)
        }
    };
    let fault = at(url);
    let Proxy::Via(via) = &route.proxy else { return fault };
    // Without exceptions every connection is one to the proxy.
    if via.no_proxy.is_some() || !matches!(fault.kind, FaultKind::Connect | FaultKind::Dns | FaultKind::Timeout) {
        return fault;
    }
    let mut fault = at(&via.url);
    fault.cause = format!("proxy {}: {}", shown(&via.url), fault.cause);
    fault
}

/// The fault of a connection that broke, as the machine says it.
pub(super) fn broken(error: &io::Error, url: &Url, route: &Tls, phase: Phase) -> Fault {
    classify(error, url, route, phase)
}

/// Whether a request failed in the way in which it fails on a connection that the server has just closed.
pub(super) fn may_be_stale(error: &reqwest::Error) -> bool {
    use io::ErrorKind as Kind;
    !error.is_connect()
        && chain(error).into_iter().any(|link| {
            link.downcast_ref::<hyper::Error>()
                .is_some_and(|error| error.is_incomplete_message() || error.is_canceled())
                || link
                    .downcast_ref::<io::Error>()
                    .is_some_and(|error| matches!(error.kind(), Kind::ConnectionReset | Kind::BrokenPipe))
        })
}

/// The fault of a client that could not be built.
pub(super) fn unbuilt(error: &reqwest::Error) -> Fault {
    Fault::new(FaultKind::Tls, &format!("no TLS: {}", innermost(error)))
        .advise("install the package with the root certificates (ca-certificates)")
}

/// The fault of a deadline that passed.
pub(super) fn too_slow(deadline: Duration, phase: Phase) -> Fault {
    let cause = match phase {
        Phase::Head => format!("no answer within {}", span(deadline)),
        Phase::Body(bytes) => format!("the answer was not complete within {}: {bytes} bytes came", span(deadline)),
    };
    Fault::new(FaultKind::Timeout, &cause).advise("it hangs or is overloaded: ask it by hand, or allow it more time")
}

/// The fault of a body above the cap.
pub(super) fn too_large(cap: usize) -> Fault {
    const MIB: usize = 1024 * 1024;
    let size = match cap {
        MIB.. if cap.is_multiple_of(MIB) => format!("{} MiB", cap / MIB),
        1024.. => format!("{} KiB", cap / 1024),
        _ => format!("{cap} bytes"),
    };
    Fault::new(FaultKind::TooLarge, &format!("the answer is larger than {size}"))
        .advise("is this the right address? The rest was not read")
}

/// `10 s`, `0.25 s`. What is left of a deadline is never round, and a text that differs each time is news each time.
fn span(time: Duration) -> String {
    let step = if time < Duration::from_secs(1) { 0.01 } else { 0.1 };
    let round = (time.as_secs_f64() / step).round().max(1.0) * step;
    format!("{} s", (round * 100.0).round() / 100.0)
}

fn no_connection(url: &Url) -> Fault {
    Fault::new(FaultKind::Timeout, &format!("no connection to {} within {}", place(url), span(CONNECT)))
        .advise("a firewall or a missing VPN drops packets silently: try it from this machine by hand")
}

/// `example.com:443`
fn place(url: &Url) -> String {
    let port = url.port_or_known_default().map_or_else(String::new, |port| format!(":{port}"));
    format!("{}{port}", url.host_str().unwrap_or_default())
}

/// The error and everything that it wraps. An [`io::Error`] hides what it wraps from `source`.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut links = vec![error];
    // A chain that leads in a circle must not be followed for ever.
    while links.len() < 32 {
        let Some(&last) = links.last() else { break };
        let wrapped = last.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        match wrapped.map(|inner| -> &'a (dyn Error + 'static) { inner }).or_else(|| last.source()) {
            Some(next) => links.push(next),
            None => break,
        }
    }
    links
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map_or_else(String::new, |last| clean_line(&last.to_string(), 200))
}

fn rustls_of<'a>(links: &[&'a (dyn Error + 'static)]) -> Option<&'a rustls::Error> {
    links.iter().find_map(|link| link.downcast_ref::<rustls::Error>())
}

fn classify(error: &(dyn Error + 'static), url: &Url, route: &Tls, phase: Phase) -> Fault {
    let links = chain(error);
    if let Some(error) = rustls_of(&links) {
        return tls::of(error, url, route);
    }
    if let Some(fault) = links.iter().find_map(|link| tunnel(&link.to_string(), url)) {
        return fault;
    }
    if let Some(fault) = links.iter().find_map(|link| dns(&link.to_string(), url)) {
        return fault;
    }
    if let Some(fault) =
        links.iter().find_map(|link| link.downcast_ref::<hyper::Error>()).and_then(|error| http(error, phase))
    {
        return fault;
    }
    if let Some(fault) =
        links.iter().find_map(|link| link.downcast_ref::<io::Error>().and_then(|error| io(error, url, phase)))
    {
        return fault;
    }
    let kind = match phase {
        Phase::Head => FaultKind::Connect,
        Phase::Body(_) => FaultKind::Unreadable,
    };
    Fault::new(kind, &innermost(error))
}

/// What a proxy answers when it is asked for a connection.
fn tunnel(message: &str, url: &Url) -> Option<Fault> {
    let why = message.strip_prefix("tunnel error: ")?;
    match why {
        "proxy authorization required" => Some(
            Fault::new(FaultKind::Denied, "the proxy asks for credentials")
                .advise("write them into its address, http://user:password@proxy:port, or check those that are there"),
        ),
        "unsuccessful" | "unexpected end of file" | "proxy response headers too long" => Some(
            Fault::new(FaultKind::Connect, &format!("the proxy makes no connection to {}", place(url)))
                .advise("does it know that name, and does it allow that port?"),
        ),
        // What is beneath says it better.
        _ => None,
    }
}

fn dns(message: &str, url: &Url) -> Option<Fault> {
    let host = url.host_str().unwrap_or_default();
    if message.contains("Temporary failure in name resolution") || message.contains("Try again") {
        let cause = format!("no name server answers for `{host}`");
        return Some(
            Fault::new(FaultKind::Dns, &cause).advise("check the network and the name servers of this machine"),
        );
    }
    (message.starts_with("dns error") || message.starts_with("failed to lookup address")).then(|| {
        // The reason is further down the chain; `dns error` alone says nothing that is not said here.
        Fault::new(FaultKind::Dns, &format!("no such host `{host}`"))
            .advise("check the spelling, and whether the name is known only inside a VPN")
    })
}

fn http(error: &hyper::Error, phase: Phase) -> Option<Fault> {
    if error.is_incomplete_message() {
        return Some(match phase {
            Phase::Head => Fault::new(FaultKind::Connect, "the connection was closed without an answer")
                .advise("the program may be restarting, or this is not an HTTP port"),
            Phase::Body(bytes) => truncated(bytes),
        });
    }
    error.is_parse().then(|| {
        Fault::new(FaultKind::Unreadable, "this is not an HTTP answer")
            .advise("another protocol speaks on this port, or it wants https://")
    })
}

fn truncated(bytes: usize) -> Fault {
    Fault::new(FaultKind::Truncated, &format!("the answer ended early, after {bytes} bytes"))
        .advise("the server, or a proxy before it, gave up half-way")
}

fn io(error: &io::Error, url: &Url, phase: Phase) -> Option<Fault> {
    use io::ErrorKind as Kind;
    let place = place(url);
    Some(match (error.kind(), phase) {
        (Kind::ConnectionRefused, _) => Fault::new(FaultKind::Connect, "connection refused")
            .advise(&format!("nothing listens on {place}: is it running, is the port right?")),
        (
            Kind::UnexpectedEof | Kind::ConnectionReset | Kind::ConnectionAborted | Kind::TimedOut,
            Phase::Body(bytes),
        ) => truncated(bytes),
        (Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe | Kind::UnexpectedEof, Phase::Head) => {
            Fault::new(FaultKind::Connect, "connection reset")
                .advise("it may be restarting, or a firewall closes the connection")
        }
        (Kind::HostUnreachable, _) => {
            Fault::new(FaultKind::Connect, "host unreachable").advise(&format!("no way leads to {place}: VPN, routes?"))
        }
        (Kind::NetworkUnreachable | Kind::NetworkDown, _) => {
            Fault::new(FaultKind::Connect, "network unreachable").advise("this machine has no network there")
        }
        (Kind::TimedOut, Phase::Head) => no_connection(url),
        (Kind::PermissionDenied, _) => Fault::new(FaultKind::Connect, "connection not permitted")
            .advise("a rule of this machine forbids connections there"),
        (Kind::InvalidData | Kind::InvalidInput, Phase::Body(_)) => {
            Fault::new(FaultKind::Unreadable, "the answer is packed with gzip and broken")
        }
        // EMFILE and ENFILE have no kind of their own.
        _ if matches!(error.raw_os_error(), Some(23 | 24)) => {
            Fault::new(FaultKind::Local, "too many open files").advise("raise the limit: ulimit -n")
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use rustls::CertificateError;

    use super::*;

    fn fault(error: io::Error, phase: Phase) -> Fault {
        // The client wraps errors at least twice.
        let wrapped = io::Error::other(error);
        classify(&wrapped, &Url::parse("https://api.example.com/x").unwrap(), &Tls::default(), phase)
    }

    #[test]
    fn causes_are_told_apart() {
        let certificate = |error| io::Error::new(io::ErrorKind::InvalidData, rustls::Error::InvalidCertificate(error));
        let head = Phase::Head;
        let misnamed = CertificateError::NotValidForNameContext {
            expected: rustls::pki_types::ServerName::try_from("api.example.com").unwrap(),
            presented: vec!["DnsName(\"www.example.com\")".to_owned()],
        };
        for (error, phase, kind, cause) in [
            (io::Error::from(io::ErrorKind::ConnectionRefused), head, FaultKind::Connect, "connection refused"),
            (io::Error::from(io::ErrorKind::ConnectionReset), head, FaultKind::Connect, "connection reset"),
            (
                io::Error::from(io::ErrorKind::ConnectionReset),
                Phase::Body(7),
                FaultKind::Truncated,
                "the answer ended early, after 7 bytes",
            ),
            (io::Error::from(io::ErrorKind::HostUnreachable), head, FaultKind::Connect, "host unreachable"),
            (
                io::Error::from(io::ErrorKind::TimedOut),
                head,
                FaultKind::Timeout,
                "no connection to api.example.com:443 within 3 s",
            ),
            (
                io::Error::other("failed to lookup address information: Name or service not known"),
                head,
                FaultKind::Dns,
                "no such host `api.example.com`",
            ),
            (
                io::Error::other("failed to lookup address information: Temporary failure in name resolution"),
                head,
                FaultKind::Dns,
                "no name server answers for `api.example.com`",
            ),
            (certificate(CertificateError::Expired), head, FaultKind::Tls, "certificate expired"),
            (certificate(CertificateError::UnknownIssuer), head, FaultKind::Tls, "certificate of an unknown issuer"),
            (certificate(misnamed), head, FaultKind::Tls, "certificate is not for `api.example.com`"),
            (io::Error::from_raw_os_error(24), head, FaultKind::Local, "too many open files"),
            (io::Error::other("something else"), head, FaultKind::Connect, "something else"),
            (io::Error::other("something else"), Phase::Body(1), FaultKind::Unreadable, "something else"),
        ] {
            let fault = fault(error, phase);
            assert_eq!((fault.kind, fault.cause.as_str()), (kind, cause));
        }
    }

    #[test]
    fn sizes_and_times_have_units() {
        assert_eq!(too_large(4 << 20).cause, "the answer is larger than 4 MiB");
        assert_eq!(too_large(16 << 10).cause, "the answer is larger than 16 KiB");
        assert_eq!(too_large(10).cause, "the answer is larger than 10 bytes");
        assert_eq!(too_slow(Duration::from_secs(10), Phase::Head).cause, "no answer within 10 s");
        assert_eq!(too_slow(Duration::from_millis(250), Phase::Head).cause, "no answer within 0.25 s");
        // What was left of a deadline of 5 s when the request went out.
        assert_eq!(too_slow(Duration::from_nanos(4_999_989_204), Phase::Head).cause, "no answer within 5 s");
        assert_eq!(too_slow(Duration::from_nanos(2_512_345_678), Phase::Head).cause, "no answer within 2.5 s");
        assert_eq!(too_slow(Duration::from_micros(3), Phase::Head).cause, "no answer within 0.01 s");
    }
}
