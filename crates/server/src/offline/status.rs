//! `chat-server status`: how the daemon is, in lines or as JSON.

use std::process::ExitCode;

use chat_protocol::administration::{LimitInfo, SessionsInfo, Status};
use chat_protocol::moment::age_text;
use chat_protocol::{Command, Event};
use serde::Serialize;

use super::administration::{Administration, refused};
use super::say;

/// Exit code 1: it does not run.
pub(super) fn run(json: bool, administration: &Administration<'_>) -> anyhow::Result<ExitCode> {
    let answer = administration.ask(Command::Status)?;
    let Event::Status { status, .. } = answer else { return refused(&answer) };
    if json {
        print_json(&*status)?;
    } else {
        for line in lines(&status) {
            say(format_args!("{line}"))?;
        }
    }
    Ok(if status.up_s.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// An object with its version, in a line.
pub(super) fn print_json(what: &impl Serialize) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Line<'a, T> {
        v: u32,
        #[serde(flatten)]
        what: &'a T,
    }
    say(format_args!("{}", serde_json::to_string(&Line { v: 1, what })?))
}

fn lines(status: &Status) -> Vec<String> {
    let Status { version, server, users, accounts, rooms_live, rooms_stored, .. } = status;
    let mut lines = vec![match status.up_s {
        Some(seconds) => format!("{version} ({server}), up {}", age_text(seconds * 1_000)),
        None => format!("{version}, not running"),
    }];
    if status.up_s.is_some() {
        lines.push(format!("sessions: {}", sessions(&status.sessions)));
        lines.push(format!("users: {users}, accounts: {accounts}"));
        lines.push(format!("rooms: {rooms_live} live, {rooms_stored} stored"));
    } else {
        lines.push(format!("accounts: {accounts}, rooms: {rooms_stored}"));
    }
    let index = match status.index_behind {
        0 => "up to date".to_owned(),
        behind => format!("{behind} messages behind"),
    };
    lines.push(format!("journal: {}, index: {index}", size(status.journal_bytes)));
    lines.push(format!("banned addresses: {}", status.address_bans));
    if status.up_s.is_some() {
        let hits = status.limits.iter().map(|LimitInfo { name, hits }| format!("{name} {hits}"));
        let hits: Vec<String> = hits.collect();
        let hits = if hits.is_empty() { "none".to_owned() } else { hits.join(", ") };
        lines.push(format!("limits that have hit: {hits}"));
    }
    lines
}

fn sessions(sessions: &[SessionsInfo]) -> String {
    let of = |SessionsInfo { speak, plain, tls }: &SessionsInfo| {
        let encrypted = if *tls > 0 { format!(" ({tls} by TLS)") } else { String::new() };
        (plain + tls > 0).then(|| format!("{} {speak}{encrypted}", plain + tls))
    };
    let some: Vec<String> = sessions.iter().filter_map(of).collect();
    if some.is_empty() { "none".to_owned() } else { some.join(", ") }
}

/// `12.3 MB`.
fn size(bytes: u64) -> String {
    let mut tenths = bytes.saturating_mul(10) / 1_000;
    for unit in ["kB", "MB", "GB"] {
        if tenths < 10_000 {
            return format!("{}.{} {unit}", tenths / 10, tenths % 10);
        }
        tenths /= 1_000;
    }
    format!("{} TB", tenths / 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_a_few_lines() {
        let speak = |speak: &str, plain, tls| SessionsInfo { speak: speak.to_owned(), plain, tls };
        let status = Status {
            version: "chat-server 9".to_owned(),
            server: "Tea".to_owned(),
            up_s: Some(90 * 60),
            sessions: vec![speak("native", 2, 1), speak("line", 0, 0), speak("irc", 4, 0)],
            users: 6,
            accounts: 2,
            rooms_live: 1,
            rooms_stored: 3,
            journal_bytes: 12_345_678,
            index_behind: 7,
            address_bans: 0,
            limits: vec![LimitInfo { name: "rooms.max".to_owned(), hits: 2 }],
        };
        assert_eq!(
            lines(&status),
            [
                "chat-server 9 (Tea), up 1h30m",
                "sessions: 3 native (1 by TLS), 4 irc",
                "users: 6, accounts: 2",
                "rooms: 1 live, 3 stored",
                "journal: 12.3 MB, index: 7 messages behind",
                "banned addresses: 0",
                "limits that have hit: rooms.max 2",
            ]
        );
        let status = Status { up_s: None, index_behind: 0, ..status };
        assert_eq!(lines(&status).first().unwrap(), "chat-server 9, not running");
        assert_eq!([size(0), size(999_949), size(5_000_000_000)], ["0.0 kB", "999.9 kB", "5.0 GB"]);
    }
}
