//! The text form of commands: `/join ops` <-> [`Command`]. ONE table of words, usage and help;
//! `/help`, completion and the documentation are made from it.

mod account;
mod look_up;
mod moderate;
mod respond;

use crate::nearest::nearest;
use crate::text::is_dangerous;
use crate::{
    Command, LineText, MessageText, Password, Role, RoomAddress, RoomSecret, SayKind, Sequence,
    UserName,
};

/// A row of the table.
#[derive(Debug)]
pub struct Word {
    /// What is typed, without its prefix.
    pub name: &'static str,
    /// Other words for the same.
    pub aliases: &'static [&'static str],
    /// What comes behind it: `NAME TEXT`, optional parts in brackets.
    pub arguments: &'static str,
    /// One line on what it does.
    pub help: &'static str,
    parse: fn(&Typed<'_>) -> Result<Action, SlashError>,
}

/// Every word, in the order in which `/help` shows them.
pub const WORDS: &[Word] = &[
    Word {
        name: "help",
        aliases: &["commands"],
        arguments: "[WORD]",
        help: "what one can type",
        parse: |typed| match typed.rest {
            "" => Ok(Action::Help(None)),
            word => find(word.trim_start_matches('/'))
                .map(|word| Action::Help(Some(word)))
                .ok_or_else(|| unknown(word)),
        },
    },
    Word {
        name: "nick",
        aliases: &[],
        arguments: "NAME",
        help: "take another name",
        parse: |typed| command(Command::Nick { name: typed.user(typed.rest)? }),
    },
    Word {
        name: "join",
        aliases: &[],
        arguments: "ROOM [KEY]",
        help: "enter a room, and speak there from now on; @NAME talks to one user",
        parse: |typed| {
            let (room, key) = typed.rest.split_once(' ').unwrap_or((typed.rest, ""));
            let key = (!key.trim().is_empty()).then(|| typed.line(key.trim()).map(RoomSecret::new));
            command(Command::Join { room: typed.room(room)?, key: key.transpose()? })
        },
    },
    Word {
        name: "leave",
        aliases: &["part"],
        arguments: "[ROOM]",
        help: "leave a room, this one if none is named",
        parse: |typed| command(Command::Leave { room: typed.room_or_here()?, reason: None }),
    },
    Word {
        name: "rooms",
        aliases: &["list"],
        arguments: "",
        help: "which rooms there are",
        parse: |_| command(Command::Rooms),
    },
    Word {
        name: "who",
        aliases: &["users"],
        arguments: "[ROOM]",
        help: "who is connected, or who is in a room",
        parse: |typed| match typed.rest {
            "" => command(Command::Users),
            room => command(Command::Members { room: typed.room(room)? }),
        },
    },
    Word {
        name: "look",
        aliases: &[],
        arguments: "",
        help: "who is in this room",
        parse: |typed| command(Command::Members { room: typed.here()? }),
    },
    Word {
        name: "msg",
        aliases: &[],
        arguments: "NAME TEXT",
        help: "say something to one user",
        parse: |typed| {
            let (name, text) = typed.rest.split_once(' ').unwrap_or((typed.rest, ""));
            let name = name.strip_prefix('@').unwrap_or(name);
            let room = RoomAddress::Direct(typed.user(name)?);
            typed.say(room, text.trim_start(), SayKind::Text)
        },
    },
    Word {
        name: "me",
        aliases: &[],
        arguments: "TEXT",
        help: "say what you do: \"* ana waves\"",
        parse: |typed| typed.say(typed.here()?, typed.rest, SayKind::Action),
    },
    Word {
        name: "reply",
        aliases: &[],
        arguments: "#N TEXT",
        help: "answer message number N: /history shows the numbers",
        parse: respond::reply,
    },
    Word {
        name: "react",
        aliases: &[],
        arguments: "#N EMOJI",
        help: "say what you think of message number N, by an emoji or a word",
        parse: |typed| respond::react(typed, false),
    },
    Word {
        name: "unreact",
        aliases: &[],
        arguments: "#N EMOJI",
        help: "take that back",
        parse: |typed| respond::react(typed, true),
    },
    Word {
        name: "topic",
        aliases: &[],
        arguments: "[TEXT]",
        help: "show this room's topic, or change it; a single - clears it",
        parse: |typed| {
            let room = typed.here()?;
            match typed.rest {
                "" => command(Command::GetTopic { room }),
                "-" => command(Command::SetTopic { room, topic: typed.line("")? }),
                topic => command(Command::SetTopic { room, topic: typed.line(topic)? }),
            }
        },
    },
    Word {
        name: "away",
        aliases: &[],
        arguments: "[TEXT]",
        help: "be away with a message; back without one",
        parse: |typed| {
            let text = (!typed.rest.is_empty()).then(|| typed.line(typed.rest));
            command(Command::Away { text: text.transpose()? })
        },
    },
    Word {
        name: "history",
        aliases: &[],
        arguments: "[N] [WHERE]",
        help: "messages of this room: the last N (20), or N before 41, after 41, around 41, since 2h",
        parse: |typed| command(look_up::history(typed)?),
    },
    Word {
        name: "search",
        aliases: &["find"],
        arguments: "WORDS",
        help: "find words, \"a phrase\", begin*, -without; in:ROOM from:NAME since:2h narrow it",
        parse: |typed| command(look_up::search(typed)?),
    },
    Word {
        name: "unread",
        aliases: &[],
        arguments: "",
        help: "what has come since you last typed",
        parse: |_| command(Command::Unread),
    },
    Word {
        name: "delete",
        aliases: &[],
        arguments: "[N]",
        help: "delete your last message here, or message number N",
        parse: |typed| {
            let digits = typed.rest.strip_prefix('#').unwrap_or(typed.rest);
            let seq =
                match digits {
                    "" => None,
                    digits => Some(Sequence(digits.parse().map_err(|_| {
                        typed.usage("N is a message's number: /history shows them")
                    })?)),
                };
            command(Command::Delete { room: typed.here()?, seq, reason: None })
        },
    },
    Word {
        name: "invite",
        aliases: &[],
        arguments: "NAME",
        help: "let somebody into this room",
        parse: |typed| moderate::of(typed, |room, user| Command::Invite { room, user }),
    },
    Word {
        name: "kick",
        aliases: &[],
        arguments: "NAME [REASON]",
        help: "put somebody out of this room",
        parse: moderate::kick,
    },
    Word {
        name: "ban",
        aliases: &[],
        arguments: "NAME [2h] [REASON]",
        help: "put somebody out, and let it in no more",
        parse: moderate::ban,
    },
    Word {
        name: "unban",
        aliases: &[],
        arguments: "NAME",
        help: "lift a ban",
        parse: |typed| moderate::of(typed, |room, user| Command::Unban { room, user }),
    },
    Word {
        name: "bans",
        aliases: &[],
        arguments: "[ROOM]",
        help: "who is banned from this room, or from another one",
        parse: |typed| command(Command::Bans { room: typed.room_or_here()? }),
    },
    Word {
        name: "mute",
        aliases: &[],
        arguments: "NAME [2h] [REASON]",
        help: "let somebody speak here no more",
        parse: moderate::mute,
    },
    Word {
        name: "unmute",
        aliases: &[],
        arguments: "NAME",
        help: "let somebody speak again",
        parse: |typed| moderate::of(typed, |room, user| Command::Unmute { room, user }),
    },
    Word {
        name: "op",
        aliases: &[],
        arguments: "NAME",
        help: "make somebody operator of this room",
        parse: |typed| moderate::give(typed, Role::Operator),
    },
    Word {
        name: "deop",
        aliases: &[],
        arguments: "NAME",
        help: "an operator is one no longer",
        parse: |typed| moderate::take(typed, Role::Operator),
    },
    Word {
        name: "voice",
        aliases: &[],
        arguments: "NAME",
        help: "let somebody speak when the room is moderated",
        parse: |typed| moderate::give(typed, Role::Voice),
    },
    Word {
        name: "devoice",
        aliases: &[],
        arguments: "NAME",
        help: "take that back",
        parse: |typed| moderate::take(typed, Role::Voice),
    },
    Word {
        name: "transfer",
        aliases: &[],
        arguments: "NAME",
        help: "give this room to somebody",
        parse: |typed| moderate::of(typed, |room, user| Command::Transfer { room, user }),
    },
    Word {
        name: "set",
        aliases: &[],
        arguments: "[WHAT VALUE]",
        help: "what this room is like, or change it: access, key, hidden, moderated, slow, … (- clears)",
        parse: moderate::set,
    },
    Word {
        name: "register",
        aliases: &[],
        arguments: "PASSWORD",
        help: "keep your name: make an account of it",
        parse: |typed| command(Command::Register { password: typed.password(typed.rest)? }),
    },
    Word {
        name: "login",
        aliases: &[],
        arguments: "NAME PASSWORD",
        help: "be your account here too",
        parse: |typed| command(account::login(typed)?),
    },
    Word {
        name: "logout",
        aliases: &[],
        arguments: "",
        help: "be a guest again",
        parse: |_| command(Command::Logout),
    },
    Word {
        name: "password",
        aliases: &[],
        arguments: "PASSWORD NEW",
        help: "change your password; your other sessions end",
        parse: |typed| command(account::password(typed)?),
    },
    Word {
        name: "stay",
        aliases: &[],
        arguments: "[on|off]",
        help: "stay in your rooms while you are not connected, shown as away",
        parse: |typed| command(account::stay(typed)?),
    },
    Word {
        name: "token",
        aliases: &["tokens"],
        arguments: "[NAME [ro|rw] [ROOM…] | revoke NAME]",
        help: "make a token with which a program is you (ro: to read only); list them; take one back",
        parse: |typed| command(account::token(typed)?),
    },
    Word {
        name: "cert",
        aliases: &["certs"],
        arguments: "[add [FINGERPRINT] | remove FINGERPRINT]",
        help: "log in by a TLS certificate, this connection's if none is named; list them; take one back",
        parse: |typed| command(account::certificate(typed)?),
    },
    Word {
        name: "ignore",
        aliases: &[],
        arguments: "[NAME]",
        help: "be shown nothing that somebody says; alone: whom you ignore and block",
        parse: |typed| match typed.rest {
            "" => command(Command::Shunned),
            name => command(Command::Ignore { user: typed.peer(name)? }),
        },
    },
    Word {
        name: "unignore",
        aliases: &[],
        arguments: "NAME",
        help: "be shown it again",
        parse: |typed| command(Command::Unignore { user: typed.peer(typed.rest)? }),
    },
    Word {
        name: "block",
        aliases: &[],
        arguments: "NAME",
        help: "take no direct messages of somebody",
        parse: |typed| command(Command::Block { user: typed.peer(typed.rest)? }),
    },
    Word {
        name: "unblock",
        aliases: &[],
        arguments: "NAME",
        help: "take them again",
        parse: |typed| command(Command::Unblock { user: typed.peer(typed.rest)? }),
    },
    Word {
        name: "announce",
        aliases: &[],
        arguments: "TEXT",
        help: "tell everybody something (administrators)",
        parse: |typed| match typed.rest {
            "" => Err(typed.usage("There is no text")),
            text => command(Command::Announce { text: typed.line(text)? }),
        },
    },
    Word {
        name: "suspend",
        aliases: &[],
        arguments: "NAME [TIME] [REASON]",
        help: "end an account's sessions and keep it out, for 2h, 3d, or for good (administrators)",
        parse: |typed| command(account::suspend(typed)?),
    },
    Word {
        name: "unsuspend",
        aliases: &[],
        arguments: "NAME",
        help: "let it in again (administrators)",
        parse: |typed| command(Command::Unsuspend { user: typed.peer(typed.rest)? }),
    },
    Word {
        name: "resetpassword",
        aliases: &[],
        arguments: "NAME PASSWORD",
        help: "give an account another password; its sessions, tokens and certificates end (administrators)",
        parse: |typed| {
            let (user, password) = account::name_and_password(typed)?;
            command(Command::ResetPassword { user, password })
        },
    },
    Word {
        name: "accounts",
        aliases: &[],
        arguments: "[AFTER]",
        help: "which accounts there are (administrators)",
        parse: |typed| {
            let after = (!typed.rest.is_empty()).then(|| typed.peer(typed.rest)).transpose()?;
            command(Command::Accounts { after })
        },
    },
    Word {
        name: "quit",
        aliases: &["exit", "bye"],
        arguments: "",
        help: "leave",
        parse: |_| command(Command::Quit { reason: None }),
    },
];

