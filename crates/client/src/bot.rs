//! What most bots need of a connection: rooms to be in, what is said there, and a way to say
//! something. Owns a [`Connection`]; never decides what to answer.

use std::collections::HashMap;
use std::time::Duration;

use chat_protocol::text::TextError;
use chat_protocol::{
    Command, Event, MessageText, RequestId, RoomAddress, SayKind, Sequence, UserName,
};

use crate::{Answer, Closed, Connection, Handle, LinkError, Options, Update};

/// How long a goodbye may take.
const GOODBYE_MAX: Duration = Duration::from_secs(2);

/// A user that answers what is said.
///
/// It comes back after a lost connection, and is then told what was said meanwhile. It is not told what
/// it said itself, nor what was said before it came.
#[derive(Debug)]
pub struct Bot {
    connection: Connection,
    handle: Handle,
    name: Option<UserName>,
    rooms: Vec<RoomAddress>,
    /// Rooms that have not answered yet.
    joining: HashMap<RequestId, RoomAddress>,
}

/// Something that somebody else said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Where: a room, or `@NAME` if it was said to the bot alone. An answer goes there.
    pub room: RoomAddress,
    /// Its number in the room.
    pub seq: Sequence,
    /// Who.
    pub from: UserName,
    /// What, without the formatting codes of IRC; LF between its lines.
    pub text: String,
}

/// Why a bot cannot go on, or why one thing that it wanted did not happen.
#[derive(Debug, thiserror::Error)]
pub enum BotError {
    /// There is no first connection.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The connection has ended.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// It names no room, and the server has no default room.
    #[error("no room to be in: name one, the server has no default room")]
    NoRoom,
    /// It may not enter this room.
    #[error("not in {room}: {why}")]
    NotIn {
        /// Which.
        room: RoomAddress,
        /// What the server says.
        why: String,
    },
    /// What it said is not stored, and nobody has seen it. One can go on.
    #[error("not said: {0}")]
    NotSaid(String),
    /// This is no message: too long, or it has control characters. One can go on;
    /// [`crate::messages`] makes messages of any text.
    #[error("not said: {0}")]
    Text(#[from] TextError),
}

impl Bot {
    /// Connects and enters these rooms; if there are none, the server's default room. Direct messages
    /// come without any.
    ///
    /// # Errors
    /// [`BotError::Link`] if there is no connection, [`BotError::NoRoom`]. A room that refuses is told by
    /// [`Self::next`].
    pub async fn come(options: Options, rooms: Vec<RoomAddress>) -> Result<Self, BotError> {
        let mut connection = Connection::open(options).await?;
        let handle = connection.handle();
        let Some(Update::Connected(welcome)) = connection.next().await else {
            return Err(Closed.into());
        };
        let default_room = welcome.default_room.clone().map(RoomAddress::from);
        let rooms = if rooms.is_empty() { Vec::from_iter(default_room) } else { rooms };
        if rooms.is_empty() {
            return Err(BotError::NoRoom);
        }
        let mut joining = HashMap::new();
        for room in &rooms {
            let id = handle.send(Command::Join { room: room.clone(), key: None }).await?;
            joining.insert(id, room.clone());
        }
        Ok(Self { connection, handle, name: welcome.name, rooms, joining })
    }

    /// The name that it has now.
    #[must_use]
    pub const fn name(&self) -> Option<&UserName> {
        self.name.as_ref()
    }

    /// The rooms that it came for.
    #[must_use]
    pub fn rooms(&self) -> &[RoomAddress] {
        &self.rooms
    }

    /// For everything else that a client can do; answers to it are not told.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// The next thing that somebody else says.
    ///
    /// # Errors
    /// [`BotError::NotIn`] and [`BotError::NotSaid`] tell what was refused, [`BotError::Closed`] the end.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub async fn next(&mut self) -> Result<Said, BotError> {
        loop {
            match self.connection.next().await.ok_or(Closed)? {
                Update::Event(Event::Message { room, seq, from, text, .. })
                    if self.name.as_ref() != Some(&from) =>
                {
                    let text = text.plain_lines().collect::<Vec<_>>().join("\n");
                    return Ok(Said { room, seq, from, text });
                }
                Update::Event(Event::Renamed { from, to }) if self.name.as_ref() == Some(&from) => {
                    self.name = Some(to);
                }
                Update::Connected(welcome) => self.name = welcome.name,
                Update::Answered { id, answer } => self.answered(id, answer)?,
                Update::Event(_) | Update::Gap(_) | Update::Disconnected { .. } => {}
            }
        }
    }

    fn answered(&mut self, id: RequestId, answer: Answer) -> Result<(), BotError> {
        let joining = self.joining.remove(&id);
        let why = match answer {
            Answer::Event(Event::Refused { text, .. }) => text,
            Answer::Event(_) => return Ok(()),
            Answer::Unknown => "the connection was lost, and it may be stored or not".to_owned(),
        };
        Err(match joining {
            Some(room) => BotError::NotIn { room, why },
            None => BotError::NotSaid(why),
        })
    }

    /// Says something. It waits only if much waits already; what comes of it, [`Self::next`] tells if it
    /// is refused.
    ///
    /// # Errors
    /// [`BotError::Text`], [`BotError::Closed`].
    pub async fn say(&self, room: &RoomAddress, text: &str) -> Result<(), BotError> {
        let text = MessageText::parse(text)?;
        self.handle.send(Command::say(room.clone(), text, SayKind::Text, None)).await?;
        Ok(())
    }

    /// Says goodbye: its name is free at once, and nobody waits for it to come back.
    pub async fn quit(self) {
        // Without a connection nobody is there to take leave of.
        tokio::time::timeout(GOODBYE_MAX, self.connection.quit()).await.ok();
    }
}
