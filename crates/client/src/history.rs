//! `chat-client tail` and `chat-client history`: stored messages, in pages. Owns the search for
//! where to begin; never keeps more than a page.

use chat_client::{Connection, Link, LinkError, Options, Update};
use chat_protocol::command::HistoryRange;
use chat_protocol::limits::PAGE_EVENTS_MAX;
use chat_protocol::{Command, Cursor, Event, RoomAddress, RoomName, Sequence};
use jiff::Timestamp;

use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::printer::Printer;

/// Which part of a room's history.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    /// The last so many messages.
    pub(crate) count: Option<u64>,
    /// None from before this time.
    pub(crate) since: Option<Timestamp>,
}

/// Prints the part of each room.
pub(crate) async fn print(
    link: &mut Link,
    rooms: &[RoomAddress],
    part: Part,
    output: &Output,
    printer: &mut Printer,
) -> anyhow::Result<Exit> {
    let mut found = false;
    for room in rooms {
        let (mut after, through) = bounds(link, room, part).await?;
        while after < through {
            let range = HistoryRange {
                after: Some(after),
                before: Some(through.next()),
                ..HistoryRange::default()
            };
            let (events, _) = page(link, room, range).await?;
            let Some(last) = events.iter().filter_map(Event::sequence).next_back() else {
                break;
            };
            after = last;
            if let Some(chunk) = output.messages(&events) {
                found = true;
                printer.print(chunk).await?;
            }
        }
    }
    Ok(if found { Exit::Ok } else { Exit::NothingFound })
}

/// Prints the part of each room, then what comes: exactly once and in order, also after the
/// connection was lost. `waits`: for a room that is not there yet.
pub(crate) async fn follow(
    mut link: Link,
    mut options: Options,
    (rooms, waits): (&[RoomAddress], bool),
    part: Part,
    output: &Output,
    printer: &mut Printer,
) -> anyhow::Result<Exit> {
    let journal = link.welcome().journal;
    let mut names = Vec::new();
    for room in rooms {
        let name = named(room)?;
        let seq = match bounds(&mut link, room, part).await {
            Ok((after, _)) => after,
            // Nobody was there yet; it is told from its first message.
            Err(error) if waits && is_about_no_room(&error) => Sequence(0),
            Err(error) => return Err(error),
        };
        options.cursors.push(Cursor { journal, room: name.clone(), seq });
        names.push(name);
    }
    drop(link);
    let mut connection = Connection::open(options).await?;
    let handle = connection.handle();
    for name in names {
        let room = RoomAddress::Named(name);
        handle.send(Command::Watch { room }).await?;
    }
    loop {
        let update = tokio::select! {
            update = connection.next() => update,
            () = printer.closed() => return Err(printer.why_it_ended().await),
        };
        let Some(update) = update else {
            return Ok(Exit::Ok);
        };
        if let Update::Answered {
            answer: chat_client::Answer::Event(Event::Refused { text, .. }),
            ..
        } = &update
        {
            return Err(Failure::new(Exit::Refused, text.as_str()).into());
        }
        // An account is told of all of its rooms.
        if let Update::Event(event) = &update
            && event.room().is_some_and(|room| !rooms.contains(room))
        {
            continue;
        }
        if let Some(chunk) = output.update(&update) {
            printer.print(chunk).await?;
        }
    }
}

fn named(room: &RoomAddress) -> Result<RoomName, Failure> {
    match room {
        RoomAddress::Named(name) => Ok(name.clone()),
        RoomAddress::Direct(_) => Err(Failure::new(
            Exit::Usage,
            format!("{room} is a conversation of two; only rooms can be followed"),
        )),
    }
}

pub(crate) fn is_about_no_room(error: &anyhow::Error) -> bool {
    matches!(
        error.downcast_ref::<LinkError>(),
        Some(LinkError::Refused { refusal: chat_protocol::Refusal::NoSuchRoom { .. }, .. })
    )
}

/// Behind which sequence the part begins, and the newest one: walks back, page by page.
async fn bounds(
    link: &mut Link,
    room: &RoomAddress,
    part: Part,
) -> anyhow::Result<(Sequence, Sequence)> {
    let mut newest = Sequence::default();
    let mut found = 0;
    let mut range = HistoryRange::default();
    loop {
        let (events, more) = page(link, room, range).await?;
        for event in events.iter().rev() {
            let Some(seq) = event.sequence() else {
                continue;
            };
            newest = newest.max(seq);
            if part.count == Some(found) || is_before(event, part.since) {
                return Ok((seq, newest));
            }
            found += u64::from(matches!(event, Event::Message { .. }));
        }
        match events.iter().find_map(Event::sequence) {
            Some(oldest) if more => range.before = Some(oldest),
            Some(_) | None => return Ok((Sequence(0), newest)),
        }
    }
}

fn is_before(event: &Event, since: Option<Timestamp>) -> bool {
    let (
        Some(since),
        Event::Message { time_ms, .. }
        | Event::TopicChanged { time_ms, .. }
        | Event::RoomChanged { time_ms, .. }
        | Event::Deleted { time_ms, .. }
        | Event::Hidden { time_ms, .. }
        | Event::Tombstone { time_ms, .. },
    ) = (since, event)
    else {
        return false;
    };
    i64::try_from(time_ms.0).is_ok_and(|time| time < since.as_millisecond())
}

async fn page(
    link: &mut Link,
    room: &RoomAddress,
    range: HistoryRange,
) -> anyhow::Result<(Vec<Event>, bool)> {
    let command = Command::History { room: room.clone(), range, limit: PAGE_EVENTS_MAX };
    let answer = link.ask(command).await?;
    let Event::History { events, more, .. } = answer else {
        anyhow::bail!("the server answered a question for history with {answer:?}");
    };
    Ok((events, more))
}
