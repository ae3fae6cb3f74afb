//! Which lines of a table are in sight.

/// The lines of a table that are in sight.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lines {
    /// The first.
    offset: usize,
    /// How many.
    height: usize,
}

impl Lines {
    /// Those in sight of all these, from the top.
    pub(super) fn of<T>(self, all: &[T]) -> impl Iterator<Item = &T> {
        all.iter().skip(self.offset).take(self.height)
    }

    /// Those in sight, and as many above and below them.
    pub(super) fn around<T>(self, all: &[T]) -> impl Iterator<Item = &T> {
        let first = self.offset.saturating_sub(self.height);
        all.iter().skip(first).take(self.offset - first + 2 * self.height)
    }

    /// How many of so many are hidden above and below.
    pub(super) fn hidden(self, count: usize) -> (usize, usize) {
        (self.offset, count.saturating_sub(self.offset + self.height))
    }

    /// How many lines a great step is.
    pub(super) fn page(self) -> isize {
        isize::try_from(self.height.saturating_sub(1).max(1)).unwrap_or(isize::MAX)
    }

    /// How far below the first line in sight this row stands.
    pub(super) fn line_of(self, position: usize) -> usize {
        position.saturating_sub(self.offset)
    }

    /// The row on this line.
    pub(super) fn position_of(self, line: usize) -> usize {
        self.offset + line
    }

    pub(super) fn set_height(&mut self, height: usize) {
        self.height = height;
    }

    /// Moves just so far that this row is in sight.
    pub(super) fn show(&mut self, position: usize, count: usize) {
        self.offset = self.offset.clamp((position + 1).saturating_sub(self.height.max(1)), position);
        self.stay_full(count);
    }

    /// Moves so that this row stands on that line, as far as there are rows for it.
    pub(super) fn keep(&mut self, position: usize, line: usize, count: usize) {
        self.offset = position.saturating_sub(line);
        self.show(position, count);
    }

    /// Leaves no line empty while there are rows for it.
    pub(super) fn stay_full(&mut self, count: usize) {
        self.offset = self.offset.min(count.saturating_sub(self.height.max(1)));
    }
}
