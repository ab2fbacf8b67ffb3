//! What a content is, judged by its first bytes, against what was claimed.

use handoff_domain::document::MediaType;

/// How many of the first bytes are looked at.
pub(crate) const HEAD_BYTES: usize = 8 * 1024;

/// Names for the same, or formats that share their first bytes: of one group each passes for any other.
const GROUPS: &[&[&str]] = &[
    &["image/jpeg", "image/jpg", "image/pjpeg"],
    &[
        "image/heif",
        "image/heic",
        "image/heif-sequence",
        "image/heic-sequence",
        "image/avif",
    ],
    &["image/bmp", "image/x-ms-bmp", "image/x-bmp"],
    &["image/vnd.microsoft.icon", "image/x-icon"],
    &[
        "image/tiff",
        "image/x-canon-cr2",
        "image/x-adobe-dng",
        "image/x-nikon-nef",
        "image/x-sony-arw",
    ],
    &["audio/x-wav", "audio/wav", "audio/wave", "audio/vnd.wave"],
    &["audio/x-flac", "audio/flac"],
    &["audio/x-aiff", "audio/aiff"],
    &["audio/mpeg", "audio/mp3", "audio/x-mp3"],
    &["audio/midi", "audio/x-midi"],
    &["audio/ogg", "audio/opus", "video/ogg", "application/ogg"],
    &[
        "video/mp4",
        "video/x-m4v",
        "video/quicktime",
        "audio/mp4",
        "audio/m4a",
        "audio/x-m4a",
        "video/3gpp",
    ],
    &[
        "video/webm",
        "video/x-matroska",
        "audio/webm",
        "audio/x-matroska",
    ],
    &["video/x-msvideo", "video/avi", "video/msvideo"],
    &["video/x-ms-wmv", "video/x-ms-asf", "audio/x-ms-wma"],
    &[
        "application/gzip",
        "application/x-gzip",
        "application/x-compressed-tar",
    ],
    &[
        "application/vnd.rar",
        "application/x-rar-compressed",
        "application/x-rar",
    ],
    &["application/x-xz", "application/xz"],
    &["application/zstd", "application/x-zstd"],
    &[
        "application/x-bzip2",
        "application/bzip2",
        "application/x-bzip",
    ],
    &[
        "application/vnd.microsoft.portable-executable",
        "application/x-msdownload",
        "application/x-dosexec",
    ],
    &["application/x-x509-ca-cert", "application/x-pem-file"],
    &["application/rtf", "text/rtf"],
    &["application/postscript", "application/illustrator"],
];

/// Containers that other formats are made of. What is found to be one passes for anything that cannot be
/// told apart further, and the other way round.
const ZIP: &str = "application/zip";
const ZIPPED: &[&str] = &[
    "application/zip",
    "application/x-zip-compressed",
    "application/epub+zip",
    "application/java-archive",
    "application/vnd.android.package-archive",
    "application/vnd.oasis.opendocument.",
    "application/vnd.openxmlformats-officedocument.",
    "application/vnd.ms-word.",
    "application/vnd.ms-excel.",
    "application/vnd.ms-powerpoint.",
    "image/openraster",
];
const OLE: &str = "application/x-ole-storage";
const IN_OLE: &[&str] = &[
    "application/x-ole-storage",
    "application/msword",
    "application/vnd.ms-",
    "application/vnd.visio",
    "application/x-msi",
];

/// Text beside `text/*`.
const TEXTUAL: &[&str] = &[
    "application/json",
    "application/ld+json",
    "application/xml",
    "application/javascript",
    "application/ecmascript",
    "application/yaml",
    "application/toml",
    "application/sql",
    "application/x-sh",
    "application/x-ndjson",
    "application/x-subrip",
    "image/svg+xml",
];

/// Whether content of this type is text, of which the first bytes tell nothing.
pub(crate) fn is_text(claimed: &MediaType) -> bool {
    let claimed = claimed.as_str();
    claimed.starts_with("text/")
        || claimed.ends_with("+json")
        || claimed.ends_with("+xml")
        || TEXTUAL.contains(&claimed)
}

/// The type of a content by what was claimed and its first bytes; `is_text` says whether all of it is
/// UTF-8 without NUL. Why not, if it is not what was claimed.
pub(crate) fn judge(
    claimed: Option<&MediaType>,
    head: &[u8],
    is_utf8: bool,
) -> Result<MediaType, String> {
    let found = infer::get(head).map(|found| found.mime_type());
    let Some(claimed) = claimed else {
        return Ok(match (is_utf8, found) {
            (_, Some(found)) if found.starts_with("text/") && is_utf8 => known(found),
            (true, _) => known("text/plain"),
            (false, Some(found)) => known(found),
            (false, None) => MediaType::unknown(),
        });
    };
    if is_text(claimed) {
        return match is_utf8 {
            true => Ok(claimed.clone()),
            false => Err(format!("is {claimed}, but the content is not UTF-8 text")),
        };
    }
    let passes = match found {
        _ if *claimed == MediaType::unknown() => true,
        Some(found) => pass(claimed.as_str(), found),
        None => !can_be_told(claimed.as_str()),
    };
    match (passes, found) {
        (true, _) => Ok(claimed.clone()),
        (false, Some(found)) => Err(format!("is {claimed}, but the content is {found}")),
        (false, None) => Err(format!(
            "is {claimed}, but the content does not begin like that"
        )),
    }
}

