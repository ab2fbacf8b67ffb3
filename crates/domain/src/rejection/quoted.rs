//! How errors show what somebody wrote: the one place that cuts it short.

/// Characters of somebody's text that an error shows, escapes counted as they are shown.
const CHARACTERS: usize = 80;

/// What somebody wrote, quoted and escaped, of at most 80 characters. `…` says that it went on.
pub fn quoted(text: &str) -> String {
    let mut room = CHARACTERS;
    let mut chars = text.char_indices();
    let end = chars.find_map(|(at, c)| match room.checked_sub(c.escape_debug().count()) {
        Some(left) => {
            room = left;
            None
        }
        None => Some(at),
    });
    match end {
        None => format!("{text:?}"),
        Some(end) => format!("{:?}…", &text[..end]),
    }
}

/// The text within `most` bytes, cut between characters. `…` says that it went on.
pub fn cut(mut text: String, most: usize) -> String {
    const MARK: char = '…';
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most.saturating_sub(MARK.len_utf8())));
        text.push(MARK);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn short_text_is_shown_whole_and_long_text_is_cut() {
        assert_eq!(quoted("a \"b\""), r#""a \"b\"""#);
        assert_eq!(quoted(&"a".repeat(80)), format!("{:?}", "a".repeat(80)));
        assert_eq!(
            quoted(&"ä".repeat(100_000)),
            format!("{:?}…", "ä".repeat(80))
        );
        assert_eq!(quoted(&"\0".repeat(81)), format!("{:?}…", "\0".repeat(40)));
    }

    proptest! {
        #[test]
        fn what_is_shown_is_bounded_whatever_was_written(text in any::<String>(), most in 3..400_usize) {
            let shown = quoted(&text.repeat(50));
            prop_assert!(shown.chars().count() <= CHARACTERS + 3, "{shown}");
            let short = cut(text.clone(), most);
            prop_assert!(short.len() <= most);
            prop_assert!(short == text || text.starts_with(short.trim_end_matches('…')));
        }
    }
}
