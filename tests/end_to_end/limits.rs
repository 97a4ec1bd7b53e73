//! What one peer may cost: how fast it may be, how much it may have, and from where nobody comes in.
//! Everybody here is limited, also who comes from this machine.

mod addresses;
mod operator;
mod rates;
mod resources;

use chat_protocol::{Command, Event};
use samovar_tests::{Finished, Home, NativeClient, Server, chat_server, run};

/// Nobody is exempt.
fn server(limits: &str) -> Server {
    Server::start(&config(limits))
}

fn config(limits: &str) -> String {
    format!(
        "[limits]\nexempt = []\n{limits}[accounts]\npassword_hash = {{ m = 8, t = 1, p = 1 }}\n"
    )
}

/// The command line of the server's own user.
#[track_caller]
fn by_hand(home: &Home, arguments: &[&str]) -> Finished {
    run(home.command(chat_server()).arg("--data").arg(home.data()).args(arguments), "")
}

/// What it prints, when it is fine.
#[track_caller]
fn printed(home: &Home, arguments: &[&str]) -> String {
    let finished = by_hand(home, arguments);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    finished.stdout
}

/// How often a limit has hit, as the status says.
#[track_caller]
fn hits(server: &Server, name: &str) -> u64 {
    let status = printed(server.home(), &["status", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    let limits = status["limits"].as_array().unwrap();
    let limit = limits.iter().find(|limit| limit["name"] == name);
    limit.map_or(0, |limit| limit["hits"].as_u64().unwrap())
}

/// Sends many at once, and gives their answers, in whatever order they came, and what else was told.
#[track_caller]
fn all_at_once(
    client: &mut NativeClient,
    commands: impl IntoIterator<Item = Command>,
) -> (Vec<Event>, Vec<Event>) {
    let (mut asked, mut bytes) = (0, Vec::new());
    for command in commands {
        bytes.extend(client.request(command).1);
        asked += 1;
    }
    client.raw().send(bytes);
    let (mut answers, mut told) = (Vec::new(), Vec::new());
    while answers.len() < asked {
        let event = client.event();
        let is_answer = serde_json::to_value(&event).unwrap().get("id").is_some();
        if is_answer { answers.push(event) } else { told.push(event) }
    }
    (answers, told)
}
