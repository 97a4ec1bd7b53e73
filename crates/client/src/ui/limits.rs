//! Every bound of the screen, with its unit.

use std::time::Duration;

/// Rows that a room keeps; older ones come from the server again when one scrolls up.
pub(crate) const ROWS_KEPT_MAX: usize = 2_000;
/// Rows that a room keeps which is not shown.
pub(crate) const ROWS_KEPT_UNSEEN_MAX: usize = 400;
/// Names in one folded row of joins and leaves; beyond that they are counted.
pub(crate) const FOLDED_NAMES_MAX: usize = 8;
/// Commands that wait to be handed to the connection.
pub(crate) const OUTBOX_COMMANDS_MAX: usize = 1_000;
/// What was typed in a room before, and is kept.
pub(crate) const INPUT_HISTORY_ENTRIES_MAX: usize = 200;
/// What the input box takes, in bytes: more than a message may have, so that a paste can be cut by hand.
pub(crate) const INPUT_BYTES_MAX: usize = 64 * 1_024;
/// Lines of the input box that are shown.
pub(crate) const INPUT_LINES_SHOWN_MAX: usize = 6;
/// Messages that a search keeps; what is older is found by a narrower search.
pub(crate) const HITS_KEPT_MAX: usize = 500;
/// Code points in one cell: a family of four with skin tones has eleven, a heap of accents has more.
pub(crate) const GRAPHEME_CHARS_MAX: usize = 16;
/// Updates of the connection that are taken at once, before keys are looked at.
pub(crate) const UPDATES_AT_ONCE: usize = 256;
/// Frames are drawn so far apart at least.
pub(crate) const FRAME: Duration = Duration::from_millis(25);
/// The clock and the steady time may differ by so much; beyond that the machine slept.
pub(crate) const SLEEP_NOTICED_AFTER: Duration = Duration::from_secs(20);
/// What an external editor gives back is read up to here, in bytes.
pub(crate) const EDITED_BYTES_MAX: u64 = 64 * 1_024;
/// Rooms whose read positions are remembered from run to run, for each server.
pub(crate) const READ_ROOMS_MAX: usize = 500;
/// Different reactions to one message that are shown; what comes beyond them is not.
pub(crate) const REACTIONS_KEPT_MAX: usize = 8;
/// Names that are kept of one reaction: so many, or more.
pub(crate) const REACTION_NAMES_KEPT_MAX: usize = 32;
/// People who type in a room, and are told; more are not.
pub(crate) const TYPISTS_KEPT_MAX: usize = 8;
/// Others are told that one types so far apart at least.
pub(crate) const TYPING_TOLD_EVERY: Duration = Duration::from_secs(3);
/// Who types does so for so long, if it is not told again.
pub(crate) const TYPING_LASTS: Duration = Duration::from_secs(6);
/// Who has begun and thinks does so for so long, if it is not told again.
pub(crate) const PAUSE_LASTS: Duration = Duration::from_secs(30);
/// The server is told so long after something was read: by then more is.
pub(crate) const MARK_READ_AFTER: Duration = Duration::from_secs(2);
