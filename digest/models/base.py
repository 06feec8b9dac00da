"""What all tables share: aware moments, enums by value, names for constraints."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy import Dialect, MetaData
from sqlalchemy.orm import DeclarativeBase


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An aware datetime, kept in UTC; refuses naive ones."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}")
        value = value.astimezone(UTC)
        # SQLite keeps moments as text; without this the zone would be part of it.
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        # SQLite hands back naive values; PostgreSQL aware ones, in the session's zone.
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def by_value(kind: type[StrEnum]) -> sa.Enum:
    # No CHECK constraint: Alembic does not see one, so a grown enum would go unnoticed until
    # the first INSERT of the new member failed.
    return sa.Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        length=16,
        values_callable=lambda members: [member.value for member in members],
    )


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix__%(column_0_label)s",
            "uq": "uq__%(table_name)s__%(column_0_name)s",
            "ck": "ck__%(table_name)s__%(constraint_name)s",
            "fk": "fk__%(table_name)s__%(column_0_name)s__%(referred_table_name)s",
            "pk": "pk__%(table_name)s",
        }
    )
    # An id that was given out once must never come back: old links carry it.
    __table_args__: Any = {"sqlite_autoincrement": True}  # noqa: RUF012
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        list[str]: sa.JSON,
        list[dict[str, Any]]: sa.JSON,
        dict[str, Any]: sa.JSON,
    }


# BIGINT on PostgreSQL; on SQLite only INTEGER counts up by itself.
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