/// Whether content found to be one type may be called another.
fn pass(claimed: &str, found: &str) -> bool {
    let begins =
        |prefixes: &[&str], name: &str| prefixes.iter().any(|prefix| name.starts_with(prefix));
    let in_container = |container: &str, prefixes: &[&str]| {
        let (claimed_in, found_in) = (begins(prefixes, claimed), begins(prefixes, found));
        // Not told apart further, or claimed to be no more than the container.
        (found == container && (claimed_in || !can_be_told(claimed)))
            || (found_in && (claimed == container || claimed == "application/x-zip-compressed"))
    };
    claimed == found
        || GROUPS
            .iter()
            .any(|group| group.contains(&claimed) && group.contains(&found))
        || in_container(ZIP, ZIPPED)
        || in_container(OLE, IN_OLE)
        || (found.starts_with("text/") && !can_be_told(claimed))
}

/// Whether the first bytes of content of this type say so.
fn can_be_told(claimed: &str) -> bool {
    let group = GROUPS.iter().find(|group| group.contains(&claimed));
    let names = group.copied().unwrap_or_default().iter().copied();
    names.chain([claimed]).any(infer::is_mime_supported)
}

fn known(media_type: &str) -> MediaType {
    MediaType::new(media_type).unwrap_or_else(|_| MediaType::unknown())
}

/// Finds whether a stream of bytes is UTF-8 without NUL.
#[derive(Debug, Default)]
pub(crate) struct Utf8 {
    /// The first bytes of a character whose rest has not come.
    begun: Vec<u8>,
    broken: bool,
}

impl Utf8 {
    /// Takes the next bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        if self.broken {
            return;
        }
        if bytes.contains(&0) {
            self.broken = true;
            return;
        }
        let mut rest = bytes;
        while !self.begun.is_empty() {
            let Some((first, after)) = rest.split_first() else {
                return;
            };
            self.begun.push(*first);
            rest = after;
            match str::from_utf8(&self.begun) {
                Ok(_) => self.begun.clear(),
                Err(error) if error.error_len().is_some() => {
                    self.broken = true;
                    return;
                }
                Err(_) => {}
            }
        }
        if let Err(error) = str::from_utf8(rest) {
            self.broken = error.error_len().is_some();
            self.begun.extend_from_slice(&rest[error.valid_up_to()..]);
        }
    }

    /// Whether all that came so far is text; a character may have begun.
    pub(crate) fn holds(&self) -> bool {
        !self.broken
    }

    /// Whether all of it was text.
    pub(crate) fn ended_well(&self) -> bool {
        !self.broken && self.begun.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    const PDF: &[u8] = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3";
    const ZIP_HEAD: &[u8] = b"PK\x03\x04\x14\0\0\0\x08\0";
    const ELF: &[u8] = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

    fn judged(claimed: &str, head: &[u8]) -> Result<String, String> {
        let claimed = match claimed {
            "" => None,
            claimed => Some(MediaType::new(claimed).unwrap()),
        };
        let mut utf8 = Utf8::default();
        utf8.feed(head);
        judge(claimed.as_ref(), head, utf8.ended_well()).map(|judged| judged.to_string())
    }

    #[test]
    fn what_is_claimed_must_be_what_the_content_is() {
        for (claimed, head) in [
            ("image/png", PNG),
            ("application/pdf", PDF),
            ("image/jpg", b"\xff\xd8\xff\xe0\0\x10JFIF"),
            ("application/zip", ZIP_HEAD),
            (
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                ZIP_HEAD,
            ),
            ("application/x-own-format", ZIP_HEAD),
            ("application/x-own-format", b"\x01\x02\x03"),
            ("application/octet-stream", PNG),
            ("text/csv", "a;b\nä;ö\n".as_bytes()),
            ("text/plain", b"BMW and MZ begin like other formats"),
            ("application/json", b"{}"),
            ("image/svg+xml", b"<?xml version=\"1.0\"?><svg/>"),
        ] {
            assert_eq!(judged(claimed, head).as_deref(), Ok(claimed));
        }
        for (claimed, head) in [
            ("application/pdf", PNG),
            ("image/png", PDF),
            ("image/png", b"\x01\x02\x03"),
            ("application/pdf", ELF),
            ("application/x-own-format", ELF),
            ("text/plain", PNG),
            ("text/plain", b"a\0b"),
            ("text/plain", b"caf\xe9"),
            ("application/json", b"\xff\xfe{\0}\0"),
            ("image/png", b"plain text"),
        ] {
            assert!(judged(claimed, head).is_err(), "{claimed} {head:?}");
        }
    }

    #[test]
    fn what_is_not_claimed_is_found() {
        for (head, found) in [
            (PNG, "image/png"),
            (PDF, "application/pdf"),
            (b"hello", "text/plain"),
            (b"\x01\x02\xff", "application/octet-stream"),
        ] {
            assert_eq!(judged("", head).as_deref(), Ok(found));
        }
    }

    proptest! {
        #[test]
        fn text_is_found_however_it_is_cut(text in "\\PC{0,40}", cuts in prop::collection::vec(0..40_usize, 0..6), tail in prop::collection::vec(any::<u8>(), 0..4)) {
            let mut bytes = text.into_bytes();
            bytes.extend(tail);
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let mut utf8 = Utf8::default();
            for pair in cuts.windows(2) {
                utf8.feed(&bytes[pair[0]..pair[1]]);
            }
            let is_text = str::from_utf8(&bytes).is_ok() && !bytes.contains(&0);
            prop_assert_eq!(utf8.ended_well(), is_text);
        }
    }
}
