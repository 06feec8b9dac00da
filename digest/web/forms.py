"""What a form shows and what it sends: kept values, typed values, checked choices."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from digest import subscribers
from digest.clock import Cadence
from digest.models import Balance, InterestKind, NothingNew, Subscriber
from digest.subscribers import Choices

Form = MultiDict[str, str]

_AS_TYPED = (
    *("email", "cadence", "hour", "zone", "language", "papers", "nothing_new"),
    *("keywords", "muted", "authors", "organizations", "about", "balance"),
)
"""Fields that are shown again just as they were sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """The values in a form's fields, as text: they may be wrong, and are shown all the same."""

    email: str = ""
    topics: frozenset[str] = frozenset()
    muted_topics: frozenset[str] = frozenset()
    keywords: str = ""
    muted: str = ""
    authors: str = ""
    organizations: str = ""
    about: str = ""
    balance: str = Balance.EVEN
    cadence: str = Cadence.WEEKDAYS
    days: frozenset[str] = frozenset()
    hour: str = "7"
    zone: str = ""
    language: str = ""
    papers: str = "10"
    nothing_new: str = NothingNew.SKIP

    @classmethod
    def kept(cls, session: Session, reader: Subscriber) -> Self:
        """Return what is kept of *reader*."""
        interests = subscribers.interests(session, [reader.id])[reader.id]
        return cls(
            email=reader.email,
            topics=frozenset(interests[InterestKind.TOPIC]),
            muted_topics=frozenset(interests[InterestKind.MUTED_TOPIC]),
            keywords="\n".join(interests[InterestKind.KEYWORD]),
            muted="\n".join(interests[InterestKind.MUTED]),
            authors="\n".join(interests[InterestKind.AUTHOR]),
            organizations="\n".join(interests[InterestKind.ORGANIZATION]),
            about=reader.about,
            balance=reader.balance,
            cadence=reader.cadence,
            days=frozenset(reader.days),
            hour=str(reader.hour),
            zone=reader.zone,
            language=reader.language,
            papers=str(reader.papers),
            nothing_new=reader.nothing_new,
        )

    def typed_over(self, form: Form) -> Self:
        """Return these values with what the visitor typed in their place, wrong or not."""
        return replace(
            self,
            topics=frozenset(form.getlist("topic")),
            muted_topics=frozenset(form.getlist("muted_topic")) or self.muted_topics,
            days=frozenset(form.getlist("day")) or self.days,
            **{name: form[name] for name in _AS_TYPED if name in form},
        )


def choices(form: Form, *, kept_days: Sequence[str] = ()) -> Choices:
    """
    Return what was chosen; an absent or empty field leaves things as they are.

    Raises:
        BadInput: a value is not to be had.

    """
    return subscribers.choices(
        topics=form.getlist("topic") or None,
        muted_topics=_ticked(form, "muted_topic"),
        keywords=_lines(form, "keywords"),
        muted=_lines(form, "muted"),
        authors=_lines(form, "authors"),
        organizations=_lines(form, "organizations"),
        about=form.get("about"),
        balance=form.get("balance") or None,
        cadence=form.get("cadence") or None,
        days=form.getlist("day") or kept_days or None,
        hour=form.get("hour") or None,
        zone=form.get("zone") or None,
        language=form.get("language") or None,
        papers=form.get("papers") or None,
        nothing_new=form.get("nothing_new") or None,
    )


def _lines(form: Form, name: str) -> list[str] | None:
    return form[name].splitlines() if name in form else None


def _ticked(form: Form, name: str) -> list[str] | None:
    # An empty field of the same name says that the boxes were there, and none was ticked.
    return list(filter(None, form.getlist(name))) if name in form else None
