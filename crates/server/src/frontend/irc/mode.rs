//! MODE of a room: its settings, roles and masks, a letter each. A line may change several; who asks is
//! told all of them in one line, when the last is done.

use bytes::BytesMut;
use chat_protocol::event::UserInfo;
use chat_protocol::{
    Access, Command, LineText, Role, RoomAddress, RoomChange, RoomSecret, RoomSettings, Setting,
    Timestamp, UserName,
};

use super::IrcFrontend;
use super::asked::Asked;
use super::mask::{self, Listed};
use super::message::Line;
use super::reply::{mask as user_mask, target, word};

/// Changes of one line.
const CHANGES_MAX: usize = 20;
/// A room's key, in bytes.
const KEY_BYTES_MAX: usize = 32;

/// One change, as it was asked for.
#[derive(Clone, Debug)]
pub(super) struct Change {
    on: bool,
    letter: char,
    parameter: Option<String>,
    /// What the parameter of a list is.
    masked: Option<Listed>,
}

/// A line of changes that is being worked on.
#[derive(Debug)]
pub(super) struct ModeLine {
    room: RoomAddress,
    /// As it was written.
    name: String,
    waiting: Vec<Change>,
    settings: Option<RoomSettings>,
    /// Asked for, and not answered.
    left: usize,
    done: Vec<Change>,
    /// It was said that it takes more to do that.
    is_refused: bool,
}

impl IrcFrontend {
    /// `MODE #ops`, `MODE #ops +k-l+o key ana`, `MODE #ops b`
    pub(super) fn room_modes(&mut self, name: &str, parameters: &[&str], out: &mut BytesMut) {
        let Some(room) = self.named(name, out) else { return };
        let Some((letters, parameters)) = parameters.split_first() else {
            let asked = Asked::Modes(name.to_owned());
            return self.ask(Command::GetSettings { room }, asked);
        };
        let changes = self.changes((&room, name), letters, parameters, out);
        if changes.is_empty() {
            return;
        }
        self.mode_line = Some(Box::new(ModeLine {
            room: room.clone(),
            name: name.to_owned(),
            waiting: changes,
            settings: None,
            left: 0,
            done: Vec::new(),
            is_refused: false,
        }));
        self.ask(Command::GetSettings { room }, Asked::ModeBegins(name.to_owned()));
    }

    /// What a line asks for; lists are answered at once, and what cannot be is said.
    fn changes(
        &mut self,
        (address, room): (&RoomAddress, &str),
        letters: &str,
        parameters: &[&str],
        out: &mut BytesMut,
    ) -> Vec<Change> {
        let mut parameters = parameters.iter();
        let (mut on, mut changes) = (true, Vec::new());
        for letter in letters.chars().take(2 * CHANGES_MAX) {
            let takes = match letter {
                '+' | '-' => {
                    on = letter == '+';
                    continue;
                }
                'b' | 'e' | 'I' | 'o' | 'v' | 'q' | 'a' | 'h' | 'k' => true,
                'l' => on,
                'i' | 'm' | 'n' | 's' | 't' => false,
                _ => {
                    let letter = word(&letter.to_string());
                    self.numeric(472, out).word(letter).text("is unknown mode char to me");
                    continue;
                }
            };
            let parameter = if takes { parameters.next() } else { None };
            let parameter = parameter.map(|text| (*text).to_owned());
            match (letter, &parameter) {
                ('b' | 'e' | 'I', None) => self.ask_masks(address.clone(), room, letter),
                ('b' | 'e' | 'I', Some(text)) => match mask::parse(letter, text) {
                    Ok(listed) => {
                        let masked = Some(listed);
                        changes.push(Change { on, letter, parameter, masked });
                    }
                    Err(why) => {
                        let line = self.numeric(696, out).word(word(room)).word(letter);
                        line.word(word(text)).text(why);
                    }
                },
                ('o' | 'v' | 'q' | 'a' | 'h', None) => {}
                ('k', _) if on && !parameter.as_deref().is_some_and(is_key) => {
                    let line = self.numeric(696, out).word(word(room)).word("k").word("*");
                    line.text(format_args!("A key is a word of up to {KEY_BYTES_MAX} bytes"));
                }
                ('l', _) if on && limit(parameter.as_deref()).is_none() => {
                    let given = word(parameter.as_deref().unwrap_or_default());
                    let line = self.numeric(696, out).word(word(room)).word("l").word(given);
                    line.text("A limit is a number from 1 on");
                }
                _ => changes.push(Change { on, letter, parameter, masked: None }),
            }
        }
        changes.truncate(CHANGES_MAX);
        changes
    }

    /// The room is like this: what is not so yet is asked for.
    pub(super) fn mode_begins(
        &mut self,
        settings: &RoomSettings,
        role: Option<Role>,
        out: &mut BytesMut,
    ) {
        let Some(mut line) = self.mode_line.take() else { return };
        if role.is_none() {
            return self.numeric(442, out).word(&line.name).text("You're not on that channel");
        }
        line.settings = Some(settings.clone());
        let room = line.room.clone();
        let needs_members = line.waiting.iter().any(|change| change.role().is_some());
        self.mode_line = Some(line);
        if needs_members {
            return self.ask(Command::Members { room }, Asked::ModeMembers);
        }
        self.plan(&[], out);
    }

