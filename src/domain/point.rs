//! Places on the earth, in decimal degrees, and the distances between them as Redis measures them.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use utoipa::ToSchema;

/// The earth's radius in metres that Redis reckons with (`geohash_helper.c`), so that our distances are its distances.
pub const EARTH_RADIUS_M: f64 = 6_372_797.560_856;
/// The northernmost latitude that Redis can keep, in degrees; its negative is the southernmost. It is Web Mercator's.
pub const MAX_LAT: f64 = 85.051_128_78;
/// The easternmost longitude, in degrees; its negative is the westernmost.
pub const MAX_LNG: f64 = 180.0;

/// A place: latitude ±85.05112878° and longitude ±180°, both finite.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Point {
    /// Degrees north.
    #[schema(minimum = -85.051_128_78, maximum = 85.051_128_78)]
    lat: f64,
    /// Degrees east.
    #[schema(minimum = -180, maximum = 180)]
    lng: f64,
}

/// Why two numbers are no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PointError {
    /// The latitude is out of range.
    #[error("a latitude is a number from -85.05112878 to 85.05112878")]
    Lat,
    /// The longitude is out of range.
    #[error("a longitude is a number from -180 to 180")]
    Lng,
    /// A text that is not two numbers with a comma between them.
    #[error("a place is written LAT,LNG in decimal degrees, like -33.4426,-70.6305")]
    Form,
}

impl Point {
    /// The place at these degrees.
    ///
    /// # Errors
    /// Which of the two is out of range or not finite.
    pub fn new(lat: f64, lng: f64) -> Result<Self, PointError> {
        if !(-MAX_LAT..=MAX_LAT).contains(&lat) {
            Err(PointError::Lat)
        } else if !(-MAX_LNG..=MAX_LNG).contains(&lng) {
            Err(PointError::Lng)
        } else {
            Ok(Self { lat, lng })
        }
    }

    /// The place nearest to these degrees that can be kept: latitudes stop at the edge, longitudes go round.
    #[must_use]
    pub fn clamped(lat: f64, lng: f64) -> Self {
        let lng = if (-MAX_LNG..=MAX_LNG).contains(&lng) { lng } else { (lng + 180.0).rem_euclid(360.0) - 180.0 };
        Self { lat: lat.clamp(-MAX_LAT, MAX_LAT), lng }
    }

    /// Degrees north of the equator.
    #[must_use]
    pub fn lat(self) -> f64 {
        self.lat
    }

    /// Degrees east of Greenwich.
    #[must_use]
    pub fn lng(self) -> f64 {
        self.lng
    }

    /// Metres to `other` along the great circle (haversine on Redis' radius: the same as `GEODIST`).
    #[must_use]
    pub fn distance_m(self, other: Self) -> f64 {
        let (lat_a, lat_b) = (self.lat.to_radians(), other.lat.to_radians());
        let u = ((lat_b - lat_a) / 2.0).sin();
        let v = ((other.lng - self.lng).to_radians() / 2.0).sin();
        2.0 * EARTH_RADIUS_M * (u * u + lat_a.cos() * lat_b.cos() * v * v).sqrt().min(1.0).asin()
    }

    /// The direction of `other` from here along the great circle, in degrees from 0 (north) over 90 (east) to below 360.
    #[must_use]
    pub fn bearing(self, other: Self) -> f64 {
        let (lat_a, lat_b) = (self.lat.to_radians(), other.lat.to_radians());
        let east = (other.lng - self.lng).to_radians();
        let (y, x) = (east.sin() * lat_b.cos(), lat_a.cos() * lat_b.sin() - lat_a.sin() * lat_b.cos() * east.cos());
        let degrees = y.atan2(x).to_degrees().rem_euclid(360.0);
        // What is a hair below nothing would come out as a whole turn.
        if degrees < 360.0 { degrees } else { 0.0 }
    }

    /// The place `metres` away in the direction `bearing` (degrees, 0 is north, 90 is east).
    #[must_use]
    pub fn destination(self, bearing: f64, metres: f64) -> Self {
        let (lat, bearing, angle) = (self.lat.to_radians(), bearing.to_radians(), metres / EARTH_RADIUS_M);
        let north = (lat.sin() * angle.cos() + lat.cos() * angle.sin() * bearing.cos()).clamp(-1.0, 1.0).asin();
        let east = (bearing.sin() * angle.sin() * lat.cos()).atan2(angle.cos() - lat.sin() * north.sin());
        Self::clamped(north.to_degrees(), self.lng + east.to_degrees())
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.4}, {:.4}", self.lat, self.lng)
    }
}

/// Reads `LAT,LNG`.
impl FromStr for Point {
    type Err = PointError;

