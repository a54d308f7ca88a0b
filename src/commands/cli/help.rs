//! The texts of the help beside the options, the completions and the man page: all made from the same definitions.

use clap::CommandFactory;
use clap_complete::Shell;

use super::Cli;

pub(super) const ABOUT: &str = "\
What is broken, how bad, since when, what changed: the first sixty seconds of an
incident on one screen. Reads metrics, status pages and deploys; runs nothing
against production. Press ? for the keys and q to leave.";

pub(super) const USAGE: &str = "\
sixty [OPTIONS] [SERVICE | URL...]
       sixty [OPTIONS] COMMAND ...";

pub(super) const SHORT: &str = "\
Begin with: sixty demo, or sixty http://host:port/metrics
All of it:  sixty --help";

pub(super) const LONG: &str = "\
Examples:
  sixty                               all services of the configuration
  sixty checkout-api                  one of them
  sixty http://host:9100/metrics      no configuration needed
  sixty http://prometheus:9090        all services that a server knows
  sixty demo --speed 10               watch a service break
  sixty record                        keep history, without a screen
  sixty check                         is the configuration right?
  sixty report --format markdown      for the chat
  ssh -t bastion sixty wall           for the screen on the wall
  sixty open 'checkout is slow'       an incident begins
  sixty note 'rolled back to v41'     into the one that goes on
  sixty show --format markdown        its timeline, in UTC
  sixty list                          the incidents that there are

A service that is called like a command is opened with: sixty -- check

Exit codes:
  0  all is well, or you left
  1  check, report: warning; show, note, resolve, reopen, merge: there is no
     such incident; otherwise: it broke off
  2  check, report: critical; otherwise: it cannot start (arguments,
     configuration, no terminal)
  3  check, report: unknown, also when they cannot start

Files, the first that exists counts:
  ./sixty.toml, $XDG_CONFIG_HOME/sixty/sixty.toml (~/.config without it),
  /etc/sixty/sixty.toml
The journal of incidents and the recording of metrics lie in
$XDG_STATE_HOME/sixty (~/.local/state/sixty).

Environment:
  NO_COLOR                  no colours; every state is a word and a sign too
  TERM, LC_ALL, LC_CTYPE, LANG
                            which colours and characters the terminal has
  XDG_CONFIG_HOME, XDG_STATE_HOME, HOME
                            where files are looked for
Secrets are read from the variables, files and commands that the configuration
names, never from arguments.";

/// The completions of a shell, to be printed.
#[must_use]
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "sixty", &mut out);
    out
}

/// The man page `sixty(1)` in roff, to be printed. The commands are part of it, with all their options.
///
/// # Errors
/// Never in practice: it is written into memory.
pub fn man() -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut whole = Cli::command().term_width(80);
    clap_mangen::Man::new(whole.clone()).render(&mut out)?;
    whole.build();
    for command in whole.get_subcommands_mut().filter(|command| command.get_name() != "help") {
        let title = format!(".SH SIXTY {}\n.nf\n", command.get_name().to_uppercase());
        out.extend_from_slice(title.as_bytes());
        for line in command.render_long_help().to_string().lines() {
            out.extend_from_slice(escaped(line).as_bytes());
            out.push(b'\n');
        }
        out.extend_from_slice(b".fi\n");
    }
    Ok(out)
}

/// A line that roff prints as it is.
fn escaped(line: &str) -> String {
    let line = line.replace('\\', "\\\\").replace('-', "\\-");
    if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line }
}