    /// These are in the room.
    pub(super) fn plan(&mut self, members: &[UserInfo], out: &mut BytesMut) {
        let Some(mut line) = self.mode_line.take() else { return };
        let settings = line.settings.clone().unwrap_or_default();
        let (waiting, room) = (std::mem::take(&mut line.waiting), line.room.clone());
        let mut commands = Vec::new();
        for change in waiting {
            if let (Some(role), Some(nick)) = (change.role(), &change.parameter) {
                let user = UserName::parse(nick).ok();
                let member = members.iter().find(|member| user.as_ref() == Some(&member.name));
                match (member, user) {
                    (Some(member), _) => {
                        let parameter = Some(member.name.to_string());
                        let user = member.name.clone();
                        let command = change.of_member(&room, user, role);
                        commands.push((command, Change { parameter, ..change }));
                    }
                    (None, Some(user)) => {
                        let (room, nick) = (line.name.clone(), nick.clone());
                        self.ask(Command::Whois { user }, Asked::ModeAbsent { room, nick });
                    }
                    (None, None) => {
                        self.numeric(401, out).word(word(nick)).text("No such nick/channel");
                    }
                }
            } else if let Some(listed) = change.masked.clone() {
                let parameter = Some(mask::written(listed.list, &listed.mask).1);
                let command = mask::command(&room, &settings, change.on, listed);
                commands.push((command, Change { parameter, ..change }));
            } else if let Some(set) = change.setting(&settings) {
                commands.push((Command::Set { room: room.clone(), set }, change));
            }
        }
        line.left = commands.len();
        if line.left > 0 {
            self.mode_line = Some(line);
        }
        for (command, change) in commands {
            self.ask(command, Asked::Mode(change));
        }
    }

    /// A change is done.
    pub(super) fn mode_done(&mut self, change: Option<&Change>, out: &mut BytesMut) {
        let Some(line) = &mut self.mode_line else { return };
        line.done.extend(change.cloned());
        line.left = line.left.saturating_sub(1);
        if line.left > 0 {
            return;
        }
        let Some(line) = self.mode_line.take().filter(|line| !line.done.is_empty()) else { return };
        let Some(me) = &self.me else { return };
        let told = Line::new(out).source(user_mask(me)).command("MODE").word(target(&line.room));
        written(told, &line.done);
    }

    /// What the room is called whose modes are changed.
    pub(super) fn mode_room(&self) -> String {
        self.mode_line.as_ref().map(|line| word(&line.name)).unwrap_or_default()
    }

    /// A change is not to be; one of a line is told to take more than one has.
    pub(super) fn mode_refused(&mut self, text: Option<(u16, &str)>, out: &mut BytesMut) {
        if let Some(line) = &mut self.mode_line
            && let Some((number, text)) = text
            && !std::mem::replace(&mut line.is_refused, true)
        {
            let name = line.name.clone();
            self.numeric(number, out).word(name).text(text);
        }
        self.mode_done(None, out);
    }

    /// `324` and `329`
    pub(super) fn modes(
        &self,
        name: &str,
        settings: &RoomSettings,
        since: Option<Timestamp>,
        out: &mut BytesMut,
    ) {
        let flags = [
            (settings.access == Access::Invite, 'i'),
            (settings.access == Access::Key, 'k'),
            (settings.members_max.is_some(), 'l'),
            (settings.moderated || settings.announcement, 'm'),
            (!settings.external, 'n'),
            (settings.hidden, 's'),
            (settings.topic_by_operators, 't'),
        ];
        let letters: String = flags.iter().filter(|(is, _)| *is).map(|(_, flag)| flag).collect();
        let mut line = self.numeric(324, out).word(name).word(format_args!("+{letters}"));
        if settings.access == Access::Key {
            line = line.word("*");
        }
        if let Some(max) = settings.members_max {
            line = line.word(max);
        }
        line.end();
        if let Some(since) = since {
            self.numeric(329, out).word(name).word(since.0 / 1_000).end();
        }
    }
}

impl Change {
    /// The list that it is a change of, and the mask as it is written there.
    pub(super) fn mask(&self) -> Option<(char, &str)> {
        let text = self.parameter.as_deref().filter(|_| self.masked.is_some())?;
        Some((self.letter, text))
    }

    /// What it makes of somebody.
    fn role(&self) -> Option<Role> {
        match self.letter {
            'o' | 'h' | 'a' => Some(Role::Operator),
            'v' => Some(Role::Voice),
            'q' => Some(Role::Owner),
            _ => None,
        }
    }

