//! Search for words in short texts, such as names: each word anywhere, in any order, whatever its case.
//!
//! What is searched is kept in lower case in a column of its own; the id, which is in lower case anyway, is
//! added to it where it is asked about. An index on the trigrams of both serves it. A word of fewer than
//! three letters or digits has none, and is looked for in every row.

/// Words in one search.
const WORDS: usize = 10;

/// What is searched of a row: its texts in lower case, a line for each, so that no word spans two.
pub(crate) fn document<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let lower: Vec<_> = texts.into_iter().map(str::to_lowercase).collect();
    lower.join("\n")
}

/// What people read of a document of HTML: without its tags, and with what they stand for in place of
/// entities.
pub(crate) fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        rest = match rest.strip_prefix('<') {
            // A tag ends a line at most, so it may end a word.
            Some(tag) if is_block(tag) => {
                text.push('\n');
                after(tag, '>')
            }
            Some(tag) => after(tag, '>'),
            None => {
                let entity = ENTITIES
                    .iter()
                    .find_map(|(name, letter)| Some((letter, rest.strip_prefix(name)?)));
                let (letter, rest) = entity.unwrap_or((&'&', &rest[1..]));
                text.push(*letter);
                rest
            }
        };
    }
    text + rest
}

/// What the sanitiser writes for letters that mean something in HTML.
const ENTITIES: [(&str, char); 5] = [
    ("&amp;", '&'),
    ("&lt;", '<'),
    ("&gt;", '>'),
    ("&quot;", '"'),
    ("&nbsp;", ' '),
];

/// Whether a tag, without its `<`, stands between lines and not inside one.
fn is_block(tag: &str) -> bool {
    let name = tag.trim_start_matches('/');
    let end = name.find(|c: char| !c.is_ascii_alphanumeric());
    matches!(
        &name[..end.unwrap_or(name.len())],
        "p" | "br" | "ul" | "ol" | "li"
    )
}

/// What follows the first `end`; nothing if there is none.
fn after(text: &str, end: char) -> &str {
    text.split_once(end).map_or("", |(_, rest)| rest)
}

/// A pattern of `like` for each word.
///
/// # Errors
/// What is wrong: there are no words, or too many.
pub(crate) fn patterns(text: &str) -> Result<Vec<String>, String> {
    let patterns: Vec<_> = text.split_whitespace().map(pattern).collect();
    match patterns.len() {
        0 => Err("is searched for words, of which there are none".to_owned()),
        1..=WORDS => Ok(patterns),
        n => Err(format!(
            "is searched for {n} words; at most {WORDS} are allowed"
        )),
    }
}

/// Whether the index on trigrams finds what is like a pattern that [`patterns`] made.
pub(crate) fn is_indexed(pattern: &str) -> bool {
    let parts = pattern.split(|c: char| !c.is_ascii_alphanumeric());
    parts.into_iter().any(|part| part.len() >= 3)
}

/// Whether a document is like a pattern that [`patterns`] made.
pub(crate) fn finds(pattern: &str, document: &str) -> bool {
    let mut word = String::with_capacity(pattern.len());
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '%' => {}
            '\\' => word.extend(letters.next()),
            letter => word.push(letter),
        }
    }
    document.contains(&word)
}

fn pattern(word: &str) -> String {
    let mut pattern = "%".to_owned();
    for c in word.to_lowercase().chars() {
        if matches!(c, '\\' | '%' | '_') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_looked_for_by_itself_and_as_it_is() {
        assert_eq!(
            patterns(" Acme  100%_\\ ").unwrap(),
            ["%acme%", "%100\\%\\_\\\\%"]
        );
        assert!(patterns("  ").is_err());
        assert!(patterns(&"a ".repeat(10)).is_ok());
        assert!(patterns(&"a ".repeat(11)).is_err());
    }

    #[test]
    fn a_word_of_three_letters_or_digits_is_indexed() {
        for (word, indexed) in [
            ("acme", true),
            ("a-100", true),
            ("ab", false),
            ("a_b%c", false),
        ] {
            assert_eq!(is_indexed(&patterns(word).unwrap()[0]), indexed, "{word}");
        }
    }

    #[test]
    fn a_word_is_found_as_it_is() {
        for (word, document, found) in [
            ("ACME", "the acme task", true),
            ("100%_\\", "all 100%_\\ of it", true),
            ("100%", "100 of it", false),
            ("a_b", "axb", false),
        ] {
            let pattern = &patterns(word).unwrap()[0];
            assert_eq!(finds(pattern, document), found, "{word}");
        }
    }

    #[test]
    fn of_html_what_people_read_is_searched() {
        for (html, text) in [
            ("a &lt; b <strong>c</strong>d &amp;amp;", "a < b cd &amp;"),
            ("<p>one</p><p>two<br>three</p>", "\none\n\ntwo\nthree\n"),
            (
                "<a href=\"https://example.com/?a=1&amp;b\">here</a>",
                "here",
            ),
            ("R&D <", "R&D "),
            ("", ""),
        ] {
            assert_eq!(plain(html), text, "{html}");
        }
    }

    #[test]
    fn a_document_has_its_texts_in_lower_case() {
        assert_eq!(document(["Müller & SÖHNE", "acme"]), "müller & söhne\nacme");
    }
}
