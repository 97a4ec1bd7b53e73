//! One command of an administrator on the data directory of a daemon that does not run: the same
//! house, without listeners.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use chat_protocol::{Command, Event, Request};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::account::Origin;
use crate::command::{Answer, Caller, House, execute};
use crate::config::Config;
use crate::journal::{self, Journal, JournalError, JournalSettings, Keep, Retention};
use crate::limits::ADMIN_SOCKET;
use crate::session::Stages;

/// Does it, and gives the answer.
///
/// # Errors
/// There is no journal, or a daemon has it.
pub(crate) fn ask(data: &Path, command: Command) -> anyhow::Result<Event> {
    // Whoever is made first needs a place.
    let makes = matches!(command, Command::AddAccount { .. });
    if !makes && !journal::database(data).exists() {
        return Err(JournalError::Missing(journal::database(data)).into());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(ask_alone(data, command))
}

async fn ask_alone(data: &Path, command: Command) -> anyhow::Result<Event> {
    let settings = JournalSettings {
        directory: data.to_owned(),
        sync: journal::Sync::Always,
        retention: Arc::new(Retention {
            otherwise: Keep { age: None, events: None },
            rooms: Default::default(),
            keys: Duration::ZERO,
        }),
        rooms_max: u64::MAX,
        clock: super::now,
    };
    let journal = match tokio::task::spawn_blocking(move || Journal::open(&settings)).await? {
        Err(JournalError::Locked(path)) => bail!(
            "a daemon uses {}, and its {ADMIN_SOCKET} does not answer: log in as an administrator \
             and use /suspend, /resetpassword or /accounts there",
            path.display()
        ),
        opened => opened?,
    };
    let (rooms, stage) = (TaskTracker::new(), Stages::new());
    let house = super::house(&Config::default(), journal, &rooms, &stage, Instant::now())?;
    let house = House { is_serving: false, ..house };
    super::open(&house).await?;
    let caller = Caller { origin: Origin::OPERATOR, ..Caller::default() };
    let answer = execute(&house, &caller, Request { id: None, command }).await;
    house.directory.close();
    rooms.close();
    rooms.wait().await;
    house.journal.stop().await;
    Ok(match answer {
        Ok(Answer::Event(event)) => event,
        Ok(
            Answer::InFlight
            | Answer::Signalled { .. }
            | Answer::Entered { .. }
            | Answer::Absent { .. }
            | Answer::Changed { .. }
            | Answer::Became(_)
            | Answer::Watches(_)
            | Answer::WatchesMetadata { .. }
            | Answer::Quit { .. },
        ) => bail!("not a command for administrators"),
        Err(refusal) => Event::refused(None, refusal),
    })
}
