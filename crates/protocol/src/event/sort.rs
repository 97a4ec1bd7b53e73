//! Sorts events: by what they are for, by their room, by the request that they answer. Every variant is
//! named here, so a new one has to say what it is before anything compiles; who shows events asks here,
//! and names only those that it shows.

use super::Event;
use crate::{Refusal, RequestId, RoomAddress, Sequence};

/// What an event is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// It stands in a room's history, under a number: a line of the room.
    Room,
    /// Who is in a room, and what it is called: a line too, where there is room for it.
    Presence,
    /// What becomes of oneself and of what one did, and what the server says to all.
    Own,
    /// What was asked for: shown to who asked.
    Answer,
    /// What a program knows by it, and nobody has to read.
    State,
}

impl Event {
    /// A refusal with its sentence.
    #[must_use]
    pub fn refused(id: Option<RequestId>, refusal: Refusal) -> Self {
        let text = refusal.to_string();
        Self::Refused { id, refusal, text }
    }

    /// The same event under another address of its room: a direct room has one for each of the
    /// two. Events that belong to no room stay as they are.
    #[must_use]
    pub fn relabelled(&self, address: &RoomAddress) -> Self {
        let mut event = self.clone();
        if let Self::Message { room, .. }
        | Self::TopicChanged { room, .. }
        | Self::Deleted { room, .. }
        | Self::Tombstone { room, .. }
        | Self::Hidden { room, .. }
        | Self::RoomChanged { room, .. }
        | Self::Signal { room, .. }
        | Self::Joined { room, .. }
        | Self::Left { room, .. }
        | Self::Crowd { room, .. }
        | Self::Gone { room, .. } = &mut event
        {
            room.clone_from(address);
        }
        event
    }

    /// The request that it answers.
    #[must_use]
    pub const fn request_id(&self) -> Option<RequestId> {
        match self {
            Self::Done { id }
            | Self::Stored { id, .. }
            | Self::Refused { id, .. }
            | Self::Entered { id, .. }
            | Self::Signalled { id, .. }
            | Self::TopicIs { id, .. }
            | Self::SettingsAre { id, .. }
            | Self::RoomList { id, .. }
            | Self::UserList { id, .. }
            | Self::PastUsers { id, .. }
            | Self::UserStates { id, .. }
            | Self::UserIs { id, .. }
            | Self::CensusIs { id, .. }
            | Self::MemberList { id, .. }
            | Self::History { id, .. }
            | Self::ConversationList { id, .. }
            | Self::UnreadList { id, .. }
            | Self::ReadIs { id, .. }
            | Self::Metadata { id, .. }
            | Self::MetadataKeys { id, .. }
            | Self::Found { id, .. }
            | Self::Identified { id, .. }
            | Self::StayIs { id, .. }
            | Self::TokenMade { id, .. }
            | Self::TokenList { id, .. }
            | Self::CertificateList { id, .. }
            | Self::Shunned { id, .. }
            | Self::AccountList { id, .. }
            | Self::BanList { id, .. }
            | Self::Status { id, .. }
            | Self::AddressBanList { id, .. }
            | Self::StoredRoomList { id, .. }
            | Self::RoomReport { id, .. }
            | Self::Pong { id, .. } => *id,
            Self::Welcome(_)
            | Self::Exited { .. }
            | Self::Message { .. }
            | Self::Signal { .. }
            | Self::TopicChanged { .. }
            | Self::Deleted { .. }
            | Self::Tombstone { .. }
            | Self::RoomChanged { .. }
            | Self::Invited { .. }
            | Self::Joined { .. }
            | Self::Left { .. }
            | Self::Crowd { .. }
            | Self::Gone { .. }
            | Self::ProfileChanged { .. }
            | Self::AccountChanged { .. }
            | Self::Renamed { .. }
            | Self::AwayChanged { .. }
            | Self::Roster { .. }
            | Self::UserWatched { .. }
            | Self::ReadMoved { .. }
            | Self::MetadataChanged { .. }
            | Self::Hidden { .. }
            | Self::Gap { .. }
            | Self::Notice { .. }
            | Self::Wallops { .. }
            | Self::ShuttingDown { .. }
            | Self::Unknown => None,
        }
    }

    /// The room that it is about, if it is about one. Of a user who is gone from all rooms one of them is
    /// named, and an invitation is to a room where one is not: these are about none.
    #[must_use]
    pub const fn room(&self) -> Option<&RoomAddress> {
        match self {
            Self::Stored { room, .. }
            | Self::Entered { room, .. }
            | Self::Exited { room }
            | Self::Message { room, .. }
            | Self::Signal { room, .. }
            | Self::Signalled { room, .. }
            | Self::TopicChanged { room, .. }
            | Self::Deleted { room, .. }
            | Self::Tombstone { room, .. }
            | Self::RoomChanged { room, .. }
            | Self::Joined { room, .. }
            | Self::Left { room, .. }
            | Self::Crowd { room, .. }
            | Self::Roster { room, .. }
            | Self::TopicIs { room, .. }
            | Self::SettingsAre { room, .. }
            | Self::MemberList { room, .. }
            | Self::History { room, .. }
            | Self::ReadIs { room, .. }
            | Self::ReadMoved { room, .. }
            | Self::BanList { room, .. }
            | Self::Hidden { room, .. }
            | Self::Gap { room, .. } => Some(room),
            Self::Welcome(_)
            | Self::Done { .. }
            | Self::Refused { .. }
            | Self::Invited { .. }
            | Self::Gone { .. }
            | Self::ProfileChanged { .. }
            | Self::AccountChanged { .. }
            | Self::Renamed { .. }
            | Self::AwayChanged { .. }
            | Self::RoomList { .. }
            | Self::UserList { .. }
            | Self::PastUsers { .. }
            | Self::UserStates { .. }
            | Self::UserWatched { .. }
            | Self::UserIs { .. }
            | Self::CensusIs { .. }
            | Self::ConversationList { .. }
            | Self::UnreadList { .. }
            | Self::Metadata { .. }
            | Self::MetadataKeys { .. }
            | Self::MetadataChanged { .. }
            | Self::Found { .. }
            | Self::Identified { .. }
            | Self::StayIs { .. }
            | Self::TokenMade { .. }
            | Self::TokenList { .. }
            | Self::CertificateList { .. }
            | Self::Shunned { .. }
            | Self::AccountList { .. }
            | Self::Status { .. }
            | Self::AddressBanList { .. }
            | Self::StoredRoomList { .. }
            | Self::RoomReport { .. }
            | Self::Notice { .. }
            | Self::Wallops { .. }
            | Self::ShuttingDown { .. }
            | Self::Pong { .. }
            | Self::Unknown => None,
        }
    }

