//! Hangman for all in a room. `!hangman` begins a game, or shows the one that is on; a letter alone is a
//! guess, and so is the whole word; `!scores` tells who is best. A file keeps games and scores.

mod coming;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use chat_client::{Bot, BotError};
use clap::Parser;
use coming::{Coming, asked_to_stop};
use serde::{Deserialize, Serialize};

/// So many wrong letters, and it is over.
const MISSES_MAX: usize = 7;
const WORDS: &str = "samovar kettle terminal journal sequence midnight lighthouse";

#[derive(Debug, Parser)]
#[command(about = "Hangman for all who are in a room: !hangman, !scores, a letter is a guess")]
struct Options {
    #[command(flatten)]
    coming: Coming,
    /// Where games and scores are kept
    #[arg(long, default_value = "hangman.json")]
    file: PathBuf,
    /// A file of words to guess
    #[arg(long, value_name = "FILE")]
    words: Option<PathBuf>,
}

#[derive(Deserialize, Serialize)]
struct Table {
    /// Of each room.
    games: BTreeMap<String, Game>,
    /// Of each player, in letters found.
    scores: BTreeMap<String, usize>,
}

#[derive(Deserialize, Serialize)]
struct Game {
    word: String,
    tried: BTreeSet<char>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let Options { coming, file, words } = Options::parse();
    let words = words.map_or(Ok(WORDS.to_owned()), std::fs::read_to_string)?.to_lowercase();
    let words: Vec<&str> = words.split_whitespace().collect();
    ensure!(!words.is_empty(), "no word to guess");
    let kept = if file.exists() {
        std::fs::read_to_string(&file)?
    } else {
        r#"{"games":{},"scores":{}}"#.to_owned()
    };
    let mut table = serde_json::from_str(&kept).with_context(|| file.display().to_string())?;
    let mut bot = coming.come("hangman").await?;
    let outcome = tokio::select! {
        outcome = play(&mut bot, &mut table, &words, &file) => outcome,
        outcome = asked_to_stop() => outcome,
    };
    bot.quit().await;
    outcome
}

async fn play(bot: &mut Bot, table: &mut Table, words: &[&str], file: &Path) -> anyhow::Result<()> {
    loop {
        let said = match bot.next().await {
            Err(BotError::NotSaid(_)) => continue, // it is muted, say
            said => said?,
        };
        let room = said.room.to_string();
        let answer = match said.text.trim().to_lowercase().as_str() {
            "!hangman" => Some(table.begin(&room, words)),
            "!scores" => Some(table.best()),
            guess => table.guess(&room, said.from.as_str(), guess),
        };
        if let Some(answer) = answer {
            // Kept before it is told: what was told holds after any end.
            std::fs::write(file.with_extension("new"), serde_json::to_vec_pretty(table)?)?;
            std::fs::rename(file.with_extension("new"), file)?;
            bot.say(&said.room, &answer).await?;
        }
    }
}

impl Table {
    fn begin(&mut self, room: &str, words: &[&str]) -> String {
        let chance = uuid::Uuid::new_v4().as_fields().0 as usize;
        let word = words.get(chance % words.len()).copied().unwrap_or_default().to_owned();
        let fresh = Game { word, tried: BTreeSet::new() };
        let game = self.games.entry(room.to_owned()).or_insert(fresh);
        format!("{} · say a letter, or the word", game.shown())
    }

    /// None: it is no guess.
    fn guess(&mut self, room: &str, from: &str, guess: &str) -> Option<String> {
        let game = self.games.get_mut(room)?;
        let letters: Vec<char> = guess.chars().collect();
        let found = match letters.as_slice() {
            [letter] if game.tried.contains(letter) => {
                return Some(format!("{letter} was tried · {}", game.shown()));
            }
            [letter] if letter.is_alphabetic() => game.word.matches(*letter).count(),
            _ if guess == game.word => game.hidden(),
            _ => return None,
        };
        game.tried.extend(letters);
        let points = self.scores.entry(from.to_owned()).or_default();
        *points += found;
        let told = match (game.hidden(), game.left()) {
            (0, _) => format!("{from} has it: {}! {points} points", game.word),
            (_, 0) => format!("Hanged. It was {}.", game.word),
            (_, _) => return Some(game.shown()),
        };
        self.games.remove(room);
        Some(format!("{told} · !hangman plays again"))
    }

    fn best(&self) -> String {
        let mut scores: Vec<_> = self.scores.iter().filter(|(_, points)| **points > 0).collect();
        scores.sort_by_key(|(_, points)| std::cmp::Reverse(**points));
        let best: Vec<String> = scores.iter().take(10).map(|(n, p)| format!("{n} {p}")).collect();
        if best.is_empty() { "no points yet".to_owned() } else { best.join(", ") }
    }
}

impl Game {
    /// `s _ m o _ _ r · missed e t · 5 left`
    fn shown(&self) -> String {
        let letter = |c: char| if self.tried.contains(&c) { c.to_string() } else { "_".to_owned() };
        let word: Vec<String> = self.word.chars().map(letter).collect();
        let missed: String = self.missed().map(|c| format!(" {c}")).collect();
        let missed = if missed.is_empty() { missed } else { format!("missed{missed} · ") };
        format!("{} · {missed}{} left", word.join(" "), self.left())
    }

    fn hidden(&self) -> usize {
        self.word.chars().filter(|letter| !self.tried.contains(letter)).count()
    }

    fn missed(&self) -> impl Iterator<Item = &char> {
        self.tried.iter().filter(|letter| !self.word.contains(**letter))
    }

    fn left(&self) -> usize {
        MISSES_MAX - self.missed().count()
    }
}
