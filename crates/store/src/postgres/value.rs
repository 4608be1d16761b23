//! Values and columns as PostgreSQL writes them.

use std::{error::Error as StdError, fmt};

use bytes::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, WrongType, to_sql_checked};

use crate::{
    Error,
    value::{Cell, Value},
};

type Refusal = Box<dyn StdError + Sync + Send>;

impl Value<'_> {
    /// The type that a statement with this value is prepared for; NULL leaves it to the server.
    pub(super) fn postgres_type(&self) -> Type {
        match self {
            Self::Null => Type::UNKNOWN,
            Self::Int(_) => Type::INT8,
            Self::Text(_) => Type::TEXT,
            Self::Bytes(_) | Self::Id(_) => Type::BYTEA,
        }
    }

    /// Whether a text has the one character that PostgreSQL cannot store.
    pub(super) fn has_nul(&self) -> bool {
        matches!(self, Self::Text(text) if text.contains('\0'))
    }
}

/// Without the value: the driver logs what it binds.
impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.postgres_type().name())
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Refusal> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            value if value.postgres_type() != *ty => Err(WrongType::new::<Self>(ty.clone()).into()),
            Self::Int(number) => number.to_sql(ty, out),
            Self::Text(text) => text.to_sql(ty, out),
            Self::Bytes(bytes) => bytes.to_sql(ty, out),
            Self::Id(bytes) => bytes.as_slice().to_sql(ty, out),
        }
    }

    /// NULL has any type; the others are checked with their values.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Cell<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Refusal> {
        Ok(match *ty {
            Type::INT8 => Self::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Self::Int(i32::from_sql(ty, raw)?.into()),
            Type::BOOL => Self::Int(bool::from_sql(ty, raw)?.into()),
            Type::TEXT => Self::Text(<&str>::from_sql(ty, raw)?),
            Type::BYTEA => Self::Bytes(raw),
            _ => Self::Other("type"),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Refusal> {
        Ok(Self::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// What a row holds at `index`, counted from 0. A truth is 1 or 0, as SQLite has it.
pub(crate) fn cell(row: &tokio_postgres::Row, index: usize) -> Result<Cell<'_>, Error> {
    match row.try_get(index) {
        Ok(Cell::Other(_)) => Ok(Cell::Other(row.columns()[index].type_().name())),
        Ok(cell) => Ok(cell),
        Err(error) => Err(Error::Failed(error.to_string())),
    }
}
