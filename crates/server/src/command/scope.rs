//! What a session that came with a personal token may do: as much as the token is for. Pure.

use chat_protocol::event::TokenInfo;
use chat_protocol::{Command, Refusal, RoomAddress, RoomName};

/// What a token is for; a session without one may do all that its account may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    /// None: all.
    rooms: Vec<RoomName>,
    read_only: bool,
}

impl Scope {
    /// None: all that the account may.
    pub(super) fn of(token: TokenInfo) -> Option<Self> {
        let TokenInfo { rooms, read_only, .. } = token;
        (!rooms.is_empty() || read_only).then_some(Self { rooms, read_only })
    }

    /// May the session follow this room?
    pub(crate) fn has(&self, room: &RoomAddress) -> bool {
        self.rooms.is_empty()
            || matches!(room, RoomAddress::Named(name) if self.rooms.contains(name))
    }

    /// Is the token for that?
    ///
    /// # Errors
    /// [`Refusal::OutOfScope`].
    pub(crate) fn permits(&self, command: &Command) -> Result<(), Refusal> {
        let reads = |room: &RoomAddress| self.has(room);
        let writes = |room: &RoomAddress| !self.read_only && self.has(room);
        let everywhere = self.rooms.is_empty();
        let is_fine = match command {
            Command::Say { room, .. }
            | Command::Signal { room, .. }
            | Command::Join { room, .. }
            | Command::Leave { room, .. }
            | Command::SetTopic { room, .. }
            | Command::Delete { room, .. }
            | Command::MarkRead { room, .. }
            | Command::MarkReadUntil { room, .. }
            | Command::Invite { room, .. }
            | Command::Kick { room, .. }
            | Command::Ban { room, .. }
            | Command::Unban { room, .. }
            | Command::Mute { room, .. }
            | Command::Unmute { room, .. }
            | Command::GiveRole { room, .. }
            | Command::TakeRole { room, .. }
            | Command::Transfer { room, .. }
            | Command::Set { room, .. } => writes(room),
            Command::GetMetadata { of: RoomAddress::Named(name), .. } => {
                reads(&RoomAddress::Named(name.clone()))
            }
            Command::SetMetadata { of, .. } | Command::ClearMetadata { of } => writes(of),
            Command::GetMetadata { of: RoomAddress::Direct(_), .. }
            | Command::WatchMetadata { .. } => true,
            Command::Watch { room }
            | Command::GetTopic { room }
            | Command::Members { room }
            | Command::GetSettings { room }
            | Command::Bans { room }
            | Command::GetRead { room }
            | Command::History { room, .. }
            | Command::Search { room: Some(room), .. } => reads(room),
            Command::Search { room: None, .. }
            | Command::Unread
            | Command::Conversations { .. } => everywhere,
            Command::Away { .. } | Command::SetProfile { .. } => everywhere && !self.read_only,
            Command::Rooms
            | Command::Users
            | Command::Was { .. }
            | Command::WatchUsers { .. }
            | Command::UnwatchUsers { .. }
            | Command::WatchedUsers
            | Command::Ping
            | Command::Whois { .. }
            | Command::Census
            | Command::Quit { .. }
            | Command::Unknown => true,
            Command::Nick { .. }
            | Command::Register { .. }
            | Command::Login { .. }
            | Command::Logout
            | Command::ChangePassword { .. }
            | Command::Stay { .. }
            | Command::MakeToken { .. }
            | Command::Tokens
            | Command::RevokeToken { .. }
            | Command::AddCertificate { .. }
            | Command::Certificates
            | Command::RemoveCertificate { .. }
            | Command::Ignore { .. }
            | Command::Unignore { .. }
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
            | Command::Administer { .. }
            | Command::CeaseToAdminister
            | Command::Disconnect { .. }
            | Command::Status
            | Command::BanAddress { .. }
            | Command::UnbanAddress { .. }
            | Command::AddressBans
            | Command::StoredRooms { .. }
            | Command::ReportRoom { .. }
            | Command::CloseRoom { .. } => false,
        };
        if is_fine { Ok(()) } else { Err(Refusal::OutOfScope) }
    }
}

#[cfg(test)]
mod tests {
    use chat_protocol::slash::{self, Action};
    use chat_protocol::{Timestamp, TokenName};

    use super::*;

    fn check(rooms: &[&str], read_only: bool, typed: &str, expected: bool) {
        let rooms = rooms.iter().map(|room| RoomName::parse(room).unwrap()).collect();
        let name = TokenName::parse("ci").unwrap();
        let scope = Scope::of(TokenInfo { name, rooms, read_only, created_ms: Timestamp(0) });
        let here = RoomAddress::parse("ops").unwrap();
        let Ok(Action::Command(command)) = slash::parse(typed, Some(&here)) else {
            panic!("{typed}")
        };
        let permitted = scope.is_none_or(|scope| scope.permits(&command).is_ok());
        assert_eq!(permitted, expected, "{typed}");
    }

    #[test]
    fn a_token_for_rooms_reaches_no_other_and_no_account() {
        for typed in ["me waves", "history", "join ops", "topic x", "search in:ops x", "quit"] {
            check(&["ops"], false, typed, true);
        }
        for typed in ["join lobby", "msg bob hi", "search x", "unread", "away", "logout"] {
            check(&["ops"], false, typed, false);
        }
    }

    #[test]
    fn a_token_to_read_changes_nothing() {
        for typed in ["history", "topic", "search x", "unread", "who ops", "rooms"] {
            check(&[], true, typed, true);
        }
        for typed in [
            "me waves",
            "join ops",
            "leave ops",
            "topic x",
            "delete",
            "token",
            "cert add",
            "cert",
            "nick x",
        ] {
            check(&[], true, typed, false);
        }
    }

    #[test]
    fn a_token_for_everything_is_the_account() {
        check(&[], false, "token ci", true);
        check(&[], false, "announce hi", true);
    }
}
