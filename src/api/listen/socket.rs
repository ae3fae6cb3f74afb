//! `GET /v2/requests/{id}/ws`: the same over a WebSocket.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{self, CloseFrame, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tokio::time::{Instant, interval_at, timeout};

use super::{Message, Telling, last_event_id, telling};
use crate::api::Service;
use crate::api::document::{AtTheDoor, NoRedis};
use crate::api::doors::Caller;
use crate::api::problem::{Problem, TYPE};
use crate::api::server::Open;
use crate::rider::News;

/// From one ping to the next. Who has given no sign of life by then has vanished.
const PING_EVERY: Duration = Duration::from_secs(20);
/// How long a client may take to let something be sent, and to close after the end.
const PATIENCE: Duration = Duration::from_secs(2);
/// The longest message that a client may send, in bytes. It is not read: there is nothing to say.
const LONGEST: usize = 1024;
/// The most that waits to be sent, in bytes: more than all that is told.
const MOST_UNSENT: usize = 64 * 1024;
/// Why a connection ends where the request is not known any more: a code of our own, after the 404.
const UNKNOWN: u16 = 4404;
/// Why a connection ends whose token was taken away: the same after the 401.
const TURNED_OUT: u16 = 4401;

/// Tells the same as the event stream: one object for each event, with its name, its id and its data. Then it closes: with
/// 1000 after the end, 1001 where the service ends, 4404 where the request is not known any more, 4401 where the token is not.
#[utoipa::path(
    get,
    path = "/v2/requests/{id}/ws",
    params(
        ("id" = u64, Path, minimum = 1, description = "The request's number."),
        ("last_event_id" = Option<String>, Query, description = "The last event that was heard."),
    ),
    responses(
        (status = 101, description = "A WebSocket: texts `{\"event\":…,\"id\":…,\"data\":…}`, then a close."),
        (status = 404, description = "No such request, or it is another service's.", body = Problem, content_type = TYPE),
        (status = 426, description = "The call asks for no WebSocket.", body = Problem, content_type = TYPE),
        NoRedis,
        AtTheDoor
    ),
    security(("token" = ["operator"]), ("ticket" = []), ("ticket_in_address" = []))
)]
pub(in crate::api) async fn socket(
    State(service): State<Service>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    uri: Uri,
    open: Option<Extension<Arc<Open>>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(why) => return Ok(not_a_websocket(&why)),
    };
    let (telling, seat) = telling(&service, &caller, id, last_event_id(&headers, &uri)).await?;
    // Small buffers: most of the time nothing is said, and thousands listen.
    let upgrade = upgrade.read_buffer_size(LONGEST).write_buffer_size(0).max_write_buffer_size(MOST_UNSENT);
    let upgrade = upgrade.max_message_size(LONGEST).max_frame_size(LONGEST);
    Ok(upgrade.on_upgrade(async move |socket| {
        converse(socket, telling, caller).await;
        drop((open, seat));
    }))
}

fn not_a_websocket(why: &WebSocketUpgradeRejection) -> Response {
    let detail = format!("this path speaks WebSocket (RFC 6455, version 13): {why}");
    let wanted =
        [(header::UPGRADE, "websocket"), (header::CONNECTION, "upgrade"), (header::SEC_WEBSOCKET_VERSION, "13")];
    (wanted, Problem::new(StatusCode::UPGRADE_REQUIRED, detail)).into_response()
}

/// Tells all there is to tell and ends the connection. It is cut where the client does not play its part.
async fn converse(mut socket: WebSocket, mut telling: Telling, caller: Caller) {
    // The listener in it lives until the connection ends, and the service does not end before.
    if tell(&mut socket, &mut telling, caller).await.is_some() {
        // Until the client has closed too: what it has sent meanwhile would else cost it our last words.
        let closed = async { while let Some(Ok(_)) = socket.recv().await {} };
        timeout(PATIENCE, closed).await.unwrap_or_default();
    }
}

