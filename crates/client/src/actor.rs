//! The actor behind a connection: one loop over the socket, the commands and the consumer. Owns
//! the link, what is unanswered and what is not told yet; never decides what the consumer sees of
//! a room (its cursor does).

mod events;
mod unanswered;

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use chat_protocol::command::HistoryRange;
use chat_protocol::limits::PAGE_EVENTS_MAX;
use chat_protocol::{Command, Event, MessageKey, Request, RequestId, RoomAddress, UserName};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::{Instant, sleep, sleep_until};

use crate::backoff::{Backoff, chance};
use crate::connection::{Answer, IN_FLIGHT_MAX, Options, Update, Wish, next_id};
use crate::link::{Coming, Turn};
use crate::rooms::{Entry, Rooms};
use crate::{Link, LinkError, Naming, Trouble};

/// A command from the handle.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) id: RequestId,
    pub(crate) command: Command,
}

/// A request on the wire, and who waits for its answer.
#[derive(Debug)]
enum Waiting {
    /// The consumer.
    Order(Command),
    /// We: a room entered again.
    Entry(RoomAddress, Entry),
    /// We: a page of what was missed.
    Page(RoomAddress),
    /// We: a sign of life.
    Ping,
}

/// Why a link is used no more.
enum End {
    /// Nobody takes updates any more, or it was asked to quit.
    Wanted,
    /// The consumer wants another one.
    Asked,
    Broken(LinkError),
}

/// What leads from the consumer to the actor and back.
#[derive(Debug)]
pub(crate) struct Wires {
    pub(crate) orders: mpsc::Receiver<Order>,
    pub(crate) wishes: mpsc::Receiver<Wish>,
    pub(crate) updates: mpsc::Sender<Update>,
}

#[derive(Debug)]
pub(crate) struct Actor {
    options: Options,
    orders: mpsc::Receiver<Order>,
    orders_open: bool,
    wishes: mpsc::Receiver<Wish>,
    updates: mpsc::Sender<Update>,
    ids: Arc<AtomicU64>,
    rooms: Rooms,
    /// In the order in which they were sent. Up to [`IN_FLIGHT_MAX`] orders, and our own.
    waiting: BTreeMap<RequestId, Waiting>,
    /// The keys of the messages in `waiting`.
    own_keys: HashSet<MessageKey>,
    /// Questions whose answer was lost: asked again on the next link.
    again: VecDeque<Order>,
    /// Messages whose answer was lost: said again with their keys, if the server still knows us.
    unsure: Vec<Order>,
    /// The account that we are: its keys are known, also to a server that has forgotten our session.
    account: Option<UserName>,
    /// With this we come back as who we are.
    token: Option<String>,
    /// Told when there is room: what one event from the server brought.
    untold: VecDeque<Update>,
    quitting: bool,
    /// What was missed cannot be had now: begin anew, later.
    fault: Option<LinkError>,
    /// What the server said about the end of the connection before it came.
    farewell: Option<LinkError>,
}

impl Actor {
    pub(crate) fn new(
        mut options: Options,
        link: &Link,
        Wires { orders, wishes, updates }: Wires,
        ids: Arc<AtomicU64>,
    ) -> Self {
        let cursors = std::mem::take(&mut options.cursors);
        Self {
            options,
            orders,
            orders_open: true,
            wishes,
            updates,
            ids,
            rooms: Rooms::new(cursors, link.welcome().journal),
            waiting: BTreeMap::new(),
            own_keys: HashSet::new(),
            again: VecDeque::new(),
            unsure: Vec::new(),
            account: None,
            token: None,
            untold: VecDeque::new(),
            quitting: false,
            fault: None,
            farewell: None,
        }
    }

