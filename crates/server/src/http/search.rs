//! What both searches share: by a whole name, a part of a nickname, or both.

use super::answer::Failure;

/// Rows a page.
pub(super) const PAGE: u32 = 50;

/// Longest text that is looked for, in characters: what it is looked for in is no longer.
const LONGEST: usize = 64;

type Field = (&'static str, Option<String>);

/// The two texts to look for; an empty one is as good as none, and one is wanted.
pub(super) fn wanted(
    name: Field,
    nickname: Field,
) -> Result<(Option<String>, Option<String>), Failure> {
    let fields = (name.0, nickname.0);
    match (given(name)?, given(nickname)?) {
        (None, None) => Err(Failure::invalid(
            fields.0,
            format_args!("this or {} is wanted", fields.1),
        )),
        both => Ok(both),
    }
}

fn given((field, text): Field) -> Result<Option<String>, Failure> {
    match text.filter(|text| !text.is_empty()) {
        Some(text) if text.chars().count() > LONGEST => Err(Failure::invalid(
            field,
            format_args!("at most {LONGEST} characters are taken"),
        )),
        // To SQLite's LIKE a text ends there, so that it would be in every nickname.
        Some(text) if text.contains('\0') => Err(Failure::invalid(
            field,
            "the character U+0000 is not allowed",
        )),
        text => Ok(text),
    }
}
