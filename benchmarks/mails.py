"""One digest of ten papers: filling the templates, signing the links, making a mail's bytes."""

from collections.abc import Callable, Iterator
from functools import partial
from statistics import median

from benchmarks import corpus
from benchmarks.measure import MICROSECONDS, Figure, Side, Sizes, interleaved, repeated
from benchmarks.wire import BASE_URL, LETTERHEAD, LINKS, RENDERER
from digest.clock import Cadence
from digest.compose import SIZE, grouped, picked
from digest.links import Purpose
from digest.mail.message import Mail, as_bytes
from digest.match import match
from digest.render import DigestPage, Footer, Rendered

LINKS_A_MAIL = (
    *(Purpose.MANAGE, Purpose.PAUSE, Purpose.LEAVE, Purpose.VIEW, Purpose.RATE),
    *(Purpose.LEAVE, Purpose.MANAGE),
)
"""What `digest.compose` signs for one digest: its links, and the headers' two."""


def figures(sizes: Sizes) -> Iterator[Figure]:
    page = _page(sizes.papers)
    rendered = RENDERER.digest(page)
    mail = _mail(page, rendered)
    what = f"digest of {SIZE} papers"
    steps: dict[str, Callable[[], object]] = {
        "render, HTML and text": partial(RENDERER.digest, page),
        "MIME": partial(as_bytes, mail, LETTERHEAD, corpus.NOW),
        "sign its links": _sign,
    }
    sides = [Side(repeated(sizes.repeats, step), sizes.repeats) for step in steps.values()]
    for name, seconds in zip(steps, interleaved(sizes.rounds, *sides), strict=True):
        yield Figure(f"{what}: {name}", median(seconds) * MICROSECONDS, "us")
    yield Figure(f"{what}: HTML", len(rendered.html.encode()), "bytes")
    yield Figure(f"{what}: whole mail", len(as_bytes(mail, LETTERHEAD, corpus.NOW)), "bytes")


def _sign() -> None:
    for purpose in LINKS_A_MAIL:
        LINKS.make(purpose, 1)


def _page(papers: int) -> DigestPage:
    edition = corpus.edition(papers)
    [picks] = match(edition, corpus.readers(1, papers), SIZE)
    return DigestPage(
        day=corpus.NOW.date(),
        groups=grouped(picked(edition, picks), Cadence.WEEKDAYS),
        offered=papers,
        cadence=Cadence.WEEKDAYS,
        first=False,
        sample=False,
        today_url=f"{BASE_URL}/",
        rate_url=LINKS.make(Purpose.RATE, 1),
        footer=Footer(
            email="reader1@readers.example",
            schedule="on weekdays at 07:00 (Europe/Berlin)",
            preferences_url=LINKS.make(Purpose.MANAGE, 1),
            pause_url=LINKS.make(Purpose.PAUSE, 1),
            unsubscribe_url=LINKS.make(Purpose.LEAVE, 1),
            view_url=LINKS.make(Purpose.VIEW, 1),
        ),
    )


def _mail(page: DigestPage, rendered: Rendered) -> Mail:
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
