//! Streets, zones and whatever else has lines, laid under the drivers from a `GeoJSON` file (RFC 7946).
//!
//! Lines are kept in short pieces with a rectangle around each, so that a frame pays for what is in sight and not for the
//! whole file.

use geojson::{Feature, GeoJson, Geometry, GeometryValue, Position};

use crate::domain::{Bounds, Point, PointError, clean};

/// The largest file that is taken, in bytes.
pub const MOST_BYTES: usize = 8 << 20;
/// So many points are taken at the most.
pub const MOST_POINTS: usize = 200_000;
/// Points of a piece, at the most.
const PIECE: usize = 64;

/// What is laid under the drivers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overlay {
    /// Lines and edges, in the order of the file.
    pub lines: Vec<Line>,
}

/// A line, or one edge of an area.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its `name` in the file, made safe to show; empty where it has none.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The rectangle around it.
    pub bounds: Bounds,
    /// Its parts, each of which begins where the one before ends.
    pub pieces: Vec<Piece>,
}

/// What a line means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A line of its own, such as a street.
    Line,
    /// The edge of an area, or of a hole in it.
    Area,
}

/// A short part of a line.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// The rectangle around it.
    pub bounds: Bounds,
    /// Its places, at least two.
    pub points: Vec<Point>,
}

/// Why a text cannot be laid under the drivers, and what to do about it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum OverlayError {
    /// The file is too large.
    #[error("it is larger than 8 MiB: leave out what the map need not show, or simplify its lines")]
    TooLarge,
    /// There are too many points.
    #[error("it has more than 200000 points by {feature}: leave out what the map need not show, or simplify its lines")]
    TooManyPoints {
        /// The feature with which there are too many.
        feature: String,
    },
    /// It is not `GeoJSON`.
    #[error("it is no GeoJSON: {0}")]
    Malformed(String),
    /// A position is no place on the earth, or none that Redis can keep.
    #[error(
        "{feature} has a position {position}, but {reason}: positions are [longitude, latitude] in degrees (WGS 84); \
         from other coordinates `ogr2ogr -t_srs EPSG:4326` makes them"
    )]
    NoPlace {
        /// The feature that has it.
        feature: String,
        /// The position as it stands there.
        position: String,
        /// What is wrong with it.
        reason: PointError,
    },
    /// There is nothing to draw.
    #[error("it has no line and no area: points alone are not drawn")]
    Empty,
}

