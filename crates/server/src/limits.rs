//! How often: requests of an account, registrations and failed logins of an address; and whose address it is.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::http::HeaderMap;
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use hongyan_protocol::id::UserId;

use crate::config::{Config, Limits};

/// Addresses counted at the same time. At the bound all are forgotten: whoever commands that many addresses has as
/// many tries without it.
const COUNTED_ADDRESSES: usize = 100_000;

/// The rates in force. A refusal says how many ms to wait.
pub struct Rates {
    requests: DefaultKeyedRateLimiter<UserId>,
    clock: DefaultClock,
    registrations: Window,
    failed_logins: Window,
}

impl Rates {
    /// Nobody has done anything yet.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        let above_zero = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(above_zero(limits.requests_per_second))
            .allow_burst(above_zero(limits.request_burst));
        Self {
            requests: RateLimiter::keyed(quota),
            clock: DefaultClock::default(),
            registrations: Window::new(limits.registrations_per_hour, Duration::from_secs(60 * 60)),
            failed_logins: Window::new(limits.failed_logins, Duration::from_secs(10 * 60)),
        }
    }

    /// Counts a request of an account, over HTTP or a WebSocket.
    pub fn request(&self, user: UserId, exempt: bool) -> Result<(), u64> {
        if exempt {
            return Ok(());
        }
        self.requests.check_key(&user).map_err(|refused| {
            let wait = refused.wait_time_from(self.clock.now());
            whole_ms(wait)
        })
    }

    /// Counts a registration.
    pub fn registration(&self, caller: &Caller) -> Result<(), u64> {
        if caller.exempt {
            return Ok(());
        }
        let now = Instant::now();
        self.registrations.check(caller.address, now)?;
        self.registrations.count(caller.address, now);
        Ok(())
    }

    /// Whether this address may try a password. What fails is counted afterwards, so logins that are under way at the
    /// same time (at most as many as one address may have at the hasher) can go over the limit once.
    pub fn login(&self, caller: &Caller) -> Result<(), u64> {
        if caller.exempt {
            return Ok(());
        }
        self.failed_logins.check(caller.address, Instant::now())
    }

    /// Counts a password that was wrong.
    pub fn login_failed(&self, caller: &Caller) {
        if !caller.exempt {
            self.failed_logins.count(caller.address, Instant::now());
        }
    }

    /// Forgets whom no rate holds back any more. To be called every minute or so.
    pub fn sweep(&self) {
        self.requests.retain_recent();
        self.requests.shrink_to_fit();
        let now = Instant::now();
        self.registrations.sweep(now);
        self.failed_logins.sweep(now);
    }
}

fn whole_ms(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1)
}

/// Counts for each address what happens within a time that starts with the first.
struct Window {
    limit: u32,
    length: Duration,
    counts: Mutex<HashMap<IpAddr, Count>>,
}

struct Count {
    since: Instant,
    number: u32,
}

impl Window {
    fn new(limit: u32, length: Duration) -> Self {
        Self {
            limit,
            length,
            counts: Mutex::default(),
        }
    }

    fn check(&self, address: IpAddr, now: Instant) -> Result<(), u64> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        match counts.get(&network(address)) {
            Some(count) if count.number >= self.limit => {
                let left = (count.since + self.length).saturating_duration_since(now);
                if left.is_zero() {
                    Ok(())
                } else {
                    Err(whole_ms(left))
                }
            }
            _ => Ok(()),
        }
    }

    fn count(&self, address: IpAddr, now: Instant) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= COUNTED_ADDRESSES {
            *counts = HashMap::new();
        }
        let count = counts.entry(network(address)).or_insert(Count {
            since: now,
            number: 0,
        });
        if now.saturating_duration_since(count.since) >= self.length {
            *count = Count {
                since: now,
                number: 0,
            };
        }
        count.number = count.number.saturating_add(1);
    }

    fn sweep(&self, now: Instant) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.retain(|_, count| now.saturating_duration_since(count.since) < self.length);
        counts.shrink_to_fit();
    }
}

/// What counts as one address: of IPv6 the /64, which is what one household or machine is given.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(
            address.to_bits() & !u128::from(u64::MAX),
        )),
    }
}

/// Who is at the other end of a request, looked at through the proxies that are trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    pub address: IpAddr,
    /// Whether rates and connection counts leave this address alone.
    pub exempt: bool,
    /// Whether the request came by https, as a trusted proxy says.
    pub https: bool,
}

impl Caller {
    /// The caller of a request that came from `peer` with these headers.
    #[must_use]
    pub fn of(config: &Config, peer: IpAddr, headers: &HeaderMap) -> Self {
        let address = client_address(config, peer, headers);
        let proto = forwarded(config, peer, headers, "x-forwarded-proto");
        Self {
            address,
            exempt: config.is_exempt(address),
            https: proto.is_some_and(|proto| proto.eq_ignore_ascii_case("https")),
        }
    }
}

/// What the proxy at `peer` says in this header, the last of several values; `None` when nobody trusts that proxy.
pub(crate) fn forwarded<'h>(
    config: &Config,
    peer: IpAddr,
    headers: &'h HeaderMap,
    name: &str,
) -> Option<&'h str> {
    if !is_trusted(config, peer.to_canonical()) {
        return None;
    }
    values(headers, name).next()
}

