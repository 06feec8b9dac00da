"""Encodings: JSON should be UTF-8, and is not always; what else it may be is guessed."""

import codecs
import io
import json

_LEGACY = "cp1252"
"""Latin-1 with quotation marks; feeds that say nothing are read so too."""


def in_utf8(body: bytes) -> bytes:
    """
    Return the JSON text *body* in UTF-8, without a byte order mark.

    Its encoding is told by that mark, or by where zeros stand (RFC 4627, 3); without either it is
    UTF-8, unless more of it is none than is: then it is Windows-1252. What cannot be that comes
    back as it is.
    """
    encoding = json.detect_encoding(body[:4])
    if not encoding.startswith("utf-8"):
        return body.decode(encoding, "replace").encode()
    body = body.removeprefix(codecs.BOM_UTF8)
    if body.isascii() or _is_utf8(body) or _is_damaged_utf8(body):
        return body
    try:
        return body.decode(_LEGACY).encode()
    except UnicodeDecodeError:
        return body


def _is_utf8(body: bytes) -> bool:
    try:
        # A line at a time, for the memory.
        for line in io.BytesIO(body):
            line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_damaged_utf8(body: bytes) -> bool:
    text = body.decode(errors="replace")
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    return foreign > 2 * text.count("\ufffd")
