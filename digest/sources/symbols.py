"""What LaTeX's commands and scripts look like in Unicode, as `symbols.toml` lists them."""

import tomllib
from importlib import resources
from typing import Any


def _listed() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("symbols.toml").read_text("utf-8"))


_SYMBOLS = _listed()

LETTERS: dict[str, str] = _SYMBOLS["letters"]
SIGNS: dict[str, str] = _SYMBOLS["signs"]
ACCENTS: dict[str, str] = _SYMBOLS["accents"]
HATS: dict[str, str] = _SYMBOLS["hats"]
ORDINARY: dict[str, str] = _SYMBOLS["ordinary"]
RELATIONS: dict[str, str] = _SYMBOLS["relations"]
SPACES: dict[str, str] = _SYMBOLS["spaces"]
SUPERSCRIPTS: dict[str, str] = _SYMBOLS["superscripts"]
SUBSCRIPTS: dict[str, str] = _SYMBOLS["subscripts"]
FUNCTIONS = frozenset[str](_SYMBOLS["functions"])
STYLES = frozenset[str](_SYMBOLS["styles"])
SWITCHES = frozenset[str](_SYMBOLS["switches"])
