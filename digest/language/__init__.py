"""The reader's language: words from a catalogue (`de.po`), dates and numbers by its customs."""

from digest.language.catalogues import ENGLISH, FOLDER, Language, languages, nearest
from digest.language.formats import (
    clock_time,
    day_name,
    listed,
    long_day,
    month,
    number,
    percent,
    short_day,
    span,
)
from digest.language.speaking import speaking, spoken
from digest.language.templates import teach
from digest.language.words import gettext, later, ngettext, translated

__all__ = [
    "ENGLISH",
    "FOLDER",
    "Language",
    "clock_time",
    "day_name",
    "gettext",
    "languages",
    "later",
    "listed",
    "long_day",
    "month",
    "nearest",
    "ngettext",
    "number",
    "percent",
    "short_day",
    "span",
    "speaking",
    "spoken",
    "teach",
    "translated",
]
