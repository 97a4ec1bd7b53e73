//! `--json`: every type of line that there is, printed by the program, and held against the schema.

use std::collections::BTreeSet;
use std::path::Path;

use chat_protocol::{Event, Refusal, RoomAddress};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use crate::binary::{code, program, run, stdout};
use crate::fake::{Fake, Room, entered, stored};
use crate::schema::Schema;

/// What a server tells unasked; in the order of their numbers.
const TOLD: &[&str] = &[
    r#"{"type":"message","room":"lobby","seq":1,"time_ms":1,"from":"maya","text":"hi\nthere","reply_to":1}"#,
    r#"{"type":"message","room":"lobby","seq":2,"time_ms":1,"from":"maya","text":"waves","kind":"action","key":"018f2d6e-0000-7000-8000-000000000000"}"#,
    r#"{"type":"topic_changed","room":"lobby","seq":3,"time_ms":1,"from":"maya","topic":"tea"}"#,
    r#"{"type":"deleted","room":"lobby","seq":4,"time_ms":1,"from":"maya","target":1}"#,
    r#"{"type":"tombstone","room":"lobby","seq":5,"time_ms":1,"from":"maya","key":"018f2d6e-0000-7000-8000-000000000000"}"#,
    r#"{"type":"hidden","room":"lobby","seq":6,"time_ms":1}"#,
    r#"{"type":"room_changed","room":"lobby","seq":7,"time_ms":1,"from":"maya","change":"banned","user":"eve","until_ms":2,"reason":"spam"}"#,
    r#"{"type":"room_changed","room":"lobby","seq":8,"time_ms":1,"from":"maya","change":"role","user":"eve","role":"operator","was":"member"}"#,
    r#"{"type":"room_changed","room":"lobby","seq":9,"time_ms":1,"from":"maya","change":"transferred","to":"eve"}"#,
    r#"{"type":"room_changed","room":"lobby","seq":10,"time_ms":1,"from":"maya","change":"set","set":{"setting":"slow","seconds":30}}"#,
    r#"{"type":"gap","room":"lobby","from":11,"to":12,"why":"not kept any more"}"#,
    r#"{"type":"message","room":"lobby","seq":13,"time_ms":1,"from":"bot","text":"beep","kind":"notice"}"#,
    r#"{"type":"signal","room":"lobby","time_ms":1,"from":"maya","signal":"typing","state":"active"}"#,
    r#"{"type":"signal","room":"lobby","time_ms":1,"from":"maya","signal":"react","seq":2,"text":"👍"}"#,
    r#"{"type":"signal","room":"lobby","time_ms":1,"from":"maya","signal":"react","seq":2,"text":"👍","undo":true}"#,
    r#"{"type":"entered","room":"ops","topic":"deploys","members":["ana","lee"],"members_total":2,"seq":4}"#,
    r#"{"type":"exited","room":"ops"}"#,
    r#"{"type":"invited","room":"team","from":"lee"}"#,
    r#"{"type":"joined","room":"lobby","time_ms":1,"user":"lee"}"#,
    r#"{"type":"left","room":"lobby","time_ms":1,"user":"lee"}"#,
    r#"{"type":"gone","room":"lobby","time_ms":1,"user":"lee"}"#,
    r#"{"type":"crowd","room":"lobby","joined":5,"left":2,"members_total":700}"#,
    r#"{"type":"renamed","from":"lee","to":"leo"}"#,
    r#"{"type":"away_changed","user":"leo","text":"lunch"}"#,
    r#"{"type":"away_changed","user":"leo"}"#,
    r#"{"type":"roster","room":"lobby","members":["ana"],"members_total":1}"#,
    r#"{"type":"notice","text":"\u001b[2Jcleared?"}"#,
    r#"{"type":"shutting_down","time_ms":1,"in_seconds":30}"#,
];

/// What only a question brings.
const OF_LISTS: &[&str] = &["hit", "room", "status", "user"];

fn schema() -> Schema {
    Schema::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
}

#[tokio::test]
async fn every_type_of_line_is_as_the_schema_says() {
    let schema = schema();
    let server = Fake::start().await;
    let arguments = ["--json", "--events", "--follow"];
    let mut child = program(&server, &arguments).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut peer = server.welcome(1).await;
    let join = peer.request().await;
    peer.tell(&entered(&join, 0)).await;
    for wire in TOLD {
        peer.tell(&serde_json::from_str(wire).unwrap()).await;
    }
    stdin.write_all(b"one\ntwo\n").await.unwrap();
    let say = peer.request().await;
    peer.tell(&stored(&say, 14)).await;
    let say = peer.request().await;
    let room = RoomAddress::parse("lobby").unwrap();
    let muted = Refusal::Muted { room, left_ms: None, reason: None };
    peer.tell(&Event::refused(say.id, muted)).await;
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut seen = BTreeSet::new();
    while !seen.contains("refused") {
        seen.insert(schema.check(&lines.next_line().await.unwrap().unwrap()));
    }
    drop(peer);
    while !seen.contains("disconnected") {
        seen.insert(schema.check(&lines.next_line().await.unwrap().unwrap()));
    }
    child.kill().await.unwrap();
    let described = schema.types();
    let described = described.iter().map(String::as_str).filter(|name| !OF_LISTS.contains(name));
    assert_eq!(seen.iter().map(String::as_str).collect::<Vec<_>>(), described.collect::<Vec<_>>());
}

#[tokio::test]
async fn lists_too_are_as_the_schema_says() {
    let schema = schema();
    for (arguments, of_type) in [
        (&["tail", "--json"][..], "message"),
        (&["history", "--json", "--events"], "message"),
        (&["rooms", "--json"], "room"),
        (&["who", "--json"], "user"),
        (&["search", "--json", "message"], "hit"),
        (&["status", "--json"], "status"),
    ] {
        let server = Fake::start().await;
        let mut room = Room::with_messages(3);
        let (output, ()) =
            tokio::join!(run(program(&server, arguments), b""), server.play(&mut room));
        assert_eq!(code(&output), 0, "{arguments:?}");
        assert!(!stdout(&output).is_empty());
        for line in stdout(&output).lines() {
            assert_eq!(schema.check(line), of_type);
        }
    }
}
