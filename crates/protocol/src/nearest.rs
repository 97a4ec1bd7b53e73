//! "Did you mean": the known word that is nearest to what was typed. Never guesses far.

/// The one of `names` that `typed` was most likely meant to be.
#[must_use]
pub fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    names
        .into_iter()
        .map(|name| (distance(typed, name), name))
        .min()
        .filter(|(distance, name)| *distance <= name.len().div_ceil(3))
        .map(|(_, name)| name)
}

/// How many letters have to be put in, taken out, changed or swapped with their neighbour.
fn distance(typed: &str, name: &str) -> usize {
    const CHARACTERS_MAX: usize = 48;
    let typed: Vec<char> = typed.chars().take(CHARACTERS_MAX).collect();
    let name: Vec<char> = name.chars().collect();
    let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX / 2);
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=name.len()).collect();
    for (row, letter) in typed.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, wanted) in name.iter().enumerate() {
            let same = letter.eq_ignore_ascii_case(wanted);
            let mut best = (at(&above, column) + usize::from(!same))
                .min(at(&above, column + 1) + 1)
                .min(at(&current, column) + 1);
            let swapped = row > 0
                && column > 0
                && typed.get(row - 1) == Some(wanted)
                && name.get(column - 1) == Some(letter);
            if swapped {
                best = best.min(at(&before, column - 1) + 1);
            }
            current.push(best);
        }
        before = std::mem::replace(&mut above, current);
    }
    at(&above, name.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_understood_and_another_word_is_not() {
        let words = ["join", "leave", "rooms"];
        assert_eq!(nearest("jion", words), Some("join"));
        assert_eq!(nearest("LEAV", words), Some("leave"));
        assert_eq!(nearest("xyzzy", words), None);
        assert_eq!(nearest(&"j".repeat(1_000_000), words), None);
    }
}
