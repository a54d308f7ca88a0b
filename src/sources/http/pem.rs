//! Certificates and keys from PEM files, with a sentence for each way in which they can be wrong.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::sources::http::Identity;
use crate::sources::http::Tls;
use crate::sources::secret::SecretRef;

/// The largest file of certificates, in bytes: all the roots of a machine have a twentieth of it.
const CAP: u64 = 4 * 1024 * 1024;
/// How long a file may take to be read.
const DEADLINE: Duration = Duration::from_secs(5);

/// What TLS is made of, read.
pub(super) struct Material {
    pub(super) ca: Option<Vec<CertificateDer<'static>>>,
    pub(super) identity: Option<CertifiedKey>,
}

/// Reads what the settings name, now.
pub(super) async fn read(tls: &Tls) -> Result<Material, Fault> {
    let ca = match &tls.ca {
        Some(place) => Some(authorities(place, &bytes(place).await?)?),
        None => None,
    };
    let identity = match &tls.identity {
        Some(own) => Some(identity(own, &bytes(&own.certificate).await?, &bytes(&own.key).await?)?),
        None => None,
    };
    Ok(Material { ca, identity })
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

fn authorities(place: &SecretRef, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let all = certificates(place, pem)?;
    let mut roots = rustls::RootCertStore::empty();
    if all.iter().any(|der| roots.add(der.clone()).is_err()) {
        return Err(wrong(place, "holds a certificate that cannot be used", "it was cut or changed: copy it again"));
    }
    Ok(all)
}

fn identity(own: &Identity, certificate: &[u8], key: &[u8]) -> Result<CertifiedKey, Fault> {
    let chain = certificates(&own.certificate, certificate)?;
    let Ok(der) = PrivateKeyDer::from_pem_slice(key) else { return Err(no_key(&own.key, key)) };
    let key = rustls::crypto::ring::sign::any_supported_type(&der).map_err(|_| {
        let advice = "copy it again; keys are RSA from 2048 bits, ECDSA on P-256 or P-384, or Ed25519";
        wrong(&own.key, "holds a private key that cannot be used", advice)
    })?;
    let identity = CertifiedKey::new(chain, Arc::clone(&key));
    // What else cannot be told of a certificate is for the server to judge: many make theirs with X.509 version 1.
    if let Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch)) = identity.keys_match() {
        let what = format!("is not the key of {}", own.certificate.place());
        return Err(wrong(&own.key, &what, "were both rotated? One of them is of another pair"));
    }
    Ok(identity)
}

/// Why there is no key in a text.
fn no_key(place: &SecretRef, pem: &[u8]) -> Fault {
    let has = |word: &str| pem.windows(word.len()).any(|part| part == word.as_bytes());
    if has("ENCRYPTED") {
        let advice =
            "sixty cannot ask for its password: write it without one, readable for this user only (openssl pkey)";
        wrong(place, "holds an encrypted key", advice)
    } else if has("BEGIN CERTIFICATE") {
        wrong(place, "holds a certificate and no private key", "are certificate and key swapped?")
    } else {
        let advice = "it must be PEM: `-----BEGIN PRIVATE KEY-----`, or the same with EC or RSA";
        wrong(place, "holds no private key", advice)
    }
}
