"""Filling: text in lines of 72 columns."""

import textwrap

TEXT_WIDTH = 72


def fill(text: str, first: str = "", others: str | None = None) -> str:
    """Return *text* in lines, *first* before the first of them and *others* before all others."""
    others = first if others is None else others
    words = text.split(" ")
    if words == text.split():
        return _broken(words, first, others)
    filled = textwrap.fill(
        text,
        TEXT_WIDTH,
        initial_indent=first,
        subsequent_indent=others,
        # A long word may be an address, and half an address leads nowhere.
        break_long_words=False,
        break_on_hyphens=False,
    )
    # It has held together what belongs together; readers search for a plain space.
    return filled.replace("\N{NO-BREAK SPACE}", " ")


def _broken(words: list[str], first: str, others: str) -> str:
    # The standard library takes thirty times as long, and reasons are told in many mails.
    lines, line = [], first + words[0]
    for word in words[1:]:
        if len(line) + len(word) < TEXT_WIDTH:
            line = f"{line} {word}"
        else:
            lines.append(line)
            line = others + word
    return "\n".join([*lines, line])
