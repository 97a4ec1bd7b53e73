//! The daemon as a process: signals, the service manager, the log, the unit file.

use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;

use chat_protocol::{Event, RequestId};
use samovar_tests::{
    Cast, Client, DEADLINE, Home, NativeClient, Server, Setup, Signal, Style, chat_server,
    repository, run, say,
};

#[test]
fn sigterm_and_sigint_stop_it_with_exit_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut server = Server::start("");
        let mut ana = server.native("ana");
        ana.join("lobby");
        server.signal(signal);
        let told = ana.rest();
        assert!(matches!(told.as_slice(), [Event::ShuttingDown { in_seconds: 0, .. }]), "{told:?}");
        assert_eq!(server.finish().code(), Some(0));
        assert!(server.logs().contains("stopped"), "{}", server.logs());
    }
}

/// All leave, so that is no news: who is still there for a moment is not told of who is not.
#[test]
fn at_a_stop_nobody_is_told_that_the_others_leave() {
    const CLIENTS: usize = 20;
    let server = Setup::new("[line]\nstyle = \"talker\"\n").listen("line://127.0.0.1:0").start();
    let mut clients: Vec<Client> = (0..CLIENTS)
        .map(|number| {
            let mut client = server.connect();
            client.send(format!("login user{number}\nwho\n"));
            client.lines_until(&format!("user{number}"));
            client
        })
        .collect();
    clients[0].send("say the last word\n");
    for client in &mut clients {
        client.lines_until("user0: the last word");
    }
    server.signal(Signal::TERM);
    for client in &mut clients {
        client.expect_closed();
    }
}

#[test]
fn a_stop_is_announced_and_a_second_signal_does_not_wait() {
    let config = "[server]\nshutdown_delay = \"1h\"\n[line]\nidentify = \"ask\"\n";
    let mut server = Setup::new(config).listen("line://127.0.0.1:0").start();
    let mut cast = Cast::new(Style::Samovar);
    cast.play(
        &server,
        r"
        ana connects
        ana<< Please enter your name:\s
        ana> ana
        ana< Welcome ana
        ana< Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.
        ana< * you are in lobby, 1 here: ana
        ",
    );
    server.signal(Signal::TERM);
    cast.play(&server, "ana< * the server is shutting down in 3600 seconds");
    server.signal(Signal::TERM);
    cast.play(&server, "ana is closed");
    assert_eq!(server.finish().code(), Some(0));
}

#[test]
fn what_was_accepted_under_load_is_stored_before_the_end() {
    const CLIENTS: usize = 4;
    const SENT: usize = 500;
    let server = Server::start("");
    let mut clients: Vec<NativeClient> = (0..CLIENTS)
        .map(|number| {
            let mut client = server.native(&format!("client{number}"));
            client.join("lobby");
            client
        })
        .collect();
    for (number, client) in clients.iter_mut().enumerate() {
        let mut bytes = Vec::new();
        for n in 0..SENT {
            bytes.extend(client.request(say("lobby", &format!("{number}/{n}"))).1);
        }
        client.raw().send(bytes);
    }
    // The first acknowledgement is there, most of them are not.
    while !matches!(clients[0].event(), Event::Stored { .. }) {}
    server.signal(Signal::TERM);
    let mut shown = Vec::new();
    let mut acknowledged: Vec<(RequestId, u64)> = Vec::new();
    for client in &mut clients {
        for event in client.rest() {
            match event {
                Event::Message { seq, text, .. } => shown.push((seq.0, text.to_string())),
                Event::Stored { id, seq, .. } => acknowledged.push((id.unwrap(), seq.0)),
                _ => {}
            }
        }
    }
    drop(clients);
    let server = server.restart(Signal::TERM);
    let mut bob = server.native("bob");
    let texts: Vec<(u64, String)> = (1..).zip(bob.stored("lobby")).collect();
    let last = u64::try_from(texts.len()).unwrap();
    assert!(acknowledged.iter().all(|(_, seq)| *seq <= last), "acknowledged, and not stored");
    for message in shown {
        assert!(texts.contains(&message), "shown, and not stored: {message:?}");
    }
    // Of each, what is stored is what it sent first, in its order.
    for number in 0..CLIENTS {
        let prefix = format!("{number}/");
        let own: Vec<&str> =
            texts.iter().filter_map(|(_, text)| text.strip_prefix(prefix.as_str())).collect();
        let sent: Vec<String> = (0..own.len()).map(|n| n.to_string()).collect();
        assert_eq!(own, sent, "client {number}");
    }
}

