//! Every protocol against what real servers say.

use super::*;

fn person(is_writer: bool) -> Person {
    Person { name: "babc7".to_owned(), room: "bench-abcdef-0".to_owned(), is_writer }
}

/// What is said on connecting, on joining, and as a message.
fn said(wire: Wire, is_writer: bool) -> [String; 3] {
    let (protocol, person) = (wire.protocol(), person(is_writer));
    let mut said = [Vec::new(), Vec::new(), Vec::new()];
    protocol.hello(&person, &mut said[0]);
    protocol.join(&person, &mut said[1]);
    let key = "00000001-0000-7000-8000-feedfacebeef";
    protocol.say(&person, "~abcdef:feedfacebeef hi", key, &mut said[2]);
    said.map(|bytes| String::from_utf8(bytes).unwrap())
}

fn look(wire: Wire, step: Step, input: &[u8]) -> Look {
    wire.protocol().look(step, &person(false), input)
}

fn framed(json: &str) -> Vec<u8> {
    [&u32::try_from(json.len()).unwrap().to_be_bytes(), json.as_bytes()].concat()
}

#[test]
fn native_is_frames_of_json() {
    let [hello, join, say] = said(Wire::Native, false);
    assert_eq!(&hello[4..], r#"{"type":"hello","v":1,"name":"babc7","client":"chat-bench 0.1.0"}"#);
    assert_eq!(&join[4..], r#"{"type":"join","room":"bench-abcdef-0"}"#);
    assert_eq!(
        &say[4..],
        concat!(
            r#"{"type":"say","room":"bench-abcdef-0","text":"~abcdef:feedfacebeef hi","#,
            r#""key":"00000001-0000-7000-8000-feedfacebeef"}"#
        )
    );
    assert_eq!(say.as_bytes()[3], u8::try_from(say.len() - 4).unwrap());
}

#[test]
fn native_has_joined_when_it_entered_this_room() {
    let welcome = framed(concat!(
        r#"{"type":"welcome","v":1,"server":"Samovar","version":"chat-server 0.1.0","#,
        r#""name":"babc7","journal":"8a6e2a3c-1c1c-4b51-8f0f-000000000001"}"#
    ));
    let entered = framed(concat!(
        r#"{"type":"entered","room":"bench-abcdef-0","members":["babc7"],"#,
        r#""members_total":1,"seq":0}"#
    ));
    assert_eq!(look(Wire::Native, Step::Hello, b""), Look::Done);
    let both = [b"Welcome quiet-otter\n".as_slice(), &welcome, &entered].concat();
    for cut in 0..both.len() - entered.len() + 20 {
        assert_eq!(look(Wire::Native, Step::Join, &both[..cut]), Look::Wait, "{cut}");
    }
    assert_eq!(look(Wire::Native, Step::Join, &both), Look::Done);
    let refused = framed(concat!(
        r#"{"type":"refused","refusal":{"code":"name_taken","name":"babc7"},"#,
        r#""text":"babc7 is taken."}"#
    ));
    let words = Look::Refused("babc7 is taken.".to_owned());
    assert_eq!(look(Wire::Native, Step::Join, &refused), words);
}

#[test]
fn line_types_what_a_person_would() {
    let [hello, join, say] = said(Wire::Line, false);
    assert_eq!([hello.as_str(), &join], ["", "/join bench-abcdef-0\n"]);
    assert_eq!(say, "~abcdef:feedfacebeef hi\n");
    let others = b"Welcome quiet-otter\n* you are in lobby, 1 here: quiet-otter\n";
    assert_eq!(look(Wire::Line, Step::Join, others), Look::Wait);
    let entered = b"Welcome quiet-otter\n* you are in bench-abcdef-0, 1 here: quiet-otter\n";
    assert_eq!(look(Wire::Line, Step::Join, entered), Look::Done);
    assert_eq!(look(Wire::Line, Step::Join, &entered[..30]), Look::Wait);
}

#[test]
fn irc_registers_joins_and_answers_a_ping() {
    let [hello, join, say] = said(Wire::Irc, false);
    assert_eq!(hello, "NICK babc7\r\nUSER babc7 0 * :babc7\r\n");
    assert_eq!(join, "JOIN #bench-abcdef-0\r\n");
    assert_eq!(say, "PRIVMSG #bench-abcdef-0 :~abcdef:feedfacebeef hi\r\n");
    let notice = b":irc.test NOTICE * :*** Looking up your hostname...\r\n";
    assert_eq!(look(Wire::Irc, Step::Hello, notice), Look::Wait);
    let ping = [notice.as_slice(), b"PING :4711\r\n:irc.test 001 babc7 :Welcome\r\n"].concat();
    let used = notice.len() + b"PING :4711\r\n".len();
    let reply = b"PONG :4711\r\n".to_vec();
    assert_eq!(look(Wire::Irc, Step::Hello, &ping), Look::Answer { used, reply });
    assert_eq!(look(Wire::Irc, Step::Hello, &ping[used..]), Look::Done);
}

#[test]
fn irc_has_joined_at_the_end_of_the_names() {
    let names = b":irc.test 422 babc7 :MOTD File is missing\r\n\
        :babc7!babc7@127.0.0.1 JOIN :#bench-abcdef-0\r\n\
        :irc.test 353 babc7 = #bench-abcdef-0 :@babc7\r\n";
    assert_eq!(look(Wire::Irc, Step::Join, names), Look::Wait);
    let end = b":irc.test 366 babc7 #bench-abcdef-0 :End of /NAMES list.\r\n";
    assert_eq!(look(Wire::Irc, Step::Join, &[names.as_slice(), end].concat()), Look::Done);
    for no in [
        ":irc.test 433 * babc7 :Nickname is already in use.\r\n",
        "ERROR :Closing link: (babc7@127.0.0.1) [Too many connections]\r\n",
        "-ERR unknown command 'NICK'\r\n",
    ] {
        let words = Look::Refused(no.trim_end().escape_default().to_string());
        assert_eq!(look(Wire::Irc, Step::Hello, no.as_bytes()), words);
    }
}

#[test]
fn redis_subscribes_and_publishes() {
    let [_, join, say] = said(Wire::Redis, false);
    assert_eq!(join, "*2\r\n$9\r\nSUBSCRIBE\r\n$14\r\nbench-abcdef-0\r\n");
    assert_eq!(
        say,
        "*3\r\n$7\r\nPUBLISH\r\n$14\r\nbench-abcdef-0\r\n$23\r\n~abcdef:feedfacebeef hi\r\n"
    );
    assert_eq!(said(Wire::Redis, true)[1], "*1\r\n$4\r\nPING\r\n");
    let subscribed = b"*3\r\n$9\r\nsubscribe\r\n$14\r\nbench-abcdef-0\r\n:1\r\n";
    assert_eq!(look(Wire::Redis, Step::Join, subscribed), Look::Done);
    assert_eq!(look(Wire::Redis, Step::Join, &subscribed[..9]), Look::Wait);
    let no = Look::Refused("-ERR max number of clients reached\\r\\n".to_owned());
    assert_eq!(look(Wire::Redis, Step::Join, b"-ERR max number of clients reached\r\n"), no);
}

#[test]
fn nats_waits_for_the_servers_first_word() {
    let [_, join, say] = said(Wire::Nats, false);
    assert!(join.ends_with("}\r\nSUB bench-abcdef-0 1\r\nPING\r\n"), "{join}");
    assert!(!said(Wire::Nats, true)[1].contains("SUB"));
    assert_eq!(say, "PUB bench-abcdef-0 23\r\n~abcdef:feedfacebeef hi\r\n");
    assert_eq!(look(Wire::Nats, Step::Hello, b"INFO {\"server_id\":"), Look::Wait);
    assert_eq!(look(Wire::Nats, Step::Hello, b"INFO {\"server_id\":\"N\"}\r\n"), Look::Done);
    assert_eq!(look(Wire::Nats, Step::Join, b"PONG\r\n"), Look::Done);
    let reply = b"PONG\r\n".to_vec();
    let answer = Look::Answer { used: 6, reply };
    assert_eq!(look(Wire::Nats, Step::Join, b"PING\r\nPONG\r\n"), answer);
    let no = Look::Refused("Welcome quiet-otter".to_owned());
    assert_eq!(look(Wire::Nats, Step::Hello, b"Welcome quiet-otter\n"), no);
}

#[test]
fn the_kernel_limit_has_one_word_for_everything() {
    let [_, join, say] = said(Wire::Kernel, false);
    assert_eq!([join.as_str(), &say], ["bench-abcdef-0\n", "~abcdef:feedfacebeef hi\n"]);
    assert_eq!(look(Wire::Kernel, Step::Join, b"+"), Look::Wait);
    assert_eq!(look(Wire::Kernel, Step::Join, b"+\n"), Look::Done);
}

#[test]
fn who_is_asked_whether_it_is_there_says_so_unasked() {
    for wire in Wire::value_variants() {
        let asks = matches!(wire, Wire::Irc | Wire::Nats);
        assert_eq!(wire.protocol().keep_alive().starts_with(b"PONG"), asks, "{wire:?}");
    }
}

#[test]
fn what_a_template_needs_is_in_every_message() {
    for wire in Wire::value_variants() {
        assert!(said(*wire, true)[2].contains("~abcdef:feedfacebeef"), "{wire:?}");
        assert!(wire.name() == wire.to_possible_value().unwrap().get_name());
    }
}
