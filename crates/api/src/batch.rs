//! A batch of commands alike: each is done for itself, under an id of its own.

use futures_util::{StreamExt, stream};
use handoff_domain::Command;
use prost::Message;
use tracing::Span;

use crate::{
    call::Call,
    command::{Commands, Done, Order},
    error::ApiError,
    fields::Fields,
    views::View,
};

/// The most commands of a batch.
pub(crate) const ITEMS: usize = 100;
/// How many commands of a batch wait at the same time.
const AT_ONCE: usize = 16;

/// One command of a batch.
pub(crate) struct Item<C> {
    /// The resource that it is about.
    pub(crate) name: String,
    pub(crate) command: C,
}

/// A request that asks for the same on many resources.
pub(crate) trait BatchRequest: Message {
    type Command: Command + 'static;

    /// Its `request_id`.
    fn request_id(&self) -> &str;

    /// At least one and at most [`ITEMS`] commands, each about another resource; none if a field is
    /// wrong, which is then noted.
    fn items(&self, fields: &mut Fields) -> Option<Vec<Item<Self::Command>>>;

    /// The same request about one resource only: what a retry must say again of it. So a part of a
    /// batch can be retried as well as the whole.
    fn alone(&self, name: &str) -> Self;
}

impl Commands {
    /// Does the commands that were asked for, and says of each what became of it, in their order.
    ///
    /// # Errors
    /// Only where the request as a whole cannot be read.
    pub(crate) async fn run_batch<R: BatchRequest>(
        &self,
        request: tonic::Request<R>,
    ) -> Result<Vec<(String, Result<Done, ApiError>)>, ApiError> {
        let (call, request) = Call::of(request)?;
        let view = View::of(&call.caller, call.method.path)?;
        let mut fields = Fields::new();
        let items = request.items(&mut fields);
        let request_id = fields.request_id(request.request_id());
        let (items, request_id) = fields.finish(items.zip(request_id))?;
        Span::current().record("request_id", tracing::field::display(request_id));
        let mut waiting = Vec::with_capacity(items.len());
        for Item { name, command } in items {
            let order = Order::new(call.clone(), view, request_id, None, &request.alone(&name));
            waiting.push(async move {
                let answer = self.submit(&order, order.first(&name), command).await;
                let done = answer.map(|answer| self.done(&order, answer));
                (name, done)
            });
        }
        Ok(stream::iter(waiting).buffered(AT_ONCE).collect().await)
    }
}
