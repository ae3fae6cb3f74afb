//! The bodies of calls, up to where Redis would be asked.

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{Request, header};
use cabstand::api::fuzzing::{self, Refused};
use cabstand::domain::{Bounds, Point, UserId};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use super::first_line;
use crate::safe::assert_safe;

/// The longest array that is read, in bytes.
const LONGEST_ARRAY: usize = 256 * 1024;

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().expect("a runtime starts"));

/// Reads a call: the header `Content-Type` in the first line, then the body, which every endpoint is given.
///
/// # Panics
/// Where a law is broken.
pub fn hold(bytes: &[u8]) {
    let (kind, body) = first_line(bytes);
    let Ok(call) = Request::post("/").header(header::CONTENT_TYPE, kind).body(Body::from(body.to_vec())) else {
        return;
    };
    let text = match RUNTIME.block_on(fuzzing::text(call, LONGEST_ARRAY)) {
        Ok(text) => text,
        Err(refused) => return hold_refused(&refused, &[400, 413, 415]),
    };
    assert_eq!(text.as_bytes(), body);
    // What is nested too deeply for a `Value` is passed over where nobody knows the field: then there is nothing to compare with.
    let Ok(value) = serde_json::from_str::<Value>(&text) else {
        let refusals = [fuzzing::report(&text).err(), fuzzing::cancel(&text).err(), fuzzing::reports(&text).err()];
        for refused in refusals.iter().flatten() {
            hold_refused(refused, &[400, 404, 422]);
        }
        return;
    };
    // It is JSON, so it is no malformed body.
    let refused = |refused: Refused| hold_refused(&refused, &[404, 422]);
    match fuzzing::report(&text) {
        Ok(driver) => {
            hold_place(&value, driver.place);
            assert_eq!(value["id"].as_str(), Some(driver.id.as_str()));
        }
        Err(error) => refused(error),
    }
    match fuzzing::open(&text) {
        Ok((place, rider)) => {
            hold_place(&value, place);
            assert_eq!(value["user_id"].as_str(), rider.as_ref().map(UserId::as_str));
        }
        Err(error) => refused(error),
    }
    match fuzzing::search(&text) {
        Ok((place, limit)) => {
            hold_place(&value, place);
            assert_eq!(value["limit"].as_u64().unwrap_or(1), limit as u64);
            assert!((1..=100).contains(&limit));
        }
        Err(error) => refused(error),
    }
    match fuzzing::cancel(&text) {
        Ok(id) => {
            let written = value["request_id"].as_str().map(str::to_owned);
            assert_eq!(written.unwrap_or_else(|| value["request_id"].to_string()), id.to_string());
        }
        Err(error) => refused(error),
    }
    hold_array(&text, &value);
}

fn hold_array(text: &str, value: &Value) {
    match fuzzing::reports(text) {
        Ok((drivers, accepted, refused)) => {
            let all = value.as_array().map_or(0, Vec::len);
            assert!(accepted + refused == all, "{accepted} and {refused} of {all}");
            assert!(drivers.len() <= accepted && all <= 1_000);
            let mut ids: Vec<_> = drivers.iter().map(|driver| &driver.id).collect();
            ids.sort();
            assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "one driver stands at two places");
        }
        Err(error) => hold_refused(&error, &[400, 422]),
    }
}

fn hold_refused(refused: &Refused, statuses: &[u16]) {
    assert!(statuses.contains(&refused.status), "{refused:?}");
    assert_safe(&refused.detail);
    refused.field.as_deref().into_iter().for_each(assert_safe);
}

fn hold_place(value: &Value, place: Point) {
    assert!(Bounds::EARTH.contains(place));
    assert_eq!((value["lat"].as_f64(), value["lng"].as_f64()), (Some(place.lat()), Some(place.lng())));
}
