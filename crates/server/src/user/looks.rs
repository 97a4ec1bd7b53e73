//! Which names look alike (the skeletons of UTS 39). Never knows whose a name is.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use chat_protocol::{Refusal, UserName};

/// The names that are in use, by what they look like.
#[derive(Debug, Default)]
pub(super) struct Looks(HashMap<Box<str>, Alike>);

/// Names that look alike. Most look like no other.
#[derive(Debug)]
enum Alike {
    One(UserName),
    More(Vec<UserName>),
}

impl Alike {
    fn names(&self) -> &[UserName] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::More(names) => names,
        }
    }

    fn add(&mut self, name: &UserName) {
        if !self.names().contains(name) {
            *self = Self::More(self.names().iter().chain([name]).cloned().collect());
        }
    }

    /// Two plain ASCII names may look alike (`bob1`, `bobl`): only a foreign script makes them
    /// confusable.
    fn are_no_trap_for(&self, name: &UserName) -> Result<(), Refusal> {
        let confusable = |like: &&UserName| {
            *like != name && !(name.as_str().is_ascii() && like.as_str().is_ascii())
        };
        match self.names().iter().find(confusable) {
            Some(like) => Err(Refusal::NameConfusable { name: name.clone(), like: like.clone() }),
            None => Ok(()),
        }
    }
}

impl Looks {
    /// Does no name that is in use look like this one?
    pub(super) fn are_free(&self, name: &UserName) -> Result<(), Refusal> {
        self.0.get(&*name.skeleton()).map_or(Ok(()), |alike| alike.are_no_trap_for(name))
    }

    /// It is in use from now on.
    pub(super) fn take(&mut self, name: &UserName) {
        match self.0.entry(name.skeleton().into_boxed_str()) {
            Entry::Vacant(free) => drop(free.insert(Alike::One(name.clone()))),
            Entry::Occupied(mut taken) => taken.get_mut().add(name),
        }
    }

    /// It is in use from now on, if it looks like no other.
    pub(super) fn take_if_free(&mut self, name: &UserName) -> Result<(), Refusal> {
        match self.0.entry(name.skeleton().into_boxed_str()) {
            Entry::Vacant(free) => drop(free.insert(Alike::One(name.clone()))),
            Entry::Occupied(mut taken) => {
                taken.get().are_no_trap_for(name)?;
                taken.get_mut().add(name);
            }
        }
        Ok(())
    }

    /// It is in use no longer.
    pub(super) fn forget(&mut self, name: &UserName) {
        let skeleton = name.skeleton();
        let Some(alike) = self.0.get_mut(&*skeleton) else { return };
        let rest: Vec<UserName> = alike.names().iter().filter(|it| *it != name).cloned().collect();
        if rest.is_empty() {
            self.0.remove(&*skeleton);
        } else {
            *alike = Alike::More(rest);
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