    fn of_member(&self, room: &RoomAddress, user: UserName, role: Role) -> Command {
        let room = room.clone();
        match (role, self.on) {
            (Role::Owner, true) => Command::Transfer { room, user },
            (role, true) => Command::GiveRole { room, user, role },
            (role, false) => Command::TakeRole { room, user, role },
        }
    }

    /// What is to be set; none: it is so.
    fn setting(&self, now: &RoomSettings) -> Option<Setting> {
        let on = self.on;
        let is_key = now.access == Access::Key;
        let is_invite = now.access == Access::Invite;
        let open = Setting::Access { access: Access::Open, key: None };
        match self.letter {
            'i' if on && !is_invite => Some(Setting::Access { access: Access::Invite, key: None }),
            'i' if !on && is_invite => Some(open),
            'k' if on => {
                let key = LineText::parse(self.parameter.as_deref()?).ok().map(RoomSecret::new);
                Some(Setting::Access { access: Access::Key, key })
            }
            'k' if is_key => Some(open),
            'l' if on => Some(Setting::Members { max: limit(self.parameter.as_deref()) }),
            'l' if now.members_max.is_some() => Some(Setting::Members { max: None }),
            'm' if now.moderated != on => Some(Setting::Moderated { on }),
            'n' if now.external == on => Some(Setting::External { on: !on }),
            's' if now.hidden != on => Some(Setting::Hidden { on }),
            't' if now.topic_by_operators != on => Some(Setting::Topic { operators: on }),
            _ => None,
        }
    }
}

/// What is told of who comes in with a role.
pub(super) const fn of_role(role: Role) -> Option<&'static str> {
    match role {
        Role::Member => None,
        Role::Voice => Some("+v"),
        // Who keeps order may all that voice may.
        Role::Operator | Role::Owner => Some("+o"),
    }
}

/// A change as all are told of it, if it is one of modes.
pub(super) fn of_change(change: &RoomChange) -> Option<Vec<Change>> {
    let one = |on, letter, parameter| Change { on, letter, parameter, masked: None };
    let of = |on, letter| one(on, letter, None);
    let changes = match change {
        RoomChange::Role { user, role, was } => {
            let parameter = || Some(user.to_string());
            match (role, was) {
                (Role::Operator, _) => vec![one(true, 'o', parameter())],
                (Role::Voice, _) => vec![one(true, 'v', parameter())],
                (_, Role::Voice) => vec![one(false, 'v', parameter())],
                (_, _) => vec![one(false, 'o', parameter())],
            }
        }
        RoomChange::Transferred { to } => vec![one(true, 'o', Some(to.to_string()))],
        RoomChange::Set { set } => match set {
            Setting::Access { access: Access::Open, .. } => {
                vec![of(false, 'i'), one(false, 'k', Some("*".to_owned()))]
            }
            Setting::Access { access: Access::Invite, .. } => vec![of(true, 'i')],
            Setting::Access { access: Access::Key, .. } => {
                vec![one(true, 'k', Some("*".to_owned()))]
            }
            Setting::Hidden { on } => vec![of(*on, 's')],
            Setting::Moderated { on } | Setting::Announcement { on } => vec![of(*on, 'm')],
            Setting::Members { max: Some(max) } => vec![one(true, 'l', Some(max.to_string()))],
            Setting::Members { max: None } => vec![of(false, 'l')],
            Setting::External { on } => vec![of(!*on, 'n')],
            Setting::Topic { operators } => vec![of(*operators, 't')],
            Setting::Mask { list, mask, on, .. } => {
                let (letter, text) = mask::written(*list, mask);
                vec![one(*on, letter, Some(text))]
            }
            Setting::Slow { .. }
            | Setting::Keep { .. }
            | Setting::History { .. }
            | Setting::Unknown => return None,
        },
        RoomChange::Unbanned { user } => vec![one(false, 'b', Some(format!("{user}!*@*")))],
        RoomChange::Invited { .. }
        | RoomChange::Kicked { .. }
        | RoomChange::Banned { .. }
        | RoomChange::Muted { .. }
        | RoomChange::Unmuted { .. }
        | RoomChange::Unknown => return None,
    };
    Some(changes)
}

/// `+ik-l key`
pub(super) fn written(line: Line<'_>, changes: &[Change]) {
    let mut letters = String::new();
    let mut sign = None;
    for change in changes {
        if sign != Some(change.on) {
            sign = Some(change.on);
            letters.push(if change.on { '+' } else { '-' });
        }
        letters.push(change.letter);
    }
    let line = line.word(letters);
    let parameters = changes.iter().filter_map(|change| change.parameter.as_ref());
    parameters.fold(line, |line, parameter| line.word(word(parameter))).end();
}

fn limit(text: Option<&str>) -> Option<u64> {
    text?.parse().ok().filter(|limit| *limit > 0)
}

fn is_key(text: &str) -> bool {
    let is_fine = |c: char| !c.is_whitespace() && c != ',';
    !text.is_empty() && text.len() <= KEY_BYTES_MAX && text.chars().all(is_fine)
}
