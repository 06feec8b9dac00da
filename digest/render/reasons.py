"""Reasons in the reader's language: the matcher and the ledger have them in English."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from digest.card import TRENDING, Reason
from digest.clock import Cadence
from digest.language import gettext as _
from digest.language import later, listed, ngettext, translated
from digest.render.wording import line

_MOST_CHIPS = 5

_TOPICS = later("You follow")

# Said as they are.
_LEADS = {
    _TOPICS,
    later("Matches your keyword"),
    later("Matches your keywords"),
    later("From"),
    later("Close to a paper you liked"),
    later("Close to a paper you liked on"),
    later("Close to what you liked"),
    later("Close to what you liked on"),
    later("Close to what you wrote"),
    later("Close to what you wrote on"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """A reason as a mail tells it."""

    lead: str
    chips: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The same in one line of text."""
        return " ".join((_("Why:"), self.lead, ", ".join(self.chips)))


def is_told(reason: Reason, *, by_day: bool) -> bool:
    """Tell whether a mail tells *reason*; that it trends not where its section says so."""
    return by_day or not reason.lead.startswith(TRENDING)


def is_by_day(cadence: Cadence) -> bool:
    """Tell whether the papers of such a digest stand under days or weeks."""
    return cadence in (Cadence.WEEKLY, Cadence.MONTHLY)


def told(reason: Reason) -> Told:
    """Return *reason* in the language spoken now, each part on one line."""
    spoken = said(reason)
    return Told(line(spoken.lead), tuple(map(line, spoken.chips[:_MOST_CHIPS])))


def said(reason: Reason) -> Reason:
    """Return *reason* in the language spoken now; topics are named in it, keywords are kept."""
    chips = tuple(map(translated, reason.chips)) if reason.lead == _TOPICS else reason.chips
    return replace(reason, lead=_lead(reason.lead), chips=chips)


def _lead(lead: str) -> str:
    if lead in _LEADS:
        return _(lead)
    for pattern, in_words in _WITH_VALUES.items():
        if found := pattern.fullmatch(lead):
            return in_words(found[1])
    return lead


def _by(names: str) -> str:
    return _("By %(names)s, whom you follow", names=listed(re.split(", | and ", names)))


def _close(papers: str) -> str:
    return ngettext(
        "Close to %(num)s paper you liked", "Close to %(num)s papers you liked", int(papers)
    )


def _close_on(papers: str) -> str:
    return ngettext(
        "Close to %(num)s paper you liked on", "Close to %(num)s papers you liked on", int(papers)
    )


def _trending(upvotes: str) -> str:
    count = int(upvotes.replace(",", ""))
    return ngettext("Trending: %(num)s upvote", "Trending: %(num)s upvotes", count)


_WITH_VALUES: dict[re.Pattern[str], Callable[[str], str]] = {
    re.compile("By (.+), whom you follow"): _by,
    re.compile(r"Close to ([0-9]+) papers you liked"): _close,
    re.compile(r"Close to ([0-9]+) papers you liked on"): _close_on,
    re.compile("Trending: ([0-9,]+) upvotes?"): _trending,
}
