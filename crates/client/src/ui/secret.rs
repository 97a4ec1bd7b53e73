//! Passwords that are typed as a part of a command: neither shown nor remembered. Pure. Which words
//! have one, the protocol's table says: their arguments name a PASSWORD.

use chat_protocol::slash;

/// Where the secret of a typed command begins, in bytes; none: it has none.
pub(crate) fn begins(text: &str) -> Option<usize> {
    let name = text.strip_prefix('/')?.split([' ', '\n']).next()?;
    begins_behind(text, slash::find(name)?.arguments)
}

fn begins_behind(text: &str, arguments: &str) -> Option<usize> {
    let is_secret = |argument: &str| argument.trim_matches(['[', ']']) == "PASSWORD";
    let before = arguments.split_whitespace().position(is_secret)?;
    let mut at = 0;
    // The command itself, and what stands before the password.
    for _ in 0..=before {
        let rest = text.get(at..)?;
        let word = rest.len() - rest.trim_start().len();
        let end = rest.get(word..)?.find(char::is_whitespace)?;
        at += word + end;
    }
    Some(at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_begins_behind_what_stands_before_it() {
        let secret = |text, arguments| begins_behind(text, arguments).map(|at| &text[at..]);
        assert_eq!(secret("/register hunter2", "PASSWORD"), Some("hunter2"));
        assert_eq!(secret("/login ana hunter 2", "NAME PASSWORD"), Some("hunter 2"));
        assert_eq!(secret("/login ana", "NAME PASSWORD"), None, "not typed yet");
        assert_eq!(secret("/register x", "[PASSWORD]"), Some("x"));
        assert_eq!(secret("/nick ana", "NAME"), None);
        assert_eq!(begins("/join ops"), None);
        assert_eq!(begins("my password is secret"), None);
    }
}
