"""The templates: where they are, and MJML made ready for Jinja."""

import re
from pathlib import Path

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    select_autoescape,
)
from mjml import mjml2html

from digest import language, tokens

_PACKAGE = Path(__file__).parents[1]
_INCLUDE = re.compile(r'<mj-include path="([\w.-]+)" />')


def templates_folder() -> Path:
    """Return where the templates are: inside an installed wheel, or beside a checkout's package."""
    inside = _PACKAGE / "templates"
    return inside if inside.is_dir() else _PACKAGE.parent / "templates"


def environment(*loaders: BaseLoader) -> Environment:
    """Return a Jinja environment over the templates folder, strict; *loaders* are asked first."""
    made = Environment(
        loader=ChoiceLoader([*loaders, FileSystemLoader(templates_folder())]),
        undefined=StrictUndefined,
        autoescape=select_autoescape((), ("txt", "txt.j2"), default=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    language.teach(made)
    made.globals.update(
        light=tokens.LIGHT,
        dark=tokens.DARK,
        sans=tokens.SANS,
        serif=tokens.SERIF,
        styles=tokens.STYLES,
        dark_css=tokens.dark_css,
        custom_properties=tokens.custom_properties,
    )
    return made


def compiled_mails() -> dict[str, str]:
    """
    Return every mail of `templates/email/*.mjml` as HTML that Jinja has still to fill.

    A file whose name begins with an underscore is a part of others.
    """
    files = sorted((templates_folder() / "email").glob("[!_]*.mjml"))
    return {f"email/{file.stem}.html": compiled(expanded(file)) for file in files}


def expanded(file: Path) -> str:
    """
    Return *file* with its includes in place.

    By hand: mrml forgets the width of the container around what it includes itself.
    """
    return _INCLUDE.sub(
        lambda include: expanded(file.with_name(include[1])).strip(), file.read_text("utf-8")
    )


def compiled(mjml: str) -> str:
    # Without `fonts` it would have every reader's client ask Google for one.
    return str(mjml2html(mjml, fonts={}))
