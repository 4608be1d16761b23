//! How many connections there may be, together and from one address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use ipnet::IpNet;

use crate::{config::Config, limits::network};

/// What a connection above the bound is told, as far as it listens.
pub(super) const NO_ROOM: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n\
    Retry-After: 10\r\nConnection: close\r\nContent-Length: 57\r\n\r\n\
    {\"message\":\"too many connections; try again in a while\"}\n";

/// Counts connections; those of exempt networks and of trusted proxies count together only.
#[derive(Clone)]
pub struct Admission {
    counts: Arc<Mutex<Counts>>,
    most: usize,
    most_per_address: usize,
    uncounted: Arc<[IpNet]>,
}

#[derive(Default)]
struct Counts {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// The right to be connected; given back when dropped.
pub struct Place {
    counts: Arc<Mutex<Counts>>,
    address: Option<IpAddr>,
}

impl Admission {
    /// Nobody is in yet.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            counts: Arc::default(),
            most: config.limits.connections,
            most_per_address: config.limits.connections_per_address,
            uncounted: config
                .limits
                .exempt
                .iter()
                .chain(&config.trusted_proxies)
                .copied()
                .collect(),
        }
    }

    /// Lets a connection in, if there is room.
    #[must_use]
    pub fn admit(&self, address: IpAddr) -> Option<Place> {
        let address = address.to_canonical();
        let counted = (!self
            .uncounted
            .iter()
            .any(|network| network.contains(&address)))
        .then(|| network(address));
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.all >= self.most {
            return None;
        }
        if let Some(address) = counted {
            let count = counts.by_address.entry(address).or_default();
            if *count >= self.most_per_address {
                return None;
            }
            *count += 1;
        }
        counts.all += 1;
        Some(Place {
            counts: Arc::clone(&self.counts),
            address: counted,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all -= 1;
        if let Some(address) = self.address
            && let Some(count) = counts.by_address.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                counts.by_address.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_at_its_bound_keeps_no_other_out_and_places_come_back() {
        let mut config = Config::default();
        config.limits.connections = 4;
        config.limits.connections_per_address = 2;
        config.limits.exempt = vec!["10.0.0.0/8".parse().unwrap()];
        let admission = Admission::new(&config);
        let address = |text: &str| text.parse().unwrap();
        let first = admission.admit(address("192.0.2.1")).unwrap();
        let _second = admission.admit(address("::ffff:192.0.2.1")).unwrap();
        assert!(admission.admit(address("192.0.2.1")).is_none());
        let _other = admission.admit(address("192.0.2.2")).unwrap();
        let _exempt = admission.admit(address("10.1.1.1")).unwrap();
        assert!(
            admission.admit(address("10.1.1.1")).is_none(),
            "the whole is bounded for everybody"
        );
        drop(first);
        assert!(admission.admit(address("192.0.2.1")).is_some());
    }

    #[test]
    fn an_ipv6_household_is_one_address() {
        let mut config = Config::default();
        config.limits.connections_per_address = 1;
        let admission = Admission::new(&config);
        let address = |text: &str| text.parse().unwrap();
        let first = admission.admit(address("2001:db8:0:1::1")).unwrap();
        assert!(admission.admit(address("2001:db8:0:1:ffff::2")).is_none());
        let _other = admission.admit(address("2001:db8:0:2::1")).unwrap();
        drop(first);
        assert!(admission.admit(address("2001:db8:0:1:ffff::2")).is_some());
    }

    #[test]
    fn the_answer_above_the_bound_is_well_formed() {
        let text = std::str::from_utf8(NO_ROOM).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())));
    }
}
