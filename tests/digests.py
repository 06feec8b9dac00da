"""Made-up papers, and mails of them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from digest.card import Card, Reason
from digest.clock import Cadence, Timetable
from digest.compose.grouping import Chosen, grouped
from digest.language import gettext as _
from digest.mail.message import Letterhead, Mail, as_bytes
from digest.render import DigestPage, Footer, Group, Item, Rendered, Renderer, Site, schedule
from tests import lint_mail

SITE = Site("Daybreak", "https://daybreak.example", "Daybreak, 1 Any Street, 10115 Berlin, Germany")
TOKEN = "t" * 110
WEEKDAYS_AT_SEVEN = Timetable(Cadence.WEEKDAYS, (), 7, "Europe/Berlin")
FOOTER = Footer(
    email="mira@example.org",
    schedule="on weekdays at 07:00 (Europe/Berlin)",
    preferences_url=f"{SITE.base_url}/preferences/{TOKEN}",
    unsubscribe_url=f"{SITE.base_url}/unsubscribe/{TOKEN}",
    view_url=f"{SITE.base_url}/view/{TOKEN}",
    pause_url=f"{SITE.base_url}/pause/{TOKEN}",
)
PAPERS = (
    ("Slow Windows, Fast Answers: Attention Spans for Long Contexts", "Northlake AI", 184),
    ("Do Reward Models Read? Measuring Surface Bias in Preference Learning", "Hallberg", 142),
    ("TinyVerifier: Small Models that Check the Proofs of Large Ones", "Kestrel Research", 117),
    ("Grounded Gaze: Robots that Look before They Grasp", None, 96),
    ("Sparse Mixtures Forget Less", "Meridian Labs", 88),
    ("A Field Guide to the Failures of Tokenizers", "Open Lexicon Collective", 74),
    ("Latent Rehearsal: Planning in Video World Models", "Delta Vision Group", 69),
    ("OpenScribe: A Two-Million-Hour Speech Corpus with Consent", "Public Voice", 311),
    ("Diffusion Transformers Are Secretly Autoregressive", "Tanager AI", 267),
    ("One Benchmark to Retire Them All?", "Saint-Aurèle", 0),
)


def paper(place: int = 0, **facts: Any) -> Card:
    title, organization, upvotes = PAPERS[place]
    slug = f"2611.1{place:04}"
    return replace(
        Card(
            paper_id=place,
            slug=slug,
            title=title,
            abstract="An abstract.",
            finding=f"Finding {place + 1} halves the cost of inference at the same accuracy.",
            summary_by="Hugging Face",
            authors=("Ada", "Grace", "Emmy"),
            organization=organization,
            published_on=date(2026, 11, 19),
            upvotes=upvotes,
            comments=0,
            url=f"https://arxiv.org/abs/{slug}",
            pdf_url=f"https://arxiv.org/pdf/{slug}",
            code_url=None,
            project_url=None,
            discussion_url=f"https://huggingface.co/papers/{slug}",
            sample=False,
        ),
        **facts,
    )


def page(*cards: Card, **facts: Any) -> DigestPage:
    """Return a page with *cards*, ten by default: seven followed, the others trending."""
    shown = cards or tuple(paper(place) for place in range(10))
    why = (Reason("You follow", ("Long context", "Inference and serving")),)
    items = [Item(card, why if place < 7 else (), place) for place, card in enumerate(shown)]
    groups = (
        Group("From your topics", tuple(items[:7])),
        Group("Trending everywhere", tuple(items[7:])),
    )
    values: dict[str, Any] = {
        "day": date(2026, 11, 20),
        "groups": groups,
        "offered": 412,
        "cadence": Cadence.WEEKDAYS,
        "first": False,
        "sample": False,
        "today_url": f"{SITE.base_url}/",
        "footer": replace(FOOTER, schedule=schedule(WEEKDAYS_AT_SEVEN)),
        "rate_url": f"{SITE.base_url}/rate/{TOKEN}",
    }
    return DigestPage(**(values | facts))


def sample_page() -> DigestPage:
    nowhere = {"url": None, "pdf_url": None, "discussion_url": None, "sample": True}
    cards = (
        paper(0, code_url="https://code.example/windows", **nowhere),
        paper(5, summary_by=None, **nowhere),
    )
    return page(*cards, first=True, sample=True, offered=1_048)


def over_time(cadence: Cadence) -> DigestPage:
    """Return a page whose papers were listed on several days, the best first."""
    follows = (Reason("You follow", ("Long context",)),)
    trends = (Reason("Trending: 1,184 upvotes", ()),)
    chosen = [
        Chosen(place < 4, Item(paper(place), follows if place < 4 else trends, place, day))
        for place, day in enumerate(
            date(2026, 11, 20) - timedelta(days=days) for days in (1, 0, 1, 4, 4, 13)
        )
    ]
    return page(groups=grouped(chosen, cadence), cadence=cadence, offered=2_187)


def mail(renderer: Renderer, kind: str) -> Rendered:
    """Return the mail of *kind* in the language spoken."""
    return MAILS[kind](renderer)


MAILS: dict[str, Callable[[Renderer], Rendered]] = {
    "digest": lambda renderer: renderer.digest(page(groups=in_groups())),
    "first": lambda renderer: renderer.digest(sample_page()),
    "weekly": lambda renderer: renderer.digest(over_time(Cadence.WEEKLY)),
    "monthly": lambda renderer: renderer.digest(over_time(Cadence.MONTHLY)),
    "few": lambda renderer: renderer.digest(
        page(paper(0), paper(1, summary_by=None, comments=12), paper(6, authors=("Ada Lovelace",)))
    ),
    "one": lambda renderer: renderer.digest(page(paper(2, code_url="https://code.example/2"))),
    "nothing": lambda renderer: renderer.digest(page(groups=(), offered=61)),
    "confirmation": lambda renderer: renderer.confirmation(
        email=FOOTER.email, confirm_url=f"{SITE.base_url}/confirm/{TOKEN}", hours=48
    ),
    "link": lambda renderer: renderer.link(
        email=FOOTER.email,
        preferences_url=str(FOOTER.preferences_url),
        unsubscribe_url=str(FOOTER.unsubscribe_url),
    ),
    "change": lambda renderer: renderer.change(
        email=FOOTER.email, confirm_url=f"{SITE.base_url}/change/{TOKEN}", hours=48
    ),
    "moved": lambda renderer: renderer.moved(
        email=FOOTER.email, undo_url=f"{SITE.base_url}/undo/{TOKEN}", days=7
    ),
    "notice": lambda renderer: renderer.alarm(
        what="fetch:arxiv",
        why="arXiv could not be read since yesterday.",
        since="2026-11-20 06:00",
        until=None,
    ),
}
KINDS = tuple(MAILS)
LEAVABLE = ("digest", "first", "weekly", "monthly", "few", "one", "nothing", "link")
"""Mails that must offer a way to unsubscribe."""


def in_groups() -> tuple[Group, ...]:
    """Return ten papers in a day's two groups, titled in the language spoken."""
    [followed, trending] = page().groups
    why = (
        Reason("You follow", ("Long context", "Tool use")),
        Reason("Matches your keyword", ("verifier",)),
    )
    items = (replace(followed.items[0], reasons=why), *followed.items[1:])
    return Group(_("From your topics"), items), Group(_("Trending everywhere"), trending.items)


def text_of(html: str, tag: str) -> list[str]:
    return [" ".join(text.split()) for text in lint_mail.Mail(html).texts.get(tag, [])]


def addresses(html: str) -> list[str]:
    return [attributes["href"] for attributes, _ in lint_mail.Mail(html).links]


def parsed(mail: Mail, letterhead: Letterhead, now: datetime) -> EmailMessage:
    """Return *mail* as the standard library reads it on the other side."""
    message = message_from_bytes(as_bytes(mail, letterhead, now), policy=default)
    assert isinstance(message, EmailMessage)
    return message


def part_of(mail: Mail, subtype: str) -> str:
    """Return the part of *mail* that is html or plain, as it is shown."""
    letterhead = Letterhead(
        sender=FOOTER.email, reply_to=FOOTER.email, site_name="-", base_url=SITE.base_url
    )
    part = parsed(mail, letterhead, datetime(2026, 11, 20, tzinfo=UTC)).get_body((subtype,))
    assert isinstance(part, EmailMessage)
    return str(part.get_content())
