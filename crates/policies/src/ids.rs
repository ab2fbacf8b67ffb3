//! The ids of what policies issue: the same whenever it is decided, so that the log knows it again.

use uuid::Uuid;

/// The id of the command that a policy issues for a target at an event.
pub fn command_id(policy: &str, event: Uuid, target: &str) -> Uuid {
    Uuid::new_v5(&of(policy, event, "command"), target.as_bytes())
}

/// The id of the command that answers the rejection of another.
pub fn follow_up_id(rejected: Uuid, target: &str) -> Uuid {
    Uuid::new_v5(&rejected, target.as_bytes())
}

/// The id of the job that a policy asks for at an event, by its place in the decision.
pub fn job_id(policy: &str, event: Uuid, index: usize) -> Uuid {
    Uuid::new_v5(&of(policy, event, "job"), index.to_string().as_bytes())
}

/// The id of the command that a job issues for a target.
pub fn job_command_id(job: Uuid, target: &str) -> Uuid {
    Uuid::new_v5(&job, target.as_bytes())
}

fn of(policy: &str, event: Uuid, what: &str) -> Uuid {
    Uuid::new_v5(&event, format!("{policy}/{what}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ids are in the log for ever: another way to make them would do everything once more.
    #[test]
    fn ids_are_fixed_for_ever() {
        let event = Uuid::from_u128(7);
        let command = command_id("ownership", event, "tasks/t1");
        assert_eq!(command, command_id("ownership", event, "tasks/t1"));
        let others = [
            command_id("other", event, "tasks/t1"),
            command_id("ownership", Uuid::from_u128(8), "tasks/t1"),
            command_id("ownership", event, "tasks/t2"),
            follow_up_id(command, "tasks/t1"),
            job_id("ownership", event, 0),
            job_command_id(job_id("ownership", event, 0), "tasks/t1"),
        ];
        assert!(!others.contains(&command));
        let fixed = "5264f7fe-fb2a-58b0-b142-791e186a1882";
        assert_eq!(command.to_string(), fixed);
    }
}
