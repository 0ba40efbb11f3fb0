//! How a future finds itself again among those who wait.

#![cfg_attr(not(loom), allow(unreachable_pub))] // Public for the models only.

/// Where one future waits, if it does; void after an event, which takes all who wait.
#[derive(Debug, Default, Clone, Copy)]
pub enum Ticket {
    /// It has not waited.
    #[default]
    Unused,
    /// In the direction's place, since its claim of this round.
    Placed {
        /// What the claim returned.
        round: u32,
    },
    /// In the direction's list.
    Listed {
        /// How often the list had been emptied.
        round: u32,
        /// Where in the list.
        index: u32,
    },
}

impl Ticket {
    /// Says whether it may name who waits.
    #[inline]
    pub(crate) fn is_used(self) -> bool {
        !matches!(self, Ticket::Unused)
    }
}
