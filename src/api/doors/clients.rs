//! Which client calls, and how much of something each has.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::HeaderMap;

/// A household has so many bits of its IPv6 addresses in common: within them it can take any.
const HOUSEHOLD: u32 = 64;
/// The header in which a proxy tells whose call it hands on.
const FORWARDED: &str = "x-forwarded-for";

/// One who calls, by its address: an IPv4 address, or the first half of an IPv6 one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::api) struct Client(IpAddr);

impl Client {
    pub(in crate::api) fn at(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << HOUSEHOLD)).into(),
            address @ IpAddr::V4(_) => address,
        })
    }
}

impl std::fmt::Display for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Whom a proxy calls for: the last of those that it names, since all before are what it was told itself.
pub(super) fn behind_proxy(headers: &HeaderMap) -> Option<Client> {
    let last = headers.get_all(FORWARDED).iter().next_back()?.to_str().ok()?.rsplit(',').next()?.trim();
    let with_port = || last.parse().map(|address: std::net::SocketAddr| address.ip());
    let in_brackets = last.trim_start_matches('[').trim_end_matches(']').parse();
    in_brackets.or_else(|_| with_port()).ok().map(Client::at)
}

/// Counts what each client has of something, up to a bound. Clones count together.
#[derive(Clone)]
pub(super) struct Shares {
    /// How much one may have; none where that is not bound.
    most: Option<usize>,
    had: Arc<Mutex<HashMap<Client, usize>>>,
}

impl Shares {
    pub(super) fn new(most: Option<usize>) -> Self {
        Self { most, had: Arc::default() }
    }

    /// One more for this client, until it is dropped; none where it has as much as it may.
    pub(super) fn take(&self, client: Client) -> Option<Share> {
        let Some(most) = self.most else { return Some(Share(None)) };
        let mut had = self.lock();
        let count = had.entry(client).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Share(Some((self.clone(), client))))
    }

    fn give_back(&self, client: Client) {
        if let Entry::Occupied(mut had) = self.lock().entry(client) {
            *had.get_mut() -= 1;
            if *had.get() == 0 {
                had.remove();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Client, usize>> {
        self.had.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a client has, until it is dropped; of what is not bound, nothing is counted.
pub(in crate::api) struct Share(Option<(Shares, Client)>);

impl Share {
    /// One that nobody counts.
    pub(super) fn uncounted() -> Self {
        Self(None)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if let Some((shares, client)) = &self.0 {
            shares.give_back(*client);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(address: &str) -> Client {
        Client::at(address.parse().unwrap())
    }

    #[test]
    fn a_client_is_an_address_or_a_household_of_them() {
        assert_eq!(client("2001:db8:1:2::1"), client("2001:db8:1:2:ffff::9"));
        assert_ne!(client("2001:db8:1:2::1"), client("2001:db8:1:3::1"));
        assert_ne!(client("192.0.2.1"), client("192.0.2.2"));
        assert_eq!(client("::ffff:192.0.2.1"), client("192.0.2.1"));
    }

    #[test]
    fn of_those_that_a_proxy_names_the_last_counts() {
        let behind = |lines: &[&'static str]| {
            let lines = lines.iter().map(|line| (FORWARDED.parse().unwrap(), line.parse().unwrap()));
            behind_proxy(&lines.collect())
        };
        assert_eq!(behind(&["1.2.3.4, 192.0.2.7"]), Some(client("192.0.2.7")));
        assert_eq!(behind(&["1.2.3.4", "5.6.7.8,192.0.2.7"]), Some(client("192.0.2.7")));
        assert_eq!(behind(&["192.0.2.7:4711"]), Some(client("192.0.2.7")));
        assert_eq!(behind(&["[2001:db8::1]:4711"]), Some(client("2001:db8::")));
        assert_eq!(behind(&["2001:db8::1"]), Some(client("2001:db8::")));
        for odd in [&[][..], &[""], &["unknown"], &["192.0.2.7,"], &["192.0.2.7", ""]] {
            assert_eq!(behind(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn one_who_has_all_that_it_may_costs_others_nothing() {
        let shares = Shares::new(Some(2));
        let (greedy, other) = (client("192.0.2.1"), client("192.0.2.2"));
        let had = [shares.take(greedy), shares.take(greedy)];
        assert!(had.iter().all(Option::is_some) && shares.take(greedy).is_none());
        assert!(shares.take(other).is_some());
        drop(had);
        assert!(shares.lock().is_empty(), "who has nothing is forgotten");
        assert!(shares.take(greedy).is_some());
        assert!(Shares::new(None).take(greedy).is_some());
        assert!(Shares::new(Some(0)).take(greedy).is_none());
    }
}
