//! A small server: a listener whose peers a test scripts, or lets play a room.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::BytesMut;
use chat_client::{Connection, Naming, Options, Timing};
use chat_protocol::event::{RoomInfo, UserInfo, Welcome};
use chat_protocol::frame::{self, ClientFrame};
use chat_protocol::search::{Hit, SnippetPart};
use chat_protocol::{
    Command, Event, Hello, JournalId, LineText, MessageText, Request, RoomAddress, SayKind,
    SearchCursor, Sequence, Timestamp, UserName,
};
use futures::StreamExt;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::codec::{Framed, LengthDelimitedCodec};
use uuid::Uuid;

pub(crate) struct Fake {
    listener: TcpListener,
}

/// A client that connected.
pub(crate) struct Peer {
    framed: Framed<TcpStream, LengthDelimitedCodec>,
}

/// What a played room has stored.
pub(crate) struct Room {
    pub(crate) stored: Vec<Event>,
    pub(crate) names: Vec<Option<String>>,
    /// Acknowledges nothing beyond so many.
    pub(crate) stores_at_most: usize,
}

pub(crate) fn lobby() -> RoomAddress {
    RoomAddress::parse("lobby").unwrap()
}

pub(crate) fn journal(number: u128) -> JournalId {
    JournalId(Uuid::from_u128(number))
}

pub(crate) fn message(seq: u64) -> Event {
    said_by("maya", seq, &format!("message {seq}"))
}

pub(crate) fn said_by(from: &str, seq: u64, text: &str) -> Event {
    Event::Message {
        room: lobby(),
        seq: Sequence(seq),
        time_ms: Timestamp(1_700_000_000_000 + seq),
        from: UserName::parse(from).unwrap(),
        text: MessageText::parse(text).unwrap(),
        kind: SayKind::Text,
        key: None,
        reply_to: None,
        account: false,
        account_name: None,
        bot: false,
    }
}

pub(crate) fn entered(request: &Request, seq: u64) -> Event {
    Event::Entered {
        id: request.id,
        room: lobby(),
        topic: None,
        members: [].into(),
        members_total: 0,
        topic_set: None,
        roles: Vec::new(),
        private: false,
        seq: Sequence(seq),
        read_ms: None,
    }
}

pub(crate) fn replay(seqs: std::ops::RangeInclusive<u64>) -> Event {
    Event::History { id: None, room: lobby(), events: seqs.map(message).collect(), more: true }
}

pub(crate) fn stored(request: &Request, seq: u64) -> Event {
    Event::Stored {
        id: request.id,
        room: lobby(),
        seq: Sequence(seq),
        time_ms: Timestamp(0),
        key: None,
        duplicate: false,
    }
}

/// The page of 1 to `newest` that was asked for.
pub(crate) fn page(request: &Request, newest: u64) -> Event {
    let Command::History { range, limit, .. } = &request.command else {
        panic!("{request:?} asks for no page");
    };
    let limit = u64::from(*limit);
    let end = range.before.map_or(newest, |before| newest.min(before.0 - 1));
    let (from, to, more) = match range.after {
        Some(after) => (after.0 + 1, end.min(after.0 + limit), end > after.0 + limit),
        None => (end.saturating_sub(limit) + 1, end, end > limit),
    };
    Event::History {
        id: request.id,
        room: lobby(),
        events: (from..=to).map(message).collect(),
        more,
    }
}

impl Fake {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { listener }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    /// Options that retry at once.
    pub(crate) fn options(&self, naming: Naming) -> Options {
        let mut options = Options::new(self.address().to_string().parse().unwrap(), naming);
        options.timing = Timing {
            retry_shortest: Duration::from_millis(1),
            retry_longest: Duration::from_millis(5),
            ..Timing::default()
        };
        options
    }

    pub(crate) async fn accept(&self) -> Peer {
        let (stream, _) = self.listener.accept().await.unwrap();
        Peer { framed: Framed::new(stream, frame::client_frames()) }
    }

    /// Accepts, and welcomes whoever it is.
    pub(crate) async fn welcome(&self, journal_number: u128) -> Peer {
        let mut peer = self.accept().await;
        let hello = peer.hello().await;
        peer.tell(&welcome(&hello, journal_number)).await;
        peer
    }

    /// A connection that is in the lobby, whose newest message is `newest`.
    pub(crate) async fn joined(&self, newest: u64) -> (Connection, Peer) {
        let options = self.options(Naming::Numbered("ana".to_owned()));
        let (connection, mut peer) = tokio::join!(Connection::open(options), self.welcome(1));
        let connection = connection.unwrap();
        let join = Command::Join { room: lobby(), key: None };
        connection.handle().send(join).await.unwrap();
        let request = peer.request().await;
        peer.tell(&entered(&request, newest)).await;
        (connection, peer)
    }

    /// Plays `room` for one client until it leaves.
    pub(crate) async fn play(&self, room: &mut Room) {
        let mut peer = self.accept().await;
        let hello = peer.hello().await;
        room.names.push(hello.name.clone());
        peer.tell(&welcome(&hello, 1)).await;
        while let Some(request) = peer.try_request().await
            && !matches!(request.command, Command::Quit { .. })
        {
            for answer in room.answers(&request, hello.name.as_deref()) {
                peer.tell(&answer).await;
            }
        }
    }
}

