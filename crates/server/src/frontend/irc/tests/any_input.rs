//! Whatever comes, in whatever pieces: the same is asked and answered, and every line is one.

use proptest::prelude::*;

use super::*;
use crate::frontend::Proof;

/// Words that lead somewhere.
const WORDS: [&str; 48] = [
    "CAP",
    "LS",
    "REQ",
    "END",
    "302",
    "NICK",
    "USER",
    "PASS",
    "AUTHENTICATE",
    "PLAIN",
    "SCRAM-SHA-256",
    "*",
    "+",
    "AGFuYQBjb3JyZWN0LWhvcnNl",
    "REGISTER",
    "JOIN",
    "#a",
    "#a,#b",
    "PART",
    "PRIVMSG",
    "NOTICE",
    "TAGMSG",
    "ana",
    ":hi there",
    "MODE",
    "+b-o",
    "bob!*@*",
    "m:a:bob",
    "BATCH",
    "+1",
    "-1",
    "draft/multiline",
    "@batch=1",
    "@label=x",
    "@batch=1;draft/multiline-concat",
    "CHATHISTORY",
    "LATEST",
    "timestamp=2026-11-21T18:00:00.000Z",
    "50",
    "WHO",
    "%tcuna,1",
    "WALLOPS",
    "KILL",
    "OPER",
    "METADATA",
    "MONITOR",
    ":\u{1}ACTION x\u{1}",
    "QUIT",
];

fn line() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        12 => prop::sample::select(&WORDS[..]).prop_map(|word| word.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..12),
        1 => "\\PC{0,12}".prop_map(String::into_bytes),
        1 => (1..600_usize).prop_map(|length| vec![b'x'; length]),
    ];
    (prop::collection::vec(word, 0..7), prop::sample::select(&["\r\n", "\n"][..])).prop_map(
        |(words, end)| {
            let mut line = words.join(&b' ');
            line.extend_from_slice(end.as_bytes());
            line
        },
    )
}

/// What is asked and answered, when all comes in these pieces.
fn heard(session: &mut IrcFrontend, pieces: &[&[u8]]) -> (Vec<String>, Vec<u8>) {
    let (mut input, mut out, mut asked) = (BytesMut::new(), BytesMut::new(), Vec::new());
    for piece in pieces {
        input.extend_from_slice(piece);
        loop {
            match session.decode(&mut input, false, &mut out) {
                Decoded::Incomplete => break,
                Decoded::Handled => {}
                Decoded::Close => return (asked, out.to_vec()),
                Decoded::Request(request) => {
                    // Answered, so that it goes on.
                    let id = request.id;
                    asked.push(format!("{request:?}"));
                    session.tell(&Event::Done { id }, &mut out);
                }
                Decoded::Identify(wish) => {
                    asked.push(format!("{wish:?}"));
                    session.tell(&welcome("ana"), &mut out);
                }
                Decoded::Prove(proof) => {
                    asked.push(format!("{proof:?}"));
                    if let Proof::ScramFirst(_) = *proof {
                        session.challenged("x", &mut out);
                    } else {
                        session.proved(Err(Refusal::LoginFailed), &mut out);
                    }
                }
                Decoded::Become(_) => panic!("it stays what it is"),
            }
        }
    }
    (asked, out.to_vec())
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_and_every_line_is_one(
        lines in prop::collection::vec(line(), 0..30),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
        is_registered: bool,
    ) {
        let bytes = lines.concat();
        let begin = || if is_registered { in_a(&everything()) } else { session() };
        let whole = heard(&mut begin(), &[&bytes]);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
        prop_assert_eq!(&heard(&mut begin(), &pieces), &whole);
        let said = String::from_utf8(whole.1).expect("all that is said is UTF-8");
        prop_assert!(said.is_empty() || said.ends_with("\r\n"));
        for line in said.split_terminator("\r\n") {
            prop_assert!(!line.contains(['\0', '\r', '\n']), "{:?}", line);
            prop_assert!(!line.is_empty());
        }
    }
}

/// All that can be asked for.
fn everything() -> String {
    "batch labeled-response draft/multiline message-tags echo-message server-time draft/chathistory \
     draft/metadata-3 draft/read-marker draft/message-redaction"
        .to_owned()
}
