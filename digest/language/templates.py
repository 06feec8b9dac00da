"""Templates that speak: `{{ _("...") }}`, `{% trans %}`, and days and numbers as filters."""

from collections.abc import Callable
from typing import Any

from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from digest.language import formats
from digest.language.speaking import spoken
from digest.language.words import gettext, ngettext

_FILTERS: tuple[Callable[..., str], ...] = (
    formats.clock_time,
    formats.day_name,
    formats.listed,
    formats.long_day,
    formats.month,
    formats.number,
    formats.percent,
    formats.short_day,
    formats.span,
)


def teach(jinja: Environment) -> None:
    """
    Let the templates of *jinja* speak; `language()` in them is what is spoken.

    The values in a message are escaped, its own words are not: they are ours.
    """
    jinja.add_extension("jinja2.ext.i18n")
    # So that `{% trans %}` hands its values over instead of filling them in by itself.
    jinja.newstyle_gettext = True  # type: ignore[attr-defined]
    jinja.policies["ext.i18n.trimmed"] = True
    jinja.globals.update(_=_gettext, gettext=_gettext, ngettext=_ngettext, language=spoken)
    jinja.filters.update({form.__name__: _at_run_time(form) for form in _FILTERS})


@pass_context
def _gettext(context: Context, message: str, /, **values: object) -> str:
    if not context.eval_ctx.autoescape:
        return gettext(message, **values)
    return Markup(gettext(message, **_escaped(values)))  # noqa: S704  our own words


@pass_context
def _ngettext(context: Context, one: str, many: str, count: int, /, **values: object) -> str:
    # `{% trans num=... %}` hands the bare number over as a value, too.
    values.pop("num", None)
    if not context.eval_ctx.autoescape:
        return ngettext(one, many, count, **values)
    return Markup(ngettext(one, many, count, **_escaped(values)))  # noqa: S704  our own words


def _escaped(values: dict[str, object]) -> dict[str, object]:
    return {name: Markup.escape(value) for name, value in values.items()}


def _at_run_time(form: Callable[..., str]) -> Callable[..., str]:
    """Return *form* as a filter that Jinja does not apply while it compiles, in no language yet."""

    @pass_context
    def applied(_context: Context, *given: Any, **named: Any) -> str:  # noqa: ANN401
        return form(*given, **named)

    return applied