impl Overlay {
    /// Reads lines and areas out of `GeoJSON`. Points are left out: places have names as bookmarks.
    ///
    /// # Errors
    /// What is wrong, in which feature, and what to do about it.
    pub fn parse(text: &str) -> Result<Self, OverlayError> {
        if text.len() > MOST_BYTES {
            return Err(OverlayError::TooLarge);
        }
        let json: GeoJson =
            text.parse().map_err(|e: geojson::Error| OverlayError::Malformed(clean(e.to_string().as_bytes())))?;
        let mut reading = Reading::default();
        match json {
            GeoJson::Geometry(geometry) => reading.geometry(&geometry)?,
            GeoJson::Feature(feature) => reading.feature(1, &feature)?,
            GeoJson::FeatureCollection(collection) => {
                for (number, feature) in (1..).zip(&collection.features) {
                    reading.feature(number, feature)?;
                }
            }
        }
        if reading.lines.is_empty() {
            return Err(OverlayError::Empty);
        }
        Ok(Self { lines: reading.lines })
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

/// What has been read so far, and the feature that is being read.
#[derive(Default)]
struct Reading {
    lines: Vec<Line>,
    points: usize,
    number: usize,
    name: String,
}

impl Reading {
    fn feature(&mut self, number: usize, feature: &Feature) -> Result<(), OverlayError> {
        self.number = number;
        let name = feature.property("name").and_then(|name| name.as_str()).unwrap_or_default();
        self.name = clean(name.trim().as_bytes());
        feature.geometry.as_ref().map_or(Ok(()), |geometry| self.geometry(geometry))
    }

    fn geometry(&mut self, geometry: &Geometry) -> Result<(), OverlayError> {
        match &geometry.value {
            GeometryValue::Point { .. } | GeometryValue::MultiPoint { .. } => Ok(()),
            GeometryValue::LineString { coordinates } => self.line(coordinates, Kind::Line),
            GeometryValue::MultiLineString { coordinates } => {
                coordinates.iter().try_for_each(|line| self.line(line, Kind::Line))
            }
            GeometryValue::Polygon { coordinates } => {
                coordinates.iter().try_for_each(|ring| self.line(ring, Kind::Area))
            }
            GeometryValue::MultiPolygon { coordinates } => {
                coordinates.iter().flatten().try_for_each(|ring| self.line(ring, Kind::Area))
            }
            GeometryValue::GeometryCollection { geometries } => {
                geometries.iter().try_for_each(|geometry| self.geometry(geometry))
            }
        }
    }

    fn line(&mut self, positions: &[Position], kind: Kind) -> Result<(), OverlayError> {
        self.points += positions.len();
        if self.points > MOST_POINTS {
            return Err(OverlayError::TooManyPoints { feature: self.called() });
        }
        let points: Vec<Point> = positions.iter().map(|position| self.place(position)).collect::<Result<_, _>>()?;
        // A line of a single place has no length.
        if let (Some(bounds), 2..) = (Bounds::around(points.iter().copied()), points.len()) {
            let pieces = pieces(&points).collect();
            self.lines.push(Line { name: self.name.clone(), kind, bounds, pieces });
        }
        Ok(())
    }

    fn place(&self, position: &Position) -> Result<Point, OverlayError> {
        let [lng, lat, ..] = position.as_slice() else {
            return Err(OverlayError::Malformed(format!("{} has a position of less than two numbers", self.called())));
        };
        Point::new(*lat, *lng).map_err(|reason| OverlayError::NoPlace {
            feature: self.called(),
            position: format!("[{lng}, {lat}]"),
            reason,
        })
    }

    /// The feature as an error names it.
    fn called(&self) -> String {
        match (self.number, self.name.as_str()) {
            (0, _) => "the geometry".to_owned(),
            (number, "") => format!("feature {number}"),
            (number, name) => format!("feature {number} ({name})"),
        }
    }
}

fn pieces(points: &[Point]) -> impl Iterator<Item = Piece> {
    let starts = (0..points.len().saturating_sub(1)).step_by(PIECE - 1);
    starts.filter_map(|start| {
        let points = points.get(start..points.len().min(start + PIECE))?.to_vec();
        Bounds::around(points.iter().copied()).map(|bounds| Piece { bounds, points })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn feature(name: &str, geometry: &str) -> String {
        format!(r#"{{"type":"Feature","properties":{{"name":"{name}"}},"geometry":{geometry}}}"#)
    }

    fn collection(features: &[String]) -> String {
        format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))
    }

    fn told(text: &str) -> Vec<(String, Kind, usize)> {
        let lines = Overlay::parse(text).unwrap().lines;
        let points = |line: &Line| line.pieces.iter().map(|piece| piece.points.len() - 1).sum::<usize>() + 1;
        lines.iter().map(|line| (line.name.clone(), line.kind, points(line))).collect()
    }

    #[test]
    fn every_kind_of_line_and_area_is_read() {
        let text = collection(&[
            feature("Alameda", r#"{"type":"LineString","coordinates":[[-70.6,-33.4],[-70.7,-33.5]]}"#),
            feature("", r#"{"type":"MultiLineString","coordinates":[[[1,1],[2,2]],[[3,3],[4,4],[5,5]]]}"#),
            feature("Park", r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]],[[0,0],[1,0],[0,0]]]}"#),
            feature("Zones", r#"{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]]]}"#),
            feature("Spot", r#"{"type":"Point","coordinates":[0,0]}"#),
            feature(
                "Both",
                r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[0,0]},{"type":"LineString","coordinates":[[0,0],[1,1,9.5]]}]}"#,
            ),
            feature("Nowhere", "null"),
        ]);
        let expected = [
            ("Alameda", Kind::Line, 2),
            ("", Kind::Line, 2),
            ("", Kind::Line, 3),
            ("Park", Kind::Area, 4),
            ("Park", Kind::Area, 3),
            ("Zones", Kind::Area, 4),
            ("Both", Kind::Line, 2),
        ];
        assert_eq!(told(&text), expected.map(|(name, kind, points)| (name.to_owned(), kind, points)));
    }

    #[test]
    fn a_geometry_or_a_feature_alone_will_do() {
        assert_eq!(told(r#"{"type":"LineString","coordinates":[[0,0],[1,1]]}"#).len(), 1);
        assert_eq!(told(&feature("a", r#"{"type":"LineString","coordinates":[[0,0],[1,1]]}"#)).len(), 1);
    }

    #[test]
    fn names_are_made_safe() {
        let text = feature("a\\u001b[31m\\u202eb", r#"{"type":"LineString","coordinates":[[0,0],[1,1]]}"#);
        assert_eq!(told(&text)[0].0, "a\\u{1b}[31m\\u{202e}b");
    }

    #[test]
    fn an_error_names_the_feature_and_says_what_to_do() {
        let utm = collection(&[
            feature("Good", r#"{"type":"LineString","coordinates":[[0,0],[1,1]]}"#),
            feature("Metres", r#"{"type":"LineString","coordinates":[[0,0],[345000,6300000]]}"#),
        ]);
        let error = Overlay::parse(&utm).unwrap_err().to_string();
        assert!(error.starts_with("feature 2 (Metres) has a position [345000, 6300000], but a latitude is"), "{error}");
        assert!(error.contains("ogr2ogr"), "{error}");
        let short = feature("Short", r#"{"type":"LineString","coordinates":[[0],[1,1]]}"#);
        assert!(Overlay::parse(&short).unwrap_err().to_string().starts_with("it is no GeoJSON: "));
        assert!(matches!(Overlay::parse("{}"), Err(OverlayError::Malformed(_))));
        assert!(matches!(Overlay::parse("<kml>"), Err(OverlayError::Malformed(_))));
        let spot = feature("Spot", r#"{"type":"Point","coordinates":[0,0]}"#);
        assert_eq!(Overlay::parse(&spot), Err(OverlayError::Empty));
        assert_eq!(Overlay::parse(&collection(&[])), Err(OverlayError::Empty));
    }

    #[test]
    fn there_are_limits() {
        let line =
            |points: usize| format!(r#"{{"type":"LineString","coordinates":[{}[0,0]]}}"#, "[0,0],".repeat(points - 1));
        assert!(Overlay::parse(&line(MOST_POINTS)).is_ok());
        let many = collection(&[feature("a", &line(2)), feature("b", &line(MOST_POINTS - 1))]);
        let feature = "feature 2 (b)".to_owned();
        assert_eq!(Overlay::parse(&many), Err(OverlayError::TooManyPoints { feature }));
        assert_eq!(Overlay::parse(&" ".repeat(MOST_BYTES + 1)), Err(OverlayError::TooLarge));
    }

    proptest! {
        #[test]
        fn pieces_make_up_the_line_and_lie_in_their_rectangles(places in prop::collection::vec((-80.0..80.0f64, -179.0..179.0f64), 2..300)) {
            let points: Vec<Point> = places.iter().map(|(lat, lng)| Point::new(*lat, *lng).unwrap()).collect();
            let pieces: Vec<Piece> = pieces(&points).collect();
            let mut whole = vec![points[0]];
            for piece in &pieces {
                prop_assert!(piece.points.len() >= 2 && piece.points.len() <= PIECE);
                prop_assert_eq!(whole.last(), piece.points.first());
                prop_assert!(piece.points.iter().all(|point| piece.bounds.contains(*point)));
                whole.extend(&piece.points[1..]);
            }
            prop_assert_eq!(whole, points);
        }
    }
}
