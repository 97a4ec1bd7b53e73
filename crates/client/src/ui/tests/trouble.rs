//! What keeps a connection away, and what the screen says to do about it.

use chat_client::{ChangedCertificate, Fingerprint, Naming, Pin, Trouble};
use chat_protocol::{Event, Password, Timestamp};
use insta::assert_snapshot;
use ratatui::layout::Size;

use super::{Action, Effect, Stage, kept_out, lost, user, welcome};

fn changed() -> Trouble {
    let pin = Pin { fingerprint: Fingerprint::of(b"the first one"), line: 3 };
    let file = "/home/ana/.local/state/chat-client/known_servers".into();
    let shown = Fingerprint::of(b"another one");
    Trouble::Certificate(Box::new(ChangedCertificate { file, pin, shown }))
}

fn talking() -> Stage {
    let mut stage = Stage::new(80, 24);
    stage.history();
    stage.enter("half a thought");
    stage.store(44);
    stage.tell(lost("the connection broke: Connection reset by peer", 1, 1));
    stage
}

#[test]
fn another_certificate_is_a_warning_that_nobody_overlooks() {
    let mut stage = talking();
    let why = "chat.lan:5005: its certificate is not the one that was seen first";
    stage.tell(kept_out(why, 8, 2, changed()));
    assert_snapshot!("another_certificate_on_80_columns", stage.screen());
    stage.act(Action::Resized(Size::new(140, 40)));
    assert_snapshot!("another_certificate_on_140_columns", stage.screen());
    stage.act(Action::Resized(Size::new(20, 5)));
    assert_snapshot!("another_certificate_on_a_very_small_terminal", stage.screen());
    stage.act(Action::Resized(Size::new(80, 24)));
    stage.tell(welcome("ana"));
    stage.hides("CERTIFICATE");
}

#[test]
fn a_name_that_is_taken_says_how_to_have_another() {
    let mut stage = talking();
    stage.tell(kept_out("The name \"ana\" is taken.", 8, 3, Trouble::Name));
    assert_snapshot!(stage.screen());
    stage.enter("/nick ana_");
    assert!(stage.effects.contains(&Effect::AskForName(user("ana_"))));
    // It may be one's own.
    stage.enter("/login ana correct-horse");
    let password = Password::parse("correct-horse").unwrap();
    assert!(stage.effects.contains(&Effect::ComeAs(Naming::Account(user("ana"), password))));
}

#[test]
fn an_account_whose_session_was_ended_says_how_to_come_in_again() {
    let mut stage = talking();
    let why = "Your password was changed: this session has ended.";
    stage.tell(kept_out(why, 1, 1, Trouble::Account));
    assert_snapshot!(stage.screen());
    stage.enter("/nick ana_");
    assert!(stage.effects.contains(&Effect::ComeAs(Naming::Exact(user("ana_")))));
}

#[test]
fn a_server_that_restarts_says_so_and_is_waited_for() {
    let mut stage = Stage::new(80, 24);
    stage.history();
    stage.event(Event::ShuttingDown { time_ms: Timestamp(stage.now_ms), in_seconds: 0 });
    stage.tell(kept_out("the server has stopped, as it said", 1, 1, Trouble::Stopped));
    stage.enter("typed meanwhile");
    assert_snapshot!(stage.screen());
    stage.tell(welcome("ana"));
    stage.hides("the server stopped");
    stage.shows("sending…");
}
