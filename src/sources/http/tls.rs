//! What went wrong between two ends that do not trust each other, in words: certificates, names, versions.

use rustls::AlertDescription as Alert;
use rustls::CertificateError;
use url::Url;

use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::sources::http::Tls;

/// What to do where a server asks who we are.
const ASKED: &str = "configure one: tls = { cert = \"client.pem\", key = \"client.key\" }";

fn fault(cause: &str, advice: &str) -> Fault {
    Fault::new(FaultKind::Tls, cause).advise(advice)
}

/// The fault of an error of TLS; `own` is how this server was to be reached.
pub(super) fn of(error: &rustls::Error, url: &Url, own: &Tls) -> Fault {
    match error {
        rustls::Error::InvalidCertificate(error) => theirs(error, url, own),
        rustls::Error::AlertReceived(alert) => ours(*alert, url, own),
        rustls::Error::InvalidMessage(_) => {
            fault("the server does not speak TLS", "use http:// if it is meant to be unencrypted")
        }
        rustls::Error::PeerIncompatible(_) => no_version(own),
        other => fault(&format!("TLS failed: {other}"), ""),
    }
}

fn no_version(own: &Tls) -> Fault {
    let advice = if own.min_version.is_some() || own.max_version.is_some() {
        "it does not speak the versions that min_version and max_version leave"
    } else {
        "the server speaks nothing newer than TLS 1.1"
    };
    fault("no TLS version in common", advice)
}

/// What is wrong with the certificate of the server.
fn theirs(error: &CertificateError, url: &Url, own: &Tls) -> Fault {
    let host = own.server_name.as_deref().or(url.host_str()).unwrap_or_default();
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            fault("certificate expired", &format!("renew the certificate of {host}; check the clock of this machine"))
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            fault("certificate not valid yet", "check the clock of this machine")
        }
        CertificateError::UnknownIssuer => match &own.ca {
            Some(ca) => fault(
                "certificate of an unknown issuer",
                &format!("{} is not its authority, and no other one is accepted with it", ca.place()),
            ),
            None => fault(
                "certificate of an unknown issuer",
                "name the authority's certificate (tls, ca), or install it on this machine",
            ),
        },
        CertificateError::NotValidForNameContext { presented, .. } if !presented.is_empty() => {
            let names: Vec<&str> = presented.iter().take(3).map(|name| bare(name)).collect();
            fault(
                &format!("certificate is not for `{host}`"),
                &format!("it is for {}: use a name that it covers, or write it as server_name", names.join(", ")),
            )
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            fault(&format!("certificate is not for `{host}`"), "use a name that it covers")
        }
        CertificateError::Revoked => fault("certificate revoked", &format!("renew the certificate of {host}")),
        other => match format!("{other:?}") {
            why if why.contains("CaUsedAsEndEntity") => fault(
                "certificate is that of an authority",
                "it signed itself? Then name it as its own authority: tls = { ca = \"server.pem\" }",
            ),
            why if why.contains("UnsupportedCertVersion") => fault(
                "certificate is of X.509 version 1, without a name that it is for",
                &format!("make the one of {host} anew, with subjectAltName"),
            ),
            why => fault(&format!("certificate not acceptable: {why}"), ""),
        },
    }
}

/// What the server says of us.
fn ours(alert: Alert, url: &Url, own: &Tls) -> Fault {
    let Some(identity) = &own.identity else {
        return match alert {
            Alert::CertificateRequired | Alert::NoCertificate | Alert::BadCertificate => {
                fault("the server asks for a client certificate", ASKED)
            }
            Alert::ProtocolVersion => no_version(own),
            Alert::UnrecognisedName => fault(
                &format!("the server does not know the name `{}`", url.host_str().unwrap_or_default()),
                "use a name that it knows, or write it as server_name",
            ),
            other => {
                fault(&format!("the server ended the TLS handshake: {other:?}"), "it may ask for a client certificate")
            }
        };
    };
    let place = identity.certificate.place();
    match alert {
        Alert::CertificateExpired => {
            fault("the client certificate expired, says the server", &format!("renew it: {place}"))
        }
        Alert::UnknownCA => fault(
            "the server does not know the authority of the client certificate",
            &format!("is {place} the one for this server?"),
        ),
        Alert::CertificateRevoked => {
            fault("the client certificate was revoked, says the server", &format!("renew it: {place}"))
        }
        Alert::BadCertificate
        | Alert::CertificateUnknown
        | Alert::UnsupportedCertificate
        | Alert::AccessDenied
        | Alert::DecryptError
        | Alert::CertificateRequired => fault(
            &format!("the server refused the client certificate: {alert:?}"),
            &format!("is {place} the one for this server, and is it still valid?"),
        ),
        Alert::ProtocolVersion => no_version(own),
        other => fault(
            &format!("the server ended the TLS handshake: {other:?}"),
            &format!("it may not accept the client certificate {place}"),
        ),
    }
}

/// The fault of a refusal in HTTP that is about our certificate.
pub(super) fn refused(own: &Tls, mut fault: Fault) -> Fault {
    fault.kind = FaultKind::Denied;
    let advice = match &own.identity {
        Some(identity) => {
            format!("is {} the one for this server, and is it still valid?", identity.certificate.place())
        }
        None => ASKED.to_owned(),
    };
    fault.advise(&advice)
}

/// `DnsName("example.com")` is how the names of a certificate are printed.
fn bare(name: &str) -> &str {
    name.split('"').nth(1).unwrap_or(name)
}
