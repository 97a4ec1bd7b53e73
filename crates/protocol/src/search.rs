//! What one can search for: words, "phrases", beginnings*, -without; and what is found. Owns the
//! grammar of a query; never a database's.

use serde::{Deserialize, Serialize};

use crate::limits::{QUERY_PREFIX_LETTERS_MIN, QUERY_TERMS_MAX};
use crate::{LineText, MessageText, RoomAddress, SayKind, Sequence, Timestamp, UserName};

/// A query that has been read: what a message must have, and what it must not have.
///
/// A word is a run of letters, digits and marks of any script; case and accents do not matter. A
/// script that puts no space between words (Chinese, Japanese, Thai) makes one word of a whole
/// run: `日本*` finds what begins so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// All of these.
    pub with: Vec<Term>,
    /// None of these.
    pub without: Vec<Term>,
}

/// A word, or several that stand side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The words, as they were written; at least one letter or digit.
    pub words: String,
    /// The last word may go on.
    pub is_prefix: bool,
}

/// Why a query is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// Nothing there.
    #[error("there is nothing to search for")]
    Empty,
    /// A `"` without its partner.
    #[error("the quote at position {position} is not closed")]
    Unclosed {
        /// Which character, from 1.
        position: usize,
    },
    /// No letter and no digit.
    #[error("\"{}\" has no letter and no digit, so it is no word", .term.escape_debug())]
    NoWord {
        /// What was written.
        term: String,
    },
    /// A `*` elsewhere than at the end of a word.
    #[error("\"{}\" has a * that does not stand at its end", .term.escape_debug())]
    Star {
        /// What was written.
        term: String,
    },
    /// Too little before a `*`.
    #[error("\"{}*\" has too little before its *: at least {letters_min} letters", .term.escape_debug())]
    ShortStar {
        /// What was written, without the `*`.
        term: String,
        /// What it may have.
        letters_min: usize,
    },
    /// Only what must not be there.
    #[error("it only says what must not be there; name a word that must")]
    OnlyWithout,
    /// More than the limit.
    #[error("it has too many words and phrases ({terms}, the limit is {terms_max})")]
    TooMany {
        /// What it has.
        terms: usize,
        /// What it may have.
        terms_max: usize,
    },
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// [`QueryError`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let query = Self::within(text)?;
        match (query.with.is_empty(), query.without.is_empty()) {
            (true, true) => Err(QueryError::Empty),
            (true, false) => Err(QueryError::OnlyWithout),
            (false, _) => Ok(query),
        }
    }

    /// The same, of what is narrowed already: it may say nothing, or only what must not be there.
    ///
    /// # Errors
    /// [`QueryError`] says what is wrong with it.
    pub fn within(text: &str) -> Result<Self, QueryError> {
        let mut query = Self { with: Vec::new(), without: Vec::new() };
        let mut terms = 0;
        for part in parts(text)? {
            terms += 1;
            let (is_without, term) = part.read()?;
            if is_without { &mut query.without } else { &mut query.with }.push(term);
        }
        if terms > QUERY_TERMS_MAX {
            return Err(QueryError::TooMany { terms, terms_max: QUERY_TERMS_MAX });
        }
        Ok(query)
    }
}

/// One term as it was written.
struct Part<'a> {
    is_without: bool,
    is_quoted: bool,
    text: &'a str,
    /// A `*` stood behind the closing quote.
    star_behind: bool,
}

impl Part<'_> {
    fn read(&self) -> Result<(bool, Term), QueryError> {
        let word = self.text.strip_suffix('*').filter(|_| !self.is_quoted);
        let words = word.unwrap_or(self.text);
        if !words.contains(is_letter) {
            return Err(QueryError::NoWord { term: self.text.to_owned() });
        }
        if !self.is_quoted && words.contains('*') {
            return Err(QueryError::Star { term: self.text.to_owned() });
        }
        let is_prefix = word.is_some() || self.star_behind;
        let last = words.rsplit(|c| !is_letter(c)).next().unwrap_or_default();
        if is_prefix && last.chars().count() < QUERY_PREFIX_LETTERS_MIN {
            let term = words.to_owned();
            return Err(QueryError::ShortStar { term, letters_min: QUERY_PREFIX_LETTERS_MIN });
        }
        Ok((self.is_without, Term { words: words.to_owned(), is_prefix }))
    }
}

/// A letter or digit to us and to the index; circled letters are none to the index.
fn is_letter(c: char) -> bool {
    c.is_alphanumeric() && !matches!(c, '\u{24B6}'..='\u{24E9}' | '\u{1F130}'..='\u{1F189}')
}

/// Cuts a query at its spaces, but not within quotes.
fn parts(text: &str) -> Result<Vec<Part<'_>>, QueryError> {
    let mut parts = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        // A dash alone is no sign, and says so.
        let signed = rest.strip_prefix('-').filter(|rest| !rest.starts_with([' ', '\t']));
        let is_without = signed.is_some_and(|rest| !rest.is_empty());
        let behind = if is_without { signed.unwrap_or(rest) } else { rest };
        if let Some(quoted) = behind.strip_prefix('"') {
            let position = text.len() - behind.len();
            let unclosed = || QueryError::Unclosed {
                position: text.get(..position).map_or(0, |before| before.chars().count()) + 1,
            };
            let (phrase, end) = quoted.split_once('"').ok_or_else(unclosed)?;
            let starless = end.strip_prefix('*');
            let star_behind = starless.is_some();
            parts.push(Part { is_without, is_quoted: true, text: phrase, star_behind });
            rest = starless.unwrap_or(end).trim_start();
        } else {
            let end = behind.find(|c: char| c.is_whitespace() || c == '"');
            let (word, end) = behind.split_at(end.unwrap_or(behind.len()));
            parts.push(Part { is_without, is_quoted: false, text: word, star_behind: false });
            rest = end.trim_start();
        }
    }
    Ok(parts)
}

