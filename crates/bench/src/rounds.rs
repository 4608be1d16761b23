//! What one round of messages came to, and the middle one of several.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::{
    latencies::Latencies,
    process,
    server::Server,
    table::{Table, grouped},
};

/// The clocks at the start of a round.
pub(crate) struct Start {
    at: Instant,
    server: Duration,
    generator: Duration,
    machine: Duration,
}

impl Start {
    pub(crate) fn now(server: &Server) -> Result<Self> {
        Ok(Self {
            at: Instant::now(),
            server: process::cpu(server.pid)?,
            generator: process::cpu(std::process::id())?,
            machine: process::machine_cpu()?,
        })
    }
}

/// The figures of a round.
pub(crate) struct Round {
    in_flight: usize,
    messages: f64,
    deliveries: f64,
    ack: [f64; 2],
    delivery: [f64; 2],
    cpu_per_million: f64,
    server_cores: f64,
    generator_cores: f64,
    other_cores: f64,
}

impl Round {
    /// Of the round that began with `start` and ends now.
    pub(crate) fn ended(
        server: &Server,
        start: &Start,
        in_flight: usize,
        mut acks: Latencies,
        mut deliveries: Latencies,
    ) -> Result<Self> {
        let seconds = start.at.elapsed().as_secs_f64();
        let server_cpu = (process::cpu(server.pid)? - start.server).as_secs_f64();
        let generator_cpu = (process::cpu(std::process::id())? - start.generator).as_secs_f64();
        let machine_cpu = (process::machine_cpu()? - start.machine).as_secs_f64();
        Ok(Self {
            in_flight,
            messages: acks.len() as f64 / seconds,
            deliveries: deliveries.len() as f64 / seconds,
            ack: [0.5, 0.99].map(|share| acks.percentile(share)),
            delivery: [0.5, 0.99].map(|share| deliveries.percentile(share)),
            cpu_per_million: server_cpu / (deliveries.len() as f64 / 1e6),
            server_cores: server_cpu / seconds,
            generator_cores: generator_cpu / seconds,
            other_cores: (machine_cpu - server_cpu - generator_cpu).max(0.0) / seconds,
        })
    }
}

/// One row for each number of messages in flight: its round with the median of deliveries a second. "cores" are those
/// kept busy on average; "other" is neither server nor generator, and should be near 0 for figures to be of use.
pub(crate) fn table(rounds: Vec<Vec<Round>>) -> Table {
    let mut table = Table::new([
        "in flight",
        "messages/s",
        "ack p50 ms",
        "p99",
        "deliveries/s",
        "delivery p50 ms",
        "p99",
        "server CPU s/million",
        "server cores",
        "generator cores",
        "other cores",
    ]);
    for round in rounds.into_iter().filter_map(median) {
        table.row([
            round.in_flight.to_string(),
            grouped(round.messages),
            format!("{:.2}", round.ack[0]),
            format!("{:.2}", round.ack[1]),
            grouped(round.deliveries),
            format!("{:.2}", round.delivery[0]),
            format!("{:.2}", round.delivery[1]),
            format!("{:.2}", round.cpu_per_million),
            format!("{:.2}", round.server_cores),
            format!("{:.2}", round.generator_cores),
            format!("{:.2}", round.other_cores),
        ]);
    }
    table
}

fn median(mut rounds: Vec<Round>) -> Option<Round> {
    rounds.sort_by(|a, b| a.deliveries.total_cmp(&b.deliveries));
    let middle = rounds.len() / 2;
    (!rounds.is_empty()).then(|| rounds.swap_remove(middle))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(deliveries: f64) -> Round {
        Round {
            in_flight: 1,
            messages: 1.0,
            deliveries,
            ack: [0.0; 2],
            delivery: [0.0; 2],
            cpu_per_million: 0.0,
            server_cores: 0.0,
            generator_cores: 0.0,
            other_cores: 0.0,
        }
    }

    #[test]
    fn the_median_is_the_middle_round() {
        let rounds = [5.0, 1.0, 3.0].map(round).into();
        assert_eq!(median(rounds).unwrap().deliveries, 3.0);
        assert!(median(Vec::new()).is_none());
    }
}
