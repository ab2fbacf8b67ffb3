//! The places and the mistakes there are.

macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// All there are.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in the environment.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

named! {
    /// Where a process may be stopped.
    Point {
        /// The gateway holds the log's lock and has written nothing.
        AppendLocked = "append_locked",
        /// The gateway is about to send its events and the commit.
        AppendBeforeCommit = "append_before_commit",
        /// The gateway's events are committed, and nobody was told.
        AppendAfterCommit = "append_after_commit",
        /// The relay has just become the active one.
        RelayTakesOver = "relay_takes_over",
        /// The relay is about to publish an event.
        RelayBeforePublish = "relay_before_publish",
        /// The relay has published an event, which NATS may have or not.
        RelayAfterPublish = "relay_after_publish",
        /// The relay is about to save its cursor.
        RelayBeforeSave = "relay_before_save",
        /// The relay has saved its cursor.
        RelayAfterSave = "relay_after_save",
        /// A projector has folded a batch and not begun to write it.
        ProjectBeforeWrite = "project_before_write",
        /// A projector has written rows and checkpoints, and not committed them.
        ProjectBeforeCommit = "project_before_commit",
        /// A projector has committed rows and checkpoints.
        ProjectAfterCommit = "project_after_commit",
        /// A projector is about to take partitions that are free.
        LeaseBeforeTake = "lease_before_take",
        /// A projector has just taken partitions.
        LeaseAfterTake = "lease_after_take",
        /// A policy is about to submit a command that it has decided and stored.
        PolicyBeforeSubmit = "policy_before_submit",
        /// A policy's command has an answer, which is not recorded.
        PolicyAfterSubmit = "policy_after_submit",
        /// A policy has recorded what became of commands.
        PolicyAfterRecord = "policy_after_record",
        /// A job was just claimed, and has done nothing yet.
        JobClaimed = "job_claimed",
        /// A job has just saved how far it is.
        JobSaved = "job_saved",
        /// A rebuilt read model is about to be made the live one.
        SwitchBeforeCommit = "switch_before_commit",
        /// A rebuilt read model has just become the live one.
        SwitchAfterCommit = "switch_after_commit",
    }
}

named! {
    /// Mistakes that the checker must find, with the rule that each breaks.
    Bug {
        /// Answers a command before its events are committed (rule 1).
        AnswerBeforeCommit = "answer_before_commit",
        /// Does not look whether a command was done before (rule 2).
        ForgetReceipts = "forget_receipts",
        /// Leaves a position out, as a sequence does when a transaction is rolled back (rule 3).
        LeavePositionOut = "leave_position_out",
        /// Begins each batch's hashes anew (rule 3).
        BreakChain = "break_chain",
        /// Loses an event now and then when a batch is folded (rule 4).
        DropEvent = "drop_event",
        /// Does not look whether the checkpoints were where they were expected (rule 4).
        IgnoreCheckpoints = "ignore_checkpoints",
        /// Takes an event that comes after a hole for the next one (rule 4).
        LeaveHoles = "leave_holes",
        /// Remembers states across sessions of the log, also those that a restore has undone (rule 3).
        RememberAcrossSessions = "remember_across_sessions",
        /// Submits each try of a policy's command under an id of its own.
        NewIdPerTry = "new_id_per_try",
        /// Does not tell a policy's decision of the commands that its state does not show yet.
        ForgetPending = "forget_pending",
        /// Lets callers wait instead of refusing what does not fit into the queue.
        UnboundedQueue = "unbounded_queue",
    }
}
