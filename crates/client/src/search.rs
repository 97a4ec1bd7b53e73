//! `chat-client search`: messages that have certain words, newest first, in pages. Never keeps more
//! than a page.

use chat_client::Link;
use chat_protocol::limits::PAGE_HITS_MAX;
use chat_protocol::search::Hit;
use chat_protocol::{Command, Event, LineText, Moment, RoomAddress, SayKind, UserName};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::exit::{Exit, Failure};
use crate::json;
use crate::output::Form;
use crate::printer::{Chunk, Printer};

/// What is searched for.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// Words, "phrases", beginnings*, -without.
    pub(crate) words: String,
    /// Only what this user said.
    pub(crate) from: Option<UserName>,
    /// None from before this time.
    pub(crate) since: Option<Timestamp>,
    /// So many at most.
    pub(crate) count: u64,
}

/// How what was found is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) form: Form,
    /// A terminal shows it bold, everything else between stars.
    pub(crate) bold: bool,
}

/// Prints what is found in each room, or, without one, in all that one may read.
pub(crate) async fn print(
    link: &mut Link,
    rooms: &[RoomAddress],
    wanted: &Wanted,
    look: Look,
    printer: &mut Printer,
) -> anyhow::Result<Exit> {
    let text = LineText::parse(&wanted.words)
        .map_err(|error| Failure::new(Exit::Usage, format!("not searched for: {error}")))?;
    let mut left = wanted.count;
    let everywhere = rooms.is_empty().then_some(None);
    for room in everywhere.into_iter().chain(rooms.iter().cloned().map(Some)) {
        left = print_one(link, room, &text, wanted, left, look, printer).await?;
    }
    Ok(if left < wanted.count { Exit::Ok } else { Exit::NothingFound })
}

/// Prints up to `left` messages; says how many may still come.
async fn print_one(
    link: &mut Link,
    room: Option<RoomAddress>,
    text: &LineText,
    wanted: &Wanted,
    mut left: u64,
    look: Look,
    printer: &mut Printer,
) -> anyhow::Result<u64> {
    let mut before = None;
    while left > 0 {
        let command = Command::Search {
            whole: false,
            room: room.clone(),
            text: text.clone(),
            from: wanted.from.clone(),
            after_ms: wanted.since.map(moment),
            before_ms: None,
            before,
            limit: PAGE_HITS_MAX.min(u32::try_from(left).unwrap_or(PAGE_HITS_MAX)),
        };
        let answer = link.ask(command).await?;
        let Event::Found { hits, next, unsearched, .. } = answer else {
            anyhow::bail!("the server answered a search with {answer:?}");
        };
        let data: String = hits.iter().filter_map(|hit| line(hit, look)).collect();
        left = left.saturating_sub(u64::try_from(hits.len()).unwrap_or(u64::MAX));
        if !data.is_empty() {
            printer.print(Chunk::Data(data)).await?;
        }
        if unsearched > 0 && before.is_none() {
            let talk = format!("! {unsearched} messages cannot be searched yet; try again soon");
            printer.print(Chunk::talk(talk)).await?;
        }
        if next.is_none() {
            break;
        }
        before = next;
    }
    Ok(left)
}

fn moment(time: Timestamp) -> Moment {
    let ms = u64::try_from(time.as_millisecond()).unwrap_or_default();
    Moment::At(chat_protocol::Timestamp(ms))
}

fn line(hit: &Hit, look: Look) -> Option<String> {
    match look.form {
        Form::Json | Form::JsonEvents => json::hit(hit),
        Form::Text => {
            let (open, close) = if look.bold { ("\x1b[1m", "\x1b[0m") } else { ("*", "*") };
            Some(format!("{} {}\n", local(hit), text(hit, open, close)))
        }
    }
}

/// `[ops] #41 maya: more *tea*`; its text is one line of a validated type.
pub(crate) fn text(hit: &Hit, open: &str, close: &str) -> String {
    let Hit { room, seq, from, .. } = hit;
    let said = hit.marked(open, close);
    match hit.kind {
        SayKind::Text | SayKind::Notice => format!("[{room}] #{seq} {from}: {said}"),
        SayKind::Action => format!("[{room}] #{seq} * {from} {said}"),
    }
}

fn local(hit: &Hit) -> String {
    let ms = i64::try_from(hit.time_ms.0).unwrap_or(i64::MAX);
    let time = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX);
    time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}
