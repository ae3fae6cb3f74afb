//! Riders who listen: real clients of the event stream and of the WebSocket.

use std::time::Duration;

use axum::body::Bytes;
use eventsource_client::{Client, ClientBuilder, Error, ReconnectOptions, SSE};
use futures_util::stream::{BoxStream, StreamExt, unfold};
use launchdarkly_sdk_transport::{HttpTransport, Request, Response, ResponseFuture, TransportError};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tokio_util::task::AbortOnDropHandle;

use super::service::Caller;

/// How long something that has to come may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What an event stream's client noticed.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// Connected, with this status.
    Connected(u16),
    /// An event: its name, its id, its data.
    Event(String, Option<String>, Value),
    /// Refused with this status.
    Refused(u16),
    /// The stream ended or was cut; it goes on with the next connection.
    Cut,
}

/// A client of the event stream that connects again by itself, with what it heard last.
pub struct Ears(BoxStream<'static, Result<SSE, Error>>);

impl Ears {
    pub fn open(caller: &Caller, id: u64) -> Self {
        Self::open_after(caller, id, "")
    }

    /// The same for one who has heard of the event `last`.
    pub fn open_after(caller: &Caller, id: u64, last: &str) -> Self {
        let url = format!("{}/v2/requests/{id}/events", caller.base);
        let again = ReconnectOptions::reconnect(true).retry_initial(true).delay(Duration::from_millis(50));
        let client = ClientBuilder::for_url(&url).unwrap().last_event_id(last.to_owned()).reconnect(again.build());
        Self(client.build_with_transport(Transport(caller.client.clone())).stream().boxed())
    }

    pub async fn next(&mut self) -> Heard {
        loop {
            let next = timeout(PATIENCE, self.0.next()).await.expect("something to hear").expect("it never gives up");
            return match next {
                Ok(SSE::Comment(_)) => continue,
                Ok(SSE::Connected(connection)) => Heard::Connected(connection.response().status()),
                Ok(SSE::Event(event)) => {
                    Heard::Event(event.event_type, event.id, serde_json::from_str(&event.data).unwrap())
                }
                Err(Error::UnexpectedResponse(response, _)) => Heard::Refused(response.status()),
                Err(_) => Heard::Cut,
            };
        }
    }

    /// Waits until it is connected and knows that the request is searching.
    pub async fn wait_for_searching(&mut self) {
        assert_eq!(self.next().await, Heard::Connected(200));
        let Heard::Event(name, None, data) = self.next().await else { panic!("no event") };
        assert_eq!((name.as_str(), &data["state"]), ("searching", &Value::from("searching")));
    }

    /// The next event, which has to be an end: its name, id and data.
    pub async fn end(&mut self) -> (String, String, Value) {
        match self.next().await {
            Heard::Event(name, Some(id), data) => (name, id, data),
            other => panic!("no end: {other:?}"),
        }
    }
}

/// How the library calls: it wants futures that are `Sync`, and what tasks answer is.
#[derive(Clone)]
struct Transport(reqwest::Client);

impl HttpTransport for Transport {
    fn request(&self, request: Request<Option<Bytes>>) -> ResponseFuture {
        let (parts, _) = request.into_parts();
        let call = self.0.request(parts.method, parts.uri.to_string()).headers(parts.headers).send();
        let call = AbortOnDropHandle::new(tokio::spawn(call));
        Box::pin(async move {
            let mut response = call.await.map_err(TransportError::new)?.map_err(TransportError::new)?;
            let status = response.status();
            let (sender, receiver) = mpsc::channel(1);
            let reader = AbortOnDropHandle::new(tokio::spawn(async move {
                while let Some(chunk) = response.chunk().await.transpose() {
                    if sender.send(chunk.map_err(TransportError::new)).await.is_err() {
                        return;
                    }
                }
            }));
            let body = unfold((receiver, reader), async |(mut receiver, reader)| {
                receiver.recv().await.map(|chunk| (chunk, (receiver, reader)))
            });
            Response::builder().status(status).body(Box::pin(body) as _).map_err(TransportError::new)
        })
    }
}

/// What a WebSocket's client was sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    Message(Value),
    Closed(u16, String),
    /// Cut without a close.
    Cut,
}

/// A client of the WebSocket.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Connects, or answers the status with which it was refused.
    pub async fn open(caller: &Caller, path: &str) -> Result<Self, u16> {
        use tokio_tungstenite::tungstenite::Error;
        match connect_async(format!("{}{path}", caller.base.replace("http:", "ws:"))).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    pub async fn next(&mut self) -> Said {
        loop {
            return match timeout(PATIENCE, self.0.next()).await.expect("something to be said") {
                Some(Ok(Message::Text(text))) => Said::Message(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(Some(close)))) => {
                    // Reading on answers the close, as every client does.
                    let _ = self.0.next().await;
                    Said::Closed(close.code.into(), close.reason.to_string())
                }
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => Said::Cut,
            };
        }
    }

    /// The next message, which has to be one.
    pub async fn message(&mut self) -> Value {
        match self.next().await {
            Said::Message(message) => message,
            other => panic!("no message: {other:?}"),
        }
    }
}
