//! The HTML of notes and details, as text.
//!
//! The server keeps only `strong em b i u a ul ol li p br`; anything else is shown as it stands.

/// The text, with a line for each paragraph and item, and the address of a link behind it.
pub(crate) fn text(html: &str) -> String {
    let mut text = String::new();
    let mut link = None;
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        push_unescaped(&mut text, &rest[..start]);
        let Some(length) = rest[start..].find('>') else {
            rest = &rest[start..];
            break;
        };
        let tag = &rest[start + 1..start + length];
        rest = &rest[start + length + 1..];
        match name(tag).as_str() {
            "br" => text.push('\n'),
            "p" | "/p" | "ul" | "/ul" | "ol" | "/ol" | "/li" => end_line(&mut text),
            "li" => {
                end_line(&mut text);
                text.push_str("- ");
            }
            "a" => link = address(tag),
            "/a" => {
                if let Some(address) = link.take() {
                    text.push_str(" (");
                    push_unescaped(&mut text, address);
                    text.push(')');
                }
            }
            _ => {}
        }
    }
    push_unescaped(&mut text, rest);
    text.trim_end().to_owned()
}

/// The text in one line.
pub(crate) fn line(html: &str) -> String {
    text(html).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text in one line, or the beginning of it where that is too long.
pub(crate) fn beginning(html: &str, characters: usize) -> String {
    cut(&line(html), characters)
}

/// The beginning of a text that has more characters than these.
pub(crate) fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// The tag's name in lower case, with the `/` of an end before it.
fn name(tag: &str) -> String {
    let unsigned = tag.strip_prefix('/').unwrap_or(tag);
    let sign = &tag[..tag.len() - unsigned.len()];
    let end = unsigned.find(|c: char| !c.is_ascii_alphanumeric());
    format!(
        "{sign}{}",
        unsigned[..end.unwrap_or(unsigned.len())].to_lowercase()
    )
}

/// Where a link leads.
fn address(tag: &str) -> Option<&str> {
    let value = tag.split_once("href=")?.1;
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split_once(quote).map(|(address, _)| address)
}

fn end_line(text: &mut String) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}

fn push_unescaped(text: &mut String, html: &str) {
    let mut rest = html;
    while let Some(start) = rest.find('&') {
        text.push_str(&rest[..start]);
        rest = &rest[start..];
        let meant = rest
            .find(';')
            .and_then(|end| Some((character(&rest[1..end])?, end)));
        match meant {
            Some((c, end)) => {
                text.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                text.push('&');
                rest = &rest[1..];
            }
        }
    }
    text.push_str(rest);
}

/// The character that stands between `&` and `;`.
fn character(entity: &str) -> Option<char> {
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        _ => {
            let number = entity.strip_prefix('#')?;
            let number = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(number.ok()?).filter(|c| !c.is_control())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_and_items_are_lines() {
        assert_eq!(
            text(
                "<p>Pays <strong>late</strong>.</p><ul><li>Call Bo</li><li>Then <em>mail</em></li></ul>Done<br>!"
            ),
            "Pays late.\n- Call Bo\n- Then mail\nDone\n!"
        );
        assert_eq!(line("<p>One</p><p>two\n three</p>"), "One two three");
    }

    #[test]
    fn a_link_shows_where_it_leads() {
        assert_eq!(
            text(r#"See <a href="https://example.com/?a=1&amp;b=2" rel="x">this</a>."#),
            "See this (https://example.com/?a=1&b=2)."
        );
    }

    #[test]
    fn what_was_escaped_is_shown_as_it_was_meant() {
        assert_eq!(
            text("1 &lt; 2 &amp;&amp; &#39;x&#x27; &nope; & &"),
            "1 < 2 && 'x' &nope; & &"
        );
        assert_eq!(text("bell &#7;"), "bell &#7;");
        assert_eq!(text("a < b"), "a < b");
        assert_eq!(text("ä <"), "ä <");
    }
}
