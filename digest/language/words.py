"""Words: messages are written in English in the code, and translated where they are shown."""

from digest.language.formats import number
from digest.language.speaking import spoken


def gettext(message: str, /, **values: object) -> str:
    """Return *message* in the language spoken now; `%(name)s` in it is *values*' name, `%%` a %."""
    return translated(message) % values


def ngettext(one: str, many: str, count: int, /, **values: object) -> str:
    """Return the form that suits *count*, which is `%(num)s` in it, written as a number."""
    return spoken().words.ngettext(one, many, count) % {"num": number(count), **values}


def translated(text: str, /) -> str:
    """Return *text*, whatever is in it, as the catalogue has it; as it is where that has not."""
    # A catalogue answers to nothing with its header.
    return spoken().words.gettext(text) if text else ""


def later(message: str) -> str:
    """Return *message* as it is, noted for the catalogues: `gettext` has it where it is shown."""
    return message
