//! SASL over IRC on real processes: by pieces, aborted, in the wrong order, too long, and without the
//! password on the wire.

use chat_protocol::base64;
use samovar_tests::{Client, Server};
use sha2::{Digest, Sha256};

use crate::irc::Irc;

const HORSE: &str = "correct-horse";

/// A server where ana is registered.
fn server() -> Server {
    let server = Server::start("[accounts]\npassword_hash = { m = 8, t = 1, p = 1 }\n");
    let mut ana = Irc::greeted(server.address(), "ana");
    ana.send(&format!("NS REGISTER {HORSE}"));
    ana.until(" :You are now logged in as ana");
    ana.send("QUIT");
    ana.until("ERROR :Goodbye");
    server
}

/// Somebody who has asked for SASL, and has no name yet.
fn asks(server: &Server) -> Irc {
    let mut irc = Irc(Client::connect(server.address()));
    irc.send("CAP REQ sasl");
    irc.expect(":irc.samovar CAP * ACK :sasl");
    irc
}

fn plain(name: &str, password: &str) -> String {
    base64::encode(format!("\0{name}\0{password}").as_bytes())
}

fn is_logged_in(irc: &mut Irc) {
    irc.expect(":irc.samovar 900 * ana!ana@samovar ana :You are now logged in as ana");
    irc.expect(":irc.samovar 903 * :SASL authentication successful");
}

fn has_failed(irc: &mut Irc, number: u16) {
    let line = irc.line();
    assert!(line.starts_with(&format!(":irc.samovar {number} * ")), "{line}");
}

#[test]
fn a_password_comes_in_pieces_and_one_of_400_bytes_is_not_the_last() {
    let server = server();
    // As long as a name and a password can make it: 400 bytes to the byte, and more.
    for length in [296, 300, 400] {
        let mut irc = asks(&server);
        let said = plain("ana", &"x".repeat(length - 5));
        irc.send("AUTHENTICATE PLAIN");
        irc.expect("AUTHENTICATE +");
        for piece in said.as_bytes().chunks(400) {
            irc.send(&format!("AUTHENTICATE {}", String::from_utf8_lossy(piece)));
        }
        if said.len().is_multiple_of(400) {
            irc.send("AUTHENTICATE +");
        }
        has_failed(&mut irc, 904);
        irc.send("AUTHENTICATE PLAIN");
        irc.expect("AUTHENTICATE +");
        irc.send(&format!("AUTHENTICATE {}", plain("ana", HORSE)));
        is_logged_in(&mut irc);
        irc.send("NICK other\r\nUSER o 0 * :o\r\nCAP END");
        irc.until(" :There is no message of the day");
    }
}

#[test]
fn what_is_aborted_repeated_out_of_order_or_too_long_fails_and_may_be_tried_again() {
    let server = server();
    let mut irc = asks(&server);
    // An answer before the question, and a mechanism that there is not.
    irc.send(&format!("AUTHENTICATE {}", plain("ana", HORSE)));
    has_failed(&mut irc, 908);
    has_failed(&mut irc, 904);
    irc.send("AUTHENTICATE");
    has_failed(&mut irc, 461);
    for mechanism in ["PLAIN", "SCRAM-SHA-256"] {
        irc.send(&format!("AUTHENTICATE {mechanism}"));
        irc.expect("AUTHENTICATE +");
        irc.send("AUTHENTICATE *");
        irc.expect(":irc.samovar 906 * :SASL authentication aborted");
        for wrong in ["!!!!", "Zg", "+", &base64::encode(b"\xff\xfe"), &base64::encode(b"n,,n=ana")]
        {
            irc.send(&format!("AUTHENTICATE {mechanism}\r\nAUTHENTICATE {wrong}"));
            irc.expect("AUTHENTICATE +");
            has_failed(&mut irc, 904);
        }
        irc.send(&format!("AUTHENTICATE {mechanism}\r\nAUTHENTICATE {}", "A".repeat(401)));
        irc.expect("AUTHENTICATE +");
        has_failed(&mut irc, 905);
        irc.send(&format!("AUTHENTICATE {mechanism}"));
        irc.expect("AUTHENTICATE +");
        let piece = format!("AUTHENTICATE {}\r\n", "A".repeat(400));
        irc.0.send(piece.repeat(5));
        has_failed(&mut irc, 904);
    }
    // The mechanism named again, in the middle: that is no answer.
    irc.send("AUTHENTICATE PLAIN\r\nAUTHENTICATE PLAIN");
    irc.expect("AUTHENTICATE +");
    has_failed(&mut irc, 904);
    irc.send(&format!("AUTHENTICATE PLAIN\r\nAUTHENTICATE {}", plain("ana", HORSE)));
    irc.expect("AUTHENTICATE +");
    is_logged_in(&mut irc);
    irc.send("AUTHENTICATE PLAIN");
    has_failed(&mut irc, 907);
}

