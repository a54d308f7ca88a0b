//! The terminal's bytes as our own keys.
//!
//! [`Decoder`] is pure: bytes in, keys out, whatever the bytes and wherever they are cut. [`Keys`] reads the terminal
//! on the task that draws, only when there is something to read, so that half a sequence never blocks a frame and a
//! terminal that is gone ends the session instead of spinning. What is pasted comes as text, so that it never ticks
//! or quits. Mouse and focus reports are not asked for; what comes of them all the same is swallowed whole.

use std::io;
use std::io::Read as _;
use std::os::fd::AsFd as _;
use std::time::Duration;

use rustix::event::PollFd;
use rustix::event::PollFlags;
use tokio::io::unix::AsyncFd;
use tokio::time::Instant;

use crate::app::KeyCode;
use crate::app::KeyPress;

/// How long the rest of a sequence may take: an `ESC` that stays alone for so long is the key. Bytes of one sequence
/// are sent together, but a slow link may part them.
const REST: Duration = Duration::from_millis(50);

/// Parameters of a sequence longer than this belong to no key.
const PARAMETERS_MAX: usize = 16;

/// What ends a paste.
const PASTE_END: &[u8] = b"\x1b[201~";

/// A paste that is longer is told in parts, in bytes.
const PASTE_PART: usize = 1024;

/// The keys of the terminal.
pub struct Keys {
    terminal: AsyncFd<std::fs::File>,
    decoder: Decoder,
    /// When a sequence that is not complete is given up.
    patience: Option<Instant>,
}

impl Keys {
    /// Listens to the standard input. Must be called where a runtime is.
    ///
    /// # Errors
    /// When it cannot be waited for.
    #[expect(
        deprecated,
        reason = "the newer one asks for a promise that a file keeps by itself: its descriptor stays the same"
    )]
    pub fn open() -> io::Result<Self> {
        // The descriptor stays as it is: it is shared with the shell, which must not find it non-blocking.
        let input = std::fs::File::from(io::stdin().as_fd().try_clone_to_owned()?);
        let terminal = AsyncFd::with_interest(input, tokio::io::Interest::READABLE)?;
        Ok(Self { terminal, decoder: Decoder::default(), patience: None })
    }

    /// The next keys, at least one; `None` when the terminal is gone. Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Vec<KeyPress>> {
        let mut keys = Vec::new();
        loop {
            let bytes = self.terminal.readable();
            let ready = match self.patience {
                None => Ok(bytes.await),
                Some(until) => tokio::time::timeout_at(until, bytes).await,
            };
            let Ok(ready) = ready else {
                self.patience = None;
                self.decoder.rest(&mut keys);
                if keys.is_empty() {
                    continue;
                }
                return Some(keys);
            };
            let mut ready = ready.ok()?;
            let mut waiting = [PollFd::new(self.terminal.get_ref(), PollFlags::IN)];
            if rustix::event::poll(&mut waiting, Some(&rustix::event::Timespec::default())) == Ok(0) {
                ready.clear_ready();
                continue;
            }
            let mut bytes = [0; 1024];
            match self.terminal.get_ref().read(&mut bytes) {
                Ok(0) => return None,
                Ok(count) => self.decoder.feed(&bytes[..count], &mut keys),
                Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => {
                    ready.clear_ready();
                }
                Err(_) => return None,
            }
            self.patience = self.decoder.is_waiting().then(|| Instant::now() + REST);
            if !keys.is_empty() {
                return Some(keys);
            }
        }
    }
}

/// Bytes in, keys out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Decoder {
    state: State,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
enum State {
    #[default]
    Ground,
    /// The first bytes of a character of several, and how many it has.
    Character(Vec<u8>, usize),
    Escape,
    /// After `ESC O`.
    Single,
    /// After `ESC [`.
    Control(Vec<u8>),
    /// After `ESC [ [`: the Linux console's function keys.
    Console,
    /// After `ESC [ 200 ~`: bytes of a paste that are not told yet.
    Paste(Vec<u8>),
    /// An answer of the terminal (OSC, DCS): swallowed up to its end; `true` after an `ESC` in it.
    Answer(bool),
}

impl Decoder {
    /// Takes bytes and adds the keys that they complete.
    pub fn feed(&mut self, bytes: &[u8], keys: &mut Vec<KeyPress>) {
        for byte in bytes {
            self.state = std::mem::take(&mut self.state).step(*byte, keys);
        }
    }

    /// Whether a sequence has begun and not ended.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        // The rest of a paste may take its time: what comes of it late is text all the same.
        !matches!(self.state, State::Ground | State::Paste(_))
    }

    /// No more bytes came for a while: an `ESC` alone is a key, half of anything else is noise.
    pub fn rest(&mut self, keys: &mut Vec<KeyPress>) {
        if matches!(self.state, State::Paste(_)) {
            return;
        }
        if self.state == State::Escape {
            keys.push(KeyPress::plain(KeyCode::Esc));
        }
        self.state = State::Ground;
    }
}

