"""Mailboxes: `name@example.org`, or `Name <name@example.org>` (RFC 5322, section 3.4)."""

import re
from email.utils import quote, unquote

ADDRESS = re.compile(r"[!-;=?A-~]+@[!-;=?A-~]+")
BREAKS_A_HEADER = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

# A comma, and all that could begin another address, is part of a name only between quotes.
_PLAIN = r'[^",;<>@\\]*'
_NAMED = re.compile(rf'({_PLAIN}|"(?:[^"\\]|\\.)*")\s*<({ADDRESS.pattern})>')


def split(text: str) -> tuple[str, str]:
    """
    Return the name, "" where there is none, and the address in *text*.

    The standard library's parser takes the first of several addresses, and drops what it does
    not understand.

    Raises:
        ValueError: not exactly one ASCII address, or a control character.

    """
    text = text.strip(" ")
    if BREAKS_A_HEADER.search(text):
        raise ValueError("line breaks and control characters do not belong here")
    if ADDRESS.fullmatch(text):
        return "", text
    found = _NAMED.fullmatch(text)
    if found is None:
        raise ValueError("it holds not exactly one ASCII address")
    return unquote(found[1].strip()), found[2]


def joined(name: str, address: str) -> str:
    """Return the mailbox of *address* in the form that `split` takes apart again."""
    plain = re.fullmatch(_PLAIN, name) and name == name.strip()
    return f"{name} <{address}>" if plain else f'"{quote(name)}" <{address}>'
