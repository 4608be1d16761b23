//! Text as tokens: the one answer, for every database, to what a message is found by.
//!
//! Each Chinese, Japanese or Korean character is a token. A run of other letters and digits is a token, a word, in lower
//! case. Everything else separates. Nothing else is folded: full-width letters are not half-width ones, nor é an e.

use std::{collections::HashMap, fmt::Write, ops::Range};

/// Tokens of a message that it can be found by; what comes later is not searched.
pub(super) const MOST_TOKENS: usize = 8192;

/// How often a message may have one token: what comes after that is not searched. PostgreSQL remembers 256 places.
const MOST_REPEATS: usize = 255;

/// Characters of a word that count: longer ones are alike when these are.
const LONGEST_WORD: usize = 64;

/// A character or word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// A word in lower case, or the character.
    folded: String,
    /// A word, rather than a character that stands for itself.
    pub(crate) word: bool,
    /// Where it is in the text, in bytes.
    pub(crate) at: Range<usize>,
}

impl Token {
    /// Whether it is the same token as `other`, wherever they are.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.word == other.word && self.folded == other.folded
    }

    /// Whether it is a word that begins as the word `start`.
    pub(crate) fn begins_with(&self, start: &Self) -> bool {
        self.word && start.word && self.folded.starts_with(&start.folded)
    }

    /// How many characters it has.
    pub(crate) fn length(&self) -> usize {
        self.folded.chars().count()
    }

    /// Appends its name in the index, made of `a-z`, `0-9` and `_`, which every database's tokeniser takes as it is: the
    /// names of two words begin alike exactly as far as the words do, and no name of a character begins a word's.
    pub(crate) fn name_to(&self, names: &mut String) {
        names.push(if self.word { 'w' } else { 'h' });
        for character in self.folded.chars() {
            if character.is_ascii_alphanumeric() {
                names.push(character);
            } else {
                // Writing to a string does not fail.
                let _ = write!(names, "_{:x}_", u32::from(character));
            }
        }
    }
}

/// The tokens of a text, all of them.
pub(crate) fn tokens(text: &str) -> impl Iterator<Item = Token> {
    let mut characters = text.char_indices().peekable();
    std::iter::from_fn(move || {
        let (start, first) = characters.find(|(_, character)| character.is_alphanumeric())?;
        let mut end = start + first.len_utf8();
        if stands_alone(first) {
            return Some(Token {
                folded: first.to_string(),
                word: false,
                at: start..end,
            });
        }
        let mut folded = String::new();
        fold(first, &mut folded);
        let mut length = 1;
        while let Some((at, next)) =
            characters.next_if(|&(_, next)| next.is_alphanumeric() && !stands_alone(next))
        {
            end = at + next.len_utf8();
            length += 1;
            if length <= LONGEST_WORD {
                fold(next, &mut folded);
            }
        }
        Some(Token {
            folded,
            word: true,
            at: start..end,
        })
    })
}

/// Appends a letter in lower case.
fn fold(letter: char, folded: &mut String) {
    // Most letters are of this kind, and the full table is several times slower.
    if letter.is_ascii() {
        folded.push(letter.to_ascii_lowercase());
    } else {
        folded.extend(letter.to_lowercase());
    }
}

/// The tokens that a message can be found by.
pub(crate) fn searchable(text: &str) -> Vec<Token> {
    let mut found: Vec<Token> = tokens(text).take(MOST_TOKENS).collect();
    if found.len() > MOST_REPEATS {
        let mut repeats = HashMap::new();
        let enough = found.iter().position(|token| {
            let seen = repeats.entry((token.word, &*token.folded)).or_insert(0);
            *seen += 1;
            *seen > MOST_REPEATS
        });
        found.truncate(enough.unwrap_or(found.len()));
    }
    found
}

/// Whether a letter belongs to a script that is written without spaces, each character with a meaning or sound of its
/// own: Han, kana, bopomofo, hangul, Yi.
fn stands_alone(letter: char) -> bool {
    matches!(u32::from(letter),
        0x1100..=0x11ff | 0x2e80..=0x2fdf | 0x3005..=0x312f | 0x3130..=0x318f | 0x31a0..=0x31bf | 0x31f0..=0x31ff
        | 0x3400..=0x4dbf | 0x4e00..=0xa4cf | 0xa960..=0xa97f | 0xac00..=0xd7ff | 0xf900..=0xfaff | 0xff66..=0xffdc
        | 0x1aff0..=0x1b16f | 0x20000..=0x3ffff)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(text: &str) -> Vec<String> {
        tokens(text).map(|token| name(&token)).collect()
    }

    fn name(token: &Token) -> String {
        let mut name = String::new();
        token.name_to(&mut name);
        name
    }

    #[test]
    fn characters_stand_alone_and_other_letters_run_together() {
        assert_eq!(names("上海"), ["h_4e0a_", "h_6d77_"]);
        assert_eq!(
            names("iPhone15手机, OK?"),
            ["wiphone15", "h_624b_", "h_673a_", "wok"]
        );
        assert_eq!(names("カナ한국𠀀々"), names("カ ナ 한 국 𠀀 々"));
        assert_eq!(
            names("Straße ÉCOLE Ｗ"),
            ["wstra_df_e", "w_e9_cole", "w_ff57_"]
        );
        assert!(names(" …，。！😀 ・\n\0").is_empty());
    }

    #[test]
    fn a_long_word_is_known_by_its_beginning_and_a_long_text_by_its() {
        let long = "x".repeat(100);
        assert_eq!(names(&long), names(&"x".repeat(64)));
        assert_eq!(tokens(&long).next().unwrap().at, 0..100);

        let many: String = (0..20_000).map(|n| format!("{n} ")).collect();
        assert_eq!(searchable(&many).len(), MOST_TOKENS);
        let laugh = format!("before {} after", "哈".repeat(300));
        assert_eq!(searchable(&laugh).len(), 1 + MOST_REPEATS);
    }

    fn texts() -> impl Strategy<Value = String> {
        proptest::collection::vec(
            prop_oneof![
                any::<char>(),
                proptest::char::range('上', '丐'),
                proptest::char::range('A', 'd'),
                Just(' '),
            ],
            0..40,
        )
        .prop_map(String::from_iter)
    }

    proptest! {
        #[test]
        fn every_token_is_where_it_says_and_every_letter_is_in_one(text in texts()) {
            let found: Vec<Token> = tokens(&text).collect();
            let mut end = 0;
            for token in &found {
                prop_assert!(!text[end..token.at.start].chars().any(char::is_alphanumeric));
                prop_assert!(text[token.at.clone()].chars().all(char::is_alphanumeric));
                prop_assert!(!token.at.is_empty());
                end = token.at.end;
            }
            prop_assert!(!text[end..].chars().any(char::is_alphanumeric));
        }

        #[test]
        fn a_name_is_plain_and_the_tokens_alone(one in texts(), other in texts()) {
            for one in tokens(&one) {
                prop_assert!(name(&one).bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_')));
                for other in tokens(&other) {
                    prop_assert_eq!(one.is(&other), name(&one) == name(&other));
                    if one.word {
                        prop_assert_eq!(other.begins_with(&one), name(&other).starts_with(&name(&one)));
                    }
                }
            }
        }
    }
}
