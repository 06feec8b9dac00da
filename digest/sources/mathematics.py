"""Simple LaTeX mathematics as a line of Unicode: O(n^2) becomes O(n²)."""

import re
import unicodedata

from digest.sources.symbols import (
    FUNCTIONS,
    HATS,
    ORDINARY,
    RELATIONS,
    SPACES,
    STYLES,
    SUBSCRIPTS,
    SUPERSCRIPTS,
    SWITCHES,
)

_DEPTH = 8
"""Braces within braces beyond this are not simple."""
_PIECE = re.compile(r"\\[A-Za-z]+|\\.|\s+|.", re.DOTALL)
# Between dollars this is prose, or the name of a variable in a program.
_WORDS = re.compile(r"[A-Za-z]{4}|\s[a-z]{2,}\s")
_NAMED = re.compile(r"\\[A-Za-z]+(?:\s*\{[^{}]*\})?")
# Stands where a space is needed between two words, and none beside a bracket.
_JOINT = "\x01"
_PRIME = "\N{PRIME}"
_WORDY_JOINT = re.compile(rf"(?<=[\w)\]}}{_PRIME}*]){_JOINT}(?=[\w√∑∏∫‖])")


class _NotSimple(Exception):
    """No line of plain text can show it."""


def in_unicode(mathematics: str) -> str | None:
    r"""Return *mathematics*, as it stands between dollar signs, without LaTeX; None if it can't."""
    if _WORDS.search(_NAMED.sub("", mathematics)):
        return None
    try:
        line = _Reader(_PIECE.findall(mathematics)).row()
    except _NotSimple:
        return None
    line = _WORDY_JOINT.sub(" ", line).replace(_JOINT, "")
    # The space behind a "<" stays: without it the next word might make it a tag.
    return unicodedata.normalize("NFC", line.lstrip() if line.endswith("< ") else line.strip())


class _Reader:
    """Reads pieces from the left, each once."""

    def __init__(self, pieces: list[str]) -> None:
        self._pieces = pieces[::-1]
        self._depth = 0

    def row(self, end: str | None = None) -> str:
        """Return all up to the piece *end*, which is taken too."""
        self._depth += 1
        if self._depth > _DEPTH:
            raise _NotSimple
        shown = ""
        while self._pieces:
            piece = self._pieces.pop()
            if piece == end:
                self._depth -= 1
                return shown
            shown = self._next(shown, piece)
        if end is not None:
            raise _NotSimple
        return shown

    def _next(self, shown: str, piece: str) -> str:
        """Return *shown* with what *piece* begins."""
        if piece not in "^_":
            return shown + self._atom(piece)
        scripts = SUPERSCRIPTS if piece == "^" else SUBSCRIPTS
        script = self._argument().replace(" ", "").replace(_JOINT, "")
        if not script or not set(script) <= set(scripts):
            raise _NotSimple
        joint = _JOINT if shown.endswith(_JOINT) else ""
        raised = "".join(scripts[each] for each in script)
        return shown.removesuffix(_JOINT).rstrip(" ") + raised + joint

    def _atom(self, piece: str) -> str:
        if piece.startswith("\\"):
            return self._command(piece[1:])
        if piece == "{":
            return self.row("}")
        if piece in "}&#%$\\":
            raise _NotSimple
        if piece in "<>":
            return f" {piece} "
        return {"'": _PRIME, "~": " "}.get(piece, " " if piece.isspace() else piece)

    def _command(self, name: str) -> str:
        if name in RELATIONS:
            return f" {RELATIONS[name]} "
        if name in FUNCTIONS:
            return f"{_JOINT}{name}{_JOINT}"
        if name in STYLES:
            return self._argument()
        if name in SWITCHES:
            return ""
        shown = ORDINARY.get(name, SPACES.get(name))
        return self._construction(name) if shown is None else shown

    def _construction(self, name: str) -> str:
        if name in HATS:
            return self._argument(1) + HATS[name]
        if name in ("mathbb", "Bbb"):
            return "".join(map(_double_struck, self._argument()))
        if name in ("frac", "tfrac", "dfrac"):
            return f"{_grouped(self._argument())}/{_grouped(self._argument())}{_JOINT}"
        if name == "sqrt":
            return f"√{_grouped(self._argument())}{_JOINT}"
        raise _NotSimple

    def _argument(self, most: int | None = None) -> str:
        while self._pieces and self._pieces[-1].isspace():
            self._pieces.pop()
        if not self._pieces or self._pieces[-1] in ("[", "^", "_"):
            raise _NotSimple
        shown = self._atom(self._pieces.pop()).strip()
        if not shown or (most and len(shown) > most):
            raise _NotSimple
        return shown


def _grouped(line: str) -> str:
    return line if re.fullmatch(rf"[\w.{_PRIME}*∞]+", line) else f"({line})"


def _double_struck(letter: str) -> str:
    # The letters that had one before mathematics came to Unicode stand apart from the others.
    for name in ("DOUBLE-STRUCK CAPITAL", "MATHEMATICAL DOUBLE-STRUCK CAPITAL"):
        try:
            return unicodedata.lookup(f"{name} {letter}")
        except KeyError:
            continue
    return letter