#[test]
fn a_reload_takes_limits_and_the_motd() {
    let server = Server::start("[server]\nmotd = \"old\"\n");
    let motd = |name: &str| NativeClient::connect(server.address()).hello(Some(name)).motd;
    assert_eq!(motd("ana").as_deref(), Some("old"));
    server.write_config("[server]\nmotd = \"new\"\n[limits]\nhandshake = \"100ms\"\n");
    server.signal(Signal::HUP);
    server.wait_for_log("daemon: reloaded");
    assert_eq!(motd("bob").as_deref(), Some("new"));
    // Who has begun its hello and does not end it is closed after the new time.
    let mut slow = NativeClient::connect(server.address());
    slow.raw().send([0]);
    slow.expect_closed();
}

#[test]
fn a_reload_that_is_wrong_or_needs_a_restart_is_refused_whole() {
    let old = "[server]\nmotd = \"old\"\n[limits]\nconnections = 3\n";
    let server = Server::start(old);
    for (number, (config, why)) in [
        ("[server]\nmotd = \"new\"\n[rooms]\nmax = 5\n", "`rooms.max` needs a restart"),
        ("[server]\nmotd = \"new\"\nname = \"Other\"\n", "`server.name` needs a restart"),
        ("[server]\nmotd = \"new\"\n[limits]\nhandshake = \"never\"\n", "`limits.handshake`"),
        ("[server]\nmotd = \"new\"\nmodt = \"\"\n", "motd"),
        ("[server\n", "this is not TOML"),
    ]
    .into_iter()
    .enumerate()
    {
        server.write_config(config);
        server.signal(Signal::HUP);
        let refused = server.wait_for_logs("not reloaded; the old configuration stays", number + 1);
        assert!(server.logs().contains(why), "{why}: {refused:?}");
        let welcome = NativeClient::connect(server.address()).hello(Some("ana"));
        assert_eq!(welcome.motd.as_deref(), Some("old"), "{config}");
        server.wait_for_logs("name=\"ana\" why=", number + 1);
    }
    // And then a right one is taken.
    server.write_config(&old.replace("old", "new"));
    server.signal(Signal::HUP);
    server.wait_for_log("daemon: reloaded");
    let welcome = NativeClient::connect(server.address()).hello(Some("ana"));
    assert_eq!(welcome.motd.as_deref(), Some("new"));
}

#[test]
fn the_limit_of_connections_makes_the_next_one_wait_and_a_reload_lifts_it() {
    let server = Server::start("[limits]\nconnections = 1\n");
    let ana = server.native("ana");
    let mut bob = NativeClient::connect(server.address());
    bob.send_hello(Some("bob"));
    server.write_config("[limits]\nconnections = 2\n");
    server.signal(Signal::HUP);
    assert!(matches!(bob.event(), Event::Welcome(_)));
    let mut eve = NativeClient::connect(server.address());
    eve.send_hello(Some("eve"));
    drop(ana);
    assert!(matches!(eve.event(), Event::Welcome(_)));
    let identified = server.wait_for_logs("identified name=", 3);
    assert!(identified[2].contains("eve"), "{identified:?}");
}

/// The service manager's end of `NOTIFY_SOCKET`.
struct Manager {
    socket: UnixDatagram,
    _home: Home,
}

impl Manager {
    fn new() -> (Self, std::path::PathBuf) {
        let home = Home::new();
        let path = home.path().join("notify.sock");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        (Self { socket, _home: home }, path)
    }

    /// The next message.
    fn told(&self) -> String {
        let mut message = [0; 4_096];
        let count = self.socket.recv(&mut message).expect("the daemon tells its manager");
        String::from_utf8(message[..count].to_vec()).unwrap().trim_end().to_owned()
    }
}

#[test]
fn the_service_manager_is_told_of_start_reload_and_stop() {
    let (manager, socket) = Manager::new();
    let mut server = Setup::default().variable("NOTIFY_SOCKET", &socket).start();
    assert_eq!(manager.told(), "READY=1");
    // It listens by then.
    drop(server.native("ana"));
    for config in ["[server]\nmotd = \"new\"\n", "[rooms]\nmax = 5\n"] {
        server.write_config(config);
        server.signal(Signal::HUP);
        let reloading = manager.told();
        let (first, time) = reloading.split_once('\n').expect("two lines");
        assert_eq!(first, "RELOADING=1");
        let time = time.strip_prefix("MONOTONIC_USEC=").expect("the time of the reload");
        assert!(time.parse::<u64>().is_ok(), "{time}");
        assert_eq!(manager.told(), "READY=1", "{config}");
    }
    server.signal(Signal::TERM);
    assert_eq!(manager.told(), "STOPPING=1");
    assert_eq!(server.finish().code(), Some(0));
    manager.socket.set_nonblocking(true).unwrap();
    let nothing = manager.socket.recv(&mut [0; 16]).unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
}

