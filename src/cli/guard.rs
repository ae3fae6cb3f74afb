//! Who is let in to the service: the options of its doors, and what is read anew at SIGHUP.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::signal::unix::Signal;
use tokio::sync::watch;

use super::failure::Failure;
use super::token_file;
use crate::api::{Doors, Hosts, Origin, Rate, RequestBound, Tokens, server_config};

/// The head under which the help tells of these options.
const DOORS: &str = "Doors";

/// How often a client may call, where nothing is said.
const CLIENT_RATE: Rate = Rate::per_second(NonZeroU32::new(100).unwrap());
/// How often a driver may report, where nothing is said.
const DRIVER_RATE: Rate = Rate::per_second(NonZeroU32::new(5).unwrap());
/// How many new drivers a client may bring in, if nothing is said.
const CLIENT_NEW_DRIVERS: Rate = Rate::per_minute(NonZeroU32::new(60).unwrap());
/// How many connections a client may have, where nothing is said: a household, or a company behind one address.
const CLIENT_CONNECTIONS: usize = 100;
/// How many streams a client may listen to, where nothing is said.
const CLIENT_STREAMS: usize = 50;
/// How many open requests a rider may have by default: one for itself, and some for others.
const RIDER_REQUESTS: RequestBound = RequestBound::clamped(NonZeroU32::new(3).unwrap());
/// How many open requests a client may have by default: a household, or a company behind one address.
const CLIENT_REQUESTS: RequestBound = RequestBound::clamped(NonZeroU32::new(20).unwrap());

/// Options of the doors. They are held together here and not by clap, which takes no notice of what comes from the configuration
/// file.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Options {
    /// The file with the tokens that are let in; on each line a role, a token and, if you like, a name. Read anew at SIGHUP
    ///
    /// A role is driver (may report), rider (may look for drivers and open requests; each has a ticket of its own), or operator (may
    /// do all, under the name). Write a line with: echo "driver $(openssl rand -hex 32)". A line "driver TOKEN ID" lets the token
    /// report for the driver ID only; without an ID it may report for any driver. In this file an id has no # and no white space.
    #[arg(long, value_name = "FILE", help_heading = DOORS)]
    token_file: Option<PathBuf>,
    /// Let in anybody who reaches the service, also from other machines
    #[arg(long, help_heading = DOORS)]
    open: bool,
    /// Encrypt by TLS with the certificate in this file, in PEM, those of its authorities after it. Read anew at SIGHUP
    #[arg(long, value_name = "FILE", help_heading = DOORS)]
    tls_cert: Option<PathBuf>,
    /// The key of that certificate, in PEM
    #[arg(long, value_name = "FILE", help_heading = DOORS)]
    tls_key: Option<PathBuf>,
    /// A name by which the service may be called, beside this machine's own; several with commas. Any other is refused: on
    /// loopback always, else where a name is given
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = DOORS)]
    host: Vec<String>,
    /// Pages from there may call: `https://example.org`; several with commas
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',', help_heading = DOORS)]
    cors_origin: Vec<Origin>,
    /// A proxy at this address hands on calls: whose, the last entry of its header X-Forwarded-For tells. Several with commas.
    /// Behind one that is not named here, all count as one client
    #[arg(long, value_name = "IP", value_delimiter = ',', help_heading = DOORS)]
    trusted_proxy: Vec<IpAddr>,
    /// How often a client (an IPv4 address, or the first 64 bits of an IPv6 one) may call, like 100/s or 600/m, or off. 100/s where
    /// nothing is said; off where the service listens on loopback alone and without tokens
    ///
    /// Each report of an array counts as a call. A gateway that reports for a whole fleet needs as much a second as its fleet sends
    /// reports: 2000 drivers that report every 10 seconds make 200/s. Give it at least the length of its arrays, which is how many
    /// may come at once.
    #[arg(long, value_name = "RATE", help_heading = DOORS)]
    client_rate: Option<Bound<Rate>>,
    /// How often a driver may report, or off. 5/s where nothing is said; off on loopback without tokens
    #[arg(long, value_name = "RATE", help_heading = DOORS)]
    driver_rate: Option<Bound<Rate>>,
    /// How many new drivers a client may bring in, like 60/m, or off: drivers that have not reported before and are not on the map.
    /// 60/m by default; off on loopback without tokens
    ///
    /// Operators' tokens and tokens that are bound to one driver are exempt. A gateway that reports for a whole fleet needs as
    /// much a minute as its fleet has drivers.
    #[arg(long, value_name = "RATE", help_heading = DOORS)]
    client_new_drivers: Option<Bound<Rate>>,
    /// How many connections a client may have open, or off. 100 where nothing is said; off on loopback without tokens
    #[arg(long, value_name = "COUNT", help_heading = DOORS)]
    client_connections: Option<Bound<NonZeroU32>>,
    /// How many requests a client may listen to at once, or off. 50 where nothing is said; off on loopback without tokens
    #[arg(long, value_name = "COUNT", help_heading = DOORS)]
    client_streams: Option<Bound<NonZeroU32>>,
    /// How many open requests a rider (a `user_id`) may have, or off. By default 3; off on loopback without tokens
    ///
    /// A request is open while it searches, and after it has found a driver until its `--ttl` is up. All services on the same
    /// Redis count together. Operators' tokens have no bound
    #[arg(long, value_name = "COUNT", help_heading = DOORS)]
    rider_requests: Option<Bound<RequestBound>>,
    /// How many open requests a client may have, whoever the riders are, or off. By default 20; off on loopback without tokens
    ///
    /// If one server of yours calls for all riders, all of them are one client: set this to off, and send the `user_id` with
    /// each request, so that `--rider-requests` holds. Raise it if many riders share an address, behind a carrier's NAT, say
    #[arg(long, value_name = "COUNT", help_heading = DOORS)]
    client_requests: Option<Bound<RequestBound>>,
}

