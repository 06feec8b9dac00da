"""What a mail shows: the facts that the templates are filled with."""

from dataclasses import dataclass
from datetime import date

from digest.card import Card, Reason
from digest.clock import Cadence

MOST_BYTES = 100_000
"""Of a mail's HTML: Gmail hides what is beyond 102 KB, the way to unsubscribe with it."""


@dataclass(frozen=True, slots=True)
class Site:
    """Who sends: the same in every mail of an installation."""

    name: str
    base_url: str
    postal_address: str


@dataclass(frozen=True, slots=True)
class Item:
    """A paper in a digest, and why it is there; a trending one may need no reason."""

    card: Card
    reasons: tuple[Reason, ...]
    place: int = 0
    """Its place in the delivery's ledger, from 0: links that rate it name that."""
    listed_on: date | None = None
    """The day whose list showed it last."""


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """The way out of a digest, and why it came."""

    email: str
    schedule: str
    """When digests come, as it follows "subscribed,": "on weekdays at 07:00 (Europe/Berlin)"."""
    preferences_url: str | None
    unsubscribe_url: str | None
    view_url: str | None
    pause_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestPage:
    """One reader's digest, ready to be shown."""

    day: date
    """The date in the reader's zone."""
    groups: tuple[Group, ...]
    offered: int
    """How many papers these were chosen from."""
    cadence: Cadence
    first: bool
    """The reader's first digest, which welcomes."""
    sample: bool
    """The papers are invented, and the digest says so."""
    today_url: str
    footer: Footer
    rate_url: str | None = None
    """Where its papers can be rated, once their place is added: <rate_url>/3/more."""
    missing: tuple[str, ...] = ()
    """Sources that could not be read, as people call them."""
    hour: int = 7
    """The hour on the reader's clock, for the greeting."""
    wanted: int = 10
    """How many papers the reader would have had, had there been so many."""
    left_out: int = 0
    """How many more there were for which the mail has no room."""

    @property
    def items(self) -> tuple[Item, ...]:
        """The papers, the best first."""
        shown = (item for group in self.groups for item in group.items)
        return tuple(sorted(shown, key=lambda item: item.place))


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail's subject and its two bodies."""

    subject: str
    html: str
    text: str
    places: tuple[int, ...] = ()
    """Of a digest: the places in the ledger of the papers that it shows."""
