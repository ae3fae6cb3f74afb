//! Aligned columns under a head line.

use unicode_width::UnicodeWidthChar;

/// How many columns of a terminal a text takes: character by character, as a terminal reckons that gets them one by one.
pub(super) fn columns(text: &str) -> usize {
    text.chars().filter_map(UnicodeWidthChar::width).sum()
}

/// A text with as much space behind it as makes it this wide.
pub(super) fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
}

/// Rows of text whose columns are as wide as their widest cell.
pub(super) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

struct Column {
    title: &'static str,
    width: usize,
    /// Figures stand at the right side of their column.
    right: bool,
}

impl Table {
    /// A table with these titles; a title that ends in `>` has its column's cells at the right side.
    pub(super) fn new(titles: &[&'static str]) -> Self {
        let column = |title: &&'static str| {
            let (text, right) = title.strip_suffix('>').map_or((*title, false), |text| (text, true));
            Column { title: text, width: columns(text), right }
        };
        Self { columns: titles.iter().map(column).collect(), rows: Vec::new() }
    }

    /// Adds a row, a cell for each title.
    pub(super) fn row(&mut self, cells: Vec<String>) {
        for (column, cell) in self.columns.iter_mut().zip(&cells) {
            column.width = column.width.max(columns(cell));
        }
        self.rows.push(cells);
    }

    /// The head line and the rows.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        let head = self.line(self.columns.iter().map(|column| column.title));
        let rows = self.rows.iter().map(|row| self.line(row.iter().map(String::as_str)));
        std::iter::once(head).chain(rows)
    }

    fn line<'a>(&self, cells: impl Iterator<Item = &'a str>) -> String {
        let cell = |(column, text): (&Column, &str)| {
            let padding = " ".repeat(column.width.saturating_sub(columns(text)));
            if column.right { format!("{padding}{text}") } else { padded(text, column.width) }
        };
        let line = self.columns.iter().zip(cells).map(cell).collect::<Vec<_>>().join("  ");
        line.trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_stands_in_them() {
        let mut table = Table::new(&["ID>", "RIDER", "STATE"]);
        table.row(vec!["7".to_owned(), "出租车".to_owned(), "searching".to_owned()]);
        table.row(vec!["1234".to_owned(), "a".to_owned(), String::new()]);
        let lines: Vec<_> = table.lines().collect();
        assert_eq!(lines, ["  ID  RIDER   STATE", "   7  出租车  searching", "1234  a"]);
    }
}
