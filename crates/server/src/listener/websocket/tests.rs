use tokio::io::{AsyncWriteExt, DuplexStream};

use super::*;

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: 127.0.0.1:5005\r\nConnection: Upgrade\r\n\
                       Upgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// A handshake with these headers too; what the server's side is then, and what was answered.
async fn shake(headers: &str, origins: &[&str]) -> (io::Result<Encrypted>, DuplexStream, String) {
    let (mut client, server) = tokio::io::duplex(1 << 16);
    let origins: Vec<String> = origins.iter().map(|origin| (*origin).to_owned()).collect();
    let head = BytesMut::from(format!("{REQUEST}{headers}\r\n").as_str());
    let accepted = accept(Box::new(server), head, &origins).await;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(client.read_u8().await.unwrap());
    }
    (accepted, client, String::from_utf8(answer).unwrap())
}

/// A frame of a client, masked with zeros.
fn frame(head: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![head];
    match u8::try_from(payload.len()) {
        Ok(length) if length < 126 => frame.push(0x80 | length),
        Ok(_) | Err(_) => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;

/// All that the server's side reads, and what the client has been sent meanwhile.
async fn exchange(frames: &[Vec<u8>]) -> (Vec<u8>, Vec<u8>) {
    let (server, mut client, _) = shake("", &[]).await;
    let mut server = server.unwrap();
    client.write_all(&frames.concat()).await.unwrap();
    let mut lines = Vec::new();
    server.read_to_end(&mut lines).await.unwrap();
    let _closed = timeout(Duration::from_secs(5), server.shutdown()).await.unwrap();
    drop(server);
    let mut sent = Vec::new();
    client.read_to_end(&mut sent).await.unwrap();
    (lines, sent)
}

#[tokio::test]
async fn messages_are_lines_however_they_are_cut() {
    let (lines, sent) = exchange(&[
        frame(TEXT, b"NICK ana"),
        frame(BINARY, b"USER a 0 * :a\r\n"),
        frame(0x01, b"PRIV"), // a fragment, a ping between, the rest
        frame(PING, b"hey"),
        frame(0x00, b"MSG #a "),
        frame(0x80, b":hi"),
        frame(TEXT, b"ONE\nTWO"),
        frame(TEXT, b""),
        frame(CLOSE, &[]),
    ])
    .await;
    let lines = String::from_utf8(lines).unwrap();
    assert_eq!(lines, "NICK ana\nUSER a 0 * :a\r\nPRIVMSG #a :hi\nONE\0TWO\n\n");
    assert_eq!(sent, b"\x8a\x03hey\x88\x00", "a pong, and closed");
}

#[tokio::test]
async fn what_cannot_be_ends_it_and_says_why() {
    let long = vec![b'x'; WEBSOCKET_MESSAGE_BYTES_MAX + 1];
    let (half, rest) = long.split_at(3_000);
    for (frames, code) in [
        (vec![frame(TEXT, &long)], 1009_u16),
        (vec![frame(0x01, half), frame(0x80, rest)], 1009),
        (vec![frame(TEXT, b"caf\xe9")], 1007),
        (vec![frame(0x80, b"a rest of nothing")], 1002),
        (vec![frame(0xf1, b"reserved bits")], 1002),
        (vec![vec![TEXT, 0x02, b'h', b'i']], 1002), // not masked
    ] {
        let (lines, sent) = exchange(&frames).await;
        assert_eq!(lines, b"", "{code}");
        let mut close = vec![CLOSE, 2];
        close.extend(code.to_be_bytes());
        assert_eq!(sent, close);
    }
    let longest = vec![b'x'; WEBSOCKET_MESSAGE_BYTES_MAX];
    let (lines, _) = exchange(&[frame(TEXT, &longest), frame(CLOSE, &[])]).await;
    assert_eq!(lines.len(), WEBSOCKET_MESSAGE_BYTES_MAX + 1);
}

#[tokio::test]
async fn the_client_s_first_choice_counts_and_lines_are_messages_of_that_kind() {
    for (offered, chosen, kind) in [
        ("", None, TEXT),
        ("Sec-WebSocket-Protocol: chat\r\n", None, TEXT),
        ("Sec-WebSocket-Protocol: text.ircv3.net\r\n", Some("text.ircv3.net"), TEXT),
        (
            "Sec-WebSocket-Protocol: chat, binary.ircv3.net, text.ircv3.net\r\n",
            Some("binary.ircv3.net"),
            BINARY,
        ),
    ] {
        let (server, mut client, answer) = shake(offered, &[]).await;
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        let line = answer.lines().find_map(|line| line.strip_prefix("sec-websocket-protocol: "));
        assert_eq!(line, chosen);
        let mut server = server.unwrap();
        for part in ["PI", "NG a\r\nPING b\r", "\n"] {
            server.write_all(part.as_bytes()).await.unwrap();
        }
        server.flush().await.unwrap();
        let mut sent = [0; 16];
        client.read_exact(&mut sent).await.unwrap();
        assert_eq!(&sent[..8], [&[kind, 6][..], b"PING a"].concat());
        assert_eq!(&sent[8..], [&[kind, 6][..], b"PING b"].concat());
    }
}

#[tokio::test]
async fn pages_come_from_where_they_may() {
    let listed = &["https://chat.example"][..];
    for (origin, origins, may) in [
        ("https://chat.example", listed, true),
        ("https://chat.example:444", listed, false),
        ("https://evil.example", listed, false),
        ("https://evil.example", &["*"], true),
        ("null", &[], false),
        ("http://127.0.0.1:5005", &[], true),
        ("http://127.0.0.1:8000", &[], false),
        ("http://localhost:5005", &[], false), // not what it calls this server
    ] {
        let (accepted, _, answer) = shake(&format!("Origin: {origin}\r\n"), origins).await;
        assert_eq!(accepted.is_ok(), may, "{origin}");
        let status = if may { "HTTP/1.1 101 " } else { "HTTP/1.1 403 " };
        assert!(answer.starts_with(status), "{answer}");
    }
    // A name that points here may be anybody's.
    let mut headers = HeaderMap::new();
    headers.insert(HOST, HeaderValue::from_static("evil.example:5005"));
    headers.insert(ORIGIN, HeaderValue::from_static("http://evil.example:5005"));
    assert!(!may_come(&headers, &[]));
}

#[tokio::test]
async fn a_request_for_irc_is_told_from_others() {
    for (headers, asks) in [
        ("Sec-WebSocket-Protocol: text.ircv3.net\r\n", true),
        ("sec-websocket-protocol: chat,Binary.IRCv3.net\r\n", true),
        ("Sec-WebSocket-Protocol: chat\r\n", false),
        ("", false),
    ] {
        let request = format!("{REQUEST}{headers}\r\n");
        let (first, rest) = request.split_at(30);
        let mut input = BytesMut::from(first);
        assert_eq!(is_asked_for(&mut rest.as_bytes(), &mut input).await, asks, "{headers}");
        assert_eq!(input, request, "nothing is taken away");
    }
    let mut input = BytesMut::from("GET / HTTP/1.1\r\n");
    let endless = "X: y\r\n".repeat(10_000);
    assert!(!is_asked_for(&mut endless.as_bytes(), &mut input).await);
    assert!(input.len() < 2 * WEBSOCKET_REQUEST_BYTES_MAX);
}
