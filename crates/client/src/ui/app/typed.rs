//! What was typed: said, or done. Words of the protocol's table go to the server, words of ours
//! (words.rs) stay here; a word of neither is never sent. Pure.

use chat_client::{Naming, Trouble};
use chat_protocol::limits::{MESSAGE_TEXT_BYTES_MAX, MESSAGE_TEXT_LINES_MAX};
use chat_protocol::nearest::nearest;
use chat_protocol::slash::{self, Action as Slash};
use chat_protocol::{Command, MessageText, RoomAddress, RoomSecret, SayKind, Sequence, UserName};

use super::words::OWN_WORDS;
use super::{App, Asked, Effect, Hint, Mode, Net};
use crate::meant;
use crate::ui::keys::Act;
use crate::ui::reactions::Reactions;
use crate::ui::row::{Body, Delivery, Ticket};

impl App {
    pub(super) fn submit(&mut self) {
        let text = self.input().text().to_owned();
        if text.trim().is_empty() {
            self.input_mut().clear();
            return;
        }
        self.welcome = false;
        let word = text.strip_prefix('/');
        let is_command = |word: &&str| {
            !word.starts_with('/') && (!word.contains('\n') || word.starts_with("reply "))
        };
        match word.filter(is_command) {
            Some(word) => self.run(word),
            // `//` says a slash; a pasted text of many lines is no command.
            None => self.say_typed(
                text.strip_prefix('/').filter(|_| !text.contains('\n')).unwrap_or(&text),
            ),
        }
    }

    fn say_typed(&mut self, text: &str) {
        let Some(address) = self.room().address.clone() else {
            self.hint = Some(Hint::Wrong(slash::SlashError::Nowhere.to_string()));
            return;
        };
        match parsed(text) {
            Ok(text) => {
                let typed = self.current;
                let reply_to = self.room().answering;
                if self.say(&address, text, SayKind::Text, reply_to)
                    && let Some(room) = self.rooms.get_mut(typed)
                {
                    room.input.take();
                    room.answering = None;
                }
            }
            Err(why) => self.hint = Some(Hint::Wrong(format!("not sent: {why}"))),
        }
    }

    /// Puts the message into its room, and sends it, or keeps it until there is a connection.
    /// False: too much waits already.
    fn say(
        &mut self,
        address: &RoomAddress,
        text: MessageText,
        kind: SayKind,
        reply_to: Option<Sequence>,
    ) -> bool {
        let Some(me) = self.me.clone() else { return false };
        self.typing_told = None;
        let now = self.now;
        let index = self.room_at(address);
        let (to, said) = (address.clone(), text.clone());
        let command = Command::Say { room: to, text: said, kind, key: None, reply_to };
        let Some(ticket) = self.ask(command, Asked::Say(address.clone())) else { return false };
        let Some(room) = self.rooms.get_mut(index) else { return false };
        let was_away_from_end = !room.window.is_live();
        let delivery = Delivery::Sending(ticket);
        let (mention, reactions) = (false, Reactions::default());
        let said = Body::Said { from: me, kind, text, delivery, mention, reply_to, reactions };
        room.say(now, said);
        if was_away_from_end {
            self.load(index, crate::ui::room::Side::Newest);
        }
        self.go_to(index);
        true
    }

    fn run(&mut self, typed: &str) {
        let (name, rest) = typed.split_once(' ').unwrap_or((typed, ""));
        if let Some(own) = OWN_WORDS.iter().find(|own| own.name.eq_ignore_ascii_case(name)) {
            self.input_mut().take();
            (own.run)(self, rest.trim());
            return;
        }
        #[cfg(debug_assertions)]
        if typed == "crash" {
            self.effects.push(Effect::Crash);
            return;
        }
        let here = self.room().address.clone();
        let typed = meant::with_number(typed, self.last_of_others());
        match slash::parse(&typed, here.as_ref()) {
            Ok(Slash::Help(None)) => {
                self.input_mut().take();
                self.mode = Mode::Help { scroll: 0 };
            }
            Ok(Slash::Help(Some(word))) => {
                self.input_mut().take();
                self.talk(slash::help_line("/", word));
            }
            Ok(Slash::Command(command)) => {
                self.input_mut().take();
                self.command(command, rest);
            }
            Err(error) => self.hint = Some(Hint::Wrong(self.in_words(name, &error))),
        }
    }

