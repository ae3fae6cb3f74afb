//! Whether the outbox has room, and the alarm when it has none.

/// The outbox counts as full until one message in this many has left it: a single one is no relief.
const RELIEF_DIVISOR: u64 = 10;

/// A change that is worth a line in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Full,
    Relieved,
}

/// What is known of the room in the outbox.
#[derive(Debug)]
pub(super) struct Room {
    max: u64,
    is_full: bool,
}

impl Room {
    pub(super) fn new(max: u64) -> Self {
        Self { max, is_full: false }
    }

    /// Notes how many messages are in the outbox, and raises or ends the alarm.
    pub(super) fn update(&mut self, fill: u64) {
        match self.noted(fill) {
            Some(Change::Full) => tracing::error!(
                "webhook: the outbox is full ({fill} messages, --webhook-outbox-max): ends wait in cabstand:ends, which keeps \
                 about {}, until there is room; see why the receiver does not take them",
                crate::store::ENDS_KEPT
            ),
            Some(Change::Relieved) => tracing::info!("webhook: the outbox has room again ({fill} of {})", self.max),
            None => {}
        }
    }

    fn noted(&mut self, fill: u64) -> Option<Change> {
        let relief = self.max - self.max / RELIEF_DIVISOR;
        let is_full = fill >= self.max || (self.is_full && fill > relief);
        let change = (is_full != self.is_full).then_some(if is_full { Change::Full } else { Change::Relieved });
        self.is_full = is_full;
        change
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_full_once_until_there_is_relief() {
        let mut room = Room::new(100);
        let fills = [99, 100, 99, 100, 91, 90, 100];
        let changes: Vec<_> = fills.into_iter().map(|fill| room.noted(fill)).collect();
        let (full, relieved) = (Some(Change::Full), Some(Change::Relieved));
        assert_eq!(changes, [None, full, None, None, None, relieved, full]);
    }

    #[test]
    fn a_small_outbox_is_relieved_by_one() {
        let mut room = Room::new(1);
        let changes = [1, 1, 0].map(|fill| room.noted(fill));
        assert_eq!(changes, [Some(Change::Full), None, Some(Change::Relieved)]);
    }
}
