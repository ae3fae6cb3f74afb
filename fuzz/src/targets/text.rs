//! Text from outside, and the names that are made of it.

use std::cmp::Ordering;

use cabstand::domain::{Actor, DriverId, EventKind, UserId, clean};

use crate::safe::assert_safe;

/// What is kept of a text, in characters, before the sign that it was longer.
const LONGEST: usize = 160;

/// Cleans bytes, and reads them as names. Names stand apart by a zero byte.
///
/// # Panics
/// Where a law is broken.
pub fn hold(bytes: &[u8]) {
    let cleaned = clean(bytes);
    assert_safe(&cleaned);
    assert!(cleaned.chars().count() <= LONGEST + 1);
    assert_eq!(clean(cleaned.as_bytes()), cleaned, "what is clean stays as it is");
    let names: Vec<&[u8]> = bytes.splitn(3, |byte| *byte == 0).collect();
    for name in &names {
        hold_name(name);
    }
    let ids: Vec<DriverId> = names.iter().map(|name| DriverId::from_redis(name)).collect();
    hold_order(&ids);
}

fn hold_name(name: &[u8]) {
    let driver = DriverId::from_redis(name);
    assert_eq!(driver.as_bytes(), name, "an id keeps its bytes");
    assert_safe(driver.as_str());
    assert_eq!(driver.to_string(), driver.as_str());
    let json = serde_json::to_value(&driver).expect("an id is written as JSON");
    let Ok(text) = std::str::from_utf8(name) else {
        assert_eq!(json, driver.as_str());
        return;
    };
    assert_eq!(json, text, "programs get the exact name");
    assert_safe(Actor::new(text).as_str());
    assert_eq!(EventKind::parse(text).as_str(), text);
    let (as_driver, as_rider) = (text.parse::<DriverId>(), text.parse::<UserId>());
    assert_eq!(as_driver.is_ok(), as_rider.is_ok());
    if let (Ok(driver), Ok(rider)) = (as_driver, as_rider) {
        assert!((1..=128).contains(&text.len()));
        assert_eq!((driver.as_str(), driver.as_bytes(), rider.as_str()), (text, name, text));
        assert_safe(text);
    }
}

/// The order of ids is one, and two ids are alike in it where their bytes are.
fn hold_order(ids: &[DriverId]) {
    for a in ids {
        for b in ids {
            assert_eq!(a.cmp(b), b.cmp(a).reverse());
            assert_eq!(a.cmp(b) == Ordering::Equal, a.as_bytes() == b.as_bytes());
            for c in ids {
                assert!(!(a <= b && b <= c) || a <= c);
            }
        }
    }
}
