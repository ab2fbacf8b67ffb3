//! What HTML may be written, and what is left of everything else (S1: descriptions with bold, italic, lists
//! and links).

use proptest::prelude::*;

use super::Html;

const ALLOWED: [&str; 11] = [
    "strong", "em", "b", "i", "u", "a", "ul", "ol", "li", "p", "br",
];

fn html(text: &str) -> String {
    Html::new(text).unwrap().to_string()
}

/// The tags of a document, without their brackets.
fn tags(html: &str) -> Vec<String> {
    let (mut tags, mut tag, mut quoted) = (Vec::new(), None::<String>, false);
    for c in html.chars() {
        match (&mut tag, c) {
            (None, '<') => tag = Some(String::new()),
            (None, '>') => panic!("a bracket outside of a tag in {html}"),
            (None, _) => {}
            (Some(_), '>') if !quoted => tags.extend(tag.take()),
            (Some(name), c) => {
                quoted ^= c == '"';
                name.push(c);
            }
        }
    }
    assert!(tag.is_none(), "{html}");
    tags
}

/// Requires that there are only allowed tags, attributes and schemes in a document.
#[track_caller]
fn assert_safe(html: &str) {
    for tag in tags(html) {
        if ALLOWED.contains(&tag.trim_start_matches('/')) {
            continue;
        }
        let href = tag.strip_prefix("a href=\"");
        let Some(href) = href.and_then(|href| href.strip_suffix('"')) else {
            panic!("<{tag}> in {html}")
        };
        assert!(!href.contains('"'), "<{tag}> in {html}");
        let scheme = href.trim().split(':').next().unwrap_or_default();
        let scheme = scheme.to_ascii_lowercase();
        assert!(["http", "https", "mailto"].contains(&&*scheme), "{href}");
    }
}

#[test]
fn each_allowed_tag_stays_as_it_is() {
    for tag in ALLOWED {
        let whole = match tag {
            "br" => "a<br>b".to_owned(),
            _ => format!("<{tag}>a</{tag}>"),
        };
        assert_eq!(html(&whole), whole);
    }
    for href in [
        "http://example.com/",
        "https://example.com/a?b=c#d",
        "mailto:ana@example.com",
    ] {
        let link = format!("<a href=\"{href}\">a</a>");
        assert_eq!(html(&link), link);
    }
    let nested =
        "<ul><li><strong>a</strong><ol><li><em>b</em></li></ol></li></ul><p><u>c</u><br></p>";
    assert_eq!(html(nested), nested);
}

#[test]
fn a_link_goes_nowhere_but_to_the_web_or_a_mailbox() {
    for href in [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "java&#10;script:alert(1)",
        "java&#x09;script:alert(1)",
        "&#106;avascript:alert(1)",
        "&#0000106avascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html;base64,PHNjcmlwdD4=",
        "DATA:text/html,a",
        "vbscript:msgbox(1)",
        "file:///etc/passwd",
        "ftp://example.com",
        "blob:https://example.com/a",
        "//example.com",
        "/members",
        "members",
        "#top",
        "",
    ] {
        assert_eq!(
            html(&format!("<a href=\"{href}\">a</a>")),
            "<a>a</a>",
            "{href}"
        );
    }
    // Quotes and brackets stay within the attribute.
    let link = html("<a href='https://example.com/\"><script>alert(1)</script>'>a</a>");
    assert_safe(&link);
    assert!(!tags(&link).iter().any(|tag| tag == "script"), "{link}");
}

