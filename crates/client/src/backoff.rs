//! How long to wait before the next try: longer each time, and never all clients at once.

use std::time::Duration;

const SHORTEST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(30);

/// Waits that double from 250 ms to 30 s, each cut by up to half at random.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    tries: u32,
}

impl Backoff {
    /// The wait before the next try: 250 ms to 30 s.
    pub(crate) fn next(&mut self) -> Duration {
        // Without randomness, too, a client must come back: it then waits the whole time.
        let random = getrandom::u32().unwrap_or(u32::MAX);
        self.step(f64::from(random) / f64::from(u32::MAX))
    }

    /// The next wait is a first one again.
    pub(crate) fn reset(&mut self) {
        self.tries = 0;
    }

    /// `random` is 0 to 1.
    fn step(&mut self, random: f64) -> Duration {
        let doubled = SHORTEST * 2u32.saturating_pow(self.tries.min(10));
        self.tries = self.tries.saturating_add(1);
        let whole = doubled.min(LONGEST);
        whole.mul_f64(0.5 + random / 2.0).max(SHORTEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_stay_between_a_quarter_of_a_second_and_half_a_minute() {
        for random in [0.0, 0.3, 1.0] {
            let mut backoff = Backoff::default();
            for _ in 0..100 {
                let wait = backoff.step(random);
                assert!((SHORTEST..=LONGEST).contains(&wait), "{wait:?}");
            }
        }
    }

    #[test]
    fn waits_double_and_begin_anew_after_a_reset() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..8).map(|_| backoff.step(1.0).as_millis()).collect();
        assert_eq!(waits, [250, 500, 1000, 2000, 4000, 8000, 16000, 30000]);
        backoff.reset();
        assert_eq!(backoff.step(1.0), SHORTEST);
    }

    #[test]
    fn randomness_spreads_the_waits() {
        let late = |random| {
            let mut backoff = Backoff { tries: 20 };
            backoff.step(random)
        };
        assert_eq!(late(0.0), LONGEST / 2);
        assert_eq!(late(1.0), LONGEST);
    }
}
