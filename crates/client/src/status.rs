//! `chat-client status`: does the server answer, who is one there, what is unread. Owns nothing.

use std::time::Instant;

use chat_client::{Link, ServerAddress};
use chat_protocol::event::UnreadInfo;
use chat_protocol::{Command, Event};

use crate::exit::Exit;
use crate::output::Form;
use crate::printer::{Chunk, Printer};
use crate::{json, sanitise};

/// What is known of a server.
#[derive(Debug)]
pub(crate) struct Status {
    pub(crate) address: String,
    pub(crate) server: String,
    pub(crate) version: String,
    /// The account that one is; none: one would come as a guest.
    pub(crate) account: Option<String>,
    pub(crate) latency_ms: u64,
    pub(crate) rooms: u64,
    pub(crate) users: u64,
    pub(crate) unread: Vec<UnreadInfo>,
}

/// Asks, and prints the answers.
pub(crate) async fn print(
    link: &mut Link,
    address: &ServerAddress,
    form: Form,
    printer: &mut Printer,
) -> anyhow::Result<Exit> {
    let asked = Instant::now();
    link.ask(Command::Ping).await?;
    let latency_ms = u64::try_from(asked.elapsed().as_millis()).unwrap_or(u64::MAX);
    let welcome = link.welcome();
    let account = welcome.name.clone().filter(|_| welcome.account);
    let mut status = Status {
        address: address.to_string(),
        server: sanitise::line(&welcome.server),
        version: sanitise::line(&welcome.version),
        account: account.map(|name| name.to_string()),
        latency_ms,
        rooms: 0,
        users: 0,
        unread: Vec::new(),
    };
    if let Event::RoomList { total, .. } = link.ask(Command::Rooms).await? {
        status.rooms = total;
    }
    if let Event::UserList { total, .. } = link.ask(Command::Users).await? {
        status.users = total;
    }
    if status.account.is_some()
        && let Event::UnreadList { rooms, .. } = link.ask(Command::Unread).await?
    {
        status.unread = rooms;
    }
    let told = match form {
        Form::Json | Form::JsonEvents => json::status(&status),
        Form::Text => Some(text(&status)),
    };
    if let Some(told) = told {
        printer.print(Chunk::Data(told)).await?;
    }
    Ok(Exit::Ok)
}

fn text(status: &Status) -> String {
    let Status { address, server, version, account, latency_ms, rooms, users, unread } = status;
    let you = account.as_ref().map_or_else(
        || "a guest; chat-client login NAME, or register NAME".to_owned(),
        |name| format!("{name}, logged in"),
    );
    let of_room = |info: &UnreadInfo| {
        let named = match info.mentions {
            0 => String::new(),
            count => format!(" ({count} with your name)"),
        };
        format!("{} {}{named}", info.room, info.messages)
    };
    let unread: Vec<String> = unread.iter().map(of_room).collect();
    let unread = match (account, unread.is_empty()) {
        (None, _) => String::new(),
        (Some(_), true) => "unread    nothing\n".to_owned(),
        (Some(_), false) => format!("unread    {}\n", unread.join(", ")),
    };
    format!(
        "server    {server} at {address}, {version}\nanswer    after {latency_ms} ms\n\
         there     {}, {}\nyou       {you}\n{unread}",
        counted(*rooms, "room"),
        counted(*users, "user"),
    )
}

/// `1 room`, `2 rooms`
fn counted(count: u64, what: &str) -> String {
    let many = if count == 1 { "" } else { "s" };
    format!("{count} {what}{many}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one() {
        assert_eq!(counted(1, "room"), "1 room");
        assert_eq!(counted(0, "user"), "0 users");
        assert_eq!(counted(2, "user"), "2 users");
    }
}
