//! The first bytes of a connection, and the request of a browser.

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::{Builder, Runtime};

use crate::daemon::listener;
use crate::frontend::is_http_request;

thread_local! {
    static RUNTIME: Runtime =
        Builder::new_current_thread().enable_all().build().expect("a runtime");
}

/// Who speaks; whatever a request for a WebSocket leads to comes to an end, and gives lines.
#[allow(clippy::disallowed_methods, reason = "it is waited for")]
pub fn http(data: &[u8]) {
    is_http_request(data);
    let begin = |step: usize| {
        RUNTIME.with(|runtime| {
            runtime.block_on(async {
                let (mut near, far) = tokio::io::duplex(1 << 20);
                let begun = tokio::spawn(listener::begin(far));
                for piece in data.chunks(step) {
                    // In time with the other side, or pieces would come together again.
                    if near.write_all(piece).await.is_err() {
                        break;
                    }
                    tokio::task::yield_now().await;
                }
                drop(near.shutdown().await);
                let mut answered = Vec::new();
                drop(near.read_to_end(&mut answered).await);
                let (found, said) = begun.await.expect("no panic");
                (found, said, answered.len())
            })
        })
    };
    let whole = begin(data.len().max(1));
    let (_, said, answered) = &whole;
    assert!(*answered <= 64 * 1_024, "{answered} bytes");
    assert!(said.len() <= data.len() + data.len() / 2 + 64, "{} bytes of lines", said.len());
    let step = 1 + data.len() % 13;
    assert_eq!(begin(step), whole, "in pieces of {step}");
}
