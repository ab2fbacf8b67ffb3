//! The contents of documents: checked on the way in, kept in an object store.
//!
//! It knows files, keys and the store, and nothing of the log: whether an object became a document is
//! asked of whoever knows.
//!
//! An upload leaves either a document or nothing. Each has a key of its own, so that no other, not even a
//! retry, overwrites or removes what it wrote:
//!
//! 1. `staged/{object}` is put: it says that `documents/{document}/{object}` may be there without an event.
//! 2. The content is written; it becomes visible, whole, after its size, SHA-256 and type were checked.
//! 3. The event is appended. From here on the object is the document's.
//! 4. `staged/{object}` is removed.
//!
//! What is refused or breaks off before 3 is removed at once. What a crash leaves has its `staged/` object
//! still, and [`DocumentStore::sweep`] decides by the log.

mod key;
mod media;
mod store;
mod upload;

pub use key::ObjectKey;
pub use store::{Content, DocumentStore, S3, StoreError, Swept};
pub use upload::{Expected, Upload, UploadError};