/// A bound, or the word for none.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Bound<T> {
    Off,
    At(T),
}

impl<T: FromStr> FromStr for Bound<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        if text == "off" { Ok(Self::Off) } else { text.parse().map(Self::At) }
    }
}

/// What was said, or else the default unless the service keeps to itself.
fn bound<T, U>(said: Option<Bound<T>>, into: impl FnOnce(T) -> U, else_: U, keeps_to_itself: bool) -> Option<U> {
    match said {
        Some(Bound::Off) => None,
        Some(Bound::At(bound)) => Some(into(bound)),
        None => (!keeps_to_itself).then_some(else_),
    }
}

/// The two ways to be reached from elsewhere.
const WAYS: &str = concat!(
    "  --token-file FILE lets in who has a token. Write one with:\n",
    "    (umask 077; echo \"driver $(openssl rand -hex 32)\" > FILE)\n",
    "  --open lets in anybody.",
);

impl Options {
    /// The doors as they were asked for, for a service that is to listen at these addresses, which are all that its name leads to;
    /// and what there is to read anew.
    pub(super) fn doors(self, listen: &str, addresses: &[SocketAddr]) -> Result<(Doors, Renewal), Failure> {
        let on_loopback = addresses.iter().all(|address| address.ip().to_canonical().is_loopback());
        if self.open && self.token_file.is_some() {
            let both = "--open lets in anybody and --token-file does not: say one of them";
            return Err(Failure::Usage(both.to_owned()));
        }
        if !on_loopback && !self.open && self.token_file.is_none() {
            return Err(Failure::Usage(format!(
                "{listen} can be reached from other machines: who may come in?\n{WAYS}"
            )));
        }
        let tls = match (self.tls_cert, self.tls_key) {
            (Some(certificate), Some(key)) => Some(Tls { certificate, key }),
            (None, None) => None,
            (Some(_), None) => return Err(Failure::Usage("--tls-cert needs --tls-key FILE".to_owned())),
            (None, Some(_)) => return Err(Failure::Usage("--tls-key needs --tls-cert FILE".to_owned())),
        };
        let keeps_to_itself = on_loopback && self.token_file.is_none();
        let (tokens, tokens_now) = self.token_file.map(TokenFile::read_first).transpose()?.unzip();
        let (tls, tls_now) = tls.map(Tls::read_first).transpose()?.unzip();
        let own_name = listen.rsplit_once(':').map(|(host, _)| host.to_owned());
        let hosts = (on_loopback || !self.host.is_empty()).then(|| Hosts::new(self.host.into_iter().chain(own_name)));
        let whole = |count: NonZeroU32| usize::try_from(count.get()).unwrap_or(usize::MAX);
        if !on_loopback && tokens.is_none() {
            tracing::warn!("Anybody who reaches {listen} may come in and do everything (--open)");
        }
        if !on_loopback && tls.is_none() {
            tracing::warn!("What goes over the net can be read there, tokens too: --tls-cert and --tls-key encrypt it");
        }
        let doors = Doors {
            tokens: tokens_now,
            hosts,
            origins: self.cors_origin,
            proxies: self.trusted_proxy,
            client_rate: bound(self.client_rate, |rate| rate, CLIENT_RATE, keeps_to_itself),
            driver_rate: bound(self.driver_rate, |rate| rate, DRIVER_RATE, keeps_to_itself),
            client_new_drivers: bound(self.client_new_drivers, |rate| rate, CLIENT_NEW_DRIVERS, keeps_to_itself),
            client_connections: bound(self.client_connections, whole, CLIENT_CONNECTIONS, keeps_to_itself),
            client_streams: bound(self.client_streams, whole, CLIENT_STREAMS, keeps_to_itself),
            rider_requests: bound(self.rider_requests, |bound| bound, RIDER_REQUESTS, keeps_to_itself),
            client_requests: bound(self.client_requests, |bound| bound, CLIENT_REQUESTS, keeps_to_itself),
            tls: tls_now,
        };
        Ok((doors, Renewal { tokens, tls }))
    }
}

