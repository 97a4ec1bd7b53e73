//! SEARCH (`soju.im/search`) over IRC: the same search as everywhere, on real processes.

use samovar_tests::Server;

use crate::irc::Irc;
use crate::irc_history::capable;

/// What is found by this, in a batch: where it was said, and what.
#[track_caller]
fn found(irc: &mut Irc, attributes: &str) -> Vec<(String, String)> {
    irc.send(&format!("SEARCH {attributes}"));
    let begin = irc.line();
    assert!(begin.ends_with(" soju.im/search"), "{begin}");
    let reference = begin.split('+').nth(1).and_then(|words| words.split(' ').next()).unwrap();
    let lines = irc.until(&format!(" BATCH -{reference}"));
    let said = |line: &String| {
        assert!(line.starts_with(&format!("@batch={reference};time=")), "{line}");
        assert!(line.contains(";msgid="), "{line}");
        let (head, text) = line.split_once(" PRIVMSG ").unwrap();
        let from = head.split([':', '!']).rev().nth(1).unwrap();
        let (to, text) = text.split_once(" :").unwrap();
        (format!("{from} {to}"), text.to_owned())
    };
    lines.iter().map(said).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(place, text)| ((*place).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn what_was_said_is_found_by_its_words_and_place_and_author_and_time() {
    let server = Server::start("");
    let [mut eve, mut bob] = ["eve", "bob"].map(|name| server.native(name));
    eve.join("ops");
    eve.join("den");
    bob.join("ops");
    eve.say("ops", "the green tea is ready");
    bob.say("ops", "no tea for me");
    let long = format!("a tea that is told of at length {}", "and more ".repeat(40));
    bob.say("ops", long.trim());
    eve.say("den", "a secret tea");
    let hide = r#"{"type":"set","room":"den","set":{"setting":"access","access":"invite"}}"#;
    eve.ask(serde_json::from_str(hide).unwrap());
    let mut ana =
        capable(&server, "ana", "batch server-time message-tags soju.im/search labeled-response");
    eve.say("@ana", "your tea, ana");
    ana.until(":eve!eve@samovar PRIVMSG ana :your tea, ana");
    let whole = ("bob #ops", long.trim());
    let (green, none, mine) = (
        ("eve #ops", "the green tea is ready"),
        ("bob #ops", "no tea for me"),
        ("eve ana", "your tea, ana"),
    );
    // Oldest first; and nothing from where she may not read.
    assert_eq!(found(&mut ana, "text=tea"), pairs(&[green, none, whole, mine]));
    assert_eq!(found(&mut ana, "text=tea;in=#ops;limit=2"), pairs(&[none, whole]));
    assert_eq!(found(&mut ana, "in=#ops;from=BOB"), pairs(&[none, whole]), "without words");
    assert_eq!(found(&mut ana, r#"text="green\stea""#), pairs(&[green]));
    assert_eq!(found(&mut ana, "text=-tea;in=#ops"), []);
    assert_eq!(found(&mut ana, "in=eve;text=tea"), pairs(&[mine]));
    assert_eq!(found(&mut ana, "text=tea;before=2020-01-01T00:00:00.000Z"), []);
    assert_eq!(found(&mut ana, "text=tea;in=#ops;after=2020-01-01T00:00:00.000Z").len(), 3);
    // The times are those of the messages, and both ends are within.
    ana.send("SEARCH text=green");
    let batch = ana.line();
    let line = ana.line();
    let time = line.split(['=', ';']).nth(3).unwrap().to_owned();
    ana.until(&batch.replace('+', "-").replace(" soju.im/search", ""));
    let ends = format!("text=green;after={time};before={time}");
    assert_eq!(found(&mut ana, &ends), pairs(&[green]));
    // What cannot be is said.
    for (wrong, told) in [
        ("text=", "FAIL SEARCH INVALID_PARAMS :"),
        ("text=tea;limit=x", "FAIL SEARCH INVALID_PARAMS limit :"),
        ("text=tea;after=noon", "FAIL SEARCH INVALID_PARAMS after :"),
        ("text=tea;in=#a,b", "FAIL SEARCH INVALID_PARAMS in :"),
        ("text=tea;in=#den", "FAIL SEARCH INVALID_PARAMS :"),
        ("text=*", "FAIL SEARCH INVALID_PARAMS :"),
    ] {
        ana.send(&format!("SEARCH {wrong}"));
        let line = ana.line();
        assert!(line.starts_with(&format!(":irc.samovar {told}")), "{wrong}: {line}");
    }
    ana.send("@label=7 SEARCH text=nothing-of-that");
    let begin = ana.line();
    assert!(begin.starts_with("@label=7 :irc.samovar BATCH +"), "{begin}");
    assert!(ana.line().starts_with(":irc.samovar BATCH -"));
    // Who has not asked for it knows no such command.
    let mut plain = Irc::greeted(server.address(), "plain");
    plain.send("SEARCH text=tea");
    plain.expect(":irc.samovar 421 plain SEARCH :Unknown command");
}
