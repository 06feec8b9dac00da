"""Digests of ten papers: what composing does for each, and the way one would first think of."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import time, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import partial
from statistics import median

from jinja2 import DictLoader
from mjml import mjml2html
from sqlalchemy.orm import sessionmaker

from benchmarks import corpus
from benchmarks.measure import (
    MICROSECONDS,
    Figure,
    Goal,
    Side,
    Sizes,
    interleaved,
    ratio,
    repeated,
)
from benchmarks.wire import LETTERHEAD, LINKS, RENDERER
from digest.clock import Cadence
from digest.compose import SIZE, Addressee, Batch, Composer, picked
from digest.delivery import Claimed, Composed, Letter
from digest.language import ENGLISH
from digest.links import Links, Purpose
from digest.mail.message import Mail, as_bytes
from digest.match import match
from digest.models import Balance, DeliveryKind, Standing
from digest.render import DigestPage, Rendered, Site, environment, templates_folder
from digest.render.filling import fill
from digest.render.templates import expanded
from digest.render.whole import whole

MAILS = 100
"""Readers, each with papers of their own, whose mails a round makes."""

TIMES_OURS = 10
"""As the naive way takes so much longer, ours is timed over more mails."""

_OF_READER = LINKS.keyed(Purpose.MANAGE, Purpose.PAUSE)
_FOR_GOOD = LINKS.keyed(Purpose.LEAVE)
_OF_MAIL = LINKS.keyed(Purpose.VIEW, Purpose.RATE)

NAIVE_GOAL = Goal(150, at_most=False)


def figures(sizes: Sizes) -> Iterator[Figure]:
    day = Day(sizes.papers, min(MAILS, sizes.readers))
    yield from _steps(sizes, day)
    yield from _both_ways(sizes, day)


def _steps(sizes: Sizes, day: "Day") -> Iterator[Figure]:
    page = day.page(day.claimed[0])
    rendered = RENDERER.digest(page)
    mail = day.mail(page, rendered)
    what = f"digest of {SIZE} papers"
    steps: dict[str, Callable[[], object]] = {
        "templates, HTML and text": partial(RENDERER.digest, page),
        "MIME of the standard library": partial(as_bytes, mail, LETTERHEAD, corpus.NOW),
        "sign its links": _sign,
    }
    sides = [Side(repeated(sizes.repeats, step), sizes.repeats) for step in steps.values()]
    for name, seconds in zip(steps, interleaved(sizes.rounds, *sides), strict=True):
        yield Figure(f"{what}: {name}", median(seconds) * MICROSECONDS, "us")
    yield Figure(f"{what}: HTML", len(rendered.html.encode()), "bytes")
    yield Figure(f"{what}: whole mail", len(as_bytes(mail, LETTERHEAD, corpus.NOW)), "bytes")


def _both_ways(sizes: Sizes, day: "Day") -> Iterator[Figure]:
    naive = Naive(RENDERER.site)
    plain = LinksOfTheLibrary(LINKS.base_url, LINKS.secrets, LINKS.leave_secret)

    def naively() -> None:
        for claimed in day.claimed:
            naive.mail(day.page(claimed, plain), claimed)

    def ours() -> None:
        for _ in range(TIMES_OURS):
            for composed in day.composed():
                as_bytes(composed.mail, LETTERHEAD, corpus.NOW)  # type: ignore[union-attr]

    day.made_of_fragments()
    count = len(day.claimed)
    slow, quick = interleaved(sizes.rounds, Side(naively, count), Side(ours, count * TIMES_OURS))
    what = "from picks to a mail's bytes"
    yield Figure(f"{what}: Jinja, MJML, EmailMessage", median(slow) * MICROSECONDS, "us")
    yield Figure(f"{what}: ours", median(quick) * MICROSECONDS, "us")
    yield Figure(f"{what}: Jinja, MJML, EmailMessage / ours", ratio(slow, quick), "x", NAIVE_GOAL)


def _sign() -> None:
    LINKS.tokens((1, 0, _OF_READER), (1, 0, _FOR_GOOD), (1, 0, _OF_MAIL))


class Day:
    """The readers of one day, what was picked for each, and who composes their mails."""

    def __init__(self, papers: int, readers: int) -> None:
        self.edition = corpus.edition(papers)
        matching = corpus.readers(readers, papers)
        self.claimed = [_claimed(reader.id) for reader in matching]
        self.picks = dict(
            zip(range(1, readers + 1), match(self.edition, matching, SIZE), strict=True)
        )
        self.batch = Batch(
            readers={reader.id: _subscriber(reader.id) for reader in matching},
            digests={reader.id: reader for reader in matching},
            new=frozenset(),
            decided={each.id: corpus.NOW for each in self.claimed},
            edition=self.edition,
            rated={},
        )
        self.composer = Composer(
            sessions=sessionmaker(),
            renderer=RENDERER,
            links=LINKS,
            clock=lambda: corpus.NOW,
            fetch_at=time(5),
            samples=False,
        )

    def composed(self) -> list[Composed]:
        return self.composer.written(self.claimed, self.batch, self.picks)

    def made_of_fragments(self) -> list[Mail]:
        """Return the mails, if they are: the slow way is there for odd ones, and none is odd."""
        mails = [each.mail for each in self.composed() if isinstance(each, Letter)]
        if len(mails) < len(self.claimed) or not all(mail.body for mail in mails):
            raise RuntimeError("a digest was not made of fragments")
        return mails

    def page(self, claimed: Claimed, links: Links = LINKS) -> DigestPage:
        reader, picks = self.batch.readers[claimed.subscriber_id], self.picks[claimed.id]
        composer, chosen = replace(self.composer, links=links), picked(self.edition, picks)
        return composer.page(claimed, reader, self.edition, chosen, first=False)

    def mail(self, page: DigestPage, rendered: Rendered) -> Mail:
        return Mail(
            to=page.footer.email,
            subject=rendered.subject,
            html=rendered.html,
            text=rendered.text,
            delivery_id=1,
            kind="digest",
            unsubscribe_url=page.footer.unsubscribe_url,
            help_url=page.footer.preferences_url,
        )


class LinksOfTheLibrary(Links):
    """Links that are signed one by one, keys and all."""

    def token(self, purpose: Purpose, subject: int, version: int = 0) -> str:
        return str(self._serializer(purpose).dumps([subject, version]))


class Naive:
    """Each mail by itself: its MJML filled in and compiled, and a message built of objects."""

    def __init__(self, site: Site) -> None:
        self._site = site
        mjml = expanded(templates_folder() / "email" / "digest.mjml")
        jinja = environment(DictLoader({"digest.mjml": mjml}))
        jinja.globals.update(site=site)
        jinja.filters.update(fill=fill)
        self._mjml = jinja.get_template("digest.mjml")
        self._text = jinja.get_template("email/digest.txt.j2")

    def mail(self, page: DigestPage, claimed: Claimed) -> bytes:
        values = whole(page, self._site)
        message = EmailMessage(SMTP)
        message["From"], message["To"] = LETTERHEAD.sender, page.footer.email
        message["Subject"], message["Date"] = values["subject"], format_datetime(corpus.NOW)
        message["Message-ID"] = f"<{claimed.id}@daybreak.example>"
        message["List-Unsubscribe"] = f"<{page.footer.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(self._text.render(values), cte="quoted-printable")
        html = mjml2html(self._mjml.render(values), fonts={})
        message.add_alternative(html, subtype="html", cte="quoted-printable")
        return message.as_bytes()


def _claimed(number: int) -> Claimed:
    return Claimed(
        id=number,
        subscriber_id=number,
        kind=DeliveryKind.DIGEST,
        day=f"{corpus.NOW:%F}",
        day_ends_at=corpus.NOW + timedelta(days=1),
        priority=2,
    )


def _subscriber(number: int) -> Addressee:
    return Addressee(
        id=number,
        email=f"reader{number}@readers.example",
        standing=Standing.ACTIVE,
        cadence=Cadence.DAILY,
        days=[],
        hour=7,
        zone=corpus.ZONES[number % len(corpus.ZONES)],
        about="",
        balance=Balance.EVEN,
        papers=None,
        link_version=0,
        language=ENGLISH,
        requested={},
    )