    fn from_str(text: &str) -> Result<Self, PointError> {
        let (lat, lng) = text.split_once(',').ok_or(PointError::Form)?;
        let degrees = |t: &str| t.trim().parse::<f64>().map_err(|_| PointError::Form);
        Self::new(degrees(lat)?, degrees(lng)?)
    }
}

/// A rectangle in degrees, sides included. It does not reach over the 180th meridian.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The southern side's latitude.
    pub south: f64,
    /// The northern side's latitude.
    pub north: f64,
    /// The western side's longitude.
    pub west: f64,
    /// The eastern side's longitude.
    pub east: f64,
}

impl Bounds {
    /// All places that Redis can keep.
    pub const EARTH: Self = Self { south: -MAX_LAT, north: MAX_LAT, west: -MAX_LNG, east: MAX_LNG };

    /// The smallest rectangle around these places; none where there are none.
    pub fn around(places: impl IntoIterator<Item = Point>) -> Option<Self> {
        places.into_iter().fold(None, |bounds: Option<Self>, p| {
            let b = bounds.unwrap_or(Self { south: p.lat, north: p.lat, west: p.lng, east: p.lng });
            Some(Self {
                south: b.south.min(p.lat),
                north: b.north.max(p.lat),
                west: b.west.min(p.lng),
                east: b.east.max(p.lng),
            })
        })
    }

    /// Whether the place is inside.
    #[must_use]
    pub fn contains(self, p: Point) -> bool {
        (self.south..=self.north).contains(&p.lat) && (self.west..=self.east).contains(&p.lng)
    }

    /// Whether the two have any place in common.
    #[must_use]
    pub fn meets(self, other: Self) -> bool {
        let over = self.west <= other.east && other.west <= self.east;
        over && self.south <= other.north && other.south <= self.north
    }

    /// Its south-western and north-eastern corners.
    #[must_use]
    pub fn corners(self) -> [Point; 2] {
        [(self.south, self.west), (self.north, self.east)]
            .map(|(lat, lng)| Point { lat: lat.clamp(-MAX_LAT, MAX_LAT), lng: lng.clamp(-MAX_LNG, MAX_LNG) })
    }

    /// The place in the middle.
    #[must_use]
    pub fn centre(self) -> Point {
        Point::clamped(f64::midpoint(self.south, self.north), f64::midpoint(self.west, self.east))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_edges_are_places_and_beyond_is_not() {
        assert!(Point::new(MAX_LAT, MAX_LNG).is_ok());
        assert!(Point::new(-MAX_LAT, -MAX_LNG).is_ok());
        assert_eq!(Point::new(85.06, 0.0), Err(PointError::Lat));
        assert_eq!(Point::new(0.0, 180.01), Err(PointError::Lng));
        assert_eq!(Point::new(f64::NAN, 0.0), Err(PointError::Lat));
        assert_eq!(Point::new(0.0, f64::INFINITY), Err(PointError::Lng));
    }

    #[test]
    fn a_place_is_read_from_text() {
        assert_eq!("-33.4426, -70.6305".parse::<Point>(), Point::new(-33.4426, -70.6305));
        assert_eq!("north".parse::<Point>(), Err(PointError::Form));
        assert_eq!("91,0".parse::<Point>(), Err(PointError::Lat));
    }

    #[test]
    fn longitudes_go_round() {
        assert!((Point::clamped(0.0, 190.0).lng() + 170.0).abs() < 1e-9);
        assert!((Point::clamped(0.0, -190.0).lng() - 170.0).abs() < 1e-9);
        assert!((Point::clamped(90.0, 0.0).lat() - MAX_LAT).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn a_destination_is_as_far_as_was_asked(lat in -80.0..80.0f64, lng in -179.0..179.0f64, bearing in 0.0..360.0f64, metres in 1.0..100_000.0f64) {
            let from = Point::new(lat, lng).unwrap();
            let to = from.destination(bearing, metres);
            prop_assert!((from.distance_m(to) - metres).abs() < metres * 1e-6 + 1e-3);
        }

        #[test]
        fn a_bearing_leads_there(lat in -80.0..80.0f64, lng in -179.0..179.0f64, bearing in 0.0..360.0f64, metres in 100.0..100_000.0f64) {
            let from = Point::new(lat, lng).unwrap();
            let to = from.destination(bearing, metres);
            let told = from.bearing(to);
            prop_assert!((0.0..360.0).contains(&told));
            prop_assert!(from.destination(told, metres).distance_m(to) < metres * 1e-6 + 1e-2, "{told} for {bearing}");
        }

        #[test]
        fn a_distance_is_the_same_both_ways(a in (-85.0..85.0f64, -180.0..180.0f64), b in (-85.0..85.0f64, -180.0..180.0f64)) {
            let (a, b) = (Point::new(a.0, a.1).unwrap(), Point::new(b.0, b.1).unwrap());
            prop_assert!((a.distance_m(b) - b.distance_m(a)).abs() < 1e-6);
        }
    }
}