#[test]
fn scram_proves_a_password_that_is_not_sent_also_after_a_restart() {
    let mut server = server();
    for round in 0..2 {
        let mut irc = asks(&server);
        let last = scram(&mut irc, "ana", HORSE);
        irc.send(&format!("AUTHENTICATE {}", base64::encode(last.as_bytes())));
        let proof = irc.line();
        let proof = base64::decode(proof.strip_prefix("AUTHENTICATE ").unwrap()).unwrap();
        assert!(proof.starts_with(b"v="), "{proof:?}");
        irc.send("AUTHENTICATE +");
        is_logged_in(&mut irc);
        irc.send("NICK ana\r\nUSER a 0 * :a\r\nCAP END");
        irc.until(" 422 ana :There is no message of the day");
        // One that is there logs in too.
        let mut eve = Irc::greeted(server.address(), "eve");
        let last = scram(&mut eve, "ana", HORSE);
        eve.send(&format!("AUTHENTICATE {}", base64::encode(last.as_bytes())));
        assert!(eve.line().starts_with("AUTHENTICATE "));
        eve.send("AUTHENTICATE +");
        eve.until(" :You are now logged in as ana");
        if round == 0 {
            drop((irc, eve));
            server = server.restart(samovar_tests::Signal::TERM);
        }
    }
}

#[test]
fn a_proof_that_is_wrong_old_or_of_nobody_fails_alike() {
    let server = server();
    let mut irc = asks(&server);
    for (name, password) in [("ana", "wrong-horse"), ("bob", HORSE)] {
        let last = scram(&mut irc, name, password);
        irc.send(&format!("AUTHENTICATE {}", base64::encode(last.as_bytes())));
        irc.expect(
            ":irc.samovar 904 * :SASL authentication failed: That name and that password do not go together.",
        );
    }
    // What was right once is not right for another question.
    let old = scram(&mut irc, "ana", HORSE);
    irc.send("AUTHENTICATE *");
    irc.expect(":irc.samovar 906 * :SASL authentication aborted");
    scram(&mut irc, "ana", HORSE);
    irc.send(&format!("AUTHENTICATE {}", base64::encode(old.as_bytes())));
    has_failed(&mut irc, 904);
    // Behind the proof nothing but the end.
    let last = scram(&mut irc, "ana", HORSE);
    irc.send(&format!("AUTHENTICATE {}", base64::encode(last.as_bytes())));
    assert!(irc.line().starts_with("AUTHENTICATE "));
    irc.send(&format!("AUTHENTICATE {}", base64::encode(last.as_bytes())));
    has_failed(&mut irc, 904);
}

/// Begins, is asked, and gives the proof (RFC 5802), not yet sent.
fn scram(irc: &mut Irc, name: &str, password: &str) -> String {
    irc.send("AUTHENTICATE SCRAM-SHA-256");
    irc.expect("AUTHENTICATE +");
    let first = format!("n={name},r=fyko+d2lbbFgONRv9qkxdawL");
    irc.send(&format!("AUTHENTICATE {}", base64::encode(format!("n,,{first}").as_bytes())));
    let asked = irc.line();
    let Some(asked) = asked.strip_prefix("AUTHENTICATE ") else { panic!("{asked}") };
    let asked = String::from_utf8(base64::decode(asked).unwrap()).unwrap();
    let part = |begin: &str| asked.split(',').find_map(|part| part.strip_prefix(begin)).unwrap();
    let (nonce, salt) = (part("r="), base64::decode(part("s=")).unwrap());
    let mut last = hmac(password.as_bytes(), &[&salt[..], &[0, 0, 0, 1]].concat());
    let mut salted = last;
    for _ in 1..part("i=").parse().unwrap() {
        last = hmac(password.as_bytes(), &last);
        salted.iter_mut().zip(last).for_each(|(all, byte)| *all ^= byte);
    }
    let client = hmac(&salted, b"Client Key");
    let unproved = format!("c=biws,r={nonce}");
    let said = format!("{first},{asked},{unproved}");
    let mut proof = hmac(&Sha256::digest(client), said.as_bytes());
    proof.iter_mut().zip(client).for_each(|(proof, byte)| *proof ^= byte);
    format!("{unproved},p={}", base64::encode(&proof))
}

/// RFC 2104, of a key of one block.
fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(text);
    let outer = Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c));
    outer.chain_update(inner.finalize()).finalize().into()
}
