"""The index of the search: FTS5 on SQLite, vectors on PostgreSQL; triggers in both keep it."""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Protocol

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    column,
    func,
    literal_column,
    not_,
    select,
    table,
)
from sqlalchemy.orm import Session

from digest.search.query import Field, Term

Condition = ColumnElement[bool]
Ids = Select[int]


class Index(Protocol):
    """What both databases can do."""

    paper_id: ColumnElement[int]
    """The id in a row of `matching`, for further conditions."""

    def matching(self, wanted: Sequence[Term], unwanted: Sequence[Term]) -> Ids:
        """Return the papers with all of *wanted* and nothing of *unwanted*."""

    def any_of(self, terms: Sequence[Term]) -> Condition:
        """Return what holds for papers with one of *terms* anywhere."""


def index_of(session: Session) -> Index:
    return Vectors() if session.get_bind().dialect.name == "postgresql" else Fts5()


class Fts5:
    """SQLite's: its queries are put together from words in quotes, so none is malformed."""

    # With the plus FTS5 does not see that a condition is about its key; it would begin anew for
    # each paper that the condition lists.
    paper_id: ColumnElement[int] = literal_column("+paper_search.rowid", Integer())

    _places: ClassVar = {
        Field.ANYWHERE: "",
        Field.TITLE: "title : ",
        Field.AUTHOR: "authors : ",
        Field.ORGANIZATION: "organization : ",
    }

    def matching(self, wanted: Sequence[Term], unwanted: Sequence[Term]) -> Ids:
        papers = table("paper_search", column("rowid", Integer()))
        found = select(papers.c.rowid)
        if not wanted:
            return found.where(not_(self.any_of(unwanted))) if unwanted else found
        expression = f"({self._joined(' AND ', wanted)})"
        if unwanted:
            expression += f" NOT ({self._joined(' OR ', unwanted)})"
        return found.where(_match("paper_search", expression))

    def any_of(self, terms: Sequence[Term]) -> Condition:
        # An alias, or it would be taken for the table of the query around it.
        papers = table("paper_search", column("rowid", Integer())).alias("other")
        match = _match("other.paper_search", self._joined(" OR ", terms))
        return self.paper_id.in_(select(papers.c.rowid).where(match))

    def _joined(self, operator: str, terms: Iterable[Term]) -> str:
        return operator.join(f'({self._places[term.field]}"{_spaced(term)}")' for term in terms)


def _match(hidden_column: str, expression: str) -> Condition:
    return literal_column(hidden_column).bool_op("MATCH")(expression)


def _spaced(term: Term) -> str:
    return " ".join(term.words)


class Vectors:
    """PostgreSQL's: one vector a field, for a weight inside a vector is not in its index."""

    _papers = table("paper_search", column("paper_id", Integer()))
    paper_id: ColumnElement[int] = _papers.c.paper_id

    _places: ClassVar = {
        Field.ANYWHERE: ("everything", "english"),
        Field.TITLE: ("title", "english"),
        Field.AUTHOR: ("authors", "simple"),
        Field.ORGANIZATION: ("organization", "simple"),
    }

    def matching(self, wanted: Sequence[Term], unwanted: Sequence[Term]) -> Ids:
        found = select(self.paper_id)
        for field in dict.fromkeys(term.field for term in (*wanted, *unwanted)):
            # One query a field: only inside of it does the index know what "not" leaves out.
            terms = [_adjacent(term) for term in wanted if term.field is field]
            terms += [f"!{_adjacent(term)}" for term in unwanted if term.field is field]
            found = found.where(self._matches(field, " & ".join(terms)))
        return found

    def any_of(self, terms: Sequence[Term]) -> Condition:
        return self._matches(Field.ANYWHERE, " | ".join(map(_adjacent, terms)))

    def _matches(self, field: Field, expression: str) -> Condition:
        name, language = self._places[field]
        query = func.to_tsquery(literal_column(f"'{language}'"), expression)
        return column(name).bool_op("@@")(query)


def _adjacent(term: Term) -> str:
    return f"({' <-> '.join(term.words)})"