#[test]
fn of_what_runs_loads_or_styles_nothing_is_left() {
    for (text, left) in [
        ("a<script>alert(1)</script>b", "ab"),
        ("a<SCRIPT SRC=//x></SCRIPT>b", "ab"),
        ("a<style>p{color:red}</style>b", "ab"),
        ("a<!-- <script>alert(1)</script> -->b", "ab"),
        ("a<!--[if IE]><b>x</b><![endif]-->b", "ab"),
        ("a<img src=x onerror=alert(1)>b", "ab"),
        ("a<iframe src=\"https://example.com\"></iframe>b", "ab"),
        ("a<svg onload=alert(1)></svg>b", "ab"),
        ("a<svg><script>alert(1)</script></svg>b", "ab"),
        ("a<object data=x></object><embed src=x>b", "ab"),
        ("a<form action=x><input name=y></form>b", "ab"),
        ("a<base href=\"https://example.com\">b", "ab"),
        ("a<meta http-equiv=refresh content=0>b", "ab"),
        ("a<link rel=stylesheet href=x>b", "ab"),
        ("<h1>a</h1>", "a"),
        ("<custom-element>a</custom-element>", "a"),
    ] {
        assert_eq!(html(text), left, "{text}");
    }
    for text in [
        "<scr<script>ipt>alert(1)</scr</script>ipt>",
        "<<script>alert(1)//<</script>",
        "<b <script>alert(1)</script>>x</b>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
        "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
        "<p",
        "</",
        "<a href=\"https://example.com",
    ] {
        assert_safe(&html(text));
    }
}

#[test]
fn no_attribute_stays_but_where_a_link_goes() {
    for (tag, attribute) in [
        ("p", "onclick=\"alert(1)\""),
        ("p", "style=\"color:red\""),
        ("p", "class=a id=b title=c lang=de data-x=y"),
        ("b", "ONMOUSEOVER=alert(1)"),
        ("li", "value=3"),
        ("a", "name=x target=_blank rel=opener"),
    ] {
        let text = format!("<{tag} {attribute}>a</{tag}>");
        assert_eq!(html(&text), format!("<{tag}>a</{tag}>"), "{text}");
    }
    assert_eq!(
        html("<a onclick=x() href=\"https://example.com\" style=y>a</a>"),
        "<a href=\"https://example.com\">a</a>"
    );
}

#[test]
fn a_document_without_anything_to_read_is_blank() {
    for blank in [
        "",
        " \n\t",
        "<p></p>",
        "<br>",
        "<p><br></p>",
        "&nbsp;",
        "\u{a0}",
        "<p>&nbsp;</p>\n<ul><li> </li></ul>",
        "<a href=\"https://example.com/>\"></a>",
        "<script>alert(1)</script>",
        "<!-- a -->",
    ] {
        assert!(Html::new(blank).unwrap().is_blank(), "{blank:?}");
    }
    for text in [
        "a",
        "<p>a</p>",
        "&amp;",
        "&lt;",
        "0",
        "<p>&nbsp;.</p>",
        "&amp;nbsp;",
    ] {
        assert!(!Html::new(text).unwrap().is_blank(), "{text:?}");
    }
}

/// What documents are put together from: tags that are allowed and not, whole and broken, and text.
fn piece() -> impl Strategy<Value = String> {
    let tag = prop::sample::select(
        &[
            "b", "p", "a", "ul", "li", "br", "script", "style", "svg", "math", "iframe", "table",
            "td", "template", "title", "textarea", "noscript", "x-y",
        ][..],
    );
    let attribute = prop::sample::select(
        &[
            "",
            " href=\"https://a.b/\"",
            " href='javascript:x'",
            " href=java&#10;script:x",
            " onclick=x()",
            " style='a:b'",
            " href=\"data:a\" href=\"http://a\"",
            " href=\"https://a/'><b>\"",
            " /",
        ][..],
    );
    prop_oneof![
        4 => (tag.clone(), attribute).prop_map(|(tag, attribute)| format!("<{tag}{attribute}>")),
        3 => tag.prop_map(|tag| format!("</{tag}>")),
        2 => prop::sample::select(&["<", ">", "&", "\"", "'", "<!--", "-->", "<![CDATA[", "]]>", "&lt;", "&nbsp;", "&#60;", "\n"][..])
            .prop_map(str::to_owned),
        2 => "[a-z <>&;\"'=/!\u{a0}é-]{0,8}",
    ]
}

proptest! {
    #[test]
    fn whatever_is_written_is_safe_and_stays_as_it_is_when_it_is_written_again(
        pieces in prop::collection::vec(piece(), 0..20)
    ) {
        let once = html(&pieces.concat());
        assert_safe(&once);
        prop_assert_eq!(&html(&once), &once);
    }
}