    pub(crate) async fn run(mut self, mut link: Link) {
        let timing = &self.options.timing;
        let mut backoff = Backoff::new(timing.retry_shortest, timing.retry_longest);
        loop {
            self.connected(&mut link);
            let lost = match self.use_link(&mut link).await {
                End::Wanted => return,
                End::Asked => None,
                End::Broken(error) => Some(error),
            };
            drop(link);
            self.disconnected();
            backoff.reset();
            match self.next_link(lost, &mut backoff).await {
                Some(next) => link = next,
                None => return,
            }
        }
    }

    async fn use_link(&mut self, link: &mut Link) -> End {
        let silence = self.options.timing.silence;
        let mut heard = Instant::now();
        let mut pinged = false;
        let updates = self.updates.clone();
        loop {
            if self.tell().is_err() {
                return End::Wanted;
            }
            while self.has_place(link)
                && let Some(order) = self.again.pop_front()
            {
                self.push_order(order, link);
            }
            let told = self.untold.is_empty();
            let takes_orders = self.orders_open && self.again.is_empty() && self.has_place(link);
            let patience = if pinged { silence * 2 } else { silence };
            tokio::select! {
                turn = link.turn(told), if told || link.is_writing() => match turn {
                    Ok(Turn::Flushed) => {}
                    Ok(Turn::Event(event)) => {
                        (heard, pinged) = (Instant::now(), false);
                        self.on_event(*event, link);
                        if let Some(error) = self.fault.take() {
                            return End::Broken(error);
                        }
                    }
                    Err(_) if self.quitting => return End::Wanted,
                    Err(error) => return End::Broken(self.farewell.take().unwrap_or(error)),
                },
                order = self.orders.recv(), if takes_orders => match order {
                    Some(order) => self.push_orders(order, link),
                    None => self.orders_open = false,
                },
                permit = updates.reserve(), if !told => {
                    let (Ok(permit), Some(update)) = (permit, self.untold.pop_front()) else {
                        return End::Wanted;
                    };
                    permit.send(update);
                    // While the consumer was slow, the socket was not listened to.
                    (heard, pinged) = (Instant::now(), false);
                }
                () = updates.closed(), if told => return End::Wanted,
                Some(wish) = self.wishes.recv() => match wish {
                    Wish::Reconnect => return End::Asked,
                    Wish::Name(name) => self.wants_name(name),
                    Wish::Naming(naming) => {
                        self.wants_to_be(*naming);
                        return End::Asked;
                    }
                },
                () = sleep_until(heard + patience), if told => {
                    if pinged {
                        let (what, after) = ("a sign of life", patience);
                        return End::Broken(LinkError::Deadline { what, after });
                    }
                    pinged = true;
                    self.push(Command::Ping, Waiting::Ping, link);
                }
            }
        }
    }

    fn wants_name(&mut self, name: UserName) {
        self.options.naming = self.options.naming.renamed(name);
    }

    fn wants_to_be(&mut self, naming: Naming) {
        self.options.naming = naming;
        // The token of who we were would bring it back.
        self.token = None;
    }

    /// Tries until there is a link; none if nobody wants one any more. Without an error, because
    /// it was asked for: at once.
    async fn next_link(
        &mut self,
        mut lost: Option<LinkError>,
        backoff: &mut Backoff,
    ) -> Option<Link> {
        for tries in 1.. {
            let trouble = lost.as_ref().map_or(Trouble::Away, Trouble::of);
            let (why, retry_in) = match lost {
                Some(error) => (error.to_string(), backoff.next(chance())),
                None => ("asked to connect anew".to_owned(), Duration::ZERO),
            };
            self.untold.push_back(Update::Disconnected { why, retry_in, tries, trouble });
            while let Some(update) = self.untold.pop_front() {
                self.updates.send(update).await.ok()?;
            }
            tokio::select! {
                () = sleep(retry_in) => {}
                Some(wish) = self.wishes.recv() => match wish {
                    Wish::Reconnect => {}
                    Wish::Name(name) => self.wants_name(name),
                    Wish::Naming(naming) => self.wants_to_be(*naming),
                },
                () = self.updates.closed() => return None,
            }
            let Options { server, naming, timing, .. } = &self.options;
            let coming = self.token.as_deref().map_or(Coming::First, Coming::Back);
            tokio::select! {
                link = Link::open_as(server, naming, timing, coming) => match link {
                    Ok(link) => return Some(link),
                    Err(error) => lost = Some(error),
                },
                () = self.updates.closed() => return None,
            }
        }
        None
    }

