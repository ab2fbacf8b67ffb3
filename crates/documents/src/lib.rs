//! The contents of documents.
