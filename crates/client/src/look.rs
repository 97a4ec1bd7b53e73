//! The subcommands that look and say nothing: which one it is, and as whom it looks. Never formats.

use std::io::{self, IsTerminal};

use chat_client::{Link, Naming, Options, Timing};
use chat_protocol::RoomAddress;

use crate::cli::{CliCommand, CliOptions};
use crate::config::Settings;
use crate::exit::{Exit, Failure};
use crate::first_sight::FirstSight;
use crate::output::Output;
use crate::printer::{Printer, Screen};
use crate::{finish, form, history, lists, search, status};

/// What `tail` prints without `-n` and `--since`.
const TAIL_MESSAGES_DEFAULT: u64 = 10;

/// Looks without a name: `tail`, `history`, `search`, `rooms`, `who`. As the account, if one is logged in,
/// only where that is needed: for `status`, and in rooms that are not everybody's. Others see an account
/// come and go.
pub(crate) async fn look(
    options: &CliOptions,
    settings: Settings,
    subcommand: &CliCommand,
) -> anyhow::Result<Exit> {
    let has_account = settings.naming.has_account();
    let is_first_try = options.room.len() <= 1 && !matches!(subcommand, CliCommand::Status);
    if has_account && is_first_try {
        let unnamed = look_as(Naming::Observer, options, settings.clone(), subcommand).await;
        return match unnamed {
            Err(error) if history::is_about_no_room(&error) => {
                look_as(settings.naming.clone(), options, settings, subcommand).await
            }
            outcome => outcome,
        };
    }
    let naming = if has_account { settings.naming.clone() } else { Naming::Observer };
    look_as(naming, options, settings, subcommand).await
}

async fn look_as(
    naming: Naming,
    options: &CliOptions,
    settings: Settings,
    subcommand: &CliCommand,
) -> anyhow::Result<Exit> {
    let sight = FirstSight::before(&settings.server);
    let mut link = Link::open(&settings.server, &naming, &Timing::default()).await?;
    sight.tell();
    let mut printer = Printer::start(Screen::Streams)?;
    let form = form(options);
    let rooms = match link.welcome().default_room.clone() {
        Some(room) if settings.rooms.is_empty() => vec![RoomAddress::from(room)],
        Some(_) | None => settings.rooms,
    };
    let part = match subcommand {
        CliCommand::Status => {
            let outcome = status::print(&mut link, &settings.server, form, &mut printer).await;
            return finish(printer, outcome).await;
        }
        CliCommand::Rooms => {
            let outcome = lists::rooms(&mut link, form, &mut printer).await;
            return finish(printer, outcome).await;
        }
        CliCommand::Who { who_room } => {
            let room = who_room.as_ref().or(options.room.first()).cloned();
            let outcome = lists::who(&mut link, room, form, &mut printer).await;
            return finish(printer, outcome).await;
        }
        CliCommand::Search { words, from, since, count } => {
            let words = words.join(" ");
            let wanted = search::Wanted { words, from: from.clone(), since: *since, count: *count };
            let look = search::Look { form, bold: io::stdout().is_terminal() };
            let rooms = &options.room;
            let outcome = search::print(&mut link, rooms, &wanted, look, &mut printer).await;
            return finish(printer, outcome).await;
        }
        CliCommand::History { count } => history::Part { count: Some(*count), since: None },
        CliCommand::Tail { count, since } => history::Part {
            count: count.or_else(|| since.is_none().then_some(TAIL_MESSAGES_DEFAULT)),
            since: *since,
        },
        CliCommand::Send { .. }
        | CliCommand::Register { .. }
        | CliCommand::Login { .. }
        | CliCommand::Logout
        | CliCommand::Completions { .. }
        | CliCommand::Man { .. } => return Ok(Exit::Internal),
    };
    if rooms.is_empty() {
        let sentence = "this server has no default room: name one with --room ROOM";
        return Err(Failure::new(Exit::Usage, sentence).into());
    }
    let output = Output { form, here: rooms.first().cloned(), shows_replay: false };
    let outcome = if options.follow {
        // A room that is not there may be one for this account alone.
        let waits = naming != Naming::Observer || !settings.naming.has_account();
        let options = Options::new(settings.server, naming);
        history::follow(link, options, (&rooms, waits), part, &output, &mut printer).await
    } else {
        history::print(&mut link, &rooms, part, &output, &mut printer).await
    };
    finish(printer, outcome).await
}
