//! What is looked for.

use std::{fmt, ops::Range};

use super::segment::{Token, searchable, tokens};

/// Characters from which on a word also finds those that begin with it: a lone letter begins too many.
const PREFIX: usize = 2;

/// A text to look for. Its parts, with spaces between them, all have to be in a message, anywhere; the tokens of a part
/// have to follow one another. The last word of a part may be the beginning of one.
#[derive(Clone, PartialEq, Eq)]
pub struct Query {
    /// None is empty.
    parts: Vec<Part>,
}

/// Tokens in a row.
#[derive(Clone, PartialEq, Eq)]
struct Part(Vec<Token>);

/// How many parts: what people look for is not theirs to have in logs.
impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Query({} parts)", self.parts.len())
    }
}

impl Query {
    /// `None` when there is nothing to look for: no letter and no digit.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let parts: Vec<Part> = text
            .split_whitespace()
            .map(|part| Part(tokens(part).collect()))
            .filter(|part| !part.0.is_empty())
            .collect();
        (!parts.is_empty()).then_some(Self { parts })
    }

    /// Where the parts are in a text, in bytes, each place once in the order of the text; empty when one of them is not
    /// in it.
    pub(crate) fn places(&self, text: &str) -> Vec<Range<usize>> {
        let tokens = searchable(text);
        let mut places = Vec::new();
        for part in &self.parts {
            let before = places.len();
            places.extend(part.places(&tokens));
            if places.len() == before {
                return Vec::new();
            }
        }
        places.sort_unstable_by_key(|place| (place.start, place.end));
        places.dedup();
        places
    }

    /// The names of the tokens of each part, and whether the last one may be the beginning of a word.
    pub(super) fn names(&self) -> impl Iterator<Item = (Vec<String>, bool)> {
        self.parts.iter().map(|part| {
            let name = |token: &Token| {
                let mut name = String::new();
                token.name_to(&mut name);
                name
            };
            (part.0.iter().map(name).collect(), part.is_open())
        })
    }
}

impl Part {
    fn is_open(&self) -> bool {
        self.0
            .last()
            .is_some_and(|last| last.word && last.length() >= PREFIX)
    }

    fn places(&self, tokens: &[Token]) -> impl Iterator<Item = Range<usize>> {
        tokens
            .windows(self.0.len())
            .filter(|run| self.is(run))
            .filter_map(|run| Some(run.first()?.at.start..run.last()?.at.end))
    }

    fn is(&self, run: &[Token]) -> bool {
        let Some((last, first)) = self.0.split_last() else {
            return false;
        };
        let Some((run_last, run_first)) = run.split_last() else {
            return false;
        };
        let ends_alike = run_last.is(last) || self.is_open() && run_last.begins_with(last);
        ends_alike && first.iter().zip(run_first).all(|(a, b)| a.is(b))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'t>(query: &str, text: &'t str) -> Vec<&'t str> {
        let places = Query::new(query).unwrap().places(text);
        places.into_iter().map(|place| &text[place]).collect()
    }

    #[test]
    fn tokens_of_a_part_follow_one_another_and_parts_are_anywhere() {
        let text = "我们明天去上海，海上风大。Hello, hello World!";
        assert_eq!(found("上海", text), ["上海"]);
        assert_eq!(found("海", text), ["海", "海"]);
        assert_eq!(found("上明", text), [] as [&str; 0]);
        assert_eq!(found("world 上海", text), ["上海", "World"]);
        assert_eq!(found("上海 北京", text), [] as [&str; 0]);
        assert_eq!(found("hello,wor", text), ["hello World"]);
    }

    #[test]
    fn the_last_word_of_a_part_may_be_unfinished_when_it_has_two_letters() {
        assert_eq!(found("hel", "Hello"), ["Hello"]);
        assert_eq!(found("he", "Hello"), ["Hello"]);
        assert!(found("h", "Hello").is_empty());
        assert_eq!(found("h", "plan H"), ["H"]);
        assert!(found("hel-world", "Hello world").is_empty());
        assert!(found("ello", "Hello").is_empty());
        assert_eq!(found("iphone15手", "新iPhone15 手机"), ["iPhone15 手"]);
    }

    #[test]
    fn what_has_no_letter_and_no_digit_is_nothing_to_look_for() {
        assert_eq!(Query::new(" ?! 😀\t，。"), None);
        assert!(Query::new("? 7").is_some());
    }

    #[test]
    fn a_query_is_not_shown() {
        let shown = format!("{:?}", Query::new("secret 上海"));
        assert!(
            !shown.contains("secret") && !shown.contains('上'),
            "{shown}"
        );
    }
}
