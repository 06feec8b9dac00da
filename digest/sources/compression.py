"""Inflating what strangers have packed, no further than to a limit."""

import io
import zlib
from collections.abc import Iterable

from digest.errors import BadDocument

MAX_INFLATED = 300_000_000
"""The most bytes that a packed file may hold: arXiv's papers of five years fit."""
_GZIP = b"\x1f\x8b"


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


def inflated(body: bytes) -> bytes:
    """
    Return *body* without gzip around it; as it is when there is none.

    Raises:
        BadDocument: it is damaged, cut short, or holds more than `MAX_INFLATED` bytes.

    """
    if not body.startswith(_GZIP):
        return body
    members, rest, room = [], body, MAX_INFLATED
    # A file may hold several members, one behind the other: they are one text (RFC 1952, 2.2).
    while rest.startswith(_GZIP):
        member, rest = _member(rest, room)
        members.append(member)
        room -= len(member)
    return members[0] if len(members) == 1 else b"".join(members)


def _member(body: bytes, room: int) -> tuple[bytes, bytes]:
    """Return what the first member of *body* holds, at most *room* bytes, and what is behind it."""
    unpacking = zlib.decompressobj(wbits=31)
    try:
        # One byte more than is allowed tells a text that fits from one that does not.
        member = unpacking.decompress(body, room + 1)
    except zlib.error as exc:
        raise BadDocument(f"packed by gzip, but damaged: {exc}") from exc
    if len(member) > room:
        raise BadDocument(f"holds more than {MAX_INFLATED // 1_000_000} MB")
    if not unpacking.eof:
        raise BadDocument("packed by gzip, but cut short")
    return member, unpacking.unused_data
