"""The command itself, and what its options may be."""

import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from importlib import import_module

import click

from digest import logs
from digest.cli.context import errors_in_words
from digest.cli.listing import LISTED
from digest.errors import BadInput
from digest.topics import taxonomy

FIRST_YEAR, LAST_YEAR = 2000, 2199


def main() -> None:
    """Run the command line; what goes wrong on purpose ends in a sentence, not in a traceback."""
    with errors_in_words():
        _check_words(sys.argv[1:])
        cli()


def _check_words(words: Sequence[str]) -> None:
    """
    Check that what was typed can be kept and printed.

    Raises:
        BadInput: a word is not in UTF-8.

    """
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError as exc:
            raise BadInput(f"{word!a} is not in UTF-8; type it in a UTF-8 terminal.") from exc


class Commands(click.Group):
    """Imports a command when it is asked for: none waits for what the others need."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's
        return sorted(LISTED)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in LISTED:
            import_module(f"digest.cli.{LISTED[cmd_name][0]}")
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, LISTED[name][1]) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96},
)
@click.version_option(package_name="daybreak-digest")
@click.option("-v", "--verbose", is_flag=True, help="Log each step to standard error.")
def cli(*, verbose: bool) -> None:
    """
    Mail researchers the day's trending papers that fit their interests.

    Settings come from DIGEST_* variables and a .env file; docs/configuration.md lists them.
    Without any, everything is embedded: state and mail go into the folder var/.

    \b
    Examples:
      digest up                                      pages, worker and beat on this machine
      digest fetch                                   read the sources now
      digest subscribe ann@example.org --confirmed   add a reader who has consented
      digest send-due                                send what is due, in this process
    """  # noqa: D301  \b is click's
    logs.configure(level=20 if verbose else 30)


class Day(click.ParamType[date]):
    name = "YYYY-MM-DD"

    def convert(
        self, value: str | date, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        try:
            day = value if isinstance(value, date) else date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no day; write it as 2026-11-20", param, ctx)
        # Commands themselves say what is too late, for they know what day it is.
        if day.year < FIRST_YEAR:
            self.fail(f"'{day}' is before the year {FIRST_YEAR}", param, ctx)
        return day


class TopicSlug(click.ParamType[str]):
    name = "SLUG"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value not in taxonomy.by_slug():
            self.fail(
                f"There is no topic {value[:40]!r}; `digest topics list` names them all.",
                param,
                ctx,
            )
        return value


class Moment(click.ParamType[datetime]):
    name = "ISO"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no moment; write it as 2026-11-20T07:00Z", param, ctx)
        # At the calendar's ends there is no day before or after, nor another zone's time.
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            self.fail(f"{value!r} is not in the years {FIRST_YEAR} to {LAST_YEAR}", param, ctx)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
