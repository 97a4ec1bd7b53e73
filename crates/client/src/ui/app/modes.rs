//! What is open over the room: help, the switcher, a search. Pure.

use chat_protocol::limits::PAGE_HITS_MAX;
use chat_protocol::search::Hit;
use chat_protocol::slash::{self, Action as Slash};
use chat_protocol::{Command, RoomAddress, SearchCursor, Sequence};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher};

use super::act::edit;
use super::{App, Asked, Effect, Net};
use crate::ui::input::InputBox;
use crate::ui::keys::{Act, Chord};
use crate::ui::limits::HITS_KEPT_MAX;
use crate::ui::view;

/// What is open.
#[derive(Debug, Default)]
pub(crate) enum Mode {
    /// Nothing: one talks.
    #[default]
    Talk,
    Help {
        scroll: usize,
    },
    Switch(Switching),
    Search(Box<Searching>),
    Recall(Recalling),
    /// One chooses the message to answer: this one, so far.
    Answer(Sequence),
    /// Plain text without columns.
    Plain {
        /// Screens back from the newest.
        back: usize,
    },
}

impl Mode {
    /// Does one see the room's messages?
    pub(crate) const fn shows_room(&self) -> bool {
        matches!(self, Self::Talk | Self::Recall(_) | Self::Answer(_))
    }
}

/// Ctrl-G.
#[derive(Debug, Default)]
pub(crate) struct Switching {
    pub(crate) query: InputBox,
    pub(crate) chosen: usize,
    pub(crate) places: Vec<Place>,
}

/// Where the switcher can lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A room one is in, by its place in the list.
    Open(usize),
    /// A room that is there, and how many are in it.
    Known(RoomAddress, u64),
    /// One that would be made.
    New(RoomAddress),
}

/// Ctrl-F.
#[derive(Debug, Default)]
pub(crate) struct Searching {
    pub(crate) query: InputBox,
    pub(crate) everywhere: bool,
    pub(crate) hits: Vec<Hit>,
    pub(crate) next: Option<SearchCursor>,
    pub(crate) unsearched: u64,
    pub(crate) chosen: usize,
    /// What was searched for last, and where.
    pub(crate) searched: Option<(String, bool)>,
    /// The same as a command, for more of it.
    command: Option<Command>,
    pub(crate) waiting: bool,
    pub(crate) wrong: Option<String>,
}

/// Ctrl-R.
#[derive(Debug, Default)]
pub(crate) struct Recalling {
    pub(crate) query: InputBox,
    /// How many matches were passed by.
    pub(crate) skip: usize,
}

impl App {
    /// A key while something is open; false: it is for the room.
    pub(super) fn on_key_of_mode(&mut self, chord: Chord, act: Option<Act>) -> bool {
        let closes = matches!(act, Some(Act::Cancel | Act::Interrupt));
        if closes && !matches!(self.mode, Mode::Talk) {
            self.close_mode();
            return true;
        }
        match &self.mode {
            Mode::Talk => false,
            Mode::Help { .. } => self.on_key_of_help(act),
            Mode::Plain { .. } => self.on_key_of_plain(act),
            Mode::Switch(_) => self.on_key_of_switcher(chord, act),
            Mode::Search(_) => self.on_key_of_search(chord, act),
            Mode::Recall(_) => self.on_key_of_recall(chord, act),
            Mode::Answer(_) => self.on_key_of_answer(chord, act),
        }
    }

    fn close_mode(&mut self) {
        if matches!(self.mode, Mode::Plain { .. }) {
            self.effects.push(Effect::Redraw);
        } else if matches!(self.mode, Mode::Answer(_)) {
            self.stop_choosing();
        }
        self.mode = Mode::Talk;
    }

    pub(super) fn open_plain(&mut self) {
        self.mode = Mode::Plain { back: 0 };
    }

    fn on_key_of_plain(&mut self, act: Option<Act>) -> bool {
        let Mode::Plain { back } = &mut self.mode else { return false };
        match act {
            Some(Act::ScrollUp) => *back += 1,
            Some(Act::ScrollDown) if *back > 0 => *back -= 1,
            Some(Act::Redraw | Act::Suspend) => return false,
            Some(_) | None => self.close_mode(),
        }
        true
    }

