//! Masks of IRC (`nick!user@host`, `a:account`, `m:…` for mutes) as a room's masks and bans, and back.
//! Everybody is at one host, so none can be told from others by it.

use bytes::BytesMut;
use chat_protocol::administration::BanInfo;
use chat_protocol::limits::ROOM_MASKS_MAX;
use chat_protocol::{
    Command, HeldMask, Mask, MaskList, RoomAddress, RoomSettings, Setting, UserName, glob,
};

use super::IrcFrontend;
use super::asked::Asked;
use super::reply::{HOST, mask as user_mask, word};

/// The letters of lists, and how much they hold (ISUPPORT's MAXLIST).
pub(super) const LISTS: &str = "beI";
pub(super) const LISTED_MAX: usize = ROOM_MASKS_MAX;
/// ISUPPORT's EXTBAN: no prefix, then what there is: an account, a mute.
pub(super) const EXTBANS: &str = ",am";
/// The one of accounts.
pub(super) const ACCOUNT_EXTBAN: &str = "a";

/// A mask of a list, as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) list: MaskList,
    pub(super) mask: Mask,
}

/// Reads what stands behind `b`, `e` or `I`.
///
/// # Errors
/// In words, what works.
pub(super) fn parse(letter: char, text: &str) -> Result<Listed, String> {
    let (is_mute, mask) = match text.split_once(':') {
        Some(("m" | "M", rest)) => (true, rest),
        Some(_) | None => (false, text),
    };
    let list = match (letter, is_mute) {
        ('b', false) => MaskList::Ban,
        ('b', true) => MaskList::Mute,
        ('e', false) => MaskList::Except,
        ('e', true) => MaskList::Speak,
        (_, false) => MaskList::Invite,
        (_, true) => return Err("A mute is a mask of b or e".to_owned()),
    };
    Ok(Listed { list, mask: without_host(mask)? })
}

fn without_host(text: &str) -> Result<Mask, String> {
    let (who, host) = text.split_once('@').unwrap_or((text, "*"));
    if !glob::matches(&host.to_lowercase(), HOST) {
        return Err(format!(
            "Everybody is at {HOST} here, and nobody at {}: name people by NICK!*@*, or accounts by \
             {ACCOUNT_EXTBAN}:ACCOUNT",
            word(host)
        ));
    }
    let is_user_alone = text.contains('@') && !who.contains('!');
    let who = if is_user_alone { format!("*!{who}") } else { who.to_owned() };
    Mask::parse(&who).map_err(|_| {
        format!("A mask is NICK!*@*, NICK!USER@* or {ACCOUNT_EXTBAN}:ACCOUNT, of up to 128 bytes")
    })
}

/// The letter of a list, and the mask as it stands there.
pub(super) fn written(list: MaskList, mask: &Mask) -> (char, String) {
    let (letter, prefix) = match list {
        MaskList::Ban => ('b', ""),
        MaskList::Mute => ('b', "m:"),
        MaskList::Except => ('e', ""),
        MaskList::Speak => ('e', "m:"),
        MaskList::Invite => ('I', ""),
    };
    let text = match mask {
        Mask::User { name, login } => {
            format!("{prefix}{name}!{}@*", login.as_deref().unwrap_or("*"))
        }
        Mask::Account { name } => format!("{prefix}{ACCOUNT_EXTBAN}:{name}"),
    };
    (letter, text)
}

/// What a change of masks asks for. A ban of a user by name, which other front ends know, is one of
/// the list too: to take that away lifts it.
pub(super) fn command(
    room: &RoomAddress,
    settings: &RoomSettings,
    on: bool,
    Listed { list, mask }: Listed,
) -> Command {
    let room = room.clone();
    if !on
        && !settings.has_mask(list, &mask)
        && let Mask::User { name, login: None } = &mask
        && let Ok(user) = UserName::parse(name)
    {
        match list {
            MaskList::Ban => return Command::Unban { room, user },
            MaskList::Mute => return Command::Unmute { room, user },
            MaskList::Except | MaskList::Speak | MaskList::Invite => {}
        }
    }
    Command::Set { room, set: Setting::Mask { list, mask, on, by: None, time_ms: None } }
}