/// A file and those who follow what stands in it.
struct TokenFile {
    path: PathBuf,
    tell: watch::Sender<Arc<Tokens>>,
}

impl TokenFile {
    fn read_first(path: PathBuf) -> Result<(Self, watch::Receiver<Arc<Tokens>>), Failure> {
        let tokens = token_file::tokens(&path).map_err(|why| Failure::Usage(format!("--token-file: {why}")))?;
        let (tell, follow) = watch::channel(Arc::new(tokens));
        Ok((Self { path, tell }, follow))
    }

    fn read_anew(&self) {
        match token_file::tokens(&self.path) {
            Ok(tokens) => drop(self.tell.send(Arc::new(tokens))),
            Err(why) => tracing::warn!("the tokens were not read anew, those from before hold: {why}"),
        }
    }
}

/// A certificate's files.
struct Tls {
    certificate: PathBuf,
    key: PathBuf,
}

/// The same and those who follow what stands in them.
struct TlsFiles(Tls, watch::Sender<Arc<ServerConfig>>);

impl Tls {
    fn read_first(self) -> Result<(TlsFiles, watch::Receiver<Arc<ServerConfig>>), Failure> {
        let config = server_config(&self.certificate, &self.key);
        let config = config.map_err(|why| Failure::Usage(format!("--tls-cert, --tls-key: {why}")))?;
        let (tell, follow) = watch::channel(config);
        Ok((TlsFiles(self, tell), follow))
    }
}

impl TlsFiles {
    fn read_anew(&self) {
        let Self(files, tell) = self;
        match server_config(&files.certificate, &files.key) {
            Ok(config) => {
                drop(tell.send(config));
                tracing::info!("The certificate was read anew");
            }
            Err(why) => tracing::warn!("the certificate was not read anew, the one from before holds: {why}"),
        }
    }
}

/// What can be read anew while the service runs.
pub(super) struct Renewal {
    tokens: Option<TokenFile>,
    tls: Option<TlsFiles>,
}

impl Renewal {
    /// Whether there is anything. If not, SIGHUP means what it means elsewhere.
    pub(super) fn is_any(&self) -> bool {
        self.tokens.is_some() || self.tls.is_some()
    }

    /// Reads it anew at every signal, for ever.
    pub(super) async fn at_each(self, mut hangup: Signal) {
        while hangup.recv().await.is_some() {
            if let Some(tokens) = &self.tokens {
                tokens.read_anew();
            }
            if let Some(tls) = &self.tls {
                tls.read_anew();
            }
        }
    }
}