    /// The suggestion may be one of our own words.
    fn in_words(&self, name: &str, error: &slash::SlashError) -> String {
        let slash::SlashError::Unknown { word, suggestion } = error else {
            return error.to_string();
        };
        let own = OWN_WORDS.iter().map(|own| own.name);
        let like = nearest(name, own.chain(*suggestion));
        let like = like.map(|like| format!(" Did you mean /{like}?")).unwrap_or_default();
        format!(
            "Unknown command: {word}.{like} // says a slash. {} helps.",
            self.start.keys.key(Act::Help)
        )
    }

    fn command(&mut self, command: Command, typed: &str) {
        match command {
            Command::Say { room, text, kind, reply_to, .. } => {
                self.say(&room, text, kind, reply_to);
            }
            Command::Join { room, key } => self.join(room, key),
            Command::Leave { room, .. } => {
                self.ask(Command::Leave { room: room.clone(), reason: None }, Asked::Leave(room));
            }
            Command::Nick { name } => self.nick(name),
            // It would wait for a connection, and the connection waits for it.
            Command::Login { name, password, .. } if matches!(self.net, Net::Down { .. }) => {
                self.effects.push(Effect::ComeAs(Naming::Account(name, password)));
            }
            Command::Quit { .. } => self.quit(),
            // Here, for what is shown already; there, for what comes, and for other clients.
            Command::Ignore { user } => {
                self.word_ignore(user.as_str());
                self.ask(Command::Ignore { user }, Asked::Marked);
            }
            Command::Unignore { user } => {
                self.word_unignore(user.as_str());
                self.ask(Command::Unignore { user }, Asked::Marked);
            }
            Command::Search { .. } => self.search_typed(typed.trim()),
            Command::History { .. }
            | Command::Delete { .. }
            | Command::Unread
            | Command::MarkRead { .. }
            | Command::MarkReadUntil { .. }
            | Command::GetRead { .. }
            | Command::WatchUsers { .. }
            | Command::UnwatchUsers { .. }
            | Command::WatchedUsers
            | Command::Was { .. }
            | Command::SetProfile { .. }
            | Command::Whois { .. }
            | Command::Census
            | Command::Administer { .. }
            | Command::CeaseToAdminister
            | Command::Disconnect { .. }
            | Command::Conversations { .. }
            | Command::GetMetadata { .. }
            | Command::SetMetadata { .. }
            | Command::ClearMetadata { .. }
            | Command::WatchMetadata { .. }
            | Command::Stay { .. }
            | Command::Watch { .. }
            | Command::GetTopic { .. }
            | Command::SetTopic { .. }
            | Command::Signal { .. }
            | Command::Away { .. }
            | Command::Rooms
            | Command::Users
            | Command::Members { .. }
            | Command::Register { .. }
            | Command::Login { .. }
            | Command::Logout
            | Command::ChangePassword { .. }
            | Command::MakeToken { .. }
            | Command::Tokens
            | Command::Certificates
            | Command::RevokeToken { .. }
            | Command::AddCertificate { .. }
            | Command::RemoveCertificate { .. }
            | Command::Block { .. }
            | Command::Unblock { .. }
            | Command::Shunned
            | Command::Announce { .. }
            | Command::Wallops { .. }
            | Command::Suspend { .. }
            | Command::Unsuspend { .. }
            | Command::ResetPassword { .. }
            | Command::AddAccount { .. }
            | Command::DeleteAccount { .. }
            | Command::SetAdministrator { .. }
            | Command::Accounts { .. }
            | Command::Bans { .. }
            | Command::Status
            | Command::BanAddress { .. }
            | Command::UnbanAddress { .. }
            | Command::AddressBans
            | Command::StoredRooms { .. }
            | Command::ReportRoom { .. }
            | Command::CloseRoom { .. }
            | Command::Invite { .. }
            | Command::Kick { .. }
            | Command::Ban { .. }
            | Command::Unban { .. }
            | Command::Mute { .. }
            | Command::Unmute { .. }
            | Command::GiveRole { .. }
            | Command::TakeRole { .. }
            | Command::Transfer { .. }
            | Command::Set { .. }
            | Command::GetSettings { .. }
            | Command::Ping
            | Command::Unknown => {
                self.ask(command, Asked::Shown);
            }
        }
    }

