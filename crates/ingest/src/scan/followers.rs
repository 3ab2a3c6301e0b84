//! Which member comes behind which.
//!
//! Who writes records writes their members in one order, and leaves some out. So the member that came behind another the last
//! time most often comes behind it again, and its name need only be compared.

/// Numbers of members that are kept: more than any object of records has.
const MAX_NUMBERS: usize = 64;
/// No member came here yet.
const NONE: u8 = u8::MAX;

/// The last follower of each member, by object. The first of a row is the member that objects begin with.
#[derive(Debug, Default)]
pub(super) struct Followers(Vec<[u8; 1 + MAX_NUMBERS]>);

impl Followers {
    /// The member that followed `before` the last time; without one, the member that was first.
    #[inline]
    pub(super) fn behind(&self, object: usize, before: Option<u8>) -> Option<u8> {
        let number = *self.0.get(object)?.get(slot(before))?;
        (number != NONE).then_some(number)
    }

    /// Keeps that `number` followed `before`.
    pub(super) fn note(&mut self, object: usize, before: Option<u8>, number: u8) {
        if self.0.len() <= object {
            self.0.resize(object + 1, [NONE; 1 + MAX_NUMBERS]);
        }
        if let Some(follower) = self.0[object].get_mut(slot(before)) {
            *follower = number;
        }
    }
}

fn slot(before: Option<u8>) -> usize {
    before.map_or(0, |before| usize::from(before) + 1)
}
