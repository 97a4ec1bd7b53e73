//! `chat-client rooms` and `chat-client who`: one question, one answer. Owns nothing.

use chat_client::Link;
use chat_protocol::{Command, Event, RoomAddress};

use crate::exit::Exit;
use crate::output::{Form, user_line};
use crate::printer::{Chunk, Printer};
use crate::{json, sanitise};

/// Prints the rooms: name, members, topic, with tabs between.
pub(crate) async fn rooms(
    link: &mut Link,
    form: Form,
    printer: &mut Printer,
) -> anyhow::Result<Exit> {
    let Event::RoomList { rooms, total, .. } = link.ask(Command::Rooms).await? else {
        return Ok(Exit::NothingFound);
    };
    let lines = rooms.iter().filter_map(|room| match form {
        Form::Json | Form::JsonEvents => json::room(room),
        Form::Text => {
            let topic = room.topic.as_ref().map(|topic| format!("\t{topic}"));
            let topic = topic.unwrap_or_default();
            Some(format!("{}\t{}{topic}\n", room.room, room.members))
        }
    });
    print(lines.collect(), rooms.len(), total, printer).await
}

/// Prints who is connected, or who is in a room.
pub(crate) async fn who(
    link: &mut Link,
    room: Option<RoomAddress>,
    form: Form,
    printer: &mut Printer,
) -> anyhow::Result<Exit> {
    let command = match room {
        Some(room) => Command::Members { room },
        None => Command::Users,
    };
    let (Event::UserList { users: listed, total, .. }
    | Event::MemberList { members: listed, total, .. }) = link.ask(command).await?
    else {
        return Ok(Exit::NothingFound);
    };
    let lines = listed.iter().filter_map(|user| match form {
        Form::Json | Form::JsonEvents => json::user(user),
        Form::Text => Some(sanitise::line(&user_line(user)) + "\n"),
    });
    print(lines.collect(), listed.len(), total, printer).await
}

async fn print(
    lines: String,
    listed: usize,
    total: u64,
    printer: &mut Printer,
) -> anyhow::Result<Exit> {
    if lines.is_empty() {
        return Ok(Exit::NothingFound);
    }
    printer.print(Chunk::Data(lines)).await?;
    let unlisted = total.saturating_sub(u64::try_from(listed).unwrap_or(u64::MAX));
    if unlisted > 0 {
        let talk = format!("… and {unlisted} more, which the server does not list");
        printer.print(Chunk::talk(talk)).await?;
    }
    Ok(Exit::Ok)
}
