//! The rule who may import whom, on the real sources, and on planted breaks.

use std::fs;
use std::path::{Path, PathBuf};

use samovar_tests::layers::breaks;
use samovar_tests::repository;

#[test]
fn nothing_in_the_server_imports_upward() {
    let root = repository().join("crates/server/src");
    let mut files = Vec::new();
    rust_files(&root, &mut files);
    assert!(files.len() > 20, "{files:?}");
    let found: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let path = file.strip_prefix(&root).unwrap().to_str().unwrap();
            breaks(path, &fs::read_to_string(file).unwrap())
        })
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            // A file of tests may name what it tests.
            if path.file_name().is_some_and(|name| name != "tests.rs") {
                files.push(path);
            }
        }
    }
}

#[test]
fn a_planted_break_is_found() {
    for (path, text) in [
        ("room/actor.rs", "use crate::session::Session;\n"),
        ("room/actor.rs", "use crate::{journal::Journal, command::House};\n"),
        ("room/actor.rs", "use crate::{\n    journal::{Journal, Batch},\n    user::User,\n};\n"),
        ("room/actor.rs", "fn f() { crate::user::friendly(1); }\n"),
        ("room/actor.rs", "use super::super::listener::Gate;\n"),
        ("room/mod.rs", "use super::listener::Gate;\n"),
        ("policy.rs", "use super::daemon;\n"),
        ("journal/apply.rs", "use crate::room::RoomHandle;\n"),
        ("frontend/line/tell.rs", "pub(crate) use crate::room::Envelope;\n"),
        ("frontend/line/tell.rs", "use super::super::super::config::Config;\n"),
        ("command/say.rs", "use crate::frontend::Wire;\n"),
        ("user/registry.rs", "use crate::daemon;\n"),
        ("config/load.rs", "use crate::journal::Sync;\n"),
        ("room/actor.rs", "use tokio::sync::broadcast;\n"),
        ("command/list.rs", "use rusqlite::Connection;\n"),
        ("daemon.rs", "let rows = \"SELECT * FROM rooms\";\n"),
        ("brandnew.rs", "fn f() {}\n"),
    ] {
        assert_eq!(breaks(path, text).len(), 1, "{path}: {text}{:?}", breaks(path, text));
    }
}

#[test]
fn what_is_allowed_is_not_found() {
    for (path, text) in [
        ("room/actor.rs", "use crate::journal::Journal;\nuse crate::limits::ROOM_TURN_COMMANDS;\n"),
        ("room/feed.rs", "use tokio::sync::broadcast;\n"),
        ("journal/apply.rs", "use rusqlite::Connection;\nuse super::writer::RoomState;\n"),
        ("room/actor.rs", "use super::handle::RoomHandle;\n"),
        ("frontend/line/tell.rs", "use super::super::Wire;\nuse super::{Phase, render};\n"),
        ("config.rs", "//! See [`crate::session`].\n/// [`telemetry`](crate::daemon)\n"),
        ("room/actor.rs", "#[cfg(test)]\nmod tests {\n    use crate::session::Session;\n}\n"),
        ("daemon.rs", "use crate::session::Session;\n"),
    ] {
        assert_eq!(breaks(path, text), Vec::<String>::new(), "{path}: {text}");
    }
}

#[test]
fn the_protocol_imports_none_of_ours_and_the_rest_only_the_protocol() {
    for (package, allowed) in [
        ("protocol", &[][..]),
        ("server", &["chat-protocol"]),
        ("client", &["chat-protocol"]),
        ("bench", &["chat-protocol"]),
    ] {
        let manifest = repository().join("crates").join(package).join("Cargo.toml");
        let text = fs::read_to_string(manifest).unwrap();
        let ours: Vec<&str> = text
            .lines()
            .skip_while(|line| !line.starts_with("[dependencies]"))
            .filter_map(|line| line.split(['.', ' ', '=']).next())
            .filter(|name| name.starts_with("chat-") || name.starts_with("samovar"))
            .collect();
        assert_eq!(ours, allowed, "crates/{package}/Cargo.toml");
    }
}