impl State {
    fn step(self, byte: u8, keys: &mut Vec<KeyPress>) -> Self {
        match self {
            Self::Character(mut bytes, length) if byte & 0xc0 == 0x80 => {
                bytes.push(byte);
                if bytes.len() < length {
                    return Self::Character(bytes, length);
                }
                let c = std::str::from_utf8(&bytes).ok().and_then(|text| text.chars().next());
                keys.extend(c.filter(|c| !c.is_control()).map(KeyPress::char));
                Self::Ground
            }
            // Not UTF-8: what came is dropped, what comes may be a key.
            Self::Ground | Self::Character(..) => Self::ground(byte, keys),
            Self::Escape => match byte {
                b'[' => Self::Control(Vec::new()),
                b'O' => Self::Single,
                b']' | b'P' | b'X' | b'^' | b'_' => Self::Answer(false),
                // Not Alt, which means nothing here: `Esc` and a key that a slow link brought together.
                _ => {
                    keys.push(KeyPress::plain(KeyCode::Esc));
                    Self::ground(byte, keys)
                }
            },
            Self::Single => {
                keys.extend(final_key(byte).or_else(|| (byte == b'M').then_some(KeyCode::Enter)).map(KeyPress::plain));
                Self::Ground
            }
            Self::Console => {
                keys.extend((b'A'..=b'E').contains(&byte).then(|| KeyPress::plain(KeyCode::F(byte - b'A' + 1))));
                Self::Ground
            }
            Self::Control(parameters) if byte == b'~' && parameters == b"200" => Self::Paste(Vec::new()),
            Self::Control(parameters) => Self::control(parameters, byte, keys),
            Self::Paste(bytes) => Self::paste(bytes, byte, keys),
            Self::Answer(escaped) => match byte {
                0x07 => Self::Ground,
                b'\\' if escaped => Self::Ground,
                // No answer holds a control character: `Ctrl-C` is meant.
                0x00..=0x1a | 0x1c..=0x1f => Self::ground(byte, keys),
                _ => Self::Answer(byte == 0x1b),
            },
        }
    }

    fn ground(byte: u8, keys: &mut Vec<KeyPress>) -> Self {
        let code = match byte {
            0x1b => return Self::Escape,
            0xc2..=0xdf => return Self::Character(vec![byte], 2),
            0xe0..=0xef => return Self::Character(vec![byte], 3),
            0xf0..=0xf4 => return Self::Character(vec![byte], 4),
            0x80.. => return Self::Ground,
            b'\r' | b'\n' => KeyCode::Enter,
            b'\t' => KeyCode::Tab,
            0x08 | 0x7f => KeyCode::Backspace,
            0x20..=0x7e => KeyCode::Char(char::from(byte)),
            0x00..=0x1f => {
                let c = match byte {
                    0 => ' ',
                    1..=26 => char::from(byte - 1 + b'a'),
                    _ => char::from(byte - 0x1c + b'4'),
                };
                keys.push(KeyPress { code: KeyCode::Char(c), ctrl: true });
                return Self::Ground;
            }
        };
        keys.push(KeyPress::plain(code));
        Self::Ground
    }

    fn paste(mut bytes: Vec<u8>, byte: u8, keys: &mut Vec<KeyPress>) -> Self {
        bytes.push(byte);
        // A way out stays, even where the end of the paste was lost.
        let ends = if byte == 0x03 { Some(1) } else { bytes.ends_with(PASTE_END).then_some(PASTE_END.len()) };
        if let Some(length) = ends {
            bytes.truncate(bytes.len() - length);
            pasted(&bytes, keys);
            return if byte == 0x03 { Self::ground(byte, keys) } else { Self::Ground };
        }
        // Behind a line or a blank no character and no end is cut in two.
        if bytes.len() >= PASTE_PART && byte.is_ascii_whitespace() {
            pasted(&bytes, keys);
            bytes.clear();
        }
        Self::Paste(bytes)
    }

    fn control(mut parameters: Vec<u8>, byte: u8, keys: &mut Vec<KeyPress>) -> Self {
        match byte {
            b'[' if parameters.is_empty() => Self::Console,
            0x20..=0x3f => {
                // Longer ones belong to no key, but must be swallowed to their end.
                if parameters.len() < PARAMETERS_MAX {
                    parameters.push(byte);
                }
                Self::Control(parameters)
            }
            0x40..=0x7e => {
                let plain = parameters.iter().all(|byte| byte.is_ascii_digit() || *byte == b';');
                let code = if byte == b'~' { numbered_key(&parameters) } else { final_key(byte) };
                keys.extend(code.filter(|_| plain).map(KeyPress::plain));
                Self::Ground
            }
            // A new sequence, or a key, cuts this one short.
            _ => Self::ground(byte, keys),
        }
    }
}

fn pasted(bytes: &[u8], keys: &mut Vec<KeyPress>) {
    keys.extend(String::from_utf8_lossy(bytes).chars().map(|c| KeyPress::plain(KeyCode::Pasted(c))));
}

/// The key of `ESC [ … byte` and `ESC O byte`.
const fn final_key(byte: u8) -> Option<KeyCode> {
    Some(match byte {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'H' => KeyCode::Home,
        b'F' => KeyCode::End,
        b'Z' => KeyCode::BackTab,
        b'P'..=b'S' => KeyCode::F(byte - b'P' + 1),
        _ => return None,
    })
}

