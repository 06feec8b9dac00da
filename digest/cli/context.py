"""What commands are made with: their services, and how errors end them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, NoReturn

import click
from sqlalchemy.exc import DatabaseError, OperationalError

from digest import logs
from digest.errors import AlreadyRunning, BadInput, DigestError

if TYPE_CHECKING:
    from digest.services import Services

BAD_INPUT = 2


@contextmanager
def services(*, ready: bool = True) -> "Iterator[Services]":
    """
    Yield the services of this installation; embedded, its database is brought up to date.

    Unless *ready*, the database may be in any state: for whoever says what is wrong with it.
    """
    # Not above: `digest -h` needs none of it, and would wait.
    from digest.services import build, prepare  # noqa: PLC0415
    from digest.settings import read_settings  # noqa: PLC0415

    settings = read_settings()
    logs.reshape(settings.log_format)
    with nullcontext() if ready else suppress(BadInput, DatabaseError):
        prepare(settings)
    built = build(settings)
    try:
        yield built
    finally:
        built.close()


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Turn errors that a person can do something about into a sentence and an exit code."""
    try:
        yield
    except (BadInput, AlreadyRunning) as exc:
        _end(str(exc), BAD_INPUT)
    except DigestError as exc:
        _end(str(exc), 1)
    except DatabaseError as exc:
        # The others come from a statement that is wrong, which a person cannot mend.
        if type(exc) not in (OperationalError, DatabaseError):
            raise
        reason = str(exc.orig).strip().partition("\n")[0]
        _end(f"The database cannot be used: {reason} (DIGEST_DATABASE_URL)", 1)
    except OSError as exc:
        if exc.filename is None:
            raise
        _end(f"{exc.filename}: {exc.strerror}; is DIGEST_STATE_DIR right?", BAD_INPUT)


def _end(message: str, code: int) -> NoReturn:
    click.echo(f"Error: {message}", err=True)
    sys.exit(code)
