"""Authors, who are written down in many ways."""

import re
from collections.abc import Iterable, Iterator

from digest.sources import text

_SUFFIX = re.compile(r"(?:Jr|Sr|II|III|IV)\.?")
_INITIALS = re.compile(r"(?:[^\W\d_]\.?[ -]?){1,4}")
_OTHERS = re.compile(r"(?:et al\.?|and others|others)$", re.IGNORECASE)
_AND = re.compile(r"\band\b|&")


def cleaned(names: Iterable[str]) -> tuple[str, ...]:
    """Return *names* as they are shown; one without a letter is none."""
    found = text.clean_each(names, text.AUTHOR, text.AUTHORS)
    return tuple(name for name in found if any(each.isalpha() for each in name))


def from_creators(creators: Iterable[str]) -> tuple[str, ...]:
    """Return the names in *creators*, each of which may hold one author or all of them."""
    lines = [text.clean(creator, text.AUTHOR * text.AUTHORS) for creator in creators]
    lines = [line for line in lines if line]
    # Where each has a place of its own, a comma turns a name round: "Hansen, K."
    if len(lines) > 1 and all(line.count(",") <= 1 for line in lines):
        return cleaned(turned(line) for line in lines)
    return cleaned(name for line in lines for name in _told_apart(line))


def turned(name: str) -> str:
    """Return "Hansen, Karen" as "Karen Hansen"."""
    family, comma, given = name.partition(",")
    if not comma or _SUFFIX.fullmatch(given.strip()):
        return " ".join(name.replace(",", " ").split())
    return f"{given.strip()} {family.strip()}".strip()


def split_authors(creators: str) -> Iterator[str]:
    """Yield the names in "Ann Lee, Bo Ek (CERN, Geneva), Cy Poe, Jr.", without affiliations."""
    line = text.clean(creators, text.AUTHOR * text.AUTHORS)
    name = ""
    for part in re.split(r",|\band\b", _outside_brackets(line)):
        part = " ".join(part.split())  # noqa: PLW2901
        if _SUFFIX.fullmatch(part):
            name = f"{name} {part}"
            continue
        if name:
            yield name
        name = part
    if name:
        yield name


def _told_apart(line: str) -> Iterator[str]:
    if ";" in line:
        yield from (turned(_OTHERS.sub("", part).strip()) for part in line.split(";"))
        return
    line = _AND.sub(",", line)
    parts = [_OTHERS.sub("", part.strip()).strip(" .") for part in line.split(",")]
    parts = [part for part in parts if part]
    # "Kukla, D., Crampton, A.": every other part is initials.
    if len(parts) > 1 and len(parts) % 2 == 0 and all(map(_INITIALS.fullmatch, parts[1::2])):
        yield from (
            f"{_dotted(given)} {family}"
            for family, given in zip(parts[::2], parts[1::2], strict=True)
        )
        return
    if len(parts) == 2 and " " not in parts[0]:  # noqa: PLR2004  "Lee, Ann Maria"
        yield turned(", ".join(parts))
        return
    yield from (_OTHERS.sub("", name) for name in split_authors(line.rstrip(" .")))


def _dotted(initials: str) -> str:
    return f"{initials}." if "." in initials or len(initials) == 1 else initials


def _outside_brackets(line: str) -> str:
    if line.count("(") != line.count(")"):
        return line
    return "".join(_at_depth_zero(line))


def _at_depth_zero(line: Iterable[str]) -> Iterator[str]:
    depth = 0
    for each in line:
        depth += each == "("
        if depth <= 0:
            yield each
        depth -= each == ")"
