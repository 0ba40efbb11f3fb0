//! Lines that hang below each other.

use std::fmt::{self, Write};

/// Begins a line at a depth. Beyond [`INDENTED_MAX`] the depth is a number, or a long chain would fill the screen with
/// blanks, and its text would grow with the square of its length.
pub(crate) fn indent(f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
    for _ in 0..depth.min(INDENTED_MAX) {
        f.write_str("  ")?;
    }
    match depth > INDENTED_MAX {
        true => write!(f, "[depth {depth}] "),
        false => Ok(()),
    }
}

/// Pads every column but the last to its widest cell.
pub(crate) fn columns(rows: &[Vec<String>], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    for row in rows {
        let last = row.len().saturating_sub(1);
        for (column, cell) in row.iter().enumerate() {
            match column == last {
                true => f.write_str(cell)?,
                false => write!(f, "{cell:width$}  ", width = widths[column])?,
            }
        }
        f.write_char('\n')?;
    }
    Ok(())
}

/// Says how many tasks are not shown, if any.
pub(crate) fn unpolled(count: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match count {
        0 => Ok(()),
        1 => f.write_str("1 task waits for its first poll\n"),
        count => writeln!(f, "{count} tasks wait for their first poll"),
    }
}

/// Levels that are shown by blanks.
const INDENTED_MAX: usize = 32;
