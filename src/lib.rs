//! cabstand: a dispatcher's console on drivers and search requests that live in Redis, and the tracking service beside it.
//!
//! This page is the map of the house.
//!
//! # Rooms
//!
//! | room | what it is | may import |
//! | --- | --- | --- |
//! | [`domain`] | values and rules: places, geohash cells, requests, events. No I/O, no clock | nothing |
//! | [`store`] | all that speaks Redis: keys, scripts, notifications, what is read for a screen | `domain`, `uptime` |
//! | [`worker`] | attempts what is due, and looks again when keys or drivers change | `store`, `domain` |
//! | [`rider`] | tells riders how their requests ended, and the operator's webhook | `store`, `domain`, `http_client` |
//! | [`api`] | the HTTP service | `rider`, `store`, `domain` |
//! | [`console`] | the screen: one model, one way round | `domain`; `store` and `uptime` only in `feed`, `effects` and `run` |
//! | [`simulation`] | a city that drives itself, and calls at a rate, as HTTP clients of the service | `domain`, `http_client` |
//! | [`private_redis`] | a Redis of one's own, for the demo and the tests | nothing |
//! | [`http_client`] | how others are called over HTTP and HTTPS | nothing |
//! | [`uptime`] | time that goes on while the machine sleeps | nothing |
//! | [`config`] | flag over variable over file over default | nothing |
//! | [`cli`] | one file for each command; the only place that wires rooms together | all |
//!
//! `worker`, `rider` and `console` never import one another: they meet in Redis. `api` knows of `rider` because some riders are
//! told over a connection that they keep open to it.
//!
//! # A request's life
//!
//! `POST /v2/search` runs `open.lua`: number, key with its TTL, record, pickup point, schedule and event come to be in one
//! step. The number is one that was never given, also after a failover that lost the last openings (`lib_ids.lua`). A call that is
//! repeated with its idempotency key gets the number of the first (`lib_idempotency.lua`), and one whose rider or client has as
//! many open requests as it may is refused (`lib_quota.lua`); both are checked in the same script.
//!
//! The schedule is a sorted set in Redis, so that any worker can take what is due (`attempt.lua`): taking, looking
//! for the nearest driver and ending are one script, so a worker that dies leaves nothing half done, and nothing has to be
//! taken over from it.
//!
//! Between attempts a driver who reports is given away in the same script (`report.lua`): to the request that has waited
//! longest of those whose radius reaches there. Waiting requests are indexed by place in classes of radius (`lib.lua`), so one
//! with a huge radius does not make every report search far. Where a foreign hand has set drivers down, nobody says which; then the
//! workers sweep all who wait, oldest first, together and at most once a second (`sweep.lua`). A foreign hand on a request's
//! key is heard as a keyspace notification, and the worker settles the request by what the key says (`settle.lua`).
//!
//! An operator's hand on a request that waits is one script each: more time (`extend.lua`), another radius (`widen.lua`), an attempt
//! now (`retry.lua`), a driver by hand (`assign.lua`), an end (`end.lua`). The check stands in it before the change, so of two
//! who act at once the second is told who was first. A state changes once; the only way back is `reopen.lua`, which takes a
//! cancel back while the request's key still says that it is cancelled. Each event of a request is noted in its record, so that
//! its life can be read without the whole stream.
//!
//! Where silence means something, the workers move drivers from the set of the fresh to that of the stale (`silent.lua`). Both
//! have each driver at the place of its last report, so the search for the nearest goes through the fresh alone, and one whom
//! another hand has set elsewhere since can be told from one who is silent.
//!
//! Whoever ends a request writes the end in the same script into two streams: that of all events, which is the history, and that
//! of ends, which does not share its bound with attempts. All telling begins at the second: a consumer group of [`rider`] logs
//! it in the article's words, another one puts it into an outbox for the operator's webhook, and every service gives it to
//! the riders who listen at its door. Stream, outbox and dead letters are bounded, and what a bound costs is counted
//! ([`store::Losses`]). Every clock is Redis' own `TIME`.
//!
//! What callers ask of Redis while it is busy with others before them is gathered and goes to it together, each caller being
//! answered after the write: a script's set-up and its way through the connection cost more than a report. Nothing waits for
//! company.
//!
//! # When Redis is not well
//!
//! All handles on a Redis share one connection (`store/link.rs`). It is made anew where it was cut, where an answer did not come in
//! time, and where Redis says something by which another one may be meant: that it is a replica now, say. No command is sent
//! twice; who asked for a change and got no answer is told that it may be done. Redis that is there and cannot has an
//! [`store::Ailment`], with words for what it means and what to do. What is wrong, and since when, is noted in one place
//! (`store/condition.rs`), which writes it into the log once, and once when it is over; `/health` and `/metrics` read it there. A
//! write that Redis turned down is noted under its name until it goes well, and `/health` looks at rights and keys itself.
//!
//! Redis takes nothing back of a script that it stops half way, for want of a right say. So each script that changes something
//! does it in steps that it can take back (`all_or_nothing` in `lib.lua`), reserves what it gives away first, and writes the
//! event with the record. What is not certainly absent counts as there: an error on reading a record ends no request.
//!
//! Tasks that must not end try again with pauses that grow ([`store::Outage`]).
//!
//! # Who is let in
//!
//! A service that can be reached from other machines asks for tokens, each with a role, unless it is told to let in anybody.
//! Every call passes the gate (`api/doors/gate.rs`) before its handler: the host's name, the page's origin, the client's rate, the
//! token. A rider has a ticket for its own request; the record keeps the ticket's hash, and only the handler knows which request a
//! call is about, so it asks there. Nor does the gate know which drivers a report is about: the handler asks whether the token is
//! bound to another one, and whether the client may bring in one that is new. A ticket that is wrong and a request that is not known are told in the same words. Tokens and
//! certificate are read anew at SIGHUP, and whoever lost its token is turned out of the stream that it listens to.
//!
//! # Seen from outside
//!
//! Whatever counts, counts where it happens, by the `metrics` facade: the store each command, [`rider`] each event that it
//! takes, [`worker`] how late an attempt is, [`api`] each call. [`cli`] keeps the counts and says what each of them tells;
//! `GET /metrics` shows them, and beside them what Redis holds at that moment. `GET /openapi.json` is made of what each
//! handler says of itself.
//!
//! # Foreign bytes
//!
//! Whatever reads bytes that others write is held to what it promises of them by the workspace in `fuzz/`. The feature `fuzzing`
//! opens to it, and to nobody else, the readers that are a room's own affair, each in a file `fuzzing.rs` of that room.
//!
//! # The console
//!
//! ```text
//!   keys ──► keymap ──► Action ─┐
//!   notifications ──► feed ─────┼──► Message ──► update ──► Model ──► view ──► screen
//!   answers ◄── effects ◄───────┘                  │
//!      └──────────────◄── Effect ◄─────────────────┘
//! ```
//!
//! `update` is pure: the time comes with the message, and what is to be done goes out as data. So countdowns are tested
//! without sleeping, and a slow Redis never holds up a key. The feed subscribes first, then takes a snapshot, then follows;
//! it reads only what the screen shows, each kind of thing at its own pace, and rests by what that cost Redis. What happened in the quarter of an hour
//! before its start is read once, the newest first, for the numbers; they say from when on they are whole.
//!
//! [`console::model::Model`] is all that the screen shows: the two tables, the map, the events and the numbers. Tables have one
//! filter, and one selection each; the map shows both. Order and filter are settled after a message that changed something, so
//! that drawing only reads. The detail pane tells of whichever was selected last, and why a search has found nobody yet. While
//! the picture is paused, news of it is held back in its newest form, and the picture goes on with that.
//!
//! What lies over the panes is a stack of layers (question, form, filter, palette, list, help); the top one has the keys. What
//! keys mean is one list of bindings, which `[keys]` in the configuration changes; hint line, help and palette are read from it,
//! and what is said names keys as they are bound. A line of the palette is one [`console::command::Command`]. The mouse ends in
//! the same functions as the keys; it never answers a question.
//!
//! What an operator wants changed goes out as an errand: deeds that were asked for together, done each by itself and answered
//! together. Of each deed that went well the way back is remembered as other deeds; undoing is an errand like any other, and
//! Redis checks it like any other. A console that only looks is held to that by the store as well, whatever a key says.
//!
//! Whether Redis is away is told by what is read from it at a beat, and by nothing else: of several connections one may be cut while
//! the others live. Whether changes are heard is proven by canaries, or, where nothing may be written, by the signs of life of
//! others; the canaries also tell that Redis takes no changes ([`store::Hearing`]). What an outage has hidden is counted by the snapshot and
//! the events after it ([`console::model::Outages`]).
//!
//! What outlasts a run is one value, [`console::memory::Memory`]; a task of its own keeps it in a file.
//!
//! # Cost by the screen
//!
//! A GEO set is a sorted set in the order of its geohashes, so a cell of the geohash grid is one range of scores. The map
//! counts cells from coarse to fine ([`store::Store::refresh`]) and reads single drivers only where a cell holds few. What was
//! read is kept in a [`store::Chart`]: a refresh asks of each known cell again what can have changed, one command a cell, and
//! another view is shown at once as far as it is known. The steps in which crowds are drawn are the model's, and spread over
//! what is in sight ([`console::model::Density`]).
//!
//! Who is nearest is searched in the same grid (`lib_cells.lua`): the cells that the circle touches are counted, Redis' own search
//! is left to circles whose cells hold few, and where there is a crowd, cells are quartered, the nearest first. Neither ever reads
//! the whole set, nor a crowd that stands just outside.
//!
//! A worker attempts what is due in scripts of a millisecond or two, and rests between two of them at a flood of new requests, so
//! that more can be opened meanwhile. An attempt in vain writes the record once, the schedule once, and one event.
//!
//! While few wait, the console reads all of them in full. Of many the lists that are kept of all who wait tell where, since when and
//! how far ([`store::Listing`]), and their keys until when; records are read of those near sight on the screen, of what has ended,
//! and where filter or order ask for riders or attempts, of all, one after the other. The table is kept in order change by change,
//! and of very many the map has one pin a cell.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::dbg_macro,
    clippy::todo,
    clippy::allow_attributes
)]

pub mod api;
pub mod cli;
pub mod config;
pub mod console;
pub mod domain;
pub mod http_client;
pub mod private_redis;
pub mod rider;
pub mod simulation;
pub mod store;
pub mod uptime;
pub mod worker;