#[test]
fn the_watchdog_is_fed_when_there_is_one() {
    let (manager, socket) = Manager::new();
    let _server = Setup::default()
        .variable("NOTIFY_SOCKET", &socket)
        .variable("WATCHDOG_USEC", "100000")
        .start();
    assert_eq!(manager.told(), "READY=1");
    assert_eq!(manager.told(), "WATCHDOG=1");
    assert_eq!(manager.told(), "WATCHDOG=1");
}

#[test]
fn the_address_of_every_peer_is_in_the_log() {
    let server = Server::start("");
    let mut client = server.connect();
    client.send("hello\n");
    let line = server.wait_for_log(&format!("peer={}", client.local_address()));
    assert!(line.contains(" INFO "), "{line}");
    assert!(line.contains("identified"), "{line}");
}

#[test]
fn no_text_of_anybody_is_in_the_log() {
    let mut server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("lobby");
    ana.say("lobby", "between-you-and-me");
    ana.send_frame(r#"{"type":"say","room":"lobby","text":"\u001b]0;x\u0007"}"#);
    ana.event();
    ana.event();
    drop(ana);
    let mut eve = NativeClient::connect(server.address());
    eve.send_hello(Some("a\u{1b}[31mred"));
    eve.event();
    drop(eve);
    server.stop(Signal::TERM);
    assert!(!server.logs().contains("between-you-and-me"), "{}", server.logs());
    assert!(!server.logs().contains('\u{1b}'), "{}", server.logs());
}

#[test]
fn a_port_that_is_in_use_is_said_and_exit_1() {
    let server = Server::start("");
    let url = format!("auto://{}", server.address());
    let second = Setup::default().listen(&url).run(&Home::new(), &[]);
    assert_eq!(second.code, Some(1), "{second:?}");
    let message = format!("chat-server: cannot listen on {url}: Address already in use");
    assert!(second.stderr.contains(&message), "{}", second.stderr);
}

#[test]
fn a_data_folder_that_cannot_be_made_is_said_and_exit_1() {
    let home = Home::new();
    let file = home.write("file", "");
    let failed = Setup::default().data(file.join("data")).run(&Home::new(), &[]);
    assert_eq!(failed.code, Some(1), "{failed:?}");
    assert!(failed.stderr.contains(&file.display().to_string()), "{}", failed.stderr);
}

/// A copy of the unit file whose program is there.
fn unit(home: &Home) -> std::path::PathBuf {
    let unit = repository().join("config/systemd/chat-server.service");
    let text = std::fs::read_to_string(unit).unwrap();
    let program = format!("ExecStart={}", chat_server().display());
    assert!(text.contains("ExecStart=/usr/bin/chat-server\n"), "{text}");
    home.write("chat-server.service", &text.replace("ExecStart=/usr/bin/chat-server", &program))
}

fn systemd_analyze(home: &Home, arguments: &[&str], unit: &Path) -> samovar_tests::Finished {
    const INSTALL: &str = "systemd-analyze is missing; scripts/test installs it (Debian: systemd)";
    let found = Command::new("systemd-analyze").arg("--version").output();
    assert!(found.is_ok(), "{INSTALL}");
    run(home.command(Path::new("systemd-analyze")).args(arguments).arg(unit), "")
}

#[test]
fn the_unit_file_is_clean_and_hardened() {
    let home = Home::new();
    let unit = unit(&home);
    let verified = systemd_analyze(&home, &["verify", "--man=no"], &unit);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    let said = verified.stdout + &verified.stderr;
    assert!(!said.contains("chat-server.service"), "{said}");
    let security = systemd_analyze(&home, &["security", "--offline=true", "--no-pager"], &unit);
    let exposure = security
        .stdout
        .lines()
        .find_map(|line| line.split_once("Overall exposure level for")?.1.split_once(": "))
        .and_then(|(_, level)| level.split(' ').next()?.parse::<f64>().ok());
    let exposure = exposure.unwrap_or_else(|| panic!("no exposure: {security:?}"));
    assert!(exposure < 2.0, "exposure {exposure}: {}", security.stdout);
}
