"""Catalogues: each `.po` file beside this module is a language; English needs none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from types import MappingProxyType

from babel import Locale

FOLDER = Path(__file__).parent
ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Language:
    """A language in which this service can speak."""

    code: str
    """As its catalogue is named, and as it is kept of a reader: de, pt_BR."""
    locale: Locale = field(compare=False)
    words: NullTranslations = field(compare=False)

    @property
    def tag(self) -> str:
        """The same as HTML and mail headers want it (BCP 47): pt-BR."""
        return self.code.replace("_", "-")

    @property
    def name(self) -> str:
        """What it calls itself: Deutsch."""
        name = self.locale.get_display_name() or self.code
        return name[:1].upper() + name[1:]

    @property
    def direction(self) -> str:
        return self.locale.text_direction

    @property
    def start(self) -> str:
        """The side where its lines begin, for clients that know no other word for it."""
        return "left" if self.direction == "ltr" else "right"

    @property
    def end(self) -> str:
        return "right" if self.direction == "ltr" else "left"


@cache
def languages(folder: Path = FOLDER) -> Mapping[str, Language]:
    """Return every language by its code: English, then those with a catalogue in *folder*."""
    found = {ENGLISH: Language(ENGLISH, Locale.parse(ENGLISH), NullTranslations())}
    for file in sorted(folder.glob("*.po")):
        found[file.stem] = Language(file.stem, Locale.parse(file.stem), _words(file))
    return MappingProxyType(found)


def nearest(code: str | None) -> str:
    """Return the code of the language that *code* names, or is a variety of; else English."""
    known = languages()
    wanted = (code or "").replace("-", "_")
    while wanted and wanted not in known:
        wanted = wanted.rpartition("_")[0]
    return wanted or ENGLISH


def _words(file: Path) -> NullTranslations:
    # Only where another language is spoken: parsing costs more than all else that is imported.
    from babel.messages.mofile import write_mo  # noqa: PLC0415
    from babel.messages.pofile import read_po  # noqa: PLC0415

    compiled = BytesIO()
    with file.open("rb") as source:
        write_mo(compiled, read_po(source, locale=file.stem, abort_invalid=True))
    compiled.seek(0)
    return GNUTranslations(compiled)
