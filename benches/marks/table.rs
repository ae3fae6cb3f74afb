//! The lines of the table, and how it is printed.

use unicode_width::UnicodeWidthStr;

/// Whether a mark is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Met {
    Yes,
    No,
    /// There is no mark for it: it is told beside others.
    Told,
    NotMeasured,
}

/// One line of the table.
#[derive(Debug, Clone)]
pub struct Line {
    what: String,
    mark: String,
    measured: String,
    other: String,
    met: Met,
}

impl Line {
    /// A line with a mark.
    pub fn new(what: &str, mark: &str, measured: String, other: String, met: bool) -> Self {
        let met = if met { Met::Yes } else { Met::No };
        Self { what: what.to_owned(), mark: mark.to_owned(), measured, other, met }
    }

    /// A line without a mark.
    pub fn told(what: &str, measured: String, other: String) -> Self {
        Self { what: what.to_owned(), mark: String::new(), measured, other, met: Met::Told }
    }

    /// Nothing was measured, for this reason.
    pub fn not_measured(what: &str, why: &str) -> Self {
        let measured = format!("not measured: {}", why.lines().collect::<Vec<_>>().join(" "));
        Self { what: what.to_owned(), mark: String::new(), measured, other: String::new(), met: Met::NotMeasured }
    }
}

/// Prints the lines, each with the number of its row, as a table that Markdown understands too.
pub fn print(lines: &[(u32, Line)]) {
    let head = ["row", "what", "mark", "measured", "the article's way / the other way", "met"].map(str::to_owned);
    let cells = |(row, line): &(u32, Line)| {
        let met = match line.met {
            Met::Yes => "yes",
            Met::No => "NO",
            Met::Told => "",
            Met::NotMeasured => "?",
        };
        let Line { what, mark, measured, other, .. } = line.clone();
        [row.to_string(), what, mark, measured, other, met.to_owned()]
    };
    let rows: Vec<[String; 6]> = std::iter::once(head).chain(lines.iter().map(cells)).collect();
    let widths: [usize; 6] = std::array::from_fn(|i| rows.iter().map(|row| row[i].width()).max().unwrap_or(0));
    for (number, row) in rows.iter().enumerate() {
        let padded = row.iter().zip(widths).map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.width())));
        println!("| {} |", padded.collect::<Vec<_>>().join(" | "));
        if number == 0 {
            println!("|{}|", widths.map(|width| "-".repeat(width + 2)).join("|"));
        }
    }
}

/// Microseconds as a reader likes them.
pub fn micros(us: f64) -> String {
    if us >= 10_000.0 {
        format!("{:.1} ms", us / 1e3)
    } else if us >= 1_000.0 {
        format!("{:.2} ms", us / 1e3)
    } else if us >= 10.0 {
        format!("{us:.0} µs")
    } else {
        format!("{us:.1} µs")
    }
}

/// Percent of a whole.
pub fn percent(part: f64) -> String {
    format!("{:.1} %", part * 100.0)
}

/// Bytes in millions.
pub fn megabytes(bytes: f64) -> String {
    format!("{:.1} MB", bytes / 1e6)
}
