"""XML from strangers, an element at a time: nothing is declared in it, nothing is loaded."""

from collections.abc import Collection, Iterator
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

MOST_DEEP = 100
_AT_ONCE = 65_536


class Broken(Exception):
    """It is not well-formed, or does what no honest document does; the message says where."""


def elements(body: bytes, names: Collection[str]) -> Iterator[Element]:
    """
    Yield the elements of *body* with one of *names*, whole, without their namespaces.

    One inside another comes as a part of the other.

    Raises:
        Broken: after the last element before the damage.

    """
    reader = _Reader(names)
    for start in range(0, max(len(body), 1), _AT_ONCE):
        part = body[start : start + _AT_ONCE]
        damage = reader.read(part, last=start + _AT_ONCE >= len(body))
        yield from reader.taken()
        if damage:
            raise Broken(damage)


class _Reader:
    def __init__(self, names: Collection[str]) -> None:
        self._names = names
        self._builder: TreeBuilder | None = None
        self._depth = 0
        self._within = 0
        self._found: list[Element] = []
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        # Billion laughs and files of ours begin with a declaration; no answer needs one.
        self._parser.EntityDeclHandler = self._refuse

    def read(self, part: bytes, *, last: bool) -> str | None:
        """Return what is wrong with *part*, if anything is."""
        try:
            self._parser.Parse(part, last)
        except expat.ExpatError as exc:
            return str(exc)
        except (Broken, LookupError, ValueError) as exc:
            return f"line {self._parser.CurrentLineNumber}: {exc}"
        return None

    def taken(self) -> list[Element]:
        found, self._found = self._found, []
        return found

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MOST_DEEP:
            raise Broken("elements within elements without an end")
        name = name.rpartition(" ")[2]
        if self._builder is None and name in self._names:
            self._builder, self._within = TreeBuilder(), self._depth
        if self._builder is not None:
            self._builder.start(name, attributes)

    def _end(self, name: str) -> None:
        if self._builder is not None:
            self._builder.end(name.rpartition(" ")[2])
            if self._depth == self._within:
                self._found.append(self._builder.close())
                self._builder = None
        self._depth -= 1

    def _text(self, data: str) -> None:
        if self._builder is not None:
            self._builder.data(data)

    def _refuse(self, name: str, *_: object) -> None:
        raise Broken(f"it declares an entity, {name[:60]!r}")
