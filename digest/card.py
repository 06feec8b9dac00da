"""A paper as it is shown, in mails and on pages alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from digest.finding import LONGEST, telling
from digest.models import Paper

FINDING_LENGTH = LONGEST
"""Characters of an abstract that stand on a card: longer sentences are cut."""

TRENDING = "Trending"
"""How the reason begins of a paper that answers to no interest."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a paper was picked, in the reader's words: "You follow" + ["Long context"]."""

    lead: str
    chips: tuple[str, ...]
    words: tuple[str, ...] = ()
    """The paper's words that carried the match; pages show them, mails do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Everything that a mail or a page shows of one paper, frozen."""

    paper_id: int
    slug: str
    title: str
    abstract: str
    finding: str
    """The gist: the source's summary, else the sentence of the abstract that tells the result."""
    summary_by: str | None
    """Whose machine wrote `finding`; None where it is the abstract's own text."""
    authors: tuple[str, ...]
    organization: str | None
    published_on: date | None
    upvotes: int
    comments: int
    url: str | None
    pdf_url: str | None
    code_url: str | None
    project_url: str | None
    discussion_url: str | None
    sample: bool


def card(paper: Paper, *, upvotes: int, comments: int) -> Card:
    return Card(
        paper_id=paper.id,
        slug=paper.slug,
        title=paper.title,
        abstract=paper.abstract,
        finding=paper.summary or shorten(telling(paper.title, paper.abstract), FINDING_LENGTH),
        summary_by=paper.summary_by if paper.summary else None,
        authors=tuple(paper.authors),
        organization=paper.organization,
        published_on=paper.published_at.date() if paper.published_at else None,
        upvotes=upvotes,
        comments=comments,
        url=paper.url,
        pdf_url=paper.pdf_url,
        code_url=paper.code_url,
        project_url=paper.project_url,
        discussion_url=paper.discussion_url,
        sample=paper.sample,
    )


def shorten(text: str, length: int) -> str:
    """Return *text* cut between words to at most *length* characters, the ellipsis included."""
    if len(text) <= length:
        return text
    return text[: length - 1].rsplit(" ", 1)[0].rstrip(",;:") + "…"


def chips(reasons: Sequence[Reason]) -> list[dict[str, object]]:
    """Return *reasons* as the ledger of picks keeps them."""
    return [
        {"lead": reason.lead, "chips": list(reason.chips), "words": list(reason.words)}
        for reason in reasons
    ]


def reason(kept: Mapping[str, Any]) -> Reason:
    """Return a reason as the ledger has kept it; old rows have no words."""
    return Reason(kept["lead"], tuple(kept["chips"]), tuple(kept.get("words", ())))


def fits(reasons: Sequence[Reason]) -> bool:
    """Tell whether a paper with these reasons answers to an interest; else it only trends."""
    return any(not reason.lead.startswith(TRENDING) for reason in reasons)
