//! The forms: what they begin with, and what is made of what was typed.

use crate::console::action::Action;
use crate::console::message::{Deed, Effect};
use crate::console::model::{Form, FormKind, Layer, Model};
use crate::domain::{Driver, DriverId, Point, UserId};

pub(super) fn open_search(model: &mut Model) {
    let place = typed(model.map.projection.cursor());
    model.layers.push(Layer::Form(Form::new(FormKind::Search, [("place", place), ("rider", String::new())])));
}

pub(super) fn open_driver(model: &mut Model) {
    let place = typed(model.map.projection.cursor());
    let fleet = &model.map.fleet;
    let known = |id: &String| fleet.drivers.iter().any(|driver| driver.id.as_str() == id);
    let total = model.vitals.map_or(fleet.total, |vitals| vitals.drivers);
    // One more than there are in sight is one that is free, at the latest.
    let numbers = total + 1..=total + 1 + fleet.drivers.len() as u64;
    let free = numbers.map(|n| format!("driver_{n}")).find(|id| !known(id)).unwrap_or_default();
    model.layers.push(Layer::Form(Form::new(FormKind::Driver, [("driver", free), ("place", place)])));
}

/// A form was answered; it comes back where what was typed cannot be used.
pub(super) fn answer(model: &mut Model, mut form: Form, action: Action) -> Vec<Effect> {
    match action {
        Action::NextField => {
            form.active = (form.active + 1) % form.fields.len();
            model.layers.push(Layer::Form(form));
        }
        Action::Accept => match deed(&form) {
            Ok(deed) => return super::actions::send(model, vec![deed]),
            Err((field, error)) => {
                form.active = field;
                form.error = Some(error);
                model.layers.push(Layer::Form(form));
            }
        },
        _ => {}
    }
    Vec::new()
}

/// What the form says, or which of its fields is wrong, and how.
fn deed(form: &Form) -> Result<Deed, (usize, String)> {
    let place = |field: usize| form.text(field).parse::<Point>().map_err(|e| (field, e.to_string()));
    match form.kind {
        FormKind::Search => {
            let rider = Some(form.text(1)).filter(|text| !text.is_empty());
            let rider = rider.map(str::parse::<UserId>).transpose().map_err(|e| (1, e.to_string()))?;
            Ok(Deed::Open(place(0)?, rider))
        }
        FormKind::Driver => {
            let id = form.text(0).parse::<DriverId>().map_err(|e| (0, e.to_string()))?;
            Ok(Deed::Place(Driver { id, place: place(1)? }))
        }
    }
}

/// A place as it is typed: finer than a metre.
fn typed(place: Point) -> String {
    format!("{:.6},{:.6}", place.lat(), place.lng())
}
