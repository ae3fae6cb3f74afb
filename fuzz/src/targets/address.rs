//! The address of a Redis: whatever it is, its password is told to nobody.

use cabstand::store::{Address, Split};

/// A password that stands in no address by chance, as it is written and as it is meant.
const WRITTEN: &str = "Zk7%2Fhunter2";
const MEANT: [&str; 2] = [WRITTEN, "Zk7/hunter2"];

/// Reads a URL, and the same with a password in it: the line is `SCHEME USER REST`, or a URL as it stands.
///
/// # Panics
/// Where a law is broken.
pub fn hold(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = told(&text);
    if MEANT.iter().any(|password| text.contains(password)) || text.contains("Zk7") {
        return;
    }
    let (scheme, rest) = text.split_once("://").unwrap_or(("redis", &text));
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    // What stands before an @ in the path of a socket is a part of the path.
    let scheme = if scheme.contains("unix") { "redis" } else { scheme };
    let urls = [
        format!("{scheme}://user:{WRITTEN}@{rest}"),
        format!("{scheme}://:{WRITTEN}@{rest}"),
        format!("unix:{path}?pass={WRITTEN}&{query}"),
        format!("unix:{path}?{query}&user=ana&pass={WRITTEN}"),
    ];
    for url in urls {
        // What stays in the list of processes, and what is said.
        let told = Split::of(&url).url + &told(&url);
        assert!(MEANT.iter().all(|password| !told.contains(password)), "{url}: {told}");
    }
}

/// All that is ever said of it.
fn told(url: &str) -> String {
    match url.parse::<Address>() {
        Ok(address) => {
            assert!(address.is_tcp() || address.host().is_none());
            format!("{address} {address:?} {:?} {}", address.host(), address.db())
        }
        Err(error) => format!("{error} {error:?}"),
    }
}
