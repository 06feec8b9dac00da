"""Plates: the templates of a digest, rendered once with marks where mails differ."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from types import SimpleNamespace
from typing import Any

from jinja2 import DictLoader, Environment
from markupsafe import escape

from digest.card import Card
from digest.links import PATHS, Purpose
from digest.render import wording
from digest.render.entry import Entry, Place, shown
from digest.render.filling import fill
from digest.render.marks import Cut, Marks
from digest.render.page import DigestPage, Footer, Site
from digest.render.pieces import Envelope
from digest.render.quoting import quoted
from digest.render.reasons import Told
from digest.render.templates import environment
from digest.render.whole import whole

WAYS = (Purpose.MANAGE, Purpose.PAUSE, Purpose.LEAVE, Purpose.VIEW)
"""The purposes of the links in a digest's footer; their tokens go into holes of these names."""

# What is put together from fragments of its own.
_PARTS = {"papers": "email/_papers.{}", "why": "email/_why.{}"}
_KINDS = ("html.j2", "txt.j2")


@dataclass(frozen=True, slots=True)
class Frame:
    """A digest without its papers, in two parts with holes."""

    html: tuple[Cut, Cut]
    """What stands above the papers, and below them."""
    text: tuple[Cut, Cut]
    html_bytes: int
    lede: bytes
    """What the preheader says where no paper has a finding."""

    def around(
        self,
        text: Sequence[bytes],
        html: Sequence[bytes],
        values: Mapping[str, bytes],
        envelope: Envelope,
    ) -> list[bytes]:
        """Return a mail's body: *text* and *html*, its papers, with *values* in the holes."""
        top, between, end = envelope
        (above_text, below_text), (above, below) = self.text, self.html
        return [
            top,
            *above_text.filled(values),
            *text,
            *below_text.filled(values),
            between,
            *above.filled(values),
            *html,
            *below.filled(values),
            end,
        ]


class Plates:
    """What fragments of digests are cut from, in the language spoken."""

    def __init__(self, site: Site, mails: Mapping[str, str]) -> None:
        self._site, self._mails = site, mails
        self._marks = Marks()

    def frame(self, page: DigestPage) -> Frame:
        """Return what *page* shows around its papers."""
        mark, links = self._marks.of, {each: self._link(each) for each in WAYS}
        footer = Footer(
            email="",
            schedule="",
            preferences_url=links[Purpose.MANAGE],
            pause_url=links[Purpose.PAUSE],
            unsubscribe_url=links[Purpose.LEAVE],
            view_url=links[Purpose.VIEW],
        )
        page = replace(page, footer=footer)
        values: dict[str, Any] = whole(page, self._site) | {
            "subject": mark("subject"),
            "preheader": mark("preheader"),
        }
        because = wording.reason_for(footer.email, footer.schedule)
        parts = []
        for name, part in (
            ("email/digest.html", "because"),
            ("email/digest.txt.j2", "becausetext"),
        ):
            imprint = [mark(part) if line == because else line for line in values["imprint"]]
            template = self._marked.get_template(name)
            body = template.render(values | {"imprint": imprint})
            # A mail ends its last line, and nothing follows that would.
            body += "" if body.endswith("\n") else "\n"
            parts.append(self._marks.cut(body).halves("papers"))
        html, text = parts
        size = sum(len(part) for half in html for part in half.parts)
        return Frame(html, text, size, quoted(escape(wording.lede(page))))

    def heading(self, title: str, *, opening: bool) -> tuple[bytes, bytes]:
        """Return the heading of a group, in HTML and in text; the first is *opening*."""
        values = {"group": SimpleNamespace(title=wording.line(title)), "opening": opening}
        html = self._cut("email/_heading.html.j2", **values)
        text = self._cut("email/_heading.txt.j2", **values)
        return html.parts[0], text.parts[0]

    def card(
        self, card: Card, day: date, *, first: bool, last: bool, lead: bool
    ) -> tuple[bytes, ...]:
        """
        Return what stands between the holes of *card* in the HTML of a mail of *day*.

        These are its reasons, and twice the address where it is rated. *first* and *last* it may
        be in its group, *lead* of all.
        """
        values = {"entry": self._entry(card, day), "first": first, "last": last, "lead": lead}
        return _with_holes(self._cut("email/_card.html.j2", **values), "why", "rate", "rate")

    def card_text(self, card: Card, day: date) -> tuple[bytes, ...]:
        """Return the same of the text part, where the first hole is its number."""
        cut = self._cut("email/_entry.txt.j2", entry=self._entry(card, day))
        return _with_holes(cut, "ordinal", "why", "rate", "rate")

    def _entry(self, card: Card, day: date) -> Entry:
        place = Place(self._marks.of("ordinal"), (), self._link(Purpose.RATE))
        return shown(card, place, day, self._site.base_url)

    def why(self, chips: int, *, first: bool) -> Cut:
        """Return a reason with so many chips in HTML, with holes `lead`, `chipa`, `chipb`, ..."""
        mark = self._marks.of
        reason = Told(mark("lead"), tuple(mark(chip_hole(n)) for n in range(chips)))
        before = [] if first else [Told("", ())]
        html = self._why("html.j2", [*before, reason])
        # What the one before it adds is its own.
        return self._marks.cut(html.removeprefix(self._why("html.j2", before)))

    def why_text(self) -> Callable[[str], str]:
        """Return what makes lines of the text part of a sentence that tells a reason."""
        sentence = self._marks.of("sentence")
        lines = self._why("txt.j2", [SimpleNamespace(sentence=sentence)])
        indents = self._marks.indents[sentence]
        return lambda told: lines.replace(sentence, fill(told, *indents))

    def _why(self, kind: str, reasons: Sequence[object]) -> str:
        template = self._partial.get_template(f"email/_why.{kind}")
        return template.render(entry=SimpleNamespace(reasons=reasons))

    def _link(self, purpose: Purpose) -> str:
        return f"{self._site.base_url}/{PATHS[purpose]}/{self._marks.of(purpose.value)}"

    def _cut(self, name: str, **values: object) -> Cut:
        return self._marks.cut(self._marked.get_template(name).render(values))

    @cached_property
    def _marked(self) -> Environment:
        """The templates with marks instead of the parts that have fragments of their own."""
        return self._environment(
            {
                name.format(kind): self._marks.of(part)
                for part, name in _PARTS.items()
                for kind in _KINDS
            }
        )

    @cached_property
    def _partial(self) -> Environment:
        return self._environment({})

    def _environment(self, instead: Mapping[str, str]) -> Environment:
        jinja = environment(DictLoader({**self._mails, **instead}))
        jinja.globals.update(site=self._site)
        jinja.filters.update(fill=self._marks.fill)
        return jinja


def _with_holes(cut: Cut, *holes: str) -> tuple[bytes, ...]:
    if cut.holes != holes:
        raise AssertionError("the templates of a paper have other holes than fragments fill")
    return cut.parts


def chip_hole(number: int) -> str:
    return f"chip{chr(ord('a') + number)}"
