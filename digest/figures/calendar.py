"""The calendar of the database: moments as days and hours in UTC, on both kinds."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

Moment = InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]


def begin_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def days(first: date, last: date) -> list[date]:
    """Return the days from *first* to *last*, both of them too."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


class UtcDay(FunctionElement[date]):
    """The day of a moment, in UTC whatever the session's zone is."""

    type = sa.Date()
    inherit_cache = True

    def __init__(self, moment: Moment) -> None:
        super().__init__(moment)


class UtcHour(FunctionElement[int]):
    """The hour of a moment, in UTC: 0 to 23."""

    type = sa.Integer()
    inherit_cache = True

    def __init__(self, moment: Moment) -> None:
        super().__init__(moment)


@compiles(UtcDay, "postgresql")
def _(element: UtcDay, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"CAST({_inside(element, compiler, options)} AT TIME ZONE 'UTC' AS date)"


@compiles(UtcDay, "sqlite")
def _(element: UtcDay, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"date({_inside(element, compiler, options)})"


@compiles(UtcHour, "postgresql")
def _(element: UtcHour, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    inside = _inside(element, compiler, options)
    return f"CAST(extract(hour FROM {inside} AT TIME ZONE 'UTC') AS integer)"


@compiles(UtcHour, "sqlite")
def _(element: UtcHour, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"CAST(strftime('%H', {_inside(element, compiler, options)}) AS integer)"


def _inside(element: ColumnElement[Any], compiler: SQLCompiler, options: dict[str, Any]) -> str:
    assert isinstance(element, FunctionElement)  # noqa: S101  one of the two above
    return str(compiler.process(element.clauses, **options))
