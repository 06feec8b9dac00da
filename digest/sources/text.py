"""Cleaning, once, at the door: what comes out is plain text, and links that may be shown."""

import html
import re
import unicodedata
from collections.abc import Collection, Iterable
from urllib.parse import quote, urlsplit

import nh3

from digest.card import shorten
from digest.sources.latex import readable

TITLE, ABSTRACT, AUTHOR, ORGANIZATION, KEYWORD, SUMMARY = 300, 5000, 100, 120, 60, 500
"""The most characters that are kept of each."""
AUTHORS, KEYWORDS = 500, 30
"""The most that are kept of these."""
LINKED_HOSTS = ("huggingface.co", "arxiv.org", "doi.org", "github.com", "github.io")
"""Hosts that a paper may link to, their subdomains included."""

_RAW = 4
"""How many times the kept length is looked at: markup may take room, a flood may not."""
_LINK = 500
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})")
_PASSES = 3
_ENTITY = re.compile(r"&#?\w{1,32};")
# In running text "<" is mostly a sign of mathematics, and "a<b and c>d" is no bold type: only
# what names an element begins markup, and of a one-letter one only what HTML would write.
_NO_MARKUP = re.compile(
    r"<(?!!--.{0,2000}?-->"
    r"|(?:script|style)\b.{0,2000}?</(?:script|style)\s*>"
    r"|/?(?:abbr|audio|big|blockquote|body|br|button|center|cite|code|dd|div|dl|dt|em|embed|font"
    r"|form|h[1-6]|head|hr|html|iframe|img|input|li|link|meta|object|ol|pre|small|span|strike"
    r"|strong|sub|sup|svg|table|tbody|td|th|thead|tr|tt|ul|video)(?=[\s/>])[^<>]*>"
    r"|/(?:script|style)\s*>"
    r"|/?[abipqsu](?:\s+[^<>=]+=[^<>]*)?\s*/?>)",
    re.IGNORECASE | re.DOTALL,
)
_BREAK = re.compile(r"<(?=/?(?:br|div|h[1-6]|hr|li|p|td|th|tr)\b)", re.IGNORECASE)
# Persian and Urdu words, and joined emoji, are spelt with these two.
_JOINERS = "\u200c\u200d"


def clean(text: object, limit: int) -> str:
    """
    Return *text* as one line of plain text of at most *limit* characters, "" if it is no text.

    Markup goes, entities are decoded, LaTeX becomes Unicode where it can, control and bidi
    characters go, white space is folded.
    """
    if not isinstance(text, str):
        return ""
    text = text[: limit * _RAW]
    # Entities may hide markup, and markup entities; each pass takes off one layer.
    for _ in range(_PASSES):
        before, text = text, _without_markup(text)
        if text == before:
            break
    text = _visible(unicodedata.normalize("NFC", text))
    return shorten(" ".join(text.split()), limit)


def clean_each(texts: Iterable[object], limit: int, most: int) -> tuple[str, ...]:
    """Return the first *most* of *texts*, cleaned, each once, without those that come out empty."""
    cleaned = (clean(text, limit) for text in texts)
    return tuple(dict.fromkeys(text for text in cleaned if text))[:most]


def link(address: object, approved: Collection[str] = ()) -> str | None:
    """Return *address* as an https link to one of `LINKED_HOSTS` or *approved*, or None."""
    found = https(address)
    if found is None:
        return None
    host = host_of(found)
    known = (*LINKED_HOSTS, *approved)
    return found if any(host == each or host.endswith(f".{each}") for each in known) else None


def host_of(link: str) -> str:
    """Return the host of an https *link* as `https` returns it."""
    return link.removeprefix("https://").partition("/")[0].partition("?")[0].partition("#")[0]


def https(address: object) -> str | None:
    """Return *address* as an https link to any host that has a name, or None."""
    if not isinstance(address, str) or len(address) > _LINK or "\\" in address:
        return None
    try:
        url = urlsplit(address.strip())
        host, port = (url.hostname or "").rstrip("."), url.port
    except ValueError:
        return None
    usual = port in (None, {"http": 80, "https": 443}.get(url.scheme))
    if url.scheme not in ("http", "https") or not usual or "@" in url.netloc:
        return None
    if not _HOST.fullmatch(host):
        return None
    query = f"?{_quoted(url.query)}" if url.query else ""
    fragment = f"#{_quoted(url.fragment)}" if url.fragment else ""
    return f"https://{host}{_quoted(url.path)}{query}{fragment}"


def _without_markup(text: str) -> str:
    # Mathematics first: "$p<q>0$" holds no quotation.
    text = readable(_visible(_decoded(text)))
    if "<" not in text:
        return text
    markup = _NO_MARKUP.sub("&lt;", text.replace("&", "&amp;"))
    # A line break is white space, though its tag is none.
    return _decoded(nh3.clean(_BREAK.sub(" <", markup), tags=set()))


def _visible(text: str) -> str:
    if "".join(text.split()).isprintable():
        return text
    return "".join(
        each for each in text if each.isprintable() or each.isspace() or each in _JOINERS
    )


def _decoded(text: str) -> str:
    # Not without the semicolon: html.unescape alone would read "A&notin B" as a sign and a word.
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)


def _quoted(part: str) -> str:
    return quote(part, safe="/%:@!$&()*+,;=~-._?")
