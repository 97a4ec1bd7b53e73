//! Tells a room what is written to a log: what comes within a second is one message. It begins at the
//! log's end, and finds it again after it was moved away (logrotate). `!last` says the last ten lines, also
//! those that `--only` left out.
//!
//! ```sh
//! cargo run -p samovar-examples --bin log-to-room -- --room ops --file /var/log/app.log --only ERROR
//! ```

mod coming;

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use chat_client::{Bot, BotError};
use chat_protocol::RoomAddress;
use clap::Parser;
use coming::{Coming, asked_to_stop};

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// What is read at once, in bytes; what is behind it comes the next time.
const CHUNK_BYTES_MAX: u64 = 64 * 1_024;
/// A line that has no end by then is told as it is, in bytes.
const LINE_BYTES_MAX: usize = 64 * 1_024;
const LAST_LINES: usize = 10;

#[derive(Debug, Parser)]
#[command(about = "Tells a room what is written to a log; !last says the last ten lines")]
struct Options {
    #[command(flatten)]
    coming: Coming,
    /// The log
    #[arg(long)]
    file: PathBuf,
    /// Only lines that have this in them
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
}

/// A file that grows, and may be another one later.
struct Log {
    path: PathBuf,
    file: Option<File>,
    /// What was read of a line that has no end yet.
    begun: Vec<u8>,
    last: VecDeque<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let Options { coming, file, only } = Options::parse();
    let mut log = Log::at_its_end(file)?;
    let mut bot = coming.come("log").await?;
    let outcome = tokio::select! {
        outcome = tell(&mut bot, &mut log, &only) => outcome,
        outcome = asked_to_stop() => outcome,
    };
    bot.quit().await;
    outcome
}

async fn tell(bot: &mut Bot, log: &mut Log, only: &str) -> anyhow::Result<()> {
    let mut look = tokio::time::interval(LOOK_EVERY);
    let rooms = bot.rooms().to_vec();
    loop {
        tokio::select! {
            said = bot.next() => match said {
                Ok(said) if said.text == "!last" => {
                    let lines: Vec<&str> = log.last.iter().map(String::as_str).collect();
                    let text = if lines.is_empty() { "nothing yet".to_owned() } else { lines.join("\n") };
                    say(bot, &[said.room], &text).await?;
                }
                Ok(_) => {}
                Err(error @ BotError::NotSaid(_)) => {
                    writeln!(io::stderr(), "{error}").ok();
                }
                Err(error) => return Err(error.into()),
            },
            _ = look.tick() => {
                let lines = log.lines().with_context(|| log.path.display().to_string())?;
                let told: Vec<String> = lines.into_iter().filter(|line| line.contains(only)).collect();
                say(bot, &rooms, &told.join("\n")).await?;
            }
        }
    }
}

/// As many messages as it needs, without the colours that a log may have.
async fn say(bot: &Bot, rooms: &[RoomAddress], text: &str) -> Result<(), BotError> {
    for text in chat_client::messages(text) {
        for room in rooms {
            bot.say(room, text.as_str()).await?;
        }
    }
    Ok(())
}

impl Log {
    fn at_its_end(path: PathBuf) -> anyhow::Result<Self> {
        let mut file = File::open(&path).with_context(|| path.display().to_string())?;
        file.seek(SeekFrom::End(0))?;
        Ok(Self { path, file: Some(file), begun: Vec::new(), last: VecDeque::new() })
    }

    /// The lines that came since the last time.
    fn lines(&mut self) -> io::Result<Vec<String>> {
        let mut read = 0;
        if let Some(file) = &mut self.file {
            if file.metadata()?.len() < file.stream_position()? {
                file.rewind()?; // it was emptied
            }
            read = file.take(CHUNK_BYTES_MAX).read_to_end(&mut self.begun)?;
        }
        // Nothing more comes from a file that is not there under its name any more.
        let there = std::fs::metadata(&self.path).map(|file| file.ino()).ok();
        let ours = self.file.as_ref().and_then(|file| file.metadata().ok()).map(|file| file.ino());
        if read == 0 && there != ours {
            self.file = File::open(&self.path).ok();
        }
        let end = self.begun.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let end =
            if self.begun.len() > LINE_BYTES_MAX && end == 0 { self.begun.len() } else { end };
        let whole: Vec<u8> = self.begun.drain(..end).collect();
        let lines: Vec<String> =
            String::from_utf8_lossy(&whole).lines().map(str::to_owned).collect();
        self.last.extend(lines.iter().cloned());
        self.last.drain(..self.last.len().saturating_sub(LAST_LINES));
        Ok(lines)
    }
}
