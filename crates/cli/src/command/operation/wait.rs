//! Waiting for the end of an operation.

use clap::Args;
use handoff_proto::v1::{
    self, Operation, OperationStatus, operation_query_service_client::OperationQueryServiceClient,
};

use crate::{error::Error, output::Printer, session::Session};

/// How long one call waits; then the bar moves on.
const STEP: prost_types::Duration = prost_types::Duration {
    seconds: 2,
    nanos: 0,
};

/// What every command that begins an operation over many items takes.
#[derive(Debug, Args)]
pub(crate) struct WaitArgs {
    /// Return as soon as it has begun
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// Shows an operation that began: at its end, unless nobody wants to wait.
pub(crate) async fn follow(
    begun: Operation,
    args: &WaitArgs,
    session: &Session,
    printer: &Printer,
) -> Result<(), Error> {
    if args.no_wait {
        printer.resource(&begun)?;
        if begun.status() != OperationStatus::Finished {
            printer.note(&format!(
                "It goes on: handoff operation wait {}",
                begun.name
            ));
        }
        return Ok(());
    }
    let ended = wait(&begun.name, session, printer).await?;
    printer.resource(&ended)?;
    if ended.counts.unwrap_or_default().skipped > 0 {
        printer.note(&format!(
            "What was skipped: handoff operation items {} --outcome skipped",
            ended.name
        ));
    }
    Ok(())
}

/// Waits until an operation is finished, however long that takes; on a terminal with a bar.
pub(crate) async fn wait(
    name: &str,
    session: &Session,
    printer: &Printer,
) -> Result<Operation, Error> {
    let bar = printer.progress(0, "{bar:30} {pos} of {len} {msg}");
    loop {
        let request = v1::WaitOperationRequest {
            name: name.to_owned(),
            timeout: Some(STEP),
        };
        let answer = session
            .call(request, async |service, request| {
                OperationQueryServiceClient::new(service)
                    .wait_operation(request)
                    .await
            })
            .await;
        let operation = match answer {
            Ok(answer) => answer.operation.unwrap_or_default(),
            Err(error) => {
                bar.finish_and_clear();
                return Err(error);
            }
        };
        if operation.status() == OperationStatus::Finished {
            bar.finish_and_clear();
            return Ok(operation);
        }
        let (done, planned) = progress(&operation);
        bar.set_length(planned);
        bar.set_position(done);
        bar.set_message(match operation.status() {
            OperationStatus::Planning => "listing",
            _ => "",
        });
    }
}

/// How many items have a result, and how many there will be as far as is known: what the ownership policy
/// moves is known only when it did.
fn progress(operation: &Operation) -> (u64, u64) {
    let counts = operation.counts.unwrap_or_default();
    let done = counts.moved + counts.kept + counts.skipped;
    let planned: i64 = operation.planned.iter().map(|count| count.count).sum();
    let whole = |count: i64| u64::try_from(count).unwrap_or_default();
    (whole(done), whole(planned.max(done)))
}

#[cfg(test)]
mod tests {
    use handoff_proto::v1::{HoldingCount, OutcomeCounts};

    use super::*;

    #[test]
    fn what_the_policy_moves_makes_the_bar_longer() {
        let mut operation = Operation {
            planned: vec![HoldingCount { kind: 1, count: 3 }],
            ..Operation::default()
        };
        assert_eq!(progress(&operation), (0, 3));
        operation.counts = Some(OutcomeCounts {
            moved: 4,
            kept: 1,
            skipped: 0,
        });
        assert_eq!(progress(&operation), (5, 5));
    }
}
