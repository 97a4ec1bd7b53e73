//! Addresses from which nobody comes in.

use samovar_tests::{Client, Setup};

use super::*;

#[test]
fn a_ban_ends_sessions_at_once_and_holds_until_it_is_lifted() {
    let home = Home::new();
    let socket = format!("unix:{}", home.path().join("chat.sock").display());
    let setup = Setup::new("").listen("auto://127.0.0.1:0").listen("auto://[::1]:0");
    let server = setup.listen(socket.as_str()).start_in(home);
    let here = server.home();
    let mut near = NativeClient::connect(server.address_of(2)).greeted("near");
    near.join("lobby");
    let mut ana = server.native("ana");
    ana.join("lobby");
    let mut line = server.connect();
    for _ in 0..3 {
        line.line(); // its welcome
    }
    let mut silent = Client::connect(server.address());
    let mut six = NativeClient::connect(server.address_of(1)).greeted("six");
    six.join("lobby");
    let told = printed(here, &["ban", "add", "127.0.0.0/8", "--for", "2h", "too loud"]);
    assert_eq!(told, "127.0.0.0/8 is banned\n");
    near.say("lobby", "after");
    let told = format!("{:?}", ana.rest());
    assert!(told.contains("AddressBanned") && !told.contains("after"), "{told}");
    for client in [&mut line, &mut silent] {
        let told = String::from_utf8(client.rest()).unwrap();
        let is_told = told.contains("Your address is banned here until ");
        assert!(is_told && !told.contains("after"), "{told}");
        assert!(told.ends_with("UTC: too loud\n"), "{told}");
    }
    let refused = |server: &Server| {
        let told = String::from_utf8(server.connect().until_lost()).unwrap();
        assert!(told.starts_with("Your address is banned here until "), "{told}");
    };
    refused(&server);
    // Another address, and a Unix socket, are none of it.
    assert_eq!(six.message().2, "after");
    let list = printed(here, &["ban", "list"]);
    assert!(list.starts_with("127.0.0.0/8  until ") && list.ends_with(": too loud\n"), "{list}");
    assert!(hits(&server, "banned addresses") >= 1);
    // It outlives the daemon, and is lifted while there is none.
    let mut server = server.restart(samovar_tests::Signal::TERM);
    refused(&server);
    server.stop(samovar_tests::Signal::TERM);
    let home = server.into_home();
    assert_eq!(
        printed(&home, &["ban", "remove", "127.0.0.0/8"]),
        "127.0.0.0/8 may come in again\n"
    );
    let again = by_hand(&home, &["ban", "remove", "127.0.0.0/8"]);
    let (code, said) = (again.code, again.stderr.as_str());
    assert_eq!((code, said), (Some(1), "chat-server: 127.0.0.0/8 is not banned.\n"));
    let audit = printed(&home, &["audit"]);
    assert!(audit.contains("operator  ban address for 7200 s 127.0.0.0/8: too loud\n"), "{audit}");
    assert!(audit.contains("operator  unban address 127.0.0.0/8\n"), "{audit}");
    let server = Setup::new("").start_in(home);
    server.native("ana").join("lobby");
}

#[test]
fn only_administrators_ban_addresses_and_what_is_none_is_refused() {
    let server = server("");
    let mut eve = server.native("eve");
    let network = || "192.0.2.0/24".parse().unwrap();
    let reason = chat_protocol::LineText::default();
    for command in [
        Command::BanAddress { network: network(), for_s: None, reason: reason.clone() },
        Command::UnbanAddress { network: network() },
        Command::AddressBans,
        Command::Status,
        Command::StoredRooms { after: None },
        Command::ReportRoom { room: "lobby".parse().unwrap() },
        Command::CloseRoom { room: "lobby".parse().unwrap(), reason },
    ] {
        assert_eq!(eve.refused(command), chat_protocol::Refusal::NotAdministrator);
    }
    let wrong = by_hand(server.home(), &["ban", "add", "192.0.2.0/33"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("a prefix is 1 to 32, and not \"33\""), "{wrong:?}");
}
