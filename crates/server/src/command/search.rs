//! Searching in what is stored. Who may find what of a room with a name, the journal looks up as it
//! searches; a direct room is open to the two who are in it.

use std::collections::HashMap;

use chat_protocol::search::{Hit, Query};
use chat_protocol::{
    Event, LineText, Moment, Refusal, RequestId, RoomAddress, SearchCursor, UserName,
};

use super::list::look;
use super::{Answer, Caller, House, journal_refusal, key_of};
use crate::journal::{Found, FoundMessage, RoomId, Scope, Search};

/// What somebody wants to find.
pub(super) struct Wanted {
    pub(super) room: Option<RoomAddress>,
    pub(super) text: LineText,
    pub(super) from: Option<UserName>,
    pub(super) after: Option<Moment>,
    pub(super) until: Option<Moment>,
    pub(super) cursor: Option<SearchCursor>,
    /// With the whole texts.
    pub(super) whole: bool,
}

/// Searches in one room, or in all that the caller may read.
pub(super) async fn search(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    wanted: Wanted,
    limit: u32,
) -> Result<Answer, Refusal> {
    let is_narrowed = wanted.room.is_some() || wanted.from.is_some();
    let parse = if is_narrowed { Query::within } else { Query::parse };
    let query = parse(wanted.text.as_str()).map_err(|error| Refusal::query(&error))?;
    let (scope, direct) = match &wanted.room {
        Some(room) => match one_room(house, caller, room).await? {
            Some(places) => places,
            None => return Ok(found(id, Found::default(), &HashMap::new())),
        },
        None => everywhere(caller),
    };
    let now = (house.clock)();
    let search = Search {
        query,
        scope,
        reader: caller.reader(now),
        from: wanted.from,
        after: wanted.after.map(|moment| moment.resolve(now)),
        before: wanted.until.map(|moment| moment.resolve(now)),
        cursor: wanted.cursor,
        limit,
        whole: wanted.whole,
    };
    let mut page = house.journal.search(search).await.map_err(journal_refusal)?;
    if let Some(claim) = &caller.claim {
        page.hits.retain(|hit| !claim.user().ignores(hit.author));
    }
    Ok(found(id, page, &direct))
}

/// What the caller calls its direct rooms.
type Direct = HashMap<RoomId, RoomAddress>;

/// None: nothing is stored there yet.
async fn one_room(
    house: &House,
    caller: &Caller,
    room: &RoomAddress,
) -> Result<Option<(Scope, Direct)>, Refusal> {
    let key = key_of(house, caller, room)?;
    let stored = look(house, caller, &key, room).await?.map(|look| look.id);
    Ok(stored.map(|stored| (Scope::Room(stored), Direct::from([(stored, room.clone())]))))
}

/// All rooms with a name, and the direct rooms that the caller is in.
fn everywhere(caller: &Caller) -> (Scope, Direct) {
    let places = caller.claim.as_ref().map(|claim| claim.user().seat.direct()).unwrap_or_default();
    let direct: Direct = places.into_iter().collect();
    (Scope::Readable { direct: direct.keys().copied().collect() }, direct)
}

fn found(id: Option<RequestId>, page: Found, direct: &Direct) -> Answer {
    let hit = |message: FoundMessage| {
        let FoundMessage { room, room_name, sequence, time, author: _, from, kind, snippet, text } =
            message;
        let named = room_name.map(RoomAddress::Named);
        let room = named.or_else(|| direct.get(&room).cloned())?;
        Some(Hit { text, room, seq: sequence, time_ms: time, from, kind, snippet })
    };
    let Found { hits, next, unsearched } = page;
    let hits = hits.into_iter().filter_map(hit).collect();
    Answer::Event(Event::Found { id, hits, next, unsearched })
}