/// None where the client has vanished.
async fn tell(socket: &mut WebSocket, telling: &mut Telling, caller: Caller) -> Option<()> {
    match telling {
        Telling::Open(first, listener) => {
            if let Some(first) = first {
                say(socket, first).await?;
            }
            let news = async {
                tokio::select! {
                    news = listener.news() => Some(news),
                    () = caller.turned_out() => None,
                }
            };
            match hear(socket, news, PING_EVERY).await? {
                Some(Some(News::Ended(told))) => tell_end(socket, &Message::ended(told)).await,
                Some(Some(News::Gone)) => close(socket, UNKNOWN, "the request is not known any more").await,
                None => close(socket, TURNED_OUT, "this token is not known any more").await,
                Some(None) => close(socket, close_code::AWAY, "the service ends: connect again").await,
            }
        }
        Telling::Ended(end) => tell_end(socket, end).await,
        Telling::Heard => close(socket, close_code::NORMAL, "the end was heard already").await,
    }
}

/// Waits for the news while the client shows that it is there; none where it does not.
async fn hear<T>(socket: &mut WebSocket, news: impl Future<Output = T>, ping_every: Duration) -> Option<T> {
    tokio::pin!(news);
    let mut pings = interval_at(Instant::now() + ping_every, ping_every);
    let mut alive = true;
    loop {
        tokio::select! {
            news = &mut news => return Some(news),
            _ = pings.tick() => {
                if !mem::take(&mut alive) {
                    return None;
                }
                send(socket, ws::Message::Ping(Bytes::new())).await?;
            }
            message = socket.recv() => {
                message?.ok()?;
                alive = true;
            }
        }
    }
}

async fn tell_end(socket: &mut WebSocket, end: &Message) -> Option<()> {
    say(socket, end).await?;
    close(socket, close_code::NORMAL, end.event.as_str()).await
}

async fn say(socket: &mut WebSocket, message: &Message) -> Option<()> {
    let text = serde_json::to_string(message).ok()?;
    send(socket, ws::Message::text(text)).await
}

async fn close(socket: &mut WebSocket, code: u16, reason: &str) -> Option<()> {
    send(socket, ws::Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await
}

async fn send(socket: &mut WebSocket, message: ws::Message) -> Option<()> {
    timeout(PATIENCE, socket.send(message)).await.ok()?.ok()
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::net::SocketAddr;

    use axum::{Router, routing::get};
    use futures_util::StreamExt;
    use tokio::net::TcpListener;
    use tokio::sync::mpsc;

    use super::*;

    /// From one ping to the next: long enough for a busy machine to answer, short enough not to wait for.
    const PING_INTERVAL: Duration = Duration::from_millis(300);

    /// A service that never has news, pings often, and tells when it has given a client up.
    async fn service() -> (SocketAddr, mpsc::UnboundedReceiver<Option<()>>) {
        let (tell, given_up) = mpsc::unbounded_channel();
        let handler = async move |upgrade: WebSocketUpgrade| {
            upgrade.max_message_size(LONGEST).on_upgrade(async move |mut socket| {
                let _ = tell.send(hear(&mut socket, pending(), PING_INTERVAL).await);
            })
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async { axum::serve(listener, Router::new().route("/", get(handler))).await });
        (address, given_up)
    }

    #[tokio::test]
    async fn who_answers_no_ping_is_given_up_and_who_does_is_not() {
        let (address, mut given_up) = service().await;
        let (mut awake, _) = tokio_tungstenite::connect_async(format!("ws://{address}/")).await.unwrap();
        // Its answers are sent while it reads.
        for _ in 0..4 {
            assert!(awake.next().await.unwrap().unwrap().is_ping());
        }
        assert!(given_up.try_recv().is_err());
        // From here on it reads no more.
        assert_eq!(timeout(Duration::from_secs(5), given_up.recv()).await, Ok(Some(None)));
    }

    #[tokio::test]
    async fn what_a_client_says_is_ignored_up_to_a_bound() {
        use futures_util::SinkExt;
        use tokio_tungstenite::tungstenite::Message;
        let (address, mut given_up) = service().await;
        let (mut client, _) = tokio_tungstenite::connect_async(format!("ws://{address}/")).await.unwrap();
        client.send(Message::text("x".repeat(LONGEST))).await.unwrap();
        for _ in 0..3 {
            assert!(client.next().await.unwrap().unwrap().is_ping());
        }
        assert!(given_up.try_recv().is_err());
        client.send(Message::text("x".repeat(LONGEST + 1))).await.unwrap();
        assert_eq!(timeout(Duration::from_secs(5), given_up.recv()).await, Ok(Some(None)));
    }
}
