//! For how long messages are kept: the server's setting, and what the people of a conversation choose.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{conversation::addressed, id::GroupId};

/// How long a message is kept: "none", "until-delivered", a number of days, or "forever"; shorter ones sort first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(
    test,
    derive(ts_rs::TS),
    ts(type = "\"none\" | \"until-delivered\" | number | \"forever\"")
)]
pub enum Keep {
    /// Nothing of a message ever touches the disk; only those who are online receive it.
    None,
    /// Until everybody else in the conversation has received it.
    UntilDelivered,
    /// For so many days, at least 1.
    Days(u32),
    Forever,
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::UntilDelivered => f.write_str("until-delivered"),
            Self::Days(days) => days.fmt(f),
            Self::Forever => f.write_str("forever"),
        }
    }
}

impl FromStr for Keep {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self::None),
            "until-delivered" => Ok(Self::UntilDelivered),
            "forever" => Ok(Self::Forever),
            days => match days.parse() {
                Ok(days) if days > 0 => Ok(Self::Days(days)),
                _ => Err(WANTED.to_owned()),
            },
        }
    }
}

const WANTED: &str = "\"none\", \"until-delivered\", a number of days or \"forever\" is wanted";

impl Serialize for Keep {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Days(days) => serializer.serialize_u32(*days),
            word => serializer.collect_str(word),
        }
    }
}

impl<'de> Deserialize<'de> for Keep {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KeepVisitor)
    }
}

struct KeepVisitor;

impl de::Visitor<'_> for KeepVisitor {
    type Value = Keep;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(WANTED.trim_end_matches(" is wanted"))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Keep, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, days: u64) -> Result<Keep, E> {
        match u32::try_from(days) {
            Ok(days) if days > 0 => Ok(Keep::Days(days)),
            _ => Err(E::custom(WANTED)),
        }
    }

    fn visit_i64<E: de::Error>(self, days: i64) -> Result<Keep, E> {
        self.visit_u64(u64::try_from(days).unwrap_or_default())
    }
}

addressed! {
    /// /ws/chat/keep: what is absent or null leaves it to the server's setting.
    ChooseKeep {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub keep: Option<Keep>,
    }
}

/// Event chat_keep: how long messages of a conversation are kept from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct KeepChosen {
    /// In a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_group_id: Option<GroupId>,
    /// What holds.
    pub keep: Keep,
    /// What `fromUserId` wishes; between two it holds once both wish the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wish: Option<Keep>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for (keep, json) in [
            (Keep::None, r#""none""#),
            (Keep::UntilDelivered, r#""until-delivered""#),
            (Keep::Days(30), "30"),
            (Keep::Forever, r#""forever""#),
        ] {
            assert_eq!(serde_json::to_string(&keep).unwrap(), json);
            assert_eq!(serde_json::from_str::<Keep>(json).unwrap(), keep);
            assert_eq!(keep.to_string().parse::<Keep>(), Ok(keep));
        }
        for wrong in [
            "0",
            "-1",
            "1.5",
            r#""0""#,
            r#""ever""#,
            "5000000000",
            "true",
            "null",
        ] {
            assert!(serde_json::from_str::<Keep>(wrong).is_err(), "{wrong}");
        }
        assert_eq!("7".parse(), Ok(Keep::Days(7)), "as the environment has it");
    }

    #[test]
    fn the_shorter_sorts_first() {
        let ascending = [
            Keep::None,
            Keep::UntilDelivered,
            Keep::Days(1),
            Keep::Days(2),
            Keep::Forever,
        ];
        assert!(ascending.is_sorted());
    }
}
