//! A client that speaks frames of JSON, with nothing but the protocol crate.

use std::collections::VecDeque;

use bytes::BytesMut;
use chat_protocol::command::HistoryRange;
use chat_protocol::event::Welcome;
use chat_protocol::frame::{self, LENGTH_BYTES};
use chat_protocol::{
    Command, Event, Hello, MessageText, Refusal, Request, RequestId, RoomAddress, SayKind, Sequence,
};
use serde_json::Value;

use crate::Client;

/// One native client.
#[derive(Debug)]
pub struct NativeClient {
    client: Client,
    requests: u64,
    /// Told while it waited for an answer.
    told: VecDeque<Event>,
}

impl NativeClient {
    /// Connects, and says nothing yet.
    #[track_caller]
    #[must_use]
    pub fn connect(address: &str) -> Self {
        Self::over(Client::connect(address))
    }

    /// On a connection that is there.
    #[must_use]
    pub fn over(client: Client) -> Self {
        Self { client, requests: 0, told: VecDeque::new() }
    }

    /// Says hello with this name, and is welcome.
    #[track_caller]
    #[must_use]
    pub fn greeted(mut self, name: &str) -> Self {
        let welcome = self.hello(Some(name));
        assert_eq!(welcome.name.map(String::from).as_deref(), Some(name));
        self
    }

    /// Says hello, and is welcome.
    #[track_caller]
    pub fn hello(&mut self, name: Option<&str>) -> Welcome {
        self.send_hello(name);
        match self.event() {
            Event::Welcome(welcome) => *welcome,
            other => panic!("expected a welcome, but came {other:?}"),
        }
    }

    /// Says hello.
    #[track_caller]
    pub fn send_hello(&mut self, name: Option<&str>) {
        let mut bytes = BytesMut::new();
        let hello = Hello { v: 1, name: name.map(str::to_owned), ..Hello::default() };
        frame::encode_hello(&hello, &mut bytes);
        self.client.send(&bytes);
    }

    /// The connection itself, for what is not a frame.
    pub const fn raw(&mut self) -> &mut Client {
        &mut self.client
    }

    /// Sends a frame with this in it, JSON or not.
    #[track_caller]
    pub fn send_frame(&mut self, payload: impl AsRef<[u8]>) {
        self.client.send(framed(payload.as_ref()));
    }

    /// Sends a command, and gives the id of its request.
    #[track_caller]
    pub fn send(&mut self, command: Command) -> RequestId {
        let (id, bytes) = self.request(command);
        self.client.send(&bytes);
        id
    }

    /// A command as bytes, to be sent together with others.
    #[must_use]
    pub fn request(&mut self, command: Command) -> (RequestId, BytesMut) {
        self.requests += 1;
        let id = RequestId(self.requests);
        let mut bytes = BytesMut::new();
        let request = Request { id: Some(id), command };
        frame::encode_request(&request, &mut bytes);
        (id, bytes)
    }

    /// Sends a command, and waits for its answer. What is told meanwhile comes from
    /// [`Self::event`] afterwards.
    #[track_caller]
    pub fn ask(&mut self, command: Command) -> Event {
        let id = self.send(command);
        self.answer(id)
    }

    /// Waits for the answer to a request.
    #[track_caller]
    pub fn answer(&mut self, id: RequestId) -> Event {
        loop {
            let event = self.fresh();
            if answered(&event) == Some(id) {
                return event;
            }
            self.told.push_back(event);
        }
    }

    /// Sends a command that is refused.
    #[track_caller]
    pub fn refused(&mut self, command: Command) -> Refusal {
        match self.ask(command) {
            Event::Refused { refusal, .. } => refusal,
            other => panic!("expected a refusal, but came {other:?}"),
        }
    }

    /// Enters a room, and gives its newest sequence.
    #[track_caller]
    pub fn join(&mut self, name: &str) -> Sequence {
        match self.ask(Command::Join { room: room(name), key: None }) {
            Event::Entered { seq, .. } => seq,
            other => panic!("expected to enter {name}, but came {other:?}"),
        }
    }

    /// Says something, and gives the sequence at which it is stored.
    #[track_caller]
    pub fn say(&mut self, name: &str, text: &str) -> Sequence {
        match self.ask(say(name, text)) {
            Event::Stored { seq, .. } => seq,
            other => panic!("expected to be heard in {name}, but came {other:?}"),
        }
    }

    /// The next event.
    #[track_caller]
    pub fn event(&mut self) -> Event {
        match self.told.pop_front() {
            Some(event) => event,
            None => self.fresh(),
        }
    }

