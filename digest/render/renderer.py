"""Filling the templates: from facts to the two bodies of a mail."""

from collections.abc import Sequence
from dataclasses import asdict, replace

from jinja2 import DictLoader

from digest.card import Card
from digest.language import spoken
from digest.render import notices, wording
from digest.render.filling import fill
from digest.render.fragments import Fragments
from digest.render.page import MOST_BYTES, DigestPage, Group, Rendered, Site
from digest.render.plates import Plates
from digest.render.templates import compiled_mails, environment
from digest.render.whole import whole


class Renderer:
    """Every mail of one installation, in the language spoken; MJML is compiled here, once."""

    def __init__(self, site: Site) -> None:
        self.site = site
        compiled = compiled_mails()
        jinja = environment(DictLoader(compiled))
        jinja.globals.update(site=site)
        jinja.filters.update(fill=fill)
        self._plates = Plates(site, compiled)
        self._fragments: dict[str, Fragments] = {}
        self._templates = {
            name: (
                jinja.get_template(f"email/{name}.html"),
                jinja.get_template(f"email/{name}.txt.j2"),
            )
            for name in ("digest", "notice")
        }

    def digest(self, page: DigestPage) -> Rendered:
        """Return the digest of *page*; where it would be cut, without its last papers."""
        rendered = self._digest(page)
        while len(rendered.html.encode()) > MOST_BYTES and len(page.items) > 1:
            page = _without_the_last(page)
            rendered = self._digest(page)
        return replace(rendered, places=tuple(item.place for item in page.items))

    def fragments(self, cards: Sequence[Card]) -> Fragments:
        """
        Return the same digests in the language spoken, in fragments that are rendered once.

        They are kept as long as digests of the same *cards* are asked for.
        """
        language = spoken()
        kept = self._fragments.get(language.code)
        if kept is None or kept.cards is not cards or kept.language is not language:
            kept = self._fragments[language.code] = Fragments(self._plates, cards, language)
        return kept

    def _digest(self, page: DigestPage) -> Rendered:
        return self._rendered("digest", wording.subject(page), whole(page, self.site))

    def confirmation(self, *, email: str, confirm_url: str, hours: int) -> Rendered:
        """Return the mail that asks *email* to confirm; it carries no other word of a visitor."""
        site = self.site
        notice = notices.confirmation(site, email=email, confirm_url=confirm_url, hours=hours)
        return self._notice(notice)

    def link(self, *, email: str, preferences_url: str, unsubscribe_url: str) -> Rendered:
        """Return the mail that brings a reader back to their preferences."""
        return self._notice(
            notices.link(
                self.site,
                email=email,
                preferences_url=preferences_url,
                unsubscribe_url=unsubscribe_url,
            )
        )

    def change(self, *, email: str, confirm_url: str, hours: int) -> Rendered:
        """Return the mail that asks *email* to take over a subscription of another address."""
        site = self.site
        return self._notice(notices.change(site, email=email, confirm_url=confirm_url, hours=hours))

    def moved(self, *, email: str, undo_url: str, days: int) -> Rendered:
        """Return the mail that tells *email* that its digests go elsewhere now."""
        return self._notice(notices.moved(self.site, email=email, undo_url=undo_url, days=days))

    def alarm(self, *, what: str, since: str, until: str | None, why: str) -> Rendered:
        """Return the mail that tells the operator what is wrong, or was, and since when (UTC)."""
        notice = notices.alarm(self.site, what=what, since=since, until=until, why=why)
        return self._notice(notice)

    def _notice(self, notice: notices.Notice) -> Rendered:
        imprint = (notice.why, self.site.postal_address)
        around = {"date": "", "banner": None, "note": None, "imprint": imprint}
        values = asdict(notice) | around | {"padding": wording.PADDING}
        return self._rendered("notice", notice.subject, values)

    def _rendered(self, name: str, subject: str, values: dict[str, object]) -> Rendered:
        html, text = self._templates[name]
        return Rendered(subject, html.render(values), text.render(values))


def _without_the_last(page: DigestPage) -> DigestPage:
    last = page.items[-1]
    groups = tuple(
        Group(group.title, tuple(item for item in group.items if item is not last))
        for group in page.groups
    )
    return replace(page, groups=groups, left_out=page.left_out + 1)
