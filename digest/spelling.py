"""Spelling: what SQL can say in both databases, and each in words of its own."""

from typing import Any, ClassVar, TypeVar

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

T = TypeVar("T")


class Spelled(FunctionElement[T]):
    """A function in the words of each database; `{0}` and `{1}` are what it is given."""

    postgresql: ClassVar[str]
    sqlite: ClassVar[str]


@compiles(Spelled, "postgresql")
@compiles(Spelled, "sqlite")
def _(element: Spelled[Any], compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    words: str = getattr(element, compiler.dialect.name)
    return words.format(*(compiler.process(each, **options) for each in element.clauses))
