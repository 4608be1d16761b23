//! What is bound to a statement and read from a row: the few types that every database has.

use hongyan_protocol::{
    group::{Invite, JoinPolicy, Role},
    id::{
        ConversationId, FileId, FriendApplyId, GroupApplyId, GroupId, GroupInviteId, MsgId,
        SessionId, UserId,
    },
    user::Sex,
};
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};

use crate::Error;

/// One bound parameter.
pub(crate) enum Value<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
    Id([u8; 16]),
}

/// A list of parameters, each converted with `Value::from`.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::value::Value::from($value)),*] };
}
pub(crate) use values;

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
            Self::Id(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8; 32]> for Value<'a> {
    fn from(bytes: &'a [u8; 32]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// One row of an answer.
pub(crate) struct Row<'r>(pub(crate) &'r rusqlite::Row<'r>);

impl Row<'_> {
    /// The column at `index`, counted from 0 and moved on: `row.get(&mut at)` reads a row from left to right.
    pub(crate) fn next<T: Column>(&self, index: &mut usize) -> Result<T, Error> {
        let at = *index;
        *index += 1;
        self.get(at)
    }

    /// The column at `index`, counted from 0.
    pub(crate) fn get<T: Column>(&self, index: usize) -> Result<T, Error> {
        let value = self
            .0
            .get_ref(index)
            .map_err(|error| Error::Failed(error.to_string()))?;
        T::read(value).ok_or_else(|| {
            Error::Failed(format!(
                "column {index} holds an unexpected {}",
                value.data_type()
            ))
        })
    }
}

/// A type that a column can be read as.
pub(crate) trait Column: Sized {
    /// `None` when the column holds something else.
    fn read(value: ValueRef<'_>) -> Option<Self>;
}

impl Column for i64 {
    fn read(value: ValueRef<'_>) -> Option<Self> {
        value.as_i64().ok()
    }
}

impl Column for String {
    fn read(value: ValueRef<'_>) -> Option<Self> {
        value.as_str().ok().map(str::to_owned)
    }
}

impl<T: Column> Column for Option<T> {
    fn read(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Null => Some(None),
            value => T::read(value).map(Some),
        }
    }
}

macro_rules! ids {
    ($($id:ty)+) => {$(
        impl From<$id> for Value<'_> {
            fn from(id: $id) -> Self {
                Self::Id(id.to_bytes())
            }
        }

        impl Column for $id {
            fn read(value: ValueRef<'_>) -> Option<Self> {
                Some(Self::from_bytes(value.as_blob().ok()?.try_into().ok()?))
            }
        }
    )+};
}

ids! { UserId GroupId FriendApplyId GroupApplyId GroupInviteId SessionId ConversationId MsgId FileId }

impl From<Sex> for Value<'_> {
    fn from(sex: Sex) -> Self {
        Self::Text(sex.as_str())
    }
}

impl Column for Sex {
    fn read(value: ValueRef<'_>) -> Option<Self> {
        Self::read(value.as_str().ok()?)
    }
}

/// Declares how an enum without data is stored: as these numbers.
macro_rules! numbered {
    ($enum:ty { $($variant:ident = $number:literal),+ $(,)? }) => {
        impl From<$enum> for $crate::value::Value<'_> {
            fn from(value: $enum) -> Self {
                Self::Int(match value { $(<$enum>::$variant => $number),+ })
            }
        }

        impl $crate::value::Column for $enum {
            fn read(value: rusqlite::types::ValueRef<'_>) -> Option<Self> {
                match value.as_i64().ok()? {
                    $($number => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use numbered;

numbered!(Role { Member = 0, Admin = 1, Owner = 2 });
numbered!(Invite { Operators = 0, Members = 1 });
numbered!(JoinPolicy { Open = 0, Approval = 1, Invitation = 2 });

/// The pattern for `LIKE … ESCAPE '!'` that finds `part` anywhere in a lower-case column.
pub(crate) fn pattern_for_part(part: &str) -> String {
    let mut pattern = String::with_capacity(part.len() + 2);
    pattern.push('%');
    for character in part.to_lowercase().chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}
