//! A certificate in the hello of the native protocol.

use super::*;

#[test]
fn a_hello_logs_in_by_the_certificate_of_its_connection() {
    let daemon = Daemon::start(&[], "");
    let own = daemon.ana();
    for wanted in [None, Some("ana"), Some("ANA")] {
        let (_client, answer) = daemon.says(&own, &by_certificate(wanted));
        let Event::Welcome(welcome) = answer else { panic!("{answer:?}") };
        assert!(welcome.account && welcome.name == Some(name("ana")), "{welcome:?}");
    }
    let (_, answer) = daemon.says(&own, &by_certificate(Some("bob")));
    assert_eq!(refusal(answer), Refusal::LoginFailed);
    let other = daemon.certificate("eve");
    let (mut eve, answer) = daemon.says(&other, &by_certificate(None));
    assert_eq!(refusal(answer), Refusal::CertificateUnknown);
    // It may come otherwise then.
    assert_eq!(eve.hello(Some("eve")).name, Some(name("eve")));
    for client in [daemon.without().client, daemon.server.connect()] {
        let mut client = NativeClient::over(client);
        client.send_frame(serde_json::to_vec(&by_certificate(None)).unwrap());
        assert_eq!(refusal(client.event()), Refusal::NoCertificate);
    }
}