    fn on_key_of_help(&mut self, act: Option<Act>) -> bool {
        let page = usize::try_from(self.page_lines()).unwrap_or(1);
        let lines = view::help_lines(self).len();
        let Mode::Help { scroll } = &mut self.mode else { return false };
        match act {
            Some(Act::Down) => *scroll += 1,
            Some(Act::Up) => *scroll = scroll.saturating_sub(1),
            Some(Act::ScrollDown) => *scroll += page,
            Some(Act::ScrollUp) => *scroll = scroll.saturating_sub(page),
            Some(Act::Redraw | Act::Suspend) => return false,
            Some(_) | None => {
                self.mode = Mode::Talk;
                return true;
            }
        }
        *scroll = (*scroll).min(lines.saturating_sub(page));
        true
    }

    pub(super) fn open_switcher(&mut self) {
        self.mode = Mode::Switch(Switching::default());
        self.find_places();
        // Rooms that one is not in. Without a connection those of the last time have to do.
        if self.net == Net::Up {
            self.ask(Command::Rooms, Asked::KnownRooms);
        }
    }

    fn on_key_of_switcher(&mut self, chord: Chord, act: Option<Act>) -> bool {
        let Mode::Switch(switching) = &mut self.mode else { return false };
        let last = switching.places.len().saturating_sub(1);
        match act {
            Some(Act::Submit) => {
                let place = switching.places.get(switching.chosen).cloned();
                self.mode = Mode::Talk;
                if let Some(place) = place {
                    self.go_to_place(&place);
                }
                return true;
            }
            Some(Act::Down | Act::NextRoom | Act::Complete | Act::GoToRoom) => {
                switching.chosen = if switching.chosen >= last { 0 } else { switching.chosen + 1 };
                return true;
            }
            Some(Act::Up | Act::PreviousRoom | Act::CompleteBack) => {
                switching.chosen = switching.chosen.checked_sub(1).unwrap_or(last);
                return true;
            }
            Some(Act::Redraw | Act::Suspend) => return false,
            Some(act) => {
                edit(&mut switching.query, act);
            }
            None => type_letter(&mut switching.query, chord),
        }
        self.find_places();
        true
    }

    fn go_to_place(&mut self, place: &Place) {
        match place {
            Place::Open(index) => self.go_to(*index),
            Place::Known(address, _) | Place::New(address) => self.join(address.clone(), None),
        }
    }

