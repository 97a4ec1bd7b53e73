//! What this server is like, in tokens (<https://modern.ircdocs.horse/#rplisupport-005>). All of it is
//! true.

use bytes::BytesMut;
use chat_protocol::limits::{
    LINE_TEXT_BYTES_MAX, PAGE_EVENTS_MAX, ROOM_NAME_BYTES_MAX, USER_NAME_BYTES_MAX,
    WATCHED_USERS_MAX,
};

use super::IrcFrontend;
use super::mask::{ACCOUNT_EXTBAN, EXTBANS, LISTED_MAX, LISTS};

/// Tokens of one line: with the name and the text, as many as a line has parameters.
const TOKENS_OF_A_LINE: usize = 13;

impl IrcFrontend {
    /// `005` lines.
    pub(super) fn isupport(&self, out: &mut BytesMut) {
        let mut tokens = tokens();
        tokens.insert(0, format!("NETWORK={}", self.settings.network));
        for tokens in tokens.chunks(TOKENS_OF_A_LINE) {
            let line = self.numeric(5, out);
            let line = tokens.iter().fold(line, |line, token| line.word(token));
            line.text("are supported by this server");
        }
    }
}

/// A value of a token: what is no word is escaped.
pub(super) fn value(text: &str) -> String {
    let escaped = |character: char| match character {
        ' ' | '=' | '\\' => format!("\\x{:02X}", u32::from(character)),
        other => other.to_string(),
    };
    text.chars().map(escaped).collect()
}

/// Of oneself: a bot, invisible, administering, wants wallops.
pub(super) const USER_MODES: &str = "Biow";
/// Of a room, and those that have a parameter.
pub(super) const ROOM_MODES: &str = "Ibeiklmnostv";
pub(super) const ROOM_MODES_WITH_PARAMETER: &str = "Ibeklov";

fn tokens() -> Vec<String> {
    let fixed = [
        "CASEMAPPING=ascii",
        "CHANTYPES=#",
        "CHANMODES=beI,k,l,imnst",
        "EXCEPTS=e",
        "INVEX=I",
        "PREFIX=(ov)@+",
        "BOT=B",
        "ELIST=CMNTU",
        "WHOX",
        "UTF8ONLY",
        "CLIENTTAGDENY=*,-typing,-draft/react,-draft/unreact,-draft/reply,-reply",
        "TARGMAX=JOIN:,KICK:,LIST:,NAMES:,NOTICE:4,PART:,PRIVMSG:4,WHOIS:1",
        "MODES=20",
    ];
    let mut tokens: Vec<String> = fixed.into_iter().map(str::to_owned).collect();
    tokens.extend([
        format!("NICKLEN={USER_NAME_BYTES_MAX}"),
        format!("CHANNELLEN={}", ROOM_NAME_BYTES_MAX + 1),
        format!("TOPICLEN={LINE_TEXT_BYTES_MAX}"),
        format!("AWAYLEN={LINE_TEXT_BYTES_MAX}"),
        format!("KICKLEN={LINE_TEXT_BYTES_MAX}"),
        format!("NAMELEN={LINE_TEXT_BYTES_MAX}"),
        "KEYLEN=32".to_owned(),
        format!("MAXLIST={LISTS}:{LISTED_MAX}"),
        format!("EXTBAN={EXTBANS}"),
        format!("ACCOUNTEXTBAN={ACCOUNT_EXTBAN}"),
        format!("CHATHISTORY={PAGE_EVENTS_MAX}"),
        format!("MONITOR={WATCHED_USERS_MAX}"),
        "MSGREFTYPES=msgid,timestamp".to_owned(),
    ]);
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_several_words_is_one_token() {
        assert_eq!(value("Tea & Chat"), "Tea\\x20&\\x20Chat");
        assert_eq!(value("a=b\\c"), "a\\x3Db\\x5Cc");
    }
}
