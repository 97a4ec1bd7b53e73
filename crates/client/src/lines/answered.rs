//! What the server's answers mean to the line mode. Never waits.

use chat_client::Answer;
use chat_protocol::{Event, RequestId};

use super::{Asked, Lines};
use crate::exit::{Exit, Failure};

impl Lines<'_> {
    pub(super) fn on_answered(&mut self, id: RequestId, answer: Answer) -> anyhow::Result<()> {
        let asked = self.asked.remove(&id);
        let said = matches!(asked, Some(Asked::Say(_)));
        let turned = matches!(asked, Some(Asked::FirstRoom | Asked::Join));
        self.turning -= usize::from(turned);
        let Answer::Event(event) = answer else {
            self.tally.unknown += u64::from(said);
            if matches!(asked, Some(Asked::Quiet)) {
                return Ok(());
            }
            self.talk("! the connection was lost before the answer: it may be done or not");
            return Ok(());
        };
        self.remember_names(&event);
        self.remember_me(&event);
        if matches!(asked, Some(Asked::Quiet)) {
            return Ok(());
        }
        match (asked, &event) {
            (Some(Asked::FirstRoom), Event::Refused { text, .. }) => {
                return Err(Failure::new(Exit::Refused, text.as_str()).into());
            }
            (Some(Asked::Say(_)), Event::Refused { .. }) => self.tally.refused += 1,
            (Some(Asked::Say(text)), answer) => {
                self.tally.stored += 1;
                if let (Some(text), Some(me), Event::Stored { room, seq, .. }) =
                    (text, &self.me, answer)
                {
                    self.recent.push(room, *seq, me, &text);
                }
            }
            (Some(Asked::Leave(room)), Event::Done { .. }) => {
                self.talk(format_args!("* you left {room}"));
            }
            (Some(Asked::Join), Event::Entered { room, .. }) => {
                self.output.here = Some(room.clone());
            }
            (
                Some(
                    Asked::FirstRoom | Asked::Join | Asked::Leave(_) | Asked::Other | Asked::Quiet,
                )
                | None,
                _,
            ) => {}
        }
        if !self.manner.silent || matches!(event, Event::Refused { .. }) {
            // A person asked for it, and so it is shown.
            let shown = if let Event::History { events, .. } = &event {
                self.output.page(events)
            } else {
                self.output.event(&event)
            };
            self.to_print.extend(shown);
        }
        Ok(())
    }
}
