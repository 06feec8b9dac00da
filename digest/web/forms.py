"""What a form shows and what it sends: kept values, typed values, checked choices."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from digest import subscribers
from digest.clock import Cadence
from digest.models import InterestKind, Subscriber
from digest.subscribers import Choices

Form = MultiDict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """The values in a form's fields, as text: they may be wrong, and are shown all the same."""

    email: str = ""
    topics: frozenset[str] = frozenset()
    keywords: str = ""
    muted: str = ""
    cadence: str = Cadence.WEEKDAYS
    days: frozenset[str] = frozenset()
    hour: str = "7"
    zone: str = ""

    @classmethod
    def kept(cls, session: Session, reader: Subscriber) -> Self:
        """Return what is kept of *reader*."""
        interests = subscribers.interests(session, [reader.id])[reader.id]
        return cls(
            email=reader.email,
            topics=frozenset(interests[InterestKind.TOPIC]),
            keywords="\n".join(interests[InterestKind.KEYWORD]),
            muted="\n".join(interests[InterestKind.MUTED]),
            cadence=reader.cadence,
            days=frozenset(reader.days),
            hour=str(reader.hour),
            zone=reader.zone,
        )

    def typed_over(self, form: Form) -> Self:
        """Return these values with what the visitor typed in their place, wrong or not."""
        return replace(
            self,
            topics=frozenset(form.getlist("topic")),
            days=frozenset(form.getlist("day")) or self.days,
            **{
                name: form[name]
                for name in ("email", "keywords", "muted", "cadence", "hour", "zone")
                if name in form
            },
        )


def choices(form: Form, *, kept_days: Sequence[str] = ()) -> Choices:
    """
    Return what was chosen; an absent or empty field leaves things as they are.

    Raises:
        BadInput: a value is not to be had.

    """
    return subscribers.choices(
        topics=form.getlist("topic") or None,
        keywords=_lines(form, "keywords"),
        muted=_lines(form, "muted"),
        cadence=form.get("cadence") or None,
        days=form.getlist("day") or kept_days or None,
        hour=form.get("hour") or None,
        zone=form.get("zone") or None,
    )


def _lines(form: Form, name: str) -> list[str] | None:
    return form[name].splitlines() if name in form else None
