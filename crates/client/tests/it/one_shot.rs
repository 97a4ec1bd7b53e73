//! Looking without a name: `tail`, `history`, `search`, `rooms`, `who`.

use tokio::io::{AsyncBufReadExt, BufReader};

use crate::binary::{code, program, run, stderr, stdout};
use crate::fake::{Fake, Room, entered, message, page};

fn printed(seqs: std::ops::RangeInclusive<u64>) -> String {
    seqs.map(|seq| format!("maya: message {seq}\n")).collect()
}

async fn check(stored: u64, arguments: &[&str], expected: (i32, &str)) {
    let server = Fake::start().await;
    let mut room = Room::with_messages(stored);
    let command = program(&server, arguments);
    let (output, ()) = tokio::join!(run(command, b""), server.play(&mut room));
    let found = (code(&output), stdout(&output));
    assert_eq!(found, expected, "{arguments:?}: {}", stderr(&output));
    assert_eq!(room.names, [None], "it claims no name");
}

#[tokio::test]
async fn the_last_messages_are_printed() {
    check(250, &["tail", "-n", "3"], (0, &printed(248..=250))).await;
    check(5, &["tail"], (0, &printed(1..=5))).await;
    check(0, &["tail"], (1, "")).await;
    check(250, &["history", "-n", "230"], (0, &printed(21..=250))).await;
    check(250, &["history", "-n", "1000"], (0, &printed(1..=250))).await;
    // Message n was stored n milliseconds after this time.
    let since = "2023-11-14T22:13:20.140Z";
    check(250, &["tail", "--since", since], (0, &printed(140..=250))).await;
    check(250, &["tail", "--since", "1h"], (1, "")).await;
}

#[tokio::test]
async fn lists_are_printed_for_people_and_for_programs() {
    check(0, &["rooms"], (0, "lobby\t3\ttea\n")).await;
    check(0, &["who"], (0, "maya\n")).await;
    let room = r#"{"members":3,"room":"lobby","topic":"tea","type":"room","v":1}"#;
    check(0, &["rooms", "--json"], (0, &format!("{room}\n"))).await;
}

#[tokio::test]
async fn what_is_searched_for_is_printed_newest_first() {
    let found = |seqs: &[u64]| -> String {
        let line = |seq: &u64| format!("2023-11-14 22:13 [lobby] #{seq} maya: *message* {seq}\n");
        seqs.iter().map(line).collect()
    };
    check(3, &["search", "message"], (0, &found(&[3, 2, 1]))).await;
    check(9, &["search", "-n", "2", "message"], (0, &found(&[9, 8]))).await;
    let pages: Vec<u64> = (1..=130).rev().collect();
    check(130, &["search", "-n", "1000", "message"], (0, &found(&pages))).await;
    check(3, &["search", "nothing"], (1, "")).await;
    check(
        3,
        &["search", "--room", "lobby", "--since", "1h", "message", "2"],
        (0, "2023-11-14 22:13 [lobby] #2 maya: *message 2*\n"),
    )
    .await;
    let json = r#"{"from":"maya","kind":null,"room":"lobby","seq":1,"snippet":[{"text":""},{"hit":true,"text":"message"},{"text":" 1"}],"time":"2023-11-14T22:13:20.001Z","type":"hit","v":1}"#;
    check(1, &["search", "--json", "message"], (0, &format!("{json}\n"))).await;
}

#[tokio::test]
async fn json_is_a_message_a_line() {
    let message = |seq| {
        format!(
            "{{\"v\":1,\"type\":\"message\",\"room\":\"lobby\",\"seq\":{seq},\
             \"time\":\"2023-11-14T22:13:20.00{seq}Z\",\"from\":\"maya\",\
             \"text\":\"message {seq}\"}}\n"
        )
    };
    let expected = [message(1), message(2)].concat();
    check(2, &["--json", "tail"], (0, &expected)).await;
}

#[tokio::test]
async fn following_goes_on_behind_what_is_stored_and_over_a_lost_connection() {
    let server = Fake::start().await;
    let mut child = program(&server, &["tail", "-n", "2", "--follow"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut looks = server.welcome(1).await;
    let request = looks.request().await;
    looks.tell(&page(&request, 5)).await;

    let mut newest = 6;
    let mut expected = 4;
    for _ in 0..2 {
        let mut peer = server.welcome(1).await;
        let watch = peer.request().await;
        peer.tell(&entered(&watch, newest)).await;
        let request = peer.request().await;
        peer.tell(&page(&request, newest)).await;
        peer.tell(&message(newest + 1)).await;
        while expected <= newest + 1 {
            let line = lines.next_line().await.unwrap().unwrap();
            assert_eq!(line, format!("maya: message {expected}"));
            expected += 1;
        }
        // Two more are stored while nobody is connected.
        newest += 3;
    }
    child.kill().await.unwrap();
}
