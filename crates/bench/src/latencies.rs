//! Many durations, and what they come to.

use std::time::Duration;

/// Durations in microseconds, each of them kept: no bucket rounds them.
#[derive(Default)]
pub(crate) struct Latencies {
    micros: Vec<u32>,
}

impl Latencies {
    pub(crate) fn record(&mut self, latency: Duration) {
        self.micros
            .push(u32::try_from(latency.as_micros()).unwrap_or(u32::MAX));
    }

    pub(crate) fn len(&self) -> usize {
        self.micros.len()
    }

    /// The duration in ms that `share` (0 to 1) of all do not exceed; 0 when there is none.
    pub(crate) fn percentile(&mut self, share: f64) -> f64 {
        if self.micros.is_empty() {
            return 0.0;
        }
        let rank = (self.micros.len() as f64 * share).ceil() as usize;
        let index = rank.clamp(1, self.micros.len()) - 1;
        let (_, micros, _) = self.micros.select_nth_unstable(index);
        f64::from(*micros) / 1000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.percentile(0.5), 0.0);
        for ms in (1..=100).rev() {
            latencies.record(Duration::from_millis(ms));
        }
        assert_eq!(latencies.len(), 100);
        assert_eq!(latencies.percentile(0.5), 50.0);
        assert_eq!(latencies.percentile(0.99), 99.0);
        assert_eq!(latencies.percentile(1.0), 100.0);
        assert_eq!(latencies.percentile(0.0), 1.0);
    }
}
