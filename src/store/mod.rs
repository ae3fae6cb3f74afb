//! All that speaks Redis: the connection, the names of the keys, the scripts, and what is read for the screen.
//!
//! Every change of state is one script in `assets/lua/`; everything else is a plain command. Text from Redis is cleaned
//! here, where it enters.

mod access;
mod address;
mod ailment;
mod around;
mod checkup;
mod deeds;
mod drivers;
mod error;
mod events;
mod flags;
mod groups;
mod keys;
mod last;
mod login;
mod measure;
mod notifications;
mod operator;
mod outage;
mod outbox;
mod reply;
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

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue, Pipeline};

pub use access::{Access, Armed};
pub use address::Address;
pub use ailment::Ailment;
pub use checkup::{Canary, Facts, Heard, Info, Misshapen, Missing, NOTICES, Overdue, Pulse, Saving};
pub use deeds::Traced;
pub use error::{Refusal, StoreError};
pub use events::EventTail;
pub use flags::merged as merged_flags;
pub use groups::{Batch, Group, Member};
pub use keys::{InvalidRegion, Region};
pub use login::{Login, Split, Written};
pub use notifications::{Changed, Hearing, Watch};
pub use operator::Found;
pub use outage::Outage;
pub use outbox::{Fate, OutboxCounts, Outgoing, Taken};
pub use requests::{NewRequest, SearchPage, TicketHash};
pub use rights::{Dialect, InvalidUser, KeyRight, Rights, Role, User};
pub use schedule::{Look, Outcome, Pace, Round, SweepPart};
pub use tls::Certificates;
pub use toll::Toll;
pub use viewport::Chart;
pub use waiting::{Listing, Place};

use crate::domain::{Freshness, Seal};

use access::Switch;
use keys::Keys;
use scripts::Scripts;
use toll::Way;

/// How long a command may take until the answer is no longer waited for.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long it may take to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// A handle on one Redis. Clones share one connection, which comes back by itself after a cut.
#[derive(Clone)]
pub struct Store {
    client: Client,
    connection: ConnectionManager,
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
    /// Where the address is none, nobody answers there within a second, or the server turns us away.
    pub async fn connect(address: Address, region: Option<&Region>, access: Access) -> Result<Self, StoreError> {
        let client = address.client()?;
        // A connection of its own comes first: it fails at once and with the true reason.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(RESPONSE_TIMEOUT));
        let away = |error| tls::at_the_door(&address, &error);
        let mut first = client.get_multiplexed_async_connection_with_config(&config).await.map_err(away)?;
        redis::cmd("PING").exec_async(&mut first).await.map_err(away)?;
        let connection = client.get_connection_manager_lazy(manager_config()).map_err(away)?;
        Ok(Self {
            client,
            connection,
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
        let mut connection = self.connection.clone();
        self.measured(measure::name(command), command.query_async(&mut connection)).await
    }

    async fn query_all<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, StoreError> {
        let mut connection = self.connection.clone();
        self.measured("pipeline", commands.query_async(&mut connection)).await
    }
}

/// A command that finds the connection cut fails at once and so starts one try to connect: nobody waits in a queue that
/// grows, and no command is ever sent twice.
fn manager_config() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_number_of_retries(0)
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(RESPONSE_TIMEOUT))
}

/// Whole milliseconds, at least one: Redis refuses a TTL of 0, and takes a read that waits for 0 to wait for ever.
fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX).max(1)
}
