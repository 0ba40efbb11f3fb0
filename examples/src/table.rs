//! The closing table.

/// What a step did, in a line.
///
/// # Examples
///
/// See [`print_table`].
#[derive(Clone, Debug)]
pub struct Row {
    /// The step.
    pub step: &'static str,
    /// What was done.
    pub what: String,
    /// What came of it.
    pub result: String,
}

impl Row {
    /// Makes a row.
    pub fn new(step: &'static str, what: impl Into<String>, result: impl Into<String>) -> Row {
        Row {
            step,
            what: what.into(),
            result: result.into(),
        }
    }
}

/// Prints rows in columns as wide as their widest cell.
///
/// # Examples
///
/// ```
/// use trill_examples::{Row, print_table};
///
/// print_table(&[Row::new("count", "three things", "3")]);
/// ```
pub fn print_table(rows: &[Row]) {
    let width = |cell: fn(&Row) -> &str| {
        rows.iter()
            .map(|row| cell(row).chars().count())
            .max()
            .unwrap_or(0)
    };
    let (step, what) = (width(|row| row.step), width(|row| &row.what));
    for row in rows {
        println!(
            "  {:<step$}   {:<what$}   {}",
            row.step, row.what, row.result
        );
    }
}