    /// Shows the room, or enters it first.
    pub(super) fn join(&mut self, room: RoomAddress, key: Option<RoomSecret>) {
        match self.index_of(&room) {
            Some(index) => self.go_to(index),
            None => {
                self.ask(Command::Join { room, key }, Asked::Join { show: true });
            }
        }
    }

    fn nick(&mut self, name: UserName) {
        if self.net == Net::Up {
            self.ask(Command::Nick { name: name.clone() }, Asked::Nick(name));
        } else if matches!(self.net, Net::Down { trouble: Trouble::Account, .. }) {
            self.effects.push(Effect::ComeAs(Naming::Exact(name)));
        } else {
            // The old name may be what keeps us out.
            self.wanted_name = Some(name.clone());
            self.effects.push(Effect::AskForName(name));
        }
    }

    /// Leaves when everything is said; without a connection only if it is asked for twice.
    fn quit(&mut self) {
        let unsent = self.unsent();
        if unsent == 0 || self.leaving {
            self.effects.push(Effect::Quit);
            return;
        }
        self.leaving = true;
        if self.net == Net::Up {
            self.quitting = true;
            self.hint = Some(Hint::Word(format!("leaving when {unsent} more is stored")));
        } else {
            self.hint = Some(Hint::Wrong(format!("not sent yet: {unsent}; /quit again leaves")));
            self.input_mut().set("/quit");
        }
    }

    /// What the notice above the input says of a text that is being typed.
    pub(crate) fn input_notice(&self) -> Option<Hint> {
        let text = self.input().text();
        let lines = text.split('\n').count();
        let too_long = format!("too long: {}/{MESSAGE_TEXT_BYTES_MAX} bytes", text.len());
        let too_many = format!("{lines}/{MESSAGE_TEXT_LINES_MAX} lines: too many for one message");
        if text.len() > MESSAGE_TEXT_BYTES_MAX {
            Some(Hint::Wrong(too_long))
        } else if lines > MESSAGE_TEXT_LINES_MAX {
            Some(Hint::Wrong(too_many))
        } else if lines > 1 {
            let keys = &self.start.keys;
            let (sends, drops) = (keys.key(Act::Submit), keys.key(Act::DeleteToStart));
            Some(Hint::Word(format!("{lines} lines: {sends} sends as one · {drops} drops")))
        } else {
            None
        }
    }

    /// The answer to a message.
    pub(super) fn said(&mut self, address: &RoomAddress, ticket: Ticket, outcome: Delivery) {
        if let Some(index) = self.index_of(address)
            && let Some(room) = self.rooms.get_mut(index)
        {
            room.not_stored(ticket, outcome);
        }
    }
}

fn parsed(text: &str) -> Result<MessageText, String> {
    if text.len() > MESSAGE_TEXT_BYTES_MAX {
        return Err(format!("too long {}/{MESSAGE_TEXT_BYTES_MAX}", text.len()));
    }
    MessageText::parse(text.trim_end_matches('\n')).map_err(|error| error.to_string())
}