/// The rightmost address in `X-Forwarded-For` that is no trusted proxy: what stands left of it, anybody may have written.
fn client_address(config: &Config, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let mut address = peer.to_canonical();
    for value in values(headers, "x-forwarded-for") {
        if !is_trusted(config, address) {
            break;
        }
        match read_address(value) {
            Some(before) => address = before,
            None => break,
        }
    }
    address
}

fn is_trusted(config: &Config, address: IpAddr) -> bool {
    config
        .trusted_proxies
        .iter()
        .any(|network| network.contains(&address))
}

/// The values of a header that is a list, the last one first; one that is no text is empty, and spoils no other.
fn values<'h>(headers: &'h HeaderMap, name: &str) -> impl Iterator<Item = &'h str> {
    let lines: Vec<_> = headers.get_all(name).iter().collect();
    lines.into_iter().rev().flat_map(|line| {
        let values = line.as_bytes().rsplit(|&byte| byte == b',');
        values.map(|value| str::from_utf8(value).unwrap_or_default().trim())
    })
}

fn read_address(text: &str) -> Option<IpAddr> {
    let address = text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    address
        .or_else(with_port)
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn caller(proxies: &[&str], peer: &str, headers: &[(&'static str, &str)]) -> Caller {
        let config = Config {
            trusted_proxies: proxies
                .iter()
                .map(|network| network.parse().unwrap())
                .collect(),
            ..Config::default()
        };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        Caller::of(&config, ip(peer), &map)
    }

    #[test]
    fn a_stranger_cannot_forge_an_address_or_https() {
        let forged = [
            ("x-forwarded-for", "9.9.9.9"),
            ("x-forwarded-proto", "https"),
        ];
        let caller = caller(&["10.0.0.0/8"], "192.0.2.1", &forged);
        assert_eq!(
            caller,
            Caller {
                address: ip("192.0.2.1"),
                exempt: false,
                https: false
            }
        );
    }

    #[test]
    fn behind_trusted_proxies_the_rightmost_other_address_counts() {
        let headers = [
            ("x-forwarded-for", "9.9.9.9, 198.51.100.7"),
            ("x-forwarded-for", "10.0.0.2"),
            ("x-forwarded-proto", "https"),
        ];
        let caller = caller(&["10.0.0.0/8"], "::ffff:10.0.0.1", &headers);
        assert_eq!(
            caller,
            Caller {
                address: ip("198.51.100.7"),
                exempt: false,
                https: true
            }
        );
    }

    #[test]
    fn addresses_may_carry_ports_and_nonsense_ends_the_search() {
        let address =
            |value| caller(&["10.0.0.1/32"], "10.0.0.1", &[("x-forwarded-for", value)]).address;
        assert_eq!(address("[2001:db8::1]:5000"), ip("2001:db8::1"));
        assert_eq!(address("198.51.100.7:80"), ip("198.51.100.7"));
        assert_eq!(address("9.9.9.9, unknown"), ip("10.0.0.1"));
    }

    #[test]
    fn what_is_no_text_hides_no_address_right_of_it() {
        let address = |value: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.append("x-forwarded-for", HeaderValue::from_bytes(value).unwrap());
            let config = Config {
                trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
                ..Config::default()
            };
            Caller::of(&config, ip("10.0.0.1"), &headers).address
        };
        assert_eq!(address(b"\xFF, 198.51.100.7"), ip("198.51.100.7"));
        assert_eq!(address(b"9.9.9.9, \xFF, 10.0.0.2"), ip("10.0.0.2"));
    }

    #[test]
    fn an_ipv6_household_counts_as_one_address() {
        let now = Instant::now();
        let window = Window::new(1, Duration::from_secs(60));
        window.count(ip("2001:db8:0:1::1"), now);
        assert_eq!(window.check(ip("2001:db8:0:1:ffff::2"), now), Err(60_000));
        assert_eq!(window.check(ip("2001:db8:0:2::1"), now), Ok(()));
        assert_eq!(window.check(ip("192.0.2.1"), now), Ok(()));
    }

    #[test]
    fn a_window_ends_with_its_time() {
        let (address, now) = (ip("192.0.2.1"), Instant::now());
        let window = Window::new(2, Duration::from_secs(60));
        window.count(address, now);
        assert_eq!(window.check(address, now), Ok(()));
        window.count(address, now);
        let later = now + Duration::from_secs(59);
        assert_eq!(window.check(address, later), Err(1000));
        window.sweep(later);
        assert_eq!(window.check(address, later), Err(1000));
        let over = now + Duration::from_secs(60);
        assert_eq!(window.check(address, over), Ok(()));
        window.count(address, over);
        assert_eq!(window.check(address, over), Ok(()));
        window.sweep(over + Duration::from_secs(60));
        assert!(window.counts.lock().unwrap().is_empty());
    }

    #[test]
    fn requests_are_bound_by_account_and_the_wait_is_told() {
        let limits = Limits {
            requests_per_second: 1,
            request_burst: 2,
            ..Config::default().limits
        };
        let rates = Rates::new(&limits);
        let (ann, bo) = (UserId::mint(), UserId::mint());
        assert_eq!(rates.request(ann, false), Ok(()));
        assert_eq!(rates.request(ann, false), Ok(()));
        let wait = rates.request(ann, false).unwrap_err();
        assert!((1..=1000).contains(&wait), "{wait}");
        assert_eq!(rates.request(ann, true), Ok(()));
        assert_eq!(rates.request(bo, false), Ok(()));
    }
}
