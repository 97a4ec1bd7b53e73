//! What a person can do about a connection that is away: the words for the screen, for lines and for
//! the end of the program. Pure.

use chat_client::{ChangedCertificate, Trouble};

/// What is to be done, if anything is; a line each. `again` is how one has it tried again.
pub(crate) fn lines(trouble: &Trouble, server: &str, again: &str) -> Vec<String> {
    match trouble {
        Trouble::Away | Trouble::Stopped => Vec::new(),
        Trouble::Name => {
            vec!["/nick NAME asks for another name; /login NAME PASSWORD if it is yours".to_owned()]
        }
        Trouble::Account => {
            vec!["/login NAME PASSWORD comes in again; /nick NAME comes as a guest".to_owned()]
        }
        Trouble::Certificate(changed) => certificate(&server, changed, again),
    }
}

/// After so many tries it is likely that nothing will answer there.
const ADDRESS_DOUBTED_AFTER_TRIES: u32 = 8;

/// What else may be, when nothing has answered for long.
pub(crate) fn moved(trouble: &Trouble, tries: u32) -> Option<&'static str> {
    let is_long = *trouble == Trouble::Away && tries >= ADDRESS_DOUBTED_AFTER_TRIES;
    is_long.then_some("Has its address changed? Leave, and: chat-client --server HOST:PORT")
}

/// A certificate that is another one than before: a warning that nobody overlooks.
pub(crate) fn certificate(
    server: &impl std::fmt::Display,
    ChangedCertificate { file, pin, shown }: &ChangedCertificate,
    again: &str,
) -> Vec<String> {
    let (file, line, known) = (file.display(), pin.line, pin.fingerprint);
    vec![
        format!("!!! THE CERTIFICATE OF {server} HAS CHANGED !!!"),
        "Either its owner has made a new one, or somebody stands between you and the server \
         and would read along."
            .to_owned(),
        format!("It was:    {known}"),
        format!("Now it is: {shown}"),
        format!(
            "Nothing was sent. If its owner says that the new one is right, remove line {line} of \
             {file} and {again}."
        ),
    ]
}
