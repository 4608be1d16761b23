//! What is shown of a message that was found.

use std::ops::Range;

/// Characters of a snippet.
const LONGEST: usize = 80;

/// Characters that are shown before the first place, where there are as many.
const BEFORE: usize = 20;

/// A piece of a snippet. Plain text: it is for the reader to escape.
#[derive(Clone, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    /// Whether it is what was looked for.
    pub hit: bool,
}

/// What surrounds the first of `places`, at most 80 characters, in pieces; the beginning of the text without a place.
/// `places` are in order and may overlap.
pub(super) fn snippet(text: &str, places: &[Range<usize>]) -> Vec<Piece> {
    let window = window(text, places.first().map_or(0, |first| first.start));
    let mut pieces = Pieces {
        text,
        done: window.start,
        pieces: Vec::new(),
    };
    for place in places {
        let start = place.start.clamp(pieces.done, window.end);
        let end = place.end.clamp(pieces.done, window.end);
        if start < end {
            pieces.up_to(start, false);
            pieces.up_to(end, true);
        }
    }
    pieces.up_to(window.end, false);
    pieces.pieces
}

/// The bytes to show around `place`.
fn window(text: &str, place: usize) -> Range<usize> {
    let start = text[..place]
        .char_indices()
        .rev()
        .nth(BEFORE - 1)
        .map_or(0, |(at, _)| at);
    let length = text[start..]
        .char_indices()
        .nth(LONGEST)
        .map_or(text.len() - start, |(at, _)| at);
    start..start + length
}

struct Pieces<'t> {
    text: &'t str,
    done: usize,
    pieces: Vec<Piece>,
}

impl Pieces<'_> {
    fn up_to(&mut self, end: usize, hit: bool) {
        if self.done >= end {
            return;
        }
        let text = &self.text[self.done..end];
        match self.pieces.last_mut() {
            Some(last) if last.hit == hit => last.text.push_str(text),
            _ => self.pieces.push(Piece {
                text: text.to_owned(),
                hit,
            }),
        }
        self.done = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, places: &[(usize, usize)]) -> String {
        let places: Vec<_> = places.iter().map(|&(start, end)| start..end).collect();
        let mark = |piece: Piece| {
            if piece.hit {
                format!("[{}]", piece.text)
            } else {
                piece.text
            }
        };
        snippet(text, &places).into_iter().map(mark).collect()
    }

    #[test]
    fn hits_are_marked_and_the_rest_is_as_it_was() {
        assert_eq!(shown("去上海吧", &[(3, 9)]), "去[上海]吧");
        assert_eq!(shown("a b c", &[(0, 1), (2, 3)]), "[a] [b] c");
        assert_eq!(shown("abcdef", &[(1, 3), (2, 4), (2, 3)]), "a[bcd]ef");
        assert_eq!(shown("<b>", &[]), "<b>");
        assert_eq!(shown("", &[]), "");
    }

    #[test]
    fn at_most_eighty_characters_around_the_first_hit_are_shown() {
        let text = format!("{}海{}海", "前".repeat(50), "后".repeat(200));
        let places = [(150, 153), (753, 756)];
        assert_eq!(
            shown(&text, &places),
            format!("{}[海]{}", "前".repeat(20), "后".repeat(59))
        );
        let wide = format!("a{}b", "-".repeat(300));
        assert_eq!(shown(&wide, &[(0, 302)]), format!("[a{}]", "-".repeat(79)));
    }
}
