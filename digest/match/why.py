"""Why: the whole sum that decides on one paper for one reader."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from digest.card import Reason
from digest.edition import Edition
from digest.match.answers import answers
from digest.match.fitting import Fit, followed
from digest.match.interests import LOOKS_BACK, Kind, Rated, Reader
from digest.match.matching import is_fresh, match
from digest.match.picking import WEIGHTS
from digest.match.reasons import trending
from digest.match.tastes import AS_SURE_AS_A_TOPIC, CLOSE, DISLIKED_WEIGHT
from digest.topics.classifier import ABOUT


@dataclass(frozen=True, slots=True)
class Share:
    """One line of the sum."""

    of: str
    adds: float
    how: str


@dataclass(frozen=True, slots=True)
class Why:
    """What decides on a paper for a reader."""

    shares: tuple[Share, ...]
    total: float
    against: tuple[str, ...]
    """What keeps it out, whatever its sum."""
    pick: int | None
    """Its place in the digest that would go out now, from 1 on; None if it is in none."""
    reasons: tuple[Reason, ...]


def why(edition: Edition, reader: Reader, place: int, k: int, rated: Mapping[int, Rated]) -> Why:
    """Return the sum for the paper in *place* of the edition, and what came of it."""
    fit = Fit(edition.pool, reader, rated, follows=followed(edition.pool, [reader]), row=0)
    shares = tuple(_shares(edition, reader, place, fit))
    [picks] = match(edition, [reader], k, rated)
    places = [pick.place for pick in picks]
    return Why(
        shares=shares,
        total=sum(share.adds for share in shares),
        against=tuple(_against(edition, reader, place)),
        pick=places.index(place) + 1 if place in places else None,
        reasons=fit.reasons(place) or trending(edition.cards[place].upvotes),
    )


def _shares(edition: Edition, reader: Reader, place: int, fit: Fit) -> Iterator[Share]:
    known = answers(edition.pool)
    for atom in reader.atoms:
        answer = float(known.to(atom)[place])
        how = f"probability {answer:.2f}, counts from {ABOUT:g}" if atom.kind is Kind.TOPIC else ""
        yield Share(f"{atom.kind} {atom.name}", float(known.holding(atom)[place]), how)
    taste = fit.taste
    if reader.about.strip() or reader.liked:
        how = f"{_above(taste.likes_stand_out[0, place])}, counts from {CLOSE:g}"
        if (
            taste.likes_stand_out[0, place] >= CLOSE / AS_SURE_AS_A_TOPIC
            and not taste.close[0, place]
        ):
            how += ", but has too little in common with it"
        yield Share("close to what you wrote and liked", float(taste.close[0, place]), how)
    if reader.disliked:
        how = f"{_above(taste.dislikes_stand_out[0, place])} * {DISLIKED_WEIGHT:g}"
        yield Share("close to what you disliked", -float(taste.pushed[0, place]), how)
    trend, weight = float(edition.trend[place]), WEIGHTS[reader.balance].trend
    yield Share("trend", trend * weight, f"{trend:.2f} * {weight:g} (balance: {reader.balance})")


def _above(standing: float) -> str:
    deviations = standing * AS_SURE_AS_A_TOPIC
    return f"{deviations:+.2f} standard deviations above the mean / {AS_SURE_AS_A_TOPIC:g}"


def _against(edition: Edition, reader: Reader, place: int) -> Iterator[str]:
    known = answers(edition.pool)
    if not is_fresh(edition, reader.cadence)[place]:
        days = LOOKS_BACK[reader.cadence].days
        yield f"it was listed more than {days} days ago, as far as a {reader.cadence} digest looks"
    if edition.cards[place].paper_id in reader.sent:
        yield "it was sent or rated before"
    yield from (f"it holds the muted {w!r}" for w in reader.muted if known.mentions(w)[place])
    for topic in reader.muted_topics:
        if known.is_about(topic)[place]:
            yield f"it is about the muted topic {topic}"