/// The guest is known by its token.
pub(crate) fn welcome_back(hello: &Hello, journal_number: u128) -> Event {
    assert_eq!(hello.resume.as_deref(), Some("a secret"));
    match welcome(hello, journal_number) {
        Event::Welcome(welcome) => Event::Welcome(Box::new(Welcome { resumed: true, ..*welcome })),
        other => other,
    }
}

pub(crate) fn welcome(hello: &Hello, journal_number: u128) -> Event {
    let name = hello.name.as_deref();
    Event::Welcome(Box::new(Welcome {
        v: 1,
        server: "fake".to_owned(),
        version: "fake 1".to_owned(),
        name: name.map(|name| UserName::parse(name).unwrap()),
        default_room: Some("lobby".parse().unwrap()),
        motd: None,
        journal: journal(journal_number),
        account: false,
        account_name: None,
        token: hello.resumable.then(|| "a secret".to_owned()),
        resumed: false,
    }))
}

impl Peer {
    async fn frame(&mut self) -> Option<ClientFrame> {
        let frame = self.framed.next().await?.ok()?;
        Some(frame::decode_client(&frame).unwrap())
    }

    pub(crate) async fn hello(&mut self) -> Hello {
        match self.frame().await {
            Some(ClientFrame::Hello(hello)) => hello,
            other => panic!("{other:?} is no hello"),
        }
    }

    pub(crate) async fn request(&mut self) -> Request {
        self.try_request().await.expect("the client is there")
    }

    pub(crate) async fn try_request(&mut self) -> Option<Request> {
        match self.frame().await? {
            ClientFrame::Request(request) => Some(request),
            ClientFrame::Hello(hello) => panic!("{hello:?} is no request"),
        }
    }

    pub(crate) async fn tell(&mut self, event: &Event) {
        let mut bytes = BytesMut::new();
        frame::encode_event(event, &mut bytes);
        self.tell_bytes(&bytes).await;
    }

    /// The client may be gone already; then the test sees it elsewhere.
    pub(crate) async fn tell_bytes(&mut self, bytes: &[u8]) {
        self.framed.get_mut().write_all(bytes).await.ok();
    }
}

impl Room {
    pub(crate) fn with_messages(count: u64) -> Self {
        Self {
            stored: (1..=count).map(message).collect(),
            names: Vec::new(),
            stores_at_most: usize::MAX,
        }
    }

    /// The texts of all messages.
    pub(crate) fn texts(&self) -> Vec<String> {
        let text = |event: &Event| match event {
            Event::Message { text, .. } => text.to_string(),
            other => panic!("{other:?} is no message"),
        };
        self.stored.iter().map(text).collect()
    }

    /// Every message that has the text, in pages.
    fn found(&self, request: &Request) -> Event {
        let Command::Search { text, before, limit, .. } = &request.command else {
            panic!("{request:?} is no search");
        };
        let hit = |event: &Event| match event {
            Event::Message { room, seq, time_ms, from, text: said, kind, .. } => {
                let (head, tail) = said.as_str().split_once(text.as_str())?;
                let part = |text, hit| SnippetPart { text: LineText::parse(text).unwrap(), hit };
                let snippet = vec![part(head, false), part(text.as_str(), true), part(tail, false)];
                let (room, seq, time_ms, from) = (room.clone(), *seq, *time_ms, from.clone());
                Some(Hit { text: None, room, seq, time_ms, from, kind: *kind, snippet })
            }
            other => panic!("{other:?} is no message"),
        };
        let older = |hit: &Hit| before.is_none_or(|before| hit.seq.0 < before.0);
        let mut hits: Vec<Hit> = self
            .stored
            .iter()
            .rev()
            .filter_map(hit)
            .filter(older)
            .take(*limit as usize + 1)
            .collect();
        let more = hits.len() > *limit as usize;
        hits.truncate(*limit as usize);
        let next = hits.last().filter(|_| more).map(|hit| SearchCursor(hit.seq.0));
        Event::Found { id: request.id, hits, next, unsearched: 0 }
    }

    fn newest(&self) -> u64 {
        u64::try_from(self.stored.len()).unwrap()
    }

    fn answers(&mut self, request: &Request, name: Option<&str>) -> Vec<Event> {
        let id = request.id;
        match &request.command {
            Command::Say { text, .. } if self.stored.len() < self.stores_at_most => {
                let seq = self.newest() + 1;
                let from = name.expect("an observer does not speak");
                self.stored.push(said_by(from, seq, text.as_str()));
                vec![stored(request, seq)]
            }
            Command::Say { .. } => vec![],
            Command::Join { .. } => {
                let newest = self.newest();
                vec![entered(request, newest), replay(1..=newest.min(20))]
            }
            Command::Watch { .. } => vec![entered(request, self.newest())],
            Command::History { .. } => vec![page(request, self.newest())],
            Command::Search { .. } => vec![self.found(request)],
            Command::Ping => vec![Event::Pong { id, time_ms: Timestamp(0) }],
            Command::Rooms => vec![Event::RoomList {
                id,
                rooms: vec![RoomInfo {
                    room: "lobby".parse().unwrap(),
                    members: 3,
                    topic: Some("tea".to_owned().try_into().unwrap()),
                    topic_set: None,
                    since_ms: None,
                }],
                total: 1,
                time_ms: None,
            }],
            Command::Users => vec![Event::UserList {
                id,
                users: vec![UserInfo::new("maya".parse().unwrap())],
                total: 1,
            }],
            other => panic!("{other:?} is not played"),
        }
    }
}
