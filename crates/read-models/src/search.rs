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
    fn a_document_has_its_texts_in_lower_case() {
        assert_eq!(document(["Müller & SÖHNE", "acme"]), "müller & söhne\nacme");
    }
}
