//! What a file is called: nothing in a name may lead anywhere, hide its end, or break a header.

use std::fmt::Write;

use hongyan_protocol::file::LONGEST_NAME;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Longest end of a name that is kept when the name is cut, in bytes: `.tar.gz`, `.xlsx`.
const LONGEST_ENDING: usize = 16;

/// What a file without a name is called.
const NAMELESS: &str = "file";

/// All but `attr-char` of RFC 8187.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The name that an upload gave, made safe: its last part, without control characters and marks of direction, not
/// hidden, at most [`LONGEST_NAME`] bytes.
#[must_use]
pub fn safe(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let harmless: String = last.chars().filter(|&c| !is_unseen(c)).collect();
    let name = harmless
        .trim_start_matches(|c: char| c == '.' || c.is_whitespace())
        .trim_end_matches(|c: char| c == '.' || c.is_whitespace());
    match name {
        "" => NAMELESS.to_owned(),
        name => shortened(name),
    }
}

/// Control characters, and what changes how its neighbours are shown and is not seen itself.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Cuts the middle of a long name, so that its ending still says what it is.
fn shortened(name: &str) -> String {
    if name.len() <= LONGEST_NAME {
        return name.to_owned();
    }
    let ending = name
        .rfind('.')
        .map(|dot| &name[dot..])
        .filter(|ending| ending.len() <= LONGEST_ENDING)
        .unwrap_or_default();
    let end = name.floor_char_boundary(LONGEST_NAME - ending.len());
    format!("{}{ending}", &name[..end])
}

/// `Content-Disposition`: shown in a page, or saved, in either case under this name (RFC 6266).
#[must_use]
pub fn disposition(name: &str, inline: bool) -> String {
    let kind = if inline { "inline" } else { "attachment" };
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.() ".contains(c);
    let fallback: String = name
        .chars()
        .map(|c| if plain(c) { c } else { '_' })
        .collect();
    let mut value = format!("{kind}; filename=\"{fallback}\"");
    // Writing into a String does not fail.
    _ = write!(
        value,
        "; filename*=UTF-8''{}",
        utf8_percent_encode(name, ENCODED)
    );
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_and_hides_nothing() {
        for (given, name) in [
            ("照片 (1).png", "照片 (1).png"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\ann\\me.jpg", "me.jpg"),
            ("..", "file"),
            ("", "file"),
            (" . ", "file"),
            (".bashrc", "bashrc"),
            ("a\r\nSet-Cookie: x\0.txt", "aSet-Cookie: x.txt"),
            ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
            ("a\u{2066}b\u{feff}c.txt. ", "abc.txt"),
        ] {
            assert_eq!(safe(given), name, "{given:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let name = safe(&format!("{}.jpeg", "雁".repeat(10_000)));
        assert!((253..=255).contains(&name.len()), "{}", name.len());
        assert!(name.starts_with("雁雁") && name.ends_with("雁.jpeg"));
        let name = safe(&format!("a.{}", "x".repeat(10_000)));
        assert_eq!(name.len(), 255);
    }

    #[test]
    fn a_disposition_is_ascii_and_has_the_whole_name() {
        assert_eq!(
            disposition("雁\"; x.txt", false),
            "attachment; filename=\"___ x.txt\"; filename*=UTF-8''%E9%9B%81%22%3B%20x.txt"
        );
        assert!(disposition("a.png", true).starts_with("inline; filename=\"a.png\";"));
    }
}