/// What was typed.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// For the server.
    Command(Command),
    /// Show all of [`WORDS`], or this one.
    Help(Option<&'static Word>),
}

/// Why a typed command is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlashError {
    /// No such word.
    #[error("Unknown command: {word}.{}", .suggestion.map(|name| format!(" Did you mean /{name}?")).unwrap_or_default())]
    Unknown {
        /// What was typed, at most 32 characters of it, harmless to show.
        word: String,
        /// A word that is close to it.
        suggestion: Option<&'static str>,
    },
    /// Its arguments are off.
    #[error("{why}. Usage: /{name} {arguments}")]
    Usage {
        /// The word.
        name: &'static str,
        /// What comes behind it.
        arguments: &'static str,
        /// What is wrong.
        why: String,
    },
    /// It is about the current room, and there is none.
    #[error("You are in no room. /join ROOM")]
    Nowhere,
}

impl PartialEq for Word {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// Parses what was typed behind the prefix: `join ops`. `here` is the current room.
///
/// # Errors
/// [`SlashError`] says what to type instead.
pub fn parse(typed: &str, here: Option<&RoomAddress>) -> Result<Action, SlashError> {
    let (name, rest) = typed.split_once(' ').unwrap_or((typed, ""));
    let word = find(name).ok_or_else(|| unknown(name))?;
    (word.parse)(&Typed { word, rest: rest.trim(), here })
}

/// May what was typed behind the prefix hold a password? Then it is kept nowhere. A word that is
/// nearly one of those counts too.
#[must_use]
pub fn has_secret(typed: &str) -> bool {
    const SECRET: [&str; 4] = ["register", "login", "password", "resetpassword"];
    let name = typed.trim_start().split(' ').next().unwrap_or_default().to_lowercase();
    let word = find(&name).map(|word| word.name).or_else(|| nearest(&name, SECRET));
    word.is_some_and(|word| SECRET.contains(&word))
}

/// The row of a word or an alias; case does not matter.
#[must_use]
pub fn find(name: &str) -> Option<&'static Word> {
    WORDS.iter().find(|word| {
        word.name.eq_ignore_ascii_case(name)
            || word.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    })
}

