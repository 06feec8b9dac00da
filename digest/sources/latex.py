r"""LaTeX in titles and abstracts, as far as plain text can show it: Erd\H{o}s becomes Erdős."""

import re
import unicodedata

from digest.sources.mathematics import in_unicode
from digest.sources.symbols import ACCENTS, LETTERS, RELATIONS, SIGNS

_SIGN_OF_IT = re.compile(r"[\\$~]|``")
# As pandoc reads dollars, so "$5 and $6" is money; see `_money` for "US$5-$10".
_MATHEMATICS = re.compile(
    r"(?<!\\)\$\$(?P<display>[^$]{1,300})\$\$"
    r"|(?<!\\)\$(?![\s$])(?P<inline>[^$]{1,300}?)(?<![\s\\])\$"
    r"|\\\((?P<bracketed>.{1,300}?)\\\)",
    re.DOTALL,
)
_ACCENT = re.compile(
    r"\\(?:(?P<sign>[\"'`^~=.])|(?P<letter>[cvHukrdb])(?=\s*\{|\s+[A-Za-z]))"
    r"(?:\{\s*(?P<braced>\\[ij]|[^\W\d_])\s*\}|\s*(?P<bare>\\[ij](?![A-Za-z])\s?|[A-Za-z]))"
)
_LETTER = re.compile(rf"\\({'|'.join(LETTERS)})(?![A-Za-z])(?:\{{\}}|\s(?=[a-z]))?")
_SIGN = re.compile(rf"\\({'|'.join(SIGNS)})(?![A-Za-z])(?:\{{\}})?")
# Outside of dollars only where no path of files can be meant.
_RELATION = re.compile(rf"(?:(?<=[\s\d(])|^)\\({'|'.join(RELATIONS)})(?![A-Za-z\\])")
_STYLE = re.compile(
    r"\\(?:emph|text(?:bf|it|tt|sc|sf|rm|sl|up|md|normal)?|underline|mbox|url"
    r"|href\s*\{[^{}]*\})\s*\{([^{}]*)\}"
    r"|\{\\(?:em|bf|it|tt|sc|sl|rm|sf)\s+([^{}]*)\}"
)
# A tie is no "about": the one stands between words, the other before a number.
_TIE = re.compile(r"(?<=[\w.,;:)\]])(?:~(?=[^\W\d]|[\\(\x02])|(?<=\.)~(?=\d))")
_NUMBERED_TIE = re.compile(r"(\b[A-Z][a-z]+)~(?=\d)")
_KEPT = re.compile("\x02([0-9]+)\x02")
_NESTED = 3


def readable(text: str) -> str:
    """Return *text* in plain Unicode; mathematics that is not simple stays as it was."""
    if not _SIGN_OF_IT.search(text):
        return text
    kept: list[str] = []

    def show(span: re.Match[str]) -> str:
        line = None if _money(span) else in_unicode(span[span.lastgroup or 0])
        if line is not None:
            return line
        kept.append(span[0])
        return f"\x02{len(kept) - 1}\x02"

    shown = _prose(_MATHEMATICS.sub(show, text.replace("\x02", "")))
    return _KEPT.sub(lambda place: kept[int(place[1])], shown)


def _money(span: re.Match[str]) -> bool:
    """Return whether the second dollar of *span* begins a sum rather than ends mathematics."""
    behind = span.string[span.end() : span.end() + 1]
    return behind.isdigit() and not re.match(r"[\\^_<>=~+{-]|[^\W\d]\$", span[0].lstrip("$"))


def _prose(text: str) -> str:
    text = _ACCENT.sub(_accented, text)
    text = _LETTER.sub(lambda command: LETTERS[command[1]], text)
    text = re.sub(r"\{([^\x00-\x7f])\}", r"\1", text)
    text = _SIGN.sub(lambda command: SIGNS[command[1]], text)
    text = _RELATION.sub(lambda command: RELATIONS[command[1]], text)
    for _ in range(_NESTED):
        text = _STYLE.sub(lambda styled: styled[1] or styled[2] or "", text)
    text = re.sub(r"\\([%&_#$])", r"\1", text)
    text = _NUMBERED_TIE.sub(r"\1 ", _TIE.sub(" ", text))
    return re.sub(r"``([^`']{1,300})''", r"“\1”", text)


def _accented(accent: re.Match[str]) -> str:
    letter = (accent["braced"] or accent["bare"]).strip("\\ ")
    mark = ACCENTS[accent["sign"] or accent["letter"]]
    return unicodedata.normalize("NFC", letter + mark)