/// The key of `ESC [ number ~`; what follows a `;` are modifiers, which change nothing here.
fn numbered_key(parameters: &[u8]) -> Option<KeyCode> {
    let number = parameters.split(|byte| *byte == b';').next()?;
    let number: u8 = std::str::from_utf8(number).ok()?.parse().ok()?;
    Some(match number {
        1 | 7 => KeyCode::Home,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => KeyCode::F(number - 10),
        17..=21 => KeyCode::F(number - 11),
        23 | 24 => KeyCode::F(number - 12),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(pieces: &[&[u8]]) -> Vec<KeyPress> {
        let mut decoder = Decoder::default();
        let mut keys = Vec::new();
        for piece in pieces {
            decoder.feed(piece, &mut keys);
        }
        decoder.rest(&mut keys);
        keys
    }

    #[test]
    fn keys_are_what_terminals_send_for_them() {
        for (bytes, names) in [
            (&b"q?G "[..], "q ? G Space"),
            (b"\r\n\t\x7f\x08", "Enter Enter Tab Backspace Backspace"),
            (b"\x03\x1a\x0c\x15", "Ctrl-C Ctrl-Z Ctrl-L Ctrl-U"),
            (b"\x1b", "Esc"),
            (b"\x1b\x1b", "Esc Esc"),
            (b"\x1bq", "Esc q"),
            (b"\x1b[A\x1b[B\x1bOC\x1bOD", "Up Down Right Left"),
            (b"\x1b[1;5A\x1b[Z", "Up Shift-Tab"),
            (b"\x1b[H\x1b[F\x1b[1~\x1b[8~\x1bOH", "Home End Home End Home"),
            (b"\x1b[5~\x1b[6;2~", "PgUp PgDn"),
            (b"\x1bOP\x1b[11~\x1b[[A\x1b[15~\x1b[17~\x1b[24~", "F1 F1 F1 F5 F6 F12"),
            ("äß日🚀".as_bytes(), "ä ß 日 🚀"),
            // What is no key: C1, broken UTF-8, reports of mouse, focus, paste, colours and the terminal's version.
            (b"\xc2\x9b\xff\xc3q\xe6\x97", "q"),
            (b"\x1b[<0;10;20M\x1b[I\x1b[201~\x1b[?1;2c\x1b[8;36;120t", ""),
            (b"\x1b]11;rgb:0000/0000/0000\x07a\x1bP>|xterm(390)\x1b\\b", "a b"),
            (b"\x1b[1;2;3;4;5;6;7;8;9;10;11;12Ax", "Up x"),
            (b"\x1b[\x03", "Ctrl-C"),
            (b"\x1b]0;\x03", "Ctrl-C"),
        ] {
            let keys: Vec<_> = decoded(&[bytes]).iter().map(ToString::to_string).collect();
            assert_eq!(keys.join(" "), names, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_pasted_is_text_and_no_command() {
        let text = |keys: &[KeyPress]| -> String {
            let char = |key: &KeyPress| if let KeyCode::Pasted(c) = key.code { c } else { '!' };
            keys.iter().map(char).collect()
        };
        assert_eq!(text(&decoded(&[b"\x1b[200~q\n", b"sum(\xc3", b"\xa4)\x1b[20", b"1~"])), "q\nsum(ä)");
        let mut keys = decoded(&[b"\x1b[200~q\x1b[2J1\x1b[201~q"]);
        assert_eq!(keys.pop(), Some(KeyPress::char('q')));
        assert_eq!(text(&keys), "q\u{1b}[2J1");
        let keys = decoded(&[b"\x1b[200~q\x03q"]);
        assert_eq!(keys[1..], [KeyPress::parse("Ctrl-C").unwrap(), KeyPress::char('q')]);
        let mut decoder = Decoder::default();
        let mut keys = Vec::new();
        decoder.feed(b"\x1b[200~ab", &mut keys);
        decoder.rest(&mut keys);
        decoder.feed(b"q\x1b[201~q", &mut keys);
        assert_eq!((text(&keys[..3]).as_str(), keys[3]), ("abq", KeyPress::char('q')), "a slow link changes nothing");
    }

    #[test]
    fn half_a_sequence_waits_and_is_given_up() {
        let mut decoder = Decoder::default();
        let mut keys = Vec::new();
        decoder.feed(b"\x1b[", &mut keys);
        assert!(decoder.is_waiting() && keys.is_empty());
        decoder.rest(&mut keys);
        decoder.feed(b"q", &mut keys);
        assert_eq!(keys, [KeyPress::char('q')], "`Alt-[` does not swallow what comes later");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_decode_and_it_does_not_matter_where_they_are_cut(
            bytes: Vec<u8>,
            at in 0_usize..64,
        ) {
            let (left, right) = bytes.split_at(at.min(bytes.len()));
            proptest::prop_assert_eq!(decoded(&[&bytes]), decoded(&[left, right]));
        }
    }
}
