//! Every bound on what may be written, in one place. All are inclusive.

/// Characters in a resource id.
pub const ID_CHARACTERS: usize = 63;
/// Characters in a display name, title or other single line.
pub const LINE_CHARACTERS: usize = 200;
/// Bytes of a text or HTML document, before and after it is sanitised: 64 KiB.
pub const TEXT_BYTES: usize = 64 * 1024;
/// Characters in an e-mail address (RFC 5321).
pub const EMAIL_CHARACTERS: usize = 254;
/// Assignees of one task.
pub const ASSIGNEES: usize = 200;
/// Hours that an SLA may give: one year.
pub const SLA_HOURS: u16 = 8_760;
/// Bytes of one event's payload: 512 KiB.
pub const EVENT_BYTES: usize = 512 * 1024;
/// Members `slug`, `slug-2` … that are tried for a free id before giving up.
pub const SLUG_ATTEMPTS: u32 = 1_000;