/// The text of `/help`, a line a word. `prefix` is what is typed before a word.
pub fn help_lines(prefix: &str) -> impl Iterator<Item = String> {
    WORDS.iter().map(move |word| help_line(prefix, word))
}

/// One line of `/help`.
#[must_use]
pub fn help_line(prefix: &str, word: &Word) -> String {
    let usage = format!("{prefix}{} {}", word.name, word.arguments);
    let aliases = match word.aliases {
        [] => String::new(),
        aliases => format!(" (also {prefix}{})", aliases.join(&format!(" {prefix}"))),
    };
    format!("{usage:<20} {}{aliases}", word.help)
}

fn unknown(word: &str) -> SlashError {
    let known = WORDS.iter().flat_map(|row| std::iter::once(&row.name).chain(row.aliases));
    SlashError::Unknown {
        word: word.chars().take(32).collect::<String>().escape_debug().to_string(),
        suggestion: nearest(word, known.copied()),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a row's function returns a Result")]
const fn command(command: Command) -> Result<Action, SlashError> {
    Ok(Action::Command(command))
}

/// What stands behind a word, and where it was typed.
struct Typed<'a> {
    word: &'static Word,
    rest: &'a str,
    here: Option<&'a RoomAddress>,
}

impl Typed<'_> {
    /// `why` may quote what was typed: whatever that is, it drives no terminal.
    fn usage(&self, why: impl Into<String>) -> SlashError {
        let mut why = why.into();
        if why.contains(is_dangerous) {
            why = why.escape_debug().to_string();
        }
        SlashError::Usage { name: self.word.name, arguments: self.word.arguments, why }
    }

    fn here(&self) -> Result<RoomAddress, SlashError> {
        self.here.cloned().ok_or(SlashError::Nowhere)
    }

    fn room(&self, text: &str) -> Result<RoomAddress, SlashError> {
        RoomAddress::parse(text).map_err(|error| self.usage(capital(&error)))
    }

    fn room_or_here(&self) -> Result<RoomAddress, SlashError> {
        match self.rest {
            "" => self.here(),
            room => self.room(room),
        }
    }

    fn user(&self, text: &str) -> Result<UserName, SlashError> {
        UserName::parse(text).map_err(|error| self.usage(capital(&error)))
    }

    /// A user's name, with or without `@`.
    fn peer(&self, text: &str) -> Result<UserName, SlashError> {
        self.user(text.strip_prefix('@').unwrap_or(text))
    }

    fn password(&self, text: &str) -> Result<Password, SlashError> {
        Password::parse(text).map_err(|error| self.usage(capital(&error)))
    }

    fn line(&self, text: &str) -> Result<LineText, SlashError> {
        LineText::parse(text).map_err(|error| self.usage(capital(&error)))
    }

    fn say(&self, room: RoomAddress, text: &str, kind: SayKind) -> Result<Action, SlashError> {
        if text.is_empty() {
            return Err(self.usage("There is no text"));
        }
        let text = MessageText::parse(text).map_err(|error| self.usage(capital(&error)))?;
        command(Command::say(room, text, kind, None))
    }
}

/// An error as the beginning of a sentence.
fn capital(error: &impl ToString) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => text,
    }
}

#[cfg(test)]
mod tests;
