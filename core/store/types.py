"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, Dialect, LargeBinary, MetaData, Table, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import REAL, NullType, TypeEngine, UserDefinedType

from core.documents import plain

#: Every table of every room; constraints have names, so that migrations can change them.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
#: Eight bytes everywhere: PostgreSQL's REAL has four.
NUMBER: TypeEngine[float] = REAL().with_variant(DOUBLE_PRECISION(), "postgresql")


def now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


class Moment(TypeDecorator[datetime]):
    """A point in time with its zone: kept in UTC, given back in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware moment into UTC; SQLite keeps no zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back that SQLite forgot."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Document(TypeDecorator[Any]):
    """A JSON document of plain types; what is not a finite number becomes null."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Reduce the value to JSON's own types."""
        return plain(value)


class Geometry(TypeDecorator[Any]):
    """A shape of shapely: WKB on SQLite; on PostgreSQL PostGIS's geometry, or EWKB in hexadecimal where it is missing.

    PostGIS reads and writes hexadecimal EWKB itself, so that both kinds of PostgreSQL column take the same values.
    """

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the column's type."""
        return dialect.type_descriptor(_Hexadecimal() if dialect.name == "postgresql" else LargeBinary())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Turn a shape into its binary or hexadecimal form."""
        from shapely import to_wkb

        if value is None:
            return None
        return to_wkb(value, hex=True, include_srid=True) if dialect.name == "postgresql" else to_wkb(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Give the shape back."""
        from shapely import from_wkb

        return None if value is None else from_wkb(value)

    def compare_against_backend(self, dialect: Dialect, backend: TypeEngine[Any]) -> bool:
        """Say that the column differs from the database's only where that is no home for a shape (asked by Alembic)."""
        return not isinstance(backend, LargeBinary | Text | NullType)


class _Hexadecimal(UserDefinedType[str]):
    """Text without a type of its own: the column decides whether it is PostGIS's geometry or text."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the column's type where Alembic doesn't make it."""
        return "TEXT"


class Base(DeclarativeBase):
    """What mapped classes derive from: their tables are declared beside the others."""

    __table__: ClassVar[Table]  # none of them is a join
    metadata = metadata
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text(),
        float: NUMBER,
        datetime: Moment(),
        dict[str, Any]: Document(),
    }
