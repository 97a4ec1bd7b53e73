//! Patterns with `*` (anything) and `?` (one character), as IRC has them. Never folds case: the caller
//! does.

/// Does all of `text` look like that? Takes time of the two lengths multiplied at most.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut here) = (0, 0);
    // Where to go on if it does not fit: behind the last star, one character later.
    let mut again = None;
    while here < text.len() {
        match pattern.get(at) {
            Some('*') => {
                again = Some((at + 1, here));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || Some(wanted) == text.get(here) => {
                at += 1;
                here += 1;
            }
            Some(_) | None => {
                let Some((behind, from)) = again else { return false };
                again = Some((behind, from + 1));
                at = behind;
                here = from + 1;
            }
        }
    }
    pattern.iter().skip(at).all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_are_anything_and_question_marks_one_character() {
        for (pattern, text) in [
            ("", ""),
            ("*", ""),
            ("*", "ana"),
            ("ana", "ana"),
            ("a*", "ana"),
            ("*a", "ana"),
            ("*n*", "ana"),
            ("?n?", "ana"),
            ("a*b*c", "aXbYbZc"),
            ("**a**", "a"),
            ("*š*", "hašek"),
            // As people are banned: by a beginning, an end, or both, with all between.
            ("*!*@*", "ana!rob@samovar"),
            ("ana!*@*", "ana!rob@samovar"),
            ("*!*b@s*r", "ana!rob@samovar"),
            ("an?!r??@*", "ana!rob@samovar"),
            ("*ab", "aab"),
            ("a*a*a", "aaa"),
            ("*?", "x"),
            ("?*?", "xy"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("", "a"),
            ("a", ""),
            ("a", "ab"),
            ("?", ""),
            ("a*b", "abc"),
            ("*x*", "ana"),
            ("A", "a"),
            ("*!*@samovar?", "ana!rob@samovar"),
            ("ana!?@*", "ana!rob@samovar"),
            ("a*a*a", "aa"),
            ("?*?", "x"),
            ("bob!*@*", "xbob!rob@samovar"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
        assert!(!matches(&"*a".repeat(500), &"a".repeat(499)));
    }
}
