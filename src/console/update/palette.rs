//! The palette: what keys do to its line, and how it is run.

use tui_input::Input;

use super::commands;
use super::proposals::proposed;
use crate::console::action::{Action, Direction};
use crate::console::command::{Command, CommandError, last_word, quoted};
use crate::console::message::Effect;
use crate::console::model::{Layer, Model, Palette};

/// Opens the palette with this line.
pub(super) fn open(model: &mut Model, line: &str) {
    let palette = Palette { input: Input::new(line.to_owned()), ..Palette::default() };
    let palette = proposed(model, palette);
    model.layers.push(Layer::Palette(palette));
}

/// The line has changed under the operator's hands.
pub(super) fn typed(model: &mut Model, palette: Palette) {
    let palette = proposed(model, Palette { walking: None, error: None, ..palette });
    model.layers.push(Layer::Palette(palette));
}

/// A key that means something here. The palette has been taken from the layers, and is put back unless it is done with.
pub(super) fn answer(model: &mut Model, mut palette: Palette, action: Action) -> Vec<Effect> {
    match action {
        Action::Dismiss => return Vec::new(),
        Action::Accept => return run(model, palette),
        Action::NextField => {
            complete(&mut palette);
            typed(model, palette);
            return Vec::new();
        }
        Action::Move(Direction::Up) => palette = previous(model, palette),
        Action::Move(Direction::Down) => palette = next(model, palette),
        _ => {}
    }
    model.layers.push(Layer::Palette(palette));
    Vec::new()
}

/// Runs the line. Where that cannot be, it stays, and what is wrong is told.
fn run(model: &mut Model, mut palette: Palette) -> Vec<Effect> {
    let naming = palette.is_naming();
    if palette.chosen.is_some() {
        complete(&mut palette);
    }
    let line = palette.input.value().trim().to_owned();
    if line.is_empty() {
        model.layers.push(Layer::Palette(palette));
        return Vec::new();
    }
    match Command::parse(&line, &model.options.keymap) {
        Ok(command) => {
            model.memory.remember(&line);
            commands::command(model, command)
        }
        Err(error) => {
            // What is told of the command says already what it takes.
            let missing = naming && matches!(error, CommandError::Arguments(..));
            palette.chosen = None;
            let mut palette = proposed(model, palette);
            palette.error = (!missing).then(|| error.to_string());
            model.layers.push(Layer::Palette(palette));
            Vec::new()
        }
    }
}

/// Puts the choice into the line in place of the word that is being typed.
fn complete(palette: &mut Palette) {
    let Some(choice) = palette.choices.get(palette.chosen.unwrap_or(0)) else { return };
    let line = palette.input.value();
    let (_, word) = last_word(line);
    let kept = line.get(..word.start).unwrap_or(line);
    palette.input = Input::new(format!("{kept}{} ", quoted(&choice.text)));
}

/// Up: through the choices, and from an empty line back through what was run.
fn previous(model: &Model, palette: Palette) -> Palette {
    let empty = palette.input.value().is_empty();
    match (palette.walking, palette.chosen) {
        (None, Some(chosen)) => {
            // Some command is always chosen once its name is begun.
            let first = (palette.is_naming() && !empty).then_some(0);
            Palette { chosen: chosen.checked_sub(1).or(first), ..palette }
        }
        (None, None) if !empty => palette,
        (walking, _) => match walking.unwrap_or(model.memory.history.len()).checked_sub(1) {
            Some(line) => walk(model, palette, line),
            None => palette,
        },
    }
}

/// Down: through the choices, or forth through what was run, and after the latest to the empty line.
fn next(model: &Model, palette: Palette) -> Palette {
    if let Some(line) = palette.walking {
        return walk(model, palette, line + 1);
    }
    let last = palette.choices.len().checked_sub(1);
    let chosen = last.map(|last| palette.chosen.map_or(0, |chosen| (chosen + 1).min(last)));
    Palette { chosen, ..palette }
}

