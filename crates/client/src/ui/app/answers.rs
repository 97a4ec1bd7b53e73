//! What answers mean. Pure.

use std::time::Duration;

use chat_client::Answer;
use chat_protocol::event::UnreadInfo;
use chat_protocol::{Event, RoomAddress, Sequence, Timestamp, UserName};

use super::{App, Hint, Mode};
use crate::output;
use crate::ui::limits::HITS_KEPT_MAX;
use crate::ui::room::{Edge, Side};
use crate::ui::row::{Delivery, Ticket};

/// What an answer will mean.
#[derive(Debug)]
pub(crate) enum Asked {
    /// A message in this room.
    Say(RoomAddress),
    Join {
        /// Show the room then.
        show: bool,
    },
    JoinAndJump(Sequence),
    Leave(RoomAddress),
    Nick(UserName),
    Page {
        room: RoomAddress,
        side: Side,
        /// Of the window that it was asked for.
        generation: u64,
    },
    /// The hits of an open search.
    Search,
    /// Rooms for the switcher.
    KnownRooms,
    /// Since when.
    Ping(Timestamp),
    /// How far one has read, as the server knows it.
    ReadPositions,
    /// The server is told how far one has read.
    Marked,
    /// It is shown as the program's words.
    Shown,
}

impl App {
    pub(super) fn on_answered(&mut self, ticket: Ticket, answer: Answer) {
        let Some(asked) = self.asked.remove(&ticket) else { return };
        match answer {
            Answer::Event(event) => self.on_answer(ticket, asked, event),
            Answer::Unknown => self.on_unknown(ticket, asked),
        }
    }

    fn on_unknown(&mut self, ticket: Ticket, asked: Asked) {
        match asked {
            Asked::Say(room) => self.said(&room, ticket, Delivery::Unknown),
            Asked::Page { room, side, generation } => self.page_failed(&room, side, generation),
            Asked::Search => self.search_failed("the connection was lost".to_owned()),
            Asked::Ping(_) | Asked::KnownRooms | Asked::ReadPositions | Asked::Marked => {}
            Asked::Join { .. }
            | Asked::JoinAndJump(_)
            | Asked::Leave(_)
            | Asked::Nick(_)
            | Asked::Shown => {
                self.warn("the connection was lost before the answer: it may be done or not");
            }
        }
    }

    fn on_answer(&mut self, ticket: Ticket, asked: Asked, event: Event) {
        if let Event::Refused { text, .. } = &event {
            self.on_refused(ticket, asked, text);
            return;
        }
        match (asked, event) {
            (Asked::Say(room), Event::Stored { room: stored_in, seq, time_ms, .. }) => {
                let index = self.index_of(&stored_in).or_else(|| self.index_of(&room));
                if let Some(room) = index.and_then(|index| self.rooms.get_mut(index)) {
                    room.stored(ticket, seq, time_ms);
                }
            }
            (_, event @ Event::Identified { .. }) => {
                self.show(&event);
                if let Event::Identified { name, .. } = event {
                    self.renamed_to(name);
                }
            }
            (Asked::Join { show }, Event::Entered { room, topic, members, members_total, .. }) => {
                let index = self.entered(&room, topic, &members, members_total);
                if show {
                    self.go_to(index);
                }
            }
            (
                Asked::JoinAndJump(seq),
                Event::Entered { room, topic, members, members_total, .. },
            ) => {
                self.entered(&room, topic, &members, members_total);
                self.jump(&room, seq);
            }
            (Asked::Leave(room), Event::Done { .. }) => self.left(&room),
            (Asked::Nick(name), Event::Done { .. }) => self.renamed_to(name),
            (Asked::Page { room, side, generation }, Event::History { events, more, .. }) => {
                self.on_page(&room, side, generation, &events, more);
            }
            (Asked::Search, Event::Found { hits, next, unsearched, .. }) => {
                let Mode::Search(search) = &mut self.mode else { return };
                search.waiting = false;
                search.hits.extend(hits);
                search.hits.truncate(HITS_KEPT_MAX);
                search.next = next;
                search.unsearched = unsearched;
                // A page may have no hit, and still there is more.
                if search.hits.is_empty() && next.is_some() {
                    self.ask_for_hits(next);
                }
            }
            (Asked::KnownRooms, Event::RoomList { rooms, .. }) => {
                let rooms = rooms.into_iter().map(|info| (info.room.into(), info.members));
                self.known_rooms = rooms.collect();
                self.find_places();
            }
            (Asked::Ping(since), Event::Pong { .. }) => {
                self.latency = Some(Duration::from_millis(self.now.0.saturating_sub(since.0)));
            }
            (Asked::ReadPositions, Event::UnreadList { rooms, .. }) => {
                let me = self.me.clone();
                for UnreadInfo { room, read, .. } in rooms {
                    let index = self.index_of(&room);
                    if let Some(room) = index.and_then(|index| self.rooms.get_mut(index)) {
                        room.read_elsewhere(read, me.as_ref());
                    }
                }
            }
            (Asked::Shown, event) => self.show(&event),
            // An answer that a newer server gives; there is nothing to do with it.
            (_, _) => {}
        }
    }

