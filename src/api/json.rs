//! Reading JSON so that whatever is wrong with it is named. Malformed JSON is told from JSON that says the wrong thing: the
//! first is a 400, the second a 422 with the field that is at fault.

use std::fmt;
use std::str::FromStr;

use axum::http::StatusCode;
use serde::de::{DeserializeOwned, Deserializer, Error, IgnoredAny, Visitor};
use serde_json::value::RawValue;

use super::problem::Problem;

/// What is said of a text that is no JSON.
pub(super) fn malformed(why: &impl fmt::Display) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, format!("the body is no JSON: {why}"))
}

/// Reads a JSON object. What is well is read once; only what is wrong is read again, to say what and where.
pub(super) fn object<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    if let Some(read) = if_well(text) {
        return Ok(read);
    }
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| malformed(&error))?;
    fields(text)
}

/// Takes a JSON array apart, so that each of its elements can be read for itself, by [`fields`].
pub(super) fn array(text: &str) -> Result<Vec<&RawValue>, Problem> {
    serde_json::from_str(text).map_err(|error| malformed(&error))
}

/// Reads an object in a text that is known to be JSON.
pub(super) fn fields<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    if let Some(read) = if_well(text) {
        return Ok(read);
    }
    if !is_object(text) {
        return Err(Problem::field("", "this has to be a JSON object"));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let (path, said) = (error.path().to_string(), error.inner().to_string());
        let said = said.split(" at line ").next().unwrap_or_default();
        // A field that is not there has no path, only a name in the message.
        let named = ["missing field `", "duplicate field `"].iter().find_map(|start| said.strip_prefix(start));
        let field = named.and_then(|rest| rest.split('`').next()).unwrap_or(if path == "." { "" } else { &path });
        Problem::field(field, said)
    })
}

fn if_well<T: DeserializeOwned>(text: &str) -> Option<T> {
    if is_object(text) { serde_json::from_str(text).ok() } else { None }
}

/// An array would be taken for the fields in their order.
fn is_object(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// Reads a text that `T` checks: a driver's or a rider's id.
pub(super) fn from_text<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    let text: String = serde::Deserialize::deserialize(deserializer)?;
    text.parse().map_err(D::Error::custom)
}

/// The same for a field that may be left out or `null`.
pub(super) fn from_text_if_any<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    let text: Option<String> = serde::Deserialize::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
}

/// Reads a whole number or its text, as `T` checks it: a request's id.
pub(super) fn from_number_or_text<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    struct NumberOrText;

    impl Visitor<'_> for NumberOrText {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number or its text")
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<String, E> {
            Ok(number.to_string())
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }
    }

    deserializer.deserialize_any(NumberOrText)?.parse().map_err(D::Error::custom)
}
