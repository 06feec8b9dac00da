"""Sets in one value: a statement is given a thousand ids or rows at once, and gives lists back."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    ClauseElement,
    ColumnElement,
    CursorResult,
    Dialect,
    SQLColumnExpression,
    Text,
    TypeDecorator,
    bindparam,
    cast,
    column,
    literal_column,
)
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler

from digest.spelling import Spelled


class _Ids(TypeDecorator[Collection[int]]):
    """Ids in one value, as each database reads them: binding a thousand one by one takes long."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Collection[int] | None, dialect: Dialect) -> str:
        ids = ",".join(map(str, value or ()))
        return f"{{{ids}}}" if dialect.name == "postgresql" else f"[{ids}]"


class _Rows(TypeDecorator[Collection[Any]]):
    """Rows as JSON, unless they are so already."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Collection[Any] | None, dialect: Dialect) -> str:  # noqa: ARG002
        return value if isinstance(value, str) else json.dumps(value or [])


class among(Spelled[bool]):  # noqa: N801  a condition, as SQLAlchemy's own are named
    """The condition that *which* is one of the ids in the parameter *name*."""

    type = Boolean()
    inherit_cache = True
    postgresql = "{0} = ANY (CAST({1} AS BIGINT[]))"
    sqlite = "{0} IN (SELECT value FROM json_each({1}))"

    def __init__(self, which: SQLColumnExpression[int], name: str) -> None:
        super().__init__(which, bindparam(name, None, type_=_Ids()))


class Ready:
    """
    A statement in the words of a driver: handing it over through SQLAlchemy takes as long again.

    Rows come back as the driver reads them: fit for ids, not for moments.
    """

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._words: dict[str, _Words] = {}

    def run(self, session: Session, **given: object) -> CursorResult[Any]:
        """Run it in *session*'s transaction, with its parameters as *given*."""
        connection = session.connection()
        dialect = connection.dialect
        words = self._words.get(dialect.name)
        if words is None:
            words = self._words[dialect.name] = _Words.of(self._statement, dialect)
        return connection.exec_driver_sql(words.text, words.filled(given))


@dataclass(frozen=True, slots=True)
class _Words:
    text: str
    constants: dict[str, Any]
    places: list[str] | None
    """The names in their order, where a driver wants no names."""
    bound: Mapping[str, Callable[[Any], Any] | None]

    @classmethod
    def of(cls, statement: ClauseElement, dialect: Dialect) -> "_Words":
        made = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        assert isinstance(made, SQLCompiler)  # noqa: S101  it is no DDL
        bound = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect)
            for name, bind in made.binds.items()
        }
        words = cls(made.string, {}, made.positiontup, bound)
        words.constants.update(words._bound(made.params))
        return words

    def filled(self, given: dict[str, Any]) -> Any:  # noqa: ANN401  what the driver takes
        named = self.constants | self._bound(given)
        return named if self.places is None else tuple(named[name] for name in self.places)

    def _bound(self, values: dict[str, Any]) -> dict[str, Any]:
        found = {}
        for name, value in values.items():
            bind = self.bound.get(name)
            # The members of an IN, which have a name each and are no binds any more, are enums.
            found[name] = bind(value) if bind else getattr(value, "value", value)
        return found


class Listed(Spelled[list[int]]):
    """All values of a group in one: a list is read in a tenth of the time of its rows."""

    type = JSON()
    inherit_cache = True
    postgresql = "json_agg({0})"
    sqlite = "json_group_array({0})"


class _Each(Spelled[Any]):
    name = "each"
    inherit_cache = True
    postgresql = "json_array_elements(CAST({0} AS JSON))"
    sqlite = "json_each({0})"


class _Place(Spelled[str]):
    """What stands in a place of a row: text, or JSON as text."""

    type = Text()
    inherit_cache = True
    postgresql = "{0} ->> {1}"
    # The arrow came with SQLite 3.38, and Python takes the system's, which may be older.
    sqlite = "json_extract({0}, '$[{1}]')"

    def __init__(self, row: ColumnElement[Any], place: int) -> None:
        super().__init__(row, literal_column(str(place)))


def given(name: str, *types: Any) -> list[ColumnElement[Any]]:  # noqa: ANN401
    """
    Return the columns of a table that a statement is given as the parameter *name*.

    Its rows are lists. One value for all of them is one statement, however many there are.
    """
    each = _Each(bindparam(name, None, type_=_Rows())).table_valued(column("value"), name="each")
    places = (_Place(each.c.value, place) for place in range(len(types)))
    return [cast(place, kind) for place, kind in zip(places, types, strict=True)]
