//! The log: one line an event on stderr, fields instead of sentences, a level that can change.
//! Owns the process' subscriber; never knows what is logged.

use std::fmt;
use std::io::{self, IsTerminal};

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use tracing_subscriber::fmt::format::{Format, Full, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, reload};

/// Why the log did not start, or kept its level.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogError {
    /// A part of the filter that is neither a level nor `target=level`.
    #[error("log filter \"{filter}\" has \"{part}\", which is no level")]
    Level {
        /// The filter, harmless to show.
        filter: String,
        /// Its part.
        part: String,
    },
    /// A filter that tracing-subscriber does not take.
    #[error("log filter: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// This process has a log already.
    #[error("the log was started twice")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
    /// The subscriber is gone.
    #[error("the log is gone")]
    Gone(#[from] reload::Error),
}

/// The running log.
#[derive(Clone, Debug)]
pub(crate) struct LogHandle {
    filter: reload::Handle<EnvFilter, Registry>,
}

impl LogHandle {
    /// Logs what `level` lets through from now on.
    ///
    /// # Errors
    /// [`LogError`] if it is no filter; the log then goes on as before.
    pub(crate) fn set_level(&self, level: &str) -> Result<(), LogError> {
        Ok(self.filter.reload(filter(level)?)?)
    }
}

/// Starts the log of this process on stderr: colours on a terminal (unless `NO_COLOR` is set),
/// priorities instead of times where systemd's journal reads.
///
/// # Errors
/// [`LogError`] if `level` is no filter, or a log runs already.
pub(crate) fn start(level: &str) -> Result<LogHandle, LogError> {
    let (filter, handle) = reload::Layer::new(filter(level)?);
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal() && !no_color);
    let lines = if stderr_is_the_journal() {
        lines.event_format(WithPriority(Format::default().without_time())).boxed()
    } else {
        lines.boxed()
    };
    tracing_subscriber::registry().with(filter).with(lines).try_init()?;
    Ok(LogHandle { filter: handle })
}

/// A filter of the log: a level, or directives such as `info,chat_server::room=debug`. A bare
/// word that is no level, to tracing-subscriber a target, is most likely a mistake and refused.
///
/// # Errors
/// [`LogError`] names the part that is wrong.
pub(crate) fn filter(text: &str) -> Result<EnvFilter, LogError> {
    let is_level = |part: &str| !part.is_empty() && part.parse::<LevelFilter>().is_ok();
    let is_directive = |part: &str| part.contains(['=', '[', ']']);
    let mut parts = text.split(',').map(str::trim);
    if let Some(part) = parts.find(|part| !is_level(part) && !is_directive(part)) {
        return Err(LogError::Level {
            filter: text.escape_debug().to_string(),
            part: part.escape_debug().to_string(),
        });
    }
    Ok(EnvFilter::try_new(text)?)
}

/// Puts the priority of sd-daemon(3), `<6>`, before every line: the journal takes it off, and
/// `journalctl -p warning` works.
struct WithPriority(Format<Full, ()>);

impl<S, N> FormatEvent<S, N> for WithPriority
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let priority = match *event.metadata().level() {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 6,
            Level::DEBUG | Level::TRACE => 7,
        };
        write!(writer, "<{priority}>")?;
        self.0.format_event(context, writer, event)
    }
}

/// Whether systemd's journal is behind stderr: `JOURNAL_STREAM` names its device and inode
/// (systemd.exec(5)). The variable alone says nothing, a redirected child inherits it.
#[cfg(target_os = "linux")]
fn stderr_is_the_journal() -> bool {
    use std::os::unix::fs::MetadataExt;

    let Ok(journal) = std::env::var("JOURNAL_STREAM") else {
        return false;
    };
    std::fs::metadata("/proc/self/fd/2")
        .is_ok_and(|stderr| format!("{}:{}", stderr.dev(), stderr.ino()) == journal)
}

#[cfg(not(target_os = "linux"))]
fn stderr_is_the_journal() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_a_level_or_directives_and_never_a_mistyped_level() {
        for right in ["info", "WARN", "off", "info,chat_server::room=debug", "a[b]=trace,warn"] {
            assert!(filter(right).is_ok(), "{right}");
        }
        for wrong in ["", "inof", "info,chat_server", "info,", "chat_server=loud", "a\u{1b}b"] {
            assert!(filter(wrong).is_err(), "{wrong}");
        }
        assert_eq!(
            filter("inof,a=b").unwrap_err().to_string(),
            "log filter \"inof,a=b\" has \"inof\", which is no level"
        );
    }

    #[test]
    fn a_level_changes_while_the_log_runs_and_a_wrong_one_changes_nothing() {
        let (layer, filter) = reload::Layer::new(filter("info").unwrap());
        let subscriber = tracing_subscriber::registry().with(layer);
        let log = LogHandle { filter };
        tracing::subscriber::with_default(subscriber, || {
            assert!(!tracing::enabled!(Level::DEBUG));
            log.set_level("debug").unwrap();
            assert!(tracing::enabled!(Level::DEBUG));
            assert!(log.set_level("inof").is_err());
            assert!(tracing::enabled!(Level::DEBUG));
        });
    }
}
