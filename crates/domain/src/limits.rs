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
/// Contacts that one account has at a time.
pub const CONTACTS: usize = 500;
/// Members of one account's support team.
pub const SUPPORT_TEAM: usize = 200;
/// Characters in a phone number.
pub const PHONE_CHARACTERS: usize = 40;
/// Digits in a phone number: fewest and most (E.164).
pub const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 3..=15;
/// Roles that the settings define, retired ones included.
pub const ACCOUNT_ROLES: usize = 100;
/// Types of generated tasks that the settings define, retired ones included.
pub const TASK_TYPES: usize = 500;
/// Categories of one kind (of tasks, of documents) that the settings define, retired ones included.
pub const CATEGORIES: usize = 2_000;
/// Characters in the format of task numbers.
pub const NUMBER_FORMAT_CHARACTERS: usize = 60;
/// Formats that task numbers had one after the other, each counted once.
pub const NUMBER_FORMATS: usize = 40;
/// Minutes that a digest may collect for: fewest and most (one day).
pub const DIGEST_MINUTES: std::ops::RangeInclusive<u16> = 1..=1_440;
/// Bytes that the largest document may have: least and most that can be set (1 KiB and 5 GiB).
pub const DOCUMENT_BYTES: std::ops::RangeInclusive<u64> = 1_024..=5 * 1024 * 1024 * 1024;
/// Files of one upload.
pub const FILES: usize = 20;
/// Characters in a media type.
pub const MEDIA_TYPE_CHARACTERS: usize = 100;
/// Admins that a command names as those who remain.
pub const OTHER_ADMINS: usize = 20;
/// Of what a member holds, how much an error names; the rest is counted.
pub const NAMED_HOLDINGS: usize = 20;
/// Of what an operation changes, how much one event or command plans.
pub const PLANNED_ITEMS: usize = 1_000;
/// Items of an operation that one command moves.
pub const MOVED_ITEMS: usize = 100;
/// Resources whose versions a plan may rest on: those of 10,000 items, and the few that it rests on beside them.
pub const EXPECTATIONS: usize = 10_010;
/// Characters of why an operation could not go on.
pub const FAILURE_CHARACTERS: usize = 500;
/// Characters of the filter that picks the accounts of an operation.
pub const FILTER_CHARACTERS: usize = 2_000;
/// Recipients of one task's notices.
pub const RECIPIENTS: usize = 200;
/// Tags of one task.
pub const TAGS: usize = 50;
/// Characters in a tag.
pub const TAG_CHARACTERS: usize = 50;
/// Tasks that one task is related to.
pub const RELATED_TASKS: usize = 100;
/// Accounts that a caller's number is looked up at.
pub const CALL_CANDIDATES: usize = 20;
/// Hours that a task may be estimated at or have taken.
pub const HOURS: u32 = 100_000;
/// Pieces that a task may be about.
pub const QUANTITY: u32 = 1_000_000_000;
/// Miles that may have been driven for a task.
pub const MILES: u32 = 1_000_000;
/// Units of its currency that an amount of money may have.
pub const MONEY_UNITS: i64 = 1_000_000_000_000;
/// Decimal places of hours, quantities, miles and money.
pub const DECIMAL_PLACES: u32 = 4;
/// Years in which a task may start or be due.
pub const YEARS: std::ops::RangeInclusive<i32> = 1..=9_998;
/// Tasks of one checklist: a service's template, or an order's.
pub const CHECKLIST_TASKS: usize = 500;
/// Ids that the tasks of one checklist ever have, those of removed tasks too: an id is given once.
pub const CHECKLIST_IDS: usize = 10_000;
/// Bytes of the titles and descriptions of one checklist together: 1 MiB.
pub const CHECKLIST_TEXT_BYTES: usize = 1024 * 1024;
/// Assignees of the tasks of one checklist together, one who has two tasks counted twice. With those
/// added by hand, what one event says of them stays within [`EVENT_BYTES`].
pub const CHECKLIST_ASSIGNEES: usize = 3_000;
/// The tiers of a checklist, counted from 1.
pub const TIERS: std::ops::RangeInclusive<u16> = 1..=1_000;
/// Hours after an order's start at which a task may be due: one year.
pub const DEADLINE_HOURS: u16 = 8_760;
/// Bytes of the tasks that one event about a copied checklist holds; the next ones are in the next
/// event. A task alone has less.
pub const CHECKLIST_SLICE_BYTES: usize = 384 * 1024;
/// Characters in what tells one billing cycle of an order from another.
pub const CYCLE_CHARACTERS: usize = 100;
/// Cycles for which one order is renewed.
pub const CYCLES: usize = 10_000;
/// Violations that one answer tells; one more says how many others there are.
pub const VIOLATIONS: usize = 32;
/// Bytes of the fields and descriptions of those violations together. Clients refuse an answer whose
/// headers are larger than 16 KiB; with this one's they stay within 8 KiB.
pub const VIOLATIONS_BYTES: usize = 3 * 1024;
/// Bytes of one violation's field, and of its description.
pub const VIOLATION_BYTES: usize = 1024;
