//! Ids made from what a file says, so that the same row has the same ids whenever it is imported.

use std::collections::HashMap;

use uuid::{Uuid, uuid};

/// Namespace of everything here. Another value would make every row of every file a new one.
const NAMESPACE: Uuid = uuid!("5f0f7a52-6f0b-4c55-9d8a-0b1d2f6f3c1e");
/// Longest id made from a display name: room for a suffix stays free.
const LONGEST_SLUG: usize = 50;

/// A UUID made from these texts and nothing else.
pub(super) fn uuid_of(parts: &[&str]) -> Uuid {
    let mut bytes = Vec::new();
    for part in parts {
        // With its length before it, no text can look like the end of one and the begin of the next.
        bytes.extend((part.len() as u64).to_le_bytes());
        bytes.extend(part.as_bytes());
    }
    Uuid::new_v5(&NAMESPACE, &bytes)
}

/// Tells rows of one file apart that say the same.
#[derive(Debug, Default)]
pub(super) struct Identities {
    /// How often a content was seen, by half of its UUID: at a million rows a whole one would cost twice the memory.
    seen: HashMap<u64, u32>,
}

impl Identities {
    /// The identity of a row with this key.
    pub(super) fn of_key(key: &str) -> Uuid {
        uuid_of(&["key", key])
    }

    /// The identity of the next row with this content.
    pub(super) fn of_content(&mut self, content: &[&str]) -> Uuid {
        let base = uuid_of(content);
        let occurrence = self.seen.entry(base.as_u64_pair().0).or_default();
        *occurrence += 1;
        uuid_of(&["row", &base.to_string(), &occurrence.to_string()])
    }
}

/// The id that a display name suggests: its letters and digits in lower case, joined by `-`. Where that leaves something out
/// that may tell it from others, such as letters beyond ASCII, a suffix made from the whole name is added.
pub(super) fn slug(display_name: &str) -> String {
    let mut slug = String::new();
    let mut lost = false;
    for c in display_name.chars().flat_map(char::to_lowercase) {
        match c {
            _ if slug.len() >= LONGEST_SLUG => lost = true,
            'a'..='z' | '0'..='9' => slug.push(c),
            _ => {
                lost |= c.is_alphanumeric();
                if !slug.is_empty() && !slug.ends_with('-') {
                    slug.push('-');
                }
            }
        }
    }
    let slug = slug.trim_end_matches('-');
    match (lost, slug) {
        (false, "") | (true, "") => format!("x-{}", suffix(display_name)),
        (false, slug) => slug.to_owned(),
        (true, slug) => format!("{slug}-{}", suffix(display_name)),
    }
}

fn suffix(display_name: &str) -> String {
    uuid_of(&["slug", display_name]).simple().to_string()[..8].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_the_same_for_ever() {
        assert_eq!(
            Identities::of_key("T-9").to_string(),
            "074c2ad4-9ce8-527e-9727-a27342db47ad"
        );
    }

    #[test]
    fn rows_that_say_the_same_are_told_apart_by_their_number() {
        let (mut first, mut second) = (Identities::default(), Identities::default());
        let ids: Vec<Uuid> = (0..3)
            .map(|_| first.of_content(&["Call", "Acme"]))
            .collect();
        assert_eq!(
            ids,
            (0..3)
                .map(|_| second.of_content(&["Call", "Acme"]))
                .collect::<Vec<_>>()
        );
        assert!(ids[0] != ids[1] && ids[1] != ids[2]);
    }

    #[test]
    fn texts_do_not_run_into_each_other() {
        assert_ne!(uuid_of(&["ab", "c"]), uuid_of(&["a", "bc"]));
    }

    #[test]
    fn a_slug_is_an_id_that_tells_names_apart() {
        assert_eq!(slug("Acme & Partners, Ltd."), "acme-partners-ltd");
        assert_eq!(slug("ana"), "ana");
        assert_ne!(slug("Ärzte"), slug("Örzte"));
        assert!(slug("Ärzte").starts_with("rzte-"));
        assert!(slug("东京").starts_with("x-"));
        let (one, two) = (
            slug(&format!("{}1", "long ".repeat(30))),
            slug(&format!("{}2", "long ".repeat(30))),
        );
        assert_ne!(one, two);
        assert!(one.len() <= 63);
    }
}
