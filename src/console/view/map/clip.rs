//! What of a line lies on the map: Liang and Barsky's way of clipping, in cells.

/// The part of the line between two points that lies in the rectangle from (0, 0) to `size`, sides included: from which part of
/// its length on, and up to which, 0 to 1. None where it does not touch the rectangle.
pub(super) fn inside(from: (f64, f64), to: (f64, f64), size: (f64, f64)) -> Option<(f64, f64)> {
    let (mut begin, mut end) = (0.0_f64, 1.0_f64);
    for (from, to, size) in [(from.0, to.0, size.0), (from.1, to.1, size.1)] {
        let way = to - from;
        if way == 0.0 {
            if !(0.0..=size).contains(&from) {
                return None;
            }
            continue;
        }
        let (one, other) = (-from / way, (size - from) / way);
        begin = begin.max(one.min(other));
        end = end.min(one.max(other));
    }
    (begin <= end).then_some((begin, end))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SIZE: (f64, f64) = (80.0, 24.0);

    fn at(from: (f64, f64), to: (f64, f64), part: f64) -> (f64, f64) {
        (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part)
    }

    fn is_inside((x, y): (f64, f64), slack: f64) -> bool {
        (-slack..=SIZE.0 + slack).contains(&x) && (-slack..=SIZE.1 + slack).contains(&y)
    }

    #[test]
    fn a_line_across_is_cut_at_both_sides() {
        assert_eq!(inside((-80.0, 12.0), (160.0, 12.0), SIZE), Some((1.0 / 3.0, 2.0 / 3.0)));
        assert_eq!(inside((10.0, 5.0), (20.0, 9.0), SIZE), Some((0.0, 1.0)));
        assert_eq!(inside((10.0, 5.0), (10.0, 5.0), SIZE), Some((0.0, 1.0)), "a point is a line too");
    }

    #[test]
    fn a_line_beside_is_not_there() {
        assert_eq!(inside((-5.0, 3.0), (-1.0, 9.0), SIZE), None);
        assert_eq!(inside((-5.0, 30.0), (90.0, 30.0), SIZE), None);
        assert_eq!(inside((-30.0, 10.0), (20.0, -30.0), SIZE), None, "past a corner");
    }

    proptest! {
        #[test]
        fn what_is_kept_lies_inside_and_the_rest_does_not(x1 in -300.0..400.0f64, y1 in -300.0..400.0f64, x2 in -300.0..400.0f64, y2 in -300.0..400.0f64, part in 0.0..=1.0f64) {
            let (from, to) = ((x1, y1), (x2, y2));
            match inside(from, to, SIZE) {
                Some((begin, end)) => {
                    prop_assert!((0.0..=1.0).contains(&begin) && (0.0..=1.0).contains(&end));
                    prop_assert!(is_inside(at(from, to, begin + (end - begin) * part), 1e-6));
                    if part < begin - 1e-9 || part > end + 1e-9 {
                        prop_assert!(!is_inside(at(from, to, part), -1e-6));
                    }
                }
                None => prop_assert!(!is_inside(at(from, to, part), -1e-6)),
            }
        }
    }
}