/// A message that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// Where.
    pub room: RoomAddress,
    /// Its number in the room.
    pub seq: Sequence,
    /// When it was stored.
    pub time_ms: Timestamp,
    /// Who.
    pub from: UserName,
    /// Text or action.
    #[serde(default, skip_serializing_if = "SayKind::is_text")]
    pub kind: SayKind,
    /// The part of its text around what was found, as one line.
    pub snippet: Vec<SnippetPart>,
    /// All of its text, if that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<MessageText>,
}

/// A part of a snippet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnippetPart {
    /// The text.
    pub text: LineText,
    /// This is what was searched for.
    #[serde(default, skip_serializing_if = "is_false")]
    pub hit: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls skip_serializing_if with a reference"
)]
const fn is_false(value: &bool) -> bool {
    !*value
}

impl Hit {
    /// The snippet as text, what was found between `open` and `close`.
    #[must_use]
    pub fn marked(&self, open: &str, close: &str) -> String {
        let mut text = String::new();
        for part in &self.snippet {
            if part.hit {
                text.extend([open, part.text.as_str(), close]);
            } else {
                text.push_str(part.text.as_str());
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, with: &[&str], without: &[&str]) {
        let query = Query::parse(text).unwrap();
        let shown = |terms: Vec<Term>| -> Vec<String> {
            let star = |term: &Term| if term.is_prefix { "*" } else { "" };
            terms.iter().map(|term| format!("{}{}", term.words, star(term))).collect()
        };
        assert_eq!((shown(query.with), shown(query.without)), (own(with), own(without)), "{text}");
    }

    fn own(terms: &[&str]) -> Vec<String> {
        terms.iter().map(|term| (*term).to_owned()).collect()
    }

    #[test]
    fn a_query_is_words_phrases_beginnings_and_what_is_not_there() {
        check("deploy", &["deploy"], &[]);
        check("  two   words ", &["two", "words"], &[]);
        check("\"in a row\" -staging dep*", &["in a row", "dep*"], &["staging"]);
        check("a -\"b c\" \"d ee\"* web-3", &["a", "d ee*", "web-3"], &["b c"]);
        check("a\"b\"c", &["a", "b", "c"], &[]);
        check("\"2 * 3\" 日本*", &["2 * 3", "日本*"], &[]);
        // What a database's own grammar would take for something else.
        check("a OR NOT NEAR(b) body:c", &["a", "OR", "NOT", "NEAR(b)", "body:c"], &[]);
    }

    #[test]
    fn what_is_wrong_with_a_query_is_said() {
        let said = |text| Query::parse(text).unwrap_err().to_string();
        assert_eq!(said(" "), "there is nothing to search for");
        assert_eq!(said("né \"b"), "the quote at position 4 is not closed");
        assert_eq!(said("a -\"b"), "the quote at position 4 is not closed");
        assert_eq!(said("a *"), "\"*\" has no letter and no digit, so it is no word");
        assert_eq!(said("a - b"), "\"-\" has no letter and no digit, so it is no word");
        assert_eq!(said("\"\""), "\"\" has no letter and no digit, so it is no word");
        assert_eq!(said("a*b"), "\"a*b\" has a * that does not stand at its end");
        assert_eq!(said("a*\u{1b}[2J"), "\"a*\\u{1b}[2J\" has a * that does not stand at its end");
        assert_eq!(said("\0"), "\"\\0\" has no letter and no digit, so it is no word");
        assert_eq!(
            said("\r\n-\u{202e}*"),
            "\"\\u{202e}*\" has no letter and no digit, so it is no word"
        );
        for short in ["a*", "web-3*", "\"in a\"*", "e\u{301}*", "xxⓐb*"] {
            assert!(
                said(short).ends_with("too little before its *: at least 2 letters"),
                "{short}"
            );
        }
        assert_eq!(said("-a"), "it only says what must not be there; name a word that must");
        assert!(Query::parse(&"a ".repeat(QUERY_TERMS_MAX)).is_ok());
        assert!(Query::within(&"a ".repeat(QUERY_TERMS_MAX + 1)).is_err());
        // Of what is narrowed already, all is something, and so is all but this.
        assert_eq!(Query::within(" ").unwrap(), Query { with: Vec::new(), without: Vec::new() });
        assert_eq!(Query::within("-tea").unwrap().without.len(), 1);
        assert_eq!(
            said(&"a ".repeat(QUERY_TERMS_MAX + 1)),
            "it has too many words and phrases (17, the limit is 16)"
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "[-a*\" é日\t]{0,20}|\\PC{0,20}") {
            if let Ok(query) = Query::parse(&text) {
                prop_assert!(!query.with.is_empty());
            }
        }
    }
}
