"""Headers: texts of any language in lines of ASCII (RFC 5322, RFC 2047)."""

from binascii import b2a_qp
from email.header import Header
from email.utils import formataddr
from functools import lru_cache

from digest import mailboxes

LINE = 76
"""Bytes in a line: what RFC 2045 allows in quoted-printable, RFC 2047 beside an encoded word."""

# Letters of a text in a word, and bytes of it encoded: with "Subject: " a line stays short enough.
_WORD, _ENCODED = 40, 50
# A longer word would be put below its "Subject: ", and be read with a space before it.
_LONGEST_WORD = LINE - len("Subject: ")


def mailbox(text: str) -> str:
    """Return *text*, of the form `Name <name@example.org>` or without a name, for a header."""
    name, address = mailboxes.split(text)
    return named(name, address) if name else address


def named(name: str, angled: str) -> str:
    if _speaks_for_itself(name):
        return formataddr((name, angled))
    return f"{_encoded_words('Reply-To', name)}\r\n <{angled}>"


@lru_cache(maxsize=4_096)
def subject(text: str) -> str:
    """Return *text* as the value of a Subject."""
    if _speaks_for_itself(text):
        return Header(text, "us-ascii", LINE, header_name="Subject").encode(linesep="\r\n")
    return _short_words(text) or _encoded_words("Subject", text)


def _speaks_for_itself(text: str) -> bool:
    # What looks like an encoded word would be decoded; odd spaces would not survive folding.
    spaced = " ".join(text.split()) == text
    short = max(map(len, text.split(" "))) <= _LONGEST_WORD
    return spaced and short and text.isascii() and "=?" not in text


def _short_words(text: str) -> str:
    """Return encoded words for *text*, as most are; "" where these would be too long."""
    # Subjects of digests differ, and the standard library takes a hundred microseconds for one.
    words = [
        b2a_qp(text[start : start + _WORD].encode(), header=True).replace(b"?", b"=3F").decode()
        for start in range(0, len(text), _WORD)
    ]
    if max(map(len, words)) > _ENCODED:
        return ""
    return "\r\n ".join([f"=?utf-8?q?{word}?=" for word in words])


def _encoded_words(header: str, text: str) -> str:
    return Header(text, "utf-8", LINE, header_name=header).encode(linesep="\r\n")