    fn connected(&mut self, link: &mut Link) {
        let welcome = link.welcome().clone();
        self.farewell = None;
        let account = welcome.name.clone().filter(|_| welcome.account);
        let is_again = account.is_some() && account == self.account;
        let (journal, resumed) = (welcome.journal, welcome.resumed || is_again);
        self.account = account;
        self.token = welcome.token.clone();
        let mut out = vec![Update::Connected(Box::new(welcome))];
        for (room, entry) in self.rooms.reconnected(journal, resumed, &mut out) {
            let command = match entry {
                Entry::Join => Command::Join { room: room.clone(), key: None },
                Entry::Watch => Command::Watch { room: room.clone() },
            };
            self.push(command, Waiting::Entry(room, entry), link);
        }
        for order in std::mem::take(&mut self.unsure).into_iter().rev() {
            if resumed {
                self.again.push_front(order);
            } else {
                out.push(Update::Answered { id: order.id, answer: Answer::Unknown });
            }
        }
        if !resumed {
            self.own_keys.clear();
        }
        self.untold.extend(out);
    }

    /// Tells as much as there is room for.
    fn tell(&mut self) -> Result<(), ()> {
        while let Some(update) = self.untold.pop_front() {
            match self.updates.try_send(update) {
                Ok(()) => {}
                Err(TrySendError::Full(update)) => {
                    self.untold.push_front(update);
                    break;
                }
                Err(TrySendError::Closed(_)) => return Err(()),
            }
        }
        Ok(())
    }

    fn has_place(&self, link: &Link) -> bool {
        link.has_room() && self.waiting.len() < IN_FLIGHT_MAX && !self.quitting
    }

    fn push_orders(&mut self, first: Order, link: &mut Link) {
        self.push_order(first, link);
        while self.has_place(link)
            && let Ok(order) = self.orders.try_recv()
        {
            self.push_order(order, link);
        }
    }

    fn push_order(&mut self, Order { id, command }: Order, link: &mut Link) {
        if let Command::Say { key: Some(key), .. } = &command {
            self.own_keys.insert(*key);
        }
        self.quitting |= matches!(command, Command::Quit { .. });
        let request = Request { id: Some(id), command };
        link.push(&request);
        self.waiting.insert(id, Waiting::Order(request.command));
    }

    /// Sends a request of our own.
    fn push(&mut self, command: Command, waiting: Waiting, link: &mut Link) {
        let id = next_id(&self.ids);
        link.push(&Request { id: Some(id), command });
        self.waiting.insert(id, waiting);
    }

    fn on_event(&mut self, event: Event, link: &mut Link) {
        let waiting = event.request_id().and_then(|id| Some((id, self.waiting.remove(&id)?)));
        let mut out = Vec::new();
        let room = match waiting {
            Some((id, Waiting::Order(command))) => self.on_answer(id, &command, event, &mut out),
            Some((_, Waiting::Entry(room, entry))) => {
                self.on_entry(&room, entry, &event, &mut out);
                out.push(Update::Event(event));
                Some(room)
            }
            Some((_, Waiting::Page(room))) => {
                self.on_page(&room, event, &mut out);
                Some(room)
            }
            Some((_, Waiting::Ping)) => None,
            None => self.on_unasked(event, &mut out),
        };
        self.untold.extend(out);
        if let Some(room) = room
            && let Some(after) = self.rooms.next_page(&room)
        {
            let range = HistoryRange { after: Some(after), ..HistoryRange::default() };
            let command = Command::History { room: room.clone(), range, limit: PAGE_EVENTS_MAX };
            self.push(command, Waiting::Page(room), link);
        }
    }
}
