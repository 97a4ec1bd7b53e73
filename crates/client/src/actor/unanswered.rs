//! What becomes of unanswered requests when the connection is lost. Never sends.

use std::collections::VecDeque;

use chat_protocol::{Command, Event};

use super::{Actor, Order, Waiting};
use crate::connection::{Answer, Update};

impl Actor {
    /// Sorts what was unanswered: questions are asked again, messages wait for whom we will be,
    /// what else changes something is unknown.
    pub(super) fn disconnected(&mut self) {
        self.rooms.disconnected();
        let mut again = VecDeque::new();
        let mut unsure = Vec::new();
        for (id, waiting) in std::mem::take(&mut self.waiting) {
            let Waiting::Order(command) = waiting else {
                continue;
            };
            let answer = match command {
                Command::Join { .. }
                | Command::Watch { .. }
                | Command::GetTopic { .. }
                | Command::GetSettings { .. }
                | Command::Rooms
                | Command::Users
                | Command::Members { .. }
                | Command::History { .. }
                | Command::Search { .. }
                | Command::Unread
                | Command::Tokens
                | Command::Certificates
                | Command::Shunned
                | Command::Accounts { .. }
                | Command::Bans { .. }
                | Command::Status
                | Command::AddressBans
                | Command::StoredRooms { .. }
                | Command::ReportRoom { .. }
                | Command::MarkRead { .. }
                | Command::MarkReadUntil { .. }
                | Command::GetRead { .. }
                | Command::WatchUsers { .. }
                | Command::UnwatchUsers { .. }
                | Command::WatchedUsers
                | Command::Was { .. }
                | Command::Whois { .. }
                | Command::Census
                | Command::Conversations { .. }
                | Command::GetMetadata { .. }
                | Command::SetMetadata { .. }
                | Command::WatchMetadata { .. }
                | Command::Stay { .. }
                | Command::Ping => {
                    again.push_back(Order { id, command });
                    continue;
                }
                Command::Say { .. } => {
                    unsure.push(Order { id, command });
                    continue;
                }
                // It is not entered again, and so it is left.
                Command::Leave { room, .. } => {
                    self.rooms.exited(&room);
                    Answer::Event(Event::Done { id: Some(id) })
                }
                Command::SetTopic { .. }
                | Command::BanAddress { .. }
                | Command::UnbanAddress { .. }
                | Command::CloseRoom { .. }
                | Command::Signal { .. }
                | Command::ClearMetadata { .. }
                | Command::Delete { .. }
                | Command::Register { .. }
                | Command::Login { .. }
                | Command::Logout
                | Command::ChangePassword { .. }
                | Command::MakeToken { .. }
                | Command::RevokeToken { .. }
                | Command::AddCertificate { .. }
                | Command::RemoveCertificate { .. }
                | Command::Ignore { .. }
                | Command::Unignore { .. }
                | Command::Block { .. }
                | Command::Unblock { .. }
                | Command::Announce { .. }
                | Command::Wallops { .. }
                | Command::Suspend { .. }
                | Command::Unsuspend { .. }
                | Command::ResetPassword { .. }
                | Command::AddAccount { .. }
                | Command::DeleteAccount { .. }
                | Command::SetAdministrator { .. }
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
                | Command::Nick { .. }
                | Command::Away { .. }
                | Command::SetProfile { .. }
                | Command::Administer { .. }
                | Command::CeaseToAdminister
                | Command::Disconnect { .. }
                | Command::Quit { .. }
                | Command::Unknown => Answer::Unknown,
            };
            self.untold.push_back(Update::Answered { id, answer });
        }
        again.append(&mut self.again);
        self.again = again;
        // What was to be said again already, when this connection broke too, comes behind.
        let is_said = |order: &Order| matches!(order.command, Command::Say { key: Some(_), .. });
        let (said, asked): (VecDeque<Order>, VecDeque<Order>) =
            std::mem::take(&mut self.again).into_iter().partition(is_said);
        self.again = asked;
        unsure.extend(said);
        self.unsure = unsure;
    }
}
