//! Certificates and keys from PEM files, with a sentence for each way in which they can be wrong.

use std::time::Duration;

use reqwest::tls;
use rustls::pki_types::pem::{PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::sources::http::Tls;
use crate::sources::http::TlsVersion;
use crate::sources::secret::SecretRef;

/// The largest file of certificates, in bytes: all the roots of a machine have a twentieth of it.
const CAP: u64 = 4 * 1024 * 1024;
/// How long a file may take to be read.
const DEADLINE: Duration = Duration::from_secs(5);

/// What TLS is made of, read.
pub(super) struct Material {
    pub(super) ca: Option<Vec<reqwest::Certificate>>,
    pub(super) identity: Option<reqwest::Identity>,
}

/// Reads what the settings name, now.
pub(super) async fn read(tls: &Tls) -> Result<Material, Fault> {
    let ca = match &tls.ca {
        Some(place) => Some(authorities(place, &bytes(place).await?)?),
        None => None,
    };
    let identity = match &tls.identity {
        Some(own) => {
            let (certificate, key) = (bytes(&own.certificate).await?, bytes(&own.key).await?);
            check_certificate(&own.certificate, &certificate)?;
            check_key(&own.key, &key)?;
            Some(identity(own, &certificate, &key)?)
        }
        None => None,
    };
    Ok(Material { ca, identity })
}

/// The version as the client knows it.
pub(super) fn version(version: TlsVersion) -> tls::Version {
    match version {
        TlsVersion::V1_2 => tls::Version::TLS_1_2,
        TlsVersion::V1_3 => tls::Version::TLS_1_3,
    }
}

fn wrong(place: &SecretRef, what: &str, advice: &str) -> Fault {
    Fault::new(FaultKind::Local, &format!("{} {what}", place.place())).advise(advice)
}

async fn bytes(place: &SecretRef) -> Result<Vec<u8>, Fault> {
    let SecretRef::File(path) = place else {
        return Ok(place.resolve().await?.expose().as_bytes().to_vec());
    };
    let unreadable = |why: &str| wrong(place, why, "is the path right, and may this user read it?");
    let read = async {
        let mut bytes = Vec::new();
        tokio::fs::File::open(path).await?.take(CAP + 1).read_to_end(&mut bytes).await?;
        Ok::<_, std::io::Error>(bytes)
    };
    match timeout(DEADLINE, read).await {
        Ok(Ok(bytes)) if bytes.len() as u64 > CAP => Err(unreadable("holds more than 4 MiB")),
        Ok(Ok(bytes)) if bytes.is_empty() => Err(unreadable("is empty")),
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => Err(unreadable(&crate::sources::secret::io_reason(&error))),
        Err(_) => Err(unreadable("could not be read within 5 s")),
    }
}

/// All certificates of a file; at least one.
fn certificates(place: &SecretRef, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match read {
        Ok(all) if !all.is_empty() => Ok(all),
        Ok(_) if pem.first() == Some(&0x30) => Err(wrong(
            place,
            "is a certificate in DER",
            "turn it into PEM: openssl x509 -inform der -in it -out it.pem",
        )),
        Ok(_) => Err(wrong(
            place,
            "holds no certificate",
            "it must have a part that begins with `-----BEGIN CERTIFICATE-----`",
        )),
        Err(_) => Err(wrong(place, "holds a certificate that cannot be read", "it was cut or changed: copy it again")),
    }
}

fn authorities(place: &SecretRef, pem: &[u8]) -> Result<Vec<reqwest::Certificate>, Fault> {
    let broken = || wrong(place, "holds a certificate that cannot be used", "it was cut or changed: copy it again");
    let mut roots = rustls::RootCertStore::empty();
    let mut all = Vec::new();
    for der in certificates(place, pem)? {
        all.push(reqwest::Certificate::from_der(&der).map_err(|_| broken())?);
        roots.add(der).map_err(|_| broken())?;
    }
    Ok(all)
}

fn check_certificate(place: &SecretRef, pem: &[u8]) -> Result<(), Fault> {
    certificates(place, pem).map(drop)
}

fn check_key(place: &SecretRef, pem: &[u8]) -> Result<(), Fault> {
    if PrivateKeyDer::from_pem_slice(pem).is_ok() {
        return Ok(());
    }
    let has = |word: &str| pem.windows(word.len()).any(|part| part == word.as_bytes());
    Err(if has("ENCRYPTED") {
        let advice =
            "sixty cannot ask for its password: write it without one, readable for this user only (openssl pkey)";
        wrong(place, "holds an encrypted key", advice)
    } else if has("BEGIN CERTIFICATE") {
        wrong(place, "holds a certificate and no private key", "are certificate and key swapped?")
    } else {
        let advice = "it must be PEM: `-----BEGIN PRIVATE KEY-----`, or the same with EC or RSA";
        wrong(place, "holds no private key", advice)
    })
}

fn identity(own: &super::Identity, certificate: &[u8], key: &[u8]) -> Result<reqwest::Identity, Fault> {
    // Both may lie in one file: only the part that is meant counts.
    let mut pem = Vec::new();
    let sections = [(certificate, true), (key, false)];
    for (text, is_certificate) in sections {
        let mut rest = std::io::Cursor::new(text);
        while let Ok(Some((kind, der))) = rustls::pki_types::pem::from_buf(&mut rest) {
            let label = match kind {
                SectionKind::Certificate if is_certificate => "CERTIFICATE",
                SectionKind::PrivateKey if !is_certificate => "PRIVATE KEY",
                SectionKind::RsaPrivateKey if !is_certificate => "RSA PRIVATE KEY",
                SectionKind::EcPrivateKey if !is_certificate => "EC PRIVATE KEY",
                _ => continue,
            };
            let body = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der);
            pem.extend_from_slice(format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n").as_bytes());
            if !is_certificate {
                break;
            }
        }
    }
    reqwest::Identity::from_pem(&pem)
        .map_err(|_| wrong(&own.certificate, "and its key cannot be used", "copy both again"))
}
