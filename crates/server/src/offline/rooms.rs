//! `chat-server room`: rooms from the command line.

use std::process::ExitCode;

use chat_protocol::administration::{Limitation, RoomReport, RoomUser, StoredRoomInfo};
use chat_protocol::limits::LIST_ENTRIES_MAX;
use chat_protocol::moment::in_utc;
use chat_protocol::{Command, Event, LineText, Role, RoomAddress, RoomName, Setting, UserName};
use clap::Subcommand;

use super::administration::{Administration, refused};
use super::say;
use super::status::print_json;

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// List them, hidden ones too
    List {
        /// An object a line
        #[arg(long)]
        json: bool,
    },
    /// What one is like, who is in it, and whom it remembers: roles, bans, mutes
    Show {
        room: RoomName,
        /// As one object
        #[arg(long)]
        json: bool,
    },
    /// Change what one is like, as /set does: set ops slow 30s
    Set {
        room: RoomName,
        /// access, key, hidden, moderated, announcement, slow, members, keep, history or topic
        what: String,
        /// Of that; - is as it was from the start
        value: Vec<String>,
    },
    /// Give one to somebody; who owned it is an operator there from then on
    Transfer { room: RoomName, name: UserName },
    /// Put everybody out of one, hide it and let nobody in; what was said stays
    Close {
        room: RoomName,
        /// Who is put out is told
        #[arg(value_parser = LineText::parse, default_value = "")]
        reason: LineText,
    },
}

pub(super) fn run(task: Task, administration: &Administration<'_>) -> anyhow::Result<ExitCode> {
    match task {
        Task::List { json } => list(json, administration),
        Task::Show { room, json } => {
            let answer = administration.ask(Command::ReportRoom { room })?;
            let Event::RoomReport { report, .. } = answer else { return refused(&answer) };
            if json {
                print_json(&*report)?;
            } else {
                for line in lines(&report) {
                    say(format_args!("{line}"))?;
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        Task::Set { room, what, value } => {
            let set = Setting::parse(&what, value.join(" ").trim())?;
            let told = format!("{room} is changed");
            administration.tell(Command::Set { room: RoomAddress::Named(room), set }, &told)
        }
        Task::Transfer { room, name: user } => {
            let told = format!("{room} is {user}'s");
            let room = RoomAddress::Named(room);
            administration.tell(Command::Transfer { room, user }, &told)
        }
        Task::Close { room, reason } => {
            let told = format!("{room} is closed");
            administration.tell(Command::CloseRoom { room, reason }, &told)
        }
    }
}

/// All of them, page by page.
fn list(json: bool, administration: &Administration<'_>) -> anyhow::Result<ExitCode> {
    let mut after = None;
    loop {
        let answer = administration.ask(Command::StoredRooms { after })?;
        let Event::StoredRoomList { rooms, .. } = answer else { return refused(&answer) };
        for info in &rooms {
            let StoredRoomInfo { room, members, last, settings } = info;
            if json {
                print_json(info)?;
                continue;
            }
            let like = settings.in_words();
            let like =
                if like.is_empty() { String::new() } else { format!("  {}", like.join("; ")) };
            say(format_args!("{room}  {members} here  #{last}{like}"))?;
        }
        let Some(last) = rooms.last().filter(|_| rooms.len() >= LIST_ENTRIES_MAX) else {
            return Ok(ExitCode::SUCCESS);
        };
        after = Some(last.room.clone());
    }
}

fn lines(report: &RoomReport) -> Vec<String> {
    let RoomReport { room, topic, settings, first, last, members, members_total, users } = report;
    let topic = topic.as_ref().map(|topic| format!(": {topic}")).unwrap_or_default();
    let like = settings.in_words();
    let like = if like.is_empty() { "open to all".to_owned() } else { like.join("; ") };
    let mut lines = vec![format!("{room}{topic}"), like, format!("events {first} to {last}")];
    let names: Vec<&str> = members.iter().map(UserName::as_str).collect();
    let names = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
    lines.push(format!("{members_total} here{names}"));
    for RoomUser { user, role, invited, banned, muted } in users {
        let mut what = Vec::new();
        if *role != Role::Member {
            what.push(role.to_string());
        }
        if *invited {
            what.push("let in".to_owned());
        }
        what.extend(banned.as_ref().map(|it| limited("banned", it)));
        what.extend(muted.as_ref().map(|it| limited("muted", it)));
        if !what.is_empty() {
            lines.push(format!("{user}: {}", what.join(", ")));
        }
    }
    lines
}

fn limited(how: &str, Limitation { until_ms, reason }: &Limitation) -> String {
    let until = until_ms.map(|until| format!(" until {}", in_utc(until))).unwrap_or_default();
    let reason = reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    format!("{how}{until}{reason}")
}
