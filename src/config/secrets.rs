//! Where a secret lies, as a configuration says it; a secret that stands in the file itself is refused.
//!
//! Messages never repeat what stands where a secret belongs.

use crate::sources::secret::Secret;
use crate::sources::secret::SecretRef;

use super::paths;
use super::read::Context;
use super::reader::Section;
use super::reader::Value;
use super::reader::Wrong;
use super::reader::quoted;

const WAYS: &str = "{ env = \"NAME\" }, { file = \"path\" } or { command = [\"pass\", \"show\", \"x\"] }";

/// A reference to a secret.
pub(super) fn read(value: &Value<'_>, context: &Context<'_>) -> Option<SecretRef> {
    if value.as_text().is_some() || value.as_number().is_some() {
        let cause = format!("the secret of `{}` must not stand in the configuration", value.name());
        value
            .wrong(Wrong::new(cause, format!("write where it lies: {WAYS}, and change it, since it was written down")));
        return None;
    }
    let section = value.section(&format!("`{}`", value.name()), WAYS)?;
    let found: Vec<SecretRef> =
        [env(&section), file(&section, context), command(&section)].into_iter().flatten().collect();
    let given = ["env", "file", "command"].iter().filter(|key| section.value(key).is_some()).count();
    if given != 1 {
        let cause = format!("`{}` needs exactly one of env, file and command", value.name());
        value.wrong(Wrong::new(cause, format!("write {WAYS}")));
        section.done();
        return None;
    }
    section.done();
    let reference = found.into_iter().next()?;
    if let Some(why) = (context.world.missing_secret)(&reference) {
        value.wrong(Wrong::new(why, format!("`{}` needs it; provide it before sixty starts", value.name())));
    }
    Some(reference)
}

fn env(section: &Section<'_>) -> Option<SecretRef> {
    let text = section.value("env")?.text("env = \"NAME\"")?;
    let name = text.raw();
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !plain || looks_like_a_token(name) {
        let cause = "`env` holds something that is not the name of a variable";
        text.wrong(Wrong::new(cause, "write the name as in env = \"GITHUB_TOKEN\", never the token itself"));
        return None;
    }
    Some(SecretRef::Env(name.to_owned()))
}

fn file(section: &Section<'_>, context: &Context<'_>) -> Option<SecretRef> {
    let text = section.value("file")?.text("file = \"path\"")?;
    text.map(|path| paths::expand(path, context.base, context.world.home)).map(SecretRef::File)
}

fn command(section: &Section<'_>) -> Option<SecretRef> {
    let value = section.value("command")?;
    let words = value.texts("command = [\"pass\", \"show\", \"x\"]")?;
    if words.first().is_none_or(|program| program.raw().trim().is_empty()) {
        value.wrong(Wrong::new("`command` names no program", "write command = [\"pass\", \"show\", \"x\"]"));
        return None;
    }
    Some(SecretRef::Command(words.iter().map(|word| word.raw().to_owned()).collect()))
}

/// The value of a header: a reference to a secret, or a text where the header carries none.
pub(super) fn header(name: &str, value: &Value<'_>, context: &Context<'_>) -> Option<SecretRef> {
    let Some(text) = value.as_text() else { return read(value, context) };
    let scheme = text.raw().split_whitespace().next().unwrap_or("").to_lowercase();
    if carries_a_secret(name)
        || ["bearer", "basic", "token"].contains(&scheme.as_str())
        || looks_like_a_token(text.raw())
    {
        return read(value, context);
    }
    if text.raw().chars().any(char::is_control) {
        text.wrong(Wrong::new(format!("the header {} holds control characters", quoted(name)), "leave them out"));
        return None;
    }
    Some(SecretRef::Plain(Secret::new(text.raw())))
}

/// Whether headers of that name carry a secret as a rule.
fn carries_a_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    ["auth", "cookie", "token", "secret", "password", "passwd", "credential", "session", "api-key", "apikey"]
        .iter()
        .any(|part| name.contains(part))
        || name.ends_with("key")
}

/// Whether a text begins as tokens of well-known services do.
fn looks_like_a_token(text: &str) -> bool {
    ["ghp_", "gho_", "ghs_", "ghu_", "github_pat_", "glpat-", "glsa_", "xox", "sk-", "eyJ", "AKIA"]
        .iter()
        .any(|start| text.starts_with(start) && text.len() > 12)
}