    /// The next event that is a message, as `(sequence, who, what)`; all else is skipped.
    #[track_caller]
    pub fn message(&mut self) -> (u64, String, String) {
        loop {
            if let Event::Message { seq, from, text, .. } = self.event() {
                return (seq.0, from.to_string(), text.to_string());
            }
        }
    }

    /// The texts of all that is stored of a room, the first one at sequence 1: read in pages,
    /// which are dense.
    #[track_caller]
    pub fn stored(&mut self, name: &str) -> Vec<String> {
        let mut texts = Vec::new();
        let mut last = Sequence(0);
        loop {
            let range = HistoryRange { after: Some(last), ..HistoryRange::default() };
            let page = self.ask(Command::History { room: room(name), range, limit: 100 });
            let Event::History { events, more, .. } = page else {
                panic!("expected a page, but came {page:?}");
            };
            for event in events {
                let Event::Message { seq, text, .. } = event else {
                    panic!("expected a message, but came {event:?}");
                };
                assert_eq!(seq, last.next(), "a hole");
                last = seq;
                texts.push(text.to_string());
            }
            if !more {
                return texts;
            }
        }
    }

    /// The next event as JSON.
    #[track_caller]
    pub fn json(&mut self) -> Value {
        assert!(self.told.is_empty(), "told already: {:?}", self.told);
        serde_json::from_slice(&self.frame()).expect("the server sends JSON")
    }

    /// The server has closed, cleanly, and has sent nothing more.
    #[track_caller]
    pub fn expect_closed(&mut self) {
        assert!(self.told.is_empty(), "told already: {:?}", self.told);
        self.client.expect_closed();
    }

    /// The server has closed; what it told before.
    #[track_caller]
    pub fn rest(&mut self) -> Vec<Event> {
        let bytes = self.client.rest();
        let mut left = bytes.as_slice();
        let mut events: Vec<Event> = self.told.drain(..).collect();
        while let Some((length, rest)) = left.split_first_chunk() {
            let length = usize::try_from(u32::from_be_bytes(*length)).expect("64 bits");
            let (payload, rest) = rest.split_at(length);
            events.push(frame::decode_event(payload).expect("the server sends events"));
            left = rest;
        }
        assert!(left.is_empty(), "half a frame: {left:?}");
        events
    }

    /// What was told before the connection ended, in whatever way; half a frame is none.
    #[track_caller]
    pub fn until_lost(&mut self) -> Vec<Event> {
        let bytes = self.client.until_lost();
        let mut left = bytes.as_slice();
        let mut events: Vec<Event> = self.told.drain(..).collect();
        while let Some((length, rest)) = left.split_first_chunk() {
            let length = usize::try_from(u32::from_be_bytes(*length)).expect("64 bits");
            let Some((payload, rest)) = rest.split_at_checked(length) else {
                break;
            };
            events.push(frame::decode_event(payload).expect("the server sends events"));
            left = rest;
        }
        events
    }

    #[track_caller]
    fn fresh(&mut self) -> Event {
        let payload = self.frame();
        let event = frame::decode_event(&payload);
        let event = event.expect("the server sends events");
        assert!(event != Event::Unknown, "unknown: {}", payload.escape_ascii());
        event
    }

    #[track_caller]
    fn frame(&mut self) -> Vec<u8> {
        let length = self.client.bytes(LENGTH_BYTES);
        let length = length.try_into().map(u32::from_be_bytes);
        let length = usize::try_from(length.expect("4 bytes")).expect("64 bits");
        assert!(
            length <= chat_protocol::limits::SERVER_FRAME_BYTES_MAX,
            "a frame of {length} bytes"
        );
        self.client.bytes(length)
    }
}

/// A room's address: `ops`, `@maya`.
#[track_caller]
#[must_use]
pub fn room(name: &str) -> RoomAddress {
    match RoomAddress::parse(name) {
        Ok(room) => room,
        Err(error) => panic!("{error}"),
    }
}

/// A message.
#[track_caller]
#[must_use]
pub fn say(name: &str, text: &str) -> Command {
    match MessageText::parse(text) {
        Ok(text) => Command::say(room(name), text, SayKind::Text, None),
        Err(error) => panic!("{error}"),
    }
}

/// A payload behind its length.
#[must_use]
pub fn framed(payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a test's frames are small");
    [&length.to_be_bytes(), payload].concat()
}

/// The id of the request that an event answers.
fn answered(event: &Event) -> Option<RequestId> {
    let json = serde_json::to_value(event).expect("an event is JSON");
    json.get("id").and_then(Value::as_u64).map(RequestId)
}
