//! `handoff log`: the log as a whole.

use clap::{Args, Subcommand};
use handoff_proto::v1::{
    self, VerifyLogResponse, history_query_service_client::HistoryQueryServiceClient,
};

use crate::{command::words, error::Error, output::Printer, session::Session};

#[derive(Debug, Subcommand)]
pub(crate) enum LogCommand {
    /// Checks that nothing in the log was edited or removed
    Verify(Verify),
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// First position to check
    #[arg(long, value_name = "POSITION", default_value_t = 1, value_parser = clap::value_parser!(i64).range(1..))]
    from: i64,
    /// Last position to check [default: the end of the log]
    #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(i64).range(1..))]
    to: Option<i64>,
}

impl LogCommand {
    pub(crate) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let Self::Verify(verify) = self;
        let request = v1::VerifyLogRequest {
            from_position: verify.from,
            to_position: verify.to.unwrap_or(0),
        };
        let mut client = HistoryQueryServiceClient::new(session.service());
        let mut stream = client
            .verify_log(request)
            .await
            .map_err(|status| session.failed(status))?
            .into_inner();

        let bar = printer.progress(0, "{wide_bar} {human_pos}/{human_len} events  {eta}");
        let mut result = None;
        while let Some(message) = stream
            .message()
            .await
            .map_err(|status| session.failed(status))?
        {
            bar.set_length(u64::try_from(message.to_position - verify.from + 1).unwrap_or(0));
            bar.set_position(u64::try_from(message.events_checked).unwrap_or(0));
            result = Some(message).filter(|message| message.done);
        }
        bar.finish_and_clear();
        let result = result.ok_or_else(|| {
            Error::Failed("the check ended before its result; nothing is known".to_owned())
        })?;
        report(&result, verify.from, printer)
    }
}

fn report(result: &VerifyLogResponse, from: i64, printer: &Printer) -> Result<(), Error> {
    if result.first_bad_position == 0 {
        let hash: String = result
            .hash
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let sentence = format!(
            "Positions {from} to {} are as they were recorded: {} events, {} anchors.\nHash at {0}: {hash}",
            result.verified_position, result.events_checked, result.anchors_checked
        );
        return Ok(printer.done(result, &sentence)?);
    }
    if printer.is_json() {
        printer.done(result, "")?;
    }
    let problem = words(result.problem().as_str_name(), "LOG_PROBLEM_");
    Err(Error::Failed(format!(
        "the log is damaged at position {}: {problem}: {}",
        result.first_bad_position, result.description
    )))
}
