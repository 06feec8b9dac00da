"""Filling the templates: from facts to the two bodies of a mail."""

import textwrap
from dataclasses import asdict, replace

from jinja2 import DictLoader

from digest.language import gettext as _
from digest.render import notices, wording
from digest.render.entry import sections
from digest.render.page import DigestPage, Group, Rendered, Site
from digest.render.templates import compiled_mails, environment

TEXT_WIDTH = 72

MOST_BYTES = 100_000
"""Of a mail's HTML: Gmail hides what is beyond 102 KB, the way to unsubscribe with it."""


class Renderer:
    """Every mail of one installation, in the language spoken; MJML is compiled here, once."""

    def __init__(self, site: Site) -> None:
        self._site = site
        jinja = environment(DictLoader(compiled_mails()))
        jinja.globals.update(site=site)
        jinja.filters.update(fill=_fill)
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

    def _digest(self, page: DigestPage) -> Rendered:
        imprint = (
            wording.disclosure(page.items),
            wording.reason_for(page.footer),
            self._site.postal_address,
        )
        return self._rendered(
            "digest",
            subject=wording.subject(page),
            preheader=wording.preheader(page),
            date=wording.dateline(page),
            banner=wording.banner(page),
            headline=wording.headline(page),
            lede=wording.lede(page),
            note=wording.welcome(page),
            groups=tuple(sections(page, self._site.base_url)),
            closing=wording.closing(page),
            today_label=_("See all recent papers"),
            today_url=page.today_url,
            ways=wording.ways(page.footer),
            imprint=tuple(filter(None, imprint)),
        )

    def confirmation(self, *, email: str, confirm_url: str, hours: int) -> Rendered:
        """Return the mail that asks *email* to confirm; it carries no other word of a visitor."""
        site = self._site
        notice = notices.confirmation(site, email=email, confirm_url=confirm_url, hours=hours)
        return self._notice(notice)

    def link(self, *, email: str, preferences_url: str, unsubscribe_url: str) -> Rendered:
        """Return the mail that brings a reader back to their preferences."""
        return self._notice(
            notices.link(
                self._site,
                email=email,
                preferences_url=preferences_url,
                unsubscribe_url=unsubscribe_url,
            )
        )

    def change(self, *, email: str, confirm_url: str, hours: int) -> Rendered:
        """Return the mail that asks *email* to take over a subscription of another address."""
        site = self._site
        return self._notice(notices.change(site, email=email, confirm_url=confirm_url, hours=hours))

    def moved(self, *, email: str, undo_url: str, days: int) -> Rendered:
        """Return the mail that tells *email* that its digests go elsewhere now."""
        return self._notice(notices.moved(self._site, email=email, undo_url=undo_url, days=days))

    def alarm(self, *, what: str, since: str, until: str | None, why: str) -> Rendered:
        """Return the mail that tells the operator what is wrong, or was, and since when (UTC)."""
        notice = notices.alarm(self._site, what=what, since=since, until=until, why=why)
        return self._notice(notice)

    def _notice(self, notice: notices.Notice) -> Rendered:
        return self._rendered(
            "notice",
            **asdict(notice),
            date="",
            banner=None,
            note=None,
            imprint=(notice.why, self._site.postal_address),
        )

    def _rendered(self, name: str, *, subject: str, **values: object) -> Rendered:
        html, text = self._templates[name]
        values |= {"subject": subject, "padding": wording.PADDING}
        return Rendered(subject, html.render(values), text.render(values))


def _without_the_last(page: DigestPage) -> DigestPage:
    last = page.items[-1]
    groups = tuple(
        Group(group.title, tuple(item for item in group.items if item is not last))
        for group in page.groups
    )
    return replace(page, groups=groups, left_out=page.left_out + 1)


def _fill(text: str, first: str = "", others: str | None = None) -> str:
    filled = textwrap.fill(
        text,
        TEXT_WIDTH,
        initial_indent=first,
        subsequent_indent=first if others is None else others,
        # A long word may be an address, and half an address leads nowhere.
        break_long_words=False,
        break_on_hyphens=False,
    )
    # It has held together what belongs together; readers search for a plain space.
    return filled.replace("\N{NO-BREAK SPACE}", " ")
