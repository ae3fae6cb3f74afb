//! How the link is told at each size: that the header keeps its counts, that a banner which is cut off says where the rest is, and the
//! box that tells all.

use std::time::Duration;

use super::tests::text;
use crate::console::fixtures::{Desk, id};
use crate::console::message::{Deed, Link, News, Refusing, Unsettled};
use crate::domain::{DeedId, Seal, UnixMs};

const FULL: Refusing = Refusing {
    ailment: "has no memory left and takes no changes",
    advice: "raise maxmemory, or delete what needs the room",
};

fn links() -> [(Link, &'static str); 4] {
    [
        (Link::Live, "live"),
        (Link::Unproven("nothing has been heard yet".to_owned()), "unproven"),
        (Link::Polling("see `cabstand doctor`: CONFIG is forbidden".to_owned()), "polling"),
        (Link::Away("connection refused".to_owned()), "away"),
    ]
}

fn unsettled(count: usize) -> Vec<Unsettled> {
    let seal = |n: usize| Seal { id: DeedId::from(n as u128), until: UnixMs(0), after: None };
    (0..count).map(|n| Unsettled { deed: Deed::Cancel(id(1)), seal: seal(n) }).collect()
}

#[test]
fn the_header_keeps_link_age_and_counts_whatever_is_wrong() {
    for (width, is_paused) in [(80, false), (80, true), (120, false), (120, true), (200, true)] {
        for (link, word) in links() {
            let mut desk = Desk::in_town(width, 40);
            if is_paused {
                desk.press("p");
                desk.wait(Duration::from_secs(40));
            }
            desk.model.unsettled = unsettled(12);
            desk.news(News::Refusing(Some(FULL)));
            desk.news(News::Link(link));
            let screen = text(&desk);
            let header = screen.lines().next().unwrap();
            let age = if is_paused {
                "paused 0:40"
            } else if word == "away" {
                " old"
            } else {
                "now"
            };
            for needed in [word, age, "waiting 3", "drivers 7"] {
                assert!(header.contains(needed), "{width} {needed}: {header}");
            }
            assert!(header.trim_end().ends_with(if is_paused { "14:03:40" } else { "14:03:00" }), "{header}");
            assert!(!header.contains('…'), "{width}: {header}");
            assert!(width < 120 || header.contains("? 12 not known"), "{width}: {header}");
            assert!(width < 120 || header.contains("! no changes") || is_paused, "{width}: {header}");
        }
    }
}

#[test]
fn a_banner_that_is_cut_off_says_where_the_rest_is() {
    for (width, is_cut) in [(80, true), (200, false)] {
        let mut desk = Desk::in_town(width, 24);
        desk.news(News::Refusing(Some(FULL)));
        let screen = text(&desk);
        let banner = screen.lines().last().unwrap();
        assert!(
            banner.starts_with(" Redis has no memory left and takes no changes since 14:03:00 (0 ms); "),
            "{banner}"
        );
        assert_eq!(banner.ends_with(" :link"), is_cut, "{banner}");
        assert_eq!(banner.contains("needs the room"), !is_cut, "{banner}");
    }
}

#[test]
fn all_of_the_link_at_80x24() {
    let mut desk = Desk::in_town(80, 24);
    desk.news(News::Refusing(Some(FULL)));
    desk.news(News::Deafened);
    desk.news(News::Link(Link::Polling(
        "see `cabstand doctor`: may not listen to __keyspace@0__:drivers __keyspace@0__:[1-9]* (NOPERM)".to_owned(),
    )));
    desk.model.unsettled = unsettled(2);
    desk.wait(Duration::from_secs(130));
    desk.press(":");
    desk.type_text("link");
    desk.press("enter");
    insta::assert_snapshot!(text(&desk));
}
