//! Which message `/reply` and `/react` mean when no number is typed. Pure.

use std::borrow::Cow;

use chat_protocol::Sequence;

/// Words that begin with the number of a message.
const WITH_NUMBER: [&str; 3] = ["reply", "react", "unreact"];

/// `reply TEXT` becomes `reply #41 TEXT`, of the last message that somebody else said.
pub(crate) fn with_number(typed: &str, last: Option<Sequence>) -> Cow<'_, str> {
    let (word, rest) = typed.split_once(' ').unwrap_or((typed, ""));
    let wants = WITH_NUMBER.iter().any(|known| known.eq_ignore_ascii_case(word));
    let rest = rest.trim_start();
    match last {
        Some(seq) if wants && !rest.is_empty() && !rest.starts_with('#') => {
            format!("{word} #{seq} {rest}").into()
        }
        Some(_) | None => typed.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_put_in_where_none_is_typed() {
        let last = Some(Sequence(41));
        assert_eq!(with_number("reply 5 minutes", last), "reply #41 5 minutes");
        assert_eq!(with_number("React  👍", last), "React #41 👍");
        for typed in ["reply #7 yes", "reply", "react ", "say hello"] {
            assert_eq!(with_number(typed, last), typed);
        }
        assert_eq!(with_number("reply yes", None), "reply yes", "there is none to answer");
    }
}