impl IrcFrontend {
    /// `MODE #ops +b`: bans of users are asked for too.
    pub(super) fn ask_masks(&mut self, room: RoomAddress, name: &str, letter: char) {
        let asked = |letter| Asked::Masks { room: name.to_owned(), letter };
        if letter == 'b' {
            self.ask(Command::Bans { room: room.clone() }, asked('B'));
        }
        self.ask(Command::GetSettings { room }, asked(letter));
    }

    /// `367`, of users.
    pub(super) fn bans(&self, room: &str, bans: &[BanInfo], out: &mut BytesMut) {
        for ban in bans {
            self.numeric(367, out).word(word(room)).word(format_args!("{}!*@*", ban.user)).end();
        }
    }

    /// `367`, `348` or `346`, and their ends.
    pub(super) fn masks(&self, room: &str, letter: char, held: &[HeldMask], out: &mut BytesMut) {
        let (number, end, text) = match letter {
            'b' => (367, 368, "End of channel ban list"),
            'e' => (348, 349, "End of channel exception list"),
            _ => (346, 347, "End of channel invite exception list"),
        };
        for HeldMask { list, mask, by, time_ms } in held {
            let (of, text) = written(*list, mask);
            if of != letter {
                continue;
            }
            let line = self.numeric(number, out).word(word(room)).word(text);
            match (by, time_ms) {
                (Some(by), Some(time)) => line.word(user_mask(by)).word(time.0 / 1_000).end(),
                (_, _) => line.end(),
            }
        }
        self.numeric(end, out).word(word(room)).text(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_read_and_written() {
        for (letter, text, list, mask, again) in [
            ('b', "Bob!*@*", MaskList::Ban, "bob", "bob!*@*"),
            ('b', "bob", MaskList::Ban, "bob", "bob!*@*"),
            ('b', "*!bob@samovar", MaskList::Ban, "*!bob", "*!bob@*"),
            ('b', "*bob@*.samovar*", MaskList::Ban, "", ""),
            ('b', "bob@*", MaskList::Ban, "*!bob", "*!bob@*"),
            ('b', "*!*@*", MaskList::Ban, "*", "*!*@*"),
            ('b', "a:Bob", MaskList::Ban, "a:bob", "a:bob"),
            ('b', "m:bob!*@*", MaskList::Mute, "bob", "m:bob!*@*"),
            ('b', "m:a:bob", MaskList::Mute, "a:bob", "m:a:bob"),
            ('e', "bob!*@sam*", MaskList::Except, "bob", "bob!*@*"),
            ('e', "m:*!*rob@*", MaskList::Speak, "*!*rob", "m:*!*rob@*"),
            ('I', "bob!*@*", MaskList::Invite, "bob", "bob!*@*"),
        ] {
            if mask.is_empty() {
                assert!(parse(letter, text).unwrap_err().contains("Everybody is at samovar"));
                continue;
            }
            let listed = parse(letter, text).unwrap();
            assert_eq!((listed.list, listed.mask.to_string().as_str()), (list, mask), "{text}");
            assert_eq!(written(list, &listed.mask), (letter, again.to_owned()));
        }
        for (letter, text) in [
            ('b', "*!*@1.2.3.4"),
            ('b', "x:bob"),
            ('b', "m:"),
            ('b', ""),
            ('b', "a b"),
            ('b', "bob!a!b@*"),
            ('b', "bob!rob@"),
            ('b', "bob!rob@samovar@samovar"),
            ('b', "bob!rob@ samovar"),
            ('b', "@"),
            ('I', "m:bob"),
        ] {
            assert!(parse(letter, text).is_err(), "{text}");
        }
        assert!(parse('b', &format!("{}!*@*", "x".repeat(200))).unwrap_err().contains("128"));
    }
}
