//! Values in the order in which they came, each of which can be taken out by its number.
//!
//! A vector instead of a tree: whoever comes has the highest number so far and goes to the end, and one who leaves only
//! empties its place. Empty places at the end go at once, others when they are more than half and the vector would have
//! to grow, so entering and leaving cost O(log n) at most, taken over many.

/// The values.
pub(crate) struct Line<V> {
    /// Rising by number. The last place is never empty.
    places: Vec<Place<V>>,
    /// How many places are not empty.
    held: usize,
}

/// A number, and its value if it was not taken out.
pub(crate) type Place<V> = (u64, Option<V>);

impl<V> Line<V> {
    pub(crate) const fn new() -> Line<V> {
        Line {
            places: Vec::new(),
            held: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.held
    }

    /// Adds a value at the end. `number` is higher than that of every value that ever came.
    pub(crate) fn push(&mut self, number: u64, value: V) {
        debug_assert!(self.places.last().is_none_or(|last| last.0 < number));
        let len = self.places.len();
        if len == self.places.capacity() && self.held < len / 2 {
            self.close_up();
        }
        self.places.push((number, Some(value)));
        self.held += 1;
    }

    /// Returns the place of the value with this number, if it is here.
    pub(crate) fn at(&mut self, number: u64) -> Option<&mut V> {
        let place = self.find(number)?;
        self.places[place].1.as_mut()
    }

    /// Takes the value with this number out, if it is here.
    pub(crate) fn remove(&mut self, number: u64) -> Option<V> {
        let place = self.find(number)?;
        let value = self.places[place].1.take()?;
        self.held -= 1;
        while let Some((_, None)) = self.places.last() {
            self.places.pop();
        }
        let capacity = self.places.capacity();
        if capacity > PLACES_KEPT_MAX && self.held < capacity / 8 {
            self.close_up();
            self.places.shrink_to(2 * self.held);
        }
        Some(value)
    }

    /// Takes all out, in the order in which they came, with the places of those who left.
    pub(crate) fn take(&mut self) -> Vec<Place<V>> {
        self.held = 0;
        std::mem::take(&mut self.places)
    }

    /// Removes the places of those who left.
    #[cold]
    fn close_up(&mut self) {
        self.places.retain(|place| place.1.is_some());
    }

    fn find(&self, number: u64) -> Option<usize> {
        let found = self.places.binary_search_by(|place| place.0.cmp(&number));
        found.ok()
    }
}

impl<V> Default for Line<V> {
    fn default() -> Self {
        Line::new()
    }
}

/// How many places an empty line may keep: a page's eighth for the values of this crate, so that who comes and goes
/// does not allocate each time.
const PLACES_KEPT_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::{Line, PLACES_KEPT_MAX};

    fn values(line: &mut Line<u64>) -> Vec<u64> {
        let places = line.take();
        places.into_iter().filter_map(|place| place.1).collect()
    }

    #[test]
    fn values_come_out_in_the_order_in_which_they_came() {
        let mut line = Line::new();
        (0..100).for_each(|n| line.push(n, n * 10));
        assert_eq!(line.remove(3), Some(30));
        assert_eq!(line.remove(3), None);
        assert_eq!(line.at(3), None);
        assert_eq!(line.at(4), Some(&mut 40));
        assert_eq!(line.remove(99), Some(990));
        assert_eq!(line.remove(1_000), None);
        assert_eq!(line.len(), 98);
        let left: Vec<u64> = (0..99).filter(|&n| n != 3).map(|n| n * 10).collect();
        assert_eq!(values(&mut line), left);
        assert_eq!(line.len(), 0);
    }

    #[test]
    fn every_order_of_leaving_keeps_what_is_left_and_gives_memory_back() {
        const COUNT: u64 = 5_000;
        // Steps that are prime to the count reach each number once: forwards, backwards, and across.
        for step in [1, COUNT - 1, 1_237, 3] {
            let mut line = Line::new();
            (0..COUNT).for_each(|n| line.push(n, n));
            let mut left = vec![true; COUNT as usize];
            for turn in 1..=COUNT {
                let number = turn * step % COUNT;
                assert_eq!(line.remove(number), Some(number));
                left[number as usize] = false;
                assert_eq!(line.len() as u64, COUNT - turn);
                if turn % 100 == 0 {
                    let here = (0..COUNT).filter(|&n| line.at(n).is_some());
                    assert!(here.eq((0..COUNT).filter(|&n| left[n as usize])));
                }
            }
            assert!(line.places.capacity() <= PLACES_KEPT_MAX);
        }
    }

    #[test]
    fn one_that_stays_does_not_keep_the_places_of_those_who_left() {
        let mut line = Line::new();
        line.push(0, 0);
        for n in 1..100_000 {
            line.push(n, n);
            // Two are there at each moment besides the first, and the older one leaves.
            if n > 1 {
                assert_eq!(line.remove(n - 1), Some(n - 1));
            }
        }
        assert!(line.places.capacity() <= PLACES_KEPT_MAX);
        assert_eq!(values(&mut line), [0, 99_999]);
    }
}
