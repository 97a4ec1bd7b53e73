//! Friendly random names: `quiet-otter`. Never checks whether one is taken.

use chat_protocol::UserName;

const MANNERS: [&str; 32] = [
    "amber", "blithe", "brave", "bright", "calm", "cheery", "clever", "cosy", "deft", "eager",
    "fond", "gentle", "glad", "happy", "jolly", "keen", "kind", "lively", "lucky", "mellow",
    "merry", "nimble", "noble", "plucky", "proud", "quick", "quiet", "sunny", "swift", "tidy",
    "warm", "witty",
];

const ANIMALS: [&str; 32] = [
    "badger", "beaver", "bison", "crane", "dolphin", "falcon", "ferret", "finch", "fox", "gecko",
    "hare", "heron", "ibex", "jay", "koala", "lark", "lemur", "lynx", "marten", "mole", "moose",
    "newt", "otter", "owl", "panda", "puffin", "raven", "robin", "seal", "stoat", "swan", "wren",
];

/// One of a thousand names, drawn by `random`.
pub(crate) fn friendly(random: u128) -> UserName {
    let pick = |list: [&'static str; 32], bits: u128| {
        let index = usize::try_from(bits & 31).unwrap_or(0);
        list.get(index).copied().unwrap_or("guest")
    };
    let name = format!("{}-{}", pick(MANNERS, random), pick(ANIMALS, random >> 5));
    UserName::parse(&name).expect("two short ASCII words and a dash")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_draw_is_a_name() {
        let names: std::collections::HashSet<String> =
            (0..1_024).map(|random| friendly(random).to_string()).collect();
        assert_eq!(names.len(), 1_024);
    }
}
