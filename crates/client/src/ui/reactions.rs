//! What those who are there think of a message. No server keeps it: it is here for as long as the
//! message's row is. Pure.

use chat_protocol::{ReactionText, UserName};

use super::limits::{REACTION_NAMES_KEPT_MAX, REACTIONS_KEPT_MAX};

/// So many names are shown of one reaction; beyond that they are counted.
const NAMES_SHOWN: usize = 3;

/// The reactions to one message, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reactions(Vec<Reaction>);

#[derive(Clone, Debug)]
struct Reaction {
    text: ReactionText,
    from: Vec<UserName>,
}

impl Reactions {
    /// Somebody thinks this of the message. What is beyond the bounds is not shown.
    pub(crate) fn add(&mut self, from: &UserName, text: &ReactionText) {
        let known = self.0.iter_mut().find(|reaction| reaction.text == *text);
        if let Some(Reaction { from: names, .. }) = known {
            if !names.contains(from) && names.len() < REACTION_NAMES_KEPT_MAX {
                names.push(from.clone());
            }
        } else if self.0.len() < REACTIONS_KEPT_MAX {
            self.0.push(Reaction { text: text.clone(), from: vec![from.clone()] });
        }
    }

    /// Somebody thinks so no longer.
    pub(crate) fn take_back(&mut self, from: &UserName, text: &ReactionText) {
        for reaction in self.0.iter_mut().filter(|reaction| reaction.text == *text) {
            reaction.from.retain(|name| name != from);
        }
        self.0.retain(|reaction| !reaction.from.is_empty());
    }

    /// `👍 maya, tomas · 🎉 7`; nothing if nobody has reacted.
    pub(crate) fn said(&self) -> Option<String> {
        let said = self.0.iter().map(|Reaction { text, from }| {
            let names: Vec<&str> = from.iter().map(UserName::as_str).collect();
            match names.len() {
                0..=NAMES_SHOWN => format!("{text} {}", names.join(", ")),
                REACTION_NAMES_KEPT_MAX.. => format!("{text} {REACTION_NAMES_KEPT_MAX} or more"),
                count => format!("{text} {count}"),
            }
        });
        let said: Vec<String> = said.collect();
        (!said.is_empty()).then(|| said.join(" · "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> UserName {
        UserName::parse(text).unwrap()
    }

    fn emoji(text: &str) -> ReactionText {
        ReactionText::parse(text).unwrap()
    }

    #[test]
    fn who_thinks_the_same_stands_behind_one_sign_and_can_take_it_back() {
        let mut reactions = Reactions::default();
        assert_eq!(reactions.said(), None);
        for from in ["maya", "tomas", "maya"] {
            reactions.add(&name(from), &emoji("👍"));
        }
        reactions.add(&name("eve"), &emoji("🎉"));
        assert_eq!(reactions.said().unwrap(), "👍 maya, tomas · 🎉 eve");
        reactions.take_back(&name("eve"), &emoji("🎉"));
        reactions.take_back(&name("eve"), &emoji("👍"));
        assert_eq!(reactions.said().unwrap(), "👍 maya, tomas");
    }

    #[test]
    fn a_crowd_is_counted_and_no_more_is_kept_than_the_bounds_say() {
        let mut reactions = Reactions::default();
        for n in 0..4 {
            reactions.add(&name(&format!("n{n}")), &emoji("👍"));
        }
        assert_eq!(reactions.said().unwrap(), "👍 4");
        for n in 0..1_000 {
            reactions.add(&name(&format!("n{n}")), &emoji("👍"));
            reactions.add(&name("eve"), &emoji(&format!("e{n}")));
        }
        let said = reactions.said().unwrap();
        assert!(said.starts_with("👍 32 or more · e0 eve · e1 eve"), "{said}");
        assert_eq!(said.split(" · ").count(), REACTIONS_KEPT_MAX);
    }
}
