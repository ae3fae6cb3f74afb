//! Options of accepted TCP connections, so that a client that has vanished does not keep its place. Without them the kernel sends
//! unacknowledged data again for about 15 minutes, and waits on a quiet connection for ever.

use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

/// A quiet connection is probed after 30 s, every 10 s, and ends after 3 probes without an answer. That is a minute in all: a phone
/// in a tunnel keeps its stream, and a longer gap is what `Last-Event-ID` is for.
const KEEPALIVE: TcpKeepalive =
    TcpKeepalive::new().with_time(Duration::from_secs(30)).with_interval(Duration::from_secs(10)).with_retries(3);
/// How long sent data may stay unacknowledged: as long as a quiet connection lives. While data is on its way there are no keepalive
/// probes, and to a stream whose client has vanished a heartbeat is on its way within 15 s.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED_TIMEOUT: Duration = Duration::from_mins(1);

/// Ends the connection little more than a minute after its client has vanished. Systems other than Linux notice that only while the connection
/// is quiet.
pub(super) fn detect_vanished_client(stream: &TcpStream) -> io::Result<()> {
    let socket = SockRef::from(stream);
    socket.set_tcp_keepalive(&KEEPALIVE)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED_TIMEOUT))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn an_accepted_connection_is_probed_and_waits_a_minute_for_its_client() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        detect_vanished_client(&stream).unwrap();
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().unwrap());
        let [time, interval] = [socket.tcp_keepalive_time().unwrap(), socket.tcp_keepalive_interval().unwrap()];
        let retries = socket.tcp_keepalive_retries().unwrap();
        assert_eq!((time.as_secs(), interval.as_secs(), retries), (30, 10, 3));
        #[cfg(target_os = "linux")]
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(time + interval * retries));
    }
}
