//! Any message of the API as JSON, by its descriptor.

use std::sync::LazyLock;

use handoff_proto::FILE_DESCRIPTOR_SET;
use prost::{Message, Name};
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};

static DESCRIPTORS: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(FILE_DESCRIPTOR_SET)
        .expect("the descriptors were compiled with this program")
});

/// The message in one line: the canonical mapping of proto3, but with the field names of the protos, with integers as
/// numbers, and with the fields that have their default.
pub(crate) fn line<M: Message + Name>(message: &M) -> String {
    let descriptor = DESCRIPTORS
        .get_message_by_name(&M::full_name())
        .expect("every message has a descriptor");
    let dynamic = DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice())
        .expect("a message can be read back by its own descriptor");
    let options = SerializeOptions::new()
        .use_proto_field_name(true)
        .stringify_64_bit_integers(false)
        .skip_default_fields(false);
    let mut json = Vec::new();
    dynamic
        .serialize_with_options(&mut serde_json::Serializer::new(&mut json), &options)
        .expect("only a timestamp or duration out of range cannot be written, and the server sends none");
    String::from_utf8(json).expect("JSON is UTF-8")
}

#[cfg(test)]
mod tests {
    use handoff_proto::v1;

    use super::*;

    #[test]
    fn names_are_those_of_the_protos_and_numbers_are_numbers() {
        let receipt = v1::CommandReceipt {
            position: 12,
            epoch: 1,
            events_appended: 0,
            replayed: true,
        };
        assert_eq!(
            line(&receipt),
            r#"{"position":12,"epoch":1,"events_appended":0,"replayed":true}"#
        );
    }

    #[test]
    fn enums_are_names_and_times_are_text() {
        let entry = v1::Account {
            kind: v1::AccountKind::Lead.into(),
            create_time: Some(crate::time::timestamp(
                "2026-12-01T17:00:00Z".parse().unwrap(),
            )),
            ..Default::default()
        };
        let json: serde_json::Value = serde_json::from_str(&line(&entry)).unwrap();
        assert_eq!(json["kind"], "ACCOUNT_KIND_LEAD");
        assert_eq!(json["create_time"], "2026-12-01T17:00:00Z");
        assert_eq!(json["display_name"], "");
    }
}
