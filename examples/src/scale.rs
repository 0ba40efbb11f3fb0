//! How much work a program does.

/// Returns `full`, or `quick` if the environment variable `TRILL_EXAMPLE_QUICK` is set, as in the project's tests.
///
/// # Examples
///
/// ```
/// assert!([100, 5].contains(&trill_examples::scale(100, 5)));
/// ```
pub fn scale<T>(full: T, quick: T) -> T {
    if std::env::var_os("TRILL_EXAMPLE_QUICK").is_some() {
        quick
    } else {
        full
    }
}
