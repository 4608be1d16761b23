//! Bounded plain text: what a person wrote, unaltered.

use std::{fmt, ops::Deref};

use serde::{Deserialize, Deserializer, Serialize, de};

/// Text of `MIN` to `MAX` characters (Unicode scalar values) without U+0000; never trimmed or normalised.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Text<const MIN: usize, const MAX: usize>(String);

impl<const MIN: usize, const MAX: usize> Text<MIN, MAX> {
    /// Its bounds, in characters.
    pub const BOUNDS: [usize; 2] = [MIN, MAX];

    /// Takes `text` as it is, or says which bound it breaks.
    pub fn new(text: impl Into<String>) -> Result<Self, String> {
        let text = text.into();
        let length = text.chars().count();
        if length < MIN || length > MAX {
            return Err(format!(
                "a text of {MIN} to {MAX} characters is wanted, not {length}"
            ));
        }
        if text.contains('\0') {
            return Err("the character U+0000 is not allowed".to_owned());
        }
        Ok(Self(text))
    }

    /// The text itself.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl<const MIN: usize, const MAX: usize> Deref for Text<MIN, MAX> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const MIN: usize, const MAX: usize> fmt::Debug for Text<MIN, MAX> {
    /// The length only: what people write does not belong into logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}

impl<'de, const MIN: usize, const MAX: usize> Deserialize<'de> for Text<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// `null` and a missing field are alike: the seed's clients send either for an optional text (lines 27 and 28).
pub fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// As [`or_default`], and an empty text is as good as none (seed lines 27 and 28).
pub fn none_when_empty<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    match Option::<String>::deserialize(deserializer)? {
        Some(text) if !text.is_empty() => {
            T::deserialize(de::value::StringDeserializer::new(text)).map(Some)
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_count_characters_and_nothing_is_trimmed() {
        assert_eq!(&*Text::<1, 4>::new("  鸿雁").unwrap(), "  鸿雁");
        assert!(Text::<1, 4>::new("").is_err());
        assert!(Text::<1, 4>::new("鸿雁传书!").is_err());
        assert!(Text::<1, 4>::new("a\0").is_err());
    }
}
