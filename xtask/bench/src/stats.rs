//! Median, range and ratio of a few measurements.

/// What the rounds of one measurement say together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Summary {
    /// The middle of the sorted values; of an even number, the mean of the two in the middle.
    pub(crate) median: f64,
    /// The smallest value.
    pub(crate) min: f64,
    /// The largest value.
    pub(crate) max: f64,
}

impl Summary {
    /// Summarizes `values`, or returns `None` if there are none.
    ///
    /// # Panics
    ///
    /// If a value is not a number: a measurement that divides by nothing is a defect of its row.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        assert!(values.iter().all(|value| !value.is_nan()), "{values:?}");
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let middle = sorted.len() / 2;
        let median = if sorted.len() % 2 == 1 {
            sorted[middle]
        } else {
            (sorted[middle - 1] + sorted[middle]) / 2.0
        };
        Some(Self { median, min, max })
    }
}

/// The smallest of sorted `values` that is no less than this share of them; the default of nothing.
pub(crate) fn percentile<T: Copy + Default>(values: &[T], share: f64) -> T {
    let rank = (share * values.len() as f64).ceil() as usize;
    values
        .get(rank.saturating_sub(1).min(values.len().saturating_sub(1)))
        .copied()
        .unwrap_or_default()
}

/// `value` divided by `base`, or `None` where that says nothing (a base of zero or below).
pub(crate) fn ratio(value: f64, base: f64) -> Option<f64> {
    (base > 0.0).then(|| value / base)
}

/// The smaller of those that exist: lower is better in every row.
pub(crate) fn better(values: impl IntoIterator<Item = Option<f64>>) -> Option<f64> {
    values.into_iter().flatten().min_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_of_an_odd_count_is_the_middle_value() {
        let summary = Summary::of(&[9.0, 1.0, 4.0]).expect("three values");
        assert_eq!((summary.min, summary.median, summary.max), (1.0, 4.0, 9.0));
    }

    #[test]
    fn median_of_an_even_count_is_between_the_middle_two() {
        let summary = Summary::of(&[4.0, 1.0, 100.0, 2.0]).expect("four values");
        assert_eq!(summary.median, 3.0);
    }

    #[test]
    fn no_values_have_no_summary() {
        assert_eq!(Summary::of(&[]), None);
    }

    #[test]
    #[should_panic(expected = "NaN")]
    fn a_value_that_is_no_number_is_a_defect() {
        let _ = Summary::of(&[1.0, f64::NAN]);
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let values: Vec<u32> = (1..=1000).collect();
        assert_eq!(percentile(&values, 0.5), 500);
        assert_eq!(percentile(&values, 0.999), 999);
        assert_eq!(percentile(&values, 1.0), 1000);
        assert_eq!(percentile(&values[..1], 0.5), 1);
        assert_eq!(percentile::<u32>(&[], 0.5), 0);
    }

    #[test]
    fn ratio_to_nothing_is_no_ratio() {
        assert_eq!(ratio(3.0, 2.0), Some(1.5));
        assert_eq!(ratio(3.0, 0.0), None);
    }

    #[test]
    fn better_skips_those_that_are_absent() {
        assert_eq!(better([None, Some(3.0), Some(2.0)]), Some(2.0));
        assert_eq!(better([None, None]), None);
    }
}
