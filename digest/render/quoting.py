"""Quoting: text as quoted-printable (RFC 2045, section 6.7), in pieces that may be joined."""

from binascii import b2a_qp

SOFT = b"=\r\n"
"""The end of a line that is none of the text."""

LINE = 76
"""Bytes in a line, its end not counted: what RFC 2045 allows."""


def quoted(text: str) -> bytes:
    """
    Return *text* such that pieces in a row are the encoding of their texts in a row.

    So that each begins a line, none ends within one: the last line of each ends softly.
    """
    if 0 < len(text) < LINE and text.isascii() and text.isprintable() and "=" not in text:
        # Most that differs from mail to mail, and the half of the time.
        return text.encode() + SOFT
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    # With a letter after it, neither a space at its end nor a full line is taken for the last.
    encoded = b2a_qp(f"{text}x".encode())[:-1]
    if encoded and not encoded.endswith(b"\n"):
        encoded += b"=\n"
    return encoded.replace(b"\n", b"\r\n")
