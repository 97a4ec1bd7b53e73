//! Who may import whom (ARCHITECTURE.md): reads the paths that a source file names, and tells those
//! that go upward. Text only; a test feeds it planted breaks.

/// For each module at the top of the server, those it may name. `limits` everybody may.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("listener", &["session", "frontend", "config", "account", "rate", "tally"]),
    ("session", &["command", "user", "room", "frontend", "journal", "account", "rate", "tally"]),
    ("command", &["user", "room", "journal", "policy", "account", "rate", "tally"]),
    ("account", &["user", "journal"]),
    ("user", &["room", "journal", "rate"]),
    ("room", &["journal", "policy"]),
    ("policy", &[]),
    ("journal", &["policy"]),
    ("offline", &["journal"]),
    ("certificate", &[]),
    ("frontend", &[]),
    ("config", &["frontend", "telemetry", "account"]),
    ("telemetry", &[]),
    ("notify", &[]),
    ("signals", &[]),
    ("limits", &[]),
    ("rate", &[]),
    ("tally", &[]),
];

/// These wire everything, and may name all.
const KNOW_EVERYTHING: &[&str] = &["main", "daemon"];

/// What stands in one place only: the text, and where.
const ONLY_IN: &[(&str, &str)] = &[
    ("rusqlite", "journal/"),
    ("sync::broadcast", "room/feed.rs"),
    ("SELECT ", "journal/"),
    ("INSERT ", "journal/"),
    ("CREATE TABLE", "journal/"),
];

/// What is wrong with a file of the server, a line each. `path` is below `crates/server/src`.
#[must_use]
pub fn breaks(path: &str, text: &str) -> Vec<String> {
    let code = code(text);
    let module = path.split(['/', '.']).next().unwrap_or_default();
    let mut breaks: Vec<String> = ONLY_IN
        .iter()
        .filter(|(what, place)| !path.starts_with(place) && code.contains(what))
        .map(|(what, place)| format!("{path} has {}, which stands only in {place}", what.trim()))
        .collect();
    if KNOW_EVERYTHING.contains(&module) {
        return breaks;
    }
    let allowed = MAY_NAME.iter().find(|(name, _)| *name == module);
    let Some((_, allowed)) = allowed else {
        breaks.push(format!("{path}: {module} is in no layer; give it one in tests/src/layers.rs"));
        return breaks;
    };
    for named in named(path, &code) {
        let is_fine = named == module || named == "limits" || allowed.contains(&named.as_str());
        if !is_fine {
            breaks.push(format!("{path} names crate::{named}; {module} may name {allowed:?}"));
        }
    }
    breaks
}

/// The code of a file: without comments and string literals' meaning, up to its tests at the end.
fn code(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let tests = lines
        .iter()
        .position(|line| line.trim() == "#[cfg(test)]")
        .filter(|at| lines.get(at + 1).is_some_and(|next| next.trim() == "mod tests {"));
    let end = tests.unwrap_or(lines.len());
    lines
        .into_iter()
        .take(end)
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| line.split(" // ").next().unwrap_or(line).to_owned() + "\n")
        .collect()
}

/// The modules at the top that are named: `crate::room::…`, `use crate::{room::…, user}`, and
/// `super::super::…` as far as it leaves the file's own module.
fn named(path: &str, code: &str) -> Vec<String> {
    let mut named = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let is_ours = !code
            .get(..at)
            .is_some_and(|before| before.ends_with(|c: char| c.is_alphanumeric() || c == '_'));
        if is_ours {
            named.extend(heads(code.get(at + "crate::".len()..).unwrap_or_default()));
        }
    }
    let up = "super::".repeat(depth(path));
    for (at, _) in code.match_indices(&up) {
        let before = code.get(..at).unwrap_or_default();
        if !up.is_empty() && !before.ends_with("super::") {
            named.extend(heads(code.get(at + up.len()..).unwrap_or_default()));
        }
    }
    named.retain(|name| name != "super" && name.starts_with(|c: char| c.is_ascii_lowercase()));
    named.sort();
    named.dedup();
    named
}

/// How many `super` lead from a file to the crate: `room/actor.rs` 2, `room/mod.rs` 1, `policy.rs` 1.
fn depth(path: &str) -> usize {
    let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
    path.split('/').count()
}

/// The first words of what stands behind `crate::`: one, or those of a list in braces.
fn heads(behind: &str) -> Vec<String> {
    let Some(list) = behind.strip_prefix('{') else {
        return vec![word(behind)];
    };
    let mut heads = Vec::new();
    let (mut deep, mut at_head) = (0_u32, true);
    for (at, c) in list.char_indices() {
        match c {
            '{' => deep += 1,
            '}' if deep == 0 => break,
            '}' => deep -= 1,
            ',' if deep == 0 => at_head = true,
            c if at_head && !c.is_whitespace() => {
                heads.push(word(list.get(at..).unwrap_or_default()));
                at_head = false;
            }
            _ => {}
        }
    }
    heads
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}
