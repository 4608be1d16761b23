//! What is bound to a statement and read from a row: the few types that every database has.

use hongyan_protocol::{
    group::{Invite, JoinPolicy, Role},
    id::{
        ConversationId, FileId, FriendApplyId, GroupApplyId, GroupId, GroupInviteId, MsgId,
        SessionId, UserId,
    },
    user::Sex,
};

use crate::{Error, postgres, sqlite};

/// One bound parameter.
#[derive(Clone, Copy)]
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

/// What a column of an answer holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cell<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
    /// A type that no table has; its name.
    Other(&'a str),
}

impl<'a> Cell<'a> {
    pub(crate) fn int(self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(number),
            _ => None,
        }
    }

    pub(crate) fn text(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// What it is, without its value: for errors.
    fn kind(&self) -> &str {
        match self {
            Self::Null => "null",
            Self::Int(_) => "integer",
            Self::Text(_) => "text",
            Self::Bytes(_) => "blob",
            Self::Other(name) => name,
        }
    }
}

/// One row of an answer.
pub(crate) enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

impl Row<'_> {
    /// The column at `index`, counted from 0 and moved on: `row.get(&mut at)` reads a row from left to right.
    pub(crate) fn next<T: Column>(&self, index: &mut usize) -> Result<T, Error> {
        let at = *index;
        *index += 1;
        self.get(at)
    }

    /// The column at `index`, counted from 0.
    pub(crate) fn get<T: Column>(&self, index: usize) -> Result<T, Error> {
        let cell = match self {
            Self::Sqlite(row) => sqlite::cell(row, index)?,
            Self::Postgres(row) => postgres::cell(row, index)?,
        };
        T::read(cell).ok_or_else(|| {
            Error::Failed(format!(
                "column {index} holds an unexpected {}",
                cell.kind()
            ))
        })
    }
}

/// A type that a column can be read as.
pub(crate) trait Column: Sized {
    /// `None` when the column holds something else.
    fn read(cell: Cell<'_>) -> Option<Self>;
}

impl Column for i64 {
    fn read(cell: Cell<'_>) -> Option<Self> {
        cell.int()
    }
}

impl Column for String {
    fn read(cell: Cell<'_>) -> Option<Self> {
        cell.text().map(str::to_owned)
    }
}

impl<T: Column> Column for Option<T> {
    fn read(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Null => Some(None),
            cell => T::read(cell).map(Some),
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
            fn read(cell: Cell<'_>) -> Option<Self> {
                Some(Self::from_bytes(cell.bytes()?.try_into().ok()?))
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
    fn read(cell: Cell<'_>) -> Option<Self> {
        Self::read(cell.text()?)
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
            fn read(cell: $crate::value::Cell<'_>) -> Option<Self> {
                match cell.int()? {
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