    /// What the switcher offers: the best match first.
    pub(super) fn find_places(&mut self) {
        let Mode::Switch(switching) = &self.mode else { return };
        let typed = switching.query.text().trim().to_owned();
        let mut places: Vec<(Place, String)> = Vec::new();
        for (index, room) in self.rooms.iter().enumerate() {
            places.push((Place::Open(index), room.name()));
        }
        for (address, members) in &self.known_rooms {
            if self.index_of(address).is_none() {
                places.push((Place::Known(address.clone(), *members), address.to_string()));
            }
        }
        let pattern = Pattern::parse(&typed, CaseMatching::Ignore, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut letters = Vec::new();
        let mut scored: Vec<(u32, Place)> = places
            .iter()
            .filter_map(|(place, name)| {
                let name = nucleo_matcher::Utf32Str::new(name, &mut letters);
                Some((pattern.score(name, &mut matcher)?, place.clone()))
            })
            .collect();
        // The same score: in the order of the list.
        scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        let mut found: Vec<Place> = scored.into_iter().map(|(_, place)| place).collect();
        let is_there = places.iter().any(|(_, name)| name.eq_ignore_ascii_case(&typed));
        if let Ok(address) = RoomAddress::parse(&typed)
            && !is_there
        {
            found.push(Place::New(address));
        }
        if let Mode::Switch(switching) = &mut self.mode {
            switching.chosen = switching.chosen.min(found.len().saturating_sub(1));
            switching.places = found;
        }
    }

    pub(super) fn open_search(&mut self) {
        self.mode = Mode::Search(Box::default());
    }

    fn on_key_of_search(&mut self, chord: Chord, act: Option<Act>) -> bool {
        let page = usize::try_from(self.page_lines()).unwrap_or(1) / 2;
        let Mode::Search(search) = &mut self.mode else { return false };
        let last = search.hits.len().saturating_sub(1);
        let wanted = (search.query.text().trim().to_owned(), search.everywhere);
        match act {
            Some(Act::Submit) if search.searched.as_ref() == Some(&wanted) => self.take_hit(),
            Some(Act::Submit) => self.search(),
            Some(Act::Complete) => search.everywhere = !search.everywhere,
            Some(Act::Down) => search.chosen = (search.chosen + 1).min(last),
            Some(Act::Up) => search.chosen = search.chosen.saturating_sub(1),
            Some(Act::ScrollDown) => search.chosen = (search.chosen + page).min(last),
            Some(Act::ScrollUp) => search.chosen = search.chosen.saturating_sub(page),
            Some(Act::Redraw | Act::Suspend) => return false,
            Some(act) => {
                edit(&mut search.query, act);
            }
            None => type_letter(&mut search.query, chord),
        }
        self.search_on();
        true
    }

    /// `/search WORDS`: in all rooms, as everywhere else.
    pub(super) fn search_typed(&mut self, typed: &str) {
        let mut search = Searching { everywhere: true, ..Searching::default() };
        search.query.insert(typed);
        self.mode = Mode::Search(Box::new(search));
        self.search();
    }

    fn search(&mut self) {
        let here = self.room().address.clone();
        let Mode::Search(search) = &mut self.mode else { return };
        let text = search.query.text().trim().to_owned();
        search.hits.clear();
        search.chosen = 0;
        search.next = None;
        search.wrong = None;
        search.searched = Some((text.clone(), search.everywhere));
        // Its options are those of the command: in:ROOM, from:NAME, since:2h.
        match slash::parse(&format!("search {text}"), here.as_ref()) {
            Ok(Slash::Command(mut command)) => {
                if let Command::Search { room, limit, .. } = &mut command {
                    *limit = PAGE_HITS_MAX;
                    if room.is_none() && !search.everywhere {
                        *room = here;
                    }
                }
                search.command = Some(command);
                self.ask_for_hits(None);
            }
            Ok(Slash::Help(_)) => {}
            Err(error) => search.wrong = Some(error.to_string()),
        }
    }

    /// The list comes to its end, and there is more.
    fn search_on(&mut self) {
        let Mode::Search(search) = &self.mode else { return };
        let at_end = search.chosen + 1 >= search.hits.len() && !search.hits.is_empty();
        let wanted = at_end && !search.waiting && search.hits.len() < HITS_KEPT_MAX;
        if let Some(next) = search.next.filter(|_| wanted) {
            self.ask_for_hits(Some(next));
        }
    }

    pub(super) fn ask_for_hits(&mut self, cursor: Option<SearchCursor>) {
        let Mode::Search(search) = &mut self.mode else { return };
        let Some(mut command) = search.command.clone() else { return };
        search.waiting = true;
        if let Command::Search { before, .. } = &mut command {
            *before = cursor.or(*before);
        }
        self.ask(command, Asked::Search);
    }

    fn take_hit(&mut self) {
        let Mode::Search(search) = &self.mode else { return };
        let hit = search.hits.get(search.chosen).map(|hit| (hit.room.clone(), hit.seq));
        let Some((room, seq)) = hit else { return };
        self.mode = Mode::Talk;
        if self.index_of(&room).is_none() {
            // One has to be in a room to see it here.
            self.ask(Command::Join { room: room.clone(), key: None }, Asked::JoinAndJump(seq));
        } else {
            self.jump(&room, seq);
        }
    }

    pub(super) fn open_recall(&mut self) {
        self.mode = Mode::Recall(Recalling::default());
    }

    /// What Ctrl-R has found.
    pub(crate) fn recalled(&self) -> Option<&str> {
        let Mode::Recall(recalling) = &self.mode else { return None };
        let wanted = recalling.query.text().to_lowercase();
        let matches = self.input().history().filter(|text| text.to_lowercase().contains(&wanted));
        let mut matches = matches.skip(recalling.skip);
        matches.next()
    }

    fn on_key_of_recall(&mut self, chord: Chord, act: Option<Act>) -> bool {
        match act {
            Some(Act::Submit | Act::Complete | Act::Right | Act::LineEnd) => {
                let text = self.recalled().map(str::to_owned);
                self.mode = Mode::Talk;
                if let Some(text) = text {
                    self.input_mut().set(&text);
                }
                return true;
            }
            Some(Act::Redraw | Act::Suspend) => return false,
            Some(_) | None => {}
        }
        let Mode::Recall(recalling) = &mut self.mode else { return false };
        match act {
            Some(Act::Recall | Act::Up) => recalling.skip += 1,
            Some(Act::Down) => recalling.skip = recalling.skip.saturating_sub(1),
            Some(act) => {
                edit(&mut recalling.query, act);
                recalling.skip = 0;
            }
            None => {
                type_letter(&mut recalling.query, chord);
                recalling.skip = 0;
            }
        }
        if self.recalled().is_none()
            && let Mode::Recall(recalling) = &mut self.mode
        {
            recalling.skip = recalling.skip.saturating_sub(1);
        }
        true
    }
}

fn type_letter(input: &mut InputBox, chord: Chord) {
    if let Some(c) = chord.typed() {
        input.insert(c.encode_utf8(&mut [0; 4]));
    }
}
