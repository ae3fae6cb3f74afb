//! What a doctor asks of a Redis: the server itself, whether notifications arrive, what this user may do, and whether the keys
//! are as they should be. Nothing is written but canaries, which go away by themselves.

mod facts;
mod hearing;
mod rights;
mod shape;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, PushInfo};

pub use facts::{Facts, Info, Saving};
pub use hearing::{Canary, Heard, NOTICES};
pub use rights::Missing;
pub use shape::{Overdue, Pulse, Unsound};

use super::{CONNECT_TIMEOUT, RESPONSE_TIMEOUT, Store, StoreError};

impl Store {
    /// A connection for one examination alone.
    async fn own_connection(
        &self,
        push: impl Fn(PushInfo) + Send + Sync + 'static,
    ) -> Result<MultiplexedConnection, StoreError> {
        let take = move |info: PushInfo| -> Result<(), redis::aio::SendError> {
            push(info);
            Ok(())
        };
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(RESPONSE_TIMEOUT))
            .set_push_sender(take);
        let connection = self.client.get_multiplexed_async_connection_with_config(&config).await;
        connection.map_err(|error| StoreError::from_redis(&self.address, &error).before_asking())
    }
}
