"""Made-up papers, and mails of them."""

from dataclasses import replace
from datetime import date
from typing import Any

from digest.card import Card, Reason
from digest.clock import Cadence
from digest.render import DigestPage, Footer, Group, Item, Rendered, Renderer, Site
from tests import lint_mail

SITE = Site("Daybreak", "https://daybreak.example", "Daybreak, 1 Any Street, 10115 Berlin, Germany")
TOKEN = "t" * 110
FOOTER = Footer(
    email="mira@example.org",
    schedule="on weekdays at 07:00 (Europe/Berlin)",
    preferences_url=f"{SITE.base_url}/preferences/{TOKEN}",
    unsubscribe_url=f"{SITE.base_url}/unsubscribe/{TOKEN}",
    view_url=f"{SITE.base_url}/view/{TOKEN}",
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
    why = (Reason("You follow", ("long context", "efficient inference")),)
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
        "footer": FOOTER,
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


def mail(renderer: Renderer, kind: str) -> Rendered:
    match kind:
        case "confirmation":
            url = f"{SITE.base_url}/confirm/{TOKEN}"
            return renderer.confirmation(email=FOOTER.email, confirm_url=url, hours=48)
        case "link":
            return renderer.link(
                email=FOOTER.email,
                preferences_url=str(FOOTER.preferences_url),
                unsubscribe_url=str(FOOTER.unsubscribe_url),
            )
        case "change":
            url = f"{SITE.base_url}/change/{TOKEN}"
            return renderer.change(email=FOOTER.email, confirm_url=url, hours=48)
        case "moved":
            url = f"{SITE.base_url}/undo/{TOKEN}"
            return renderer.moved(email=FOOTER.email, undo_url=url, days=7)
        case "welcome":
            return renderer.digest(sample_page())
        case _:
            return renderer.digest(page())


KINDS = ("digest", "welcome", "confirmation", "link", "change", "moved")


def text_of(html: str, tag: str) -> list[str]:
    return [" ".join(text.split()) for text in lint_mail.Mail(html).texts.get(tag, [])]


def addresses(html: str) -> list[str]:
    return [attributes["href"] for attributes, _ in lint_mail.Mail(html).links]
