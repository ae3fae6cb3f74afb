//! All that speaks Redis: the connection, the names of the keys, the scripts, and what is read for the screen.
//!
//! Every change of state is one script in `assets/lua/`; everything else is a plain command. Text from Redis is cleaned
//! here, where it enters.

mod access;
mod address;
mod ailment;
mod around;
mod canary;
mod checkup;
mod condition;
mod deeds;
mod drivers;
mod error;
mod events;
mod flags;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod groups;
mod keys;
mod last;
mod link;
mod listening;
mod login;
mod losses;
mod measure;
mod member;
mod misshapen;
mod notifications;
mod opening;
mod operator;
mod outage;
mod outbox;
mod reply;
mod request_ids;
mod requests;
mod rights;
mod schedule;
mod scripts;
mod server;
mod tls;
mod toll;
mod viewport;
mod waiting;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use redis::{Client, Cmd, FromRedisValue, Pipeline};

pub use access::{Access, Armed};
pub use address::Address;
pub use ailment::Ailment;
pub use checkup::{Canary, Facts, Heard, Info, Missing, NOTICES, Overdue, Pulse, Saving, Unsound};
pub use condition::Trouble;
pub use deeds::Traced;
pub use error::{Refusal, StoreError};
pub use events::EventTail;
pub use flags::merged as merged_flags;
pub use groups::Group;
pub use keys::{InvalidRegion, Region};
pub use login::{Login, Split, Written};
pub use losses::{ENDS_KEPT, Loss, Losses, Lost};
pub use member::{Batch, Member};
pub use misshapen::Misshapen;
pub use notifications::{Changed, Hearing, Watch};
pub use opening::{KeyHash, NewRequest, Quota, QuotaScope, Terms};
pub use operator::Found;
pub use outage::Outage;
pub use outbox::{Fate, GivenUp, OutboxCounts, Outgoing, Take, Taken};
pub use request_ids::InvalidCounter;
pub use requests::{SearchPage, TicketHash};
pub use rights::{Dialect, InvalidUser, KeyRight, Rights, Role, User};
pub use schedule::{Look, Outcome, Pace, Round, SweepPart};
pub use tls::Certificates;
pub use toll::Toll;
pub use viewport::Chart;
pub use waiting::{Listing, Place};

use crate::domain::{Freshness, Seal};

use access::Switch;
use keys::Keys;
use link::{Failed, Link};
use scripts::Scripts;
use toll::Way;

/// How long a command may take until the answer is no longer waited for.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long it may take to connect. With TLS a connection takes three times there and back, and a way that is half a second long
/// is no reason to give up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);

/// Commands about the server, which it answers whatever ails it.
const OF_SERVER: [&str; 4] = ["config", "hello", "info", "time"];

/// A handle on one Redis. Clones share one connection, which comes back by itself after a cut.
#[derive(Clone)]
pub struct Store {
    client: Client,
    link: Link,
    address: Address,
    keys: Keys,
    scripts: &'static Scripts,
    /// Whether scripts that only read are called as Redis 6 has it.
    old_calls: Arc<AtomicBool>,
    switch: Switch,
    freshness: Freshness,
    way: Way,
    /// Where it is noted what this handle costs.
    toll: Option<Arc<Toll>>,
    /// The operator's deed that this handle is for.
    seal: Option<Seal>,
}

impl Store {
    /// Connects, and asks the server once whether it answers.
    ///
    /// # Errors
    /// Where the address is none, nobody answers there within four seconds, or the server turns us away.
    pub async fn connect(address: Address, region: Option<&Region>, access: Access) -> Result<Self, StoreError> {
        let client = address.client()?;
        let away = |error| tls::at_the_door(&address, &error);
        let link = Link::open(client.clone()).await.map_err(away)?;
        let mut first = link.line().await.map_err(|failed| away(failed.error))?;
        match redis::cmd("PING").exec_async(&mut first.connection).await.map_err(away) {
            // It can be read all the same.
            Err(error) if error.ailment() == Some(Ailment::NotSaving) => {}
            answer => answer?,
        }
        Ok(Self {
            client,
            link,
            keys: Keys::new(region),
            scripts: Scripts::shared(),
            old_calls: Arc::default(),
            switch: Switch::new(access),
            address,
            freshness: Freshness::default(),
            way: Way::default(),
            toll: None,
            seal: None,
        })
    }

    /// The same handle, which passes over drivers who are silent for so long.
    #[must_use]
    pub fn with_freshness(self, freshness: Freshness) -> Self {
        Self { freshness, ..self }
    }

    /// What the silence of a driver means to this handle.
    #[must_use]
    pub fn freshness(&self) -> Freshness {
        self.freshness
    }

    /// Where this Redis is, without its password.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        let name = measure::name(command);
        let is_of_server = OF_SERVER.contains(&name.as_str());
        let answer = async {
            let mut line = self.link.line().await?;
            let answer = command.query_async(&mut line.connection).await;
            if is_of_server { line.heard_of_server(answer) } else { line.heard(answer) }
        };
        self.measured(name, answer).await
    }

    async fn query_all<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, StoreError> {
        self.measured("pipeline", self.send_all(commands)).await
    }

    async fn send_all<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, Failed> {
        let mut line = self.link.line().await?;
        let answer = commands.query_async(&mut line.connection).await;
        line.heard(answer)
    }
}

/// Whole milliseconds, at least one: Redis refuses a TTL of 0, and takes a read that waits for 0 to wait for ever.
fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX).max(1)
}
