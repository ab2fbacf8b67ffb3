//! Code generated from `proto/` and nothing else: the messages of the API, its clients and its servers.

/// The descriptors of every file in `proto/` and what they import, as an encoded `google.protobuf.FileDescriptorSet`.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/handoff.v1.bin"));

/// Package `handoff.v1`.
#[allow(
    clippy::all,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    unreachable_pub,
    rustdoc::all,
    reason = "generated code"
)]
pub mod v1 {
    tonic::include_proto!("handoff.v1");
}