    fn on_refused(&mut self, ticket: Ticket, asked: Asked, text: &str) {
        let text = crate::sanitise::line(text);
        match asked {
            Asked::Say(room) => self.said(&room, ticket, Delivery::Refused(text)),
            Asked::Page { room, side, generation } => {
                self.page_failed(&room, side, generation);
                self.hint = Some(Hint::Wrong(text));
            }
            Asked::Search => self.search_failed(text),
            Asked::KnownRooms | Asked::Ping(_) | Asked::ReadPositions | Asked::Marked => {}
            // It is not there, or never was: nothing holds it in the list.
            Asked::Leave(room) => self.left(&room),
            Asked::Join { .. } | Asked::JoinAndJump(_) | Asked::Nick(_) | Asked::Shown => {
                self.warn(text);
            }
        }
    }

    fn on_page(
        &mut self,
        address: &RoomAddress,
        side: Side,
        generation: u64,
        events: &[Event],
        more: bool,
    ) {
        let me = self.me.clone();
        let Some(index) = self.index_of(address) else { return };
        let Some(room) = self.rooms.get_mut(index) else { return };
        // The window may have been begun anew meanwhile, or its end was cut off.
        let joins = match side {
            Side::Older => room.window.older == Edge::Asked,
            Side::Newer => room.window.newer == Edge::Asked,
            Side::Newest | Side::Around => true,
        };
        if !joins || room.window.generation != generation {
            return;
        }
        room.page(events, side, more, me.as_ref());
        if side == Side::Around && index == self.current {
            self.show_found();
        } else if side == Side::Newest && self.room().window.last_seq() < Some(self.room().newest())
        {
            // Something was said between the page and now.
            self.load(index, Side::Newer);
        }
    }

    fn page_failed(&mut self, address: &RoomAddress, side: Side, generation: u64) {
        let Some(index) = self.index_of(address) else { return };
        let Some(room) = self.rooms.get_mut(index) else { return };
        let window = &mut room.window;
        if window.generation != generation {
            return;
        }
        match side {
            Side::Older => window.older = Edge::More,
            Side::Newer => window.newer = Edge::More,
            Side::Newest | Side::Around => (window.older, window.newer) = (Edge::More, Edge::More),
        }
    }

    fn search_failed(&mut self, why: String) {
        if let Mode::Search(search) = &mut self.mode {
            search.waiting = false;
            search.wrong = Some(why);
        }
    }

    /// The program's words on what was asked for.
    fn show(&mut self, event: &Event) {
        if let Event::History { events, .. } = event {
            let lines = output::stored_lines(events);
            self.talk(if lines.is_empty() { "Nothing there.".to_owned() } else { lines });
        } else if let Some(text) = output::answer_text(event) {
            // Here a dot stands before it.
            self.talk(text.strip_prefix("* ").unwrap_or(&text));
        }
    }
}