    /// What it is for. THE place where a new event says who has to show it.
    #[must_use]
    pub const fn sort(&self) -> Sort {
        match self {
            Self::Message { .. }
            | Self::TopicChanged { .. }
            | Self::Deleted { .. }
            | Self::Tombstone { .. }
            | Self::Hidden { .. }
            | Self::RoomChanged { .. } => Sort::Room,
            Self::Joined { .. }
            | Self::Left { .. }
            | Self::Crowd { .. }
            | Self::Gone { .. }
            | Self::Renamed { .. }
            | Self::AwayChanged { .. }
            | Self::Roster { .. } => Sort::Presence,
            Self::Stored { .. }
            | Self::Refused { .. }
            | Self::Entered { .. }
            | Self::Exited { .. }
            | Self::Invited { .. }
            | Self::Gap { .. }
            | Self::Notice { .. }
            | Self::Wallops { .. }
            | Self::ShuttingDown { .. } => Sort::Own,
            Self::Done { .. }
            | Self::Signalled { .. }
            | Self::TopicIs { .. }
            | Self::SettingsAre { .. }
            | Self::RoomList { .. }
            | Self::UserList { .. }
            | Self::PastUsers { .. }
            | Self::UserStates { .. }
            | Self::UserIs { .. }
            | Self::CensusIs { .. }
            | Self::MemberList { .. }
            | Self::History { .. }
            | Self::ConversationList { .. }
            | Self::UnreadList { .. }
            | Self::ReadIs { .. }
            | Self::Metadata { .. }
            | Self::MetadataKeys { .. }
            | Self::Found { .. }
            | Self::Identified { .. }
            | Self::StayIs { .. }
            | Self::TokenMade { .. }
            | Self::TokenList { .. }
            | Self::CertificateList { .. }
            | Self::Shunned { .. }
            | Self::AccountList { .. }
            | Self::BanList { .. }
            | Self::Status { .. }
            | Self::AddressBanList { .. }
            | Self::StoredRoomList { .. }
            | Self::RoomReport { .. }
            | Self::Pong { .. } => Sort::Answer,
            Self::Welcome(_)
            | Self::Signal { .. }
            | Self::ReadMoved { .. }
            | Self::MetadataChanged { .. }
            | Self::UserWatched { .. }
            | Self::ProfileChanged { .. }
            | Self::AccountChanged { .. }
            | Self::Unknown => Sort::State,
        }
    }

    /// It says what is known of a user, and not of the room.
    #[must_use]
    pub const fn is_about_user(&self) -> bool {
        matches!(self, Self::MetadataChanged { of: RoomAddress::Direct(_), .. })
    }

    /// The number of a stored event in its room.
    #[must_use]
    pub const fn sequence(&self) -> Option<Sequence> {
        if let Self::Message { seq, .. }
        | Self::TopicChanged { seq, .. }
        | Self::Deleted { seq, .. }
        | Self::Hidden { seq, .. }
        | Self::RoomChanged { seq, .. }
        | Self::Tombstone { seq, .. } = self
        {
            Some(*seq)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_number_is_a_line_of_its_room_and_an_answer_has_its_request() {
        for (wire, sort, room, request) in [
            (
                r#"{"type":"message","room":"ops","seq":1,"time_ms":0,"from":"ana","text":"x"}"#,
                Sort::Room,
                Some("ops"),
                None,
            ),
            (
                r#"{"type":"hidden","room":"ops","seq":1,"time_ms":0}"#,
                Sort::Room,
                Some("ops"),
                None,
            ),
            (
                r#"{"type":"gone","room":"ops","time_ms":0,"user":"ana"}"#,
                Sort::Presence,
                None,
                None,
            ),
            (r#"{"type":"invited","room":"ops","from":"ana"}"#, Sort::Own, None, None),
            (
                r#"{"type":"stored","id":7,"room":"ops","seq":1,"time_ms":0}"#,
                Sort::Own,
                Some("ops"),
                Some(7),
            ),
            (r#"{"type":"pong","id":8,"time_ms":0}"#, Sort::Answer, None, Some(8)),
            (
                r#"{"type":"read_moved","room":"ops","seq":1,"time_ms":0}"#,
                Sort::State,
                Some("ops"),
                None,
            ),
            (r#"{"type":"of a newer server"}"#, Sort::State, None, None),
        ] {
            let event: Event = serde_json::from_str(wire).unwrap();
            assert_eq!(event.sort(), sort, "{wire}");
            assert_eq!(event.sequence().is_some(), sort == Sort::Room, "{wire}");
            assert_eq!(event.room(), room.map(|room| RoomAddress::parse(room).unwrap()).as_ref());
            assert_eq!(event.request_id(), request.map(RequestId), "{wire}");
        }
    }
}