fn walk(model: &Model, palette: Palette, line: usize) -> Palette {
    let text = model.memory.history.get(line);
    let input = Input::new(text.cloned().unwrap_or_default());
    let palette = proposed(model, Palette { input, error: None, ..palette });
    Palette { walking: text.map(|_| line), ..palette }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::fixtures::{Desk, id, place};
    use crate::console::keymap::Context;
    use crate::console::message::Deed;

    fn palette(desk: &Desk) -> &Palette {
        match desk.model.layers.last() {
            Some(Layer::Palette(palette)) => palette,
            other => panic!("no palette: {other:?}"),
        }
    }

    fn line(desk: &Desk) -> &str {
        palette(desk).input.value()
    }

    fn choices(desk: &Desk) -> Vec<&str> {
        palette(desk).choices.iter().map(|choice| choice.text.as_str()).collect()
    }

    /// A desk in whose palette this has been typed.
    fn typing(text: &str) -> Desk {
        let mut desk = Desk::in_town(120, 40);
        type_in(&mut desk, text);
        desk
    }

    fn type_in(desk: &mut Desk, text: &str) {
        desk.press(":");
        desk.type_text(text);
    }

    /// What is done in Redis when this is typed and run.
    fn run(text: &str) -> Option<Deed> {
        let mut desk = typing(text);
        deed(&desk.press("enter"))
    }

    fn deed(effects: &[Effect]) -> Option<Deed> {
        effects.iter().find_map(|effect| match effect {
            Effect::Do(errand, _) => errand.deeds.first().cloned(),
            _ => None,
        })
    }

    #[test]
    fn an_empty_line_proposes_everything_with_its_key() {
        let desk = typing("");
        assert_eq!(desk.model.context(), Context::Palette);
        assert_eq!(palette(&desk).chosen, None);
        for (text, key) in [("cancel", "c"), ("remove-driver", "D"), ("mark", "Space"), ("move", "")] {
            let choice = palette(&desk).choices.iter().find(|choice| choice.text == text).unwrap();
            assert_eq!(choice.key, key, "{text}");
        }
    }

    #[test]
    fn the_best_is_proposed_first() {
        assert_eq!(choices(&typing("can"))[0], "cancel");
        assert_eq!(choices(&typing("zi"))[0], "zoom-in");
        assert_eq!(choices(&typing("q"))[0], "quit", "an alias is as good as the name");
        assert_eq!(choices(&typing("move"))[0], "move");
        assert!(!choices(&typing("ext")).contains(&"quit"), "an alias is found by its beginning alone");
        assert!(choices(&typing("clipboard")).contains(&"copy"), "what it does is found, too");
        assert!(choices(&typing("zzz")).is_empty());
    }

    #[test]
    fn enter_runs_the_command_that_is_chosen() {
        let mut desk = typing("hel");
        desk.press("enter");
        assert_eq!(desk.model.context(), Context::Help);
        let effects = typing("quit").press("enter");
        assert!(matches!(effects[..], [Effect::Remember(_), Effect::Quit]), "{effects:?}");
        let mut desk = typing("can");
        desk.press("enter");
        assert_eq!(desk.model.context(), Context::Confirm, "and it asks first, as its key does");
    }

    #[test]
    fn down_chooses_another() {
        let mut desk = typing("zoom");
        let scale = desk.model.map.projection.metres_per_column;
        let at = choices(&desk).iter().position(|text| *text == "zoom-out").unwrap();
        for _ in 0..at {
            desk.press("down");
        }
        desk.press("up");
        desk.press("down");
        desk.press("enter");
        assert!(desk.model.map.projection.metres_per_column > scale);
    }

    #[test]
    fn commands_with_arguments_are_carried_out() {
        let there = place(-33.45, -70.66);
        let driver = "17".parse().unwrap();
        assert_eq!(run("search -33.45,-70.66 ana"), Some(Deed::Open(there, Some("ana".parse().unwrap()))));
        assert_eq!(
            run("move 17 -33.45, -70.66"),
            Some(Deed::Move(crate::domain::Driver { id: driver, place: there }, None))
        );
        let Some(Deed::Place(placed)) = run("place nova") else { panic!("nobody was placed") };
        assert_eq!(placed.id.as_str(), "nova");
        for (text, question, expected) in [
            ("cancel 2", "Cancel request 2 of requestor_2?", Deed::Cancel(id(2))),
            ("expire 77", "Expire request 77 now?", Deed::Expire(id(77))),
            ("remove 17", "Take driver 17 off the map?", Deed::Remove("17".parse().unwrap(), None)),
        ] {
            let mut desk = typing(text);
            assert_eq!(deed(&desk.press("enter")), None, "{text} asks first");
            let Some(Layer::Confirm(confirm)) = desk.model.layers.last() else { panic!("no question") };
            assert_eq!(confirm.question, question);
            assert_eq!(deed(&desk.press("y")), Some(expected));
        }
    }

    #[test]
    fn a_filter_is_set_and_cleared() {
        let mut desk = typing("filter requestor_2");
        desk.press("enter");
        assert_eq!(desk.rows(), [2]);
        type_in(&mut desk, "clear");
        desk.press("enter");
        assert_eq!(desk.rows().len(), 5);
    }

    #[test]
    fn goto_finds_places_requests_and_drivers() {
        let mut desk = typing("");
        desk.press("esc");
        let near = |desk: &Desk, there| desk.model.map.projection.cursor().distance_m(there) < 0.01;
        desk.press("@");
        assert_eq!(line(&desk), "goto ");
        desk.type_text("-33.45,-70.66");
        desk.press("enter");
        assert!(near(&desk, place(-33.45, -70.66)));
        desk.press("@");
        desk.type_text("2");
        desk.press("enter");
        assert_eq!(desk.selected(), Some(2), "a request before a driver of the same name");
        desk.press("@");
        desk.type_text("kilo");
        desk.press("enter");
        assert_eq!(desk.model.map.selected_driver().map(|driver| driver.id.as_str()), Some("kilo"));
        desk.press("@");
        desk.type_text("nowhere");
        desk.press("enter");
        assert!(desk.notice().contains("nothing is called nowhere"), "{}", desk.notice());
    }

    #[test]
    fn what_is_wrong_is_told_and_the_line_stays() {
        let mut desk = typing("search 95,0");
        assert_eq!(deed(&desk.press("enter")), None);
        assert_eq!(line(&desk), "search 95,0");
        let error = palette(&desk).error.clone();
        assert_eq!(error.as_deref(), Some("a latitude is a number from -85.05112878 to 85.05112878"));
        desk.press("backspace");
        assert_eq!(palette(&desk).error, None, "until the line is changed");
        assert_eq!(desk.model.memory.history, [""; 0], "what was not run is not remembered");
    }

    #[test]
    fn a_command_that_needs_something_says_what() {
        let mut desk = typing("got");
        desk.press("enter");
        assert_eq!(line(&desk), "goto ");
        let told = palette(&desk).told.clone().unwrap();
        assert!(told.starts_with("goto LAT,LNG|ID|BOOKMARK: go to"), "{told}");
        desk.press("enter");
        assert_eq!(palette(&desk).error.as_deref(), Some("goto takes LAT,LNG|ID|BOOKMARK"));
    }

    #[test]
    fn tab_completes_names_and_arguments() {
        let mut desk = typing("rem");
        desk.press("down");
        desk.press("up");
        let first = choices(&desk)[0].to_owned();
        desk.press("tab");
        assert_eq!(line(&desk), format!("{first} "));
        let mut desk = typing("move ki");
        assert_eq!(choices(&desk)[0], "kilo");
        desk.press("tab");
        assert_eq!(line(&desk), "move kilo ");
        desk.press("tab");
        let cursor = desk.model.map.projection.cursor();
        assert_eq!(line(&desk), format!("move kilo {:.6},{:.6} ", cursor.lat(), cursor.lng()));
        assert_eq!(choices(&typing("cancel ")), ["900", "1", "2"], "only what waits can be cancelled");
        desk.model.map.fleet.drivers[0] = crate::console::fixtures::sighting("taxi 7", -33.4, -70.6);
        desk.press("esc");
        type_in(&mut desk, "remove tax");
        desk.press("tab");
        assert_eq!(line(&desk), "remove \"taxi 7\" ");
    }

    #[test]
    fn themes_columns_and_bookmarks_are_completed() {
        assert_eq!(choices(&typing("theme dar"))[0], "dark");
        assert_eq!(choices(&typing("sort open")), ["opened"]);
        let mut desk = typing("bookmark the airport");
        desk.press("enter");
        type_in(&mut desk, "goto airp");
        desk.press("tab");
        assert_eq!(line(&desk), "goto \"the airport\" ");
        desk.press("enter");
        assert_eq!(desk.notice(), "", "it is found");
        desk.press("esc");
        desk.press("2");
        type_in(&mut desk, "sort dist");
        assert_eq!(choices(&desk), ["distance"]);
    }

    #[test]
    fn an_argument_is_chosen_and_run() {
        let mut desk = typing("goto k");
        desk.press("down");
        desk.press("enter");
        assert_eq!(desk.model.map.selected_driver().map(|driver| driver.id.as_str()), Some("kilo"));
        assert_eq!(desk.model.memory.history, ["goto kilo"]);
    }

    #[test]
    fn up_from_an_empty_line_walks_through_what_was_run() {
        let mut desk = typing("filter 2");
        desk.press("enter");
        for text in ["zoom-in", "clear", "zoom-in"] {
            type_in(&mut desk, text);
            desk.press("enter");
        }
        type_in(&mut desk, "");
        let mut seen = Vec::new();
        for key in ["up", "up", "up", "up", "down", "down", "down"] {
            desk.press(key);
            seen.push(line(&desk).to_owned());
        }
        assert_eq!(seen, ["zoom-in", "clear", "filter 2", "filter 2", "clear", "zoom-in", ""]);
        desk.press("up");
        let scale = desk.model.map.projection.metres_per_column;
        desk.press("enter");
        assert!(desk.model.map.projection.metres_per_column < scale);
    }

    #[test]
    fn what_is_run_is_remembered_once_and_given_away_to_be_kept() {
        let mut desk = typing("clear");
        let effects = desk.press("enter");
        let kept = effects.iter().find_map(|effect| match effect {
            Effect::Remember(memory) => Some(memory.history.clone()),
            _ => None,
        });
        assert_eq!(kept, Some(vec!["clear".to_owned()]));
        type_in(&mut desk, "clear");
        let again = desk.press("enter");
        assert!(!again.iter().any(|effect| matches!(effect, Effect::Remember(_))), "nothing new: {again:?}");
    }

    #[test]
    fn orders_and_bookmarks_outlast_a_run() {
        let mut desk = Desk::in_town(120, 40);
        let kept = |effects: &[Effect]| {
            effects.iter().find_map(|effect| match effect {
                Effect::Remember(memory) => Some(memory.clone()),
                _ => None,
            })
        };
        assert_eq!(kept(&desk.press("o")).unwrap().orders, desk.model.orders());
        let memory = kept(&desk.press("B")).unwrap();
        assert_eq!(memory.bookmarks.iter().count(), 1);
        assert_eq!(kept(&desk.press("b")), None, "to go to a bookmark is nothing new");

        let mut next = Desk::in_town(120, 40);
        next.model.recall(memory);
        assert_eq!(next.model.orders(), desk.model.orders());
        assert!(next.model.memory.bookmarks.iter().eq(desk.model.memory.bookmarks.iter()));
        assert_eq!(kept(&next.press("]")), None, "nor is what was recalled");
    }

    #[test]
    fn a_console_that_only_looks_runs_what_only_looks() {
        for (text, refused) in [("search -33.4,-70.6", true), ("remove 17", true), ("cancel", true), ("clear", false)] {
            let mut desk = typing(text);
            desk.model.options.read_only = true;
            desk.model.armed = crate::console::model::Armed::Never;
            assert_eq!(deed(&desk.press("enter")), None, "{text}");
            assert_eq!(desk.notice().contains("--read-only"), refused, "{text}");
            assert!(desk.model.layers.is_empty(), "{text}");
        }
    }

    #[test]
    fn esc_leaves_and_letters_are_typed() {
        let mut desk = typing("q?");
        assert_eq!(line(&desk), "q?");
        desk.press("esc");
        assert!(desk.model.layers.is_empty());
    }
}
