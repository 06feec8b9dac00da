"""Inflating what strangers have packed, no further than to a limit."""

import io
import zlib
from collections.abc import Iterable
from contextlib import suppress

from digest.errors import BadDocument

MAX_INFLATED = 300_000_000
"""The most bytes that a packed file may hold: arXiv's papers of five years fit."""
_GZIP = b"\x1f\x8b"
_AT_ONCE = 16_384


class Damaged(Exception):
    """What arrives is no whole document, or too much of one; the message says which."""


def received(chunks: Iterable[bytes], *, packed: bool, most: int) -> bytes:
    """
    Return what *chunks* hold together, inflated where they are *packed* by gzip.

    Raises:
        Damaged: it is larger than *most* bytes, as sent or as inflated, damaged, or cut short.

    """
    unpacking = zlib.decompressobj(wbits=31) if packed else None
    body, sent = io.BytesIO(), 0
    for chunk in chunks:
        sent += len(chunk)
        # One byte more than is allowed tells a document that fits from one that does not.
        room = most + 1 - body.tell()
        try:
            body.write(unpacking.decompress(chunk, room) if unpacking else chunk)
        except zlib.error as exc:
            raise Damaged(str(exc)) from exc
        if max(sent, body.tell()) > most:
            raise Damaged(f"larger than {most // 1_000_000} MB")
    if unpacking and not unpacking.eof:
        raise Damaged("cut short")
    return body.getvalue()


def inflated(body: bytes) -> tuple[bytes, str | None]:
    """
    Return *body* without gzip around it, as far as it can be read, and what is wrong behind that.

    It comes back as it is where there is no gzip around it.

    Raises:
        BadDocument: it holds more than `MAX_INFLATED` bytes.

    """
    if not body.startswith(_GZIP):
        return body, None
    text, place, damage = io.BytesIO(), 0, None
    # A file may hold several members, one behind the other: they are one text (RFC 1952, 2.2).
    while damage is None and body.startswith(_GZIP, place):
        place, damage = _member(body, place, text)
    # Zeros fill up a block of tape; anything else was something.
    if damage is None and body[place:].strip(b"\0"):
        damage = "packed by gzip, but damaged: what follows is not packed"
    return text.getvalue(), damage


def _member(body: bytes, place: int, text: io.BytesIO) -> tuple[int, str | None]:
    """Add to *text* what the member at *place* holds; return its end, and what is wrong there."""
    unpacking = zlib.decompressobj(wbits=31)
    for start in range(place, len(body), _AT_ONCE):
        piece, before = body[start : start + _AT_ONCE], unpacking.copy()
        # One byte more than is allowed tells a text that fits from one that does not.
        room = MAX_INFLATED + 1 - text.tell()
        try:
            text.write(unpacking.decompress(piece, room))
        except zlib.error as exc:
            text.write(_up_to_damage(before, piece))
            return len(body), f"packed by gzip, but damaged: {exc}"
        if text.tell() > MAX_INFLATED:
            raise BadDocument(f"holds more than {MAX_INFLATED // 1_000_000} MB")
        if unpacking.eof:
            return start + len(piece) - len(unpacking.unused_data), None
    return len(body), "packed by gzip, but cut short"


def _up_to_damage(unpacking: "zlib._Decompress", piece: bytes) -> bytes:
    """Return what comes out before the damage: of a *piece* as a whole nothing does."""
    text = io.BytesIO()
    with suppress(zlib.error):
        for place in range(len(piece)):
            text.write(unpacking.decompress(piece[place : place + 1]))
    return text.getvalue()
