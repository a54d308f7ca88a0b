//! Which file counts: the one that is named, else the first that exists. One file, never merged.

use std::path::Path;
use std::path::PathBuf;

use super::Problem;
use super::Problems;

/// The file's name in each folder.
const NAME: &str = "sixty.toml";

/// The configuration file: `explicit` (from `--config`), else `./sixty.toml`,
/// `$XDG_CONFIG_HOME/sixty/sixty.toml` (`~/.config` when that is not set), `/etc/sixty/sixty.toml`; `None` when
/// there is none of them. `env` answers for environment variables.
///
/// # Errors
/// The file that was named is not there.
pub fn find(
    explicit: Option<&Path>,
    env: &dyn Fn(&str) -> Option<String>,
    cwd: &Path,
) -> Result<Option<PathBuf>, Problems> {
    if let Some(path) = explicit {
        let full = cwd.join(path);
        if full.is_dir() {
            let advice = format!("name the file: --config {}", path.join(NAME).display());
            return Err(Problem::new(&path.display().to_string(), None, "is a directory", &advice).into());
        }
        if !full.exists() {
            let advice = "give --config the path of a file that exists, or leave it out";
            return Err(Problem::new(&path.display().to_string(), None, "does not exist", advice).into());
        }
        return Ok(Some(full));
    }
    Ok(places(env, cwd).into_iter().find(|path| path.is_file()))
}

/// Where a configuration is looked for without `--config`, first one first.
fn places(env: &dyn Fn(&str) -> Option<String>, cwd: &Path) -> Vec<PathBuf> {
    // The base directory specification: a relative or empty value counts as not set.
    let absolute = |name| env(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let mut places = vec![cwd.join(NAME)];
    if let Some(folder) = absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config"))) {
        places.push(folder.join("sixty").join(NAME));
    }
    places.push(Path::new("/etc/sixty").join(NAME));
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_exists_counts() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().join("here");
        let config = folder.path().join("config/sixty");
        std::fs::create_dir_all(&here).unwrap();
        std::fs::create_dir_all(&config).unwrap();
        let xdg = folder.path().join("config").display().to_string();
        let env = move |name: &str| (name == "XDG_CONFIG_HOME").then(|| xdg.clone());

        std::fs::write(config.join(NAME), "").unwrap();
        assert_eq!(find(None, &env, &here), Ok(Some(config.join(NAME))));
        std::fs::write(here.join(NAME), "").unwrap();
        assert_eq!(find(None, &env, &here), Ok(Some(here.join(NAME))));
        std::fs::write(here.join("other.toml"), "").unwrap();
        assert_eq!(find(Some(Path::new("other.toml")), &env, &here), Ok(Some(here.join("other.toml"))));
        let problem = find(Some(Path::new("none.toml")), &env, &here).unwrap_err().to_string();
        assert_eq!(problem, "none.toml: does not exist; give --config the path of a file that exists, or leave it out");
        let problem = find(Some(Path::new(".")), &env, &here).unwrap_err().to_string();
        assert!(problem.contains("is a directory"), "{problem}");
    }

    #[test]
    fn folders_follow_the_base_directory_specification() {
        let cwd = Path::new("/work");
        let shown = |pairs: &[(&str, &str)]| -> Vec<String> {
            let env = |name: &str| pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1.to_owned());
            places(&env, cwd).iter().map(|path| path.display().to_string()).collect()
        };
        let etc = "/etc/sixty/sixty.toml";
        assert_eq!(shown(&[]), ["/work/sixty.toml", etc]);
        assert_eq!(shown(&[("HOME", "/home/a")]), ["/work/sixty.toml", "/home/a/.config/sixty/sixty.toml", etc]);
        for ignored in ["", "relative"] {
            let places = shown(&[("HOME", "/home/a"), ("XDG_CONFIG_HOME", ignored)]);
            assert_eq!(places[1], "/home/a/.config/sixty/sixty.toml");
        }
        assert_eq!(shown(&[("HOME", "/home/a"), ("XDG_CONFIG_HOME", "/x")])[1], "/x/sixty/sixty.toml");
    }
}
