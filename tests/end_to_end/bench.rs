//! The load generator: every scenario, tiny, against the real daemon; and servers with faults, which
//! it has to find.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;

use samovar_tests::{Finished, Process, Server, chat_bench, run};
use serde_json::Value;

/// Every scenario, as small as it can be.
const SCENARIOS: [&str; 6] = [
    "fanout --rooms 2 --members 3 --window 4 --seconds 0.1 --warm-up 0.05",
    "latency --members 3 --rate 200 --seconds 0.1 --warm-up 0.05",
    "idle --connections 6 --rooms 2 --seconds 0.05",
    "storm --members 6 --messages 5 --rounds 2",
    "join --members 4 --rooms 2",
    "ingest --messages 50 --members 2 --window 10",
];

fn bench(address: &str, arguments: &str) -> Finished {
    let mut command = Command::new(chat_bench());
    command.args(["--server", address, "--timeout", "10", "--json"]);
    run(command.args(arguments.split(' ')), "")
}

/// Runs all scenarios; none may lose anything.
fn measure(address: &str, pid: u32, protocol: &str) {
    for scenario in SCENARIOS {
        let finished = bench(address, &format!("{scenario} --protocol {protocol} --pid {pid}"));
        assert_eq!(finished.code, Some(0), "{scenario}: {}{}", finished.stdout, finished.stderr);
        let report: Value = serde_json::from_str(&finished.stdout).unwrap();
        assert_eq!(report["scenario"], scenario.split(' ').next().unwrap());
        assert_eq!(report["protocol"], protocol);
        assert!(report["rss_kib"].as_u64().unwrap() > 0, "{report}");
        for fault in ["lost", "surplus", "out_of_order", "closed"] {
            assert_eq!(report[fault], 0, "{fault} of {scenario}: {report}");
        }
    }
}

#[test]
fn native_members_hear_everything_in_every_scenario() {
    let server = Server::start("");
    measure(server.address(), server.pid(), "native");
}

#[test]
fn line_members_hear_everything_in_every_scenario() {
    let server = Server::start("");
    measure(server.address(), server.pid(), "line");
}

#[test]
fn the_kernel_limit_is_a_server_too() {
    for options in [&["kernel"][..], &["kernel", "--coalesce"]] {
        let mut server = Process::start(Command::new(chat_bench()).args(options));
        let listening = server.stdout_line();
        let address = listening.strip_prefix("listening url=kernel://").unwrap();
        let finished = bench(address, &format!("{} --protocol kernel", SCENARIOS[0]));
        assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);
    }
}

#[test]
fn a_table_is_for_people() {
    let server = Server::start("");
    let mut command = Command::new(chat_bench());
    command.args(["--server", server.address()]);
    let finished = run(command.args(SCENARIOS[0].split(' ')), "");
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    for words in ["fanout, native, ", "deliveries a second", "all right: lost 0, surplus 0"] {
        assert!(finished.stdout.contains(words), "{words}: {}", finished.stdout);
    }
}

#[test]
fn no_server_and_another_protocol_are_said_clearly() {
    let finished = bench("127.0.0.1:1", "join");
    assert_eq!(finished.code, Some(3));
    assert!(finished.stderr.contains("no server at 127.0.0.1:1"), "{}", finished.stderr);
    let server = Server::start("");
    let finished = bench(server.address(), "join --members 2 --protocol redis");
    assert_eq!(finished.code, Some(3), "{}", finished.stdout);
    assert!(finished.stderr.contains("is it a server for --protocol redis"), "{}", finished.stderr);
    let finished = bench(server.address(), "idle");
    assert_eq!(finished.code, Some(2));
    assert!(finished.stderr.contains("--pid"), "{}", finished.stderr);
}

#[test]
fn every_fault_of_a_server_is_found() {
    let faults: [(&str, Fault); 4] = [
        ("lost", |number| vec![number].into_iter().filter(|number| *number != 3).collect()),
        ("surplus", |number| if number == 9 { vec![9, 9] } else { vec![number] }),
        ("out_of_order", |number| match number {
            4 => vec![],
            5 => vec![5, 4],
            _ => vec![number],
        }),
        ("none", |number| vec![number]),
    ];
    for (fault, says) in faults {
        let address = faulty(says);
        let finished = bench(
            &address,
            "ingest --messages 10 --members 2 --protocol kernel --at-once 1 --timeout 0.5",
        );
        let report: Value = serde_json::from_str(&finished.stdout).unwrap();
        assert_eq!(finished.code, Some(i32::from(fault != "none")), "{report}");
        for key in ["lost", "surplus"] {
            assert_eq!(report[key], u64::from(fault == key), "{key} with {fault}: {report}");
        }
        let is_disordered = report["out_of_order"].as_u64().unwrap() > 0;
        assert_eq!(is_disordered, fault != "none", "{fault}: {report}");
    }
}

/// Which messages are delivered when one is said.
type Fault = fn(usize) -> Vec<usize>;

/// A room for a writer and a reader, in the words of the kernel limit, with a fault.
fn faulty(says: Fault) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        let (mut writer, _) = enter(&listener);
        let (_reading, mut reader) = enter(&listener);
        let mut said: Vec<String> = Vec::new();
        let mut line = String::new();
        while writer.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
            said.push(std::mem::take(&mut line));
            for number in says(said.len() - 1) {
                reader.write_all(said[number].as_bytes()).unwrap();
            }
        }
    });
    address
}

fn enter(listener: &TcpListener) -> (BufReader<TcpStream>, TcpStream) {
    let (mut stream, _) = listener.accept().unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    lines.read_line(&mut String::new()).unwrap();
    stream.write_all(b"+\n").unwrap();
    (lines, stream)
}
